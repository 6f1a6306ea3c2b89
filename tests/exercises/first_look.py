"""Answers to the exercises of *First look*: right ones, and wrong ones with a part of the reason they are given."""

import math

import numpy as np
import torch

from saeno.data import lines
from saeno.metrics import coherence


def by_formula(q):
    return q * (q + 1), q * q, 1 / q, q // 2


def by_computing(q):
    known = lines(q)
    mu = coherence(known)
    k = max(k for k in range(1, q) if k < (1 + 1 / mu) / 2 - 1e-5)
    return [torch.tensor(known.concepts), np.int64(known.channels), np.float32(mu), k]


def as_array(q):
    return np.array(by_formula(q))


def without_rows(q):
    return q * q, q * q, 1 / q, q // 2


def not_below(q):
    return q * (q + 1), q * q, 1 / q, math.floor((1 + q) / 2)


def too_careful(q):
    return q * (q + 1), q * q, 1 / q, 1


def norm_forgotten(q):
    return q * (q + 1), q * q, 1, q // 2


def half_done(q):
    return q * (q + 1), q * q, ..., ...


def line(slope, start=0, value=1.0):
    board = torch.zeros(6, 6)
    for row in range(6):
        board[row, (start + slope * row) % 6] = value
    return board


ROW = torch.zeros(6, 6)
ROW[2] = 1
BENT = line(0).roll(1, 0).where(torch.arange(6)[:, None] < 5, torch.eye(6))


def weights(*slopes):
    """Eight weights, of seven slopes and of the rows, each for all lines of its slope."""
    return torch.tensor(slopes, dtype=torch.float64).repeat_interleave(7)


# Two slopes, with what the rounding of float32 leaves of the zeros.
ROUNDED = weights(1, 0, 0, -1, 0, 0, 0, 0) + 1e-9 * torch.arange(56)
NULL = torch.linalg.svd(lines(7).atoms().T).Vh[-1]

RIGHT = {
    1: [by_formula, by_computing, as_array],
    2: [
        {4: 1.0, 8: 1.0, 16: 0.07},
        {2: 0.93, 4: torch.tensor(1.0), 8: np.float32(1), 12: 0.93, 16: 0.8, 25: 0.0},
    ],
    3: [
        (line(0), line(2)),
        (line(1, 3).tolist(), line(4, 0).tolist()),
        [line(0, 1, 6**-0.5).numpy(), line(3, 1, 6**-0.5).numpy()],
        torch.stack([line(0), line(3) * (1 + 1e-7 * torch.arange(6)[:, None])]),
    ],
    4: [
        (6, weights(1, 0, 0, 0, 0, 0, 0, -1)),
        [torch.tensor(6), (0.1 * weights(0, 0, -3, 0, 3, 0, 0, 0)).float()],
        (6.0, weights(0, 1, -1, 0, 0, 0, 0, 0).tolist()),
        (np.int64(6), ROUNDED.numpy()),
    ],
}
WRONG = {
    1: [
        (without_rows, "count of lines is 25"),
        (not_below, "not below (1 + 1/μ)/2 = 3"),
        (too_careful, "2 is safe too"),
        (norm_forgotten, "coherence is 1"),
        (half_done, "your coherence is still missing"),
        (lambda q: q, "four numbers"),
        (lambda q: np.float64(q), "four numbers"),
        (lambda q: (*by_formula(q)[:3], math.nan), "finite"),
        ((30, 25, 0.2, 2), "should be a function"),
    ],
    2: [
        ({4: 100, 8: 100, 16: 7}, "between 0 and 1"),
        ({2: 1.0, 4: 1.0, 8: 1.0}, "fails (share below 0.5) at none"),
        ({25: 0.0, 30: 0.0}, "works (share above 0.9) at none"),
        ({3: 1.0, 6: 0.4, 12: 0.1}, "40% of the lines were found with 6"),
        ({4: 1.0, 25: 0.0}, "the gap is too wide"),
        ({3: 1.0, 9: 0.1}, "the theorem promises"),
        ({4: 1.0, 10: 0.2, 16: 1.0}, "is each share with its number"),
        ({8: 1.0, 40: 0.9}, "are those the lines"),
        ({2.5: 1.0}, "not a number of lines"),
        ([1.0, 1.0, 0.1], "should be a dictionary"),
        ({4: 1.0, 8: ...}, "the share at 8 is still missing"),
    ],
    3: [
        ((line(0), line(1)), "only one square"),
        ((line(0), line(2, 1)), "no square"),
        ((line(2), line(2)), "the same one"),
        ((ROW, line(2)), "only one square"),
        ((line(0), BENT), "second board is no line"),
        ((line(0), torch.eye(6) + ROW), "11 squares"),
        ((line(0), line(2) * torch.arange(1, 7)[:, None]), "differ in value"),
        ((torch.eye(7), line(2)), "shape (6, 6)"),
        (line(0), "two boards"),
        ((line(0), "line"), "the second board should be an array"),
    ],
    4: [
        ((3, weights(1, 0, 0, 0, 0, 0, 0, -1)), "two codes with 4 entries has 8 at most"),
        ((7, weights(1, 0, 0, 0, 0, 0, 0, -1)), "two codes with one signal"),
        ((6.5, weights(1, 0, 0, 0, 0, 0, 0, -1)), "no whole number"),
        ((6, weights(1, 0, 0, 0, 0, 0, 0, 1)), "D z is not zero"),
        ((6, weights(1, 1, -2, 0, 0, 0, 0, 0)), "z has 21 entries, and there is a code with fewer"),
        ((6, NULL), "z has 56 entries"),
        ((6, torch.zeros(56)), "z is zero"),
        ((6, ...), "z is still missing"),
        ((6, torch.zeros(49)), "shape (56)"),
        (6, "a number and a code"),
    ],
}
