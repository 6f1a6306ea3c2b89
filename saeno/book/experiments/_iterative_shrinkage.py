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
    """One column for each prox and its price: above, ½(z − v)² + level · price(z); below, the cheapest z for every v.

    Large dots are at the cheapest z for this v, and the ring at z = 0.
    """
    line = torch.linspace(-2.5, 2.5, 500, dtype=v.dtype)
    with plots.style():
        figure, rows = plt.subplots(2, 3, figsize=(6.4, 3.8), sharex=True, sharey="row", layout="constrained")
    for (top, low), (name, (prox, price)) in zip(rows.T, kinds.items(), strict=True):
        best = prox(v, level)
        top.plot(line, (line - v) ** 2 / 2 + level * price(line))
        top.plot(0, v**2 / 2, "o", color=plots.INK, fillstyle="none")
        top.plot(best, (best - v) ** 2 / 2 + level * price(best), "o", color=plots.TRUE, markersize=9)
        top.set(title=name, ylim=(-0.2, 3))
        low.plot(line, prox(line, level), ".", markersize=2)
        low.plot(v, best, "o", color=plots.TRUE, markersize=9)
        low.set(xlabel="z above, v below")
    rows[0, 0].set_ylabel("cost of z")
    rows[1, 0].set_ylabel("cheapest z")
    return figure
