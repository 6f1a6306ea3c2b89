"""The file of a training run: what it holds, and how a run goes on from it to the same bits."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from saeno import files
from saeno.training.batches import same_data
from saeno.training.run import HELD_OUT, Run


@contextmanager
def kept(run: Run, path: Path | None, settings: dict[str, Any]) -> Iterator[None]:
    """Keep the file `path` to this run, which goes on from what it holds; None: there is no file.

    settings: what has to be as it was when the file was written. Raises ValueError or TypeError now, and not after the
    first steps, for settings or a place that cannot be written, and for the file of another run.
    """
    if path is None:
        yield
        return
    if not path.absolute().parent.is_dir():
        raise ValueError(f"checkpoint = {str(path)!r}: its folder should exist")
    json.dumps([run.model.describe(), settings])
    with files.held(path):
        files.probe(path, size(run))
        if path.exists():
            restore(run, path, settings)
        yield


def size(run: Run) -> int:
    """Bytes that a checkpoint takes, about: the model, twice that for an optimizer, its best state, a history."""
    copies = 3 if run.patience is None else 4
    return copies * sum(value.nbytes for value in run.model.state_dict().values()) + 16 * len(run.loss) + 2**16


def save(run: Run, path: str | os.PathLike, settings: dict[str, Any]) -> None:
    """Write all that the run is made of, and the settings it was made with."""
    state = run.optimizer.state_dict()
    tensors = {f"model/{name}": value for name, value in run.model.state_dict().items()}
    tensors |= {"history/loss": run.loss, "history/lr": run.lr}
    if isinstance(run.objective, nn.Module):
        tensors |= {f"objective/{name}": value for name, value in run.objective.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in run.best.items()}
    if run.revival is not None:
        tensors["revival/silent"] = run.revival.silent
    numbers: dict[str, Any] = {}
    for index, values in state["state"].items():
        for name, value in values.items():
            (tensors if isinstance(value, Tensor) else numbers)[f"optimizer/{index}/{name}"] = value
    for name, values in run.metrics.items():
        for place, value in enumerate(values):
            (tensors if isinstance(value, Tensor) else numbers)[f"metrics/{name}/{place}"] = value
    training = {
        "step": run.step,
        "seconds": run.seconds,
        "settings": settings,
        "groups": state["param_groups"],
        "numbers": numbers,
        "measured": run.measured,
        "metrics": list(run.metrics),
        "ceiling": run.ceiling,
        "unit": run.unit,
        "begin": run.rates.begin,
        "ended": run.ended,
    }
    files.write(path, tensors, {"model": run.model.describe(), "training": training})


def restore(run: Run, path: str | os.PathLike, settings: dict[str, Any]) -> None:
    """Go on from a file. Raises ValueError for one of another run, model or data, which leaves the run as it was."""
    tensors, description = files.read(path)
    # Copies: the optimizer keeps what it is given, and Windows replaces no file that a tensor is a view of.
    tensors = {name: value.clone() for name, value in tensors.items()}
    if "training" not in description:
        raise ValueError(f"checkpoint = {str(path)!r}: a saved model, not a checkpoint of fit; give another file")
    training = description["training"]
    if not (isinstance(training, dict) and isinstance(training.get("settings"), dict)):
        raise ValueError(f"checkpoint = {str(path)!r}: its header cannot be understood; delete it to start anew")
    for name, value in settings.items():
        before = training["settings"].get(name)  # a file from before there was `clip` has none
        if name in ("data", HELD_OUT):  # nor has it data
            with files.understood(path):
                same = before is None or same_data(before, value)
            if not same:
                what = "data" if name == "data" else f"signals {HELD_OUT}"
                raise ValueError(f"checkpoint = {str(path)!r} was made with other {what}: delete it to start anew")
        elif name == "steps" and not training.get("ended") and before == training.get("step") < value:
            continue  # it was finished, and goes on
        elif before != json.loads(json.dumps(value)):
            raise ValueError(
                f"checkpoint = {str(path)!r} was made with {name} = {before!r}, not {value!r}: delete it to start anew"
            )
    if description["model"] != run.model.describe():
        raise ValueError(f"checkpoint = {str(path)!r} belongs to another model: delete it to start anew")
    try:
        with files.understood(path):
            take(run, tensors, training)
    except ValueError:
        run.model.load_state_dict(run.good[1])
        raise
    run.remember()


def take(run: Run, tensors: dict[str, Tensor], training: dict[str, Any]) -> None:
    """Put into the run what `save` wrote of another."""
    values = tensors | training["numbers"]
    for name, part in (("model", run.model), ("objective", run.objective)):
        if isinstance(part, nn.Module):
            start = f"{name}/"
            part.load_state_dict({k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)})
    state: dict[int, dict[str, Any]] = {}
    for name, value in values.items():
        if name.startswith("optimizer/"):
            _, index, key = name.split("/")
            state.setdefault(int(index), {})[key] = value
    run.optimizer.load_state_dict({"state": state, "param_groups": training["groups"]})
    done, steps = tensors["history/loss"], len(run.loss)
    run.loss[: len(done)], run.lr[: len(done)] = done, tensors["history/lr"]
    run.best = {name.removeprefix("best/"): value for name, value in tensors.items() if name.startswith("best/")}
    if run.revival is not None:
        run.revival.silent = tensors["revival/silent"].to(run.revival.silent.device)
    run.ended = training.get("ended", False)
    run.rates.begin = training["step"] if len(done) < steps else training.get("begin", 0)
    run.step, run.seconds, run.ceiling = training["step"], training["seconds"], training["ceiling"]
    run.unit = training.get("unit", 1.0)  # files from before there was a unit are of runs without one
    run.began = run.step
    run.measured = training["measured"]
    run.metrics = {
        name: [values[f"metrics/{name}/{place}"] for place in range(len(run.measured))] for name in training["metrics"]
    }
