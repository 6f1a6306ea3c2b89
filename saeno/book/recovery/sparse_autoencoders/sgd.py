"""The encoders of `sparse_autoencoders` with plain gradient descent in place of Adam. A few minutes."""

from __future__ import annotations

from functools import partial

import torch

from saeno.book.claims import Claim, Number
from saeno.book.recovery.sparse_autoencoders import main as sparse_autoencoders

RATES = {
    "TopK, tied": (10.0, 30.0, 100.0),
    "TopK, untied": (3.0, 10.0, 30.0),
    "ReLU, L1": (10.0, 30.0, 100.0),
    "IHT, T = 5": (10.0, 30.0, 100.0),
}
AXES = {"setting": [f"random | {name} | {rate}" for name, rates in RATES.items() for rate in rates], "seed": range(5)}


def trial(setting: str, seed: int) -> dict[str, float]:
    """As there, with SGD."""
    return sparse_autoencoders.trial(setting, seed, torch.optim.SGD)


SHARE = partial(Number, possible=(0.0, 1.0))
CLAIMS = [
    Claim(
        id="encoders-sgd",
        chapter=sparse_autoencoders.CHAPTER,
        source="our measurement",
        statement="With plain gradient descent, too, the gap between one step and five is small on incoherent atoms, "
        "each at its own learning rate.",
        setting="As for Adam, with SGD in its place: rates of 10, 30 and 100, all at 30, which is within the spread "
        "of the best of each.",
        finding="The mean cosine of the atoms is {tied} for one tied step of TopK, {relu} for one layer of ReLU with "
        "an L1 penalty, and {iht} for five steps of iterative hard thresholding.",
        verdict="ours",
        numbers={
            "tied": SHARE("cosine", {"setting": "random | TopK, tied | 30.0"}, least=0.9, most=0.97),
            "relu": SHARE("cosine", {"setting": "random | ReLU, L1 | 30.0"}, least=0.94),
            "iht": SHARE("cosine", {"setting": "random | IHT, T = 5 | 30.0"}, least=0.98, tolerance=0.02),
        },
    ),
]
