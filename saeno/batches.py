"""Where the signals of a training step come from.

The batch of step t is a function of the seed and t, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saeno.checks import whole
from saeno.dictionaries.base import Grid, as_grid


def generator_for(seed: int, count: int) -> torch.Generator:
    """A generator for the count-th draw of a run: independent streams, and none of them needs the ones before."""
    return torch.Generator().manual_seed(
        int(np.random.SeedSequence([seed, count]).generate_state(1, np.uint64)[0] >> 1)
    )


def batches(data: Any, size: int, seed: int, grid: Grid, start: int = 0) -> Iterator[Tensor]:
    """The batches of a run from step `start` on, without end.

    Args:
        data: a tensor `(signals, channels, *grid)`, shuffled anew each epoch, the incomplete last batch left out; a
            generative model with `.sample(count, grid, generator) -> (signal, code)`; or a DataLoader (its own batch
            size; a tuple's first entry is the signal). A DataLoader that starts within an epoch draws that epoch again
            and skips what was seen.
        size: signals in a batch.

    Raises ValueError or TypeError, naming the argument, for data that cannot give a batch.
    """
    size, seed = whole(size, "batch"), whole(seed, "seed", least=0)
    if isinstance(data, Tensor | torch.utils.data.DataLoader) and as_grid(grid) != ():
        kind = "tensor" if isinstance(data, Tensor) else "DataLoader"
        raise ValueError(f"grid = {grid!r}: is for a generative model; a {kind} has a grid of its own")
    if isinstance(data, Tensor):
        return _of_tensor(data, size, seed, start)
    if hasattr(data, "sample"):
        return _of_model(data, size, seed, grid, start)
    if isinstance(data, torch.utils.data.DataLoader):
        try:
            per_epoch = len(data)
        except TypeError as error:
            raise TypeError(f"data is a DataLoader without a length: should have one ({error})") from error
        if per_epoch == 0:
            raise ValueError("data is a DataLoader without a batch: should have one at least")
        return _of_loader(data, seed, start)
    tensor = "torch.from_numpy(data).float()" if isinstance(data, np.ndarray) else "a DataLoader"
    raise TypeError(
        f"data is a {type(data).__name__}: should be a tensor of signals, {tensor}, or have "
        ".sample(count, grid, generator)"
    )


def _of_tensor(signals: Tensor, size: int, seed: int, start: int) -> Iterator[Tensor]:
    if signals.dim() < 2:
        raise ValueError(f"data has shape {tuple(signals.shape)}: should be (signals, channels, *grid)")
    if size > len(signals):
        raise ValueError(f"batch = {size}: should be at most the {len(signals)} signals of data")
    finite = signals.flatten(1).isfinite().all(1)
    if not finite.all():
        bad = torch.nonzero(~finite).flatten()
        raise ValueError(
            f"data has NaN or infinite values in {len(bad)} of {len(signals)} signals, first in signal {bad[0].item()}"
        )

    def endless() -> Iterator[Tensor]:
        per_epoch = len(signals) // size
        step, order, order_of = start, None, None
        while True:
            epoch, place = divmod(step, per_epoch)
            if epoch != order_of:
                order, order_of = torch.randperm(len(signals), generator=generator_for(seed, epoch)), epoch
            yield signals[order[place * size : (place + 1) * size].to(signals.device)]
            step += 1

    return endless()


def _of_model(model: Any, size: int, seed: int, grid: Grid, start: int) -> Iterator[Tensor]:
    step = start
    while True:
        yield model.sample(size, grid, generator_for(seed, step))[0]
        step += 1


def _of_loader(loader: torch.utils.data.DataLoader, seed: int, start: int) -> Iterator[Tensor]:
    epoch, skip = divmod(start, len(loader))
    while True:
        # A shuffling loader draws its order at its first batch, from its own generator or else the global one.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator_for(seed, epoch).initial_seed())
            if loader.generator is not None:
                loader.generator.manual_seed(torch.initial_seed())
            iterator = iter(loader)
            first = next(iterator)
        for batch in islice(chain([first], iterator), skip, None):
            yield batch[0] if isinstance(batch, tuple | list) else batch
        epoch, skip = epoch + 1, 0
