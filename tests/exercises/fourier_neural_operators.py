"""Answers to the exercises of *Fourier neural operators*: right ones, and wrong ones with a part of the reason."""

import math

import numpy as np
import torch


def integral(kappa, values):
    n = len(values)
    u = torch.arange(n).double() / n
    return kappa(u[:, None], u[None, :]) @ values / n


def integral_by_sums(kappa, values):
    n = len(values)
    u = torch.arange(n).double() / n
    return [sum(kappa(a, b) * value for b, value in zip(u, values, strict=True)) / n for a in u]


def integral_in_single_precision(kappa, values):
    u = torch.arange(len(values)) / len(values)
    return (kappa(u[:, None], u[None, :]) * values).mean(1)


def transposed(kappa, values):
    n = len(values)
    u = torch.arange(n).double() / n
    return kappa(u[None, :], u[:, None]) @ values / n


def energy(c):
    return 2 * c.abs().square().sum() - c[0].abs().square()


def energy_by_sampling(c):
    return torch.fft.irfft(c, 4 * len(c), norm="forward").square().mean().item()


def basis(n):
    u = torch.arange(n).double() / n
    rows = [torch.ones(n).double()]
    for k in range(1, (n - 1) // 2 + 1):
        rows += [math.sqrt(2) * torch.cos(2 * math.pi * k * u), math.sqrt(2) * torch.sin(2 * math.pi * k * u)]
    if n % 2 == 0:
        rows.append(torch.cos(math.pi * n * u))
    return torch.stack(rows) / math.sqrt(n)


def basis_normalised_at_the_end(n):
    u = torch.arange(n).double() / n
    phase = 2 * math.pi * torch.outer(torch.arange(n // 2 + 1).double(), u)
    rows = torch.cat([phase.cos(), phase.sin()])
    rows = rows[rows.norm(dim=1) > 1e-6]
    return rows / rows.norm(dim=1, keepdim=True)


def basis_of_odd_grids(n):
    u = torch.arange(n).double() / n
    rows = [torch.ones(n).double()]
    for k in range(1, n // 2 + 1):
        rows += [math.sqrt(2) * torch.cos(2 * math.pi * k * u), math.sqrt(2) * torch.sin(2 * math.pi * k * u)]
    return torch.stack(rows[:n]) / math.sqrt(n)


def descent(w, g, B, rate):
    return w - rate * g @ B.T @ B


def descent_by_hand(w, g, B, rate):
    theta = w @ torch.linalg.pinv(B)
    return w + (theta - rate * g @ B.T) @ B - theta @ B


RIGHT = {
    1: [integral, integral_by_sums, integral_in_single_precision],
    2: [
        energy,
        energy_by_sampling,
        lambda c: energy(c.to(torch.complex64)),
        lambda c: 2 * (c * c.conj()).sum() - c[0] ** 2,  # complex, without an imaginary part
    ],
    3: [basis, basis_normalised_at_the_end, lambda n: basis(n).float().numpy()],
    4: [descent, descent_by_hand, lambda w, g, B, rate: descent(w.float(), g.float(), B.float(), rate)],
    5: [
        lambda P, rate: (rate / P.square().sum(), rate / P.abs().sum()),
        lambda P, rate: [rate / (P @ P).item(), rate / sum(abs(p) for p in P.tolist())],
        lambda P, rate: rate / np.array([(P.numpy() ** 2).sum(), np.abs(P.numpy()).sum()], dtype=np.float32),
    ],
}
WRONG = {
    1: [
        (lambda kappa, values: len(values) * integral(kappa, values), "is it a mean?"),
        (transposed, "in their places"),
        (lambda kappa, values: values, "half as large"),
        (lambda kappa, values: integral(kappa, values)[None], "should have the shape"),
    ],
    2: [
        (lambda c: c.abs().square().sum(), "stands for its conjugate"),
        (lambda c: 2 * c.abs().square().sum(), "is 2"),
        (lambda c: c.abs().square().mean(), "and you have"),
        (lambda c: c.abs().square(), "should be a number"),
    ],
    3: [
        (basis_of_odd_grids, "an even number"),
        (lambda n: math.sqrt(n) * basis(n), "all should be 1"),
        (lambda n: torch.eye(n), "more than one frequency"),
        (lambda n: torch.fft.fft(torch.eye(n).double()) / math.sqrt(n), "real entries"),
        (lambda n: basis(n)[: 2 * ((n - 1) // 2) + 1], "should have the shape"),
    ],
    4: [
        (lambda w, g, B, rate: w - rate * g, "the coordinates matter"),
        (lambda w, g, B, rate: w + rate * g @ B.T @ B, "uphill"),
        (lambda w, g, B, rate: w - rate * g @ torch.linalg.pinv(B) @ B, "ends elsewhere"),
        (lambda w, g, B, rate: g @ B.T, "should have the shape"),
    ],
    5: [
        (lambda P, rate: (rate, rate), "descent would be"),
        (lambda P, rate: (rate / P.square().sum(),) * 2, "Adam would be"),
        (lambda P, rate: (rate / P.square().sum(), rate / P.norm()), "Adam would be"),
        (lambda P, rate: rate, "two numbers"),
    ],
}
