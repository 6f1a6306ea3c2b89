"""Lists of places sorted by atom, once for each list: what the gradients of the decoder and the encoder share."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary


class Order(NamedTuple):
    """A list of places sorted by atom: Zᵀ in compressed rows.

    entry: positions in the flattened `(batch, k)`, those of atom 0 first, each atom's in the order of the list.
    start: where each atom's begin, and the end of the last, `(concepts + 1,)`.
    """

    entry: Tensor
    start: Tensor


_ORDERS: WeakTensorKeyDictionary = WeakTensorKeyDictionary()


def order(indices: Tensor, concepts: int) -> Order:
    """The order of a list `(batch, k)`: one stable sort, remembered as long as the list is there and as it was."""
    version = None if indices.is_inference() else indices._version
    known = _ORDERS.get(indices)
    if known is not None and known[:2] == (version, concepts):
        return known[2]
    found = sort(indices.detach().flatten(), concepts)
    if version is not None:
        _ORDERS[indices] = (version, concepts, found)
    return found


def sort(flat: Tensor, concepts: int) -> Order:
    """The order of places `(count,)`."""
    if flat.device.type == "cpu" and concepts <= 2**16:  # NumPy sorts numbers of 16 bits by their digits
        entry = torch.from_numpy(flat.numpy().astype("uint16").argsort(kind="stable"))
        count = torch.bincount(flat, minlength=concepts)
        return Order(entry, torch.cat([count.new_zeros(1), count.cumsum(0)]))
    ranked, entry = flat.sort(stable=True)
    return Order(entry, torch.searchsorted(ranked, torch.arange(concepts + 1, device=flat.device)))
