"""How a lift changes descent: identities over whole trajectories, and what happens without their hypotheses. Seconds.

24 atoms in 16 dimensions learn 256 signals in one batch, in double precision, with hard thresholding in five rounds.
An error is the largest distance, over all steps, of the effective atoms of a lifted model from what the identity says
they are, in units of their norm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from saeno import (
    DenseDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
)
from saeno.book.claims import Claim, Number
from saeno.book.shared import BROKEN, EXACT, needed
from saeno.data import SparseModel
from saeno.dictionaries import Dictionary
from saeno.inference import Inference
from saeno.losses import squared_error
from saeno.seeds import generator

M, H, ATOMS, SIGNALS, STEPS, RATE = 16, 40, 24, 256, 50, 0.5
AXES = {"seed": range(5)}

ALL: dict[str, str] = {}
CLAIMS = [
    Claim(
        id="preconditioning-dynamics",
        chapter="lifting/preconditioning",
        source="our derivation",
        statement="Gradient descent on a lifted dictionary is preconditioned gradient descent on its effective atoms, "
        "exactly and over whole trajectories.",
        setting="24 atoms in 16 dimensions, lifted to 40 by Gaussian matrices; 256 signals in one batch, 50 steps of "
        "descent at rate 0.5 in double precision, `Unrolled(TopK(2), 5)` trained through. Three functions with 8 "
        "modes, lifted from one channel to 8, for the pointwise lift. The error is the largest distance of the "
        "effective atoms from what the identity says, over all steps, relative to their norm.",
        finding="The errors are {tied} for a tied lift with fixed P, {gain} when atoms are kept at unit gain, "
        "{trained} when P is trained, {untied} for a lift that is not tied, and {scalar} for functions with one "
        "channel. The law of a tied lift misses the one that is not tied by {as_tied}.",
        verdict="shown",
        numbers={name: Number(name, ALL, **EXACT) for name in ("tied", "gain", "trained", "untied", "scalar")}
        | {"as_tied": Number("as_tied", ALL, **BROKEN)},
        differences=needed("untied", "as_tied"),
    ),
    Claim(
        id="preconditioning-hypotheses",
        chapter="lifting/preconditioning",
        source="our derivation",
        statement="Each hypothesis of the dynamics of lifting is needed.",
        setting="As for the identities. Adam at rate 0.01 with PPᵀ = I is held against unlifted Adam; the other three "
        "against the identity of the tied, fixed, free lift.",
        finding="The errors are {adam} with Adam in place of plain descent, {as_fixed} when a trained P is taken for a "
        "fixed one, {as_tied} when an untied lift is taken for a tied one, and {as_free} when unit gain is forgotten. "
        "With the law that belongs to each they are {tied} for plain descent, {trained} for a trained P, {untied} for "
        "an untied lift, and {gain} at unit gain.",
        verdict="shown",
        numbers={name: Number(name, ALL, **BROKEN) for name in ("adam", "as_fixed", "as_tied", "as_free")}
        | {name: Number(name, ALL, **EXACT) for name in ("tied", "trained", "untied", "gain")},
        differences=needed("tied", "adam")
        | needed("trained", "as_fixed")
        | needed("untied", "as_tied")
        | needed("gain", "as_free"),
    ),
]


def trial(seed: int) -> dict[str, float]:
    """The error of each identity, and of what one would believe without its hypothesis."""
    start, x = DenseDictionary(M, ATOMS, seed=seed).double(), signals(DenseDictionary(M, ATOMS, seed=10_000 + seed), 2)
    lifting = Lifting.gaussian(M, H, seed=20_000 + seed, dtype=torch.float64)
    frame = Lifting.orthonormal(M, H, seed=seed, dtype=torch.float64)
    learned = Lifting(lifting.L, lifting.P, trained=True)
    encoder = Unrolled(TopK(2), steps=5)
    square = lifting.P @ lifting.P.T

    def lifted(lift: Lifting) -> Lifted:
        return Lifted.from_atoms(start, lift)

    def free(atoms: Tensor) -> Tensor:
        return atoms - RATE * gradient(atoms, encoder, x) @ square

    def at_unit_gain(atoms: Tensor) -> Tensor:
        slope = gradient(atoms, encoder, x)
        share = ((slope @ square) * atoms).sum(1, keepdim=True) / ((atoms @ square) * atoms).sum(1, keepdim=True)
        moved = atoms - RATE * (slope - share * atoms) @ square
        return moved / moved.norm(dim=1, keepdim=True)

    tied = path(lifted(lifting), encoder, x)
    gain = path(lifted(lifting), encoder, x, normalize=True)
    trained = path(lifted(learned), encoder, x)
    adam = [path(d, encoder, x, optimizer=torch.optim.Adam, lr=0.01) for d in (lifted(frame), start)]
    return {
        "tied": error(tied, follow(free, tied)),
        "gain": error(gain, follow(at_unit_gain, gain)),
        "trained": trained_error(lifted(Lifting(lifting.L, lifting.P, trained=True)), encoder, x),
        "adam": error(*adam),
        "as_fixed": error(trained, follow(free, trained)),
        "as_free": error(gain, follow(free, gain)),
        **untied(start, lifting, x, seed),
        **scalars(seed),
    }


def signals(hidden: Dictionary, active: int, grid: int | tuple[()] = ()) -> Tensor:
    """The data, in double precision."""
    random = generator(hidden.seed)
    return SparseModel(hidden.double(), active=active).sample(SIGNALS, grid, random).signal


def gradient(atoms: Tensor, encoder: Inference, x: Tensor) -> Tensor:
    """G, of the unlifted model with these atoms in its rows."""
    model = SparseAutoencoder(DenseDictionary.from_atoms(atoms), encoder)
    squared_error(model, x).backward()
    return model.dictionary.weight.grad


def path(
    dictionary: Dictionary, encoder: Inference, x: Tensor, lr: float = RATE, normalize: bool = False, **how: object
) -> list[Tensor]:
    """The effective atoms (their coordinates, for functions) at each step of `fit`."""

    def atoms(model: SparseAutoencoder) -> Tensor:
        inner = model.dictionary
        return inner.lifting.project(inner.weight) if isinstance(inner, Lifted) else inner.weight

    model = SparseAutoencoder(dictionary, encoder)
    how = {"optimizer": torch.optim.SGD, **how}
    grid = {"schedule": "constant", "progress": False, "every": 1, "metrics": {"atoms": atoms}}
    return fit(model, x, STEPS, len(x), lr, normalize=normalize, **how, **grid).metrics["atoms"]


def follow(update: Callable[[Tensor], Tensor], given: Sequence[Tensor]) -> list[Tensor]:
    """The trajectory of an update, from the start and of the length of the given one."""
    made = [given[0]]
    for _ in given[1:]:
        made.append(update(made[-1]))
    return made


def error(found: Sequence[Tensor], said: Sequence[Tensor]) -> float:
    """The largest relative distance over all steps."""
    return max(((a - b).norm() / b.norm()).item() for a, b in zip(found, said, strict=True))


def trained_error(dictionary: Lifted, encoder: Inference, x: Tensor) -> float:
    """P trained: A⁺ = A − η(PPᵀG + G DᵀD) + η² G AᵀG at each step, all of it with atoms in rows."""
    model = SparseAutoencoder(dictionary, encoder)
    descent, worst = torch.optim.SGD(model.parameters(), lr=RATE), 0.0
    for _ in range(STEPS):
        up, inner, atoms = (
            value.detach().clone() for value in (dictionary.lifting.P, dictionary.weight, dictionary.atoms())
        )
        slope = gradient(atoms, encoder, x)
        said = atoms - RATE * (slope @ up @ up.T + inner @ inner.T @ slope) + RATE**2 * slope @ atoms.T @ slope
        descent.zero_grad()
        squared_error(model, x).backward()
        descent.step()
        worst = max(worst, error([dictionary.atoms().detach()], [said]))
    return worst


def layer_loss(x: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """ℓ(A, W) = ½‖x − A top₂(W x)‖², with the atoms and the weights of the encoder in rows."""

    def loss(decoder: Tensor, encoder: Tensor) -> Tensor:
        mass = x @ encoder.T
        kept = torch.zeros_like(mass).scatter(1, mass.abs().topk(2).indices, 1.0)
        return (x - (mass * kept) @ decoder).square().sum(1).mean() / 2

    return loss


def untied(start: DenseDictionary, lifting: Lifting, x: Tensor, seed: int) -> dict[str, float]:
    """L is not Pᵀ: decoder A = PD and encoder W = LᵀD move together. One step of top-k, by hand."""
    up = lifting.P
    lift = up.T + torch.randn(H, M, generator=generator(seed), dtype=up.dtype) / math.sqrt(H)
    inner = (start.weight.detach() @ torch.linalg.pinv(up).T).requires_grad_()

    loss, rate, worst = layer_loss(x), 0.1, {"untied": 0.0, "as_tied": 0.0}
    decoder = wrong = (inner @ up.T).detach()
    encoder = (inner @ lift).detach()
    for _ in range(STEPS):
        (slope,) = torch.autograd.grad(loss(inner @ up.T, inner @ lift), inner)
        inner = (inner - rate * slope).detach().requires_grad_()
        a, w = decoder.clone().requires_grad_(), encoder.clone().requires_grad_()
        of_a, of_w = torch.autograd.grad(loss(a, w), (a, w))
        decoder, encoder = (
            decoder - rate * (of_a @ up @ up.T + of_w @ lift.T @ up.T),
            encoder - rate * (of_a @ up @ lift + of_w @ lift.T @ lift),
        )
        b = wrong.clone().requires_grad_()
        wrong = wrong - rate * torch.autograd.grad(loss(b, b), b)[0] @ up @ up.T
        now = [(inner @ up.T).detach()]
        worst["untied"] = max(worst["untied"], error(now, [decoder]))
        worst["as_tied"] = max(worst["as_tied"], error(now, [wrong]))
    return worst


def scalars(seed: int) -> dict[str, float]:
    """Functions with one channel: a pointwise lift is the rate η‖P‖²."""
    x = signals(FourierDictionary(1, 3, modes=8, seed=10_000 + seed), 2, grid=32)
    start = FourierDictionary(1, 3, modes=8, seed=seed).double()
    lifting = Lifting.gaussian(1, 8, "channels", seed=seed, dtype=torch.float64)
    rate = 0.1 / lifting.P.square().sum().item()
    lifted = path(Lifted.from_atoms(start, lifting), MatchingPursuit(2), x, lr=rate)
    return {"scalar": error(lifted, path(start, MatchingPursuit(2), x, lr=0.1))}
