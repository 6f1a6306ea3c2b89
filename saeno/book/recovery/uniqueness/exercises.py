"""The exercises of *When is the code unique?*"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, several, tensor
from saeno.metrics import coherence
from saeno.seeds import generator


def safe(answer: object) -> str:
    """A function of μ: the largest whole number below (1 + 1/μ)/2."""
    for mu in (0.3, 1 / 2, 1 / 4, 1 / 8, 0.1, 1.0):  # where (1 + 1/μ)/2 is a whole number, it is so without rounding
        k, bound = number(call(answer, mu), f"your k for μ = {mu:.3g}"), (1 + 1 / mu) / 2
        require(k == round(k), f"for μ = {mu:.3g} your k is {k:g}, which is no whole number")
        require(k < bound, f"for μ = {mu:.3g} your k is {k:g}, which is not below (1 + 1/μ)/2 = {bound:.3g}")
        require(k + 1 >= bound, f"for μ = {mu:.3g} your k is {k:g}, and {k + 1:g} is below {bound:.3g} too")
    return "With two atoms that are the same, not even one active entry is safe."


def two_codes(answer: object) -> str:
    """A function of a code v with D v = 0: two codes with one signal, each with half of its entries at most."""
    for D in (spikes_and_waves(4), spikes_and_waves(16), corners(4), corners(7)):
        v = torch.linalg.svd(D.T).Vh[-1]
        v = torch.where(v.abs() < 1e-9, 0.0, 3 * v)
        given = several(call(answer, v), 2, "your function should return two codes")
        one, other = (tensor(code, name, (len(D),)) for code, name in zip(given, _CODES, strict=True))
        size = max(one.abs().max(), other.abs().max())
        active, most = int(v.count_nonzero()), math.ceil(v.count_nonzero() / 2)
        for code, name in ((one, _CODES[0]), (other, _CODES[1])):
            count = int((code.abs() > 1e-6 * size).sum())
            require(count <= most, f"v has {active} active entries, and {name} has {count}, more than half of them")
        apart = (one - other).norm().item()
        require(apart > 1e-5 * size, "the two codes are the same one")
        gap = ((one - other) @ D).norm().item() / apart
        require(
            gap < 1e-5,
            f"the two signals are not the same: they differ by {gap:.2g} of what the codes do. Look at the signs",
        )
    return "So a set of dependent atoms is all it takes."


_CODES = ("the first code", "the second code")


def pursuit(answer: object) -> str:
    """A function of atoms (p, m), a signal (m,) and k: the code (p,) of OMP."""
    random = generator(0)
    D = torch.randn(24, 12, generator=random, dtype=torch.float64)
    D = D / D.norm(dim=1, keepdim=True)
    for sign in (1, -1):
        x = sign * torch.randn(12, generator=generator(1), dtype=torch.float64)
        code = tensor(call(answer, D, x, 1), "your code", (24,))
        best = (D @ x).abs().argmax()
        require(code.count_nonzero() == 1, f"for k = 1 your code has {int(code.count_nonzero())} active entries")
        require(code[best] != 0, "the first atom taken should be the one with the largest |mass|")
        code = tensor(call(answer, D, x, 4), "your code", (24,))
        require(code.count_nonzero() == 4, f"for k = 4 your code has {int(code.count_nonzero())} active entries")
        left = (D @ (x - code @ D))[code != 0].abs().max()
        require(
            left < 1e-4,
            "what is left should be at right angles to all atoms taken, and is not: after each choice fit the masses "
            "of all of them anew",
        )
    D = spikes_and_waves(16)
    for small, large in ((3, 20), (8, 9), (25, 0)):
        code = torch.zeros(32, dtype=torch.float64)
        code[small], code[large] = 0.05, -2.0
        found = tensor(call(answer, D, code @ D, 2), "your code", (32,))
        require(
            (found - code).norm() < 1e-4,
            "with a large and a small mass, on 16 spikes and 16 waves, you do not find the code, and the theorem says "
            "that OMP does: choose the second atom by what the first has left",
        )
    return "Twelve lines, and it decodes thousands of atoms in 64 dimensions."


def mislead(answer: object) -> str:
    """Three unit atoms (3, 2), and a code (3,) with two active entries whose largest mass is that of the idle atom."""
    D, z = several(answer, 2, "the answer should be atoms and a code, `(D, z)`")
    D, z = tensor(D, "D", (3, 2)), tensor(z, "z", (3,))
    require(((D.norm(dim=1) - 1).abs() < 1e-4).all(), "an atom should have norm 1")
    require(z.count_nonzero() == 2, f"z should have two active entries, and has {int(z.count_nonzero())}")
    masses = (D @ (z @ D)).abs()
    idle = int((z == 0).nonzero())
    others = masses[z != 0].max()
    require(
        masses[idle] > others * (1 + 1e-6),
        f"OMP takes an active atom first: the idle one sees {masses[idle]:.3g}, and an active one {others:.3g}",
    )
    return f"The coherence is {coherence(D):.2f}; below 1/3 you could not have done it."


def six_lines(answer: object) -> str:
    """Six unit vectors (6, 3) whose inner products all have the size 1/√5, or vectors of another length along them."""
    six = tensor(answer, "your vectors", (6, 3))
    norms = six.norm(dim=1)
    require((norms > 0).all(), "one of your vectors is zero")
    mu, bound = coherence(six / norms[:, None]), math.sqrt(3 / (3 * 5))
    require(mu < bound + 1e-3, f"their coherence is {mu:.4f}, and Welch's bound is {bound:.4f}")
    unit = ((norms - 1).abs() < 1e-3).all()
    return "They are the diagonals of an icosahedron" + ("." if unit else "; divided by their norms they are atoms.")


def spikes_and_waves(m: int) -> Tensor:
    """The unit vectors and the Walsh waves of length m, a power of 2: (2 m, m)."""
    waves = torch.ones(1, 1, dtype=torch.float64)
    while len(waves) < m:
        waves = torch.kron(waves, torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64))
    return torch.cat([torch.eye(m, dtype=torch.float64), waves / m**0.5])


def corners(m: int) -> Tensor:
    """The m + 1 corners of a simplex, as unit vectors that add up to zero: (m + 1, m + 1)."""
    centred = torch.eye(m + 1, dtype=torch.float64) - 1 / (m + 1)
    return centred / centred.norm(dim=1, keepdim=True)


CHECKS = (safe, two_codes, pursuit, mislead, six_lines)
