"""The Navier–Stokes equations in two dimensions: a fluid on the torus, by its vorticity."""

from __future__ import annotations

import math
import os
from dataclasses import asdict

import torch
from torch import Tensor

from saeno.checks import instance, real, short, tensor, whole
from saeno.data.pde.burgers import CREST
from saeno.data.pde.chunks import Pairs, in_chunks
from saeno.data.pde.fourier import check_resolved, integrate, kept, laplacian, sampled, steps_for, waves
from saeno.data.pde.random import RandomFunctions

INITIAL = RandomFunctions(k_max=12, tau=2.0, decay=1.5)


def navier_stokes(
    count: int,
    nodes: int = 64,
    seed: int = 0,
    viscosity: float = 1e-3,
    time: float = 1.0,
    forcing: float = 0.0,
    initial: RandomFunctions = INITIAL,
    resolution: int = 64,
    dtype: torch.dtype | None = torch.float32,
    cache: str | os.PathLike | None = None,
    progress: bool = True,
) -> Pairs:
    r"""Random vorticities, and what a fluid makes of them: ω(·, 0) and ω(·, T), `(count, 1, nodes, nodes)` each.

    $$ \partial_t \omega + u \cdot \nabla \omega = \nu\, \Delta \omega + f, \qquad
    u = (\partial_2 \psi, -\partial_1 \psi), \quad -\Delta \psi = \omega, $$

    with period 1 along both axes. The flow carries vorticity along and draws it out into threads, which viscosity
    smooths; without a force its largest value never grows. The force, as that of vorticity, is
    f = A(sin 2π(x₁ + x₂) + cos 2π(x₁ + x₂)), A = `forcing`.

    It is solved on `resolution` nodes per axis by `solve_navier_stokes` in float64, whatever `nodes` is, and then
    sampled at i/n: so the functions are the same on every grid. A smaller viscosity, a longer time or a stronger force
    needs a finer one; that is checked.

    Args:
        count: how many; the first ones are the same for every count.
        nodes: of the grid, on each axis; at least 2·k_max + 1.
        seed: of the random functions.
        viscosity: ν ≥ 0.
        time: T, when the output is taken.
        forcing: A, of any sign; 0 for no force.
        initial: the distribution of ω(·, 0); by default `RandomFunctions(k_max=12, tau=2.0, decay=1.5)`.
        resolution: nodes of the solver, on each axis, more than 3·k_max.
        dtype, cache, progress: as in `burgers`.

    Raises ValueError or TypeError for an argument that cannot work, for `nodes` that do not carry the initial
    functions, and for a `resolution` at which the solution is not resolved. The force, with A = 0.1, is that of
    Li et al., arXiv:2010.08895.
    """
    nodes, resolution = whole(nodes, "nodes"), whole(resolution, "resolution")
    viscosity, time = real(viscosity, "viscosity"), real(time, "time")
    forcing, seed = real(forcing, "forcing", signed=True), whole(seed, "seed", least=0)
    initial = instance(initial, RandomFunctions, "initial", "RandomFunctions()")
    initial.check(nodes, "nodes")
    initial.check(resolution, "resolution", least=3 * initial.k_max + 1)
    line = 2 * math.pi * torch.arange(resolution, dtype=torch.double) / resolution
    across = line[:, None] + line
    force = forcing * (across.sin() + across.cos())[None, None]
    # In the mean square |u| ≤ |ω|/2π, and |ω| grows by at most A·T, and by no more than viscosity lets a force do.
    lasting = min(time, 1 / (4 * math.pi**2 * viscosity)) if viscosity else time
    steps = steps_for(time, CREST * (initial.rms + abs(forcing) * lasting) / (2 * math.pi), resolution)

    def make(first: int, size: int) -> Pairs:
        start = initial.sample(size, (resolution, resolution), seed, first, torch.double)
        end = _solve(start, viscosity, time, force, steps, "resolution")
        return Pairs(sampled(start, (nodes, nodes)), sampled(end, (nodes, nodes)))

    arguments = {
        "of": "navier_stokes",
        "nodes": nodes,
        "seed": seed,
        "viscosity": viscosity,
        "time": time,
        "forcing": forcing,
        "initial": asdict(initial),
        "resolution": resolution,
    }
    return in_chunks(make, count, arguments, dtype, cache, progress)


