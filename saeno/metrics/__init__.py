"""How well atoms and codes were recovered, in numbers that mean the same on every grid.

Atoms are recovered at best up to order, sign and, for functions, a circular shift: `match_atoms` finds all
three, and the scores of codes take them from its `Match`. Where codes are positive no sign is free: `signed=False`. An
entry of a code is *active* when it is not zero.
"""

from saeno.metrics.atoms import Cosines, Match, MeanMaxCosine, cosines, match_atoms, mcc, mean_max_cosine
from saeno.metrics.codes import CodeComparison, code_error, compare_codes, dead_atoms, fvu, l0, support_f1
from saeno.metrics.crowding import babel, coherence

__all__ = [
    "CodeComparison",
    "Cosines",
    "Match",
    "MeanMaxCosine",
    "babel",
    "code_error",
    "coherence",
    "compare_codes",
    "cosines",
    "dead_atoms",
    "fvu",
    "l0",
    "match_atoms",
    "mcc",
    "mean_max_cosine",
    "support_f1",
]
