"""What effects are like: alike from input to input, near their cause, in proportion; and how natural a state is."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.interpretability.steering.lab import Parts
from saeno.seeds import generator

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
