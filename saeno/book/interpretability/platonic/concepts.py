"""Do networks share concepts, and do concepts agree more than the layers that they are of? Three minutes.

A sparse autoencoder with the same settings for all, of one layer of each network; no two of one start.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saeno import FourierDictionary, MatchingPursuit, SparseAutoencoder, fit
from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.book.interpretability.platonic import lab
from saeno.metrics import Match, fvu, linear_cka, match_atoms, mutual_neighbours
from saeno.operators import DeepONet, Operator, record

AXES = {"seed": lab.SEEDS}
EVENTS, RATE, WIDTH, NEAR, KNOWN = 8, 0.01, 1.5, 10, 500
LAYER = {"FNO": "layers.1", "U-Net": "up.1", "DeepONet": ""}
"""Of a U-Net the first layer behind its bottom that is fine enough for 16 modes; of a DeepONet the terms of its sum."""
PAIRS = [
    ("FNO", "FNO"),
    ("FNO", "U-Net"),
    ("FNO", "DeepONet"),
    ("FNO", "untrained FNO"),
]
CHAPTER = "interpretability/platonic"
KINDS = (("fno", "FNO"), ("unet", "U-Net"), ("deeponet", "DeepONet"))
MAPS = (("maps", "concepts"), ("chance", "chance"), ("frozen_maps", "frozen"), ("layer_maps", "layer"))


def _of(pair: str, score: str, form: str = ".2f", **bounds: float) -> Number:
    return Number(f"{pair}: {score}", {}, possible=(0, float("inf")), form=form, **bounds)


CLAIMS = [
    Claim(
        id="platonic-concepts",
        chapter=CHAPTER,
        source="our measurement",
        statement="Concepts of two networks agree less than the layers that they are of, and no more than codes of "
        "random "
        "atoms do; matched maps agree beyond chance.",
        setting=lab.SETTING + "SAE-FNO with 16 concepts, 16 modes and 8 events, 200 steps, at the rate tuned for an "
        "FNO's "
        "layer; FNO: after two of four layers, U-Net: up.1 on 64 nodes, DeepONet: the 64 terms of its sum. Maps of "
        "layers, concepts and random atoms are smoothed alike. Neighbours: ten. Maps: mean cosine, one to one, up to "
        "sign "
        "and shift; by chance with maps of other functions.",
        finding="Of neighbours, layers of two FNOs share {fno_layer}, their concepts {fno_concepts}, codes of random "
        "atoms "
        "{fno_frozen}; of FNO and U-Net {unet_layer}, {unet_concepts} and {unet_frozen}; of FNO and DeepONet "
        "{deeponet_layer}, {deeponet_concepts} and {deeponet_frozen}; of a trained and an untrained FNO "
        "{untrained_layer}, {untrained_concepts} and {untrained_frozen}. Matched maps of concepts have the cosine "
        "{fno_maps} "
        "for two FNOs, {unet_maps} for FNO and U-Net and {deeponet_maps} for FNO and DeepONet, by chance {fno_chance}, "
        "{unet_chance} and {deeponet_chance}; of random atoms {fno_frozen_maps}, {unet_frozen_maps} and "
        "{deeponet_frozen_maps}; matched channels {fno_layer_maps}, {unet_layer_maps} and {deeponet_layer_maps}. The "
        "SAEs "
        "leave {fno_fvu} of an FNO's layer, {unet_fvu} of a U-Net's and {deeponet_fvu} of a DeepONet's.",
        verdict="ours",
        numbers={
            **{
                f"{name}_{what}": _of(f"FNO, {kind}", f"{what} neighbours")
                for name, kind in (*KINDS, ("untrained", "untrained FNO"))
                for what in ("layer", "concepts", "frozen")
            },
            **{f"{name}_{short}": _of(f"FNO, {kind}", f"{what} maps") for name, kind in KINDS for short, what in MAPS},
            **{f"{name}_fvu": _of(kind, "fvu", ".3f") for name, kind in KINDS},
        },
        differences={
            **{f"{n}_less": Paired(f"{n}_concepts", f"{n}_layer", most=-0.05) for n in ("fno", "unet", "deeponet")},
            **{f"{n}_no_more": Paired(f"{n}_concepts", f"{n}_frozen", most=0.1) for n in ("fno", "unet", "deeponet")},
            **{f"{n}_beyond": Paired(f"{n}_maps", f"{n}_chance", least=0.0) for n in ("fno", "unet")},
        },
    ),
]


class Seen:
    """A layer of a network on the functions asked about, and its concepts there."""

    def __init__(self, name: str, seed: int, start: int):
        kind = name.removeprefix("untrained ")
        model = lab.network(kind, seed, not name.startswith("untrained "))
        inputs = inside.training().input[:KNOWN].double(), lab.asked().input
        known, asked = (functions(model, u, LAYER[kind]) for u in inputs)
        self.layer = smooth((asked - known.mean((0, 2))[:, None]).transpose(0, 1))
        made = learned(known, start)
        frozen = SparseAutoencoder(inside.random_atoms(known, start), made.inference, mean=made.mean).double()
        with torch.no_grad():
            self.left = fvu(asked, made.reconstruct(asked))
            self.concepts, self.frozen = (smooth(one.encode(asked).transpose(0, 1)) for one in (made, frozen))


def functions(model: Operator, u: Tensor, layer: str) -> Tensor:
    """What a layer makes of functions; of a DeepONet β_p(u) τ_p, whose sum is its output: `(functions, 64, nodes)`."""
    if not isinstance(model, DeepONet):
        return record(model, u, layer)[layer]
    points = torch.arange(lab.NODES, dtype=u.dtype)[:, None] / lab.NODES
    with torch.no_grad():
        return model.branch(u.flatten(1))[..., None] * model.functions(points).T


def learned(x: Tensor, seed: int) -> SparseAutoencoder:
    """An SAE-FNO of a layer, with 16 concepts, 16 modes and 8 events."""
    dictionary = FourierDictionary(x.shape[1], inside.CONCEPTS, inside.MODES, seed).double()
    pursuit = MatchingPursuit(EVENTS, detach=True)
    made = SparseAutoencoder(dictionary, pursuit, mean=x.mean((0, 2))).double()
    fit(made, x, inside.STEPS, inside.BATCH, RATE, seed=seed, progress=False)
    return made


def smooth(maps: Tensor) -> Tensor:
    """Maps, smoothed over three nodes of 128, and on these nodes: `(maps, functions, 128)`."""
    waves = torch.fft.rfft(maps, norm="forward")
    k = torch.arange(waves.shape[2], dtype=maps.dtype)
    return torch.fft.irfft(waves * torch.exp(-2 * (torch.pi * WIDTH / 128 * k) ** 2), n=128, norm="forward")


def trial(seed: int) -> dict[str, float]:
    """Agreement of concepts, of random atoms' concepts, and of channels.

    As maps, matched one to one up to a sign and a shift, beside those of other functions; and as representations, which
    needs no matching.
    """
    other, values = (seed + 1) % len(lab.SEEDS), {}
    one = Seen("FNO", seed, seed)
    values["FNO: fvu"] = one.left
    for i, (a, b) in enumerate(PAIRS):
        two = Seen(b, other, 50 + 10 * i + seed)
        if b != "FNO":
            values[f"{b}: fvu"] = two.left
        for what in ("concepts", "frozen", "layer"):
            ours, theirs = getattr(one, what), getattr(two, what)
            x, y = ours.transpose(0, 1), theirs.transpose(0, 1)
            values |= {
                f"{a}, {b}: {what} maps": matched(match_atoms(ours, theirs)),
                f"{a}, {b}: {what} neighbours": mutual_neighbours(x, y, NEAR),
                f"{a}, {b}: {what} cka": linear_cka(x, y),
            }
        values[f"{a}, {b}: chance maps"] = matched(match_atoms(one.concepts, two.concepts.roll(17, 1)))
    return values


def matched(match: Match) -> float:
    """The mean cosine of those that have a partner."""
    return match.cosine[match.index >= 0].mean().item()
