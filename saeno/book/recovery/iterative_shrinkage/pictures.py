"""What the chapter on iterative shrinkage draws, beside its experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from saeno import plots

Prox, Price = Callable[[Tensor, float], Tensor], Callable[[Tensor], Tensor]


def prices(kinds: Mapping[str, tuple[Prox, Price]], v: Tensor, level: float) -> Figure:
    """One row for each prox and its price: left, ½(z − v)² + level · price(z); right, the cheapest z for every v.

    Large dots are at the cheapest z for this v, and the ring at z = 0.
    """
    line = torch.linspace(-2.5, 2.5, 500, dtype=v.dtype)
    with plots.style():
        figure, rows = plt.subplots(3, 2, figsize=(4.2, 5.2), sharex=True, sharey="col", layout="constrained")
    for (cost, answer), (name, (prox, price)) in zip(rows, kinds.items(), strict=True):
        best = prox(v, level)
        cost.plot(line, (line - v) ** 2 / 2 + level * price(line))
        cost.plot(0, v**2 / 2, "o", color=plots.INK, fillstyle="none")
        cost.plot(best, (best - v) ** 2 / 2 + level * price(best), "o", color=plots.TRUE, markersize=9)
        cost.set(ylabel=name, ylim=(-0.2, 3))
        answer.plot(line, prox(line, level), ".", markersize=2)
        answer.plot(v, best, "o", color=plots.TRUE, markersize=9)
    rows[0, 0].set_title("cost of z")
    rows[0, 1].set_title("cheapest z")
    rows[2, 0].set_xlabel("z")
    rows[2, 1].set_xlabel("v")
    return figure
