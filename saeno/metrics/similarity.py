"""How alike two representations of the same inputs are, beside what inputs at random would give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from saeno.checks import tensor, whole
from saeno.seeds import generator
from saeno.units import common_unit

Representations = Tensor | Sequence[Tensor]
_FORM = "(inputs, features, *grid)"


@torch.no_grad()
def linear_cka(a: Tensor, b: Tensor) -> float:
    r"""Linear CKA: how alike the inner products are that two representations give to pairs of inputs.

    $$ \mathrm{CKA}(a, b) = \frac{\langle C K C,\; C M C \rangle_F}{\|C K C\|_F\, \|C M C\|_F}, \qquad
    K_{ij} = \langle a_i, a_j \rangle, \quad M_{ij} = \langle b_i, b_j \rangle, \quad
    C_{ij} = \delta_{ij} - \tfrac1n . $$

    It is from 0 to 1, and no rotation, shift of origin or scale of a or b changes it. With few inputs and many features
    it is large for *any* two representations: see `permuted_cka`.

    Args:
        a, b: `(inputs, features, *grid)`, of the same inputs, n ≥ 2. A function counts as one point, its inner products
            are means over its own grid: so the two may have other features, and other grids.

    Raises ValueError when the inputs are not as many, or a representation is the same for all. Source: Kornblith et
    al., arXiv:1905.00414.
    """
    return _agreement(*_pair(a, b, _centred))


@torch.no_grad()
def mutual_neighbours(a: Tensor, b: Tensor, k: int = 10) -> float:
    r"""Share of the k nearest neighbours of an input that two representations agree on, as a mean over the inputs.

    $$ \frac1{nk} \sum_{i=1}^n \bigl| \mathcal N^a_k(i) \cap \mathcal N^b_k(i) \bigr| . $$

    Neighbours are those of least distance, a function being one point; an input is none of its own. By chance it is
    k/(n − 1).

    Args:
        a, b: `(inputs, features, *grid)`, of the same inputs; features and grid may differ.
        k: how many neighbours, less than the inputs.

    Raises ValueError when the inputs are not as many, or a representation is the same for all. Source: Huh et al.,
    arXiv:2405.07987.
    """
    return _agreement(*_pair(a, b, partial(_neighbours, k=whole(k, "k"))))


class Permuted(NamedTuple):
    """A score beside the scores of the same representations with the inputs of one of them in random order."""

    score: float
    """That of the representations as given; of several pairs the largest."""
    chance: float
    """Mean of the scores in random order …"""
    deviation: float
    """… and their standard deviation."""
    excess: float
    """(score − chance) / (1 − chance): 0 by chance, 1 for the largest score there is."""
    p: float
    """(1 + how many in random order are as large) / (1 + permutations)."""


def permuted_cka(a: Representations, b: Representations, permutations: int = 200, seed: int = 0) -> Permuted:
    r"""`linear_cka`, and what it is by chance: with the inputs of a in random order.

    A permutation π keeps all that each representation is by itself, its size, rank and clusters, and breaks what ties
    one to the other:

    $$ p = \frac{1 + \#\{\pi : s(a_\pi, b) \ge s(a, b)\}}{1 + \text{permutations}} . $$

    Inputs are permuted as wholes, and not the nodes of a grid. Nodes of one function are alike by themselves, so that
    any smooth representation would pass.

    Args:
        a, b: as in `linear_cka`; or lists of them, such as the layers of two networks. Then the score is the largest of
            all pairs. So is that of each order, which all layers share: the best of many pairs is large by chance, too.
        permutations: how many random orders.
        seed: of the orders.

    Raises ValueError as `linear_cka` does. Sources: (1 + …) in p, which keeps it valid, doi:10.2202/1544-6115.1585;
    calibration of similarities, arXiv:2602.14486.
    """
    return _permuted(a, b, _centred, permutations, seed)


def permuted_neighbours(
    a: Representations, b: Representations, k: int = 10, permutations: int = 200, seed: int = 0
) -> Permuted:
    """`mutual_neighbours`, and what it is by chance. Arguments and sources as in `permuted_cka`."""
    return _permuted(a, b, partial(_neighbours, k=whole(k, "k")), permutations, seed)


# Both scores are the inner product of two tables of pairs of inputs, each of norm 1; an order of the inputs permutes
# the rows and the columns of one of them.
_Table = Callable[[Tensor, str], Tensor]


@torch.no_grad()
def _permuted(a: Representations, b: Representations, table: _Table, permutations: int, seed: int) -> Permuted:
    permutations, random = whole(permutations, "permutations"), generator(seed)
    ours, theirs = _tables(a, "a", table), _tables(b, "b", table)
    for other in (*ours, *theirs):
        _same_inputs(ours[0], other)
    score = max(_agreement(one, other) for one in ours for other in theirs)
    by_chance = []
    for _ in range(permutations):
        order = torch.randperm(len(ours[0]), generator=random).to(ours[0].device)
        mixed = [one[order][:, order] for one in ours]
        by_chance.append(max(_agreement(one, other) for one in mixed for other in theirs))
    found = torch.tensor(by_chance, dtype=torch.double)
    # Where chance is all there is, nothing is left to exceed it.
    chance = min(found.mean().item(), 1.0)
    excess = (score - chance) / (1 - chance) if chance < 1 else 0.0
    as_large = sum(value >= score - 1e-12 for value in by_chance)  # an order that changes nothing has the score itself
    return Permuted(score, chance, found.std(correction=0).item(), excess, (1 + as_large) / (1 + permutations))


def _tables(value: Representations, name: str, table: _Table) -> list[Tensor]:
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError(f"{name} is empty: should have at least one representation {_FORM}")
        return [table(one, f"{name}[{i}]") for i, one in enumerate(value)]
    return [table(value, name)]


def _pair(a: Tensor, b: Tensor, table: _Table) -> tuple[Tensor, Tensor]:
    ours, theirs = table(a, "a"), table(b, "b")
    _same_inputs(ours, theirs)
    return ours, theirs


def _same_inputs(one: Tensor, other: Tensor) -> None:
    if len(one) != len(other):
        raise ValueError(f"a and b have {len(one)} and {len(other)} inputs: should be the same inputs, one for one")


def _agreement(one: Tensor, other: Tensor) -> float:
    return min((one * other.to(one.device)).sum().item(), 1.0)


def _gram(value: Tensor, name: str) -> Tensor:
    """Inner products of the inputs about their mean, in float64."""
    value = tensor(value, name, _FORM)
    if len(value) < 2:
        raise ValueError(f"{name} has 1 input: should have two at least")
    flat = (value / common_unit(value)).flatten(1).double()
    flat = flat - flat.mean(0)
    if not flat.square().sum() > 1e-24 * flat.numel():
        raise ValueError(f"{name} is the same for all inputs: should vary")
    return flat @ flat.T


def _centred(value: Tensor, name: str) -> Tensor:
    gram = _gram(value, name)
    return gram / gram.norm()


def _neighbours(value: Tensor, name: str, k: int) -> Tensor:
    gram = _gram(value, name)
    if k >= len(gram):
        raise ValueError(f"k = {k}: should be less than the {len(gram)} inputs of {name}")
    own = gram.diagonal()
    distance = (own[:, None] + own - 2 * gram).fill_diagonal_(torch.inf)
    near = torch.zeros_like(gram).scatter_(1, distance.topk(k, largest=False).indices, 1.0)
    return near / near.norm()
