"""The exercises of *Signals are functions*."""

from __future__ import annotations

import math

import torch

from saeno.book.checking import call, number, require, tensor


def alias(answer: object) -> str:
    """A function of k and n: the frequency from 0 to n/2 that a wave of frequency k looks like on n nodes."""
    for k, n in ((3, 32), (20, 32), (31, 32), (32, 32), (50, 32), (16, 32), (9, 7), (100, 33)):
        given = number(call(answer, k, n), f"your frequency for k = {k}, n = {n}")
        require(0 <= given <= n / 2, f"for k = {k}, n = {n} you say {given:g}, which is not between 0 and n/2")
        nodes = torch.arange(n).double() / n
        waves = [(2 * math.pi * frequency * nodes).cos() for frequency in (k, given)]
        require(
            torch.allclose(*waves, atol=1e-9),
            f"on {n} nodes, waves of the frequencies {k} and {given:g} have other values",
        )
    return "On 32 nodes, a wave of frequency 32 is a constant."


def coefficients(answer: object) -> str:
    """A function of a code (n,) and of K: the coefficients 0 to K of the measure."""
    for position, mass in ((0.25, 1.0), (0.5, -2.0), (0.0, 0.5)):
        for n in (64, 128, 200):
            code = torch.zeros(n, dtype=torch.double)
            code[round(position * n)] = mass * n
            found = torch.as_tensor(call(answer, code, 5))
            require(
                found.shape == (6,), f"there should be 6 coefficients for K = 5, and there are {tuple(found.shape)}"
            )
            found = torch.view_as_real(found.to(torch.complex128).resolve_conj())
            phase = -2 * math.pi * torch.arange(6).double() * position
            wanted = mass * torch.stack([phase.cos(), phase.sin()], 1)
            require(
                abs(found[0, 0] - mass) < 1e-6,
                f"the coefficient 0 is the total mass, {mass:g}, and on {n} nodes you have {found[0, 0]:.4g}",
            )
            require(
                torch.allclose(found, wanted, atol=1e-6),
                f"the coefficients of an impulse at {position} on {n} nodes are not those of the measure: is the "
                "sign of the exponent right, and the place u = i/n?",
            )
    return "None of the numbers knows n."


def peaks(answer: object) -> str:
    """A function of values (n,) and of k: positions and heights of the k largest peaks."""
    events = ((0.125, 1.0), (0.0, 0.8), (0.625, 0.5))
    for n in (64, 256, 1024):
        away = torch.arange(n).double() / n - torch.tensor([place for place, _ in events])[:, None].double()
        away = away - away.round()
        values = (torch.tensor([height for _, height in events])[:, None] * torch.exp(-800 * away**2)).sum(0)
        for k in (1, 3):
            found = call(answer, values, k)
            require(_two(found), "your function should return two lists, positions and heights")
            position = tensor(found[0], "your positions", (k,))
            height = tensor(found[1], "your heights", (k,))
            _not_mistaken(position, height, events[:k], n)
            for (place, tall), at, high in zip(events[:k], position.tolist(), height.tolist(), strict=True):
                require(
                    _near(at, place),
                    f"on {n} nodes a peak of height {tall:g} is at {place:g}, and you have one at {at:.3g}",
                )
                require(abs(high - tall) < 0.02, f"the peak at {place:g} is {tall:g} high, and you say {high:.3g}")
    return "The same three, on every grid: they are properties of the function."


def _two(found: object) -> bool:
    return hasattr(found, "__len__") and hasattr(found, "__getitem__") and len(found) == 2


def _near(at: float, place: float) -> bool:
    off = abs(at - place) % 1
    return min(off, 1 - off) < 0.02


def _not_mistaken(position: torch.Tensor, height: torch.Tensor, events: tuple, n: int) -> None:
    """Say so when the right peaks are there, and only told in another way."""

    def same(at: torch.Tensor, high: torch.Tensor) -> bool:
        pairs = list(zip(at.tolist(), high.tolist(), strict=True))
        return all(any(_near(a, place) and abs(h - tall) < 0.02 for a, h in pairs) for place, tall in events)

    require(
        not same(height, position) or same(position, height),
        "your peaks are right, and the two lists exchanged: positions come first, and then heights",
    )
    nodes = position.max() >= 1 and (position == position.round()).all()
    require(
        not (nodes and same(position / n, height)),
        f"your positions are numbers of nodes, up to {position.max():g}: a position on the torus is from 0 to 1",
    )
    ordered = all(_near(at, place) for at, (place, _) in zip(position.tolist(), events, strict=True))
    require(ordered or not same(position, height), "your peaks are right, and not in order: the largest comes first")


def least(answer: object) -> str:
    """A function of p, B and M: the least number of nodes on which the coefficients of x^p up to M are exact."""
    for p, B, M in ((2, 5, 5), (3, 4, 10), (1, 8, 3), (2, 10, 0), (4, 3, 20)):
        given = number(call(answer, p, B, M), f"your number for p = {p}, B = {B}, M = {M}")
        require(given == int(given) and given > 0, f"for p = {p}, B = {B}, M = {M} you say {given:g} nodes")
        asked = f"p = {p}, B = {B}, M = {M}"
        require(given < 10_000, f"for {asked} it is exact on {given - 1:g} nodes too")
        away = _folded(p, B, M, int(given))
        require(away < 1e-9, f"for {asked} and {given:g} nodes a coefficient is {away:.2g} off")
        fewer = _folded(p, B, M, int(given) - 1) if given > 1 else 1.0
        require(fewer > 1e-9, f"for {asked} it is exact on {given - 1:g} nodes too")
    return "For squares and all frequencies up to B this is 3B + 1 nodes, known as the rule of three halves."


def _folded(p: int, B: int, M: int, n: int) -> float:
    """The largest error of the coefficients of a power, for a function with all frequencies up to B, on n nodes."""
    wave = torch.arange(-B, B + 1).double()

    def power(count: int) -> torch.Tensor:
        phase = 2 * math.pi * torch.arange(count).double()[:, None] / count * wave
        return phase.cos().sum(1) ** p

    k = torch.arange(-M, M + 1)
    fine = 4 * (p * B + M + 1)
    exact, seen = (torch.fft.fft(power(count), norm="forward")[k % count] for count in (fine, n))
    return ((seen - exact).abs() / exact.abs().max()).max().item()


CHECKS = (alias, coefficients, peaks, least)
