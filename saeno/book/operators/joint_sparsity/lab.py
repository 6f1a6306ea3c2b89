"""Small images as functions on the torus, and the models that the experiments on joint sparsity train on them."""

from __future__ import annotations

import copy
import math
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from saeno import (
    DenseDictionary,
    FourierDictionary,
    GroupSoftThreshold,
    JointTopK,
    MatchingPursuit,
    SparseAutoencoder,
    Unrolled,
    fit,
    losses,
)
from saeno.data import signals
from saeno.seeds import generator
from saeno.sparsity.joint import concept_norms

if TYPE_CHECKING:
    pass

MODES, NODES, NUMBERS, CONCEPTS, DENSE = (4, 4), 10, 8, 16, 128
FRACTION = 0.04  # of the domain: 4 of 100 nodes, so that two concepts have 8 active numbers
STEPS, BATCH, TRAINED, TESTED = 100, 32, 1300, 400
RATES = {
    "pursuit": 0.1,
    "limited 4": 0.1,
    "limited 2": 0.1,
    "two concepts": 0.3,
    "four concepts": 0.3,
    "joint": 0.1,
    "joint, AuxK": 0.1,
    "domain first": 0.1,
    "sparse group": 0.1,
    "dense": 0.03,
    "dense, 16": 0.3,
    "dense, moved": 0.03,
}


class DomainFirst(JointTopK):
    """`JointTopK` the other way round: the domain of each concept first, then the concepts by what is left of them."""

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        functions = value.flatten(2)
        where = functions.detach().abs().topk(max(1, round(self.fraction * functions.shape[2])), dim=2).indices
        inside = torch.zeros_like(functions).scatter(2, where, functions.gather(2, where))
        kept = concept_norms(inside.detach()).topk(self.concepts, dim=1).indices
        chosen = torch.zeros_like(functions[..., 0]).scatter(1, kept, 1.0)
        return (inside * chosen.unsqueeze(-1)).view_as(value)


def pictures(images: str) -> FourierDictionary:
    """Digits, or pieces of textures or photographs, as functions with `MODES` (each an atom), of mean 0.

    In torch's default precision, as all that follows. A pursuit chooses, so a training multiplies rounding errors: in
    float32, one on another processor ends elsewhere, and in float64 it ends at the same atoms, to many digits.
    """
    return _pictures(images, torch.get_default_dtype())


@cache
def _pictures(images: str, dtype: torch.dtype) -> FourierDictionary:
    if images == "digits":
        found = nn.functional.pad(signals.digits().signal, (1, 1, 1, 1))
        found = found - found.mean((2, 3), keepdim=True)
    else:
        whole = signals.textures(512) if images == "textures" else signals.natural_images(288)
        found = signals.windows(whole.signal, (16, 16), taper=0.25)
    found = found.to(dtype)
    found = found[torch.randperm(len(found), generator=generator(0))][: TRAINED + TESTED]
    functions = FourierDictionary.from_atoms(found / found.square().mean().sqrt(), MODES)
    return functions.requires_grad_(False)


def moved(functions: FourierDictionary, generator: torch.Generator, reach: float = 2.0) -> FourierDictionary:
    """Each function moved along both axes, by up to `reach` pixels and not by whole ones: exactly."""
    shift = (2 * torch.rand(functions.concepts, 2, generator=generator) - 1) * reach / NODES
    wave = torch.fft.fftfreq(NODES, 1 / NODES)
    phase = -2 * math.pi * (shift[:, 0, None, None] * wave[:, None] + shift[:, 1, None, None] * wave[None, :])
    spectrum = torch.fft.fft2(functions.atoms((NODES, NODES)))[:, 0]
    values = torch.fft.ifft2(spectrum * torch.polar(torch.ones_like(phase), phase)).real[:, None]
    return FourierDictionary.from_atoms(values, MODES).requires_grad_(False)


def turned(functions: FourierDictionary, degrees: float = 30.0) -> FourierDictionary:
    """Each function turned about the middle of its picture."""
    line, angle = torch.arange(NODES) / NODES - 0.45, math.radians(degrees)
    u, v = torch.meshgrid(line, line, indexing="ij")
    u, v = math.cos(angle) * u - math.sin(angle) * v, math.sin(angle) * u + math.cos(angle) * v
    values = functions.at(torch.stack([u, v], -1).reshape(-1, 2) + 0.45)
    return FourierDictionary.from_atoms(values.reshape(-1, 1, NODES, NODES), MODES).requires_grad_(False)


def part(functions: FourierDictionary, tested: bool) -> FourierDictionary:
    """The functions to train on, or those to test with."""
    kept = slice(-TESTED, None) if tested else slice(TRAINED)
    return FourierDictionary.from_atoms(functions.atoms((NODES, NODES))[kept], MODES).requires_grad_(False)


