"""The six alignments in a small Fourier neural operator that learns Burgers' equation. Some minutes."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import gelu

from saeno.book.claims import Claim, Number, Paired
from saeno.book.dynamics.emergence.canonical import ORDERS, means, six
from saeno.data.pde import Pairs, burgers
from saeno.operators import FNO, fit_operator, relative_l2

TRAINING, NODES, STEPS, STOPS = 200, 48, 600, (0, 50, 100, 200, 400, 600)
LAYERS = ("layer 0", "layer 1", "layer 2", "projection")
# Weight decay, and pairs per step: few make a gradient noisy.
RUNS = {"neither": (0.0, 20), "decay": (1.0, 20), "noise": (0.0, 4), "both": (1.0, 4)}
AXES = {"run": list(RUNS), "seed": range(5)}
CLAIMS = [
    Claim(
        id="emergence-six",
        chapter="dynamics/emergence",
        source="doi:10.48550/arXiv.2410.03006",
        statement="Training brings all six alignments among representations, gradients and weights of a Fourier "
        "neural operator above chance, and above what they are in the untrained one.",
        setting="Burgers' equation, viscosity 0.02, 200 functions on 48 nodes; three layers of 16 neurons with 8 "
        "modes, 600 steps of AdamW with a cosine schedule, weight decay 1, 4 functions a step. W are the pointwise "
        "weights of each layer, and the first map of the projection; examples are the nodes of 64 new functions. An "
        "alignment is the correlation of the entries of two matrices, a mean over the four layers; chance: neurons "
        "of one of them in 100 random orders.",
        finding="Before the layer: H with G {before_HG} (by chance {before_HG_chance}, untrained "
        "{before_HG_start}), H with Z {before_HZ} (by chance {before_HZ_chance}, untrained {before_HZ_start}), G "
        "with Z {before_GZ} (by chance {before_GZ_chance}, untrained {before_GZ_start}). After it: H with G "
        "{after_HG} (by chance {after_HG_chance}, untrained {after_HG_start}), H with Z {after_HZ} (by chance "
        "{after_HZ_chance}, untrained {after_HZ_start}), G with Z {after_GZ} (by chance {after_GZ_chance}, "
        "untrained {after_GZ_start}). Their mean is {all}, by chance {chance}, untrained {start}.",
        verdict="reproduced",
        numbers={
            f"{side}_{pair}{short}": Number(f"{side} {pair}{kind}", {"run": "both"}, possible=(-1, 1), form=".2f")
            for side in ("before", "after")
            for pair in ("HG", "HZ", "GZ")
            for short, kind in {"": "", "_chance": " chance", "_start": " 0"}.items()
        }
        | {
            name: Number(value, {"run": "both"}, possible=(-1, 1), form=".2f")
            for name, value in {"all": "all", "chance": "all chance", "start": "all 0"}.items()
        },
        differences={
            f"{side}_{pair}_above{kind}": Paired(f"{side}_{pair}", f"{side}_{pair}{kind}", least=0.1)
            for side in ("before", "after")
            for pair in ("HG", "HZ", "GZ")
            for kind in ("_chance", "_start")
        },
    ),
    Claim(
        id="emergence-proportional",
        chapter="dynamics/emergence",
        source="doi:10.48550/arXiv.2410.03006",
        statement="The matrices of representations, gradients and weights become proportional to each other.",
        setting="As for the six alignments; proportional matrices have the alignment 1. Without decay: large "
        "batches too.",
        finding="The mean of the six ends at {all}, without weight decay at {neither}; two thirds of the way "
        "through training it was {late}. The largest, of G with Z before the layer, is {most}.",
        verdict="not reproduced",
        numbers={
            "all": Number("all", {"run": "both"}, most=0.9, possible=(-1, 1), form=".2f"),
            "neither": Number("all", {"run": "neither"}, most=0.9, possible=(-1, 1), form=".2f"),
            "late": Number("all 400", {"run": "both"}, possible=(-1, 1), form=".2f"),
            "most": Number("before GZ", {"run": "both"}, most=0.95, possible=(-1, 1), form=".2f"),
        },
        differences={
            "plateau": Paired("all", "late", least=-0.05, most=0.05),
            "by_drivers": Paired("all", "neither", least=0.1),
        },
    ),
    Claim(
        id="emergence-drivers",
        chapter="dynamics/emergence",
        source="doi:10.48550/arXiv.2410.03006",
        statement="Weight decay and the noise of gradients drive the alignment.",
        setting="As for the six alignments, their mean. Decay 0 or 1, and 20 or 4 functions a step, which is the "
        "noise.",
        finding="With neither the mean is {neither}, with noise alone {noise}, with decay alone {decay}, with both "
        "{both}, where by chance it is {neither_chance}, {noise_chance}, {decay_chance} and {both_chance}. So decay "
        "adds {by_decay}, and noise {by_noise}. The errors on new functions are {neither_error}, {noise_error}, "
        "{decay_error} and {both_error}.",
        verdict="reproduced in a regime",
        numbers={
            f"{run}{short}": Number(f"all{kind}", {"run": run}, possible=(-1, 1))
            for run in ("neither", "noise", "decay", "both")
            for short, kind in {"": "", "_chance": " chance"}.items()
        }
        | {
            f"{run}_error": Number("new", {"run": run}, most=0.1, possible=(0, 10))
            for run in ("neither", "noise", "decay", "both")
        },
        differences={
            "neither_above": Paired("neither", "neither_chance", least=0.1),
            "by_decay": Paired("decay", "neither", least=0.1),
            "by_noise": Paired("noise", "neither", most=0.1),
            "noise_beside_decay": Paired("both", "decay", most=0.1),
            "decay_beside_noise": Paired("both", "noise", least=0.1),
        },
    ),
]


def trial(run: str, seed: int) -> dict[str, float]:
    """Train; each alignment in all layers over the steps, and what it is by chance at the end."""
    decay, batch = RUNS[run]
    (x, y), new = pairs(TRAINING, 0), pairs(64, 1)
    model, over_time = FNO(1, 1, 16, 8, layers=3, seed=seed), []

    def measure(fno: FNO) -> float:
        over_time.append({name: six(*sides) for name, sides in layers(fno, *new).items()})
        return 0.0

    fit_operator(
        model, x, y, STEPS, batch, weight_decay=decay, seed=seed, metrics={"six": measure}, every=50, progress=False
    )
    values = {
        f"{layer} {name} {step}": value
        for step in STOPS
        for layer, found in over_time[step // 50].items()
        for name, value in found.items()
    }
    end = {name: six(*sides, orders=ORDERS) for name, sides in layers(model, *new).items()}
    values |= {f"{layer} {name}": value for layer, found in end.items() for name, value in found.items()}
    values |= means(values, LAYERS, ("", " chance", *(f" {step}" for step in STOPS)))
    with torch.no_grad():
        errors = {
            name: relative_l2(model(a), b).mean().item() for name, (a, b) in {"train": (x, y), "new": new}.items()
        }
    return {**values, **errors}


@cache
def pairs(count: int, seed: int) -> Pairs:
    """Burgers' equation with the viscosity 0.02, up to the time 0.3."""
    return burgers(count, NODES, seed, viscosity=0.02, resolution=128, progress=False)


