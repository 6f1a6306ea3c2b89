"""CKA by chance: what the formula says, and what random orders give, of many functions and of few. A few seconds."""

from __future__ import annotations

import math

from torch import Tensor

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.platonic import lab
from saeno.metrics import permuted_cka, permuted_neighbours

AXES = {"functions": [lab.COUNT, 20], "seed": lab.SEEDS}
MANY, NEAR = 500, 10
CHAPTER = "interpretability/platonic"


def _of(value: str, functions: int = lab.COUNT, form: str = ".3f", **bounds: float) -> Number:
    return Number(value, {"functions": functions}, possible=(0, float("inf")), form=form, **bounds)


CLAIMS = [
    Claim(
        id="platonic-chance",
        chapter=CHAPTER,
        source="our derivation",
        statement="By chance CKA is the root of the product of the participation ratios over n − 1, and so is large "
        "for few inputs; the share of mutual neighbours is k/(n − 1), whatever the layers.",
        setting="Middle layers of an FNO and of a U-Net; 500 random orders of 200 functions, and of 20.",
        finding="Of 200 functions CKA is {score}, by chance {measured}, and {formula} by the formula; of 20 functions "
        "it is {few_score}, {few_measured} and {few_formula}. Neighbours by chance share {neighbours}, by the formula "
        "{neighbours_formula}. The participation ratios of the two tables are {rank_fno} and {rank_unet}.",
        verdict="shown",
        numbers={
            "score": _of("score", form=".2f"),
            "measured": _of("measured"),
            "formula": _of("formula"),
            "few_score": _of("score", 20, ".2f"),
            "few_measured": _of("measured", 20),
            "few_formula": _of("formula", 20),
            "neighbours": _of("neighbours"),
            "neighbours_formula": _of("neighbours formula"),
            "rank_fno": _of("rank FNO", form=".1f"),
            "rank_unet": _of("rank U-Net", form=".1f"),
        },
        differences={
            "formula_holds": Paired("measured", "formula", least=0.95, most=1.05, ratio=True),
            "few_holds": Paired("few_measured", "few_formula", least=0.95, most=1.05, ratio=True),
            "neighbours_hold": Paired("neighbours", "neighbours_formula", least=0.97, most=1.03, ratio=True),
            "few_have_more": Paired("few_formula", "formula", least=0.1),
        },
    ),
]


def trial(functions: int, seed: int) -> dict[str, float]:
    """Of the middle layers of an FNO and a U-Net with the same seed."""
    a, b = (lab.known(kind, seed).middle[:functions] for kind in ("FNO", "U-Net"))
    found = permuted_cka(a, b, permutations=MANY)
    near = permuted_neighbours(a, b, NEAR, permutations=MANY)
    return {
        "score": found.score,
        "measured": found.chance,
        "formula": by_chance(a, b),
        "rank FNO": lab.rank(a),
        "rank U-Net": lab.rank(b),
        "neighbours": near.chance,
        "neighbours formula": NEAR / (functions - 1),
    }


def by_chance(a: Tensor, b: Tensor) -> float:
    """The mean of CKA over all orders of the inputs."""
    return math.sqrt(lab.rank(a) * lab.rank(b)) / (len(a) - 1)
