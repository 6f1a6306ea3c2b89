"""Answers to the exercises of *Sparse models*: right ones, and wrong ones with a part of the reason they are given."""

import math

import numpy as np
import torch


def bits_by_logs(p, k):
    return sum(math.log2((p - i) / (k - i)) for i in range(k))


def whole_bits(p, k):
    return math.ceil(math.log2(math.comb(p, k)))


def rounded_bits(p, k):
    return round(math.log2(math.comb(p, k)))


def one_by_one(atoms, code):
    return torch.stack([sum(z * atom for z, atom in zip(row, atoms, strict=True)) for row in code])


def impulse(position, mass, n):
    density = torch.zeros(n)
    density[round(position * n) % n] = n * mass
    return density


def impulse_in_numpy(position, mass, n):
    away = np.abs(np.arange(n) / n - position)
    density = np.zeros(n)
    density[np.argmin(np.minimum(away, 1 - away))] = mass * n
    return density


def without_the_factor(position, mass, n):
    return impulse(position, mass, n) / n


def rounded_down(position, mass, n):
    density = torch.zeros(n)
    density[int(position * n)] = n * mass
    return density


def spread_out(position, mass, n):
    return torch.full((n,), mass)


def not_joined(position, mass, n):
    density = torch.zeros(n)
    density[min(round(position * n), n - 1)] = n * mass
    return density


def by_bins(points, p):
    angle = torch.atan2(points[:, 1], points[:, 0]) % math.pi
    bins, counts = (angle * 200 / math.pi).round().unique(return_counts=True)
    best = bins[counts.topk(p).indices] * math.pi / 200
    return torch.stack([best.cos(), best.sin()], 1)


def by_greedy_choice(points, p):
    """One direction after the other: the point that the atoms so far explain worst."""
    units = points / points.norm(dim=1, keepdim=True)
    atoms = units[:1]
    while len(atoms) < p:
        explained = (units @ atoms.T).abs().amax(1)
        atoms = torch.cat([atoms, units[explained.argmin()][None]])
    return -atoms


def first_points(points, p):
    return points[:p] / points[:p].norm(dim=1, keepdim=True)


def principal(points, p):
    vectors = torch.linalg.eigh(points.T @ points).eigenvectors.T
    return vectors[torch.arange(p) % 2]


def ten_bins(points, p):
    angle = torch.atan2(points[:, 1], points[:, 0]) % math.pi
    bins, counts = (angle * 30 / math.pi).round().unique(return_counts=True)
    best = bins[counts.topk(p).indices] * math.pi / 30
    return torch.stack([best.cos(), best.sin()], 1)


def as_arrows(points, p):
    """By bins of the whole circle: a line shows up twice."""
    angle = torch.atan2(points[:, 1], points[:, 0])
    bins, counts = (angle * 200 / math.pi).round().unique(return_counts=True)
    best = bins[counts.topk(p).indices] * math.pi / 200
    return torch.stack([best.cos(), best.sin()], 1)


def first_axes(points, p):
    angle = torch.arange(p) * math.pi / p
    return torch.stack([angle.cos(), angle.sin()], 1)


def not_unit(points, p):
    return 2 * by_bins(points, p)


RIGHT = {
    1: [lambda p, k: math.log2(math.comb(p, k)), bits_by_logs, whole_bits, lambda p, k: np.float32(bits_by_logs(p, k))],
    2: [lambda atoms, code: code @ atoms, one_by_one],
    3: [impulse, impulse_in_numpy],
    4: [lambda sigma, n, new: sigma * (new / n) ** 0.5, lambda sigma, n, new: torch.tensor(sigma**2 * new / n) ** 0.5],
    5: [by_bins, by_greedy_choice],
}
WRONG = {
    1: [
        (math.comb, "bits"),
        (rounded_bits, "supports"),
        (lambda p, k: 28, "for p = 10, k = 10 you say 28 bits"),
        (lambda p, k: math.log(math.comb(p, k)), "two equally likely answers"),
        (lambda p, k: k * math.log2(p), "supports"),
        (27.98, "should be a function"),
    ],
    2: [
        (lambda atoms, code: code @ atoms.abs(), "single 1"),
        (lambda atoms, code: (code @ atoms).T, "should have the shape"),
        (lambda atoms, code: (code != 0).float() @ atoms, "twice the code"),
        (lambda atoms, code: atoms @ code, "ended with RuntimeError"),
    ],
    3: [
        (without_the_factor, "the mean over the grid"),
        (rounded_down, "another one is nearer"),
        (spread_out, "there should be one"),
        (not_joined, "another one is nearer"),
    ],
    4: [
        (lambda sigma, n, new: sigma, "factor 0.5"),
        (lambda sigma, n, new: sigma * new / n, "factor 2"),
        (lambda sigma, n, new: sigma * (n / new) ** 0.5, "factor 0.25"),
    ],
    5: [
        (first_points, "of them were found"),
        (principal, "of them were found"),
        (as_arrows, "a point and its negative"),
        (ten_bins, "away from the nearest of yours"),
        (first_axes, "which directions are frequent"),
        (not_unit, "norm 1"),
        (lambda points, p: points.mean(0), "should have the shape"),
    ],
}
