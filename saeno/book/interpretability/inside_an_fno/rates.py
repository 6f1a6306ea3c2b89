"""At which rate does each model explain the layer best? The rates of `inside_an_fno` are chosen here. Five minutes.

On an operator that is not measured there, with other starts of the models, and on functions that nothing else is judged
by. It is also asked whether training has come to an end: "twice" has twice the steps.
"""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.inside_an_fno import lab
from saeno.metrics import fvu

OPERATOR, EVENTS = 5, 4
TRIED = {
    "SAE-FNO": [0.003, 0.01, 0.03, 0.1],
    "L-SAE-FNO": [0.003, 0.01, 0.03, 0.1, 0.3],
    "SAE-CNN": [0.01, 0.03, 0.1],
    "per point": [0.01, 0.03, 0.1, 0.3, 1.0],
    "frozen encoder": [0.0003, 0.001, 0.003, 0.01, 0.03],
}
TWICE = {"SAE-FNO": 0.01, "L-SAE-FNO": 0.03, "frozen encoder": 0.001}
AXES = {
    "run": [
        *(f"{kind}, {rate:g}, {lab.STEPS}" for kind, rates in TRIED.items() for rate in rates),
        *(f"{kind}, {rate:g}, {2 * lab.STEPS}" for kind, rate in TWICE.items()),
    ],
    "seed": range(100, 105),
}


def _fvu(kind: str, rate: float, steps: int = lab.STEPS) -> Number:
    return Number("fvu", {"run": f"{kind}, {rate:g}, {steps}"}, possible=(0, float("inf")))


SHORT = {"SAE-FNO": "sae", "L-SAE-FNO": "lifted", "frozen encoder": "encoder"}
CLAIMS = [
    Claim(
        id="inside-rates",
        chapter="interpretability/inside-an-fno",
        source="our measurement",
        statement="At its best rate a model of the layer has learned after 200 steps nearly all that it will, and at a "
        "rate ten times smaller it has not.",
        setting="An operator that is used for nothing else; 4 events, per point one code at a node; FVU on functions "
        "that nothing is judged by, over five starts. Best rates, each with a smaller and a larger one beside it that "
        "are no better: 0.01 for SAE-FNO, 0.03 for L-SAE-FNO and SAE-CNN, 0.1 per point, 0.001 with a frozen encoder.",
        finding="With twice the steps the FVU of an SAE-FNO goes from {sae} to {sae2}, {sae_twice} times as much; of "
        "an L-SAE-FNO from {lifted} to {lifted2}, {lifted_twice} times; with a frozen encoder from {encoder} to "
        "{encoder2}, {encoder_twice} times. Per point it is {point} at the best rate and {slow} at a tenth of it.",
        verdict="ours",
        numbers={
            **{SHORT[kind]: _fvu(kind, rate) for kind, rate in TWICE.items()},
            **{f"{SHORT[kind]}2": _fvu(kind, rate, 2 * lab.STEPS) for kind, rate in TWICE.items()},
            "point": _fvu("per point", 0.1),
            "slow": _fvu("per point", 0.01),
        },
        # The lead of a model over another one that the chapter speaks of is larger than a fifth.
        differences={
            f"{name}_twice": Paired(f"{name}2", name, least=0.8, most=1.2, ratio=True, form=".2f")
            for name in SHORT.values()
        }
        | {"too_small": Paired("slow", "point", least=0.0)},
    ),
]


def trial(run: str, seed: int) -> dict[str, float]:
    """FVU with 4 events, or per point with one code at a node."""
    kind, rate, steps = run.split(", ")
    x, y = lab.hidden(OPERATOR), lab.hidden(OPERATOR, "choose")
    made = lab.learned(kind, 1 if kind == "per point" else EVENTS, x, seed, float(rate), int(steps))
    return {"fvu": fvu(y, lab.explained(made).rebuilt(y))}
