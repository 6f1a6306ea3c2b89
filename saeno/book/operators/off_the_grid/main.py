"""Few steps on finer grids, against many steps: functions and measures. A few seconds.

The same events on n and on 2n nodes, by FISTA with a fixed number of steps, and solved exactly, as least squares with
masses that are not negative.
"""

from __future__ import annotations

import torch

from saeno import FourierDictionary, SoftThreshold, Unrolled
from saeno.book.claims import Claim, Number, Paired
from saeno.data import SparseModel
from saeno.data.families import gaussian
from saeno.metrics import compare_codes
from saeno.seeds import generator

MODES, THRESHOLD, SIGNALS, STEPS = 31, 0.1, 8, 20
AXES = {"solved": [False, True], "nodes": [64, 128, 256], "seed": range(8)}


def _numbers(name: str, value: str, solved: bool, **limits: float) -> dict[str, Number]:
    """The number on all grids; the limits are for the finest."""
    return {
        f"{name}_{n}": Number(value, {"solved": solved, "nodes": n}, **(limits if n == 256 else {}))
        for n in AXES["nodes"]
    }


def _falls(name: str, **bounds: float) -> Paired:
    """By what a distance is multiplied from 64 to 256 nodes: 1 where codes do not settle, 1/4 of first order in 1/n."""
    return Paired(f"{name}_256", f"{name}_64", ratio=True, **bounds)


CLAIMS = [
    Claim(
        id="off-grid-limits",
        chapter="operators/off-the-grid",
        source="our derivation",
        statement="On finer grids the codes of a fixed number of steps settle as functions. Those of the solved "
        "lasso do not, though they settle as measures.",
        setting="One bump of a width from 0.02 to 0.04, with 31 modes; eight signals of two events of positive "
        "mass, on 997 places of the torus; the lasso with positive codes and threshold 0.1 on n and on 2n nodes. "
        "20 steps of FISTA, or solved exactly by an active-set method. As functions: relative L² difference at the n "
        "common nodes. As measures: relative L² error of `compare_codes` at width 1/64. Each seed draws another "
        "width and other events.",
        finding="From 64, 128 and 256 nodes to twice as many, the codes of 20 steps are as functions "
        "{few_function_64}, {few_function_128} and {few_function_256} apart; those of the solved problem "
        "{many_function_64}, {many_function_128} and {many_function_256}. As measures they are {few_measure_64}, "
        "{few_measure_128} and {few_measure_256} apart, and {many_measure_64}, {many_measure_128} and "
        "{many_measure_256}.",
        verdict="shown",
        numbers={
            **_numbers("few_function", "function", False, most=0.05),
            **_numbers("many_function", "function", True, least=0.5),
            **_numbers("few_measure", "measure", False, most=0.05),
            **_numbers("many_measure", "measure", True, most=0.05),
        },
        differences={
            "few_settle": _falls("few_function", most=0.25),
            "few_settle_as_measures": _falls("few_measure", most=0.25),
            "many_do_not": _falls("many_function", least=0.75),
            "many_settle_as_measures": _falls("many_measure", most=0.25),
            "many_stay_apart": Paired("many_function_256", "few_function_256", least=0.5),
            "only_measures": Paired("many_function_256", "many_measure_256", least=0.5),
        },
    ),
]


@torch.no_grad()
def trial(solved: bool, nodes: int, seed: int) -> dict[str, float]:
    """How far apart the codes of two grids are, as a `function` and as a `measure`."""
    random = generator(seed)
    dictionary = bump(0.02 + 0.02 * torch.rand((), generator=random).item())
    events = SparseModel(dictionary, active=2, signed=False).sample(SIGNALS, 997, random).code
    fine, coarse = (_encode(solved, dictionary, dictionary.render(events, n)) for n in (2 * nodes, nodes))
    return {
        "function": ((fine[..., ::2] - coarse).norm() / coarse.norm()).item(),
        "measure": compare_codes(fine, coarse, width=1 / 64).relative_l2,
    }


def bump(width: float) -> FourierDictionary:
    """One atom: a Gaussian of that width, as a function with 31 modes."""
    points = torch.arange(512, dtype=torch.double)[:, None] / 512
    dictionary = FourierDictionary.from_atoms(gaussian(width)(points)[None, None], MODES)
    dictionary.normalize_()
    return dictionary


def _encode(solved: bool, dictionary: FourierDictionary, signal: torch.Tensor) -> torch.Tensor:
    if solved:
        return signal.shape[-1] * torch.stack([solve(dictionary, x[0], THRESHOLD) for x in signal])[:, None]
    return Unrolled(SoftThreshold(THRESHOLD, positive=True), STEPS, accelerate=True)(dictionary, signal)


def solve(dictionary: FourierDictionary, x: torch.Tensor, threshold: float) -> torch.Tensor:
    r"""The masses `(n,)` of the lasso with positive codes, for one atom d, exactly.

    The total mass is ⟨1, D z⟩/∫d. So its price can be put into the signal, and what is left is non-negative least
    squares: min ½‖x − λ/∫d − D z‖² over z ≥ 0.
    """
    from scipy.optimize import nnls

    atom, n = dictionary.atoms(len(x))[0, 0], len(x)
    nodes = torch.arange(n)
    phase = 2 * torch.pi * torch.arange(1, MODES + 1)[:, None].double() * nodes / n
    waves = torch.cat([torch.ones(1, n).double(), 2**0.5 * phase.cos(), 2**0.5 * phase.sin()]) / n
    columns = waves @ atom[(nodes[:, None] - nodes) % n]
    masses, _ = nnls(columns.numpy(), (waves @ (x - threshold / atom.mean())).numpy(), maxiter=100 * n)
    return torch.from_numpy(masses)


def eta(atom: FourierDictionary, x: torch.Tensor, places: torch.Tensor, masses: torch.Tensor, u: torch.Tensor):
    """η = Dᵀ(x − D m) at the points u, for impulses at any places; x is a signal `(64,)`, or any finer one."""
    nodes = torch.arange(len(x), dtype=torch.double) / len(x)

    def moved(to: torch.Tensor) -> torch.Tensor:
        return atom.at((nodes - to[:, None]).flatten())[0, 0].view(len(to), len(x))

    return moved(u) @ (x - masses @ moved(places)) / len(x)
