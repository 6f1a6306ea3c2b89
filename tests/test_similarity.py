"""Similarities of representations against their definitions, and what they are by chance."""

import itertools
import math

import numpy as np
import pytest
import torch

from saeno import metrics

DOUBLE = torch.double


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def features(value):
    """‖aᵀb‖² form of CKA, from centred features."""
    return value.flatten(1) - value.flatten(1).mean(0)


def test_cka_is_that_of_features():
    """‖aᵀb‖² / (‖aᵀa‖ ‖bᵀb‖), the form that never sees a Gram matrix."""
    a, b = normal(20, 3, 8), normal(20, 5, seed=1)
    x, y = features(a), features(b)
    direct = (x.T @ y).norm() ** 2 / ((x.T @ x).norm() * (y.T @ y).norm())
    assert metrics.linear_cka(a, b) == pytest.approx(direct.item(), abs=1e-12)


def reference_cka(a, b):
    """In NumPy, by the definition: HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)), HSIC(K, L) = tr(K H L H) / (n − 1)²."""
    n = len(a)
    h = np.eye(n) - np.ones((n, n)) / n
    k, m = (np.array([[np.mean(x * y) * len(x) for y in rows] for x in rows]) for rows in (a, b))

    def hsic(one, other):
        return np.trace(one @ h @ other @ h) / (n - 1) ** 2

    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def reference_neighbours(a, b, k):
    """In NumPy, by the definition: all distances, sorted; nobody is near to himself."""

    def near(rows):
        distances = np.array([[np.sqrt(np.sum((x - y) ** 2)) for y in rows] for x in rows])
        assert all(len(set(distances[i][np.arange(len(rows)) != i])) == len(rows) - 1 for i in range(len(rows)))
        return [set([j for j in np.argsort(distances[i]) if j != i][:k]) for i in range(len(rows))]

    return np.mean([len(x & y) / k for x, y in zip(near(a), near(b), strict=True)])


