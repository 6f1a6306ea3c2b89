"""Lifting and projection: linear maps of the channels, node by node or frequency by frequency."""

from saeno.lifting.base import Lift
from saeno.lifting.pointwise import Lifting
from saeno.lifting.spectral import SpectralLifting

__all__ = ["Lift", "Lifting", "SpectralLifting"]
