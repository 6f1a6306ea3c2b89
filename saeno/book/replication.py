"""Does a claim hold with seeds that nobody has looked at? `python -m saeno.book NAME --replicate` asks.

Whoever writes the bounds of a claim has seen its seeds. As many others, with nothing else changed, are fair judges.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from saeno.book import record
from saeno.book.chapters import load_experiment
from saeno.book.claims import Claim, ledger
from saeno.book.runner import Setting, run_cells
from saeno.checks import whole

AWAY = 1000  # from the seeds of the ledger


class Replicated(NamedTuple):
    """A claim measured with other seeds."""

    claim: Claim
    values: dict[str, list[float]]
    """Of each number, in the order of the seeds of the ledger."""

    @property
    def broken(self) -> list[str]:
        """What does not hold, each in words."""
        return self.claim.broken(self.values)

    def __str__(self) -> str:
        """Whether it holds, what does not, and each difference beside that of the ledger."""
        lines = [f"{self.claim.id} {'does not hold' if self.broken else 'holds'}", *self.broken]
        for name, pair in self.claim.differences.items():
            mean, low, high, _ = self.claim.difference(name, self.values)
            new = f"{mean:{pair.form}}, {low:{pair.form}} to {high:{pair.form}}"
            lines.append(f"{name} {new}; in the ledger {self.claim.text(name, 'spread')}")
        return "\n    ".join(lines)


def replicate(name: str, away: int = AWAY) -> list[Replicated]:
    """Measure the numbers of an experiment's claims with the seeds of the ledger plus `away`; nothing is stored of it.

    Finished trials are kept in the build folder, so one that was stopped goes on. Networks that the book ships have to
    be trained with the new seeds first, by `store` of their laboratory. Raises ValueError for an `away` below 1.
    """
    whole(away, "away")
    claims, trial = [one for one in ledger().values() if one.experiment == name], load_experiment(name).trial
    cells: dict[tuple, dict[str, Setting]] = {}
    for one in claims:
        for number, what in one.numbers.items():
            for seed in one.stored(number).seeds:
                cells[_key(what.settings, seed)] = {**what.settings, "seed": seed + away}
    folder = record.CELLS / name / record.fingerprint(Path(inspect.getsourcefile(inspect.unwrap(trial))))
    rows = dict(zip(cells, run_cells(trial, folder, list(cells.values())), strict=True))
    return [
        Replicated(
            one,
            {
                number: [rows[_key(what.settings, seed)].result[what.value] for seed in one.stored(number).seeds]
                for number, what in one.numbers.items()
            },
        )
        for one in claims
    ]


def _key(settings: Mapping[str, Setting], seed: int) -> tuple:
    return (*sorted(settings.items()), seed)
