"""From a signal to its code, for any dictionary: encoders, and solvers with a certificate."""

from saeno.inference.admm import admm
from saeno.inference.base import Encoding, Inference
from saeno.inference.lasso import Solution, fista, ista
from saeno.inference.least_squares import debias, omp
from saeno.inference.matching_pursuit import MatchingPursuit
from saeno.inference.on_grid import OnGrid
from saeno.inference.one_step import OneStep
from saeno.inference.unrolled import Unrolled

__all__ = [
    "Encoding",
    "Inference",
    "MatchingPursuit",
    "OnGrid",
    "OneStep",
    "Solution",
    "Unrolled",
    "admm",
    "debias",
    "fista",
    "ista",
    "omp",
]
