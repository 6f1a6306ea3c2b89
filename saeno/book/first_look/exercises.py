"""The exercises of *First look*."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from saeno.book.checking import NotYet, call, number, require, several, tensor
from saeno.data import lines
from saeno.metrics import coherence


def board(answer: object) -> str:
    """A function of a prime q: number of lines, dimensions, coherence, and the largest k that is safe."""
    for q in (5, 3, 7, 11):
        given = several(call(answer, q), 4, "your function should return four numbers")
        count, dimensions, mu, k = (number(value, f"your {name}") for value, name in zip(given, _NAMES, strict=True))
        known = lines(q)
        require(
            count == known.concepts,
            f"with q = {q} your count of lines is {count:g}: count the slopes, the starts of each, and the rows",
        )
        require(
            dimensions == known.channels,
            f"with q = {q} your number of dimensions is {dimensions:g}: a board is a vector with an entry per square",
        )
        require(
            abs(mu - coherence(known)) < 1e-4,
            f"with q = {q} your coherence is {mu:.4g}: atoms have norm 1, and two lines share at most one square",
        )
        bound = (1 + q) / 2  # (1 + 1/μ)/2 without the rounding of μ
        require(k == round(k), f"with q = {q} your k is {k:g}, which is no whole number")
        require(k < bound, f"with q = {q} your k is {k:g}, which is not below (1 + 1/μ)/2 = {bound:g}")
        require(k + 1 >= bound, f"with q = {q} your k is {k:g}, and {k + 1:g} is safe too")
    return "A larger board holds more lines, and they interfere less."


_NAMES = ("count of lines", "number of dimensions", "coherence", "k")


def how_sparse(answer: object) -> str:
    """A dictionary from the number of lines in a signal to the share of lines found; it brackets the breakdown."""
    require(isinstance(answer, dict), "the answer should be a dictionary, as in `{4: 0.98, 8: 1.0}`")
    shares = {number(key, "a number of lines"): number(share, f"the share at {key}") for key, share in answer.items()}
    for active, share in shares.items():
        require(active in range(1, 50), f"{active:g} is not a number of lines from 1 to 49")
        require(0 <= share <= 1, f"the share at {active:g} lines is {share:g}: it should be between 0 and 1")
        require(
            active > 8 or share > 0.7,
            f"only {share:.0%} of the lines were found with {active:g} in a signal, where most should be: "
            "is the number in `TopK` the same, and are there 500 steps or more?",
        )
        require(
            active < 30 or share < 0.3,
            f"{share:.0%} of the lines were found with {active:g} in a signal: are those the lines of `lines(7)`?",
        )
    works = [active for active, share in shares.items() if share > 0.9]
    fails = [active for active, share in shares.items() if share < 0.5]
    require(works, "recovery works (share above 0.9) at none of your numbers: try fewer lines")
    require(fails, "recovery fails (share below 0.5) at none of your numbers: try more lines")
    last, first = max(works), min(fails)
    require(last < first, f"recovery works at {last:g} lines and fails at {first:g}: is each share with its number?")
    require(last > 3, f"it works at {last:g} lines, which the theorem promises: try more, to see where it ends")
    steps = sorted(active for active in shares if last <= active <= first)
    require(
        all(after <= 2 * before for before, after in pairwise(steps)),
        f"between {last:g} lines, where it works, and {first:g}, where it fails, the gap is too wide: try one between",
    )
    return (
        f"Recovery still works with {last:g} lines, and the theorem stops at 3: it speaks of the worst signal, and "
        "training sees typical ones."
    )


def composite(answer: object) -> str:
    """Two lines of the board of 6 × 6 squares that meet in more than one square."""
    boards = several(answer, 2, "the answer should be two boards, `(one, other)`")
    one, other = (_line(tensor(board, name, (6, 6)), name) for board, name in zip(boards, _BOARDS, strict=True))
    require(one != other, "the two lines are the same one")
    common = len(one & other)
    meet = "only one square" if common else "no square"
    require(common > 1, f"the two lines meet in {meet}: try one start and two slopes")
    return (
        f"They share {common} of their 6 squares, so the coherence is at least {common}/6, and the theorem allows only "
        f"k < {(1 + 6 / common) / 2:g}."
    )


_BOARDS = ("the first board", "the second board")


def _line(board: Tensor, name: str) -> set[tuple[int, int]]:
    """The squares (row, column) of a board that is not zero on one line, and has one value there."""
    squares = [tuple(square) for square in board.nonzero().tolist()]
    require(len(squares) == 6, f"{name} has {len(squares)} squares that are not 0, and a line has 6")
    values = board[board != 0]
    require((values - values[0]).abs().max() < 1e-5 * values[0].abs(), f"the squares of {name} differ in value")
    rows, columns = zip(*squares, strict=True)
    if len(set(rows)) == 1:
        return set(squares)
    if len(set(rows)) < 6:
        raise NotYet(f"{name} is no line: it should have one square in each row, or be one row")
    slopes = {(after - before) % 6 for before, after in pairwise(columns)}
    require(len(slopes) == 1, f"{name} is no line: it moves by {sorted(slopes)} squares, where one slope is due")
    return set(squares)


def silent(answer: object) -> str:
    """The largest k up to which codes of the 7 × 7 board are unique, and a smallest code other than 0 with D z = 0."""
    k, z = several(answer, 2, "the answer should be a number and a code, `(k, z)`")
    k, z = number(k, "your k"), tensor(z, "z", (56,))
    require(z.any(), "z is zero")
    z = torch.where(z.abs() < 1e-6 * z.abs().max(), 0.0, z)  # what rounding leaves of a zero
    size, residual = int(z.count_nonzero()), lines(7).double().synthesis(z[None]).norm() / z.norm()
    require(residual < 1e-5, f"D z is not zero: its norm is {residual:.2g} of that of z")
    require(size <= 14, f"z has {size} entries, and there is a code with fewer: which sets of lines have one sum?")
    require(k == round(k), f"your k is {k:g}, which is no whole number")
    require(k < 7, "half of the entries of z, and the other half with its signs changed, are two codes with one signal")
    require(
        k >= 6,
        f"the difference of two codes with {k + 1:g} entries has {2 * k + 2:g} at most, too few for D z = 0: so they "
        "are unique too",
    )
    return "Twice as many as the theorem promises, which knows the dictionary only by its coherence."


CHECKS = (board, how_sparse, composite, silent)
