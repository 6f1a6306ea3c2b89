"""The functions, the operators and the models that the experiments of this chapter look into.

`python -m saeno.book.interpretability.inside_an_fno.lab` trains the operators whose weights are not here: a minute or
two for each. A file of weights says in its header by which recipe, with which seed, and to which errors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    SparseAutoencoder,
    files,
    fit,
)
from saeno.data.pde import Pairs, burgers
from saeno.dictionaries import Dictionary
from saeno.operators import FNO, fit_operator, record, relative_l2
from saeno.seeds import generator
from saeno.sparsity import Events

NODES, TRAIN, HELD, WIDTH, LAYER = 128, 1000, 200, 32, "layers.1"
RECIPE = {"steps": 4000, "batch": 20, "lr": 3e-3, "weight_decay": 1e-4, "warmup": 100}
OPERATORS = range(6)
"""The first five are measured; rates, and the layer, are chosen on the last."""
CONCEPTS, MODES, TAPS, POINTWISE = 16, 16, 33, 512
STEPS, BATCH = 200, 16


@cache
def training() -> Pairs:
    """What operators and models learn from: u(·, 0) and u(·, .3), `(1000, 1, 128)` each."""
    return burgers(TRAIN, NODES, seed=0, progress=False)


@cache
def held_out(part: str, nodes: int = NODES) -> Pairs:
    """A hundred functions that nothing is trained on, in float64: to choose by ("choose"), or to judge by ("judge")."""
    half = slice(None, HELD // 2) if part == "choose" else slice(HELD // 2, None)
    return Pairs(*(values[half] for values in burgers(HELD, nodes, seed=1, dtype=torch.double, progress=False)))


def untrained(seed: int) -> FNO:
    """An operator with the weights it starts with."""
    return FNO(1, 1, width=WIDTH, modes=16, layers=4, seed=seed)


def train(seed: int, pairs: Pairs, steps: int = RECIPE["steps"]) -> FNO:
    """An operator after the recipe; with fewer steps the warm-up is a quarter of them at most."""
    model, how = untrained(seed), {**RECIPE, "steps": steps, "warmup": min(RECIPE["warmup"], steps // 4)}
    fit_operator(model, *pairs, **how, seed=seed, progress=False)
    return model


@torch.no_grad()
def error(model: Callable[[Tensor], Tensor], pairs: Pairs) -> float:
    """The mean relative L² error of an operator."""
    return relative_l2(model(pairs.input), pairs.output).mean().item()


def weights(seed: int) -> Path:
    """The file of an operator that the book ships."""
    return Path(__file__).with_name(f"fno_{seed}.safetensors")


def recipe(seed: int) -> dict:
    """What the file of an operator says about its training."""
    return files.read(weights(seed))[1]["training"]


@cache
def operator(seed: int, trained: bool = True) -> FNO:
    """An operator of the book in float64, in which no result hangs on last bits; or one with its first weights."""
    return (FNO.load(weights(seed)) if trained else untrained(seed)).double().eval()


def store(seed: int) -> None:
    """Train an operator, and write its file."""
    model = train(seed, training())
    said = {**RECIPE, "seed": seed, "pairs": TRAIN, "nodes": NODES, "torch": torch.__version__}
    judged = Pairs(*(values.float() for values in held_out("judge")))
    errors = {"training": error(model, training()), "held_out": error(model, judged)}
    files.write(
        weights(seed), model.state_dict(), {"operator": model.describe(), "training": {**said, "error": errors}}
    )


@lru_cache(maxsize=24)
def hidden(seed: int, part: str = "train", nodes: int = NODES, trained: bool = True) -> Tensor:
    """What the layer gives, `(functions, 32, nodes)` in float64, for functions to learn from or held-out ones."""
    pairs = training() if part == "train" else held_out(part, nodes)
    return record(operator(seed, trained), pairs.input.double(), LAYER)[LAYER]


class Explained(NamedTuple):
    """A way to explain a layer, `(batch, 32, nodes)`."""

    rebuilt: Callable[[Tensor], Tensor]
    """The layer, as far as it is explained."""
    maps: Callable[[Tensor], Tensor]
    """What is active where, `(batch, concepts, nodes)`."""
    codes: float
    """Active codes of one function."""


class FrozenPursuit(MatchingPursuit):
    """A pursuit that chooses events by atoms of its own, which do not learn: a frozen encoder."""

    def __init__(self, k: int, atoms: Dictionary):
        super().__init__(k, detach=True)
        self.atoms = atoms.requires_grad_(False)

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        return super().events(self.atoms, signal)


def random_atoms(x: Tensor, seed: int) -> FourierDictionary:
    """Random atoms with the layer's own covariance: random sums of its functions, each of them moved at random."""
    random = generator(40_000 + seed)
    rows = torch.randint(len(x), (CONCEPTS, 64), generator=random)
    moves = torch.randint(x.shape[2], (CONCEPTS, 64), generator=random)
    sizes, x = torch.randn(CONCEPTS, 64, generator=random, dtype=x.dtype), x - x.mean((0, 2), keepdim=True)
    atoms = [
        sum(size * x[row].roll(int(move), 1) for row, move, size in zip(*one, strict=True))
        for one in zip(rows.tolist(), moves.tolist(), sizes, strict=True)
    ]
    dictionary = FourierDictionary.from_atoms(torch.stack(atoms), MODES)
    dictionary.normalize_()
    return dictionary


