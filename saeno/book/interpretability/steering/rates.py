"""At which rate does an output-aware model learn best? The rate of `steering` is chosen here. Two minutes.

On the operator that is not measured there, with other starts, and on functions that nothing else is judged by.
"""

from __future__ import annotations

import torch

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.book.interpretability.steering import lab
from saeno.metrics import fvu
from saeno.operators import relative_l2

OPERATOR = 5
AXES = {
    "run": ["0.003, 200", "0.01, 200", "0.03, 200"],
    "seed": range(100, 105),
}


def _of(run: str, value: str = "change") -> Number:
    return Number(value, {"run": run}, possible=(0, float("inf")))


CLAIMS = []


def trial(run: str, seed: int) -> dict[str, float]:
    """How much the output changes when the layer is replaced by what 8 events make of it, and what they leave of it."""
    rate, steps = run.split(", ")
    behind = lab.rest(OPERATOR)
    made = lab.aware(lab.hidden(OPERATOR), behind, seed, float(rate), int(steps))
    y = lab.hidden(OPERATOR, part="choose")
    rebuilt = inside.explained(made).rebuilt(y)
    with torch.no_grad():
        return {"change": relative_l2(behind(rebuilt), behind(y)).mean().item(), "fvu": fvu(y, rebuilt)}
