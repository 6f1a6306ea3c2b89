"""Functions with one hidden concept, with few events or as Gaussian noise, and dictionaries that learn from them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno import ConvDictionary, DenseDictionary, MatchingPursuit, SparseAutoencoder, TopK, Unrolled, fit
from saeno.data import SparseModel
from saeno.dictionaries import Dictionary
from saeno.metrics import cosines, fvu
from saeno.seeds import generator

NODES, ACTIVE, PAIR = 32, 2, 0.9
STEPS, BATCH = 250, 128


def ring() -> Tensor:
    """The concept, (32,): a stroke that rings and dies away. It has all frequencies, and a beginning."""
    u = torch.arange(NODES) / NODES
    return torch.exp(-u / 0.08) * torch.cos(2 * math.pi * 4 * u)


def wavelet() -> Tensor:
    """A concept of few frequencies, (32,): a smooth packet of waves."""
    u = torch.arange(NODES) / NODES - 0.5
    return torch.cos(2 * math.pi * 5 * u + 0.7) * torch.exp(-u.square() / (2 * 0.08**2))


def true(concept: str = "ring") -> ConvDictionary:
    """The dictionary with this concept alone, "ring" or "wavelet"."""
    return ConvDictionary.from_atoms({"ring": ring, "wavelet": wavelet}[concept]().view(1, 1, NODES)).normalize_()


@torch.no_grad()
def functions(kind: str, count: int, seed: int, noise: float = 0.0, concept: str = "ring") -> Tensor:
    """Random functions (count, 1, 32) whose law no shift changes.

    kind: "sparse" for two events, or "Gaussian" for the same dictionary driven by white Gaussian noise of the same
    variance, and so with the same covariance.
    """
    data, random = SparseModel(true(concept), ACTIVE, noise=noise), generator(seed)
    if kind == "sparse":
        return data.sample(count, NODES, random).signal
    mean_square = 13 / 12  # of a mass between ½ and 3/2
    white = torch.randn(count, 1, NODES, generator=random) * math.sqrt(ACTIVE * NODES * mean_square)
    return data.dictionary.synthesis(white)


def vectors(x: Tensor) -> Tensor:
    """Functions as lists of 32 numbers (count, 32), of the same norm: which of them are neighbours is not said."""
    return x.flatten(1) / math.sqrt(NODES)


def dense(x: Tensor, rate: float, seed: int, steps: int = STEPS) -> SparseAutoencoder:
    """Thirty-two atoms that know nothing of a grid, trained on functions."""
    model = SparseAutoencoder(DenseDictionary(NODES, NODES, seed=seed), Unrolled(TopK(ACTIVE), steps=5))
    fit(model, vectors(x), steps, min(BATCH, len(x)), rate, seed=seed, progress=False)
    return model


def conv(x: Tensor, rate: float, seed: int, steps: int = STEPS) -> SparseAutoencoder:
    """One atom of 32 taps that may stand anywhere, trained on functions."""
    model = SparseAutoencoder(ConvDictionary(1, 1, NODES, seed=seed), MatchingPursuit(ACTIVE))
    fit(model, x, steps, min(BATCH, len(x)), rate, seed=seed, progress=False)
    return model


def atoms(dictionary: Dictionary) -> Tensor:
    """All atoms that a signal is made of, as vectors (32, 32) of norm 1: those of a convolution at all shifts."""
    if isinstance(dictionary, DenseDictionary):
        found = dictionary.atoms().detach()
    else:
        found = shifts(dictionary.atoms(NODES).detach().flatten())
    return found / found.norm(dim=1, keepdim=True)


def shifts(function: Tensor) -> Tensor:
    """A function (32,) at all shifts, (32, 32)."""
    return torch.stack([function.roll(s) for s in range(len(function))])


def partners(found: Tensor) -> Tensor:
    """For each atom (atoms, 32) its largest |cosine| with another one, over all shifts of that."""
    cosine = cosines(found[:, None], found[:, None]).value.abs()
    return cosine.fill_diagonal_(0).amax(1)


def closed(found: Tensor) -> Tensor:
    """For each atom and shift (atoms, 32) the largest |cosine| of the shifted atom with any of the atoms."""
    return torch.stack([(found.roll(s, 1) @ found.T).abs().amax(1) for s in range(NODES)], 1)


def width(found: Tensor) -> Tensor:
    """Share of the nodes on which an atom (atoms, 32) lives: (Σ a²)² / (32 Σ a⁴), from 1/32 to 1."""
    return found.square().sum(1).square() / (NODES * found.pow(4).sum(1))


def scrambled(found: Tensor, seed: int) -> Tensor:
    """Atoms with the spectrum of each and random phases: what likeness the spectra bring about by themselves."""
    spectrum = torch.fft.rfft(found)
    angle = 2 * math.pi * torch.rand(spectrum.shape, generator=generator(seed))
    turn = torch.polar(torch.ones_like(angle), angle)
    turn[:, 0] = turn[:, -1] = 1  # the mean and Nyquist's cosine have no phase
    mixed = torch.fft.irfft(spectrum * turn, found.shape[1])
    return mixed / mixed.norm(dim=1, keepdim=True)


def described(found: Tensor, concept: str, seed: int) -> dict[str, float]:
    """What the atoms are: shifts of one another, closed under shifts, localised, the concept."""
    hidden = atoms(true(concept))
    return {
        "share": _above(partners(found)),
        "chance": _above(partners(scrambled(found, seed))),
        "closed": _above(closed(found)),
        "width": width(found).median().item(),
        "concept": (hidden @ found.T).abs().amax(1).mean().item(),
    }


def left_over(model: SparseAutoencoder, x: Tensor) -> float:
    """The share of the variance of functions that a model leaves."""
    x = vectors(x) if isinstance(model.dictionary, DenseDictionary) else x
    with torch.no_grad():
        return fvu(x, model(x).reconstruction)


def _above(cosine: Tensor) -> float:
    return (cosine > PAIR).double().mean().item()
