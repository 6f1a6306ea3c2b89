"""ISTA and FISTA with a dense dictionary, each step in one pass over the codes: `saeno/kernels/shrink.py`."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.dictionaries import DenseDictionary, Dictionary
from saeno.inference.base import Encoding
from saeno.kernels.dispatch import by_triton
from saeno.kernels.shrink import moved, shrunk
from saeno.sparsity import JumpReLU, SoftThreshold, Sparsity


def fits(dictionary: Dictionary, signal: Tensor, sparsity: Sparsity) -> bool:
    """Whether there is a kernel for these steps: atoms that are vectors, on a CUDA device, and a threshold."""
    known = type(dictionary) is DenseDictionary and type(sparsity) in (SoftThreshold, JumpReLU)
    return known and by_triton(signal, dictionary.weight) and not torch.is_autocast_enabled(signal.device.type)


def iterate(
    dictionary: DenseDictionary,
    signal: Tensor,
    sparsity: SoftThreshold | JumpReLU,
    steps: int,
    step: Tensor | float,
    accelerate: bool,
) -> Encoding:
    """The encoding after so many steps from zero, as `proximal_gradient` makes it.

    The last step is made by the functions of torch, since losses ask for what its code was chosen from.
    """
    weight = dictionary.weight
    step = torch.as_tensor(step).to(weight)
    level, kind, width = _threshold(sparsity, step, weight)
    code = before = weight.new_zeros(len(signal), len(weight))
    left = left_before = signal
    momentum = 0.0
    for number in range(steps):
        ahead = 0.0
        if accelerate:
            faster = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            ahead, momentum = (momentum - 1) / faster, faster
        residual = left + ahead * (left - left_before)
        if number == steps - 1:
            value = moved(residual, weight, code, before, ahead, step)
            return Encoding(sparsity(value, step), value, step)
        beyond = weight.new_full((len(signal),), ahead)
        before, code = code, shrunk(residual, weight, code, before, beyond, step, level, kind, width)
        left_before, left = left, signal - code @ weight


def _threshold(sparsity: SoftThreshold | JumpReLU, step: Tensor, weight: Tensor) -> tuple[Tensor, str, float]:
    """The level of each concept, the kind of the threshold, and the band that a jump learns from."""
    if isinstance(sparsity, JumpReLU):
        level = step * sparsity.theta.to(weight).expand(len(weight))
        return level, "jump", sparsity.bandwidth * step.item()
    level = step * weight.new_full((len(weight),), sparsity.threshold)
    return level, "positive" if sparsity.positive else "soft", 0.0
