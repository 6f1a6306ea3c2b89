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


def minus_symmetric(S):
    return -symmetric(S)


def with_a_plain_identity(S):
    return torch.linalg.solve(torch.linalg.cholesky(S), torch.eye(len(S)))


def slightly_shrunk(S, d):
    return capon(S + 1e-2 * torch.eye(len(S)), d)


def principal(S):
    values, vectors = torch.linalg.eigh(S)
    return (vectors * values**-0.5).T


def symmetric(S):
    values, vectors = torch.linalg.eigh(S)
    return (vectors * values**-0.5) @ vectors.T


def partial_correlations(C):
    """By regression: of each pair, what all other entries do not explain."""
    C, found = C.numpy(), np.eye(len(C))
    for i in range(len(C)):
        for j in range(i):
            pair, rest = [i, j], [k for k in range(len(C)) if k not in (i, j)]
            left = C[np.ix_(pair, pair)]
            if rest:
                weights = np.linalg.lstsq(C[np.ix_(rest, rest)], C[np.ix_(rest, pair)], rcond=None)[0]
                left = left - C[np.ix_(pair, rest)] @ weights
            found[i, j] = found[j, i] = left[0, 1] / np.sqrt(left[0, 0] * left[1, 1])
    return found


def minus_partial_correlations(C):
    return 2 * np.eye(len(C)) - partial_correlations(C)


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
    2: [by_cholesky, principal, minus_symmetric, with_a_plain_identity],
    3: [lambda C: normed(torch.linalg.inv(C)), by_whitening, minus_partial_correlations],
    4: [least_gamma, by_bisection],
    5: [by_power, by_covariance, lambda x: by_power(x) + 0j],
}
WRONG = {
    1: [
        (lambda S, d: d / (d @ d), "what does S⁻¹ do"),
        (lambda S, d: torch.linalg.solve(S, d), "in full"),
        (lambda S, d: d, "in full"),
        (lambda S, d: S @ d / (d @ S @ d), "what does S⁻¹ do"),
        (slightly_shrunk, "what does S⁻¹ do"),
    ],
    2: [
        (symmetric, "symmetric root"),
        (lambda S: torch.linalg.inv(S), "away from the identity"),
        (lambda S: torch.linalg.cholesky(S), "away from the identity"),
        (lambda S: principal(S)[:1], "rows"),
    ],
    3: [
        (partial_correlations, "look at the sign"),
        (normed, "does not depend on D"),
        (lambda C: torch.linalg.inv(C), "with itself is 1"),
        (lambda C: torch.eye(len(C)), "does not depend on D"),
    ],
    4: [
        (lambda values, condition: 1.0, "is enough"),
        (lambda values, condition: min(least_gamma(values, condition) + 0.008, 1.0), "is enough"),
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
