"""The loss that brings dead atoms back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from saeno.checks import real, whole
from saeno.grids import count_nodes
from saeno.losses.base import Loss, encoded, misfit, objective
from saeno.losses.identity import identity, takes_encoding
from saeno.sparsity import Events, TopK

if TYPE_CHECKING:
    from saeno.autoencoder import SparseAutoencoder
    from saeno.inference import Encoding


class AuxK(nn.Module):
    r"""A loss, and besides it the task, for dead concepts, to explain what the others leave.

    $$ \text{base} + w\, \tfrac12 \|e - \hat e\|^2, \qquad e = x - \hat x \ \text{(no gradient)}, \qquad
    \hat e = \sum_{c \text{ dead}} D_c\, \operatorname{top}_k(u)_c . $$

    A concept is dead when it was active nowhere in the last `patience` training batches. u are the masses that the
    encoder chooses from: W x + b for `OneStep`; for an encoder that iterates, the analysis of e, from which it would
    choose next. The k largest among the dead (all, when there are fewer) become events, with these masses. So dead
    atoms have a gradient, and the rows of their encoder and their biases too. A code that has to be positive makes a
    negative mass 0; the gradient still goes to the encoder then, as if it did not, since a ReLU that is silent on all
    signals could else never come back.

    e already is without the mean of the model, and ê does not add it again. Without dead concepts this is `base`. Both
    terms have the same unit, so w is a pure number, and nothing is divided by the energy of e: an optimiser such as
    Adam does that for atoms whose only gradient this is.

    Args:
        k: dead entries per signal.
        weight: w ≥ 0.
        patience: steps.
        base: the loss it is added to, `base(model, signal, encoding)`, as all losses here are.

    `silent` counts the training batches since each concept was last active, `(concepts,)`. It changes only when the
    model is in train mode and gradients are recorded; `fit` sets it to zero when a run begins, and keeps it in
    checkpoints.
    Source: Gao et al., arXiv:2406.04093.
    """

    def __init__(self, k: int, weight: float = 1 / 32, patience: int = 100, base: Loss = objective):
        super().__init__()
        self.k, self.weight, self.patience = whole(k, "k"), real(weight, "weight"), whole(patience, "patience")
        takes_encoding(base)
        self.base = base
        self.register_buffer("silent", torch.zeros(0, dtype=torch.long))

    def __repr__(self) -> str:
        return f"AuxK({self.k}, {self.weight}, {self.patience}, {identity(self.base)})"

    def reset(self) -> None:
        """Forget what was counted."""
        self.silent = torch.zeros(0, dtype=torch.long)

    def dead(self) -> Tensor:
        """Which concepts are dead by now, `(concepts,)`; empty before the first batch."""
        return self.silent >= self.patience

    def forward(self, model: SparseAutoencoder, signal: Tensor, encoding: Encoding | None = None) -> Tensor:
        """The loss of a batch `(batch, channels, *grid)`; it counts which concepts are active there."""
        encoding = encoded(model, signal, encoding)
        value = self.base(model, signal, encoding)
        self._count(model, encoding)
        dead = self.dead().nonzero().flatten()
        if not len(dead):
            return value
        residual = model.scaled(signal - model.decode_encoding(encoding, signal.shape[2:])).detach()
        return value + self.weight * misfit(residual, self._explained(model, model.centred(signal), residual, dead))

    def _explained(self, model: SparseAutoencoder, signal: Tensor, residual: Tensor, dead: Tensor) -> Tensor:
        """ê, by the k largest masses of the dead concepts; the signal has no mean any more."""
        inference, dictionary = model.inference, model.dictionary
        with torch.set_grad_enabled(torch.is_grad_enabled() and not inference.detach):
            masses = inference.candidates(dictionary, signal, residual)
        shape, among = tuple(masses.shape[1:]), masses.index_select(1, dead)
        places = TopK(min(self.k, among[0].numel()), inference.positive).select(among).indices
        values = among.flatten(1).gather(1, places)
        if inference.positive:
            values = values + (values.clamp(min=0) - values).detach()
        nodes = count_nodes(shape[1:])
        events = Events(values, dead[places // nodes] * nodes + places % nodes, shape)
        if shape[1:] != tuple(residual.shape[2:]):
            return dictionary.render(events.code(), residual.shape[2:])
        return dictionary.synthesis_of_events(events)

    def _count(self, model: SparseAutoencoder, encoding: Encoding) -> None:
        concepts = model.dictionary.concepts
        if not len(self.silent):
            self.silent = torch.zeros(concepts, dtype=torch.long, device=model.dictionary.weight.device)
        if len(self.silent) != concepts:
            raise ValueError(
                f"AuxK counts {len(self.silent)} concepts, the model has {concepts}: make a new one for it"
            )
        if model.training and torch.is_grad_enabled():
            self.silent = torch.where(_active(encoding), 0, self.silent + 1)

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
        self.silent = torch.zeros_like(state[prefix + "silent"])  # as many as there are in the file
        super()._load_from_state_dict(state, prefix, *rest)


@torch.no_grad()
def _active(encoding: Encoding) -> Tensor:
    """Which concepts are active anywhere in the batch, `(concepts,)`."""
    if not isinstance(encoding.code, Events):
        return (encoding.code != 0).transpose(0, 1).flatten(1).any(1)
    events = encoding.code
    used = events.indices[events.values != 0] // count_nodes(events.shape[1:])
    return torch.zeros(events.shape[0], dtype=torch.bool, device=used.device).index_fill(0, used, True)
