"""How many functions does a dictionary need that has no convolution built in, and one that has? Four minutes."""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.dynamics.emergence import lab

NOISE = 0.5
COUNTS = {"conv": (1, 4, 16, 64), "dense": (64, 256, 512, 2048)}
# Rates where the experiment `emergence_rates` leaves least. Without a grid it takes more steps until nothing moves.
RATES, STEPS = {"conv": 0.03, "dense": 1.0}, {"conv": 250, "dense": 1000}
AXES = {"run": [f"{model}, {count}" for model, counts in COUNTS.items() for count in counts], "seed": range(20)}
CLAIMS = [
    Claim(
        id="emergence-samples",
        chapter="dynamics/emergence",
        source="our measurement",
        statement="A convolution that is built in finds the concept as well from a N-th part of the functions, N "
        "being the number of nodes, as a dictionary that knows no grid, and from as many it finds it far better.",
        setting="Functions of two events of the ring on 32 nodes, with white noise of half their size. Without a "
        "grid: 32 atoms, `Unrolled(TopK(2), 5)`; with it: one atom of 32 taps, `MatchingPursuit(2)`. Batches of 128 "
        "or of all functions, 250 with the convolution and 1000 without a grid, Adam, cosine schedule, rates tuned "
        "on other seeds. The score is the cosine of the concept at each of its 32 shifts with the nearest atom, "
        "their mean.",
        finding="From 16 functions the convolution has {conv16}, from 64 {conv64}. The dictionary without a grid "
        "has {dense64} from 64, {dense256} from 256, {dense512} from 512 and {dense2048} from 2048.",
        verdict="ours",
        numbers={
            f"{model}{count}": Number("cosine", {"run": f"{model}, {count}"}, possible=(0, 1))
            for model, count in (
                ("conv", 16),
                ("conv", 64),
                ("dense", 64),
                ("dense", 256),
                ("dense", 512),
                ("dense", 2048),
            )
        },
        differences={
            "thirty_two": Paired("conv16", "dense512", least=-0.02, most=0.02),
            "more_data": Paired("conv64", "dense2048", least=-0.02, most=0.02),
            "sixteen": Paired("conv16", "dense256", least=0.0),
            "as_many": Paired("conv64", "dense64", least=0.1),
        },
    ),
]


def trial(run: str, seed: int) -> dict[str, float]:
    """Train on so many noisy functions; the mean cosine of the hidden concept, at each shift, with its nearest atom."""
    model, count = run.split(", ")
    x = lab.functions("sparse", int(count), seed, NOISE)
    learned = {"dense": lab.dense, "conv": lab.conv}[model](x, RATES[model], seed, STEPS[model])
    return {"cosine": lab.described(lab.atoms(learned.dictionary), "ring", seed)["concept"]}
