"""Training: one loop for every model, which can be killed and resumed to the same bits."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from saeno import losses
from saeno.autoencoder import SparseAutoencoder
from saeno.checks import flag, instance, path, real, tensor, whole
from saeno.grids import Grid, as_grid
from saeno.losses.base import Resettable
from saeno.training.batches import batches, fingerprint
from saeno.training.checkpoint import kept
from saeno.training.history import History, Metric
from saeno.training.loop import train
from saeno.training.revival import Revival
from saeno.training.run import HELD_OUT, Run
from saeno.training.schedule import Rates, Schedule

FUSED = 2**19  # numbers to learn from which on an optimizer of torch should be a fused one


def fit(
    model: SparseAutoencoder,
    data: Any,
    steps: int,
    batch: int = 128,
    lr: float = 1e-2,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
    schedule: Schedule = "cosine",
    warmup: int = 0,
    loss: losses.Loss = losses.objective,
    normalize: bool = True,
    clip: float | None = None,
    revive: int | None = None,
    seed: int = 0,
    grid: Grid = (),
    metrics: Mapping[str, Metric] | None = None,
    every: int | Sequence[int] | None = None,
    held_out: Tensor | None = None,
    patience: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    save_every: int = 100,
    progress: bool = True,
) -> History:
    r"""Learn a dictionary from signals: $\min_D \mathbb E\, \tfrac12\|x - D z(x)\|^2 + \lambda R(z(x))$.

    Args:
        model: trained in place.
        data: a tensor `(signals, channels, *grid)`; a generative model such as `saeno.data.SparseModel`; a DataLoader;
            or whatever gives batches when it is iterated, such as a list of them, or a stream: that is iterated anew
            when it ends, unless it can be read only once.
        steps: number of batches. More of them than a checkpoint was finished with go on from there, with a schedule of
            their own: a cosine begins again at `lr`.
        batch: signals per batch; what gives batches has its own.
        lr: the learning rate, at the start.
        optimizer: called as `optimizer(parameters, lr=lr)`; any of torch's, or a `functools.partial` of one. Groups of
            parameters may have rates of their own: the schedule multiplies each.
        schedule: "cosine", "constant", or any scheduler of torch that depends on the step alone, called as
            `schedule(optimizer)`: `functools.partial(torch.optim.lr_scheduler.StepLR, step_size=100)`.
        warmup: steps at the beginning whose rate grows, before the schedule begins; 0 with a scheduler of torch.
        loss: `loss(model, signal)`, from `saeno.losses` or your own. One that is a module, as `losses.AuxK` is, has a
            state, which begins anew with the run (by its method `reset`) and is part of the checkpoint.
        normalize: keep atoms at unit gain: the gradient is projected, and the gain restored after each step. Atoms that
            are not trained, having `requires_grad = False`, are left as they are.
        clip: a larger gradient, of all parameters together, is shortened to this norm, in the unit of the loss; None:
            never.
        revive: atoms that the loss did not depend on for so many steps are replaced by what the model leaves of signals
            that it explains badly; None: never. `losses.AuxK` is the way to bring dead atoms back by a gradient.
        seed: of the order of the batches. The batch of a step depends on the seed and the step alone.
        grid: nodes per axis on which a generative model renders its signals.
        metrics: name → function of the model, giving a number, a tensor or a NumPy array; measured at both ends, and as
            `every` says.
        every: steps between two measurements, or the steps at which to measure (`[10, 100, 1000]`); None for no more.
        held_out: signals `(signals, channels, *grid)` that are not trained on: their loss is the metric "held_out".
        patience: training ends early when so many measurements in a row gave no better held-out loss than the best;
            and the model, then or at the last step, goes back to its best state that was measured. None: never.
        checkpoint: a file, written every `save_every` steps. When it exists, training goes on from it, to the same
            bits; with another model, other data, another loss or other settings it is refused. One run at a time may
            write there. Ctrl-C ends a run after the step it is in, and with a checkpoint; a second Ctrl-C at once.
        save_every: steps between two checkpoints.
        progress: show a bar, unless the environment has TQDM_DISABLE=1.

    The model is in train mode during a step, in eval mode when it is measured and afterwards, which makes a difference
    with `BatchTopK`.

    Signals may come in any unit, as long as thresholds and penalties are in it too. When the energy ½E‖x − b‖² of the
    first batch is not between 0.01 and 100, the optimizer is shown the loss divided by u², where u is the power of two
    just below √E‖x − b‖², and the mean and the bias of the encoder divided by u. So `lr` and `eps` of Adam mean the
    same for volts as for nanovolts. A rate of `SGD` stays one over an energy.

    Raises ValueError or TypeError at once for an argument that cannot work, signals that do not fit the model included,
    and TrainingError, naming the step and the cause, for NaN or infinite data, a later signal that does not fit, or a
    loss that diverges; the model then holds its last good state.
    """
    if isinstance(schedule, str) and schedule not in ("cosine", "constant"):
        raise ValueError(f"schedule = {schedule!r}: should be 'cosine', 'constant', or give a scheduler of torch")
    steps, batch, save_every = whole(steps, "steps"), whole(batch, "batch"), whole(save_every, "save_every")
    normalize, progress, every = flag(normalize, "normalize"), flag(progress, "progress"), _measured_at(every)
    seed, lr = whole(seed, "seed", least=0), real(lr, "lr", positive=True)
    clip = None if clip is None else real(clip, "clip", positive=True)
    warmup, revive = whole(warmup, "warmup", least=0), None if revive is None else whole(revive, "revive")
    if warmup and not isinstance(schedule, str):
        raise ValueError(f"warmup = {warmup}: should be 0 where schedule = {schedule!r}, which can have one of its own")
    if warmup >= steps:
        raise ValueError(f"warmup = {warmup}: should be less than steps = {steps}")
    instance(model, SparseAutoencoder, "model", "SparseAutoencoder(DenseDictionary(64, 128), OneStep(TopK(5)))")
    if model.dictionary.weight.dtype not in (torch.float32, torch.float64):
        kind = model.dictionary.weight.dtype
        raise TypeError(f"model is {kind}: should be torch.float32 or float64, whose small steps are not rounded away")
    if lr > torch.finfo(model.dictionary.weight.dtype).max:
        raise ValueError(f"lr = {lr!r}: should be a number that {model.dictionary.weight.dtype} can hold")
    if not callable(loss) or isinstance(loss, type):
        what = f"the class {loss.__name__}" if isinstance(loss, type) else f"a {type(loss).__name__}"
        raise TypeError(f"loss is {what}: should be called as loss(model, signal), such as losses.l1(0.1)")
    metrics = _metrics(metrics, held_out, loss, batch)
    if held_out is not None:
        _check_fits(model, held_out, "held_out")
    if patience is not None:
        patience = whole(patience, "patience")
        if held_out is None or every is None:
            raise ValueError(f"patience = {patience}: needs held_out signals, and every, the steps between two looks")
    checkpoint = None if checkpoint is None else path(checkpoint, "checkpoint")
    grid = as_grid(grid)
    made = _optimizer(optimizer, model, lr)
    revival = None if revive is None else Revival(model, revive, seed)
    run = Run(model, made, Rates(schedule, made, steps, warmup), loss, revival, patience)
    trained = _trained(model, made)
    learns_atoms = any(parameter is model.dictionary.weight for parameter in trained)
    if normalize and not learns_atoms and any(p is q for p in trained for q in model.dictionary.parameters()):
        raise ValueError("normalize = True: should be False where a lifting is trained and the atoms are not")
    if revive is not None and not learns_atoms:
        raise ValueError(f"revive = {revive}: should be None where atoms are not trained")
    hyper = {name: value for name, value in run.optimizer.param_groups[0].items() if name not in ("params", "lr")}
    # What has to be the same when a run is resumed; `steps` is part of it since the schedule depends on it.
    settings = {
        "steps": steps,
        "batch": batch,
        "lr": lr,
        "schedule": schedule if isinstance(schedule, str) else losses.identity(schedule),
        "warmup": warmup or None,  # what a file from before it was there has none of is None
        "revive": revive,
        "patience": patience,
        "normalize": normalize,
        "clip": clip,
        "seed": seed,
        "grid": grid,
        "every": every,
        "metrics": list(metrics),
        "loss": losses.identity(loss),
        "optimizer": {"class": type(run.optimizer).__name__, **hyper},
        "groups": _groups(run.optimizer, lr),
    }
    if checkpoint is not None:
        settings["data"] = fingerprint(data, batch, seed, grid)
        if held_out is not None:
            settings["held_out"] = fingerprint(held_out, len(held_out), 0, ())
    with kept(run, checkpoint, settings):
        if run.step == 0 and isinstance(loss, Resettable):
            loss.reset()
        source = batches(data, batch, seed, grid, start=run.step)
        if run.step < steps:
            first = next(source)
            _check_fits(model, first)
            source = chain([first], source)
        keeping = {"checkpoint": checkpoint, "save_every": save_every, "settings": settings}
        advance = partial(run.advance, source, normalize and learns_atoms, clip)
        return train(run, steps, advance, "fit", metrics, every, progress=progress, **keeping)


def _measured_at(every: int | Sequence[int] | None) -> int | list[int] | None:
    """`every`, checked: a period, a sorted list of steps, or None."""
    if isinstance(every, Sequence) and not isinstance(every, str | bytes):
        return sorted({whole(step, "every", least=0) for step in every})
    return None if every is None else whole(every, "every")


def _metrics(metrics: Any, held_out: Any, loss: losses.Loss, batch: int) -> dict[str, Metric]:
    """The metrics, checked, with that of the signals held out. Raises TypeError or ValueError, naming the argument."""
    if metrics is not None and not isinstance(metrics, Mapping):
        raise TypeError(f"metrics is a {type(metrics).__name__}: should be a dict of names and functions of the model")
    for name, metric in (metrics or {}).items():
        if not isinstance(name, str):
            raise TypeError(f"metrics has the name {name!r}: should be a string")
        if not callable(metric):
            raise TypeError(f"metrics[{name!r}] is a {type(metric).__name__}: should be a function of the model")
    if held_out is None:
        return dict(metrics or {})
    tensor(held_out, "held_out", "(signals, channels, *grid)")
    if metrics and HELD_OUT in metrics:
        raise ValueError(f"metrics has {HELD_OUT!r}: should have another name, this is the loss of held_out")
    return {**(metrics or {}), HELD_OUT: partial(_loss_of, held_out, loss, batch)}


def _loss_of(signal: Tensor, loss: losses.Loss, batch: int, model: SparseAutoencoder) -> float:
    """The mean loss of signals, a batch at a time."""
    device = model.dictionary.weight.device
    return sum(loss(model, part.to(device)).item() * len(part) for part in signal.split(batch)) / len(signal)


def _optimizer(make: Any, model: SparseAutoencoder, lr: float) -> torch.optim.Optimizer:
    """The optimizer of a model, made as `fit` says. Raises TypeError or ValueError for one that cannot be."""
    should = "should be called as optimizer(parameters, lr=lr), such as torch.optim.Adam"
    if not callable(make):
        raise TypeError(f"optimizer is a {type(make).__name__}: {should}")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("model has no parameter to train: all have requires_grad = False")
    try:
        optimizer = make(model.parameters(), lr=lr)
    except TypeError as error:
        raise TypeError(f"optimizer = {make!r}: {should} ({error})") from error
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer gave a {type(optimizer).__name__}: {should}")
    if isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError("optimizer = LBFGS: should be one that takes a step from one gradient, such as Adam")
    if not all("lr" in group for group in optimizer.param_groups):
        raise ValueError(f"optimizer = {type(optimizer).__name__}: should have a learning rate, lr, in each group")
    if not _trained(model, optimizer):
        raise ValueError("optimizer has no parameter of the model: should be made of the parameters it is called with")
    for group in optimizer.param_groups:
        _fuse(group)
    return optimizer


def _fuse(group: dict[str, Any]) -> None:
    """Let the optimizer go through large parameters once for a step, where it can and nobody chose otherwise."""
    parameters = group["params"]
    undecided = "fused" in group and group["fused"] is None and group.get("foreach") is None
    real = all(p.is_floating_point() and p.device.type in ("cpu", "cuda") for p in parameters)
    if undecided and real and not group.get("differentiable") and sum(p.numel() for p in parameters) >= FUSED:
        group["fused"] = True


def _trained(model: SparseAutoencoder, optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    """The parameters of the model that the optimizer will change."""
    held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    return [parameter for parameter in model.parameters() if parameter.requires_grad and id(parameter) in held]


def _groups(optimizer: torch.optim.Optimizer, lr: float) -> list[dict[str, Any]] | None:
    """How groups of parameters differ; None for the usual single group."""
    groups = optimizer.param_groups
    if len(groups) == 1 and groups[0]["lr"] == lr:
        return None
    return [{**group, "lr": float(group["lr"]), "params": len(group["params"])} for group in groups]


def _check_fits(model: SparseAutoencoder, signal: Any, name: str = "data") -> None:
    """Raise now what the first signal of the first batch shows: its type, its shape, what the encoder asks of it."""
    if not isinstance(signal, Tensor):
        raise TypeError(f"data gave a {type(signal).__name__}: should be a tensor, or a tuple led by one")
    weight = model.dictionary.weight
    if signal.dtype != weight.dtype:
        raise TypeError(f"{name} is {signal.dtype}, the model {weight.dtype}: should be the same, convert one of them")
    one = signal[:1].to(weight.device)
    try:
        with torch.no_grad():
            if one.isfinite().all():
                model.encode(one)
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} does not fit the model: {error}") from error
