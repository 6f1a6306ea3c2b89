"""Answers to the exercises on lifting and speed: right ones, and wrong ones with part of the reason they are given."""

import torch


def rate_by_trace(P, eta):
    return eta * (P @ P.T).trace() / len(P)


def rate_by_row(P, eta):
    return (eta * P[0].square().sum()).item()


def scaled(eta, ratio, name):
    return eta / ratio if name == "SGD" else eta / ratio**0.5


def scaled_in_torch(eta, ratio, name):
    return torch.tensor(eta) * torch.tensor(ratio) ** {"SGD": -1.0, "Adam": -0.5}[name]


def product_of_conditions(P, S):
    return torch.linalg.cond(P @ P.T) * torch.linalg.cond(S)


def kronecker(P, S):
    values = torch.linalg.eigvalsh(torch.kron(P @ P.T, S))
    return values[-1] / values[0]


def by_root(P):
    values, vectors = torch.linalg.eigh(P @ P.T)
    return vectors @ torch.diag(values**-0.5) @ vectors.T @ P


def by_qr(P):
    return torch.linalg.qr(P.T).Q.T


def root_of_inverse(code):
    values, vectors = torch.linalg.eigh(code.T @ code / len(code))
    return vectors @ torch.diag(values**-0.5) @ vectors.T


def by_cholesky(code):
    return torch.linalg.inv(torch.linalg.cholesky(code.T @ code))


RIGHT = {
    1: [rate_by_trace, rate_by_row],
    2: [scaled, scaled_in_torch],
    3: [product_of_conditions, kronecker],
    4: [by_root, by_qr],
    5: [root_of_inverse, by_cholesky],
}
WRONG = {
    1: [
        (lambda P, eta: eta, "read off what multiplies G"),
        (lambda P, eta: eta * P.shape[1] / P.shape[0], "read off what multiplies G"),
        (lambda P, eta: eta * P.square().sum(), "read off what multiplies G"),
        (0.3, "should be a function"),
    ],
    2: [
        (lambda eta, ratio, name: eta / ratio, "for Adam"),
        (lambda eta, ratio, name: eta / ratio**0.5, "for SGD"),
        (lambda eta, ratio, name: eta * ratio, "for SGD"),
    ],
    3: [
        (lambda P, S: torch.linalg.cond(S), "products of an eigenvalue"),
        (lambda P, S: torch.linalg.cond(P) * torch.linalg.cond(S), "products of an eigenvalue"),
        (lambda P, S: torch.linalg.cond(P @ P.T) + torch.linalg.cond(S), "products of an eigenvalue"),
    ],
    4: [
        (lambda P: P, "QQᵀ is not the identity"),
        (lambda P: P / P.norm(dim=1, keepdim=True), "QQᵀ is not the identity"),
        (lambda P: torch.eye(*P.shape, dtype=P.dtype), "leave the span"),
        (lambda P: torch.linalg.pinv(P), "should have the shape"),
    ],
    5: [
        (lambda code: torch.eye(code.shape[1], dtype=code.dtype), "condition number in B"),
        (lambda code: torch.linalg.inv(code.T @ code / len(code)), "condition number in B"),
        (lambda code: by_cholesky(code).T, "condition number in B"),
    ],
}
