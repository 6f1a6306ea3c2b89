"""A dictionary of given functions, known at every point."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from saeno.checks import short, whole
from saeno.dictionaries.base import Dictionary, check_points
from saeno.grids import Grid, count_nodes

Function = Callable[[Tensor], Tensor]


class FunctionAtoms(Dictionary):
    r"""A dictionary of given functions, known at every point: $D_c(u) = \theta_c f_c(u)$.

    Atoms are sampled exactly on the grid at hand, and synthesis and analysis are their convolutions on it, by
    FFT. The one coefficient of an atom, `weight: (concepts, 1)`, is its amplitude: 1, not trained, and its
    norm. The quadrature norm on a grid differs from it by what the grid does not resolve: nothing for bumps and
    Gabors on a fine enough grid, O(1/n) for a box.

    Args:
        functions: callables from points `(..., axes)` to values `(...)`, of unit L² norm, such as
            `gaussian(0.03)`.
        axes: number of axes of the torus.
    """

    known_everywhere = True

    def __init__(self, functions: Sequence[Function], axes: int = 1):
        super().__init__()
        if not (isinstance(functions, Sequence) and functions and all(map(callable, functions))):
            raise ValueError(f"functions = {short(functions)}: should be functions of points, at least one")
        self.functions, self.axes = tuple(functions), whole(axes, "axes")
        self.weight = nn.Parameter(torch.ones(len(self.functions), 1), requires_grad=False)
        self._sampled: dict[tuple, Tensor] = {}

    def at(self, points: Tensor) -> Tensor:
        """The atoms at any points: `(points, axes)`, or `(points,)` with one axis, to `(concepts, 1, points)`."""
        return (self.weight * self._values(check_points(points, self.axes))).unsqueeze(1)

    def atoms(self, grid: Grid = ()) -> Tensor:
        grid = self.check_grid(grid)
        key = (grid, self.weight.dtype, self.weight.device)
        if key not in self._sampled:  # sampling costs more than a synthesis, and training repeats its grid
            lines = [torch.arange(n, dtype=torch.double) / n for n in grid]
            self._sampled[key] = self._values(torch.cartesian_prod(*lines).view(-1, self.axes)).view(-1, 1, *grid)
        return self.weight.view(-1, *[1] * (1 + self.axes)) * self._sampled[key]

    def synthesis(self, code: Tensor) -> Tensor:
        grid = self.check_code(code)
        if len(code) == 0:  # the FFT refuses what holds nothing
            return code.new_zeros(0, self.channels, *grid)
        return self._filter(code, "bc...,cd...->bd...", self._spectrum(grid), grid)

    def render(self, code: Tensor, grid: Grid) -> Tensor:
        """D z on any grid: from a code `(batch, concepts, *its grid)` to a signal `(batch, channels, *grid)`.

        Exact, by way of a grid that has the nodes of both: its numbers of nodes are their least common multiples.
        """
        own, grid = self.check_code(code), self.check_grid(grid)
        both = [math.lcm(n, m) for n, m in zip(own, grid, strict=True)]
        spread = code.new_zeros(*code.shape[:2], *both)
        spread[(..., *[slice(None, None, b // n) for b, n in zip(both, own, strict=True)])] = code
        signal = self.synthesis(spread)[(..., *[slice(None, None, b // n) for b, n in zip(both, grid, strict=True)])]
        return signal * (count_nodes(both) / count_nodes(own))

    def analysis(self, signal: Tensor) -> Tensor:
        grid = self.check_signal(signal)
        if len(signal) == 0:
            return signal.new_zeros(0, self.concepts, *grid)
        return self._filter(signal, "bd...,cd...->bc...", self._spectrum(grid).conj(), grid)

    def _values(self, points: Tensor) -> Tensor:
        """f_c at points, `(concepts, points)`."""
        return torch.stack([function(points) for function in self.functions]).to(self.weight)

    def _spectrum(self, grid: tuple[int, ...]) -> Tensor:
        return torch.fft.rfftn(self.atoms(grid), dim=tuple(range(2, 2 + self.axes))) / count_nodes(grid)

    def _filter(self, value: Tensor, product: str, spectrum: Tensor, grid: tuple[int, ...]) -> Tensor:
        axes = tuple(range(2, 2 + self.axes))
        return torch.fft.irfftn(torch.einsum(product, torch.fft.rfftn(value, dim=axes), spectrum), s=grid, dim=axes)
