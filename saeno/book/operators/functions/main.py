"""How fast a code and its signal settle when the grid gets finer, by the kind of encoder. A minute.

The same events on 128 to 1024 nodes, against 8192. The slope is that of log error over log n, by least squares.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from saeno import FourierDictionary, JumpReLU, OneStep, SoftThreshold, Unrolled
from saeno.book.claims import Claim, Number, Paired
from saeno.book.shared import slope
from saeno.data import SparseModel
from saeno.data.families import box, bumps_and_gabors, gaussian
from saeno.dictionaries.functions import FunctionAtoms
from saeno.metrics import compare_codes
from saeno.seeds import generator

MODES, SIGNALS, GRIDS, FINE = 31, 64, (128, 256, 512, 1024), 8192
ENCODERS = {
    "linear": OneStep(SoftThreshold(0.0)),
    "relu": OneStep(SoftThreshold(0.1, positive=True)),
    "soft": OneStep(SoftThreshold(0.1)),
    "jump": OneStep(JumpReLU(0.1)),
    "soft in five steps": Unrolled(SoftThreshold(0.1), 5),
    "jump in five steps": Unrolled(JumpReLU(0.3), 5),
    "linear, of boxes": OneStep(SoftThreshold(0.0)),
}
Signal = Callable[[int], torch.Tensor]  # from a number of nodes to signals on them
AXES = {"encoder": list(ENCODERS), "seed": range(8)}

_SETTING = (
    "A bump, its slope and three Gabors as functions with 31 modes; 64 signals of three events of positive mass, on "
    "997 places of the torus, sampled exactly on 128, 256, 512 and 1024 nodes. Reconstructions are compared on 256 "
    "nodes with those of codes on 8192, codes as measures at width 1/64. Thresholds are 0.1, and 0.3 for five hard "
    "steps. Float64; each seed draws other atoms and events."
)


_ORDERS = {"relu": 2, "soft": 2, "jump": 1, "soft5": 2, "jump5": 1}
_NAMES = {"soft5": "soft in five steps", "jump5": "jump in five steps"}
_PARTS = ("signal", "code")


def _order(number: str, order: int) -> Paired:
    """A slope of −order. What is between two whole orders is neither."""
    return Paired(number, float(-order), least=-0.25, most=0.25, form=".2f")


CLAIMS = [
    Claim(
        id="functions-linear",
        chapter="operators/functions",
        source="our derivation",
        statement="A linear encoder of a band-limited signal gives the same reconstruction on every grid that is fine "
        "enough; of a signal with jumps it does not.",
        setting=_SETTING + " The signals with jumps are sums of boxes of widths 0.07 and 0.13.",
        finding="The largest relative error is {error} for band-limited signals. For boxes it is {boxes} on 1024 "
        "nodes, and falls with the slope {boxes_signal}.",
        verdict="shown",
        numbers={
            "error": Number("worst", {"encoder": "linear"}, most=1e-10, form=".0e"),
            "boxes": Number("finest", {"encoder": "linear, of boxes"}, form=".4f"),
            "boxes_signal": Number("signal", {"encoder": "linear, of boxes"}, form=".2f"),
        },
        differences={
            "jumps": Paired("boxes", "error", least=1e-3, form=".4f"),
            "boxes_order": _order("boxes_signal", 1),
        },
    ),
    Claim(
        id="functions-orders",
        chapter="operators/functions",
        source="our derivation",
        statement="Codes and reconstructions of encoders with a soft threshold or a ReLU settle like 1/n², those of a "
        "hard threshold like 1/n.",
        setting=_SETTING,
        finding="Slopes of the reconstruction: ReLU {relu_signal}, soft threshold {soft_signal}, hard threshold "
        "{jump_signal}; in five steps {soft5_signal} and {jump5_signal}. Slopes of the code: {relu_code}, "
        "{soft_code}, {jump_code}; in five steps {soft5_code} and {jump5_code}.",
        verdict="shown",
        numbers={
            f"{name}_{part}": Number(part, {"encoder": _NAMES.get(name, name)}, form=".2f")
            for name in _ORDERS
            for part in _PARTS
        },
        differences={
            **{f"{name}_{part}_order": _order(f"{name}_{part}", _ORDERS[name]) for name in _ORDERS for part in _PARTS},
            **{
                f"{jump}_{part}_slower": Paired(f"{jump}_{part}", f"{soft}_{part}", least=0.5, form=".2f")
                for soft, jump in (("soft", "jump"), ("soft5", "jump5"))
                for part in _PARTS
            },
        },
    ),
]


@torch.no_grad()
def trial(encoder: str, seed: int) -> dict[str, float]:
    """Slopes of the errors of reconstruction (`signal`) and `code`, the `worst` error and that on the `finest` "
    "grid."""
    dictionary = FourierDictionary.from_atoms(bumps_and_gabors(seed).atoms(512), MODES).double()
    dictionary.normalize_()
    signal = _boxes(seed) if "boxes" in encoder else _smooth(dictionary, seed)
    codes = _codes(dictionary, ENCODERS[encoder], signal)
    off = _off(dictionary, codes)
    apart = [compare_codes(codes[n], codes[FINE], 1 / 64).relative_l2 for n in GRIDS]
    return {"signal": slope(off), "code": slope(apart), "worst": max(off), "finest": off[-1]}


def errors(dictionary: FourierDictionary, encoder: OneStep | Unrolled, signal: Signal) -> list[float]:
    """The relative error of the reconstruction on 128, 256, 512 and 1024 nodes, against the code on 8192."""
    return _off(dictionary, _codes(dictionary, encoder, signal))


def _codes(dictionary: FourierDictionary, encoder: OneStep | Unrolled, signal: Signal) -> dict[int, torch.Tensor]:
    return {n: encoder(dictionary, signal(n)) for n in (*GRIDS, FINE)}


def _off(dictionary: FourierDictionary, codes: dict[int, torch.Tensor]) -> list[float]:
    exact = dictionary.render(codes[FINE], 256)
    return [((dictionary.render(codes[n], 256) - exact).norm() / exact.norm()).item() for n in GRIDS]


def peak(nodes: int) -> torch.Tensor:
    """The analysis `(nodes,)` of a bump at 0.37 by itself: one peak, of height 1."""
    bump = FourierDictionary.from_atoms(FunctionAtoms([gaussian(0.03)]).atoms(512).double(), MODES)
    bump.normalize_()
    grid = torch.arange(nodes, dtype=torch.double) / nodes
    return bump.analysis(bump.at(grid - 0.37)[0, 0][None, None])[0, 0]


def _smooth(dictionary: FourierDictionary, seed: int) -> Signal:
    """Signals on n nodes. Events are on 997 nodes, of which the grids share one; the signal is known everywhere."""
    truth = SparseModel(dictionary, active=3, signed=False)
    code = truth.sample(SIGNALS, 997, generator(10_000 + seed)).code
    return lambda n: dictionary.render(code, n)


def _boxes(seed: int) -> Signal:
    truth = SparseModel(FunctionAtoms([box(0.07), box(0.13)]).double(), active=3, signed=False)
    events = truth.sample_events(SIGNALS, generator(10_000 + seed))
    return lambda n: truth.render(events, n)


def impulse(nodes: int, node: int) -> torch.Tensor:
    """An impulse of mass 1 at a node: its density `(1, 1, nodes)`."""
    code = torch.zeros(1, 1, nodes, dtype=torch.double)
    code[..., node] = nodes
    return code
