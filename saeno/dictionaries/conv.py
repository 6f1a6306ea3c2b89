"""Atoms that are kernels on the grid they were learned on."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from saeno.checks import tensor
from saeno.dictionaries.base import Dictionary, largest_share, random_atoms
from saeno.dictionaries.resampling import LOCAL, interpolation
from saeno.grids import Grid, as_grid, count_nodes, per_axis
from saeno.kernels.convolution import convolved
from saeno.units import wide


class ConvDictionary(Dictionary):
    r"""Concepts are kernels with finitely many taps: the dictionary of a convolutional sparse autoencoder (SAE-CNN).

    $$ x(u) = \frac{1}{\sqrt N} \sum_c \sum_j w_c(j)\, z_c(u - j), \qquad z_c(v) = \frac{1}{\sqrt N} \sum_j w_c(j)\cdot
    x(v + j), $$

    circular, u, v, j counted in nodes. The atom on a grid of N nodes is √N·w, zero-padded, so ‖w‖ = 1 is unit norm on
    every grid. Taps sit at offsets 0, 1, …, support − 1: on a finer grid the same taps are a narrower function, which
    is why this dictionary belongs to one resolution. `interpolated` carries the functions to another. Short kernels
    are convolved directly, long ones by FFT: from 128 taps on with one axis, 768 with two, twice as many where neither
    channels nor concepts are one, and for batches that are worth it.

    Args:
        channels: number of components of a signal at one node.
        concepts: number of kernels.
        support: taps per axis: an int (one axis), or a tuple with one entry per axis (one or two axes).
        seed: of the random unit kernels it starts with.
        offset: the node of the first tap, per axis, if it is not 0: then j counts from there.

    `weight: (concepts, channels, *support)`. Source: our derivation; the model is convolutional sparse coding.
    """

    def __init__(self, channels: int, concepts: int, support: Grid, seed: int = 0, offset: Grid | None = None):
        super().__init__()
        self.support = per_axis(support, "support", least=1)
        self.axes = len(self.support)
        if self.axes not in (1, 2):
            raise ValueError(f"support = {support!r} has {self.axes} axes: should have one or two")
        self.offset = (0,) * self.axes if offset is None else per_axis(offset, "offset")
        if len(self.offset) != self.axes:
            raise ValueError(f"offset = {offset!r} has {len(self.offset)} axes, support {self.axes}: should agree")
        self.weight = random_atoms(concepts, channels, *self.support, seed=seed)
        self.seed = int(seed)
        self.normalize_()

    @classmethod
    def from_atoms(cls, atoms: Tensor, support: Grid | None = None) -> ConvDictionary:
        """The dictionary whose atoms on their own grid are these, `(concepts, channels, *grid)`; norms are kept.

        `support` defaults to the whole grid. Raises ValueError when an atom is not zero outside the support.
        """
        tensor(atoms, "atoms", "(concepts, channels, one or two axes)", (3, 4))
        atoms, grid = atoms.detach(), tuple(atoms.shape[2:])
        support = grid if support is None else per_axis(support, "support", least=1)
        if len(support) != len(grid):
            raise ValueError(f"support = {support} has {len(support)} axes, the atoms' grid {len(grid)}: should agree")
        self = cls(atoms.shape[1], atoms.shape[0], support)
        self.check_grid(grid)
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

    @property
    def middle(self) -> tuple[int, ...]:
        return tuple(first + taps // 2 for first, taps in zip(self.offset, self.support, strict=True))

    def extra_repr(self) -> str:
        offset = f", offset={self.offset}" if any(self.offset) else ""
        return f"{super().extra_repr()}, support={self.support}{offset}"

    def synthesis(self, code: Tensor) -> Tensor:
        grid = self.check_code(code)
        return self._roll(convolved(code, self.weight).to(self.weight.dtype), 1) / math.sqrt(count_nodes(grid))

    def analysis(self, signal: Tensor) -> Tensor:
        grid = self.check_signal(signal)
        masses = convolved(signal, self.weight, adjoint=True).to(self.weight.dtype)
        return self._roll(masses, -1) / math.sqrt(count_nodes(grid))

    def atoms(self, grid: Grid = ()) -> Tensor:
        grid = self.check_grid(grid)
        pad = [amount for n, s in zip(reversed(grid), reversed(self.support), strict=True) for amount in (0, n - s)]
        return self._roll(functional.pad(self.weight, pad), 1) * math.sqrt(count_nodes(grid))

    def reach(self, grid: Grid = ()) -> tuple[int, ...]:
        return tuple(min(n, 2 * taps - 1) for n, taps in zip(self.check_grid(grid), self.support, strict=True))

    def interpolated(self, from_grid: Grid, to_grid: Grid, kind: str = "sinc") -> ConvDictionary:
        r"""The same functions on another grid: what a kernel known on n₀ nodes becomes on n.

        $$ w'_c(i) = \sqrt{N_0 / N}\, \sum_j \varphi\big(i\, n_0 / n - j\big)\, w_c(j), $$

        axis by axis, so the new atom at i/n is the interpolant of the old one at the nodes j/n₀. The taps stay where
        they are on the torus, and √(N₀/N) is the factor dx that a mere change of taps forgets. Beside the support the
        old atom is zero. With linear and cubic interpolation the new taps may begin before node 0 (see `offset`).

        - `"sinc"`: the band-limited interpolant on the torus, with as many taps as nodes. With full support it is the
          `FourierDictionary` of the same atoms: exact. On a coarser grid the frequencies it cannot carry are left out.
          For kernels that end abruptly it rings.
        - `"linear"`, `"cubic"`: local, so short kernels stay short. On a coarser grid they alias.

        Args:
            from_grid: the grid on which the taps are the atoms: the one it was trained on.
            to_grid: the new grid, finer or coarser, a multiple or not.
            kind: "sinc", "linear" or "cubic".

        Returns a new dictionary for `to_grid`. Norms are not restored: `normalize_()` does that. Raises ValueError for
        another kind, or a `from_grid` that does not hold the kernels. Source: our derivation; Keys,
        doi:10.1109/TASSP.1981.1163711, for the cubic.
        """
        if kind not in ("sinc", *LOCAL):
            raise ValueError(f"kind = {kind!r}: should be 'sinc', 'linear' or 'cubic'")
        old = self.check_grid(from_grid, "from_grid")
        new = as_grid(to_grid, self.axes, "to_grid")
        weight, offset = self.weight.detach() * math.sqrt(count_nodes(old) / count_nodes(new)), []
        for axis, (taps, first, n0, n) in enumerate(zip(self.support, self.offset, old, new, strict=True), start=2):
            matrix, start = interpolation(taps, first, n0, n, kind)
            weight = torch.tensordot(wide(weight), wide(matrix.to(weight)), ([axis], [1])).movedim(-1, axis)
            offset.append(start)
        made = ConvDictionary(self.channels, self.concepts, tuple(weight.shape[2:]), self.seed, tuple(offset))
        made.weight = nn.Parameter(weight.to(self.weight.dtype).contiguous())
        return made

    def determined_by(self) -> list[Tensor]:
        return [self.weight]

    def _roll(self, value: Tensor, sign: int) -> Tensor:
        if not any(self.offset):
            return value
        return value.roll([sign * first for first in self.offset], tuple(range(2, 2 + self.axes)))

    def check_grid(self, grid: Grid, name: str = "grid") -> tuple[int, ...]:
        grid = super().check_grid(grid, name)
        if any(n < s for n, s in zip(grid, self.support, strict=True)):
            raise ValueError(
                f"{name} = {grid} is smaller than the kernels' support {self.support}: needs at least as many nodes"
            )
        return grid
