"""From a grid of trials to a committed file, beside the experiment that measured it, and back."""

from __future__ import annotations

import ast
import datetime
import hashlib
import inspect
import json
import platform
import statistics
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from saeno.book.chapters import experiments
from saeno.book.imports import reached
from saeno.book.runner import Row, Setting, Trial, current_versions, run_cells, run_grid

# The plainest instructions of torch and of MKL, and others in between: with them matrix products, sums, FFT,
# convolution, exp and eigenvalues end in other bits, as on another processor.
ARITHMETICS = (
    {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"},
    {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "SSE41"},
)


def kept_in(package: Path) -> Path:
    """Where finished trials are kept: in the repository; of an installed package, in the folder that one works in."""
    root = package.parent
    return (root if (root / "pyproject.toml").exists() else Path.cwd()) / "_build" / "claims"


CELLS = kept_in(Path(__file__).resolve().parents[1])


class Stored(NamedTuple):
    """One measured number over its seeds."""

    mean: float
    std: float
    """Sample standard deviation; 0 for a single seed."""
    minimum: float
    maximum: float
    each: tuple[float, ...]
    """The value of each seed, in the order of `seeds`."""
    seeds: tuple[int, ...]


class Tuned(NamedTuple):
    """A method at its own best rate."""

    rate: float
    values: dict[str, Stored]
    """What was measured there, by name."""


def measure(name: str, trial: Trial, /, seed: Iterable[int], **axes: Iterable[Setting]) -> Path:
    """Run the trial over all settings and seeds, and store each value with its mean, spread and extremes over seeds.

    Finished trials are kept in the build folder for this code and these versions, so a measurement that was stopped
    goes on where it was, and one whose code changed starts again. A result that did not change keeps its date.
    """
    source = Path(inspect.getsourcefile(inspect.unwrap(trial)))  # not that of a decorator
    rows = run_grid(trial, CELLS / name / fingerprint(source), **axes, seed=seed)
    groups: dict[tuple[Setting, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.settings[axis] for axis in axes), []).append(row)
    measured = [
        {
            "settings": dict(zip(axes, key, strict=True)),
            "seeds": [row.settings["seed"] for row in group],
            "values": {value: spread([row.result[value] for row in group]) for value in group[0].result},
        }
        for key, group in groups.items()
    ]
    record = {"versions": rows[0].versions, "code": code_of(source), "measured": measured}
    path = results(name)
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if {key: old.get(key) for key in record} != record:
        same = {key: old[key] for key in ("arithmetic",) if key in old and old.get("code") == record["code"]}
        _write(path, {"date": datetime.date.today().isoformat(), **record, **same})
    print(table(record))
    return path


def measure_arithmetic(name: str, trial: Trial, /, settings: Iterable[Mapping[str, Setting]], seed: int) -> None:
    """Run the trial with one seed as this processor computes, and in `ARITHMETICS`; store what each value moves by.

    A value that is not the stored one any more, though it hardly moves, is left out and said: its results are stale.
    """
    source, path = Path(inspect.getsourcefile(inspect.unwrap(trial))), results(name)
    cells = [{**one, "seed": seed} for one in settings]
    folder = CELLS / name / fingerprint(source)
    native = run_cells(trial, folder, cells)
    others = [run_cells(trial, folder / str(i), cells, environment=there) for i, there in enumerate(ARITHMETICS)]
    moved = []
    for here, *there in zip(native, *others, strict=True):
        own = {axis: value for axis, value in here.settings.items() if axis != "seed"}
        apart = {}
        for value, number in here.result.items():
            most = float(f"{max(abs(number - row.result[value]) for row in there):.2g}")
            before = stored(name, value, own)
            slack = tolerance(most, before)
            if slack is None or abs(number - dict(zip(before.seeds, before.each, strict=True))[seed]) <= slack:
                apart[value] = most
            else:
                print(f"{value} at {own} is not what is stored any more: python -m saeno.book {name}")
        moved.append({"settings": own, "apart": apart})
    _write(path, load(name) | {"arithmetic": {"seed": seed, "code": code_of(source), "moved": moved}})


def tolerance(apart: float, stored: Stored) -> float | None:
    """How far from its stored value a seed may lie when a number moves by `apart` between arithmetics; None for chaos.

    That is ten times as far, and 1e-5 of the largest at least; it is chaos where that is as much as seeds differ by.
    """
    if 10 * apart > 1e-6 and 10 * apart > stored.std:
        return None
    return 10 * apart + 1e-5 * max(map(abs, stored.each)) + 1e-12


def _write(path: Path, record: dict) -> None:
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")


def results(name: str) -> Path:
    """The file with what an experiment measured. Raises ValueError when there is no such experiment."""
    if name not in experiments():
        raise ValueError(f"name = {name!r}: should be one of {', '.join(experiments())}")
    return experiments()[name].with_suffix(".json")


def load(name: str) -> dict:
    """The record that `measure` stored under that name. Raises FileNotFoundError when there is none."""
    path = results(name)
    if not path.exists():
        raise FileNotFoundError(f"no results of {name!r} are stored: python -m saeno.book {name}")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _read(path: Path, _: int) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def apart(name: str, value: str, settings: Mapping[str, Setting]) -> float | None:
    """What that value of one seed moved by between arithmetics of one machine; None when nobody looked."""
    for entry in load(name).get("arithmetic", {}).get("moved", []):
        if entry["settings"] == dict(settings):
            return entry["apart"].get(value)
    return None


def fresh(name: str) -> bool:
    """Whether the results of an experiment were made by the code as it is now.

    Another version of Python reads code in another way, and cannot tell: then they count as fresh.
    """
    record = load(name)
    here, there = (version.split(".")[:2] for version in (platform.python_version(), record["versions"]["python"]))
    return record.get("code") is not None and (here != there or record["code"] == code_of(experiments()[name]))


def stored(name: str, value: str, settings: Mapping[str, Setting]) -> Stored:
    """The number `value` of the record `name` at these settings, which have to name every axis but the seed.

    Raises KeyError when it is not stored.
    """
    found = [entry for entry in load(name)["measured"] if entry["settings"] == dict(settings)]
    if not found or value not in found[0]["values"]:
        raise KeyError(f"{value!r} at {dict(settings)} is not in the results of {name!r}: measure them again")
    return _stored(found[0], value)


def _stored(entry: dict, value: str) -> Stored:
    numbers = entry["values"][value]
    return Stored(**numbers | {"each": tuple(numbers["each"]), "seeds": tuple(entry["seeds"])})


def tuned(record: dict, method: str, value: str = "cosine") -> Tuned:
    """A method at the rate with the largest mean of `value`, in a record whose settings are texts "method | rate".

    record: what `load` gives, or `saeno.book.peers.recorded`. Raises ValueError, with the methods there are, when it
    has no such method.
    """
    tried = {tuple(entry["settings"]["setting"].rsplit(" | ", 1)): entry for entry in record["measured"]}
    own = {float(rate): entry for (name, rate), entry in tried.items() if name == method}
    if not own:
        raise ValueError(f"method = {method!r}: should be one of {', '.join(dict.fromkeys(name for name, _ in tried))}")
    rate = max(own, key=lambda rate: own[rate]["values"][value]["mean"])
    return Tuned(rate, {name: _stored(own[rate], name) for name in own[rate]["values"]})


def fingerprint(*sources: Path) -> str:
    """Hash of what can change a result: these files, what they import, and the versions of libraries.

    Comments, docstrings and `CLAIMS` change no result and are left out.
    """
    versions = json.dumps(current_versions(), sort_keys=True)
    return hashlib.sha256(f"{versions} {code_of(*sources)}".encode()).hexdigest()[:16]


def code_of(*sources: Path) -> str:
    """Hash of the code of these files and of what they import."""
    total = hashlib.sha256()
    for path in reached(sources):
        total.update(_code(path.read_text(encoding="utf-8")).encode())
    return total.hexdigest()[:16]


def _code(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _says_only(part)]
    return ast.dump(tree)


def _says_only(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, or the list of claims of an experiment."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["CLAIMS"]


def table(record: dict) -> str:
    """The record as lines of text: setting, value, mean ± standard deviation, least and largest over the seeds."""
    lines = []
    for entry in record["measured"]:
        setting = ", ".join(str(value) for value in entry["settings"].values())
        for name, value in entry["values"].items():
            numbers = f"{value['mean']:.4f} ± {value['std']:.4f}, {value['minimum']:.4f} to {value['maximum']:.4f}"
            lines.append(f"{setting:12} {name:12} {numbers} ({len(entry['seeds'])} seeds)")
    return "\n".join(lines)


def spread(values: list[float]) -> dict[str, float | list[float]]:
    """What is stored of the values of all seeds: six digits of each, their mean, deviation and extremes."""
    rounded = [float(f"{value:.6g}") for value in values]
    return {
        "mean": statistics.fmean(rounded),
        "std": statistics.stdev(rounded) if len(rounded) > 1 else 0.0,
        "minimum": min(rounded),
        "maximum": max(rounded),
        "each": rounded,
    }
