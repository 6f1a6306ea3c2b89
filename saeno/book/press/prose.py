"""Numbers in prose: a measured number comes from the ledger, and is filled in, not typed.

An author writes a link to the claim, with the name of the number as its title, and anything as its text:

    the share of atoms recovered is [?](#recovery-vectors "recovered").

`python -m saeno.book.press.claims_page` fills it in, and readers follow it to how the number was measured:

    the share of atoms recovered is [0.980 ± 0.008 (10 seeds)](#recovery-vectors "recovered").

"recovered.mean" prints one part of it (`Claim.text`). `typed` finds the numbers that somebody typed instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from saeno.book.claims import claim
from saeno.book.press.notebooks import find

LINK = re.compile(r'\[([^\]\n]*)\]\(#([\w-]+)\s+"(\w+)(?:\.(\w+))?"\)')
GIVEN = "<!-- given -->"
GENERATED = ("claims", "claims.md")  # written from the ledger as a whole: a folder, and a page

_CODE = r"(?<!`)(?P<tick>`{1,2})(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=tick)(?!`)"
_LINK_OR_CODE = re.compile(f"{_CODE}|{LINK.pattern}", re.DOTALL)
_FENCE = re.compile(r"[ \t]*(`{3,}|:{3,})[ \t]*(.*)")
_CODE_BLOCK = re.compile(r"(?!\{)|\{code[\w-]*\}")
_GIVEN_BLOCK = re.compile(r"\{(?:math|raw|eval-rst|bibliography|prf:[\w-]+|exercise)\}")

# What is taken out of prose before numbers are looked for, in this order.
_NOT_PROSE = [
    re.compile(pattern, re.MULTILINE | re.DOTALL)
    for pattern in (
        r"^[ \t]*:[\w-]+:[^\n]*$|^#+ [^\n]*$|^%[^\n]*$|^\([\w.-]+\)=$",  # options, headings, comments, labels
        r"\$\$.*?\$\$|\\begin\{(\w+\*?)\}.*?\\end\{\1\}",
        r"(?:\{[\w:-]+\})?" + _CODE,  # code, and roles such as citations
        LINK.pattern,
        r"[\d.,]*\d\s?%?" + re.escape(GIVEN),
        r"<!--.*?-->|<[^>\n]+>|\]\([^)\n]*\)|\b(?:https?://|doi:|arXiv[: ])\S+",
    )
]
_FORMULA = re.compile(r"\$([^$\n]+(?:\n[^$\n]+)?)\$")
_BARE = re.compile(r"[\d.\s\\%±,−-]+")  # no formula, only a number between dollars
_DECIMAL = re.compile(r"\d*\.\d+")
_COMPARED = "as|more|less|fewer|faster|slower|larger|smaller|better|worse|longer|shorter|higher|lower"
_MEASURED = re.compile(
    r"(?<![\w.])\d+(?:\.\d+)?\s?(?:%|\\%|per ?cent\b)"  # a percentage
    r"|±\s?\d[\d.]*"  # a spread
    r"|(?<![\w.])\d+(?:\.\d+)?\s?(?:-?fold\b|×(?!\s?(?:\d|\w\b))|times\s(?=(?:" + _COMPARED + r")\b))"  # a factor
    r"|(?<![\w.])\d*\.\d+(?:e[-+]?\d+)?(?![\w.]*\d)"  # a decimal
    r"|(?<![\w.])\d+e[-+]?\d+|10⁻[⁰¹²³⁴-⁹]+"  # a power of ten
)


class Typed(NamedTuple):
    """A number that looks measured and is not from the ledger: where, and what."""

    place: str
    number: str


def typed(text: str, chosen: Collection[float] = ()) -> list[str]:
    """The measured numbers that are typed in Markdown text.

    A measured number is a percentage, a spread (± 0.1), a factor (3×, 3-fold, 3 times as …), a decimal or a power of
    ten. Whole numbers, durations and numbers in words are not. It may stand in code, in formulas, in citations and
    other roles, in headings, in exercises (not in their solutions), in definitions and theorems, in links to a claim
    (whose text the ledger writes), and before the mark `<!-- given -->`: a number that was chosen, not measured. A
    formula that is nothing but a number is no formula.

    chosen: decimals that may stand anywhere, since the code of the page has them: settings and thresholds.
    """
    prose = "".join(part for kind, part in _parts(text) if kind == "prose")
    for pattern in _NOT_PROSE:
        prose = pattern.sub(" ", prose)
    prose = _FORMULA.sub(lambda formula: formula[1] if _BARE.fullmatch(formula[1]) else " ", prose)
    found = [match.group().strip() for match in _MEASURED.finditer(prose)]
    return [number for number in found if not (_DECIMAL.fullmatch(number) and float(number) in chosen)]


def typed_in(book: Path) -> list[Typed]:
    """The measured numbers that are typed in the pages, captions and alternative texts of the folder `book`."""
    return [Typed(place, number) for place, text, chosen in _texts(book) for number in typed(text, chosen)]


def fill(text: str) -> str:
    """The text with the numbers of the ledger in its links to claims. Raises KeyError for a claim there is not."""

    def number(found: re.Match) -> str:
        link = LINK.fullmatch(found.group())
        if link is None:
            return found.group()
        _, id, name, part = link.groups()
        title = name if part is None else f"{name}.{part}"
        return f'[{claim(id).text(name, part or "all")}](#{id} "{title}")'

    return "".join(part if kind == "code" else _LINK_OR_CODE.sub(number, part) for kind, part in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """The text in order, in parts of a kind: "code", "given" (formulas, theorems, exercises), "prose" or "frame"."""
    return ((kind, "".join(part for _, part in parts)) for kind, parts in groupby(_lines(text), key=itemgetter(0)))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with its kind. A fence without a name closes the block around it, if that is of its sort."""
    blocks: list[tuple[str, str]] = []  # those that are open: fence, and kind of what is in it
    exercise = False  # between {exercise-start} and {exercise-end}
    for line in text.splitlines(keepends=True):
        fence = _FENCE.match(line)
        kind = blocks[-1][1] if blocks else "given" if exercise else "prose"
        closes = fence and blocks and not fence[2] and fence[1].startswith(blocks[-1][0])
        if closes:
            blocks.pop()
        elif fence and kind != "code":
            name = fence[2]
            exercise = "{exercise-start}" in name or (exercise and "{exercise-end}" not in name)
            inner = "code" if _CODE_BLOCK.match(name) else "given" if _GIVEN_BLOCK.match(name) else kind
            blocks.append((fence[1], inner))
        yield "frame" if fence and (closes or kind != "code") else kind, line


def pages(book: Path) -> list[Path]:
    """The pages without code of the folder `book`, but for those that are written from the ledger."""
    names = {path: path.relative_to(book).parts for path in book.rglob("*.md")}
    own = {path: parts for path, parts in names.items() if parts[0] not in GENERATED}
    return sorted(path for path, parts in own.items() if not any(name.startswith((".", "_")) for name in parts))


def _texts(book: Path) -> Iterator[tuple[str, str, set[float]]]:
    """Every piece of prose with its place, and the decimals in the code of its page.

    Pages, and the text cells, captions and alternative texts of notebooks.
    """
    import nbformat

    for path in pages(book):
        yield path.relative_to(book).as_posix(), path.read_text(), set()
    for path in find(book):
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        chosen = {float(number) for number in _DECIMAL.findall(code)}
        for number, cell in enumerate(cells):
            place = f"{path.relative_to(book).as_posix()}, cell {number}"
            if cell.cell_type == "markdown":
                yield place, cell.source, chosen
            shown = cell.metadata.get("mystnb", {})
            for kind, key in (("figure", "caption"), ("image", "alt")):
                yield f"{place}, {key}", shown.get(kind, {}).get(key, ""), chosen
