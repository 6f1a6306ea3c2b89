"""Six models on one functional truth: how they are made, trained, and looked at on the way.

Four concepts are functions with two channels on 32 nodes, and a signal has two events. An operator learns 8 filters and
has each at 32 places; an SAE sees the 64 values as a vector and learns 256 atoms. So the atoms of all six are the rows
of a matrix A of 256 × 64, every code has 256 entries, and all scores are those of the same kind of thing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from saeno import ConvDictionary, DenseDictionary, FourierDictionary, Lifted, Lifting, MatchingPursuit
from saeno.book.shared import unit
from saeno.data import SparseModel
from saeno.data.families import derivative, gabor, gaussian
from saeno.dictionaries import Dictionary
from saeno.dictionaries.functions import FunctionAtoms
from saeno.metrics import coherence
from saeno.seeds import generator

GRID, CHANNELS, CONCEPTS, FILTERS, EVENTS, BATCH = 32, 2, 4, 8, 2, 64
MODES, TAPS, WIDER = 7, 15, 4
MODELS = ("SAE", "SAE-CNN", "SAE-FNO", "L-SAE", "L-SAE-CNN", "L-SAE-FNO")
OPTIMIZERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
TARGET = 0.95
KINDS = ("bump", "slope", "two waves", "four waves")

_NODES = torch.arange(GRID)
_MOVED = (_NODES - _NODES[:, None]) % GRID  # u − v, in row v and column u


def concepts(seed: int) -> Tensor:
    """A bump, the slope of one, packets of two and of four waves, each in a direction of its own of the channels.

    No two have a |cosine| above 0.7 at any shift. `(4, 2, 32)`, of unit norm.
    """
    random = generator(10_000 + seed)
    while True:
        a, b, angle = torch.rand(3, CONCEPTS, generator=random, dtype=torch.double)
        width, phase = (0.06 + 0.02 * a).tolist(), (2 * math.pi * b).tolist()
        made = [gaussian(width[0]), derivative(width[1]), gabor(2, 0.08, phase[2]), gabor(4, 0.09, phase[3])]
        direction = torch.stack([(math.pi * angle).cos(), (math.pi * angle).sin()], 1)
        values = FunctionAtoms(made).atoms(GRID).double() * direction[:, :, None]
        values = values / values.square().mean(-1).sum(-1).sqrt().view(-1, 1, 1)
        if coherence(values) <= 0.7:
            return values.to(torch.get_default_dtype())


def rows(atoms: Tensor) -> Tensor:
    """Atoms `(concepts, 2, 32)` at all places, as vectors of the same norm: `(concepts · 32, 64)`."""
    return atoms[:, :, _MOVED].transpose(1, 2).flatten(2).flatten(0, 1) / math.sqrt(GRID)


def truth(seed: int, norms: Sequence[float] = (1.0,) * CONCEPTS) -> SparseModel:
    """The functions as vectors: 128 atoms, four concepts at 32 places, two of them in each signal."""
    atoms = concepts(seed) * torch.tensor(norms).view(-1, 1, 1)
    return SparseModel(DenseDictionary.from_atoms(rows(atoms)), EVENTS)


def dictionary(model: str, seed: int) -> Dictionary:
    """An untrained dictionary of one of the six; a lifted one has the effective atoms of the same without a lift."""
    start = {
        "SAE": lambda: DenseDictionary(CHANNELS * GRID, FILTERS * GRID, seed=seed),
        "SAE-CNN": lambda: ConvDictionary(CHANNELS, FILTERS, TAPS, seed=seed),
        "SAE-FNO": lambda: FourierDictionary(CHANNELS, FILTERS, MODES, seed=seed),
    }[model.removeprefix("L-")]()
    if not model.startswith("L-"):
        return start
    lifting = Lifting.gaussian(start.channels, WIDER * start.channels, "channels", seed=30_000 + seed)
    return Lifted.from_atoms(start, lifting)


def matrix(dictionary: Dictionary) -> Tensor:
    """A: the effective atoms of any of the six, at all places, as rows `(256, 64)`."""
    return rows(dictionary.atoms(GRID)) if dictionary.axes else dictionary.atoms()


def loss_of(A: Tensor, signal: Tensor, pursuit: MatchingPursuit) -> Tensor:
    """½ E‖x − Az‖² with the codes of A, through which no gradient goes. Signals are vectors `(batch, 64)`."""
    events = pursuit.events(frozen(A), signal)
    made = (A[events.indices] * events.values.unsqueeze(-1)).sum(1)
    return (signal - made).square().sum(1).mean() / 2


def frozen(A: Tensor) -> DenseDictionary:
    """The rows of A as a dictionary of vectors."""
    dense = DenseDictionary(1, 1)
    dense.weight = nn.Parameter(A.detach(), requires_grad=False)
    return dense


def train(
    dictionary: Dictionary,
    data: SparseModel,
    optimizer: str,
    rate: float,
    seed: int,
    steps: int,
    look: Callable[[int, Tensor], bool | None],
    batch: int = BATCH,
) -> None:
    """Train at a constant rate, and show `look` the step and A before the first step and after each; True ends it.

    What `fit` computes, in a part of the time: all six are trained as the one matrix that they are.
    """
    descent, pursuit = OPTIMIZERS[optimizer](dictionary.parameters(), lr=rate), MatchingPursuit(EVENTS)
    random = generator(seed)
    look(0, matrix(dictionary).detach().clone())
    for step in range(1, steps + 1):
        signal = data.sample(batch, generator=random).signal
        descent.zero_grad()
        loss_of(matrix(dictionary), signal, pursuit).backward()
        dictionary.project_gradient_()
        descent.step()
        dictionary.normalize_()
        if look(step, matrix(dictionary).detach().clone()):
            break


def nearest(A: Tensor, true: Tensor) -> Tensor:
    """The largest |cosine| of each true row with a row of A."""
    return (unit(true) @ unit(A).T).abs().amax(1)


def race(model: str, optimizer: str, rate: float, seed: int, steps: int) -> dict[str, float]:
    """The step at which the mean cosine of the 128 true atoms with their nearest is above 0.95, and where it ended.

    "SAE x32" is the SAE with 32 times as many signals in a step. What is never reached counts as all steps.
    """
    kind, *more = model.split(" x")
    data, first, last = truth(seed), steps, 0.0
    true = data.dictionary.atoms()

    def look(step: int, A: Tensor) -> bool:
        nonlocal first, last
        last = nearest(A, true).mean().item()
        if last > TARGET and step:
            first = step
        return last > TARGET

    batch = BATCH * int(more[0]) if more else BATCH
    train(dictionary(kind, seed), data, optimizer, rate, seed, steps, look, batch)
    return {"steps": first, "reached": float(last > TARGET), "nearest": last}
