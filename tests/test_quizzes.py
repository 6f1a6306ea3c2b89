"""Each chapter asks whether it was understood: one right answer to a question, and a reason for each of the others."""

import json
import re
from collections import Counter

import nbformat
import pytest
import yaml
from docutils import nodes

from saeno.book.press import ROOT
from saeno.book.press.added import quizzes
from saeno.book.press.added.quizzes import HEADING, inserted, marked, read, with_quiz
from saeno.book.press.prose import typed

LATER = {"two-dimensions"}  # chapters that are being written, and have no quiz yet


def chapters() -> list[str]:
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    return [entry["file"] for part in contents["parts"] if part.get("numbered") for entry in part["chapters"]]


def source(chapter: str) -> str:
    notebook, text = (ROOT / "book" / f"{chapter}.{suffix}" for suffix in ("ipynb", "md"))
    if text.exists():
        return text.read_text()
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


WITH = [chapter for chapter in chapters() if chapter.rpartition("/")[2] not in LATER]
FOLDER = ROOT / "book" / "quizzes"
FILES = {path.relative_to(FOLDER).with_suffix("").as_posix(): path.read_text() for path in sorted(FOLDER.rglob("*.md"))}


def faults(text: str, chapter: str) -> list[str]:
    """What is wrong with the quiz of a chapter, whose source is given."""
    found, titles = [], set(re.findall(r"^##+ (.+)$", chapter, re.MULTILINE))
    questions = read(text)
    if not 3 <= len(questions) <= 5:
        found.append(f"{len(questions)} questions, where 3 to 5 are asked")
    for number, question in enumerate(questions, start=1):
        rights = sum(answer.right for answer in question.answers)
        if rights != 1 or not 3 <= len(question.answers) <= 5:
            found.append(f"question {number} has {len(question.answers)} answers, of which {rights} are right")
        whys = " ".join(answer.why for answer in question.answers)
        if not titles & set(re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", whys)):
            found.append(f"question {number} names no section of the chapter")
        for answer in question.answers:
            if len(answer.why.split()) < 8:
                found.append(f"question {number}: {answer.said!r} has hardly a reason")
            if re.search(r"[$*`{\[]", answer.said):  # not read as Markdown there, nor as a formula
                found.append(f"question {number}: {answer.said!r} should be plain words")
    if len({answer.said for question in questions for answer in question.answers}) < sum(
        len(question.answers) for question in questions
    ):
        found.append("an answer stands there twice")
    return found + [f"{number} is typed" for number in typed(text)]


def test_every_chapter_has_its_quiz_and_every_quiz_its_chapter():
    """Fails when a chapter is renamed, and its quiz is not."""
    assert set(FILES) == set(WITH)


@pytest.mark.parametrize("chapter", WITH)
def test_a_quiz(chapter):
    assert faults(FILES[chapter], source(chapter)) == []


def test_the_right_answer_is_not_known_by_its_place_or_length():
    """By chance it would be the longest in a third of the questions."""
    questions = [question for text in FILES.values() for question in read(text)]
    place = Counter([answer.right for answer in question.answers].index(True) for question in questions)
    assert all(0.25 < place[i] / len(questions) < 0.42 for i in range(3)), place
    longest = sum(max(question.answers, key=lambda answer: len(answer.said)).right for question in questions)
    assert longest / len(questions) < 0.45, f"{longest} of {len(questions)}"


RIGHT = "<details>\n<summary>Two</summary>\n\n**Right.** One and one are two, as *Sums* says.\n\n</details>\n"
WRONG = "<details>\n<summary>{}</summary>\n\n**Not quite.** That is more than it is, as *Sums* says.\n\n</details>\n"
ASK = "\n**{}.** What is one and one?\n\n"
THREE = RIGHT + "\n" + WRONG.format("Three") + "\n" + WRONG.format("Four")
GOOD = f"## {HEADING}\n\nChoose.\n" + ASK.format(1) + THREE
GOOD += (
    ASK.format(2)
    + THREE.replace("T", "t").replace("F", "f")
    + ASK.format(3)
    + THREE.replace("<summary>", "<summary>So ")
)
CHAPTER = "# Numbers\n\n## Sums\n\nText.\n\n## Exercises\n\nSolve.\n\n## Summary\n\nIt was.\n"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (GOOD[GOOD.index("\n**3") :], "", "2 questions"),
        (RIGHT, RIGHT.replace("**Right.**", "**Not quite.**"), "3 answers, of which 0 are right"),
        ("\n" + WRONG.format("Four"), "", "2 answers"),
        ("*Sums*", "*Totals*", "names no section"),
        ("That is more than it is, as *Sums* says.", "No.", "hardly a reason"),
        ("Two<", "$2$<", "plain words"),
        ("Four<", "Three<", "twice"),
        ("**Right.** One", "**Right.** 0.5 and One", "0.5 is typed"),
    ],
)
def test_what_is_wrong_with_a_quiz_is_found(old, new, reason):
    assert faults(GOOD, CHAPTER) == []
    assert any(reason in fault for fault in faults(GOOD.replace(old, new), CHAPTER))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (f"## {HEADING}", "## Quiz", "should begin with"),
        ("**1.** ", "", "should begin with"),
        ("**2.** ", "**4.** ", "should have the number 2"),
        ("</summary>\n\n", "</summary>\n", "should be <details>"),
        ("**Right.** ", "Right. ", r"\*\*Not quite.\*\* with the reason"),
    ],
)
def test_another_form_is_refused_in_words(old, new, reason):
    with pytest.raises(ValueError, match=reason):
        read(GOOD.replace(old, new, 1))


