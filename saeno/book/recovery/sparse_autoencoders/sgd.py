"""The encoders of `sparse_autoencoders` with plain gradient descent in place of Adam. A few minutes."""

from __future__ import annotations

from functools import partial

import torch

from saeno.book.claims import Claim, Number, Paired
from saeno.book.recovery.sparse_autoencoders import main as sparse_autoencoders

RATES = {
    "TopK, tied": (10.0, 30.0, 100.0),
    "TopK, untied": (3.0, 10.0, 30.0),
    "ReLU, L1": (10.0, 30.0, 100.0),
    "IHT, T = 5": (10.0, 30.0, 100.0),
}
AXES = {"setting": [f"random | {name} | {rate}" for name, rates in RATES.items() for rate in rates], "seed": range(10)}


def trial(setting: str, seed: int) -> dict[str, float]:
    """As there, with SGD."""
    return sparse_autoencoders.trial(setting, seed, torch.optim.SGD)


TIED, IHT = ({"setting": f"random | {name} | 30.0"} for name in ("TopK, tied", "IHT, T = 5"))
SHARE = partial(Number, possible=(0.0, 1.0))
CLAIMS = [
    Claim(
        id="encoders-sgd",
        chapter=sparse_autoencoders.CHAPTER,
        source="our measurement",
        statement="With plain gradient descent, too, one tied step of TopK finds most of the incoherent atoms, at its "
        "own learning rate, and misses a part of the codes that five steps find.",
        setting="As for Adam, with SGD in its place: rates of 10, 30 and 100, all at 30, which is within the spread "
        "of the best of each.",
        finding="The mean cosine of the atoms is {tied} for one tied step of TopK, {relu} for one layer of ReLU with "
        "an L1 penalty, and {iht} for five steps of iterative hard thresholding. The F1 of the supports is {tied_f1} "
        "for the first and {iht_f1} for the last.",
        verdict="ours",
        numbers={
            "tied": SHARE("cosine", TIED, least=0.9),
            "relu": SHARE("cosine", {"setting": "random | ReLU, L1 | 30.0"}, least=0.9),
            "iht": SHARE("cosine", IHT, least=0.95),
            "tied_f1": SHARE("support_f1", TIED),
            "iht_f1": SHARE("support_f1", IHT, least=0.95),
        },
        differences={
            "atoms": Paired("iht", "tied", most=0.15),
            "codes": Paired("iht_f1", "tied_f1", least=0.05),
        },
    ),
]
