"""What a lifting has to have."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Lift(Protocol):
    """What `Lifted` needs of a lifting: the way up and the way down.

    Without more, a lifting is taken to act on the channels alone, at each node by itself. It may have `channels`,
    `lifted` and `dtype`, which are then checked; `adjoint`, whether L = Pᵀ; `onto_range(weight)`, the part of the
    lifted space that P sees, where a `Lifted` then starts; and `returned(weight)`, L P in the coordinates of the atoms.
    """

    def lift(self, signal: Tensor) -> Tensor: ...
    def project(self, lifted: Tensor) -> Tensor: ...
