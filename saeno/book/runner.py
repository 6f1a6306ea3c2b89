"""Grids of experiments: seeds × methods × rates, in one-thread processes, resumable.

    rows = run_grid(trial, "cells", seed=range(5), method=["plain", "lifted"], rate=[0.01, 0.1, 1.0])

Each finished cell is a file of its own, written at once: a run that is killed loses only the cells that were running.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import math
import multiprocessing
import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.metadata import version
from multiprocessing.connection import wait
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tqdm import tqdm

import saeno

Setting = str | int | float | bool | None
Trial = Callable[..., dict[str, float]]
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Row(NamedTuple):
    """One finished cell of a grid."""

    settings: dict[str, Setting]
    """What the trial was called with."""
    result: dict[str, float]
    """What it returned."""
    seconds: float
    """How long it took, in the run that computed it."""
    versions: dict[str, str]
    """Python and the libraries that computed it."""


class GridError(RuntimeError):
    """Some cells failed, after all others finished. `failures`: pairs of the settings and the traceback."""

    def __init__(self, failures: list[tuple[dict[str, Setting], str]], finished: int):
        self.failures = failures
        list_of_all = "\n".join(f"{settings}\n{trace}" for settings, trace in failures)
        super().__init__(f"{len(failures)} cells failed, {finished} are finished and stored:\n\n{list_of_all}")


def run_grid(
    trial: Trial,
    folder: str | os.PathLike,
    /,
    processes: int | None = None,
    progress: bool = True,
    **axes: Iterable[Setting],
) -> list[Row]:
    """Call `trial(**settings)` for every combination of the values of `axes`, but for cells that `folder` holds.

    trial: a function of an importable module (processes look it up by name), from settings to finite numbers.
    folder: holds one JSON file for each finished cell; made if need be.
    processes: how many run side by side, each with one thread; default: one per core.
    progress: show a bar.
    axes: for each argument of the trial its values: texts, numbers, booleans or None.

    A cell is known by its settings and the source of the trial, so an edited trial runs again. An edit elsewhere, in
    what the trial calls, is not seen: give a new folder then. Returns the rows in the order of the grid, the last axis
    fastest. Raises GridError at the end when cells failed (they run again next time), and ValueError or TypeError at
    once for an argument that cannot work.
    """
    return run_cells(trial, folder, _grid(axes), processes, progress)


def run_cells(
    trial: Trial,
    folder: str | os.PathLike,
    grid: list[dict[str, Setting]],
    processes: int | None = None,
    progress: bool = True,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> list[Row]:
    """As `run_grid`, for cells that are given one by one; `environment`: variables that their processes start with."""
    _check_trial(trial)
    if processes is not None and processes < 1:
        raise ValueError(f"processes: {processes}; at least 1 is needed")
    paths = [_path(Path(folder), trial, settings) for settings in grid]
    missing = [i for i, path in enumerate(paths) if not path.exists()]
    failures: dict[int, str] = {}
    if missing:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with (
            tqdm(total=len(grid), initial=len(grid) - len(missing), desc=trial.__name__, disable=not progress) as bar,
            _pool(min(processes or os.cpu_count(), len(missing)), environment) as pool,
        ):
            cells = {pool.submit(_run_cell, trial, grid[i], paths[i]): i for i in missing}
            for cell in as_completed(cells):
                # An exception here, not a returned trace, means that the process itself died.
                trace = "".join(traceback.format_exception(cell.exception())) if cell.exception() else cell.result()
                if trace:
                    failures[cells[cell]] = trace
                bar.update()
    if failures:
        raise GridError([(grid[i], failures[i]) for i in sorted(failures)], len(grid) - len(failures))
    return [Row(**json.loads(path.read_text(encoding="utf-8"))) for path in paths]


def _check_trial(trial: Trial) -> None:
    main = trial.__module__ == "__main__" and not hasattr(sys.modules["__main__"], "__file__")
    if "<" in trial.__qualname__ or main:
        raise ValueError(
            f"trial: {trial.__qualname__} of {trial.__module__}; give a function written at the top of a module, "
            "so that other processes can import it"
        )


def _grid(axes: dict[str, Iterable[Setting]]) -> list[dict[str, Setting]]:
    """Every combination of the values, checked."""
    columns = {name: list(values) for name, values in axes.items()}
    for name, values in columns.items():
        if not values or len(set(map(repr, values))) < len(values):
            raise ValueError(f"{name}: {values}; give at least one value, and none twice")
        for value in values:
            if not isinstance(value, Setting):
                raise TypeError(f"{name}: {value!r}; settings are texts, numbers, booleans or None")
    return [dict(zip(columns, cell, strict=True)) for cell in itertools.product(*columns.values())]


def _path(folder: Path, trial: Trial, settings: dict[str, Setting]) -> Path:
    identity = json.dumps([trial.__qualname__, inspect.getsource(trial), settings], sort_keys=True)
    return folder / f"{trial.__name__}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"


@contextmanager
def _pool(processes: int, environment: Mapping[str, str]) -> Iterator[ProcessPoolExecutor]:
    """Processes that start afresh with one thread: the libraries read these variables when they are imported."""
    wanted = dict.fromkeys(THREADS, "1") | dict(environment)
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)  # nothing is left to cancel unless we are interrupted
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _end_with_parent() -> None:
    """A process of the pool waits for work for ever, even when the parent was killed: end it then."""

    def watch() -> None:
        wait([multiprocessing.parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _run_cell(trial: Trial, settings: dict[str, Setting], path: Path) -> str | None:
    """Run one cell and store its row; the traceback if that fails. A file that has its name is complete."""
    try:
        start = time.perf_counter()
        result = _checked(trial(**settings))
        row = Row(settings, result, round(time.perf_counter() - start, 3), current_versions())
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(row._asdict(), indent=1), encoding="utf-8")
        unfinished.replace(path)
    except Exception:
        return traceback.format_exc()
    return None


def _checked(result: dict[str, float]) -> dict[str, float]:
    """The numbers of a trial as floats. A number that is not finite would win or lose comparisons in silence."""
    if not isinstance(result, dict):
        raise TypeError(f"trial: returned {result!r}; return a dict from names to numbers")
    for name, value in result.items():
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"trial: returned {value!r} as {name!r}; return finite numbers")
    return {str(name): float(value) for name, value in result.items()}


def current_versions() -> dict[str, str]:
    """Python and the libraries that compute here, as rows tell it."""
    libraries = {name: version(name) for name in ("torch", "numpy")}
    return {"python": platform.python_version(), "saeno": saeno.__version__, **libraries}
