"""Convolution on a grid with kernels of finitely many taps: directly, or by FFT where the kernels are long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

# For grids of one and of two axes: by FFT from this number of taps on, that of all axes multiplied.
LIMITS = {1: 128, 2: 768}
# And from this number of products in the sums on.
LEAST = 2**23

_CONVOLUTION = {1: functional.conv1d, 2: functional.conv2d}


def by_fft(value: Tensor, kernels: Tensor, adjoint: bool = False) -> bool:
    """Whether `convolved` goes by FFT: the one rule.

    The sums cost as much as a kernel has taps, an FFT does not. So it is for long kernels: from 128 taps on with one
    axis, 768 with two; from twice as many where several components come in and several go out. And the sums must have
    2²³ products or more, to count 16 components where fewer go out, since they are done in blocks: below, what counts
    is overhead. Where the FFT is longer than the grid, the limit of the taps is higher by as much, that of the products
    twice as high. Elsewhere, and where it was not measured (other devices and types), it is the sums. The limits are
    where an FFT is not slower, forward alone and with gradients (`tests/benchmarks/bench_convolution.py`).
    """
    grid, support, (concepts, channels) = value.shape[2:], kernels.shape[2:], kernels.shape[:2]
    into, out = (channels, concepts) if adjoint else (concepts, channels)
    taps, nodes, least = math.prod(support), math.prod(grid), LIMITS.get(len(support), math.inf)
    if min(into, out) > 1:
        least *= 2
    if taps < least:
        return False
    length, products = math.prod(_lengths(grid, support)), len(value) * into * max(out, 16) * taps * nodes
    return (
        taps * nodes >= least * length
        and products >= LEAST * (1 if length == nodes else 2)
        and value.device.type == "cpu"
        and value.dtype in (torch.float32, torch.float64)
        and not torch.is_autocast_enabled("cpu")
    )


def convolved(value: Tensor, kernels: Tensor, adjoint: bool = False) -> Tensor:
    r"""Sums over taps j and over what goes in, on the torus.

    $$ y_o(u) = \sum_i \sum_j k_{io}(j)\, x_i(u - j), \qquad \text{adjoint: } y_i(v) = \sum_o \sum_j k_{io}(j)\,
    x_o(v + j) . $$

    value: `(batch, in, *grid)`; kernels: `(in, out, *support)`; result `(batch, out, *grid)`. For the adjoint, in and
    out change places.
    """
    chosen = by_fft(value, kernels, adjoint)
    return (convolved_by_fft if chosen else convolved_directly)(value, kernels, adjoint)


def convolved_directly(value: Tensor, kernels: Tensor, adjoint: bool = False) -> Tensor:
    """The sums as they stand."""
    axes = len(kernels.shape[2:])
    for axis in range(2, 2 + axes):
        value = _wrapped(value, axis, kernels.shape[axis], adjoint)
    if not adjoint:
        kernels = kernels.flip(tuple(range(2, 2 + axes))).transpose(0, 1)
    return _CONVOLUTION[axes](value, kernels)


def convolved_by_fft(value: Tensor, kernels: Tensor, adjoint: bool = False) -> Tensor:
    """The same frequency by frequency.

    Where the number of nodes has a prime factor that makes an FFT slow, the values that a kernel sees beyond the edge
    are appended, and zeros up to a length that is fast.
    """
    grid, support, axes = value.shape[2:], kernels.shape[2:], tuple(range(2, value.dim()))
    lengths = _lengths(grid, support)
    longer = [length > n for length, n in zip(lengths, grid, strict=True)]
    for axis, taps, more in zip(axes, support, longer, strict=True):
        value = _wrapped(value, axis, taps, adjoint) if more else value
    spectrum = torch.fft.rfftn(value, s=lengths, dim=axes)
    factor = torch.fft.rfftn(kernels, s=lengths, dim=axes)
    factor = factor.conj() if adjoint else factor.transpose(0, 1)  # (out, in)
    if factor.shape[1] == 1:
        spectrum = spectrum * factor.transpose(0, 1)
    elif len(factor) == 1 or spectrum.numel() * len(factor) <= 2**17:  # einsum would move more than it saves
        spectrum = (spectrum.unsqueeze(1) * factor).sum(2)
    else:
        spectrum = torch.einsum("bi...,oi...->bo...", spectrum, factor)
    made = torch.fft.irfftn(spectrum, s=lengths, dim=axes)
    for axis, n, taps, more in zip(axes, grid, support, longer, strict=True):
        made = made.narrow(axis, taps - 1 if more and not adjoint else 0, n)
    return made


def _wrapped(value: Tensor, axis: int, taps: int, after: bool) -> Tensor:
    """The values with those that follow, or precede, on the torus: as many as a kernel sees beyond the edge."""
    if after:
        return torch.cat([value, value.narrow(axis, 0, taps - 1)], axis)
    return torch.cat([value.narrow(axis, value.shape[axis] - taps + 1, taps - 1), value], axis)


def _lengths(grid: Sequence[int], support: Sequence[int]) -> list[int]:
    """The lengths of the FFT: as many as there are nodes where that is fast, else what holds the wrapped values."""
    return [n if _fast(n) else _fast_length(n + taps - 1) for n, taps in zip(grid, support, strict=True)]


@lru_cache(maxsize=1024)
def _fast(n: int, factors: tuple[int, ...] = (2, 3, 5, 7, 11, 13)) -> bool:
    """Whether n has no prime factors but these."""
    for factor in factors:
        while n % factor == 0:
            n //= factor
    return n == 1


@lru_cache(maxsize=1024)
def _fast_length(least: int) -> int:
    """The next even number with no prime factors but 2, 3 and 5."""
    n = least + least % 2
    while not _fast(n, (2, 3, 5)):
        n += 2
    return n
