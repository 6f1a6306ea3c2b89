"""How many functions does a dictionary need that has no convolution built in, and one that has? A minute."""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.dynamics.emergence import lab

NOISE = 0.5
COUNTS = {"conv": (1, 4, 16, 64, 256), "dense": (64, 256, 512, 2048)}
RATES = {"conv": 0.03, "dense": 10.0}  # where the experiment `emergence_rates` leaves least
AXES = {"run": [f"{model}, {count}" for model, counts in COUNTS.items() for count in counts], "seed": range(5)}
CLAIMS = []


def trial(run: str, seed: int) -> dict[str, float]:
    """Train on so many noisy functions; the mean cosine of the hidden concept, at each shift, with its nearest atom."""
    model, count = run.split(", ")
    x = lab.functions("sparse", int(count), seed, NOISE)
    learned = {"dense": lab.dense, "conv": lab.conv}[model](x, RATES[model], seed)
    return {"cosine": lab.described(lab.atoms(learned.dictionary), "ring", seed)["concept"]}
