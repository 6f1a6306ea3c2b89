"""Losses and optimizers as plain data."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from saeno import losses
from saeno.checks import short

FUNCTIONS = {"objective": losses.objective, "squared_error": losses.squared_error}
LOSSES = {"l1": losses.l1, "l0": losses.l0, "matryoshka": losses.matryoshka, "AuxK": losses.AuxK}
UNFIT = (torch.optim.Optimizer, torch.optim.LBFGS, torch.optim.SparseAdam)  # a step from one dense gradient is asked
# What an optimizer is made of, and how it is computed: the second is no part of a recipe.
MADE_OF, COMPUTED = ("params", "lr"), ("foreach", "fused", "capturable", "differentiable", "maximize")
OPTIMIZERS = {
    name: kind
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer) and kind not in UNFIT
}


def spelled_loss(said: Any, place: str) -> Any:
    """A loss with every default: "objective", or {"class": "l1", "weight": 0.1}. Raises ValueError for none."""
    if isinstance(said, str) and said in FUNCTIONS:
        return said
    spelled = _spelled(said, LOSSES, place, [*FUNCTIONS, *LOSSES])
    if "base" in spelled:
        base = spelled["base"]
        spelled["base"] = "objective" if base is losses.objective else spelled_loss(base, f"{place}.base")
    return spelled


def loss(spelled: Any) -> losses.Loss:
    """The loss that was spelled."""
    if isinstance(spelled, str):
        return FUNCTIONS[spelled]
    settings = {key: loss(value) if key == "base" else value for key, value in spelled.items() if key != "class"}
    return LOSSES[spelled["class"]](**settings)


def spelled_optimizer(said: Any, place: str) -> dict[str, Any]:
    """An optimizer with every default: "Adam", or {"class": "Adam", "eps": 1e-9}. Raises ValueError for none."""
    return _spelled({"class": said} if isinstance(said, str) else said, OPTIMIZERS, place, list(OPTIMIZERS))


def optimizer(spelled: Mapping[str, Any]) -> Callable[..., torch.optim.Optimizer]:
    """What makes the optimizer that was spelled of parameters and a rate, as `fit` asks for it."""
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in spelled.items()}
    return functools.partial(OPTIMIZERS[settings.pop("class")], **settings)


def _spelled(said: Any, kinds: Mapping[str, Any], place: str, good: list[str]) -> dict[str, Any]:
    name = said.get("class") if isinstance(said, dict) else said
    if not isinstance(name, str) or name not in good:
        raise ValueError(f"{place} = {name!r}: should be one of {', '.join(good)}")
    if not isinstance(said, dict) or name not in kinds:
        form = "a text" if name not in kinds else "an object with its class and settings"
        raise ValueError(f"{place} = {short(said)}: should be {form}")
    known = dict(inspect.signature(kinds[name]).parameters)
    known = {key: one.default for key, one in known.items() if key not in MADE_OF + COMPUTED}
    for key, value in said.items():
        if key != "class" and key not in known:
            raise ValueError(f"{place}.{key} = {short(value)}: should be one of {', '.join(known)} for {name}")
    for key, default in known.items():
        if default is inspect.Parameter.empty and key not in said:
            raise ValueError(f"{place}.{key}: is missing, {name} needs it")
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in known.items()}
    return {"class": name, **{key: said.get(key, value) for key, value in plain.items()}}
