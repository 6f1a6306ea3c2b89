"""Pictures of training, over seeds, and of where recovery succeeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from saeno.checks import expect, instance, row, short, tensor
from saeno.plots.canvas import FOUND, INK, NARROW, TRUE, panels, style
from saeno.training import History


def learning_curve(history: History, *metrics: str, axes: Sequence[Axes] | None = None) -> Figure:
    """The loss of every step, on a logarithmic axis, and a panel for each of `metrics`, names in `history.metrics`.

    A metric with one value per atom is drawn as one line per atom, and their mean. Raises ValueError for a name that
    is not there.
    """
    instance(history, History, "history", "that of fit")
    for name in metrics:
        expect(
            isinstance(name, str) and name in history.metrics,
            f"metrics: {name!r} was not measured, only {sorted(history.metrics)}",
        )
    loss = history.loss.detach().cpu().numpy()
    window = max(1, len(loss) // 50)
    mean = np.convolve(loss, np.ones(window) / window, "valid")
    count = 1 + len(metrics)
    single = {"color": TRUE, "linewidth": 0.8, "linestyle": "-"}
    with style():
        figure, axes = panels(count, axes, count, 1.7, above=0.15, below=0.5, left=0.7, gap=0.75)
        axes[0].plot(loss, **single, label="each step")
        axes[0].plot(np.arange(len(mean)) + (window - 1) / 2, mean, color=FOUND, label=f"mean of {window}")
        axes[0].set(yscale="log", ylabel="loss")
        if not metrics:  # beside others the panel is too narrow for it
            axes[0].legend()
        for panel, name in zip(axes[1:], metrics, strict=True):
            values = np.array([np.asarray(value, dtype=float).ravel() for value in history.metrics[name]])
            if values.shape[1] > 1:
                panel.plot(history.measured, values, **single)
            panel.plot(history.measured, values.mean(1), color=FOUND, marker="o", markersize=3, linestyle="-")
            panel.set(ylabel=name)
        for panel in axes:
            panel.set(xlabel="step")
    return figure


def spread(
    curves: dict[str, Tensor], steps: Sequence[float] | None = None, ylabel: str = "", axes: Axes | None = None
) -> Figure:
    """Curves of several seeds: for each name the mean, and a band from the smallest to the largest.

    curves: name → values `(seeds, steps)`. steps: their place on the axis, 0, 1, … when None. Raises ValueError for
    another shape, and for one seed, which has no spread.
    """
    instance(curves, Mapping, "curves", '{"TopK": losses}')
    expect(isinstance(ylabel, str), f"ylabel: {short(ylabel)}; should be a text")
    expect(len(curves) > 0, "curves: empty; should be name → values (seeds, steps)")
    form = "(two or more seeds, steps)"
    curves = {name: tensor(values, f"curves[{name!r}]", form, (2, 2)) for name, values in curves.items()}
    for name, values in curves.items():
        expect(len(values) > 1, f"curves: {name!r} has shape {tuple(values.shape)}; should be {form}")
        if steps is not None:
            row(steps, "steps", f"a finite number for each of the {values.shape[1]} values", values.shape[1])
    with style():
        figure, (panel,) = panels(1, axes, 1, 2.2, above=0.15, below=0.5, left=0.7)
        for name, values in curves.items():
            values = values.detach().cpu().double()
            place = np.arange(values.shape[1]) if steps is None else np.asarray(steps)
            (line,) = panel.plot(place, values.mean(0), label=f"{name} ({len(values)} seeds)")
            panel.fill_between(place, values.amin(0), values.amax(0), color=line.get_color(), alpha=0.2, linewidth=0)
        panel.set(xlabel="step", ylabel=ylabel)
        panel.legend()
    return figure


def phase_diagram(
    success: Tensor,
    rows: Sequence[float],
    columns: Sequence[float],
    labels: tuple[str, str] = ("rows", "columns"),
    axes: Axes | None = None,
) -> Figure:
    """Where recovery succeeds: a share from 0 to 1 for each pair of two parameters, dark where it does.

    success: `(rows, columns)`; the first row is at the bottom. rows, columns: the values of the two parameters.
    labels: their names. The line is where half succeed. Raises ValueError for another shape, or a share outside [0, 1].
    """
    success = tensor(success, "success", "(rows, columns)", (2, 2))
    rows, columns = _ordered(rows, "rows"), _ordered(columns, "columns")
    expect(
        isinstance(labels, tuple | list) and len(labels) == 2 and all(isinstance(label, str) for label in labels),
        f"labels: {short(labels)}; should be two texts",
    )
    shape = (len(rows), len(columns))
    expect(tuple(success.shape) == shape, f"success: shape {tuple(success.shape)}; should be (rows, columns) = {shape}")
    share = success.detach().cpu().numpy()
    expect(share.min() >= 0 and share.max() <= 1, f"success: from {share.min()} to {share.max()}; should be shares")
    with style():
        figure, (panel,) = panels(1, axes, 1, 2.8, above=0.15, below=0.5, left=0.7, width=NARROW)
        picture = panel.pcolormesh(columns, rows, share, vmin=0, vmax=1, shading="nearest")
        if share.min() < 0.5 < share.max():
            panel.contour(columns, rows, share, [0.5], colors=INK, linewidths=1.6)
        panel.set(xlabel=labels[1], ylabel=labels[0])
        figure.colorbar(picture, ax=panel, ticks=[0, 0.5, 1], label="share recovered")
    return figure


def _ordered(values: Sequence[float], name: str) -> np.ndarray:
    """The values of a parameter: cells stand side by side only in order."""
    found = row(values, name, "finite numbers, increasing or decreasing")
    apart = np.diff(found)
    expect(len(found) > 0 and (np.all(apart > 0) or np.all(apart < 0)), f"{name} = {short(values)}: should be in order")
    return found
