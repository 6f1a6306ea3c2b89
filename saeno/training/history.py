"""What a run of training leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

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
    lr: the learning rate of each step, `(steps,)`; of several groups of parameters, that of the first.
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
