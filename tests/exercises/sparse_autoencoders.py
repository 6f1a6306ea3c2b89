"""Answers to the exercises of *Sparse autoencoders*: right ones, and wrong ones with a part of the reason why."""

import math

import torch

from saeno import DenseDictionary, MatchingPursuit, OneStep, TopK
from saeno.inference.least_squares import omp


def jump_in_steps(v, theta):
    return torch.stack([x if x > theta else 0 * x for x in v])


def layer_in_float32(atoms, alpha, lam):
    return alpha * atoms.float(), torch.full((len(atoms),), -alpha * lam)


def into_plain_zeros(atoms, signal, k):
    codes = torch.zeros(len(signal), len(atoms))
    for x, z in zip(signal, codes, strict=True):
        chosen, rest = [], x
        for _ in range(k):
            chosen.append((atoms @ rest).abs().argmax().item())
            masses = torch.linalg.lstsq(atoms[chosen].T, x[:, None]).solution[:, 0]
            rest = x - masses @ atoms[chosen]
        z[chosen] = masses
    return codes


def by_sorting(masses, k):
    level = masses.flatten().sort(descending=True).values[len(masses) * k - 1]
    return masses * (masses >= level)


def by_places(masses, k):
    flat = torch.zeros(masses.numel(), dtype=masses.dtype)
    best = masses.flatten().topk(len(masses) * k).indices
    flat[best] = masses.flatten()[best]
    return flat.view_as(masses)


def row_by_row(masses, k):
    return torch.zeros_like(masses).scatter(1, masses.topk(k, 1).indices, masses.topk(k, 1).values)


def by_writing_out(both, alone):
    root = math.sqrt(2)
    true = 2 * both + alone
    absorbing = root * both + (root + 1) * alone
    return true - absorbing


def pursue(atoms, signal, k):
    return omp(DenseDictionary.from_atoms(atoms), signal, k).detach()


def fitted_by_hand(atoms, signal, k):
    codes = torch.zeros(len(signal), len(atoms), dtype=signal.dtype)
    for x, z in zip(signal, codes, strict=True):
        chosen, rest = [], x
        for _ in range(k):
            chosen.append((atoms @ rest).abs().argmax().item())
            masses = torch.linalg.lstsq(atoms[chosen].T, x[:, None]).solution[:, 0]
            rest = x - masses @ atoms[chosen]
        z[chosen] = masses
    return codes


def one_step(atoms, signal, k):
    return OneStep(TopK(k))(DenseDictionary.from_atoms(atoms), signal).detach()


def too_many(atoms, signal, k):
    return MatchingPursuit(4 * k)(DenseDictionary.from_atoms(atoms), signal).detach()


def only_supports(atoms, signal, k):
    return pursue(atoms, signal, k).sign()


RIGHT = {
    1: [
        lambda atoms, alpha, lam: (alpha * atoms, -alpha * lam * torch.ones(len(atoms))),
        lambda atoms, alpha, lam: [alpha * atoms, torch.tensor(-alpha * lam)],
        layer_in_float32,
    ],
    2: [lambda v, theta: v * (v > theta), jump_in_steps],
    3: [by_sorting, by_places],
    4: [lambda both, alone: (2 - math.sqrt(2)) * both - math.sqrt(2) * alone, by_writing_out],
    5: [pursue, fitted_by_hand, into_plain_zeros],
}
WRONG = {
    1: [
        (lambda atoms, alpha, lam: (atoms, -lam * torch.ones(len(atoms))), "left out the step"),
        (lambda atoms, alpha, lam: (alpha * atoms, alpha * lam * torch.ones(len(atoms))), "lets small masses through"),
        (lambda atoms, alpha, lam: (alpha * atoms, -lam * torch.ones(len(atoms))), "moves the threshold"),
        (lambda atoms, alpha, lam: alpha * atoms, "two things"),
    ],
    2: [
        (lambda v, theta: (v - theta).clamp(min=0), "you shrink it"),
        (lambda v, theta: v * (v.abs() > theta), "not above θ"),
        (lambda v, theta: (v > theta).double(), "you change an entry"),
    ],
    3: [
        (row_by_row, "the batch competes"),
        (lambda masses, k: masses * (masses > 0), "entries in all"),
        (lambda masses, k: (by_sorting(masses, k) != 0).float(), "keep its value"),
    ],
    4: [
        (lambda both, alone: (2 - math.sqrt(2)) * both, "children without a parent"),
        (lambda both, alone: both - alone, "write both kinds"),
        (lambda both, alone: by_writing_out(alone, both), "write both kinds"),
    ],
    5: [
        (one_step, "of the supports"),
        (too_many, "active entries"),
        (only_supports, "error of the masses"),
    ],
}
