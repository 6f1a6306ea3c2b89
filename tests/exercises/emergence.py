"""Answers to the exercises of *What the data teach*: right ones, and wrong ones with a part of the reason given."""

import math

import torch


def backwards(concept):
    return concept.flip(0)


def scrambled(concept):
    spectrum = torch.fft.rfft(concept)
    angle = torch.linspace(0, 50, len(spectrum), dtype=concept.dtype).square()
    turn = torch.polar(torch.ones_like(angle), angle)
    turn[0] = turn[-1] = 1
    return torch.fft.irfft(spectrum * turn, len(concept))


def closed(atoms):
    atoms = atoms / atoms.norm(dim=1, keepdim=True)
    return ((atoms.roll(1, 1) @ atoms.T).abs().amax(1) > 0.9).double().mean()


def closed_one_by_one(atoms):
    found = 0
    for atom in atoms:
        moved = torch.cat([atom[-1:], atom[:-1]])
        found += any(abs(moved @ other) > 0.9 * math.sqrt(moved @ moved) * math.sqrt(other @ other) for other in atoms)
    return found / len(atoms)


def with_sign(atoms):
    atoms = atoms / atoms.norm(dim=1, keepdim=True)
    return ((atoms.roll(1, 1) @ atoms.T).amax(1) > 0.9).double().mean()


def without_norms(atoms):
    return ((atoms.roll(1, 1) @ atoms.T).abs().amax(1) > 0.9).double().mean()


def unmoved(atoms):
    return 1.0


def bound(h, g, decay, v):
    return (h @ v).square().mean() * g.square().sum(1).mean() / decay**2


def by_moments(h, g, decay, v):
    H = h.T @ h / len(h)
    G = g.T @ g / len(g)
    return v @ H @ v * G.trace() / decay**2


RIGHT = {
    1: [backwards, scrambled],
    2: [closed, closed_one_by_one],
    3: [(20, 500), [10, 1000], torch.tensor([12, 600])],
    4: [bound, by_moments],
}
WRONG = {
    1: [
        (lambda concept: concept.roll(3), "it is a shift of the concept"),
        (lambda concept: -concept, "it is minus a shift of the concept"),
        (lambda concept: concept.sort().values, "the sizes of its Fourier coefficients are others"),
        (lambda concept: concept[:-1], "your concept"),
    ],
    2: [
        (with_sign, "every other one negative"),
        (without_norms, "you say"),
        (unmoved, "twelve of them"),
    ],
    3: [
        ((100, 10), "have a CKA of 0."),
        ((3, 1000), "ten inputs at least"),
        ((20.5, 500), "whole numbers"),
        ((10**4, 10**4), "fewer than a million"),
        (20, "give (inputs, features)"),
    ],
    4: [
        (lambda h, g, decay, v: bound(h, g, decay, v) * decay, "at γ = 0.5"),
        (lambda h, g, decay, v: bound(h, g, decay, v) * len(h), "from both sides by v"),
        (lambda h, g, decay, v: (h @ v).square().mean() / decay**2, "is right"),
    ],
}
