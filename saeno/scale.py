"""Numbers in any unit: squares of 1e-23 are zero in float32, so what is squared is first brought near 1, exactly."""

from __future__ import annotations

import torch
from torch import Tensor


def power_of_two(value: Tensor, each: bool = False) -> Tensor:
    """The power of two that brings the largest |value| into [½, 1): a number, or with `each` one per entry of axis 0.

    Its product with the value is exact, so ratios of sums and squares keep their bits wherever they had them. The
    value should be finite; what is all zero stays so.
    """
    size = value.abs().flatten(1).amax(1) if each else value.abs().amax()
    size = size.clamp(min=torch.finfo(size.dtype).tiny)
    factor = torch.frexp(size).mantissa / size
    return factor.view(-1, *[1] * (value.dim() - 1)) if each else factor


def sum_of_squares(value: Tensor) -> tuple[Tensor, float]:
    """Σ (f·value)² and the power of two f, for a sum that could not be held itself; NaN for what is not finite."""
    factor = power_of_two(value)
    return (factor * value).square().sum(), factor.item()
