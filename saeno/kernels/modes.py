r"""The spectral product, the layer of a Fourier dictionary: truncated analysis, mixing of the modes, synthesis.

$$ \hat x(k) = \frac1N \sum_u x(u)\, e^{-2\pi i k\cdot u}, \qquad \hat y_o(k) = \sum_i \hat s_{io}(k)\, \hat x_i(k),
\qquad y(u) = \operatorname{shrink}\Big(\sum_{|k| \le \text{modes}} \hat y(k)\, e^{2\pi i k\cdot u} + b\Big) . $$

Of N frequencies K are kept, and an FFT makes all of them to throw most away. Here each axis is a product with a
truncated Fourier matrix, whose entries are made where they are needed, and the full spectrum is written nowhere. With
one axis it moves B·C·N numbers in, 2·B·C·K of modes twice, and B·C'·N out, for 4·N·K operations of each function and
8·K·C·C' for the mixing; an FFT has 5·N·log₂N. So it is for few modes. A bias and a threshold are part of the last
pass.

The map is linear in the signal and in the spectrum. Its adjoint in the signal is the same map with the adjoint
mixing, so the gradient of the signal is one more of these; that of the spectrum a product of kept modes alone.

The plain functions are those of `saeno/kernels/spectral.py`; the Triton is `saeno/kernels/gpu/modes.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from saeno.kernels import spectral
from saeno.kernels.dispatch import by_triton

AXES = (1, 2)  # of the grids for which there is Triton


def filtered(
    value: Tensor, spectrum: Tensor, modes: Sequence[int], grid: Sequence[int], adjoint: bool = False
) -> Tensor:
    """Σ over what goes in of `spectrum · value`, at the nodes of a grid: `spectral.filtered`, by Triton if it can be.

    value: `(batch, in, *its grid)`; spectrum: `(in, out, *kept)`; result `(batch, out, *grid)`. For the adjoint, in and
    out change places.
    """
    if by_triton(value) and len(modes) in AXES and value.numel():
        return _Filtered.apply(value, spectrum, tuple(modes), tuple(grid), adjoint)
    return spectral.filtered(value, spectrum, modes, grid, adjoint)


def activated_plainly(
    value: Tensor, spectrum: Tensor, modes: Sequence[int], grid: Sequence[int], bias: Tensor, level: float
) -> Tensor:
    """`activated` as it is defined."""
    made = spectral.filtered(value, spectrum, modes, grid)
    return (made + bias.view(-1, *[1] * len(grid)) - level).clamp(min=0)


@torch.no_grad()
def activated(
    value: Tensor, spectrum: Tensor, modes: Sequence[int], grid: Sequence[int], bias: Tensor, level: float
) -> Tensor:
    """max(y + b − λ, 0), with y as `filtered` makes it, b `(out,)` and a level λ; for inference, without a gradient."""
    if by_triton(value) and len(modes) in AXES and value.numel():
        from saeno.kernels.gpu import modes as gpu

        return gpu.filtered(value, spectrum, modes, grid, False, bias, level)
    return activated_plainly(value, spectrum, modes, grid, bias, level)


def towards_spectrum(found: Tensor, towards: Tensor, grid: Sequence[int], adjoint: bool) -> Tensor:
    """∂L/∂ŝ `(in, out, *kept)`, from the modes of what went in and of the gradient of what came out on `grid`."""
    weight = 2 * towards.new_ones(towards.shape[-1])  # a frequency stands for its conjugate too
    weight[0] = 1
    towards = towards * weight * math.prod(grid)
    if adjoint:
        return torch.einsum("bo...,bi...->io...", found, towards.conj())
    return torch.einsum("bi...,bo...->io...", found.conj(), towards)


class _Filtered(torch.autograd.Function):
    @staticmethod
    def forward(value: Tensor, spectrum: Tensor, modes: tuple[int, ...], grid: tuple[int, ...], adjoint: bool):
        return _filter(value, spectrum, modes, grid, adjoint)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])
        ctx.modes, ctx.grid, ctx.adjoint = inputs[2:]

    @staticmethod
    def backward(ctx, towards: Tensor) -> tuple[Tensor | None, ...]:
        value, spectrum = ctx.saved_tensors
        own, by_value, by_spectrum = tuple(value.shape[2:]), None, None
        if ctx.needs_input_grad[0]:
            scale = math.prod(ctx.grid) / math.prod(own)
            by_value = scale * _Filtered.apply(towards, spectrum, ctx.modes, own, not ctx.adjoint)
        if ctx.needs_input_grad[1]:
            # For a gradient of the gradient, by functions that have one.
            through = spectral.to_modes_by_fft if torch.is_grad_enabled() else _to_modes
            found, other = (through(one.float(), ctx.modes) for one in (value, towards))
            by_spectrum = towards_spectrum(found, other, ctx.grid, ctx.adjoint)
        return by_value, by_spectrum, None, None, None


@torch.library.custom_op("saeno::filter", mutates_args=())
def _filter(value: Tensor, spectrum: Tensor, modes: Sequence[int], grid: Sequence[int], adjoint: bool) -> Tensor:
    from saeno.kernels.gpu import modes as gpu

    return gpu.filtered(value, spectrum, modes, grid, adjoint)


@torch.library.custom_op("saeno::to_modes", mutates_args=())
def _to_modes(value: Tensor, modes: Sequence[int]) -> Tensor:
    from saeno.kernels.gpu import modes as gpu

    return gpu.to_modes(value, modes)


@_filter.register_fake
def _(value, spectrum, modes, grid, adjoint):
    return value.new_empty(len(value), spectrum.shape[0 if adjoint else 1], *grid)


@_to_modes.register_fake
def _(value, modes):
    kept = (*(2 * m + 1 for m in modes[:-1]), modes[-1] + 1)
    return value.new_empty(*value.shape[: value.dim() - len(modes)], *kept, dtype=torch.complex64)
