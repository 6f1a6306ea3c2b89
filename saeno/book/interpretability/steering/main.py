"""What becomes of the output when a concept of a layer is steered? Each beside its rivals and controls. Five minutes.

Each seed has an operator, and a start of the model, of its own; functions are held-out ones.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.claims import Claim
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.book.interpretability.steering import lab, probes
from saeno.book.interpretability.steering.lab import EVENTS, LAYER, NODES, Parts, Steered
from saeno.book.interpretability.steering.ladder import Ladder
from saeno.metrics import fvu
from saeno.operators import relative_l2
from saeno.seeds import generator

RANK = 6
"""As many principal components leave of the layer about what eight events leave."""
CONTROLS = ("untrained FNO", "frozen encoder", "frozen dictionary", "channel PCA")
AXES = {
    "run": ["SAE-FNO", "output-aware", *CONTROLS, "layer 0", "layer 3"],
    "seed": range(5),
}
DOSES = (-1.0, 0.0, 0.5, 1.5, 2.0, 3.0)

CLAIMS: list[Claim] = []


def trial(run: str, seed: int) -> dict[str, float]:
    """Ratios to rivals, how natural states are, what effects are like; faithfulness; for the SAE-FNO the rest."""
    kind, layer = ("SAE-FNO", int(run[-1])) if run.startswith("layer") else (run, LAYER)
    trained = kind != "untrained FNO"
    x, y = (lab.hidden(seed, layer, part, trained) for part in ("train", "judge"))
    steered = Steered(lab.rest(seed, trained, layer), y)
    if kind == "channel PCA":
        parts, atoms = lab.components(x, y, RANK), None
        rebuilt = {EVENTS: inside.pca(x, rank=RANK).rebuilt(y)}
        return pushed(steered, parts, x, atoms, seed) | faithful(steered, rebuilt, x, seed, trained)
    made = lab.model(kind, seed, layer)
    parts, atoms = lab.parts(made, y), made.dictionary.atoms((NODES,)).detach()
    values = pushed(steered, parts, x, atoms, seed)
    if layer == LAYER:
        counts = (2, 4, 8, 32) if kind in ("SAE-FNO", "output-aware") else (EVENTS,)
        rebuilt = {k: inside.explained(lab.with_events(made, k)).rebuilt(y) for k in counts}
        values |= faithful(steered, rebuilt, x, seed, trained)
    if run == "SAE-FNO":
        values |= doses(steered, parts, seed) | finer(steered, parts, made.dictionary, seed)
    return values


def pushed(steered: Steered, parts: Parts, x: Tensor, atoms: Tensor | None, seed: int) -> dict[str, float]:
    """What taking a concept away does, over what taking away each rival does, and what these effects are like."""
    own = steered.effect(parts.function, -parts.step)
    nature, size, values = probes.Nature(x, seed), lab.norm(own).flatten(), {}
    values["far"] = lab.medians(nature.stretch(steered.y, parts, -parts.step), parts.concept)
    for name, rival in Ladder(parts, x, steered.y, atoms, seed).steps().items():
        theirs = lab.norm(steered.effect(parts.function, -rival)).flatten()
        values[f"over_{name}"] = lab.medians(size / theirs, parts.concept)
        values[f"far_{name}"] = lab.medians(nature.stretch(steered.y, parts, -rival), parts.concept)
    anywhere = probes.elsewhere(parts, seed)
    random = steered.effect(parts.function, -at_random(parts, seed))
    for name, effects, where in (("", own, parts), ("_random", random, parts), ("_chance", own, anywhere)):
        values[f"alike{name}"] = probes.consistency(effects, where)
        values[f"local{name}"] = probes.locality(effects, where)
    values["flip"] = flip(own, steered.effect(parts.function, parts.step), parts)
    values["flip_random"] = flip(random, steered.effect(parts.function, at_random(parts, seed)), parts)
    return values


def at_random(parts: Parts, seed: int) -> Tensor:
    """In place of each concept a fixed random function: the same masses and places, and the same norm."""
    atoms = lab.random_atoms(parts.step.shape[1], seed)
    return lab.sized(lab.placed(atoms, parts.concept % len(atoms), parts.mass), parts.step)


def flip(less: Tensor, more: Tensor, parts: Parts) -> float:
    """The cosine of what less of a concept does with the opposite of what more does; in proportion, it is 1."""
    cosine = -(less * more).sum((1, 2)) / (less.norm(dim=(1, 2)) * more.norm(dim=(1, 2)))
    return lab.medians(cosine, parts.concept)


def faithful(steered: Steered, rebuilt: dict[int, Tensor], x: Tensor, seed: int, trained: bool) -> dict[str, float]:
    """The layer replaced by what is explained of it: FVU, relative change of the output, and the loss recovered.

    The loss is the relative error to the truth; 0 is recovered with the layer's mean in its place, 1 with the layer
    itself. An operator with its first weights has no truth but its own output. And what the model leaves out costs over
    what rivals of the same FVU cost, function by function.
    """
    y, mean = steered.y, x.mean((0, 2))[:, None].expand_as(steered.y)
    truth = inside.held_out("judge").output[: len(y)] if trained else steered.output

    @torch.no_grad()
    def error(hidden: Tensor, wanted: Tensor) -> float:
        return relative_l2(steered.run(hidden), wanted).mean().item()

    best, worst, values = error(y, truth), error(mean, truth), {}
    for k, made in rebuilt.items():
        recovered = (worst - error(made, truth)) / (worst - best)
        values |= {f"fvu{k}": fvu(y, made), f"change{k}": error(made, steered.output), f"recovered{k}": recovered}
    left = y - rebuilt[EVENTS]
    rows = torch.arange(len(y))
    whole = Parts(rows, 0 * rows, torch.ones(len(y), y.shape[2]), 0 * rows, 0 * rows + 1, left)
    rivals = Ladder(whole, x, y, None, seed).steps()
    rivals["pca"] = lab.sized(y - inside.pca(x, rank=RANK).rebuilt(y), left)
    own = steered.size(rows, -left)
    names = ("white", "band", "phases", "covariance", "toward", "pca")
    return values | {f"cost_{name}": (own / steered.size(rows, -rivals[name])).median().item() for name in names}


def doses(steered: Steered, parts: Parts, seed: int) -> dict[str, float]:
    """The change of the output, over its size, with a concept at several doses, 1 being as it is; and other acts."""
    values, random = {}, at_random(parts, seed)
    for name, step in (("", parts.step), ("_random", random)):
        for dose in DOSES:
            size = steered.size(parts.function, (dose - 1) * step)
            values[f"dose{name}_{dose:g}"] = lab.medians(size, parts.concept)
    draw = torch.randperm(len(steered.y), generator=generator(seed))
    other, by = draw[parts.function], torch.full((len(parts.step),), NODES / 4, dtype=parts.step.dtype)
    acts = {
        "amplified": (parts.function, parts.step),
        "moved": (parts.function, lab.moved(parts.step, by) - parts.step),
        "inserted": (other, parts.step),
    }
    for name, (functions, step) in acts.items():
        steps = parts._replace(function=functions, step=step)
        size = steered.size(functions, step)
        ladder = Ladder(steps, steered.y, steered.y, None, seed)
        for rival, made in (("white", ladder.normal(*step.shape[1:])), ("band", ladder.band())):
            theirs = steered.size(functions, lab.sized(made, step))
            values[f"{name}_{rival}"] = lab.medians(size / theirs, parts.concept)
    return values


def finer(steered: Steered, parts: Parts, dictionary: torch.nn.Module, seed: int) -> dict[str, float]:
    """Concepts of n nodes that steer on 2n, and between nodes: how far effects are from those that they should be.

    A concept that is a vector, with a value at each node of its grid, is repeated, interpolated, or padded.
    """
    n, functions = NODES, parts.function
    fine = Steered(steered.run, inside.hidden(seed, "judge", 2 * n)[: lab.STEERED])
    mass = torch.zeros(len(parts.mass), 2 * n, dtype=parts.mass.dtype)
    mass[:, ::2] = 2 * parts.mass  # a density: an event of the same mass at a node of half the width
    exact = lab.placed(dictionary.atoms((2 * n,)).detach(), parts.concept, mass)
    half = torch.full((len(mass),), 0.5, dtype=mass.dtype)
    there = lab.moved(exact, 2 * half)
    return {
        "fine_rendered": off(fine.effect(functions, -exact)[..., ::2], steered.effect(functions, -parts.step), parts),
        **{
            f"fine_{name}": off(fine.effect(functions, -step), fine.effect(functions, -exact), parts)
            for name, step in lab.stretched(parts).items()
        },
        **{
            f"between_{name}": off(steered.effect(functions, step), fine.effect(functions, there)[..., ::2], parts)
            for name, step in {
                "phases": lab.moved(parts.step, half),
                "rounded": parts.step,
                "mixed": (parts.step + parts.step.roll(1, 2)) / 2,
            }.items()
        },
    }


def off(effects: Tensor, wanted: Tensor, parts: Parts) -> float:
    """How far effects are from those that they should be, over these."""
    return lab.medians((lab.norm(effects - wanted) / lab.norm(wanted)).flatten(), parts.concept)
