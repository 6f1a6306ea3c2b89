"""Which learning rate is best for each method: one step of top-k, by SGD and by Adam. Five minutes.

64 atoms in 64 dimensions, three of them in a signal, noise 0.1, 500 steps of 128 signals, covariances of 8192 signals.
Grids hold the best rate inside, or end on a plateau: neighbours that differ less than seeds do. The preconditioner by
SGD is best where it hardly moves.
"""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.lifting.whitening import lab as _whitening

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


SHARE = (0.0, 1.0)


def _at(data: str, method: str, optimizer: str, place: int) -> dict[str, str | int]:
    return {"data": data, "method": method, "optimizer": optimizer, "place": place}


CLAIMS = [
    Claim(
        id="whitening-rates",
        chapter="lifting/whitening",
        source="our measurement",
        statement="A model on white data trains well over a wide range of learning rates.",
        setting="As for the gain of the whitening lift, on coherent atoms, by SGD; the larger of the two rates is 33 "
        "times the smaller. Without a lift the best of all rates is shown, by SGD or Adam.",
        finding="The mean cosine with the hidden atoms is {small} at the small rate and {large} at the large one; the "
        "same model on the signals themselves has {unlifted} at its best.",
        verdict="ours",
        numbers={
            "small": Number("cosine", _at("coherent", "white data", "SGD", 1), least=0.97, possible=SHARE),
            "large": Number("cosine", _at("coherent", "white data", "SGD", 2), least=0.97, possible=SHARE),
            "unlifted": Number("cosine", _at("coherent", "unlifted", "Adam", 0), possible=SHARE),
        },
        differences={f"{name}_better": Paired(name, "unlifted", least=0.15) for name in ("small", "large")}
        | {"same": Paired("small", "large", least=-0.01, most=0.01)},
    ),
]


def trial(data: str, method: str, optimizer: str, place: int, seed: int) -> dict[str, float]:
    """Train once, at the rate in that place of the grid."""
    return {"cosine": _whitening.learn(data, method, optimizer, RATES[method, optimizer][place], seed)}