@pytest.mark.parametrize(
    "n, first, second", [(3, (1,), (2,)), (12, (5, 16), (3,)), (40, (2, 6), (7, 9)), (64, (30,), (4, 4))]
)
@pytest.mark.parametrize("tie", [0.0, 1.0])
def test_both_are_those_of_a_reference_in_numpy(n, first, second, tie):
    """Independent representations, and tied ones; no two distances are equal.

    Tried: Gram matrices that are not centred; neighbours that count an input itself."""
    a, b = normal(n, *first), normal(n, *second, seed=1)
    b = b + tie * 2 * a.flatten(1)[:, :1].view(n, *[1] * len(second))
    x, y = a.flatten(1).numpy(), b.flatten(1).numpy()
    assert metrics.linear_cka(a, b) == pytest.approx(reference_cka(x, y), abs=1e-6)
    for k in (1, n // 3, n - 2):
        assert metrics.mutual_neighbours(a, b, k) == pytest.approx(reference_neighbours(x, y, k), abs=1e-6)
    single = metrics.linear_cka(a.float(), b.float())
    assert single == pytest.approx(reference_cka(x, y), abs=1e-6)


def test_cka_of_two_and_three_inputs():
    """Two inputs have one distance: 1. Three on a line at 0, 1, 2 against 0, 0, 1: the squared correlation 3/4."""
    assert metrics.linear_cka(normal(2, 3), normal(2, 5, seed=1)) == pytest.approx(1.0, abs=1e-12)
    line, step = (torch.tensor([[v] for v in values], dtype=DOUBLE) for values in ([0, 1, 2], [0, 0, 1]))
    assert metrics.linear_cka(line, step) == pytest.approx(0.75, abs=1e-12)


def test_cka_sees_no_rotation_scale_or_origin_and_no_grid():
    a = normal(12, 4)
    turned = 3 * a @ torch.linalg.qr(normal(4, 4, seed=1)).Q + 7
    assert metrics.linear_cka(a, turned) == pytest.approx(1.0, abs=1e-12)
    coarse = normal(12, 2, 8)
    fine = coarse.repeat_interleave(4, 2)  # the same step functions, on four times the nodes
    assert metrics.linear_cka(coarse, fine) == pytest.approx(1.0, abs=1e-12)
    assert metrics.mutual_neighbours(coarse, fine, k=3) == 1.0


def test_neighbours_one_by_one():
    a, b, k = normal(15, 3), normal(15, 2, 4, seed=1), 4
    shared = 0
    for i in range(15):
        sets = []
        for value in (a, b):
            distance = (value.flatten(1) - value.flatten(1)[i]).norm(dim=1)
            distance[i] = math.inf
            sets.append(set(distance.argsort()[:k].tolist()))
        shared += len(sets[0] & sets[1])
    assert metrics.mutual_neighbours(a, b, k) == pytest.approx(shared / (15 * k), abs=1e-12)
    assert metrics.mutual_neighbours(a, b, 14) == pytest.approx(1.0, abs=1e-12)  # everybody is


def test_neighbours_on_a_line():
    """Points 0, 1, 3, 7 have the nearest 1, 0, 1, 3; with 0 and 7 exchanged 7 has 3, 1 has 0, 3 has 1, 0 has 1."""
    a = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    b = a[[3, 1, 2, 0]]
    assert metrics.mutual_neighbours(a, b, 1) == pytest.approx(1 / 4)


def test_chance_is_the_mean_over_all_orders():
    """Of four inputs all 24 orders can be listed."""
    a, b = normal(4, 2), normal(4, 3, seed=1)
    orders = [metrics.linear_cka(a[list(order)], b) for order in itertools.permutations(range(4))]
    found = metrics.permuted_cka(a, b, permutations=4000)
    assert found.score == pytest.approx(metrics.linear_cka(a, b), abs=1e-12)
    assert found.chance == pytest.approx(sum(orders) / 24, abs=0.01)
    as_large = sum(value >= found.score - 1e-12 for value in orders) / 24
    assert found.p == pytest.approx(as_large, abs=0.03)
    assert found.excess == pytest.approx((found.score - found.chance) / (1 - found.chance))


def test_many_features_look_alike_and_chance_says_so():
    """The bias of CKA: unrelated representations of few inputs with many features."""
    found = metrics.permuted_cka(normal(20, 500), normal(20, 500, seed=1))
    assert found.score > 0.9 and abs(found.excess) < 0.1 and found.p > 0.05
    a = normal(20, 500)
    tied = metrics.permuted_cka(a, a + normal(20, 500, seed=2))
    assert tied.p == pytest.approx(1 / 201) and tied.excess > 0.5


def test_neighbours_by_chance():
    """k/(n − 1), with the same orders whatever the representation."""
    found = metrics.permuted_neighbours(normal(30, 4), normal(30, 5, seed=1), k=3, permutations=500)
    assert found.chance == pytest.approx(3 / 29, abs=0.01)
    assert found.score == pytest.approx(metrics.mutual_neighbours(normal(30, 4), normal(30, 5, seed=1), 3), abs=1e-12)
    complete = metrics.permuted_neighbours(normal(4, 2), normal(4, 3, seed=1), k=3)
    assert (complete.score, complete.excess, complete.p) == (pytest.approx(1), 0.0, 1.0)


def test_the_best_of_many_layers_is_held_against_the_best_by_chance():
    """Ten unrelated layers: each chance is low, the largest of all pairs is not, and p is not small."""
    ours, theirs = [normal(25, 3, seed=i) for i in range(10)], [normal(25, 3, seed=50 + i) for i in range(10)]
    single, best = metrics.permuted_cka(ours[0], theirs[0]), metrics.permuted_cka(ours, theirs)
    assert best.score == pytest.approx(max(metrics.linear_cka(a, b) for a in ours for b in theirs), abs=1e-12)
    assert best.chance > single.chance + single.deviation and best.p > 0.05
    assert metrics.permuted_cka(ours[:1], theirs[:1]) == single


def test_the_same_seed_gives_the_same_orders():
    a, b = normal(9, 2), normal(9, 3, seed=1)
    assert metrics.permuted_cka(a, b, seed=3) == metrics.permuted_cka(a, b, seed=3) != metrics.permuted_cka(a, b)


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_any_unit(scale):
    a, b = normal(9, 2).float() * scale, normal(9, 3, seed=1).float()
    assert metrics.linear_cka(a, b) == pytest.approx(metrics.linear_cka(a / scale, b), abs=1e-5)


@pytest.mark.parametrize(
    "call, names",
    [
        (lambda a: metrics.linear_cka(a, a[:5]), "a and b have 6 and 5 inputs: should be the same"),
        (lambda a: metrics.linear_cka(a[:1], a[:1]), "a has 1 input"),
        (lambda a: metrics.linear_cka(a, torch.ones(6, 3) / 3), "b is the same for all inputs"),
        (lambda a: metrics.linear_cka(a * math.nan, a), "a has NaN or infinite values"),
        (lambda a: metrics.mutual_neighbours(a, a, 6), "k = 6: should be less than the 6 inputs of a"),
        (lambda a: metrics.permuted_cka([], a), "a is empty"),
        (lambda a: metrics.permuted_cka([a, a[:4]], a), "a and b have 6 and 4 inputs"),
        (lambda a: metrics.permuted_cka(a, [a, a[0]], permutations=2), r"a and b have 6 and 3 inputs|b\[1\] = "),
        (lambda a: metrics.permuted_cka(a, a, permutations=0), "permutations = 0"),
        (lambda a: metrics.permuted_neighbours(a, a, k=0), "k = 0"),
    ],
)
def test_errors_name_the_argument(call, names):
    with pytest.raises(ValueError, match=names):
        call(normal(6, 3))
