"""The exercises of *Across resolutions*."""

from __future__ import annotations

import math

import torch

from saeno import ConvDictionary, FourierDictionary
from saeno.book.checking import call, number, require, tensor


def mode(answer: object) -> str:
    """A function of a frequency and a length: the index of that wave on the domain."""
    for frequency, length in ((3, 1), (3, 2), (5, 4), (2, 1.5), (8, 0.5)):
        given = number(call(answer, frequency, length), f"your mode for frequency {frequency} and length {length}")
        place = torch.arange(64).double() / 64  # from 0 to 1 along the domain
        waves = (2 * math.pi * given * place).cos(), (2 * math.pi * frequency * length * place).cos()
        require(
            abs(given - frequency * length) < 1e-9,
            f"on a domain of length {length:g}, mode {given:g} has {given / length:.3g} waves per unit of length, "
            f"and not {frequency}",
        )
        require(torch.allclose(*waves), "the waves differ")
    return "A mode counts waves per domain, a frequency counts them per unit of length."


def threshold(answer: object) -> str:
    """A function of λ, n₀ and n: the threshold of sums on n nodes that means what λ meant on n₀."""
    for lam, n0, n in ((0.1, 128, 256), (0.3, 128, 1024), (2.0, 100, 50), (1.0, 128, 317)):
        given = number(call(answer, lam, n0, n), f"your threshold for {lam:g} on {n0} nodes, carried to {n}")
        sums = {}
        for nodes in (n0, n):
            u = torch.arange(nodes).double() / nodes
            wave = (2 * math.pi * 3 * u).cos()
            sums[nodes] = (wave * wave).sum().item()
        require(
            abs(given * sums[n0] / (lam * sums[n]) - 1) < 1e-6,
            f"from {n0} to {n} nodes the analysis of a wave by itself grows from {sums[n0]:g} to {sums[n]:g}, and your "
            f"threshold goes from {lam:g} to {given:.4g}",
        )
    return "With means instead of sums there would be nothing to do."


def scaled(answer: object) -> str:
    """A function of a signal (..., n): the same signal with mean 0 and mean square 1, on every grid."""
    for shift in (0.0, 2.0):
        results = {}
        for n in (64, 128, 1024):
            u = torch.arange(n).double() / n
            f = shift + 3 * (2 * math.pi * u).sin() + (2 * math.pi * 5 * u).cos()
            values = tensor(call(answer, f), "your result", (n,))
            require(values.mean().abs() < 1e-6, f"on {n} nodes the mean of your result is {values.mean().item():.3g}")
            results[n] = values
            size = values.square().mean().item()
            require(abs(size - 1) < 0.02, f"on {n} nodes its mean square is {size:.3g}, and not 1")
        apart = (results[1024][::16] - results[64]).abs().max().item()
        require(
            apart < 1e-6,
            f"on 64 and on 1024 nodes the values at common nodes are up to {apart:.2g} apart: a variance that is "
            "divided by n − 1 depends on the grid",
        )
        require(abs(size - 1) < 1e-4, f"on every grid the mean square of your result is {size:.5g}, and not 1")
    return "Both numbers are means, and means of band-limited functions are exact on every grid that is fine enough."


def twin(answer: object) -> str:
    """A function of k, n₀ and n: a frequency that looks like k on n₀ nodes, and not on n."""
    for k, n0, n in ((3, 32, 64), (10, 128, 512), (28, 128, 256), (0, 16, 64)):
        given = number(call(answer, k, n0, n), f"your frequency for k = {k}, n₀ = {n0}, n = {n}")
        require(given == int(given) and 0 <= given <= n / 2, f"{given:g} is no whole number from 0 to n/2 = {n / 2:g}")

        def apart(nodes, k=k, given=given):
            u = torch.arange(nodes).double() / nodes
            return ((2 * math.pi * k * u).cos() - (2 * math.pi * given * u).cos()).abs().max().item()

        require(apart(n0) < 1e-9, f"on {n0} nodes, cosines of the frequencies {k} and {given:g} differ")
        require(apart(n) > 1e-3, f"on {n} nodes, cosines of the frequencies {k} and {given:g} are the same too")
    return "On the nodes they are one wave. Moved between the nodes, they are two."


def carried(answer: object) -> str:
    """A function of taps (concepts, channels, n₀), n₀ odd, and of n: the taps on n nodes, by sinc, times √(n₀/n)."""
    for n0, n in ((9, 20), (33, 66), (33, 100)):
        old = ConvDictionary(2, 3, n0, seed=n).double().requires_grad_(False)
        taps = tensor(call(answer, old.weight.clone(), n), "your taps", (3, 2, n))
        exact = FourierDictionary.from_atoms(old.atoms(n0), (n0 - 1) // 2).atoms(n).detach() / math.sqrt(n)
        scale = (taps * exact).sum().item() / exact.square().sum().item()
        shape = (taps - scale * exact).norm().item() / max(taps.norm().item(), 1e-12)
        require(
            shape < 1e-6, f"from {n0} to {n} nodes your atoms are other functions, off by {shape:.2g} of their norm"
        )
        require(
            abs(scale - 1) < 1e-6,
            f"from {n0} to {n} nodes your taps are {scale:.3g} times too large: an atom is √n · w, on every grid",
        )
    return "This is a Fourier neural operator, written as a convolutional network."


CHECKS = (mode, threshold, scaled, twin, carried)
