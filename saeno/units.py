"""Numbers of any size and kind: what keeps squares from under- and overflowing, and half precision from coarse sums.

float32 ends at 1e±38, so the square of 1e-23 is 0 there: a norm of signals in tesla, say. Divided by a power of two no
number loses a bit, and where nothing under- or overflows the results are the same to the last bit.
"""

from __future__ import annotations

import torch
from torch import Tensor


def unit(value: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    """The largest power of two that is not above the largest |entry|, a constant to the gradient; 1 for zeros.

    Over the given axes, which keep length 1; None: over all but the first. Not finite entries give 1 too.
    """
    axes = tuple(range(1, value.dim())) if axes is None else axes
    largest = value.detach().abs().amax(axes, keepdim=True)
    mantissa = torch.frexp(largest).mantissa  # in [1/2, 1)
    return torch.where((largest > 0) & largest.isfinite(), largest / (2 * mantissa), 1.0)


def common_unit(value: Tensor) -> Tensor:
    """The `unit` of all entries together, a single number."""
    return unit(value.flatten(), (0,)).squeeze(0)


def sum_of_squares(value: Tensor) -> tuple[Tensor, float]:
    """Σ (value/u)² and the unit u of all entries, for a sum that could not be held itself."""
    size = common_unit(value)
    return (value / size).square().sum(), size.item()


def wide(value: Tensor) -> Tensor:
    """The numbers in float32 when they are in half precision (float16, bfloat16), else as they are."""
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def within(squares: Tensor) -> bool:
    """Whether these sums of squares are near enough to 1 to stand as they were formed, in half precision too."""
    least, most = squares.aminmax()
    return 1e-8 < least.item() and most.item() < 1e8


def transformed(value: Tensor) -> bool:
    """Whether a transform of `torch.func` looks at these numbers, so that nothing can be done to them in place."""
    return torch._C._functorch.is_functorch_wrapped_tensor(value)
