"""What training makes small: functions of a model and a batch of signals `(batch, channels, *grid)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

from saeno.checks import real

if TYPE_CHECKING:
    from saeno.autoencoder import SparseAutoencoder

Loss = Callable[["SparseAutoencoder", Tensor], Tensor]


def misfit(signal: Tensor, reconstruction: Tensor) -> Tensor:
    """½‖x − x̂‖²: half the mean over the batch and the grid of the sum over channels of squares."""
    return (signal - reconstruction).square().sum(1).mean() / 2


def squared_error(model: SparseAutoencoder, signal: Tensor) -> Tensor:
    """½‖x − x̂‖² and nothing else."""
    return misfit(signal, model.reconstruct(signal))


def objective(model: SparseAutoencoder, signal: Tensor) -> Tensor:
    """½‖x − x̂‖² + λR(z), with the R that the model's inference uses: none for events, λ‖z‖₁ for `SoftThreshold(λ)`."""
    if model.inference.makes_events:
        return squared_error(model, signal)
    reconstruction, code = model(signal)
    return misfit(signal, reconstruction) + model.inference.sparsity.penalty(code)


def l1(weight: float) -> Loss:
    """The loss ½‖x − x̂‖² + weight · ‖z‖₁, for encoders such as `OneStep(ReLU())` that have no penalty of their own.

    ‖z‖₁ is the mean over the batch and the grid of Σ_concepts |z|, a mass, so the weight does not depend on the grid.
    """
    weight = real(weight, "weight")

    def loss(model: SparseAutoencoder, signal: Tensor) -> Tensor:
        reconstruction, code = model(signal)
        return misfit(signal, reconstruction) + weight * code.abs().sum(1).mean()

    loss.__name__ = f"l1({weight})"  # a checkpoint knows its loss by name
    return loss
