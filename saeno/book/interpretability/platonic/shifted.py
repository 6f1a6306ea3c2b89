"""How alike are layers for functions unlike those of training? A minute."""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.platonic import lab

AXES = {"data": list(lab.DATA), "seed": lab.SEEDS}
NAMES = ("FNO", "U-Net", "DeepONet")
PAIRS = [
    *((name, name) for name in NAMES),
    ("FNO", "U-Net"),
    ("FNO", "DeepONet"),
    ("U-Net", "DeepONet"),
    ("FNO", "untrained FNO"),
    *((name, known) for name in NAMES for known in ("input", "output")),
]
CHAPTER = "interpretability/platonic"


def _of(pair: str, data: str, score: str = "neighbours", form: str = ".2f", **bounds: float) -> Number:
    return Number(f"{pair}: {score}", {"data": data}, possible=(0, float("inf")), form=form, **bounds)


CLAIMS = [
    Claim(
        id="platonic-shifted",
        chapter=CHAPTER,
        source="our measurement",
        statement="On rougher and on louder functions different networks still agree more than any does with the "
        "input or "
        "with untrained ones, and no pair loses more than a fifth: nothing collapses.",
        setting=lab.SETTING + lab.PAIRED + "Rougher: the energy of u(·, 0) bends at frequency 15 in place of 5. "
        "Louder: "
        "the same functions twice as large.",
        finding="As in training, on rougher and on louder functions FNO and U-Net share {fno_unet_held}, "
        "{fno_unet_rougher} "
        "and {fno_unet_louder} of their neighbours, FNO and DeepONet {fno_deeponet_held}, {fno_deeponet_rougher} and "
        "{fno_deeponet_louder}, U-Net and DeepONet {unet_deeponet_held}, {unet_deeponet_rougher} and "
        "{unet_deeponet_louder}, two FNOs {fno_fno_held}, {fno_fno_rougher} and {fno_fno_louder}. FNO and input share "
        "{input_held}, {input_rougher} and {input_louder}, a trained and an untrained FNO {untrained_held}, "
        "{untrained_rougher} and {untrained_louder}. The participation ratio of FNOs is {rank_held}, {rank_rougher} "
        "and "
        "{rank_louder}.",
        verdict="ours",
        numbers={
            **{
                f"{name}_{short}": _of(pair, data)
                for name, pair in (
                    ("fno_unet", "FNO, U-Net"),
                    ("fno_deeponet", "FNO, DeepONet"),
                    ("unet_deeponet", "U-Net, DeepONet"),
                    ("fno_fno", "FNO, FNO"),
                    ("input", "FNO, input"),
                    ("untrained", "FNO, untrained FNO"),
                )
                for short, data in (("held", "held-out"), ("rougher", "rougher"), ("louder", "louder"))
            },
            "rank_held": _of("FNO", "held-out", "rank", ".1f"),
            "rank_rougher": _of("FNO", "rougher", "rank", ".1f"),
            "rank_louder": _of("FNO", "louder", "rank", ".1f"),
        },
        differences={
            **{
                f"{pair}_falls_{data}": Paired(f"{pair}_{data}", f"{pair}_held", least=-0.2)
                for pair in ("fno_unet", "fno_deeponet", "unet_deeponet")
                for data in ("rougher", "louder")
            },
            **{
                f"{pair}_{rival}_{data}": Paired(f"{pair}_{data}", f"{rival}_{data}", least=0.05)
                for pair in ("fno_unet", "fno_deeponet", "unet_deeponet")
                for rival in ("input", "untrained")
                for data in ("rougher", "louder")
            },
            "fno_deeponet_less": Paired("fno_deeponet_rougher", "fno_deeponet_held", most=0.0),
            "fno_unet_less": Paired("fno_unet_louder", "fno_unet_held", most=0.0),
            "no_collapse": Paired("rank_louder", "rank_held", least=0.9, ratio=True),
        },
    ),
]


def trial(data: str, seed: int) -> dict[str, float]:
    """Scores and chance of middle layers, and how many dimensions the functions take up in each."""
    values = {}
    for a, b in PAIRS:
        one, other = lab.known(a, seed, data).middle, lab.known(b, (seed + 1) % len(lab.SEEDS), data).middle
        values |= {f"{a}, {b}: {name}": value for name, value in lab.compared(one, other).items()}
    return values | {f"{name}: rank": lab.rank(lab.known(name, seed, data).middle) for name in (*NAMES, "input")}
