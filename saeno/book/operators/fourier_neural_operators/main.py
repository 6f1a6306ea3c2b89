"""SAE-FNO beside SAE-CNN: where two descriptions of one model are trained alike, and where not. Two minutes.

Everything in float64. A path is what 100 steps of an optimiser make of the atoms. An error is a relative distance.
"""

from __future__ import annotations

import math
from functools import partial

import torch

from saeno import ConvDictionary, FourierDictionary, Lifted, Lifting, MatchingPursuit, OneStep, TopK
from saeno.book.claims import Claim, Number, Paired
from saeno.book.operators.fourier_neural_operators.lab import (
    BATCH,
    CONCEPTS,
    MODES,
    NODES,
    STEPS,
    apart,
    descend,
    half_spectrum,
    ista,
    signals,
    trained,
    waves,
)
from saeno.book.shared import normal
from saeno.seeds import generator

# The learning rate of Adam, and of descent at the size of gradients here; the last is too large for one step of ReLU.
SGD, ADAM = 1.0, 0.003
QUIET = 1e-30  # Adam's ε, where it should not be felt

AXES = {"case": ["same", "even", "coordinates", "lifted"], "seed": range(6)}

PATH = (
    f"Signals of a bump, its derivative and three Gabors, three events each, noise of 0.1, {NODES} nodes; {CONCEPTS} "
    f"atoms, {STEPS} steps of {BATCH} signals at a constant rate, float64. Each seed draws truth, signals and start "
    "anew. An error is the distance of the atoms at the end, over their norm. "
)


def _paths(case: str, exact: str = "", broken: str = "") -> dict[str, Number]:
    """The numbers of a case: `exact` ones are at most 1e-9, the bar of whole paths; what others need is in `_part`."""
    found = {name: Number(name, {"case": case}, most=1e-9, form=".0e") for name in exact.split()}
    return found | {name: Number(name, {"case": case}, possible=(0.0, math.inf)) for name in broken.split()}


def _part(exact: str, **broken: float) -> dict[str, Paired]:
    """How much farther apart paths are, at least, than the exact ones."""
    return {f"{name}_parts": Paired(name, exact, least=least) for name, least in broken.items()}


