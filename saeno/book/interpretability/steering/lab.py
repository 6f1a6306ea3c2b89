"""What the experiments of this chapter do to a layer: concepts and their parts, rivals of the same size, effects.

A *part* is what a concept contributes to a layer of a function, all its events together; a *step* is what is added to
the layer. Ablating is the step −part, amplifying is +part. All steps that are compared have the same norm.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from saeno import SparseAutoencoder, fit
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.dictionaries import Dictionary, FourierDictionary
from saeno.losses import misfit
from saeno.operators import record
from saeno.seeds import generator

NODES, MODES, EVENTS, LAYER = inside.NODES, inside.MODES, 8, 1
RATES = {"frozen encoder": 0.001, "output-aware": 0.01}
"""Of `inside_an_fno_rates`, where a model has a rate of its own; all others learn at"""
RATE = 0.01
WEIGHT = 10.0
"""Of the output in the loss of an output-aware model: an error of a tenth there counts as a tenth of the variance."""
LEAST, STEERED = 5, 50
"""So many held-out functions are steered, and a concept is looked at that so many of them have."""
Run = Callable[[Tensor], Tensor]


class Parts(NamedTuple):
    """Concepts as they stand in functions: one row for each function and concept that it has."""

    function: Tensor
    """Which function, `(rows,)`."""
    concept: Tensor
    """Which concept, `(rows,)`."""
    mass: Tensor
    """Its masses, as a density over the nodes, `(rows, n)`."""
    place: Tensor
    """Where the largest of them is, `(rows,)`."""
    sign: Tensor
    """Its sign, ±1, `(rows,)`."""
    step: Tensor
    """What it contributes to the layer, `(rows, channels, n)`."""


def rest(seed: int, trained: bool = True, layer: int = LAYER) -> Run:
    """The operator behind a layer: from its hidden functions `(batch, 32, n)` to outputs `(batch, 1, n)`."""
    network = copy.deepcopy(inside.operator(seed, trained)).requires_grad_(False)

    def run(hidden: Tensor) -> Tensor:
        for one in network.layers[layer + 1 :]:
            hidden = one(hidden)
        return network.project(hidden)

    return run


def hidden(seed: int, layer: int = LAYER, part: str = "train", trained: bool = True) -> Tensor:
    """What a layer gives for functions to learn from, or for those that are steered, `(functions, 32, 128)`."""
    pairs = inside.training() if part == "train" else inside.held_out(part)
    name, count = f"layers.{layer}", None if part == "train" else STEERED
    return record(inside.operator(seed, trained), pairs.input[:count].double(), name)[name]


def norm(x: Tensor) -> Tensor:
    """The quadrature norm of each function, `(batch, channels, n)` to `(batch, 1, 1)`."""
    return x.square().sum(1, keepdim=True).mean(2, keepdim=True).sqrt()


def sized(step: Tensor, like: Tensor) -> Tensor:
    """The step at the norm of another one."""
    return step * (norm(like) / norm(step))


@torch.no_grad()
def parts(model: SparseAutoencoder, y: Tensor) -> Parts:
    """The parts of concepts in functions y `(functions, channels, n)`, of concepts that `LEAST` of them have."""
    code = model.encode(y)
    return gathered(model.dictionary, code)


@torch.no_grad()
def gathered(dictionary: Dictionary, code: Tensor) -> Parts:
    """The parts of a code `(functions, concepts, n)`."""
    has = (code != 0).any(2)
    function, concept = (has & (has.sum(0) >= LEAST)).nonzero(as_tuple=True)
    mass = code[function, concept]
    place = mass.abs().argmax(1)
    sign = mass.gather(1, place[:, None])[:, 0].sign()
    return Parts(function, concept, mass, place, sign, placed(dictionary.atoms((code.shape[2],)), concept, mass))


def placed(atoms: Tensor, which: Tensor, mass: Tensor) -> Tensor:
    """Atoms `(concepts, channels, n)`, one for each row, put where masses `(rows, n)` are: `(rows, channels, n)`."""
    n = mass.shape[1]
    product = torch.fft.rfft(atoms)[which] * torch.fft.rfft(mass)[:, None] / n
    return torch.fft.irfft(product, n=n)


@torch.no_grad()
def components(x: Tensor, y: Tensor, rank: int) -> Parts:
    """Principal components of the channels in place of concepts: each at every node, its part wherever it is."""
    mean = x.mean((0, 2))
    basis = torch.linalg.eigh(torch.cov(inside.points(x).T)).eigenvectors.flip(1)[:, :rank]
    maps = torch.einsum("bcn,cr->brn", y - mean[:, None], basis)
    function, concept = torch.ones(maps.shape[:2]).nonzero(as_tuple=True)
    mass = maps[function, concept]
    place = mass.abs().argmax(1)
    step = basis.T[concept][:, :, None] * mass[:, None]
    return Parts(function, concept, mass, place, mass.gather(1, place[:, None])[:, 0].sign(), step)


def moved(x: Tensor, by: Tensor) -> Tensor:
    """Functions `(rows, channels, n)`, each moved to the right by its own number of nodes, which need not be whole."""
    n = x.shape[2]
    k = torch.arange(n // 2 + 1, dtype=x.dtype)
    return torch.fft.irfft(torch.fft.rfft(x) * torch.exp(-2j * torch.pi * k * by[:, None, None] / n), n=n)


class Steered:
    """An operator behind a layer, and functions whose layer is y, `(functions, channels, n)`."""

    def __init__(self, run: Run, y: Tensor):
        self.run, self.y = run, y
        with torch.no_grad():
            self.output = run(y)

    @torch.no_grad()
    def effect(self, functions: Tensor, step: Tensor) -> Tensor:
        """What is another output after a step: G(y + step) − G(y), `(rows, 1, n)`."""
        return self.run(self.y[functions] + step) - self.output[functions]

    def size(self, functions: Tensor, step: Tensor) -> Tensor:
        """How large that is, over the output, `(rows,)`."""
        return (norm(self.effect(functions, step)) / norm(self.output[functions])).flatten()


def medians(values: Tensor, concept: Tensor) -> float:
    """The median over functions for each concept, and of these the median over concepts."""
    each = [values[concept == one].median() for one in concept.unique()]
    return torch.stack(each).median().item()


def model(kind: str, seed: int, layer: int = LAYER) -> SparseAutoencoder:
    """A model that has learned a layer with 8 events.

    kind: one of `inside.model`; "untrained FNO", an SAE-FNO of an operator with its first weights; or "output-aware".
    """
    x = hidden(seed, layer, trained=kind != "untrained FNO")
    if kind == "output-aware":
        return aware(x, rest(seed, layer=layer), seed, RATES[kind])
    return inside.learned(kind, EVENTS, x, seed, RATES.get(kind, RATE))


def aware(x: Tensor, run: Run, seed: int, rate: float, steps: int = inside.STEPS) -> SparseAutoencoder:
    """An SAE-FNO whose loss is the FVU and, `WEIGHT` times, the squared relative error of what the operator then says.

    It begins with the same atoms as the SAE-FNO of that seed, and has the same batches. Events are chosen by the
    layer, as ever; only atoms learn what matters to the operator.
    """
    made = inside.model("SAE-FNO", EVENTS, x, seed)
    variance = (x - x.mean((0, 2), keepdim=True)).square().sum(1).mean()

    def loss(model: SparseAutoencoder, signal: Tensor) -> Tensor:
        rebuilt, wanted = model.reconstruct(signal), run(signal)
        missed = (norm(run(rebuilt) - wanted) / norm(wanted)).square().mean()
        return 2 * misfit(signal, rebuilt) / variance + WEIGHT * missed

    fit(made, x, steps, inside.BATCH, rate, loss=loss, seed=seed, progress=False)
    return made


def with_events(made: SparseAutoencoder, events: int) -> SparseAutoencoder:
    """The same model, which takes another number of events."""
    other = copy.deepcopy(made)
    other.inference.k = events
    return other


def random_atoms(channels: int, seed: int) -> Tensor:
    """Random band-limited atoms of unit norm, one for each concept: fixed functions to hold concepts against."""
    return FourierDictionary(channels, inside.CONCEPTS, MODES, 60_000 + seed).double().atoms((NODES,)).detach()


def stretched(parts: Parts) -> dict[str, Tensor]:
    """What one makes on 2n nodes of parts that are known by their values at n nodes, `(rows, channels, 2n)`."""
    step = parts.step
    _, channels, n = step.shape
    index = (torch.arange(n) + parts.place[:, None] - n // 2) % n  # around the largest event, to be cut open far away
    around = step.gather(2, index[:, None].expand(-1, channels, -1))
    padded = torch.cat([torch.zeros_like(around[..., : n // 2]), around, torch.zeros_like(around[..., : n // 2])], 2)
    index = (torch.arange(2 * n) - 2 * parts.place[:, None] + n) % (2 * n)
    return {
        "repeated": step.repeat_interleave(2, 2),
        "interpolated": torch.stack([step, (step + step.roll(-1, 2)) / 2], 3).flatten(2),
        "padded": padded.gather(2, index[:, None].expand(-1, channels, -1)),
    }


# --- rivals: what may be taken from a layer in place of a concept's part, function by function of its norm

Rival = Callable[[], Tensor]


class Ladder:
    """What is taken from the layer in place of a concept's part, with its norm; one for each of the `parts`.

    x: what the layer gives for functions to learn from, `(functions, channels, n)`. y: for those that are steered.
    atoms: of the concepts, `(concepts, channels, n)`, where they are functions; principal components have none.
    """

    def __init__(self, parts: Parts, x: Tensor, y: Tensor, atoms: Tensor | None, seed: int):
        self.parts, self.x, self.y, self.atoms = parts, x, y, atoms
        self.random = generator(70_000 + seed)
        self.rows, self.channels, self.n = parts.step.shape
        self.mean = x.mean((0, 2), keepdim=True)

    def steps(self) -> Mapping[str, Tensor]:
        """Each rung by its name, at the norm of the concept's part."""
        rungs: dict[str, Rival] = {
            "white": lambda: self.normal(self.channels, self.n),
            "band": self.band,
            "rotated": self.rotated,
            "scrambled": lambda: self.phases(self.channels),
            "phases": lambda: self.phases(1),
            "covariance": self.covariance,
            "channel": self.channel,
            "other": self.other,
            "component": self.component,
            "means": self.means,
            "place": self.place,
            "toward": self.toward,
        }
        absent = () if self.atoms is not None else ("other", "means")
        return {name: sized(made(), self.parts.step) for name, made in rungs.items() if name not in absent}

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.rows, *shape, generator=self.random, dtype=self.y.dtype)

    def band(self) -> Tensor:
        """Random functions with the frequencies that an atom can have, all alike."""
        waves = torch.fft.rfft(self.normal(self.channels, self.n))
        waves[..., MODES + 1 :] = 0
        return torch.fft.irfft(waves, n=self.n)

    def rotated(self) -> Tensor:
        """The concept's own profile over the nodes, its channels turned at random."""
        turn = torch.linalg.qr(self.normal(self.channels, self.channels)).Q
        return turn @ self.parts.step

    def phases(self, own: int) -> Tensor:
        """The concept's own spectrum with random phases: one for all channels, or one for each of them.

        With one for all, what channels have in common stays: each frequency is moved as a whole.
        """
        waves = torch.fft.rfft(self.parts.step)
        turn = 2 * torch.pi * torch.rand(self.rows, own, waves.shape[2], generator=self.random, dtype=self.y.dtype)
        turn[..., 0] = 0
        return torch.fft.irfft(waves * torch.exp(1j * turn), n=self.n)

    def covariance(self) -> Tensor:
        """Gaussian functions with the covariance of the layer, at every frequency and between channels."""
        waves = torch.fft.rfft(self.x - self.mean)
        roots = []
        for one in waves.unbind(2):
            values, vectors = torch.linalg.eigh(one.T @ one.conj() / len(one))
            roots.append(vectors * values.clamp(min=0).sqrt())
        size = (self.channels, self.n // 2 + 1)
        drawn = torch.complex(self.normal(*size), self.normal(*size))
        return torch.fft.irfft(torch.einsum("kcd,bdk->bck", torch.stack(roots), drawn), n=self.n)

    def profile(self) -> Tensor:
        """The concept's course over the nodes, `(rows, n)`: the first right singular vector of its step."""
        _, s, v = torch.linalg.svd(self.parts.step, full_matrices=False)
        return v[:, 0] * s[:, :1]

    def component(self) -> Tensor:
        """The first principal component of the channels, with the concept's profile."""
        first = torch.linalg.eigh(torch.cov(inside.points(self.x).T)).eigenvectors[:, -1]
        return first[:, None] * self.profile()[:, None]

    def channel(self) -> Tensor:
        """The one channel that the concept moves most."""
        most = self.parts.step.square().sum(2).argmax(1)
        kept = torch.zeros_like(self.parts.step[:, :, 0]).scatter(1, most[:, None], 1.0)
        return self.parts.step * kept[:, :, None]

    def other(self) -> Tensor:
        """Another concept with the same masses at the same places."""
        used = self.parts.concept.unique()
        step = torch.randint(1, len(used), (self.rows,), generator=self.random)
        which = used[(torch.searchsorted(used, self.parts.concept) + step) % len(used)]
        return placed(self.atoms, which, self.parts.mass)

    def means(self) -> Tensor:
        """What the layer is around the concept's events, on average and by their mass, over what it is anywhere."""
        waves = torch.fft.rfft(self.y - self.mean)[self.parts.function]
        around = waves * torch.fft.rfft(self.parts.mass)[:, None].conj()
        total = torch.zeros(len(self.atoms), *around.shape[1:], dtype=around.dtype)
        total.index_add_(0, self.parts.concept, around)
        # No function bears witness to itself: its own share is left out.
        waves = total[self.parts.concept] - around
        return torch.fft.irfft(waves * torch.fft.rfft(self.parts.mass)[:, None], n=self.n)

    def place(self) -> Tensor:
        """The concept itself, at least an eighth of the torus away."""
        away = torch.randint(self.n // 8, self.n - self.n // 8, (self.rows,), generator=self.random)
        return moved(self.parts.step, away.to(self.y.dtype))

    def toward(self) -> Tensor:
        """What is taken away to go toward the activation of another function."""
        other = torch.randint(1, len(self.y), (self.rows,), generator=self.random)
        return self.y[self.parts.function] - self.y[(self.parts.function + other) % len(self.y)]


# --- what effects are like: alike from input to input, near their cause; and how natural a state is

WINDOW = 27
"""Nodes of 128: 21 % of the torus."""
REACH, NATURAL = 4, 8192


def aligned(effects: Tensor, parts: Parts) -> Tensor:
    """Effects `(rows, 1, n)`, moved so that the concept's place is node 0, with the sign of its mass: `(rows, n)`."""
    n = effects.shape[2]
    index = (torch.arange(n) + parts.place[:, None]) % n
    return effects[:, 0].gather(1, index) * parts.sign[:, None]


def consistency(effects: Tensor, parts: Parts) -> float:
    """The cosine of two inputs' effects of the same concept: mean over pairs, and over concepts."""
    rows = aligned(effects, parts)
    rows = rows / rows.norm(dim=1, keepdim=True)
    found = []
    for concept in parts.concept.unique():
        own = rows[parts.concept == concept]
        found.append((own.sum(0).square().sum() - len(own)) / (len(own) * (len(own) - 1)))
    return torch.stack(found).mean().item()


def locality(effects: Tensor, parts: Parts) -> float:
    """The share of an effect's energy in a window at a fixed distance from its cause, mean over concepts.

    The distance is chosen for each concept on every other input, and judged on the rest.
    """
    energy = aligned(effects, parts).square()
    energy = energy / energy.sum(1, keepdim=True)
    sums = torch.cat([energy, energy[:, : WINDOW - 1]], 1).unfold(1, WINDOW, 1).sum(2)
    found = []
    for concept in parts.concept.unique():
        own = sums[parts.concept == concept]
        found.append(own[1::2, own[::2].mean(0).argmax()].mean())
    return torch.stack(found).mean().item()


def elsewhere(parts: Parts, seed: int) -> Parts:
    """The same parts, said to be at random places: what a number is by chance."""
    random = generator(80_000 + seed)
    n = parts.mass.shape[1]
    return parts._replace(place=torch.randint(n, parts.place.shape, generator=random))


class Nature:
    """Patches of what a layer gives, nine nodes wide, to be held against: x is `(functions, channels, n)`."""

    def __init__(self, x: Tensor, seed: int):
        random = generator(90_000 + seed)
        functions = torch.randint(len(x), (NATURAL,), generator=random)
        self.patches = patches(x, functions, torch.randint(x.shape[2], (NATURAL,), generator=random))

    def distance(self, states: Tensor) -> Tensor:
        """From patches `(rows, values)` to the nearest natural one, `(rows,)`."""
        return torch.cdist(states, self.patches).amin(1)

    def stretch(self, y: Tensor, parts: Parts, step: Tensor) -> Tensor:
        """How much farther from nature a step leads where it is largest: distance after over before, `(rows,)`."""
        rows, where = torch.arange(len(step)), step.square().sum(1).argmax(1)
        before = patches(y, parts.function, where)
        return self.distance(before + patches(step, rows, where)) / self.distance(before)


def patches(x: Tensor, functions: Tensor, places: Tensor) -> Tensor:
    """The values of functions around places: `(rows, channels · nine)`."""
    index = (places[:, None] + torch.arange(-REACH, REACH + 1)) % x.shape[2]
    return x[functions[:, None], :, index].flatten(1).float()  # ten digits more would tell nothing here
