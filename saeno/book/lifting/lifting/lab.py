"""Lifted dictionaries as the experiments on lifting place them, and their codes."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno import (
    DenseDictionary,
    Lifted,
    Lifting,
    SoftThreshold,
    Unrolled,
)

THRESHOLD, STEPS = 0.1, 25


def place(weight: Tensor, project: Tensor, residual: str = "lifted", lift: Tensor | None = None) -> Lifted:
    """The lifted dictionary whose atoms are these rows, neither moved nor scaled."""
    lifting = Lifting(project.T if lift is None else lift, project)
    dictionary = Lifted(DenseDictionary.from_atoms(weight), lifting, residual)
    dictionary.weight.copy_(weight)
    return dictionary


def common_step(*dictionaries, grid=()) -> float:
    """The largest step that is safe for all of them."""
    return 1 / max(dictionary.largest_eigenvalue(grid).item() for dictionary in dictionaries)


def ista(dictionary, signal: Tensor, steps: int, step: float, threshold: float = THRESHOLD) -> Tensor:
    """The code after some steps of ISTA, `(batch, concepts, *grid)`."""
    return Unrolled(SoftThreshold(threshold), steps, step=step)(dictionary, signal)


def preimage(atoms: Tensor, project: Tensor) -> Tensor:
    """D = P⁺A, in range(Pᵀ)."""
    return atoms @ torch.linalg.pinv(project).T