CLAIMS = [
    Claim(
        id="fourier-equals-cnn",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="With all modes on an odd grid, SAE-FNO in real isometric coordinates is circular SAE-CNN: gradient "
        "descent takes both along one path.",
        setting=PATH
        + f"{MODES} modes. `both`: `fit` at rate {SGD:g}, with ISTA of 3 steps (atoms of free norm, and of "
        "unit norm), one top-k, and matching pursuit (unit norm); largest error. `momentum`: ISTA, momentum 0.9 and "
        f"weight decay 0.01, at a tenth of the rate. `adam`: ISTA, Adam at {ADAM:g}.",
        finding="The paths are at most {both} apart, with momentum and weight decay {momentum}. With Adam they part by "
        "{adam}.",
        verdict="shown",
        numbers=_paths("same", "both momentum", "adam"),
        differences=_part("both", adam=0.05),
    ),
    Claim(
        id="fourier-even",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="On an even grid the two differ: the highest wave is missing, or has another norm.",
        setting=PATH.replace(f"{NODES} nodes", f"{NODES - 1} nodes") + f"ISTA with 3 steps, rate {SGD:g}. `missing`: "
        f"{MODES - 1} modes beside {NODES - 1} taps. `doubled`: the cosine of frequency {MODES} added as √2 cos, whose "
        "norm on this grid is √2. `repaired`: added with norm 1.",
        finding="Missing: {missing}. Doubled: {doubled}, and of the highest wave alone {wave}. With norm 1 the paths "
        "agree to {repaired}.",
        verdict="shown",
        numbers=_paths("even", "repaired", "missing doubled wave"),
        # One wave of 32 is doubled: little of an atom, and much of that wave.
        differences=_part("repaired", missing=0.05, doubled=0.01, wave=0.05),
    ),
    Claim(
        id="fourier-coordinates",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="Gradient descent on coordinates θ of taps w = θB is descent on w with the preconditioner BᵀB: "
        "orthonormal coordinates change nothing, and a half-spectrum of complex numbers gives the mean half the rate.",
        setting=PATH
        + f"ISTA with 3 steps, atoms of free norm. Rate {SGD:g}; for the half-spectrum half of it, so that "
        "all frequencies but 0 learn alike. `rotated`: a random orthogonal B. `predicted`: the half-spectrum against "
        f"descent on taps with BᵀB. Adam at {ADAM:g}, each against Adam on taps, and `adam_half_real`: half-spectrum "
        "against real coordinates.",
        finding="Real coordinates: {real}. Rotated: {rotated}. The half-spectrum parts by {half}, in the mean of the "
        "atoms by {half_mean}, and is predicted to {predicted}. Under Adam: real coordinates {adam_real}, "
        "half-spectrum {adam_half}, rotated {adam_rotated}, half-spectrum against real {adam_half_real}.",
        verdict="shown",
        numbers=_paths(
            "coordinates",
            "real rotated predicted",
            "half half_mean adam_real adam_half adam_rotated adam_half_real",
        ),
        differences={
            **_part("predicted", half=0.01, half_mean=0.05, adam_half_real=0.05),
            **_part("real", adam_real=0.05, adam_half=0.05),
            **_part("rotated", adam_rotated=0.05),
        },
    ),
    Claim(
        id="fourier-lifted",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="For scalar functions a pointwise lift P is a learning rate: its factor is the sum of squares of P "
        "for gradient descent, and the sum of sizes for Adam.",
        setting=PATH
        + "SAE-FNO, ISTA with 3 steps, lifted to 8 channels by a Gaussian P, tied, `fit` with atoms of unit "
        f"norm. `sgd`: rate {SGD:g}/PPᵀ beside {SGD:g}; `adam`: {ADAM:g}/Σ|P| beside {ADAM:g}, with ε of Adam out of "
        "the way. The same rate for both: `sgd_same`, `adam_same`. `adam_square`: Adam at its rate over PPᵀ.",
        finding="With the factor: descent {sgd}, Adam {adam}. At the same rate: {sgd_same} and {adam_same}. Adam with "
        "the factor of descent: {adam_square}.",
        verdict="shown",
        numbers=_paths("lifted", "sgd adam", "sgd_same adam_same adam_square"),
        differences=_part("sgd", sgd_same=0.05) | _part("adam", adam_same=0.05, adam_square=0.05),
    ),
]


def trial(case: str, seed: int) -> dict[str, float]:
    """Errors by name; which are exact and which are broken is said in `CLAIMS`."""
    return {"same": _same, "even": _even, "coordinates": _coordinates, "lifted": _lifted}[case](seed)


def _same(seed: int) -> dict[str, float]:
    x = signals(seed)
    greedy = (lambda: OneStep(TopK(3)), lambda: MatchingPursuit(3))

    def error(encoder, optimizer, rate, normalize):
        fourier = FourierDictionary(1, CONCEPTS, MODES, seed=seed).double()
        kernels = ConvDictionary.from_atoms(fourier.atoms(NODES).detach())
        return apart(*(trained(d, encoder(), x, optimizer, rate, normalize) for d in (fourier, kernels)))

    heavy = partial(torch.optim.SGD, momentum=0.9, weight_decay=0.01)
    soft = [error(ista, torch.optim.SGD, SGD, unit) for unit in (False, True)]
    return {
        "both": max(soft + [error(encoder, torch.optim.SGD, SGD, True) for encoder in greedy]),
        "momentum": error(ista, heavy, SGD / 10, True),
        "adam": error(ista, torch.optim.Adam, ADAM, True),
    }


