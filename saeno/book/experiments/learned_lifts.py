"""A lift that learns with the dictionary: what becomes of the atoms? Ten minutes.

64 hidden atoms in 32 dimensions, 3 to a signal, noise 0.1; lifted to 128 dimensions. Every way of training is tried at
five rates, half a decade apart, with SGD and with Adam.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.utils.parametrizations import orthogonal

from saeno import DenseDictionary, Lifted, Lifting, OneStep, SparseAutoencoder, TopK, TrainingError, Unrolled, fit
from saeno.book.claims import Claim, Number
from saeno.data import SparseModel
from saeno.metrics import fvu, match_atoms

CHANNELS, CONCEPTS, ACTIVE, LIFTED, STEPS = 32, 64, 3, 128, 300
METHODS = ["plain", "plain, free", "fixed", "learned", "learned, free", "learned, held", "IHT, plain", "IHT, learned"]
AXES = {"method": METHODS, "optimizer": ["SGD", "Adam"], "rate": [0.3, 1.0, 3.0, 10.0, 30.0], "seed": range(5)}

SHARE = (0.0, 1.0)
CLAIMS: list[Claim] = []


def learning_rate(method: str, optimizer: str, rate: float) -> float:
    """What `rate` means: itself for SGD, a hundredth for Adam; a tenth of it for SGD on atoms of free norm."""
    return rate * (0.01 if optimizer == "Adam" else 0.1 if "free" in method else 1.0)


def trial(method: str, optimizer: str, rate: float, seed: int) -> dict[str, float]:
    """Train once. `apart_…` is the mean |cosine| between two atoms, at the start, at half time, and at the end."""
    true = DenseDictionary(CHANNELS, CONCEPTS, seed=10_000 + seed)
    data = SparseModel(true, active=ACTIVE, noise=0.1)
    model = SparseAutoencoder(_dictionary(method, seed), Unrolled(TopK(3), 5) if "IHT" in method else OneStep(TopK(3)))
    start, lr = model.dictionary.atoms().detach().clone(), learning_rate(method, optimizer, rate)
    settings = {"lr": lr, "optimizer": getattr(torch.optim, optimizer), "normalize": "free" not in method}
    watched = {"atoms": lambda model: model.dictionary.atoms()}
    stopped = 0.0
    try:
        history = fit(model, data, STEPS, seed=seed, metrics=watched, every=STEPS // 2, progress=False, **settings)
        middle = history.metrics["atoms"][1]
    except TrainingError:
        stopped, middle = 1.0, start
    match = match_atoms(model.dictionary, true)
    signal = data.sample(2048, generator=torch.Generator().manual_seed(20_000 + seed)).signal
    with torch.no_grad():
        error = fvu(signal, model.reconstruct(signal))
    return {
        "cosine": 0.0 if stopped else match.cosine.mean().item(),
        "recovered": 0.0 if stopped else match.recovered(0.95),
        "fvu": min(error, 10.0) if math.isfinite(error) else 10.0,
        "stopped": stopped,
        "alike_true": alike(true.atoms()),
        "alike_start": alike(start),
        "alike_middle": alike(middle),
        "alike_end": alike(model.dictionary.atoms()),
    }


@torch.no_grad()
def alike(atoms: Tensor) -> float:
    """The mean |cosine| between two atoms `(concepts, channels)`."""
    unit = torch.nn.functional.normalize(atoms.detach(), dim=1)
    gram = (unit @ unit.T).abs()
    return ((gram.sum() - gram.trace()) / (len(gram) * (len(gram) - 1))).item()


def _dictionary(method: str, seed: int) -> DenseDictionary | Lifted:
    if "plain" in method:
        return DenseDictionary(CHANNELS, CONCEPTS, seed=seed)
    make = Lifting.orthonormal if method == "fixed" else Lifting.learned
    dictionary = Lifted(DenseDictionary(LIFTED, CONCEPTS, seed=seed), make(CHANNELS, LIFTED, seed=seed))
    if "held" in method:  # P keeps orthonormal rows, by construction
        orthogonal(dictionary.lifting, "P", orthogonal_map="cayley")
    return dictionary
