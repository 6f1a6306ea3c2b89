"""A model with the code of one batch, computed once: what the parts of a composed loss share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saeno.autoencoder import SparseAutoencoder
from saeno.sparsity import Events, JumpReLU


class Encoded:
    """Stands in for a model where a loss expects one, and encodes its batch once, however often it is asked.

    model: what it stands for; asked for anything else, or about another signal, it passes the question on.
    signal: the batch, `(batch, channels, *grid)`.
    concepts: the number of first concepts that the code keeps, the others being zero; None for all.
    """

    def __init__(self, model: SparseAutoencoder, signal: Tensor, concepts: int | None = None):
        self.model, self.signal, self.concepts = model, signal, concepts
        self._known: dict[str, Any] = {}

    @classmethod
    def of(cls, model: SparseAutoencoder | Encoded, signal: Tensor) -> Encoded:
        """The stand-in of a model for this batch: itself, when it is one already."""
        return model if isinstance(model, cls) and model.signal is signal else cls(model, signal)

    def first(self, concepts: int) -> Encoded:
        """The same, with a code of the first concepts only."""
        part = Encoded(self.model, self.signal, concepts)
        part._known = self._known
        return part

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def events(self, signal: Tensor) -> Events:
        """As `SparseAutoencoder.events`."""
        events = self._recall("events", signal, self.model.events)
        if self.concepts is None:
            return events
        inside = events.indices < self.concepts * torch.Size(events.shape[1:]).numel()
        return events._replace(values=torch.where(inside, events.values, 0.0))

    def encode(self, signal: Tensor) -> Tensor:
        """As `SparseAutoencoder.encode`."""
        if self.model.inference.makes_events:
            return self.events(signal).code()
        return self._kept(self._recall("code", signal, self._listen))

    def active(self, signal: Tensor) -> Tensor:
        """`JumpReLU.active` of the values whose jump is the code, `(batch, concepts, *grid)`."""
        self.encode(signal)
        return self._kept(self.model.inference.sparsity.active(*self._known["values"]))

    reconstruct = SparseAutoencoder.reconstruct
    __call__ = SparseAutoencoder.forward

    def _recall(self, what: str, signal: Tensor, ask: Any) -> Any:
        if signal is not self.signal:
            return ask(signal)
        if what not in self._known:
            self._known[what] = ask(signal)
        return self._known[what]

    def _listen(self, signal: Tensor) -> Tensor:
        """The code, and on the way the values that a `JumpReLU` was last given: those of the code."""
        sparsity = getattr(self.model.inference, "sparsity", None)
        if not isinstance(sparsity, JumpReLU):
            return self.model.encode(signal)
        hook = sparsity.register_forward_pre_hook(lambda _, given: self._known.update(values=given))
        try:
            return self.model.encode(signal)
        finally:
            hook.remove()

    def _kept(self, code: Tensor) -> Tensor:
        if self.concepts is None:
            return code
        kept = torch.arange(code.shape[1], device=code.device) < self.concepts
        return torch.where(kept.view(-1, *[1] * (code.dim() - 2)), code, 0.0)
