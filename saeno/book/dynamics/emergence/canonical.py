"""The six alignments of the canonical representation hypothesis, in a sparse autoencoder. Three minutes.

For a layer h_b = W h_a + …, with g the gradients of the loss of one example by h: H = E hhᵀ, G = E ggᵀ, and Z = WᵀW
before the layer (a), WWᵀ after it (b). The hypothesis says that on either side all three are proportional.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import torch
from torch import Tensor

from saeno import DenseDictionary, OneStep, ReLU, SparseAutoencoder
from saeno.book.claims import Claim, Number, Paired
from saeno.data import FrequencyModel
from saeno.seeds import generator

CHANNELS, CONCEPTS, PENALTY = 16, 32, 0.05
STEPS, RATE, ORDERS = 4000, 0.2, 100
PAIRS = ("HG", "HZ", "GZ")
SIDES = ("before", "after")
# Weight decay, and signals per step: few make a gradient noisy.
RUNS = {"neither": (0.0, 128), "decay": (0.01, 128), "noise": (0.0, 4), "both": (0.01, 4)}
AXES = {"run": list(RUNS), "seed": range(20)}
CLAIMS = [
    Claim(
        id="emergence-six-sae",
        chapter="dynamics/emergence",
        source="doi:10.48550/arXiv.2410.03006",
        statement="Representations, gradients and weights of a sparse autoencoder align in all six ways.",
        setting="32 concepts of unequal frequency in 16 dimensions, 3 active on average; an untied encoder with "
        "ReLU and bias, 32 atoms, penalty 0.05, atoms free; 4000 steps of descent at the rate 0.2, 128 signals a "
        "step, weight decay 0.01 or none. An alignment is the correlation of the entries of two matrices; chance: "
        "neurons of one of them in 100 random orders.",
        finding="With weight decay, before the encoder: H with G {before_HG} (by chance {before_HG_chance}, "
        "untrained {before_HG_start}), H with Z {before_HZ} (by chance {before_HZ_chance}, untrained "
        "{before_HZ_start}), G with Z {before_GZ} (by chance {before_GZ_chance}, untrained {before_GZ_start}); "
        "after it: H with G {after_HG} (by chance {after_HG_chance}, untrained {after_HG_start}), H with Z "
        "{after_HZ} (by chance {after_HZ_chance}, untrained {after_HZ_start}), G with Z {after_GZ} (by chance "
        "{after_GZ_chance}, untrained {after_GZ_start}), where H with G is no more than untrained. After the "
        "decoder H with G is {made_HG}, by chance {made_HG_chance}, and G with Z {made_GZ}, by chance "
        "{made_GZ_chance}. Without decay H with Z before the encoder is {bare_HZ}, below its chance of "
        "{bare_HZ_chance}.",
        verdict="reproduced in a regime",
        numbers={
            f"{side}_{pair}{short}": Number(
                f"encoder {side} {pair}{kind}", {"run": "decay"}, possible=(-1, 1), form=".2f"
            )
            for side in ("before", "after")
            for pair in ("HG", "HZ", "GZ")
            for short, kind in {"": "", "_chance": " chance", "_start": " start"}.items()
        }
        | {
            f"made_{pair}{short}": Number(f"decoder after {pair}{kind}", {"run": "decay"}, possible=(-1, 1), form=".2f")
            for pair in ("HG", "GZ")
            for short, kind in {"": "", "_chance": " chance"}.items()
        }
        | {
            f"bare_HZ{short}": Number(f"encoder before HZ{kind}", {"run": "neither"}, possible=(-1, 1), form=".2f")
            for short, kind in {"": "", "_chance": " chance"}.items()
        },
        differences={
            f"{side}_{pair}_above": Paired(f"{side}_{pair}", f"{side}_{pair}_chance", least=0.05)
            for side in ("before", "after")
            for pair in ("HG", "HZ", "GZ")
        }
        | {f"made_{pair}_not_above": Paired(f"made_{pair}", f"made_{pair}_chance", most=0.05) for pair in ("HG", "GZ")}
        | {
            f"before_{pair}_learned": Paired(f"before_{pair}", f"before_{pair}_start", least=0.05)
            for pair in ("HG", "HZ", "GZ")
        }
        | {"after_HG_not_learned": Paired("after_HG", "after_HG_start", most=0.05)}
        | {"bare_HZ_below": Paired("bare_HZ", "bare_HZ_chance", most=0.0)},
    ),
    Claim(
        id="emergence-drivers-sae",
        chapter="dynamics/emergence",
        source="doi:10.48550/arXiv.2410.03006",
        statement="Weight decay and the noise of gradients drive the alignment in a sparse autoencoder.",
        setting="As for its six alignments: their mean over encoder and decoder. Decay 0 or 0.01, and 128 or 4 "
        "signals a step, which is the noise.",
        finding="With neither the mean is {neither}, with noise {noise}, with decay {decay}, with both {both}, "
        "where by chance it is {neither_chance}, {noise_chance}, {decay_chance} and {both_chance}. Noise adds "
        "{by_noise}, and decay {by_decay}. The FVU is {neither_left} without decay and {decay_left} with it.",
        verdict="reproduced in a regime",
        numbers={
            f"{run}{short}": Number(f"all{kind}", {"run": run}, possible=(-1, 1), form=".2f")
            for run in ("neither", "noise", "decay", "both")
            for short, kind in {"": "", "_chance": " chance"}.items()
        }
        | {f"{run}_left": Number("left", {"run": run}, possible=(0, 1), form=".2f") for run in ("neither", "decay")},
        differences={
            "by_decay": Paired("decay", "neither", least=0.05),
            "by_noise": Paired("noise", "neither", most=0.1),
            "noise_beside_decay": Paired("both", "decay", least=-0.1, most=0.1),
        },
    ),
]


def trial(run: str, seed: int) -> dict[str, float]:
    """Train; each alignment in both layers, at the start and at the end, and what it is by chance at the end."""
    decay, batch = RUNS[run]
    data, random = FrequencyModel.toy(1000 + seed, CHANNELS, CONCEPTS, 3.0, 0.93), generator(seed)
    x, new = (data.sample(count, generator=random).signal for count in (8192, 4096))
    model = SparseAutoencoder(DenseDictionary(CHANNELS, CONCEPTS, seed=seed), OneStep(ReLU(), tied=False, step=1.0))
    start = {name: six(*sides) for name, sides in layers(model, new).items()}
    descent = torch.optim.SGD(model.parameters(), lr=RATE, weight_decay=decay)
    for _ in range(STEPS):
        some = x[torch.randint(len(x), (batch,), generator=random)]
        descent.zero_grad()
        each_loss(model, some).mean().backward()
        descent.step()
    end = {name: six(*sides, orders=ORDERS) for name, sides in layers(model, new).items()}
    with torch.no_grad():
        away = new - model(new).reconstruction
        left = away.square().sum() / (new - new.mean(0)).square().sum()
    values = {f"{layer} {name}": value for layer, found in end.items() for name, value in found.items()}
    values |= {f"{layer} {name} start": value for layer, found in start.items() for name, value in found.items()}
    return {**values, **means(values, ("encoder", "decoder"), ("", " chance", " start")), "left": left.item()}


def means(values: Mapping[str, float], names: Sequence[str], kinds: Sequence[str]) -> dict[str, float]:
    """Each alignment as a mean over layers of these names, and the mean of all six; for kinds such as " chance"."""
    six = [f"{side} {pair}" for side in SIDES for pair in PAIRS]
    found = {f"{one}{kind}": fmean(values[f"{layer} {one}{kind}"] for layer in names) for one in six for kind in kinds}
    return found | {f"all{kind}": fmean(found[f"{one}{kind}"] for one in six) for kind in kinds}


def each_loss(model: SparseAutoencoder, x: Tensor) -> Tensor:
    """½‖x − x̂‖² + λ Σ z, of each signal."""
    found = model(x)
    return (x - found.reconstruction).square().sum(1) / 2 + PENALTY * found.code.abs().sum(1)


def layers(model: SparseAutoencoder, x: Tensor) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Of encoder and decoder: what goes in, what comes out (before any ReLU), each with its gradient, and W."""
    W, b, D = model.inference.encoder.weight, model.inference.bias, model.dictionary.weight
    seen = x.clone().requires_grad_()
    masses = seen @ W.T + b
    code = masses.relu()
    made = code @ D
    for value in (masses, code, made):
        value.retain_grad()
    ((x - made).square().sum() / 2 + PENALTY * code.sum()).backward()
    model.zero_grad()
    return {"encoder": (seen, masses, W), "decoder": (code, made, D.T)}


