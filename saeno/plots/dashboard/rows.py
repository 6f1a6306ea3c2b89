"""The signals that a dashboard looks at: a tensor or a folder of shards, never more than a batch of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from saeno import composition
from saeno.autoencoder import SparseAutoencoder
from saeno.checks import tensor
from saeno.grids import count_nodes
from saeno.training.shards import Shards

BLOCK = 2**22  # entries of the codes of a batch


class Rows:
    """`count` signals `(channels, *grid)`, in batches on the device of the model, or by their numbers.

    Raises TypeError or ValueError, naming x, for signals that are none of this model.
    """

    def __init__(self, x: Tensor | Shards, model: SparseAutoencoder):
        dictionary = model.dictionary
        grid = ", *grid" if dictionary.axes > 1 else ", n" * dictionary.axes
        form = f"(inputs, channels = {dictionary.channels}{grid}) for {type(dictionary).__name__}"
        if not isinstance(x, Shards):
            axes = 2 + dictionary.axes
            x = tensor(x, "x", form, (axes, axes), finite=False)
        self.shards = x if isinstance(x, Shards) else None
        self.values = None if isinstance(x, Shards) else x.detach()
        self.count, shape = (x.rows, x.shape) if isinstance(x, Shards) else (len(x), tuple(x.shape[1:]))
        dtype = composition.dtype_named(x.dtype) if isinstance(x, Shards) else x.dtype
        if len(shape) != 1 + dictionary.axes or shape[0] != dictionary.channels:
            raise ValueError(f"x has shape {(self.count, *shape)}: should be {form}")
        if dtype != dictionary.weight.dtype:
            raise TypeError(f"x is {dtype}, the model {dictionary.weight.dtype}: convert one of them")
        self.grid = dictionary.check_grid(shape[1:], "grid of x")
        self.device = dictionary.weight.device
        nodes = max(count_nodes(self.grid), count_nodes(getattr(model.inference, "grid", ())))
        self.batch = max(1, min(1024, BLOCK // (max(dictionary.concepts, dictionary.channels) * nodes)))

    def __iter__(self) -> Iterator[Tensor]:
        for part in [self.values] if self.shards is None else self.shards:
            for batch in part.split(self.batch):
                yield self._finite(batch.to(self.device))

    def take(self, numbers: Sequence[int]) -> Tensor:
        """The signals of these numbers, `(numbers, channels, *grid)`; of shards each file is read once at most."""
        if self.shards is None:
            return self._finite(self.values[torch.as_tensor(numbers)].to(self.device))
        found, first = {}, 0
        for place, file in enumerate(self.shards.files):
            here = sorted({number for number in numbers if first <= number < first + file["rows"]})
            rows = self.shards.read(place) if here else None
            found |= {number: rows[number - first].clone() for number in here}
            first += file["rows"]
        return self._finite(torch.stack([found[number] for number in numbers]).to(self.device))

    def _finite(self, batch: Tensor) -> Tensor:
        if not batch.isfinite().all():
            raise ValueError("x has NaN or infinite values: should be finite")
        return batch
