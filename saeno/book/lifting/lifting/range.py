"""Which optimiser keeps the atoms in the range of Pᵀ, each at its own best rate. A few minutes.

Signals of 16 channels with 3 of 32 atoms; L = Pᵀ, PPᵀ = I, 40 lifted dimensions; float64.
"""

from __future__ import annotations

import torch

from saeno import DenseDictionary, Lifted, Lifting, SparseAutoencoder, TopK, Unrolled, fit
from saeno.book.claims import Claim, Number
from saeno.book.lifting.lifting.lab import common_step, ista
from saeno.book.shared import EXACT, apart, needed, normal
from saeno.data import SparseModel
from saeno.metrics import mcc
from saeno.seeds import generator

# The rate is the base of the optimiser times the factor.
BASE = {"SGD": 10.0, "Adam": 0.1}
BEST = {"SGD": {"optimizer": "SGD", "factor": 1.0}, "Adam": {"optimizer": "Adam", "factor": 1.0}}
AXES = {"optimizer": list(BASE), "factor": [0.1, 0.3, 1.0, 3.0, 10.0], "seed": range(6)}

SHARE = (0.0, 1.0)
CLAIMS = [
    Claim(
        id="lifting-range",
        chapter="lifting/lifting",
        source="our derivation",
        statement="Gradient descent keeps the lifted atoms in range(Pᵀ), where both residuals give the same codes; "
        "Adam does not.",
        setting="32 random unit atoms in 16 dimensions, 3 in each signal, no noise; L = Pᵀ, PPᵀ = I, 40 lifted "
        "dimensions, float64. `Unrolled(TopK(3), steps=3)`, 300 steps of 64 signals, cosine schedule; each optimiser "
        "at the best of five rates by the mean cosine with the truth (rates a decade to either side of it were tried). "
        "Outside: share of the norm of D that P does not see. Apart: relative distance of the codes of ISTA (25 steps, "
        "threshold 0.1) with either residual, 500 signals.",
        finding="SGD: outside {sgd_outside}, apart {sgd_apart}, cosine {sgd_cosine}. Adam: outside {adam_outside}, "
        "apart {adam_apart}, cosine {adam_cosine}.",
        verdict="shown",
        numbers={
            "sgd_outside": Number("outside", BEST["SGD"], **EXACT),
            "sgd_apart": Number("apart", BEST["SGD"], **EXACT),
            "sgd_cosine": Number("cosine", BEST["SGD"], least=0.95, possible=SHARE),
            "adam_outside": Number("outside", BEST["Adam"], least=0.05, possible=SHARE),
            "adam_apart": Number("apart", BEST["Adam"]),
            "adam_cosine": Number("cosine", BEST["Adam"], least=0.95, possible=SHARE),
        },
        differences=needed("sgd_outside", "adam_outside") | needed("sgd_apart", "adam_apart", least=0.01),
    ),
]


def trial(optimizer: str, factor: float, seed: int) -> dict[str, float]:
    """Train once; where the atoms are, how far the two residuals' codes are apart, and what was recovered."""
    random = generator(seed)
    true = DenseDictionary.from_atoms(normal(random, 32, 16))
    data = SparseModel(true.normalize_(), active=3)
    project = torch.linalg.qr(normal(random, 40, 16)).Q.T
    lifting = Lifting(project.T, project)
    model = SparseAutoencoder(Lifted(DenseDictionary(40, 32, seed=seed).double(), lifting), Unrolled(TopK(3), steps=3))
    kind = getattr(torch.optim, optimizer)
    fit(model, data, 300, 64, lr=factor * BASE[optimizer], optimizer=kind, seed=seed, progress=False)
    weight = model.dictionary.weight.detach()
    hidden = weight - lifting.onto_range(weight)
    signal = data.sample(500, generator=generator(20_000 + seed)).signal
    both = [model.dictionary, Lifted(DenseDictionary.from_atoms(weight), lifting, "lifted")]
    with torch.no_grad():
        both[1].weight.copy_(weight)
        step = common_step(*both)
        codes = [ista(dictionary, signal, 25, step) for dictionary in both]
    return {
        "outside": (hidden.norm() / weight.norm()).item(),
        "apart": apart(codes[1], codes[0]),
        "cosine": mcc(model.dictionary, true),
    }
