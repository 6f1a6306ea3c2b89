"""Numbers as a page holds them: exactly where there is room, else in sixteen or eight bits."""

from __future__ import annotations

import base64
import math
from typing import Any

import torch
from torch import Tensor

DIGITS = 7  # of a number by itself: what float32 can hold


def packed(values: Tensor, most: int) -> dict[str, Any]:
    """A tensor in at most so many bytes, if one for each entry is enough: `shape`, `kind`, `data` and `scale`.

    "f4": float32. "i2", "i1": whole numbers, which times the `scale` of their row are off by half of it at most. A row
    is what has one first index, and its largest entry is exact.
    """
    values = values.detach().cpu().float()
    kind = next((one for one, size in (("f4", 4), ("i2", 2)) if size * values.numel() <= most), "i1")
    made: dict[str, Any] = {"shape": list(values.shape), "kind": kind}
    if kind != "f4":
        top, dtype = (32767, torch.int16) if kind == "i2" else (127, torch.int8)
        rows = values.flatten(1)
        scale = rows.abs().amax(1, keepdim=True) / top if rows.numel() else rows.sum(1, keepdim=True)
        values = (rows / torch.where(scale > 0, scale, 1.0)).round().clamp(-top, top).to(dtype)
        made["scale"] = _text(scale)
    return {**made, "data": _text(values)}


def thinned(values: Tensor, axes: int, most: int) -> Tensor:
    """Every s-th node along the last `axes` axes, with the smallest s that leaves at most so many entries."""
    stride, (rest, grid) = 1, (values.shape[: values.dim() - axes], values.shape[values.dim() - axes :])
    while math.prod(rest) * math.prod(-(-n // stride) for n in grid) > most and stride < max(grid, default=1):
        stride += 1
    return values[(..., *[slice(None, None, stride)] * axes)]


def strongest(values: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Of each row the channels with the largest energy: which `(rows, m)`, and their values `(rows, m, *grid)`.

    All of them, in their order, when there are at most `most`; else the strongest first.
    """
    rows, channels = values.shape[:2]
    if channels <= most:
        return torch.arange(channels).repeat(rows, 1), values
    energy = values.flatten(2).double().square().sum(2)
    which = energy.sort(dim=1, descending=True, stable=True).indices[:, :most]
    return which.cpu(), values[torch.arange(rows, device=values.device)[:, None], which]


def numbers(values: Tensor) -> Any:
    """A tensor as nested lists of numbers with seven digits; what is not finite is None, as JSON has no word for it."""
    return _rounded(values.detach().cpu().double().tolist() if values.is_floating_point() else values.tolist())


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def _text(values: Tensor) -> str:
    array = values.contiguous().numpy()
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<"))).decode()
