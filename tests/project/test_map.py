"""The picture of the house, and the table of where things go, are true to the tree."""

import re

import pytest

from saeno.book.imports import PACKAGE
from saeno.book.press import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
PICTURE = re.search(r"^```text\n(saeno/\n.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)[1]
PATH = re.compile(r"[\w./]+(?:/|\.(?:py|json))")
CAPITALS = re.compile(r"\b[A-Z]+\b")  # stand for any name


def named(picture: str) -> list[str]:
    """The paths that a picture names; * stands for any name."""
    above, found = [], []
    for line in picture.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in line.split():
            if not PATH.fullmatch(name):
                break
            path = "".join([*above[:depth], name])
            found.append(CAPITALS.sub("*", path))
            above[depth:] = [name]
    return found


@pytest.mark.parametrize("path", named(PICTURE))
def test_what_the_picture_names_exists(path):
    """Fails when a file is renamed and the picture is not."""
    assert list(ROOT.glob(path.rstrip("/")))


def test_the_picture_names_every_folder_of_the_package():
    """Fails when a room is built that the picture does not have: take out a line."""
    shown = {found for path in named(PICTURE) for found in ROOT.glob(path.rstrip("/"))}
    shown |= {folder for found in shown for folder in found.parents}
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert sorted(folder.relative_to(ROOT).as_posix() for folder in folders - shown) == []


def test_the_book_shows_the_same_picture():
    assert f"```text\n{PICTURE}```" in (ROOT / "book" / "how-built.md").read_text()


def test_what_both_pages_point_to_exists():
    """Every path between backticks: those of the table with its tests, and those in prose."""
    for text in (GUIDE, (ROOT / "book" / "how-built.md").read_text()):
        paths = re.findall(r"`((?:saeno|book|tests)/[\w./*-]*)`", text)
        assert paths
        real = [path for path in paths if not re.search("[A-Z]|slug", path)]
        assert [path for path in real if not list(ROOT.glob(path.rstrip("/")))] == []


def test_a_picture_is_read_line_by_line():
    said = "house/\n  a.py b/     words about c.py\n  d/   one\n    PART/E/   two\n      f.json   three\n"
    assert named(said) == ["house/", "house/a.py", "house/b/", "house/d/", "house/d/*/*/", "house/d/*/*/f.json"]
