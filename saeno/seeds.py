"""From a seed to random numbers: the same seed gives the same bits."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from saeno.checks import whole


def generator(seed: int) -> torch.Generator:
    """A generator that begins with that seed. Raises ValueError unless it is a whole number ≥ 0."""
    return torch.Generator().manual_seed(whole(seed, "seed", least=0))


def seeded(*shape: int, seed: int) -> Tensor:
    """Standard normal entries of that shape, the same for the same seed."""
    return torch.randn(*shape, generator=generator(seed))


def generator_for(seed: int, *count: int) -> torch.Generator:
    """A generator for the count-th draw of a run: independent streams, and none of them needs the ones before."""
    return generator(int(np.random.SeedSequence([seed, *count]).generate_state(1, np.uint64)[0] >> 1))
