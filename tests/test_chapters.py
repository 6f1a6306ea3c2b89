"""Every chapter has the shape that readers count on, and whoever tests it is told when it grows too long."""

import re
import warnings

import nbformat
import pytest

from saeno.book.chapters import BOOK
from saeno.book.press import notebooks
from saeno.book.press.setup_cell import setup_cell
from tests.chapters import faults, lengths, minutes, stated_minutes, stored

CHAPTERS = notebooks.find(notebooks.ROOT / "book")
LARGEST = 2 * 1024**2  # bytes


class ChapterLength(UserWarning):
    """A chapter is longer or shorter than readers like. It may have its reasons."""


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path):
    """`test_what_a_chapter_lacks_is_found` breaks a chapter in each way. How long it runs is measured by nbval."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    wrong = stored(notebook) + faults(notebook)
    if path.stat().st_size > LARGEST:
        wrong.append(f"is larger than 2 MB: {path.stat().st_size / 1024**2:.1f}")
    assert not wrong, "\n".join(f"{path.name} {fault}" for fault in wrong)
    for said in lengths(notebook):
        warnings.warn(f"{path.name} has {said}", ChapterLength, stacklevel=1)


CHANGING = {"steering", "platonic"}  # their authors are at work: they state their minutes when they are done


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.stem not in CHANGING], ids=lambda path: path.stem)
def test_the_minutes_to_read_are_honest(path):
    """Fails when a chapter grew and its time did not. Five more or less are allowed, since readers differ."""
    notebook = nbformat.read(path, as_version=4)
    read = minutes(notebook)
    assert abs(stated_minutes(notebook) - read) <= 5, f"{path.stem}: {read:.0f} minutes to read"


def test_nothing_is_left_to_write_beside_the_chapters():
    """Fails when a file of `make new-chapter` was forgotten."""
    places = [*BOOK.glob("*/**/*.py"), *(notebooks.ROOT / "tests" / "exercises").glob("*.py")]
    places += (notebooks.ROOT / "book" / "quizzes").rglob("*.md")
    left = [path.relative_to(notebooks.ROOT).as_posix() for path in places if BOOK / "press" not in path.parents]
    left = [name for name in left if re.search("to write: ", (notebooks.ROOT / name).read_text(), re.IGNORECASE)]
    assert not left, f"look for `To write: ` in {', '.join(left)}"


@pytest.fixture
def chapter():
    """A chapter as short as can be."""
    figure = '<figure class="saeno-explorer"><img alt="A dot"><figcaption>Dots.</figcaption></figure>'
    shown = nbformat.v4.new_output("execute_result", {"text/html": figure}, execution_count=2)
    plot = nbformat.v4.new_output("display_data", {"image/png": "AAAA"})
    said = {"mystnb": {"image": {"alt": "A line"}, "figure": {"caption": "A line."}}}
    source = (
        "# Title\n\n**What you will learn**\n\n- this\n\n**Before you start.** Nothing.\n\n"
        "**Time.** A minute to read, a second to run.\n\n:::{exercise} One\n:label: ex-one\nDo.\n:::\n\n"
        "## Summary\n\n- this\n\n## What the paper says, and what we found\n\nIt says.\n\n## Further reading\n\nA book."
    )
    cells = [
        nbformat.v4.new_markdown_cell(source),
        nbformat.v4.new_code_cell(setup_cell(), execution_count=1),
        nbformat.v4.new_code_cell("show()", execution_count=2, outputs=[shown]),
        nbformat.v4.new_code_cell("draw()", execution_count=3, outputs=[plot], metadata=said),
    ]
    return notebooks.normalise(nbformat.v4.new_notebook(cells=cells))


def test_a_sound_chapter_is_sound(chapter):
    assert stored(chapter) == faults(chapter) == []


def in_text(old, new=""):
    def edit(notebook):
        assert old in notebook.cells[0].source
        notebook.cells[0].source = notebook.cells[0].source.replace(old, new)

    return edit


def in_figure(old, new=""):
    def edit(notebook):
        data = notebook.cells[2].outputs[0].data
        assert old in data["text/html"]
        data["text/html"] = data["text/html"].replace(old, new)

    return edit


BROKEN = {
    "lacks a title": in_text("# Title", "Title"),
    "lacks what you will learn": in_text("**What you will learn**"),
    "lacks what to know before you start": in_text("**Before you start.**"),
    "lacks the time it takes": in_text(" to run", ""),
    "lacks a summary": in_text("## Summary"),
    "lacks what the paper says": in_text("## What the paper says", "## Claims"),
    "lacks further reading": in_text("## Further reading"),
    "in another order": in_text("# Title", "# Title\n\n## Further reading\n\n"),
    "where it says 'To write: a sum.'": in_text("- this", "To write: a sum."),
    "has no exercise: three": in_text(":::{exercise}", ":::{note}"),
    "has no explorer among": in_figure("saeno-explorer", "explorer"),
    "figure without a caption": in_figure("<figcaption>Dots.</figcaption>"),
    "in HTML without an alt text": in_figure("A dot"),
    "the setup cell": lambda notebook: notebook.cells[1].update(source="import saeno"),
    "no alt text for the picture of code cell 3": lambda notebook: notebook.cells[3].metadata.mystnb.pop("image"),
    "no caption for the picture of code cell 3": lambda notebook: notebook.cells[3].metadata.mystnb.pop("figure"),
    "shows 2 pictures": lambda notebook: notebook.cells[3].outputs.append(notebook.cells[3].outputs[0]),
    "not run once, in order": lambda notebook: notebook.cells[3].update(execution_count=7),
    "an error among": lambda notebook: notebook.cells[2].outputs.append(nbformat.v4.new_output("error")),
    "has no outputs": lambda notebook: [cell.update(outputs=[]) for cell in notebook.cells[1:]],
    "not in the form": lambda notebook: notebook.cells[1].metadata.update(execution={"at": "noon"}),
}


@pytest.mark.parametrize("said", BROKEN)
def test_what_a_chapter_lacks_is_found(chapter, said):
    BROKEN[said](chapter)
    found = stored(chapter) + faults(chapter)
    assert any(said in fault for fault in found), found


def test_minutes_are_words_formulas_and_code(chapter):
    """Without exercises and imports: 400 words, 24 lines of code, and three formulas that are worth four lines each."""
    before = minutes(chapter)
    assert before < 0.5 and stated_minutes(chapter) == 1
    in_text("- this\n\n**Before", "- this\n\n" + "word " * 399 + "$x$\n\n" + "$$\na\n$$\n\n" * 3 + "**Before")(chapter)
    chapter.cells.insert(2, nbformat.v4.new_code_cell("import torch\n" * 50))
    chapter.cells.insert(2, nbformat.v4.new_code_cell("x = 1\n\n" * 24))
    assert minutes(chapter) - before == pytest.approx(2 + 2 + 1)
    in_text("A minute", "Umpteen minutes")(chapter)
    with pytest.raises(ValueError, match="should begin with one of a, five, ten"):
        stated_minutes(chapter)


def test_what_is_too_long_or_too_short_is_said(chapter):
    """And what is as it should be is not."""
    assert [said.split(",")[0] for said in lengths(chapter)] == ["36 words", "1 exercises"]
    more = "word " * 2000 + "$a$ " * 500 + "\n\n## Exercises\n\n" + "word " * 1000 + "\n```{exercise-start}\n```\n" * 2
    in_text("## Summary", more + "\n## Summary")(chapter)
    assert lengths(chapter) == []
    for _ in range(24):
        chapter.cells.append(nbformat.v4.new_code_cell("x = 1\n" * 7))
    chapter.cells.append(nbformat.v4.new_code_cell("y" * 81 + "\n" + "x = 1\n\n" * 40))
    said = " ".join(lengths(chapter))
    for part in ("27 code cells", "median code cell of 7 lines", "a code cell of 41 lines", "1 lines of code of more"):
        assert part in said
