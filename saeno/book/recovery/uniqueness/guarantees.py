"""Below the bounds nothing fails, beyond them something must: checked with random signals. A few seconds."""

from __future__ import annotations

import torch

from saeno.book.claims import Claim, Number, Paired
from saeno.book.recovery.uniqueness.dictionaries import promised
from saeno.book.recovery.uniqueness.main import decode
from saeno.data import SparseModel, equiangular, spikes_and_waves
from saeno.metrics import coherence
from saeno.seeds import generator

AXES = {"dictionary": ["spikes and waves", "equiangular"], "seed": range(10)}

CLAIMS = [
    Claim(
        id="uniqueness-guarantee",
        chapter="recovery/uniqueness",
        source="doi:10.1109/TIT.2004.834793",
        statement="With fewer than (1 + 1/μ)/2 active atoms, OMP and basis pursuit find every code.",
        setting="64 spikes and 64 Walsh waves, 4 active; an equiangular frame of 114 atoms in 57 dimensions, 5 active: "
        "the largest numbers that are promised. Places and signs random, masses from 0.01 to 2, float64; the largest "
        "error of an entry over 500 signals (OMP of scikit-learn) and 20 (basis pursuit). Beyond: the comb of 8 "
        "spikes, which is a sum of 8 waves; the relative error of the code against the farther of the two. Each seed "
        "draws other signals.",
        finding="Errors, spikes and waves: {waves_omp} (OMP), {waves_bp} (basis pursuit); equiangular: "
        "{equiangular_omp}, {equiangular_bp}. Beyond: {comb_omp}, {comb_bp}.",
        verdict="shown",
        numbers={
            f"{short}_{method}": Number(
                f"error {name}",
                {"dictionary": dictionary},
                most=1e-10,
                form=".0e",
            )
            for short, dictionary in (("waves", "spikes and waves"), ("equiangular", "equiangular"))
            for method, name in (("omp", "OMP"), ("bp", "basis pursuit"))
        }
        | {
            f"comb_{method}": Number(f"comb {name}", {"dictionary": "spikes and waves"}, form=".2f")
            for method, name in (("omp", "OMP"), ("bp", "basis pursuit"))
        },
        # No code is nearer than √2/2 to both codes of the comb.
        differences={
            f"beyond_{method}": Paired(f"comb_{method}", f"waves_{method}", least=0.5) for method in ("omp", "bp")
        },
    ),
]


def trial(dictionary: str, seed: int) -> dict[str, float]:
    """The largest error of each method where it is promised to find the code; and at the comb, where none can."""
    known = {"spikes and waves": spikes_and_waves(64), "equiangular": equiangular(113)}[dictionary]
    k = promised(coherence(known))
    random = generator(1_000_000 + seed)
    signal, code = SparseModel(known, k, amplitude=(0.01, 2.0)).sample(500, generator=random)
    errors = {}
    for method, count in (("OMP", 500), ("basis pursuit", 20)):
        guess = decode(method, known, signal[:count], k)
        errors[f"error {method}"] = (guess - code[:count]).abs().max().item()
        if dictionary == "spikes and waves":
            spikes, waves = torch.zeros(2, 128, dtype=torch.float64)
            spikes[:64:8], waves[64:72] = 1, 1
            guess = decode(method, known, known.synthesis(spikes[None]).detach(), 8)[0]
            errors[f"comb {method}"] = max((guess - meant).norm().item() for meant in (spikes, waves)) / 8**0.5
    return errors
