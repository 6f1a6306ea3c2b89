"""The toy of superposition: 512 concepts in 256 dimensions, of which few are frequent. Some minutes.

Unit Gaussian atoms; concept c is active with a probability in proportion to 0.99^c, five on average; masses between 0
and 1 (`saeno.data.FrequencyModel.toy`). The score is the mean over the true atoms of the best cosine with a learned
one. Every method gets the same 400 batches of 256 signals, Adam with a cosine schedule, a mean that starts at zero, and
its own learning rate. `tests/benchmarks/bench_sae_lens.py` gives the same batches to another library.
"""

from __future__ import annotations

from functools import partial

import torch

from saeno import DenseDictionary, OneStep, ReLU, SparseAutoencoder, TopK, Unrolled, fit, losses
from saeno.book.claims import Claim, Number, Paired
from saeno.data import FrequencyModel
from saeno.metrics import dead_atoms, fvu, l0, match_atoms, mean_max_cosine
from saeno.seeds import generator

STEPS, BATCH, CHANNELS, CONCEPTS, ACTIVE = 400, 256, 256, 512, 5
L1 = 0.05  # the best of 0.025, 0.05, 0.1 and 0.2, for another seed than those below
DEAD_AFTER = 50  # steps
ONE_STEP = (0.003, 0.006, 0.012, 0.024)
RATES = {
    "ReLU, L1": ONE_STEP,
    "TopK": ONE_STEP,
    "TopK, tied": (0.01, 0.03, 0.1),
    "IHT, T = 5": (0.012, 0.024, 0.05, 0.1, 0.2),
}
AXES = {"setting": [f"{method} | {rate}" for method, rates in RATES.items() for rate in rates], "seed": range(5)}


def toy(seed: int) -> FrequencyModel:
    """The data of a seed."""
    return FrequencyModel.toy(seed=10_000 + seed, channels=CHANNELS, concepts=CONCEPTS, active=ACTIVE)


def made(method: str, seed: int) -> tuple[SparseAutoencoder, losses.Loss]:
    """An untrained model, and its loss."""
    dead = {"k": CHANNELS // 2, "patience": DEAD_AFTER}
    encoder, loss = {
        "ReLU, L1": lambda: (OneStep(ReLU(), tied=False, step=1.0), losses.l1(L1)),
        "TopK": lambda: (OneStep(TopK(ACTIVE, True), tied=False), losses.AuxK(**dead)),
        "TopK, tied": lambda: (OneStep(TopK(ACTIVE, True)), losses.AuxK(**dead)),
        "IHT, T = 5": lambda: (Unrolled(TopK(ACTIVE, True), 5, detach=True), losses.objective),
    }[method]()
    return SparseAutoencoder(DenseDictionary(CHANNELS, CONCEPTS, seed=seed), encoder, mean=torch.zeros(CHANNELS)), loss


def scores(atoms: torch.Tensor, reconstruction: torch.Tensor, code: torch.Tensor, seed: int) -> dict[str, float]:
    """What was recovered, from the learned atoms and what they make of the `unseen` signals of that seed."""
    true = toy(seed).dictionary
    cosine = mean_max_cosine(atoms, true.atoms(), signed=False)
    return {
        "cosine": cosine.true_to_learned,
        "reverse": cosine.learned_to_true,
        "recovered": match_atoms(atoms, true.atoms(), signed=False).recovered(0.9),
        "fvu": fvu(unseen(seed), reconstruction),
        "active": l0(code),
        "dead": dead_atoms(code).double().mean().item(),
    }


def unseen(seed: int) -> torch.Tensor:
    """Signals to measure on, `(4096, channels)`."""
    return toy(seed).sample(4096, generator=generator(20_000 + seed)).signal


def trial(setting: str, seed: int) -> dict[str, float]:
    """Train one method at one rate; what it recovered."""
    method, rate = setting.split(" | ")
    model, loss = made(method, seed)
    fit(model, toy(seed), STEPS, batch=BATCH, lr=float(rate), loss=loss, seed=seed, progress=False)
    with torch.no_grad():
        return scores(model.dictionary.atoms(), *model(unseen(seed)), seed)


SHARE = partial(Number, possible=(0.0, 1.0))
BEST = {
    name: {"setting": f"{name} | {rate}"} for name, rate in (("TopK", 0.012), ("TopK, tied", 0.03), ("IHT, T = 5", 0.1))
}
CLAIMS = [
    Claim(
        id="encoders-toy",
        chapter="recovery/sparse-autoencoders",
        source="our measurement",
        statement="On a toy with rare concepts an encoder that is tied to the atoms finds many more of them than one "
        "with weights of its own; to iterate adds little.",
        setting="512 random unit atoms in 256 dimensions, active with probabilities in proportion to 0.99^c, five on "
        "average, masses between 0 and 1. 400 steps of 256 signals, Adam with a cosine schedule, each at the best of "
        "three to five rates on these seeds; one step with AuxK.",
        finding="The mean best cosine of the true atoms is {untied} for one untied step of TopK, {tied} for a tied "
        "one, and {iht} for five steps of iterative hard thresholding.",
        verdict="ours",
        numbers={
            "untied": SHARE("cosine", BEST["TopK"]),
            "tied": SHARE("cosine", BEST["TopK, tied"], least=0.8),
            "iht": SHARE("cosine", BEST["IHT, T = 5"]),
        },
        differences={
            "many_more": Paired("tied", "untied", least=0.2),
            "little": Paired("iht", "tied", most=0.05),
        },
    ),
]
