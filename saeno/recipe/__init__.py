"""Training from a file: what `python -m saeno config.json` does."""

from saeno.recipe.config import EXAMPLE, Recipe, read
from saeno.recipe.run import train
from saeno.recipe.sources import signals

__all__ = ["EXAMPLE", "Recipe", "read", "signals", "train"]
