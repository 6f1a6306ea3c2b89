"""Which encoder finds hidden kernels, and their events? Minutes.

A bump, its slope and three Gabors on 96 nodes, four positive events in each signal, no noise. Kernels of 32 taps, which
are five, as many as there are, or ten. All encoders get 200 batches of 32 signals, Adam with a cosine schedule, and
their own learning rate.
"""

from __future__ import annotations

import torch

from saeno import ConvDictionary, MatchingPursuit, OneStep, SparseAutoencoder, TopK, Unrolled, fit, losses
from saeno.book.claims import Claim, Number, Paired
from saeno.data import SparseModel
from saeno.data.families import bumps_and_gabors
from saeno.metrics import compare_codes, fvu, match_atoms
from saeno.seeds import generator
from saeno.sparsity import ReLU, SoftThreshold

NODES, TAPS, ACTIVE, STEPS, BATCH, PENALTY = 96, 32, 4, 200, 32, 0.1


def _soft() -> SoftThreshold:
    return SoftThreshold(PENALTY, positive=True)


ENCODERS = {
    "one step, soft": lambda: OneStep(_soft()),
    "one step, ReLU, untied": lambda: OneStep(ReLU(), tied=False),
    "one step, top-k": lambda: OneStep(TopK(ACTIVE, positive=True)),
    "one step, top-k, untied": lambda: OneStep(TopK(ACTIVE, positive=True), tied=False),
    "hard thresholding": lambda: Unrolled(TopK(ACTIVE, positive=True), 10, detach=True),
    "ISTA": lambda: Unrolled(_soft(), 20, detach=True),
    "FISTA": lambda: Unrolled(_soft(), 20, accelerate=True, detach=True),
    "matching pursuit": lambda: MatchingPursuit(ACTIVE, positive=True, detach=True),
}

# For five and for ten filters, the best by the |cosine| of atoms, with a factor of about 3 between neighbours, on a
# seed (100) that is not measured; no best one was at the end of what was tried. Matching pursuit with five filters
# misses one now and then, so that one seed says little: it was tuned on ten that are not measured, from 0.03 to 3. (At
# 0.03, the best on seed 100, the mean cosine over the seeds that are measured is 0.95.)
RATES = {
    "one step, soft": (0.03, 0.03),
    "one step, ReLU, untied": (0.03, 0.1),
    "one step, top-k": (0.01, 0.01),
    "one step, top-k, untied": (0.01, 0.01),
    "hard thresholding": (0.03, 0.03),
    "ISTA": (0.1, 0.03),
    "FISTA": (0.03, 0.03),
    "matching pursuit": (1.0, 0.1),
}
AXES = {"encoder": list(ENCODERS), "concepts": [5, 10], "seed": range(5)}

SHARE = (0.0, 1.0)


def _number(encoder: str, concepts: int, value: str, **bounds: float) -> Number:
    return Number(value, {"encoder": encoder, "concepts": concepts}, possible=SHARE, **bounds)


