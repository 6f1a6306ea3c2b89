"""How far a map is from commuting with shifts and reflections."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from saeno.checks import flag, short, tensor
from saeno.grids import Grid, per_axis
from saeno.units import sum_of_squares


@torch.no_grad()
def equivariance_error(
    function: Callable[[Tensor], Tensor], x: Tensor, shift: Grid = 0, reflect: bool = False, negate: bool = False
) -> float:
    r"""Relative norm of the commutator of a map f with a motion g of the torus, over a batch.

    $$ \frac{\|f(g\, x) - g\, f(x)\|}{\|f(x)\|}, \qquad (g\, x)(u) = \pm\, x(\pm(u - s)) . $$

    It is 0 for a map that commutes with g, at most 1 + ‖f(g x)‖/‖f(x)‖ for any, and about √2 where the two
    have nothing to do with each other and have one size.

    Args:
        function: f, from `(batch, channels, *grid)` to `(batch, channels', *grid)`: an operator, an encoder, a layer.
        x: `(batch, channels, *grid)`, with at least one axis.
        shift: s in nodes: an int, for one axis, or a tuple with one entry per axis. The sign is free.
        reflect: whether the axes are turned over, all of them: node i goes to −i.
        negate: whether the values change their sign. Burgers' equation commutes with the two together, not with one.

    Raises ValueError where g moves nothing, where f(x) is zero, and for f(x) on another grid or batch; TypeError
    where f gives no tensor. Source: our derivation.
    """
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"function = {short(function)}: should be called as function(x)")
    x = tensor(x, "x", "(batch, channels, *grid) with at least one axis", (3, torch.inf))
    axes = tuple(range(2, x.dim()))
    moves = per_axis(shift, "shift")
    moves = moves * len(axes) if moves == (0,) else moves
    if len(moves) != len(axes):
        raise ValueError(f"shift = {shift!r} has {len(moves)} axes, x has {len(axes)}: should have one number for each")
    reflect, negate = flag(reflect, "reflect"), flag(negate, "negate")
    if not (reflect or negate or any(move % n for move, n in zip(moves, x.shape[2:], strict=True))):
        raise ValueError(f"shift = {shift!r}: should move something, where nothing is reflected or negated")

    def moved(value: Tensor) -> Tensor:
        if reflect:  # node 0 stays where it is
            value = value.flip(axes).roll([1] * len(axes), axes)
        value = value.roll(list(moves), axes)
        return -value if negate else value

    after, before = function(moved(x)), function(x)
    for value in (before, after):
        if not isinstance(value, Tensor):
            raise TypeError(f"function gave {short(value)}: should be a tensor (batch, channels, *grid)")
        if value.dim() != x.dim() or len(value) != len(x) or value.shape[2:] != x.shape[2:]:
            form = (len(x), "channels", *x.shape[2:])
            raise ValueError(f"function gave {short(value)}: should be ({', '.join(map(str, form))}), as x has it")
    apart, own = sum_of_squares(after - moved(before))
    energy, unit = sum_of_squares(before)
    if not energy > 0:
        raise ValueError("function gives zeros: the error is not relative to anything")
    return (apart / energy).sqrt().item() * (own / unit)
