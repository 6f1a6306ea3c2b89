"""The rules of conftest.py hold: skips say why, continuous integration skips only GPU tests, notebooks do not xfail."""

import nbformat
import pytest

from saeno.book.press import ROOT

TESTS = """
import pytest

@pytest.mark.skip
def test_silent(): pass

@pytest.mark.skip(reason="no browser")
def test_reasoned(): pass

def test_inside():
    pytest.skip("no browser")

@pytest.mark.gpu
@pytest.mark.skip(reason="no CUDA device")
def test_gpu(): pass

@pytest.mark.xfail(reason="known")
def test_known(): assert False

def test_good(): pass
"""


@pytest.fixture
def rules(pytester):
    """An empty project with our rules and markers."""
    pytester.makeconftest((ROOT / "conftest.py").read_text())
    pytester.makeini("[pytest]\nmarkers =\n    gpu\n")
    return pytester


# A skip by a mark comes before the test, so turning it into a failure makes an error of it.
@pytest.mark.parametrize("ci, errors, failed, skipped", [("false", 1, 0, 3), ("true", 2, 1, 1)])
def test_skips(rules, monkeypatch, ci, errors, failed, skipped):
    monkeypatch.setenv("CI", ci)
    rules.makepyfile(TESTS)
    result = rules.runpytest_subprocess()
    result.assert_outcomes(errors=errors, failed=failed, skipped=skipped, xfailed=1, passed=1)
    assert result.ret == 1


@pytest.mark.parametrize("ci, status", [("false", 5), ("true", 2)])
def test_a_skipped_file(rules, monkeypatch, ci, status):
    monkeypatch.setenv("CI", ci)
    rules.makepyfile('import pytest\npytest.importorskip("no_such_package")\ndef test_one(): pass')
    assert rules.runpytest_subprocess().ret == status


def test_an_expected_failure_in_a_notebook_is_a_failure(rules):
    cells = [nbformat.v4.new_code_cell(source) for source in ["import time; time.sleep(60)", "1 / 0"]]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), rules.path / "slow.ipynb")
    result = rules.runpytest_subprocess("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=1")
    result.assert_outcomes(failed=2)


def test_a_semicolon_silences_a_cell_as_in_a_notebook(rules):
    cells = [nbformat.v4.new_code_cell(source, execution_count=1) for source in ["1 + 1;", "2;  # said"]]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), rules.path / "quiet.ipynb")
    rules.runpytest_subprocess("--nbval", "--nbval-current-env").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "most, ci, threads, errors",
    [("60", "true", "1", 0), ("0.5", "true", "1", 1), ("0.5", "false", "1", 0), ("0.5", "true", "2", 0)],
)
def test_a_notebook_that_computes_for_long_is_an_error(rules, monkeypatch, most, ci, threads, errors):
    """In continuous integration, not on a reader's machine, which may be slow. Time that it waits does not count, so
    that other work on the machine makes no notebook fail; nor may that of threads, which compute while they wait."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    rules.makeconftest((ROOT / "conftest.py").read_text().replace("SECONDS = 60", f"SECONDS = {most}"))
    busy = "import time; start = time.process_time()\nwhile time.process_time() < start + 0.6: pass"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(busy)]), rules.path / "busy.ipynb")
    result = rules.runpytest_subprocess("--nbval-lax", "--nbval-current-env")
    result.assert_outcomes(passed=1, errors=errors)
    assert ("busy.ipynb computes for" in result.stdout.str()) == bool(errors)
