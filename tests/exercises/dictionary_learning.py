"""Answers to the exercises of *Dictionary learning*: right ones, and wrong ones with a part of the reason given."""

import math

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment


def by_partners(first, second):
    cosine = (first @ second.T).abs()
    alike = (cosine.amax(1) > 1 - 1e-6).all()
    return bool(alike and len(cosine.argmax(1).unique()) == len(second))


def by_assignment(first, second):
    cosine = np.abs(first.numpy() @ second.numpy().T)
    rows, columns = linear_sum_assignment(-cosine)
    return torch.tensor(cosine[rows, columns].min() > 1 - 1e-6)


def without_sign(first, second):
    return bool(((first @ second.T).amax(1) > 1 - 1e-6).all())


def one_sided(first, second):
    return bool(((first @ second.T).abs().amax(1) > 1 - 1e-6).all())


def nearly(first, second):
    cosine = (first @ second.T).abs()
    return bool((cosine.amax(1) > 0.99).all() and len(cosine.argmax(1).unique()) == len(second))


def to_the_last_bit(first, second):
    return bool(((first @ second.T).abs() == 1).any(1).all())


def by_differentiation(atoms, signal, code):
    atoms = atoms.clone().requires_grad_()
    ((signal - code @ atoms).square().sum(1) / 2).mean().backward()
    return atoms.grad


def by_formula(atoms, signal, code):
    return -code.T @ (signal - code @ atoms) / len(signal)


def by_least_squares(signal, code):
    return torch.linalg.lstsq(code, signal).solution


def by_pseudoinverse(signal, code):
    return torch.linalg.pinv(code) @ signal


def in_float32(answer):
    """What a learner gets who works in torch's default."""
    return lambda *arguments: answer(*(value.float() for value in arguments))


def by_rows_of_plain_zeros(signal, code):
    atoms = torch.zeros(code.shape[1], signal.shape[1])
    for i in range(signal.shape[1]):
        atoms[:, i] = torch.linalg.lstsq(code, signal[:, i : i + 1]).solution[:, 0]
    return atoms


def by_transpose(signal, code):
    return code.T @ signal


def unit_atoms(signal, code):
    atoms = by_least_squares(signal, code)
    return atoms / atoms.norm(dim=1, keepdim=True)


def by_ridge(signal, code):
    return torch.linalg.solve(code.T @ code + 0.1 * torch.eye(code.shape[1]), code.T @ signal)


def turned(angles):
    """A forgery by two directions: angles in a basis whose first axis is half-way between the atoms of a pair."""

    def forge(atoms):
        forged = []
        for a, b in atoms.view(-1, 2, atoms.shape[1]):
            b = b * torch.sign(a @ b)  # the two as lines are now at most at right angles
            middle, across = a + b, a - b
            middle, across = middle / middle.norm(), across / across.norm()
            forged += [math.cos(t) * middle + math.sin(t) * across for t in angles]
        return torch.stack(forged)

    return forge


def by_search(atoms):
    forged = []
    for pair in atoms.view(-1, 2, atoms.shape[1]):
        plane = torch.linalg.qr(pair.T).Q
        turns = torch.linspace(0, math.pi, 400, dtype=atoms.dtype)[:-1]
        units = torch.stack([turns.cos(), turns.sin()], 1) @ plane.T
        away = (units @ pair.T).abs().amax(1)
        best = units[away.argmin()]
        rest = (units @ best).abs() < 0.9
        forged += [best, units[rest][away[rest].argmin()]]
    return torch.stack(forged)


def chance_and_mean(p, n):
    missed = (1 - 1 / p) ** n
    return missed, p * missed


RIGHT = {
    1: [by_partners, by_assignment],
    2: [by_differentiation, by_formula, in_float32(by_formula)],
    3: [by_least_squares, by_pseudoinverse, by_rows_of_plain_zeros, in_float32(by_least_squares)],
    4: [by_search, turned((1.4, math.pi - 1.4)), in_float32(by_search)],
    5: [
        chance_and_mean,
        lambda p, n: np.array(chance_and_mean(p, n)),
        lambda p, n: torch.tensor([1, p]) * torch.tensor(1 - 1 / p) ** n,
    ],
}
WRONG = {
    1: [
        (lambda a, b: torch.equal(a, b), "order"),
        (without_sign, "signs"),
        (one_sided, "one atom twice"),
        (nearly, "turned by three degrees"),
        (to_the_last_bit, "the same"),
        (lambda a, b: True, "one atom exchanged"),
        (lambda a, b: (a @ b.T).abs(), "should be a number"),
    ],
    2: [
        (lambda atoms, signal, code: -by_formula(atoms, signal, code), "downhill"),
        (lambda atoms, signal, code: len(signal) * by_formula(atoms, signal, code), "too large"),
        (lambda atoms, signal, code: by_formula(atoms, signal, code) + 0.1 * atoms, "automatic differentiation"),
        (lambda atoms, signal, code: by_formula(atoms, signal, code).T, "should have the shape"),
    ],
    3: [
        (by_transpose, "get the atoms"),
        (unit_atoms, "get the atoms"),
        (by_ridge, "get the atoms"),
        (lambda signal, code: torch.linalg.lstsq(signal, code).solution, "should have the shape"),
    ],
    4: [
        (lambda atoms: atoms, "with a true one"),
        (lambda atoms: -atoms.flip(0), "with a true one"),
        (lambda atoms: 2 * by_search(atoms), "norm 1"),
        (turned((1.5, 1.5)), "on one line"),
        (lambda atoms: atoms.roll(1, 1), "do not lie in the plane"),
    ],
    5: [
        (lambda p, n: (1 - 1 / p) ** n, "two numbers"),
        (lambda p, n: (1 - n / p, p - n), "one signal misses atom 0"),
        (lambda p, n: ((1 - 1 / p) ** n, (1 - 1 / p) ** n), "averages add up"),
        (lambda p, n: (1 / p, 1), "one signal misses"),
    ],
}
