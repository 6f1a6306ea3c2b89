"""Training: one loop for every model, which can be killed and resumed to the same bits."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from saeno import losses
from saeno.autoencoder import SparseAutoencoder
from saeno.batches import batches
from saeno.checks import real, whole
from saeno.dictionaries.base import Grid, as_grid
from saeno.run import History, Metric, Run, TrainingError, held_interrupt

__all__ = ["History", "Metric", "TrainingError", "fit", "rate"]


def rate(lr: float, schedule: str, step: int, steps: int) -> float:
    """The learning rate at a step: `lr`, or with "cosine" lr · ½(1 + cos(π · step / steps)), which ends at 0."""
    return lr if schedule == "constant" else lr * (1 + math.cos(math.pi * step / steps)) / 2


def fit(
    model: SparseAutoencoder,
    data: Any,
    steps: int,
    batch: int = 128,
    lr: float = 1e-2,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
    schedule: str = "cosine",
    loss: losses.Loss = losses.objective,
    normalize: bool = True,
    clip: float | None = None,
    seed: int = 0,
    grid: Grid = (),
    metrics: Mapping[str, Metric] | None = None,
    every: int | Sequence[int] | None = None,
    checkpoint: str | os.PathLike | None = None,
    save_every: int = 100,
    progress: bool = True,
) -> History:
    r"""Learn a dictionary from signals: $\min_D \mathbb E\, \tfrac12\|x - D z(x)\|^2 + \lambda R(z(x))$.

    Args:
        model: trained in place.
        data: a tensor `(signals, channels, *grid)`, a DataLoader, or a generative model such as
            `saeno.data.SparseModel`.
        steps: number of batches.
        batch: signals per batch.
        lr: the learning rate, at the start.
        optimizer: called as `optimizer(parameters, lr=lr)`; any of torch's, or a `functools.partial` of one.
        schedule: "cosine" or "constant".
        loss: `loss(model, signal)`, from `saeno.losses` or your own. One that is a module, as `losses.AuxK` is, has a
            state, which begins anew with the run (by its method `reset`) and is part of the checkpoint.
        normalize: keep atoms at unit gain: the gradient is projected, and the gain restored after each step.
        clip: a larger gradient, of all parameters together, is shortened to this norm; None: never.
        seed: of the order of the batches. The batch of a step depends on the seed and the step alone.
        grid: nodes per axis on which a generative model renders its signals.
        metrics: name → function of the model, giving a number, a tensor or a NumPy array; measured at both ends, and as
            `every` says.
        every: steps between two measurements, or the steps at which to measure (`[10, 100, 1000]`); None for no more.
        checkpoint: a file, written every `save_every` steps. When it exists, training goes on from it, to the same
            bits. Ctrl-C then ends a run after the step it is in, and with a checkpoint; a second Ctrl-C at once.
        save_every: steps between two checkpoints.
        progress: show a bar, unless the environment has TQDM_DISABLE=1.

    The model is in train mode during a step, in eval mode when it is measured and afterwards, which makes a difference
    with `BatchTopK`.

    Raises ValueError or TypeError at once for an argument that cannot work, and TrainingError, naming the step and the
    cause, for NaN or infinite data, a signal that does not fit, or a loss that diverges; the model then holds its last
    good state.
    """
    if schedule not in ("cosine", "constant"):
        raise ValueError(f"schedule = {schedule!r}: should be 'cosine' or 'constant'")
    steps, batch, save_every = whole(steps, "steps"), whole(batch, "batch"), whole(save_every, "save_every")
    every = _measured_at(every)
    seed, lr = whole(seed, "seed", least=0), real(lr, "lr", positive=True)
    clip = None if clip is None else real(clip, "clip", positive=True)
    if not isinstance(model, SparseAutoencoder):
        raise TypeError(f"model is a {type(model).__name__}: should be a SparseAutoencoder")
    grid = as_grid(grid)
    run = Run(model, optimizer(model.parameters(), lr=lr), steps, loss)
    if isinstance(run.optimizer, torch.optim.LBFGS):
        raise ValueError("optimizer = LBFGS: should be one that takes a step from one gradient, such as Adam")
    hyper = {name: value for name, value in run.optimizer.param_groups[0].items() if name not in ("params", "lr")}
    # What has to be the same when a run is resumed; `steps` is part of it since the schedule depends on it.
    settings = {
        "steps": steps,
        "batch": batch,
        "lr": lr,
        "schedule": schedule,
        "normalize": normalize,
        "clip": clip,
        "seed": seed,
        "grid": grid,
        "every": every,
        "metrics": list(metrics or {}),
        "loss": getattr(loss, "__name__", type(loss).__name__),
        "optimizer": {"class": type(run.optimizer).__name__, **hyper},
    }
    if checkpoint is not None:
        if not Path(checkpoint).absolute().parent.is_dir():
            raise ValueError(f"checkpoint = {str(checkpoint)!r}: its folder should exist")
        json.dumps([model.describe(), settings])  # what cannot be written is refused now, not after the first steps
        if Path(checkpoint).exists():
            run.restore(checkpoint, settings)
    if run.step == 0 and hasattr(loss, "reset"):
        loss.reset()
    source = batches(data, batch, seed, grid, start=run.step)

    from tqdm import tqdm

    # Given only to hide the bar, so that tqdm's own switch, the variable TQDM_DISABLE, works too: the book uses it.
    hidden = {} if progress else {"disable": True}
    bar = tqdm(total=steps, initial=run.step, desc="fit", unit="step", **hidden)
    try:
        with bar, held_interrupt(checkpoint is not None) as interrupted:
            start = perf_counter() - run.seconds
            if run.step == 0:
                run.measure(metrics)
            while run.step < steps:
                run.advance(source, rate(lr, schedule, run.step, steps), normalize, clip)
                at_end = run.step == steps
                if at_end or (run.step in every if isinstance(every, list) else every and run.step % every == 0):
                    run.measure(metrics)
                run.seconds, stopping = perf_counter() - start, interrupted()
                if checkpoint is not None and (at_end or run.step % save_every == 0 or stopping):
                    run.save(checkpoint, settings)
                if stopping:
                    raise KeyboardInterrupt(f"training stopped at step {run.step} of {steps}; the checkpoint has it")
                bar.update()
                if run.step % run.keep == 0:
                    bar.set_postfix(loss=f"{run.loss[run.step - 1]:.3g}", refresh=False)
    finally:
        model.eval()
    return run.history()


def _measured_at(every: int | Sequence[int] | None) -> int | list[int] | None:
    """`every`, checked: a period, a sorted list of steps, or None."""
    if isinstance(every, Sequence | range) and not isinstance(every, str):
        return sorted({whole(step, "every", least=0) for step in every})
    return None if every is None else whole(every, "every")
