"""True atoms that are known at every point of the unit torus, so that a signal can be made on any grid.

A function here takes points `(..., axes)`, any real numbers, and returns values `(...)`; it is periodic with
period 1 on each axis and has norm 1 in L²: ∫ f² = 1. `FunctionAtoms` makes a dictionary of some of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from saeno.checks import real, row, tensor, whole
from saeno.dictionaries.functions import Function, FunctionAtoms
from saeno.metrics import coherence
from saeno.seeds import generator, seeded

_MOST = 2**24  # nodes or frequencies that one function may take


def gabor(frequency: float | Sequence[float], width: float, phase: float = 0.0) -> Function:
    r"""A wave under a Gaussian: $f(u) \propto \sum_m g(u - m)$, $g(x) = e^{-|x|^2/2w^2} \cos(2\pi\nu x + \varphi)$.

    m runs over all whole numbers (pairs of them with two axes), which makes it periodic.

    Args:
        frequency: ν, waves per period of the torus: a number (one axis) or one for each axis.
        width: w, standard deviation of the Gaussian, in periods.
        phase: φ, in radians: 0 is even, ±π/2 is odd.
    """
    if not isinstance(frequency, Sequence | Tensor | np.ndarray):
        frequency = (real(frequency, "frequency", signed=True),)
    frequency = tuple(row(frequency, "frequency", "finite, a number or one for each axis").tolist())
    width, phase = _width(width, 0.5), real(phase, "phase", signed=True)
    if abs(phase) > 1e6:
        raise ValueError(f"phase = {phase}: should be in radians, and not lose its digits")
    return _smooth(partial(_gabor, frequency=frequency, width=width, phase=phase), frequency, width)


def gaussian(width: float, axes: int = 1) -> Function:
    r"""A bump: $f(u) \propto \sum_m e^{-|u - m|^2 / 2w^2}$, w = `width` its standard deviation in periods."""
    return gabor((0.0,) * whole(axes, "axes"), width)


def derivative(width: float, direction: Sequence[float] = (1.0,)) -> Function:
    r"""The slope of a bump: $f(u) \propto \sum_m g(u - m)$, $g(x) = (t \cdot x)\, e^{-|x|^2 / 2w^2}$.

    Minus the derivative of `gaussian(width)` along t = `direction`, which has an entry for each axis; its length
    does not matter.
    """
    slope, width = row(direction, "direction", "finite numbers, one for each axis"), _width(width, 0.5)
    if not slope.any():
        raise ValueError(f"direction = {direction!r}: should have an entry that is not 0")
    slope = tuple((slope / 2.0 ** math.frexp(abs(slope).max())[1]).tolist())
    return _smooth(partial(_derivative, width=width, direction=slope), (0.0,) * len(slope), width)


def box(width: float, axes: int = 1) -> Function:
    r"""A constant near 0, and 0 elsewhere: $f(u) = w^{-d/2}$ for |u| < w/2 on each of d axes; half on the edge.

    Discontinuous: no grid carries it exactly, and its coefficients fall off as 1/k. Half on the edge (within
    1e-6) is what Fourier series converge to, and keeps rounding from moving an edge that lies on a node.
    """
    axes, width = whole(axes, "axes"), _width(width, 1.0)
    if width == 1:
        raise ValueError(f"width = {width}: a box should be narrower than the torus, 1")
    return partial(_evaluate, shape=partial(_box, width=width), axes=axes, amplitude=width ** (-axes / 2))


def rough(decay: float = 1.0, seed: int = 0, modes: int = 64, axes: int = 1) -> Function:
    r"""A random function: $f(u) \propto \sum_k |k|^{-s} (a_k \cos 2\pi k\cdot u + b_k \sin 2\pi k\cdot u)$.

    a, b are standard normal and s = `decay`; k runs over the frequencies up to `modes` on each axis, one of k
    and −k, without 0. With one axis s = 1 is a closed Brownian path; the smaller s, the rougher. It is spread
    over the whole torus, and known exactly: a grid of fewer than 2·modes + 1 nodes aliases it.
    """
    modes, axes, decay = whole(modes, "modes"), whole(axes, "axes"), real(decay, "decay", signed=True)
    if (2 * modes + 1) ** axes > _MOST:
        raise ValueError(f"modes = {modes}, axes = {axes}: should be fewer than {_MOST} frequencies")
    every = torch.cartesian_prod(*[torch.arange(-modes, modes + 1)] * axes).view(-1, axes)
    # In this order k and −k lie opposite about the middle, which is 0.
    frequencies = every[len(every) // 2 + 1 :].double()
    coefficients = seeded(2, len(frequencies), seed=seed).double() * frequencies.norm(dim=1) ** -decay
    series = partial(_series, frequencies=frequencies, coefficients=coefficients)
    return partial(_evaluate, shape=series, axes=axes, amplitude=math.sqrt(2) / coefficients.norm().item())


def bumps_and_gabors(seed: int = 0) -> FunctionAtoms:
    """Five atoms with one axis: a bump, the slope of one, and Gabors at frequencies within ½ of 12, 20 and 8.

    Widths are drawn from .02 to .04, phases from the circle. No two atoms have a |cosine| above
    .9 at any shift: all are drawn again until that is so.
    """
    draws = generator(seed)
    while True:
        width, offset, phase = torch.rand(3, 5, generator=draws, dtype=torch.double).tolist()
        width = [0.02 + 0.02 * w for w in width]
        gabors = [gabor(f + offset[i] - 0.5, width[i + 2], 2 * math.pi * phase[i]) for i, f in enumerate((12, 20, 8))]
        atoms = FunctionAtoms([gaussian(width[0]), derivative(width[1]), *gabors])
        if coherence(atoms, grid=1024) <= 0.9:
            return atoms


def _width(width: float, most: float) -> float:
    width = real(width, "width", positive=True)
    if width > most:
        raise ValueError(f"width = {width}: should be above 0 and at most {most:g}, in periods of the torus")
    return width


def _smooth(shape: Function, frequency: tuple[float, ...], width: float) -> Function:
    """A shape under a Gaussian, brought to unit norm.

    Its square has no frequency above 2(|ν| + 1.5/w), to rounding, so a grid of more nodes integrates it exactly.
    """
    nodes = [2 * (abs(f) + 1.5 / width) for f in frequency]
    if math.prod(nodes) > _MOST:
        raise ValueError(f"width = {width}, frequency = {frequency}: should not need {math.prod(nodes):.1g} nodes")
    nodes = [math.ceil(n) + 1 for n in nodes]
    points = torch.cartesian_prod(*[torch.arange(n, dtype=torch.double) / n for n in nodes]).view(-1, len(nodes))
    return partial(_evaluate, shape=shape, axes=len(nodes), amplitude=shape(points).square().mean().rsqrt().item())


def _evaluate(points: Tensor, shape: Function, axes: int, amplitude: float) -> Tensor:
    points = tensor(points, "points", f"(..., {axes})", (1, math.inf), empty=True)
    if points.shape[-1] != axes:
        raise ValueError(f"points have {points.shape[-1]} axes: this function has {axes}")
    return amplitude * shape(points)


def _images(u: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """u − m for the images m within 9 widths, beyond which they are below rounding; and the Gaussian there.

    Both `(..., images)`.
    """
    reach = max(0, math.ceil(9 * width - 0.5))
    x = (u - u.round()).unsqueeze(-1) - torch.arange(-reach, reach + 1, device=u.device)
    return x, torch.exp(-0.5 * (x / width) ** 2)


def _gabor(points: Tensor, frequency: tuple[float, ...], width: float, phase: float) -> Tensor:
    wave = torch.polar(torch.ones_like(points[..., 0]), torch.full_like(points[..., 0], phase))
    for axis, nu in enumerate(frequency):
        x, bump = _images(points[..., axis], width)
        wave = wave * torch.polar(bump, 2 * math.pi * nu * x).sum(-1)
    return wave.real


def _derivative(points: Tensor, width: float, direction: tuple[float, ...]) -> Tensor:
    images = [_images(u, width) for u in points.unbind(-1)]
    bumps = [bump.sum(-1) for _, bump in images]
    slopes = [(x * bump).sum(-1) for x, bump in images]
    terms = [math.prod([t, slopes[a], *bumps[:a], *bumps[a + 1 :]]) for a, t in enumerate(direction)]
    return sum(terms)


def _box(points: Tensor, width: float) -> Tensor:
    inside = width / 2 - (points - points.round()).abs()
    inside = torch.where(inside.abs() < 1e-6, 0.0, inside)
    return (0.5 + 0.5 * inside.sign()).prod(-1)


def _series(points: Tensor, frequencies: Tensor, coefficients: Tensor) -> Tensor:
    phase = 2 * math.pi * points @ frequencies.to(points).T
    cosines, sines = coefficients.to(points)
    return phase.cos() @ cosines + phase.sin() @ sines
