"""What is installed elsewhere: the package with its results and types, and without the press that builds the book."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from saeno.book.imports import PACKAGE, reached
from saeno.book.press import ROOT
from saeno.book.record import kept_in

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
# In a process of its own: setuptools brings copies of packages, which others would then take for what is installed.
FIND = "import json, sys, setuptools as s; print(json.dumps(s.find_packages(sys.argv[1], **json.loads(sys.argv[2]))))"
FOUND = [sys.executable, "-c", FIND, str(ROOT), json.dumps(SETTINGS["packages"]["find"])]
SHIPPED = {
    ROOT.joinpath(*name.split("."))
    for name in json.loads(subprocess.run(FOUND, capture_output=True, text=True, check=True).stdout)
}


def test_the_wheel_has_every_folder_but_the_press():
    """Fails when a folder lacks its `__init__.py`: setuptools leaves it out, with all that is in it."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert {folder for folder in folders if "press" not in folder.parts} == SHIPPED


def test_what_is_shipped_needs_nothing_that_is_not():
    """Fails when a chapter's laboratory, or what runs it, imports the press."""
    modules = [path for folder in SHIPPED for path in folder.glob("*.py")]
    assert {path.parent for path in reached(modules, machinery=True)} == SHIPPED


@pytest.mark.parametrize("kind", ["json", "safetensors", "typed"])
def test_the_wheel_has_what_is_no_code(kind):
    """Fails when results or the mark of types stay behind: a chapter then has no numbers to show."""
    found = {path for path in PACKAGE.rglob(f"*.{kind}") if "press" not in path.parts}
    shipped = {path for pattern in SETTINGS["package-data"]["saeno"] for path in PACKAGE.glob(pattern)}
    assert found and found <= shipped
    assert Path(PACKAGE / "py.typed").read_text() == ""


def test_trials_of_an_installed_package_are_kept_in_the_folder_that_one_works_in(tmp_path, monkeypatch):
    """Not beside the installed packages, where one may not write."""
    monkeypatch.chdir(tmp_path)
    assert kept_in(tmp_path / "site-packages" / "saeno") == tmp_path / "_build" / "claims"
    assert kept_in(PACKAGE) == PACKAGE.parent / "_build" / "claims"
