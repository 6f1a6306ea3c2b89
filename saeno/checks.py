"""Checks on what a person gives: an error names the argument, its value, and what it should be."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

from torch import Tensor


def whole(value: Any, name: str, least: int = 1) -> int:
    """A count as an int: any whole number from `least` on, NumPy's too. Raises ValueError for anything else."""
    if not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} = {value!r}: should be a whole number ≥ {least}")
    return int(value)


def real(value: Any, name: str, positive: bool = False) -> float:
    """A finite number ≥ 0, or > 0 when `positive`, as a float; NumPy's and tensors of one number too.

    Raises ValueError for anything else.
    """
    try:
        number = math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError, RuntimeError):
        number = math.nan
    if not math.isfinite(number) or number < 0 or (positive and number == 0):
        raise ValueError(f"{name} = {value!r}: should be a finite number {'> 0' if positive else '≥ 0'}")
    return number


def given_atoms(atoms: Tensor) -> Tensor:
    """Atoms `(concepts, channels, *grid)` to make a dictionary from: a finite, real tensor, detached."""
    if not (isinstance(atoms, Tensor) and atoms.is_floating_point()):
        kind = atoms.dtype if isinstance(atoms, Tensor) else type(atoms).__name__
        raise TypeError(f"atoms are {kind}: should be a tensor of floating-point numbers")
    if atoms.dim() < 2 or not atoms.isfinite().all():
        what = "are not finite" if atoms.dim() >= 2 else f"have shape {tuple(atoms.shape)}"
        raise ValueError(f"atoms {what}: should be finite numbers (concepts, channels, *grid)")
    return atoms.detach()
