"""Is a hidden dictionary found again, at the defaults? `python -m saeno.book.experiments.recovery`, a few minutes.

Vectors: 128 unit Gaussian atoms in 64 dimensions, 5 signed ones to a signal; hard thresholding in five rounds.
Functions: a bump, its derivative and three Gabors, four events to a signal, ten functions learned; matching pursuit.
Each seed draws another truth and another start.
"""

from __future__ import annotations

import torch

from saeno import DenseDictionary, FourierDictionary, MatchingPursuit, SparseAutoencoder, TopK, Unrolled, fit
from saeno.book.record import measure
from saeno.data import SparseModel
from saeno.data.families import bumps_and_gabors
from saeno.metrics import fvu, match_atoms, mcc, support_f1

SEEDS = range(10)


def trial(setting: str, seed: int) -> dict[str, float]:
    """Train once; what was recovered, before (`untrained`) and after."""
    return {"vectors": _vectors, "functions": _functions}[setting](seed)


def _vectors(seed: int) -> dict[str, float]:
    true = DenseDictionary(64, 128, seed=10_000 + seed)
    data = SparseModel(true, active=5)
    model = SparseAutoencoder(DenseDictionary(64, 128, seed=seed), Unrolled(TopK(5), steps=5))
    untrained = mcc(model.dictionary, true)
    fit(model, data, steps=1000, seed=seed, progress=False)
    signal, code = data.sample(4096, generator=torch.Generator().manual_seed(20_000 + seed))
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
    signal = data.sample(512, grid=128, generator=torch.Generator().manual_seed(20_000 + seed)).signal
    with torch.no_grad():
        reconstruction = model(signal).reconstruction
    match = match_atoms(model.dictionary, true, grid=512)
    return {
        "untrained": untrained,
        "cosine": match.cosine.mean().item(),
        "recovered": match.recovered(0.95),
        "fvu": fvu(signal, reconstruction),
    }


if __name__ == "__main__":
    # By name, since the processes of a grid import what they run.
    from saeno.book.experiments.recovery import trial

    measure("recovery", trial, setting=["vectors", "functions"], seed=SEEDS)
