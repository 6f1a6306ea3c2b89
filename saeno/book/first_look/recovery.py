"""Is a hidden dictionary found again, at the defaults? A few minutes.

Vectors: 128 unit Gaussian atoms in 64 dimensions, 5 signed ones to a signal; hard thresholding in five rounds.
Functions: a bump, its derivative and three Gabors, four events to a signal, ten functions learned; matching pursuit.
Each seed draws another truth and another start.
"""

from __future__ import annotations

import math

import torch

from saeno import DenseDictionary, FourierDictionary, MatchingPursuit, SparseAutoencoder, TopK, Unrolled, fit
from saeno.book.claims import Claim, Number, Paired
from saeno.data import SparseModel
from saeno.data.families import bumps_and_gabors
from saeno.metrics import fvu, match_atoms, mcc, support_f1
from saeno.seeds import generator

AXES = {"setting": ["vectors", "functions"], "seed": range(10)}

VECTORS, FUNCTIONS = {"setting": "vectors"}, {"setting": "functions"}
SHARE = (0.0, 1.0)
CLAIMS = [
    Claim(
        id="recovery-vectors",
        chapter="first-look",
        source="our measurement",
        statement="At its defaults, a sparse autoencoder finds a hidden dictionary of vectors, and the codes with it.",
        setting="128 random unit atoms in 64 dimensions, 5 active in each signal, signs random, no noise. "
        "`Unrolled(TopK(5), steps=5)`, Adam at 0.01 with a cosine schedule, 1000 steps of 128 signals. "
        "An atom is recovered when its cosine with its partner is above 0.95; support and error are those of 4096 "
        "signals the model has not seen. Each seed draws another truth and another start. No rival was run.",
        finding="The share of atoms recovered is {recovered}, the F1 score of the support {support_f1}, and the "
        "fraction of variance unexplained {fvu}. The mean cosine of the pairs rises from {untrained}, before training, "
        "to {cosine}.",
        verdict="ours",
        numbers={
            "recovered": Number("recovered", VECTORS, least=0.9, possible=SHARE),
            "support_f1": Number("support_f1", VECTORS, least=0.9, possible=SHARE),
            "fvu": Number("fvu", VECTORS, most=0.05, possible=(0.0, math.inf)),
            "untrained": Number("untrained", VECTORS),
            "cosine": Number("cosine", VECTORS, least=0.95, possible=SHARE),
        },
        differences={"trained": Paired("cosine", "untrained", least=0.5)},
    ),
    Claim(
        id="recovery-functions",
        chapter="first-look",
        source="our measurement",
        statement="The same model with functions for concepts finds hidden functions, up to a shift.",
        setting="A bump, its derivative and three Gabors, no two with a cosine above 0.9 at any shift; 4 events of "
        "positive mass in each signal, on 128 nodes, no noise. A `FourierDictionary` of 10 functions with 32 modes, "
        "`MatchingPursuit(4)`, Adam at 0.01 with a cosine schedule, 200 steps of 64 signals. Cosines are taken on 512 "
        "nodes. Each seed draws another truth and another start. No rival was run.",
        finding="The mean cosine of the five hidden functions with their partners rises from {untrained}, before "
        "training, to {cosine}. The fraction of variance unexplained is {fvu}.",
        verdict="ours",
        numbers={
            "untrained": Number("untrained", FUNCTIONS),
            "cosine": Number("cosine", FUNCTIONS, least=0.98, possible=SHARE, form=".4f"),
            "fvu": Number("fvu", FUNCTIONS, most=0.05),
        },
        differences={"trained": Paired("cosine", "untrained", least=0.5)},
    ),
]


def trial(setting: str, seed: int) -> dict[str, float]:
    """Train once; what was recovered, before (`untrained`) and after."""
    return {"vectors": _vectors, "functions": _functions}[setting](seed)


def _vectors(seed: int) -> dict[str, float]:
    true = DenseDictionary(64, 128, seed=10_000 + seed)
    data = SparseModel(true, active=5)
    model = SparseAutoencoder(DenseDictionary(64, 128, seed=seed), Unrolled(TopK(5), steps=5))
    untrained = mcc(model.dictionary, true)
    fit(model, data, steps=1000, seed=seed, progress=False)
    signal, code = data.sample(4096, generator=generator(20_000 + seed))
    with torch.no_grad():
        reconstruction, found = model(signal)
    match = match_atoms(model.dictionary, true)
    return {
        "untrained": untrained,
        "cosine": match.cosine.mean().item(),
        "recovered": match.recovered(0.95),
        "support_f1": support_f1(found, code, match),
        "fvu": fvu(signal, reconstruction),
    }


def _functions(seed: int) -> dict[str, float]:
    true = bumps_and_gabors(10_000 + seed)
    data = SparseModel(true, active=4, signed=False)
    model = SparseAutoencoder(FourierDictionary(1, 10, modes=32, seed=seed), MatchingPursuit(4))
    untrained = match_atoms(model.dictionary, true, grid=512).cosine.mean().item()
    fit(model, data, steps=200, batch=64, seed=seed, grid=128, progress=False)
    signal = data.sample(512, grid=128, generator=generator(20_000 + seed)).signal
    with torch.no_grad():
        reconstruction = model(signal).reconstruction
    match = match_atoms(model.dictionary, true, grid=512)
    return {
        "untrained": untrained,
        "cosine": match.cosine.mean().item(),
        "recovered": match.recovered(0.95),
        "fvu": fvu(signal, reconstruction),
    }
