"""Proximal gradient descent on the code: the iterations that encoders unroll, and solvers with a certificate."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor, nn

from saeno.checks import instance
from saeno.dictionaries import Dictionary, Lifted


class NoStep(ValueError):
    """A dictionary has no largest eigenvalue that is positive and finite, so no step of it descends."""


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
    dictionary.check_signal(signal)
    for name, code in codes.items():
        dictionary.check_pair(signal, code, name)
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
