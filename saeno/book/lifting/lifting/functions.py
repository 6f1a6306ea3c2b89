"""Lifting the channels of functions, node by node: the theorems on vectors hold again. Seconds.

Three channels are lifted to 12, for kernels of 7 taps and for functions with 5 modes, on 32 nodes, in float64.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from saeno import ConvDictionary, FourierDictionary, Lifted, Lifting, MatchingPursuit, SoftThreshold, Unrolled
from saeno.book.claims import Claim
from saeno.book.lifting.lifting.lab import common_step, ista
from saeno.book.shared import apart, exact_and_broken, needed, normal
from saeno.data import SparseModel
from saeno.dictionaries import Dictionary
from saeno.seeds import generator

CHANNELS, LIFTED, GRID, THRESHOLD, STEPS = 3, 12, 32, 0.05, 25

AXES = {"case": ["functions"], "seed": range(10)}

CLAIMS = [
    Claim(
        id="lifting-functions",
        chapter="lifting/lifting",
        source="our derivation",
        statement="A lift of the channels, node by node, obeys the same theorems for convolutional and Fourier "
        "dictionaries; for scalar functions PPᵀ is a number.",
        setting="Three channels lifted to 12, six kernels of 7 taps or six functions with 5 modes, 4 events in each of "
        "50 signals on 32 nodes, noise of 0.1, threshold 0.05, float64. Data residual: Gaussian P, ISTA with 25 steps "
        "and matching pursuit. Lifted residual, ISTA with 2 and 25 steps: PPᵀ = I and D in the range; then, with 25, D "
        "outside, or P Gaussian. Scalar: one channel, P Gaussian, step and threshold rescaled by PPᵀ. Where the errors "
        "should be small the larger of the two dictionaries' is given, and the smaller one where not.",
        finding="Data residual: {data}. Lifted residual: {both}; outside {outside}; Gaussian {gaussian}. Scalar "
        "functions with any P: {scalar}; with step and threshold as they were: {not_rescaled}.",
        verdict="shown",
        numbers=exact_and_broken("functions", "data both scalar", "outside gaussian not_rescaled"),
        differences=needed("both", "outside gaussian") | needed("scalar", "not_rescaled"),
    ),
]

Make = Callable[[int], Dictionary]


@torch.no_grad()
def trial(case: str, seed: int) -> dict[str, float]:
    """Errors by name; which are exact and which are broken is said in `CLAIMS`."""
    random = generator(seed)
    basis = torch.linalg.qr(normal(random, LIFTED, LIFTED)).Q
    orthonormal, gaussian = basis[:, :CHANNELS].T, normal(random, CHANNELS, LIFTED) / LIFTED**0.5
    row = normal(random, 1, LIFTED)
    found = []
    for make in (
        lambda seed: ConvDictionary(LIFTED, 6, 7, seed=seed).double(),
        lambda seed: FourierDictionary(LIFTED, 6, 5, seed=seed).double(),
    ):
        inside, outside = _pair(make, seed, orthonormal, 0.0), _pair(make, seed, orthonormal, 1.0)
        skewed = _pair(make, seed, gaussian, 0.0)
        found.append(
            {
                "data": _data(skewed[1], random),
                "both": max(_parted(inside, steps, random) for steps in (2, STEPS)),
                "outside": _parted(outside, STEPS, random),
                "gaussian": _parted(skewed, STEPS, random),
                **_scalar(make(seed), row, random),
            }
        )
    exact = ("data", "both", "scalar")
    return {name: (max if name in exact else min)(each[name] for each in found) for name in found[0]}


def _pair(make: Make, seed: int, project: Tensor, outside: float) -> tuple[Lifted, Lifted]:
    """The same atoms with the residual in the lifted space, and in data space; a part of them hidden from P."""
    both = tuple(Lifted(make(seed), Lifting(project.T, project), residual) for residual in ("lifted", "data"))
    hidden = make(seed + 100_000).weight
    hidden = hidden - both[0].lifting.onto_range(hidden)
    for dictionary in both:
        dictionary.weight.add_(outside * hidden / hidden.flatten(1).norm(dim=1).view(-1, 1, 1))
    return both


def _unlifted(dictionary: Lifted) -> Dictionary:
    kind, atoms = dictionary.dictionary, dictionary.atoms(GRID)
    if isinstance(kind, ConvDictionary):
        return ConvDictionary.from_atoms(atoms, kind.support)
    return FourierDictionary.from_atoms(atoms, kind.modes)


def _signals(dictionary: Dictionary, random: torch.Generator) -> Tensor:
    return SparseModel(dictionary, active=4, noise=0.1).sample(50, grid=GRID, generator=random).signal


def _data(lifted: Lifted, random: torch.Generator) -> float:
    plain, signal = _unlifted(lifted), _signals(lifted, random)
    encoders = (Unrolled(SoftThreshold(THRESHOLD), STEPS), MatchingPursuit(4))
    return max(apart(encoder(lifted, signal), encoder(plain, signal)) for encoder in encoders)


def _parted(both: tuple[Lifted, Lifted], steps: int, random: torch.Generator) -> float:
    signal, step = _signals(both[1], random), common_step(*both, grid=GRID)
    return apart(*(ista(dictionary, signal, steps, step, THRESHOLD) for dictionary in both))


def _scalar(dictionary: Dictionary, row: Tensor, random: torch.Generator) -> dict[str, float]:
    c = row.square().sum().item()
    lifted = Lifted(dictionary, Lifting(row.T / c, row), "lifted")
    plain = _unlifted(lifted)
    signal, step = _signals(plain, random), common_step(plain, grid=GRID)
    errors = [
        apart(
            ista(lifted, signal, steps, c * step, THRESHOLD / c),
            ista(plain, signal, steps, step, THRESHOLD),
        )
        for steps in (2, STEPS)
    ]
    # Step and threshold as they were, where the larger step would not be safe: the smaller of the two.
    wrong = min(step, common_step(lifted, grid=GRID))
    return {
        "scalar": max(errors),
        "not_rescaled": apart(
            ista(lifted, signal, STEPS, wrong, THRESHOLD), ista(plain, signal, STEPS, step, THRESHOLD)
        ),
    }
