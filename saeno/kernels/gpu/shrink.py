"""The shrinkage step in Triton: a program makes one tile of the codes, from the product to the threshold.

2·B·m·p operations; read are 2·B·p numbers of the codes, and B·m + p·m of residuals and atoms by the programs that
share them; written are B·p. The backward reads the gradient besides and writes h, and a sum of ∂L/∂λ for each block
of rows.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from saeno.kernels.gpu.decode import power

ROWS, COLUMNS = 32, 64
KINDS = {"soft": 0, "positive": 1, "jump": 2}


@triton.jit
def _value(
    r, d, z, old, ahead, step, row, column, batch, m, p, rb, rm, dc, dm, zb, zc, ob, oc, ab,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    """v = z + a (z − z₋) + α Dᵀ r, one tile of it."""
    found = tl.zeros([ROWS, COLUMNS], tl.float32)
    for channel in range(0, m, TILE):
        at = channel + tl.arange(0, TILE)
        inside = (row < batch)[:, None] & (at < m)[None, :]
        left = tl.load(r + row[:, None] * rb + at[None, :] * rm, mask=inside, other=0.0).to(tl.float32)
        inside = (at < m)[:, None] & (column < p)[None, :]
        atoms = tl.load(d + column[None, :] * dc + at[:, None] * dm, mask=inside, other=0.0).to(tl.float32)
        found = tl.dot(left, atoms, found, input_precision="ieee")
    inside = (row < batch)[:, None] & (column < p)[None, :]
    now = tl.load(z + row[:, None] * zb + column[None, :] * zc, mask=inside, other=0.0).to(tl.float32)
    then = tl.load(old + row[:, None] * ob + column[None, :] * oc, mask=inside, other=0.0).to(tl.float32)
    a = tl.load(ahead + row * ab, mask=row < batch, other=0.0).to(tl.float32)
    return now + a[:, None] * (now - then) + tl.load(step).to(tl.float32) * found


@triton.jit
def _shrunk(
    r, d, z, old, ahead, step, level, out, batch, m, p, rb, rm, dc, dm, zb, zc, ob, oc, ab, lc,
    KIND: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    column = (tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)).to(tl.int64)
    value = _value(
        r, d, z, old, ahead, step, row, column, batch, m, p, rb, rm, dc, dm, zb, zc, ob, oc, ab, ROWS, COLUMNS, TILE
    )  # fmt: skip
    bound = tl.load(level + column * lc, mask=column < p, other=0.0).to(tl.float32)[None, :]
    if KIND == 2:
        value = tl.where(value <= bound, 0.0, value)  # this way round, NaN is kept
    else:
        below = value + bound
        value = tl.where(value <= bound, 0.0, value - bound)
        if KIND == 0:
            value = tl.where(below < 0, below, value)
    inside = (row < batch)[:, None] & (column < p)[None, :]
    tl.store(out + row[:, None] * p + column[None, :], value, mask=inside)


@triton.jit
def _slopes(
    r, d, z, old, ahead, step, level, g, out, sums, batch, m, p,
    rb, rm, dc, dm, zb, zc, ob, oc, ab, lc, gb, gc, width: tl.float32,
    KIND: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, TILE: tl.constexpr,
):  # fmt: skip
    row = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    column = (tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)).to(tl.int64)
    value = _value(
        r, d, z, old, ahead, step, row, column, batch, m, p, rb, rm, dc, dm, zb, zc, ob, oc, ab, ROWS, COLUMNS, TILE
    )  # fmt: skip
    bound = tl.load(level + column * lc, mask=column < p, other=0.0).to(tl.float32)[None, :]
    inside = (row < batch)[:, None] & (column < p)[None, :]
    towards = tl.load(g + row[:, None] * gb + column[None, :] * gc, mask=inside, other=0.0).to(tl.float32)
    size = tl.abs(value) if KIND == 0 else value
    kept = tl.where(size > bound, towards, 0.0)
    if KIND == 2:
        near = tl.where(tl.abs(value - bound) * 2 < width, towards, 0.0)
        slope = near * bound / width if width > 0 else near * 0.0
    else:
        slope = tl.where(value < 0, -kept, kept)
    tl.store(out + row[:, None] * p + column[None, :], kept, mask=inside)
    tl.store(sums + tl.program_id(0) * p + column, -tl.sum(slope, 0), mask=column < p)


def _given(residual: Tensor, atoms: Tensor, code: Tensor, before: Tensor, ahead: Tensor, level: Tensor) -> tuple:
    strides = [*residual.stride(), *atoms.stride(), *code.stride(), *before.stride(), *ahead.stride(), *level.stride()]
    (batch, m), p = residual.shape, len(atoms)
    return (batch, m, p), strides, (triton.cdiv(batch, ROWS), triton.cdiv(p, COLUMNS)), max(16, power(m, 64))


def shrunk(residual, atoms, code, before, ahead, step, level, kind: str) -> Tensor:
    """The next code, `(batch, concepts)`: see `saeno/kernels/shrink.py`."""
    sizes, strides, grid, tile = _given(residual, atoms, code, before, ahead, level)
    out = code.new_empty(code.shape)
    if out.numel():
        given = (residual, atoms, code, before, ahead, step, level, out, *sizes, *strides)
        _shrunk[grid](*given, KIND=KINDS[kind], ROWS=ROWS, COLUMNS=COLUMNS, TILE=tile)
    return out


def slopes(
    residual, atoms, code, before, ahead, step, level, towards, kind: str, width: float
) -> tuple[Tensor, Tensor]:
    """∂L/∂v `(batch, concepts)` and ∂L/∂λ `(concepts,)`."""
    sizes, strides, grid, tile = _given(residual, atoms, code, before, ahead, level)
    out = code.new_empty(code.shape)
    sums = torch.empty(grid[0], len(atoms), dtype=torch.float32, device=code.device)
    if out.numel():
        given = (residual, atoms, code, before, ahead, step, level, towards, out, sums)
        sides = {"KIND": KINDS[kind], "ROWS": ROWS, "COLUMNS": COLUMNS, "TILE": tile}
        _slopes[grid](*given, *sizes, *strides, *towards.stride(), width, **sides)
    return out, sums.sum(0).to(level.dtype)
