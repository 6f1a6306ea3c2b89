"""The middle and the size of data: what the mean of a `SparseAutoencoder` starts with, and its scale."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import real, tensor, whole
from saeno.units import common_unit


@torch.no_grad()
def mean(signal: Tensor) -> Tensor:
    """The mean of signals `(batch, channels, *grid)` over the batch and the grid, `(channels,)`."""
    points = _points(signal)
    size = common_unit(points)
    return (points / size).mean(0) * size


@torch.no_grad()
def scale(signal: Tensor) -> float:
    r"""The size of signals `(batch, channels, *grid)` about their mean, $\sqrt{\mathbb E \|x - \bar x\|^2}$.

    ‖·‖² is the sum over channels, E the mean over the batch and the grid. Divided by it, signals have the energy
    ½E‖x − x̄‖² = ½. Raises ValueError for signals that are all the same, which have no size.
    """
    points = _points(signal)
    size = common_unit(points).item()
    points = points.double() / size
    found = (points - points.mean(0)).square().sum(1).mean().sqrt().item() * size
    if found == 0:
        raise ValueError("signal has the same value everywhere: should vary, to have a size")
    return found


@torch.no_grad()
def geometric_median(signal: Tensor, steps: int = 1000, tolerance: float = 1e-6) -> Tensor:
    r"""The point with the smallest mean distance to the data, $\arg\min_b \frac1n \sum_i \|x_i - b\|$.

    Unlike the mean it hardly moves when a few signals are far away. Its points x_i are the values at a node, over all
    signals `(batch, channels, *grid)` and all nodes; the result is `(channels,)`. Found by Weiszfeld's iteration, in
    float64: a mean with weights 1/‖xᵢ − b‖, from the mean of the data. At a data point, where the weight is infinite,
    the step of Vardi and Zhang is taken: the points there hold b back, each with force 1.

    Args:
        steps: at most so many iterations.
        tolerance: it ends when b moves by less than this, relative to the mean distance.

    Raises ValueError for data that are not finite, and RuntimeError when the steps are too few. Source: Vardi & Zhang,
    doi:10.1073/pnas.97.4.1423.
    """
    steps, tolerance, points = whole(steps, "steps"), real(tolerance, "tolerance"), _points(signal).double()
    size = common_unit(points)
    points = points / size
    centre = points.mean(0)
    for _ in range(steps):
        away = points - centre
        distance = away.norm(dim=1)
        scale = distance.mean()
        here = distance <= 1e-12 * scale
        if here.all():
            return (centre * size).to(signal)
        weight = torch.where(here, 0.0, 1 / distance.masked_fill(here, 1.0))
        pull = weight @ away
        held = (1 - here.sum() / pull.norm().clamp(min=torch.finfo(points.dtype).tiny)).clamp(min=0)
        step = held * pull / weight.sum()
        centre = centre + step
        if step.norm() <= tolerance * scale:
            return (centre * size).to(signal)
    raise RuntimeError(f"steps = {steps}: the geometric median still moves; give more, or a larger tolerance")


def _points(signal: Tensor) -> Tensor:
    """All values of signals `(batch, channels, *grid)` at all nodes, `(batch · N, channels)`, checked."""
    return tensor(signal, "signal", "(batch, channels, *grid)").movedim(1, -1).flatten(0, -2)