def model(kind: str, events: int, x: Tensor, seed: int) -> SparseAutoencoder:
    """A model as it starts; of one kind, with so many events in a function (per point: at a node)."""
    pursuit = MatchingPursuit(events, detach=True)
    if kind == "SAE-CNN":
        dictionary = ConvDictionary(WIDTH, CONCEPTS, TAPS, seed)
    elif kind == "L-SAE-FNO":
        dictionary = Lifted(
            FourierDictionary(2 * WIDTH, CONCEPTS, MODES, seed), Lifting.learned(WIDTH, 2 * WIDTH, seed)
        )
    elif kind == "per point":
        dictionary = DenseDictionary(WIDTH, POINTWISE, seed)
    elif kind.startswith("frozen"):
        dictionary = random_atoms(x, seed)
    else:
        dictionary = FourierDictionary(WIDTH, CONCEPTS, MODES, seed)
    if kind == "frozen encoder":
        pursuit = FrozenPursuit(events, random_atoms(x, seed).double())
    return SparseAutoencoder(dictionary.double(), pursuit, mean=x.mean((0, 2))).double()


def points(x: Tensor) -> Tensor:
    """Functions as the vectors at their nodes, `(batch · nodes, channels)`."""
    return x.transpose(1, 2).flatten(0, 1)


def learned(kind: str, events: int, x: Tensor, seed: int, rate: float, steps: int = STEPS) -> SparseAutoencoder:
    """A model that has learned from a layer x, `(functions, 32, nodes)`."""
    made = model(kind, events, x, seed)
    if kind != "frozen dictionary":
        data, batch = (points(x), BATCH * NODES) if kind == "per point" else (x, BATCH)
        fit(made, data, steps, batch, rate, normalize=kind != "frozen encoder", seed=seed, progress=False)
    return made


def explained(made: SparseAutoencoder) -> Explained:
    """What a model makes of a layer."""
    events = made.inference.k
    if made.dictionary.axes == 0:

        def maps(x: Tensor) -> Tensor:
            return made.encode(points(x)).view(len(x), x.shape[2], -1).transpose(1, 2)

        def rebuilt(x: Tensor) -> Tensor:
            return made.reconstruct(points(x)).view(len(x), x.shape[2], -1).transpose(1, 2)

        return Explained(torch.no_grad()(rebuilt), torch.no_grad()(maps), events * NODES)
    return Explained(torch.no_grad()(made.reconstruct), torch.no_grad()(lambda x: made.encode(x) / x.shape[2]), events)


def pca(x: Tensor, waves: int | None = None, rank: int = CONCEPTS) -> Explained:
    """Channel PCA: the first components at every node, or of all components the largest waves of a function."""
    mean = x.mean((0, 2))[:, None]
    basis = torch.linalg.eigh(torch.cov(points(x).T)).eigenvectors.flip(1)

    def maps(x: Tensor) -> Tensor:
        return torch.einsum("bcn,cr->brn", x - mean, basis[:, :rank])

    def rebuilt(x: Tensor) -> Tensor:
        if waves is None:
            return torch.einsum("brn,cr->bcn", maps(x), basis[:, :rank]) + mean
        # The Fourier basis of functions with n values, orthonormal: cosines and sines count by themselves.
        found = FourierDictionary.from_atoms(torch.einsum("bcn,cr->brn", x - mean, basis), MODES)
        flat = found.weight.detach().flatten(1)
        kept = torch.zeros_like(flat).scatter(1, flat.abs().topk(waves).indices, 1.0)
        found.weight.data.copy_((flat * kept).view_as(found.weight))
        return torch.einsum("brn,cr->bcn", found.atoms(x.shape[2:]).detach(), basis) + mean

    return Explained(rebuilt, maps, rank * NODES if waves is None else waves)


if __name__ == "__main__":
    for each in OPERATORS:
        if not weights(each).exists():
            store(each)
