"""The exercises of *Inside a trained operator*."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, tensor
from saeno.metrics import equivariance_error
from saeno.seeds import generator


def tail(answer: object) -> str:
    """A function of a layer (functions, channels, n) and M: the share of its energy above M, without its means."""
    for seed, (n, modes) in enumerate(((16, 3), (31, 8), (64, 5))):
        waves = torch.fft.rfft(_normal(4, 3, n, seed=seed), dim=-1)
        x = torch.fft.irfft(waves / (1 + torch.arange(waves.shape[-1])), n=n) + 5 * _normal(3, 1, seed=10 + seed)
        away = x - x.mean((0, 2), keepdim=True)
        high = torch.fft.rfft(away)
        high[..., : modes + 1] = 0
        wanted = (torch.fft.irfft(high, n=n).square().sum() / away.square().sum()).item()
        given = number(call(answer, x, modes), "your share")
        require(
            abs(given - wanted) < 1e-5,
            f"on {n} nodes with M = {modes} you say {given:.4f}, and {wanted:.4f} is right: is the mean of each "
            "channel taken out, is M itself below the bound, and do frequencies that stand for two waves count twice?",
        )
    return "An explanation with M modes leaves at least so much unexplained."


def mirrored(answer: object) -> str:
    """A function of an operator: another one, that commutes with u(x) → −u(−x), and is the same if the first does."""

    def skew(u: Tensor) -> Tensor:
        return (u + 0.3 * u.square()).cumsum(-1) * torch.linspace(0.5, 2, u.shape[-1]).to(u)

    def odd(u: Tensor) -> Tensor:
        return u**3 - (u.roll(-1, -1) - u.roll(1, -1)) * u

    u = _normal(5, 1, 12, seed=1)
    for name, operator in (("a crooked operator", skew), ("one that commutes already", odd)):
        made = _operator(call(answer, operator), "what your function returns")

        def checked(u: Tensor, made: Callable[[Tensor], object] = made) -> Tensor:
            return tensor(made(u), "what your operator gives", tuple(u.shape))

        off = equivariance_error(checked, u, reflect=True, negate=True)
        require(
            off < 1e-9,
            f"of {name} you make one whose commutator is {off:.2g}: the mirror of u is −u(−x), node 0 stays where it "
            "is, and the operator has to be asked about u and about its mirror",
        )
    require(
        (checked(u) - odd(u)).abs().max() < 1e-9,
        "an operator that commutes already is changed by you: what it says of the mirror, mirrored back, counts half",
    )
    return "A mean over the group, twice the work, and no weight was trained."


def kept(answer: object) -> str:
    """A function of an operator: another one whose outputs have the mean of the input, and are else the same."""

    def leaking(u: Tensor) -> Tensor:
        return u.tanh() + u.square() + torch.arange(u.shape[-1]).to(u) / 7

    made = _operator(call(answer, leaking), "what your function returns")
    u = _normal(6, 1, 10, seed=2) + _normal(6, 1, 1, seed=3)
    found, plain = tensor(made(u), "what your operator gives", (6, 1, 10)), leaking(u)
    off = (found.mean(-1) - u.mean(-1)).abs().max().item()
    require(off < 1e-9, f"means of input and output differ by up to {off:.2g}: each function has a mean of its own")
    rest = ((found - found.mean(-1, keepdim=True)) - (plain - plain.mean(-1, keepdim=True))).abs().max().item()
    require(rest < 1e-9, "more than the mean of the output has changed: add a constant to each function")
    return "For the relative error this can only help, since the truth has that mean."


def moved(answer: object) -> str:
    """A function of events (functions, nodes), booleans, and a generator: each function's events moved at random."""
    random = generator(7)
    events = torch.rand(40, 32, generator=random) < 0.15
    events[:, 0] = True
    given = call(answer, events, generator(1))
    found = tensor(given.double() if isinstance(given, Tensor) else given, "your null", (40, 32)) != 0
    turns = torch.stack([events.roll(move, 1) for move in range(32)])
    fits = (turns == found).all(2)
    require(fits.any(0).all(), "a function has other events than before, up to a shift around the torus")
    moves = fits.double().argmax(0)
    require(
        len(moves.unique()) > 5, "all functions are moved alike: a detector that is moved too would still find them"
    )
    again = tensor(call(answer, events, generator(2)).double(), "your null", (40, 32)) != 0
    require((again != found).any(), "another generator gives the same moves: draw them from it")
    return "As many events, as far apart as before, and not where anything happens."


def _operator(value: object, what: str) -> Callable[[Tensor], object]:
    require(callable(value), f"{what} should be a function of u")
    return value


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


CHECKS = (tail, mirrored, kept, moved)
