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
CLAIMS = []


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
