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
                f"sign of "
                "the exponent right, and the place u = i/n?",
            )
    return "None of the numbers knows n."


def event(answer: object) -> str:
    """A function of p, q, i, n and λ: position and mass of the event."""
    for a, tau, lam, i, n in ((1.0, 0.3, 0.3, 10, 64), (2.0, 0.5, 0.4, 0, 100), (0.8, 0.6, 0.1, 30, 256)):
        p, q = (a - lam + a * (1 - 2 * tau)) / 2, (a - lam - a * (1 - 2 * tau)) / 2
        found = call(answer, p, q, i, n, lam)
        require(isinstance(found, tuple | list) and len(found) == 2, "your function should return position and mass")
        position, mass = number(found[0], "your position"), number(found[1], "your mass")
        require(abs(mass - a) < 1e-6, f"an event of mass {a:g}, with λ = {lam:g}, is read as {mass:.4g}")
        away = position * n - i
        require(
            abs(away - tau) < 1e-6,
            f"an event {tau:g} of the way from node {i} to the next is read at {away:.3g} of it: the price is "
            f"taken from "
            "the sum of the masses, and not from their difference",
        )
    return "The event is found to O(1/n²), between the nodes."


def peaks(answer: object) -> str:
    """A function of values (n,) and of k: positions and heights of the k largest peaks."""
    events = ((0.125, 1.0), (0.0, 0.8), (0.625, 0.5))
    for n in (64, 256, 1024):
        away = torch.arange(n).double() / n - torch.tensor([place for place, _ in events])[:, None].double()
        away = away - away.round()
        values = (torch.tensor([height for _, height in events])[:, None] * torch.exp(-800 * away**2)).sum(0)
        for k in (1, 3):
            found = call(answer, values, k)
            require(isinstance(found, tuple | list) and len(found) == 2, "your function should return two lists")
            position = tensor(found[0], "your positions", (k,))
            height = tensor(found[1], "your heights", (k,))
            for (place, tall), at, high in zip(events[:k], position.tolist(), height.tolist(), strict=True):
                off = abs(at - place) % 1
                require(
                    min(off, 1 - off) < 0.02,
                    f"on {n} nodes a peak of height {tall:g} is at {place:g}, and you have one at {at:.3g}",
                )
                require(abs(high - tall) < 0.02, f"the peak at {place:g} is {tall:g} high, and you say {high:.3g}")
    return "The same three, on every grid: they are properties of the function."


def certificate(answer: object) -> str:
    """A function of points u, of v and M: a certificate for the masses 1 at v and −1 at v + 1/2M."""
    points = torch.arange(1000).double() / 1000
    for v, M in ((0.0, 5), (0.3, 10), (0.77, 3)):
        values = tensor(call(answer, points, v, M), "your certificate", (1000,))
        at = tensor(call(answer, torch.tensor([v, v + 0.5 / M]).double(), v, M), "your certificate", (2,))
        require((values.abs() <= 1 + 1e-6).all(), f"its size reaches {values.abs().max().item():.3g}, which is above 1")
        require(
            torch.allclose(at, torch.tensor([1.0, -1.0]).double(), atol=1e-6),
            f"at the impulses it is {at[0].item():.3g} and {at[1].item():.3g}, and should have their signs",
        )
        above = torch.fft.fft(values, norm="forward")[M + 1 : -M].abs().max().item()
        require(above < 1e-6, f"it has frequencies above M = {M}, of size {above:.2g}")
    return "It touches ±1 at 2M places, and that is the only one there is."


CHECKS = (alias, coefficients, event, peaks, certificate)
