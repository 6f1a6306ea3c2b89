"""How well atoms and codes were recovered, in numbers that mean the same on every grid.

Atoms are recovered at best up to order, sign and, for functions, a circular shift: `match_atoms` finds all
three, and the scores of codes take them from its `Match`. Where codes are positive no sign is free: `signed=False`. An
entry of a code is *active* when it is not zero.

Representations of the same inputs, whatever their features, are compared by `linear_cka` and `mutual_neighbours`, which
mean little without what they are by chance: `permuted_cka`, `permuted_neighbours`.
"""

from saeno.metrics.atoms import Cosines, Match, MeanMaxCosine, cosines, match_atoms, mcc, mean_max_cosine
from saeno.metrics.codes import CodeComparison, code_error, compare_codes, dead_atoms, fvu, l0, support_f1
from saeno.metrics.crowding import babel, coherence
from saeno.metrics.equivariance import equivariance_error
from saeno.metrics.mixing import effective_rank, interference
from saeno.metrics.similarity import Permuted, linear_cka, mutual_neighbours, permuted_cka, permuted_neighbours

__all__ = [
    "CodeComparison",
    "Cosines",
    "Match",
    "MeanMaxCosine",
    "Permuted",
    "babel",
    "code_error",
    "coherence",
    "compare_codes",
    "cosines",
    "dead_atoms",
    "effective_rank",
    "equivariance_error",
    "fvu",
    "interference",
    "l0",
    "linear_cka",
    "match_atoms",
    "mcc",
    "mean_max_cosine",
    "mutual_neighbours",
    "permuted_cka",
    "permuted_neighbours",
    "support_f1",
]
