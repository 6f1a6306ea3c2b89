"""Answers to the exercises of *How dictionaries are learned*: right ones, and wrong ones with a part of the reason."""

import math

import numpy as np
import torch


def by_roll(A):
    n = len(A)
    line = sum(A[v].roll(-v) for v in range(n)) / n
    return torch.stack([line.roll(v) for v in range(n)])


def by_diagonals(A):
    n = len(A)
    A = A.numpy()
    line = [np.mean([A[v, (v + u) % n] for v in range(n)]) for u in range(n)]
    return np.array([[line[(u - v) % n] for u in range(n)] for v in range(n)])


def first_row(A):
    return torch.stack([A[0].roll(v) for v in range(len(A))])


def entropy(values):
    share = values / values.sum()
    share = share[share > 1e-14]
    return -(share * share.log()).sum()


def by_svd(code):
    return entropy(torch.linalg.svdvals(code)).exp()


def by_gram(code):
    return entropy(torch.linalg.eigvalsh(code.T @ code).clamp(min=0).sqrt()).exp()


def count(q, eta, left):
    steps, error = 0, 1.0
    while error > left * (1 + 1e-9):
        steps, error = steps + 1, error * (1 - eta * q)
    return steps


def inside(steps):
    best = min(steps, key=steps.get)
    return best not in (min(steps), max(steps))


def speed_up(first, second):
    return min(first.values()) / min(second.values()) if inside(first) and inside(second) else 0


def speed_up_sorted(first, second):
    best = []
    for tried in (first, second):
        rates = sorted(tried)
        steps = [tried[rate] for rate in rates]
        place = int(np.argmin(steps))
        if place in (0, len(rates) - 1):
            return 0.0
        best.append(steps[place])
    return best[0] / best[1]


RIGHT = {
    1: [lambda eta, nodes, c: nodes * c * eta, lambda eta, nodes, c: torch.tensor(eta * nodes) * c],
    2: [by_roll, by_diagonals],
    3: [by_svd, lambda code: math.exp(entropy(torch.linalg.svdvals(code)))],
    4: [count, lambda q, eta, left: math.ceil(math.log(left) / math.log(1 - eta * q) - 1e-9)],
    5: [speed_up, speed_up_sorted],
}
WRONG = {
    1: [
        (lambda eta, nodes, c: eta, "what multiplies the projected gradient"),
        (lambda eta, nodes, c: nodes * eta, "what multiplies the projected gradient"),
        (lambda eta, nodes, c: eta * c / nodes, "what multiplies the projected gradient"),
    ],
    2: [
        (lambda A: A, "row v should be row 0"),
        (first_row, "a nearer matrix"),
        (lambda A: A.mean(0), "should have the shape"),
    ],
    3: [
        (lambda code: entropy(torch.linalg.svdvals(code)), "its exponential"),
        (lambda code: entropy(torch.linalg.svdvals(code) ** 2).exp(), "squares of the singular values"),
        (lambda code: torch.linalg.matrix_rank(code).double(), "has the effective rank"),
    ],
    4: [
        (lambda q, eta, left: math.log(1 / left) / (eta * q), "which are the fewest"),
        (lambda q, eta, left: math.floor(math.log(left) / math.log(1 - eta * q)) - 1, "which are the fewest"),
        (lambda q, eta, left: 1 / (eta * q), "which are the fewest"),
    ],
    5: [
        (lambda first, second: min(first.values()) / min(second.values()), "the answer is 0"),
        (lambda first, second: 0, "both best rates lie inside"),
        (lambda first, second: min(second.values()) / min(first.values()), "divide those of the first"),
    ],
}
