"""How well atoms were recovered: up to order, sign and, for functions, a circular shift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from saeno.checks import flag, instance, real, tensor
from saeno.dictionaries.base import Dictionary
from saeno.grids import Grid, as_grid
from saeno.units import unit

Atoms = Dictionary | Tensor
_FORM = "(concepts, channels, *grid)"
_BLOCK = 2**24  # cosines held at a time


@dataclass(frozen=True, eq=False)
class Match:
    r"""Which learned atom stands for which true one: $D_i(u) \approx s_i\, \hat D_{j(i)}(u - \tau_i)$.

    Then $z_i(v) = s_i\, \hat z_{j(i)}(v + \tau_i)$ has the same synthesis as $\hat z$: that is `align`. Shifts
    are in units of the torus, not in nodes, so that atoms matched on one grid align codes on another. A true
    atom left without a partner (fewer learned atoms than true ones) has index −1 and cosine 0.
    """

    index: Tensor
    """(true,) j(i): the learned atom matched to true atom i, or −1."""
    cosine: Tensor
    """(true,) |cosine| of the two at the best shift; without a sign the cosine, or 0 where it is negative."""
    shift: Tensor
    """(true, axes) τ, in [−½, ½): by how much the learned atom is moved to lie on the true one."""
    sign: Tensor
    """(true,) s: +1 or −1; without a sign all +1."""

    def recovered(self, at: float = 0.95) -> float:
        """Fraction of true atoms whose `cosine` is above `at`."""
        at = real(at, "at")
        return (self.cosine > at).double().mean().item()

    def align(self, code: Tensor) -> Tensor:
        """A learned code in the true dictionary's order, sign and position.

        From `(batch, learned, *grid)` to `(batch, true, *grid)`. A shift is rounded to whole nodes of the code's
        grid. Concepts of unmatched true atoms are zero.
        """
        code, axes = self._checked(code), self.shift.shape[1]
        sign = (self.sign * (self.index >= 0)).to(code).view(-1, *[1] * axes)
        aligned = code[:, self.index.clamp(min=0).to(code.device)] * sign
        if axes == 0:
            return aligned
        nodes = torch.tensor(code.shape[2:], device=self.shift.device)
        moves = (-self.shift * nodes).round().int().tolist()
        grid_axes = tuple(range(1, 1 + axes))
        return torch.stack([aligned[:, i].roll(move, grid_axes) for i, move in enumerate(moves)], 1)

    def unmatched(self, code: Tensor) -> Tensor:
        """The part of a learned code whose atoms stand for no true one.

        From `(batch, learned, *grid)` to `(batch, learned − matched, *grid)`.
        """
        code = self._checked(code)
        rest = torch.ones(code.shape[1], dtype=torch.bool, device=code.device)
        rest[self.index[self.index >= 0].to(code.device)] = False
        return code[:, rest]

    def _checked(self, code: Tensor) -> Tensor:
        axes, least = self.shift.shape[1], int(self.index.max()) + 1
        code = tensor(code, "code", f"(batch, concepts, a grid of {axes} axes)", (2 + axes, 2 + axes), finite=False)
        if code.shape[1] < least:
            raise ValueError(f"code has shape {tuple(code.shape)}: should have at least {least} concepts")
        return code


@torch.no_grad()
def match_atoms(learned: Atoms, true: Atoms, grid: Grid | None = None, signed: bool = True) -> Match:
    r"""Assign learned to true atoms, one to one, by the largest sum of scores, each at its best sign and shift.

    $$ j = \arg\max_{j \text{ one-to-one}} \sum_i \max_{s, \tau}
    \frac{\langle D_i, s\, \hat D_{j(i)}(\cdot - \tau)\rangle}{\|D_i\|\,\|\hat D_{j(i)}\|} . $$

    The sign s is +1 or −1 where codes may have either sign, and so the score is the largest |cosine|. Where codes are
    positive s is no choice: with `signed=False` it is +1, and a cosine that is negative at all shifts counts as 0, as
    for an atom that was not found. This matters as soon as codes are aligned. A wave under a bump is nearly minus
    itself when it is moved by half a period; the largest |cosine| may be that of the turned copy, and the codes of
    such a match are negative, and half a period away from the true ones.

    Args:
        learned, true: dictionaries, or atoms `(concepts, channels, *grid)`; they may differ in number.
        grid: nodes on which functions are compared. Needed when neither is a tensor. Shifts are whole nodes of
            it, so a learned function that lies between two nodes scores below 1: compare on a grid finer than
            the atoms' details.
        signed: whether a sign is free: False when masses are positive, in the encoder and in the truth.

    An atom of norm 0 has cosine 0 with all. Raises ValueError when the two cannot be compared or are not finite.
    Source: the assignment problem, doi:10.1002/nav.3800020109, solved by SciPy.
    """
    from scipy.optimize import linear_sum_assignment

    signed = flag(signed, "signed")
    learned, true = pair(learned, true, grid)
    nodes = torch.tensor(true.shape[2:], dtype=torch.long, device=true.device)
    cosine, place = _cosines(learned, true, signed)
    score = _score(cosine, signed)
    rows, columns = (torch.as_tensor(a, device=true.device) for a in linear_sum_assignment(score.cpu(), maximize=True))

    index = torch.full((len(true),), -1, device=true.device)
    index[rows] = columns
    best = score.new_zeros(len(true))
    best[rows] = score[rows, columns]
    sign = torch.ones_like(best)
    if signed:
        sign[rows] = torch.where(cosine[rows, columns] < 0, -1.0, 1.0).to(sign)
    shift = cosine.new_zeros(len(true), len(nodes))
    if len(nodes):
        offsets = torch.stack(torch.unravel_index(place[rows, columns], tuple(true.shape[2:])), 1)
        shift[rows] = ((offsets + nodes // 2) % nodes - nodes // 2).to(shift) / nodes
    return Match(index, best, shift, sign)


class Cosines(NamedTuple):
    """Cosines of all pairs of a true and a learned atom, each `(true, learned)`."""

    value: Tensor
    """The cosine of largest size over shifts, with its sign; without a free sign the largest, which may be negative."""
    place: Tensor
    """That shift, as a flat node of the grid."""


@torch.no_grad()
def cosines(learned: Atoms, true: Atoms, grid: Grid | None = None, signed: bool = True) -> Cosines:
    """Cosines of all pairs of atoms, functions at their best shift. Arguments as in `match_atoms`."""
    signed = flag(signed, "signed")
    return _cosines(*pair(learned, true, grid), signed)


def _cosines(learned: Tensor, true: Tensor, signed: bool) -> Cosines:
    values, places = zip(*_best_rows(learned, true, signed), strict=True)
    return Cosines(torch.stack(values), torch.stack(places))


def _best_rows(learned: Tensor, true: Tensor, signed: bool) -> Iterator[tuple[Tensor, Tensor]]:
    """For each true atom its cosines, at the node where they are largest in size or, without a free sign, largest."""
    for cosine in correlations(learned, true):
        flat = cosine.reshape(len(learned), -1)
        place = (flat.abs() if signed else flat).argmax(1, keepdim=True)
        yield flat.gather(1, place)[:, 0], place[:, 0]


def _score(cosine: Tensor, signed: bool) -> Tensor:
    """How well one atom stands for another, from 0 to 1."""
    return (cosine.abs() if signed else cosine).clamp(0, 1)


class MeanMaxCosine(NamedTuple):
    """Mean over the atoms of one set of their best score with the other set."""

    true_to_learned: float
    """Are the true atoms found? Low when some are missing."""
    learned_to_true: float
    """Are the learned atoms true? Low when some are invented, split or mixed."""


@torch.no_grad()
def mean_max_cosine(learned: Atoms, true: Atoms, grid: Grid | None = None, signed: bool = True) -> MeanMaxCosine:
    r"""$\frac1p \sum_i \max_j |\cos(D_i, \hat D_j)|$, each pair at its best shift, and the same from the learned side.

    With `signed=False`, $\max(0, \cos)$ in place of $|\cos|$. Not one to one: several atoms may share a best partner.
    Arguments as in `match_atoms`. Source: arXiv 2309.08600 uses the first of the two.
    """
    signed = flag(signed, "signed")
    learned, true = pair(learned, true, grid)
    of_true, of_learned = [], learned.new_zeros(len(learned))
    for value, _ in _best_rows(learned, true, signed):  # a row at a time, so that the matrix is never held
        score = _score(value, signed)
        of_true.append(score.amax())
        of_learned = torch.maximum(of_learned, score)
    return MeanMaxCosine(torch.stack(of_true).mean().item(), of_learned.mean().item())


def mcc(learned: Atoms, true: Atoms, grid: Grid | None = None, signed: bool = True) -> float:
    r"""Mean correlation coefficient: the mean of `cosine` over the min(learned, true) pairs of `match_atoms`.

    Missing atoms do not lower it (they do lower `match.cosine.mean()` and `recovered`). Arguments as in
    `match_atoms`. Source: the usual score of identifiability, as in arXiv 2411.13117.
    """
    match = match_atoms(learned, true, grid, signed)
    return match.cosine[match.index >= 0].mean().item()


def pair(learned: Atoms, true: Atoms, grid: Grid | None, names: Sequence[str] = ("learned", "true")) -> list[Tensor]:
    """Both sets of atoms as tensors `(concepts, channels, *grid)` on one grid, checked.

    Each atom is brought near 1, so that its norm can be taken in any unit.
    """
    both = [_given(atoms, name) for atoms, name in zip((learned, true), names, strict=True)]
    nodes = next((tuple(atoms.shape[2:]) for atoms in reversed(both) if isinstance(atoms, Tensor)), None)
    if grid is not None:
        grid = as_grid(grid)
        if nodes not in (None, grid):
            raise ValueError(f"grid = {grid}: should be {nodes}, on which the atoms are given")
        nodes = grid
    axes = next((atoms.axes for atoms in both if not isinstance(atoms, Tensor)), 0)
    if nodes is None and axes:
        raise ValueError(f"grid = None: functions are compared on a grid, give one (nodes on each of {axes} axes)")
    learned, true = (
        tensor(a if isinstance(a, Tensor) else a.atoms(nodes or ()), name, _FORM).detach()
        for a, name in zip(both, names, strict=True)
    )
    if learned.shape[1:] != true.shape[1:]:
        raise ValueError(
            f"learned atoms have shape {tuple(learned.shape)}, true atoms {tuple(true.shape)}: "
            "should be (concepts, channels, *grid) with the same channels and grid"
        )
    learned, true = (atoms / unit(atoms) for atoms in (learned, true))
    return [learned, true.to(learned)]


def _given(atoms: Atoms, name: str) -> Atoms:
    if isinstance(atoms, Tensor):
        return tensor(atoms, name, _FORM, finite=False)
    return instance(atoms, Dictionary, name, f"DenseDictionary(64, 128), or a tensor {_FORM}")


def correlations(learned: Tensor, true: Tensor) -> Iterator[Tensor]:
    """For each true atom in turn, to bound the memory: cosines with each learned atom moved by each shift.

    Vectors go in blocks of true atoms, which is faster.

    Yields `(learned, *grid)`; the entry at a node is the cosine with the atom moved by that node.
    """
    learned, true = (
        a / a.flatten(1).norm(dim=1).clamp(min=1e-30).view(-1, *[1] * (a.dim() - 1)) for a in (learned, true)
    )
    grid, axes = tuple(true.shape[2:]), tuple(range(2, true.dim()))
    if not axes:
        for some in true.split(max(1, _BLOCK // len(learned))):
            yield from some @ learned.T
        return
    learned, true = torch.fft.rfftn(learned, dim=axes).conj(), torch.fft.rfftn(true, dim=axes)
    for atom in true:
        yield torch.fft.irfftn((atom * learned).sum(1), s=grid, dim=tuple(range(1, 1 + len(grid))))
