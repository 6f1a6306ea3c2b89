"""The explorer under the name that notebooks import: `saeno.plots.explorer`."""

from saeno.plots.explorer import Explorer, explorer

__all__ = ["Explorer", "explorer"]
