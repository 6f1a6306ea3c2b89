"""Iterative hard thresholding: the iterations on events that encoders unroll."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.dictionaries import Dictionary
from saeno.dictionaries.base import inner
from saeno.sparsity import Events, TopK
from saeno.units import unit, wide

# Of 1.0, 0.9, …, 0.6, on 12 random dictionaries of three other shapes than the tests': 0.7 has the best supports and
# the smallest error, 0.6 recovers a few more atoms.
DAMPING = 0.7
HALVINGS = 60  # of a step that is too long: after these it is none, in float64 too


def hard_thresholding(dictionary: Dictionary, signal: Tensor, sparsity: TopK, steps: int, step: float | None) -> Events:
    """`steps` iterations from zero, in masses; `step` None is `DAMPING` of the exact line search on the support, or
    less, so that no code is worse than zero."""
    seen = gradient = dictionary.analysis(signal)
    chosen = sparsity.select(gradient)
    masses = torch.zeros_like(gradient)
    for iteration in range(steps):
        if iteration > 0:
            gradient = dictionary.correlate(signal, chosen.code())
            masses = torch.zeros_like(gradient).flatten(1).scatter(1, chosen.indices, chosen.values).view_as(gradient)
        size = step
        if step is None:
            size = _bounded(
                dictionary, sparsity, seen, masses, gradient, DAMPING * _line_search(dictionary, gradient, chosen)
            )
        chosen = sparsity.select(masses + size * gradient)
    return chosen


@torch.no_grad()
def _line_search(dictionary: Dictionary, gradient: Tensor, chosen: Events) -> Tensor:
    """‖g‖²/‖D g‖² for the gradient on the chosen support, a number per signal, shaped to multiply the gradient."""
    on_support = gradient.flatten(1).gather(1, chosen.indices)
    on_support = on_support / unit(on_support)
    energy = dictionary.energy(Events(on_support, chosen.indices, chosen.shape).code())
    square = wide(on_support).square().sum(1)
    # With L ≠ Pᵀ there may be no energy, or less than none: then the step of one atom of unit gain.
    size = torch.where(energy > 0, square / energy, torch.where(square > 0, 1.0, square))
    return size.to(gradient.dtype).view(-1, *[1] * (gradient.dim() - 1))


@torch.no_grad()
def _bounded(
    dictionary: Dictionary, sparsity: TopK, seen: Tensor, masses: Tensor, gradient: Tensor, size: Tensor
) -> Tensor:
    """The sizes, halved until no signal is further from its reconstruction than from zero, ‖x − D z‖ ≤ ‖x‖.

    The line search knows the old support. An atom that comes in may be nearly the copy of one that is there, and then
    the same step can be hundreds of times too long. An error that rises for a while is let be: supports are found on
    the way, and steps that only descend find fewer. ‖x − D z‖² − ‖x‖² is ‖D z‖² − 2⟨z, Dᵀx⟩.
    """
    size, left = size.clone(), torch.arange(len(size), device=size.device)
    for _ in range(HALVINGS):
        code = sparsity.select(masses[left] + size[left] * gradient[left]).code()
        ours, theirs = unit(code), unit(seen[left])
        code, ratio = code / ours, wide(theirs / ours).flatten()
        left = left[dictionary.energy(code) > 2 * inner(code, seen[left] / theirs) * ratio]
        if not len(left):
            break
        size[left] /= 2
    return size
