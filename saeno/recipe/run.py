"""A run: from a recipe to a folder that holds a model and all that it was made of."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saeno import composition, data, files, losses, metrics, pretrained
from saeno.autoencoder import SparseAutoencoder
from saeno.checks import flag
from saeno.pretrained import CONFIG, WEIGHTS, as_folder
from saeno.recipe import parts, sources
from saeno.recipe.config import Recipe, read
from saeno.training import History, fit

CHECKPOINT, HISTORY, ACTIVATIONS = "checkpoint.safetensors", "history.csv", "activations"


def train(config: str | os.PathLike, out: str | os.PathLike | None = None, progress: bool = True) -> Path:
    """Train as a file says; the folder of the run, which `SparseAutoencoder.from_pretrained` reads.

    The folder has `model.safetensors`, `config.json` with the whole recipe (every default, the versions, the digest of
    the data), `history.csv` and a card. A run that was interrupted goes on; one that is finished is left as it is.

    Args:
        config: a file of JSON, see `saeno.recipe.EXAMPLE`; paths in it are relative to its folder.
        out: the folder; by default beside `config`, with its name and "-run".
        progress: show a bar.

    Raises ValueError, naming the key, for a file that cannot work, and for a folder that holds another run or other
    things; KeyboardInterrupt after Ctrl-C, with a checkpoint.
    """
    recipe, progress = read(config), flag(progress, "progress")
    out = Path(config).with_name(Path(config).stem + "-run") if out is None else as_folder(out, "out")
    begun = _begun(out)
    said = sources.identified(recipe)
    _same(begun, "data", {k: v for k, v in said.items() if k not in ("file", "folder", "inputs")}, out)
    source = sources.load(recipe, said, out)
    model = _model(recipe, source)
    training = {**recipe.training, "held_out": len(source.held_out)}
    found = {
        key: _moved(value, recipe.base, out) if key in ("file", "folder", "inputs") else value
        for key, value in source.found.items()
    }
    plan = {"model": model.describe(), "data": found, "training": training}
    for part, value in plan.items():
        _same(begun, part, value, out)
    if (out / WEIGHTS).exists():
        return out
    loss, optimizer = parts.loss(training["loss"]), parts.optimizer(training["optimizer"])
    told = {key: value for key, value in training.items() if key not in ("loss", "optimizer", "held_out", "device")}
    model.to(training["device"])
    out.mkdir(parents=True, exist_ok=True)
    if begun is None:
        _write(out / CONFIG, {"library_name": "saeno", "schema": 1, "versions": pretrained.versions(), **plan})
    told |= {"loss": loss, "optimizer": optimizer, "held_out": source.held_out, "checkpoint": out / CHECKPOINT}
    try:
        history = fit(model, source.train, **told, progress=progress)
    except (ValueError, TypeError):
        if begun is None and not (out / CHECKPOINT).exists():  # what was refused has begun nothing
            (out / CONFIG).unlink()
            with contextlib.suppress(OSError):  # activations may be there
                out.rmdir()
        raise
    _table(out / HISTORY, history)
    results = _results(model, source, history, loss, training["batch"])
    model.save_pretrained(out, {"data": found, "training": training, "results": results})
    (out / CHECKPOINT).unlink()
    return out


def _begun(out: Path) -> dict[str, Any] | None:
    """The configuration of the run that the folder holds; None for none. Raises ValueError for other things."""
    if (out / CONFIG).exists():
        begun = pretrained.configuration(out)
        if not all(isinstance(begun.get(part), dict) for part in ("data", "training")):
            raise ValueError(f"out = {str(out)!r}: holds a model that no run made, should be another folder")
        return begun
    others = sorted(path.name for path in out.iterdir() if path.name != ACTIVATIONS) if out.is_dir() else []
    if others:
        raise ValueError(f"out = {str(out)!r}: holds {others[0]}, and no run; should be another folder")
    return None


def _same(begun: dict[str, Any] | None, part: str, now: dict[str, Any], out: Path) -> None:
    """Raise ValueError when the folder holds a run that was begun with something else."""
    for key, value in json.loads(json.dumps(now)).items() if begun is not None else ():
        before = begun[part].get(key)
        if before != value:
            what = f"{part}.{key} = {pretrained.said(before)}, not {pretrained.said(value)}"
            raise ValueError(f"out = {str(out)!r}: holds a run with {what}; should be another folder")


@torch.no_grad()
def _model(recipe: Recipe, source: sources.Source) -> SparseAutoencoder:
    """The model of a recipe, with what only the data say: its channels, its mean and its scale."""
    said, dictionary = recipe.model, recipe.model["dictionary"]
    if "dictionary" not in dictionary:
        dictionary = {"channels": source.found["channels"], **dictionary}
    made = {
        part: composition.build(one) for part, one in (("dictionary", dictionary), ("inference", said["inference"]))
    }
    made["dictionary"].to(source.sample.dtype)
    scale = said.get("scale")
    if scale is True:
        scale = float(f"{data.scale(source.sample):.6g}")  # few digits, which another processor finds too
    mean = data.mean(source.sample) if said.get("mean") else None
    model = SparseAutoencoder(**made, mean=mean, scale=scale or None)
    try:
        model.encode(source.sample[:1])
    except ValueError as error:
        raise ValueError(f"data do not fit the model: {error}") from error
    return model


@torch.no_grad()
def _results(
    model: SparseAutoencoder, source: sources.Source, history: History, loss: losses.Loss, batch: int
) -> dict[str, float]:
    """What the card says of signals that were held out."""
    device = model.dictionary.weight.device
    made: list[Tensor] = []
    active, dead = 0.0, None
    for part in source.held_out.split(batch):
        one = model(part.to(device))
        made.append(one.reconstruction.cpu())
        active += metrics.l0(one.code) * len(part)
        silent = metrics.dead_atoms(one.code)
        dead = silent if dead is None else dead & silent
    return {
        "held-out signals": len(source.held_out),
        "fraction of variance unexplained, held out": metrics.fvu(source.held_out, torch.cat(made)),
        "active entries of a code, held out": active / len(source.held_out),
        "atoms that no held-out signal uses": int(dead.sum()),
        "loss, held out": history.metrics["held_out"][-1],
        "seconds of training": round(history.seconds, 1),
    }


def _table(path: Path, history: History) -> None:
    """Loss and rate of each step, and the held-out loss where it was measured."""
    measured = dict(zip(history.measured, history.metrics["held_out"], strict=True))
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["step", "lr", "loss", "held_out"])
        for step, (lr, loss) in enumerate(zip(history.lr.tolist(), history.loss.tolist(), strict=True)):
            rows.writerow([step, f"{lr:.6g}", f"{loss:.6g}", f"{measured[step]:.6g}" if step in measured else ""])
        last = len(history.loss)
        rows.writerow([last, "", "", f"{measured[last]:.6g}" if last in measured else ""])


def _moved(path: str, base: Path, out: Path) -> str:
    """A path that was relative to one folder, relative to another."""
    return Path(os.path.relpath(base / path, out.absolute())).as_posix()


def _write(path: Path, config: dict[str, Any]) -> None:
    files.write_text(path, json.dumps(config, indent=2, ensure_ascii=False) + "\n")
