"""The exercises in the notebooks: a question, a stub, and a hidden solution that is right."""

import ast
import re
from typing import NamedTuple

import nbformat
import pytest

from saeno.book.checking import checks_of, slugs
from saeno.book.press import ROOT
from saeno.book.press.notebooks import find
from saeno.book.press.site import digest


class Block(NamedTuple):
    """An exercise or a solution as it stands in a notebook."""

    kind: str
    """"exercise" or "solution"."""
    opening: str
    """The directive that opens it, all its lines."""
    text: list[str]
    """Its text cells, the first one from the directive on."""
    cells: list
    """Its code cells."""


DIRECTIVE = re.compile(r"^(`{3,}|:{3,})\{(exercise|solution)(-start|-end)?\}[^\n]*\n(?:[^\n]*\n)*?\1$", re.MULTILINE)
FORM = re.compile(r"\*\*[^*]+\*\* \*(Easy|Medium|Hard), \d+ minutes\.\* ")


def blocks(notebook):
    """The exercises and solutions of a notebook, in order. A block that is not opened and closed raises ValueError."""
    found, current = [], None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if current:
                current.cells.append(cell)
            continue
        rest = cell.source
        while directive := DIRECTIVE.search(rest):
            _, kind, gate = directive.groups()
            if current:
                current.text.append(rest[: directive.start()])
            if (gate == "-start") != (current is None) or gate is None or (current and current.kind != kind):
                raise ValueError(f"{directive[0]!r} does not follow {current and current.opening!r}")
            current = Block(kind, directive[0], [], []) if gate == "-start" else None
            if current:
                found.append(current)
            rest = rest[directive.end() :]
        if current:
            current.text.append(rest)
    if current:
        raise ValueError(f"{current.opening!r} is not closed")
    return found


def checks_at_the_end(cell):
    """The last statement of a cell as an expression, if it is a call of `check`; else None."""
    last = ast.parse(cell.source).body[-1]
    called = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and ast.unparse(last.value.func) == "check"
    return ast.unparse(last.value) if called else None


NOTEBOOKS = {path.stem: path for path in find(ROOT / "book")}


@pytest.fixture(scope="module")
def pairs():
    """For each chapter, its exercises and their solutions as pairs of blocks."""
    found = {}
    for slug, path in NOTEBOOKS.items():
        all_blocks = blocks(nbformat.read(path, as_version=4))
        assert [block.kind for block in all_blocks] == ["exercise", "solution"] * (len(all_blocks) // 2), slug
        found[slug] = list(zip(all_blocks[::2], all_blocks[1::2], strict=True))
    return found


def test_slugs_are_unique_and_checks_belong_to_chapters():
    """Fails when a chapter is renamed and its checks are not: rename the folder of its laboratory in saeno/book/."""
    assert len(NOTEBOOKS) == len(find(ROOT / "book"))
    assert set(slugs()) <= set(NOTEBOOKS)


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_exercises_of_a_notebook_have_the_form_and_their_solutions(pairs, slug):
    """Fails when a part is forgotten: in a notebook, take away the minutes, the class dropdown, a tag, or a check."""
    expected = len(checks_of(slug)) if slug in slugs() else 0
    written = (
        f"{len(pairs[slug])} exercises in book/**/{slug}.ipynb, and {expected} CHECKS in exercises.py of its laboratory"
    )
    assert len(pairs[slug]) == expected, f"{written}: each exercise has one, in the same order"
    for number, (exercise, solution) in enumerate(pairs[slug], start=1):
        (label,) = re.findall("^:label: (ex-.*)$", exercise.opening, re.MULTILINE)
        assert FORM.search(exercise.text[0].strip()), f"{label}: **Title.** *Easy, 5 minutes.* and then the question"
        (stub,) = exercise.cells
        call = checks_at_the_end(stub)
        assert call and call.startswith(f"check('{slug}', {number}, "), f"{label}: its cell ends with check(...)"
        assert solution.opening.splitlines()[0].endswith("{solution-start} " + label), f"{label}: has its solution"
        assert ":class: dropdown" in solution.opening.splitlines(), f"{label}: its solution is hidden"
        assert solution.text[0].strip().startswith("**A solution.** "), f"{label}: reads well where directives are raw"
        assert all("solution" in cell.metadata.get("tags", []) for cell in solution.cells), f"{label}: tag solution"
        assert checks_at_the_end(solution.cells[-1]) == call, f"{label}: its solution ends with the same check"


@pytest.mark.parametrize("slug", NOTEBOOKS)
def test_stored_outputs_say_not_attempted_and_then_right(pairs, slug):
    """Fails when a solution is stored in place of the stub, or a solution is not right: swap the two cells."""
    for exercise, solution in pairs[slug]:
        said = [block.cells[-1].outputs[-1].data["text/plain"] for block in (exercise, solution)]
        assert "not attempted" in said[0] and "right" in said[1], exercise.opening


@pytest.mark.parametrize("slug", slugs())
def test_solutions_in_place_of_the_stubs_are_right(pairs, slug, monkeypatch):
    """Runs the exercises of a chapter after its imports alone, as a reader may who comes back for them.

    Fails when a solution does not solve, or needs what the chapter left behind: use `hidden` in one of first-look's.
    """
    monkeypatch.setenv("TQDM_DISABLE", "1")
    notebook = nbformat.read(NOTEBOOKS[slug], as_version=4)
    namespace = {}
    for source in [cell.source for cell in notebook.cells if cell.cell_type == "code" and "%pip" not in cell.source]:
        if all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(source).body):
            exec(source, namespace)
    for exercise, solution in pairs[slug]:
        call = checks_at_the_end(exercise.cells[-1])
        exec(exercise.cells[0].source, namespace)
        assert eval(call, namespace).state == "not attempted", call
        for cell in solution.cells:
            exec(cell.source, namespace)
        assert eval(call, namespace).state == "right", call


@pytest.mark.parametrize("slug", slugs())
def test_the_page_has_them_in_boxes_numbered_like_the_checks(slug):
    """Fails when a directive is not understood, or numbers run on: swap two exercises of a chapter."""
    from bs4 import BeautifulSoup

    stored = ROOT / "_build" / "stored" / "_build"
    state = digest(ROOT, "book", "saeno", "_config.yml", "constraints.txt")
    if not (stored / "digest.txt").exists() or (stored / "digest.txt").read_text() != state:
        pytest.skip("needs the site of the book as it is now: make site-stored")
    path = stored / "html" / NOTEBOOKS[slug].relative_to(ROOT / "book").with_suffix(".html")
    page = BeautifulSoup(path.read_text(), "html.parser")
    exercises, solutions = (page.select(f"div.admonition.{kind}") for kind in ("exercise", "solution.dropdown"))
    assert len(exercises) == len(solutions) == len(checks_of(slug))
    for number, boxes in enumerate(zip(exercises, solutions, strict=True), start=1):
        for box, state in zip(boxes, ("not attempted", "right"), strict=True):
            title = box.select_one(".admonition-title").get_text()
            assert re.search(rf"Exercise (\d+\.)*{number}$", title.strip()), title
            assert f"Exercise {number}: {state}" in " ".join(box.select_one(".saeno-check").get_text().split())
    assert not re.search("{(exercise|solution)-(start|end)}", page.get_text())
