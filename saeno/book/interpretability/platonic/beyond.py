"""What layers share when input and output are taken out. Half a minute.

Of each middle layer what is linear in u(·, 0) and in u(·, T) is predicted and subtracted.
"""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.platonic import lab

AXES = {"seed": lab.SEEDS}
PAIRS = [
    ("FNO", "FNO"),
    ("U-Net", "U-Net"),
    ("DeepONet", "DeepONet"),
    ("FNO", "U-Net"),
    ("FNO", "DeepONet"),
    ("U-Net", "DeepONet"),
    ("FNO", "heat FNO"),
    ("FNO", "untrained FNO"),
    ("U-Net", "untrained U-Net"),
    ("untrained FNO", "untrained FNO"),
    ("untrained FNO", "untrained U-Net"),
    *((name, "halfway") for name in ("FNO", "U-Net", "DeepONet", "heat FNO")),
]
NAMES = [name for name in dict.fromkeys(name for pair in PAIRS for name in pair) if name != "halfway"]
KINDS = {"fno": "FNO", "unet": "U-Net", "deeponet": "DeepONet", "untrained": "untrained FNO"}
CHAPTER = "interpretability/platonic"


def _of(pair: str, score: str = "neighbours", form: str = ".2f", **bounds: float) -> Number:
    return Number(f"{pair}: {score}", {}, possible=(0, 1), form=form, **bounds)


CLAIMS = [
    Claim(
        id="platonic-beyond",
        chapter=CHAPTER,
        source="our measurement",
        statement="Networks of different kinds share more than what is linear in input and output, beyond chance and "
        "beyond what a trained and an untrained network share.",
        setting=lab.SETTING + lab.PAIRED + "What is linear in the Fourier coefficients of u(·, 0) and u(·, T) up to 20 "
        "is fitted on the training functions and subtracted.",
        finding="Of the middle layers' variance {fno_left} is left for FNOs, {unet_left} for U-Nets, {deeponet_left} "
        "for "
        "DeepONets and {untrained_left} for untrained FNOs. Of that two FNOs share {fno_fno} of their neighbours, two "
        "U-Nets {unet_unet}, two DeepONets {deeponet_deeponet}, FNO and U-Net {fno_unet}, FNO and DeepONet "
        "{fno_deeponet}, U-Net and DeepONet {unet_deeponet}, FNO and FNO for heat {fno_heat}, FNO and an untrained one "
        "{fno_untrained}, U-Net and an untrained one {unet_untrained}, two untrained FNOs {start_start}. With u(·, "
        "T/2), "
        "treated alike, FNOs share {fno_halfway}, U-Nets {unet_halfway} and DeepONets {deeponet_halfway}. By chance it "
        "is {chance}.",
        verdict="ours",
        numbers={
            **{f"{name}_left": _of(kind, "left") for name, kind in KINDS.items()},
            **{f"{name}_{name}": _of(f"{kind}, {kind}") for name, kind in KINDS.items() if name != "untrained"},
            "fno_unet": _of("FNO, U-Net"),
            "fno_deeponet": _of("FNO, DeepONet"),
            "unet_deeponet": _of("U-Net, DeepONet"),
            "fno_heat": _of("FNO, heat FNO"),
            "fno_untrained": _of("FNO, untrained FNO"),
            "unet_untrained": _of("U-Net, untrained U-Net"),
            "start_start": _of("untrained FNO, untrained FNO"),
            **{f"{name}_halfway": _of(f"{kind}, halfway") for name, kind in KINDS.items() if name != "untrained"},
            "chance": _of("FNO, U-Net", "neighbours_chance", ".3f"),
        },
        differences={
            f"{pair}_{rival}": Paired(pair, rival, least=0.05)
            for pair in ("fno_unet", "fno_deeponet", "unet_deeponet")
            for rival in ("chance", "fno_untrained")
        },
    ),
]


def trial(seed: int) -> dict[str, float]:
    """Scores and chance of what is left of the middle layers, and the share of variance that it is."""
    other, values = (seed + 1) % len(lab.SEEDS), {}
    for a, b in PAIRS:
        found = lab.compared(lab.beyond(a, seed), lab.beyond(b, other))
        values |= {f"{a}, {b}: {name}": value for name, value in found.items()}
    for name in NAMES:
        whole, rest = lab.known(name, seed).middle, lab.beyond(name, seed)
        values[f"{name}: left"] = (rest.var(0).sum() / whole.var(0).sum()).item()
    return values
