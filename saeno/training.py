"""Training: one loop for every model, which can be killed and resumed to the same bits."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from saeno import composition, losses
from saeno.autoencoder import SparseAutoencoder
from saeno.batches import batches
from saeno.checks import real, whole
from saeno.dictionaries.base import Grid, as_grid

Metric = Callable[[SparseAutoencoder], float | Tensor]


class TrainingError(RuntimeError):
    """Training stopped. `step` is where, `restored` the step whose state the model was put back to."""

    def __init__(self, step: int, cause: str, restored: int):
        super().__init__(
            f"training stopped at step {step}: {cause}. The model is back at its state of step {restored}."
        )
        self.step, self.restored = step, restored


@dataclass(frozen=True)
class History:
    """What a run leaves behind, besides the model.

    loss: of each step's batch, before the step, `(steps,)`.
    lr: the learning rate of each step, `(steps,)`.
    measured: the steps at which the metrics were taken (0 is before training).
    metrics: for each name, one value (a number or a tensor) per measured step.
    seconds: spent, metrics included, over all parts of a resumed run.
    """

    loss: Tensor
    lr: Tensor
    measured: list[int]
    metrics: dict[str, list[Any]]
    seconds: float

    def __repr__(self) -> str:
        return f"History({len(self.loss)} steps, loss {self.loss[0]:.3g} → {self.loss[-1]:.3g})"


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
        loss: `loss(model, signal)`, from `saeno.losses` or your own.
        normalize: keep atoms at unit gain: the gradient is projected, and the gain restored after each step.
        seed: of the order of the batches. The batch of a step depends on the seed and the step alone.
        grid: nodes per axis on which a generative model renders its signals.
        metrics: name → function of the model, giving a number or a tensor; measured at both ends, and as `every` says.
        every: steps between two measurements, or the steps at which to measure (`[10, 100, 1000]`); None for no more.
        checkpoint: a file, written every `save_every` steps. When it exists, training goes on from it, to the same
            bits.
        save_every: steps between two checkpoints.
        progress: show a bar, unless the environment has TQDM_DISABLE=1.

    Raises ValueError or TypeError at once for an argument that cannot work, and TrainingError, naming the step and the
    cause, for NaN or infinite data, a signal that does not fit, or a loss that diverges; the model then holds its last
    good state.
    """
    if schedule not in ("cosine", "constant"):
        raise ValueError(f"schedule = {schedule!r}: should be 'cosine' or 'constant'")
    steps, batch, save_every = whole(steps, "steps"), whole(batch, "batch"), whole(save_every, "save_every")
    every = _measured_at(every)
    seed, lr = whole(seed, "seed", least=0), real(lr, "lr", positive=True)
    if not isinstance(model, SparseAutoencoder):
        raise TypeError(f"model is a {type(model).__name__}: should be a SparseAutoencoder")
    grid = as_grid(grid)
    run = _Run(model, optimizer(model.parameters(), lr=lr), steps)
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
    source = batches(data, batch, seed, grid, start=run.step)

    from tqdm import tqdm

    # Given only to hide the bar, so that tqdm's own switch, the variable TQDM_DISABLE, works too: the book uses it.
    hidden = {} if progress else {"disable": True}
    with tqdm(total=steps, initial=run.step, desc="fit", unit="step", **hidden) as bar:
        start = perf_counter() - run.seconds
        if run.step == 0:
            run.measure(metrics)
        while run.step < steps:
            run.advance(source, loss, rate(lr, schedule, run.step, steps), normalize)
            if run.step == steps or (run.step in every if isinstance(every, list) else every and run.step % every == 0):
                run.measure(metrics)
            run.seconds = perf_counter() - start
            if checkpoint is not None and (run.step % save_every == 0 or run.step == steps):
                run.save(checkpoint, settings)
            bar.update()
            if run.step % run.keep == 0:
                bar.set_postfix(loss=f"{run.loss[run.step - 1]:.3g}", refresh=False)
    return run.history()


def _measured_at(every: int | Sequence[int] | None) -> int | list[int] | None:
    """`every`, checked: a period, a sorted list of steps, or None."""
    if isinstance(every, Sequence | range) and not isinstance(every, str):
        return sorted({whole(step, "every", least=0) for step in every})
    return None if every is None else whole(every, "every")


