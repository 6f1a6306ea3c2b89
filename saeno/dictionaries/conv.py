"""Atoms that are kernels on the grid they were learned on."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from saeno.checks import given_atoms
from saeno.dictionaries.base import Dictionary, Grid, as_grid, count_nodes, largest_share, per_axis, random_atoms

_CONVOLUTION = {1: functional.conv1d, 2: functional.conv2d}


class ConvDictionary(Dictionary):
    r"""Concepts are kernels with finitely many taps: the dictionary of a convolutional sparse autoencoder (SAE-CNN).

    $$ x(u) = \frac{1}{\sqrt N} \sum_c \sum_j w_c(j)\, z_c(u - j), \qquad z_c(v) = \frac{1}{\sqrt N} \sum_j w_c(j)\cdot
    x(v + j), $$

    circular, u, v, j counted in nodes. The atom on a grid of N nodes is √N·w, zero-padded, so ‖w‖ = 1 is unit norm on
    every grid. Taps sit at offsets 0, 1, …, support − 1: on a finer grid the same taps are a narrower function, which
    is why this dictionary belongs to one resolution.

    Args:
        channels: number of components of a signal at one node.
        concepts: number of kernels.
        support: taps per axis: an int (one axis), or a tuple with one entry per axis (one or two axes).
        seed: of the random unit kernels it starts with.

    `weight: (concepts, channels, *support)`. Source: our derivation; the model is convolutional sparse coding.
    """

    def __init__(self, channels: int, concepts: int, support: Grid, seed: int = 0):
        super().__init__()
        self.support = per_axis(support, "support", least=1)
        self.axes = len(self.support)
        if self.axes not in _CONVOLUTION:
            raise ValueError(f"support = {support!r} has {self.axes} axes: should have one or two")
        self.weight = random_atoms(concepts, channels, *self.support, seed=seed)
        self.seed = int(seed)
        self.normalize_()

    @classmethod
    def from_atoms(cls, atoms: Tensor, support: Grid | None = None) -> ConvDictionary:
        """The dictionary whose atoms on their own grid are these, `(concepts, channels, *grid)`; norms are kept.

        `support` defaults to the whole grid. Raises ValueError when an atom is not zero outside the support.
        """
        atoms = given_atoms(atoms)
        grid = tuple(atoms.shape[2:])
        if len(grid) not in _CONVOLUTION:
            raise ValueError(f"atoms have shape {tuple(atoms.shape)}: should be (concepts, channels, one or two axes)")
        support = grid if support is None else per_axis(support, "support", least=1)
        if len(support) != len(grid):
            raise ValueError(f"support = {support} has {len(support)} axes, the atoms' grid {len(grid)}: should agree")
        self = cls(atoms.shape[1], atoms.shape[0], support)
        self._check_grid(grid)
        inside = (..., *[slice(s) for s in support])
        outside = atoms.clone()
        outside[inside] = 0
        atom, share = largest_share(outside, atoms)
        if share > 1e-3:
            raise ValueError(
                f"support = {support} leaves out {share:.2g} (relative) of atom {atom} on the grid {grid}: widen it"
            )
        self.weight = nn.Parameter(atoms[inside] / math.sqrt(count_nodes(grid)))
        return self

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, support={self.support}"

    def synthesis(self, code: Tensor) -> Tensor:
        grid = self._check_grid(self._check(code, "code", self.concepts))
        flipped = self.weight.flip(tuple(range(2, 2 + self.axes))).transpose(0, 1)
        return self._convolve(code, flipped, before=True) / math.sqrt(count_nodes(grid))

    def analysis(self, signal: Tensor) -> Tensor:
        grid = self._check_grid(self._check(signal, "signal", self.channels))
        return self._convolve(signal, self.weight, before=False) / math.sqrt(count_nodes(grid))

    def atoms(self, grid: Grid = ()) -> Tensor:
        grid = self._check_grid(as_grid(grid, self.axes))
        pad = [amount for n, s in zip(reversed(grid), reversed(self.support), strict=True) for amount in (0, n - s)]
        return functional.pad(self.weight, pad) * math.sqrt(count_nodes(grid))

    def _convolve(self, value: Tensor, kernel: Tensor, before: bool) -> Tensor:
        """Correlate with the kernel on the torus; `before` reads the nodes before a node, else those after it."""
        for axis, taps in enumerate(self.support, start=2):
            wrapped = (
                value.narrow(axis, value.shape[axis] - taps + 1, taps - 1)
                if before
                else value.narrow(axis, 0, taps - 1)
            )
            value = torch.cat([wrapped, value] if before else [value, wrapped], axis)
        return _CONVOLUTION[self.axes](value, kernel)

    def _check_grid(self, grid: tuple[int, ...]) -> tuple[int, ...]:
        if any(n < s for n, s in zip(grid, self.support, strict=True)):
            raise ValueError(
                f"grid = {grid} is smaller than the kernels' support {self.support}: needs at least as many nodes"
            )
        return grid
