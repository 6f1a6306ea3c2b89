"""Data: sparse signals whose truth is known (`SparseModel`, `families`) and real recordings that need no
network (`signals`).
"""

from saeno.data import families, signals
from saeno.data.families import FunctionAtoms
from saeno.data.sparse import Impulses, Sample, SparseModel

__all__ = ["FunctionAtoms", "Impulses", "Sample", "SparseModel", "families", "signals"]
