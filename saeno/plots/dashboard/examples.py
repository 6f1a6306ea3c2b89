"""The signals in which concepts are largest, and where in them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saeno.plots.dashboard.packing import numbers, packed, thinned
from saeno.plots.dashboard.portraits import as_picture
from saeno.plots.dashboard.rows import Rows
from saeno.plots.dashboard.survey import Survey


def examples_of(rows: Rows, seen: Survey, atoms: Tensor, shape: tuple[int, ...] | None, most: int) -> dict[str, Any]:
    """The signals in which concepts are largest, in the channel where the atom is strongest, each picture once."""
    channel = atoms.flatten(2).square().sum(2).argmax(1).tolist()
    wanted = [(i, c) for found, c in zip(seen.inputs.tolist(), channel, strict=True) for i in found if i >= 0]
    pool = {pair: place for place, pair in enumerate(sorted(set(wanted)))}
    pictures, todo = [], list(pool)
    while todo:  # few at a time, since a signal may have many channels
        some, todo = todo[: rows.batch], todo[rows.batch :]
        signals = as_picture(rows.take([i for i, _ in some]), shape)
        pictures.append(signals[torch.arange(len(some)), [c for _, c in some]].cpu())
    none = torch.zeros(0, *atoms.shape[2:])
    pictures = thinned(torch.cat(pictures or [none]), atoms.dim() - 2, most)
    nodes = seen.places.tolist()
    return {
        "channel": channel,
        "picture": packed(pictures, most),
        "of": [
            [
                [i, pool[i, c], *_on_torus(node, seen.grid), mass]
                for i, node, mass in zip(found, places, best, strict=True)
                if i >= 0
            ]
            for found, c, places, best in zip(seen.inputs.tolist(), channel, nodes, numbers(seen.best), strict=True)
        ],
    }


def _on_torus(node: int, grid: tuple[int, ...]) -> list[float]:
    """The place of a flattened node, in [0, 1) on each axis."""
    found = []
    for n in reversed(grid):
        found.append(round(node % n / n, 6))
        node //= n
    return found[::-1]
