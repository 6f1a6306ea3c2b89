"""How many concepts fit into 64 dimensions, when they must be read out again? A minute."""

from __future__ import annotations

from functools import partial

import torch

from saeno import DenseDictionary, TopK, Unrolled
from saeno.book.claims import Claim, Number, Paired
from saeno.book.record import stored
from saeno.book.recovery.uniqueness.main import decode
from saeno.data import SparseModel
from saeno.seeds import generator

CHANNELS, SIGNALS = 64, 50
SIZES = [2**power for power in range(4, 14)]
SHARE, ROOM = partial(Number, possible=(0.0, 1.0)), (SIZES[0], SIZES[-1])
AXES = {"method": ["one step", "five steps", "OMP"], "active": [2, 5, 8, 12], "seed": range(10)}

CLAIMS = [
    Claim(
        id="uniqueness-superposition",
        chapter="recovery/uniqueness",
        source="our measurement",
        statement="How many concepts can be read out of 64 dimensions depends on how many are active, and on the "
        "encoder.",
        setting="Gaussian unit atoms in 64 dimensions, 16 to 8192 of them; places and signs random, masses uniform "
        "from 0.5 to 1.5, no noise, 50 signals each. The share of active atoms found by one step of top-k, by "
        "`Unrolled(TopK(k), steps=5)` and by OMP of scikit-learn, all told k. Room is the number of atoms up to which "
        "the share is at least 0.95. Each seed draws another dictionary.",
        finding="With 5 active, of 128 atoms one step finds {one_step_128}, five steps {five_steps_128} and OMP "
        "{omp_128}; of 8192 atoms {one_step_8192}, {five_steps_8192} and {omp_8192}. The room of OMP is {omp_room_8} "
        "atoms with 8 active and {omp_room_12} with 12.",
        verdict="ours",
        numbers={
            "one_step_128": SHARE("p128", {"method": "one step", "active": 5}),
            "five_steps_128": SHARE("p128", {"method": "five steps", "active": 5}, least=0.95),
            "omp_128": SHARE("p128", {"method": "OMP", "active": 5}, least=0.95),
            "one_step_8192": SHARE("p8192", {"method": "one step", "active": 5}),
            "five_steps_8192": SHARE("p8192", {"method": "five steps", "active": 5}),
            "omp_8192": SHARE("p8192", {"method": "OMP", "active": 5}, least=0.9),
            "omp_room_8": Number("room", {"method": "OMP", "active": 8}, possible=ROOM, form=".0f"),
            "omp_room_12": Number("room", {"method": "OMP", "active": 12}, possible=ROOM, form=".0f"),
        },
        differences={
            "encoder_128": Paired("five_steps_128", "one_step_128", least=0.1),
            "encoder_8192": Paired("five_steps_8192", "one_step_8192", least=0.1),
            "omp_over_five_steps": Paired("omp_8192", "five_steps_8192", least=0.05),
            "active": Paired("omp_room_8", "omp_room_12", least=2.0, ratio=True),
        },
    ),
]


def trial(method: str, active: int, seed: int) -> dict[str, float]:
    """The share of active atoms found, for each number of random atoms; and at how many it falls below 0.95."""
    shares = []
    for atoms in SIZES:
        dictionary = DenseDictionary(CHANNELS, atoms, seed=1000 * seed + active).double().normalize_()
        random = generator(1_000_000 + seed)
        signal, code = SparseModel(dictionary, active).sample(SIGNALS, generator=random)
        if method == "five steps":
            with torch.no_grad():
                guess = Unrolled(TopK(active), steps=5)(dictionary, signal)
        else:
            guess = decode(method, dictionary, signal, active)
        shares.append(((guess != 0) & (code != 0)).sum().item() / (code != 0).sum().item())
    return {"room": room(shares)} | {f"p{atoms}": share for atoms, share in zip(SIZES, shares, strict=True)}


def readable(method: str, active: int) -> list[float]:
    """The stored shares for each number of atoms, over all seeds."""
    setting = {"method": method, "active": active}
    return [stored("uniqueness_superposition", f"p{atoms}", setting).mean for atoms in SIZES]


def room(shares: list[float], least: float = 0.95) -> float:
    """The number of atoms at which the shares first fall below 0.95, between two sizes on a logarithmic scale.

    As many as the smallest or the largest size when all are below, or none.
    """
    if shares[0] < least:
        return SIZES[0]
    for place in range(1, len(SIZES)):
        before, after = shares[place - 1 : place + 1]
        if after < least:
            return SIZES[place - 1] * 2 ** ((before - least) / (before - after))
    return SIZES[-1]
