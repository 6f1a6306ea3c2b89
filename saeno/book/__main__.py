"""`python -m saeno.book [NAME ...]`: measure, and store the results. A run that was stopped goes on.

With `--arithmetic` what is measured is how much the numbers of claims move, with one seed, when the processor computes
in another way: how far a number may lie from the stored one when it is measured again. With `--replicate` other seeds
are measured, and it is said which claims hold with them; the exit status is 1 when one does not. With `--stale` nothing
is measured, and the experiments are named whose code is another one than that which made their results.
"""

import argparse
import sys

from saeno.book.chapters import experiments, load_experiment
from saeno.book.claims import ledger
from saeno.book.record import fresh, load, measure, measure_arithmetic
from saeno.book.replication import AWAY, replicate


def main(arguments: list[str] | None = None) -> int:
    """Measure the experiments named, or all; exit status 1 when a claim does not hold with other seeds."""
    parser = argparse.ArgumentParser(prog="python -m saeno.book", description="Measure the book's numbers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(experiments())} (default: all)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--arithmetic", action="store_true", help="how far numbers move with the processor's arithmetic")
    what.add_argument(
        "--replicate",
        type=int,
        nargs="?",
        const=AWAY,
        metavar="AWAY",
        help=f"which claims hold with other seeds: those of the ledger plus AWAY (default: {AWAY})",
    )
    what.add_argument("--stale", action="store_true", help="name the results that were made by other code")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in experiments()]
    if unknown:
        parser.error(f"no experiment {unknown[0]!r}: there are {', '.join(experiments())}")
    failed = 0
    for name in options.names or experiments():
        if options.stale:
            print("" if fresh(name) else f"{name}\n", end="", flush=True)
            continue
        print(f"{name}:", flush=True)
        module = load_experiment(name)
        if options.arithmetic:
            cells = {tuple(n.settings.items()): dict(n.settings) for n in _numbers(name)}
            measure_arithmetic(name, module.trial, cells.values(), load(name)["measured"][0]["seeds"][0])
        elif options.replicate is not None:
            for found in replicate(name, options.replicate):
                print(found, flush=True)
                failed = 1 if found.broken else failed
        else:
            measure(name, module.trial, **module.AXES)
    return failed


def _numbers(experiment: str) -> list:
    return [n for claim in ledger().values() if claim.experiment == experiment for n in claim.numbers.values()]


if __name__ == "__main__":
    sys.exit(main())
