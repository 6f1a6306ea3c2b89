"""What the experiments on smooth concepts share: four families of concepts, and one training with all its scores.

A model is named by its prior: "12 modes" is a `FourierDictionary`, "32 taps" a `ConvDictionary`. Both are a subspace of
the functions on the grid; on 128 nodes "all modes" (63) is everything but one cosine, and "128 taps" is everything.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor

from saeno import ConvDictionary, FourierDictionary, MatchingPursuit, SparseAutoencoder, fit
from saeno.book.chapters import load_experiment
from saeno.book.record import stored
from saeno.book.runner import Setting
from saeno.book.shared import apart as apart
from saeno.data import SparseModel
from saeno.data.families import box, derivative, gabor, gaussian, rough
from saeno.dictionaries.functions import Function, FunctionAtoms
from saeno.metrics import coherence, fvu, match_atoms
from saeno.seeds import generator

GRID, LEARNED, EVENTS, STEPS, BATCH, SCARCE = 128, 8, 2, 300, 32, 64


def concepts(family: str, seed: int) -> FunctionAtoms:
    """Four concepts, no two with a cosine above 0.9 at any shift.

    very smooth: a bump, the slope of one, two Gabors at frequencies near 3 and 5; widths .05 to .07.
    smooth: the same with frequencies near 8 and 12 and widths .02 to .04. boxes: two boxes and two steps (up, then
    down), narrow and wide. rough: random, coefficients of size ω^-½ up to frequency 60, all over the torus.
    """
    random = generator(10_000 + seed)
    while True:
        a, b = torch.rand(2, 4, generator=random, dtype=torch.double).tolist()
        if family == "boxes":
            made = [
                box(0.03 + 0.03 * a[0]),
                box(0.1 + 0.06 * a[1]),
                _step(0.02 + 0.02 * a[2]),
                _step(0.06 + 0.02 * a[3]),
            ]
        elif family == "rough":
            made = [rough(0.5, seed=int(1e6 * value), modes=60) for value in a]
        else:
            least, most, waves = {"very smooth": (0.05, 0.07, (3, 5)), "smooth": (0.02, 0.04, (8, 12))}[family]
            width = [least + (most - least) * value for value in a]
            gabors = [gabor(w - 0.5 + b[i], width[i], 2 * math.pi * b[i + 2]) for i, w in enumerate(waves)]
            made = [gaussian(width[2]), derivative(width[3]), *gabors]
        atoms = FunctionAtoms(made)
        if coherence(atoms, grid=1024) <= 0.9:
            return atoms


def _step(half: float) -> Function:
    """Up for `half`, then down for `half`, of unit norm."""
    one = box(half)
    return lambda points: (one(points + half / 2) - one(points - half / 2)) / math.sqrt(2)


def dictionary(model: str, seed: int, learned: int = LEARNED) -> FourierDictionary | ConvDictionary:
    """An untrained dictionary by the name of its prior, such as "12 modes", "all modes" or "32 taps"."""
    size, kind = model.split()
    if kind == "modes":
        return FourierDictionary(1, learned, (GRID - 1) // 2 if size == "all" else int(size), seed=seed)
    return ConvDictionary(1, learned, int(size), seed=seed)


def low(atoms: Tensor, modes: int) -> Tensor:
    """The projection onto frequencies up to `modes`, on the grid of the atoms."""
    spectrum = torch.fft.rfft(atoms)
    spectrum[..., modes + 1 :] = 0
    return torch.fft.irfft(spectrum, n=atoms.shape[-1])


def ceiling(atoms: Tensor, model: str) -> Tensor:
    """For each atom `(concepts, 1, n)` the largest cosine that the model can reach: ‖Π d‖/‖d‖ at the best shift."""
    size, kind = model.split()
    energy = atoms.square().sum((1, 2))
    if kind == "modes":
        kept = atoms if size == "all" else low(atoms, int(size))
        return (kept.square().sum((1, 2)) / energy).sqrt()
    square = atoms.square().sum(1)
    windows = torch.cat([square, square], -1).unfold(-1, int(size), 1).sum(-1)
    return (windows.amax(-1) / energy).sqrt()


def learn(
    family: str,
    model: str,
    rate: float,
    seed: int,
    signals: int | None = SCARCE,
    noise: float = 1.0,
    cut: bool = True,
) -> dict[str, float]:
    """Train once with Adam, from `signals` signals or from fresh ones at every step (None).

    clean is the FVU against new signals without their noise, held_out that of 64 new signals with it. The numbers
    `cut_…` are those of the trained dictionary when it is cut to 12 modes afterwards.
    """
    true = concepts(family, seed)
    data = SparseModel(true, active=EVENTS, noise=noise)
    training = data if signals is None else data.sample(signals, GRID, generator(30_000 + seed)).signal
    encoder = MatchingPursuit(EVENTS, detach=True)
    autoencoder = SparseAutoencoder(dictionary(model, seed), encoder)
    grid = GRID if signals is None else ()
    fit(autoencoder, training, STEPS, BATCH, lr=rate, seed=seed, grid=grid, progress=False)
    atoms = autoencoder.dictionary.atoms(GRID).detach()
    found = _scores(autoencoder, true, data, seed) | {"ceiling": ceiling(true.atoms(GRID), model).mean().item()}
    if cut:
        fewer = FourierDictionary.from_atoms(atoms, modes=12)
        fewer.normalize_()
        after = _scores(SparseAutoencoder(fewer, encoder), true, data, seed)
        found |= {f"cut_{name}": value for name, value in after.items()}
    return found


@torch.no_grad()
def _scores(model: SparseAutoencoder, true: FunctionAtoms, data: SparseModel, seed: int) -> dict[str, float]:
    signal, code = data.sample(256, GRID, generator(20_000 + seed))
    match, reconstruction = match_atoms(model.dictionary, true, grid=GRID), model.reconstruct(signal)
    return {
        "cosine": match.cosine.mean().item(),
        "recovered": match.recovered(0.95),
        "clean": fvu(true.synthesis(code), reconstruction),
        "held_out": fvu(signal[:64], reconstruction[:64]),
    }


def tuned(experiment: str, value: str, **settings: Setting) -> tuple[float, ...]:
    """A stored number for each seed, at the rate that has the best mean cosine.

    The first and the last rate of the grid are not chosen: they are there to show that the best is inside.
    """
    runs = [settings | {"rate": rate} for rate in load_experiment(experiment).AXES["rate"][1:-1]]
    return stored(experiment, value, max(runs, key=lambda run: stored(experiment, "cosine", run).mean)).each


# For the chapter


def very_smooth() -> FunctionAtoms:
    """Four very smooth concepts: a bump, the slope of one, two packets of three and of five waves."""
    return FunctionAtoms([gaussian(0.06), derivative(0.06), gabor(3, 0.05), gabor(5, 0.07)])


def descend(
    start: FourierDictionary | ConvDictionary,
    optimizer: Callable,
    x: Tensor,
    code: Callable,
    after: Callable | None = None,
) -> Tensor:
    """The atoms, on the nodes of x, after a hundred steps on all signals x, whose codes are `code(dictionary, x)`.

    after: called with the dictionary behind each step.
    """
    dictionary = copy.deepcopy(start)
    stepper = optimizer(dictionary.parameters())
    for _ in range(100):
        loss = (x - dictionary.synthesis(code(dictionary, x))).square().mean() / 2
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        if after:
            after(dictionary)
    return dictionary.atoms(x.shape[-1]).detach()
