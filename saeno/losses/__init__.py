"""What training makes small: functions of a model and a batch of signals `(batch, channels, *grid)`."""

from saeno.losses.auxiliary import AuxK
from saeno.losses.base import Loss, l0, l1, misfit, objective, squared_error
from saeno.losses.identity import identity
from saeno.losses.nested import matryoshka

__all__ = ["AuxK", "Loss", "identity", "l0", "l1", "matryoshka", "misfit", "objective", "squared_error"]
