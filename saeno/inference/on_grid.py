"""Codes on a grid of their own, whatever grid the signals come on."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from saeno.checks import instance
from saeno.dictionaries import Dictionary, FourierDictionary, Lifted
from saeno.dictionaries.resampling import interpolation
from saeno.grids import Grid, as_grid
from saeno.inference.base import Encoding, Inference
from saeno.sparsity import Events
from saeno.units import wide


class OnGrid(Inference):
    r"""An encoder whose codes live on one grid, that of the model, and not on the grid of the signal.

    $$ z = \operatorname{inference}(D, E x), \qquad
    (E x)(v) = \sum_k \hat x(k)\, e^{2\pi i k \cdot v} \ \text{ at the nodes } v \text{ of } \text{grid}. $$

    E is trigonometric interpolation, with the frequencies k that both grids carry. Of a signal on more nodes than
    `grid` has, those from half of `grid` on are dropped: kept, those from n − M on would pass for frequencies of the
    atoms, with n the nodes of `grid` and M the modes. A threshold makes frequencies that the signal's grid cannot
    carry. On a coarse grid they fold back (*aliasing*), and change norms, later steps and near decisions. On a grid
    of its own a code depends on the signal only through the coefficients that the dictionary sees: signals that have
    these in common have the same code, to rounding, on whatever grid they come, also with encoders that count nodes
    or choose events. It does depend on `grid`, which is now a choice of the model, with its price: time grows with
    its nodes.

    The model's reconstructions are on the grid of the signal. The wrapped encoder is `inference`; what every encoder
    has, such as `sparsity`, is that of the wrapped one, and is set there. For a `FourierDictionary`, lifted or not.

    Args:
        inference: `OneStep`, `Unrolled` or `MatchingPursuit`.
        grid: of the codes, at least 2·modes + 1 nodes per axis: an int (one axis), or a tuple with one entry per axis.

    Source: our derivation; nonlinearities on a finer grid than their signal are Karras et al., arXiv:2106.12423.
    """

    def __init__(self, inference: Inference, grid: Grid):
        nn.Module.__init__(self)  # what every encoder has, this one has from the one that it wraps
        self.inference = instance(inference, Inference, "inference", "MatchingPursuit(4)")
        self.grid = as_grid(grid)
        if not self.grid:
            raise ValueError(f"grid = {grid!r}: should have one number of nodes, at least, for one axis")

    sparsity = property(attrgetter("inference.sparsity"), doc="That of the wrapped encoder.")
    detach = property(attrgetter("inference.detach"), doc="Whether no gradient goes through the wrapped encoder.")
    makes_events = property(attrgetter("inference.makes_events"), doc="Whether its codes are events.")
    positive = property(attrgetter("inference.positive"), doc="Whether its codes have no negative entries.")

    def __setattr__(self, name: str, value: Any) -> None:
        # torch would register a module beside the property, where nobody looks for it.
        if isinstance(vars(OnGrid).get(name), property):
            raise AttributeError(f"{name} is that of the wrapped encoder: set it there, inference.{name} = …")
        super().__setattr__(name, value)

    def extra_repr(self) -> str:
        return f"grid={self.grid}"

    def attach(self, dictionary: Dictionary) -> None:
        self._carried(dictionary, None)
        self.inference.attach(dictionary)

    def in_units(self) -> list[nn.Parameter]:
        return self.inference.in_units()

    def renew(self, dictionary: Dictionary, concepts: Tensor) -> list[nn.Parameter]:
        return self.inference.renew(dictionary, concepts)

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        return self.inference.events(dictionary, self._carried(dictionary, signal))

    def encoding(self, dictionary: Dictionary, signal: Tensor) -> Encoding:
        return self.inference.encoding(dictionary, self._carried(dictionary, signal))

    def candidates(self, dictionary: Dictionary, signal: Tensor, residual: Tensor) -> Tensor:
        """The masses on the grid of the codes."""
        signal, residual = (self._carried(dictionary, one) for one in (signal, residual))
        return self.inference.candidates(dictionary, signal, residual)

    def _carried(self, dictionary: Dictionary, signal: Tensor | None) -> Tensor | None:
        functions = dictionary.dictionary if isinstance(dictionary, Lifted) else dictionary
        if not isinstance(functions, FourierDictionary):
            raise TypeError(f"dictionary is a {type(functions).__name__}: OnGrid needs a FourierDictionary")
        functions.check_grid(self.grid)
        if signal is None:
            return None
        dictionary.check_signal(signal)
        if tuple(signal.shape[2:]) == self.grid:
            return signal
        for axis, n in enumerate(self.grid, start=2):
            if signal.shape[axis] != n:
                matrix = wide(_matrix(signal.shape[axis], n).to(signal))
                signal = (wide(signal).movedim(axis, -1) @ matrix.T).movedim(-1, axis)
        return signal.to(dictionary.weight.dtype)


@lru_cache
def _matrix(old: int, new: int) -> Tensor:
    with torch.inference_mode(False):  # what is made while no gradient is wanted serves gradients later
        return interpolation(old, 0, old, new, "sinc")[0]
