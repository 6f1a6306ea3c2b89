"""Sparse vectors whose concepts are not equally frequent."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import instance, interval, real, tensor, whole
from saeno.data.sparse import Sample, drawn_on
from saeno.dictionaries.base import Dictionary
from saeno.dictionaries.dense import DenseDictionary
from saeno.grids import Grid, as_grid


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
        if instance(dictionary, Dictionary, "dictionary", "DenseDictionary(64, 128)").axes:
            raise ValueError(f"dictionary has {dictionary.axes} axes: should be one of vectors")
        probability = tensor(probability, "probability", f"({dictionary.concepts},)", (1, 1))
        if len(probability) != dictionary.concepts or not ((probability >= 0) & (probability <= 1)).all():
            raise ValueError(
                f"probability has shape {tuple(probability.shape)}: should be {dictionary.concepts} numbers from 0 to 1"
            )
        amplitude = interval(amplitude, "amplitude", "mass", dictionary.weight.dtype)
        self.dictionary, self.amplitude = dictionary, amplitude
        self.probability = probability.to(dictionary.weight)

    @classmethod
    def toy(cls, seed: int = 0, channels: int = 256, concepts: int = 512, active: float = 5.0, decay: float = 0.99):
        r"""The toy of superposition: random unit atoms, $P_c \propto \text{decay}^c$, `active` of them on average.

        By default 512 atoms in 256 dimensions, the most frequent in one of 20 signals and the rarest in one of 3,400;
        masses between 0 and 1. Source: Sharkey, Braun & Millidge 2022; Cunningham et al., arXiv:2309.08600.
        """
        active, decay = real(active, "active", positive=True), real(decay, "decay", positive=True)
        if decay > 1:
            raise ValueError(f"decay = {decay}: should be at most 1")
        frequency = decay ** torch.arange(whole(concepts, "concepts"), dtype=torch.float64)
        probability = (active * frequency / frequency.sum()).float()
        if probability[0] > 1:
            most = (frequency.sum() / frequency[0]).item()
            raise ValueError(f"active = {active}: should be at most {most:.3g}, or the first probability is above 1")
        return cls(DenseDictionary(channels, concepts, seed), probability)

    @torch.no_grad()
    def sample(self, count: int, grid: Grid = (), generator: torch.Generator | None = None) -> Sample:
        """`count` signals `(count, channels)` with their codes `(count, concepts)`; `grid` is that of vectors, ()."""
        as_grid(grid, 0)
        count = whole(count, "count")
        weight, (low, high) = self.dictionary.weight, self.amplitude
        draw = {**drawn_on(generator, weight), "dtype": weight.dtype}
        on, mass = torch.rand(2, count, self.dictionary.concepts, **draw).to(weight.device)
        code = torch.where(on < self.probability, low + (high - low) * mass, 0.0)
        return Sample(self.dictionary.synthesis(code), code)
