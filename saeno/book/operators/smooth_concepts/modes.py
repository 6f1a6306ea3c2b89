"""How many modes? The ceiling, scarce against plentiful data, and two rules that read M off the data. Three minutes.

Five numbers of modes, on scarce and on plentiful data, at a rate that is good for few and for all modes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.claims import Claim, Number, Paired
from saeno.book.operators.smooth_concepts.lab import BATCH, EVENTS, GRID, LEARNED, SCARCE, STEPS, concepts, learn
from saeno.data import SparseModel
from saeno.seeds import generator

SIZES = (4, 8, 12, 24, 63)
CASES = {  # family, signals (None: fresh ones at each step), rate
    "very smooth, scarce": ("very smooth", SCARCE, 1.0),
    "smooth, scarce": ("smooth", SCARCE, 1.0),
    "smooth, plentiful": ("smooth", None, 0.03),
}
AXES = {"case": list(CASES), "seed": range(5)}
SHARE = (0.0, 1.0)
SETTING = (
    "Four concepts, no two with a cosine above 0.9 at any shift; two events of either sign in a signal of 128 nodes. "
    "Eight filters with 4, 8, 12, 24 or all 63 modes: `MatchingPursuit(2)` without a gradient through the pursuit, "
    "Adam with a cosine schedule, 300 steps of 32 signals. The rate is 1 for 64 signals and 0.03 for fresh ones, which "
    "is best, or as good as the best, for few and for all modes. "
)
VERY, SMOOTH, MANY = ({"case": case} for case in CASES)
CLAIMS = [
    Claim(
        id="smooth-ceiling",
        chapter="operators/smooth-concepts",
        source="our derivation",
        statement="With too few modes a concept is recovered up to the ceiling of its projection, and no further.",
        setting=SETTING
        + "Smooth concepts (bump, slope, Gabors near 8 and 12; widths .02 to .04), fresh signals at each "
        "step, noise as large as the signal. Numbers are means over the concepts; the distance is the largest of "
        "those at 4, 8 and 12 modes.",
        finding="With 8 modes the ceiling is {predicted} and {measured} is reached; with 4 modes {lowest} and "
        "{lowest_measured}. The distance is at most {away}. All "
        "modes reach {all}.",
        verdict="shown",
        numbers={
            "predicted": Number("ceiling_8", MANY, possible=SHARE),
            "measured": Number("cosine_8", MANY, possible=SHARE),
            "lowest": Number("ceiling_4", MANY, possible=SHARE),
            "lowest_measured": Number("cosine_4", MANY, possible=SHARE),
            "all": Number("cosine_63", MANY, possible=SHARE),
            "away": Number("away", MANY, most=0.05, possible=SHARE),
        },
        differences={
            "reached": Paired("measured", "predicted", least=0.95, most=1.0, ratio=True),
            "lowest_reached": Paired("lowest_measured", "lowest", least=0.95, most=1.0, ratio=True),
            "room_above": Paired("all", "predicted", least=0.1),
        },
    ),
    Claim(
        id="smooth-plentiful",
        chapter="operators/smooth-concepts",
        source="our measurement",
        statement="With plentiful data all modes find the concepts as well as few do, and better than too few do.",
        setting=SETTING + "Smooth concepts, as noisy as in the scarce case, but with fresh signals at each step.",
        finding="The mean cosine is {few} with 24 modes, {all} with all, and {eight} with 8.",
        verdict="ours",
        numbers={
            "few": Number("cosine_24", MANY, least=0.97, possible=SHARE),
            "all": Number("cosine_63", MANY, least=0.97, possible=SHARE),
            "eight": Number("cosine_8", MANY, possible=SHARE),
        },
        differences={
            "gain_of_few": Paired("few", "all", least=-0.01, most=0.01),
            "too_few": Paired("all", "eight", least=0.1),
        },
    ),
    Claim(
        id="smooth-choice",
        chapter="operators/smooth-concepts",
        source="our measurement",
        statement="The number of modes can be read off the spectrum of the data, without training.",
        setting=SETTING
        + "Very smooth concepts (widths .05 to .07), 64 signals, noise as large as the signal. The rule keeps "
        "frequencies while their power above the floor is worth more than p/J of it. The rival trains with all five "
        "numbers and takes the smallest FVU on 64 more noisy signals.",
        finding="The spectrum says {modes} modes. The mean cosine is {spectrum} with them, {held_out} with those of "
        "the smallest held-out error, {best} at the best of the five, which takes the truth to know, and {all} with "
        "all modes.",
        verdict="ours",
        numbers={
            "spectrum": Number("spectrum", VERY, least=0.9, possible=SHARE),
            "held_out": Number("held_out", VERY, least=0.9, possible=SHARE),
            "best": Number("best", VERY, least=0.9, possible=SHARE),
            "all": Number("cosine_63", VERY, possible=SHARE),
            "modes": Number("spectrum_modes", VERY, least=8, most=12, form=".1f"),
        },
        differences={
            "below_best": Paired("best", "spectrum", most=0.01),
            "over_held_out": Paired("spectrum", "held_out", least=-0.01),
            "over_all": Paired("spectrum", "all", least=0.03),
        },
    ),
]


def trial(case: str, seed: int) -> dict[str, float]:
    """Train with each number of modes. `cosine_8` is the mean cosine with 8 modes, `ceiling_8` what is possible.

    `held_out` and `spectrum` are the cosines with the modes that either rule chooses, `best` that of the best choice.
    """
    family, signals, rate = CASES[case]
    found = {modes: learn(family, f"{modes} modes", rate, seed, signals, cut=False) for modes in SIZES}
    count = signals or STEPS * BATCH
    data = SparseModel(concepts(family, seed), active=EVENTS, noise=1.0)
    sample = data.sample(min(count, 4096), GRID, generator(30_000 + seed)).signal
    chosen = {
        "held_out": min(SIZES, key=lambda modes: found[modes]["held_out"]),
        "spectrum": by_spectrum(sample, LEARNED, SIZES, count),
    }
    cosine = {modes: found[modes]["cosine"] for modes in SIZES}
    return {
        **{f"{name}_{modes}": found[modes][name] for name in ("cosine", "ceiling", "clean") for modes in SIZES},
        **{f"{rule}_modes": modes for rule, modes in chosen.items()},
        **{rule: cosine[modes] for rule, modes in chosen.items()},
        "best": max(cosine.values()),
        "away": max(abs(cosine[modes] - found[modes]["ceiling"]) for modes in (4, 8, 12)),
    }


def by_spectrum(signal: Tensor, learned: int, sizes: tuple[int, ...], count: int | None = None) -> int:
    """The number of modes, of those offered, that keeps what stands out of the noise by more than it costs.

    A mode is worth its power above the floor, less the share p/J of the floor, for p concepts learned from J signals.
    The floor is the mean power of the highest quarter of all frequencies.
    """
    power = torch.fft.rfft(signal, norm="forward").abs().square().mean((0, 1))
    floor = power[3 * len(power) // 4 :].mean()
    worth = power - floor - learned / (count or len(signal)) * floor
    total = worth.cumsum(0)
    return max(sizes, key=lambda modes: total[min(modes, len(total) - 1)].item())
