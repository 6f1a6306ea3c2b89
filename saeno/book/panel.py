"""The panel under the name that notebooks import: `saeno.plots.panel`."""

from saeno.plots.panel import Panel, panel

__all__ = ["Panel", "panel"]
