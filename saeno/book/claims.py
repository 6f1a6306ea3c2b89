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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from saeno.book import record
from saeno.book.chapters import experiments, load_experiment
from saeno.book.record import Stored
from saeno.book.runner import Setting
from saeno.checks import real

VERDICTS = {
    "reproduced": "what is claimed was found, against rivals whose learning rates were tuned as well",
    "reproduced in a regime": "it was found under conditions that the claim does not name, and not outside of them",
    "not reproduced": "it was looked for and not found",
    "shown": "it is proved, and the numbers agree",
    "ours": "it is no claim of the paper but a measurement of this book",
}


class Drift(AssertionError):
    """A number measured again lies outside the interval that the stored ones allow."""


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
    """How far outside of all stored values one seed, on any machine, may lie.

    None: the distance between the smallest and the largest, and 1 % of their mean. Between machines the last bits of a
    number differ, and training amplifies them.
    """
    possible: tuple[float, float] = (-math.inf, math.inf)
    """The values it can have at all, such as (0, 1) for a share."""
    form: str = ".3f"
    """Format of its mean and spread, as in `f"{mean:.3f}"`."""


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
    experiment: str = ""
    """The module that measures it, which the ledger fills in."""

    def stored(self, name: str) -> Stored:
        """A number over all seeds. Raises KeyError when the claim has none of that name, or it is not stored."""
        if not isinstance(name, str) or name not in self.numbers:
            raise KeyError(f"claim {self.id!r} has no number {name!r}: it has {', '.join(self.numbers)}")
        number = self.numbers[name]
        return record.stored(self.experiment, number.value, number.settings)

    def text(self, name: str, part: str = "all") -> str:
        """A number as prose prints it: "0.980 ± 0.008 (10 seeds)", or one part of it.

        part: "all", "spread" (without the seeds), "mean", "std", "minimum", "maximum" or "seeds".
        """
        stored, form = self.stored(name), self.numbers[name].form
        parts = {part: f"{getattr(stored, part):{form}}" for part in ("mean", "std", "minimum", "maximum")}
        count = len(stored.seeds)
        parts["spread"] = f"{parts['mean']} ± {parts['std']}"
        parts["seeds"] = f"{count} seed{'s' if count > 1 else ''}"
        parts["all"] = f"{parts['spread']} ({parts['seeds']})"
        if not isinstance(part, str) or part not in parts:
            raise ValueError(f"part = {part!r}: should be one of {', '.join(parts)}")
        return parts[part]

    def found(self) -> str:
        """The finding, with its numbers."""
        text = self.finding
        for name in self.numbers:  # not str.format, since formulas have braces too
            text = text.replace(f"{{{name}}}", self.text(name, "spread"))
        return text

    def holds(self) -> bool:
        """Whether every stored mean is what the claim needs."""
        return all(n.least <= self.stored(name).mean <= n.most for name, n in self.numbers.items())

    def interval(self, name: str) -> tuple[float, float]:
        """Where the number of a single seed has to lie, on any machine."""
        stored, slack = self.stored(name), self.numbers[name].tolerance
        if slack is None:
            slack = stored.maximum - stored.minimum + 0.01 * abs(stored.mean)
        least, most = self.numbers[name].possible
        return max(stored.minimum - slack, least), min(stored.maximum + slack, most)

    def agrees(self, **values: float) -> None:
        """Raise Drift unless each number, measured again with one seed, lies in its interval."""
        for name, value in values.items():
            if not (isinstance(value, float) and not math.isfinite(value)):  # that one has drifted, and is told below
                value = real(value, name, signed=True)
            low, high = self.interval(name)
            if not low <= value <= high:
                form = self.numbers[name].form
                raise Drift(
                    f"claim {self.id!r}: {name} is {value:{form}}, and the {self.text(name, 'seeds')} of the ledger "
                    f"allow {low:{form}} to {high:{form}}"
                )

    def rerun(self, seed: int = 0) -> dict[str, float]:
        """Measure all numbers again with one seed, and return them by name; raises Drift when one does not agree."""
        trial, done, values = load_experiment(self.experiment).trial, {}, {}
        for name, number in self.numbers.items():
            key = tuple(sorted(number.settings.items()))
            if key not in done:
                done[key] = trial(**number.settings, seed=seed)
            values[name] = done[key][number.value]
        self.agrees(**values)
        return values

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
