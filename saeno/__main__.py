"""`python -m saeno config.json`: train from a file."""

from __future__ import annotations

import argparse
import json
import sys

from saeno import recipe
from saeno.advice import advise
from saeno.training import TrainingError

TEXT = """Train a sparse autoencoder as a file of JSON says, and leave a folder: model.safetensors, config.json with the
whole recipe, history.csv and a card. An interrupted run goes on when the same command is given again."""


def main(arguments: list[str] | None = None) -> int:
    """What the command line does: its exit status."""
    parser = argparse.ArgumentParser(prog="python -m saeno", description=TEXT)
    parser.add_argument("config", nargs="?", help="a file of JSON; --example shows one")
    parser.add_argument("--out", metavar="FOLDER", help="where the run goes; by default beside CONFIG, as CONFIG-run")
    parser.add_argument("--example", action="store_true", help="print a configuration to begin with")
    parser.add_argument(
        "--advise", metavar="X.npy", help="say what fits these signals, and print a configuration for them"
    )
    parser.add_argument("--quiet", action="store_true", help="show no bar")
    asked = parser.parse_args(arguments)
    if [asked.example, asked.config is not None, asked.advise is not None].count(True) != 1:
        parser.error("give a configuration, --example or --advise X.npy")
    if asked.example:
        print(json.dumps(recipe.EXAMPLE, indent=2))
        return 0
    try:
        if asked.advise is not None:
            found = advise(recipe.signals(asked.advise))
            print(found, file=sys.stderr)
            print(json.dumps(found.config(asked.advise), indent=2))
            return 0
        folder = recipe.train(asked.config, asked.out, progress=not asked.quiet)
    except KeyboardInterrupt as error:
        print(f"\n{error or 'interrupted'}; the same command goes on from there", file=sys.stderr)
        return 130
    except (ValueError, TypeError, OSError, ImportError, TrainingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f'{folder}: SparseAutoencoder.from_pretrained("{folder}")')
    return 0


if __name__ == "__main__":
    sys.exit(main())
