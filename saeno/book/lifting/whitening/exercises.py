"""The exercises of *Whitening*."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, tensor
from saeno.seeds import generator


def _covariance(size: int, seed: int) -> Tensor:
    """A covariance that is far from the identity."""
    random = generator(seed)
    mixing = torch.randn(size, size, generator=random, dtype=torch.double)
    return mixing @ mixing.T / size + 0.05 * torch.eye(size).double()


def least_disturbed(answer: object) -> str:
    """A function of S and d: the filter that reports d in full and has the least power."""
    for size, seed in ((2, 0), (5, 1), (16, 2)):
        S, d = _covariance(size, seed), torch.arange(1.0, size + 1).double()
        w = tensor(call(answer, S, d), f"your filter for a signal of {size} numbers", (size,))
        seen = (w @ d).item()
        require(abs(seen - 1) < 1e-5, f"the filter should report the atom in full, and gives {seen:.3g} of it")
        power, least = (w @ S @ w).item(), 1 / (d @ torch.linalg.solve(S, d)).item()
        require(
            power < least * (1 + 1e-6),  # a filter is off by the root of this
            f"there is a filter with a power {power / least - 1:.2g} times less: what does S⁻¹ do to the atom?",
        )
    return "For S = I it is the matched filter, d/‖d‖²."


def another_root(answer: object) -> str:
    """A function of S: an L with L S Lᵀ = I that is not S⁻½, the one with positive eigenvalues."""
    for size, seed in ((2, 3), (6, 4)):
        S = _covariance(size, seed)
        L = tensor(call(answer, S), "your L", (None, size))
        white = L @ S @ L.T
        require(len(L) == size, f"L should be {size} × {size}, and has {len(L)} rows")
        off = (white - torch.eye(size)).abs().max().item()
        require(off < 1e-4, f"the covariance of L x is L S Lᵀ, and it is {off:.2g} away from the identity")
        values, vectors = torch.linalg.eigh(S)
        root = (vectors * values**-0.5) @ vectors.T
        require((L - root).norm() > 1e-3 * root.norm(), "this is the symmetric root S⁻½ itself: find another one")
    return "Every root is an orthogonal matrix times S⁻½, and every orthogonal matrix gives one."


def cosines_of_whitened(answer: object) -> str:
    """A function of the covariance C of codes: the cosines of whitened atoms, with p = m and no noise."""
    random = generator(5)
    for size in (3, 7, 2):  # of two concepts the partial correlation is the correlation: last
        C = _covariance(size, 10 + size)
        found = tensor(call(answer, C), "your cosines", (size, size))
        require((found.diagonal() - 1).abs().max() < 1e-4, "the cosine of an atom with itself is 1")
        partial = torch.eye(size).double()
        for i, j in itertools.combinations(range(size), 2):
            partial[i, j] = partial[j, i] = _partial_correlation(C, i, j)
        require(
            not torch.allclose(found, partial, atol=1e-4),
            "these are the partial correlations of the concepts; look at the sign of what stands in C⁻¹: concepts that "
            "come together have whitened atoms that point apart",
        )
        D = torch.randn(size, size, generator=random, dtype=torch.double)
        lifted = torch.linalg.solve(torch.linalg.cholesky(D @ C @ D.T), D)
        lifted = lifted / lifted.norm(dim=0)
        off = (lifted.T @ lifted - found).abs().max().item()
        require(
            off < 1e-4,
            f"for atoms drawn at random and codes with covariance C the cosines are up to {off:.2g} different: "
            "without noise DᵀS⁻¹D does not depend on D",
        )
    return "Off the diagonal these are minus the partial correlations of the concepts."


def _partial_correlation(C: Tensor, i: int, j: int) -> Tensor:
    """Of entries i and j, given all others: the correlation of what is left of them after regression."""
    pair, rest = [i, j], [k for k in range(len(C)) if k not in (i, j)]
    left = C[pair][:, pair] - C[pair][:, rest] @ torch.linalg.solve(C[rest][:, rest], C[rest][:, pair])
    return left[0, 1] / (left[0, 0] * left[1, 1]).sqrt()


def enough_shrinkage(answer: object) -> str:
    """A function of eigenvalues and a condition number: the least γ that brings S down to it."""
    for values, condition in (
        ([1.0, 2.0, 9.0], 3.0),
        ([0.0, 1.0], 10.0),
        ([1.0, 1.5], 4.0),
        ([0.1, 0.2, 5.0, 20.0], 50.0),
    ):
        values = torch.tensor(values, dtype=torch.double)
        gamma = number(call(answer, values, condition), "your γ")
        require(0 <= gamma <= 1, f"γ lies between 0 and 1, and yours is {gamma:.3g}")
        least, most = ((1 - gamma) * values + gamma * values.mean()).aminmax()
        told = f"for the eigenvalues {values.tolist()} and the condition number {condition:g}"
        require(
            least > 0 and most / least < condition * (1 + 1e-4),
            f"{told} your γ = {gamma:.3g} is too small: it leaves {(most / least).item():.3g}",
        )
        smaller = max(gamma - 1e-3, 0)
        least, most = ((1 - smaller) * values + smaller * values.mean()).aminmax()
        require(
            gamma < 1e-9 or not (least > 0 and most / least < condition * (1 - 1e-6)),
            f"{told} γ = {smaller:.3g} is enough, and yours is {gamma:.3g}",
        )
    return "Ledoit and Wolf choose γ by the error of S; a bound on the condition is a cruder way."


def multiplier(answer: object) -> str:
    """A function of functions (count, n) with mean 0: what each frequency of torch.fft.rfft is multiplied by."""
    random = generator(6)
    for count, n in ((50, 16), (30, 9)):
        x = torch.randn(count, n, generator=random, dtype=torch.double)
        x = x + 2 * x.roll(1, 1) + x.roll(2, 1) + 0.3 * torch.randn(count, n, generator=random, dtype=torch.double)
        found = tensor(call(answer, x), f"your multiplier on {n} nodes", (n // 2 + 1,))
        require((found > 0).all(), "a symmetric square root has positive factors only")
        white = torch.fft.irfft(found * torch.fft.rfft(x), n=n)
        power = torch.fft.rfft(white, norm="ortho").abs().square().mean(0)
        off = power / power.mean()
        require(
            (off - 1).abs().max() < 1e-4,
            f"after your multiplier the power of frequency {int((off - 1).abs().argmax())} is "
            f"{off[(off - 1).abs().argmax()].item():.3g} times the mean one: it should be the same for all",
        )
        level = white.square().mean().item()
        require(abs(level - 1) < 1e-4, f"frequencies are alike now, but the variance at a node is {level:.3g}, not 1")
    return "n/2 + 1 numbers do what a matrix of n² entries did."


CHECKS = (least_disturbed, another_root, cosines_of_whitened, enough_shrinkage, multiplier)
