"""What the chapter on Fourier neural operators draws. Pictures are narrow, so that they can be read on a phone."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from saeno import plots


def kernels(matrices: Mapping[str, Tensor], f: Tensor) -> Figure:
    """A row for each matrix `(n, n)`: on the left itself, on the right f `(n,)` and what it makes of f, at height 1."""
    with plots.style():
        figure, rows = plt.subplots(len(matrices), 2, figsize=(4.2, 5.6), layout="constrained")
    u = torch.arange(len(f)) / len(f)
    for (name, matrix), (left, right) in zip(matrices.items(), rows, strict=True):
        after = matrix @ f
        left.imshow(matrix.numpy(), cmap="cividis")
        left.set(title=name, xlabel="v", ylabel="u", xticks=[], yticks=[])
        right.plot(u, f, color=plots.QUIET, label="before")
        right.plot(u, after / after.abs().max(), label="after")
        right.set(xlabel="position", ylim=(-1.1, 1.1), yticks=[-1, 0, 1])
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def changes(atoms: Mapping[str, Mapping[str, Tensor]], step: int) -> Figure:
    """What training has added to an atom up to a step: a panel for each optimiser, a curve for each of its paths.

    atoms: optimiser → coordinates → values `(steps, n)`. The vertical axes follow the curves.
    """
    with plots.style():
        figure, panels = plt.subplots(len(atoms), 1, figsize=(4.2, 4.4), sharex=True)
    for panel, (optimizer, paths) in zip(panels, atoms.items(), strict=True):
        for name, path in paths.items():
            panel.plot(torch.arange(path.shape[1]) / path.shape[1], path[step] - path[0], label=name)
        top = max(map(abs, panel.get_ylim()))
        panel.set(title=optimizer, ylim=(-top, top))
    panel.set(xlabel="position")
    figure.legend(*panel.get_legend_handles_labels(), loc="lower center", ncols=3)
    figure.subplots_adjust(left=0.17, right=0.98, top=0.94, bottom=0.19)
    return figure


def distances(paths: Mapping[str, tuple[Tensor, Tensor]]) -> Figure:
    """How far one path of taps is from the other, over the norm of the other, at every step."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    for (name, pair), look in zip(paths.items(), ("-", "--"), strict=False):
        a, b = (path.flatten(1) for path in pair)
        gap = (a - b).norm(dim=1) / b.norm(dim=1)
        panel.semilogy(gap.clamp(min=1e-17), look, label=name)
    panel.set(xlabel="step", ylabel="distance", ylim=(1e-18, 100))
    panel.legend(loc="center right")
    return figure
