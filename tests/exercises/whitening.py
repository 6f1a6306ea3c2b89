"""Answers to the exercises of *Whitening*: right ones, and wrong ones with a part of the reason they are given."""

import numpy as np
import torch


def capon(S, d):
    w = torch.linalg.solve(S, d)
    return w / (d @ w)


def capon_in_numpy(S, d):
    S, d = S.numpy(), d.numpy()
    w = np.linalg.inv(S) @ d
    return w / (w @ d)


def by_cholesky(S):
    return torch.linalg.inv(torch.linalg.cholesky(S))


def principal(S):
    values, vectors = torch.linalg.eigh(S)
    return (vectors * values**-0.5).T


def symmetric(S):
    values, vectors = torch.linalg.eigh(S)
    return (vectors * values**-0.5) @ vectors.T


def normed(matrix):
    scale = matrix.diagonal().rsqrt()
    return matrix * scale * scale[:, None]


def by_whitening(C):
    lifted = torch.linalg.inv(torch.linalg.cholesky(C))
    lifted = lifted / lifted.norm(dim=0)
    return lifted.T @ lifted


def least_gamma(values, condition):
    low, high, middle = values.min(), values.max(), values.mean()
    if high <= condition * low:
        return 0.0
    return (high - condition * low) / (high - condition * low + (condition - 1) * middle)


def by_bisection(values, condition):
    low, high = 0.0, 1.0
    for _ in range(60):
        gamma = (low + high) / 2
        shrunk = (1 - gamma) * values + gamma * values.mean()
        low, high = (low, gamma) if shrunk.max() <= condition * shrunk.min() else (gamma, high)
    return high if high > 1e-9 else 0.0


def by_power(x):
    return torch.fft.rfft(x, norm="ortho").abs().square().mean(0) ** -0.5


def by_covariance(x):
    n = x.shape[1]
    covariance = torch.stack([(x * x.roll(-shift, 1)).mean() for shift in range(n)])
    return torch.fft.rfft(covariance).real ** -0.5


RIGHT = {
    1: [capon, capon_in_numpy],
    2: [by_cholesky, principal],
    3: [lambda C: normed(torch.linalg.inv(C)), by_whitening],
    4: [least_gamma, by_bisection],
    5: [by_power, by_covariance],
}
WRONG = {
    1: [
        (lambda S, d: d / (d @ d), "what does S⁻¹ do"),
        (lambda S, d: torch.linalg.solve(S, d), "in full"),
        (lambda S, d: d, "in full"),
        (lambda S, d: S @ d / (d @ S @ d), "what does S⁻¹ do"),
    ],
    2: [
        (symmetric, "symmetric root"),
        (lambda S: torch.linalg.inv(S), "away from the identity"),
        (lambda S: torch.linalg.cholesky(S), "away from the identity"),
        (lambda S: principal(S)[:1], "rows"),
    ],
    3: [
        (normed, "does not depend on D"),
        (lambda C: torch.linalg.inv(C), "with itself is 1"),
        (lambda C: torch.eye(len(C)), "does not depend on D"),
    ],
    4: [
        (lambda values, condition: 1.0, "is enough"),
        (lambda values, condition: 0.0, "too small"),
        (lambda values, condition: 1 / condition, "too small"),
        (lambda values, condition: values.max() / values.min(), "between 0 and 1"),
    ],
    5: [
        (lambda x: 1 / torch.fft.rfft(x, norm="ortho").abs().square().mean(0), "should be the same for all"),
        (lambda x: torch.fft.rfft(x).abs().square().mean(0) ** -0.5, "variance at a node"),
        (lambda x: torch.fft.rfft(x, norm="ortho").abs().square().mean(0) ** 0.5, "should be the same for all"),
        (lambda x: torch.ones(x.shape[1]), "should have the shape"),
    ],
}
