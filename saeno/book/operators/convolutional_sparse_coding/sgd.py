"""Four encoders of `convolutional_sparse_coding` with plain gradient descent in place of Adam. A minute or two."""

from __future__ import annotations

import torch

from saeno.book.claims import Claim, Number, Paired
from saeno.book.operators.convolutional_sparse_coding import main as adam

# For five and for ten filters, the best by the cosine of atoms of rates a factor of about 3 apart, 0.01 to 300, on a
# seed (100) that is not measured; no best one was at the end of what was tried.
RATES = {
    "one step, top-k": (0.1, 0.1),
    "one step, ReLU, untied": (1.0, 3.0),
    "FISTA": (10.0, 10.0),
    "matching pursuit": (10.0, 100.0),
}
AXES = {"encoder": list(RATES), "concepts": [5, 10], "seed": range(5)}


def trial(encoder: str, concepts: int, seed: int) -> dict[str, float]:
    """As there, with SGD at its own rate."""
    return adam.run(encoder, concepts, RATES[encoder][concepts == 10], seed, torch.optim.SGD)


def _number(encoder: str, concepts: int, value: str = "cosine", **bounds: float) -> Number:
    return Number(value, {"encoder": encoder, "concepts": concepts}, possible=adam.SHARE, **bounds)


CLAIMS = [
    Claim(
        id="csc-sgd",
        chapter="operators/convolutional-sparse-coding",
        source="our measurement",
        statement="With plain gradient descent, too, FISTA and matching pursuit end near to the hidden kernels, one "
        "step ends far from them, and codes of matching pursuit are better when it has no spare kernels.",
        setting="As for Adam, with SGD in its place, at a rate tuned for each encoder and number of kernels on another "
        "seed, from 0.01 to 300.",
        finding="Cosine of the atoms with five kernels: FISTA {fista}, matching pursuit {pursuit}, one step of ReLU "
        "{relu}, of top-k {topk}. With ten: matching pursuit {pursuit_ten}, one step of top-k {topk_ten}. Cosine of "
        "the codes of matching pursuit: {pursuit_code} with five, {pursuit_ten_code} with ten.",
        verdict="ours",
        numbers={
            "fista": _number("FISTA", 5, least=0.95),
            "pursuit": _number("matching pursuit", 5, least=0.99),
            "relu": _number("one step, ReLU, untied", 5, most=0.9),
            "topk": _number("one step, top-k", 5, most=0.75),
            "pursuit_ten": _number("matching pursuit", 10, least=0.99),
            "topk_ten": _number("one step, top-k", 10, most=0.8),
            "pursuit_code": _number("matching pursuit", 5, "code", least=0.85),
            "pursuit_ten_code": _number("matching pursuit", 10, "code", least=0.75),
        },
        differences={
            "fista_lead": Paired("fista", "topk", least=0.2),
            "pursuit_lead": Paired("pursuit", "topk", least=0.2),
            "relu_lag": Paired("fista", "relu", least=0.1),
            "pursuit_ten_lead": Paired("pursuit_ten", "topk_ten", least=0.2),
            "spare": Paired("pursuit_code", "pursuit_ten_code", least=0.05),
        },
    ),
]
