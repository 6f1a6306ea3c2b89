"""Does a less coherent dictionary recover more? Three dictionaries twice as large as their dimension. A minute."""

from __future__ import annotations

from saeno import DenseDictionary
from saeno.book.claims import Claim, Number, Paired
from saeno.book.recovery.uniqueness.main import half, shares_found
from saeno.data import equiangular, spikes_and_waves
from saeno.metrics import coherence

AXES = {"dictionary": ["random", "spikes and waves", "equiangular"], "seed": range(10)}
PLACES = [1, 2, *range(4, 41, 3)]

CLAIMS = [
    Claim(
        id="uniqueness-pessimism",
        chapter="recovery/uniqueness",
        source="our measurement",
        statement="Coherence promises far fewer active atoms than are found. For each dimension, less coherent "
        "dictionaries let OMP find more, and basis pursuit hardly more.",
        setting="128 Gaussian unit atoms in 64 dimensions; 64 spikes and 64 Walsh waves; an equiangular frame of 114 "
        "atoms in 57 dimensions. Promised is the largest k below (1 + 1/μ)/2. Found is the k at which half of the "
        "codes are, on a straight line between measured k, with 8 signals each; signals as in "
        "`uniqueness-transition`. Each seed draws other signals, and another random dictionary.",
        finding="Random, in 64 dimensions: promised {random_promised}, found {random_omp} (OMP) and {random_bp} (basis "
        "pursuit). Spikes and waves, in 64: promised {waves_promised}, found {waves_omp} and {waves_bp}. Equiangular, "
        "in 57: promised {equiangular_promised}, found {equiangular_omp} and {equiangular_bp}.",
        verdict="ours",
        numbers={
            "random_promised": Number("promised", {"dictionary": "random"}, most=2.0, form=".0f"),
            "random_omp": Number("half OMP", {"dictionary": "random"}, form=".1f"),
            "random_bp": Number("half basis pursuit", {"dictionary": "random"}, form=".1f"),
            "waves_promised": Number("promised", {"dictionary": "spikes and waves"}, least=4.0, most=4.0, form=".0f"),
            "waves_omp": Number("half OMP", {"dictionary": "spikes and waves"}, form=".1f"),
            "waves_bp": Number("half basis pursuit", {"dictionary": "spikes and waves"}, form=".1f"),
            "equiangular_promised": Number("promised", {"dictionary": "equiangular"}, least=5.0, most=5.0, form=".0f"),
            "equiangular_omp": Number("half OMP", {"dictionary": "equiangular"}, form=".1f"),
            "equiangular_bp": Number("half basis pursuit", {"dictionary": "equiangular"}, form=".1f"),
        },
        differences={
            f"{known}_{method}_over_promised": Paired(f"{known}_{method}", f"{known}_promised", least=3.0, ratio=True)
            for known in ("random", "waves", "equiangular")
            for method in ("omp", "bp")
        }
        | {
            # For each dimension: 64, or 57 of the frame.
            f"{known}_{method}_over_random": Paired(
                f"{known}_{method}", f"random_{method}", **{bound: factor * m / 64}, ratio=True
            )
            for known, m in (("waves", 64), ("equiangular", 57))
            for method, bound, factor in (("omp", "least", 1.2), ("bp", "most", 1.15))
        },
    ),
]


def trial(dictionary: str, seed: int) -> dict[str, float]:
    """What the coherence promises, and the number of active atoms at which half of the codes are found."""
    if dictionary == "random":
        known = DenseDictionary(64, 128, seed=seed).double().normalize_()
    else:
        known = {"spikes and waves": spikes_and_waves(64), "equiangular": equiangular(113)}[dictionary]
    mu = coherence(known)
    typical = {m: half(PLACES, shares_found(m, known, PLACES, 8, seed)) for m in ("OMP", "basis pursuit")}
    return {"coherence": mu, "promised": promised(mu)} | {f"half {m}": k for m, k in typical.items()}


def promised(mu: float) -> int:
    """The largest k below (1 + 1/μ)/2."""
    return next(k for k in range(int(1 / mu) + 1, -1, -1) if (2 * k - 1) * mu < 1 - 1e-12)
