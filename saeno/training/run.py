"""The state of a training run: its steps and its measurements."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from saeno import losses
from saeno.autoencoder import SparseAutoencoder
from saeno.inference.proximal import NoStep
from saeno.training.history import History, Metric, TrainingError
from saeno.training.revival import Revival
from saeno.training.schedule import Rates

# Of energies ½E‖x‖² between these the loss is used as it is; others are brought to about 1 first.
SMALL, LARGE = 1e-2, 1e2
HELD_OUT = "held_out"  # the name of the metric by which a run may end


class Run:
    """The state of a run: everything that a checkpoint holds (`saeno/training/checkpoint.py`)."""

    def __init__(
        self,
        model: SparseAutoencoder,
        optimizer: torch.optim.Optimizer,
        rates: Rates,
        loss: losses.Loss = losses.objective,
        revival: Revival | None = None,
        patience: int | None = None,
    ):
        """patience: measurements of the metric `HELD_OUT` without a new best one, after which the run ends."""
        self.model, self.optimizer, self.objective = model, optimizer, loss
        self.rates, self.revival, self.patience = rates, revival, patience
        steps = rates.steps
        self.step, self.seconds = 0, 0.0
        self.loss, self.lr = torch.zeros(steps, dtype=torch.float64), torch.zeros(steps, dtype=torch.float64)
        self.measured: list[int] = []
        self.metrics: dict[str, list[Any]] = {}
        self.ceiling: float | None = None
        self.unit: float | None = None  # of the signals, once a batch with a signal was seen
        self.keep = max(1, steps // 100)
        self.began = 0
        self.ended = False  # before its last step, or there, at the best state that was measured
        self.best: dict[str, Tensor] = {}
        self.good: tuple[int, dict[str, Tensor]]
        self.remember()

    def advance(self, source: Iterator[Any], normalize: bool, clip: float | None = None) -> None:
        """One step: draw, measure the loss, follow its gradient, bring the atoms back to unit gain.

        Raises TrainingError; and ValueError or TypeError where nothing was trained yet, for what can never work.
        """
        self.model.train()
        self.rates.put(self.optimizer, self.step)
        self.model.zero_grad()
        self.optimizer.zero_grad()
        dictionary = self.model.dictionary
        try:
            signal = next(source)
            if not isinstance(signal, Tensor):
                raise TypeError(f"data gave a {type(signal).__name__}: should be a tensor, or a tuple led by one")
            signal = signal.to(dictionary.weight.device)
            if not signal.isfinite().all():
                raise self.stop("data has NaN or infinite values in this step's batch")
            value = self.objective(self.model, signal)
            if not (isinstance(value, Tensor) and value.numel() == 1 and value.requires_grad):
                what = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
                raise TypeError(f"loss gave {what}: should be one number, a tensor that depends on a trained parameter")
            if self.unit is None:
                self.find_unit(signal)
        except (torch.linalg.LinAlgError, NoStep) as error:
            if self.step == self.began and isinstance(error, NoStep):
                raise
            raise self.stop(f"the dictionary has no largest eigenvalue any more: try a smaller lr ({error})") from error
        except (ValueError, TypeError) as error:
            stopped = self.stop(str(error))
            if self.step == self.began:
                raise
            raise stopped from error
        unit = self.unit or 1.0
        (value if unit == 1 else value / unit**2).backward()
        self.check(value.item(), signal)
        if self.step % self.keep == 0:
            self.remember()
        if self.revival is not None:
            self.revival.count()
        if normalize:
            dictionary.project_gradient_()
        self.follow(unit, clip)
        if normalize:
            try:
                dictionary.normalize_()
            except ValueError as error:
                raise self.stop(str(error)) from error
        if self.revival is not None:
            self.revival.replace(self.optimizer, signal, self.step)
        self.loss[self.step], self.lr[self.step] = value.item(), self.optimizer.param_groups[0]["lr"]
        self.step += 1

    def find_unit(self, signal: Tensor) -> None:
        """The power of two below the size √E‖x − b‖² of this batch, or 1 for sizes that need no care.

        Whenever the optimizer looks at them, the loss is divided by unit², and what has the unit of a signal (the mean,
        a bias) by unit. So `eps` and a step of Adam mean the same for volts as for nanovolts; a power of two changes no
        digit. Raises ValueError, naming the size, where the numbers do not hold its square, or where the steps of plain
        gradient descent are so small that nothing would be learned.
        """
        with torch.no_grad():
            energy = _energy(self.model.centred(signal))
        if energy == 0:
            return
        rms, numbers = math.sqrt(2 * energy / signal.shape[1]), torch.finfo(signal.dtype)
        if not 1e6 * numbers.tiny < 2 * energy < numbers.max / 1e6:
            raise ValueError(
                f"data has signals of root mean square {rms:.3g}, whose squares {signal.dtype} does not hold: divide "
                "them, and all thresholds, by it"
            )
        lr, steps, kind = max(self.rates.starts), len(self.loss), type(self.optimizer)
        if issubclass(kind, torch.optim.SGD | torch.optim.ASGD) and energy < SMALL and lr * steps * energy < 1e-4:
            raise ValueError(
                f"lr = {lr:g}: {steps} steps of {kind.__name__} change nothing for signals of root mean square "
                f"{rms:.3g}, whose gradients are like its square: divide them, and all thresholds, by it, or lr by its "
                "square"
            )
        size = math.sqrt(2 * energy)
        self.unit = 1.0 if SMALL <= energy <= LARGE else 2.0 ** (math.frexp(size)[1] - 1)

    def follow(self, unit: float, clip: float | None) -> None:
        """The optimizer's step, in which signals and what is measured like them are divided by `unit`."""
        own = [] if unit == 1 else [p for p in self.model.in_units() if p.grad is not None]
        with torch.no_grad():
            for parameter in own:
                parameter.div_(unit)
                parameter.grad.mul_(unit)
        if clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), clip / unit**2)
        if unit != 1 and not all("eps" in group for group in self.optimizer.param_groups):
            for parameter in self.model.parameters():  # a rate without eps beside it is one over an energy
                if parameter.grad is not None:
                    parameter.grad.mul_(unit**2)
        self.optimizer.step()
        with torch.no_grad():
            for parameter in own:
                parameter.mul_(unit)

    def check(self, loss: float, signal: Tensor) -> None:
        """Stop at a loss or a gradient that is not finite, or a loss a thousand times what the run began with."""
        if not math.isfinite(loss):
            raise self.stop(f"the loss is {loss}: try a smaller lr")
        self.ceiling = 1e3 * max(loss, _energy(self.model.scaled(signal))) if self.ceiling is None else self.ceiling
        if loss > self.ceiling:
            raise self.stop(
                f"the loss diverges, it is {loss:.3g}, a thousand times what it began with: try a smaller lr"
            )
        for name, parameter in self.model.named_parameters():
            gradient = parameter.grad  # a finite sum has finite terms, and is read once
            if gradient is not None and not gradient.sum().isfinite() and not gradient.isfinite().all():
                raise self.stop(f"the gradient of {name} is not finite, although the loss is: try a smaller lr")
        if self.step == 0 and not isinstance(self.objective, nn.Module):
            self.check_code(signal)

    def check_code(self, signal: Tensor) -> None:
        """Refuse to train where nothing is active: no gradient, a code of zeros. A loss with a state may mend that."""
        if any(parameter.grad is not None and parameter.grad.any() for parameter in self.model.parameters()):
            return
        with torch.no_grad():
            if not signal.any() or self.model.encode(signal).any():
                return
        rms = math.sqrt(2 * _energy(signal) / signal.shape[1])
        raise ValueError(
            f"data gives a code of zeros, which teaches nothing: its signals have root mean square {rms:.3g}, and "
            "thresholds are in the same unit: take a smaller one"
        )

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
        if self.patience is not None:
            self.keep_best(self.patience)

    def keep_best(self, patience: int) -> None:
        """Remember the state with the best held-out loss; end, and go back to it, when there was no better one."""
        found = self.metrics[HELD_OUT]
        since = len(found) - 1 - found.index(min(found))
        if since == 0:
            self.best = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.ended = since >= patience or self.step == len(self.loss)
        if self.ended:
            self.model.load_state_dict(self.best)
            self.remember()

    def history(self) -> History:
        loss, lr = self.loss[: self.step].clone(), self.lr[: self.step].clone()
        return History(loss, lr, list(self.measured), self.metrics, self.seconds)


def _energy(signal: Tensor) -> float:
    """½E‖x‖², in numbers that hold the square of any."""
    value = signal.detach().cpu().double()
    return losses.misfit(value, torch.zeros_like(value)).item()


def _measurement(value: Any, name: str) -> float | Tensor:
    """What a metric gave, as a number or as a tensor of its own. Raises TypeError, naming the metric, for others."""
    if isinstance(value, np.ndarray):
        value = torch.as_tensor(value)
    try:
        return value.detach().cpu().clone() if isinstance(value, Tensor) and value.dim() else float(value)
    except (TypeError, ValueError) as error:
        kind = type(value).__name__
        raise TypeError(f"metrics[{name!r}] gave a {kind}: should be a number, a tensor or a NumPy array") from error