def test_it_stands_before_the_exercises_or_the_summary():
    """In a notebook, in the cell that has the heading, and no other cell changes."""
    page = inserted(CHAPTER, GOOD)
    assert page.index("## Sums") < page.index(f"## {HEADING}") < page.index("</details>\n\n## Exercises")
    assert page.replace(GOOD.strip() + "\n\n", "") == CHAPTER
    without = CHAPTER.replace("## Exercises", "## More")
    assert inserted(without, GOOD).index("## More") < inserted(without, GOOD).index(f"{GOOD.strip()}\n\n## Summary")
    with pytest.raises(ValueError, match="should have the heading"):
        inserted("# Title\n", GOOD)
    cells = [nbformat.v4.new_markdown_cell("# Numbers"), nbformat.v4.new_code_cell("## Summary")]
    cells.append(nbformat.v4.new_markdown_cell("## Exercises\n\nSolve."))
    notebook = nbformat.v4.new_notebook(cells=cells)
    grown = json.loads(with_quiz(nbformat.writes(notebook), GOOD))
    assert "".join(grown["cells"][2]["source"]) == f"{GOOD.strip()}\n\n## Exercises\n\nSolve."
    assert grown["cells"][:2] == json.loads(nbformat.writes(notebook))["cells"][:2]
    notebook.cells.pop()
    with pytest.raises(ValueError, match="should have a text cell"):
        with_quiz(nbformat.writes(notebook), GOOD)


def test_a_page_knows_right_from_wrong():
    text = marked(GOOD)
    assert text.count('<details class="saeno-right">') == 3 and text.count('<details class="saeno-wrong">') == 6
    assert text.replace(' class="saeno-right"', "").replace(' class="saeno-wrong"', "") == GOOD


def test_the_name_of_a_section_becomes_a_link_to_it():
    """And only in the quiz; other words in italics stay."""

    def section(title, *said):
        words = [nodes.emphasis("", one) for one in said]
        return nodes.section("", nodes.title("", title), nodes.paragraph("", "", *words), ids=[title.lower()])

    page = nodes.section(
        "", nodes.title("", "Numbers"), section("Sums", "Sums"), section(HEADING, "Sums", "other"), ids=["numbers"]
    )
    quizzes.link(None, page)
    (link,) = page.findall(nodes.reference)
    assert link["refid"] == "sums" and link.astext() == "Sums" and link.parent.parent[0].astext() == HEADING
