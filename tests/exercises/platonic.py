"""Answers to the exercises of *Do operators agree?*: right ones, and wrong ones with a part of the reason."""

import torch

from saeno.metrics import linear_cka


def near(x, k, own=False):
    distance = torch.cdist(x.flatten(1), x.flatten(1))
    if not own:
        distance.fill_diagonal_(torch.inf)
    return distance.argsort(1)[:, :k]


def shared_by_sets(a, b, k):
    pairs = zip(near(a, k).tolist(), near(b, k).tolist(), strict=True)
    return sum(len(set(x) & set(y)) for x, y in pairs) / (k * len(a))


def shared_by_masks(a, b, k):
    masks = [torch.zeros(len(x), len(x)).scatter_(1, near(x, k), 1.0) for x in (a, b)]
    return (masks[0] * masks[1]).sum() / (k * len(a))


def shared_with_itself(a, b, k):
    pairs = zip(near(a, k, own=True).tolist(), near(b, k, own=True).tolist(), strict=True)
    return sum(len(set(x) & set(y)) for x, y in pairs) / (k * len(a))


def shared_by_products(a, b, k):
    def closest(x):
        table = x.flatten(1) @ x.flatten(1).T
        return table.fill_diagonal_(-torch.inf).topk(k).indices.tolist()

    return sum(len(set(x) & set(y)) for x, y in zip(closest(a), closest(b), strict=True)) / (k * len(a))


def shared_of_all(a, b, k):
    return shared_by_sets(a, b, k) * k / (len(a) - 1)


def rank(x, centred=True):
    x = x - x.mean(0) if centred else x
    values = torch.linalg.eigvalsh(x @ x.T)
    return values.sum() ** 2 / values.square().sum()


def expected(a, b):
    return (rank(a) * rank(b)).sqrt() / (len(a) - 1)


def expected_by_traces(a, b):
    a, b = a - a.mean(0), b - b.mean(0)
    k, m = a @ a.T, b @ b.T
    return k.trace() * m.trace() / ((len(a) - 1) * k.norm() * m.norm())


def p_of(ours, theirs, orders, plus=1):
    scores = [max(linear_cka(a[order], b) for a in ours for b in theirs) for order in orders]
    given = max(linear_cka(a, b) for a in ours for b in theirs)
    return (plus + sum(score >= given for score in scores)) / (plus + len(orders))


def p_by_theirs(ours, theirs, orders):
    """The inverse orders of the others are the same orders."""
    given = max(linear_cka(a, b) for a in ours for b in theirs)
    scores = [max(linear_cka(a, b[order.argsort()]) for a in ours for b in theirs) for order in orders]
    return (1 + sum(score >= given for score in scores)) / (1 + len(orders))


def p_of_the_best_pair(ours, theirs, orders):
    return min(p_of([a], [b], orders) for a in ours for b in theirs)


def turned(a, b):
    a, b = a - a.mean(0), b - b.mean(0)
    return torch.linalg.svdvals(a.T @ b).sum() / (a.norm() * b.norm())


def turned_by_nuclear_norm(a, b):
    a, b = a - a.mean(0), b - b.mean(0)
    return torch.linalg.matrix_norm((a / a.norm()).T @ (b / b.norm()), "nuc")


RIGHT = {
    1: [shared_by_sets, shared_by_masks],
    2: [expected, expected_by_traces],
    3: [p_of, p_by_theirs],
    4: [turned, turned_by_nuclear_norm],
}
WRONG = {
    1: [
        (shared_with_itself, "no input its own neighbour"),
        (shared_by_products, "least distance"),
        (shared_of_all, "the share of k"),
    ],
    2: [
        (lambda a, b: (rank(a) * rank(b)).sqrt() / len(a), "n − 1 below"),
        (lambda a, b: (rank(a, False) * rank(b, False)).sqrt() / (len(a) - 1), "centred first"),
        (lambda a, b: 0.0, "you say 0.0000"),
    ],
    3: [
        (p_of_the_best_pair, "the largest of each order"),
        (lambda a, b, orders: p_of(a, b, orders, plus=0), "does the order that was given count too"),
        (lambda a, b, orders: p_of(a[:1], b[:1], orders), "the largest of all pairs"),
    ],
    4: [
        (lambda a, b: torch.linalg.svdvals(a.T @ b).sum() / (a.norm() * b.norm()), "rows centred"),
        (lambda a, b: linear_cka(a, b), "the sum of the singular values"),
        (lambda a, b: turned(a, b) ** 2, "you say"),
    ],
}
