"""Covariances of samples, and their square roots: what whitening is made from."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import held, real


def check_samples(samples: Tensor, least_axes: int) -> None:
    """Raises TypeError or ValueError unless samples are finite `(count ≥ 2, channels, *grid)`, with axes enough."""
    if not (isinstance(samples, Tensor) and samples.is_floating_point()):
        kind = samples.dtype if isinstance(samples, Tensor) else type(samples).__name__
        raise TypeError(f"samples are {kind}: should be a tensor of floating-point numbers")
    held(samples, "samples")
    shaped = samples.dim() >= 2 + least_axes and len(samples) > 1 and samples.numel() > 0
    if not shaped or not samples.isfinite().all():
        what = "are not finite" if shaped else "have another shape"
        raise ValueError(
            f"samples of shape {tuple(samples.shape)} {what}: should be finite numbers (count ≥ 2, channels"
            f"{', *grid' if least_axes else ''})"
        )


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
