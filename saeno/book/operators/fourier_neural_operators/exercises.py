"""The exercises of *Fourier neural operators*. Everything is float64; rows are waves or atoms."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, several, tensor
from saeno.seeds import generator

ROUNDING = 1e-5  # a right answer that went through float32 is right


def _nodes(n: int) -> Tensor:
    return torch.arange(n).double() / n


def _normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def integral(answer: object) -> str:
    """A function of κ (from u, v to values) and the n values of v: the n values of ∫ κ(u, v) v(v) dv."""
    pi = 2 * math.pi
    for n in (8, 15, 64):
        u = _nodes(n)
        ones = tensor(call(answer, lambda u, v: 1.0 + 0 * (u - v), torch.ones(n).double()), "your values", (n,))
        require(
            (ones - 1).abs().max() < ROUNDING,
            f"with κ = 1 and v = 1 the integral is 1, and on {n} nodes you have {ones[0].item():.4g}: is it a mean?",
        )
        value = (pi * u).sin()
        found = tensor(call(answer, lambda u, v: (pi * (u - v)).cos(), value), "your values", (n,))
        require((found - value / 2).abs().max() < ROUNDING, "cos 2π(u − v) should make sin 2πv half as large")
        found = tensor(call(answer, lambda u, v: (pi * u).cos() * (pi * v).sin(), value), "your values", (n,))
        require(
            (found - (pi * u).cos() / 2).abs().max() < ROUNDING,
            "cos(2πu) sin(2πv) should turn a sine into a cosine: are u and v in their places?",
        )
    return "It is a matrix times a vector, divided by the number of nodes."


def energy(answer: object) -> str:
    """A function of complex coefficients c (modes + 1,): the squared norm of the real function they stand for."""
    for seed, modes in enumerate((0, 1, 4, 9)):
        parts = _normal(seed, 2, modes + 1)
        c = torch.complex(parts[0], parts[1])
        c[0] = c[0].real.to(c.dtype)
        n = 2 * modes + 1
        wanted = torch.fft.irfft(c, n, norm="forward").square().mean().item()
        found = number(call(answer, c), f"your squared norm for {modes} modes")
        plain = c.abs().square().sum().item()
        if modes:
            require(abs(found - plain) > ROUNDING, "each frequency above 0 stands for its conjugate too")
            require(abs(found - 2 * plain) > ROUNDING, "the constant has no conjugate beside it")
        require(
            abs(found - wanted) < ROUNDING * wanted, f"for {modes} modes it is {wanted:.4g}, and you have {found:.4g}"
        )
    return "One, and then two, two, two: those are the weights of Parseval for half a spectrum."


def basis(answer: object) -> str:
    """A function of n, odd or even: n orthonormal rows, each of one frequency."""
    for n in (5, 9, 6, 12, 1, 2):
        rows = tensor(call(answer, n), f"your waves on {n} nodes", (n, n))
        kind = "odd" if n % 2 else "even"
        lengths = rows.norm(dim=1)
        require(
            (lengths - 1).abs().max() < ROUNDING,
            f"on {n} nodes, an {kind} number, your rows have lengths from {lengths.min().item():.3g} to "
            f"{lengths.max().item():.3g}, and all should be 1",
        )
        gram = rows @ rows.T
        require((gram - torch.eye(n)).abs().max() < ROUNDING, f"on {n} nodes two of your rows are not at right angles")
        spectrum = torch.fft.rfft(rows).abs()
        require(
            ((spectrum > ROUNDING * n).sum(1) == 1).all(),
            f"on {n} nodes some of your rows have more than one frequency",
        )
    return "At an even n the highest wave is there once, without its sine."


def descent(answer: object) -> str:
    """A function of taps w (p, n), gradient g (p, n), B (q, n) and a rate: the taps after a step on coordinates."""
    for seed, (p, q, n) in enumerate(((3, 4, 5), (2, 3, 7), (4, 9, 6))):
        start, g, B = (_normal(10 * seed + i, *shape) for i, shape in enumerate(((p, q), (p, n), (q, n))))
        theta = start.clone().requires_grad_()
        (slope,) = torch.autograd.grad(((theta @ B) * g).sum(), theta)
        wanted, w = (start - 0.3 * slope) @ B, start @ B
        found = tensor(call(answer, w, g, B, 0.3), "your taps", (p, n))
        near = partial(torch.allclose, found, rtol=ROUNDING, atol=ROUNDING)
        require(not near(w - 0.3 * g), "this is a step on the taps themselves: the coordinates matter")
        require(not near(2 * w - wanted), "your step goes uphill")
        require(near(wanted), "a step on the coordinates, carried over to taps, ends elsewhere")
    return "Coordinates are a lift: only the product of B with itself is felt."


def rates(answer: object) -> str:
    """A function of the row P (h,) and a rate: the rates (descent, Adam) of the lifted model for the same path."""
    for seed, h in enumerate((1, 3, 8)):
        row = _normal(50 + seed, h)
        pair = several(call(answer, row, 0.02), 2, "two numbers are asked for")
        sgd, adam = number(pair[0], "your rate for descent"), number(pair[1], "your rate for Adam")
        wanted = 0.02 / row.square().sum().item(), 0.02 / row.abs().sum().item()
        require(
            abs(sgd / wanted[0] - 1) < ROUNDING,
            f"with {h} lifted channels descent would be {sgd / wanted[0]:.3g} times as fast as without a lift",
        )
        require(
            abs(adam / wanted[1] - 1) < ROUNDING,
            f"with {h} lifted channels Adam would be {adam / wanted[1]:.3g} times as fast as without a lift: the size "
            "of a gradient is nothing to it, and each of the channels takes a step of the rate",
        )
    return "A lift of a scalar function is a rate, and two optimisers disagree on which."


CHECKS = (integral, energy, basis, descent, rates)
