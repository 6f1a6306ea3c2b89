"""Pictures of codes, and of a signal on its way through a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from saeno.autoencoder import SparseAutoencoder
from saeno.checks import expect, instance, tensor
from saeno.grids import as_grid
from saeno.plots.canvas import FOUND, INK, NARROW, QUIET, TRUE, draw_image, panels, style


def codes(code: Tensor, truth: Tensor | None = None, axes: Axes | None = None) -> Figure:
    """The code of one signal, `(concepts, n)`: a row for each concept, and in it a spike for each mass at its position.

    All rows have the same scale. truth: a true code of that form, perhaps on another grid, drawn behind.
    Raises ValueError for another shape.
    """
    given = {"code": code} if truth is None else {"truth": truth, "code": code}
    given = {
        name: tensor(value, name, "the code of one signal, (concepts, n)", (2, 2)) for name, value in given.items()
    }
    # Masses, not densities, so that codes on two grids have one scale.
    masses = {name: value.detach().cpu().numpy() / value.shape[1] for name, value in given.items()}
    room = 0.4 if min(mass.min() for mass in masses.values()) < 0 else 0.75
    scale = room / max(abs(mass).max() or 1.0 for mass in masses.values())
    looks = {"truth": {"color": TRUE, "linewidth": 5}, "code": {"color": FOUND, "linewidth": 1.6}}
    labels = {"truth": "true", "code": "found"}
    rows = max(len(mass) for mass in masses.values())
    with style():
        figure, (panel,) = panels(1, axes, 1, 0.36 * rows, above=0.3, below=0.45, left=0.5)
        panel.hlines(range(rows), 0, 1, color=QUIET, linewidth=0.4)
        for name, mass in masses.items():
            row, node = np.nonzero(mass)
            position, tip = node / mass.shape[1], row - scale * mass[row, node]
            panel.vlines(position, row, tip, **looks[name])
            size = 6 * looks[name]["linewidth"] + 6
            panel.scatter(position, tip, size, looks[name]["color"], label=labels[name], linewidth=0, zorder=2)
        panel.set(xlim=(-0.01, 1.01), ylim=(rows - 1 + max(room - 0.3, 0.2), -0.9), yticks=range(rows))
        panel.set(xlabel="position", ylabel="concept")
        panel.spines["left"].set_visible(False)
        panel.tick_params("y", length=0)
        if truth is not None:
            panel.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0, borderaxespad=0.1)
    return figure


def masses(code: Tensor, truth: Tensor | None = None, axes: Axes | None = None) -> Figure:
    """The code of one vector, `(concepts,)`, as a bar for each atom. truth: a true code, drawn wide and light behind.

    The scale is that of the truth, where given, so that pictures of several codes can be compared. Raises ValueError
    for another shape.
    """
    given = {"truth": truth, "code": code} if truth is not None else {"code": code}
    looks = {"truth": {"color": TRUE, "linewidth": 5}, "code": {"color": FOUND, "linewidth": 1.6}}
    form = "the code of one vector, (concepts,)"
    given = {name: tensor(value, name, form, (1, 1)) for name, value in given.items()}
    with style():
        figure, (panel,) = panels(1, axes, 1, 1.5, above=0.3, below=0.5, left=0.7, width=NARROW)
        for name, value in given.items():
            panel.vlines(np.arange(len(value)), 0, value.detach().cpu().numpy(), **looks[name])
        limit = 1.3 * (next(iter(given.values())).abs().max().item() or 1.0)
        panel.set(xlabel="atom", ylabel="mass", ylim=(-limit, limit))
    return figure


def passage(model: SparseAutoencoder, signal: Tensor, shape: Sequence[int] | None = None) -> Figure:
    """One signal on its way through a model of vectors: x, its analysis Dᵀx, its code z, and the reconstruction D z.

    signal: `(channels,)`. shape: `(height, width)` of the image that the channels are, drawn as stems when None.
    Raises ValueError for a signal that is not one vector.
    """
    instance(model, SparseAutoencoder, "model", "SparseAutoencoder(DenseDictionary(64, 128), OneStep(TopK(5)))")
    signal = tensor(signal, "signal", "one vector, (channels,)", (1, 1))
    if shape is not None:
        shape = as_grid(shape, name="shape")
        fits = len(shape) == 2 and shape[0] * shape[1] == len(signal)
        expect(fits, f"shape: {shape}; should be (height, width), with as many pixels as channels, {len(signal)}")
    with torch.no_grad():
        reconstruction, code = (value[0].cpu() for value in model(signal[None]))
        masses = model.dictionary.analysis(model.centred(signal[None]))[0].cpu()
    signal = signal.detach().cpu()
    limit = signal.abs().max().item()
    titles = ["signal $x$", "analysis $D^{T}x$", "code $z$", "synthesis $D z$"]
    with style():
        figure = plt.figure(figsize=(NARROW, 3.9))
        for place, (title, value) in enumerate(zip(titles, (signal, masses, code, reconstruction), strict=True)):
            row, column = divmod(place, 2)
            panel = figure.add_axes((0.05 + 0.5 * column, 0.53 - 0.5 * row, 0.4, 0.4))
            panel.set_title(title, color=INK)
            if place in (0, 3) and shape is not None:
                draw_image(panel, value.view(*shape), limit)
                continue
            entry = np.arange(len(value))
            panel.axvline(0, color=QUIET, linewidth=0.5)
            panel.hlines(entry, 0, value.numpy(), color=FOUND, linewidth=1.2)
            largest = 1.1 * max(masses.abs().max().item(), code.abs().max().item())
            panel.set(xlim=(-largest, largest), xticks=[], yticks=[], ylim=(len(value), -1))
            panel.spines[["left", "bottom"]].set_visible(False)
        for y, arrow in ((0.73, "→"), (0.48, "↙"), (0.23, "→")):
            figure.text(0.5, y, arrow, color=QUIET, ha="center", va="center", fontsize=14)
    return figure
