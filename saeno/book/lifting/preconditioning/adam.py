"""How far does Adam go in a lifted space? The sign-step model against Adam itself. A minute.

Both optimisers, that of the atoms and that of the lifted atoms, are fed one stream of gradients: that of an unlifted
model in training. So the steps differ by the lift alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from saeno import DenseDictionary, Lifting, SparseAutoencoder, TopK, Unrolled
from saeno.book.claims import Claim, Number, Paired
from saeno.data import SparseModel
from saeno.losses import squared_error
from saeno.seeds import generator

M, ATOMS, ACTIVE, BATCH, STEPS = 64, 128, 5, 128, 60
AXES = {"ratio": [1, 2, 4, 8], "seed": range(5)}

CLAIMS = [
    Claim(
        id="preconditioning-adam",
        chapter="lifting/preconditioning",
        source="our derivation",
        statement="With PPᵀ = I, Adam's first step moves the effective atoms √((2/π) h/m + 1 − 2/π) times as far as "
        "without a lift.",
        setting="Random orthonormal P from 64 dimensions to h. Signs: 2000 random directions, each seen through a P "
        "of its own draw; controls: a P that repeats each coordinate, and one that appends zeros, both with PPᵀ = I. "
        "Adam: the gradients of an unlifted model in training, 128 atoms, `Unrolled(TopK(5), 5)`, 60 batches of 128 "
        "signals, fed to both optimisers. Sizes are root mean squares over atoms; the ratio is over the formula's.",
        finding="Measured over predicted, random signs give {signs2}, {signs4} and {signs8} for h/m = 2, 4 and 8, "
        "and the first step of Adam {first2}, {first4} and {first8}. It takes a random P: at h/m = 8 one that repeats "
        "coordinates gives {repeated8}, and one that appends zeros {padded8}.",
        verdict="shown",
        numbers={f"{name}{ratio}": Number(name, {"ratio": ratio}) for name in ("signs", "first") for ratio in (2, 4, 8)}
        | {f"{name}8": Number(name, {"ratio": 8}) for name in ("repeated", "padded")},
        differences={
            f"{name}{ratio}_exact": Paired(f"{name}{ratio}", 1.0, least=-0.01, most=0.01)
            for name in ("signs", "first")
            for ratio in (2, 4, 8)
        }
        | {
            "repeated_longer": Paired("repeated8", "signs8", least=0.1),
            "padded_shorter": Paired("padded8", "signs8", most=-0.1),
        },
    ),
    Claim(
        id="preconditioning-adam-later",
        chapter="lifting/preconditioning",
        source="our measurement",
        statement="In training at equal rates, Adam with PPᵀ = I moves the effective atoms about √(h/m) times as far "
        "as without a lift, and its first step points closer to the negative gradient.",
        setting="As for the first step; the ratio of root mean square sizes, averaged over steps 11 to 60, and the "
        "mean cosine of the first step of an atom with its negative gradient.",
        finding="For h/m = 2, 4 and 8 the ratio is {later2}, {later4} and {later8}. The cosine is {straight8} "
        "without a lift and {lifted8} at h/m = 8.",
        verdict="ours",
        numbers={
            **{f"later{ratio}": Number("later", {"ratio": ratio}) for ratio in (2, 4, 8)},
            "straight8": Number("straight", {"ratio": 8}),
            "lifted8": Number("straight_lifted", {"ratio": 8}, least=0.9, possible=(-1, 1)),
        },
        differences={
            "straighter": Paired("lifted8", "straight8", least=0.1),
            **{
                f"later{ratio}_root": Paired(f"later{ratio}", math.sqrt(ratio), least=0.95, most=1.05, ratio=True)
                for ratio in (2, 4, 8)
            },
        },
    ),
]


def formula(ratio: float) -> float:
    """√((2/π) h/m + 1 − 2/π)."""
    return math.sqrt(2 / math.pi * ratio + 1 - 2 / math.pi)


def trial(ratio: int, seed: int) -> dict[str, float]:
    """Sizes over those that the formula says, and cosines with the negative gradient."""
    stream, said = gradients(seed), formula(ratio)
    lifting = Lifting.orthonormal(M, ratio * M, seed=30_000 + seed)
    plain, lifted = steps(stream), steps(stream @ lifting.P) @ lifting.P.T
    ratios = lifted.square().sum((1, 2)).sqrt() / plain.square().sum((1, 2)).sqrt()
    eye = torch.eye(M)
    repeated, padded = eye.repeat(1, ratio) / math.sqrt(ratio), torch.cat([eye, eye.new_zeros(M, (ratio - 1) * M)], 1)
    straight = [cosine_similarity(-stream[0], step[0], dim=1).mean().item() for step in (plain, lifted)]
    return {
        "signs": signs([Lifting.orthonormal(M, ratio * M, seed=1000 * seed + i).P for i in range(20)], seed) / said,
        "repeated": signs([repeated], seed) / said,
        "padded": signs([padded], seed) / said,
        "first": ratios[0].item() / said,
        "later": ratios[10:].mean().item(),
        "straight": straight[0],
        "straight_lifted": straight[1],
    }


def signs(frames: list[Tensor], seed: int) -> float:
    """Size of P sign(Pᵀg) over that of sign(g), over these P, with 100 random g for each."""
    random = generator(seed)
    squares = [((torch.randn(100, M, generator=random) @ P).sign() @ P.T).square().sum(1).mean() for P in frames]
    return math.sqrt(torch.stack(squares).mean().item() / M)


def gradients(seed: int) -> Tensor:
    """G of each step, `(steps, atoms, channels)`, of an unlifted model that Adam trains."""
    data = SparseModel(DenseDictionary(M, ATOMS, seed=10_000 + seed), active=ACTIVE)
    model = SparseAutoencoder(DenseDictionary(M, ATOMS, seed=seed), Unrolled(TopK(ACTIVE), steps=5))
    descent, random, found = torch.optim.Adam(model.parameters(), lr=0.01), generator(seed), []
    for _ in range(STEPS):
        descent.zero_grad()
        squared_error(model, data.sample(BATCH, generator=random).signal).backward()
        found.append(model.dictionary.weight.grad.clone())
        descent.step()
        model.dictionary.normalize_()
    return torch.stack(found)


def steps(stream: Tensor) -> Tensor:
    """What Adam, at rate 1, adds for each gradient of a stream."""
    weight = torch.zeros_like(stream[0], requires_grad=True)
    adam, taken = torch.optim.Adam([weight], lr=1.0, eps=1e-12), []
    for gradient in stream:
        before, weight.grad = weight.detach().clone(), gradient
        adam.step()
        taken.append(weight.detach() - before)
    return torch.stack(taken)
