"""The greedy choice of events, one by one."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import whole
from saeno.dictionaries import Dictionary
from saeno.grids import count_nodes
from saeno.inference.base import Inference, seen
from saeno.sparsity import Events, TopK


class MatchingPursuit(Inference):
    r"""Greedy choice of k events: the largest correlation with what is left, again and again.

    $$ (c, v)_j = \arg\max |D^\top(x - D z^{j})|, \qquad z^{j+1} = z^{j} + N\, m_j\, \delta_{(c, v)_j}, \qquad
    m_j = \big[D^\top(x - D z^{j})\big]_{(c, v)_j} . $$

    Unlike a top-k of one analysis, it does not pick the neighbours of one peak: a chosen event is subtracted first.

    Limited to a number of concepts, c is any concept until so many different ones have been chosen for a signal, and
    one of these from then on. So an event code is jointly sparse: in its concepts, and in where they are.

    Args:
        k: events per signal, ≥ 1.
        positive: choose by the value instead of its size; no negative mass.
        detach: no gradient through the pursuit; the dictionary then learns from the synthesis alone, in half the time.
        concepts: at most so many different concepts per signal, ≥ 1; None for no limit.

    Source: Mallat & Zhang, doi:10.1109/78.258082.
    """

    def __init__(self, k: int, positive: bool = False, detach: bool = False, concepts: int | None = None):
        super().__init__(TopK(1, positive), detach)  # one event at a time
        self.k = whole(k, "k")
        self.concepts = None if concepts is None else whole(concepts, "concepts")

    def extra_repr(self) -> str:
        return f"k={self.k}, positive={self.positive}, detach={self.detach}, concepts={self.concepts}"

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.detach):
            signal = seen(dictionary, signal)
            chosen = [self.sparsity.select(dictionary.analysis(signal))]
            code = chosen[0].code()
            for _ in range(self.k - 1):
                masses = dictionary.correlate(signal, code)
                chosen.append(self.sparsity.select(masses, self._closed(masses, chosen)))
                code = code + chosen[-1].code()
            values, indices = (torch.cat(parts, 1) for parts in list(zip(*chosen, strict=True))[:2])
            return Events(values, indices, chosen[0].shape)

    def _closed(self, masses: Tensor, chosen: list[Events]) -> Tensor | None:
        """The concepts that may not be chosen any more, `(batch, concepts)`; None when all may."""
        if self.concepts is None or len(chosen) < self.concepts:
            return None
        nodes = count_nodes(masses.shape[2:])
        used = torch.zeros(masses.shape[:2], dtype=torch.bool, device=masses.device)
        used = used.scatter(1, torch.cat([events.indices for events in chosen], 1) // nodes, True)
        return ~used & (used.sum(1, keepdim=True) >= self.concepts)
