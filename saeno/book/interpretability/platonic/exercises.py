"""The exercises of *Do operators agree?*"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno.book.checking import call, number, require
from saeno.metrics import linear_cka, mutual_neighbours
from saeno.seeds import generator

TOLERANCE = 1e-6


def shared(answer: object) -> str:
    """A function of two representations (inputs, channels, nodes) and k: mutual neighbours."""
    for seed, (n, k) in enumerate(((9, 1), (14, 4), (20, 7))):
        a, b = _normal(n, 3, 8, seed=seed), _normal(n, 2, 16, seed=10 + seed)
        b[:, 0, :8] += a[:, 0]
        a[:3] *= 4  # inner products are no distances
        wanted = mutual_neighbours(a, b, k)
        given = number(call(answer, a, b, k), "your share")
        require(
            abs(given - wanted) < TOLERANCE,
            f"of {n} inputs and k = {k} you say {given:.3f}, and {wanted:.3f} is right: are neighbours those of least "
            "distance, is no input its own neighbour, and is the share of k?",
        )
    return "No grid was asked to match another: only distances between functions count."


def expected(answer: object) -> str:
    """A function of two representations (inputs, features): the mean of linear CKA over all orders of the inputs."""
    for seed, (n, first, second) in enumerate(((6, 2, 3), (12, 30, 1), (40, 5, 60))):
        a, b = _normal(n, first, seed=seed) + 2, _normal(n, second, seed=20 + seed)
        wanted = math.sqrt(_rank(a) * _rank(b)) / (n - 1)
        given = number(call(answer, a, b), "your mean")
        require(
            abs(given - wanted) < 1e-5,
            f"of {n} inputs with {first} and {second} features you say {given:.4f}, and {wanted:.4f} is right: are the "
            "rows centred first, is each r of the table of inner products, and is n − 1 below?",
        )
    return "So no order has to be drawn to know what CKA is by chance."


def best(answer: object) -> str:
    """A function of two lists of layers and a list of orders: p of the largest CKA of all pairs of layers."""
    for seed in range(3):
        ours = [_normal(12, 3, seed=10 * seed + i) for i in range(3)]
        theirs = [_normal(12, 4, seed=10 * seed + 5 + i) for i in range(2)]
        theirs[1] += 0.5 * seed * ours[2][:, :1]
        random = generator(seed)
        orders = [torch.randperm(12, generator=random) for _ in range(19)]
        wanted = _p(ours, theirs, orders)
        given = number(call(answer, ours, theirs, orders), "your p")
        require(
            abs(given - wanted) < TOLERANCE,
            f"with {len(orders)} orders you say p = {given:.2f}, and {wanted:.2f} is right: is the largest of all "
            "pairs held against the largest of each order, and does the order that was given count too?",
        )
    return "The best of many pairs is large by chance, and so is what it is held against."


def turned(answer: object) -> str:
    """A function of two representations (inputs, features): the largest cosine when the features of one are turned."""
    for seed, (n, first, second) in enumerate(((10, 3, 3), (15, 4, 2), (8, 20, 5))):
        a, b = _normal(n, first, seed=seed) + 1, _normal(n, second, seed=30 + seed)
        x, y = a - a.mean(0), b - b.mean(0)
        wanted = (torch.linalg.svdvals(x.T @ y).sum() / (x.norm() * y.norm())).item()
        given = number(call(answer, a, b), "your cosine")
        require(
            abs(given - wanted) < TOLERANCE,
            f"of {n} inputs with {first} and {second} features you say {given:.4f}, and {wanted:.4f} is right: are the "
            "rows centred, is it the sum of the singular values, and are both norms divided out?",
        )
    return "Both may have any number of features: fill up with zeros in thought."


def _rank(x: Tensor) -> float:
    x = x - x.mean(0)
    table = x @ x.T
    return (table.trace().square() / table.square().sum()).item()


def _p(ours: list[Tensor], theirs: list[Tensor], orders: list[Tensor]) -> float:
    def most(order: Tensor) -> float:
        return max(linear_cka(a[order], b) for a in ours for b in theirs)

    score = most(torch.arange(len(ours[0])))
    return (1 + sum(most(order) >= score for order in orders)) / (1 + len(orders))


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


CHECKS = (shared, expected, best, turned)
