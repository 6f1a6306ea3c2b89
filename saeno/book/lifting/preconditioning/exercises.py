"""The exercises of *Does lifting speed up training?*"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, tensor
from saeno.lifting import Lifting
from saeno.seeds import generator


def rate(answer: object) -> str:
    """A function of P with PPᵀ = cI and of the rate η: the rate at which a model without the lift moves alike."""
    for c, m, h, eta in ((1.0, 4, 12, 0.3), (8.0, 3, 24, 0.1), (0.5, 5, 5, 2.0)):
        P = math.sqrt(c) * Lifting.orthonormal(m, h, seed=m, dtype=torch.float64).P
        given = number(call(answer, P, eta), "your rate")
        require(
            abs(given - c * eta) < 1e-6 * c * eta,
            f"for PPᵀ = {c:g} I with P of {m} rows and {h} columns, at the rate {eta:g}, you say {given:.4g}: "
            "take the step A − η PPᵀ G and read off what multiplies G",
        )
    return "The width of the lift plays no part in it, only PPᵀ does."


def scales(answer: object) -> str:
    """A function of η, h/m and the optimiser's name: the rate with variance 1/m that does what η does with 1/h."""
    for eta, ratio in ((0.4, 4), (1.0, 9), (0.02, 1)):
        for name, power in (("SGD", 1.0), ("Adam", 0.5)):
            given = number(call(answer, eta, ratio, name), f"your rate for {name}")
            wanted = eta / ratio**power
            require(
                abs(given - wanted) < 1e-6 * wanted,
                f"for {name} at η = {eta:g} and h/m = {ratio}, your rate is {given / wanted:.3g} times what it "
                "should be: the entries of P grow by the factor √(h/m). How often does the step "
                "of this optimiser see P?",
            )
    return "Descent sees P twice, on the way up and on the way down. Adam forgets the way up."


def condition(answer: object) -> str:
    """A function of P and Σ: the condition number of the decoder's problem in the lifted space."""
    for seed, (m, h, p) in enumerate(((2, 6, 3), (4, 16, 5), (3, 3, 2))):
        P, sigma = _normal(m, h, seed=seed), _positive(p, seed=10 + seed)
        given = number(call(answer, P, sigma), "your condition number")
        wanted = (torch.linalg.cond(P @ P.T) * torch.linalg.cond(sigma)).item()
        require(
            abs(given - wanted) < 1e-5 * wanted,
            f"for a lift of {m} channels to {h} and {p} atoms you say {given:.5g}, and {wanted:.5g} is right: the "
            "error moves by products of an eigenvalue of PPᵀ and one of Σ",
        )
    return "It is never less than that of Σ."


def invisible(answer: object) -> str:
    """A function of P: another projection from the same part of the lifted space, with no effect on descent."""
    for seed, (m, h) in enumerate(((2, 5), (4, 4), (3, 30))):
        P = _normal(m, h, seed=20 + seed)
        Q = tensor(call(answer, P), "your projection", (m, h))
        require(
            (Q @ Q.T - torch.eye(m)).abs().max() < 1e-5,
            f"QQᵀ is not the identity: its eigenvalues go from {torch.linalg.eigvalsh(Q @ Q.T)[0]:.3g} to "
            f"{torch.linalg.eigvalsh(Q @ Q.T)[-1]:.3g}",
        )
        outside = Q - Q @ torch.linalg.pinv(P) @ P
        require(outside.abs().max() < 1e-5, "QQᵀ = I, but the rows of Q leave the span of the rows of P")
    return "Descent with this lift is descent without one."


def codes_side(answer: object) -> str:
    """A function of codes (batch, p): Q (p, p) such that descent on B, with A = BQ, has condition number 1."""
    random = generator(0)
    for p in (2, 5):
        code = torch.randn(500, p, generator=random, dtype=torch.float64) @ _normal(p, p, seed=30 + p)
        sigma = code.T @ code / len(code)
        Q = tensor(call(answer, code), "your Q", (p, p))
        found = torch.linalg.cond(Q @ sigma @ Q.T).item()
        require(
            found < 1.001,
            f"for {p} atoms the condition number in B is {found:.4g}, and it was {torch.linalg.cond(sigma):.4g} "
            "before: the Hessian in B is Q Σ Qᵀ",
        )
    return "This is what a lift would have to do, and it cannot reach the codes."


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def _positive(size: int, seed: int) -> Tensor:
    factor = _normal(size, 4 * size, seed=seed)
    return factor @ factor.T / (4 * size)


CHECKS = (rate, scales, condition, invisible, codes_side)
