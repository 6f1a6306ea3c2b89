"""The numbers of a claim, their paired differences over seeds, and what a claim needs of both."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from saeno.book.runner import Setting


@dataclass(frozen=True)
class Number:
    """A number of a claim: where it is stored, what the claim needs of it, and how it is written."""

    value: str
    """Its name in what the trial returns."""
    settings: Mapping[str, Setting]
    """What the trial is called with, but for the seed."""
    least: float = -math.inf
    """The claim holds if the mean over the seeds is at least this …"""
    most: float = math.inf
    """… and at most this."""
    tolerance: float | None = None
    """How far one seed, measured again, may lie from its stored value, where that is not a matter of rounding: a time.

    None: ten times what the value moved by between arithmetics of one machine, and 1e-5 of the largest at least.
    Where this says nothing about the seed any more, since it is as much as the seeds differ by, the value may be that
    of any seed.
    """
    possible: tuple[float, float] = (-math.inf, math.inf)
    """The values it can have at all, such as (0, 1) for a share."""
    form: str = ".3f"
    """Format of its mean and spread, as in `f"{mean:.3f}"`."""


@dataclass(frozen=True)
class Paired:
    """How two numbers of a claim differ, seed by seed, and what the claim needs of that.

    The claim holds if the 95 % interval of the mean difference lies within the bounds: Student's, over the seeds that
    both have. So "no better" is no absence of evidence: few seeds have a wide interval, and fail.
    """

    number: str
    rival: str | float
    """The other number; or a value that is given, such as what a theorem predicts."""
    least: float = -math.inf
    most: float = math.inf
    ratio: bool = False
    """Number over rival, by the mean of the logarithms, instead of number minus rival."""
    form: str = ".3f"


class Difference(NamedTuple):
    """A paired difference, or ratio, over the seeds."""

    mean: float
    low: float
    """From here …"""
    high: float
    """… to here goes its 95 % interval."""
    seeds: int


def paired(values: Sequence[tuple[float, float]], ratio: bool = False) -> Difference:
    """The mean of a − b, or a/b, over the seeds, with its interval; a ratio is nan unless all values are positive."""
    if ratio and any(min(pair) <= 0 for pair in values):
        return Difference(math.nan, math.nan, math.nan, len(values))
    each = [math.log(a / b) if ratio else a - b for a, b in values]
    mean, reach = statistics.fmean(each), _reach(len(each)) * statistics.stdev(each)
    ends = (mean, mean - reach, mean + reach)
    return Difference(*(map(math.exp, ends) if ratio else ends), len(each))


@cache
def _reach(count: int) -> float:
    """Half the 95 % interval of a mean of so many values, over their standard deviation."""
    from scipy.stats import t

    return float(t.ppf(0.975, count - 1)) / math.sqrt(count)


def needs(least: float, most: float) -> str:
    """Bounds in words, as the end of a sentence."""
    parts = [f"at least {least:g}"] * math.isfinite(least) + [f"at most {most:g}"] * math.isfinite(most)
    return f": should be {' and '.join(parts)}"
