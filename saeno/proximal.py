"""Proximal gradient descent on the code: the iterations that encoders unroll, and solvers with a certificate."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from saeno.checks import instance, real, whole
from saeno.dictionaries import Dictionary, Lifted
from saeno.dictionaries.base import inner
from saeno.sparsity import SoftThreshold
from saeno.units import unit


class NoStep(ValueError):
    """A dictionary has no largest eigenvalue that is positive and finite, so no step of it descends."""


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


def proximal_gradient(
    dictionary: Dictionary,
    signal: Tensor,
    prox: nn.Module,
    step: Tensor | float,
    accelerate: bool,
    restart: bool = False,
    start: Tensor | None = None,
) -> Generator[Tensor, Tensor | None, None]:
    """The iterates of ISTA, or FISTA, from `start`, or from zero, without end.

    Dᵀ(x − D z) at the iterate may be sent in by who has it. At an extrapolated point it is the same extrapolation of
    it, since it is affine in z, so an iteration costs one synthesis and one analysis.
    """
    gradient = dictionary.analysis(signal) if start is None else dictionary.correlate(signal, start)
    code = torch.zeros_like(gradient) if start is None else start
    before, gradient_before = code, gradient
    momentum = code.new_zeros(len(code), *[1] * (code.dim() - 1))
    while True:
        point, slope = code, gradient
        if accelerate:
            faster = (1 + (1 + 4 * momentum**2).sqrt()) / 2
            ahead = (momentum - 1) / faster
            momentum = faster
            point = code + ahead * (code - before)
            slope = gradient + ahead * (gradient - gradient_before)
        before, gradient_before = code, gradient
        code = prox(point + step * slope, step)
        if restart:
            uphill = ((point - code) * (code - before)).flatten(1).sum(1) > 0
            momentum = torch.where(uphill.view_as(momentum), 1.0, momentum)
        sent = yield code
        gradient = dictionary.correlate(signal, code) if sent is None else sent


def check_problem(dictionary: Dictionary, signal: Tensor, **codes: Tensor) -> None:
    """Raises ValueError or TypeError for what no solver with a certificate can solve.

    Analysis has to be the adjoint of synthesis, so that there is an objective to minimise; numbers are finite, in
    float32 or float64, and fit the dictionary. `codes` are checked by their names.
    """
    instance(dictionary, Dictionary, "dictionary", "DenseDictionary(64, 128)")
    if isinstance(dictionary, Lifted) and (dictionary.residual == "lifted" or not dictionary.adjoint):
        raise ValueError(
            "dictionary is lifted with L ≠ Pᵀ or with the lifted residual: no lasso objective; use Unrolled, or L = Pᵀ"
        )
    dictionary._check(signal, "signal", dictionary.channels)
    for name, code in codes.items():
        dictionary._check_pair(signal, code, name)
    for name, value in {"signal": signal, **codes}.items():
        if value.dtype not in (torch.float32, torch.float64):
            raise TypeError(f"{name} is {value.dtype}: a solver needs torch.float32 or torch.float64")
        if not value.isfinite().all():
            raise ValueError(f"{name} has NaN or infinite values: should be finite")


def safe_step(dictionary: Dictionary, signal: Tensor) -> Tensor:
    """1/λmax(DᵀD) on the signal's grid: the largest step that is sure to descend for every signal.

    Raises NoStep, a ValueError, when all atoms are zero: then there is none; and when they are so small or large that
    λmax is no number of their type.
    """
    largest = dictionary.largest_eigenvalue(tuple(signal.shape[2:]))
    if not torch.compiler.is_compiling() and not 0 < largest < torch.inf:  # what is exported decides nothing by values
        raise NoStep(f"λmax(DᵀD) of the dictionary is {float(largest):.3g}: should be positive and finite, for a step")
    return 1 / largest
