"""The ledger: what the book claims, and the stored measurements behind each claim.

    from saeno.book import claim
    claim("recovery-vectors").text("recovered")     # '0.980 ± 0.008 (10 seeds)'
    claim("recovery-vectors").rerun(seed=0)         # measures one seed again; raises Drift when it does not agree

A claim stands in the list `CLAIMS` of the experiment that measures it, a module of a laboratory
(`saeno/book/chapters.py`), with

    def trial(..., seed) -> dict[str, float]        # one training; returns numbers by name
    AXES = {..., "seed": range(10)}                 # what it is called with
    CLAIMS = [Claim(...), ...]                      # what follows

`python -m saeno.book` measures, and `python -m saeno.book.press.claims_page` writes what is stored into the book.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from saeno.book import record
from saeno.book.chapters import experiments, load_experiment
from saeno.book.numbers import Difference, Number, Paired, needs, paired
from saeno.book.record import Stored
from saeno.checks import real

VERDICTS = {
    "reproduced": "what is claimed was found, against rivals whose learning rates were tuned as well",
    "reproduced in a regime": "it was found under conditions that the claim does not name, and not outside of them",
    "not reproduced": "it was looked for and not found",
    "shown": "it is proved, and the numbers agree",
    "ours": "it is no claim of the paper but a measurement of this book",
}


ROUNDING = 1e-12
"""The errors of identities in float64 are less, and are others on each processor."""


class Drift(AssertionError):
    """A number measured again is not the stored one, or the claim does not hold with it."""


@dataclass(frozen=True)
class Claim:
    """One claim of the book: what is said, by whom, and what was found."""

    id: str
    """Words with hyphens; never changes."""
    chapter: str
    """The page it belongs to, as `_toc.yml` names it."""
    source: str
    """"abstract of v2" (v3, v4, "abstracts of v2 and v4"), "our derivation", "our measurement", or "doi:10.…"."""
    statement: str
    """What is claimed, in our words: one sentence, without measured numbers."""
    setting: str
    """Sizes, noise, rivals, training: what one needs to judge the numbers."""
    finding: str
    """What we found; `{name}` stands for the stored number of that name."""
    verdict: str
    """One of `VERDICTS`."""
    numbers: Mapping[str, Number]
    """Name → number, at least one."""
    differences: Mapping[str, Paired] = field(default_factory=dict)
    """Name → what the verdict says about two of the numbers."""
    experiment: str = ""
    """The module that measures it, which the ledger fills in."""

    def __post_init__(self):
        if both := self.numbers.keys() & self.differences.keys():
            raise ValueError(f"claim {self.id!r}: {min(both)!r} is a number and a difference: give it two names")

    def stored(self, name: str) -> Stored:
        """A number over all seeds. Raises KeyError when the claim has none of that name, or it is not stored."""
        if not isinstance(name, str) or name not in self.numbers:
            raise KeyError(f"claim {self.id!r} has no number {name!r}: it has {', '.join(self.numbers)}")
        number = self.numbers[name]
        return record.stored(self.experiment, number.value, number.settings)

    def difference(self, name: str, instead: Mapping[str, Sequence[float]] | None = None) -> Difference:
        """A difference over the seeds. Raises ValueError for less than three seeds that both of its numbers have.

        instead: the values of all seeds of some numbers, in place of the stored ones.
        """
        pair = self.differences[name]
        ours = self._by_seed(pair.number, instead)
        theirs = self._by_seed(pair.rival, instead) if isinstance(pair.rival, str) else dict.fromkeys(ours, pair.rival)
        both = [(ours[seed], theirs[seed]) for seed in ours if seed in theirs]
        if len(both) < 3:
            raise ValueError(f"claim {self.id!r}: {name} is measured for {len(both)} seeds: should be 3 at least")
        return paired(both, pair.ratio)

    def _by_seed(self, name: str, instead: Mapping[str, Sequence[float]] | None) -> dict[int, float]:
        stored = self.stored(name)
        return dict(zip(stored.seeds, (instead or {}).get(name, stored.each), strict=True))

    def text(self, name: str, part: str = "all") -> str:
        """A number as prose prints it: "0.980 ± 0.008 (10 seeds)", or one part of it.

        part: "all", "spread" (without the seeds), "mean", "std", "minimum", "maximum" or "seeds"; of a difference
        "all" ("0.288, 0.279 to 0.297 (5 seeds)"), "spread" (without the seeds), "mean", "low", "high" or "seeds".
        """
        if isinstance(name, str) and name in self.differences:
            found, form = self.difference(name), self.differences[name].form
            parts = {part: f"{getattr(found, part):{form}}" for part in ("mean", "low", "high")}
            parts["spread"] = f"{parts['mean']}, {parts['low']} to {parts['high']}"
            count = found.seeds
        else:
            found, form = self.stored(name), self.numbers[name].form
            parts = {part: f"{getattr(found, part):{form}}" for part in ("mean", "std", "minimum", "maximum")}
            parts["spread"] = f"{parts['mean']} ± {parts['std']}"
            count = len(found.seeds)
        parts["seeds"] = f"{count} seed{'s' if count > 1 else ''}"
        parts["all"] = f"{parts['spread']} ({parts['seeds']})"
        if not isinstance(part, str) or part not in parts:
            raise ValueError(f"part = {part!r}: should be one of {', '.join(parts)}")
        return parts[part]

    def found(self) -> str:
        """The finding, with its numbers."""
        text = self.finding
        for name in (*self.numbers, *self.differences):  # not str.format, since formulas have braces too
            text = text.replace(f"{{{name}}}", self.text(name, "spread"))
        return text

    def holds(self, instead: Mapping[str, Sequence[float]] | None = None) -> bool:
        """Whether every mean, and the interval of every difference, is what the claim needs.

        instead: the values of all seeds of some numbers, in place of the stored ones.
        """
        return not self.broken(instead)

    def broken(self, instead: Mapping[str, Sequence[float]] | None = None) -> list[str]:
        """What does not hold, each in words."""
        found = []
        for name, number in self.numbers.items():
            mean = statistics.fmean(self._by_seed(name, instead).values())
            if not number.least <= mean <= number.most:
                found.append(f"the mean of {name} is {mean:{number.form}}{needs(number.least, number.most)}")
        for name, pair in self.differences.items():
            between = self.difference(name, instead)
            if not pair.least <= between.low <= between.high <= pair.most:
                low, high = f"{between.low:{pair.form}}", f"{between.high:{pair.form}}"
                found.append(f"{name} is from {low} to {high}{needs(pair.least, pair.most)}")
        return found

    def tolerance(self, name: str) -> float | None:
        """How far from its stored value a seed may lie when it is measured again; None where it may be any seed's."""
        number, stored, apart = self.numbers[name], self.stored(name), self.apart(name)
        if number.tolerance is not None:
            return number.tolerance
        return None if apart is None else record.tolerance(apart, stored)

    def apart(self, name: str) -> float | None:
        """What the number moved by between arithmetics of one machine; None when that was not measured."""
        number = self.numbers[name]
        return record.apart(self.experiment, number.value, number.settings)

    def interval(self, name: str, seed: int | None = None) -> tuple[float, float]:
        """Where a number has to lie when it is measured again, with a seed of the ledger or (None) with another one.

        Of another seed, and where rounding alone makes it another, it is as far outside of the stored values as these
        are apart, and 1 % of the mean, at most.
        """
        stored, slack = self.stored(name), self.tolerance(name)
        if seed is None or slack is None:
            slack = stored.maximum - stored.minimum + 0.01 * abs(stored.mean) + ROUNDING
            low, high = stored.minimum - slack, stored.maximum + slack
        else:
            own = self._by_seed(name, None)[seed]
            low, high = own - slack, own + slack
        least, most = self.numbers[name].possible
        return max(low, least), min(high, most)

    def agrees(self, seed: int | None = None, /, **values: float) -> None:
        """Raise Drift unless each number, measured again, lies in its interval, and the claim holds with it.

        seed: that of the ledger with which it was measured again; None when it is another one.
        """
        for name, value in values.items():
            if not (isinstance(value, float) and not math.isfinite(value)):  # that one has drifted, and is told below
                value = real(value, name, signed=True)
            low, high = self.interval(name, seed)
            if not low <= value <= high:
                form = self.numbers[name].form
                own = "" if seed is None else f" with seed {seed}, stored as {self._by_seed(name, None)[seed]:{form}}"
                raise Drift(
                    f"claim {self.id!r}: {name} is {value:{form}}{own}, and the {self.text(name, 'seeds')} of the "
                    f"ledger allow {low:{form}} to {high:{form}}{self._stale()}"
                )
        if seed is not None:
            instead = {
                name: list((self._by_seed(name, None) | {seed: value}).values()) for name, value in values.items()
            }
            if broken := self.broken(instead):
                raise Drift(f"claim {self.id!r} does not hold with seed {seed} measured anew: {'; '.join(broken)}")

    def _stale(self) -> str:
        return "" if record.fresh(self.experiment) else "; they were stored before the code was what it is now"

    def rerun(self, seed: int | None = None) -> dict[str, float]:
        """Measure all numbers again with one seed, and return them; raises Drift for one that is none of the ledger's.

        seed: None is the first of the ledger. Whatever it is, its numbers may be those of any seed, since another
        processor may turn a choice in a training and end elsewhere.
        """
        values = self.measured(self.stored(next(iter(self.numbers))).seeds[0] if seed is None else seed)
        self.agrees(**values)
        return values

    def measured(self, seed: int) -> dict[str, float]:
        """All numbers by name, measured again with one seed and compared with nothing."""
        trial, done = load_experiment(self.experiment).trial, {}
        for number in self.numbers.values():
            key = tuple(sorted(number.settings.items()))
            if key not in done:
                done[key] = trial(**number.settings, seed=seed)
        return {name: done[tuple(sorted(n.settings.items()))][n.value] for name, n in self.numbers.items()}

    def _repr_markdown_(self) -> str:
        return f"**{self.statement}** *{self.verdict.capitalize()}.* {self.found()} (Claim `{self.id}`.)"


@cache
def ledger() -> dict[str, Claim]:
    """Every claim of the book by its id, in the order of the experiments. Raises ValueError when two have one id."""
    claims: dict[str, Claim] = {}
    for name in experiments():
        for claim in load_experiment(name).CLAIMS:
            if claim.id in claims:
                raise ValueError(f"claim {claim.id!r} stands in {claims[claim.id].experiment} and in {name}")
            claims[claim.id] = replace(claim, experiment=name)
    return claims


def claim(id: str) -> Claim:
    """The claim of that id. Raises KeyError, with the ids there are, when there is none."""
    claims = ledger()
    if not isinstance(id, str) or id not in claims:
        raise KeyError(f"no claim {id!r}: there are {', '.join(claims)}")
    return claims[id]
