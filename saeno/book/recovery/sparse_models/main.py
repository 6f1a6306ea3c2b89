"""What an atom sees of noise, when the grid gets finer. A few seconds.

White noise is independent from node to node; a random sum of low waves is not.
"""

from __future__ import annotations

import math

import torch

from saeno.book.claims import Claim, Number, Paired
from saeno.dictionaries import FourierDictionary
from saeno.seeds import generator

AXES = {"nodes": [64, 256, 1024], "seed": range(10)}
MODES = 31

CLAIMS = [
    Claim(
        id="white-noise",
        chapter="recovery/sparse-models",
        source="our derivation",
        statement="White noise of standard deviation σ at N nodes is seen by a unit atom with the spread σ/√N.",
        setting="Ten random band-limited atoms with 31 modes; 1000 draws of noise with σ = 1 on 64, 256, 1024 nodes; "
        "the ratio is the measured spread over the predicted one, over all positions. Each seed draws other atoms and "
        "other noise.",
        finding="The ratio is {n64} on 64 nodes, {n256} on 256 and {n1024} on 1024. The spread itself falls from "
        "{seen_64} to {seen_1024}.",
        verdict="shown",
        numbers={f"n{n}": Number("white", {"nodes": n}, least=0.98, most=1.02) for n in AXES["nodes"]}
        | {f"seen_{n}": Number("seen_white", {"nodes": n}, form=".4f") for n in (64, 1024)},
        differences={f"to_{n}": Paired(f"n{n}", 1.0, least=0.98, most=1.02, ratio=True) for n in AXES["nodes"]}
        | {"weaker": Paired("seen_64", "seen_1024", least=3.9, most=4.1, ratio=True)},
    ),
    Claim(
        id="noise-that-is-a-function",
        chapter="recovery/sparse-models",
        source="our derivation",
        statement="Noise that is a band-limited function is seen with one spread on every grid that carries it.",
        setting="As for white noise, with random sums of the waves up to frequency 31, of norm 1. Predicted is "
        "1/√(2·31 + 1), whatever the grid; the ratio is the measured spread over it.",
        finding="The ratio is {n64} on 64 nodes, {n256} on 256 and {n1024} on 1024. On 1024 the spread itself is "
        "{waves}, and that of white noise of the same size {white}.",
        verdict="shown",
        numbers={f"n{n}": Number("waves", {"nodes": n}, least=0.98, most=1.02) for n in AXES["nodes"]}
        | {noise: Number(f"seen_{noise}", {"nodes": 1024}, form=".4f") for noise in ("waves", "white")},
        differences={f"to_{n}": Paired(f"n{n}", 1.0, least=0.98, most=1.02, ratio=True) for n in AXES["nodes"]}
        | {"louder": Paired("waves", "white", least=3.9, most=4.2, ratio=True)},  # √(1024/63) = 4.03
    ),
]


@torch.no_grad()
def trial(nodes: int, seed: int) -> dict[str, float]:
    """The spread of what atoms see in white noise and in noise of low waves, alone and over the predicted spread."""
    atoms = FourierDictionary(1, 10, MODES, seed=seed)
    white = torch.randn(1000, 1, nodes, generator=generator(1_000_000 + seed))
    waves = FourierDictionary(1, 1000, MODES, seed=2_000_000 + seed).atoms(nodes)
    seen = {"white": atoms.analysis(white).std().item(), "waves": atoms.analysis(waves).std().item()}
    return {
        "white": seen["white"] * math.sqrt(nodes),
        "waves": seen["waves"] * math.sqrt(2 * MODES + 1),
        **{f"seen_{noise}": spread for noise, spread in seen.items()},
    }
