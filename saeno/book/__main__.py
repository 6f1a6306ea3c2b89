"""`python -m saeno.book [NAME ...]`: measure, and store the results. A run that was stopped goes on."""

import argparse

from saeno.book.chapters import experiments, load_experiment
from saeno.book.record import measure


def main(arguments: list[str] | None = None) -> None:
    """Measure the experiments named, or all."""
    parser = argparse.ArgumentParser(prog="python -m saeno.book", description="Measure the book's numbers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(experiments())} (default: all)")
    names = parser.parse_args(arguments).names
    unknown = [name for name in names if name not in experiments()]
    if unknown:
        parser.error(f"no experiment {unknown[0]!r}: there are {', '.join(experiments())}")
    for name in names or experiments():
        print(f"{name}:", flush=True)
        module = load_experiment(name)
        measure(name, module.trial, **module.AXES)


if __name__ == "__main__":
    main()
