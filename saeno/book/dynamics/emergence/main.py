"""What do atoms that know no grid look like, after sparse and after Gaussian functions? A minute."""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.dynamics.emergence import lab

FUNCTIONS = 8192
RATES = {
    "sparse": 1.0,
    "Gaussian": 0.01,
    "Gaussian, as sparse": 1.0,
}  # where the experiment `emergence_rates` leaves least
AXES = {
    "data": ["sparse, ring", "Gaussian, ring", "sparse, wavelet", "Gaussian, wavelet", "Gaussian, as sparse, ring"],
    "seed": range(5),
}
CLAIMS = []


def trial(data: str, seed: int) -> dict[str, float]:
    """Train on these; what `lab.described` says of the atoms, at the start too, and what is left of new functions."""
    kind, concept = data.rsplit(", ", 1)
    x, new = (
        lab.functions(kind.split(",")[0], count, s, concept=concept)
        for count, s in ((FUNCTIONS, seed), (1000, 1000 + seed))
    )
    start = lab.described(lab.atoms(lab.dense(x, RATES[kind], seed, steps=1).dictionary), concept, seed)
    model = lab.dense(x, RATES[kind], seed)
    found = lab.described(lab.atoms(model.dictionary), concept, seed)
    return {**found, "start": start["share"], "start_width": start["width"], "left": lab.left_over(model, new)}
