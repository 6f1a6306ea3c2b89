"""Pairs from differential equations, in seconds of one processor, and Darcy against SciPy as it comes: `make bench`.

Nothing here passes or fails by a time. We want 1,000 pairs of Burgers in at most 30 s, of Darcy in 60 s and of
Navier–Stokes in 90 s.
"""

import time

import pytest
import torch
from scipy.sparse import diags_array, eye_array, kron
from scipy.sparse.linalg import spsolve

from saeno.data import pde
from tests.benchmarks.bench_package import ratio

EQUATIONS = {
    "Burgers, 128 nodes": (pde.burgers, {"nodes": 128}),
    "Darcy, log-normal, 64 × 64": (pde.darcy, {"nodes": 64}),
    "Darcy, two levels, 64 × 64": (pde.darcy, {"nodes": 64, "levels": (3, 12)}),
    "Navier–Stokes, T = 1, 64 × 64": (pde.navier_stokes, {"nodes": 64}),
}


@pytest.mark.parametrize("name", EQUATIONS)
def bench_a_thousand_pairs(name):
    """A tenth, times ten, after a chunk to warm up. Process time, since others use the machine; it counts threads."""
    make, settings = EQUATIONS[name]
    make(20, **settings, seed=1, progress=False)
    start = time.process_time()
    make(100, **settings, progress=False)
    print(f"\n{name}: {10 * (time.process_time() - start):.1f} s for 1,000")


def bench_darcy_against_scipy_as_it_comes():
    """Poisson's equation on 64 × 64 nodes: assembled each time here, once there; `spsolve` with its own ordering."""
    n = 64
    line = n**2 * diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(n - 1, n - 1))
    matrix = (kron(line, eye_array(n - 1)) + kron(eye_array(n - 1), line)).tocsc()
    medium, source = torch.ones(1, 1, n, n, dtype=torch.double), torch.ones((n - 1) ** 2).double()

    def ours():
        return pde.solve_darcy(medium)

    def theirs():
        return torch.from_numpy(spsolve(matrix, source.numpy()))

    torch.testing.assert_close(ours()[0, 0, 1:, 1:].flatten(), theirs())
    ratio("Darcy, ours : spsolve", ours, theirs)
