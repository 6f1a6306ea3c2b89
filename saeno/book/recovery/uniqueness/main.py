"""Where a sparse code is found, by how many measurements there are and how many entries it has. Ten minutes.

128 Gaussian unit atoms in m dimensions, k of them in a signal, no noise: one diagram for each method, on the lattice
m = 16, 32, …, 112 and k = m/16, 2m/16, …, m, which needs no rounding.
"""

from __future__ import annotations

import math
import warnings
from functools import partial

import numpy
import torch
from torch import Tensor

from saeno import DenseDictionary, OneStep, TopK, Unrolled
from saeno.book.claims import Claim, Number, Paired
from saeno.book.record import stored
from saeno.data import SparseModel
from saeno.seeds import generator

SHARE = partial(Number, possible=(0.0, 1.0))
CONCEPTS, PARTS, SIGNALS = 128, 16, 10
METHODS = ["one step", "OMP", "IHT", "basis pursuit"]
AXES = {"method": METHODS, "eighths": range(1, 8), "seed": range(8)}

CLAIMS = [
    Claim(
        id="uniqueness-transition",
        chapter="recovery/uniqueness",
        source="our measurement",
        statement="How many active atoms of a random dictionary can be found depends on the method, and every method "
        "stops rather suddenly.",
        setting="128 Gaussian unit atoms in 64 dimensions; places and signs random, masses uniform from 0.5 to 1.5, no "
        "noise. The number is k/m at which half of the codes are found, on a straight line between multiples of 1/16, "
        "with 10 signals each; found is an error of the code below 1e-4, and for one step the right support. OMP of "
        "scikit-learn; IHT is `Unrolled(TopK(k), steps=300)`; basis pursuit is a linear program, and alone is not told "
        "k. Each seed draws another dictionary.",
        finding="One step of top-k reaches {one_step}, OMP {omp}, IHT {iht}, basis pursuit {basis_pursuit}. From k/m = "
        "1/8 to 3/8 the share of codes that OMP finds falls from {omp_before} to {omp_after}; from 1/4 to 1/2 that of "
        "IHT from {iht_before} to {iht_after}, and that of basis pursuit from {basis_pursuit_before} to "
        "{basis_pursuit_after}. At 1/8 one step finds {one_step_after}.",
        verdict="ours",
        numbers={
            name: SHARE(value, {"method": method, "eighths": 4}, **need)
            for name, value, method, need in (
                ("one_step", "half", "one step", {}),
                ("omp", "half", "OMP", {}),
                ("iht", "half", "IHT", {}),
                ("basis_pursuit", "half", "basis pursuit", {}),
                ("one_step_after", "k02", "one step", {"most": 0.05}),
                ("omp_before", "k02", "OMP", {}),
                ("omp_after", "k06", "OMP", {}),
                ("iht_before", "k04", "IHT", {}),
                ("iht_after", "k08", "IHT", {}),
                ("basis_pursuit_before", "k04", "basis pursuit", {}),
                ("basis_pursuit_after", "k08", "basis pursuit", {}),
            )
        },
        differences={
            "omp_over_one_step": Paired("omp", "one_step", least=0.1),
            "iht_over_omp": Paired("iht", "omp", least=0.1),
            "basis_pursuit_over_omp": Paired("basis_pursuit", "omp", least=0.1),
        }
        | {
            f"{name}_suddenly": Paired(f"{name}_before", f"{name}_after", least=0.8)
            for name in ("omp", "iht", "basis_pursuit")
        },
    ),
    Claim(
        id="uniqueness-theory",
        chapter="recovery/uniqueness",
        source="doi:10.1073/pnas.0909892106",
        statement="Basis pursuit stops where the theory of large random dictionaries says, at k/m = 0.267 for "
        "m/p = 1/4 and at 0.386 for m/p = 1/2.",
        setting="128 Gaussian unit atoms in 32 and in 64 dimensions, the rest as in `uniqueness-transition`. The "
        "theory is for infinitely many dimensions, and masses of random sign.",
        finding="In 32 dimensions it stops at {quarter}, which is a little later than in infinitely many, and in 64 at "
        "{half}.",
        verdict="reproduced",
        numbers={
            "quarter": SHARE("half", {"method": "basis pursuit", "eighths": 2}, most=0.35),
            "half": SHARE("half", {"method": "basis pursuit", "eighths": 4}, least=0.35),
        },
        # Measured in steps of 1/16 of k/m.
        differences={
            "at_quarter": Paired("quarter", 0.267, least=0.0, most=0.05),
            "at_half": Paired("half", 0.386, least=-0.05, most=0.05),
            "apart": Paired("half", "quarter", least=0.05),
        },
    ),
]


