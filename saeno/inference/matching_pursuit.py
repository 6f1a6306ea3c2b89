"""The greedy choice of events, one by one."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import whole
from saeno.dictionaries import Dictionary
from saeno.inference.base import Inference, seen
from saeno.inference.gram import BLOCK, Gram, largest
from saeno.sparsity import Events, TopK
from saeno.units import transformed, wide


class MatchingPursuit(Inference):
    r"""Greedy choice of k events: the largest correlation with what is left, again and again.

    $$ (c, v)_j = \arg\max |D^\top(x - D z^{j})|, \qquad z^{j+1} = z^{j} + N\, m_j\, \delta_{(c, v)_j}, \qquad
    m_j = \big[D^\top(x - D z^{j})\big]_{(c, v)_j} . $$

    Unlike a top-k of one analysis, it does not pick the neighbours of one peak: a chosen event is subtracted first.
    Of equal correlations the first in the flattened `(concepts, *grid)` is taken.

    The correlations are not computed anew for each event. What it takes from them is G, the inner products of its atom
    with all others, moved to its place,

    $$ \big[D^\top(x - D z^{j+1})\big]_d(u) = \big[D^\top(x - D z^{j})\big]_d(u) - m_j\, G_{c_j d}(u - v_j), \qquad
    G_{cd} = [D^\top D_c]_d , $$

    so with p concepts on N nodes an event costs p·N operations, or p·W where atoms are short, and a pass for the
    maximum. The table has p²·N numbers, or p²·W: see `Gram`. Where it would be larger than `gram.LARGEST`, or cost more
    than it saves, as for few signals, the equation above is done as it stands, by a synthesis and an analysis for each
    event, and so it is in code that is compiled or under transforms of `torch.func`. Both ways choose the same events,
    where no two correlations are equal to rounding: since Σ m_j² ≤ ‖x‖², rounding errors add up to √k·ε·‖x‖ at most.

    The gradient takes the chosen places for constants. The masses then solve a triangular system,

    $$ m_j + \sum_{l < j} G_{c_l c_j}(v_j - v_l)\, m_l = [D^\top x]_{c_j}(v_j) . $$

    Limited to a number of concepts, c is any concept until so many different ones have been chosen for a signal, and
    one of these from then on. So an event code is jointly sparse: in its concepts, and in where they are.

    Args:
        k: events per signal, ≥ 1.
        positive: choose by the value instead of its size; no negative mass.
        detach: no gradient through the pursuit; the dictionary then learns from the synthesis alone, in less time.
        concepts: at most so many different concepts per signal, ≥ 1; None for no limit.

    Source: Mallat & Zhang, doi:10.1109/78.258082; the gradient is our derivation.
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
            masses, grid = dictionary.analysis(signal), tuple(signal.shape[2:])
            events = (self.k - 1) * len(signal)
            if transformed(masses) or not Gram.pays(dictionary, grid, events):
                return self._one_by_one(dictionary, signal, masses)
            gram = Gram(dictionary, grid)
            with torch.no_grad():
                parts = [self._by_table(gram, part) for part in _blocks(wide(masses.detach()).unsqueeze(-1).flatten(2))]
                found, indices = (torch.cat(part) for part in zip(*parts, strict=True))
                values = found.clamp(min=0) if self.positive else found
            if torch.is_grad_enabled():
                active = found >= 0 if self.positive else torch.ones_like(found)
                moved = _solved(gram, wide(masses).flatten(1), indices, active)
                values = values + (moved - moved.detach())  # the same numbers, and how they move
            return Events(values.to(masses.dtype), indices, tuple(masses.shape[1:]))

    def _by_table(self, gram: Gram, masses: Tensor) -> tuple[Tensor, Tensor]:
        """What was found at each event, and where, `(batch, k)` both, in `masses: (batch, concepts, nodes)`, which it
        takes them from."""
        found, indices, score = [], [], None if self.positive else torch.empty_like(masses)
        for event in range(self.k):
            closed = self._closed(masses.shape, indices)
            score = masses if self.positive else torch.abs(masses, out=score)
            if closed is not None:
                score = score.masked_fill(closed.unsqueeze(2), -torch.inf)
            indices.append(largest(score.flatten(1)))
            found.append(masses.flatten(1).gather(1, indices[-1].unsqueeze(1)).squeeze(1))
            if event < self.k - 1:
                gram.take_(masses, indices[-1], found[-1].clamp(min=0) if self.positive else found[-1])
        return torch.stack(found, 1), torch.stack(indices, 1)

    def _one_by_one(self, dictionary: Dictionary, signal: Tensor, masses: Tensor) -> Events:
        """The same, by a synthesis and an analysis for each event."""
        values, indices, code = [], [], 0.0
        for event in range(self.k):
            flat = masses.flatten(1)
            score = flat if self.positive else flat.abs()
            closed = self._closed(masses.unsqueeze(-1).flatten(2).shape, indices)
            if closed is not None:
                score = score.masked_fill(closed.repeat_interleave(flat.shape[1] // closed.shape[1], 1), -torch.inf)
            indices.append(score.argmax(1))
            value = flat.gather(1, indices[-1].unsqueeze(1))
            values.append(value.clamp(min=0) if self.positive else value)
            if event < self.k - 1:
                code = code + Events(values[-1], indices[-1].unsqueeze(1), tuple(masses.shape[1:])).code()
                masses = dictionary.correlate(signal, code)
        return Events(torch.cat(values, 1), torch.stack(indices, 1), tuple(masses.shape[1:]))

    def _closed(self, shape: tuple[int, ...], chosen: list[Tensor]) -> Tensor | None:
        """The concepts that may not be chosen any more, `(batch, concepts)`; None when all may."""
        if self.concepts is None or len(chosen) < self.concepts:
            return None
        batch, concepts, nodes = shape
        used = torch.zeros(batch, concepts, dtype=torch.bool, device=chosen[0].device)
        used = used.scatter(1, torch.stack(chosen, 1) // nodes, True)
        return ~used & (used.sum(1, keepdim=True) >= self.concepts)


def _blocks(masses: Tensor) -> list[Tensor]:
    """Copies of the masses of as many signals as go through a pursuit together."""
    size = len(masses) if masses.device.type != "cpu" else max(1, BLOCK // masses[0].numel())
    return [part.clone(memory_format=torch.contiguous_format) for part in masses.split(size)]


def _solved(gram: Gram, seen: Tensor, indices: Tensor, active: Tensor) -> Tensor:
    """The masses of events at these places, `(batch, k)`, 0 where not active; `seen` is Dᵀx, `(batch, entries)`."""
    k, active = indices.shape[1], active.to(seen.dtype)
    later, sooner = torch.tril_indices(k, k, -1, device=seen.device)
    taken = gram.between(indices[:, sooner], indices[:, later]) * active[:, later]
    signals = torch.arange(len(seen), device=seen.device).unsqueeze(1)
    system = seen.new_zeros(len(seen), k, k).index_put((signals, later, sooner), taken)
    right = seen.gather(1, indices) * active
    return torch.linalg.solve_triangular(system, right.unsqueeze(2), upper=False, unitriangular=True).squeeze(2)
