"""What the chapter on emergence draws, beside its experiments. Pictures are narrow, to be read on a phone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from saeno import DenseDictionary, SparseAutoencoder, TopK, Unrolled, fit, plots
from saeno.book.dynamics.emergence import lab, samples
from saeno.book.dynamics.emergence.operators import STOPS
from saeno.book.record import stored

NAMES = {"HG": "H with G", "HZ": "H with Z", "GZ": "G with Z"}


def worlds(sparse: Tensor, gaussian: Tensor) -> Figure:
    """Three functions of each kind, on one scale."""
    with plots.style():
        figure, rows = plt.subplots(3, 2, figsize=(4.2, 3), sharex=True, sharey=True, layout="constrained")
    for row, *pair in zip(rows, sparse, gaussian, strict=False):
        for panel, function, colour in zip(row, pair, (plots.FOUND, plots.INK), strict=True):
            panel.plot(torch.arange(lab.NODES) / lab.NODES, function[0], "-", color=colour)
            panel.set(xticks=[0, 0.5], yticks=[0])
    rows[0, 0].set_title("few events")
    rows[0, 1].set_title("Gaussian")
    return figure


def formation(x: Tensor, rate: float, seed: int, at: Sequence[int]) -> list[Tensor]:
    """The atoms of `lab.dense` at the start and at these steps."""
    model = SparseAutoencoder(DenseDictionary(lab.NODES, lab.NODES, seed=seed), Unrolled(TopK(lab.ACTIVE), steps=5))
    looks = {"atoms": lambda m: m.dictionary.atoms().detach().clone()}
    how = {"seed": seed, "metrics": looks, "every": at, "progress": False}
    return fit(model, lab.vectors(x), lab.STEPS, lab.BATCH, rate, **how).metrics["atoms"]


def with_atoms(found: Tensor) -> SparseAutoencoder:
    """The model of `lab.dense` with these atoms (atoms, 32)."""
    return SparseAutoencoder(DenseDictionary.from_atoms(found), Unrolled(TopK(lab.ACTIVE), steps=5))


def order(found: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and signs that put atoms (atoms, 32) in the order of the place at which each is most like the concept."""
    hidden = lab.atoms(lab.true())
    place = (found @ hidden.T).abs().argmax(1)
    sign = (found @ hidden.T).gather(1, place[:, None]).sign()
    return place.argsort(stable=True), sign


def table(found: Sequence[Tensor], titles: Sequence[str], like: Sequence[Tensor] | None = None) -> Figure:
    """Atoms as rows of grey, in the order of their places; `like`: the atoms whose order and signs are taken."""
    with plots.style():
        figure, panels = plt.subplots(
            1, len(found), figsize=(2.1 * len(found), 2.5), squeeze=False, layout="constrained"
        )
    for panel, atoms, title, other in zip(panels[0], found, titles, like or found, strict=True):
        rows, sign = order(other)
        panel.imshow((sign * atoms)[rows], cmap="gray_r", vmin=-0.6, vmax=0.6, aspect="auto")
        panel.set(title=title, xticks=[], yticks=[], xlabel="node")
    panels[0, 0].set_ylabel("atom")
    return figure


def worth() -> Figure:
    """The cosine with the concept over the number of functions, for both models: mean and range over the seeds."""
    names = {"conv": "convolution built in", "dense": "no grid"}
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    for (model, counts), mark in zip(samples.COUNTS.items(), "os", strict=True):
        each = torch.tensor(
            [stored("emergence_samples", "cosine", {"run": f"{model}, {count}"}).each for count in counts]
        )
        panel.plot(counts, each.mean(1), marker=mark, label=names[model])
        panel.fill_between(counts, each.amin(1), each.amax(1), alpha=0.2)
    panel.set(xscale="log", xlabel="functions", ylabel="cosine with the concept")
    panel.legend(loc="lower right")
    return figure


def alignments(runs: Sequence[str]) -> Figure:
    """The six alignments of the operator over the steps, and by chance at the end (dotted): means over layers."""
    with plots.style():
        figure, rows = plt.subplots(
            len(runs),
            2,
            figsize=(4.4, 2 * len(runs) + 0.6),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
    for row, run in zip(rows, runs, strict=True):
        for panel, side in zip(row, ("before", "after"), strict=True):
            for (pair, name), mark in zip(NAMES.items(), "os^", strict=True):
                mean = [stored("emergence_operators", f"{side} {pair} {step}", {"run": run}).mean for step in STOPS]
                (line,) = panel.plot(STOPS, mean, marker=mark, markersize=4, label=name)
                chance = stored("emergence_operators", f"{side} {pair} chance", {"run": run}).mean
                panel.plot(STOPS[-2:], [chance] * 2, color=line.get_color(), marker=mark, markersize=4, linestyle=":")
            panel.set(ylim=(-0.05, 1.02), xticks=[0, 300, 600])
        row[0].set_ylabel(run)
    rows[0, 0].set_title("before the layer")
    rows[0, 1].set_title("after it")
    for panel in rows[-1]:
        panel.set_xlabel("step")
    handles, labels = rows[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    return figure
