"""The runner of grids: nothing is lost, nothing runs twice, and the results do not depend on how they were run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from saeno.book.runner import GridError, _run_cell, run_grid

ROOT = Path(__file__).parents[1]
TRIALS = '''
import os
import sys
import time
from pathlib import Path


def draw(seed, scale):
    import torch

    generator = torch.Generator().manual_seed(seed)
    product = torch.randn(64, 64, generator=generator) @ torch.randn(64, generator=generator)
    return {"sum": scale * product.sum().item(), "threads": torch.get_num_threads()}


def note(cell, log):
    Path(log, f"{cell}-{time.time_ns()}").touch()
    return {"cell": cell}


def hang(cell, log):
    """Cells 0 and 1 finish; the others wait for a file before they do."""
    Path(log, f"{cell}-{os.getpid()}").touch()
    while cell > 1 and not Path(log, "go").exists():
        time.sleep(0.02)
    return {"cell": cell}


def fail(cell):
    if cell % 2:
        raise ArithmeticError(f"cell {cell} is odd")
    return {"cell": cell}


def die(cell):
    os._exit(3)


def infinite(cell):
    return {"cell": float("inf")}
'''


@pytest.fixture
def trials(tmp_path, monkeypatch):
    """A module of trials that processes can import, fresh for each test."""
    name = f"trials_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(TRIALS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return __import__(name)


def run(trial, folder, **axes):
    return run_grid(trial, folder, progress=False, **axes)


def test_rows_come_in_grid_order_with_all_that_is_promised(trials, tmp_path):
    rows = run(trials.draw, tmp_path / "cells", seed=[1, 0], scale=[1.0, 2.0])
    assert [row.settings for row in rows] == [{"seed": s, "scale": c} for s in (1, 0) for c in (1.0, 2.0)]
    assert rows[1].result["sum"] == 2 * rows[0].result["sum"] != 0
    assert all(row.result["threads"] == 1 for row in rows)
    assert all(row.seconds >= 0 and {"python", "saeno", "torch", "numpy"} <= set(row.versions) for row in rows)
    stored = [json.loads(path.read_text()) for path in (tmp_path / "cells").iterdir()]
    assert {json.dumps(cell["result"]) for cell in stored} == {json.dumps(row.result) for row in rows}


def test_one_process_and_two_give_the_same_results(trials, tmp_path):
    axes = {"seed": range(4), "scale": [0.1]}
    one = run(trials.draw, tmp_path / "one", processes=1, **axes)
    two = run(trials.draw, tmp_path / "two", processes=2, **axes)
    assert [(row.settings, row.result) for row in one] == [(row.settings, row.result) for row in two]


def test_finished_cells_are_not_run_again_but_an_edited_trial_is(trials, tmp_path, monkeypatch):
    log, cells = tmp_path / "log", tmp_path / "cells"
    log.mkdir()
    first = run(trials.note, cells, cell=[0, 1], log=[str(log)])
    again = run(trials.note, cells, cell=[2, 1, 0], log=[str(log)])
    assert sorted(path.name[0] for path in log.iterdir()) == ["0", "1", "2"]
    assert again[1:] == first[::-1]

    source = "def note(cell, log):\n    return {'cell': -1}\n"
    monkeypatch.setattr("inspect.getsource", lambda trial: source)
    run(trials.note, cells, cell=[0], log=[str(log)])
    assert len(list(log.iterdir())) == 4


def test_a_killed_run_resumes_and_loses_only_what_was_running(trials, tmp_path):
    log, cells = tmp_path / "log", tmp_path / "cells"
    log.mkdir()
    script = tmp_path / "script.py"
    script.write_text(
        f"from {trials.__name__} import hang\nfrom saeno.book.runner import run_grid\n"
        f"if __name__ == '__main__':\n"
        f"    rows = run_grid(hang, {str(cells)!r}, processes=2, cell=range(5), log=[{str(log)!r}])\n"
        f"    print([row.result['cell'] for row in rows])\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    command = [sys.executable, str(script)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    until(lambda: len(list(log.iterdir())) == 4)  # 0 and 1 are finished, 2 and 3 run
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    workers = {int(path.name.split("-")[1]) for path in log.iterdir()}
    until(lambda: not any(running(worker) for worker in workers))  # its processes do not outlive it

    assert len(list(cells.glob("*.json"))) == 2
    before = {path.name for path in log.iterdir()}
    (log / "go").touch()
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[0.0, 1.0, 2.0, 3.0, 4.0]"
    assert "2/5" in done.stderr and "5/5" in done.stderr  # the bar begins where the killed run stopped
    new = {path.name for path in log.iterdir()} - before - {"go"}
    assert sorted(name.split("-")[0] for name in new) == ["2", "3", "4"]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def running(pid):
    """Whether a process lives; a zombie, which nobody has waited for, does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_failing_cells_do_not_stop_the_others_and_are_all_named(trials, tmp_path):
    with pytest.raises(GridError) as caught:
        run(trials.fail, tmp_path / "cells", cell=range(5))
    assert len(list((tmp_path / "cells").iterdir())) == 3
    assert [settings for settings, _ in caught.value.failures] == [{"cell": 1}, {"cell": 3}]
    for cell in (1, 3):
        assert f"ArithmeticError: cell {cell} is odd" in str(caught.value)
    assert "in fail" in str(caught.value)


def test_a_process_that_dies_is_reported(trials, tmp_path):
    with pytest.raises(GridError, match="terminated abruptly") as caught:
        run(trials.die, tmp_path, cell=[7])
    assert caught.value.failures[0][0] == {"cell": 7}


def test_the_environment_is_as_before(trials, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    rows = run(trials.draw, tmp_path, seed=[0], scale=[1])
    assert rows[0].result["threads"] == 1
    assert os.environ["OMP_NUM_THREADS"] == "2" and "MKL_NUM_THREADS" not in os.environ


def test_a_cell_is_stored_whole_or_not_at_all(trials, tmp_path):
    path = tmp_path / "cell.json"
    assert _run_cell(trials.fail, {"cell": 2}, path) is None
    assert json.loads(path.read_text())["result"] == {"cell": 2.0}
    assert "return finite numbers" in _run_cell(trials.infinite, {"cell": 1}, tmp_path / "other.json")
    assert "return a dict" in _run_cell(print, {}, tmp_path / "other.json")
    assert [p for p in tmp_path.iterdir() if p.suffix != ".py" and p.is_file()] == [path]


@pytest.mark.parametrize(
    ("axes", "error", "text"),
    [
        ({"cell": []}, ValueError, "cell: .*at least one value"),
        ({"cell": [1, 1]}, ValueError, "cell: .*none twice"),
        ({"cell": [(1, 2)]}, TypeError, r"cell: \(1, 2\)"),
        ({"cell": [1], "processes": 0}, ValueError, "processes: 0"),
    ],
)
def test_wrong_arguments_are_named(trials, tmp_path, axes, error, text):
    with pytest.raises(error, match=text):
        run(trials.fail, tmp_path, **axes)


def test_a_trial_that_processes_cannot_import_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"trial: .*top of a module"):
        run(lambda cell: {"cell": cell}, tmp_path, cell=[1])
