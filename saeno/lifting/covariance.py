"""Covariances of samples, and their square roots: what whitening is made from."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno.checks import real, short, tensor


def check_samples(samples: Tensor, least_axes: int) -> None:
    """Raises TypeError or ValueError unless samples are finite `(count ≥ 2, channels, *grid)`, with axes enough."""
    form = f"(count ≥ 2, channels{', *grid' if least_axes else ''})"
    if len(tensor(samples, "samples", form, (2 + least_axes, math.inf))) < 2:
        raise ValueError(f"samples = {short(samples)}: should be {form}")


def shrunk(covariance: Tensor, shrinkage: float) -> Tensor:
    """(1 − γ) C + γ · (mean of the diagonal, over frequencies too) · I."""
    shrinkage = real(shrinkage, "shrinkage")
    if shrinkage > 1:
        raise ValueError(f"shrinkage = {shrinkage}: should be between 0 and 1")
    middle = covariance.diagonal(dim1=-2, dim2=-1).mean()
    return (1 - shrinkage) * covariance + shrinkage * middle * torch.eye(covariance.shape[-1]).to(covariance)


def roots(covariance: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
    """S^-½ and S^½ over the last two axes. Raises ValueError when S is not invertible at the samples' precision."""
    values, vectors = torch.linalg.eigh(covariance)
    smallest, largest = values.min().item(), values.max().item()
    if not smallest > torch.finfo(samples.dtype).eps * len(covariance) * largest:
        raise ValueError(
            f"samples have a covariance with eigenvalues from {smallest:.2g} to {largest:.2g}, which has no inverse "
            f"square root: should be more than {len(samples)} samples, or shrinkage > 0"
        )
    return tuple((vectors * values.pow(power).unsqueeze(-2)) @ vectors.mH for power in (-0.5, 0.5))