def six(before: Tensor, after: Tensor, W: Tensor, orders: int = 0) -> dict[str, float]:
    """The six alignments of a layer W, from tensors (examples, neurons) that hold their gradients.

    orders: how many random orders of the neurons tell what each is by chance; 0 for none.
    """
    W, found = W.detach().double(), {}
    for side, h, Z in zip(SIDES, (before, after), (W.T @ W, W @ W.T), strict=True):
        of = {"H": second_moment(h.detach()), "G": second_moment(h.grad), "Z": Z}
        for first, second in PAIRS:
            found[f"{side} {first}{second}"] = alignment(of[first], of[second])
            if orders:
                chance = by_chance(of[first], of[second], orders)
                found[f"{side} {first}{second} chance"] = chance.mean().item()
                found[f"{side} {first}{second} most"] = chance.quantile(0.95).item()
    return found


def second_moment(value: Tensor) -> Tensor:
    """E hhᵀ of (examples, neurons), in float64."""
    value = value.double()
    return value.T @ value / len(value)


def alignment(A: Tensor, B: Tensor) -> float:
    """The correlation of the entries of two matrices: 1 when one is a multiple of the other, plus a constant."""
    A, B = A - A.mean(), B - B.mean()
    return ((A * B).sum() / (A.norm() * B.norm())).item()


def by_chance(A: Tensor, B: Tensor, orders: int) -> Tensor:
    """The alignment with the neurons of one matrix in random orders, which keep its diagonal a diagonal."""
    random = generator(0)
    mixed = (torch.randperm(len(A), generator=random) for _ in range(orders))
    return torch.tensor([alignment(A[order][:, order], B) for order in mixed], dtype=torch.float64)
