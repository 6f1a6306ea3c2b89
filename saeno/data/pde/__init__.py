"""Pairs of functions that a partial differential equation connects, to train neural operators on.

`burgers`, `navier_stokes`, `darcy`, and `heat` and `advection`, which are exact; `solve_…` takes functions of your own.
"""

from saeno.data.pde.burgers import burgers, solve_burgers
from saeno.data.pde.chunks import Pairs
from saeno.data.pde.darcy import darcy, solve_darcy
from saeno.data.pde.exact import advection, heat, solve_advection, solve_heat
from saeno.data.pde.navier_stokes import navier_stokes, solve_navier_stokes
from saeno.data.pde.random import RandomFunctions

__all__ = [
    "Pairs",
    "RandomFunctions",
    "advection",
    "burgers",
    "darcy",
    "heat",
    "navier_stokes",
    "solve_advection",
    "solve_burgers",
    "solve_darcy",
    "solve_heat",
    "solve_navier_stokes",
]
