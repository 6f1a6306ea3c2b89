"""Losses of one model and one code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from saeno.autoencoder import SparseAutoencoder
from saeno.checks import instance, real, tensor
from saeno.inference import Encoding
from saeno.sparsity import JumpReLU

# loss(model, signal); those that other losses are made of also take the encoding of the signal, where it is known.
Loss = Callable[..., Tensor]


@runtime_checkable
class Resettable(Protocol):
    """A loss with a state that begins anew with each run, such as `AuxK`."""

    def reset(self) -> None: ...


def misfit(signal: Tensor, reconstruction: Tensor) -> Tensor:
    """½‖x − x̂‖²: half the mean over the batch and the grid of the sum over channels of squares.

    Both `(batch, channels, *grid)`. Raises TypeError or ValueError for others, and for a batch of no signals.
    """
    for name, value in (("signal", signal), ("reconstruction", reconstruction)):
        tensor(value, name, "(batch, channels, *grid)", finite=False)
    if reconstruction.shape != signal.shape:
        raise ValueError(
            f"reconstruction has shape {tuple(reconstruction.shape)}: should be the signal's {tuple(signal.shape)}"
        )
    return (signal - reconstruction).square().sum(1).mean() / 2


def checked_model(model: SparseAutoencoder) -> SparseAutoencoder:
    """The model of a loss. Raises TypeError for anything else."""
    return instance(model, SparseAutoencoder, "model", "SparseAutoencoder(dictionary, inference)")


def encoded(model: SparseAutoencoder, signal: Tensor, encoding: Encoding | None) -> Encoding:
    """The encoding of a signal, made here unless it is given."""
    return checked_model(model).encoding(signal) if encoding is None else encoding


def squared_error(model: SparseAutoencoder, signal: Tensor, encoding: Encoding | None = None) -> Tensor:
    """½‖x − x̂‖² and nothing else; in the unit of the model, so divided by s², as in all losses here."""
    encoding = encoded(model, signal, encoding)
    return misfit(model.scaled(signal), model.scaled(model.decode_encoding(encoding, signal.shape[2:])))


def objective(model: SparseAutoencoder, signal: Tensor, encoding: Encoding | None = None) -> Tensor:
    """½‖x − x̂‖² + λR(z), with the R that the model's inference uses: none for events, λ‖z‖₁ for `SoftThreshold(λ)`."""
    encoding = encoded(model, signal, encoding)
    value = squared_error(model, signal, encoding)
    return value if model.inference.makes_events else value + model.inference.sparsity.penalty(encoding.code)


@dataclass(frozen=True, repr=False)
class Weighted:
    """A loss with a term whose weight is ≥ 0: known by its name and the weight."""

    weight: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", real(self.weight, "weight"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight})"


class l1(Weighted):
    """The loss ½‖x − x̂‖² + weight · ‖z‖₁, for encoders such as `OneStep(ReLU())` that have no penalty of their own.

    ‖z‖₁ is the mean over the batch and the grid of Σ_concepts |z|, a mass, so the weight does not depend on the grid.
    """

    def __call__(self, model: SparseAutoencoder, signal: Tensor, encoding: Encoding | None = None) -> Tensor:
        """The loss of a batch `(batch, channels, *grid)`."""
        code = encoded(model, signal, encoding).dense()
        made = model.decode(code, tuple(signal.shape[2:]))
        return misfit(model.scaled(signal), model.scaled(made)) + self.weight * code.abs().sum(1).mean()


class l0(Weighted):
    r"""The loss ½‖x − x̂‖² + weight · ‖z‖₀, for encoders with `JumpReLU`, whose thresholds θ it makes rise.

    ‖z‖₀ is the mean over the batch and the grid of Σ_concepts 1[z > 0]: for vectors the number of active entries, for
    functions the length of the part of the torus where concepts are active, so the weight does not depend on the grid.
    It has no derivative in z; its derivative in θ is the estimate of `JumpReLU`, at the last step of an encoder with
    several.

    Raises TypeError for another sparsity, to which a number of entries tells nothing, and ValueError for a detached
    encoder, whose θ would feel the price and not what it buys. Source: Rajamanoharan et al., arXiv:2407.14435.
    """

    def __call__(self, model: SparseAutoencoder, signal: Tensor, encoding: Encoding | None = None) -> Tensor:
        """The loss of a batch `(batch, channels, *grid)`."""
        sparsity = checked_model(model).inference.sparsity
        if not isinstance(sparsity, JumpReLU):
            raise TypeError(
                f"sparsity is a {type(sparsity).__name__}: l0 should be used with JumpReLU, which learns by it"
            )
        if model.inference.detach:
            raise ValueError("detach = True: l0 needs the gradient through the encoder, or thresholds would only rise")
        encoding = encoded(model, signal, encoding)
        active = sparsity.active(encoding.values, encoding.step)
        return squared_error(model, signal, encoding) + self.weight * active.sum(1).mean()
