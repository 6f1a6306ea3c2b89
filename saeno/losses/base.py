"""Losses of one model and one code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

from saeno.checks import real
from saeno.losses.encoded import Encoded
from saeno.sparsity import JumpReLU

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


def l0(weight: float) -> Loss:
    r"""The loss ½‖x − x̂‖² + weight · ‖z‖₀, for encoders with `JumpReLU`, whose thresholds θ it makes rise.

    ‖z‖₀ is the mean over the batch and the grid of Σ_concepts 1[z > 0]: for vectors the number of active entries, for
    functions the length of the part of the torus where concepts are active, so the weight does not depend on the grid.
    It has no derivative in z; its derivative in θ is the estimate of `JumpReLU`, at the last step of an encoder with
    several.

    Raises TypeError for another sparsity, to which a number of entries tells nothing, and ValueError for a detached
    encoder, whose θ would feel the price and not what it buys. Source: Rajamanoharan et al., arXiv:2407.14435.
    """
    weight = real(weight, "weight")

    def loss(model: SparseAutoencoder, signal: Tensor) -> Tensor:
        sparsity = getattr(model.inference, "sparsity", model.inference)
        if not isinstance(sparsity, JumpReLU):
            raise TypeError(
                f"sparsity is a {type(sparsity).__name__}: l0 should be used with JumpReLU, which learns by it"
            )
        if getattr(model.inference, "detach", False):
            raise ValueError("detach = True: l0 needs the gradient through the encoder, or thresholds would only rise")
        encoded = Encoded.of(model, signal)
        return misfit(signal, encoded.reconstruct(signal)) + weight * encoded.active(signal).sum(1).mean()

    loss.__name__ = f"l0({weight})"
    return loss