CLAIMS = [
    Claim(
        id=f"csc-{name}",
        chapter="operators/convolutional-sparse-coding",
        source="our measurement",
        statement=statement,
        setting="A bump, its slope and three Gabors on 96 nodes, four positive events in a signal, no noise. "
        f"{many} kernels of 32 taps, 200 steps of 32 signals, Adam with a cosine schedule at a rate tuned for each "
        "encoder on other seeds. Top-k and pursuit have four events; soft codes the threshold 0.1; FISTA and hard "
        "thresholding 20 and 10 steps. Atoms are matched up to a shift, without a free sign, since codes are positive. "
        "Codes are compared as measures of width 1/64, on signals not seen.",
        finding="Cosine of the atoms: " + finding,
        verdict="ours",
        numbers=numbers,
        differences=differences,
    )
    for name, many, statement, finding, numbers, differences in (
        (
            "exact",
            "Five",
            "With as many kernels as there are, FISTA and matching pursuit come near to the hidden ones, and one step "
            "of top-k does not.",
            "FISTA {fista}, matching pursuit {pursuit}, one step of top-k {topk}. Cosine of the codes: {fista_code}, "
            "{pursuit_code} and {topk_code}. Variance unexplained by one step of top-k: {topk_fvu}.",
            {
                "fista": _number("FISTA", 5, "cosine", least=0.95),
                "pursuit": _number("matching pursuit", 5, "cosine", least=0.98),
                "topk": _number("one step, top-k", 5, "cosine", most=0.75),
                "fista_code": _number("FISTA", 5, "code", least=0.85),
                "pursuit_code": _number("matching pursuit", 5, "code", least=0.7),
                "topk_code": _number("one step, top-k", 5, "code", most=0.7),
                "topk_fvu": _number("one step, top-k", 5, "fvu", least=0.3),
            },
            {
                "fista_lead": Paired("fista", "topk", least=0.2),
                "pursuit_lead": Paired("pursuit", "topk", least=0.2),
                "fista_code_lead": Paired("fista_code", "topk_code", least=0.1),
                "pursuit_code_lead": Paired("pursuit_code", "topk_code", least=0.1),
            },
        ),
        (
            "doubled",
            "Ten",
            "With twice as many kernels as there are, matching pursuit finds all hidden ones. One step of top-k does "
            "not, but comes nearer when the encoder may differ from the decoder.",
            "matching pursuit {pursuit}, one step of top-k {topk}, untied {untied}. The share of kernels above 0.95 is "
            "{pursuit_found}, {topk_found} and {untied_found}. One step of ReLU leaves {relu_fvu} of the variance "
            "unexplained, pursuit {pursuit_fvu}; the cosines of their codes are {relu_code} and {pursuit_code}.",
            {
                "pursuit": _number("matching pursuit", 10, "cosine", least=0.98),
                "topk": _number("one step, top-k", 10, "cosine", most=0.8),
                "untied": _number("one step, top-k, untied", 10, "cosine", least=0.9),
                "pursuit_found": _number("matching pursuit", 10, "recovered", least=0.99),
                "topk_found": _number("one step, top-k", 10, "recovered", most=0.5),
                "untied_found": _number("one step, top-k, untied", 10, "recovered"),
                "pursuit_fvu": _number("matching pursuit", 10, "fvu", most=0.05),
                "relu_fvu": _number("one step, ReLU, untied", 10, "fvu", most=0.1),
                "pursuit_code": _number("matching pursuit", 10, "code", least=0.7),
                "relu_code": _number("one step, ReLU, untied", 10, "code", most=0.75),
            },
            {
                "pursuit_lead": Paired("pursuit", "topk", least=0.2),
                "found_lead": Paired("pursuit_found", "topk_found", least=0.5),
                "untied_lead": Paired("untied", "topk", least=0.2),
                "code_lead": Paired("pursuit_code", "relu_code", least=0.1),
            },
        ),
    )
]


def trial(encoder: str, concepts: int, seed: int) -> dict[str, float]:
    """Train once, at the encoder's own rate."""
    return run(encoder, concepts, RATES[encoder][concepts == 10], seed)


def run(
    encoder: str, concepts: int, rate: float, seed: int, optimizer: type[torch.optim.Optimizer] = torch.optim.Adam
) -> dict[str, float]:
    """Train once; `cosine` of the atoms, share `recovered`, `fvu`, and cosine of the `code`, on signals not seen."""
    true = bumps_and_gabors(10_000 + seed)
    data = SparseModel(true, active=ACTIVE, signed=False)
    model = SparseAutoencoder(ConvDictionary(1, concepts, TAPS, seed=seed), ENCODERS[encoder]())
    loss = losses.l1(PENALTY) if "ReLU" in encoder else losses.objective
    fit(model, data, STEPS, BATCH, lr=rate, optimizer=optimizer, loss=loss, seed=seed, grid=NODES, progress=False)
    signal, code = data.sample(256, NODES, generator(20_000 + seed))
    with torch.no_grad():
        reconstruction, found = model(signal)
    match = match_atoms(model.dictionary, true, NODES, signed=False)
    return {
        "cosine": match.cosine.mean().item(),
        "recovered": match.recovered(0.95),
        "fvu": fvu(signal, reconstruction),
        "code": compare_codes(match.align(found), code, width=1 / 64).cosine,
    }
