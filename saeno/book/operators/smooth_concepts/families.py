"""Smooth, boxed and rough concepts from scarce and noisy data: few modes, all modes, short kernels. Four minutes.

As `smooth_concepts`, with other concepts and five seeds.
"""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.operators.smooth_concepts.lab import learn

FAMILIES = ["smooth", "boxes", "rough"]
MODELS = ["24 modes", "all modes", "16 taps", "32 taps"]
AXES = {"family": FAMILIES, "model": MODELS, "rate": [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0], "seed": range(5)}
SHARE = (0.0, 1.0)
SETTING = (
    "Four concepts of a family, no two with a cosine above 0.9 at any shift; 64 signals of 128 nodes with two events "
    "of either sign, noise of the size of the signal. Eight filters are learned: `MatchingPursuit(2)` without a "
    "gradient through the pursuit, Adam with a cosine schedule, 300 steps of 32 signals. Each prior at the best of "
    "five rates from 0.3 to 30, chosen by the mean cosine over the same seeds. They do nearly alike, since the "
    "schedule passes through all smaller ones; 0.1 and 100 are worse, or better by less than 0.003. "
)


def at(family: str, model: str, rate: float) -> dict[str, str | float]:
    """The settings of a number, but for the seed."""
    return {"family": family, "model": model, "rate": rate}


CLAIMS = [
    Claim(
        id="smooth-short",
        chapter="operators/smooth-concepts",
        source="our measurement",
        statement="For concepts that are smooth and short, a kernel of fitting length does a little better than few "
        "modes, and both do better than all modes.",
        setting=SETTING + "Smooth: a bump and the slope of one, two Gabors at frequencies near 8 and 12; widths .02 to "
        ".04. The rival is a kernel of 32 taps; 16 taps and all 128 did less well.",
        finding="For concepts that are smooth and short the mean cosine is {modes} with 24 modes, {all} with all, and "
        "{taps} with kernels of 32 taps; the clean FVU is {modes_clean}, {all_clean} and {taps_clean}.",
        verdict="ours",
        numbers={
            "modes": Number("cosine", at("smooth", "24 modes", 3.0), possible=SHARE),
            "all": Number("cosine", at("smooth", "all modes", 10.0), possible=SHARE),
            "taps": Number("cosine", at("smooth", "32 taps", 1.0), possible=SHARE),
            "modes_clean": Number("clean", at("smooth", "24 modes", 3.0)),
            "all_clean": Number("clean", at("smooth", "all modes", 10.0)),
            "taps_clean": Number("clean", at("smooth", "32 taps", 1.0)),
        },
        differences={
            "taps_lead": Paired("taps", "modes", least=0.0, most=0.03),
            "modes_lead": Paired("modes", "all", least=0.02),
            "taps_clean_lead": Paired("modes_clean", "taps_clean", least=1.0, ratio=True, form=".2f"),
            "modes_clean_lead": Paired("all_clean", "modes_clean", least=1.25, ratio=True, form=".2f"),
        },
    ),
    Claim(
        id="smooth-boxes",
        chapter="operators/smooth-concepts",
        source="our measurement",
        statement="For concepts with jumps a short kernel is the better prior.",
        setting=SETTING
        + "Boxes: two boxes of widths .03 to .06 and .1 to .16, two steps up and down, .04 to .16 long.",
        finding="The mean cosine is {modes} with 24 modes, whose ceiling is {modes_ceiling}, "
        "and {taps} with kernels of 32 taps, which hold the concepts whole.",
        verdict="ours",
        numbers={
            "modes": Number("cosine", at("boxes", "24 modes", 0.3), possible=SHARE),
            "modes_ceiling": Number("ceiling", at("boxes", "24 modes", 0.3), possible=SHARE),
            "taps": Number("cosine", at("boxes", "32 taps", 0.3), possible=SHARE),
        },
        differences={
            "taps_lead": Paired("taps", "modes", least=0.02),
            "room": Paired("modes_ceiling", "modes", least=0.0),
        },
    ),
    Claim(
        id="smooth-rough",
        chapter="operators/smooth-concepts",
        source="our measurement",
        statement="For rough concepts all over the torus either prior only harms.",
        setting=SETTING + "Rough: random functions with coefficients of size ω^-½ up to frequency 60.",
        finding="The mean cosine is {modes} with 24 modes, whose ceiling is {modes_ceiling}, {taps} with kernels of "
        "32 taps, and {all} with all modes.",
        verdict="ours",
        numbers={
            "modes": Number("cosine", at("rough", "24 modes", 30.0), possible=SHARE),
            "modes_ceiling": Number("ceiling", at("rough", "24 modes", 30.0), possible=SHARE),
            "taps": Number("cosine", at("rough", "32 taps", 3.0), possible=SHARE),
            "all": Number("cosine", at("rough", "all modes", 10.0), possible=SHARE),
        },
        differences={
            "modes_harm": Paired("all", "modes", least=0.05),
            "taps_harm": Paired("all", "taps", least=0.05),
        },
    ),
]


def trial(family: str, model: str, rate: float, seed: int) -> dict[str, float]:
    """Train once on 64 noisy signals."""
    return learn(family, model, rate, seed, cut=False)
