"""Iterative hard thresholding: the iterations on events that encoders unroll."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.dictionaries import Dictionary
from saeno.dictionaries.base import count_nodes, inner
from saeno.sparsity import Events, TopK

# Of 1.0, 0.9, …, 0.6, on 12 random dictionaries of three other shapes than the tests': 0.7 has the best supports and
# the smallest error, 0.6 recovers a few more atoms.
DAMPING = 0.7
# Shorter and shorter steps, at least by halves, until the error does not rise. So many take any step below the smallest
# that a float64 can tell from none.
TRIES = 60


def hard_thresholding(dictionary: Dictionary, signal: Tensor, sparsity: TopK, steps: int, step: float | None) -> Events:
    """`steps` iterations from zero, in masses; `step` None is `DAMPING` of the exact line search on the support, or
    less where the error would rise."""
    gradient = dictionary.analysis(signal)
    chosen = sparsity.select(gradient)
    masses = torch.zeros_like(gradient)
    for iteration in range(steps):
        if iteration > 0:
            gradient = dictionary.correlate(signal, chosen.code())
            masses = torch.zeros_like(gradient).flatten(1).scatter(1, chosen.indices, chosen.values).view_as(gradient)
        size = step
        if step is None:
            size = DAMPING * _line_search(dictionary, gradient, chosen)
            size = _descending(dictionary, sparsity, masses, gradient, chosen, size)
        chosen = sparsity.select(masses + size * gradient)
    return chosen


@torch.no_grad()
def _line_search(dictionary: Dictionary, gradient: Tensor, chosen: Events) -> Tensor:
    """‖g‖²/‖D g‖² for the gradient on the chosen support, a number per signal, shaped to multiply the gradient."""
    on_support = gradient.flatten(1).gather(1, chosen.indices)
    energy = dictionary.energy(Events(on_support, chosen.indices, chosen.shape).code())
    size = on_support.square().sum(1) / energy.clamp(min=torch.finfo(gradient.dtype).tiny)
    return size.view(-1, *[1] * (gradient.dim() - 1))


@torch.no_grad()
def _descending(
    dictionary: Dictionary, sparsity: TopK, masses: Tensor, gradient: Tensor, chosen: Events, size: Tensor
) -> Tensor:
    """The sizes, made smaller for the signals whose error would rise.

    The line search knows the old support. An atom that comes in may be nearly the copy of one that is there, and then
    the same step is far too long. With δ the change of the masses, ½‖x − D z‖² changes by ½‖D δ‖² − ⟨δ, g⟩; where that
    is positive the step becomes ‖δ‖²/‖D δ‖², or half of it if that is less. Steps below 1/λmax never raise the error.
    """
    size, rising = size.clone(), torch.arange(len(size), device=size.device)
    for _ in range(TRIES):
        old = Events(masses[rising].flatten(1).gather(1, chosen.indices[rising]), chosen.indices[rising], chosen.shape)
        new = sparsity.select(masses[rising] + size[rising] * gradient[rising])
        # On an unchanged support the damped line search is sure to descend: no need to look.
        unsure = (new.indices.sort(1).values != old.indices.sort(1).values).any(1) | (new.values == 0).any(1)
        rising, old, new = rising[unsure], *(Events(e.values[unsure], e.indices[unsure], e.shape) for e in (old, new))
        change = Events(torch.cat([new.values, -old.values], 1), torch.cat([new.indices, old.indices], 1), old.shape)
        code = change.code()
        moved, gained = dictionary.energy(code), inner(code, gradient[rising])
        bad = moved > 2 * gained
        if not bad.any():
            break
        rising, square = rising[bad], inner(code, code)[bad] / count_nodes(code.shape[2:])
        size[rising] = torch.minimum(size[rising] / 2, (square / moved[bad]).view(-1, *size.shape[1:]))
    return size
