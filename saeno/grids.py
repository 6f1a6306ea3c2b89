"""Grids of nodes on the unit torus, and the inner product on them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saeno.checks import in_row, is_whole
from saeno.units import wide

Grid = int | Sequence[int]


def as_grid(grid: Grid, axes: int | None = None, name: str = "grid") -> tuple[int, ...]:
    """A grid as a tuple of node counts: `as_grid(128) == (128,)`, `as_grid(()) == ()`.

    Raises ValueError when a count is not a positive whole number, or when `axes` is given and the grid has another
    number.
    """
    nodes = in_row(grid)
    if not all(is_whole(n) and n > 0 for n in nodes):
        raise ValueError(f"{name} = {grid!r}: should be positive whole numbers of nodes, one per axis")
    if axes is not None and len(nodes) != axes:
        raise ValueError(f"{name} = {grid!r} has {len(nodes)} axes: this dictionary needs {axes}")
    return tuple(int(n) for n in nodes)


def per_axis(value: Grid, name: str, least: int | None = None) -> tuple[int, ...]:
    """A whole number for each axis, from an int (one axis) or a tuple; at least `least` each, if that is given."""
    counts = in_row(value)
    if not counts or not all(is_whole(c) and (least is None or c >= least) for c in counts):
        bound = "" if least is None else f" ≥ {least}"
        raise ValueError(f"{name} = {value!r}: should be whole numbers{bound}, one per axis")
    return tuple(int(c) for c in counts)


def count_nodes(grid: Sequence[int]) -> int:
    """N, the number of nodes of a grid; 1 for vectors, whose grid is empty."""
    return int(torch.Size(grid).numel())


def inner(a: Tensor, b: Tensor) -> Tensor:
    """⟨a, b⟩ of each pair of the batch, `(batch,)`: the mean over the grid of the sum over channels or concepts."""
    return (wide(a).flatten(1) * wide(b).flatten(1)).sum(1) / count_nodes(a.shape[2:])
