"""How alike are layers of two networks, beside chance, the input and networks that learned nothing? Two minutes.

Two networks of a pair have seeds that follow one another: they share neither a start nor the order of the batches.
"""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.platonic import lab

AXES = {"seed": lab.SEEDS}
NETWORKS = ("FNO", "U-Net", "DeepONet")
TRAINED = [
    *((kind, kind) for kind in lab.KINDS),
    ("FNO", "U-Net"),
    ("FNO", "DeepONet"),
    ("U-Net", "DeepONet"),
    ("FNO", "heat FNO"),
]
CONTROLS = [
    *((kind, f"untrained {kind}") for kind in NETWORKS),
    ("untrained FNO", "untrained FNO"),
    ("untrained FNO", "untrained U-Net"),
    *((kind, known) for kind in (*NETWORKS, "heat FNO") for known in ("input", "halfway", "output")),
    *((kind, "PCA of the input") for kind in NETWORKS),
]
BEST = [
    ("FNO", "FNO"),
    ("FNO", "U-Net"),
    ("FNO", "DeepONet"),
    ("FNO", "heat FNO"),
    ("FNO", "untrained FNO"),
    ("FNO", "input"),
]
CHAPTER = "interpretability/platonic"
SHORT = {"fno": "FNO", "unet": "U-Net", "deeponet": "DeepONet", "heat": "heat FNO"}
BURGERS = ("fno", "unet", "deeponet")
CROSS = {"fno_unet": "FNO, U-Net", "fno_deeponet": "FNO, DeepONet", "unet_deeponet": "U-Net, DeepONet"}
SAME = {f"{name}_{name}": f"{kind}, {kind}" for name, kind in SHORT.items()}
RIVALS = {pair: [f"{end}_{rival}" for end in pair.split("_") for rival in ("input", "untrained")] for pair in CROSS}


def _of(pair: str, score: str = "neighbours", form: str = ".2f", **bounds: float) -> Number:
    return Number(f"{pair}: {score}", {}, possible=(0, 1), form=form, **bounds)


