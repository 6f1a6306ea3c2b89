"""A dictionary that one can see, and about which everything is known."""

from __future__ import annotations

import torch

from saeno.checks import is_whole
from saeno.dictionaries import DenseDictionary


def lines(side: int = 7) -> DenseDictionary:
    r"""The lines of a board of q × q squares whose edges are glued, as unit vectors of q² numbers, row after row.

    $$ \{(r, c) : c \equiv i + s\,r \pmod q\} \ \text{ for slopes } s \text{ and starts } i, \qquad
    \{(r, c) : r = i\} \ \text{ for rows } i . $$

    There are q(q + 1) lines in q² dimensions, slope by slope, the rows last. Two lines of one slope do not meet, any
    other two meet in exactly one square (q is prime): the coherence is 1/q. The q lines of a slope cover the board.

    Args:
        side: q, a prime number below 1000.

    Raises ValueError when `side` is not prime. Source: the affine plane over the field of q elements; our use of it.
    """
    if not is_whole(side) or not 2 <= side < 1000 or any(side % d == 0 for d in range(2, side)):
        raise ValueError(f"side = {side!r}: should be a prime number, or two lines can meet in more than one square")
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    sloped = [(column - slope * row) % side == start for slope in range(side) for start in range(side)]
    atoms = torch.stack([*sloped, *[row == start for start in range(side)]]).flatten(1)
    return DenseDictionary.from_atoms(atoms.to(torch.get_default_dtype()) / side**0.5)
