"""The exercises of *Off the grid*."""

from __future__ import annotations

import math

import torch

from saeno.book.checking import call, number, require, tensor


def event(answer: object) -> str:
    """A function of p, q, i, n and λ: position and mass of the event."""
    for a, tau, lam, i, n in ((1.0, 0.3, 0.3, 10, 64), (2.0, 0.5, 0.4, 0, 100), (0.8, 0.6, 0.1, 30, 256)):
        p, q = (a - lam + a * (1 - 2 * tau)) / 2, (a - lam - a * (1 - 2 * tau)) / 2
        found = call(answer, p, q, i, n, lam)
        require(isinstance(found, tuple | list) and len(found) == 2, "your function should return position and mass")
        position, mass = number(found[0], "your position"), number(found[1], "your mass")
        require(abs(mass - a) < 1e-5, f"an event of mass {a:g}, with λ = {lam:g}, is read as {mass:.4g}")
        away = position * n - i
        require(
            abs(away - tau) < 1e-4,  # n times the rounding of float32
            f"an event {tau:g} of the way from node {i} to the next is read at {away:.3g} of it: the price is taken "
            "from the sum of the masses, and not from their difference",
        )
    return "The event is found to O(1/n²), between the nodes."


def proves(answer: object) -> str:
    """A function of η on many points, of η at the impulses, of their masses and of λ: is η a certificate?"""
    u = torch.arange(400).double() / 400
    wave, tilted = (2 * math.pi * 3 * u).cos(), (2 * math.pi * 3 * u).cos() + 0.2 * (2 * math.pi * u).sin()
    cases = (
        ("a wave that touches λ at both impulses", 0.3 * wave, (0.3, -0.3), (1.0, -0.5), 0.3, True),
        ("a wave that touches −λ at two negative masses", 2 * wave, (-2.0, -2.0), (-1.0, -3.0), 2.0, True),
        ("an η that is far below λ, and a measure that is zero", 0.1 * wave, (), (), 0.3, True),
        ("an η with the sign of the other impulse", 0.3 * wave, (0.3, -0.3), (1.0, 0.5), 0.3, False),
        ("an η that is below λ at an impulse", 0.3 * wave, (0.3, 0.1), (1.0, 0.5), 0.3, False),
        ("an η that exceeds λ somewhere", 0.3 * tilted, (0.3,), (1.0,), 0.3, False),
        ("an η that falls below −λ somewhere", 0.3 * wave.where(wave > 0, 1.2 * wave), (0.3,), (1.0,), 0.3, False),
        ("an η that exceeds λ, and a measure that is zero", 0.5 * wave, (), (), 0.3, False),
        ("an η that exceeds λ by 0.0001", 0.3001 * wave, (0.3,), (1.0,), 0.3, False),
        ("an η that is 0.0001 below λ at an impulse", 0.3 * wave, (0.3, 0.2999), (1.0, 0.5), 0.3, False),
        ("an η that exceeds λ by a rounding error of 1e-12", 0.3 * wave + 1e-12, (0.3,), (1.0,), 0.3, True),
        (
            "an η that is λ at an impulse, up to a rounding error of 1e-12",
            0.3 * wave,
            (0.3 - 1e-12,),
            (1.0,),
            0.3,
            True,
        ),
    )
    for name, eta, at, masses, lam, wanted in cases:
        at, masses = (torch.tensor(values, dtype=torch.double) for values in (at, masses))
        given = _truth(call(answer, eta, at, masses, lam))
        require(given == wanted, f"{name} is {'a certificate' if wanted else 'none'}, and you say {given}")
    return "Three lines, and no rival was looked at."


def _truth(value: object) -> bool:
    """True or False, of Python, NumPy or torch."""
    try:
        found = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        found = torch.zeros(())
    require(found.numel() == 1 and found.dtype == torch.bool, "your function should return True or False")
    return bool(found)


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


CHECKS = (event, proves, certificate)
