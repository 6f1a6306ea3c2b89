"""Encode and select in Triton: each program keeps the k best of its rows while it goes through its part of the atoms.

Of 2·B·m·p operations the products have nearly all, so arithmetic limits this, in float32 and without tensor cores:
with their rounding others would be selected. Read are B·m + p·m numbers, by each of the programs that share them;
written B·k keys for each part of the atoms, instead of B·p pre-activations.

A key is 64 bits, and keys are compared as whole numbers: first the bits of the score, in an order that is that of the
numbers, then how far the atom is from the last, then the sign. So no two are equal, the larger score is first, of
equals the lower index; and the value can be read off.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from saeno.kernels.gpu.decode import power

ROWS, COLUMNS = 16, 64
PARTS = 512  # programs that should be there, so that all of a device has work
LAST = 2**31 - 1  # atom
LOWEST = tl.constexpr(-(2**63))  # of keys


@triton.jit
def _keys(made, column, BY_SIZE: tl.constexpr):
    """Keys of the pre-activations `made` in these columns."""
    made = tl.where(made == 0, 0.0, made)  # −0 is 0
    made = tl.where(made != made, float("nan"), made)  # NaN comes before all numbers, whatever its sign
    bits = made.to(tl.int32, bitcast=True)
    if BY_SIZE:
        order, sign = bits & 0x7FFFFFFF, ((bits >> 31) & 1).to(tl.int64)
    else:
        order, sign = bits ^ ((bits >> 31) & 0x7FFFFFFF), tl.zeros_like(bits).to(tl.int64)
    return (order.to(tl.int64) << 32) | ((0x7FFFFFFF - column).to(tl.int64) << 1) | sign


@triton.jit
def _encoded(
    x, w, b, out, batch, m, p, each, parts, xb, xm, wc, wm, bc,
    BIAS: tl.constexpr, BY_SIZE: tl.constexpr, K: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    part = tl.program_id(1)
    best = tl.full([ROWS, K], LOWEST, tl.int64)
    for begin in range(part * each, min(p, (part + 1) * each), COLUMNS):
        column = begin + tl.arange(0, COLUMNS)
        made = tl.zeros([ROWS, COLUMNS], tl.float32)
        for channel in range(0, m, TILE):
            at = channel + tl.arange(0, TILE)
            inside = (row < batch)[:, None] & (at < m)[None, :]
            signal = tl.load(x + row[:, None] * xb + at[None, :] * xm, mask=inside, other=0.0).to(tl.float32)
            inside = (at < m)[:, None] & (column < p)[None, :]
            where = w + column.to(tl.int64)[None, :] * wc + at[:, None] * wm
            made = tl.dot(signal, tl.load(where, mask=inside, other=0.0).to(tl.float32), made, input_precision="ieee")
        if BIAS:
            made += tl.load(b + column * bc, mask=column < p, other=0.0).to(tl.float32)[None, :]
        keys = tl.where((column < p)[None, :], _keys(made, column[None, :], BY_SIZE), LOWEST)
        if tl.max((tl.max(keys, 1) > tl.min(best, 1)).to(tl.int32)) > 0:  # else no row has a better one here
            both = tl.join(best, tl.topk(keys, K)).reshape(ROWS, 2 * K)
            best = tl.topk(both, K)
    at = tl.arange(0, K)
    where = out + (row[:, None] * parts + part) * K + at[None, :]
    tl.store(where, best, mask=(row < batch)[:, None] & (at < K)[None, :])


def encoded(signal: Tensor, weight: Tensor, bias: Tensor | None, k: int, by_size: bool) -> tuple[Tensor, Tensor]:
    """The k largest of W x + b, or of |W x + b|: values and places `(batch, k)`. See `saeno/kernels/select.py`."""
    (batch, m), p = signal.shape, len(weight)
    if k > 1024:
        raise ValueError(f"k = {k}: should be at most 1024 for a Triton kernel, whose registers hold the k best")
    kept = triton.next_power_of_2(k)
    columns = max(COLUMNS, kept)
    blocks = triton.cdiv(batch, ROWS)
    each = triton.cdiv(triton.cdiv(p, columns), max(1, PARTS // max(1, blocks))) * columns
    parts = triton.cdiv(p, each)
    keys = torch.empty(batch, parts, kept, dtype=torch.long, device=signal.device)
    some = weight if bias is None else bias
    if batch:
        strides = (*signal.stride(), *weight.stride(), some.stride(0))
        _encoded[(blocks, parts)](
            signal, weight, some, keys, batch, m, p, each, parts, *strides,
            BIAS=bias is not None, BY_SIZE=by_size, K=kept, ROWS=ROWS, COLUMNS=columns, TILE=max(16, power(m, 64)),
        )  # fmt: skip
    best = keys.flatten(1).topk(k, dim=1).values
    places = LAST - ((best >> 1) & LAST)
    bits = (best >> 32).int()
    bits = torch.where((best & 1) == 1, bits | -(2**31), bits) if by_size else bits ^ ((bits >> 31) & LAST)
    return bits.view(torch.float32).to(signal.dtype), places
