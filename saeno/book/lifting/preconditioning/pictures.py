"""What the chapter on preconditioning trains and draws, beside its experiments."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from saeno import SparseAutoencoder, TopK, Unrolled, fit, plots
from saeno.book import record
from saeno.data import SparseModel
from saeno.dictionaries import Dictionary
from saeno.metrics import match_atoms

Race = tuple[Sequence[float], Sequence[float]]


def race(
    data: SparseModel,
    dictionary: Dictionary,
    rate: float,
    optimizer: type[torch.optim.Optimizer],
    steps: int,
    above: float,
) -> Race:
    """Train a copy at a constant rate: every fourth step, and the share of atoms whose cosine is above a bound."""

    def found(model: SparseAutoencoder) -> float:
        return match_atoms(model.dictionary, data.dictionary).recovered(above)

    model = SparseAutoencoder(copy.deepcopy(dictionary), Unrolled(TopK(2), steps=5))
    how = {"schedule": "constant", "progress": False, "metrics": {"found": found}, "every": 4}
    history = fit(model, data, steps, lr=rate, optimizer=optimizer, **how)
    return history.measured, history.metrics["found"]


def curves(races: Mapping[str, Race]) -> Figure:
    """The share of atoms found over the steps, one line for each race."""
    with plots.style():
        figure, part = plt.subplots(figsize=(4.2, 3), layout="constrained")
    for name, (steps, share) in races.items():
        part.plot(steps, share, label=name)
    part.set(xlabel="step", ylabel="share of atoms found", ylim=(-0.03, 1.03))
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def three_notches(plain: Mapping[float, Race], lifted: Mapping[float, Race], rate: float) -> Figure:
    """The lifted race at a rate, thin, on the one without a lift at eight times the rate, wide; dotted: none at it."""
    with plots.style():
        figure, part = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
    wide = {"color": plots.TRUE, "linewidth": 6, "alpha": 0.6}
    part.plot(*plain[8 * rate], "-", **wide, label=f"none, {8 * rate:g}")
    part.plot(*lifted[rate], "-", color=plots.FOUND, label=f"lifted, {rate:g}")
    part.plot(*plain[rate], ":", color=plots.INK, label=f"none, {rate:g}")
    part.set(xlabel="step", ylabel="share of atoms found", ylim=(-0.03, 1.03))
    figure.legend(loc="outside upper center", ncols=3, columnspacing=1, handlelength=1.6, frameon=False)
    return figure


def spectra(ratios: Sequence[int], eigenvalues: Sequence[Tensor], ends: Sequence[tuple[float, float]]) -> Figure:
    """Over h/m: eigenvalues of PPᵀ as dashes, and their predicted ends as diamonds."""
    with plots.style():
        figure, part = plt.subplots(figsize=(4.2, 3), layout="constrained")
    for ratio, values, predicted in zip(ratios, eigenvalues, ends, strict=True):
        part.plot([ratio] * len(values), values, "_", color=plots.FOUND, markersize=12)
        part.plot([ratio] * 2, predicted, "D", color=plots.TRUE, markersize=5)
    part.set(xscale="log", xlabel="h/m", ylabel="eigenvalue")
    part.set_xticks(ratios, list(map(str, ratios)))
    part.set_xticks([], minor=True)
    return figure


def least_steps(C: Tensor, K: Tensor, Sigma: Tensor, error: Tensor) -> tuple[Tensor, int]:
    """The condition number of E⁺ = E − η K Σ E C, and how many steps at the best η make the error a thousandth."""
    values = torch.outer(torch.linalg.eigvals(K @ Sigma).real, torch.linalg.eigvalsh(C)).flatten()
    rate, steps = 2 / (values.max() + values.min()), 0
    left = error
    while left.norm() > 1e-3 * error.norm():
        left, steps = left - rate * K @ Sigma @ left @ C, steps + 1
    return values.max() / values.min(), steps


def over_rates() -> Figure:
    """Mean steps to nine atoms of ten over the rate, one curve for each lift: what `preconditioning_rates` stored."""
    tried: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for entry in record.load("preconditioning_rates")["measured"]:
        optimizer, lift, rate = entry["settings"]["run"].split(", ")
        point = float(rate), entry["values"]["steps"]["mean"]
        tried.setdefault(optimizer, {}).setdefault(lift, []).append(point)
    ticks = {"SGD": [2, 4, 8, 16, 32], "Adam": [0.01, 0.04, 0.16, 0.64]}
    with plots.style():
        figure, parts = plt.subplots(2, 1, figsize=(4.2, 6.4), layout="constrained")
    for part, (optimizer, lifts) in zip(parts, tried.items(), strict=True):
        for mark, (lift, points) in zip("osd^", lifts.items(), strict=False):
            part.plot(*zip(*points, strict=True), marker=mark, label=lift)
        part.set(xscale="log", xlabel=f"rate of {optimizer}", ylim=(0, 165))
        part.set(ylabel="steps to 9 of 10", yticks=[0, 50, 100, 150])
        part.set_xticks(ticks[optimizer], list(map(str, ticks[optimizer])))
        part.set_xticks([], minor=True)
        part.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
    return figure
