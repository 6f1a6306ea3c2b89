"""What the experiments and the chapter on Fourier neural operators share: a layer, and training in coordinates.

Everything in float64. A path is what 100 steps of an optimiser make of the atoms. An error is a relative distance.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call

from saeno import ConvDictionary, FourierDictionary, SoftThreshold, SparseAutoencoder, Unrolled, fit
from saeno.book.shared import apart as apart
from saeno.data import SparseModel, families
from saeno.seeds import generator

MODES, STEPS, BATCH, CONCEPTS, THRESHOLD = 16, 100, 16, 8, 0.05
NODES = 2 * MODES + 1


def nodes(n: int) -> Tensor:
    """The points i/n."""
    return torch.arange(n).double() / n


def bump(distance: Tensor, sharp: float | Tensor) -> Tensor:
    """A periodic bump of height 1 at distance 0; the larger `sharp`, the narrower."""
    return torch.exp(sharp * (torch.cos(2 * math.pi * distance) - 1))


# The layer


def fourier_layer(v: Tensor, skip: Tensor, kernel: Tensor, bias: Tensor | float, activation: Callable) -> Tensor:
    """σ(W v + K v + b) on the nodes of v `(batch, in, n)`, K by its coefficients `(in, out, modes + 1)`."""
    n, top = v.shape[-1], kernel.shape[-1]
    phase = 2 * math.pi * torch.outer(torch.arange(top).double(), nodes(n))
    wave = torch.polar(torch.ones_like(phase), phase)
    coefficients = v.to(wave.dtype) @ wave.conj().T / n
    moved = torch.einsum("bik,iok->bok", coefficients, kernel)
    moved[..., 1:] *= 2  # each wave stands for its conjugate too
    return activation(torch.einsum("bin,io->bon", v, skip) + (moved @ wave).real + bias)


# Paths


def signals(seed: int, n: int = NODES, count: int = STEPS * BATCH) -> Tensor:
    """Three events of five smooth functions in each, `(count, 1, n)`, in float64."""
    data = SparseModel(families.bumps_and_gabors(seed).double(), 3, signed=False, noise=0.1)
    return data.sample(count, n, generator(seed)).signal


def ista() -> Unrolled:
    """The encoder of most paths."""
    return Unrolled(SoftThreshold(THRESHOLD), 3)


def trained(dictionary, encoder, x: Tensor, optimizer, rate: float, normalize: bool = False) -> Tensor:
    """The atoms after `fit`, on the nodes of the signals."""
    model = SparseAutoencoder(dictionary, encoder)
    fit(model, x, STEPS, BATCH, rate, optimizer, "constant", normalize=normalize, progress=False)
    return dictionary.atoms(x.shape[-1]).detach()


def loss(taps: Tensor, x: Tensor) -> Tensor:
    """What `fit` would make small, with `ista()` as the encoder, for the atoms of these taps."""
    model = SparseAutoencoder(ConvDictionary(1, len(taps), x.shape[-1]).double(), ista())
    made, code = functional_call(model, {"dictionary.weight": taps}, (x,))
    return (x - made).square().mean() / 2 + THRESHOLD * code.abs().sum(1).mean()


def descend(build: Callable[[Tensor], Tensor], start: Tensor, rate: float, optimizer, x: Tensor) -> Tensor:
    """The taps after 100 steps on coordinates whose taps are `build(coordinates)`."""
    theta = start.clone().requires_grad_()
    stepper = optimizer([theta], lr=rate)
    for batch in x.split(len(x) // STEPS):
        (theta.grad,) = torch.autograd.grad(loss(build(theta), batch), theta)
        stepper.step()
    return build(theta).detach()


def waves(n: int, modes: int) -> Tensor:
    """The functions 1, √2 cos, √2 sin on n nodes, over √n: rows `(2·modes + 1, n)`, orthonormal for n ≥ 2·modes + 1."""
    phase = 2 * math.pi * torch.outer(torch.arange(1, modes + 1).double(), nodes(n))
    constant = torch.ones(1, n, dtype=torch.float64)
    return torch.cat([constant, math.sqrt(2) * phase.cos(), math.sqrt(2) * phase.sin()]) / math.sqrt(n)


def half_spectrum(n: int) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """From complex coefficients of the frequencies ≥ 0, stored as pairs, to taps; and back."""

    def build(pairs):
        return torch.fft.irfft(torch.view_as_complex(pairs), n, norm="forward") / math.sqrt(n)

    def undo(taps):
        return torch.view_as_real(torch.fft.rfft(taps, norm="forward") * math.sqrt(n)).contiguous()

    return build, undo


# Grids


def layer_2d(value: Tensor, kernel: Tensor, modes: int, grid=None, shift_back=torch.fft.ifftshift) -> Tensor:
    """A Fourier layer with two axes as it is often written: shift, crop, multiply, shift back; padded at its end.

    kernel: complex, `(in, out, 2·modes + 1, modes + 1)`. With the default it is right on the grid of `value`.
    """
    spectrum = torch.fft.fftshift(torch.fft.rfftn(value, dim=(2, 3), norm="forward"), dim=2)
    centre, moved = value.shape[2] // 2, spectrum.new_zeros(len(value), kernel.shape[1], *spectrum.shape[2:])
    kept = (..., slice(centre - modes, centre + modes + 1), slice(modes + 1))
    moved[kept] = torch.einsum("biuv,iouv->bouv", spectrum[kept], kernel)
    back = shift_back(moved, dim=2)
    return torch.fft.irfftn(back, s=grid or tuple(value.shape[2:]), dim=(2, 3), norm="forward")


def sum_of_waves(dictionary: FourierDictionary, code: Tensor, grid: tuple[int, int]) -> Tensor:
    """Synthesis by its definition: the atoms at every difference of a node of `grid` and a node of the code."""
    own = tuple(code.shape[2:])
    to, at = (torch.cartesian_prod(*(torch.arange(n).double() / n for n in nodes)) for nodes in (grid, own))
    differences = (to[:, None] - at[None]).flatten(0, 1)
    atoms = dictionary.at(differences).unflatten(2, (len(to), len(at)))
    return torch.einsum("cmuv,bcv->bmu", atoms, code.flatten(2)).div(len(at)).unflatten(2, grid)
