"""What every lifting has."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.part import Part


class Lift(Part):
    """What `Lifted` needs of a lifting: `lift`, the way up, and `project`, the way down.

    One of your own is a subclass that defines these two. Without more it is taken to act on the channels alone, at each
    node by itself, between any two spaces.

    channels, lifted: how many components a signal has, and what it is lifted to; None for any.
    dtype: of the signals it takes; None for any.
    adjoint: whether L = Pᵀ.
    """

    channels: int | None = None
    lifted: int | None = None
    dtype: torch.dtype | None = None
    adjoint: bool = False

    def lift(self, signal: Tensor) -> Tensor:
        """L x: `(batch, channels, *grid)` to `(batch, lifted, *grid)`."""
        raise NotImplementedError

    def project(self, lifted: Tensor) -> Tensor:
        """P h: `(batch, lifted, *grid)` to `(batch, channels, *grid)`."""
        raise NotImplementedError

    def onto_range(self, weight: Tensor) -> Tensor:
        """The part of atoms in the lifted space that P sees, where a `Lifted` then starts; by default all of them."""
        return weight

    def returned(self, weight: Tensor) -> Tensor:
        """L P in the coordinates of the atoms."""
        return self.lift(self.project(weight))

    def determined_by(self) -> list[Tensor] | None:
        """All tensors that L and P depend on; None where that cannot be told, and λmax is computed each time."""
        return None
