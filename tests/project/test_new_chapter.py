"""`make new-chapter` lays out all rooms of a chapter, overwrites nothing, and leaves nothing to write unseen."""

import ast
import shutil

import nbformat
import pytest
import yaml

from saeno.book.chapters import experiments
from saeno.book.press import ROOT
from saeno.book.press.new_chapter import main, new_chapter, parts
from saeno.book.press.setup_cell import setup_cell
from tests.chapters import PARTS, faults

NAME = "lifting/my-chapter"
FILES = [
    "book/lifting/my-chapter.ipynb",
    "saeno/book/lifting/my_chapter/__init__.py",
    "saeno/book/lifting/my_chapter/main.py",
    "saeno/book/lifting/my_chapter/exercises.py",
    "tests/exercises/my_chapter.py",
    "book/quizzes/lifting/my-chapter.md",
    "book/_toc.yml",
]


@pytest.fixture
def project(tmp_path):
    """What a project has of the book without its chapters."""
    (tmp_path / "book").mkdir()
    for name in ("pyproject.toml", "book/_toc.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_room_is_laid_out(project):
    before = (project / "book" / "_toc.yml").read_text()
    written = [path.as_posix() for path in new_chapter(NAME, project)]
    assert written == ["book/lifting/my-chapter.ipynb", "saeno/book/lifting/__init__.py", *FILES[1:]]
    after = (project / "book" / "_toc.yml").read_text()
    assert after.replace(f"      - file: {NAME}\n", "") == before
    listed = [[entry["file"] for entry in part["chapters"]] for part in yaml.safe_load(after)["parts"]]
    assert next(files for files in listed if NAME in files)[-2:] == ["lifting/learned-lifts", NAME]


def test_the_rooms_have_what_the_tests_ask_for(project, monkeypatch):
    new_chapter(NAME, project)
    room = project / "saeno" / "book" / "lifting" / "my_chapter"
    for path in project.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), path
    spaces = {}
    for path in (room / "main.py", room / "exercises.py", project / FILES[4]):
        exec(path.read_text(), spaces.setdefault(path.stem, {}))
    assert spaces["main"]["CLAIMS"] == [] and len(spaces["main"]["AXES"]["seed"]) == 10
    with pytest.raises(NotImplementedError, match=r"write `trial` in saeno/book/lifting/my_chapter/main\.py"):
        spaces["main"]["trial"](seed=0)
    assert spaces["exercises"]["CHECKS"] == ()
    assert spaces["my_chapter"]["RIGHT"] == spaces["my_chapter"]["WRONG"] == {}


def test_what_is_left_to_write_is_said_and_nothing_else_is_wrong(project):
    """Fails when the notebook lacks a part that chapters have, or has words that nobody asks to replace."""
    notebook = nbformat.read(project / new_chapter(NAME, project)[0], as_version=4)
    nbformat.validate(notebook)
    found = faults(notebook)
    assert [fault for fault in found if "still to be written" not in fault] == [
        "has no exercise: three to six, written as in book/first-look.ipynb",
        "has no explorer among its outputs: call explorer(...) in a cell, then make notebooks",
    ]
    assert len(found) - 2 == "\n".join(cell.source for cell in notebook.cells).count("To write: ") >= len(PARTS)
    assert notebook.cells[0].source.startswith("# My chapter\n") and notebook.cells[1].source == setup_cell()


WRONG = {
    "my-chapter": "name = 'my-chapter': should be PART/SLUG",
    "": "name = '': should be PART/SLUG",
    "lifting/My-Chapter": "should be PART/SLUG",
    "lifting/1-chapter": "should be PART/SLUG",
    "lifting/my_chapter": "should be PART/SLUG",
    "../lifting/chapter": "should be PART/SLUG",
    "speed/chapter": f"its part should be one of {', '.join(parts())}; a new part begins in book/_toc.yml",
    "api/chapter": "its part should be one of",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_name_is_refused_in_words(project, capsys, name):
    before = sorted(project.rglob("*"))
    with pytest.raises(SystemExit, match="2"):
        main([name], project)
    assert WRONG[name] in capsys.readouterr().err and sorted(project.rglob("*")) == before


@pytest.mark.parametrize("there", [*FILES[:6], "book/operators/my-chapter.ipynb"])
def test_nothing_is_overwritten(project, there):
    """A slug of another part counts too, since chapters are known by their slugs."""
    path = project / there
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=f"should be a chapter that does not exist, and there is {there}"):
        new_chapter(NAME, project)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_two_experiments_of_one_name_are_told(project, monkeypatch):
    """Fails when `my-chapter-rates` hides `rates.py` of `my-chapter`: keep the last one found."""
    for name in (NAME, "lifting/my-chapter-rates"):
        new_chapter(name, project)
    rooms = {path.name: path for path in (project / "saeno/book/lifting").iterdir() if path.is_dir()}
    monkeypatch.setattr("saeno.book.chapters.chapters", lambda: rooms)
    assert list(experiments.__wrapped__()) == ["my_chapter", "my_chapter_rates"]
    (rooms["my_chapter"] / "rates.py").write_text("")
    with pytest.raises(ValueError, match=r"the experiment 'my_chapter_rates' is .* and .*: should be one file"):
        experiments.__wrapped__()


def test_a_new_part_begins_in_the_table_of_contents(project):
    contents = project / "book" / "_toc.yml"
    part = "  - caption: Speed\n    numbered: true\n    chapters:\n      - file: speed/waves\n"
    contents.write_text(contents.read_text().replace("  - caption: Look it up", part + "  - caption: Look it up"))
    before = contents.read_text()
    assert parts(project)[-1] == "speed"
    new_chapter("speed/waves", project)
    assert contents.read_text() == before
    assert (project / "saeno/book/speed/__init__.py").read_text() == '"""The laboratories of the part `speed`."""\n'


def test_the_command_says_what_comes_next(project, capsys):
    main([NAME], project)
    said = capsys.readouterr().out
    assert all(f"  {name}\n" in said for name in FILES) and "This says what is missing" in said
