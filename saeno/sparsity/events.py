"""Codes that are events: the few largest masses of a signal, or of a batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from saeno.checks import flag, held, whole
from saeno.grids import count_nodes
from saeno.kernels.select import places
from saeno.sparsity.base import Sparsity, checked, spoiled


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
        nodes = count_nodes(self.shape[1:])
        flat = self.values.new_zeros(len(self.values), self.shape[0] * nodes)
        return flat.scatter_add(1, self.indices, self.values * nodes).view(-1, *self.shape)


class Selection(Sparsity):
    """What chooses the events of a code by the size of their masses.

    k: how many for a signal, ≥ 1. positive: by v instead of |v|, and none that is negative.
    """

    makes_events = True

    def __init__(self, k: int, positive: bool = False):
        super().__init__()
        self.k, self.positive = whole(k, "k"), flag(positive, "positive")

    def extra_repr(self) -> str:
        return f"{self.k}, positive={self.positive}"

    def select(self, masses: Tensor) -> Events:
        """The events chosen of `masses: (batch, concepts, *grid)`. Raises ValueError when there are fewer than k."""
        raise NotImplementedError

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """The entries that `select` keeps, the others zero, shape kept."""
        events = self.select(value)
        return torch.zeros_like(value).flatten(1).scatter(1, events.indices, events.values).view_as(value)

    def entries(self, masses: Tensor) -> Tensor:
        """All masses of each signal, `(batch, concepts · N)`. Raises ValueError when there are fewer than k."""
        flat = checked(masses, "masses").flatten(1)
        if flat.shape[1] < self.k:
            raise ValueError(f"k = {self.k}: should be at most the {flat.shape[1]} entries of a code")
        return flat


class TopK(Selection):
    r"""Keep the k largest entries of a signal's masses, over concepts and positions alike.

    $$ \operatorname{top}_k(v)_i = v_i \ \text{ if } |v_i| \text{ is among the } k \text{ largest, else } 0 . $$

    For vectors, k atoms. For functions, k (concept, position) pairs: neighbours of one peak are then chosen before the
    next peak, which is why `MatchingPursuit` is the encoder for events.

    Args:
        k: entries kept, ≥ 1.
        positive: choose by v instead of |v|, and keep no negative value.

    Source: Blumensath & Davies, doi:10.1016/j.acha.2009.04.002 (hard thresholding); Gao et al., arXiv:2406.04093.
    """

    def select(self, masses: Tensor, closed: Tensor | None = None) -> Events:
        """The k largest of `masses: (batch, concepts, *grid)`, largest first; none of the `closed: (batch, concepts)`.

        Among equals the first in the flattened `(concepts, *grid)` come first.

        Raises ValueError when there are fewer than k.
        """
        flat = self.entries(masses)
        score = flat if self.positive else flat.abs()
        if closed is not None:
            score = score.masked_fill(closed.repeat_interleave(flat.shape[1] // closed.shape[1], 1), -torch.inf)
        indices = places(score, self.k)
        values = flat.gather(1, indices)
        return Events(values.clamp(min=0) if self.positive else values, indices, tuple(masses.shape[1:]))


class BatchTopK(Selection):
    r"""Keep the B·k largest entries of a batch of B signals: a signal that needs more entries has more.

    $$ z_{bi} = v_{bi} \ \text{ if } |v_{bi}| \ge \tau, \text{ else } 0, \qquad
    \tau = \text{ the } Bk\text{-th largest } |v| \text{ of the batch, and after training the running mean of that} . $$

    In training a code depends on the batch it is in. Afterwards it does not: in eval mode τ is a stored number, in
    units of mass, and a code has as many entries as reach it. `fit` trains in train mode, measures its metrics in eval
    mode and leaves the model in it, and `SparseAutoencoder.load` gives a model in eval mode too; `model.train()` and
    `model.eval()` switch as everywhere in torch. τ is the mean over the last hundred training steps or so, and moves
    only when gradients are recorded. As long as there was no step there is no τ, and eval mode too goes by the batch.

    A list of its `events` is filled up with zero masses where a signal has fewer than another. It is for `OneStep`; an
    iterative encoder would need a τ for each of its steps.

    Args:
        k: entries kept per signal, on average over the batch, ≥ 1.
        positive: choose by v instead of |v|, and keep no negative value.

    Source: Bussmann, Leask & Nanda, arXiv:2412.06410.
    """

    learns = True
    MEMORY = 100  # training steps

    def __init__(self, k: int, positive: bool = False):
        super().__init__(k, positive)
        self.register_buffer("threshold", torch.tensor(0.0))
        self.register_buffer("steps", torch.tensor(0))

    def attach(self, weight: Tensor) -> None:
        """Keep the threshold of a model with these weights. A model calls it once; ValueError when another did."""
        super().attach(weight)
        self.threshold = self.threshold.to(weight)

    def select(self, masses: Tensor) -> Events:
        """The entries of `masses: (batch, concepts, *grid)` that are kept, largest first, then zeros.

        A signal with a mass that is not finite takes no part: k of its entries are NaN. Raises ValueError when a signal
        has fewer than k.
        """
        flat = self.entries(masses)
        held(masses, "masses")  # how many entries a signal has depends on their values
        bad = spoiled(masses)
        score = (flat.detach() if self.positive else flat.detach().abs()).masked_fill(bad[:, None], -1.0)
        take_part = int((~bad).sum())
        kept = score >= self.threshold if not self.training and self.steps > 0 else self._largest(score, take_part)
        kept &= score > 0
        if take_part < len(bad):
            kept[bad, : self.k], flat = True, flat.masked_fill(bad[:, None], torch.nan)
        most = max([1, *kept.sum(1).tolist()])
        indices = score.masked_fill(~kept, -2.0).topk(most, dim=1).indices
        return Events(torch.where(kept, flat, 0.0).gather(1, indices), indices, tuple(masses.shape[1:]))

    def _largest(self, score: Tensor, signals: int) -> Tensor:
        values, places = score.flatten().topk(signals * self.k, sorted=False)
        if self.training and torch.is_grad_enabled() and (values > 0).any():
            self.steps += 1
            self.threshold += (values[values > 0].min() - self.threshold) / self.steps.clamp(max=self.MEMORY)
        return torch.zeros_like(score, dtype=torch.bool).flatten().index_fill(0, places, True).view_as(score)
