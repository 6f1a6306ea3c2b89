"""The networks that this chapter compares, the functions that they are asked about, and what is in their layers.

The Fourier neural operators are those of *Inside a trained operator*. `python -m
saeno.book.interpretability.platonic.lab` trains the others whose weights are not here: a minute for a U-Net, a quarter
of one for the rest. A file of weights says in its header by which recipe, with which seed, and to which errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from saeno import files
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.data.pde import Pairs, RandomFunctions, burgers, solve_heat
from saeno.metrics import permuted_cka, permuted_neighbours
from saeno.operators import FNO, DeepONet, Operator, UNet, fit_operator, record
from saeno.seeds import generator

NODES, TRAIN, COUNT, SEEDS = inside.NODES, inside.TRAIN, 200, range(5)
VISCOSITY, TIME, ORDERS = 0.01, 0.3, 100
COMMON = {"batch": 20, "weight_decay": 1e-4, "warmup": 100}
RECIPES = {
    "U-Net": {"steps": 600, "lr": 1e-2, **COMMON},
    "DeepONet": {"steps": 4000, "lr": 1e-3, **COMMON},
    "heat FNO": {"steps": 600, "lr": 3e-3, **COMMON},
}
"""Rates of U-Nets and DeepONets were chosen on a sixth network of each, and on other functions than those that anything
is judged by; FNOs for heat have the rate of those for Burgers' equation."""
KINDS = ("FNO", *RECIPES)
LAYERS = {
    "FNO": [f"layers.{i}" for i in range(4)],
    "U-Net": [*(f"down.{i}" for i in range(4)), *(f"up.{i}" for i in (2, 1, 0))],
    "DeepONet": ["branch.1", "branch.3", "branch.5", "branch.6"],
}
"""Hidden layers from the input to the output. The lift of an FNO is left out: an affine image of the input, it has the
input's distances. The trunk of a DeepONet sees points and no functions; its branch gives vectors."""
LAYERS["heat FNO"] = LAYERS["FNO"]
MIDDLE = {"FNO": "layers.1", "U-Net": "down.3", "DeepONet": "branch.3", "heat FNO": "layers.1"}
DATA = {"held-out": RandomFunctions(), "rougher": RandomFunctions(tau=15.0), "louder": RandomFunctions(rms=2.0)}
"""As in training; with more energy at high frequencies; and twice as large, which is as if the front came sooner."""


SETTING = (
    "Five networks of each kind: the FNOs of *Inside a trained operator*, U-Nets (width 15, depth 3, 600 steps), "
    "DeepONets (width 156, 64 terms, 4,000 steps), and FNOs for the heat equation (600 steps), trained on 1,000 "
    "functions on 128 nodes, and asked about 200 others. "
)
PAIRED = (
    "Middle layers; the two networks have other seeds, and ten neighbours count. By chance: 100 random orders of the "
    "functions. "
)


def untrained(kind: str, seed: int) -> Operator:
    """A network with the weights it starts with. No two of one seed start alike."""
    if kind == "U-Net":
        return UNet(1, 1, 15, seed=seed)
    if kind == "DeepONet":
        return DeepONet(1, 1, NODES, width=156, seed=seed)
    return FNO(1, 1, inside.WIDTH, 16, seed=seed + 20 * (kind == "heat FNO"))


def solved(kind: str, pairs: Pairs) -> Pairs:
    """The pairs that a network of this kind is to learn: Burgers' equation, or heat from the same functions."""
    return Pairs(pairs.input, solve_heat(pairs.input, VISCOSITY, TIME)) if kind == "heat FNO" else pairs


