"""Layers of networks on twice the nodes, beside the same functions on the grid of training. Half a minute."""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.platonic import lab

AXES = {"seed": lab.SEEDS}
PAIRS = {
    "FNO, itself": ("FNO", "finer FNO", 0),
    "U-Net, itself": ("U-Net", "finer U-Net", 0),
    "FNO, FNO": ("FNO", "finer FNO", 1),
    "U-Net, U-Net": ("U-Net", "finer U-Net", 1),
    "FNO, U-Net": ("FNO", "finer U-Net", 1),
    "U-Net, FNO": ("U-Net", "finer FNO", 1),
}
CHAPTER = "interpretability/platonic"


def _of(pair: str, score: str = "neighbours", form: str = ".2f", **bounds: float) -> Number:
    return Number(f"{pair}: {score}", {}, possible=(0, 1), form=form, **bounds)


CLAIMS = [
    Claim(
        id="platonic-finer",
        chapter=CHAPTER,
        source="our measurement",
        statement="On twice the nodes an FNO has the neighbours that it has on the grid of training; a U-Net has "
        "others, "
        "as other networks have.",
        setting=lab.SETTING + lab.PAIRED + "The second network is asked about the same functions on 256 nodes.",
        finding="An FNO shares {fno_itself} of its neighbours with itself on twice the nodes, and {fno_fno} with "
        "another "
        "FNO there; a U-Net {unet_itself} with itself, and {unet_unet} with another U-Net. An FNO and a U-Net on the "
        "finer "
        "grid share {fno_unet}, a U-Net and an FNO on the finer grid {unet_fno}.",
        verdict="ours",
        numbers={
            "fno_itself": _of("FNO, itself", form=".3f", least=0.97),
            "unet_itself": _of("U-Net, itself"),
            "fno_fno": _of("FNO, FNO"),
            "unet_unet": _of("U-Net, U-Net"),
            "fno_unet": _of("FNO, U-Net"),
            "unet_fno": _of("U-Net, FNO"),
        },
        differences={
            "another_operator": Paired("fno_itself", "unet_itself", least=0.05),
            "coarse_and_fine": Paired("unet_fno", "fno_unet", least=0.0),
        },
    ),
]


def trial(seed: int) -> dict[str, float]:
    """Scores and chance of middle layers, the second network being asked on twice the nodes."""
    values = {}
    for name, (a, b, further) in PAIRS.items():
        one, other = lab.known(a, seed).middle, lab.known(b, (seed + further) % len(lab.SEEDS)).middle
        values |= {f"{name}: {what}": value for what, value in lab.compared(one, other).items()}
    return values
