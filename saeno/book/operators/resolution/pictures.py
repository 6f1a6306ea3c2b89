"""Codes on several grids, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from saeno.dictionaries import Dictionary

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_codes(x: Tensor, models: dict[str, Dictionary], codes: list[Tensor]) -> Figure:
    """A signal with the reconstructions of two models above their codes."""
    from matplotlib import pyplot as plt

    from saeno import plots

    u = torch.arange(x.shape[-1]) / x.shape[-1]
    with plots.style():
        figure, parts = plt.subplots(3, 1, figsize=(4.8, 4), sharex=True)
    parts[0].plot(u, x[0, 0], "-", color=plots.TRUE, lw=3)
    for part, (name, model), code, color in zip(
        parts[1:], models.items(), codes, (plots.FOUND, plots.INK), strict=True
    ):
        parts[0].plot(u, model.synthesis(code)[0, 0], "-", lw=1, color=color)
        part.plot(u, code[0].T, "-", lw=1)
        part.set(ylim=(0, 45), ylabel=name)
    parts[0].set(xlim=(0, 1), ylim=(-9, 9), ylabel="signal")
    parts[2].set(xlabel="position")
    figure.subplots_adjust(left=0.13, right=0.97, top=0.98, bottom=0.12)
    return figure


def draw_over(code: Tensor, old: Tensor) -> Figure:
    """A code over that on the grid of training, both summed over concepts."""
    from matplotlib import pyplot as plt

    from saeno import plots

    with plots.style():
        figure, part = plt.subplots(figsize=(4.8, 2.4), layout="constrained")
    for value, look in ((old, {"color": plots.TRUE, "lw": 3}), (code, {"color": plots.FOUND})):
        part.plot(torch.arange(value.shape[-1]) / value.shape[-1], value[0].sum(0), "-", **look)
    part.set(xlim=(0, 1), xlabel="position", ylabel="all concepts")
    return figure
