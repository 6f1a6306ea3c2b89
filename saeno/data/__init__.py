"""Data: sparse signals whose truth is known (`SparseModel`; `lines`, `families` and other dictionaries) and real
recordings that need no network (`signals`). `pde` has pairs of functions that a differential equation connects.
"""

from saeno.data import families, pde, signals
from saeno.data.centre import geometric_median, mean, scale
from saeno.data.ends import mirrored
from saeno.data.frames import equiangular, simplex, spikes_and_waves
from saeno.data.frequencies import FrequencyModel
from saeno.data.lines import lines
from saeno.data.sparse import Impulses, Sample, SparseModel
from saeno.dictionaries.functions import FunctionAtoms

__all__ = [
    "FrequencyModel",
    "FunctionAtoms",
    "Impulses",
    "Sample",
    "SparseModel",
    "equiangular",
    "families",
    "geometric_median",
    "lines",
    "mean",
    "mirrored",
    "pde",
    "scale",
    "signals",
    "simplex",
    "spikes_and_waves",
]