class _Run:
    """The state of a run: everything that a checkpoint holds."""

    def __init__(self, model: SparseAutoencoder, optimizer: torch.optim.Optimizer, steps: int):
        self.model, self.optimizer = model, optimizer
        self.step, self.seconds = 0, 0.0
        self.loss, self.lr = torch.zeros(steps, dtype=torch.float64), torch.zeros(steps, dtype=torch.float64)
        self.measured: list[int] = []
        self.metrics: dict[str, list[Any]] = {}
        self.ceiling: float | None = None
        self.keep = max(1, steps // 100)
        self.good: tuple[int, dict[str, Tensor]]
        self.remember()

    def advance(self, source: Any, loss: losses.Loss, lr: float, normalize: bool) -> None:
        """One step: draw, measure the loss, follow its gradient, bring the atoms back to unit gain."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.zero_grad()
        dictionary = self.model.dictionary
        signal = None
        try:
            signal = next(source)
            if not isinstance(signal, Tensor):
                raise TypeError(f"data gave a {type(signal).__name__}: should be a tensor, or a tuple led by one")
            signal = signal.to(dictionary.weight.device)
            value = loss(self.model, signal)
            if not (isinstance(value, Tensor) and value.numel() == 1 and value.requires_grad):
                what = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
                raise TypeError(f"loss gave {what}: should be one number, a tensor that depends on a trained parameter")
        except torch.linalg.LinAlgError as error:
            raise self.stop(f"the dictionary has no largest eigenvalue any more: try a smaller lr ({error})") from error
        except (ValueError, TypeError) as error:
            raise self.stop(str(error)) from error
        energy = losses.misfit(signal, torch.zeros_like(signal)).item()
        if not math.isfinite(energy):
            raise self.stop("data has NaN or infinite values in this step's batch")
        value.backward()
        self.check(value.item(), energy)
        if self.step % self.keep == 0:
            self.remember()
        if normalize:
            dictionary.project_gradient_()
        self.optimizer.step()
        if normalize:
            try:
                dictionary.normalize_()
            except ValueError as error:
                raise self.stop(str(error)) from error
        self.loss[self.step], self.lr[self.step] = value.item(), lr
        self.step += 1

    def check(self, loss: float, energy: float) -> None:
        """Stop at a loss or a gradient that is not finite, or a loss a thousand times what the run began with."""
        if not math.isfinite(loss):
            raise self.stop(f"the loss is {loss}: try a smaller lr")
        self.ceiling = 1e3 * max(loss, energy) if self.ceiling is None else self.ceiling
        if loss > self.ceiling:
            raise self.stop(
                f"the loss diverges, it is {loss:.3g}, a thousand times what it began with: try a smaller lr"
            )
        for name, parameter in self.model.named_parameters():
            if parameter.grad is not None and not parameter.grad.isfinite().all():
                raise self.stop(f"the gradient of {name} is not finite, although the loss is: try a smaller lr")

    def stop(self, cause: str) -> TrainingError:
        step, state = self.good
        self.model.load_state_dict(state)
        return TrainingError(self.step, cause, step)

    def remember(self) -> None:
        """Keep this state to go back to: one whose loss and gradient were looked at, not one that a step just made."""
        self.good = (self.step, {name: value.clone() for name, value in self.model.state_dict().items()})

    def measure(self, metrics: Mapping[str, Metric] | None) -> None:
        if not metrics:
            return
        self.measured.append(self.step)
        with torch.no_grad():
            for name, metric in metrics.items():
                value = metric(self.model)
                value = value.detach().cpu().clone() if isinstance(value, Tensor) and value.dim() else float(value)
                self.metrics.setdefault(name, []).append(value)

    def history(self) -> History:
        return History(self.loss.clone(), self.lr.clone(), list(self.measured), self.metrics, self.seconds)

    def save(self, path: str | os.PathLike, settings: dict[str, Any]) -> None:
        state = self.optimizer.state_dict()
        tensors = {f"model/{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {"history/loss": self.loss, "history/lr": self.lr}
        numbers: dict[str, Any] = {}
        for index, values in state["state"].items():
            for name, value in values.items():
                (tensors if isinstance(value, Tensor) else numbers)[f"optimizer/{index}/{name}"] = value
        for name, values in self.metrics.items():
            for place, value in enumerate(values):
                (tensors if isinstance(value, Tensor) else numbers)[f"metrics/{name}/{place}"] = value
        training = {
            "step": self.step,
            "seconds": self.seconds,
            "settings": settings,
            "groups": state["param_groups"],
            "numbers": numbers,
            "measured": self.measured,
            "metrics": list(self.metrics),
            "ceiling": self.ceiling,
        }
        composition.write(path, tensors, {"model": self.model.describe(), "training": training})

    def restore(self, path: str | os.PathLike, settings: dict[str, Any]) -> None:
        tensors, description = composition.read(path)
        if "training" not in description:
            raise ValueError(f"checkpoint = {str(path)!r}: a saved model, not a checkpoint of fit; give another file")
        training = description["training"]
        for name, value in settings.items():
            before = training["settings"][name]
            if before != json.loads(json.dumps(value)):
                raise ValueError(
                    f"checkpoint = {str(path)!r} was made with {name} = {before!r}, not {value!r}: "
                    "delete it to start anew"
                )
        if description["model"] != self.model.describe():
            raise ValueError(f"checkpoint = {str(path)!r} belongs to another model: delete it to start anew")
        values = tensors | training["numbers"]
        self.model.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model/")})
        state: dict[int, dict[str, Any]] = {}
        for name, value in values.items():
            if name.startswith("optimizer/"):
                _, index, key = name.split("/")
                state.setdefault(int(index), {})[key] = value
        self.optimizer.load_state_dict({"state": state, "param_groups": training["groups"]})
        self.loss, self.lr = tensors["history/loss"], tensors["history/lr"]
        self.step, self.seconds, self.ceiling = training["step"], training["seconds"], training["ceiling"]
        self.measured = training["measured"]
        self.metrics = {
            name: [values[f"metrics/{name}/{place}"] for place in range(len(self.measured))]
            for name in training["metrics"]
        }
        self.remember()
