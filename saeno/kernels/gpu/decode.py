"""The three derivatives of `saeno/kernels/decode.py` in Triton. One program makes one tile; no two write to one place.

In bytes, with B, k, m, p for batch, list, channels and concepts, and s bytes for a number: `decoded` and `matched`
read B·k·m·s of atoms and B·m·s of vectors, `gathered` reads B·k·m·s of vectors and writes p·m·s. On a device with a
cache, what is read again comes from there, so less may pass through memory; the floor is with each number once.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

CHUNK = 64  # entries of one atom that one program sums: an atom with more is summed by several


def power(count: int, most: int) -> int:
    """The power of two that holds a count, at most `most`: the sides of tiles are such."""
    return min(triton.next_power_of_2(count), most)


@triton.jit
def _decoded(z, i, d, out, k, m, zb, zj, ib, ij, dc, dm, TILE: tl.constexpr):
    b = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * TILE + tl.arange(0, TILE)
    inside = at < m
    total = tl.zeros([TILE], tl.float32)
    for j in range(k):
        atom = tl.load(i + b * ib + j * ij).to(tl.int64)
        value = tl.load(z + b * zb + j * zj).to(tl.float32)
        total += value * tl.load(d + atom * dc + at * dm, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + b * m + at, total, mask=inside)


def decoded(values: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    """Σ_j z_bj d_{i_bj}, `(batch, channels)`: a program for a signal and a tile of channels reads k rows of atoms."""
    (batch, k), m = indices.shape, atoms.shape[1]
    out = atoms.new_empty(batch, m)
    tile = power(m, 512)
    if out.numel():
        strides = (*values.stride(), *indices.stride(), *atoms.stride())
        _decoded[(batch, triton.cdiv(m, tile))](values, indices, atoms, out, k, m, *strides, TILE=tile)
    return out


@triton.jit
def _matched(g, i, d, out, k, m, gb, gm, ib, ij, dc, dm, LIST: tl.constexpr, TILE: tl.constexpr):
    b = tl.program_id(0).to(tl.int64)
    j = tl.program_id(1) * LIST + tl.arange(0, LIST)
    atom = tl.load(i + b * ib + j * ij, mask=j < k, other=0).to(tl.int64)
    total = tl.zeros([LIST], tl.float32)
    for begin in range(0, m, TILE):
        at = begin + tl.arange(0, TILE)
        vector = tl.load(g + b * gb + at * gm, mask=at < m, other=0.0).to(tl.float32)
        inside = (j < k)[:, None] & (at < m)[None, :]
        rows = tl.load(d + atom[:, None] * dc + at[None, :] * dm, mask=inside, other=0.0).to(tl.float32)
        total += tl.sum(rows * vector[None, :], 1)
    tl.store(out + b * k + j, total, mask=j < k)


def matched(towards: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    """⟨d_{i_bj}, g_b⟩, `(batch, k)`: a program for a signal and a part of its list reads its rows of atoms once."""
    (batch, k), m = indices.shape, atoms.shape[1]
    out = atoms.new_empty(batch, k)
    part, tile = power(k, 16), power(m, 128)
    if out.numel():
        strides = (*towards.stride(), *indices.stride(), *atoms.stride())
        _matched[(batch, triton.cdiv(k, part))](towards, indices, atoms, out, k, m, *strides, LIST=part, TILE=tile)
    return out


@triton.jit
def _summed(z, entry, begins, ends, rows, g, out, parts, k, m, zb, zj, gb, gm, TILE: tl.constexpr):
    """The sum of one chunk of an atom's entries, in their order: row r of `out`, or −1 − r of `parts` where r < 0."""
    chunk = tl.program_id(0)
    begin, end, row = tl.load(begins + chunk), tl.load(ends + chunk), tl.load(rows + chunk)
    at = tl.program_id(1) * TILE + tl.arange(0, TILE)
    total = tl.zeros([TILE], tl.float32)
    for place in range(begin, end):
        here = tl.load(entry + place)
        value = tl.load(z + (here // k) * zb + (here % k) * zj).to(tl.float32)
        total += value * tl.load(g + (here // k) * gb + at * gm, mask=at < m, other=0.0).to(tl.float32)
    if row >= 0:
        tl.store(out + row * m + at, total, mask=at < m)
    else:
        tl.store(parts + (-1 - row) * m + at, total, mask=at < m)


@triton.jit
def _joined(parts, first, out, m, TILE: tl.constexpr):
    """The sum of the parts of one atom that has several, in their order."""
    c = tl.program_id(0).to(tl.int64)
    begin, end = tl.load(first + c), tl.load(first + c + 1)
    if end > begin:
        at = tl.program_id(1) * TILE + tl.arange(0, TILE)
        total = tl.zeros([TILE], tl.float32)
        for part in range(begin, end):
            total += tl.load(parts + part * m + at, mask=at < m, other=0.0)
        tl.store(out + c * m + at, total, mask=at < m)


def gathered(values: Tensor, entry: Tensor, start: Tensor, towards: Tensor) -> Tensor:
    """Σ over an atom's entries of z_bj g_b, `(concepts, channels)`, from the order of the list: see `decode.Order`.

    Two stages. An atom's entries are cut into chunks of `CHUNK`. A program sums one chunk; where it is the only one of
    its atom, that is the result, else a part. Then a program for each atom with parts sums them. How many chunks there
    are, the device knows and the host does not ask: no more than atoms and full chunks together. Some have no entry.
    """
    k, m, concepts = values.shape[1], towards.shape[1], len(start) - 1
    out = towards.new_empty(concepts, m)
    if not len(entry) or not m:
        return out.zero_()
    most, several = concepts + len(entry) // CHUNK, 2 * (len(entry) // CHUNK) + 1
    chunks = ((start.diff() + CHUNK - 1) // CHUNK).clamp(min=1)  # an atom without entries has one, whose sum is 0
    number, after = torch.arange(most, device=start.device), chunks.cumsum(0)
    owner = torch.searchsorted(after, number, right=True).clamp(max=concepts - 1)
    within = number - (after - chunks)[owner]
    begin = start[owner] + CHUNK * within
    end = torch.minimum(begin + CHUNK, start[owner + 1])
    parts = torch.where(chunks > 1, chunks, 0)
    first = torch.cat([parts.new_zeros(1), parts.cumsum(0)])
    row = torch.where(chunks[owner] == 1, owner, -1 - first[owner] - within)
    row = torch.where(within < chunks[owner], row, -several)  # numbers that no chunk has: nothing, into a row of no use
    held = torch.empty(several, m, dtype=torch.float32, device=out.device)
    tile = power(m, 512)
    across, strides = triton.cdiv(m, tile), (*values.stride(), *towards.stride())
    _summed[(most, across)](values, entry, begin, end, row, towards, out, held, k, m, *strides, TILE=tile)
    _joined[(concepts, across)](held, first, out, m, TILE=tile)
    return out
