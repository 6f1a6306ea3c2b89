"""From a grid of trials to a committed file: `saeno/book/results/NAME.json`."""

from __future__ import annotations

import datetime
import json
import statistics
from collections.abc import Iterable
from pathlib import Path

from saeno.book.runner import Row, Setting, Trial, run_grid

RESULTS = Path(__file__).resolve().parent / "results"
CELLS = Path(__file__).resolve().parents[2] / "_build" / "claims"


def measure(name: str, trial: Trial, /, seed: Iterable[int], **axes: Iterable[Setting]) -> Path:
    """Run the trial over all settings and seeds, and store each value with its mean, spread and extremes over seeds.

    Finished trials are kept in the build folder, so a measurement that was stopped goes on where it was.
    """
    rows = run_grid(trial, CELLS / name, **axes, seed=seed)
    groups: dict[tuple[Setting, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.settings[axis] for axis in axes), []).append(row)
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    measured = [
        {
            "settings": dict(zip(axes, key, strict=True)),
            "seeds": [row.settings["seed"] for row in group],
            "values": {value: _spread([row.result[value] for row in group]) for value in group[0].result},
        }
        for key, group in groups.items()
    ]
    record = {"date": datetime.date.today().isoformat(), "versions": rows[0].versions, "measured": measured}
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(table(record))
    return path


def table(record: dict) -> str:
    """The record as lines of text: setting, value, mean ± standard deviation, least and largest over the seeds."""
    lines = []
    for entry in record["measured"]:
        setting = ", ".join(str(value) for value in entry["settings"].values())
        for name, value in entry["values"].items():
            spread = f"{value['mean']:.4f} ± {value['std']:.4f}, {value['minimum']:.4f} to {value['maximum']:.4f}"
            lines.append(f"{setting:12} {name:12} {spread} ({len(entry['seeds'])} seeds)")
    return "\n".join(lines)


def _spread(values: list[float]) -> dict[str, float | list[float]]:
    rounded = [float(f"{value:.6g}") for value in values]
    return {
        "mean": statistics.fmean(rounded),
        "std": statistics.stdev(rounded) if len(rounded) > 1 else 0.0,
        "minimum": min(rounded),
        "maximum": max(rounded),
        "each": rounded,
    }
