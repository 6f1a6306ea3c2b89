"""The atoms of a model as a page shows them: pictures, spectra, which are alike, and a map of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from saeno.grids import as_grid
from saeno.metrics import cosines
from saeno.plots.dashboard.packing import numbers, packed, strongest, thinned

CHANNELS = {1: 32, 2: 4}  # that are shown of one function, by its axes
ALIKE = 24  # neighbours of an atom that are named


def as_picture(values: Tensor, shape: tuple[int, ...] | None) -> Tensor:
    """Vectors `(rows, channels)` as functions of one channel, on a line or as an image; functions as they are."""
    return values.view(len(values), 1, *(shape or values.shape[1:])) if values.dim() == 2 else values


def portraits(atoms: Tensor, shape: tuple[int, ...] | None, signed: bool, most: int) -> dict[str, Any]:
    """Atoms `(concepts, channels, *grid)`: what of them goes into the page, in about `most` bytes."""
    shown = as_picture(atoms, shape)
    channels, pictures = strongest(shown, CHANNELS[shown.dim() - 2])
    energy = shown.flatten(2).square().mean(2)
    share = energy / torch.where(energy > 0, energy, 1.0).sum(1, keepdim=True)
    pictures = thinned(pictures, shown.dim() - 2, most)
    made = {
        "channels": channels.tolist(),
        "share": numbers(share.cpu().gather(1, channels)),
        "picture": packed(pictures, most),
        **alike(atoms, signed),
    }
    if atoms.dim() > 2:
        spectrum, frequency = spectra(atoms)
        centre, spread = centres(atoms)
        made |= {"spectrum": packed(spectrum, 10**6), "frequency": numbers(frequency)}
        made |= {"centre": numbers(centre), "spread": numbers(spread)}
    return made


def spectra(atoms: Tensor) -> tuple[Tensor, Tensor]:
    """The share of an atom's energy at each |k|, `(concepts, half the grid + 1)`, and the mean |k| `(concepts,)`.

    On two axes |k| is the length of (k₁, k₂), rounded; what lies in the corners, beyond half the grid, counts as there.
    """
    grid = atoms.shape[2:]
    power = torch.fft.fftn(atoms, dim=tuple(range(2, atoms.dim())), norm="forward").abs().square().sum(1).flatten(1)
    along = [torch.fft.fftfreq(n, 1 / n, dtype=torch.double, device=atoms.device) for n in grid]
    length = torch.stack(torch.meshgrid(*along, indexing="ij")).square().sum(0).sqrt().flatten()
    power = power.double() / torch.where((whole := power.double().sum(1, keepdim=True)) > 0, whole, 1.0)
    last = max(grid) // 2
    at = length.round().long().clamp(max=last).repeat(len(power), 1)
    return power.new_zeros(len(power), last + 1).scatter_add(1, at, power), (power * length).sum(1)


def centres(atoms: Tensor) -> tuple[Tensor, Tensor]:
    """Where on the torus the energy of an atom is, `(concepts, axes)` in [0, 1), and how far apart it is `(concepts,)`.

    The mean of directions on each circle: its angle is the centre, and one minus its length, the largest of all axes,
    the spread: 0 for energy at one point, 1 where no place is the middle.
    """
    energy = atoms.double().square().sum(1)
    found, spread = [], []
    for axis, n in enumerate(atoms.shape[2:], start=1):
        along = energy.movedim(axis, 1).reshape(len(energy), n, -1).sum(2)
        turn = torch.polar(torch.ones(n), 2 * torch.pi * torch.arange(n) / n).to(
            device=along.device, dtype=torch.cdouble
        )
        mean = (along * turn).sum(1) / torch.where(along.sum(1) > 0, along.sum(1), 1.0)
        found.append(mean.angle() / (2 * torch.pi) % 1)
        spread.append(1 - mean.abs())
    return torch.stack(found, 1), torch.stack(spread).amax(0)


def alike(atoms: Tensor, signed: bool) -> dict[str, Any]:
    """For each atom the others by their cosine, and a place on a map where near means alike."""
    cosine = _symmetric(cosines(atoms, atoms, as_grid(atoms.shape[2:]) or None, signed).value, signed)
    others = cosine.clone().fill_diagonal_(-1.0)
    value, which = others.sort(dim=1, descending=True, stable=True)
    count = min(ALIKE, len(cosine) - 1)
    map_, kept = embedded(cosine)
    return {
        "alike": which[:, :count].tolist(),
        "cosine": numbers(value[:, :count]),
        "map": numbers(map_),
        "kept": numbers(kept),
    }


def embedded(cosine: Tensor) -> tuple[Tensor, Tensor]:
    """Classical scaling of d² = 2(1 − cosine): points `(concepts, 2)`, and the share of Σ d² that two axes hold.

    Each axis is turned so that its largest entry is positive. Source: Torgerson, doi:10.1007/BF02288916.
    """
    inner = cosine.double() - cosine.double().mean(1, keepdim=True)
    inner = inner - inner.mean(0, keepdim=True)
    values, vectors = torch.linalg.eigh((inner + inner.T) / 2)
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    points = torch.zeros(len(cosine), 2, dtype=torch.double, device=cosine.device)
    points[:, : min(2, len(values))] = vectors[:, :2] * values[:2].sqrt()
    largest = points.gather(0, points.abs().argmax(0, keepdim=True))
    points = points * torch.where(largest < 0, -1.0, 1.0)
    return points, values[:2].sum() / torch.where(values.sum() > 0, values.sum(), 1.0)


def _symmetric(cosine: Tensor, signed: bool) -> Tensor:
    cosine = cosine.abs() if signed else cosine.clamp(min=0)
    return torch.maximum(cosine, cosine.T).clamp(max=1).fill_diagonal_(1.0)