CLAIMS = [
    Claim(
        id="platonic-agreement",
        chapter=CHAPTER,
        source="our measurement",
        statement="Middle layers of an FNO, a U-Net and a DeepONet that learned Burgers' equation have more "
        "neighbours in "
        "common than any of them has with its input, or with a network of its kind that learned nothing.",
        setting=lab.SETTING + lab.PAIRED + "Controls: the same kind with first weights; the functions u(·, 0), "
        "u(·, T/2) and u(·, T) themselves; the first eight principal components of u(·, 0).",
        finding="Two FNOs share {fno_fno} of their neighbours, two U-Nets {unet_unet}, two DeepONets "
        "{deeponet_deeponet}; FNO and U-Net {fno_unet}, FNO and DeepONet {fno_deeponet}, U-Net and DeepONet "
        "{unet_deeponet}. With the input FNOs share {fno_input}, U-Nets {unet_input}, DeepONets {deeponet_input}; with "
        "untrained ones {fno_untrained}, {unet_untrained} and {deeponet_untrained}; two untrained FNOs {start_start}, "
        "an untrained FNO and an untrained U-Net {start_other}; FNOs and the components of the input {fno_pca}. With "
        "u(·, T/2) they share {fno_halfway}, {unet_halfway} and {deeponet_halfway}, with the output {fno_output}, "
        "{unet_output} and {deeponet_output}. By chance it is {chance}; p is {p}.",
        verdict="ours",
        numbers={
            **{name: _of(pair) for name, pair in SAME.items() if name != "heat_heat"},
            **{name: _of(pair) for name, pair in CROSS.items()},
            **{
                f"{s}_{known}": _of(f"{SHORT[s]}, {known}") for s in BURGERS for known in ("input", "halfway", "output")
            },
            **{f"{s}_untrained": _of(f"{SHORT[s]}, untrained {SHORT[s]}") for s in BURGERS},
            "start_start": _of("untrained FNO, untrained FNO"),
            "start_other": _of("untrained FNO, untrained U-Net"),
            "fno_pca": _of("FNO, PCA of the input"),
            "chance": _of("FNO, U-Net", "neighbours_chance", ".3f"),
            "p": _of("FNO, U-Net", "neighbours_p", ".3f", most=0.05),
        },
        differences={
            **{f"{pair}_{rival}": Paired(pair, rival, least=0.05) for pair in CROSS for rival in RIVALS[pair]},
            "beyond_chance": Paired("fno_input", "chance", least=0.1),
            "own_kind": Paired("fno_fno", "fno_unet", least=0.0),
        },
    ),
    Claim(
        id="platonic-start",
        chapter=CHAPTER,
        source="our measurement",
        statement="An untrained FNO and an untrained U-Net agree already; training adds less than a fifth to that, and "
        "leaves trained and untrained networks far apart.",
        setting=lab.SETTING + lab.PAIRED + "Before: first weights.",
        finding="After training an FNO and a U-Net share {fno_unet} of their neighbours, before it {start_other}; "
        "two FNOs "
        "{fno_fno} and {start_start}. A trained and an untrained FNO share {fno_untrained}, U-Nets {unet_untrained}.",
        verdict="ours",
        numbers={
            "fno_unet": _of("FNO, U-Net"),
            "start_other": _of("untrained FNO, untrained U-Net"),
            "fno_fno": _of("FNO, FNO"),
            "start_start": _of("untrained FNO, untrained FNO"),
            "fno_untrained": _of("FNO, untrained FNO"),
            "unet_untrained": _of("U-Net, untrained U-Net"),
        },
        differences={
            "gained": Paired("fno_unet", "start_other", most=0.2),
            "gained_fno": Paired("fno_fno", "start_start", most=0.2),
            "far_apart": Paired("fno_untrained", "start_start", most=-0.2),
            "far_apart_unet": Paired("unet_untrained", "start_other", most=-0.2),
        },
    ),
    Claim(
        id="platonic-distances",
        chapter=CHAPTER,
        source="our measurement",
        statement="By CKA, less chance, and by Procrustes, too, an FNO agrees more with a U-Net and a DeepONet than "
        "with "
        "its input or an FNO that learned nothing.",
        setting=lab.SETTING + lab.PAIRED + "CKA is (score − chance)/(1 − chance). Procrustes: the largest cosine when "
        "one representation may be turned.",
        finding="Of CKA, two FNOs have {fno_fno}, FNO and U-Net {fno_unet}, FNO and DeepONet {fno_deeponet}, U-Net and "
        "DeepONet {unet_deeponet}; FNO and input {fno_input}, FNO and output {fno_output}, FNO and an untrained one "
        "{fno_untrained}. By Procrustes FNO and U-Net have {turned_unet}, FNO and DeepONet {turned_deeponet}, FNO and "
        "input {turned_input}, FNO and an untrained one {turned_untrained}; by chance {turned_chance}.",
        verdict="ours",
        numbers={
            "fno_fno": _of("FNO, FNO", "cka_excess"),
            **{name: _of(pair, "cka_excess") for name, pair in CROSS.items()},
            "fno_input": _of("FNO, input", "cka_excess"),
            "fno_output": _of("FNO, output", "cka_excess"),
            "fno_untrained": _of("FNO, untrained FNO", "cka_excess"),
            "turned_unet": _of("FNO, U-Net", "procrustes"),
            "turned_deeponet": _of("FNO, DeepONet", "procrustes"),
            "turned_input": _of("FNO, input", "procrustes"),
            "turned_untrained": _of("FNO, untrained FNO", "procrustes"),
            "turned_chance": _of("FNO, U-Net", "procrustes_chance"),
        },
        differences={
            **{
                f"{pair}_{rival}": Paired(pair, rival, least=0.05)
                for pair in ("fno_unet", "fno_deeponet")
                for rival in ("fno_input", "fno_untrained")
            },
            "turned_unet_more": Paired("turned_unet", "turned_input", least=0.02),
            "turned_deeponet_more": Paired("turned_deeponet", "turned_input", least=0.02),
            "turned_unet_learned": Paired("turned_unet", "turned_untrained", least=0.02),
            "turned_deeponet_learned": Paired("turned_deeponet", "turned_untrained", least=0.02),
            "turned_beyond": Paired("turned_unet", "turned_chance", least=0.2),
        },
    ),
    Claim(
        id="platonic-best",
        chapter=CHAPTER,
        source="our measurement",
        statement="The best of all pairs of layers is far beyond chance, calibrated for the best, even between an "
        "FNO and "
        "one that learned nothing.",
        setting=lab.SETTING + "All hidden layers, the largest share of neighbours of all pairs; by chance the largest "
        "of all pairs in each of 100 orders.",
        finding="The best pair of layers of two FNOs shares {fno_fno}, of FNO and U-Net {fno_unet}, of FNO and "
        "DeepONet "
        "{fno_deeponet}, of FNO and FNO for heat {fno_heat}, of FNO and an untrained FNO {untrained}, of FNO and its "
        "input {input}. By chance the best pair of two FNOs has {chance}; p of the untrained one is {p}.",
        verdict="ours",
        numbers={
            "fno_fno": _of("FNO, FNO", "best neighbours"),
            "fno_unet": _of("FNO, U-Net", "best neighbours"),
            "fno_deeponet": _of("FNO, DeepONet", "best neighbours"),
            "fno_heat": _of("FNO, heat FNO", "best neighbours"),
            "untrained": _of("FNO, untrained FNO", "best neighbours"),
            "input": _of("FNO, input", "best neighbours"),
            "chance": _of("FNO, FNO", "best neighbours_chance", ".3f"),
            "p": _of("FNO, untrained FNO", "best neighbours_p", ".3f", most=0.05),
        },
        differences={
            "untrained_too": Paired("untrained", "chance", least=0.2),
            "trained_more": Paired("fno_unet", "untrained", least=0.05),
        },
    ),
    Claim(
        id="platonic-equations",
        chapter=CHAPTER,
        source="our measurement",
        statement="An FNO for Burgers' equation and one for heat have more neighbours in common than trained and "
        "untrained ones, and fewer than two for the same equation.",
        setting=lab.SETTING + lab.PAIRED,
        finding="FNOs for the two equations share {fno_heat}; two for Burgers' equation {fno_fno}, two for heat "
        "{heat_heat}; one for Burgers' equation and an untrained one {fno_untrained}, and the input {fno_input}. One "
        "for "
        "heat shares {heat_input} with the input, {heat_output} with Burgers' output.",
        verdict="ours",
        numbers={
            "fno_heat": _of("FNO, heat FNO"),
            "fno_fno": _of("FNO, FNO"),
            "heat_heat": _of("heat FNO, heat FNO"),
            "fno_untrained": _of("FNO, untrained FNO"),
            "fno_input": _of("FNO, input"),
            "heat_input": _of("heat FNO, input"),
            "heat_output": _of("heat FNO, output"),
        },
        differences={
            "more_than_untrained": Paired("fno_heat", "fno_untrained", least=0.05),
            "more_than_input": Paired("fno_heat", "fno_input", least=0.05),
            "less_than_same": Paired("fno_heat", "fno_fno", most=-0.05),
        },
    ),
]


def trial(seed: int) -> dict[str, float]:
    """Scores of each pair, chance, and p: of the two middle layers, and of all pairs of hidden layers the largest."""
    values: dict[str, float] = {}
    for a, b in [*TRAINED, *CONTROLS]:
        one, other = lab.known(a, seed), lab.known(b, (seed + 1) % len(lab.SEEDS))
        found = lab.compared(one.middle, other.middle) | lab.procrustes(one.middle, other.middle)
        values |= {f"{a}, {b}: {name}": value for name, value in found.items()}
        if (a, b) in BEST:
            values |= {f"{a}, {b}: best {name}": x for name, x in lab.compared(one.every, other.every).items()}
    return values
