"""Answers to the exercises of *Off the grid*: right ones, and wrong ones with a part of the reason."""

import math

import numpy as np
import torch


def between(p, q, i, n, lam):
    mass = p + q + lam
    return (i + (q + lam / 2) / mass) / n, mass


def by_the_difference(p, q, i, n, lam):
    a = p + q + lam
    return i / n + (1 - (p - q) / a) / (2 * n), torch.tensor(a)


def centre_of_mass(p, q, i, n, lam):
    return (i + q / (p + q)) / n, p + q + lam


def three_conditions(eta, at, masses, lam):
    below = (eta.abs() <= lam + 1e-9).all()
    return bool(below and torch.allclose(at, lam * masses.sign()))


def to_within(error):
    def proves(eta, at, masses, lam):
        return bool((eta.abs() <= lam + error).all() and ((at - lam * masses.sign()).abs() <= error).all())

    return proves


def in_numpy(eta, at, masses, lam):
    eta, at, masses = (np.asarray(x) for x in (eta, at, masses))
    return np.all(np.abs(eta) <= lam + 1e-9) & np.all(np.abs(at - lam * np.sign(masses)) < 1e-9)


def one_by_one(eta, at, masses, lam):
    if max(abs(float(value)) for value in eta) > lam + 1e-9:
        return False
    return all(abs(float(a) - math.copysign(lam, float(m))) < 1e-9 for a, m in zip(at, masses, strict=True))


RIGHT = {
    1: [between, by_the_difference, lambda *given: [torch.tensor(x) for x in between(*given)]],
    2: [
        three_conditions,
        one_by_one,
        in_numpy,
        lambda *given: torch.tensor([three_conditions(*given)]),
    ],
    3: [
        lambda u, v, M: (2 * math.pi * M * (u - v)).cos(),
        lambda u, v, M: 1 - 2 * np.sin(np.pi * M * (np.asarray(u) - v)) ** 2,
    ],
}
WRONG = {
    1: [
        (centre_of_mass, "not from their difference"),
        (lambda p, q, i, n, lam: ((i + (q + lam / 2) / (p + q + lam)) / n, p + q), "is read as"),
        (lambda p, q, i, n, lam: (i + (q + lam / 2) / (p + q + lam), p + q + lam), "of the way from node"),
        (lambda p, q, i, n, lam: p + q + lam, "position and mass"),
    ],
    2: [
        (lambda eta, at, masses, lam: bool((eta.abs() <= lam + 1e-9).all()), "the sign of the other impulse is none"),
        (lambda eta, at, masses, lam: torch.allclose(at, lam * masses.sign()), "exceeds λ somewhere is none"),
        (
            lambda eta, at, masses, lam: bool((eta <= lam + 1e-9).all()) and torch.allclose(at, lam * masses.sign()),
            "falls below −λ",
        ),
        (
            lambda eta, at, masses, lam: bool((eta.abs() <= lam + 1e-9).all() and (at.abs() >= lam - 1e-9).all()),
            "the sign of the other impulse is none",
        ),
        (lambda eta, at, masses, lam: (eta - lam).abs().max(), "True or False"),
        (lambda eta, at, masses, lam: 7, "True or False"),
        (lambda eta, at, masses, lam: eta.abs() <= lam + 1e-9, "True or False"),
        (to_within(0.05), "exceeds λ by 0.0001 is none"),
        (to_within(0.0), "a rounding error of 1e-12 is a certificate"),
        (
            lambda eta, at, masses, lam: (
                bool((eta.abs() <= lam + 1e-9).all()) and torch.allclose(at, lam * masses.sign(), rtol=0.05)
            ),
            "0.0001 below λ at an impulse is none",
        ),
    ],
    3: [
        (lambda u, v, M: (2 * math.pi * M * u).cos(), "should have their signs"),
        (lambda u, v, M: (2 * math.pi * M * (u - v)).cos().sign(), "frequencies above"),
        (lambda u, v, M: 1 - 4 * M * (u - v).abs(), "reaches"),
        (lambda u, v, M: (math.pi * M * (u - v)).cos(), "should have their signs"),
    ],
}
