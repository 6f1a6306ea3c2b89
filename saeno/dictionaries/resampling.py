"""Atoms carried to other nodes: from one grid to another, and from one domain to a longer or shorter one."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def _linear(t: Tensor) -> Tensor:
    return (1 - t.abs()).clamp(min=0)


def _cubic(t: Tensor) -> Tensor:
    t = t.abs()
    near, far = 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return torch.where(t < 1, near, torch.where(t < 2, far, 0.0))


LOCAL: dict[str, tuple[Callable[[Tensor], Tensor], int]] = {"linear": (_linear, 1), "cubic": (_cubic, 2)}


def interpolation(taps: int, offset: int, old: int, new: int, kind: str) -> tuple[Tensor, int]:
    r"""The matrix that carries values at the nodes `offset`, …, `offset + taps − 1` of a torus of `old` nodes to `new`.

    $$ f(i / n) = \sum_j \varphi\big(i\, n_0 / n - j\big)\, f(j / n_0), $$

    with zeros at the other old nodes and φ made periodic. φ is the hat (linear), Keys' kernel with a = −½ (cubic), or
    the periodic sinc. The last leaves out what the new grid cannot carry; the frequency n₀/2 of an even n₀ is a cosine.

    Returns the matrix `(new taps, taps)` in float64, and the node of its first row: as few rows as hold all values.
    Source: Keys, doi:10.1109/TASSP.1981.1163711, for the cubic.
    """
    position = torch.arange(offset, offset + taps, dtype=torch.float64)
    if kind == "sinc":
        first, count = 0, new
    else:
        phi, reach = LOCAL[kind]
        first = math.floor((offset - reach) * new / old) + 1
        count = max(0, math.ceil((offset + taps - 1 + reach) * new / old) - first)
        if count >= new:
            first, count = 0, new
    place = torch.arange(first, first + count, dtype=torch.float64) * old / new
    if kind == "sinc":
        return _periodic_sinc(place, position, old, new), 0
    turns = math.ceil((abs(offset) + taps + reach) / old) + 1
    shifts = old * torch.arange(-turns, turns + 1, dtype=torch.float64)
    matrix = phi(place[:, None, None] - position[:, None] - shifts).sum(-1)
    if count == new:
        return matrix, 0
    rows = torch.nonzero(matrix.abs().sum(1) > 1e-12).flatten()
    if len(rows) == 0:
        raise ValueError(f"to_grid has {new} nodes on an axis: the {taps} taps on {old} nodes fall between them")
    return matrix[rows[0] : rows[-1] + 1], first + int(rows[0])


def _periodic_sinc(place: Tensor, position: Tensor, old: int, new: int) -> Tensor:
    highest = min(old // 2, (new - 1) // 2 if new < old else old)
    frequency = torch.arange(1, highest + 1, dtype=torch.float64)
    weight = torch.where(2 * frequency == old, 1.0, 2.0)
    a, b = (2 * math.pi / old * at[:, None] * frequency for at in (place, position))
    return (1 + (weight * a.cos()) @ b.cos().T + (weight * a.sin()) @ b.sin().T) / old


def on_longer_torus(modes: int, length: float, centre: Tensor) -> Tensor:
    r"""The matrix from the Fourier coefficients of a function on the unit torus to those on a torus of another length.

    The function is cut open half a period away from its centre γ, and extended by zero:

    $$ \hat f_\ell(k) = \frac1\ell \int_{\gamma - 1/2}^{\gamma + 1/2} f(s)\, e^{-2\pi i k s/\ell}\, ds = \frac1\ell
    \sum_m \operatorname{sinc}(m - k/\ell)\, e^{2\pi i (m - k/\ell) \gamma}\, \hat f(m) . $$

    For each centre in `centre: (concepts,)`, complex `(concepts, 2·new modes + 1, 2·modes + 1)`; the new modes are
    those with k/ℓ up to `modes`.
    """
    highest = math.floor(length * modes + 1e-9)
    frequency = torch.arange(-highest, highest + 1, dtype=torch.float64, device=centre.device) / length
    known = torch.arange(-modes, modes + 1, dtype=torch.float64, device=centre.device)
    apart = known - frequency[:, None]
    return torch.sinc(apart) / length * torch.exp(2j * math.pi * apart * centre.double().view(-1, 1, 1))


def centres(atoms: Tensor, axis: int) -> Tensor:
    """Where the energy of each atom `(concepts, channels, *grid)` is, along an axis of the grid: `(concepts,)`.

    The phase of its mean on the circle, in [−¼, ¾), so that atoms around 0 and around ½ stay where they are; ½ for an
    atom with no middle.
    """
    energy = atoms.detach().double().square()
    energy = energy.sum([a for a in range(1, atoms.dim()) if a != axis])
    nodes = torch.arange(energy.shape[1], dtype=torch.float64, device=atoms.device) / energy.shape[1]
    mean = (energy * torch.exp(2j * math.pi * nodes)).sum(1)
    centre = torch.remainder(mean.angle() / (2 * math.pi) + 0.25, 1.0) - 0.25
    return torch.where(mean.abs() > 1e-6 * energy.sum(1), centre, 0.5)
