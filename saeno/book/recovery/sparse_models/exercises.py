"""The exercises of *Sparse models*."""

from __future__ import annotations

import math

import torch

from saeno.book.checking import call, number, require, tensor
from saeno.data import SparseModel
from saeno.dictionaries import DenseDictionary
from saeno.seeds import generator


def bits(answer: object) -> str:
    """A function of p and k: the bits that say which k of p atoms are active."""
    whole = False
    for p, k in ((128, 5), (10, 10), (4096, 16), (2, 1), (6, 3)):
        given = number(call(answer, p, k), f"your number of bits for p = {p}, k = {k}")
        supports = math.comb(p, k)
        exact, up = math.log2(supports), (supports - 1).bit_length()
        if p == 128:
            whole = given == up
        require(
            given == up if whole else abs(given - exact) < 1e-5 * max(exact, 1),
            f"for p = {p}, k = {k} you say {given:.4g} bits: a question with two equally likely answers is one bit, "
            f"and there are {supports:.3g} supports",
        )
    told = "28 whole bits, or 27.98 on average over many supports" if whole else "fewer than 28 bits"
    return f"To name five atoms of 128 takes {told}; to list 128 numbers takes many more."


def synthesis(answer: object) -> str:
    """A function of atoms (p, m) and codes (batch, p): the signals (batch, m)."""
    random = generator(0)
    for p, m in ((3, 2), (7, 7), (4, 9)):
        atoms = torch.randn(p, m, generator=random)
        found = tensor(call(answer, atoms, torch.eye(p)), "the synthesis of single atoms", (p, m))
        require(torch.allclose(found, atoms.double()), "a code with a single 1 should give that atom")
        code = torch.randn(5, p, generator=random)
        found = tensor(call(answer, atoms, code), "the synthesis of five codes", (5, m))
        doubled = tensor(call(answer, atoms, 2 * code), "the synthesis of five codes", (5, m))
        require(torch.allclose(doubled, 2 * found), "twice the code should give twice the signal")
        require(torch.allclose(found, (code @ atoms).double(), atol=1e-5), "the parts of a signal should be added up")
    return "A synthesis is linear, so single atoms settle it."


def density(answer: object) -> str:
    """A function of position, mass and n: the n numbers that stand for an impulse."""
    for position, mass, n in ((0.5, 1.5, 8), (0.26, -2.0, 64), (0.99, 1.0, 16), (0.0, 0.5, 5)):
        values = tensor(call(answer, position, mass, n), f"your density on {n} nodes", (n,))
        where = f"for an impulse at {position} on {n} nodes"
        (active,) = values.nonzero(as_tuple=True)
        require(len(active) == 1, f"{where} there are {len(active)} numbers that are not 0, and there should be one")
        node = active.item()
        away = abs(node / n - position) % 1
        require(min(away, 1 - away) <= 0.5 / n + 1e-6, f"{where} you chose node {node}, and another one is nearer")
        require(
            abs(values.mean().item() - mass) < 1e-5 * max(1, abs(mass)),
            f"{where} the mean over the grid is {values.mean().item():.4g}, and the mass is {mass:g}",
        )
    return "Its mean is the mass, on every grid."


def noise_level(answer: object) -> str:
    """A function of σ, n and a new n: the level at which an atom sees the same noise."""
    for sigma, n, new in ((0.5, 128, 512), (1.0, 256, 64), (0.1, 100, 100)):
        given = number(call(answer, sigma, n, new), "your noise level")
        wanted, from_to = sigma * math.sqrt(new / n), f"from {n} to {new} nodes"
        require(
            abs(given - wanted) < 1e-5 * wanted,
            f"{from_to} the noise that an atom sees would change by the factor {given / wanted:.3g}: "
            "its variance is the level squared over the number of nodes",
        )
    return "More nodes, and each may be noisier."


def find_atoms(answer: object) -> str:
    """A function of points (count, 2) with one active atom each, and of p: the p atoms, up to order and sign."""
    for angles in ((0.2, 1.2, 2.4), (0.1, 0.9, 1.7, 3.05), (0.5, 0.8)):
        true = torch.tensor([[math.cos(angle), math.sin(angle)] for angle in angles])
        data = SparseModel(DenseDictionary.from_atoms(true), active=1)
        points = data.sample(600, generator=generator(len(angles))).signal
        found = tensor(call(answer, points, len(angles)), "your atoms", (len(angles), 2))
        norms = found.norm(dim=1)
        require((norms > 0).all(), "one of your atoms is zero")
        units = found / norms[:, None]
        cosine = (true.double() @ units.T).abs().clamp(max=1).amax(1)
        count = int((cosine > 0.999).sum())
        if count < len(angles):
            were = f"with {len(angles)} atoms, {count} of them were found"
            twice = (units @ units.T).abs().fill_diagonal_(0).max() > 0.999
            require(not twice, f"{were}, and two of yours lie on one line: a point and its negative are on the same")
            off = math.degrees(cosine.min().arccos())
            require(off > 10, f"{were}: the one that you miss most is {off:.1f}° away from the nearest of yours")
            require(False, f"{were}: on the line of an atom there are many points, so which directions are frequent?")
        require(((norms - 1).abs() < 1e-3).all(), "an atom should have norm 1")
    return "You have just learned a dictionary without any training."


CHECKS = (bits, synthesis, density, noise_level, find_atoms)
