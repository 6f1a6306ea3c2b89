"""The exercises of *Dictionary learning*."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, several, tensor
from saeno.seeds import generator


def same(answer: object) -> str:
    """A function of two dictionaries (p, m): whether they are the same up to order and sign."""
    random = generator(0)
    for p, m in ((3, 2), (7, 4), (5, 9)):
        atoms = _unit(p, m, random)
        moved = atoms.clone()
        moved[0] = _unit(1, m, random)[0]
        doubled = atoms.clone()
        doubled[1] = atoms[0]
        leaning = atoms.clone()
        leaning[0] = _turned(atoms[0], 0.05, random)
        touched = torch.stack([_turned(atom, 1e-5, random) for atom in atoms])
        cases = [
            (atoms, True, "a dictionary is the same as itself"),
            (atoms.flip(0), True, "the order of the atoms should not matter"),
            (-atoms, True, "the signs of the atoms should not matter"),
            (torch.cat([-atoms[1:], atoms[:1]]), True, "order and sign may change together, each atom its own sign"),
            (moved, False, "with one atom exchanged, two dictionaries differ"),
            (doubled, False, "a dictionary that has one atom twice and lacks another is not the same"),
            (leaning, False, "with one atom turned by three degrees, two dictionaries differ"),
            (touched, True, "two atoms with a cosine above 1 − 10⁻⁶ count as the same"),
        ]
        for other, wanted, reason in cases:
            for pair in ((atoms, other), (other, atoms)):
                found = call(answer, *pair)
                said = number(found, "your answer, True or False,")
                require(said in (0, 1), f"your answer should be True or False, and is {found!r}")
                require(bool(said) == wanted, reason)
    return "Whoever compares dictionaries has to do this, and `match_atoms` does it for atoms that are only similar."


def slope(answer: object) -> str:
    """A function of atoms (p, m), signals (n, m), codes (n, p): the gradient of the objective, codes held still."""
    random = generator(1)
    for n, p, m in ((1, 3, 2), (6, 4, 4), (20, 9, 5)):
        atoms, signal = _unit(p, m, random), torch.randn(n, m, generator=random, dtype=torch.float64)
        code = torch.randn(n, p, generator=random, dtype=torch.float64)
        found = tensor(call(answer, atoms, signal, code), "your gradient", (p, m))
        leaf = atoms.clone().requires_grad_()
        ((signal - code @ leaf).square().sum(1) / 2).mean().backward()
        sizes = f"for {n} signals, {p} atoms and {m} channels"
        right = leaf.grad
        downhill = torch.allclose(found, -right, atol=1e-5)
        require(not downhill, f"{sizes} your gradient has the wrong sign: it points downhill")
        times = n == 1 or not torch.allclose(found, n * right, atol=1e-4)
        require(times, f"{sizes} it is {n} times too large: take the mean")
        same = torch.allclose(found, right, atol=1e-5)
        require(same, f"{sizes} it differs from what automatic differentiation gives")
    return "The penalty does not contain the atoms, so with the codes held still it has no part in the gradient."


def best_atoms(answer: object) -> str:
    """A function of signals (n, m) and codes (n, p): the atoms with the least squared error."""
    random = generator(2)
    for n, p, m in ((10, 3, 2), (40, 8, 5), (30, 12, 12)):
        code = torch.randn(n, p, generator=random, dtype=torch.float64)
        code = code * (torch.rand(n, p, generator=random) < 0.6)
        atoms = _unit(p, m, random) * 2
        found = tensor(call(answer, code @ atoms, code), "your atoms", (p, m))
        require(torch.allclose(found, atoms, atol=1e-4), "from signals without noise you should get the atoms")
        noisy = code @ atoms + torch.randn(n, m, generator=random, dtype=torch.float64)
        found = tensor(call(answer, noisy, code), "your atoms", (p, m))
        left = code.T @ (noisy - code @ found)
        require(
            left.abs().max() < 1e-3,
            "with noise, some other atoms have a smaller error: at the best ones, what is left of the signals is at "
            "right angles to every column of the codes",
        )
    return "K-SVD goes further, and changes the masses of an atom together with the atom."


def forge(answer: object) -> str:
    """A function of unit atoms (p, m), used in pairs: other unit atoms that span the same planes."""
    random = generator(3)
    for p, m in ((2, 2), (6, 12), (20, 24)):
        atoms = _pairs(p, m, random)
        forged = tensor(call(answer, atoms), "your atoms", (p, m))
        require((forged.norm(dim=1) - 1).abs().max() < 1e-5, "your atoms should have norm 1")
        for i in range(0, p, 2):
            true, new = atoms[i : i + 2], forged[i : i + 2]
            plane = torch.linalg.qr(true.T).Q
            require(
                ((new @ plane).norm(dim=1) - 1).abs().max() < 1e-5,
                f"atoms {i} and {i + 1} of yours do not lie in the plane of the true ones, so some signals are lost",
            )
            require(
                torch.linalg.svdvals(new)[1] > 1e-3,
                f"atoms {i} and {i + 1} of yours lie on one line: they span no plane",
            )
        cosine = (forged @ atoms.T).abs().max()
        require(cosine <= 0.95 + 1e-6, f"one of your atoms has a cosine of {cosine:.3f} with a true one")
    return "No signal will ever tell your forgery from the original."


def unused(answer: object) -> str:
    """A function of p and n: the probability that atom 0 is not used by n signals, and the mean number unused."""
    for p, n in ((2, 1), (50, 225), (10, 10), (6, 0)):
        given = several(call(answer, p, n), 2, "the answer should be two numbers")
        chance, mean = number(given[0], "your probability"), number(given[1], "your average")
        exact = (1 - 1 / p) ** n
        require(
            abs(chance - exact) < 1e-4 * exact,
            f"for p = {p} and n = {n} you say {chance:.4g}: one signal misses atom 0 with probability {1 - 1 / p:.4g}",
        )
        require(
            abs(mean - p * exact) < 1e-4 * p * exact,
            f"for p = {p} and n = {n} you say that {mean:.4g} atoms are unused on average: averages add up",
        )
    return "Of 50 atoms about half an atom is still unseen when the 225 signals of the text have come."


def _unit(p: int, m: int, random: torch.Generator) -> Tensor:
    atoms = torch.randn(p, m, generator=random, dtype=torch.float64)
    return atoms / atoms.norm(dim=1, keepdim=True)


def _turned(atom: Tensor, angle: float, random: torch.Generator) -> Tensor:
    """The unit atom turned by so many radians, in a random direction."""
    away = torch.randn(atom.shape, generator=random, dtype=atom.dtype)
    away = away - (away @ atom) * atom
    return math.cos(angle) * atom + math.sin(angle) * away / away.norm()


def _pairs(p: int, m: int, random: torch.Generator) -> Tensor:
    """Unit atoms of which the pairs (0, 1), (2, 3), … have a |cosine| of 0.9 at most."""
    while True:
        atoms = _unit(p, m, random)
        if (atoms[0::2] * atoms[1::2]).sum(1).abs().max() <= 0.9:
            return atoms


CHECKS = (same, slope, best_atoms, forge, unused)
