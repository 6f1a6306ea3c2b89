"""The lasso, solved to a certified precision."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from saeno.checks import real, whole
from saeno.dictionaries import Dictionary
from saeno.grids import inner
from saeno.inference.proximal import check_problem, proximal_gradient, safe_step
from saeno.sparsity import SoftThreshold
from saeno.units import unit


class Solution(NamedTuple):
    """What `ista` and `fista` return.

    code: `(batch, concepts, *grid)`.
    objective: mean over the batch at each iteration, `(iterations,)`.
    gap: the duality gap of each signal over ½‖x‖², `(batch,)`: how far, at most, its objective is from the optimum.
    converged: whether every gap is below the tolerance.
    """

    code: Tensor
    objective: Tensor
    gap: Tensor
    converged: bool


def ista(
    dictionary: Dictionary,
    signal: Tensor,
    threshold: float,
    steps: int = 1000,
    tolerance: float = 1e-6,
    positive: bool = False,
    start: Tensor | None = None,
) -> Solution:
    r"""Sparse codes by proximal gradient descent, to a certified precision.

    $$ \min_z\; \tfrac12\|x - D z\|^2 + \lambda \|z\|_1, \qquad
    \|z\|_1 = \text{mean over the grid of } \sum_c |z_c| . $$

    Stops when the duality gap of every signal is at most `tolerance` · ½‖x‖²: the residual r, scaled so that |Dᵀr| ≤ λ,
    is a dual point, whose value ½‖x‖² − ½‖x − r‖² bounds the optimum from below. The error falls like 1/t.

    Args:
        dictionary: any, with analysis the adjoint of synthesis.
        signal: `(batch, channels, *grid)`.
        threshold: λ ≥ 0, a mass.
        steps: at most so many iterations.
        tolerance: of the gap, relative to ½‖x‖²; in float32, 1e-6 is about what can be told.
        positive: codes ≥ 0.
        start: the code to begin with, `(batch, concepts, *grid)`, such as the solution for a threshold nearby (a *warm
            start*); zero when None.

    Raises ValueError for a lifted dictionary with L ≠ Pᵀ or the lifted residual, which minimise no such objective.
    Source: Daubechies, Defrise & De Mol, doi:10.1002/cpa.20042.
    """
    return _solve(dictionary, signal, threshold, steps, tolerance, positive, start, accelerate=False)


def fista(
    dictionary: Dictionary,
    signal: Tensor,
    threshold: float,
    steps: int = 1000,
    tolerance: float = 1e-6,
    positive: bool = False,
    start: Tensor | None = None,
) -> Solution:
    """As `ista`, with Nesterov's extrapolation: the error falls like 1/t².

    A signal whose extrapolation points uphill begins it anew, which makes the end much faster. Source: Beck & Teboulle,
    doi:10.1137/080716542; O'Donoghue & Candès, doi:10.1007/s10208-013-9150-3.
    """
    return _solve(dictionary, signal, threshold, steps, tolerance, positive, start, accelerate=True)


@torch.no_grad()
def _solve(dictionary, signal, threshold, steps, tolerance, positive, start, accelerate) -> Solution:
    steps, tolerance, prox = whole(steps, "steps"), real(tolerance, "tolerance"), SoftThreshold(threshold, positive)
    check_problem(dictionary, signal, **({} if start is None else {"start": start}))
    step = safe_step(dictionary, signal)
    # In units of its own each signal's largest value is about 1: energies of 1e-46 are none in float32.
    size = unit(signal)
    signal, start, level = signal / size, None if start is None else start / size, prox.threshold / size
    prox.threshold, level, squares = level, level.flatten(), size.flatten().square()
    seen = dictionary.analysis(signal)
    if len(signal) == 0:
        return Solution(seen, seen.new_zeros(0), seen.new_zeros(0), True)
    energy, tiny = inner(signal, signal), torch.finfo(signal.dtype).tiny
    iterates = proximal_gradient(dictionary, signal, prox, step, accelerate, restart=True, start=start)
    history = []
    code = next(iterates)
    while True:
        # Dᵀr is all that is needed: ⟨x, r⟩ = ‖x‖² − ⟨z, Dᵀx⟩ and ‖r‖² = ⟨x, r⟩ − ⟨z, Dᵀr⟩.
        gradient = dictionary.correlate(signal, code)
        overlap = energy - inner(code, seen)
        residual = (overlap - inner(code, gradient)).clamp(min=0)
        primal = residual / 2 + level * code.abs().flatten(1).sum(1) / math.prod(code.shape[2:])
        history.append((primal * squares).mean())
        largest = (gradient if positive else gradient.abs()).flatten(1).amax(1)
        scale = (largest.clamp(min=tiny).reciprocal() * level).clamp(max=1)
        dual = scale * overlap - scale.square() * residual / 2
        gap = 2 * (primal - dual) / energy.clamp(min=tiny)
        converged = bool((gap <= tolerance).all())
        if converged or len(history) == steps:
            return Solution(code * size, torch.stack(history), gap, converged)
        code = iterates.send(gradient)
