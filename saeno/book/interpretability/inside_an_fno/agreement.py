"""Do two starts find the same concepts, and do two operators have the same ones? Beside chance. Two minutes."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno import SparseAutoencoder
from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.inside_an_fno import lab
from saeno.metrics import match_atoms

EVENTS, WIDTH, NEAR, RATE = 8, 1.5, 0.8, 0.01
AXES = {"seed": range(5)}
NAMES = ("starts", "operators", "chance", "untrained", "to_untrained", "frozen")
CLAIMS = [
    Claim(
        id="inside-starts",
        chapter="interpretability/inside-an-fno",
        source="our measurement",
        statement="Two starts of an SAE-FNO agree on where concepts are active, beyond chance, and no better than two "
        "random dictionaries do.",
        setting="SAE-FNO with 16 concepts and 8 events, on the layer after two of four, each start independent. Maps "
        "on 100 held-out functions, smoothed over 1.5 nodes; pairs of concepts by the largest sum of cosines, up to a "
        "sign and a shift. Operators: each of five and the next one. Chance: maps of other functions. Frozen: two "
        "random dictionaries with the layer's covariance, which do not learn. Atoms: the cosine of the atoms "
        "themselves.",
        finding="Maps of two starts agree with {starts}, of two operators with {operators}; by chance with {chance}; "
        "of two starts on an untrained operator with {untrained}, of a trained and an untrained operator with "
        "{to_untrained}; of two frozen dictionaries with {frozen}. Atoms of two starts have the cosine {atoms_starts}, "
        "of two frozen dictionaries {atoms_frozen}.",
        verdict="ours",
        numbers={
            **{name: Number(f"maps_{name}", {}, possible=(0, 1), form=".2f") for name in NAMES},
            **{
                f"atoms_{name}": Number(f"atoms_{name}", {}, possible=(0, 1), form=".2f")
                for name in ("starts", "frozen")
            },
        },
        differences={
            "beyond_chance": Paired("starts", "chance", least=0.03),
            "no_better": Paired("starts", "frozen", most=0.05),
            "two_operators": Paired("operators", "chance", least=0.03),
        },
    ),
]


def trial(seed: int) -> dict[str, float]:
    """Mean cosine of matched atoms, or of matched maps, and the share of pairs above .8.

    Maps are taken on held-out functions, up to a sign and one shift for each pair of concepts. By chance: the maps of
    one model are given those of other functions.
    """
    other = (seed + 1) % len(AXES["seed"])
    x, far = lab.hidden(seed), lab.hidden(other)
    y, y_far = lab.hidden(seed, "judge"), lab.hidden(other, "judge")
    x0, y0 = lab.hidden(seed, trained=False), lab.hidden(seed, "judge", trained=False)
    one, two = (lab.learned("SAE-FNO", EVENTS, x, start, RATE) for start in (seed, 50 + seed))
    third = lab.learned("SAE-FNO", EVENTS, far, 100 + seed, RATE)
    first, second = (lab.learned("SAE-FNO", EVENTS, x0, start, RATE) for start in (seed, 50 + seed))
    frozen, again = (lab.learned("frozen dictionary", EVENTS, x, start, RATE) for start in (seed, 50 + seed))
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
