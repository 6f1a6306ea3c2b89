"""What the experiments of this chapter do to a layer: concepts and their parts, rivals of the same size, effects.

A *part* is what a concept contributes to a layer of a function, all its events together; a *step* is what is added to
the layer. Ablating is the step −part, amplifying is +part. All steps that are compared have the same norm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from saeno import SparseAutoencoder
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.dictionaries import Dictionary, FourierDictionary
from saeno.operators import record

NODES, LAYER, MODES, EVENTS = inside.NODES, inside.LAYER, inside.MODES, 8
RATES = {"frozen encoder": 0.001}  # of `inside_an_fno_rates`; all others learn at
RATE = 0.01
LEAST = 5
"""A concept is looked at where so many held-out functions have it."""


class Parts(NamedTuple):
    """Concepts as they stand in functions: one row for each function and concept that it has."""

    function: Tensor
    """Which function, `(rows,)`."""
    concept: Tensor
    """Which concept, `(rows,)`."""
    mass: Tensor
    """Its masses, as a density over the nodes, `(rows, n)`."""
    place: Tensor
    """Where the largest of them is, `(rows,)`."""
    sign: Tensor
    """Its sign, ±1, `(rows,)`."""
    step: Tensor
    """What it contributes to the layer, `(rows, channels, n)`."""


def rest(seed: int, trained: bool = True, layer: int = 1) -> Callable[[Tensor], Tensor]:
    """The operator behind a layer: from its hidden functions `(batch, 32, n)` to outputs `(batch, 1, n)`."""
    network = inside.operator(seed, trained)

    def run(hidden: Tensor) -> Tensor:
        for one in network.layers[layer + 1 :]:
            hidden = one(hidden)
        return network.project(hidden)

    return run


def hidden(seed: int, layer: int, part: str = "train") -> Tensor:
    """What any layer gives, as `inside.hidden` for the chapter's own."""
    pairs = inside.training() if part == "train" else inside.held_out(part)
    name = f"layers.{layer}"
    return record(inside.operator(seed), pairs.input.double(), name)[name]


def norm(x: Tensor) -> Tensor:
    """The quadrature norm of each function, `(batch, channels, n)` to `(batch, 1, 1)`."""
    return x.square().sum(1, keepdim=True).mean(2, keepdim=True).sqrt()


def sized(step: Tensor, like: Tensor) -> Tensor:
    """The step at the norm of another one."""
    return step * (norm(like) / norm(step))


@torch.no_grad()
def parts(model: SparseAutoencoder, y: Tensor) -> Parts:
    """The parts of concepts in functions y `(functions, channels, n)`, of concepts that `LEAST` of them have."""
    code = model.encode(y)
    return gathered(model.dictionary, code)


@torch.no_grad()
def gathered(dictionary: Dictionary, code: Tensor) -> Parts:
    """The parts of a code `(functions, concepts, n)`."""
    has = (code != 0).any(2)
    function, concept = (has & (has.sum(0) >= LEAST)).nonzero(as_tuple=True)
    mass = code[function, concept]
    place = mass.abs().argmax(1)
    sign = mass.gather(1, place[:, None])[:, 0].sign()
    return Parts(function, concept, mass, place, sign, placed(dictionary.atoms((code.shape[2],)), concept, mass))


def placed(atoms: Tensor, which: Tensor, mass: Tensor) -> Tensor:
    """Atoms `(concepts, channels, n)`, one for each row, put where masses `(rows, n)` are: `(rows, channels, n)`."""
    n = mass.shape[1]
    product = torch.fft.rfft(atoms)[which] * torch.fft.rfft(mass)[:, None] / n
    return torch.fft.irfft(product, n=n)


@torch.no_grad()
def components(x: Tensor, y: Tensor, rank: int) -> Parts:
    """Principal components of the channels in place of concepts: each at every node, its part wherever it is."""
    mean = x.mean((0, 2))
    basis = torch.linalg.eigh(torch.cov(inside.points(x).T)).eigenvectors.flip(1)[:, :rank]
    maps = torch.einsum("bcn,cr->brn", y - mean[:, None], basis)
    function, concept = torch.ones(maps.shape[:2]).nonzero(as_tuple=True)
    mass = maps[function, concept]
    place = mass.abs().argmax(1)
    step = basis.T[concept][:, :, None] * mass[:, None]
    return Parts(function, concept, mass, place, mass.gather(1, place[:, None])[:, 0].sign(), step)


def moved(x: Tensor, by: Tensor) -> Tensor:
    """Functions `(rows, channels, n)`, each moved to the right by its own number of nodes, which need not be whole."""
    n = x.shape[2]
    k = torch.arange(n // 2 + 1, dtype=x.dtype)
    return torch.fft.irfft(torch.fft.rfft(x) * torch.exp(-2j * torch.pi * k * by[:, None, None] / n), n=n)


@torch.no_grad()
def effect(run: Callable[[Tensor], Tensor], y: Tensor, step: Tensor, batch: int = 256) -> Tensor:
    """What a step changes of the output: G(y + step) − G(y), `(rows, 1, n)`."""
    pairs = zip(y.split(batch), step.split(batch), strict=True)
    return torch.cat([run(one + by) - run(one) for one, by in pairs])


def medians(values: Tensor, concept: Tensor) -> float:
    """The median over functions for each concept, and of these the median over concepts."""
    each = [values[concept == one].median() for one in concept.unique()]
    return torch.stack(each).median().item()


def learned(kind: str, events: int, seed: int) -> SparseAutoencoder:
    """The model of a layer as the chapter before trains it; "untrained FNO" is an SAE-FNO of the first weights."""
    x = inside.hidden(seed, trained=kind != "untrained FNO")
    return inside.learned(kind, events, x, seed, RATES.get(kind, RATE))


def random_dictionary(channels: int, concepts: int, seed: int) -> FourierDictionary:
    """Random band-limited atoms of unit norm: what a concept is held against."""
    return FourierDictionary(channels, concepts, MODES, 60_000 + seed).double()
