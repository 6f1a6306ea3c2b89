"""How codes use their atoms together: on how many directions, and how far one atom's part is in another's way."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import expect, instance, tensor
from saeno.dictionaries.base import Dictionary
from saeno.grids import count_nodes
from saeno.metrics.atoms import Atoms
from saeno.units import common_unit

_CODE = "(batch, concepts, *grid)"


@torch.no_grad()
def effective_rank(code: Tensor) -> float:
    r"""On how many directions a code spreads: $e^{H}$, $H = -\sum_i p_i \log p_i$, $p_i = \sigma_i / \sum_j \sigma_j$.

    $\sigma_i$ are the singular values of the matrix with a column for each concept and a row for each signal and node.
    It lies between 1, where all concepts are in proportion, and the rank; with r equal singular values it is r. Means
    are not taken out.

    `code`: `(batch, concepts, *grid)`, finite. Raises ValueError for a code that is empty or zero. Source: O. Roy and
    M. Vetterli, *The effective rank: a measure of effective dimensionality*, EUSIPCO 2007, pages 606–610.
    """
    code = tensor(code, "code", _CODE)
    rows = (code / common_unit(code)).double().transpose(0, 1).flatten(1)
    values = torch.linalg.svdvals(rows)
    expect(bool(values.sum() > 0), "code is zero: should have an active entry, since zero has no rank")
    share = values / values.sum()
    return torch.special.entr(share).sum().exp().item()


@torch.no_grad()
def interference(atoms: Atoms, code: Tensor) -> Tensor:
    r"""What each two atoms have in common in the signals: $I_{ij} = \mathbb{E}\, \langle D_i z_i,\, D_j z_j \rangle$.

    $D_i z_i$ is the part of a signal that atom i makes. For vectors this is $\langle d_i, d_j\rangle\,
    \mathbb{E}[z_i z_j]$: it takes atoms that overlap *and* codes that go together. The diagonal has the energies of the
    parts, and the sum of all entries is the energy of the whole,

    $$ \sum_{i,j} I_{ij} = \mathbb{E}\, \|D z\|^2 . $$

    Args:
        atoms: a dictionary, or atoms `(concepts, channels, *grid)`.
        code: `(batch, concepts, *grid)`, finite; functions on the grid of the atoms, where these are a tensor.

    Returns `(concepts, concepts)` in float64, the mean over the batch. Raises ValueError when they do not fit, or there
    is no code. Source: our derivation.
    """
    code = tensor(code, "code", _CODE)
    if isinstance(atoms, Tensor):
        atoms = tensor(atoms, "atoms", "(concepts, channels, *grid)")
        if (len(atoms), *atoms.shape[2:]) != tuple(code.shape[1:]):
            raise ValueError(f"atoms have shape {tuple(atoms.shape)}: should fit code, which has {tuple(code.shape)}")
    else:
        such_as = "DenseDictionary(64, 128), or a tensor (concepts, channels, *grid)"
        atoms = instance(atoms, Dictionary, "atoms", such_as)
        if code.shape[1] != atoms.concepts:
            raise ValueError(f"atoms has {atoms.concepts} concepts: should have those of code, {code.shape[1]}")
        atoms = atoms.atoms(atoms.check_code(code))
    axes, nodes = tuple(range(2, code.dim())), count_nodes(code.shape[2:])
    parts = [value.detach().double() for value in (atoms, code)]
    if axes:  # a convolution multiplies coefficients, and frequencies are orthogonal
        parts = [torch.fft.fftn(part, dim=axes, norm="forward") for part in parts]
    atoms, code = (part.reshape(*part.shape[:2], nodes) for part in parts)
    together = torch.einsum("biw,bjw->ijw", code, code.conj()) / len(code)
    overlap = torch.einsum("idw,jdw->ijw", atoms, atoms.conj())
    return (overlap * together).sum(-1).real.clone()