@torch.enable_grad()
def layers(fno: FNO, x: Tensor, y: Tensor) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Of each layer, and of the first map of the projection: its input, what it gives before GELU, and W.

    Both are (functions × nodes, neurons), with the gradients of the relative error of their own function.
    """
    seen, hidden = {}, points(fno.lift(x))
    for name, layer in zip(LAYERS, fno.layers, strict=False):
        hidden.retain_grad()
        grid = as_functions(hidden, x)
        after = points(layer.pointwise(grid) + layer.kernel.synthesis(grid))
        after.retain_grad()
        seen[name] = hidden, after, layer.pointwise.weight
        hidden = after if layer.last else gelu(after)
        if layer.last:
            hidden = hidden.clone()  # its gradient is that of what comes next, once more
    hidden.retain_grad()
    after = hidden @ fno.project[0].weight.T + fno.project[0].bias
    after.retain_grad()
    seen[LAYERS[-1]] = hidden, after, fno.project[0].weight
    relative_l2(fno.project[2](as_functions(gelu(after), x)), y).sum().backward()
    fno.zero_grad()
    return seen


def points(hidden: Tensor) -> Tensor:
    """(functions, neurons, nodes) as (functions × nodes, neurons)."""
    return hidden.movedim(1, 2).flatten(0, 1)


def as_functions(values: Tensor, x: Tensor) -> Tensor:
    """(functions × nodes, neurons) as (functions, neurons, nodes), on the grid of x."""
    return values.view(len(x), -1, values.shape[1]).movedim(2, 1)
