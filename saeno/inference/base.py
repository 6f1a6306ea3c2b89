"""What every encoder is: from a signal to its code, for any dictionary."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from saeno.checks import flag
from saeno.dictionaries import Dictionary
from saeno.grids import count_nodes
from saeno.part import Part
from saeno.sparsity import Events, Sparsity


class Encoding(NamedTuple):
    """What an encoder makes of a batch of signals: its code, and what the code was chosen from."""

    code: Events | Tensor
    """A list of events, or a density `(batch, concepts, *grid)`."""
    values: Tensor | None = None
    """Of a soft code: what it is the proximal operator of, shaped like it, in the last step of the encoder."""
    step: Tensor | float | None = None
    """α of that operator."""

    def dense(self) -> Tensor:
        """The code as a density `(batch, concepts, *grid)`."""
        return self.code.code() if isinstance(self.code, Events) else self.code

    def first(self, concepts: int) -> Encoding:
        """The encoding with the first concepts only, as if the others had never been near their thresholds."""
        if isinstance(self.code, Events):
            inside = self.code.indices < concepts * count_nodes(self.code.shape[1:])
            return Encoding(self.code._replace(values=torch.where(inside, self.code.values, 0.0)))
        kept = torch.arange(self.code.shape[1], device=self.code.device) < concepts
        kept = kept.view(-1, *[1] * (self.code.dim() - 2))
        values = None if self.values is None else torch.where(kept, self.values, -torch.inf)
        return Encoding(torch.where(kept, self.code, 0.0), values, self.step)


class Inference(Part):
    """What every encoder does: `inference(dictionary, signal)` is the code `(batch, concepts, *grid)`.

    Encoders that choose events (`makes_events`) define `events`, the code as a list of them. Others define `encoding`,
    or `forward`, which leaves out what the code was chosen from.
    """

    def __init__(self, sparsity: Sparsity | None = None, detach: bool = False):
        """sparsity: what makes its codes sparse, if one operator does. detach: no gradient through the encoder."""
        super().__init__()
        self.sparsity, self.detach = sparsity, flag(detach, "detach")

    @property
    def makes_events(self) -> bool:
        """Whether codes are events."""
        return self.sparsity is not None and self.sparsity.makes_events

    @property
    def positive(self) -> bool:
        """Whether codes have no negative entries."""
        return self.sparsity is not None and self.sparsity.positive

    def attach(self, dictionary: Dictionary) -> None:
        """Make what is learned besides the dictionary. `SparseAutoencoder` calls it once."""
        if self.sparsity is not None:
            self.sparsity.attach(dictionary.weight)

    def renew(self, dictionary: Dictionary, concepts: Tensor) -> list[nn.Parameter]:
        """Begin anew what is learned of these concepts `(count,)`, whose atoms are new; which parameters that were."""
        return [] if self.sparsity is None else self.sparsity.renew(concepts)

    def in_units(self) -> list[nn.Parameter]:
        """What is learned in the unit of the signals, as a bias is: in other units, it is another number."""
        return []

    def forward(self, dictionary: Dictionary, signal: Tensor) -> Tensor:
        return self.encoding(dictionary, signal).dense()

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        """The code as a list of events. Raises TypeError for an encoder of soft codes."""
        raise TypeError(f"{self} gives soft codes, which are no list of events: use a TopK sparsity or MatchingPursuit")

    def encoding(self, dictionary: Dictionary, signal: Tensor) -> Encoding:
        """The code with what it was chosen from, for losses that ask for it."""
        if not self.makes_events and type(self).forward is Inference.forward:  # which asks for this encoding
            raise NotImplementedError
        return Encoding(self.events(dictionary, signal) if self.makes_events else self(dictionary, signal))

    def candidates(self, dictionary: Dictionary, signal: Tensor, residual: Tensor) -> Tensor:
        """The masses `(batch, concepts, *grid)` from which a concept that was not chosen would be chosen next.

        An iterative encoder chooses from what is left, the analysis of the residual x − D z `(batch, channels, *grid)`.
        """
        return dictionary.analysis(residual)


def seen(dictionary: Dictionary, signal: Tensor) -> Tensor:
    """The signals, those with a NaN or infinity made NaN as a whole, so that it shows in any code: max(−∞, 0) is 0."""
    dictionary.check_signal(signal)
    nothing = (0 * signal.detach()).sum(tuple(range(1, signal.dim())), keepdim=True)  # 0, but NaN where there is one
    return signal + nothing
