"""Which learning rate is best for each method: one step of top-k, by SGD and by Adam. Five minutes.

64 atoms in 64 dimensions, three of them in a signal, noise 0.1, 500 steps of 128 signals, covariances of 8192 signals.
Every grid is geometric, and holds the best rate inside.
"""

from __future__ import annotations

from saeno.book.claims import Claim, Number
from saeno.book.experiments import _whitening

METHODS = ["unlifted", "preconditioner", "inference", "lift", "white data"]
AXES = {
    "data": ["anisotropic", "coherent"],
    "method": METHODS,
    "optimizer": ["SGD", "Adam"],
    "place": range(3),
    "seed": range(5),
}
RATES = {
    ("unlifted", "SGD"): (5.0, 20.0, 80.0),
    ("unlifted", "Adam"): (0.03, 0.1, 0.3),
    ("preconditioner", "SGD"): (1e-4, 1e-2, 1.0),
    ("preconditioner", "Adam"): (0.01, 0.1, 1.0),
    ("inference", "SGD"): (0.01, 0.05, 0.25),
    ("inference", "Adam"): (5e-4, 2e-3, 1e-2),
    ("lift", "SGD"): (0.5, 2.0, 8.0),
    ("lift", "Adam"): (0.02, 0.07, 0.25),
    ("white data", "SGD"): (0.01, 0.3, 10.0),
    ("white data", "Adam"): (1e-3, 0.03, 1.0),
}


def _at(data: str, method: str, optimizer: str, place: int) -> dict[str, str | int]:
    return {"data": data, "method": method, "optimizer": optimizer, "place": place}


CLAIMS = [
    Claim(
        id="whitening-rates",
        chapter="lifting/whitening",
        source="our measurement",
        statement="A model on white data hardly depends on the learning rate.",
        setting="As for the gain of the whitening lift, on coherent atoms, by SGD; the slowest and the fastest rate "
        "of the grid are 0.01 and 10. Without a lift the rates are 5 and 80.",
        finding="The mean cosine with the hidden atoms is {slow} and {fast} at the two ends of the grid; the same "
        "model on the signals themselves has {unlifted_slow} and {unlifted_fast}.",
        verdict="ours",
        numbers={
            "slow": Number("cosine", _at("coherent", "white data", "SGD", 0), tolerance=0.05, possible=(0.0, 1.0)),
            "fast": Number(
                "cosine", _at("coherent", "white data", "SGD", 2), least=0.9, tolerance=0.05, possible=(0.0, 1.0)
            ),
            "unlifted_slow": Number(
                "cosine", _at("coherent", "unlifted", "SGD", 0), tolerance=0.05, possible=(0.0, 1.0)
            ),
            "unlifted_fast": Number(
                "cosine", _at("coherent", "unlifted", "SGD", 2), tolerance=0.05, possible=(0.0, 1.0)
            ),
        },
    ),
]


def trial(data: str, method: str, optimizer: str, place: int, seed: int) -> dict[str, float]:
    """Train once, at the rate in that place of the grid."""
    return {"cosine": _whitening.learn(data, method, optimizer, RATES[method, optimizer][place], seed)}
