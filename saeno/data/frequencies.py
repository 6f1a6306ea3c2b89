"""Sparse vectors whose concepts are not equally frequent."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import whole
from saeno.data.sparse import Sample
from saeno.dictionaries.base import Dictionary, Grid, as_grid
from saeno.dictionaries.dense import DenseDictionary


class FrequencyModel:
    r"""A generative model of vectors in which each concept is active on its own, with its own probability.

    $$ x = \sum_c z_c\, d_c, \qquad z_c = a_c\, s_c, \quad s_c \sim \operatorname{Bernoulli}(P_c), \quad
    a_c \sim U(a_0, a_1) . $$

    So the number of active concepts varies from signal to signal, and some concepts are seldom seen. In `SparseModel`
    all are alike.

    Args:
        dictionary: D, true and known, of vectors.
        probability: P, `(concepts,)`, between 0 and 1.
        amplitude: smallest and largest mass.

    Source: Sharkey, Braun & Millidge 2022 (see `toy`).
    """

    def __init__(self, dictionary: Dictionary, probability: Tensor, amplitude: tuple[float, float] = (0.0, 1.0)):
        if dictionary.axes:
            raise ValueError(f"dictionary has {dictionary.axes} axes: should be one of vectors")
        if probability.shape != (dictionary.concepts,) or not ((probability >= 0) & (probability <= 1)).all():
            raise ValueError(
                f"probability has shape {tuple(probability.shape)}: should be {dictionary.concepts} numbers from 0 to 1"
            )
        if not 0 <= amplitude[0] <= amplitude[1] < float("inf"):
            raise ValueError(f"amplitude = {amplitude!r}: should be 0 ≤ smallest ≤ largest mass")
        self.dictionary, self.amplitude = dictionary, amplitude
        self.probability = probability.to(dictionary.weight)

    @classmethod
    def toy(cls, seed: int = 0, channels: int = 256, concepts: int = 512, active: float = 5.0, decay: float = 0.99):
        r"""The toy of superposition: random unit atoms, $P_c \propto \text{decay}^c$, `active` of them on average.

        By default 512 atoms in 256 dimensions, the most frequent in one of 20 signals and the rarest in one of 3,400;
        masses between 0 and 1. Source: Sharkey, Braun & Millidge 2022; Cunningham et al., arXiv:2309.08600.
        """
        frequency = decay ** torch.arange(whole(concepts, "concepts"), dtype=torch.float64)
        return cls(DenseDictionary(channels, concepts, seed), (active * frequency / frequency.sum()).float())

    @torch.no_grad()
    def sample(self, count: int, grid: Grid = (), generator: torch.Generator | None = None) -> Sample:
        """`count` signals `(count, channels)` with their codes `(count, concepts)`; `grid` is that of vectors, ()."""
        as_grid(grid, 0)
        weight, (low, high) = self.dictionary.weight, self.amplitude
        draw = {"generator": generator, "dtype": weight.dtype}
        draw["device"] = weight.device if generator is None else generator.device
        on, mass = torch.rand(2, count, self.dictionary.concepts, **draw).to(weight.device)
        code = torch.where(on < self.probability, low + (high - low) * mass, 0.0)
        return Sample(self.dictionary.synthesis(code), code)