def train(kind: str, seed: int, pairs: Pairs, steps: int | None = None) -> Operator:
    """A network after the recipe; with fewer steps the warm-up is a quarter of them at most."""
    model, how = untrained(kind, seed), dict(RECIPES[kind])
    if steps is not None:
        how |= {"steps": steps, "warmup": min(how["warmup"], steps // 4)}
    fit_operator(model, *solved(kind, pairs), **how, seed=seed, progress=False)
    return model


@cache
def asked(data: str = "held-out", nodes: int = NODES) -> Pairs:
    """Two hundred functions that no network has seen and nothing was chosen by, and Burgers' solutions, in float64."""
    return burgers(COUNT, nodes, 2, VISCOSITY, TIME, initial=DATA[data], dtype=torch.double, progress=False)


@cache
def halfway(data: str | None = None) -> Tensor:
    """Burgers' solutions at T/2: of the functions asked about, or of those of training (None)."""
    count, seed, initial = (TRAIN, 0, RandomFunctions()) if data is None else (COUNT, 2, DATA[data])
    how = {"viscosity": VISCOSITY, "time": TIME / 2, "initial": initial, "dtype": torch.double, "progress": False}
    return burgers(count, NODES, seed, **how).output


def weights(kind: str, seed: int) -> Path:
    """The file of a network that the book ships."""
    if kind == "FNO":
        return inside.weights(seed)
    return Path(__file__).with_name(f"{kind.lower().replace('-', '').replace(' ', '_')}_{seed}.safetensors")


def recipe(kind: str, seed: int) -> dict:
    """What the file of a network says about its training."""
    return files.read(weights(kind, seed))[1]["training"]


@cache
def network(kind: str, seed: int, trained: bool = True) -> Operator:
    """A network of the book in float64, in which no result hangs on last bits; or one with its first weights."""
    made = type(untrained(kind, seed)).load(weights(kind, seed)) if trained else untrained(kind, seed)
    return made.double().eval()


def store(kind: str, seed: int) -> None:
    """Train a network, and write its file: weights in half precision, with the errors that they have so."""
    model = train(kind, seed, inside.training()).eval().half()
    said = {**RECIPES[kind], "seed": seed, "pairs": TRAIN, "nodes": NODES, "torch": torch.__version__}
    described, state = model.describe(), {name: value.clone() for name, value in model.state_dict().items()}
    model.double()
    known = Pairs(*(values.double() for values in inside.training()))
    errors = {name: inside.error(model, solved(kind, p)) for name, p in (("training", known), ("held_out", asked()))}
    files.write(weights(kind, seed), state, {"operator": described, "training": {**said, "error": errors}})


def layers(
    kind: str,
    seed: int,
    trained: bool = True,
    data: str = "held-out",
    nodes: int = NODES,
    names: Sequence[str] | None = None,
) -> list[Tensor]:
    """What hidden layers, by default all, make of the functions asked about: `(functions, channels, *nodes)` each."""
    names = LAYERS[kind] if names is None else names
    made = record(network(kind, seed, trained), asked(data, nodes).input, names)
    return [made[name] for name in names]


def middle(kind: str, seed: int, trained: bool = True) -> Tensor:
    """The layer that has as many before it as behind it, but for one."""
    return layers(kind, seed, trained, names=[MIDDLE[kind]])[0]


def waves(u: Tensor) -> Tensor:
    """The Fourier coefficients of functions up to frequency 20, and a 1: `(functions, 43)`. They hold u(·, 0)."""
    found = torch.fft.rfft(u[:, 0].double(), norm="forward")[:, :21]
    return torch.cat([torch.ones(len(u), 1).double(), torch.view_as_real(found).flatten(1)], 1)


@cache
def beyond(name: str, seed: int) -> Tensor:
    """A middle layer, or "halfway", without what is linear in u(·, 0) and in u(·, T): by least squares on the
    training functions."""
    before, after = (torch.cat([waves(p.input), waves(p.output)], 1) for p in (inside.training(), asked()))
    if name == "halfway":
        learned, found = halfway(), halfway("held-out")
    else:
        kind, trained = name.removeprefix("untrained "), not name.startswith("untrained ")
        layer, found = MIDDLE[kind], middle(kind, seed, trained)
        learned = record(network(kind, seed, trained), inside.training().input.double(), layer)[layer]
    # By the SVD: the mean of each function is 0, and makes columns that are not independent.
    fitted = torch.linalg.pinv(before, rtol=1e-6) @ learned.flatten(1)
    return rows(found - (after @ fitted).view_as(found))


class Known(NamedTuple):
    """What is compared of a network, or beside it: of the same functions, one row each."""

    every: list[Tensor]
    """All hidden layers."""
    middle: Tensor


@cache
def known(name: str, seed: int, data: str = "held-out") -> Known:
    """A kind of network, that kind "untrained", or one with "finer " before its name, on twice the nodes; or "input",
    "halfway", "output", "PCA of the input"."""
    plain = {
        "input": lambda: asked(data).input,
        "halfway": lambda: halfway(data),
        "output": lambda: asked(data).output,
        "PCA of the input": lambda: asked(data).input[:, 0] @ components(),
    }
    if name in plain:
        made = rows(plain[name]())
        return Known([made], made)
    kind = name.removeprefix("untrained ").removeprefix("finer ")
    how = (kind, seed, not name.startswith("untrained "), data, NODES * (1 + name.startswith("finer ")))
    every = [rows(x) for x in layers(*how)]
    return Known(every, every[LAYERS[kind].index(MIDDLE[kind])])


def rows(x: Tensor) -> Tensor:
    """Rows with the inner products of hidden functions about their mean, `(functions, functions)`.

    All that similarities look at, in a two hundredth of the numbers.
    """
    flat = (x - x.mean(0)).flatten(1).double()
    values, vectors = torch.linalg.eigh(flat @ flat.T / x[0, 0].numel())
    return vectors * values.clamp(min=0).sqrt()


@cache
def components() -> Tensor:
    """The first eight principal components of the functions that networks learn from, `(nodes, 8)`."""
    return torch.linalg.eigh(torch.cov(inside.training().input[:, 0].double().T)).eigenvectors[:, -8:]


Layers = Tensor | list[Tensor]


def compared(a: Layers, b: Layers) -> dict[str, float]:
    """Mutual neighbours and CKA, of several layers the largest, and what they are with the functions in any order."""
    found = {}
    for name, score in (("neighbours", permuted_neighbours), ("cka", permuted_cka)):
        made = score(a, b, permutations=ORDERS)
        found |= {name: made.score, f"{name}_chance": made.chance, f"{name}_excess": made.excess, f"{name}_p": made.p}
    return found


def rank(x: Tensor) -> float:
    """How many dimensions inputs take up: of the eigenvalues of their inner products, (Σ λ)² / Σ λ²."""
    flat = (x - x.mean(0)).flatten(1)
    table = flat @ flat.T
    return (table.trace().square() / table.square().sum()).item()


def procrustes(a: Tensor, b: Tensor) -> dict[str, float]:
    r"""Largest cosine of two representations when one may be turned, and the same by chance.

    $\max_Q \langle a\, Q, b\rangle / (\|a\| \|b\|)$ is the sum of the singular values of $a^\top b$, for rows about
    their mean. With `rows` grids and numbers of channels may differ.
    """
    one, other = ((x - x.mean(0)) / (x - x.mean(0)).norm() for x in (a, b))
    random = generator(0)
    orders = [torch.arange(len(one)), *(torch.randperm(len(one), generator=random) for _ in range(10))]
    scores = [torch.linalg.svdvals(one[order].T @ other).sum().item() for order in orders]
    return {"procrustes": scores[0], "procrustes_chance": sum(scores[1:]) / 10}


if __name__ == "__main__":
    for each in reversed(RECIPES):
        for number in SEEDS:
            if not weights(each, number).exists():
                store(each, number)
                print(each, number, recipe(each, number)["error"], flush=True)
