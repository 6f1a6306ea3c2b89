"""The exercises of *Convolutional sparse coding*."""

from __future__ import annotations

import math

import torch

from saeno.book.checking import call, number, require, several, tensor
from saeno.seeds import generator


def _unit(n: int, seed: int) -> torch.Tensor:
    """A smooth unit vector."""
    random = generator(seed)
    waves = torch.zeros(n // 2 + 1, dtype=torch.cdouble)
    waves[1:6] = torch.randn(5, dtype=torch.cdouble, generator=random)
    vector = torch.fft.irfft(waves, n)
    return vector / vector.norm()


def circulant(answer: object) -> str:
    """A function of taps and n: the matrix whose columns are all shifts."""
    for taps, n in (([1.0, 2.0, 3.0], 5), ([1.0, -1.0], 4), ([2.0, 0.0, 1.0, 5.0], 4)):
        taps = torch.tensor(taps).double()
        matrix = tensor(call(answer, taps, n), "your matrix", (n, n))
        padded = torch.cat([taps, taps.new_zeros(n - len(taps))])
        wanted = torch.stack([padded.roll(v) for v in range(n)], 1)
        require(not torch.allclose(matrix, wanted.T), "the shifts stand in the rows: they should be the columns")
        require(torch.allclose(matrix[:, 0], padded), "column 0 should be the taps, padded with zeros at the end")
        for v in range(1, n):
            require(torch.allclose(matrix[:, v], wanted[:, v]), f"column {v} is not the kernel moved by {v}")
    return "Its eigenvectors are waves, whatever the taps."


def largest_grid(answer: object) -> str:
    """A function of B and q: the largest n with a bound of at most q."""
    for B, q in ((3.0, 0.9), (12.0, 0.5), (20.0, 0.99), (5.0, 0.0), (200.0, 0.999)):
        given = number(call(answer, B, q), f"your grid for B = {B:g}, q = {q:g}")
        require(given == int(given) and given > 0, f"a grid has a whole number of nodes, and yours has {given:g}")
        bound = [1 - (2 * math.pi * B / n) ** 2 / 2 for n in (given, given + 1)]
        require(bound[0] <= q, f"for B = {B:g}, on {given:g} nodes, the bound is {bound[0]:.3f}, above q = {q:g}")
        require(bound[1] > q, f"for B = {B:g}, q = {q:g}, a grid of {given + 1:g} nodes would do as well")
    return "Smooth kernels on fine grids are coherent; nothing but a coarser grid, or less smooth kernels, can help."


def align(answer: object) -> str:
    """A function of a learned and a true atom: shift in nodes, and sign."""
    for n, tau, sign, seed in ((48, 0, 1.0, 0), (48, 13, -1.0, 1), (64, 63, 1.0, 2), (50, 31, -1.0, 3)):
        learned = _unit(n, seed)
        random = generator(100 + seed)
        true = sign * learned.roll(tau) + 0.01 * torch.randn(n, generator=random).double() / n**0.5
        pair = several(call(answer, learned, true), 2, "your function should return shift and sign")
        shift, s = number(pair[0], "your shift"), number(pair[1], "your sign")
        require(shift in range(n), f"your shift is {shift:g}: it should be a whole number from 0 to {n - 1}")
        require(s in (-1, 1), f"your sign is {s:g}: it should be 1 or −1")
        cosine = (s * learned.roll(int(shift)) @ true / true.norm()).item()
        require(
            (shift, s) == (tau, sign),
            f"an atom moved by {tau} nodes, with sign {sign:g}, is aligned by {shift:g} and {s:g}: the cosine is then "
            f"{cosine:.3f}",
        )
    return "One FFT does it for all shifts at once; that is what `match_atoms` uses."


def pursuit(answer: object) -> str:
    """A function of a signal, a unit kernel and k: masses found by matching pursuit."""
    for n, seed, k in ((48, 0, 1), (64, 4, 3), (64, 5, 6)):
        kernel = _unit(n, seed)
        random = generator(seed)
        shifts = torch.stack([kernel.roll(v) for v in range(n)])
        signal = torch.tensor([1.0, -0.7, 0.5]).double() @ shifts[torch.randperm(n, generator=random)[:3]]
        masses = tensor(call(answer, signal, kernel, k), "your masses", (n,))
        active = int((masses != 0).sum())
        require(active <= k, f"for k = {k} your code has {active} entries that are not zero")
        wanted, left = torch.zeros(n).double(), signal.clone()
        first = shifts @ signal
        for _ in range(k):
            found = shifts @ left
            place = found.abs().argmax()
            wanted[place] += found[place]
            left = left - found[place] * shifts[place]
        once = torch.zeros(n).double()
        once[first.abs().topk(k).indices] = first[first.abs().topk(k).indices]
        require(
            k == 1 or not torch.allclose(masses, once),
            "you take the k largest of one analysis: subtract each event before you look for the next",
        )
        rest = [(signal - value @ shifts).norm().item() for value in (masses, wanted)]
        require(
            rest[0] > rest[1] - 1e-5,
            f"for k = {k} you leave the norm {rest[0]:.3f}, less than the {rest[1]:.3f} of matching pursuit: it never "
            "changes a mass that it has found, but by choosing the place again",
        )
        require(
            torch.allclose(masses, wanted, atol=1e-5),
            f"for k = {k} what is left has the norm {rest[0]:.3f}, and matching pursuit leaves {rest[1]:.3f}: choose "
            "by size, not by value, and add up masses of a place that is chosen twice",
        )
    return "Each event lowers the energy of what is left by the square of its mass."


def surrogate(answer: object) -> str:
    """A function of a signal and a generator: the same spectrum, random phases."""
    turns = []
    for n, seeds in ((64, range(7, 27)), (100, range(30, 50))):
        signal = 0.3 + torch.randn(n, generator=generator(n)).double().cumsum(0)
        half = torch.fft.rfft(signal)
        drawn = [tensor(call(answer, signal, generator(seed)), "your surrogate", (n,)) for seed in (*seeds, seeds[0])]
        for one in drawn:
            require(
                (one.mean() - signal.mean()).abs() < 1e-4,
                "the mean has changed: leave the coefficient of frequency 0",
            )
            waves = torch.fft.rfft(one)
            require(
                (waves.abs() - half.abs()).abs().max() < 1e-4 * half.abs().max(),
                "the sizes of the coefficients have changed: turn them, and leave those of frequency 0 and n/2 real",
            )
            turns.append(torch.sgn(waves / half)[1:-1])
        require(
            torch.allclose(drawn[0], drawn[-1], atol=1e-6),
            "the same generator gives two surrogates: draw with `generator=random`",
        )
        require((drawn[0] - drawn[1]).abs().max() > 1e-3, "two generators give the same surrogate: draw angles from it")
    # Angles that are even over the circle, and independent, have turns whose mean is near 0. One angle for all
    # frequencies, or one in proportion to them, which is a shift, leaves the beats; signs or half a circle leave much.
    within = torch.stack([torch.stack([turn.mean(), (turn[1:] / turn[:-1]).mean()]) for turn in turns])
    require((within.abs().square().mean(0) < 0.7).all(), "the angles are not drawn for each frequency anew")
    angles = torch.cat(turns).angle().sort().values / (2 * math.pi)
    even = torch.linspace(-0.5, 0.5, len(angles)).double()
    require(
        (angles - even).abs().max() < 0.1,
        "some angles come more often than others: draw them evenly from the whole circle, not signs or half of it",
    )
    return "It has the rhythm of the signal, and no events."


CHECKS = (circulant, largest_grid, align, pursuit, surrogate)
