"""What do models of a layer explain, and what do their concepts mean? Each beside its controls. Twelve minutes.

Each seed has an operator, and a start of the model, of its own. Five operators were trained by the recipe of `lab`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from saeno import SparseAutoencoder
from saeno.book.interpretability.inside_an_fno import lab
from saeno.book.interpretability.inside_an_fno.lab import LAYER, NODES, Explained
from saeno.data.pde import Pairs
from saeno.metrics import compare_codes, equivariance_error, fvu
from saeno.operators import relative_l2, replace

EVENTS, COSTLY = (2, 4, 8, 16), ("SAE-CNN", 16)
LEARNED = ("SAE-FNO", "L-SAE-FNO", "SAE-CNN")
CONTROLS = ("untrained FNO", "frozen encoder", "frozen dictionary", "channel PCA")
AXES = {
    "run": [
        *(f"{kind}, {k}" for kind in (*LEARNED, *CONTROLS) for k in EVENTS if (kind, k) != COSTLY),
        *(f"per point, {k}" for k in (0.0625, 0.25, 1, 2, 4)),
        "channels, 0",
    ],
    "seed": range(5),
}
LEVELS = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95)
REACH, DRAWS, MOST, MOVED = 2, 3, 32, 37

CLAIMS: list = []


def trial(run: str, seed: int) -> dict[str, float]:
    """What a way of explaining leaves unexplained; with 8 events, per point with one code at a node, all the rest."""
    kind, events = run.split(", ")
    trained, made = kind != "untrained FNO", None
    x, y = lab.hidden(seed, trained=trained), lab.hidden(seed, "judge", trained=trained)
    if kind == "channels":
        found = Explained(lambda x: x, lambda x: x - x.mean((0, 2), keepdim=True), 0)
        return meaning(found, seed)
    if kind == "channel PCA":
        found = lab.pca(x, int(events))
    elif kind == "per point" and float(events) < 1:
        found = largest(lab.learned(kind, 1, x, seed), round(float(events) * NODES))
    else:
        made = lab.learned(kind, int(events), x, seed)
        found = lab.explained(made)
    values = {"fvu": fvu(y, found.rebuilt(y)), "codes": float(found.codes)}
    if events == ("1" if kind == "per point" else "8"):
        values |= meaning(found, seed, trained) | symmetry(found, y)
        if trained:
            values |= replaced(found, seed)
        if kind in LEARNED:
            values |= finer(kind, made, seed, values["fvu"])
    return values


def largest(made: SparseAutoencoder, count: int) -> Explained:
    """A model of vectors, of whose codes only the largest of each function are kept."""
    whole = lab.explained(made)

    def maps(x: Tensor) -> Tensor:
        code = whole.maps(x)
        flat = code.flatten(1)
        kept = torch.zeros_like(flat).scatter(1, flat.abs().topk(count).indices, 1.0)
        return (flat * kept).view_as(code)

    def rebuilt(x: Tensor) -> Tensor:
        made_of = made.decode(maps(x).transpose(1, 2).flatten(0, 1)).detach()
        return made_of.view(len(x), NODES, -1).transpose(1, 2)

    return Explained(rebuilt, maps, count)


# --- what the operator makes of it


def run_with(seed: int, rebuilt: Callable[[Tensor], Tensor], u: Tensor) -> Tensor:
    """What an operator gives when a layer is replaced by what is explained of it."""
    with replace(lab.operator(seed), LAYER, rebuilt) as changed, torch.no_grad():
        return changed(u)


def replaced(found: Explained, seed: int) -> dict[str, float]:
    """The error and the change of the output, its mean (that of the truth is 0), and what it commutes with."""
    u, truth = lab.held_out("judge")
    made, own = run_with(seed, found.rebuilt, u), run_with(seed, lambda h: h, u)

    def operator(u: Tensor) -> Tensor:
        return run_with(seed, found.rebuilt, u)

    return {
        "error": relative_l2(made, truth).mean().item(),
        "change": relative_l2(made, own).mean().item(),
        "mean": made.mean((1, 2)).square().mean().sqrt().item(),
        "operator_shift": equivariance_error(operator, u, MOVED),
        "operator_mirror": equivariance_error(operator, u, reflect=True, negate=True),
    }


def symmetry(found: Explained, y: Tensor) -> dict[str, float]:
    """Commutators of layer → what is explained of it."""
    return {
        "shift": equivariance_error(found.rebuilt, y, MOVED),
        "reflection": equivariance_error(found.rebuilt, y, reflect=True),
    }


def finer(kind: str, made: SparseAutoencoder, seed: int, before: float) -> dict[str, float]:
    """On two and four times the nodes: FVU there over FVU here, and how alike the codes are."""
    y, fine = lab.hidden(seed, "judge"), {n: lab.hidden(seed, "judge", n * NODES) for n in (2, 4)}
    with torch.no_grad():
        code, values = made.encode(y), {}
        for n, signal in fine.items():
            values[f"as_is{n}"] = fvu(signal, made.reconstruct(signal)) / before
            values[f"code{n}"] = compare_codes(made.encode(signal), code).cosine
            if kind == "SAE-CNN":
                other = SparseAutoencoder(
                    made.dictionary.interpolated(NODES, n * NODES), type(made.inference)(8), made.mean.detach()
                )
                values[f"interpolated{n}"] = fvu(signal, other.reconstruct(signal)) / before
                values[f"code_interpolated{n}"] = compare_codes(other.encode(signal), code).cosine
            else:
                values[f"padded{n}"] = fvu(signal, made.decode(code, signal.shape[2:])) / before
    return values


# --- what concepts mean


def events(pairs: Pairs) -> dict[str, Tensor]:
    """Where something happens, `(functions, nodes)`: shocks and sign changes of u(·, T), steep places of u(·, 0)."""
    before, after = pairs.input[:, 0], pairs.output[:, 0]
    fall, steep = -derivative(after), derivative(before).abs()
    return {
        "shocks": peaks(fall, 2 * fall.square().mean().sqrt()),
        "gradients": peaks(steep, steep.square().mean().sqrt()),
        "signs": after.sign() != after.roll(-1, 1).sign(),
    }


def derivative(u: Tensor) -> Tensor:
    """∂u/∂x on the torus."""
    waves = torch.fft.rfft(u)
    return torch.fft.irfft(2j * torch.pi * torch.arange(waves.shape[1]) * waves, n=u.shape[1])


def peaks(value: Tensor, least: Tensor) -> Tensor:
    """Local maxima above a bound."""
    return (value > value.roll(1, 1)) & (value >= value.roll(-1, 1)) & (value > least)


def widened(where: Tensor) -> Tensor:
    """Nodes that are at most `REACH` from one of these, along the last axis."""
    flat = pad(where.double().flatten(0, -2)[:, None], (REACH, REACH), mode="circular")
    return (conv1d(flat, flat.new_ones(1, 1, 2 * REACH + 1)) > 0.5).view_as(where)


class Detector(NamedTuple):
    """A rule: active where sign · map of a concept is above a bound, moved by some nodes, widened or not."""

    f1: float
    sign: int
    wide: bool
    concept: int
    above: float
    move: int


def best_detectors(maps: Tensor, wanted: Tensor) -> list[Detector]:
    """For each wanted set of nodes `(sets, functions, nodes)` the rule with the best F1, over all concepts."""
    best = [Detector(-1.0, 1, False, 0, 0.0, 0)] * len(wanted)
    there, size = torch.fft.rfft(wanted.float()), wanted.sum((1, 2))
    for sign in (1, -1):
        value = sign * maps
        above = torch.stack([positive_quantiles(value[:, c]) for c in range(maps.shape[1])], 1)
        for wide in (False, True):
            active = value[None] > above[:, None, :, None]
            active = widened(active) if wide else active
            here = torch.fft.rfft(active.float())
            hits = torch.fft.irfft(torch.einsum("lbck,fbk->lcfk", here, there.conj()), n=maps.shape[2])
            f1 = 2 * hits / (active.sum((1, 3))[..., None, None] + size[:, None])
            for f, old in enumerate(best):
                flat = f1[:, :, f]
                level, concept, move = (int(i) for i in torch.unravel_index(flat.argmax(), flat.shape))
                if flat.max().item() > old.f1 + 1e-6:
                    best[f] = Detector(flat.max().item(), sign, wide, concept, above[level, concept].item(), move)
    return best


def positive_quantiles(value: Tensor) -> Tensor:
    """Bounds on a map: quantiles of what is positive in it."""
    positive = value[value > 0]
    return torch.quantile(positive, positive.new_tensor(LEVELS)) * (1 - 1e-9) if len(positive) else value.new_ones(6)


def f1_of(detector: Detector, maps: Tensor, wanted: Tensor) -> float:
    """The F1 of a rule on other functions, `(functions, concepts, nodes)` and `(functions, nodes)`."""
    active = detector.sign * maps[:, detector.concept] > detector.above
    active = (widened(active) if detector.wide else active).roll(-detector.move, 1)
    return (2 * (active & wanted).sum() / (active.sum() + wanted.sum())).item()


def meaning(found: Explained, seed: int, trained: bool = True) -> dict[str, float]:
    """F1 of the best concept for each kind of event, chosen on some functions and judged on others; with its nulls.

    Nulls go through the same choice, with events of each function moved by a random distance, or those of another one.
    """
    layers = {part: lab.hidden(seed, part, trained=trained) for part in ("choose", "judge")}
    maps = {part: found.maps(layer) for part, layer in layers.items()}
    kept = maps["choose"].square().sum((0, 2)).sort(descending=True, stable=True).indices[:MOST]
    random, kinds = torch.Generator().manual_seed(seed), list(events(lab.held_out("judge")))
    wanted = {}
    for part in layers:
        true = widened(torch.stack(list(events(lab.held_out(part)).values())))
        sets = [true]
        for _ in range(DRAWS):
            moves = torch.randint(NODES // 8, 7 * NODES // 8, (true.shape[1],), generator=random)
            sets.append(torch.stack([true[:, i].roll(int(move), 1) for i, move in enumerate(moves)], 1))
        for _ in range(DRAWS):
            sets.append(true.roll(int(torch.randint(1, true.shape[1], (1,), generator=random)), 1))
        wanted[part] = torch.cat(sets)
    chosen = best_detectors(maps["choose"][:, kept], wanted["choose"])
    scores = [f1_of(rule, maps["judge"][:, kept], w) for rule, w in zip(chosen, wanted["judge"], strict=True)]
    table = torch.tensor(scores).view(1 + 2 * DRAWS, len(kinds))
    values = {"": table[0], "_shifted": table[1 : 1 + DRAWS].mean(0), "_permuted": table[1 + DRAWS :].mean(0)}
    return {f"{kind}{null}": row[i].item() for null, row in values.items() for i, kind in enumerate(kinds)}
