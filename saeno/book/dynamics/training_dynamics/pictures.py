"""What the chapter on training dynamics trains and draws, beside its experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from saeno import plots
from saeno.book import record
from saeno.book.dynamics.training_dynamics.lab import CONCEPTS, GRID, KINDS, MODELS, dictionary, nearest, train, truth
from saeno.book.dynamics.training_dynamics.main import LOOKS
from saeno.book.shared import unit

LOOK = {
    kind: {"color": color, "marker": mark, "markersize": 4}
    for kind, color, mark in (("SAE", plots.TRUE, "s"), ("SAE-CNN", plots.INK, "^"), ("SAE-FNO", plots.FOUND, "o"))
}


def watch(rates: Mapping[str, float], optimizer: str, seed: int, steps: Sequence[int]) -> dict[str, list[Tensor]]:
    """A of each model after these steps."""
    seen: dict[str, list[Tensor]] = {}
    for model in MODELS:
        kept: list[Tensor] = []

        def look(step: int, A: Tensor, kept: list[Tensor] = kept) -> None:
            if step in steps:
                kept.append(A)

        train(dictionary(model, seed), truth(seed), optimizer, rates[model], seed, max(steps), look)
        seen[model] = kept
    return seen


def found(A: Tensor, true: Tensor) -> list[float]:
    """The mean cosine of the shifts of each concept with their nearest atoms."""
    return nearest(A, true).unflatten(0, (CONCEPTS, GRID)).mean(1).tolist()


def truths(true: Tensor, signal: Tensor) -> Figure:
    """The concepts, in two channels, and signals made of two of them; all as vectors of 64 values."""
    shown = [*true[GRID // 2 :: GRID], *signal]
    with plots.style():
        figure, parts = plt.subplots(3, 2, figsize=(4.2, 3.8), sharex=True, layout="constrained")
    for i, (part, values) in enumerate(zip(parts.flat, shown, strict=True)):
        for channel, line in zip(values.view(2, GRID), ("-", "--"), strict=True):
            part.plot(torch.arange(GRID) / GRID, channel, line, color=plots.TRUE if i < CONCEPTS else plots.INK)
        part.set(title=KINDS[i] if i < CONCEPTS else f"signal {i - CONCEPTS + 1}", yticks=[])
    for part in parts[2]:
        part.set(xlabel="position")
    return figure


def forming(state: Mapping[str, Tensor], true: Tensor) -> Figure:
    """Of all six models the atom nearest to each concept (thin), on the concept (wide): two channels side by side."""
    with plots.style():
        figure, parts = plt.subplots(2, 3, figsize=(4.2, 3.8), sharex=True, sharey=True, layout="constrained")
    middle = unit(true)[GRID // 2 :: GRID]
    for part, (model, A) in zip(parts.flat, state.items(), strict=True):
        cosine = middle @ unit(A).T
        best = cosine.abs().argmax(1)
        for i in range(CONCEPTS):
            atom = cosine[i, best[i]].sign() * unit(A)[best[i]]
            _halves(part, middle[i], -0.9 * i, color=plots.TRUE, linewidth=2.5)
            _halves(part, atom, -0.9 * i, color=plots.FOUND, linewidth=1)
        part.set(title=f"{model}\n{sum(found(A, true)) / CONCEPTS:.2f}", xticks=[], yticks=[], ylim=(-3.3, 0.6))
    return figure


def _halves(part: Axes, values: Tensor, above: float, **how: object) -> None:
    for place, half in enumerate(values.view(2, GRID)):
        part.plot(torch.arange(GRID) + place * (GRID + 6), half + above, "-", **how)


def followed(optimizer: str, panels: Mapping[str, str], true: Mapping[str, float]) -> Figure:
    """Stored means over the steps, one panel for each number: dashed with a lift; wide lines are the truth."""
    entries = {entry["settings"]["run"]: entry["values"] for entry in record.load("training_dynamics")["measured"]}
    count = len(panels) // 2 + 1  # one place is left for the legend
    with plots.style():
        figure, parts = plt.subplots(count, 2, figsize=(4.8, 1.8 * count), layout="constrained")
    places, (*drawn, last) = range(len(LOOKS)), parts.flat
    for part, (name, title) in zip(drawn, panels.items(), strict=True):
        if name in true:
            part.axhline(true[name], color=plots.QUIET, linewidth=5, alpha=0.3)
        for model in MODELS:
            means = [entries[f"own, {optimizer}, {model}"][f"{name}_{step}"]["mean"] for step in LOOKS]
            line = "--" if model.startswith("L-") else "-"
            part.plot(places, means, line, label=model, linewidth=1.2, **LOOK[model.removeprefix("L-")])
        part.set(title=title, xticks=places[::3], xticklabels=LOOKS[::3])
    for part in drawn[-2:]:
        part.set(xlabel="step")
    last.axis("off")
    last.legend(*drawn[0].get_legend_handles_labels(), loc="center", frameon=False)
    return figure


def over_rates(optimizer: str) -> Figure:
    """Mean steps to the target over the rate: what `training_dynamics_rates` stored."""
    tried: dict[str, list[tuple[float, float]]] = {}
    for entry in record.load("training_dynamics_rates")["measured"]:
        kind, model, rate = entry["settings"]["run"].split(", ")
        if kind == optimizer and model in MODELS:
            tried.setdefault(model, []).append((float(rate), entry["values"]["steps"]["mean"]))
    with plots.style():
        figure, part = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
    for model in MODELS:
        line = "--" if model.startswith("L-") else "-"
        part.plot(*zip(*tried[model], strict=True), line, label=model, **LOOK[model.removeprefix("L-")])
    ticks = {"SGD": [0.25, 1, 4, 16], "Adam": [0.0025, 0.01, 0.04, 0.16, 0.64]}[optimizer]
    part.set(xscale="log", yscale="log", xlabel=f"rate of {optimizer}", ylabel="steps to the target")
    part.set_xticks(ticks, list(map(str, ticks)))
    part.set_yticks([4, 16, 64, 256], ["4", "16", "64", "256"])
    part.minorticks_off()
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def clocks(models: Sequence[str]) -> Figure:
    """Steps until a concept is found over its energy, as stored: geometric means, and the slope of the clock."""
    entries = {
        (entry["settings"]["model"], entry["settings"]["energies"]): entry["values"]
        for entry in record.load("training_dynamics_stages")["measured"]
    }
    energy = torch.tensor([2.0, 1.0, 0.5, 0.25])
    with plots.style():
        figure, part = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
    for model in models:
        each = [torch.tensor(entries[model, "unequal"][f"strong_{i}"]["each"]).log().mean().exp() for i in range(4)]
        line = "-" if model.endswith("SGD") else "--"
        part.plot(energy, each, line, label=model, **LOOK[model.split(", ")[0]])
    part.plot(energy, 10 * 2 / energy, ":", color=plots.QUIET, linewidth=4, alpha=0.5, label="1 / energy")
    part.set(xscale="log", yscale="log", xlabel="energy of the concept", ylabel="step at which it is found")
    part.set_xticks(energy.tolist(), ["2", "1", "1/2", "1/4"])
    part.set_yticks([4, 16, 64, 256], ["4", "16", "64", "256"])
    part.minorticks_off()
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure
