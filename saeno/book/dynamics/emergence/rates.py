"""At which rate does each model leave least of new functions? The rates of the laboratory are chosen here. Minutes.

Seeds differ from those that are scored, and the choice looks at what is left over, never at the shape of the atoms.
"""

from __future__ import annotations

import math

from saeno.book.claims import Claim, Number, Paired
from saeno.book.dynamics.emergence import lab

FUNCTIONS, SCARCE, NOISE = 8192, {"dense": 512, "conv": 16}, 0.5
LONG = 1000  # steps of the dictionary without a grid, where functions are few
TRIED = {
    "sparse": (0.1, 0.3, 1.0, 3.0, 10.0),
    "Gaussian": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    "dense": (0.03, 0.1, 0.3, 1.0, 3.0),
    "conv": (0.003, 0.01, 0.03, 0.1),
}
AXES = {"run": [f"{run}, {rate:g}" for run, rates in TRIED.items() for rate in rates], "seed": range(100, 105)}
CLAIMS = [
    Claim(
        id="emergence-rates",
        chapter="dynamics/emergence",
        source="our measurement",
        statement="The rate of a convolution that is built in is not delicate: over a factor of ten it leaves the "
        "same, until a rate is too small to arrive.",
        setting="As for samples, from 16 noisy functions: what is left of the variance of new ones without noise, "
        "after 250 steps of Adam with a cosine schedule.",
        finding="From the rate 0.01 it leaves {rate001}, from 0.1 {rate01}, and from 0.003 {rate0003}.",
        verdict="ours",
        numbers={
            name: Number("left", {"run": f"conv, {rate}"}, possible=(0, math.inf))
            for name, rate in (("rate001", "0.01"), ("rate01", "0.1"), ("rate0003", "0.003"))
        },
        differences={
            "same": Paired("rate01", "rate001", least=-0.01, most=0.01),
            "too_small": Paired("rate0003", "rate001", least=1.0, ratio=True),
        },
    ),
]


def trial(run: str, seed: int) -> dict[str, float]:
    """Train at this rate; the share of the variance of new functions, without noise, that is left."""
    kind, rate = run.split(", ")
    if kind in SCARCE:  # as in the experiment on samples
        x, new = lab.functions("sparse", SCARCE[kind], seed, NOISE), lab.functions("sparse", 1000, 1000 + seed)
    else:
        x, new = lab.functions(kind, FUNCTIONS, seed), lab.functions(kind, 1000, 1000 + seed)
    learn, steps = (lab.conv, lab.STEPS) if kind == "conv" else (lab.dense, LONG if kind == "dense" else lab.STEPS)
    return {"left": lab.left_over(learn(x, float(rate), seed, steps), new)}
