"""Darcy's law on the unit square: pressure in a porous medium, from how well the medium conducts."""

from __future__ import annotations

import os
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from saeno.checks import instance, interval, real, short, tensor, whole
from saeno.data.pde.chunks import Pairs, in_chunks
from saeno.data.pde.random import RandomFunctions

FIELD = RandomFunctions(k_max=12, tau=2.0, decay=1.5)
RESIDUAL = 1e-8  # relative; a direct solver leaves far less, unless the coefficient spans too many orders


def darcy(
    count: int,
    nodes: int = 64,
    seed: int = 0,
    levels: tuple[float, float] | None = None,
    field: RandomFunctions = FIELD,
    refine: int = 1,
    dtype: torch.dtype | None = torch.float32,
    cache: str | os.PathLike | None = None,
    progress: bool = True,
) -> Pairs:
    r"""Random media, and the pressure in them: a and u, `(count, 1, nodes, nodes)` each.

    $$ -\nabla \cdot (a\, \nabla u) = 1 \text{ on } (0, 1)^2, \qquad u = 0 \text{ on its boundary.} $$

    The medium is log-normal, a = e^g with a random periodic function g, or takes two values, `levels = (3, 12)`:
    3 where g < 0, 12 elsewhere.

    The grid is that of all signals here: node (i, j) is the point (i/n, j/n), i and j from 0 to n − 1. The first row
    and column lie on the boundary, where u is 0; the other two sides, at 1, are the same points of the torus.
    `solve_darcy` solves on refine · nodes per axis in float64, and every refine-th node is returned. The medium is the
    same on every grid; the pressure is so up to the error of the finite differences, which a `refine` of 2 divides by
    4 where a is smooth, and by about 2 where it jumps.

    Args:
        count: how many; the first ones are the same for every count.
        nodes: of the grid, on each axis; at least 2·k_max + 1.
        seed: of the random functions.
        levels: two values > 0, in order; None for a log-normal medium.
        field: the distribution of g, whose `rms` is the spread of log a; by default
            `RandomFunctions(k_max=12, tau=2.0, decay=1.5)`.
        refine: nodes of the solver for one of the grid, on each axis. The time grows with about its cube.
        dtype, cache, progress: as in `burgers`.

    Raises ValueError or TypeError for an argument that cannot work, and for `nodes` that do not carry g. Media of
    3 and 12 are those of Li et al., arXiv:2010.08895, up to the distribution of g.
    """
    nodes, seed, refine = whole(nodes, "nodes"), whole(seed, "seed", least=0), whole(refine, "refine")
    field = instance(field, RandomFunctions, "field", "RandomFunctions()")
    if levels is not None:
        levels = interval(levels, "levels", "of the medium", torch.float32)
        if levels[0] == 0:
            raise ValueError(f"levels = {levels}: should be > 0, else nothing flows")
    field.check(nodes, "nodes")

    def make(first: int, size: int) -> Pairs:
        g = field.sample(size, (refine * nodes,) * 2, seed, first, torch.double)
        a = g.exp() if levels is None else torch.tensor(levels, dtype=torch.double)[(g >= 0).long()]
        u = solve_darcy(a)
        return Pairs(a[..., ::refine, ::refine], u[..., ::refine, ::refine])

    arguments = {
        "of": "darcy",
        "nodes": nodes,
        "seed": seed,
        "levels": levels,
        "field": asdict(field),
        "refine": refine,
    }
    return in_chunks(make, count, arguments, dtype, cache, progress)


