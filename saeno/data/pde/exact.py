"""Heat and advection: two equations whose operator is known in Fourier, to check others by."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saeno.checks import instance, real, row, tensor, whole
from saeno.data.pde.chunks import Pairs, in_chunks
from saeno.data.pde.fourier import laplacian, waves
from saeno.data.pde.random import RandomFunctions
from saeno.grids import Grid, as_grid

INITIAL = RandomFunctions()
FURTHEST = 1e6  # periods; beyond, the place within a period loses its digits


def heat(
    count: int,
    nodes: Grid = 128,
    seed: int = 0,
    diffusivity: float = 0.01,
    time: float = 0.1,
    initial: RandomFunctions = INITIAL,
    dtype: torch.dtype | None = torch.float32,
    cache: str | os.PathLike | None = None,
    progress: bool = True,
) -> Pairs:
    r"""Random functions, and what heat conduction makes of them: u(·, 0) and u(·, T), `(count, 1, *nodes)` each.

    $$ \partial_t u = \kappa\, \Delta u, \qquad \hat u(k, T) = e^{-\kappa |2\pi k|^2 T}\, \hat u(k, 0). $$

    Exact on every grid that carries u(·, 0).

    Args:
        count: how many; the first ones are the same for every count.
        nodes: of the grid: an int, or one for each axis; at least 2·k_max + 1 on each.
        seed: of the random functions.
        diffusivity: κ ≥ 0.
        time: T, when the output is taken.
        initial: the distribution of u(·, 0); by default `RandomFunctions()`.
        dtype, cache, progress: as in `burgers`.

    Raises ValueError or TypeError for an argument that cannot work, and for `nodes` that do not carry u(·, 0).
    """
    settings = {"diffusivity": real(diffusivity, "diffusivity"), "time": real(time, "time")}
    return _pairs("heat", solve_heat, settings, count, nodes, seed, initial, dtype, cache, progress)


def advection(
    count: int,
    nodes: Grid = 128,
    seed: int = 0,
    velocity: float | Sequence[float] = 1.0,
    time: float = 0.1,
    initial: RandomFunctions = INITIAL,
    dtype: torch.dtype | None = torch.float32,
    cache: str | os.PathLike | None = None,
    progress: bool = True,
) -> Pairs:
    r"""Random functions, and the same carried along: u(·, 0) and u(·, T), `(count, 1, *nodes)` each.

    $$ \partial_t u + c \cdot \nabla u = 0, \qquad u(x, T) = u(x - cT, 0), \qquad
    \hat u(k, T) = e^{-2\pi i k \cdot c T}\, \hat u(k, 0). $$

    Exact on every grid that carries u(·, 0). velocity: c, a number (one axis) or one for each axis. The other
    arguments and the errors are those of `heat`.
    """
    settings = {"velocity": _velocity(velocity, len(as_grid(nodes, name="nodes")), "nodes"), "time": real(time, "time")}
    return _pairs("advection", solve_advection, settings, count, nodes, seed, initial, dtype, cache, progress)


def solve_heat(initial: Tensor, diffusivity: float, time: float) -> Tensor:
    """The heat equation of `heat` from given functions: u(·, 0) to u(·, T), both `(batch, channels, *grid)`."""
    diffusivity, time = real(diffusivity, "diffusivity"), real(time, "time")
    return _multiplied(initial, lambda k: torch.exp(-diffusivity * time * laplacian(k)))


def solve_advection(initial: Tensor, velocity: float | Sequence[float], time: float) -> Tensor:
    """The equation of `advection` from given functions: u(·, 0) to u(·, T), both `(batch, channels, *grid)`."""
    time, axes = (
        real(time, "time"),
        max(tensor(initial, "initial", "(batch, channels, *grid)", (3, math.inf)).dim() - 2, 1),
    )
    way = torch.tensor(_velocity(velocity, axes, "initial"), dtype=torch.double) * time
    if not (way.abs() <= FURTHEST).all():
        raise ValueError(f"velocity = {velocity}, time = {time:g}: should carry functions at most {FURTHEST:g} periods")
    return _multiplied(initial, lambda k: torch.exp(-2j * math.pi * torch.tensordot(way.to(k), k, 1)))


def _velocity(velocity: Any, axes: int, of: str) -> list[float]:
    if not isinstance(velocity, Sequence | Tensor | np.ndarray):
        velocity = [real(velocity, "velocity", signed=True)]
    return row(velocity, "velocity", f"finite numbers, one for each axis: {axes}, as {of} has", axes).tolist()


def _multiplied(initial: Tensor, factor: Callable[[Tensor], Tensor]) -> Tensor:
    start = tensor(initial, "initial", "(batch, channels, *grid)", (3, math.inf))
    grid, axes = tuple(start.shape[2:]), tuple(range(2, start.dim()))
    spectrum = torch.fft.rfftn(start.double(), dim=axes) * factor(waves(grid).to(start.device))
    return torch.fft.irfftn(spectrum, grid, axes).to(start.dtype)


def _pairs(
    of: str,
    solve: Callable[..., Tensor],
    settings: dict[str, Any],
    count: int,
    nodes: Grid,
    seed: int,
    initial: RandomFunctions,
    dtype: torch.dtype | None,
    cache: str | os.PathLike | None,
    progress: bool,
) -> Pairs:
    grid, seed = as_grid(nodes, name="nodes"), whole(seed, "seed", least=0)
    initial = instance(initial, RandomFunctions, "initial", "RandomFunctions()")
    initial.check(grid, "nodes")

    def make(first: int, size: int) -> Pairs:
        start = initial.sample(size, grid, seed, first, torch.double)
        return Pairs(start, solve(start, **settings))

    arguments = {"of": of, "nodes": grid, "seed": seed, "initial": asdict(initial), **settings}
    return in_chunks(make, count, arguments, dtype, cache, progress)
