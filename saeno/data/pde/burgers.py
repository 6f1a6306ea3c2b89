"""Burgers' equation in one dimension: waves that steepen until viscosity stops them."""

from __future__ import annotations

import math
import os
from dataclasses import asdict

import torch
from torch import Tensor

from saeno.checks import instance, real, tensor, whole
from saeno.data.pde.chunks import Pairs, in_chunks
from saeno.data.pde.fourier import check_resolved, integrate, kept, laplacian, sampled, steps_for, waves
from saeno.data.pde.random import RandomFunctions

INITIAL = RandomFunctions(k_max=20, tau=5.0, decay=1.0)
CREST = 4  # a random function hardly exceeds so many times its root mean square


def burgers(
    count: int,
    nodes: int = 128,
    seed: int = 0,
    viscosity: float = 0.01,
    time: float = 0.3,
    initial: RandomFunctions = INITIAL,
    resolution: int = 256,
    dtype: torch.dtype | None = torch.float32,
    cache: str | os.PathLike | None = None,
    progress: bool = True,
) -> Pairs:
    r"""Random functions, and what Burgers' equation makes of them: u(·, 0) and u(·, T), `(count, 1, nodes)` each.

    $$ \partial_t u + u\, \partial_x u = \nu\, \partial_{xx} u, \qquad u(x + 1, t) = u(x, t). $$

    High values overtake low ones, so that fronts form, about ν / max|u| wide. The mean is conserved.

    It is solved on `resolution` nodes by `solve_burgers` in float64, whatever `nodes` is, and then sampled at i/n: so
    the functions are the same on every grid. With the settings given here the outputs agree with those of a finer
    solver to six digits (a test holds them to it). A smaller viscosity needs more nodes; that is checked.

    Args:
        count: how many; the first ones are the same for every count.
        nodes: of the grid; at least 2·k_max + 1.
        seed: of the random functions.
        viscosity: ν > 0.
        time: T, when the output is taken.
        initial: the distribution of u(·, 0); by default `RandomFunctions(k_max=20, tau=5.0, decay=1.0)`.
        resolution: nodes of the solver, more than 3·k_max. The time grows with its square.
        dtype: of what is returned.
        cache: a folder that keeps what was made, for later calls, and for a run that was stopped; None: none.
        progress: show a bar, unless the environment has TQDM_DISABLE=1.

    Raises ValueError or TypeError for an argument that cannot work, for `nodes` that do not carry the initial
    functions, and for a `resolution` at which the solution is not resolved. The setting with ν = 0.1, T = 1 is that
    of Li et al., arXiv:2010.08895, up to the distribution of initial functions.
    """
    nodes, resolution = whole(nodes, "nodes"), whole(resolution, "resolution")
    viscosity, time = real(viscosity, "viscosity", positive=True), real(time, "time")
    seed, initial = whole(seed, "seed", least=0), instance(initial, RandomFunctions, "initial", "RandomFunctions()")
    initial.check(nodes, "nodes")
    initial.check(resolution, "resolution", least=3 * initial.k_max + 1)
    steps = steps_for(time, CREST * initial.rms, resolution)

    def make(first: int, size: int) -> Pairs:
        start = initial.sample(size, resolution, seed, first, torch.double)
        end = _solve(start, viscosity, time, steps, "resolution")
        return Pairs(sampled(start, (nodes,)), sampled(end, (nodes,)))

    arguments = {
        "of": "burgers",
        "nodes": nodes,
        "seed": seed,
        "viscosity": viscosity,
        "time": time,
        "initial": asdict(initial),
        "resolution": resolution,
    }
    return in_chunks(make, count, arguments, dtype, cache, progress)


def solve_burgers(initial: Tensor, viscosity: float, time: float, steps: int | None = None) -> Tensor:
    r"""Burgers' equation from given functions: u(·, 0) to u(·, T), both `(batch, channels, nodes)`.

    Pseudo-spectral: derivatives are taken of Fourier coefficients, the product $u\, \partial_x u = \tfrac12
    \partial_x u^2$ at the nodes, and the 2/3 rule (only frequencies below a third of `nodes` are kept) keeps it
    free of aliases. Viscosity is exact, by an integrating factor; the rest is the classical method of Runge and Kutta.
    The error falls off exponentially with `nodes`, and as steps⁻⁴.

    steps: in time; None for as many that nothing moves further than one node in a step.

    Each channel is solved by itself, in float64. Raises ValueError when the nodes do not resolve what goes in or what
    comes out.
    """
    start = tensor(initial, "initial", "(batch, channels, nodes)", (3, 3))
    viscosity, time = real(viscosity, "viscosity", positive=True), real(time, "time")
    if steps is None:
        steps = steps_for(time, start.abs().max().item(), start.shape[-1])
    return _solve(start.double(), viscosity, time, whole(steps, "steps"), "nodes").to(start.dtype)


def _solve(start: Tensor, viscosity: float, time: float, steps: int, name: str) -> Tensor:
    grid = tuple(start.shape[2:])
    k = waves(grid).to(start.device)
    slope = -1j * math.pi * k[0] * kept(k, grid)  # of −u²/2

    def change(spectrum: Tensor) -> Tensor:
        return slope * torch.fft.rfft(torch.fft.irfft(spectrum, grid[0]).square())

    spectrum = torch.fft.rfft(start)
    check_resolved(spectrum, k, grid, name, "at the start")
    spectrum = integrate(spectrum * kept(k, grid), viscosity * laplacian(k), change, time, steps)
    check_resolved(spectrum, k, grid, name, f"after {steps} steps")
    return torch.fft.irfft(spectrum, grid[0])
