"""Functions that are not periodic, for models on the torus."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno.checks import tensor


def mirrored(signal: Tensor) -> Tensor:
    r"""Functions and their mirror images: from `(batch, channels, *grid)` to twice as many nodes on each axis.

    $$ y_i = x_i, \qquad y_{2n - 1 - i} = x_i, \qquad 0 \le i < n . $$

    On the torus the two ends of a function are neighbours. Where they differ, a model spends atoms on a jump that
    nothing measured. y has no such jump: both its seams join equal values. It has a kink there, and twice the nodes.
    The first n nodes of what a model makes of y are what it makes of x.

    Raises ValueError for vectors, which have no ends. Source: our derivation; the cosine transform is built on the same
    extension (Strang, doi:10.1137/S0036144598336745).
    """
    signal = tensor(signal, "signal", "(batch, channels, *grid)", (3, math.inf))
    for axis in range(2, signal.dim()):
        signal = torch.cat([signal, signal.flip(axis)], axis)
    return signal
