"""The Makefile does what it says. The commands are replaced by a script, and `-o` keeps the environment as it is."""

import os
import re
import shutil
import subprocess

import pytest

from saeno.book.press import ROOT

SCRIPT = """\
echo "${ATEN_CPU_CAPABILITY:-native} $OMP_NUM_THREADS $OMP_WAIT_POLICY" >> %(calls)s
[ "${ATEN_CPU_CAPABILITY:-native}" != %(fails)s ]
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    """make(fails, *arguments): the status of `make nbval` where one run fails, and how the notebooks were run."""
    if shutil.which("make") is None:
        pytest.skip("needs the program make, which is not installed")

    def run(fails, *arguments):
        calls = tmp_path / "calls"
        calls.unlink(missing_ok=True)
        (tmp_path / "nbval").write_text(SCRIPT % {"calls": calls, "fails": fails})
        ours = ("MAKE", "MFLAGS", "OMP_", "ATEN_", "MKL_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        command = ["make", "-o", ".venv/.installed", "nbval", f"NBVAL=sh {tmp_path / 'nbval'}", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment | {"OMP_NUM_THREADS": "7"}, capture_output=True)
        return done.returncode, calls.read_text().splitlines()

    return run


@pytest.mark.parametrize("fails, status", [("none", 0), ("native", 2), ("default", 2)])
def test_notebooks_run_in_two_arithmetics_whatever_the_first_finds(make, fails, status):
    """Should fail with: `&&` between the two; `;` between them."""
    assert make(fails) == (status, ["native 1 PASSIVE", "default 1 PASSIVE"])


def test_threads_and_another_arithmetic_can_be_asked_for(make):
    """Threads that wait are to sleep: fails where the Makefile does not say so."""
    assert make("none", "OMP_NUM_THREADS=2") == (0, ["native 2 PASSIVE", "default 2 PASSIVE"])
    assert make("none", "ARITHMETIC=OMP_NUM_THREADS=2") == (0, ["native 1 PASSIVE", "native 2 PASSIVE"])


def test_help_lists_every_command_and_a_new_chapter_gets_its_name():
    """Should fail with: letters alone in the pattern of `help`."""
    if shutil.which("make") is None:
        pytest.skip("needs the program make, which is not installed")
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    described = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert "new-chapter" in described and re.findall(r"^  make ([a-z-]+) ", said, flags=re.MULTILINE) == described
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/.installed", "new-chapter", "NAME=part/slug"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert done.strip().endswith("saeno.book.press.new_chapter 'part/slug'")
