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
from saeno.book.claims import Claim, Number
from saeno.data import SparseModel
from saeno.losses import squared_error

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
        "of its own draw. Adam: the gradients of an unlifted model in training, 128 atoms, `Unrolled(TopK(5), 5)`, 60 "
        "batches of 128 signals, fed to both optimisers. Sizes are root mean squares over atoms; the ratio is over "
        "the formula's.",
        finding="Measured over predicted, random signs give {signs2}, {signs4} and {signs8} for h/m = 2, 4 and 8, "
        "and the first step of Adam {first2}, {first4} and {first8}.",
        verdict="shown",
        numbers={
            f"{name}{ratio}": Number(name, {"ratio": ratio}, least=0.97, most=1.03, tolerance=0.02)
            for name in ("signs", "first")
            for ratio in (2, 4, 8)
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
            "later2": Number("later", {"ratio": 2}, least=1.35, most=1.48, tolerance=0.05),
            "later4": Number("later", {"ratio": 4}, least=1.9, most=2.1, tolerance=0.05),
            "later8": Number("later", {"ratio": 8}, least=2.68, most=2.97, tolerance=0.1),
            "straight8": Number("straight", {"ratio": 8}, least=0.75, most=0.83, tolerance=0.02),
            "lifted8": Number("straight_lifted", {"ratio": 8}, least=0.93, most=1, tolerance=0.02),
        },
    ),
]


def formula(ratio: float) -> float:
    """√((2/π) h/m + 1 − 2/π)."""
    return math.sqrt(2 / math.pi * ratio + 1 - 2 / math.pi)


def trial(ratio: int, seed: int) -> dict[str, float]:
    """Sizes over those that the formula says, and cosines with the negative gradient."""
    stream = gradients(seed)
    lifting = Lifting.orthonormal(M, ratio * M, seed=30_000 + seed)
    plain, lifted = steps(stream), steps(stream @ lifting.P) @ lifting.P.T
    ratios = lifted.square().sum((1, 2)).sqrt() / plain.square().sum((1, 2)).sqrt()
    straight = [cosine_similarity(-stream[0], step[0], dim=1).mean().item() for step in (plain, lifted)]
    return {
        "signs": signs(ratio, seed) / formula(ratio),
        "first": ratios[0].item() / formula(ratio),
        "later": ratios[10:].mean().item(),
        "straight": straight[0],
        "straight_lifted": straight[1],
    }


def signs(ratio: int, seed: int) -> float:
    """Size of P sign(Pᵀg) over that of sign(g), over random g, for 20 random P."""
    random = torch.Generator().manual_seed(seed)
    squares = []
    for draw in range(20):
        P = Lifting.orthonormal(M, ratio * M, seed=1000 * seed + draw).P
        squares.append(((torch.randn(100, M, generator=random) @ P).sign() @ P.T).square().sum(1).mean())
    return math.sqrt(torch.stack(squares).mean().item() / M)


def gradients(seed: int) -> Tensor:
    """G of each step, `(steps, atoms, channels)`, of an unlifted model that Adam trains."""
    data = SparseModel(DenseDictionary(M, ATOMS, seed=10_000 + seed), active=ACTIVE)
    model = SparseAutoencoder(DenseDictionary(M, ATOMS, seed=seed), Unrolled(TopK(ACTIVE), steps=5))
    descent, random, found = torch.optim.Adam(model.parameters(), lr=0.01), torch.Generator().manual_seed(seed), []
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
