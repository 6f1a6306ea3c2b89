"""What the chapter on smooth concepts draws. Pictures are narrow, so that they can be read on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from saeno import plots
from saeno.book.operators.smooth_concepts.lab import low, tuned
from saeno.book.record import stored

CUT = "#d55e00"


def keyhole(concepts: Mapping[str, Tensor], modes: int) -> Figure:
    """Each concept `(n,)`, in grey, what M modes see of it, and the ratio of the two norms."""
    with plots.style():
        figure, panels = plt.subplots(len(concepts), 1, figsize=(4.2, 4.4), layout="constrained")
    for panel, (name, concept) in zip(panels, concepts.items(), strict=True):
        seen, u = low(concept, modes), torch.arange(len(concept)) / len(concept)
        panel.plot(u, concept, "-", color="0.7")
        panel.plot(u, seen, "-", color=plots.FOUND)
        panel.set(title=f"{name}: {seen.norm() / concept.norm():.2f}", xticks=[], ylim=(-4.5, 6.5))
    return figure


def against_ceilings(case: str, sizes: Sequence[int]) -> Figure:
    """The cosine measured against the ceiling: a point for each seed, a colour for each number of modes."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3.2), layout="constrained")
    panel.plot([0.3, 1], [0.3, 1], color="0.7")
    for modes in sizes:
        ceiling, cosine = (over_seeds(f"{value}_{modes}", case) for value in ("ceiling", "cosine"))
        panel.plot(ceiling, cosine, "o", label=f"{modes} modes")
    panel.set(xlabel="ceiling, predicted", ylabel="cosine, measured")
    panel.legend()
    return figure


def over_modes(cases: Sequence[str], sizes: Sequence[int]) -> Figure:
    """The mean cosine over the number of modes, with the range over the seeds: a curve for each case."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3.2), layout="constrained")
    for case, mark in zip(cases, "os^", strict=True):
        seeds = torch.tensor([over_seeds(f"cosine_{modes}", case) for modes in sizes])
        panel.plot(range(len(sizes)), seeds.mean(1), mark + "-", label=case)
        panel.fill_between(range(len(sizes)), seeds.amin(1), seeds.amax(1), alpha=0.2)
    panel.set_xticks(range(len(sizes)), sizes)
    panel.set(xlabel="modes", ylabel="mean cosine")
    panel.legend()
    return figure


def over_seeds(value: str, case: str) -> tuple[float, ...]:
    """A number of the experiment on modes, for each seed."""
    return stored("smooth_concepts_modes", value, {"case": case}).each


def trained_and_cut(priors: Sequence[str]) -> Figure:
    """The mean cosine of each seed: as trained (filled), and cut to 12 modes after training (hollow)."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
    for i, model in enumerate(priors):
        trained, cut = (tuned("smooth_concepts", value, model=model) for value in ("cosine", "cut_cosine"))
        panel.plot(trained, [i - 0.15] * len(trained), "o", color=plots.FOUND)
        panel.plot(cut, [i + 0.15] * len(cut), "o", color=CUT, fillstyle="none")
    panel.set_yticks(range(len(priors)), priors)
    panel.set(xlabel="mean cosine", xlim=(0.8, 1.005), ylim=(len(priors) - 0.5, -0.5))
    return figure


def families(priors: Sequence[str]) -> Figure:
    """A panel for each family: the mean cosine of each seed as a dot, the ceiling of each prior as a bar."""
    with plots.style():
        figure, panels = plt.subplots(3, figsize=(4.2, 5), layout="constrained")
    for panel, (family, least) in zip(panels, {"smooth": 0.8, "boxes": 0.8, "rough": 0.35}.items(), strict=True):
        for i, model in enumerate(priors):
            cosine, ceiling = (
                tuned("smooth_concepts_families", value, family=family, model=model) for value in ("cosine", "ceiling")
            )
            panel.plot(cosine, [i] * len(cosine), "o")
            panel.plot([sum(ceiling) / len(ceiling)], [i], "k|", markersize=18)
        panel.set(title=family, xlim=(least, 1.02), ylim=(len(priors) - 0.4, -0.6))
        panel.set_yticks(range(len(priors)), priors)
    panel.set(xlabel="mean cosine")
    return figure


def compromise(formula: Tensor, ceiling: Tensor, draws: Sequence[Tensor]) -> Figure:
    """Cosines over the number of modes, from 1 on: a formula, some draws of the noise, and the ceiling."""
    modes = range(1, len(formula) + 1)
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    for i, draw in enumerate(draws):
        panel.plot(modes, draw, "-", color="0.7", linewidth=0.9, label=None if i else "draws")
    panel.plot(modes, formula, "-", label="formula")
    panel.plot(modes, ceiling, ":", color="0.5", label="ceiling")
    panel.set(xlabel="modes", ylabel="cosine", ylim=(0, 1.02))
    panel.legend()
    return figure


def ruled(power: Tensor, floor: Tensor, cost: float, modes: int) -> Figure:
    """A spectrum, its floor, the floor with the cost of a mode, and the number of modes that a rule has chosen."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3.2), layout="constrained")
    panel.semilogy(power, ".-", label="power")
    panel.axhline(floor, color="0.5", label="floor")
    panel.axhline((1 + cost) * floor, color="0.5", ls=":", label="with cost")
    panel.axvline(modes, color=CUT, label="the rule")
    panel.set(xlabel="frequency", ylabel="mean of $|\\hat x|^2$")
    panel.legend()
    return figure


def costs(predicted: Tensor, measured: Tensor, noise: Tensor) -> Figure:
    """The error of an atom over the number of modes: predicted, measured, and the part of it that is noise."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    panel.semilogy(predicted, label="predicted")
    panel.semilogy(measured, ".", label="measured")
    panel.semilogy(noise, ":", color="0.5", label="noise learned")
    panel.set(xlabel="modes", ylabel="error of an atom", ylim=(1e-3, 2))
    panel.legend()
    return figure
