"""What a configuration says, checked: a key that is not known is named, with those that are."""

from __future__ import annotations

import inspect
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saeno import checks, composition, pretrained
from saeno.checks import short
from saeno.pretrained import check
from saeno.recipe import parts
from saeno.training import fit

EXAMPLE = {
    "model": {
        "dictionary": {"class": "FourierDictionary", "concepts": 32, "modes": [16]},
        "inference": {"class": "MatchingPursuit", "k": 4},
        "mean": True,
        "scale": True,
    },
    "data": "x.npy",
    "training": {"steps": 1000, "batch": 64, "lr": 0.01, "seed": 0},
}
# What of `fit` a file can say; the rest is the run's own affair.
OWN = ("model", "data", "grid", "metrics", "checkpoint", "progress", "held_out")
FIT = {
    name: one.default for name, one in inspect.signature(fit).parameters.items() if name not in OWN and name != "steps"
}
TRAINING = ("steps", *FIT, "held_out", "device")
KINDS = {"file": ("file",), "folder": ("folder",), "module": ("module", "layer", "inputs", "call", "output")}
ALSO = ("mirror",)
FOUND = ("sha256", "signals", "channels", "grid")  # what a run adds, and holds the data against when it is there


@dataclass(frozen=True)
class Recipe:
    """A configuration, checked.

    model: as of `SparseAutoencoder.describe`; "mean" and "scale" may be true, and "channels" absent: as the data say.
    data: "file", "folder" or "module" with "layer" and "inputs", and what else is known of them.
    training: what `fit` is told, every default spelled out where the data do not decide it.
    base: the folder that paths are relative to.
    """

    model: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    base: Path


def read(config: str | os.PathLike) -> Recipe:
    """The recipe in a file of JSON, also the `config.json` of an earlier run.

    Raises ValueError, naming the file and the key, for what cannot be a recipe.
    """
    path = checks.path(config, "config")
    if not path.is_file():
        raise ValueError(f"config = {str(path)!r}: should be a file, there is none")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"config = {str(path)!r}: should be JSON ({error})") from error
    try:
        check(said, pretrained.KEYS, "", needed=("model", "data", "training"))
        return Recipe(_model(said["model"]), _data(said["data"]), _training(said["training"]), path.absolute().parent)
    except (ValueError, TypeError) as error:
        raise ValueError(f"config = {str(path)!r}: {error}") from error


def _model(said: Any) -> dict[str, Any]:
    check(said, pretrained.MODEL, "model", needed=("dictionary", "inference"))
    said = {"dtype": "float32", **said}
    for part in ("dictionary", "inference"):
        thing = said[part]
        if not isinstance(thing, dict):
            such_as = json.dumps(EXAMPLE["model"][part])
            raise ValueError(f"model.{part} = {short(thing)}: should be an object, such as {such_as}")
        own = "dictionary" if "dictionary" in thing else "channels"  # a lifted dictionary has another inside
        composition.check_keys(
            {"channels": 1, **thing} if part == "dictionary" and own == "channels" else thing, f"model.{part}"
        )
    checks.flag(said.get("mean", False), "model.mean")
    if not isinstance(said.get("scale"), bool | None):
        checks.real(said["scale"], "model.scale", positive=True)
    composition.dtype_named(checks.text(said["dtype"], "model.dtype"))
    return said


def _data(said: Any) -> dict[str, Any]:
    if isinstance(said, str):
        said = {"file" if said.endswith(".npy") else "folder": said}
    every = tuple(dict.fromkeys(key for keys in KINDS.values() for key in keys))
    check(said, (*every, *ALSO, *FOUND), "data")
    kinds = [kind for kind in KINDS if kind in said]
    if len(kinds) != 1:
        raise ValueError(f"data = {short(said)}: should have one of {', '.join(KINDS)}")
    check(said, (*KINDS[kinds[0]], *ALSO, *FOUND), "data", needed=KINDS[kinds[0]][:3])
    for key in KINDS[kinds[0]][:3]:
        checks.text(said[key], f"data.{key}")
    return {**said, "mirror": checks.flag(said.get("mirror", False), "data.mirror")}


def _training(said: Any) -> dict[str, Any]:
    check(said, TRAINING, "training", needed=("steps",))
    steps = checks.whole(said["steps"], "training.steps")
    plain = {"loss": "objective", "optimizer": "Adam", "every": max(1, steps // 20), "device": "cpu", "held_out": None}
    said = {**FIT, **plain, **said}
    said["seed"] = checks.whole(said["seed"], "training.seed", least=0)
    said["loss"] = parts.spelled_loss(said["loss"], "training.loss")
    said["optimizer"] = parts.spelled_optimizer(said["optimizer"], "training.optimizer")
    if said["held_out"] is not None:
        checks.real(said["held_out"], "training.held_out", positive=True)
    return {key: said[key] for key in TRAINING}