def trial(method: str, eighths: int, seed: int) -> dict[str, float]:
    """The share of codes found at each k = m/16, 2m/16, …, with m/p = eighths/8; and where half are found, as k/m."""
    m = CONCEPTS * eighths // 8
    dictionary = DenseDictionary(m, CONCEPTS, seed=1000 * eighths + seed).double().normalize_()
    places = [part * m // PARTS for part in range(1, PARTS + 1)]
    shares = shares_found(method, dictionary, places, SIGNALS, seed)
    named = {f"k{part:02}": share for part, share in enumerate(shares, start=1)}
    return {"half": half(places, shares) / m} | named


def shares_found(method: str, dictionary: DenseDictionary, places: list[int], signals: int, seed: int) -> list[float]:
    """The share of codes that a method finds, at each number of active atoms in `places`."""
    random = generator(1_000_000 + seed)
    shares = []
    for active in places:
        if len(shares) > 1 and shares[-2:] == [0, 0]:  # more entries are never easier
            shares.append(0.0)
            continue
        signal, code = SparseModel(dictionary, active).sample(signals, generator=random)
        guess = decode(method, dictionary, signal, active)
        if method == "one step":  # its masses are never exact, so only the support counts
            right = ((guess != 0) == (code != 0)).all(1)
        else:
            right = (guess - code).norm(dim=1) < 1e-4 * code.norm(dim=1)
        shares.append(right.double().mean().item())
    return shares


def half(places: list[int], shares: list[float]) -> float:
    """Where the shares first fall below one half, on the straight line between two places; at 0 all are found."""
    steps = zip([0, *places], places, [1.0, *shares], shares, strict=False)
    for start, end, before, after in steps:
        if after < 0.5:
            return start + (end - start) * (before - 0.5) / (before - after)
    return float(places[-1])


def column(method: str, eighths: int) -> list[float]:
    """The stored shares at k = m/16, 2m/16, …, m, over all seeds."""
    setting = {"method": method, "eighths": eighths}
    return [stored("uniqueness", f"k{part:02}", setting).mean for part in range(1, PARTS + 1)]


@torch.no_grad()
def decode(method: str, dictionary: DenseDictionary, signal: Tensor, k: int) -> Tensor:
    """Codes by a method: a step of top-k, OMP of scikit-learn, 300 steps of our IHT, or the linear program.

    Basis pursuit is the lasso in the limit λ → 0: the code of smallest Σ|z| with D z = x. As z = u − v it is linear.
    """
    if method in ("one step", "IHT"):
        inference = OneStep(TopK(k)) if method == "one step" else Unrolled(TopK(k), steps=300)
        return inference(dictionary, signal)
    columns = dictionary.atoms().detach().numpy().T.copy()
    if method == "OMP":
        from sklearn.linear_model import orthogonal_mp

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that it stops early, when nothing is left to explain
            codes = orthogonal_mp(columns, signal.numpy().T.copy(), n_nonzero_coefs=k).reshape(-1, len(signal))
        return torch.as_tensor(codes.T)
    from scipy.optimize import linprog

    both = numpy.hstack([columns, -columns])
    solved = [linprog(numpy.ones(both.shape[1]), A_eq=both, b_eq=x, method="highs-ds").x for x in signal.numpy()]
    return torch.as_tensor(numpy.stack(solved)).unflatten(1, (2, -1)).diff(dim=1, n=1).neg()[:, 0]


def donoho_tanner(delta: float) -> float:
    """The k/m up to which the lasso finds nearly all codes, when m/p = δ and both are large.

    Source: equation for the ℓ1 curve in Donoho, Maleki & Montanari, doi:10.1073/pnas.0909892106.
    """
    z = torch.linspace(0.001, 6, 60_000, dtype=torch.float64)
    tail = torch.special.ndtr(-z)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    bulk = 2 * ((1 + z.square()) * tail - z * density)
    return ((1 - bulk / delta) / (1 + z.square() - bulk)).max().item()
