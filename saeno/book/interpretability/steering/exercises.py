"""The exercises of *Steering an operator by its concepts*."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, tensor
from saeno.seeds import generator


def sized(answer: object) -> str:
    """A function of a step and another one, (rows, channels, n): the first, with the norms of the second."""
    step, like = _normal(5, 3, 16, seed=1), _normal(5, 3, 16, seed=2) * torch.tensor([1, 2, 3, 0.1, 7.0])[:, None, None]
    found = tensor(call(answer, step, like), "your step", (5, 3, 16))
    own, wanted = (x.flatten(1).norm(dim=1) for x in (found, like))
    require(
        (own - wanted).abs().max() < 1e-8 * wanted.max(),
        f"your norms are {own[0]:.3f} and {own[1]:.3f}, where those of the other step are {wanted[0]:.3f} and "
        f"{wanted[1]:.3f}: each row has a norm of its own, over channels and nodes together",
    )
    factor = found / step
    require((factor - factor[:, :1, :1]).abs().max() < 1e-8, "a row has to be multiplied by one number")
    require((factor > 0).all(), "a step should not be turned around: the number is positive")
    return "Every comparison of this chapter is made at equal size."


def phases(answer: object) -> str:
    """A function of a step (rows, channels, n) and a generator: its spectrum, with random phases alike in channels."""
    step = _normal(6, 3, 32, seed=3) + 0.5
    found = tensor(call(answer, step, generator(1)), "your surrogate", (6, 3, 32))
    own, wanted = torch.fft.rfft(found)[..., :-1], torch.fft.rfft(step)[..., :-1]
    require(
        (own.abs() - wanted.abs()).abs().max() < 1e-8 * wanted.abs().max(),
        "a channel has another spectrum than before: multiply each frequency by a number of absolute value 1, and the "
        "frequency 0 by 1",
    )
    cross, before = own * own[:, :1].conj(), wanted * wanted[:, :1].conj()
    require(
        (cross - before).abs().max() < 1e-6 * before.abs().max(),
        "what two channels have in common is lost: all channels of a row have to get the same phases",
    )
    turn = (own / wanted)[:, 0, 1:]
    require((turn - 1).abs().mean() > 0.3, "your surrogate is hardly another function: draw phases from 0 to 2π")
    require((turn - turn[:1]).abs().mean() > 0.3, "all rows have the same phases: draw them for each row")
    again = tensor(call(answer, step, generator(2)), "your surrogate", (6, 3, 32))
    require((again - found).abs().max() > 1e-6, "another generator gives the same phases: draw them from it")
    return "It has all that a spectrum knows of the concept, and not its form."


def moved(answer: object) -> str:
    """A function of functions (rows, channels, n) and s: moved to the right by s nodes, which need not be whole."""
    for n in (16, 17):
        u = torch.arange(n, dtype=torch.float64) / n
        waves = [torch.cos(2 * torch.pi * k * u + k) for k in range(6)]
        x = torch.stack(waves).view(2, 3, n)
        for by in (1.0, 0.5, -2.25):
            found = tensor(call(answer, x, by), "what you moved", (2, 3, n))
            wanted = torch.stack([torch.cos(2 * torch.pi * k * (u - by / n) + k) for k in range(6)]).view(2, 3, n)
            off = (found - wanted).abs().max().item()
            require(
                off < 1e-8,
                f"moved by {by:g} nodes of {n}, you are off by {off:.2g}: multiply frequency k by exp(−2πi k s/n), "
                "where s counts nodes, and give irfft the number of nodes",
            )
    return "A vector can be moved by whole nodes only; a function has no such limit."


def recovered(answer: object) -> str:
    """A function of three errors (replaced, own, mean): the share of the loss that is recovered."""
    for errors, wanted in (((0.1, 0.01, 1.0), 0.9 / 0.99), ((0.02, 0.02, 0.8), 1.0), ((0.9, 0.1, 0.9), 0.0)):
        found = number(call(answer, *errors), "your share")
        require(
            abs(found - wanted) < 1e-9,
            f"with the errors {errors} you say {found:.3f}, and {wanted:.3f} is right: 1 when the error is the "
            "operator's own, 0 when it is that with the mean in place of the layer, and a straight line between",
        )
    return "It can be negative: a replacement may be worse than the mean."


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


CHECKS = (sized, phases, moved, recovered)
