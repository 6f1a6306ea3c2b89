"""At which rate does each model explain the layer best? The rates of `inside_an_fno` are chosen here. Five minutes.

On an operator that is not measured there, with other starts of the models, and on functions that nothing else is judged
by. It is also asked whether training has come to an end: "twice" has twice the steps.
"""

from __future__ import annotations

from saeno.book.interpretability.inside_an_fno import lab
from saeno.metrics import fvu

OPERATOR, EVENTS = 5, 4
TRIED = (0.01, 0.03, 0.1)
TWICE = ("SAE-FNO", "L-SAE-FNO", "frozen encoder", "per point")
AXES = {
    "run": [
        *(f"{kind}, {rate:g}" for kind in lab.RATES for rate in TRIED),
        *(f"{kind}, twice" for kind in TWICE),
    ],
    "seed": range(100, 105),
}
CLAIMS: list = []


def trial(run: str, seed: int) -> dict[str, float]:
    """FVU with 4 events, or per point with one code at a node."""
    kind, how = run.split(", ")
    x, y = lab.hidden(OPERATOR), lab.hidden(OPERATOR, "choose")
    rate, steps = (lab.RATES[kind], 2 * lab.STEPS) if how == "twice" else (float(how), lab.STEPS)
    made = lab.learned(kind, 1 if kind == "per point" else EVENTS, x, seed, rate, steps)
    return {"fvu": fvu(y, lab.explained(made).rebuilt(y))}
