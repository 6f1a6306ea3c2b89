"""Periodic functions by their Fourier coefficients: what the pseudo-spectral solvers share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

UNRESOLVED = 1e-5  # the share of energy in the highest frequencies above which a solution is refused
ROUNDING = 1e-14  # the same where it may be the rounding of float32
MOST_STEPS = 10**6


def waves(grid: Sequence[int]) -> Tensor:
    """The frequencies k of a grid, in the order of `torch.fft.rfftn`: `(axes, *grid)`, the last axis halved."""
    lines = [torch.fft.fftfreq(n, 1 / n, dtype=torch.double) for n in grid[:-1]]
    lines.append(torch.fft.rfftfreq(grid[-1], 1 / grid[-1], dtype=torch.double))
    return torch.stack(torch.meshgrid(*lines, indexing="ij"))


def laplacian(k: Tensor) -> Tensor:
    """What −Δ multiplies each frequency with: |2πk|²."""
    return (2 * math.pi * k).square().sum(0)


def kept(k: Tensor, grid: Sequence[int], share: float = 1.0) -> Tensor:
    """The 2/3 rule: frequencies with 3|k| < n on each axis.

    The product of two such functions has frequencies up to 2n/3. On n nodes what lies above n/2 comes back as a
    frequency that is too low (aliasing), but not below n/3: so the frequencies that are kept stay exact.
    share: only that part of them, from 0 on.
    """
    nodes = torch.tensor(grid).to(k).view(-1, *[1] * len(grid))
    return (3 * k.abs() < share * nodes).all(0)


def sampled(values: Tensor, grid: Sequence[int]) -> Tensor:
    """Functions `(batch, channels, *nodes)` at the nodes i/n of another grid: `(batch, channels, *grid)`.

    The functions are the trigonometric polynomials through their nodes. Nothing is smoothed: on a coarser grid a
    frequency that the grid does not carry looks like a lower one, as it does for whoever measures at these points.
    """
    if tuple(values.shape[2:]) == tuple(grid):
        return values
    axes = tuple(range(2, values.dim()))
    spectrum = torch.fft.fftn(values, dim=axes, norm="forward")
    for axis, n in zip(axes, grid, strict=True):
        k = torch.fft.fftfreq(spectrum.shape[axis], 1 / spectrum.shape[axis]).round().long()
        wider = spectrum.new_zeros(*spectrum.shape[:axis], n, *spectrum.shape[axis + 1 :])
        spectrum = wider.index_add_(axis, k % n, spectrum)  # e^{2πiku} is the same for k and k + n at every i/n
    return torch.fft.ifftn(spectrum, dim=axes, norm="forward").real


def integrate(
    spectrum: Tensor,
    decay: Tensor,
    change: Callable[[Tensor], Tensor],
    time: float,
    steps: int,
    force: Tensor | float = 0.0,
) -> Tensor:
    r"""$\hat v' = -\lambda \hat v + N(\hat v) + \hat f$ from 0 to `time`, in `steps` equal steps of order 4.

    Integrating factor: without f, $\hat w = e^{\lambda t} \hat v$ obeys $\hat w' = e^{\lambda t} N(e^{-\lambda t}
    \hat w)$, to which the classical method of Runge and Kutta is applied. What f does by itself in a time s,
    $\hat f\, (1 - e^{-\lambda s})/\lambda$, is added at each stage. So λ = `decay`, however large, and f = `force` are
    solved exactly and do not limit the step; N = `change` does.

    Raises ValueError when the steps are so long that the solution overflows.
    """
    h = time / steps
    half, full = (torch.exp(-decay * s) for s in (h / 2, h))
    at_half, at_full = (force * torch.where(decay > 0, -torch.expm1(-decay * s) / decay, s) for s in (h / 2, h))
    for _ in range(steps):
        a = change(spectrum)
        b = change(half * (spectrum + h / 2 * a) + at_half)
        c = change(half * spectrum + h / 2 * b + at_half)
        d = change(full * spectrum + h * half * c + at_full)
        spectrum = full * spectrum + h / 6 * (full * a + 2 * half * (b + c) + d) + at_full
    if not spectrum.isfinite().all():
        raise ValueError(
            f"steps = {steps}: should be more for this initial state, force and time: the solution is not finite"
        )
    return spectrum


def steps_for(time: float, speed: float, nodes: int) -> int:
    """Enough steps that nothing moves further than one node in a step.

    With the 2/3 rule the steps of `integrate` are stable to 2√2 · 3/2π = 1.35 nodes, by the frequency n/3 and the
    part of the imaginary axis, 2√2, on which the method of Runge and Kutta is.
    """
    needed = time * speed * nodes
    if not needed <= MOST_STEPS:
        what = "should be shorter, or the initial functions and their forcing smaller"
        raise ValueError(f"time = {time:g}: {what}: {needed:.0e} steps are needed")
    return max(1, math.ceil(needed))


def check_resolved(spectrum: Tensor, k: Tensor, grid: Sequence[int], name: str, when: str) -> None:
    """Raise ValueError unless hardly any energy is near the end of what the 2/3 rule keeps, or beyond it."""
    weight = torch.ones_like(k[-1])
    weight[..., 1 : (grid[-1] + 1) // 2] = 2  # of the frequencies k and −k of the last axis only one is stored
    energy = weight * spectrum.abs().square()
    last = tuple(range(-len(grid), 0))
    total, mean = energy.sum(last), energy[(..., *[0] * len(grid))]
    tail = (energy * ~kept(k, grid, share=0.9)).sum(last)
    if not (tail <= UNRESOLVED * (total - mean) + ROUNDING * total).all():
        share = (tail / (total - mean)).nan_to_num().max().item()
        raise ValueError(
            f"{name} = {grid[-1]}: should be more nodes, since {when} a share {share:.0e} of the energy is at "
            f"frequencies above 0.9 · {name}/3; {UNRESOLVED:.0e} is the most"
        )
