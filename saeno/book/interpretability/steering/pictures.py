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
RUNGS = {
    "white": "white noise",
    "band": "band-limited noise",
    "rotated": "channels rotated",
    "channel": "a raw channel",
    "scrambled": "phases, each channel",
    "phases": "phases, all alike",
    "other": "another concept",
    "place": "a wrong place",
    "component": "first component",
    "toward": "toward another input",
    "covariance": "Gaussian, covariance",
    "means": "difference of means",
}
MARKS = {
    "SAE-FNO": ("o", plots.FOUND),
    "frozen dictionary": ("v", plots.TRUE),
    "frozen encoder": ("D", "#009e73"),
    "channel PCA": ("h", GREY),
    "untrained FNO": ("X", plots.FOURTH),
}


def seeds(run: str, value: str) -> tuple[float, ...]:
    """What is stored of a run, one number for each operator."""
    return stored("steering", value, {"run": run}).each


def steered(layers: Tensor, outputs: Tensor, dose: float, place: float) -> Figure:
    """A layer before and after `(2, channels, n)`, and the outputs `(2, n)`; the mark is where the concept is."""
    with plots.style():
        figure, panels = plt.subplots(3, 1, figsize=(4.2, 4.6), layout="constrained", height_ratios=[1, 1, 1.5])
    x, most = torch.arange(outputs.shape[1]) / outputs.shape[1], layers.abs().max()
    for panel, image, title in zip(panels, layers, ("the layer", f"the layer, dose {dose:g}"), strict=False):
        panel.imshow(image, cmap="RdBu", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
        panel.set(title=title, xticks=[], yticks=[], ylabel="channels")
    panels[2].plot(x, outputs[0], ":", color=plots.INK, label="as it is")
    panels[2].plot(x, outputs[1], "-", color=plots.FOUND, label="steered")
    panels[2].plot(place, -3.3, "^", color=plots.INK)
    panels[2].set(xlim=(0, 1), ylim=(-3.6, 3.6), xlabel="x", title="the output")
    panels[2].legend(loc="upper right", ncols=2)
    return figure


def acts(outputs: Mapping[str, Tensor], own: Tensor, places: Mapping[str, float]) -> Figure:
    """What four acts make of an output `(n,)`, each in a panel with the output as it is, and a mark for its place."""
    with plots.style():
        figure, panels = plt.subplots(2, 2, figsize=(4.6, 3.6), layout="constrained", sharex=True, sharey=True)
    x = torch.arange(len(own)) / len(own)
    for panel, (name, made) in zip(panels.flat, outputs.items(), strict=True):
        panel.plot(x, own, ":", color=plots.INK)
        panel.plot(x, made, "-", color=plots.FOUND)
        panel.plot(places[name], -3, "^", color=plots.INK)
        panel.set(title=name, xlim=(0, 1), ylim=(-3.3, 3.3))
    return figure


def ladder(run: str = "SAE-FNO") -> Figure:
    """The effect of a concept over that of each rival of its size: a mark for each operator."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.4, 4), layout="constrained")
    for i, name in enumerate(RUNGS):
        each = seeds(run, f"over_{name}")
        panel.plot(each, [i] * len(each), "o", color=plots.FOUND, markersize=5)
    panel.axvline(1, color=GREY, linewidth=1)
    panel.set(xscale="log", xlabel="effect of the concept / effect of the rival", ylim=(len(RUNGS) - 0.5, -0.5))
    panel.set_yticks(range(len(RUNGS)), list(RUNGS.values()))
    panel.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
    panel.set_xticks([], minor=True)
    return figure


def controls(names: Sequence[str] = ("white", "band", "place", "toward")) -> Figure:
    """The same ratios for concepts of the controls, mean over the operators, in rows of marks."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.4, 3.2), layout="constrained")
    for kind, (mark, colour) in MARKS.items():
        means = [torch.tensor(seeds(kind, f"over_{name}")).mean() for name in names]
        panel.plot(means, range(len(names)), mark, color=colour, label=kind, markersize=6)
    panel.axvline(1, color=GREY, linewidth=1)
    panel.set(xscale="log", xlabel="effect of the concept / effect of the rival", ylim=(len(names) - 0.5, -0.5))
    panel.set_yticks(range(len(names)), [RUNGS[name] for name in names])
    panel.set_xticks([0.25, 0.5, 1, 2, 4, 8, 16], ["1/4", "1/2", "1", "2", "4", "8", "16"])
    panel.set_xticks([], minor=True)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def doses(doses: Sequence[float]) -> Figure:
    """The change of the output over the dose, of a concept and of a fixed random function; bands over operators."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    for name, mark, colour, label in (("", "o", plots.FOUND, "concept"), ("_random", "s", GREY, "random function")):
        each = torch.tensor([seeds("SAE-FNO", f"dose{name}_{dose:g}") for dose in doses])
        at, middle = [*doses, 1.0], [*each.mean(1).tolist(), 0.0]
        order = sorted(range(len(at)), key=lambda i: at[i])
        panel.plot([at[i] for i in order], [middle[i] for i in order], f"{mark}-", color=colour, label=label)
        panel.fill_between(doses, each.amin(1), each.amax(1), color=colour, alpha=0.2, linewidth=0)
    panel.set(xlabel="dose of the concept (1: as it is)", ylabel="change of the output", ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def layers(runs: Mapping[int, str]) -> Figure:
    """Consistency and locality over the layers, of concepts, of fixed random functions, and by chance."""
    titles = {"alike": "cosine of two inputs' effects", "local": "share in a window of 21 %"}
    with plots.style():
        figure, panels = plt.subplots(2, 1, figsize=(4.2, 4.4), layout="constrained", sharex=True)
    looks = {"": ("o-", plots.FOUND, "concept"), "_random": ("s--", plots.TRUE, "random function")}
    looks["_chance"] = ("x:", GREY, "chance")
    for panel, (value, title) in zip(panels, titles.items(), strict=True):
        for name, (look, colour, label) in looks.items():
            each = torch.tensor([seeds(run, f"{value}{name}") for run in runs.values()])
            panel.plot(list(runs), each.mean(1), look, color=colour, label=label if panel is panels[0] else None)
            panel.fill_between(list(runs), each.amin(1), each.amax(1), color=colour, alpha=0.2, linewidth=0)
        panel.set(title=title)
    panels[1].set(xlabel="layer")
    panels[1].set_xticks(list(runs))
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def faithful(counts: Sequence[int]) -> Figure:
    """The change of the output over the FVU, with so many events; a mark for each operator, lines through the means."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
    for run, mark, colour in (("SAE-FNO", "o-", plots.FOUND), ("output-aware", "s--", plots.TRUE)):
        both = torch.tensor([[seeds(run, f"{value}{k}") for k in counts] for value in ("fvu", "change")])
        panel.plot(*both.mean(2), mark, color=colour, label=run)
        panel.plot(*both.flatten(1), mark[0], color=colour, markersize=3, alpha=0.5)
    panel.set(xscale="log", yscale="log", xlabel="FVU of the layer", ylabel="change of the output")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_ticks([0.02, 0.05, 0.1, 0.2, 0.4], ["0.02", "0.05", "0.1", "0.2", "0.4"])
        axis.set_ticks([], minor=True)
    figure.legend(loc="outside upper center", ncols=2)
    return figure
