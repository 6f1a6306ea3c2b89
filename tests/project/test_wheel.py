"""What is installed elsewhere: the package with its results and types, and without the press that builds the book."""

import tomllib
from pathlib import Path

import pytest
from setuptools import find_packages

from saeno.book.imports import PACKAGE, reached
from saeno.book.press import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
SHIPPED = {ROOT.joinpath(*name.split(".")) for name in find_packages(str(ROOT), **SETTINGS["packages"]["find"])}


def test_the_wheel_has_every_folder_but_the_press():
    """Fails when a folder lacks its `__init__.py`: setuptools leaves it out, with all that is in it."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert {folder for folder in folders if "press" not in folder.parts} == SHIPPED


def test_what_is_shipped_needs_nothing_that_is_not():
    """Fails when a chapter's laboratory, or what runs it, imports the press."""
    modules = [path for folder in SHIPPED for path in folder.glob("*.py")]
    assert {path.parent for path in reached(modules, machinery=True)} == SHIPPED


@pytest.mark.parametrize("kind", ["json", "typed"])
def test_the_wheel_has_what_is_no_code(kind):
    """Fails when results or the mark of types stay behind: a chapter then has no numbers to show."""
    found = {path for path in PACKAGE.rglob(f"*.{kind}") if "press" not in path.parts}
    shipped = {path for pattern in SETTINGS["package-data"]["saeno"] for path in PACKAGE.glob(pattern)}
    assert found and found <= shipped
    assert Path(PACKAGE / "py.typed").read_text() == ""
