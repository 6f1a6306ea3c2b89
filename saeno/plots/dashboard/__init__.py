"""A trained model as one file that a browser opens from disk: its concepts, some inputs, what steering does."""

from saeno.plots.dashboard.main import Atlas, atlas, dashboard

__all__ = ["Atlas", "atlas", "dashboard"]
