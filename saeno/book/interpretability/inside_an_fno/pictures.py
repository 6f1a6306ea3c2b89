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
LOOK = {
    "SAE-FNO": (plots.FOUND, "o", "-"),
    "L-SAE-FNO": ("#56b4e9", "s", "--"),
    "SAE-CNN": ("#009e73", "^", "-."),
    "per point": (plots.INK, "P", "-"),
    "untrained FNO": (plots.FOURTH, "X", ":"),
    "frozen encoder": (plots.TRUE, "D", "--"),
    "frozen dictionary": ("#d55e00", "v", ":"),
    "channel PCA": (GREY, "h", "-."),
}
AT_EIGHT = {kind: f"{kind}, {1 if kind == 'per point' else 8}" for kind in LOOK} | {"channels": "channels, 0"}


def pairs(u: Tensor, truth: Tensor, made: Mapping[str, Tensor]) -> Figure:
    """A function before and after, `(n,)` each, and what operators make of it."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    x = torch.arange(len(u)) / len(u)
    panel.plot(x, u, ":", color=GREY, label="u(x, 0)")
    panel.plot(x, truth, "-", color=plots.TRUE, linewidth=5, alpha=0.6, label="u(x, T)")
    for (name, values), line in zip(made.items(), ["--", "-"], strict=False):
        panel.plot(x, values, line, color=plots.INK if line == "--" else plots.FOUND, label=name)
    panel.set(xlabel="x")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def spectra(power: Mapping[str, Tensor], modes: int) -> Figure:
    """The energy of each layer at each frequency, over all of it; the vertical line is the last mode of a kernel."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3), layout="constrained")
    for (name, values), line in zip(power.items(), ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))], strict=True):
        panel.semilogy(values / values.sum(), linestyle=line, label=name)
    panel.axvline(modes, color=GREY, linewidth=1)
    panel.set(xlabel="frequency", ylabel="share of energy", ylim=(1e-8, 1), xlim=(0, 50))
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def taken_apart(u: Tensor, layer: Tensor, rebuilt: Tensor, places: Sequence[int], concepts: Sequence[int]) -> Figure:
    """A function before and after `(2, n)` with marks where events are; the layer `(channels, n)`, and the rebuilt."""
    with plots.style():
        figure, panels = plt.subplots(3, 1, figsize=(4.2, 4.6), layout="constrained", height_ratios=[1.4, 1, 1])
    x = torch.arange(u.shape[1]) / u.shape[1]
    panels[0].plot(x, u[0], ":", color=GREY)
    panels[0].plot(x, u[1], "-", color=plots.INK)
    for place, concept in zip(places, concepts, strict=True):
        panels[0].plot(x[place], -3.1, "^", color=plots.FOUND)
        panels[0].annotate(str(concept), (x[place], -2.9), ha="center", va="bottom", fontsize=8, color=plots.FOUND)
    panels[0].set(xlim=(0, 1), ylim=(-3.5, 3), xticks=[], title="u before (dotted) and after; events")
    most = layer.abs().max()
    for panel, image, title in zip(panels[1:], (layer, rebuilt), ("the layer", "rebuilt"), strict=True):
        panel.imshow(image, cmap="RdBu", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
        panel.set(title=title, xticks=[], yticks=[], ylabel="channels")
    return figure


def curves(kinds: Sequence[str]) -> Figure:
    """FVU over active codes, with the range over the seeds, as stored."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 4.4), layout="constrained")
    for kind in kinds:
        colour, mark, line = LOOK[kind]
        found = [one for k in (2, 4, 8, 16) if (one := _seeds(f"{kind}, {k}", "fvu"))]
        codes = [2, 4, 8, 16][: len(found)]
        if kind == "per point":
            codes, found = [8, 32, 128, 256], [_seeds(f"{kind}, {k}", "fvu") for k in ("0.0625", "0.25", 1, 2)]
        each = torch.tensor(found)
        panel.plot(codes, each.mean(1), mark, linestyle=line, color=colour, label=kind, markersize=5)
        panel.fill_between(codes, each.amin(1), each.amax(1), color=colour, alpha=0.2, linewidth=0)
    panel.set(xscale="log", yscale="log", xlabel="active codes of a function", ylabel="FVU")
    panel.set_xticks([2, 8, 32, 128], ["2", "8", "32", "128"])
    panel.set_xticks([], minor=True)
    panel.set_yticks([0.01, 0.03, 0.1, 0.3, 1], ["0.01", "0.03", "0.1", "0.3", "1"])
    panel.set_yticks([], minor=True)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def _seeds(run: str, value: str) -> tuple[float, ...]:
    try:
        return stored("inside_an_fno", value, {"run": run}).each
    except KeyError:  # a model that was not trained with so many events
        return ()


def meaning(kinds: Sequence[str]) -> Figure:
    """F1 of the best map for each kind of event: a dot for each seed, and a bar from 0 to the larger of two nulls."""
    titles = {"shocks": "shocks, u(x, T)", "gradients": "steep places, u(x, 0)", "signs": "sign changes, u(x, T)"}
    with plots.style():
        figure, panels = plt.subplots(3, 1, figsize=(4.2, 6.6), layout="constrained", sharex=True)
    for panel, (event, title) in zip(panels, titles.items(), strict=True):
        for i, kind in enumerate(kinds):
            each = torch.tensor(_seeds(AT_EIGHT[kind], event))
            null = torch.tensor([_seeds(AT_EIGHT[kind], f"{event}_{name}") for name in ("shifted", "permuted")])
            panel.barh(i, null.mean(1).max(), color="0.85", height=0.8)
            panel.plot(each, [i] * len(each), LOOK.get(kind, (plots.INK, "*", "-"))[1], color=plots.FOUND, markersize=5)
        panel.set(title=title, ylim=(len(kinds) - 0.4, -0.6))
        panel.set_yticks(range(len(kinds)), kinds)
    panels[-1].set(xlabel="F1 on held-out functions")
    return figure


def agreement(rows: Mapping[str, str]) -> Figure:
    """Mean cosine of matched maps, a dot for each seed: what is compared → its name in the experiment."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 2.8), layout="constrained")
    for i, name in enumerate(rows.values()):
        each = stored("inside_an_fno_agreement", f"maps_{name}", {}).each
        panel.plot(each, [i] * len(each), "o", color=plots.FOUND, fillstyle="none" if name == "chance" else "full")
    panel.set_yticks(range(len(rows)), list(rows))
    panel.set(xlabel="cosine of matched maps", xlim=(0, None), ylim=(len(rows) - 0.5, -0.5))
    return figure


def noticed(kinds: Sequence[str]) -> Figure:
    """The error of the operator with the layer replaced, over the FVU of the layer; a point for each seed."""
    with plots.style():
        figure, panel = plt.subplots(figsize=(4.2, 3.6), layout="constrained")
    for kind in kinds:
        colour, mark, _ = LOOK[kind]
        panel.plot(_seeds(AT_EIGHT[kind], "fvu"), _seeds(AT_EIGHT[kind], "error"), mark, color=colour, label=kind)
    panel.set(xlabel="FVU of the layer", ylabel="error of the output", xlim=(0, None), ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=2)
    return figure
