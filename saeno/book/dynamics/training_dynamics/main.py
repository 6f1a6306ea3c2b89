"""Six models on one functional truth, at equal rates and at their own, and what goes on meanwhile. Six minutes."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno import MatchingPursuit
from saeno.book.claims import Claim, Number, Paired
from saeno.book.dynamics.training_dynamics.lab import (
    EVENTS,
    GRID,
    MODELS,
    TARGET,
    dictionary,
    frozen,
    nearest,
    race,
    train,
    truth,
)
from saeno.book.dynamics.training_dynamics.rates import STEPS
from saeno.book.shared import unit
from saeno.data import SparseModel
from saeno.metrics import dead_atoms, effective_rank, fvu, interference, match_atoms, support_f1
from saeno.seeds import generator

EQUAL = {"SGD": 1.0, "Adam": 0.01}
OWN = {
    "SGD": {"SAE": 12.0, "SAE-CNN": 4.0, "SAE-FNO": 4.0, "L-SAE": 3.0, "L-SAE-CNN": 1.0, "L-SAE-FNO": 1.0},
    "Adam": {
        "SAE": 0.02,
        "SAE x32": 0.32,
        "SAE-CNN": 0.32,
        "SAE-FNO": 0.16,
        "L-SAE": 0.005,
        "L-SAE-CNN": 0.16,
        "L-SAE-FNO": 0.16,
    },
}
"""The rates of `training_dynamics_rates` at which the hidden atoms are found soonest, or which come closest."""
LOOKS = (0, 2, 4, 8, 16, 32, 64, 128, 256, 400)
EARLY = (0, 4, 16)
AXES = {
    "run": [
        *(f"equal, {optimizer}, {model}" for optimizer in EQUAL for model in MODELS),
        *(f"own, {optimizer}, {model}" for optimizer, models in OWN.items() for model in models),
    ],
    "seed": range(8),
}
NAMES = {"sae": "SAE", "cnn": "SAE-CNN", "fno": "SAE-FNO", "lsae": "L-SAE", "lcnn": "L-SAE-CNN", "lfno": "L-SAE-FNO"}
SHARE = {"possible": (0.0, 1.0)}
SETTING = (
    "Four concepts with two channels at 32 places, two events in a signal. SAE: 256 vectors; SAE-CNN: 8 kernels of 15 "
    "taps; SAE-FNO: 8 filters of 7 modes; lifted ones have four times as many channels inside, Gaussian of variance "
    "1/m, L = Pᵀ, and the same atoms at the start. Matching pursuit of two events without a gradient, batches of 64, "
    "constant rates, atoms at unit gain. "
)
TO_TARGET = (
    "Steps until the mean cosine of the 128 true atoms with their nearest is above 0.95; 400 are the most, and stand "
    "for what is not reached. "
)
CHOSEN = (
    "Each model has its own rate, the one with the fewest steps in `training_dynamics_rates`, on other seeds and not "
    "at an edge of what was tried. "
)


def _steps(rates: str, optimizer: str, model: str, **more: float) -> Number:
    run = f"{rates}, {optimizer}, {model}"
    return Number("steps", {"run": run}, form=".0f", possible=(1, STEPS), **more)


def _at(what: str, step: int, optimizer: str, model: str, **more: object) -> Number:
    return Number(f"{what}_{step}", {"run": f"own, {optimizer}, {model}"}, **more)


def _times(slow: str, fast: str, **bounds: float) -> Paired:
    """The steps of the first over those of the second: how many times as fast the second is."""
    return Paired(slow, fast, ratio=True, form=".2f", **bounds)


CLAIMS = [
    Claim(
        id="dynamics-equal-rates",
        chapter="dynamics/training-dynamics",
        source="abstracts of v2 and v4",
        statement="Lifting speeds up recovery: at equal learning rates.",
        setting=SETTING + TO_TARGET + "Rates: 1 for gradient descent, 0.01 for Adam.",
        finding="With Adam the SAE takes {adam_sae} steps without and {adam_lsae} with a lift, the SAE-CNN {adam_cnn} "
        "and {adam_lcnn}, the SAE-FNO {adam_fno} and {adam_lfno}: lifts are {sae}, {cnn} and {fno} times as fast. With "
        "gradient descent it is {sgd_cnn} and {sgd_lcnn} for the SAE-CNN, {sgd_fno} and {sgd_lfno} for the SAE-FNO, "
        "which eight seeds do not tell apart, and neither SAE gets there ({sgd_sae} and {sgd_lsae}).",
        verdict="reproduced in a regime",
        numbers={
            f"{optimizer.lower()}_{name}": _steps("equal", optimizer, model)
            for optimizer in EQUAL
            for name, model in NAMES.items()
        },
        differences={name: _times(f"adam_{name}", f"adam_l{name}", least=1.0) for name in ("sae", "cnn", "fno")},
    ),
    Claim(
        id="dynamics-own-sgd",
        chapter="dynamics/training-dynamics",
        source="abstracts of v2 and v4",
        statement="Lifting speeds up recovery: gradient descent, each model at its own rate.",
        setting=SETTING + TO_TARGET + CHOSEN,
        finding="The SAE-CNN takes {cnn} steps, and {lcnn} with a lift; the SAE-FNO {fno} and {lfno}. The steps "
        "without a lift over those with it are {lifted_cnn} and {lifted_fno}. The SAE is never there, with a lift or "
        "without ({lsae} and {sae}).",
        verdict="not reproduced",
        numbers={name: _steps("own", "SGD", model) for name, model in NAMES.items()},
        # At equal rates a lift of h/m = 4 may be ahead by four times: of that nothing may be left.
        differences={f"lifted_{name}": _times(name, f"l{name}", most=1.25) for name in ("cnn", "fno")},
    ),
    Claim(
        id="dynamics-own-adam",
        chapter="dynamics/training-dynamics",
        source="abstracts of v2 and v4",
        statement="Lifting speeds up recovery: Adam, each model at its own rate.",
        setting=SETTING + TO_TARGET + CHOSEN + "Rates were tried by factors of 2.",
        finding="The SAE takes {sae} steps, and {lsae} with a lift; the SAE-CNN {cnn} and {lcnn}; the SAE-FNO {fno} "
        "and {lfno}. The steps without a lift over those with it are {lifted_sae}, {lifted_cnn} and {lifted_fno}. So "
        "the lifted SAE is faster. Eight seeds do not tell lifted operators from others; that they are twice as fast, "
        "as at equal rates, is excluded.",
        verdict="reproduced in a regime",
        numbers={name: _steps("own", "Adam", model) for name, model in NAMES.items()},
        differences={
            "lifted_sae": _times("sae", "lsae", least=1.0),
            **{f"lifted_{name}": _times(name, f"l{name}", most=2.0) for name in ("cnn", "fno")},
        },
    ),
    Claim(
        id="dynamics-operators",
        chapter="dynamics/training-dynamics",
        source="abstract of v2",
        statement="Operator modules speed up recovery.",
        setting=SETTING + TO_TARGET + CHOSEN + "Adam, equally many signals in a step.",
        finding="The SAE takes {sae} steps, the SAE-CNN {cnn}, the SAE-FNO {fno}: {cnn_faster} and {fno_faster} times "
        "as fast. Between the two operators eight seeds see no difference: the steps of the SAE-CNN over those of the "
        "SAE-FNO are {between}.",
        verdict="reproduced",
        numbers={name: _steps("own", "Adam", NAMES[name]) for name in ("sae", "cnn", "fno")},
        differences={
            "cnn_faster": _times("sae", "cnn", least=4.0),
            "fno_faster": _times("sae", "fno", least=4.0),
            "between": _times("cnn", "fno", least=0.5, most=2.0),
        },
    ),
    Claim(
        id="dynamics-data",
        chapter="dynamics/training-dynamics",
        source="our measurement",
        statement="The speed of an operator is one of data: with 32 times as many signals in a step, as many as there "
        "are places, an SAE takes nearly as few steps.",
        setting=SETTING + TO_TARGET + CHOSEN + "Adam; the SAE with batches of 64 and of 2048 signals.",
        finding="With 64 signals in a step the SAE takes {sae} steps, with 2048 it takes {many}; the SAE-CNN and the "
        "SAE-FNO take {cnn} and {fno} with 64. The many signals are worth a factor of {gain}, and what is left to the "
        "operators is {left_cnn} and {left_fno}.",
        verdict="ours",
        numbers={
            **{name: _steps("own", "Adam", NAMES[name]) for name in ("sae", "cnn", "fno")},
            "many": _steps("own", "Adam", "SAE x32"),
        },
        differences={
            "gain": _times("sae", "many", least=4.0),
            "left_cnn": _times("many", "cnn", most=2.0),
            "left_fno": _times("many", "fno", most=2.0),
        },
    ),
    Claim(
        id="dynamics-dead",
        chapter="dynamics/training-dynamics",
        source="our measurement",
        statement="In an SAE few atoms win all signals: with gradient descent most atoms are never used, with Adam "
        "fewer.",
        setting=SETTING + CHOSEN + "The share of the 256 atoms that none of 1024 new signals uses, after 400 steps; "
        "128 would be enough. The control is untrained atoms.",
        finding="Of untrained atoms {start} are dead. After training it is {sgd} with gradient descent and {adam} with "
        "Adam, {more} less; with gradient descent the mean cosine of true atoms with partners of their own is {found}, "
        "with Adam {found_adam}. Of the SAE-FNO {fno} and {fno_adam} are dead.",
        verdict="ours",
        numbers={
            "start": _at("dead", 0, "SGD", "SAE", most=0.3, **SHARE),
            "sgd": _at("dead", STEPS, "SGD", "SAE", least=0.5, **SHARE),
            "adam": _at("dead", STEPS, "Adam", "SAE", **SHARE),
            "fno": _at("dead", STEPS, "SGD", "SAE-FNO", **SHARE),
            "fno_adam": _at("dead", STEPS, "Adam", "SAE-FNO", **SHARE),
            "found": _at("cosine", STEPS, "SGD", "SAE", **SHARE),
            "found_adam": _at("cosine", STEPS, "Adam", "SAE", **SHARE),
        },
        differences={
            "more": Paired("sgd", "adam", least=0.1),
            "better": Paired("found_adam", "found", least=0.1),
            "shared": Paired("sgd", "fno", least=0.25),
        },
    ),
    Claim(
        id="dynamics-copies",
        chapter="dynamics/training-dynamics",
        source="our measurement",
        statement="Long training makes the support worse while the atoms are as good: spare filters come alive as "
        "copies.",
        setting=SETTING
        + CHOSEN
        + "SAE-FNO with gradient descent, which has 8 filters for 4 concepts, after 16 and after "
        "400 steps. Each true atom has one partner in the support, so a copy that is used is a false alarm.",
        finding="From step 16 to step 400 the F1 of the support goes from {f1} to {f1_end}, a change of {f1_change}; "
        "the mean cosine from {cosine} to {cosine_end}, {cosine_change}. The share of dead atoms falls from {dead} to "
        "{dead_end}, and the effective rank of the code rises from {rank} to {rank_end}, where the truth has 128 at "
        "most.",
        verdict="ours",
        numbers={
            f"{name}{end}": _at(name, step, "SGD", "SAE-FNO", form=form)
            for name, form in (("f1", ".3f"), ("cosine", ".3f"), ("dead", ".2f"), ("rank", ".0f"))
            for end, step in (("", 16), ("_end", STEPS))
        },
        differences={
            "f1_change": Paired("f1_end", "f1", most=-0.03),
            "cosine_change": Paired("cosine_end", "cosine", least=-0.02),
            "dead_change": Paired("dead_end", "dead", most=-0.05),
            "rank_change": Paired("rank_end", "rank", least=10.0, form=".0f"),
        },
    ),
    Claim(
        id="dynamics-crowd",
        chapter="dynamics/training-dynamics",
        source="our measurement",
        statement="Training makes the atoms of an operator more alike; a lift neither decorrelates them nor lowers "
        "their interference.",
        setting=SETTING + CHOSEN + "After 400 steps. Overlap: root mean square cosine of two of the 256 atoms. "
        "Interference: the sum of |⟨dᵢ, dⱼ⟩ E zᵢzⱼ| over i ≠ j, over that for i = j.",
        finding="Untrained kernels have the overlap {start}. With Adam it is {sae}, {cnn} and {fno} for SAE, SAE-CNN "
        "and SAE-FNO, and {lsae}, {lcnn} and {lfno} with lifts, which change it by {sae_change}, {cnn_change} and "
        "{fno_change}. The interference is {sae_inter}, {cnn_inter} and {fno_inter}, and {lsae_inter}, {lcnn_inter} "
        "and {lfno_inter} with lifts: changes of {sae_inter_change}, {cnn_inter_change} and {fno_inter_change}.",
        verdict="ours",
        numbers={
            "start": _at("overlap", 0, "Adam", "SAE-CNN", **SHARE),
            **{
                f"{name}{end}": _at(what, STEPS, "Adam", model, **SHARE)
                for what, end in (("overlap", ""), ("interference", "_inter"))
                for name, model in NAMES.items()
            },
        },
        differences={
            "rises": Paired("cnn", "start", least=0.03),
            **{f"{name}_change": Paired(f"l{name}", name, least=-0.05, most=0.05) for name in ("sae", "cnn", "fno")},
            **{
                f"{name}_inter_change": Paired(f"l{name}_inter", f"{name}_inter", least=-0.03, most=0.03)
                for name in ("sae", "cnn", "fno")
            },
        },
    ),
    Claim(
        id="dynamics-early",
        chapter="dynamics/training-dynamics",
        source="our measurement",
        statement="An untrained atom already tells which concept it will take; how pure it is early tells little about "
        "how pure it will be.",
        setting=SETTING
        + CHOSEN
        + "Of atoms that are in use after 400 steps. Kept: the share whose nearest concept in the "
        "end is the one it was before the first step; chance: the same with atoms shuffled. Lead: how much larger the "
        "purity, the largest cosine with a concept at any place, is in the end for the half of the atoms that was "
        "purer at the start, or at step 16.",
        finding="For the SAE {sae_sgd} with gradient descent and {sae_adam} with Adam keep their concept, where chance "
        "is {sae_sgd_chance} and {sae_adam_chance}: {sae_sgd_known} and {sae_adam_known} more. For the SAE-FNO it is "
        "{fno_sgd} and {fno_adam}, where chance is {fno_sgd_chance} and {fno_adam_chance}: {fno_sgd_known} and "
        "{fno_adam_known} more. The purer half at the start leads by {sae_sgd_lead}, {sae_adam_lead}, {fno_sgd_lead} "
        "and {fno_adam_lead} in the end; the purer half at step 16 by {sae_sgd_lead16}, {sae_adam_lead16}, "
        "{fno_sgd_lead16} and {fno_adam_lead16}.",
        verdict="ours",
        numbers={
            f"{name}_{optimizer.lower()}{end}": _at(what, step, optimizer, NAMES[name], form=".2f")
            for name in ("sae", "fno")
            for optimizer in EQUAL
            for what, step, end in (
                ("kept", 0, ""),
                ("chance", 0, "_chance"),
                ("lead", 0, "_lead"),
                ("lead", 16, "_lead16"),
            )
        },
        differences={
            **{
                f"{name}_known": Paired(name, f"{name}_chance", least=0.0, form=".2f")
                for name in ("sae_sgd", "sae_adam", "fno_sgd", "fno_adam")
            },
            **{
                f"{name}_{lead}_small": Paired(f"{name}_{lead}", 0.0, least=-0.15, most=0.15, form=".2f")
                for name in ("sae_sgd", "sae_adam", "fno_sgd", "fno_adam")
                for lead in ("lead", "lead16")
            },
        },
    ),
]


def trial(run: str, seed: int) -> dict[str, float]:
    """A race to the target at the rate of all; or, at a rate of its own, all that is followed over 400 steps."""
    rates, optimizer, model = run.split(", ")
    if rates == "equal":
        return race(model, optimizer, EQUAL[optimizer], seed, STEPS)
    if model not in MODELS:
        return race(model, optimizer, OWN[optimizer][model], seed, STEPS)
    return follow(model, optimizer, OWN[optimizer][model], seed)


def follow(model: str, optimizer: str, rate: float, seed: int) -> dict[str, float]:
    """Train for all steps; `fvu_64` is the FVU after 64 of them."""
    data = truth(seed)
    signal, code = data.sample(1024, generator=generator(20_000 + seed))
    true, found, kept = data.dictionary.atoms(), {"steps": float(STEPS)}, {}

    def look(step: int, A: Tensor) -> None:
        if step and found["steps"] == STEPS and nearest(A, true).mean() > TARGET:
            found["steps"] = float(step)
        if step in LOOKS:
            kept[step] = A
            found.update({f"{name}_{step}": value for name, value in state(A, data, signal, code).items()})

    train(dictionary(model, seed), data, optimizer, rate, seed, STEPS, look)
    alive = ~dead_atoms(MatchingPursuit(EVENTS).events(frozen(kept[STEPS]), signal).code())
    if model.endswith("-CNN") or model.endswith("-FNO"):  # all places of a filter are one atom
        alive, kept = alive.unflatten(0, (-1, GRID)).any(1), {step: A[::GRID] for step, A in kept.items()}
    pure = {step: purity(A[alive], true) for step, A in kept.items()}
    for step in EARLY:
        found.update({f"{name}_{step}": value for name, value in foretold(pure[step], pure[STEPS]).items()})
    return found


def purity(A: Tensor, true: Tensor) -> Tensor:
    """The largest |cosine| of each row of A with each concept at any place: `(rows, 4)`."""
    return (unit(A) @ unit(true).T).abs().unflatten(1, (-1, GRID)).amax(2)


def foretold(early: Tensor, late: Tensor) -> dict[str, float]:
    """What early purities `(atoms, concepts)` say about late ones.

    lead: how much purer, in the end, the purer half of the atoms is than the other half. kept: the share of atoms that
    are nearest to the concept they were nearest to; chance: the same for atoms that were shuffled.
    """
    order = early.amax(1).argsort()
    half = len(order) // 2
    pure = late.amax(1)[order]
    before, after = (p.argmax(1) for p in (early, late))
    share = [
        torch.bincount(nearest_one, minlength=early.shape[1]).double() / len(order) for nearest_one in (before, after)
    ]
    return {
        "lead": (pure[-half:].mean() - pure[:half].mean()).item(),
        "kept": (before == after).double().mean().item(),
        "chance": (share[0] * share[1]).sum().item(),
    }


def state(A: Tensor, data: SparseModel, signal: Tensor, code: Tensor) -> dict[str, float]:
    """All that the chapter follows, on held-out signals and their true codes."""
    learned = frozen(A)
    found = MatchingPursuit(EVENTS).events(learned, signal).code()
    match = match_atoms(learned, data.dictionary)
    return {
        "fvu": fvu(signal, learned.synthesis(found)),
        "cosine": match.cosine.mean().item(),
        "f1": support_f1(found, code, match),
        **crowd(A, found),
        "dead": dead_atoms(found).double().mean().item(),
    }


def crowd(A: Tensor, code: Tensor) -> dict[str, float]:
    """Atoms among themselves: the rms cosine of two, their interference, and the effective rank of the code."""
    cosine, between = unit(A) @ unit(A).T, interference(A, code)
    own = between.diag().sum()
    return {
        "overlap": ((cosine.square().sum() - len(A)) / (len(A) * (len(A) - 1))).sqrt().item(),
        "interference": ((between.abs().sum() - own) / own).item(),
        "rank": effective_rank(code),
    }