def solve_navier_stokes(
    initial: Tensor, viscosity: float, time: float, force: Tensor | None = None, steps: int | None = None
) -> Tensor:
    r"""The vorticity equation of `navier_stokes` from given functions: ω(·, 0) to ω(·, T), both `(batch, 1, n, n)`.

    Pseudo-spectral: u and ∇ω are found from the Fourier coefficients of ω, $\hat u = 2\pi i (k_2, -k_1)\,
    \hat\omega / |2\pi k|^2$, their product is taken at the nodes, and the 2/3 rule keeps it free of aliases. Viscosity
    and force are exact, by an integrating factor; the rest is the classical method of Runge and Kutta. The error falls
    off exponentially with n, and as steps⁻⁴.

    force: f, `(1, 1, n, n)` or one for each; None for none. steps: in time; None for as many that nothing moves
    further than one node in a step at twice the speed of the start.

    Solved in float64. Raises ValueError when the nodes do not resolve what goes in or what comes out, and for a
    vorticity or force whose mean is not 0: on a torus no flow has it.
    """
    start = tensor(initial, "initial", "(batch, 1, n, n)", (4, 4))
    viscosity, time = real(viscosity, "viscosity"), real(time, "time")
    f = torch.zeros_like(start[:1]) if force is None else tensor(force, "force", "(1, 1, n, n)", (4, 4))
    if start.shape[1] != 1:
        raise ValueError(f"initial = {short(initial)}: should be (batch, 1, n, n)")
    if f.shape[1:] != start.shape[1:] or len(f) not in (1, len(start)):
        raise ValueError(
            f"force = {short(force)}: should be (1, 1, n, n) or of the shape of initial, {tuple(start.shape)}"
        )
    for name, field in (("initial", start), ("force", f)):
        if (field.mean((2, 3)).abs() > 1e-5 * field.square().mean((2, 3)).sqrt()).any():
            raise ValueError(f"{name} has mean {field.mean((2, 3)).abs().max().item():.1e}: should be 0 on a torus")
    if steps is None:
        k = waves(start.shape[2:]).to(start.device)
        flow = torch.fft.irfft2(_factors(k)[:2] * torch.fft.rfft2(start.double()), tuple(start.shape[2:]))
        steps = steps_for(time, 2 * flow.square().sum(1).max().sqrt().item(), max(start.shape[2:]))
    end = _solve(start.double(), viscosity, time, f.double(), whole(steps, "steps"), "n")
    return end.to(start.dtype)


def _factors(k: Tensor) -> Tensor:
    """What gives u₁, u₂, ∂₁ω, ∂₂ω of ω, frequency by frequency: `(4, *frequencies)`."""
    inverse = torch.where(laplacian(k) > 0, 1 / laplacian(k), 0.0)
    return 2j * math.pi * torch.stack([k[1] * inverse, -k[0] * inverse, k[0], k[1]])


def _solve(start: Tensor, viscosity: float, time: float, force: Tensor, steps: int, name: str) -> Tensor:
    grid = tuple(start.shape[2:])
    k = waves(grid).to(start.device)
    inside, factors = kept(k, grid), _factors(k)

    def change(spectrum: Tensor) -> Tensor:
        flow, gradient = torch.fft.irfft2(factors * spectrum, grid).split(2, 1)
        return inside * torch.fft.rfft2(-(flow * gradient).sum(1, keepdim=True))

    spectrum = torch.fft.rfft2(start)
    check_resolved(spectrum, k, grid, name, "at the start")
    pushed = inside * torch.fft.rfft2(force)
    spectrum = integrate(spectrum * inside, viscosity * laplacian(k), change, time, steps, pushed)
    check_resolved(spectrum, k, grid, name, f"after {steps} steps")
    return torch.fft.irfft2(spectrum, grid)
