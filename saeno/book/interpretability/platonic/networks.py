"""How well the networks have learned, on functions as in training, on others, and on twice the nodes. Half a minute."""

from __future__ import annotations

import torch

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.inside_an_fno.lab import error
from saeno.book.interpretability.platonic import lab

AXES = {"kind": list(lab.KINDS), "seed": lab.SEEDS}
CHAPTER = "interpretability/platonic"
SHORT = {"fno": "FNO", "unet": "U-Net", "deeponet": "DeepONet", "heat": "heat FNO"}
FINER, BURGERS = ("fno", "unet", "heat"), ("fno", "unet", "deeponet")


def _of(kind: str, value: str = "held-out", form: str = ".3f", **bounds: float) -> Number:
    return Number(value, {"kind": kind}, form=form, possible=(0.0, float("inf")), **bounds)


CLAIMS = [
    Claim(
        id="platonic-networks",
        chapter=CHAPTER,
        source="our measurement",
        statement="With as many weights and the same functions, U-Nets err more than FNOs, and DeepONets much more; "
        "all have learned, and of those that can be asked on twice the nodes the U-Net is another operator there.",
        setting=lab.SETTING
        + "Relative L² error, mean over functions. Control: the same networks with their first weights.",
        finding="FNOs err by {fno}, U-Nets by {unet}, DeepONets by {deeponet}, FNOs for heat by {heat}; with first "
        "weights by {fno_untrained}, {unet_untrained}, {deeponet_untrained} and {heat_untrained}. On 256 nodes the "
        "errors are {fno_finer}, {unet_finer} and, for heat, {heat_finer}.",
        verdict="ours",
        numbers={
            **{name: _of(kind, form=".4f" if "FNO" in kind else ".3f") for name, kind in SHORT.items()},
            **{f"{name}_untrained": _of(kind, "untrained", ".2f") for name, kind in SHORT.items()},
            **{f"{name}_finer": _of(SHORT[name], "finer", ".4f" if "FNO" in SHORT[name] else ".3f") for name in FINER},
        },
        differences={
            "unet_worse": Paired("unet", "fno", least=0.0),
            "deeponet_worse": Paired("deeponet", "unet", least=0.05),
            "learned": Paired("deeponet", "deeponet_untrained", most=-0.5),
            "heat_learned": Paired("heat", "heat_untrained", most=-0.5),
            "another_operator": Paired("unet_finer", "unet", least=0.1),
        },
    ),
    Claim(
        id="platonic-elsewhere",
        chapter=CHAPTER,
        source="our measurement",
        statement="All three kinds err more on functions twice as large than on those as in training.",
        setting=lab.SETTING
        + "Rougher: the energy of u(·, 0) bends at frequency 15 in place of 5. Louder: the same functions "
        "twice as large.",
        finding="On rougher functions FNOs err by {fno_rougher}, U-Nets by {unet_rougher} and DeepONets by "
        "{deeponet_rougher}; on louder ones by {fno_louder}, {unet_louder} and {deeponet_louder}; as in training by "
        "{fno}, {unet} and {deeponet}.",
        verdict="ours",
        numbers={
            **{name: _of(SHORT[name]) for name in BURGERS},
            **{f"{name}_{data}": _of(SHORT[name], data) for name in BURGERS for data in ("rougher", "louder")},
        },
        differences={f"{name}_worse": Paired(f"{name}_louder", name, least=0.0) for name in BURGERS},
    ),
]


def trial(kind: str, seed: int) -> dict[str, float]:
    """Relative L² errors; "untrained" with first weights, "finer" on twice the nodes, where that can be asked."""
    made, start = lab.network(kind, seed), lab.network(kind, seed, trained=False)
    values = {data: error(made, lab.solved(kind, lab.asked(data))) for data in lab.DATA}
    values["untrained"] = error(start, lab.solved(kind, lab.asked()))
    if kind != "DeepONet":
        values["finer"] = error(made, lab.solved(kind, lab.asked(nodes=2 * lab.NODES)))
    return values | {"weights": float(sum(torch.numel(p) for p in made.parameters()))}
