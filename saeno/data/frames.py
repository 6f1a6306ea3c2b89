"""Dictionaries whose coherence is known, and as extreme as can be."""

from __future__ import annotations

import math

import torch

from saeno.checks import whole
from saeno.dictionaries import DenseDictionary


def spikes_and_waves(length: int = 64) -> DenseDictionary:
    r"""The unit vectors of m numbers, and the m Walsh waves, whose entries are $\pm 1/\sqrt m$.

    They are 2m atoms in m dimensions. Each kind is an orthonormal basis, and every spike has the |cosine| $1/\sqrt m$
    with every wave, so that is the coherence. When √m is whole, a comb of √m spikes is a sum of √m waves.

    Args:
        length: m, a power of 2.

    The atoms are float64, spikes first. Raises ValueError for another length. Source: Donoho & Stark,
    doi:10.1137/0149053, with Walsh's waves in place of Fourier's.
    """
    if whole(length, "length") & (length - 1):
        raise ValueError(f"length = {length}: should be a power of 2, as the lengths of Walsh waves are")
    waves = torch.ones(1, 1, dtype=torch.float64)
    while len(waves) < length:
        waves = torch.kron(waves, torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64))
    return DenseDictionary.from_atoms(torch.cat([torch.eye(length, dtype=torch.float64), waves / length**0.5]))


def simplex(dimensions: int) -> DenseDictionary:
    r"""The n + 1 corners of a regular simplex: unit vectors that add up to zero and span n dimensions.

    Any two have the cosine $-1/n$, the smallest coherence that n + 1 vectors can have there.

    Args:
        dimensions: n ≥ 1. The vectors have n + 1 components, whose sum is zero.

    The atoms are float64. Source: our derivation.
    """
    count = whole(dimensions, "dimensions") + 1
    centred = torch.eye(count, dtype=torch.float64) - 1 / count
    return DenseDictionary.from_atoms(centred / centred.norm(dim=1, keepdim=True))


def equiangular(prime: int = 113) -> DenseDictionary:
    r"""q + 1 lines in (q + 1)/2 dimensions, any two at the same angle: the |cosine| is $1/\sqrt q$.

    No q + 1 vectors can be less coherent there: Welch's bound. They are a tight frame, $D D^\top = 2 I$: eigenvectors
    of Paley's conference matrix C, whose entry at (i, j) says whether i − j is a square modulo q; $C^2 = q I$.

    Args:
        prime: q, a prime with q mod 4 = 1: 5 (the six diagonals of an icosahedron), 13, 17, 29, …

    The atoms are float64. Raises ValueError for another q. Source: Paley, doi:10.1002/sapm1933121311; Strohmer & Heath,
    doi:10.1016/S1063-5203(03)00023-X.
    """
    q = whole(prime, "prime")
    if q % 4 != 1 or not 1 < q < 2**16 or any(q % d == 0 for d in range(2, math.isqrt(q) + 1)):
        raise ValueError(f"prime = {prime}: should be a prime that is 1 modulo 4, such as 5, 13, 17 or 113")
    squares = torch.full((q,), -1.0, dtype=torch.float64)
    squares[torch.arange(1, q) ** 2 % q] = 1
    conference = torch.ones(q + 1, q + 1, dtype=torch.float64)
    conference[1:, 1:] = squares[(torch.arange(q)[:, None] - torch.arange(q)) % q]
    conference.fill_diagonal_(0)
    values, vectors = torch.linalg.eigh(conference)
    return DenseDictionary.from_atoms(vectors[:, values > 0] * 2**0.5)
