"""Rules for all tests, of the package and of the notebooks: a skip says why; a notebook is quick and may not fail."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
CI = os.environ.get("CI") == "true"
# Of computation, for a notebook from its first import to its end. It is held against the book where the book is made:
# a reader's machine may be slow, and threads that wait for one another compute for as long as they wait.
SECONDS = 60
# Before anything imports Triton: without a CUDA device its kernels run in the interpreter.
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")
TIMED = CI and os.environ.get("OMP_NUM_THREADS") == "1"


def pytest_configure(config):
    """Run the cells of notebooks in the kernel's history, without which a final semicolon silences nothing, and count
    their time of computation, which is what the clock would show if nothing else ran on this machine."""
    if config.option.nbval or config.option.nbval_lax:
        import psutil
        from nbval.kernel import RunningKernel
        from nbval.plugin import IPyNbFile

        stop = IPyNbFile.teardown

        def teardown(self):
            alive = self.kernel is not None and self.kernel.is_alive()
            times = psutil.Process(self.kernel.km.provisioner.pid).cpu_times() if alive else ()
            stop(self)
            if TIMED and sum(times[:4]) > SECONDS:  # of the user and the system, for the kernel and what it started
                said = f"{self.path.name} computes for {sum(times[:4]):.0f} s; {SECONDS} are the most"
                pytest.fail(said, pytrace=False)

        IPyNbFile.teardown = teardown

        def execute_cell_input(self, source, allow_stdin=None):
            return self.kc.execute(source, allow_stdin=allow_stdin, stop_on_error=False)

        RunningKernel.execute_cell_input = execute_cell_input


def _fail(report, message):
    report.outcome = "failed"
    report.longrepr = message
    if hasattr(report, "wasxfail"):
        del report.wasxfail


def _reason(report) -> str:
    """Why a test was skipped: pytest reports a skip as (file, line, "Skipped: reason")."""
    return report.longrepr[2].removeprefix("Skipped").strip(": ") if isinstance(report.longrepr, tuple) else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.outcome != "skipped":
        return report
    if hasattr(report, "wasxfail"):
        if item.path.suffix == ".ipynb":
            _fail(report, f"a cell of {item.path.name} did not run: {report.wasxfail or 'an earlier cell failed'}")
    elif not _reason(report) or _reason(report) == "unconditional skip":
        _fail(report, "skipped without a reason: say what is absent and why the test needs it")
    elif CI and item.get_closest_marker("gpu") is None:
        _fail(report, f"in continuous integration only GPU tests may be skipped, and this one was: {_reason(report)}")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.outcome == "skipped" and CI:
        _fail(report, f"in continuous integration no file of tests may be skipped, and this one was: {_reason(report)}")
    return report
