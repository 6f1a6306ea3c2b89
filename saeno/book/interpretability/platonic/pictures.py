"""What the chapter draws. Pictures are narrow, so that they can be read on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from saeno import plots
from saeno.book.record import stored

GREY = "0.6"
MARKS = ((plots.FOUND, "o", "full"), (plots.TRUE, "s", "none"), ("#009e73", "^", "full"), (plots.FOURTH, "D", "none"))


def answers(u: Tensor, truth: Tensor, made: Mapping[str, Tensor]) -> Figure:
    """A function before and after, `(n,)` each, and what networks make of it."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    x = torch.arange(len(u)) / len(u)
    panel.plot(x, u, ":", color=GREY, label="u(x, 0)")
    panel.plot(x, truth, "-", color=plots.TRUE, linewidth=6, alpha=0.5, label="u(x, T)")
    looks = (("-", plots.INK), ("--", plots.FOUND), ("-.", "#d55e00"))
    for (name, values), (line, colour) in zip(made.items(), looks, strict=False):
        panel.plot(x, values, line, color=colour, label=name)
    panel.set(xlabel="x")
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def tables(score: Tensor, rows: Sequence[str], columns: Sequence[str], title: str) -> Figure:
    """A score, 0 to 1, of each layer of one network with each of another: `(rows, columns)`."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
    panel.imshow(score, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, row in enumerate(score.tolist()):
        for j, value in enumerate(row):
            panel.text(j, i, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.55 else "black")
    panel.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
    panel.set_yticks(range(len(rows)), rows)
    panel.set(title=title)
    return figure


def dots(series: Mapping[str, Mapping[str, Sequence[float]]], label: str, least: float | None = 0.0) -> Figure:
    """A mark for each seed: what is compared → row → values. Series lie a little above one another."""
    names = list(next(iter(series.values())))
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 1 + 0.3 * len(names)), layout="constrained")
    for s, ((name, rows), (colour, mark, fill)) in enumerate(zip(series.items(), MARKS, strict=False)):
        for i, each in enumerate(rows.values()):
            place = i + 0.22 * (s - (len(series) - 1) / 2)
            panel.plot(
                each,
                [place] * len(each),
                mark,
                color=colour,
                fillstyle=fill,
                markersize=4.5,
                label=name if i == 0 else None,
            )
    panel.set_yticks(range(len(names)), names)
    panel.set(xlabel=label, xlim=(least, None), ylim=(len(names) - 0.5, -0.5))
    panel.grid(axis="y", color="0.9")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def each(experiment: str, value: str, **settings: str) -> tuple[float, ...]:
    """The stored values of all seeds."""
    return stored(experiment, value, settings).each
