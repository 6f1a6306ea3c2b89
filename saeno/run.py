"""The state of a training run: its steps, its measurements, and the checkpoint that holds all of it."""

from __future__ import annotations

import json
import math
import os
import signal as signals
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from saeno import composition, losses
from saeno.autoencoder import SparseAutoencoder

Metric = Callable[[SparseAutoencoder], float | Tensor | np.ndarray]


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


class Run:
    """The state of a run: everything that a checkpoint holds."""

    def __init__(
        self,
        model: SparseAutoencoder,
        optimizer: torch.optim.Optimizer,
        steps: int,
        loss: losses.Loss = losses.objective,
    ):
        self.model, self.optimizer, self.objective = model, optimizer, loss
        self.step, self.seconds = 0, 0.0
        self.loss, self.lr = torch.zeros(steps, dtype=torch.float64), torch.zeros(steps, dtype=torch.float64)
        self.measured: list[int] = []
        self.metrics: dict[str, list[Any]] = {}
        self.ceiling: float | None = None
        self.keep = max(1, steps // 100)
        self.good: tuple[int, dict[str, Tensor]]
        self.remember()

    def advance(self, source: Iterator[Any], lr: float, normalize: bool, clip: float | None = None) -> None:
        """One step: draw, measure the loss, follow its gradient, bring the atoms back to unit gain."""
        self.model.train()
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
            value = self.objective(self.model, signal)
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
        if clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), clip)
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
            gradient = parameter.grad  # a finite sum has finite terms, and is read once
            if gradient is not None and not gradient.sum().isfinite() and not gradient.isfinite().all():
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
        self.model.eval()
        self.measured.append(self.step)
        with torch.no_grad():
            for name, metric in metrics.items():
                self.metrics.setdefault(name, []).append(_measurement(metric(self.model), name))

    def history(self) -> History:
        return History(self.loss.clone(), self.lr.clone(), list(self.measured), self.metrics, self.seconds)

    def save(self, path: str | os.PathLike, settings: dict[str, Any]) -> None:
        state = self.optimizer.state_dict()
        tensors = {f"model/{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {"history/loss": self.loss, "history/lr": self.lr}
        if isinstance(self.objective, nn.Module):
            tensors |= {f"objective/{name}": value for name, value in self.objective.state_dict().items()}
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
            before = training["settings"].get(name)  # a file from before there was `clip` has none
            if before != json.loads(json.dumps(value)):
                raise ValueError(
                    f"checkpoint = {str(path)!r} was made with {name} = {before!r}, not {value!r}: "
                    "delete it to start anew"
                )
        if description["model"] != self.model.describe():
            raise ValueError(f"checkpoint = {str(path)!r} belongs to another model: delete it to start anew")
        values = tensors | training["numbers"]
        for name, part in (("model", self.model), ("objective", self.objective)):
            if isinstance(part, nn.Module):
                start = f"{name}/"
                part.load_state_dict({k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)})
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


def _measurement(value: Any, name: str) -> float | Tensor:
    """What a metric gave, as a number or as a tensor of its own. Raises TypeError, naming the metric, for others."""
    if isinstance(value, np.ndarray):
        value = torch.as_tensor(value)
    try:
        return value.detach().cpu().clone() if isinstance(value, Tensor) and value.dim() else float(value)
    except (TypeError, ValueError) as error:
        kind = type(value).__name__
        raise TypeError(f"metrics[{name!r}] gave a {kind}: should be a number, a tensor or a NumPy array") from error


@contextmanager
def held_interrupt(wanted: bool) -> Iterator[Callable[[], bool]]:
    """Hold back the first Ctrl-C, so that a step can be completed; gives a function that says whether there was one.

    A second one interrupts at once. Nothing is held back where it is not `wanted`, where another handler is at work, or
    outside the main thread, which gets no signals.
    """
    usual, pressed = signals.default_int_handler, []
    if (
        not wanted
        or threading.current_thread() is not threading.main_thread()
        or signals.getsignal(signals.SIGINT) is not usual
    ):
        yield lambda: False
        return

    def hold(*_: Any) -> None:
        pressed.append(True)
        signals.signal(signals.SIGINT, usual)

    signals.signal(signals.SIGINT, hold)
    try:
        yield lambda: bool(pressed)
    finally:
        signals.signal(signals.SIGINT, usual)
