"""How crowded a dictionary is: whether its atoms can be told apart at all, and many of them at once."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from saeno.checks import real, whole
from saeno.grids import Grid
from saeno.metrics.atoms import Atoms, correlations, pair


@torch.no_grad()
def coherence(atoms: Atoms, grid: Grid | None = None, own_beyond: float | None = None) -> float:
    r"""Largest |cosine| of two distinct atoms over all shifts: $\max_{i \ne j, \tau} |\cos(D_i, D_j(\cdot - \tau))|$.

    Args:
        atoms: a dictionary, or atoms `(concepts, channels, *grid)`.
        grid: nodes on which functions are compared; needed for a dictionary of functions.
        own_beyond: if given, an atom also counts against its own shifts by more than this distance on the torus
            (the largest of the axes). A distance, not a number of nodes: the neighbouring node of a fine grid
            has cosine near 1 and says nothing.

    Raises ValueError when there are no two to compare. Memory is that of the atoms, not of all pairs. Source: mutual
    coherence, doi:10.1109/18.959265.
    """
    largest = max(cosine.max().item() for cosine in _others(atoms, grid, own_beyond))
    if largest < 0:
        raise ValueError("atoms has 1 concept: coherence needs two, or shifts by more than own_beyond")
    return largest


@torch.no_grad()
def babel(atoms: Atoms, k: int, grid: Grid | None = None, own_beyond: float | None = None) -> float:
    r"""The Babel function: how much, at most, k other atoms can together look like one.

    $$ \mu_1(k) = \max_{i} \; \max_{|\Lambda| = k,\; i \notin \Lambda} \; \sum_{j \in \Lambda} |\cos(D_i, D_j)| . $$

    It is the coherence μ for k = 1, and at most k μ. How far it stays below says whether atoms that look alike come in
    pairs or in crowds. Of functions every shift counts as an atom, as it does in a code: on a fine grid the
    neighbours of the best shift count too.

    Args:
        atoms: a dictionary, or atoms `(concepts, channels, *grid)`.
        k: how many others, ≥ 1.
        grid: nodes on which functions are compared; needed for a dictionary of functions.
        own_beyond: as in `coherence`; with 0 it is the Babel function of the dictionary of all shifts on that grid.

    Raises ValueError when there are fewer than k others. Source: Tropp, doi:10.1109/TIT.2004.834793.
    """
    k, largest = whole(k, "k"), 0.0
    for cosine in _others(atoms, grid, own_beyond):
        others = cosine[cosine >= 0]
        if k > len(others):
            raise ValueError(f"k = {k}: should be at most the {len(others)} others that an atom has")
        largest = max(largest, others.topk(k).values.double().sum().item())
    return largest


def _others(atoms: Atoms, grid: Grid | None, own_beyond: float | None) -> Iterator[Tensor]:
    """For each atom the |cosines| with all others, flat; −1 stands where an atom would meet itself."""
    own_beyond = None if own_beyond is None else real(own_beyond, "own_beyond")
    atoms, _ = pair(atoms, atoms, grid, ("atoms", "atoms"))
    far = atoms.new_ones(()).bool()
    for axis, n in enumerate(atoms.shape[2:]):
        ahead = torch.arange(n, device=atoms.device)
        distance = torch.minimum(ahead, n - ahead) / n
        here = distance > (own_beyond or 0.0)
        far = here if axis == 0 else far.unsqueeze(-1) | here
    for i, cosine in enumerate(correlations(atoms, atoms)):
        cosine = cosine.abs().clamp(max=1)
        cosine[i] = torch.where(far, cosine[i], -1.0) if own_beyond is not None and far.dim() else -1.0
        yield cosine.flatten()