def model_of(kind: str, seed: int, numbers: int = NUMBERS) -> SparseAutoencoder:
    """An untrained model with that many active numbers."""
    count = {"two concepts": 2, "four concepts": 4, "dense, 16": 16}.get(kind, CONCEPTS)
    limit = int(kind.split()[1]) if kind.startswith("limited") else None
    encoder = MatchingPursuit(numbers, detach=True, concepts=limit)
    if kind.startswith("dense"):
        atoms = count if kind == "dense, 16" else DENSE
        return SparseAutoencoder(DenseDictionary(NODES**2, atoms, seed), encoder)
    if kind.startswith(("joint", "domain")):
        sparsity = (DomainFirst if kind == "domain first" else JointTopK)(2, FRACTION)
        encoder = Unrolled(sparsity, 8, accelerate=True, detach=True)
    if kind == "sparse group":
        encoder = Unrolled(GroupSoftThreshold(0.02, 0.15), 8, accelerate=True, detach=True)
    return SparseAutoencoder(FourierDictionary(1, count, MODES, seed), encoder)


def shown(functions: FourierDictionary, kind: str, nodes: int = NODES) -> Tensor:
    """What a model of that kind is given: images, or vectors."""
    found = functions.atoms((nodes, nodes))
    return found.flatten(1) if kind.startswith("dense") else found


def trained(images: str, kind: str, seed: int, numbers: int = NUMBERS, rate: float | None = None) -> SparseAutoencoder:
    """A model trained for a second or two; a copy of it when it was asked for before."""
    return copy.deepcopy(_trained(images, kind, seed, numbers, rate or RATES[kind], torch.get_default_dtype()))


@cache
def _trained(images: str, kind: str, seed: int, numbers: int, rate: float, _: torch.dtype) -> SparseAutoencoder:
    """In the default precision, which is a part of what the cache goes by."""
    model, functions = model_of(kind, seed, numbers), part(pictures(images), tested=False)
    signal = shown(functions, kind)
    if kind == "dense, moved":
        random = generator(seed)
        signal = torch.cat([signal, *[shown(moved(functions, random), kind) for _ in range(7)]])
    loss = losses.AuxK(8, weight=1.0, patience=5) if "AuxK" in kind else losses.objective
    steps = 6 * STEPS if kind == "dense, moved" else STEPS  # vectors are fast, and it has eight times the images
    fit(model, signal, steps=steps, batch=BATCH, lr=rate, loss=loss, seed=seed, progress=False)
    return model


def active(code: Tensor) -> Tensor:
    """Which concepts are active in which image, `(batch, concepts)`."""
    return (code != 0).unsqueeze(-1).flatten(2).any(2)


def jaccard(a: Tensor, b: Tensor) -> float:
    """Members of both, over members of either."""
    return ((a & b).sum() / (a | b).sum()).item()


def unexplained(signal: Tensor, made: Tensor) -> float:
    """Share of the energy of the signals, whose means are 0."""
    return ((signal - made).square().sum() / signal.square().sum()).item()


def scrambled(atoms: Tensor, seed: int) -> Tensor:
    """Images with the same power spectra, and random phases: what chance makes of smooth atoms."""
    noise = torch.randn(atoms.shape, generator=generator(seed))
    phase = torch.fft.rfft2(noise.to(atoms))
    return torch.fft.irfft2(torch.fft.rfft2(atoms).abs() * phase / phase.abs(), atoms.shape[-2:])


def extent(atoms: Tensor) -> float:
    """Share of the domain that an atom fills, (mean d²)² / mean d⁴: 1 where |d| is constant; mean over atoms."""
    square = atoms.flatten(1).square()
    return (square.mean(1).square() / square.square().mean(1)).mean().item()


def alone(code: Tensor, concept: int) -> Tensor:
    """The part of a code that belongs to one concept; all others are zero."""
    return torch.zeros_like(code).index_copy(1, torch.tensor([concept]), code[:, [concept]])


def violation(code: Tensor, value: Tensor, price: float, pointwise: float) -> float:
    """By how much v − z = λ g + μ s fails: where z ≠ 0, where a concept is on and z = 0, and where it is off."""
    norm = concept_norms(code)[..., None, None]
    left = value - code - price * code / norm.clamp(min=1e-30)  # what μ s has to be
    off = concept_norms((value.abs() - pointwise).clamp(min=0))[..., None, None] - price
    at_nodes = (left - pointwise * code.sign()).abs() * (code != 0)
    at_zeros = (left.abs() - pointwise).clamp(min=0) * ((code == 0) & (norm > 0))
    return max(part.max().item() for part in (at_nodes, at_zeros, off.clamp(min=0) * (norm == 0)))
