"""Answers to the exercises of *When is the code unique?*: right ones, and wrong ones with a part of the reason."""

import math

import numpy as np
import torch


def by_search(mu):
    k = 0
    while k + 1 < (1 + 1 / mu) / 2:
        k += 1
    return k


def every_other(v):
    active = v.nonzero().flatten()
    one, other = v.clone(), -v
    one[active[::2]] = 0
    other[active[1::2]] = 0
    return one, other


def halves_in_numpy(v):
    v = v.numpy()
    (active,) = v.nonzero()
    cut = active[len(active) // 2]
    places = np.arange(len(v))
    return 2 * v * (places < cut), -2 * v * (places >= cut)


def as_rows(v):
    return torch.stack(every_other(v)).numpy()


def in_zeros_of_its_own(v):
    one, other = torch.zeros(2, len(v))
    active = v.nonzero().flatten()
    one[active[::2]], other[active[1::2]] = v[active[::2]], -v[active[1::2]]
    return one, other


def tiny_and_wrong(v):
    """So small that an absolute tolerance lets its wrong sign through."""
    one, other = sign_forgotten(v)
    return 1e-7 * one, 1e-7 * other


def by_other_formula(mu):
    return math.ceil((mu + 1) / (2 * mu)) - 1


def zeros_of_its_own(D, x, k):
    chosen, left, code = [], x, torch.zeros(len(D))
    for _ in range(k):
        chosen.append((D @ left).abs().argmax().item())
        masses = torch.linalg.lstsq(D[chosen].T, x[:, None]).solution[:, 0]
        left = x - masses @ D[chosen]
    code[chosen] = masses
    return code


def sign_forgotten(v):
    one, other = every_other(v)
    return one, -other


def whole_and_nothing(v):
    return v, 0 * v


def one_of_them(v):
    return every_other(v)[0]


def same_twice(v):
    return every_other(v)[0], every_other(v)[0]


def by_lstsq(D, x, k):
    chosen, left = [], x
    for _ in range(k):
        chosen.append((D @ left).abs().argmax().item())
        masses = torch.linalg.lstsq(D[chosen].T, x[:, None]).solution[:, 0]
        left = x - masses @ D[chosen]
    code = torch.zeros(len(D), dtype=D.dtype)
    code[chosen] = masses
    return code


def by_scikit_learn(D, x, k):
    from sklearn.linear_model import orthogonal_mp

    return orthogonal_mp(D.T.numpy(), x.numpy(), n_nonzero_coefs=k)


def matching_pursuit(D, x, k):
    code = torch.zeros(len(D), dtype=D.dtype)
    while code.count_nonzero() < k:
        masses = D @ (x - code @ D)
        code[masses.abs().argmax()] += masses[masses.abs().argmax()]
    return code


def all_at_once(D, x, k):
    chosen = (D @ x).abs().topk(k).indices
    code = torch.zeros(len(D), dtype=D.dtype)
    code[chosen] = torch.linalg.lstsq(D[chosen].T, x[:, None]).solution[:, 0]
    return code


def without_size(D, x, k):
    chosen, left = [], x
    for _ in range(k):
        chosen.append((D @ left).argmax().item())
        masses = torch.linalg.lstsq(D[chosen].T, x[:, None]).solution[:, 0]
        left = x - masses @ D[chosen]
    code = torch.zeros(len(D), dtype=D.dtype)
    code[chosen] = masses
    return code


def one_too_many(D, x, k):
    return by_lstsq(D, x, k + 1)


def plane(*degrees):
    return torch.tensor([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])


def icosahedron():
    golden = (1 + 5**0.5) / 2
    lines = torch.tensor([[0, 1, golden], [1, golden, 0], [golden, 0, 1]])
    lines = torch.cat([lines, lines * torch.tensor([[1, -1, 1], [-1, 1, 1], [1, 1, -1]])])
    return lines / lines.norm(dim=1, keepdim=True)


def from_a_conference_matrix():
    C = np.ones((6, 6))
    square = {0: 0, 1: 1, 4: 1, 2: -1, 3: -1}
    C[1:, 1:] = [[square[(i - j) % 5] for j in range(5)] for i in range(5)]
    np.fill_diagonal(C, 0)
    values, vectors = np.linalg.eigh(C)
    return vectors[:, values > 0] * 2**0.5


def random_lines():
    lines = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    return lines / lines.norm(dim=1, keepdim=True)


def axes_and_diagonals():
    lines = torch.cat([torch.eye(3), torch.tensor([[1.0, 1, 1], [1, -1, 1], [1, 1, -1]])])
    return lines / lines.norm(dim=1, keepdim=True)


RIGHT = {
    1: [lambda mu: math.ceil((1 + 1 / mu) / 2) - 1, by_search, by_other_formula],
    2: [every_other, halves_in_numpy, as_rows, in_zeros_of_its_own],
    3: [by_lstsq, by_scikit_learn, zeros_of_its_own],
    4: [
        (plane(0, 90, 45), [1.0, 1.0, 0.0]),
        (plane(10, 30, 60).numpy(), (2.0, 0.0, 2.0)),
        (plane(0, 90, 45), [1e-8, 1e-8, 0]),
    ],
    5: [icosahedron(), from_a_conference_matrix(), 1.9 * icosahedron()],
}
WRONG = {
    1: [
        (lambda mu: int((1 + 1 / mu) / 2), "not below"),
        (lambda mu: (1 + 1 / mu) / 2, "no whole number"),
        (lambda mu: max(math.ceil((1 + 1 / mu) / 2) - 2, 0), "is below 2.17 too"),
        (lambda mu: 1 / mu, "no whole number"),
    ],
    2: [
        (sign_forgotten, "Look at the signs"),
        (whole_and_nothing, "more than half"),
        (one_of_them, "should return two codes"),
        (same_twice, "the same one"),
        (tiny_and_wrong, "Look at the signs"),
    ],
    3: [
        (matching_pursuit, "right angles"),
        (all_at_once, "choose the second atom"),
        (without_size, "largest |mass|"),
        (one_too_many, "for k = 1 your code has 2"),
    ],
    4: [
        ((plane(0, 90, 45), [1.0, -1.0, 0.0]), "OMP takes an active atom first"),
        ((plane(0, 90, 45), [1.0, 1.0, 1.0]), "two active entries"),
        ((2 * plane(0, 90, 45), [1.0, 1.0, 0.0]), "norm 1"),
        ([1.0, 1.0, 0.0], "atoms and a code"),
    ],
    5: [
        (random_lines(), "Welch's bound is 0.4472"),
        (axes_and_diagonals(), "their coherence is 0.5774"),
        (icosahedron() * torch.arange(6)[:, None], "is zero"),
        (torch.eye(3), "should have the shape"),
    ],
}
