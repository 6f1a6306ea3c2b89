"""Training: one loop for every model, which can be killed and resumed to the same bits."""

from saeno.training.fit import fit
from saeno.training.history import History, Metric, TrainingError
from saeno.training.schedule import rate

__all__ = ["History", "Metric", "TrainingError", "fit", "rate"]
