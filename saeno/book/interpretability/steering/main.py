"""What becomes of the output when a concept of a layer is steered? Each beside its rivals and controls. Five minutes.

Each seed has an operator, and a start of the model, of its own; functions are held-out ones.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.book.interpretability.steering import lab
from saeno.book.interpretability.steering.lab import EVENTS, LAYER, NODES, Ladder, Parts, Steered
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

CHAPTER = "interpretability/steering"
SETTING = (
    "Five operators trained on Burgers' equation; the 32 channels after two of four layers, on 128 nodes. SAE-FNO with "
    "16 concepts, 16 modes and 8 events, 200 batches of 16 functions of 1,000; 50 held-out functions are steered. A "
    "concept's part is all its events in a function; the median over functions for each concept, and over concepts. "
)
CONTROLLED = (
    "Controls: an operator with its first weights; a pursuit with frozen random atoms whose decoder learns; random "
    "atoms with the layer's covariance, which do not learn; six principal components of the channels. "
)


def _of(value: str, run: str = "SAE-FNO", form: str = ".2f", **bounds: float) -> Number:
    return Number(value, {"run": run}, form=form, possible=bounds.pop("possible", (0.0, float("inf"))), **bounds)


def _times(number: str, rival: str | float, form: str = ".2f", **bounds: float) -> Paired:
    return Paired(number, rival, ratio=True, form=form, **bounds)


CLAIMS = [
    Claim(
        id="steering-ladder",
        chapter=CHAPTER,
        source="our measurement",
        statement="Ablating a concept changes the output more than noise of the same size does, and less than steps do "
        "that stay among the layer's natural states.",
        setting=SETTING + "Effect of the concept over that of a rival with the same norm, in the same function. Rivals "
        "as in the chapter's table.",
        finding="The ratio is {white} to white noise, {band} to band-limited noise, {rotated} with the channels "
        "rotated, {channel} to a raw channel, {scrambled} with random phases in each channel and {phases} with the "
        "same ones in all, {other} to another concept, {place} to the same one in a wrong place, {component} to the "
        "first component of the channels, {toward} to a step toward another input, {covariance} to a Gaussian with "
        "the layer's covariance, {means} to a difference of means.",
        verdict="ours",
        numbers={
            name: _of(f"over_{name}")
            for name in (
                "white band rotated channel scrambled phases other place component toward covariance means".split()
            )
        },
        # "More than noise" has the bars that the chapter was planned with; "the same" is within a quarter.
        differences={
            "white_bar": _times("white", 1.0, least=4.0),
            "band_bar": _times("band", 1.0, least=2.5),
            "form": _times("phases", 1.0, least=0.8, most=1.25),
            "elsewhere": _times("place", 1.0, least=0.8, most=1.25),
            "noise_is_weak": _times("band", "toward", least=2.5),
            "below_natural": _times("toward", 1.0, most=1.0),
            "below_gaussian": _times("covariance", 1.0, most=1.0),
            "below_means": _times("means", 1.0, most=1.0),
        },
    ),
    Claim(
        id="steering-acts",
        chapter=CHAPTER,
        source="our measurement",
        statement="To amplify, to move or to insert a concept tells the same as to ablate it: it beats noise.",
        setting=SETTING + "Effect over that of noise of the same norm. Moved by a quarter of the torus; inserted into "
        "another function at its own place.",
        finding="Over band-limited noise the ratio is {amplified} when amplified, {moved} when moved and {inserted} "
        "when inserted; over white noise {amplified_white}, {moved_white} and {inserted_white}.",
        verdict="ours",
        numbers={
            **{name: _of(f"{name}_band") for name in ("amplified", "moved", "inserted")},
            **{f"{name}_white": _of(f"{name}_white") for name in ("amplified", "moved", "inserted")},
        },
        differences={
            **{f"{name}_more": _times(name, 1.0, least=2.0) for name in ("amplified", "moved", "inserted")},
            "weaker_rival": _times("amplified_white", "amplified", least=1.0),
        },
    ),
    Claim(
        id="steering-controls",
        chapter=CHAPTER,
        source="our measurement",
        statement="That concepts beat noise is owed to the trained operator and not to learned atoms: random atoms of "
        "the layer's covariance beat it as well, and on an untrained operator concepts do not.",
        setting=SETTING + CONTROLLED + "Effect over that of white noise of the same norm, and over a step toward "
        "another input.",
        finding="Over white noise the ratio is {learned} for learned concepts, {dictionary} for a frozen dictionary, "
        "{encoder} with a frozen encoder, {pca} for principal components, and {untrained} on an untrained operator. "
        "Over a step toward another input these are {learned_toward}, {dictionary_toward}, {encoder_toward}, "
        "{pca_toward} and {untrained_toward}.",
        verdict="ours",
        numbers={
            f"{name}{end}": _of(f"over_{rival}", run)
            for end, rival in (("", "white"), ("_toward", "toward"))
            for name, run in (
                ("learned", "SAE-FNO"),
                ("dictionary", "frozen dictionary"),
                ("encoder", "frozen encoder"),
                ("pca", "channel PCA"),
                ("untrained", "untrained FNO"),
            )
        },
        differences={
            "no_less": _times("dictionary", "learned", least=0.8),
            "operator": _times("learned", "untrained", least=2.0),
        },
    ),
    Claim(
        id="steering-natural",
        chapter=CHAPTER,
        source="our measurement",
        statement="Ablating a concept leads a layer away from its natural states, no farther than noise of that size "
        "does, and less far than a raw channel.",
        setting=SETTING + "Patches of nine nodes where a step is largest: distance to the nearest of 8,192 natural "
        "patches, after the step over before.",
        finding="The distance grows by the factor {own} when a concept is ablated; with white noise of that size by "
        "{white}, with band-limited noise by {band}, with another concept by {other}, with a raw channel by {channel}, "
        "toward another input by {toward}.",
        verdict="ours",
        numbers={"own": _of("far")} | {n: _of(f"far_{n}") for n in ("white", "band", "other", "channel", "toward")},
        differences={
            "away": _times("own", 1.0, least=1.0),
            "noise": _times("white", "own", least=0.9),
            "channel_farther": _times("channel", "own", least=1.0),
        },
    ),
    Claim(
        id="steering-alike",
        chapter=CHAPTER,
        source="our measurement",
        statement="Effects of a concept are more alike from input to input than those of a fixed random function, and"
        " no more than those of random atoms with the layer's covariance.",
        setting=SETTING + CONTROLLED + "Mean cosine of two functions' effects, aligned at the largest event and by the "
        "sign of its mass. Random: a fixed band-limited function for each concept, with the same masses and places and "
        "the same norm. Chance: aligned at random places.",
        finding="The cosine is {own} for concepts, {random} for random functions ({more} more), and {chance} by "
        "chance; {dictionary} for a frozen dictionary, {encoder} with a frozen encoder, {pca} for principal components "
        "and {untrained} on an untrained operator, where random functions have {untrained_random}.",
        verdict="ours",
        numbers={
            "own": _of("alike", possible=(-1.0, 1.0)),
            "random": _of("alike_random", possible=(-1.0, 1.0)),
            "chance": _of("alike_chance", possible=(-1.0, 1.0)),
            "dictionary": _of("alike", "frozen dictionary", possible=(-1.0, 1.0)),
            "encoder": _of("alike", "frozen encoder", possible=(-1.0, 1.0)),
            "pca": _of("alike", "channel PCA", possible=(-1.0, 1.0)),
            "untrained": _of("alike", "untrained FNO", possible=(-1.0, 1.0)),
            "untrained_random": _of("alike_random", "untrained FNO", possible=(-1.0, 1.0)),
        },
        differences={
            "more": Paired("own", "random", least=0.0, form=".2f"),
            "beyond_chance": Paired("own", "chance", least=0.2, form=".2f"),
            "no_more": Paired("own", "dictionary", most=0.1, form=".2f"),
        },
    ),
    Claim(
        id="steering-layers",
        chapter=CHAPTER,
        source="our measurement",
        statement="Effects of a concept are near their cause, beyond chance, nearer in the last layer than the first.",
        setting=SETTING + "Models of the first, the second and the last layer. Share of the energy of an effect in a "
        "window of 27 nodes of 128, at a distance from the event that is chosen on half of the functions and judged on "
        "the others. Chance: places at random.",
        finding="The share is {first} in the first layer, {second} in the second and {last} in the last one, where a "
        "random function has {random}; by chance it is {chance_first}, {chance_second} and {chance}.",
        verdict="ours",
        numbers={
            "first": _of("local", "layer 0", possible=(0, 1)),
            "second": _of("local", possible=(0, 1)),
            "last": _of("local", "layer 3", possible=(0, 1)),
            "random": _of("local_random", "layer 3", possible=(0, 1)),
            "chance_first": _of("local_chance", "layer 0", possible=(0, 1)),
            "chance_second": _of("local_chance", possible=(0, 1)),
            "chance": _of("local_chance", "layer 3", possible=(0, 1)),
        },
        differences={
            "later": Paired("last", "first", least=0.0, form=".2f"),
            "beyond_chance": Paired("second", "chance_second", least=0.05, form=".2f"),
        },
    ),
    Claim(
        id="steering-dose",
        chapter=CHAPTER,
        source="our measurement",
        statement="Effects are nearly in proportion to the dose; so are those of random functions.",
        setting=SETTING + "Change of the output over its size, at the doses 0 (ablated), 2 and 3. Cosine of the effect "
        "of ablating with the opposite of that of amplifying.",
        finding="Ablating a concept changes the output by {size} of its size, a random function of that size by "
        "{size_random}. At dose 3 the change is {double} times that at dose 2. The cosine is {flip}, for random "
        "functions {flip_random}; the sizes at 2 and 3 are {two} and {three}.",
        verdict="ours",
        numbers={
            "size": _of("dose_0", form=".3f"),
            "size_random": _of("dose_random_0", form=".3f"),
            "two": _of("dose_2", form=".3f"),
            "three": _of("dose_3", form=".3f"),
            "flip": _of("flip", possible=(-1.0, 1.0)),
            "flip_random": _of("flip_random", possible=(-1.0, 1.0)),
        },
        differences={
            "opposite": Paired("flip", 0.0, least=0.8, form=".2f"),
            "opposite_random": Paired("flip_random", 0.0, least=0.8, form=".2f"),
            "double": _times("three", "two", least=1.6, most=2.4),
        },
    ),
    Claim(
        id="steering-faithful",
        chapter=CHAPTER,
        source="our measurement",
        statement="Eight events recover most of the loss, and what they leave out costs more than noise of that FVU.",
        setting=SETTING + CONTROLLED + "The layer replaced by its reconstruction; a model that learned with 8 events "
        "takes 2 to 32. Loss: relative error of the output to the truth; recovered is 0 with the mean in place of the "
        "layer, and 1 with the layer. Costs: change of the output over that by a rival with the norm of the residual.",
        finding="With 2, 4, 8 and 32 events {events2}, {events4}, {events8} and {events32} of the loss are recovered, "
        "at FVU {fvu8} with 8. A frozen dictionary recovers {dictionary} with 8, a frozen encoder {encoder}, six "
        "components {pca}. The residual costs {white} times what white noise does, {band} times band-limited noise, "
        "{phases} times itself with other phases, {component} times what components leave, {toward} times a step "
        "toward another input.",
        verdict="ours",
        numbers={
            **{f"events{k}": _of(f"recovered{k}", form=".3f", possible=(-9.0, 1.0)) for k in (2, 4, 8, 32)},
            "fvu8": _of("fvu8", form=".3f"),
            "dictionary": _of("recovered8", "frozen dictionary", form=".3f", possible=(-9.0, 1.0)),
            "encoder": _of("recovered8", "frozen encoder", form=".3f", possible=(-9.0, 1.0)),
            "pca": _of("recovered8", "channel PCA", form=".3f", possible=(-9.0, 1.0)),
            "white": _of("cost_white"),
            "band": _of("cost_band"),
            "phases": _of("cost_phases"),
            "component": _of("cost_pca"),
            "toward": _of("cost_toward"),
        },
        differences={
            "bar": Paired("events8", 0.0, least=0.85),
            "grows": Paired("events8", "events4", least=0.0),
            "costlier": _times("white", 1.0, least=1.5),
            "than_components": _times("component", 1.0, least=1.0),
        },
    ),
    Claim(
        id="steering-aware",
        chapter=CHAPTER,
        source="our measurement",
        statement="With the operator's output in its loss, a model leaves out what costs less for its size, and more "
        "of it: the loss recovered hardly changes.",
        setting=SETTING
        + "Output-aware: FVU plus ten times the squared relative change of the output; the same starts, "
        "batches, steps and rate, so not tuned for itself. 8 events. Cost: change of the output over that by white "
        "noise with the norm of the residual.",
        finding="The cost goes from {plain_cost} to {aware_cost}, {cheaper} times as much; the FVU from {plain_fvu} to "
        "{aware_fvu}, {price} times; the loss recovered from {plain} to {aware}, a difference of {gain}.",
        verdict="ours",
        numbers={
            f"{name}{end}": _of(value, run, form=form, possible=(-9.0, 99.0))
            for name, run in (("plain", "SAE-FNO"), ("aware", "output-aware"))
            for end, value, form in (("", "recovered8", ".3f"), ("_cost", "cost_white", ".2f"), ("_fvu", "fvu8", ".3f"))
        },
        # Less than a twentieth of the loss is "hardly".
        differences={
            "cheaper": _times("aware_cost", "plain_cost", most=1.0),
            "price": _times("aware_fvu", "plain_fvu", least=1.0),
            "gain": Paired("aware", "plain", least=-0.05, most=0.05),
        },
    ),
    Claim(
        id="steering-finer",
        chapter=CHAPTER,
        source="our measurement",
        statement="Concepts found on 128 nodes steer the operator on 256, and between the nodes, as they should; a "
        "concept that is a vector does where it is interpolated, and not where it is padded or rounded.",
        setting=SETTING + "Relative error of an effect. As a function: on 256 nodes against 128. As vectors: against "
        "the function. Half a node to the right: on 128 nodes, against 256, on which that is a node.",
        finding="On 256 nodes effects are off by {rendered} as functions; by {interpolated} as interpolated vectors, "
        "{repeated} as repeated and {padded} as padded ones. Half a node to the right they are off by {phases} by "
        "phases, {mixed} as a mean of neighbours, {rounded} at the nearest node.",
        verdict="ours",
        numbers={
            "rendered": _of("fine_rendered", form=".0e"),
            "phases": _of("between_phases", form=".0e"),
            **{n: _of(f"fine_{n}", form=".4f") for n in ("interpolated", "repeated", "padded")},
            **{n: _of(f"between_{n}", form=".4f") for n in ("mixed", "rounded")},
        },
        differences={
            "padding_fails": Paired("padded", "rendered", least=0.3),
            "rounding_costs": Paired("rounded", "phases", least=0.02),
            "agrees": Paired("rendered", 0.0, most=0.05),
        },
    ),
]


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
    nature, size, values = lab.Nature(x, seed), lab.norm(own).flatten(), {}
    values["far"] = lab.medians(nature.stretch(steered.y, parts, -parts.step), parts.concept)
    for name, rival in Ladder(parts, x, steered.y, atoms, seed).steps().items():
        theirs = lab.norm(steered.effect(parts.function, -rival)).flatten()
        values[f"over_{name}"] = lab.medians(size / theirs, parts.concept)
        values[f"far_{name}"] = lab.medians(nature.stretch(steered.y, parts, -rival), parts.concept)
    anywhere = lab.elsewhere(parts, seed)
    random = steered.effect(parts.function, -at_random(parts, seed))
    for name, effects, where in (("", own, parts), ("_random", random, parts), ("_chance", own, anywhere)):
        values[f"alike{name}"] = lab.consistency(effects, where)
        values[f"local{name}"] = lab.locality(effects, where)
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
