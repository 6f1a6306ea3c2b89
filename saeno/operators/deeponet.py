"""A deep operator network."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from saeno.checks import whole
from saeno.grids import Grid, as_grid, count_nodes
from saeno.operators.base import Operator, starting


class DeepONet(Operator):
    r"""A deep operator network: coefficients from the input's values, times functions that are learned.

    $$ G(a)_o(u) = b_o + \sum_{p=1}^{P} \beta_{o,p}\bigl(a(s_1), \dots, a(s_N)\bigr)\; \tau_p\bigl(\gamma(u)\bigr),
    \qquad \gamma(u) = \bigl(\cos 2\pi k\cdot u,\ \sin 2\pi k\cdot u\bigr)_{k \in K^+} . $$

    β, the branch, and τ, the trunk, are networks of `depth` hidden layers with GELU. The trunk sees a point by its
    waves up to `frequencies`, so the functions τ are periodic, and known everywhere. The branch sees the input on one
    grid of sensors: no other grid can go in, and a shift of the input tells it nothing.

    Args:
        channels_in, channels_out: components of a function before and after.
        grid: the sensors: nodes per axis.
        width: of the hidden layers. With 128 sensors, width 156 and basis 64 have about as many weights as an `FNO` of
            width 32 with 16 modes.
        basis: P, the number of functions.
        frequencies: highest frequency per axis that the trunk is shown.
        depth: hidden layers of branch and trunk.
        seed: of the weights it starts with.

    Shapes: `(batch, channels_in, *grid)` to `(batch, channels_out, *out)`; `out` is the grid of the sensors, unless
    another is given. Raises ValueError for an input on another grid. Source: Lu et al., arXiv:1910.03193; the waves are
    those of Tancik et al., arXiv:2006.10739, on the torus.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        grid: Grid,
        width: int = 128,
        basis: int = 64,
        frequencies: int = 8,
        depth: int = 3,
        seed: int = 0,
    ):
        counts = {"width": width, "basis": basis, "frequencies": frequencies, "depth": depth}
        counts = {name: whole(value, name) for name, value in counts.items()}
        width, basis, frequencies, depth = counts.values()
        grid = as_grid(grid)
        if not grid:
            raise ValueError("grid = (): should have a number of sensors for at least one axis")
        super().__init__(channels_in, channels_out, seed, grid=grid, **counts)
        self.grid, self.basis = grid, basis
        waves = _half([frequencies] * len(grid))
        with starting(seed):
            self.register_buffer("waves", waves.to(torch.get_default_dtype()), persistent=False)
            self.branch = _network(self.channels_in * count_nodes(grid), width, self.channels_out * basis, depth)
            self.trunk = _network(2 * len(waves), width, basis, depth)
            self.bias = nn.Parameter(torch.zeros(self.channels_out))

    def forward(self, x: Tensor, grid: Grid | None = None) -> Tensor:
        found = self.check(x, len(self.grid))
        if found != self.grid:
            raise ValueError(f"x has grid {found}: should have the grid of the sensors, {self.grid}")
        out = self.grid if grid is None else as_grid(grid, len(self.grid))
        coefficients = self.branch(x.flatten(1)).view(len(x), self.channels_out, self.basis)
        made = coefficients @ self.functions(nodes(out).to(self.waves)).T + self.bias[:, None]
        return made.view(len(x), self.channels_out, *out)

    def functions(self, points: Tensor) -> Tensor:
        """τ at any points `(points, axes)` of the torus: `(points, basis)`."""
        phase = 2 * math.pi * points @ self.waves.T
        return self.trunk(torch.cat([phase.cos(), phase.sin()], 1))


def nodes(grid: tuple[int, ...]) -> Tensor:
    """The points i/n of a grid, `(points, axes)`, in float64."""
    axes = [torch.arange(n, dtype=torch.float64) / n for n in grid]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).flatten(0, -2)


def _half(modes: list[int]) -> Tensor:
    """One of k and −k for each frequency of −modes..modes but zero, `(frequencies, axes)`."""
    every = torch.stack(torch.meshgrid(*[torch.arange(-m, m + 1) for m in modes], indexing="ij"), -1)
    every = every.flatten(0, -2)
    return every[len(every) // 2 + 1 :]  # in this order −k stands as far from the beginning as k from the end


def _network(before: int, width: int, after: int, depth: int) -> nn.Sequential:
    sizes = [before, *[width] * depth]
    hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.GELU())]
    return nn.Sequential(*hidden, nn.Linear(width, after))
