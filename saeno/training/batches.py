"""Where the signals of a training step come from.

The batch of step t is a function of the seed and t, and of nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from saeno.checks import held, whole
from saeno.grids import Grid, as_grid
from saeno.seeds import generator_for

SAMPLED = 64  # numbers of a fingerprint


@runtime_checkable
class Generative(Protocol):
    """A model that draws its signals, such as `saeno.data.SparseModel`."""

    def sample(self, count: int, grid: Grid, generator: torch.Generator) -> Sequence[Tensor]:
        """`count` signals `(count, channels, *grid)` first, then whatever belongs to them."""


def batches(data: Any, size: int, seed: int, grid: Grid, start: int = 0) -> Iterator[Tensor]:
    """The batches of a run from step `start` on, without end.

    Args:
        data: a tensor `(signals, channels, *grid)`, shuffled anew each epoch, the incomplete last batch left out; a
            `Generative` model; or a DataLoader, or another iterable of batches (a tuple's first entry is the signal),
            which is iterated anew for each epoch. One that starts within an epoch draws that epoch again and skips what
            was seen; without a length, all epochs before. Its generators, those of its samplers and its data set, and
            the global ones of torch, NumPy and Python are seeded for it. An iterator is read once, as it is.
        size: signals in a batch.

    Raises ValueError or TypeError, naming the argument, for data that cannot give a batch.
    """
    size, seed = whole(size, "batch"), whole(seed, "seed", least=0)
    if isinstance(data, Generative) and not isinstance(data, type):
        return _of_model(data, size, seed, grid, start)
    if not isinstance(data, Iterable) or isinstance(data, str | bytes | Mapping | np.ndarray | type):
        tensor = "torch.from_numpy(data).float()" if isinstance(data, np.ndarray) else "a DataLoader"
        raise TypeError(
            f"data is a {type(data).__name__}: should be a tensor of signals, {tensor}, an iterable of batches, "
            "or have .sample(count, grid, generator)"
        )
    if as_grid(grid) != ():
        kind = "tensor" if isinstance(data, Tensor) else type(data).__name__
        raise ValueError(f"grid = {grid!r}: is for a generative model; a {kind} has a grid of its own")
    if isinstance(data, Tensor):
        return _of_tensor(data, size, seed, start)
    if isinstance(data, Iterator):
        return _of_iterator(data)
    if _length(data) == 0:
        raise ValueError(f"data is a {type(data).__name__} without a batch: should have one at least")
    return _of_iterable(data, seed, start)


def _of_tensor(signals: Tensor, size: int, seed: int, start: int) -> Iterator[Tensor]:
    held(signals, "data")
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


def _of_model(model: Generative, size: int, seed: int, grid: Grid, start: int) -> Iterator[Tensor]:
    step = start
    while True:
        yield model.sample(size, grid, generator_for(seed, step))[0]
        step += 1


def _of_iterator(data: Iterator[Any]) -> Iterator[Tensor]:
    count = 0
    for batch in data:
        yield _signal(batch)
        count += 1
    raise ValueError(f"data ended after {count} batches: should give one for each step, or be iterated again")


def _length(data: Iterable[Any]) -> int | None:
    """Batches of an epoch; None where only its end says so, as for a DataLoader of a stream."""
    try:
        return len(data)
    except TypeError:
        return None


def _signal(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple | list) and batch else batch


def _of_iterable(data: Iterable[Any], seed: int, start: int) -> Iterator[Tensor]:
    per_epoch = _length(data)
    epoch, skip = (0, start) if per_epoch is None else divmod(start, per_epoch)
    while True:
        iterator, place = None, 0
        while True:
            with _seeded(seed, epoch, *[place] * (place > 0)) as state:
                if iterator is None:  # a shuffling loader draws its order at its first batch
                    for generator in _generators(data):
                        generator.manual_seed(state)
                    iterator = iter(data)
                try:
                    batch = next(iterator)
                except StopIteration:
                    break
            if place >= skip:
                yield _signal(batch)
            place += 1
        if place == 0:
            raise ValueError(f"data gave no batch in epoch {epoch}: should give one at least each time it is iterated")
        epoch, skip = epoch + 1, max(0, skip - place)


@contextmanager
def _seeded(*counts: int) -> Iterator[int]:
    """Global generators that begin with a number of their own, and are as they were afterwards."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    state = generator_for(*counts).initial_seed()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(state)
        np.random.seed(state % 2**32)
        random.seed(state)
        try:
            yield state
        finally:
            np.random.set_state(numpy_state)
            random.setstate(python_state)


def _generators(data: Iterable[Any]) -> list[torch.Generator]:
    """Those that a loader, its samplers and its data set hold, of classes that may be anyone's."""
    parts = [data]
    if isinstance(data, torch.utils.data.DataLoader):
        batched = data.batch_sampler
        parts += [data.sampler, batched, getattr(batched, "sampler", None), data.dataset]
    values = [value for part in parts for value in getattr(part, "__dict__", {}).values()]
    return [value for value in values if isinstance(value, torch.Generator)]


def fingerprint(data: Any, size: int, seed: int, grid: Grid) -> dict[str, Any]:
    """What a checkpoint knows its data by: how many there are, and some numbers of the batch of step 0.

    Data that are drawn are drawn twice. Raises ValueError when that gives two different batches, so that no run could
    go on as it began, and TypeError for what gives no tensors.
    """
    if isinstance(data, Iterator):
        raise ValueError(
            f"data is a {type(data).__name__}, which can be read once: with a checkpoint it should be what can be "
            "iterated again, such as a DataLoader"
        )
    drawn = 1 if isinstance(data, Tensor) else 2
    first, *again = [list(islice(batches(data, size, seed, grid), 2)) for _ in range(drawn)]
    if not all(isinstance(batch, Tensor) for batch in first):
        raise TypeError(f"data gave a {type(first[0]).__name__}: should be a tensor, or a tuple led by one")
    for other in again:
        if not all(a.equal(b) for a, b in zip(first, other, strict=True)):
            raise ValueError(
                "data gives other signals when asked again for the same step, so a run with a checkpoint could not go "
                "on as it began: should draw with the generator that is given, or with the global one"
            )
    batch = first[0].detach().cpu()
    numbers = batch.flatten()[:: max(1, batch.numel() // SAMPLED)][:SAMPLED].double().nan_to_num()
    count = None if isinstance(data, Generative) else _length(data)
    return {"count": count, "batch": list(batch.shape), "dtype": str(batch.dtype), "numbers": numbers.tolist()}


def same_data(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether two fingerprints are of the same data: up to a thousandth, which another processor may differ by."""
    if any(before[name] != now[name] for name in ("count", "batch", "dtype")):
        return False
    a, b = (torch.tensor(one["numbers"], dtype=torch.float64) for one in (before, now))
    return bool((a - b).abs().max() <= 1e-3 * b.abs().max()) if b.numel() else True
