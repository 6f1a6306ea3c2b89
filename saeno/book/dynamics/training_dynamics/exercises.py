"""The exercises of *How dictionaries are learned*."""

from __future__ import annotations

import math

import torch

from saeno.book.checking import call, number, require, tensor
from saeno.seeds import generator


def same_rate(answer: object) -> str:
    """A function of η, N and c, for PPᵀ = cI: the rate of the SAE that, projected after each step, moves alike."""
    for eta, nodes, c in ((0.5, 32, 1.0), (1.0, 64, 4.0), (0.1, 10, 0.5)):
        given = number(call(answer, eta, nodes, c), "your rate")
        wanted = nodes * c * eta
        require(
            abs(given - wanted) < 1e-6 * wanted,
            f"for η = {eta:g}, {nodes} nodes and c = {c:g} you say {given:.4g}: what multiplies the projected gradient "
            "in the law?",
        )
    return "Lift and operator multiply: a lifted operator takes the longest steps of all six."


def shared(answer: object) -> str:
    """A function of the rows of one filter `(n, n)`: the nearest matrix whose rows are shifts of one another."""
    random = generator(0)
    for n in (5, 8):
        A = torch.randn(n, n, generator=random, dtype=torch.float64)
        B = tensor(call(answer, A.clone()), "your matrix", (n, n))
        off = max((B[v] - B[0].roll(v)).abs().max().item() for v in range(n))
        require(off < 1e-6, f"row v should be row 0 moved by v places, and yours are up to {off:.2g} off")
        line = torch.stack([A[v].roll(-v) for v in range(n)]).mean(0)
        wanted = torch.stack([line.roll(v) for v in range(n)])
        require(
            (B - wanted).abs().max() < 1e-6,
            f"the rows are shifts of one another, but a nearer matrix has the distance {(A - wanted).norm():.3g} from "
            f"A, and yours {(A - B).norm():.3g}: move all rows back to place 0, and take what is nearest to all",
        )
    return "The mean over places is what an operator learns from, and where it has its calm from."


def directions(answer: object) -> str:
    """A function of codes `(batch, concepts)`: their effective rank."""
    random = generator(1)
    cases = [torch.diag(torch.tensor([3.0, 1.0])), torch.ones(4, 3), torch.randn(30, 5, generator=random)]
    for code in (case.double() for case in cases):
        values = torch.linalg.svdvals(code)
        share = values / values.sum()
        wanted = torch.special.entr(share).sum().exp().item()
        given = number(call(answer, code.clone()), "your rank")
        squares = values.square() / values.square().sum()
        require(
            abs(given - wanted) < 1e-6 or abs(given - torch.special.entr(squares).sum().exp().item()) > 1e-6,
            "this takes the squares of the singular values; the effective rank takes the values themselves",
        )
        require(
            abs(given - math.log(wanted)) > 1e-6 or abs(given - wanted) < 1e-6,
            "this is the entropy: the rank is its exponential",
        )
        require(
            abs(given - wanted) < 1e-6,
            f"a code with the singular values {', '.join(f'{v:.3g}' for v in values)} has the effective rank "
            f"{wanted:.4f}, and you say {given:.4f}",
        )
    return "It counts directions by how much they are used, and needs no threshold."


def clock(answer: object) -> str:
    """A function of q, η and ε: the steps of descent until the error of a concept is at most ε times what it was."""
    for q, eta, left in ((1.0, 0.1, 0.01), (0.25, 0.1, 0.01), (2.0, 0.3, 0.5), (0.5, 1.0, 0.1)):
        given = number(call(answer, q, eta, left), "your number of steps")
        wanted = math.ceil(math.log(left) / math.log(1 - eta * q) - 1e-9)
        require(
            abs(given - wanted) < 1e-6,
            f"for q = {q:g}, η = {eta:g} and ε = {left:g} the error is {(1 - eta * q) ** wanted:.3g} of what it was "
            f"after {wanted} steps, which are the fewest, and you say {given:g}",
        )
    return "A concept of a quarter of the energy takes about four times as long."


def fair(answer: object) -> str:
    """A function of two dicts from rates to steps: how many times as fast the second is, 0 where nobody can say."""
    cases = [
        ({1.0: 90, 2.0: 40, 4.0: 70}, {0.5: 50, 1.0: 20, 2.0: 30}, 2.0),
        ({4.0: 70, 1.0: 90, 2.0: 40}, {2.0: 60, 0.5: 55, 1.0: 50}, 0.8),
        ({1.0: 90, 2.0: 40, 4.0: 20}, {0.5: 50, 1.0: 20, 2.0: 30}, 0.0),
        ({1.0: 90, 2.0: 40, 4.0: 70}, {2.0: 50, 0.5: 20, 1.0: 30}, 0.0),
    ]
    for first, second, wanted in cases:
        given = number(call(answer, dict(first), dict(second)), "your speed-up")
        where = f"for {first} and {second} you say {given:.3g}"
        require(
            wanted or not given,
            f"{where}: a best rate lies at the edge of what was tried, so a better one may lie beyond it, and the "
            "answer is 0",
        )
        require(given or not wanted, f"{where}, but both best rates lie inside of what was tried")
        require(
            abs(given - wanted) < 1e-6,
            f"{where}: take the fewest steps of each, at whatever rate, and divide those of the first by those of the "
            "second",
        )
    return "And the rates have to be chosen on other seeds than those that are told."


CHECKS = (same_rate, shared, directions, clock, fair)
