"""Atoms that are vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from saeno.checks import tensor
from saeno.dictionaries.base import Dictionary, random_atoms
from saeno.grids import Grid
from saeno.kernels.decode import decoded, large
from saeno.kernels.select import encoded
from saeno.sparsity import Events, TopK
from saeno.sparsity.base import Sparsity


class DenseDictionary(Dictionary):
    r"""Concepts are vectors: the dictionary of a sparse autoencoder.

    $$ x = \sum_c z_c\, d_c = D z, \qquad z = D^\top x, \qquad d_c \in \mathbb R^m . $$

    A vector is a function on a grid with no axes (N = 1). `weight[c]` is the atom d_c, so synthesis is `code @ weight`.

    Args:
        channels: m, the number of components of a signal.
        concepts: p, the number of atoms.
        seed: of the random unit atoms it starts with.

    Source: the sparse model of Olshausen & Field, doi:10.1038/381607a0.
    """

    axes = 0

    def __init__(self, channels: int, concepts: int, seed: int = 0):
        super().__init__()
        self.weight = random_atoms(concepts, channels, seed=seed)
        self.seed = int(seed)
        self.normalize_()

    @classmethod
    def from_atoms(cls, atoms: Tensor) -> DenseDictionary:
        """The dictionary with these atoms `(concepts, channels)`; their norms are kept."""
        tensor(atoms, "atoms", "(concepts, channels)", (2, 2))
        self = cls(atoms.shape[1], atoms.shape[0])
        self.weight = nn.Parameter(atoms.detach().clone())
        return self

    def synthesis(self, code: Tensor) -> Tensor:
        self.check_code(code)
        return (code @ self.weight).to(self.weight.dtype)

    def synthesis_of_events(self, events: Events) -> Tensor:
        # The dense code is never built: with k of p atoms in use, that is most of the work of a training step.
        if self._by_kernels(events.values):
            return decoded(events.values, events.indices, self.weight)
        return functional.embedding_bag(events.indices, self.weight, per_sample_weights=events.values, mode="sum")

    def analysis(self, signal: Tensor) -> Tensor:
        self.check_signal(signal)
        return functional.linear(signal, self.weight).to(self.weight.dtype)

    def chosen(self, signal: Tensor, bias: Tensor | None, sparsity: Sparsity) -> Events:
        if type(sparsity) is not TopK or sparsity.k > self.concepts or not self._by_kernels(signal):
            return super().chosen(signal, bias, sparsity)
        self.check_signal(signal)
        values, places = encoded(signal, self.weight, bias, sparsity.k, not sparsity.positive)
        return Events(values.clamp(min=0) if sparsity.positive else values, places, (self.concepts,))

    def _by_kernels(self, value: Tensor) -> bool:
        """Whether a step with these signals, or values of a code, is done without a dense gradient of the code."""
        device = self.weight.device.type
        return large(len(value), self.concepts) and not torch.is_autocast_enabled(device)

    def atoms(self, grid: Grid = ()) -> Tensor:
        self.check_grid(grid)
        return self.weight

    def determined_by(self) -> list[Tensor]:
        return [self.weight]
