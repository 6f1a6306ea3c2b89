"""A chapter that failed says so at its top, to everybody: on a phone, in the dark, to a screen reader."""

import shutil

import nbformat
import pytest

from saeno.book.press import site as book_site
from saeno.book.press.notebooks import normalise
from tests.site import checks
from tests.site.accessibility import violations
from tests.site.window import DESK, PHONE, Window

LONG = "a_name_that_nothing_breaks_" * 5 + ": should be shorter"


@pytest.fixture(scope="module")
def failed(browser, tmp_path_factory):
    """A window with the site of a book whose one chapter fails."""
    root = tmp_path_factory.mktemp("failed")
    shutil.copy(book_site.ROOT / "_config.yml", root)
    shutil.copytree(book_site.ROOT / "book" / "_static", root / "book" / "_static")
    (root / "saeno").mkdir()
    (root / "constraints.txt").touch()
    (root / "book" / "references.bib").touch()
    (root / "book" / "_toc.yml").write_text("format: jb-book\nroot: chapter\n")
    code = nbformat.v4.new_code_cell(f"raise ValueError({LONG!r})")
    chapter = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Chapter\n\nText, $x$."), code])
    nbformat.write(normalise(chapter), root / "book" / "chapter.ipynb")
    page, runs = book_site.build(root)
    assert [run.error.reason for run in runs] == [f"ValueError: {LONG}"]
    opened = Window(browser, page.parent)
    yield opened
    opened.close()


@pytest.mark.parametrize("viewport", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_banner(failed, viewport, scheme):
    """Should fail with: the reason as text that does not break."""
    page = failed.open("chapter.html", viewport, scheme)
    banner = page.locator("article h1 + .saeno-failed")
    box = banner.bounding_box()
    assert banner.is_visible() and box["y"] < viewport["height"] / 2, "seen without scrolling"
    assert "did not run to its end" in banner.inner_text() and LONG in banner.inner_text()
    assert [*checks.sideways(page), *checks.formulas(page), *violations(page)[0], *failed.faults()] == []