def solve_darcy(coefficient: Tensor, source: Tensor | float = 1.0) -> Tensor:
    r"""−∇·(a∇u) = f on the unit square, u = 0 on its boundary: from a to u, both `(batch, 1, n, n)`.

    Finite differences at the nodes i/n. Through the face between two neighbours flows $n\, \bar a\, (u_{i+1} - u_i)$,
    where $\bar a = 2 a_i a_{i+1} / (a_i + a_{i+1})$ is the harmonic mean: what two layers in a row conduct. What flows
    out of a node, divided by the distance of two faces, 1/n, is the source:

    $$ -n^2 \sum_{\text{4 neighbours } q} \bar a_{pq}\, (u_q - u_p) = f_p \quad \text{at the interior nodes}. $$

    Beyond the last node comes the first, as on the torus: there u = 0. The error is O(1/n²) for a smooth a. The
    matrix is sparse and positive definite, and factorised by SciPy (SuperLU).

    source: f, a number, or a tensor `(1, 1, n, n)` or of the shape of a; its values on the boundary are not used.

    Solved in float64. Raises ValueError for a coefficient that is not above 0 everywhere, and when the residual is
    above 1e-8 of the source.
    """
    a = tensor(coefficient, "coefficient", "(batch, 1, n, n)", (4, 4))
    n = a.shape[-1]
    if a.shape[1:] != (1, n, n) or n < 2:
        raise ValueError(f"coefficient = {short(coefficient)}: should be (batch, 1, n, n), n ≥ 2")
    if not (a > 0).all():
        raise ValueError(f"coefficient has the value {a.min().item():g}: should be > 0 everywhere")
    if not isinstance(source, Tensor):
        source = torch.tensor(real(source, "source", signed=True), dtype=torch.double)
    f = tensor(source, "source", "a number or (1, 1, n, n)", (0, 4)).double()
    if f.dim() not in (0, 4):
        raise ValueError(f"source = {short(source)}: should be a number, (1, 1, n, n) or {tuple(a.shape)}")
    try:
        f = f.expand(a.shape)
    except RuntimeError as error:
        raise ValueError(f"source = {short(source)}: should be a number, (1, 1, n, n) or {tuple(a.shape)}") from error
    media, sources = a.detach().cpu().double().numpy(), f.detach().cpu().numpy()
    pressures = [_solve(medium[0], given[0]) for medium, given in zip(media, sources, strict=True)]
    return torch.from_numpy(np.stack(pressures)).unsqueeze(1).to(a)


def _solve(a: np.ndarray, f: np.ndarray) -> np.ndarray:
    """One pressure `(n, n)`."""
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import splu

    n = len(a)
    down, right = (2 / (1 / a + 1 / np.roll(a, -1, axis)) for axis in (0, 1))  # faces to the next node
    centre = down[1:, 1:] + down[:-1, 1:] + right[1:, 1:] + right[1:, :-1]
    beside = np.zeros((n - 1, n - 1))  # the last entry of a row is the face to the boundary
    beside[:, :-1] = -right[1:, 1:-1]
    beside, below = beside.ravel()[:-1], -down[1:-1, 1:].ravel()
    diagonals, offsets = [below, beside, centre.ravel(), beside, below], [1 - n, -1, 0, 1, n - 1]
    if n == 2:  # a single node
        diagonals, offsets = [centre.ravel()], [0]
    matrix = diags_array(diagonals, offsets=offsets, format="csc")
    # The options are those for a positive definite matrix: pivots stay on the diagonal, and the order keeps it sparse.
    options = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
    u = np.zeros((n, n))
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # the residual finds it
            u[1:, 1:] = splu(matrix, **options).solve(f[1:, 1:].ravel() / n**2).reshape(n - 1, n - 1)
            left = residual(a, u, f)
    except RuntimeError:  # what SuperLU raises where a pivot is 0
        left = np.inf
    if not left <= RESIDUAL:
        what = f"coefficient goes from {a.min():.0e} to {a.max():.0e}"
        raise ValueError(f"{what}: should span fewer orders of magnitude, the residual is {left:.0e} of the source")
    return u


def residual(a: np.ndarray, u: np.ndarray, f: np.ndarray) -> float:
    """‖−∇·(a∇u) − f‖ / ‖f‖ over the interior nodes, from what flows through each face; not divided when f is 0."""
    n, out = len(a), 0
    for axis in (0, 1):
        flow = n * 2 / (1 / a + 1 / np.roll(a, -1, axis)) * (np.roll(u, -1, axis) - u)
        out = out - n * (flow - np.roll(flow, 1, axis))
    size = np.linalg.norm(f[1:, 1:])
    return float(np.linalg.norm((out - f)[1:, 1:]) / size) if size else float(np.linalg.norm(out[1:, 1:]))
