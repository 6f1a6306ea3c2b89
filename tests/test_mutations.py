"""The ledger bites: code that is changed in a way that changes numbers is caught when one seed is measured again.

Each change is made in a copy of the package, as an editor would make it, and a claim that rests on the changed line is
measured again there with its first seed. Unchanged, all of them agree: that is tested by `tests/test_experiments.py`.
"""

import os
import shutil
import subprocess
import sys
from typing import NamedTuple

import pytest

from saeno.book.imports import PACKAGE


class Change(NamedTuple):
    claim: str
    file: str
    old: str
    new: str


CHANGES = []


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, root / "saeno", ignore=shutil.ignore_patterns("__pycache__", "press"))
    return root


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.claim}: {change.new.strip()}")
def test_a_change_of_the_code_is_caught(copy, change):
    path = copy / "saeno" / change.file
    source = path.read_text()
    assert source.count(change.old) == 1, f"{change.file} has no such line any more, or has it twice: {change.old}"
    try:
        path.write_text(source.replace(change.old, change.new))
        script = f"from saeno.book import claim; claim({change.claim!r}).rerun()"
        # -P: the folder of the tests is not searched; PYTHONPATH comes before what is installed.
        done = subprocess.run(
            [sys.executable, "-P", "-c", script],
            env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )
    finally:
        path.write_text(source)
    assert "Drift" in done.stderr, done.stderr or "the change went unnoticed"
