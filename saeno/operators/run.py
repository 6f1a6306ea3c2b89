"""The relative error, and the state of a run that makes it small."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from saeno.checks import short, tensor
from saeno.training.run import Run
from saeno.units import unit


def relative_l2(prediction: Tensor, target: Tensor) -> Tensor:
    r"""The error of each function, over its size: $\|\hat y - y\| / \|y\|$, `(batch,)`.

    Both are `(batch, channels, *grid)`. The norm is the quadrature norm, so grids may differ from one pair to another.
    Raises ValueError where the shapes differ, and for a target of zeros.
    """
    prediction = tensor(prediction, "prediction", "(batch, channels, *grid)", finite=False)
    target = tensor(target, "target", "(batch, channels, *grid)", finite=False)
    if prediction.shape != target.shape:
        what = f"should be that of target, {tuple(target.shape)}, (batch, channels, *grid)"
        raise ValueError(f"prediction has shape {tuple(prediction.shape)}: {what}")
    size = unit(target)  # a power of two: squares are formed of numbers near 1
    norm = torch.linalg.vector_norm((target / size).flatten(1), dim=1)
    if not norm.all():
        raise ValueError("target has functions that are zero: should have none, whose relative error is not defined")
    missed = prediction - target
    scale = unit(missed)
    return torch.linalg.vector_norm((missed / scale).flatten(1), dim=1) * ((scale / size).flatten() / norm)


class OperatorRun(Run):
    """The state of a run, as of `saeno.fit`, whose step learns a pair."""

    def learn(self, x: Tensor, y: Tensor) -> None:
        """One step of the optimizer. Raises TrainingError."""
        self.model.train()
        self.rates.put(self.optimizer, self.step)
        self.optimizer.zero_grad()
        loss = relative_l2(self.model(x), y).mean()
        loss.backward()
        if self.ceiling is None:
            self.ceiling = 1e3 * max(loss.item(), 1.0)  # an output of zeros has the error 1
        self.check(loss.item(), y)
        if self.step % self.keep == 0:
            self.remember()
        self.optimizer.step()
        self.loss[self.step], self.lr[self.step] = loss.item(), self.optimizer.param_groups[0]["lr"]
        self.step += 1

    def check_code(self, signal: Tensor) -> None:
        """Refuse to train where no parameter has a gradient; there is no code to look at."""
        if not any(parameter.grad is not None and parameter.grad.any() for parameter in self.model.parameters()):
            raise ValueError(
                "model has the gradient zero in all parameters, which teaches nothing: should have another"
            )

    def try_out(self, x: Tensor, y: Tensor) -> None:
        """Raise ValueError, before anything is trained, when the model does not lead from x to y."""
        try:
            made = self.model.eval()(x[:1])
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
            raise ValueError(f"inputs {short(x)} should fit the model, which says: {error}") from error
        if not isinstance(made, Tensor) or made.shape != y[:1].shape:
            raise ValueError(
                f"outputs has functions {tuple(y.shape[1:])}: should fit the model, which gives {short(made)}"
            )


class AnyModule(nn.Module):
    """Any torch module: a checkpoint knows it by its class and the shapes of its weights."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        return self.module(x)

    def describe(self) -> dict[str, Any]:
        shapes = {name: list(value.shape) for name, value in self.module.state_dict().items()}
        return {"class": type(self.module).__qualname__, "shapes": shapes}
