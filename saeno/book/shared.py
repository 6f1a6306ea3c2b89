"""What the laboratories of several chapters measure with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from saeno.book.claims import Number, Paired

EXACT = {"most": 1e-10, "possible": (0.0, math.inf), "form": ".0e"}
BROKEN = {"least": 0.05, "possible": (0.0, math.inf), "form": ".2f"}


def exact_and_broken(case: str, exact: str = "", broken: str = "") -> dict[str, Number]:
    """Numbers of a case by their names: identities, and what has to be far from one."""
    return {name: Number(name, {"case": case}, **EXACT) for name in exact.split()} | {
        name: Number(name, {"case": case}, **BROKEN) for name in broken.split()
    }


def needed(exact: str, broken: str, least: float = BROKEN["least"]) -> dict[str, Paired]:
    """What a missing hypothesis breaks is larger by `least` than what is exact with it, over all seeds."""
    return {f"{name}_breaks": Paired(name, exact, least=least) for name in broken.split()}


def normal(random: torch.Generator, *shape: int) -> Tensor:
    """Standard normal entries, in float64."""
    return torch.randn(*shape, generator=random, dtype=torch.float64)


def unit(rows: Tensor) -> Tensor:
    """The rows at length 1."""
    return rows / rows.norm(dim=1, keepdim=True)


def apart(a: Tensor, b: Tensor) -> float:
    """‖a − b‖/‖b‖."""
    return ((a - b).norm() / b.norm()).item()


def slope(errors: list[float], nodes: Sequence[int] = (128, 256, 512, 1024)) -> float:
    """Least squares of log error over log n, on grids of these nodes."""
    x = torch.tensor(nodes, dtype=torch.double).log()
    y = torch.tensor([math.log(max(error, 1e-300)) for error in errors], dtype=torch.double)
    x = x - x.mean()
    return (x @ y / (x @ x)).item()
