"""Which learning rate for the models of the chapter on resolution? Two minutes."""

from __future__ import annotations

import torch

from saeno import MatchingPursuit
from saeno.book.claims import Claim, Number, Paired
from saeno.book.operators.resolution.lab import EVENTS, NODES, RATES, signals, trained, world
from saeno.book.operators.resolution.main import CHAPTER, DATA
from saeno.metrics import fvu

GRID = [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12]
AXES = {"kind": list(RATES), "lr": GRID, "seed": range(6)}
CLAIMS = [
    Claim(
        id="resolution-rates",
        chapter=CHAPTER,
        source="our measurement",
        statement="On the grid of training SAE-FNO and SAE-CNN reconstruct about equally well, at rates about as good "
        "as the best; the SAE-CNN does worse at a quarter of its rate.",
        setting=f"{DATA}Rates {', '.join(f'{lr:g}' for lr in GRID)}; FVU of matching pursuit on 256 new signals. "
        "Each seed draws truth, signals and start anew.",
        finding="At the rates used, 0.08, the FVU is {fno} for the SAE-FNO and {cnn} for the SAE-CNN: a ratio of "
        "{alike}. At 0.02 that of the SAE-CNN is {cnn_slow}. Larger ones, "
        "up to 5.12, change it by less than its spread, since atoms are brought back to unit norm and the rate ends "
        "at 0: the best are {fno_best}, at 0.64, and {cnn_best}, at 1.28.",
        verdict="ours",
        numbers={
            **{kind: Number("fvu", {"kind": kind, "lr": lr}, most=0.08) for kind, lr in RATES.items()},
            "fno_best": Number("fvu", {"kind": "fno", "lr": 0.64}),
            "cnn_best": Number("fvu", {"kind": "cnn", "lr": 1.28}),
            "cnn_slow": Number("fvu", {"kind": "cnn", "lr": 0.02}),
        },
        # Alike is what differs by less than half: closer, six seeds cannot tell.
        differences={
            "alike": Paired("fno", "cnn", least=1 / 1.5, most=1.5, ratio=True, form=".2f"),
            "fno_as_best": Paired("fno", "fno_best", most=1.5, ratio=True, form=".2f"),
            "cnn_as_best": Paired("cnn", "cnn_best", most=1.5, ratio=True, form=".2f"),
            "slow_loses": Paired("cnn_slow", "cnn", least=1.0, ratio=True, form=".2f"),
        },
    ),
]


def trial(kind: str, lr: float, seed: int) -> dict[str, float]:
    """The FVU of new signals after training at that rate."""
    dictionary = trained(kind, seed, lr=lr)
    with torch.no_grad():
        x = signals(world(seed), seed, NODES, 256, new=True)
        return {"fvu": fvu(x, dictionary.synthesis(MatchingPursuit(EVENTS)(dictionary, x)))}
