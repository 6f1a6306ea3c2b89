"""What every operator that makes codes sparse has."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saeno.checks import dense
from saeno.part import Part


class Sparsity(Part):
    """What makes a code sparse: `sparsity(value, step)` is the sparse one of `value: (batch, concepts, *grid)`.

    positive: whether it keeps no negative value.
    makes_events: whether it chooses (concept, position) pairs, `select(masses)`, instead of making soft codes.
    learns: whether it has numbers of its own, learned or measured, which belong to one model.
    """

    positive = False
    makes_events = False
    learns = False

    def __init__(self):
        super().__init__()
        self._attached = False

    def attach(self, weight: Tensor) -> None:
        """Make what it learns for each atom of `weight: (concepts, ...)`, if anything. A model calls it once.

        Raises ValueError for one that learns with another model already.
        """
        if self._attached:
            name = type(self).__name__
            raise ValueError(f"sparsity already learns with another model: make a new {name} for this one")
        self._attached = self.learns

    def renew(self, concepts: Tensor) -> list[nn.Parameter]:
        """Begin anew what it learned for these concepts `(count,)`; which parameters that were."""
        return []

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """The sparse code, of a step α: `(batch, concepts, *grid)` to the same."""
        raise NotImplementedError

    def penalty(self, code: Tensor) -> Tensor:
        """R(z), the mean over the batch of what a code costs; zero for what is no penalty but a constraint."""
        return code.new_zeros(())


def checked(value: Tensor, name: str = "value", least: int = 2) -> Tensor:
    """A code or its masses. Raises TypeError or ValueError unless it is a tensor, with at least so many axes.

    Its numbers may be any: −∞ is below all thresholds.
    """
    if not (isinstance(value, Tensor) and value.is_floating_point()):
        kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise TypeError(f"{name} is {kind}: should be a tensor of floating-point numbers (batch, concepts, *grid)")
    dense(value, name)
    if value.dim() < least or 0 in value.shape[1:]:
        raise ValueError(f"{name} has shape {tuple(value.shape)}: should be (batch, concepts, *grid), with concepts")
    return value


def spoiled(masses: Tensor) -> Tensor:
    """Which signals have a mass that is NaN or infinite, `(batch,)`."""
    return ~torch.isfinite(masses.detach()).flatten(1).all(1)
