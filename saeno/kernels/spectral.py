"""Filters on a grid that keep the lowest frequencies only: by FFT, or by products with a truncated Fourier matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from saeno.units import wide

# For grids of one and of two axes: products up to this share of the nodes of each axis, and up to this many modes.
LIMITS = {1: (1 / 128, 32), 2: (3 / 16, 16)}


def by_products(grid: Sequence[int], modes: Sequence[int], value: Tensor) -> bool:
    """Whether a transform of `value` between that grid and these modes is done by products: the one rule.

    An FFT finds all frequencies and throws most of them away; products find those that are kept. They cost
    O(N · modes), so they are for few modes: up to n/128, and 32, with one axis; up to 3n/16, and 16, on each of two.
    Elsewhere, and where it was not measured (other devices, types and numbers of axes), it is the FFT. The limits are
    where products stop being faster, forward alone and with gradients (`tests/benchmarks/bench_spectral.py`).
    """
    share, most = LIMITS.get(len(grid), (0, 0))
    return (
        all(m <= min(share * n, most) for m, n in zip(modes, grid, strict=True))
        and len(grid) > 0
        and value.device.type == "cpu"
        and value.dtype in (torch.float32, torch.float64, torch.complex64, torch.complex128)
        and not torch.is_autocast_enabled("cpu")
    )


def filtered(
    value: Tensor, spectrum: Tensor, modes: Sequence[int], grid: Sequence[int], adjoint: bool = False
) -> Tensor:
    r"""Σ over what goes in of `spectrum · value`, frequency by frequency, at the nodes of a grid.

    $$ \hat y_o(k) = \sum_i \hat s_{io}(k)\, \hat x_i(k), \qquad \text{adjoint: } \hat y_i(k) = \sum_o
    \overline{\hat s_{io}(k)}\, \hat x_o(k) . $$

    value: `(batch, in, *its grid)`; spectrum: `(in, out, *kept)`, ordered as in `to_modes_by_fft`; result
    `(batch, out, *grid)`. For the adjoint, in and out change places.
    """
    value = wide(value)
    chosen = by_products(value.shape[2:], modes, value)
    found = (to_modes_by_products if chosen else to_modes_by_fft)(value, modes)
    if chosen and 1 in spectrum.shape[:2]:  # einsum would move more than it saves
        factor = spectrum.conj() if adjoint else spectrum.transpose(0, 1)  # (out, in)
        found = (found * factor).sum(1, keepdim=True) if len(factor) == 1 else found * factor.transpose(0, 1)
    elif adjoint:
        found = torch.einsum("bo...,io...->bi...", found, spectrum.conj())
    else:
        found = torch.einsum("bi...,io...->bo...", found, spectrum)
    return to_grid(found, grid)


def to_grid(spectrum: Tensor, grid: Sequence[int]) -> Tensor:
    """Real functions on a grid, `(..., *grid)`, from their Fourier coefficients, ordered as `to_modes_by_fft` does."""
    kept = spectrum.shape[spectrum.dim() - len(grid) :]
    chosen = by_products(grid, [*(k // 2 for k in kept[:-1]), kept[-1] - 1], spectrum)
    return (to_grid_by_products if chosen else to_grid_by_fft)(spectrum, grid)


def to_modes_by_fft(value: Tensor, modes: Sequence[int]) -> Tensor:
    r"""Fourier coefficients $\hat x(k) = \frac1N \sum_u x(u)\, e^{-2\pi i k\cdot u}$ of real functions up to `modes`.

    From `(..., *grid)` to complex `(..., *kept)`: of the last axis frequencies 0..modes, of the others −modes..modes.
    """
    axes = tuple(range(value.dim() - len(modes), value.dim()))
    spectrum = torch.fft.rfftn(value, dim=axes, norm="forward")
    for axis, m in zip(axes[:-1], modes[:-1], strict=True):
        n = value.shape[axis]
        spectrum = torch.cat([spectrum.narrow(axis, n - m, m), spectrum.narrow(axis, 0, m + 1)], axis)
    return spectrum[..., : modes[-1] + 1]


def to_grid_by_fft(spectrum: Tensor, grid: Sequence[int]) -> Tensor:
    """`to_grid` by an inverse real FFT, with zeros for the other frequencies."""
    axes = tuple(range(spectrum.dim() - len(grid), spectrum.dim()))
    for axis, n in zip(axes[:-1], grid[:-1], strict=True):
        m = spectrum.shape[axis] // 2
        gap = spectrum.new_zeros(()).expand(*spectrum.shape[:axis], n - 2 * m - 1, *spectrum.shape[axis + 1 :])
        spectrum = torch.cat([spectrum.narrow(axis, m, m + 1), gap, spectrum.narrow(axis, 0, m)], axis)
    return torch.fft.irfftn(spectrum, s=tuple(grid), dim=axes, norm="forward")


def to_modes_by_products(value: Tensor, modes: Sequence[int]) -> Tensor:
    """The same by a product with a truncated Fourier matrix on each axis, the last one first: it is the long one."""
    return _ToModes.apply(value, tuple(modes), False)


def to_grid_by_products(spectrum: Tensor, grid: Sequence[int]) -> Tensor:
    """`to_grid` by a product with a truncated Fourier matrix on each axis, the last one last."""
    return _ToGrid.apply(spectrum, tuple(grid), True)


class _ToModes(torch.autograd.Function):
    r"""$\hat x(k) = w_k \sum_u x(u)\, e^{-2\pi i k\cdot u}$, with w = 1/N; or 1, and 2 where k stands for −k too.

    Each of the two maps is the adjoint of the other with the same w, so one product is the whole of its gradient.
    """

    @staticmethod
    def forward(value: Tensor, modes: tuple[int, ...], twice: bool) -> Tensor:
        batch, grid = value.shape[: value.dim() - len(modes)], value.shape[value.dim() - len(modes) :]
        down = _last_axis(grid[-1], modes[-1], twice, value.dtype, value.device)[0]
        found, after = value.reshape(-1, grid[-1]) @ down, modes[-1] + 1
        for n, m in zip(reversed(grid[:-1]), reversed(modes[:-1]), strict=True):
            down = _other_axis(n, m, twice, value.dtype, value.device)[0]
            found = found.reshape(-1, n, 2 * after)
            found = torch.bmm(down.expand(len(found), -1, -1), found).unflatten(-1, (after, 2))
            zero, even, odd = torch.view_as_complex(found).split([1, m, m], 1)
            odd = 1j * odd
            found = torch.view_as_real(torch.cat([(even + odd).flip(1), zero, even - odd], 1))
            after *= 2 * m + 1
        return torch.view_as_complex(found.reshape(*batch, *(2 * m + 1 for m in modes[:-1]), modes[-1] + 1, 2))

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        value, modes, ctx.twice = inputs
        ctx.modes, ctx.grid = modes, tuple(value.shape[value.dim() - len(modes) :])

    @staticmethod
    def backward(ctx, towards: Tensor) -> tuple[Tensor, None, None]:
        return _ToGrid.apply(towards, ctx.grid, ctx.twice), None, None

    @staticmethod
    def jvp(ctx, along: Tensor, *_) -> Tensor:
        return _ToModes.apply(along, ctx.modes, ctx.twice)

    @staticmethod
    def vmap(info, where: tuple, value: Tensor, modes: tuple[int, ...], twice: bool) -> tuple[Tensor, int]:
        return _ToModes.apply(value.movedim(where[0], 0), modes, twice), 0


class _ToGrid(torch.autograd.Function):
    r"""$x(u) = \sum_k w_k\, \mathrm{Re}\, \hat x(k)\, e^{2\pi i k\cdot u}$, with the w of `_ToModes`: its adjoint."""

    @staticmethod
    def forward(spectrum: Tensor, grid: tuple[int, ...], twice: bool) -> Tensor:
        batch, kept = spectrum.shape[: spectrum.dim() - len(grid)], spectrum.shape[spectrum.dim() - len(grid) :]
        dtype, device = spectrum.real.dtype, spectrum.device
        for axis, n in enumerate(grid[:-1]):
            m, after = kept[axis] // 2, kept[axis + 1 :].numel()
            negative, zero, positive = spectrum.reshape(-1, 2 * m + 1, after).split([m, 1, m], 1)
            negative = negative.flip(1)
            parts = torch.cat([zero, positive + negative, 1j * (positive - negative)], 1)
            up = _other_axis(n, m, twice, dtype, device)[1]
            parts = torch.view_as_real(parts).flatten(2)
            spectrum = torch.view_as_complex(torch.bmm(up.expand(len(parts), -1, -1), parts).unflatten(-1, (after, 2)))
        up = _last_axis(grid[-1], kept[-1] - 1, twice, dtype, device)[1]
        return (torch.view_as_real(spectrum.resolve_conj()).reshape(-1, 2 * kept[-1]) @ up).view(*batch, *grid)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        spectrum, ctx.grid, ctx.twice = inputs
        kept = spectrum.shape[spectrum.dim() - len(ctx.grid) :]
        ctx.modes = (*(k // 2 for k in kept[:-1]), kept[-1] - 1)

    @staticmethod
    def backward(ctx, towards: Tensor) -> tuple[Tensor, None, None]:
        return _ToModes.apply(towards, ctx.modes, ctx.twice), None, None

    @staticmethod
    def jvp(ctx, along: Tensor, *_) -> Tensor:
        return _ToGrid.apply(along, ctx.grid, ctx.twice)

    @staticmethod
    def vmap(info, where: tuple, spectrum: Tensor, grid: tuple[int, ...], twice: bool) -> tuple[Tensor, int]:
        return _ToGrid.apply(spectrum.movedim(where[0], 0), grid, twice), 0


@lru_cache(maxsize=64)
def _last_axis(n: int, modes: int, twice: bool, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """To modes `(n, 2·(modes + 1))` and back, of real functions: the real and imaginary part of each frequency."""
    with torch.inference_mode(False):
        phase = _phase(n, modes)
        basis = torch.stack([phase.cos(), -phase.sin()], -1).flatten(1)
        if twice:
            basis[:, 2:] *= 2  # the other frequencies stand for their conjugates too
        else:
            basis /= n
        return basis.to(device, dtype), basis.T.contiguous().to(device, dtype)


@lru_cache(maxsize=64)
def _other_axis(n: int, modes: int, twice: bool, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """To modes `(2·modes + 1, n)` and back: the cosines of frequencies 0..modes, then the sines of 1..modes."""
    with torch.inference_mode(False):
        phase = _phase(n, modes).T
        basis = torch.cat([phase.cos(), phase[1:].sin()]) / (1 if twice else n)
        return basis.to(device, dtype), basis.T.contiguous().to(device, dtype)


def _phase(n: int, modes: int) -> Tensor:
    """2π k u at the nodes u = i/n, `(n, modes + 1)`: the turns are taken out as whole numbers, which are exact."""
    turns = torch.outer(torch.arange(n), torch.arange(modes + 1)) % n
    return 2 * math.pi / n * turns.double()
