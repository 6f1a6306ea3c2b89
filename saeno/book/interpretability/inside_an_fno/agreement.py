"""Do two starts find the same concepts, and do two operators have the same ones? Beside chance. Two minutes."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno import SparseAutoencoder
from saeno.book.interpretability.inside_an_fno import lab
from saeno.metrics import match_atoms

EVENTS, WIDTH, NEAR = 8, 1.5, 0.8
AXES = {"seed": range(5)}
CLAIMS: list = []


def trial(seed: int) -> dict[str, float]:
    """Mean cosine of matched atoms, or of matched maps, and the share of pairs above .8.

    Maps are taken on held-out functions, up to a sign and one shift for each pair of concepts. By chance: the maps of
    one model are given those of other functions.
    """
    other = (seed + 1) % len(AXES["seed"])
    x, far = lab.hidden(seed), lab.hidden(other)
    y, y_far = lab.hidden(seed, "judge"), lab.hidden(other, "judge")
    x0, y0 = lab.hidden(seed, trained=False), lab.hidden(seed, "judge", trained=False)
    one, two = (lab.learned("SAE-FNO", EVENTS, x, start) for start in (seed, 50 + seed))
    third = lab.learned("SAE-FNO", EVENTS, far, 100 + seed)
    first, second = (lab.learned("SAE-FNO", EVENTS, x0, start) for start in (seed, 50 + seed))
    frozen, again = (lab.learned("frozen dictionary", EVENTS, x, start) for start in (seed, 50 + seed))
    maps = {"one": smooth(one, y), "two": smooth(two, y), "third": smooth(third, y_far)}
    maps |= {"first": smooth(first, y0), "second": smooth(second, y0)}
    maps |= {"frozen": smooth(frozen, y), "again": smooth(again, y)}
    chance = maps["third"].roll(17, 1)
    pairs = {
        "starts": (maps["one"], maps["two"]),
        "operators": (maps["one"], maps["third"]),
        "chance": (maps["one"], chance),
        "untrained": (maps["first"], maps["second"]),
        "to_untrained": (maps["one"], maps["first"]),
        "frozen": (maps["frozen"], maps["again"]),
    }
    values = {}
    for name, (a, b) in pairs.items():
        match = match_atoms(a, b)
        values |= {f"maps_{name}": match.cosine.mean().item(), f"near_{name}": match.recovered(NEAR)}
    for name, a, b in (("starts", one, two), ("untrained", first, second), ("frozen", frozen, again)):
        match = match_atoms(a.dictionary, b.dictionary, grid=lab.NODES)
        values |= {f"atoms_{name}": match.cosine.mean().item(), f"atoms_near_{name}": match.recovered(NEAR)}
    return values


@torch.no_grad()
def smooth(made: SparseAutoencoder, y: Tensor) -> Tensor:
    """The masses of each concept, smoothed over about three nodes: `(concepts, functions, nodes)`."""
    mass = made.encode(y) / y.shape[2]
    waves = torch.fft.rfft(mass.transpose(0, 1))
    k = torch.arange(waves.shape[2], dtype=y.dtype)
    return torch.fft.irfft(waves * torch.exp(-2 * (torch.pi * WIDTH / y.shape[2] * k) ** 2), n=y.shape[2])
