"""The exercises of *Smooth concepts*."""

from __future__ import annotations

import torch

from saeno.book.checking import call, number, require, tensor
from saeno.data.families import box, gabor, gaussian
from saeno.dictionaries.functions import FunctionAtoms
from saeno.seeds import generator


def _atoms(n: int) -> torch.Tensor:
    """Three unit functions on n nodes, `(3, n)`, in double precision."""
    return FunctionAtoms([gaussian(0.03), box(0.12), gabor(6, 0.05, 1.0)]).double().atoms(n)[:, 0]


def _low(values: torch.Tensor, modes: int) -> torch.Tensor:
    spectrum = torch.fft.rfft(values)
    spectrum[..., modes + 1 :] = 0
    return torch.fft.irfft(spectrum, n=values.shape[-1])


def _require_cosine(given: float, exact: float) -> None:
    """That it is no energy, nor a norm in place of a cosine."""
    require(given <= 1 + 1e-6, f"you say {given:.4g}, and no cosine is above 1: is the atom of unit norm?")
    require(
        abs(given - exact**2) > 1e-6 or abs(given - exact) < 1e-6,
        "this is the share of the energy that is kept, the square of the cosine",
    )


def best_cosine(answer: object) -> str:
    """A function of the values of an atom on n nodes and of M: the largest cosine with M modes."""
    for n, modes in ((65, 5), (128, 8), (64, 20)):
        for atom in (*_atoms(n), 3 * torch.ones(n).double()):
            given = number(call(answer, atom, modes), f"your cosine for {modes} modes on {n} nodes")
            exact = (_low(atom, modes).norm() / atom.norm()).item()
            _require_cosine(given, exact)
            require(
                abs(given - exact) < 1e-6,
                f"for {modes} modes on {n} nodes you say {given:.4f}, and the atom without its frequencies above "
                f"{modes} has the cosine {exact:.4f} with it (frequency 0 is kept; others have a cosine and a sine)",
            )
    return "No training enters: the ceiling is known before the first step."


def best_window(answer: object) -> str:
    """A function of the values of an atom on n nodes and of s: the largest cosine with s taps."""
    for n, taps in ((64, 9), (128, 16), (50, 50), (65, 1)):
        for place, atom in enumerate(_atoms(n)):
            for moved, scale in ((0, 1), (n // 2, 3)):
                atom = scale * atom.roll(moved)
                given = number(call(answer, atom, taps), f"your cosine for {taps} taps on {n} nodes")
                energy = torch.cat([atom, atom]).square().unfold(0, taps, 1).sum(1)
                exact = (energy.max() / atom.square().sum()).sqrt().item()
                _require_cosine(given, exact)
                require(
                    abs(given - exact) < 1e-6,
                    f"for atom {place + 1}, moved by {moved} nodes, and {taps} taps on {n} nodes you say {given:.4f} "
                    f"instead of {exact:.4f}: a window may lie anywhere on the torus, also across its ends",
                )
    return "A window is a projector too, one for each place."


def low_step(answer: object) -> str:
    """A function of w, g, M and a rate: the values after a step of descent on M modes."""
    random = generator(0)
    for n, modes, rate in ((33, 4, 0.1), (64, 10, 1.0), (21, 0, 0.5)):
        w = _low(torch.randn(3, n, generator=random).double(), modes)
        g = torch.randn(3, n, generator=random).double()
        given = tensor(call(answer, w, g, modes, rate), "your values after the step", (3, n))
        require(
            not torch.allclose(given, w - rate * g, atol=1e-5),
            "this is the step on all values: it leaves the functions with that many modes",
        )
        require(
            not torch.allclose(given, _low(w + rate * g, modes), atol=1e-5),
            "this step goes up: descent subtracts the gradient",
        )
        require(
            torch.allclose(given, _low(w - rate * g, modes), atol=1e-5),
            f"on {n} nodes, with {modes} modes, the step should be that on the values, and then the projection",
        )
    return "So whoever trains a spectral layer by descent has a low-pass filter in the optimiser."


def enough_modes(answer: object) -> str:
    """A function of P(0), P(1), …, of p and of J: M."""
    for count, width, floor, p, J in (
        (65, 6.0, 0.01, 8, 64),
        (65, 6.0, 0.01, 8, 8),
        (41, 4.0, 0.01, 8, 64),
        (65, 12.0, 0.001, 4, 1000),
        (65, 3.0, 0.1, 8, 64),
    ):
        power = torch.exp(-0.5 * (torch.arange(count).double() / width) ** 2) + floor
        given = number(call(answer, power, p, J), "your number of modes")
        level = power[3 * count // 4 :].mean()
        exact = int((power - level - p / J * level > 0).nonzero().max())
        free = int((power - level > 0).nonzero().max())
        where = f"for p = {p}, J = {J} and a floor of {floor:g}"
        require(
            given == exact or given != free,
            f"{where} you keep all that stands above the floor, {free}: a mode also has a cost, p/J of the floor",
        )
        require(given == exact, f"{where} you say {given:g}; the last frequency that is worth its cost is {exact}")
    return "More signals make modes cheaper, and M grows."


CHECKS = (best_cosine, best_window, low_step, enough_modes)
