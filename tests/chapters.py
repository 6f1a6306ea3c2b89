"""The shape of a chapter: what it must have, how it is stored, and which lengths are usual."""

import copy
import re
import statistics
from html.parser import HTMLParser

from saeno.book.press import notebooks
from saeno.book.press.setup_cell import first_code_cell, setup_cell

# What stands in the text of a chapter, in this order: what it is, and how to find it.
PARTS = {
    "a title": r"\A# \S",
    "what you will learn": r"^\*\*What you will learn",
    "what to know before you start": r"^\*\*Before you start",
    "the time it takes to read and to run": r"^\*\*Time\b(?=(.|\n)*?\bread\b)(?=(.|\n)*?\brun\b)",
    "a summary": r"^## Summary$",
    "what the paper says": r"^## What the paper says\b",
    "further reading": r"^## Further reading$",
}
EXERCISE = re.compile(r"^(?::::+|```+)\{exercise(?:-start)?\}", flags=re.MULTILINE)


class Figures(HTMLParser):
    """The figures of an output: the alt texts of their pictures, and how many figures and captions there are."""

    def __init__(self, output):
        super().__init__()
        self.alts, self.figures, self.captions = [], 0, 0
        self.feed(output)

    def handle_starttag(self, tag, attributes):
        self.figures += tag == "figure"
        self.captions += tag == "figcaption"
        if tag == "img":
            self.alts.append(dict(attributes).get("alt") or "")


def text(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def faults(notebook) -> list[str]:
    """What a chapter lacks."""
    words, cells = text(notebook), code(notebook)
    outputs = [output for cell in cells for output in cell.outputs]
    pages = [Figures("".join(output.data["text/html"])) for output in outputs if "text/html" in output.get("data", {})]
    found = []
    places = {part: re.search(pattern, words, flags=re.MULTILINE) for part, pattern in PARTS.items()}
    found += [f"lacks {part}" for part, place in places.items() if place is None]
    starts = [place.start() for place in places.values() if place]
    if starts != sorted(starts):
        found.append(f"has its parts in another order than: {', '.join(PARTS)}")
    found += [f"has still to be written, where it says {line!r}" for line in words.splitlines() if "To write: " in line]
    if not EXERCISE.search(words):
        found.append("has no exercise: three to six, written as in book/first-look.ipynb")
    if not any("saeno-explorer" in "".join(output.get("data", {}).get("text/html", "")) for output in outputs):
        found.append("has no explorer among its outputs: call explorer(...) in a cell, then make notebooks")
    if first_code_cell(notebook) is None or first_code_cell(notebook).source != setup_cell():
        found.append("does not begin its code with the setup cell: python -m saeno.book.press.setup_cell")
    for number, cell in enumerate(cells, start=1):
        pictures = [o for o in cell.outputs if any(kind.startswith("image/") for kind in o.get("data", {}))]
        said = cell.metadata.get("mystnb", {})
        if len(pictures) > 1:
            found.append(f"shows {len(pictures)} pictures by code cell {number}, which has one alt text")
        if pictures and not said.get("image", {}).get("alt", "").strip():
            found.append(f"has no alt text for the picture of code cell {number}")
        if pictures and not said.get("figure", {}).get("caption", "").strip():
            found.append(f"has no caption for the picture of code cell {number}")
    for page in pages:
        if page.figures > page.captions:
            found.append(f"has a figure without a caption, with the alt text {page.alts[:1]}")
        if not all(alt.strip() for alt in page.alts):
            found.append("has a picture in HTML without an alt text")
    return found


def stored(notebook) -> list[str]:
    """What is wrong with the way in which a notebook is stored."""
    cells = code(notebook)
    outputs = [output for cell in cells for output in cell.outputs]
    found = []
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("has cells that were not run once, in order: make notebooks")
    if not outputs:
        found.append("has no outputs: make notebooks")
    if any(output.output_type == "error" for output in outputs):
        found.append("has an error among its outputs")
    if notebooks.normalise(copy.deepcopy(notebook)) != notebook:
        found.append("is not in the form in which notebooks are stored: make notebooks")
    return found


def lesson(notebook) -> tuple[str, list]:
    """The text and the code cells of a chapter, without the setup cell and the section with exercises."""
    prose, cells, heading = [], [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                heading = line if line.startswith("## ") else heading
                prose += [line] * (heading != "## Exercises")
        elif cell is not first_code_cell(notebook) and heading != "## Exercises":
            cells.append([line for line in cell.source.splitlines() if line.strip()])
    return "\n".join(prose), cells


WORDS, LINES, FORMULA = (
    200,
    12,
    4,
)  # words, and lines of code, a minute; lines of code that a displayed formula is worth
NUMBERS = {
    "a": 1, "five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "twenty-five": 25, "thirty": 30, "thirty-five": 35,
    "forty": 40, "forty-five": 45, "fifty": 50,
}  # fmt: skip


def minutes(notebook) -> float:
    """How long a chapter takes to read, without exercises: its words, formulas, and code that is shown unfolded.

    A formula in a line of text is a word. Reading is slower than this where something is new, and faster elsewhere.
    """
    prose, cells = lesson(notebook)
    displayed = len(re.findall(r"\$\$.*?\$\$", prose, flags=re.DOTALL))
    prose = re.sub(r"\$\$.*?\$\$", " ", prose, flags=re.DOTALL)
    prose = re.sub(r"^:.*$|^```.*$", "", re.sub(r"\$[^$]*\$", "formula", prose), flags=re.MULTILINE)
    words = len(re.findall(r"[^\W\d_][\w'’-]*", re.sub(r"\{[a-z:]+\}`[^`]*`", "reference", prose)))
    lines = sum(len(cell) for cell in cells if not notebooks.imports_only("\n".join(cell)))
    return words / WORDS + (lines + FORMULA * displayed) / LINES


def stated_minutes(notebook) -> int:
    """How many minutes a chapter says that it takes to read. Raises ValueError where it is no number that is known."""
    said = re.search(r"^\*\*Time\b\W*([\w-]+) minutes?\s+to\s+read", text(notebook), flags=re.MULTILINE)
    if said is None or said[1].lower() not in NUMBERS:
        raise ValueError(f"**Time.** should begin with one of {', '.join(NUMBERS)}, and 'minutes to read'")
    return NUMBERS[said[1].lower()]


def lengths(notebook) -> list[str]:
    """What is too long or too short in a chapter, in words. Exercises are beside the count, but for their number."""
    prose, cells = lesson(notebook)
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", prose, flags=re.DOTALL)
    prose = re.sub(r"^:.*$|^```.*$", "", prose, flags=re.MULTILINE)  # the lines of directives, and their options
    words = len(re.findall(r"[^\W\d_][\w'’-]*", re.sub(r"\{[a-z:]+\}`[^`]*`", "reference", prose)))
    exercises = len(EXERCISE.findall(text(notebook)))
    median, most = statistics.median(map(len, cells)), max(map(len, cells))
    wide = [line for cell in cells for line in cell if len(line) > 80]
    judged = [
        (not 1500 <= words <= 2500, f"{words} words, where 1,500 to 2,500 are usual"),
        (len(cells) > 25, f"{len(cells)} code cells, where 25 are the most"),
        (median > 6, f"a median code cell of {median:g} lines, where 6 are the most"),
        (most > 40, f"a code cell of {most} lines, where 40 are the most"),
        (bool(wide), f"{len(wide)} lines of code of more than 80 characters, as {wide[:1]}"),
        (not 3 <= exercises <= 6, f"{exercises} exercises, where 3 to 6 are usual"),
    ]
    return [said for wrong, said in judged if wrong]
