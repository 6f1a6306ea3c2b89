"""Sparse data whose true dictionary and true codes are known."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from saeno.checks import flag, instance, interval, real, short, tensor, whole
from saeno.dictionaries.base import Dictionary
from saeno.grids import Grid, as_grid, count_nodes
from saeno.units import common_unit


class Sample(NamedTuple):
    """Signals with the codes that made them."""

    signal: Tensor
    """x, `(batch, channels, *grid)`, with its noise. The noise-free signal is `dictionary.synthesis(code)`."""
    code: Tensor
    """z, `(batch, concepts, *grid)`, a density: N × mass at the node of an event."""


class Impulses(NamedTuple):
    """Sparse codes as measures, free of any grid: k impulses for each signal of the batch."""

    concept: Tensor
    """c, `(batch, k)`, whole numbers."""
    position: Tensor
    """v, `(batch, k, axes)`, in [0, 1) on the unit torus; no axes for vectors."""
    mass: Tensor
    """a, `(batch, k)`."""


class SparseModel:
    r"""The sparse generative model: few events of a known dictionary, and noise.

    $$ x(u) = \sum_{e=1}^{k} a_e\, D_{c_e}(u - v_e) + \sigma\, \mathrm{rms}(x)\, \varepsilon(u), \qquad
    z = \sum_e a_e\, \delta_{c_e, v_e} . $$

    Vectors: the k concepts of a signal are distinct, all sets alike. Functions: the k pairs (concept, position)
    are distinct.

    Args:
        dictionary: D, true and known: any `Dictionary`, such as `FunctionAtoms`. Tensors have its dtype and are
            on its device.
        active: k, events of one signal.
        amplitude: smallest and largest |mass|; uniform in between.
        signed: whether a mass is negative with probability ½.
        noise: σ, standard deviation of the noise at a node, over the rms of that noise-free signal (mean over
            channels and nodes). White on the grid at hand: in a fixed band of frequencies it is weaker on a
            finer grid.

    Every draw takes a `torch.Generator` and is drawn on its device; None is torch's global generator, so
    `torch.manual_seed` rules it. Source: the abstract (sparse model recovery); doi:10.1038/381607a0 for
    vectors.
    """

    def __init__(
        self,
        dictionary: Dictionary,
        active: int,
        amplitude: tuple[float, float] = (0.5, 1.5),
        signed: bool = True,
        noise: float = 0.0,
    ):
        instance(dictionary, Dictionary, "dictionary", "DenseDictionary(64, 128)")
        if whole(active, "active") > dictionary.concepts and dictionary.axes == 0:
            raise ValueError(f"active = {active}: should be, for vectors, at most the {dictionary.concepts} concepts")
        self.dictionary, self.active = dictionary, int(active)
        self.amplitude, self.signed = (
            interval(amplitude, "amplitude", "|mass|", dictionary.weight.dtype),
            flag(signed, "signed"),
        )
        self.noise = real(noise, "noise")

    @torch.no_grad()
    def sample(self, count: int, grid: Grid = (), generator: torch.Generator | None = None) -> Sample:
        """`count` signals on a grid, with their codes; events sit on its nodes. `grid` is () for vectors."""
        code = self.code(self.sample_events(count, generator, grid=grid), grid)
        signal = self.dictionary.synthesis(code)
        if self.noise:
            size = common_unit(signal)
            rms = (signal / size).square().flatten(1).mean(1).sqrt().view(-1, *[1] * (signal.dim() - 1)) * size
            device = signal.device if generator is None else generator.device
            white = torch.randn(signal.shape, generator=generator, dtype=signal.dtype, device=device)
            signal = signal + self.noise * rms * white.to(signal.device)
        if not signal.isfinite().all():
            raise ValueError(
                f"amplitude = {self.amplitude}, noise = {self.noise}: should make signals that {signal.dtype} can hold"
            )
        return Sample(signal, code)

    @torch.no_grad()
    def sample_events(self, count: int, generator: torch.Generator | None = None, grid: Grid | None = None) -> Impulses:
        """The events of `count` signals: anywhere on the torus, or on the nodes of `grid` when it is given."""
        weight, shape = self.dictionary.weight, (whole(count, "count"), self.active)
        axes, concepts = self.dictionary.axes, self.dictionary.concepts
        draw = drawn_on(generator, weight)
        if grid is None and axes:
            concept = torch.randint(concepts, shape, **draw)
            position = torch.rand(*shape, axes, dtype=weight.dtype, **draw)
        else:
            nodes = as_grid(() if grid is None else grid, axes)
            places = concepts * count_nodes(nodes)
            if self.active > places:
                raise ValueError(
                    f"grid = {grid} has {places} pairs (concept, node): should have at least active = {self.active}"
                )
            # The k largest of independent uniform numbers: k distinct places, all sets alike.
            chosen = torch.rand(count, places, **draw).topk(self.active, sorted=False).indices
            concept, *node = torch.unravel_index(chosen, (concepts, *nodes))
            position = weight.new_zeros(*shape, axes)
            for axis, (n, at) in enumerate(zip(nodes, node, strict=True)):
                position[..., axis] = at.to(position) / n
        low, high = self.amplitude
        mass = low + (high - low) * torch.rand(shape, dtype=weight.dtype, **draw)
        if self.signed:
            mass = torch.where(torch.rand(shape, **draw) < 0.5, -mass, mass)
        return Impulses(*(value.to(weight.device) for value in (concept, position, mass)))

    @torch.no_grad()
    def code(self, events: Impulses, grid: Grid = ()) -> Tensor:
        """The density code `(batch, concepts, *grid)` of events on nodes: N × mass there; coinciding events add.

        Raises ValueError when an event lies between nodes: it has no code on that grid, but `render` gives its
        signal where the atoms are known there.
        """
        grid, events = as_grid(grid, self.dictionary.axes), self._checked(events)
        nodes = torch.tensor(grid, dtype=events.position.dtype, device=events.position.device)
        exact = events.position * nodes
        node = exact.round()
        off = (exact - node).abs().max().item() if grid else 0.0
        if off > 1e-3:
            raise ValueError(
                f"events lie up to {off:.3f} nodes off the nodes of grid = {grid}: between nodes there is no code, "
                "and a signal only of atoms known at every point, as a FourierDictionary's are"
            )
        place = events.concept
        for axis, n in enumerate(grid):
            place = place * n + node[..., axis].long() % n
        code = events.mass.new_zeros(len(place), self.dictionary.concepts * count_nodes(grid))
        code.scatter_add_(1, place, events.mass * count_nodes(grid))
        return code.view(-1, self.dictionary.concepts, *grid)

    @torch.no_grad()
    def render(self, events: Impulses, grid: Grid = ()) -> Tensor:
        """The noise-free signal of events, `(batch, channels, *grid)`: Σ a D(u − v), with the atoms taken at u − v.

        So the same events are rendered on any grid, and on a finer one nothing changes at the common nodes.
        Kernels on a grid (`ConvDictionary`) cannot be evaluated between nodes: their events have to sit on
        nodes, or ValueError.
        """
        grid, events = as_grid(grid, self.dictionary.axes), self._checked(events)
        if not self.dictionary.known_everywhere:
            return self.dictionary.synthesis(self.code(events, grid))
        batch, positions = len(events.concept), events.position
        lines = [torch.arange(n, dtype=positions.dtype, device=positions.device) / n for n in grid]
        nodes = torch.cartesian_prod(*lines).view(-1, len(grid))
        signal = 0.0
        for event in range(events.concept.shape[1]):  # one event of each signal at a time, to bound the memory
            offset = nodes - positions[:, event, None]
            atoms = self.dictionary.at(offset.flatten(0, 1)).unflatten(2, (batch, len(nodes)))
            chosen = atoms[events.concept[:, event], :, torch.arange(batch, device=atoms.device)]
            signal = signal + events.mass[:, event, None, None] * chosen
        return signal.unflatten(2, grid)

    def _checked(self, events: Impulses) -> Impulses:
        instance(events, Impulses, "events", "those of sample_events")
        concepts, axes = self.dictionary.concepts, self.dictionary.axes
        concept = events.concept
        if not isinstance(concept, Tensor) or concept.dim() != 2 or concept.dtype is not torch.long:
            raise TypeError(f"events.concept = {short(concept)}: should be a tensor (batch, k) of torch.long")
        position = tensor(events.position, "events.position", "(batch, k, axes)", (3, 3), empty=True)
        mass = tensor(events.mass, "events.mass", "(batch, k)", (2, 2))
        if position.shape != (*concept.shape, axes) or mass.shape != concept.shape:
            raise ValueError(
                f"events have shapes {tuple(concept.shape)}, {tuple(position.shape)}, {tuple(mass.shape)}: "
                f"should be (batch, k), (batch, k, {axes}), (batch, k)"
            )
        if concept.min() < 0 or concept.max() >= concepts:
            raise ValueError(
                f"events.concept goes from {concept.min()} to {concept.max()}: should be 0 to {concepts - 1}"
            )
        return Impulses(concept, position, mass)


def drawn_on(generator: torch.Generator | None, weight: Tensor) -> dict[str, Any]:
    """The generator of a draw and its device: the dictionary's, when torch's global generator is meant."""
    if generator is not None:
        instance(generator, torch.Generator, "generator", "torch.Generator().manual_seed(0)")
    return {"generator": generator, "device": weight.device if generator is None else generator.device}
