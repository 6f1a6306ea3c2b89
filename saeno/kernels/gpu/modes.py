"""The spectral product in Triton: three kinds of program, for an axis of a transform, for the mixing, and for the end.

A transform along one axis is a product with a matrix of turns e^{±2πi k u/n}, whose entries a program makes from
whole numbers, k·u modulo n, so that they are exact to rounding however large k·u is. Lines of any strides are read
where they are. The mixing is a product for each mode. Bytes and operations: `saeno/kernels/modes.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

LINES, OUT, INTO = 32, 32, 32  # sides of the tiles of a transform, along lines, what is made and what is summed


@triton.jit
def _turned(
    x, y, bias, lines, into, out, n, first, inner, channels, xa, xb, xs, ya, yb, ys,
    scale: tl.float32, level: tl.float32,
    UP: tl.constexpr, READ_REAL: tl.constexpr, WRITE_REAL: tl.constexpr, ACT: tl.constexpr,
    LINES: tl.constexpr, OUT: tl.constexpr, INTO: tl.constexpr,
):  # fmt: skip
    """Σ_s x(s) e^{±2πi k u/n} along an axis, for lines (ℓ // inner, ℓ % inner); UP: k is summed over, else u."""
    line = (tl.program_id(0) * LINES + tl.arange(0, LINES)).to(tl.int64)
    made = tl.program_id(1) * OUT + tl.arange(0, OUT)
    real, imaginary = tl.zeros([LINES, OUT], tl.float32), tl.zeros([LINES, OUT], tl.float32)
    for begin in range(0, into, INTO):
        at = begin + tl.arange(0, INTO)
        inside = (line < lines)[:, None] & (at < into)[None, :]
        where = x + (line // inner * xa + line % inner * xb)[:, None] + at[None, :] * xs
        k, u = (at[:, None] + first, made[None, :]) if UP else (made[None, :] + first, at[:, None])
        turns = (k.to(tl.int64) * u) % n
        angle = tl.where(turns < 0, turns + n, turns).to(tl.float32) * (6.283185307179586 / n)
        cosine, sine = tl.cos(angle), tl.sin(angle) if UP else -tl.sin(angle)
        if WRITE_REAL:  # a frequency of the last axis stands for its conjugate too
            twice = tl.where(k == 0, 1.0, 2.0)
            cosine, sine = cosine * twice, sine * twice
        a = tl.load(where, mask=inside, other=0.0).to(tl.float32)
        real = tl.dot(a, cosine, real, input_precision="ieee")
        if not WRITE_REAL:
            imaginary = tl.dot(a, sine, imaginary, input_precision="ieee")
        if not READ_REAL:
            b = tl.load(where + 1, mask=inside, other=0.0).to(tl.float32)
            real = tl.dot(-b, sine, real, input_precision="ieee")
            if not WRITE_REAL:
                imaginary = tl.dot(b, cosine, imaginary, input_precision="ieee")
    real, imaginary = real * scale, imaginary * scale
    if ACT:
        shift = tl.load(bias + line // inner % channels, mask=line < lines, other=0.0).to(tl.float32) - level
        real = real + shift[:, None]
        real = tl.where(real < 0, 0.0, real)
    inside = (line < lines)[:, None] & (made < out)[None, :]
    where = y + (line // inner * ya + line % inner * yb)[:, None] + made[None, :] * ys
    tl.store(where, real, mask=inside)
    if not WRITE_REAL:
        tl.store(where + 1, imaginary, mask=inside)


@triton.jit
def _mixed(
    x, s, y, batch, into, out, kept, xb, xc, si, so, ADJOINT: tl.constexpr,
    ROWS: tl.constexpr, OUT: tl.constexpr, INTO: tl.constexpr,
):  # fmt: skip
    """ŷ_o(k) = Σ_i ŝ_io(k) x̂_i(k) for one mode k; of the adjoint, with conj ŝ. Complex numbers lie as pairs."""
    k = tl.program_id(0).to(tl.int64)
    row = (tl.program_id(1) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    made = tl.program_id(2) * OUT + tl.arange(0, OUT)
    real, imaginary = tl.zeros([ROWS, OUT], tl.float32), tl.zeros([ROWS, OUT], tl.float32)
    for begin in range(0, into, INTO):
        at = begin + tl.arange(0, INTO)
        inside = (row < batch)[:, None] & (at < into)[None, :]
        where = x + row[:, None] * xb + at[None, :] * xc + 2 * k
        a, b = tl.load(where, mask=inside, other=0.0), tl.load(where + 1, mask=inside, other=0.0)
        inside = (at < into)[:, None] & (made < out)[None, :]
        where = s + at[:, None] * si + made[None, :] * so + 2 * k
        c, d = tl.load(where, mask=inside, other=0.0), tl.load(where + 1, mask=inside, other=0.0)
        d = -d if ADJOINT else d
        real = tl.dot(a, c, real, input_precision="ieee")
        real = tl.dot(-b, d, real, input_precision="ieee")
        imaginary = tl.dot(a, d, imaginary, input_precision="ieee")
        imaginary = tl.dot(b, c, imaginary, input_precision="ieee")
    inside = (row < batch)[:, None] & (made < out)[None, :]
    where = y + (row[:, None] * out + made[None, :]) * kept * 2 + 2 * k
    tl.store(where, real, mask=inside)
    tl.store(where + 1, imaginary, mask=inside)


def _turn(x, y, count, first, scale, up, real_in, real_out, bias=None, channels=1, level=0.0) -> None:
    """Along the middle axis of x `(outer, into, inner)` to y `(outer, out, inner)`; complex numbers are pairs."""
    outer, into, inner = x.shape[:3]
    lines, n, out = outer * inner, count, y.shape[1]
    strides = (x.stride(0), x.stride(2), x.stride(1), y.stride(0), y.stride(2), y.stride(1))
    given = (x, y, x if bias is None else bias, lines, into, out, n, first, inner, channels)
    kinds = {"UP": up, "READ_REAL": real_in, "WRITE_REAL": real_out, "ACT": bias is not None}
    grid = (triton.cdiv(lines, LINES), triton.cdiv(out, OUT))
    _turned[grid](*given, *strides, scale, level, **kinds, LINES=LINES, OUT=OUT, INTO=INTO)


def to_modes(value: Tensor, modes: Sequence[int]) -> Tensor:
    """`spectral.to_modes_by_fft` of functions `(..., *grid)` with one or two axes: complex `(..., *kept)`."""
    grid = value.shape[value.dim() - len(modes) :]
    ahead = value.shape[: value.dim() - len(modes)]
    lines = value.reshape(-1, grid[-1], 1)
    found = torch.empty(len(lines), modes[-1] + 1, 1, 2, device=value.device)
    _turn(lines, found, grid[-1], 0, 1 / grid[-1], False, True, False)
    if len(modes) == 2:
        lines = found.view(-1, grid[0], modes[1] + 1, 2)
        found = torch.empty(len(lines), 2 * modes[0] + 1, modes[1] + 1, 2, device=value.device)
        _turn(lines, found, grid[0], -modes[0], 1 / grid[0], False, False, False)
    kept = (*(2 * m + 1 for m in modes[:-1]), modes[-1] + 1)
    return torch.view_as_complex(found.view(*ahead, *kept, 2))


def filtered(
    value: Tensor,
    spectrum: Tensor,
    modes: Sequence[int],
    grid: Sequence[int],
    adjoint: bool,
    bias: Tensor | None = None,
    level: float = 0.0,
) -> Tensor:
    """`modes.filtered`; with a bias `(out,)`, `modes.activated`."""
    pairs = torch.view_as_real(to_modes(value, modes)).flatten(2, -2)
    mixing = torch.view_as_real(spectrum.to(torch.complex64).resolve_conj()).flatten(2, -2).contiguous()
    mixing = mixing.transpose(0, 1) if adjoint else mixing
    (batch, into, kept, _), out = pairs.shape, mixing.shape[1]
    mixed = torch.empty(batch, out, kept, 2, device=value.device)
    strides = (*pairs.stride()[:2], *mixing.stride()[:2])
    programs = (kept, triton.cdiv(batch, 16), triton.cdiv(out, 32))
    _mixed[programs](pairs, mixing, mixed, batch, into, out, kept, *strides, ADJOINT=adjoint, ROWS=16, OUT=32, INTO=32)
    last = modes[-1] + 1
    if len(modes) == 2:
        lines = mixed.view(batch * out, 2 * modes[0] + 1, last, 2)
        mixed = torch.empty(batch * out, grid[0], last, 2, device=value.device)
        _turn(lines, mixed, grid[0], -modes[0], 1.0, True, False, False)
    made = value.new_empty(batch, out, *grid)
    # A bias is one for all lines of a channel: with two axes there are grid[0] of them.
    lines, rows = mixed.view(batch * out, -1, last, 2).permute(0, 2, 1, 3), made.view(batch * out, -1, grid[-1])
    _turn(lines, rows.transpose(1, 2), grid[-1], 0, 1.0, True, False, True, bias, out, level)
    return made
