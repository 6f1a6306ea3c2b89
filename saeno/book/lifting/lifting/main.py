"""What lifting changes in inference, and what it does not: each identity, and each missing hypothesis. Seconds.

Everything in float64. Signals have 16 channels and 3 of 32 unit atoms; the lifted space has 40 dimensions unless a
case says otherwise. An error is the relative distance of two sets of codes, over all signals. Atoms are rows here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from saeno import (
    DenseDictionary,
    MatchingPursuit,
    OneStep,
    SoftThreshold,
    TopK,
    Unrolled,
)
from saeno.book.claims import Claim, Paired
from saeno.book.lifting.lifting.lab import STEPS, THRESHOLD, common_step, ista, place, preimage
from saeno.book.shared import apart, exact_and_broken, needed, normal, unit
from saeno.data import SparseModel
from saeno.seeds import generator

CHANNELS, LIFTED, CONCEPTS, ACTIVE = 16, 40, 32, 3

AXES = {"case": ["data", "lifted", "only if", "multiple"], "seed": range(10)}

SIZES = (
    "Random unit atoms, 32 in 16 dimensions, 3 in each of 200 signals, noise of 0.1; 40 lifted dimensions, threshold "
    "0.1, float64. Each seed draws all of it anew. An error is the distance of the codes, over their norm; both models "
    "take one step, the largest that is safe for both."
)


CLAIMS = [
    Claim(
        id="lifting-data-residual",
        chapter="lifting/lifting",
        source="our derivation",
        statement="With L = Pᵀ and the residual formed in data space, lifting changes no code: every P, every encoder.",
        setting=SIZES + " Five P (8, 16 and 40 lifted dimensions, one ill-conditioned, one orthonormal) and seven "
        "encoders: one step soft and top-k; ISTA with 2 and 25 steps, FISTA with 25, hard thresholding with 5; "
        "matching pursuit. The error is the largest of the 35, against the unlifted dictionary A = PD. Untied: the "
        "same with L = P⁺ for a Gaussian P; the smaller error of ISTA with 2 and 25 steps.",
        finding="The largest error is {tied}. Where L is not Pᵀ the codes are others, by {untied}.",
        verdict="shown",
        numbers=exact_and_broken("data", "tied", "untied"),
        differences=needed("tied", "untied"),
    ),
    Claim(
        id="lifting-lifted-residual",
        chapter="lifting/lifting",
        source="our derivation",
        statement="With the residual formed in the lifted space, the first step is the same for every P, and all steps "
        "are if P keeps lengths on the span of D, as with PPᵀ = I and D in range(Pᵀ).",
        setting=SIZES + " ISTA. Largest error over 2, 25 and 100 steps where they should agree, at 25 where not. "
        "Outside: PPᵀ = I, and each lifted atom has a part of length 1 that P does not see. Gaussian: D in range(Pᵀ), "
        "entries of P with variance 1/40. Isometry: neither hypothesis (PPᵀ = 4I, D outside of the range), but ‖PDz‖ "
        "= ‖Dz‖. Pursuit: matching pursuit with two choices, D outside, the signals are the effective atoms.",
        finding="First step, over four P: {first}. Both hypotheses: {both}; also for hard thresholding and pursuit: "
        "{greedy}. D outside: {outside}. P Gaussian: {gaussian}. An isometry without either: {isometry}. "
        "Pursuit, D outside: {pursuit}.",
        verdict="shown",
        numbers=exact_and_broken("lifted", "first both greedy isometry", "outside gaussian pursuit"),
        differences=needed("both", "outside gaussian") | needed("greedy", "pursuit"),
    ),
    Claim(
        id="lifting-only-if",
        chapter="lifting/lifting",
        source="our derivation",
        statement="Two steps agree for all signals only if DᵀD = AᵀA; this needs λ > 0 and that no two atoms are "
        "parallel.",
        setting=SIZES
        + " PPᵀ = I. The grams of D and A differ (relative distance), the codes of 2, 25 and 100 steps of "
        "ISTA are compared (largest error). Twins: each atom twice, the hidden parts opposite. No threshold: λ = 0, "
        "and DᵀD − AᵀA vanishes on range(Aᵀ); then the same dictionary with λ = 0.1 and 25 steps.",
        finding="Twins: codes {twins}, grams {twins_gram}. No threshold: codes {linear}, grams {linear_gram}; with a "
        "threshold the codes part by {thresholded}.",
        verdict="shown",
        numbers=exact_and_broken("only if", "twins linear", "twins_gram linear_gram thresholded"),
        differences=needed("twins", "twins_gram") | needed("linear", "linear_gram thresholded"),
    ),
    Claim(
        id="lifting-multiple",
        chapter="lifting/lifting",
        source="our derivation",
        statement="With PPᵀ = cI, D in range(Pᵀ) and L = Pᵀ/c, the lifted residual at step cα and threshold λ/c gives "
        "the codes of A = PD at step α and threshold λ; with L = Pᵀ the threshold stays, and codes are c times as "
        "large.",
        setting=SIZES + " c = 2.5, lifted atoms of norm 1, α = 1/λmax(AᵀA). Largest error over ISTA and FISTA with 2, "
        "25 and 100 steps; one factor forgotten: ISTA, 25 steps. Size: the error of L = Pᵀ without dividing by c.",
        finding="Both factors: {both}; L = Pᵀ, divided by c: {adjoint}. The step forgotten: {no_step}. The threshold "
        "forgotten: {no_threshold}. Both: {neither}. Size: {size}.",
        verdict="shown",
        numbers=exact_and_broken("multiple", "both adjoint", "no_step no_threshold neither size"),
        # Codes that are c times as large are c − 1 of their norm away.
        differences=needed("both", "no_step no_threshold neither")
        | {"times": Paired("size", 1.5, least=-1e-6, most=1e-6)},
    ),
]


@torch.no_grad()
def trial(case: str, seed: int) -> dict[str, float]:
    """Errors by name; which are exact and which are broken is said in `CLAIMS`."""
    cases = {
        "data": _data,
        "lifted": _lifted,
        "only if": _only_if,
        "multiple": _multiple,
    }
    return cases[case](generator(seed))


class Setting(NamedTuple):
    """What most cases share."""

    atoms: Tensor
    """A, unit rows, `(32, 16)`."""
    signal: Tensor
    project: Tensor
    """P with PPᵀ = I, `(16, 40)`."""
    hidden: Tensor
    """An orthonormal basis of what P does not see, `(40, 24)`."""


def _setting(random: torch.Generator) -> Setting:
    atoms = unit(normal(random, CONCEPTS, CHANNELS))
    data = SparseModel(DenseDictionary.from_atoms(atoms), ACTIVE, noise=0.1)
    basis = torch.linalg.qr(normal(random, LIFTED, LIFTED)).Q
    return Setting(atoms, data.sample(200, generator=random).signal, basis[:, :CHANNELS].T, basis[:, CHANNELS:])


def _residuals(weight: Tensor, project: Tensor, signal: Tensor, steps: int, threshold: float = THRESHOLD) -> float:
    """How far the codes of ISTA are apart with the residual in the lifted space, and in data space."""
    lifted, data = (place(weight, project, residual) for residual in ("lifted", "data"))
    step = common_step(lifted, data)
    return apart(ista(lifted, signal, steps, step, threshold), ista(data, signal, steps, step, threshold))


def _data(random: torch.Generator) -> dict[str, float]:
    atoms, signal, orthonormal, _ = _setting(random)
    wide = normal(random, CHANNELS, LIFTED) / LIFTED**0.5
    stretch = torch.logspace(0, 2, CHANNELS, dtype=torch.float64)
    projects = [
        normal(random, CHANNELS, 8),
        normal(random, CHANNELS, CHANNELS),
        wide,
        stretch[:, None] * orthonormal,
        orthonormal,
    ]
    soft = SoftThreshold(THRESHOLD)
    encoders = [
        OneStep(soft),
        OneStep(TopK(ACTIVE)),
        Unrolled(soft, 2),
        Unrolled(soft, STEPS),
        Unrolled(soft, STEPS, accelerate=True),
        Unrolled(TopK(ACTIVE), 5),
        MatchingPursuit(ACTIVE),
    ]
    errors = []
    for project in projects:
        weight = normal(random, CONCEPTS, project.shape[1])
        lifted = place(weight, project, "data").normalize_()
        plain = DenseDictionary.from_atoms(lifted.atoms())
        errors += [apart(encoder(lifted, signal), encoder(plain, signal)) for encoder in encoders]
    weight = preimage(atoms, wide)
    tied, untied = place(weight, wide, "data"), place(weight, wide, "data", torch.linalg.pinv(wide))
    step = common_step(tied, untied)
    others = [apart(ista(untied, signal, t, step), ista(tied, signal, t, step)) for t in (2, STEPS)]
    return {"tied": max(errors), "untied": min(others)}


def _lifted(random: torch.Generator) -> dict[str, float]:
    atoms, signal, orthonormal, hidden = _setting(random)
    gaussian = normal(random, CHANNELS, LIFTED) / LIFTED**0.5
    tilt = unit(normal(random, CONCEPTS, hidden.shape[1])) @ hidden.T
    inside, outside = atoms @ orthonormal, atoms @ orthonormal + tilt
    narrow = normal(random, CHANNELS, 8)
    double = 2 * orthonormal  # PPᵀ = 4I: atoms are half as long in the range, and the rest of the length is hidden
    isometric = atoms @ orthonormal / 2 + math.sqrt(3 / 4) * atoms @ hidden[:, :CHANNELS].T
    seen_by = {
        "narrow": (unit(normal(random, CONCEPTS, 8)), narrow),
        "gaussian": (preimage(atoms, gaussian), gaussian),
        "outside": (outside, orthonormal),
        "isometric": (isometric, double),
    }
    greedy = []
    for encoder in (Unrolled(TopK(ACTIVE), 5), MatchingPursuit(ACTIVE)):
        for weight, project in ((inside, orthonormal), (isometric, double)):
            codes = [encoder(place(weight, project, residual), signal) for residual in ("lifted", "data")]
            greedy.append(apart(*codes))
    own = [MatchingPursuit(2)(place(outside, orthonormal, residual), atoms) for residual in ("lifted", "data")]
    return {
        "first": max(_residuals(weight, project, signal, 1) for weight, project in seen_by.values()),
        "both": max(_residuals(inside, orthonormal, signal, t) for t in (2, STEPS, 100)),
        "greedy": max(greedy),
        "isometry": max(_residuals(isometric, double, signal, t) for t in (2, STEPS, 100)),
        "pursuit": apart(*own),
        "outside": _residuals(outside, orthonormal, signal, STEPS),
        "gaussian": _residuals(*seen_by["gaussian"], signal, STEPS),
    }


def _only_if(random: torch.Generator) -> dict[str, float]:
    atoms, signal, project, hidden = _setting(random)
    seen = atoms @ project
    tilt = unit(normal(random, CONCEPTS, hidden.shape[1])) @ hidden.T
    twins, pairs = torch.cat([seen + tilt, seen - tilt]), torch.cat([atoms, atoms])
    kernel = torch.linalg.svd(atoms.T).Vh[CHANNELS:]  # of A, `(16, 32)`
    linear = seen + kernel.T @ hidden[:, : len(kernel)].T
    times = (2, STEPS, 100)
    return {
        "twins": max(_residuals(twins, project, signal, t) for t in times),
        "twins_gram": apart(twins @ twins.T, pairs @ pairs.T),
        "linear": max(_residuals(linear, project, signal, t, threshold=0.0) for t in times),
        "linear_gram": apart(linear @ linear.T, atoms @ atoms.T),
        "thresholded": _residuals(linear, project, signal, STEPS),
    }


def _multiple(random: torch.Generator) -> dict[str, float]:
    atoms, signal, orthonormal, _ = _setting(random)
    c, project = 2.5, math.sqrt(2.5) * orthonormal
    weight = atoms @ orthonormal  # norm 1; A = √c atoms
    plain = DenseDictionary.from_atoms(weight @ project.T)
    inverse, adjoint = place(weight, project, lift=project.T / c), place(weight, project)
    step = common_step(plain)

    def code(dictionary, steps, step, threshold, accelerate=False):
        return Unrolled(SoftThreshold(threshold), steps, accelerate, step)(dictionary, signal)

    both, scaled = [], []
    for steps, accelerate in ((2, False), (STEPS, False), (100, False), (2, True), (STEPS, True), (100, True)):
        wanted = code(plain, steps, step, THRESHOLD, accelerate)
        both.append(apart(code(inverse, steps, c * step, THRESHOLD / c, accelerate), wanted))
        scaled.append(apart(code(adjoint, steps, c * step, THRESHOLD, accelerate) / c, wanted))
    wanted = code(plain, STEPS, step, THRESHOLD)
    return {
        "both": max(both),
        "adjoint": max(scaled),
        "no_step": apart(code(inverse, STEPS, step, THRESHOLD / c), wanted),
        "no_threshold": apart(code(inverse, STEPS, c * step, THRESHOLD), wanted),
        "neither": apart(code(inverse, STEPS, step, THRESHOLD), wanted),
        "size": apart(code(adjoint, STEPS, c * step, THRESHOLD), wanted),
    }
