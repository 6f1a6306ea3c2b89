"""Answers to the exercises of *Learned lifts*: right ones, and wrong ones with a part of the reason they are given."""

import torch

norm = torch.linalg.matrix_norm


def balanced(A, lifted):
    U, sizes, V = torch.linalg.svd(A, full_matrices=False)
    pad = torch.eye(len(sizes), lifted, dtype=A.dtype)
    return U * sizes.sqrt() @ pad, pad.T @ (sizes.sqrt()[:, None] * V)


def by_eigenvectors(A, lifted):
    values, vectors = torch.linalg.eigh(A @ A.T)
    P = torch.zeros(len(A), lifted, dtype=A.dtype)
    P[:, : len(A)] = vectors * values.pow(0.25)
    return P, torch.linalg.pinv(P) @ A


def without_dtype(A, lifted):
    U, sizes, V = torch.linalg.svd(A, full_matrices=False)
    Q = torch.eye(lifted, len(sizes))
    return U * sizes.sqrt() @ Q.T, Q * sizes.sqrt() @ V


def all_in_d(A, lifted):
    P = torch.eye(len(A), lifted, dtype=A.dtype)
    return P, P.T @ A


RIGHT = {
    1: [
        lambda P, D: P.T @ P - D @ D.T,
        lambda P, D: (P**2).sum() - (D**2).sum(),
        lambda P, D: D @ D.T - P.T @ P,
        lambda P, D: 1e6 + (P**2).sum() - (D**2).sum(),
        lambda P, D: [list(row) for row in 1e-9 * (P.T @ P - D @ D.T)],
    ],
    2: [balanced, by_eigenvectors, without_dtype, lambda A, lifted: list(balanced(A, lifted))],
    3: [
        lambda P, D: 2 / (norm(P, 2) ** 2 + norm(D, 2) ** 2),
        lambda P, D: 2 / (torch.linalg.eigvalsh(P @ P.T)[-1] + torch.linalg.eigvalsh(D @ D.T)[-1]).item(),
    ],
    4: [
        lambda x, z: -4 * (x.square().sum(1) - z.square().sum(1)).mean(),
        lambda x, z: 4 * float((z**2).sum() - (x**2).sum()) / len(x),
    ],
}
WRONG = {
    1: [
        (lambda P, D: P.T @ P + D @ D.T, "along the flow it goes from"),
        (lambda P, D: P @ D, "along the flow it goes from"),
        (lambda P, D: 1e6 + (P @ D).sum(), "along the flow it goes from"),
        (lambda P, D: [1e6 * ((P**2).sum() - (D**2).sum()), (P @ D)[0, 0]], "along the flow it goes from"),
        (lambda P, D: 1.0, "it does not see P at all"),
        (lambda P, D: P @ P.T - D.T @ D, "ended with RuntimeError"),
    ],
    2: [
        (all_in_d, "the product is right, the balance is not"),
        (lambda A, lifted: balanced(2 * A, lifted), "P D misses A by"),
        (lambda A, lifted: A, "should return two matrices"),
        (lambda A, lifted: balanced(A, len(A)), "your P should have the shape"),
    ],
    3: [
        (lambda P, D: 1 / norm(P @ D, 2), "descent there would diverge"),
        (lambda P, D: 1 / (norm(P, 2) ** 2 + norm(D, 2) ** 2), "descent could go faster there"),
        (lambda P, D: 2 / (norm(P) ** 2 + norm(D) ** 2), "descent could go faster there"),
        (lambda P, D: -2 / (norm(P, 2) ** 2 + norm(D, 2) ** 2), "a rate is positive"),
    ],
    4: [
        (lambda x, z: 4 * (x.square().sum(1) - z.square().sum(1)).mean(), "should shrink when"),
        (lambda x, z: -2 * (x.square().sum(1) - z.square().sum(1)).mean(), "0.5 times the right pace"),
        (lambda x, z: -4 * (x.square().sum() - z.square().sum()), "50 times the right pace"),
    ],
}
