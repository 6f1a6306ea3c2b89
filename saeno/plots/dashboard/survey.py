"""How concepts are used over all signals, counted a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from saeno.autoencoder import SparseAutoencoder
from saeno.grids import count_nodes
from saeno.inference import Encoding
from saeno.plots.dashboard.energies import Energies
from saeno.plots.dashboard.rows import Rows
from saeno.sparsity import Events

BINS = {0: 1, 1: 32, 2: 16}  # per axis, of where concepts are active


@dataclass(frozen=True)
class Survey:
    """What was counted. Masses are those of the model, in its unit."""

    signals: int
    grid: tuple[int, ...]
    """Of the codes."""
    fvu: float
    """Fraction of variance unexplained of all signals, as `saeno.metrics.fvu` has it; NaN when they do not vary."""
    entries: float
    """Entries of a code that are not zero, on average."""
    usage: Tensor
    """(concepts,) Fraction of the signals in which a concept is active."""
    mass: Tensor
    """(concepts,) Σ|mass| of a concept in a signal in which it is active, on average."""
    negative: Tensor
    """(concepts,) Fraction of Σ|mass| that is negative."""
    energy: Tensor
    """(concepts,) Mean over the signals of ‖D_c z_c‖²: the squared norm of what the concept adds."""
    where: Tensor
    """(concepts, *bins) Σ|mass| by its place, the whole of it 1."""
    best: Tensor
    """(concepts, examples) The largest |mass| at one place in a signal, of the signals where it is largest; signed."""
    inputs: Tensor
    """(concepts, examples) Which signals; −1 where a concept is active in fewer."""
    places: Tensor
    """(concepts, examples) At which nodes of the grid of codes, flattened."""


class Entries(NamedTuple):
    """The entries of codes that are not zero, each `(entries,)`."""

    signal: Tensor
    concept: Tensor
    place: Tensor
    mass: Tensor


def entries(code: Events | Tensor) -> Entries:
    """The entries of a batch of codes. Events at one place are one entry; a mass of zero is none."""
    if isinstance(code, Events):
        concepts, nodes = code.shape[0], count_nodes(code.shape[1:])
        signal = torch.arange(len(code.values), device=code.values.device)[:, None]
        keys, order = (signal * concepts * nodes + code.indices).unique(return_inverse=True)
        mass = code.values.new_zeros(len(keys)).scatter_add(0, order.flatten(), code.values.flatten())
    else:
        concepts, nodes = code.shape[1], count_nodes(code.shape[2:])
        keys = code.flatten().nonzero()[:, 0]
        mass = code.flatten()[keys] / nodes
    keys, mass = keys[mass != 0], mass[mass != 0]
    return Entries(keys // (concepts * nodes), keys // nodes % concepts, keys % nodes, mass)


@torch.no_grad()
def survey(model: SparseAutoencoder, rows: Rows, examples: int, bar: Any) -> Survey:
    """Count over all signals; memory is that of a batch, whatever their number."""
    concepts, axes = model.dictionary.concepts, model.dictionary.axes
    number = {"dtype": torch.double, "device": rows.device}
    used, mass, negative, energy = (torch.zeros(concepts, **number) for _ in range(4))
    where = torch.zeros(concepts * BINS[axes] ** axes, **number)
    best = Kept(concepts, examples, rows.device)
    first, count, missed = 0, 0, 0.0
    power, total = torch.zeros((), **number), torch.zeros(model.dictionary.channels, **number)
    energies = None
    for x in rows:
        encoding: Encoding = model.encoding(x)
        made = model.decode_encoding(encoding, rows.grid)
        missed += (x - made).double().square().sum().item()
        total += x.double().transpose(0, 1).flatten(1).sum(1)
        power += x.double().square().sum()
        code = encoding.code
        grid = tuple(code.shape[1:]) if isinstance(code, Events) else tuple(code.shape[2:])
        if energies is None:
            energies = Energies(model.dictionary.atoms(grid))
        energy += energies(code).double().sum(0)
        found = entries(code)
        size = found.mass.abs().double()
        pair = found.signal * concepts + found.concept
        largest = torch.zeros(len(x) * concepts, **number).scatter_reduce(0, pair, size, "amax")
        used += (largest > 0).view(-1, concepts).sum(0)
        mass.scatter_add_(0, found.concept, size)
        negative.scatter_add_(0, found.concept, torch.where(found.mass < 0, size, 0.0))
        where.scatter_add_(0, found.concept * (len(where) // concepts) + _bin(found.place, grid), size)
        best.add(found, pair, largest, first)
        first, count = first + len(x), count + len(found.mass)
        bar.update(len(x))
    nodes = first * count_nodes(rows.grid)
    variance = (power - total.square().sum() / nodes).item()
    at_places = where.view(concepts, *[BINS[axes]] * axes)
    return Survey(
        signals=first,
        grid=grid,
        fvu=missed / variance if variance > 1e-12 * power.item() else float("nan"),
        entries=count / first,
        usage=used / first,
        mass=mass / used.clamp(min=1),
        negative=negative / torch.where(mass > 0, mass, 1.0),
        energy=energy / first,
        where=at_places / torch.where(mass > 0, mass, 1.0).view(-1, *[1] * axes),
        best=best.values,
        inputs=best.inputs,
        places=best.places,
    )


class Kept:
    """The signals in which each concept is largest, and where in them: of several alike the first."""

    def __init__(self, concepts: int, examples: int, device: torch.device):
        self.values = torch.zeros(concepts, examples, dtype=torch.double, device=device)
        self.inputs = torch.full((concepts, examples), -1, device=device)
        self.places = torch.zeros(concepts, examples, dtype=torch.long, device=device)

    def add(self, found: Entries, pair: Tensor, largest: Tensor, first: int) -> None:
        """pair: signal · concepts + concept of each entry. largest: of each pair, the size of its largest entry."""
        top = found.mass.abs().double() == largest[pair]
        place = torch.full_like(largest, torch.iinfo(torch.long).max, dtype=torch.long)
        place = place.scatter_reduce(0, pair[top], found.place[top], "amin")
        there = top & (found.place == place[pair])  # one entry of each pair
        signed = torch.zeros_like(largest).scatter(0, pair[there], found.mass[there].double())
        concepts = len(self.values)
        inputs = torch.arange(len(largest) // concepts, device=largest.device)[:, None] + first
        inputs = torch.where(signed.view(-1, concepts) != 0, inputs, -1)
        values = torch.cat([self.values, signed.view(-1, concepts).T], 1)
        order = values.abs().sort(dim=1, descending=True, stable=True).indices[:, : self.values.shape[1]]
        self.values = values.gather(1, order)
        self.inputs = torch.cat([self.inputs, inputs.T], 1).gather(1, order)
        self.places = torch.cat([self.places, place.view(-1, concepts).T], 1).gather(1, order)


def _bin(place: Tensor, grid: tuple[int, ...]) -> Tensor:
    """The bin of a node, flattened."""
    found, behind = torch.zeros_like(place), count_nodes(grid)
    for n in grid:
        behind //= n
        found = found * BINS[len(grid)] + place // behind % n * BINS[len(grid)] // n
    return found
