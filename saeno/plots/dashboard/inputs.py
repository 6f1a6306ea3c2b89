"""Some inputs, one at a time: the code, the reconstruction, and what each concept adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from saeno.autoencoder import SparseAutoencoder
from saeno.grids import count_nodes
from saeno.plots.dashboard.energies import Energies
from saeno.plots.dashboard.packing import numbers, packed, strongest, thinned
from saeno.plots.dashboard.portraits import as_picture
from saeno.plots.dashboard.rows import Rows
from saeno.plots.dashboard.survey import entries
from saeno.sparsity import Events

PARTS = 12  # concepts that an input is taken apart into; the others are one more part
CHANNELS = {1: 8, 2: 2}  # that are shown of one signal, by its axes
LISTED = 200  # entries of a code that are shown


@torch.no_grad()
def taken_apart(
    model: SparseAutoencoder, rows: Rows, chosen: Sequence[int], shape: tuple[int, ...] | None, most: int
) -> dict[str, Any]:
    """Inputs of these numbers: what of them goes into the page, in about `most` bytes."""
    signals = rows.take(chosen)
    each = [_apart(model, signal[None]) for signal in signals]
    pictures = torch.stack(
        [torch.cat([signal[None], parts]) for signal, (parts, *_) in zip(signals, each, strict=True)]
    )
    # (inputs, what, channels, *grid), where what is the signal, the constant, the parts, and what is left of x̂
    pictures = as_picture(pictures.flatten(0, 1), shape).unflatten(0, pictures.shape[:2])
    axes = pictures.dim() - 3
    away = pictures[:, 0] - pictures[:, 1]
    channels, _ = strongest(away, CHANNELS[axes])
    at = torch.arange(len(chosen), device=pictures.device)[:, None]
    pictures = pictures.transpose(1, 2)[at, channels.to(pictures.device)].transpose(1, 2)
    pictures = thinned(pictures, axes, most)
    return {
        "numbers": list(chosen),
        "channels": channels.tolist(),
        "parts": [concepts for _, concepts, _, _ in each],
        "left": [left for _, _, left, _ in each],
        "entries": [listed for *_, listed in each],
        "picture": packed(pictures.flatten(0, 1), most) | {"shape": list(pictures.shape)},
    }


def _apart(model: SparseAutoencoder, signal: Tensor) -> tuple[Tensor, list[int], list[float], list[list[float]]]:
    """One signal `(1, channels, *grid)`: the constant, the parts and the rest `(2 + PARTS, channels, *grid)`.

    With them: the concepts of the parts, the largest first; the share of the signal's variation about the constant that
    is left with none of the parts, with one, … and with all of the code; and the largest entries of the code.
    """
    grid = tuple(signal.shape[2:])
    code = model.encoding(signal).dense()
    energy = Energies(model.dictionary.atoms(tuple(code.shape[2:])))(code)[0]
    order = energy.sort(descending=True, stable=True).indices
    concepts = [c for c in order[:PARTS].tolist() if energy[c] > 0]
    alone = code.new_zeros(1 + len(concepts), *code.shape[1:])  # the first stays empty: what the model makes of nothing
    for place, concept in enumerate(concepts, start=1):
        alone[place, concept] = code[0, concept]
    made = model.decode(alone, grid)
    constant, parts = made[:1], made[1:] - made[:1]
    rest = model.decode(code, grid) - constant - parts.sum(0, keepdim=True)
    steps = torch.cat([constant, parts, rest]).cumsum(0)
    whole = (signal - constant).double().square().sum()
    left = (signal - steps).double().flatten(1).square().sum(1) / torch.where(whole > 0, whole, 1.0)
    none = parts.new_zeros(PARTS - len(concepts), *parts.shape[1:])
    return torch.cat([constant, parts, none, rest]), concepts, numbers(left), _listed(code)


def _listed(code: Tensor) -> list[list[float]]:
    """The largest entries of a code: concept, place on each axis in [0, 1), mass."""
    found = entries(code)
    order = found.mass.abs().sort(descending=True, stable=True).indices[:LISTED]
    place, behind, columns = found.place[order], count_nodes(code.shape[2:]), [found.concept[order].double()]
    for n in code.shape[2:]:
        behind //= n
        columns.append(place // behind % n / n)
    return numbers(torch.stack([*columns, found.mass[order].double()], 1).double())


@torch.no_grad()
def impulses(model: SparseAutoencoder, signals: Tensor, concepts: Tensor, places: Tensor, mass: Tensor) -> Tensor:
    """What one concept adds to each signal, at one place if codes are events, else everywhere: like the signals."""
    grid = tuple(signals.shape[2:])
    at = torch.arange(len(signals), device=signals.device)
    if model.inference.makes_events:
        like = getattr(model.inference, "grid", grid)
        nodes = count_nodes(like)
        shape = (model.dictionary.concepts, *like)
        code = Events(mass[:, None].to(signals), (concepts * nodes + places)[:, None], shape).code()
    else:
        whole = model.encode(signals)
        code = torch.zeros_like(whole)
        code[at, concepts] = whole[at, concepts]
    return model.decode(code, grid) - model.decode(torch.zeros_like(code[:1]), grid)