def _even(seed: int) -> dict[str, float]:
    n = NODES - 1
    x, random = signals(seed, n), generator(seed)
    low = waves(n, MODES - 1)
    nyquist = (-1.0) ** torch.arange(n).double() / math.sqrt(n)
    start = normal(random, CONCEPTS, 1, n - 1) @ low / math.sqrt(n - 1)
    run = partial(descend, rate=SGD, optimizer=torch.optim.SGD, x=x)
    taps = run(lambda w: w, start)
    found = {}
    for name, rows in (
        ("missing", low),
        ("doubled", torch.cat([low, math.sqrt(2) * nyquist[None]])),
        ("repaired", torch.cat([low, nyquist[None]])),
    ):
        path = run(lambda theta, rows=rows: theta @ rows, start @ torch.linalg.pinv(rows))
        found[name] = apart(path, taps)
        if name == "doubled":
            found["wave"] = apart(path @ nyquist, taps @ nyquist)
    return found


def _coordinates(seed: int) -> dict[str, float]:
    x, random = signals(seed), generator(seed)
    start = normal(random, CONCEPTS, 1, NODES) / math.sqrt(NODES)
    rows, turn = waves(NODES, MODES), torch.linalg.qr(normal(random, NODES, NODES)).Q
    build, undo = half_spectrum(NODES)
    scale = torch.full((NODES,), 2.0, dtype=torch.float64)
    scale[0] = 1  # BBᵀ of the half-spectrum, in real coordinates: half the rate undoes the rest
    root = (rows.T * scale.sqrt()) @ rows
    paths = {}
    for kind, rate in ((torch.optim.SGD, SGD), (torch.optim.Adam, ADAM)):
        run, name = partial(descend, optimizer=kind, x=x), kind.__name__
        slow = rate / 2 if kind is torch.optim.SGD else rate
        paths[name, "taps"] = run(lambda w: w, start, rate)
        paths[name, "real"] = run(lambda theta: theta @ rows, start @ rows.T, rate)
        paths[name, "rotated"] = run(lambda theta: theta @ turn, start @ turn.T, rate)
        paths[name, "half"] = run(build, undo(start), slow)
    paths["SGD", "predicted"] = descend(lambda w: w @ root, start @ torch.linalg.inv(root), SGD / 2, torch.optim.SGD, x)
    plain, adam = paths["SGD", "taps"], paths["Adam", "taps"]
    return {
        "real": apart(paths["SGD", "real"], plain),
        "rotated": apart(paths["SGD", "rotated"], plain),
        "half": apart(paths["SGD", "half"], plain),
        "half_mean": apart(paths["SGD", "half"].mean(2), plain.mean(2)),
        "predicted": apart(paths["SGD", "half"], paths["SGD", "predicted"]),
        "adam_real": apart(paths["Adam", "real"], adam),
        "adam_half": apart(paths["Adam", "half"], adam),
        "adam_rotated": apart(paths["Adam", "rotated"], adam),
        "adam_half_real": apart(paths["Adam", "half"], paths["Adam", "real"]),
    }


def _lifted(seed: int) -> dict[str, float]:
    x, random = signals(seed), generator(seed)
    row = normal(random, 1, 8)
    square, sizes = row.square().sum().item(), row.abs().sum().item()
    adam = partial(torch.optim.Adam, eps=QUIET)

    def atoms(optimizer, rate, lift):
        dictionary = Lifted(FourierDictionary(8, CONCEPTS, MODES, seed=seed).double(), Lifting(row.T, row))
        if not lift:
            dictionary = FourierDictionary.from_atoms(dictionary.atoms(NODES), MODES)
        return trained(dictionary, ista(), x, optimizer, rate, normalize=True)

    plain, plain_adam = atoms(torch.optim.SGD, SGD, False), atoms(adam, ADAM, False)
    return {
        "sgd": apart(atoms(torch.optim.SGD, SGD / square, True), plain),
        "adam": apart(atoms(adam, ADAM / sizes, True), plain_adam),
        "sgd_same": apart(atoms(torch.optim.SGD, SGD, True), plain),
        "adam_same": apart(atoms(adam, ADAM, True), plain_adam),
        "adam_square": apart(atoms(adam, ADAM / square, True), plain_adam),
    }
