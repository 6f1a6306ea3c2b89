"""The exercises of *Learned lifts*."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, several, tensor
from saeno.seeds import generator


def _matrices(channels: int, lifted: int, concepts: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """P, D and a goal for their product, in float64."""
    random = generator(seed)
    shapes = ((channels, lifted), (lifted, concepts), (channels, concepts))
    return tuple(torch.randn(*shape, generator=random, dtype=torch.float64) / 2 for shape in shapes)


def _flow(P: Tensor, D: Tensor, goal: Tensor, rate: float, steps: int) -> tuple[Tensor, Tensor]:
    """Gradient flow of ½‖PD − goal‖², by the classical Runge–Kutta rule."""

    def moved(size, *velocity):
        return [x + size * v for x, v in zip((P, D), velocity, strict=True)]

    def velocity(P, D):
        G = P @ D - goal
        return -G @ D.T, -P.T @ G

    for _ in range(steps):
        one = velocity(P, D)
        two = velocity(*moved(rate / 2, *one))
        three = velocity(*moved(rate / 2, *two))
        four = velocity(*moved(rate, *three))
        P, D = moved(rate / 6, *(a + 2 * b + 2 * c + d for a, b, c, d in zip(one, two, three, four, strict=True)))
    return P, D


def conserved(answer: object) -> str:
    """A function of P and D, with one number or more that the flow does not change.

    What it changes by is compared, entry by entry, with what it changes by when P or D is made larger by a tenth: a
    constant that is added to it counts for nothing.
    """
    for sizes in ((2, 3, 4), (3, 2, 3), (1, 1, 1)):
        P, D, goal = _matrices(*sizes, seed=sum(sizes))
        before = tensor(call(answer, P, D), "what you conserve")
        after = tensor(call(answer, *_flow(P, D, goal, 0.01, 200)), "what you conserve")
        require(before.shape == after.shape and before.numel() > 0, "what you conserve should keep its shape")
        moved = []
        for name, others in (("P", (1.1 * P, D)), ("D", (P, 1.1 * D))):
            other = tensor(call(answer, *others), "what you conserve")
            moved.append((other - before).abs())
            require(
                moved[-1].max() > 1e-9 * before.abs().max(),
                f"it does not see {name} at all: it is the same for more {name}",
            )
        change, allowed = (after - before).abs(), 1e-5 * (moved[0] + moved[1]) + 1e-12 * before.abs()
        worst = int((change - allowed).argmax())
        ends = f"{before.flatten()[worst]:.8g} to {after.flatten()[worst]:.8g}"
        require(
            (change <= allowed).all(),
            f"along the flow it goes from {ends}, for P of shape {tuple(P.shape)} and D of shape {tuple(D.shape)}",
        )
    return "Its trace says that ‖P‖² and ‖D‖² grow and shrink together."


def factors(answer: object) -> str:
    """A function of A and the lifted dimension: P and D, balanced, with the product A."""
    for channels, concepts, lifted in ((3, 5, 4), (4, 4, 4), (2, 3, 6)):
        A = _matrices(channels, lifted, concepts, seed=channels)[2]
        given = several(call(answer, A, lifted), 2, "your function should return two matrices, P and D")
        P = tensor(given[0], "your P", (channels, lifted))
        D = tensor(given[1], "your D", (lifted, concepts))
        require((P @ D - A).abs().max() < 1e-5, f"P D misses A by {(P @ D - A).abs().max():.2g}")
        away = (P.T @ P - D @ D.T).abs().max()
        require(away < 1e-5, f"PᵀP and DDᵀ are {away:.2g} apart: the product is right, the balance is not")
    return "Any rotation of the lifted space gives another balanced pair."


def widest(answer: object) -> str:
    """A function of P and D: the largest rate at which descent on ½‖PD − A‖² is stable at PD = A."""
    for sizes in ((2, 3, 4), (3, 5, 3), (1, 1, 1)):
        P, D, _ = _matrices(*sizes, seed=10 + sum(sizes))
        given = number(call(answer, P, D), "your rate")
        exact = 2 / (torch.linalg.matrix_norm(P, 2) ** 2 + torch.linalg.matrix_norm(D, 2) ** 2).item()
        require(given > 0, f"a rate is positive, and yours is {given:.4g}")
        hint = "descent there would diverge" if given > exact else "descent could go faster there"
        require(
            abs(given - exact) < 1e-4 * exact,
            f"for P of shape {tuple(P.shape)} and D of shape {tuple(D.shape)} you say {given:.4g}: {hint}",
        )
    return "For numbers p and d it is 2/(p² + d²), which is why the explorer's paths settled near the diagonal."


def pace(answer: object) -> str:
    """A function of reconstructions (batch, m) and codes (batch, p) of one-step top-k: the pace of ‖P‖²."""
    random = generator(5)
    for batch, m, p in ((1, 2, 3), (50, 4, 6)):
        code, A = torch.randn(batch, p, generator=random).double(), torch.randn(p, m, generator=random).double()
        reconstruction = code @ A
        given = number(call(answer, reconstruction, code), "your pace")
        exact = -4 * (reconstruction.square().sum(1) - code.square().sum(1)).mean().item()
        require(
            given * exact > 0, "‖P‖² should shrink when reconstructions are longer than their codes, and grow otherwise"
        )
        require(
            abs(given - exact) < 1e-6 * abs(exact),
            f"for {batch} signals you say {given:.4g}, which is {given / exact:.3g} times the right pace",
        )
    return "It does not depend on P: a shrinking P shrinks at the same pace to the end."


CHECKS = [conserved, factors, widest, pace]
