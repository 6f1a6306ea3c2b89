"""Training an operator on pairs of functions; a run can be killed and resumed to the same bits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from saeno.checks import flag, instance, path, real, short, tensor, whole
from saeno.operators.base import Operator
from saeno.operators.run import AnyModule, OperatorRun
from saeno.training.batches import batches, fingerprint
from saeno.training.checkpoint import kept
from saeno.training.history import History
from saeno.training.loop import train
from saeno.training.schedule import Rates


def fit_operator(
    model: nn.Module,
    inputs: Tensor,
    outputs: Tensor,
    steps: int,
    batch: int = 20,
    lr: float = 3e-3,
    weight_decay: float = 1e-4,
    warmup: int = 100,
    seed: int = 0,
    metrics: Mapping[str, Callable[[nn.Module], float | Tensor]] | None = None,
    every: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    save_every: int = 100,
    progress: bool = True,
) -> History:
    r"""Learn an operator from pairs of functions: $\min_G \mathbb E\, \|G(a) - y\| / \|y\|$, by AdamW.

    The rate grows for `warmup` steps, and then falls to 0 along half a cosine (`saeno.training.rate`).

    Args:
        model: `FNO`, `UNet`, `DeepONet`, or any torch module from `inputs` to `outputs`; trained in place.
        inputs, outputs: `(pairs, channels, *grid)`, in the model's type of numbers. Each batch goes to its device.
        steps: number of batches.
        batch: pairs per batch. The batch of a step depends on the seed and the step alone.
        lr: the largest rate.
        weight_decay: of AdamW.
        warmup: steps at the beginning whose rate grows; fewer than `steps`.
        seed: of the order of the batches.
        metrics: name → function of the model, measured at both ends, and each `every` steps.
        every: steps between two measurements; None for no more.
        checkpoint, save_every, progress: as in `saeno.fit`. A run goes on to the same bits, unless the model itself
            draws random numbers in training, as dropout does.

    Raises ValueError or TypeError at once for an argument that cannot work, and TrainingError, naming the step and the
    cause, for a loss that diverges; the model then holds its last good state.
    """
    instance(model, nn.Module, "model", "FNO(1, 1, 32, 16)")
    described = model if isinstance(model, Operator) else AnyModule(model)
    steps, batch, save_every = whole(steps, "steps"), whole(batch, "batch"), whole(save_every, "save_every")
    seed, warmup = whole(seed, "seed", least=0), whole(warmup, "warmup", least=0)
    lr, weight_decay = real(lr, "lr", positive=True), real(weight_decay, "weight_decay")
    progress, every = flag(progress, "progress"), None if every is None else whole(every, "every")
    checkpoint = None if checkpoint is None else path(checkpoint, "checkpoint")
    if lr > torch.finfo(torch.float32).max:
        raise ValueError(f"lr = {lr!r}: should be a number that torch.float32 can hold")
    if lr * weight_decay >= 1:
        raise ValueError(f"weight_decay = {weight_decay!r}: should be less than 1/lr, or a step turns weights around")
    if warmup >= steps:
        raise ValueError(f"warmup = {warmup}: should be less than steps = {steps}")
    for name, metric in (metrics or {}).items():
        if not callable(metric):
            raise TypeError(f"metrics[{name!r}] = {short(metric)}: should be a function of the model")
    measured = {name: partial(_measured, metric, model) for name, metric in (metrics or {}).items()}
    _check_pairs(model, inputs, outputs, batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    run = OperatorRun(described, optimizer, Rates("cosine", optimizer, steps, warmup))
    pairs = partial(_pairs, inputs, outputs, next(model.parameters()).device, batch, seed)
    settings = {
        "steps": steps,
        "batch": batch,
        "lr": lr,
        "weight_decay": weight_decay,
        "warmup": warmup,
        "seed": seed,
        "metrics": list(measured),
        "every": every,
        "inputs": inputs.shape,
        "outputs": outputs.shape,
    }
    x, y = next(pairs(0))
    run.try_out(x, y)
    if checkpoint is not None:
        first = torch.cat([x.flatten(), y.flatten()])[:, None]
        settings["data"] = fingerprint(first, len(first), seed, ())
    with kept(run, checkpoint, settings):
        source = pairs(run.step)
        keeping = {"checkpoint": checkpoint, "save_every": save_every, "settings": settings}
        return train(
            run, steps, lambda: run.learn(*next(source)), "fit_operator", measured, every, progress=progress, **keeping
        )


def _measured(metric: Callable[[nn.Module], Any], model: nn.Module, _: nn.Module) -> Any:
    return metric(model)  # the one that was given, not what stands for it in the run


def _pairs(
    inputs: Tensor, outputs: Tensor, device: torch.device, batch: int, seed: int, start: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs of a run from step `start` on: whatever their shapes, their numbers are drawn as signals are."""
    for rows in batches(torch.arange(len(inputs))[:, None], batch, seed, (), start):
        yield inputs[rows[:, 0]].to(device), outputs[rows[:, 0]].to(device)


def _check_pairs(model: nn.Module, inputs: Any, outputs: Any, batch: int) -> None:
    weight = next((parameter for parameter in model.parameters() if parameter.requires_grad), None)
    if weight is None:
        raise ValueError("model has no parameter to train: should have one with requires_grad = True")
    for name, value in {"inputs": inputs, "outputs": outputs}.items():
        tensor(value, name, "(pairs, channels, *grid)")
        if value.dtype != weight.dtype:
            raise TypeError(
                f"{name} is {value.dtype}, the model {weight.dtype}: should be the same, convert one of them"
            )
    if len(inputs) != len(outputs):
        raise ValueError(f"outputs has {len(outputs)} functions: should have {len(inputs)}, as inputs")
    if batch > len(inputs):
        raise ValueError(f"batch = {batch}: should be at most the {len(inputs)} pairs")
    zero = ~outputs.flatten(1).any(1)
    if zero.any():
        first = torch.nonzero(zero)[0].item()
        raise ValueError(f"outputs has functions that are zero, first in pair {first}: a relative error needs others")
