"""What makes a code sparse: the proximal operators of soft codes, and the selection of events."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from saeno.checks import real, whole


class Events(NamedTuple):
    r"""A code with few entries, as a list: `k` impulses per signal.

    values: masses, `(batch, k)`.
    indices: where, `(batch, k)`: positions in the flattened `(concepts, *grid)`.
    shape: `(concepts, *grid)`.
    """

    values: Tensor
    indices: Tensor
    shape: tuple[int, ...]

    def code(self) -> Tensor:
        """The density `(batch, concepts, *grid)`.

        N × mass at each chosen node (N = 1 for vectors); repeated places add up.
        """
        nodes = torch.Size(self.shape[1:]).numel()
        flat = self.values.new_zeros(len(self.values), torch.Size(self.shape).numel())
        return flat.scatter_add(1, self.indices, self.values * nodes).view(-1, *self.shape)


class SoftThreshold(nn.Module):
    r"""The proximal operator of λ|z|: shrink towards zero.

    $$ \operatorname{prox}_{\alpha\lambda|\cdot|}(v) = \operatorname{sign}(v)\max(|v| - \alpha\lambda, 0); \qquad
    \text{positive: } \max(v - \alpha\lambda, 0) . $$

    Args:
        threshold: λ ≥ 0, in units of mass.
        positive: keep only non-negative entries.

    Source: Daubechies, Defrise & De Mol, doi:10.1002/cpa.20042.
    """

    def __init__(self, threshold: float, positive: bool = False):
        super().__init__()
        self.threshold, self.positive = real(threshold, "threshold"), positive

    def extra_repr(self) -> str:
        return f"{self.threshold}, positive={self.positive}"

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """The proximal operator with step α, entry by entry."""
        level = step * self.threshold
        shrunk = (value - level).clamp(min=0)
        return shrunk if self.positive else shrunk - (-value - level).clamp(min=0)

    def penalty(self, code: Tensor) -> Tensor:
        """λ · mean over the batch and the grid of Σ_concepts |z|."""
        return self.threshold * code.abs().sum(1).mean()


class ReLU(nn.Module):
    r"""The projection on non-negative codes, $\max(v, 0)$: the proximal operator of the constraint z ≥ 0.

    It has no threshold of its own: `OneStep` learns one as a bias, and a penalty of the loss makes it rise. Source: our
    derivation.
    """

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """max(v, 0), whatever the step."""
        return value.clamp(min=0)

    def penalty(self, code: Tensor) -> Tensor:
        """Zero: the constraint costs nothing inside."""
        return code.new_zeros(())


class TopK(nn.Module):
    r"""Keep the k largest entries of a signal's masses, over concepts and positions alike.

    $$ \operatorname{top}_k(v)_i = v_i \ \text{ if } |v_i| \text{ is among the } k \text{ largest, else } 0 . $$

    For vectors, k atoms. For functions, k (concept, position) pairs: neighbours of one peak are then chosen before the
    next peak, which is why `MatchingPursuit` is the encoder for events.

    Args:
        k: entries kept, ≥ 1.
        positive: choose by v instead of |v|, and keep no negative value.

    Source: Blumensath & Davies, doi:10.1016/j.acha.2009.04.002 (hard thresholding); Gao et al., arXiv:2406.04093.
    """

    def __init__(self, k: int, positive: bool = False):
        super().__init__()
        self.k, self.positive = whole(k, "k"), positive

    def extra_repr(self) -> str:
        return f"{self.k}, positive={self.positive}"

    def select(self, masses: Tensor) -> Events:
        """The k largest of `masses: (batch, concepts, *grid)`, largest first.

        Raises ValueError when there are fewer than k.
        """
        flat = masses.flatten(1)
        if flat.shape[1] < self.k:
            raise ValueError(f"k = {self.k}: should be at most the {flat.shape[1]} entries of a code")
        indices = torch.topk(flat if self.positive else flat.abs(), self.k, dim=1).indices
        values = flat.gather(1, indices)
        return Events(values.clamp(min=0) if self.positive else values, indices, tuple(masses.shape[1:]))

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """The entries that `select` keeps, the others zero, shape kept."""
        events = self.select(value)
        return torch.zeros_like(value).flatten(1).scatter(1, events.indices, events.values).view_as(value)

    def penalty(self, code: Tensor) -> Tensor:
        """Zero: the constraint costs nothing inside."""
        return code.new_zeros(())
