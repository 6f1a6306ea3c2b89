"""Least squares on a support, and the greedy choice of supports that rests on it."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import whole
from saeno.dictionaries import Dictionary
from saeno.grids import inner
from saeno.inference.gram import BLOCK, Gram, largest
from saeno.inference.proximal import check_problem
from saeno.sparsity import Events
from saeno.units import unit


@torch.no_grad()
def debias(dictionary: Dictionary, signal: Tensor, code: Tensor) -> Tensor:
    r"""The code of the same support that fits best: it takes the shrinkage out of a lasso's code.

    $$ \min_z\; \tfrac12\|x - D z\|^2 \quad\text{with } z = 0 \text{ wherever the given code is } 0 . $$

    Conjugate gradients on the support, from the code itself: as many iterations as there are active entries, when
    their atoms are independent, and the solution that is nearest to the code when they are not.

    Shapes: signal `(batch, channels, *grid)`, code and result `(batch, concepts, *grid)`. No gradient goes through.

    Raises ValueError for a lifted dictionary with L ≠ Pᵀ or the lifted residual, and RuntimeError when 1000
    iterations do not find it, as on a support of many atoms that are nearly dependent. Source: our derivation; Belloni
    & Chernozhukov, doi:10.3150/11-BEJ410.
    """
    check_problem(dictionary, signal, code=code)
    return _least_squares(dictionary, signal, code, code != 0)


@torch.no_grad()
def omp(dictionary: Dictionary, signal: Tensor, k: int) -> Tensor:
    r"""Orthogonal matching pursuit: choose k events one by one, and fit all chosen ones anew after each choice.

    $$ S_{j+1} = S_j \cup \{\arg\max |D^\top(x - D z^j)|\}, \qquad
    z^{j+1} = \arg\min_{\operatorname{supp} z \subseteq S_{j+1}} \|x - D z\| . $$

    What is left is at right angles to all chosen atoms, so none is chosen twice. A signal that is explained before,
    to rounding, takes no more events. No gradient goes through.

    With the inner products of the chosen atoms, $G_S = D_S^\top D_S = L L^\top$, a choice adds a row to L, and the code
    moves along one direction,

    $$ L_{j+1} = \begin{pmatrix} L_j & 0 \\ w^\top & \sqrt{g - \|w\|^2} \end{pmatrix}, \quad L_j w = G_{S, c}, \qquad
    z^{j+1} = z^j + \frac{[D^\top(x - D z^j)]_c}{\sqrt{g - \|w\|^2}}\, L_{j+1}^{-\top} e_{j+1} . $$

    The masses are not computed anew: j + 1 rows of a table of inner products are taken from them (`Gram`), so with p
    concepts on N nodes k events of a signal cost about k²·p·N/2 operations. Where atoms are nearly dependent,
    $g - \|w\|^2 < \sqrt\varepsilon\, g$, rounding would count for too much: such a signal, and any for which a table
    would be too large or too dear, is fitted by conjugate gradients after each choice.

    Args:
        dictionary: any, with analysis the adjoint of synthesis; atoms of unit gain.
        signal: `(batch, channels, *grid)`.
        k: events per signal, ≥ 1.

    Returns the code `(batch, concepts, *grid)`. Raises as `debias`. Source: Pati, Rezaiifar & Krishnaprasad,
    doi:10.1109/ACSSC.1993.342465; the factor that grows is Rubinstein, Zibulevsky & Elad, "Efficient implementation of
    the K-SVD algorithm using batch orthogonal matching pursuit", 2008.
    """
    k = whole(k, "k")
    check_problem(dictionary, signal)
    size = unit(signal)
    signal = signal / size
    seen, grid = dictionary.analysis(signal), tuple(signal.shape[2:])
    if seen[:1].numel() < k and len(seen):
        raise ValueError(f"k = {k}: should be at most the {seen[0].numel()} entries of a code")
    least = 100 * torch.finfo(signal.dtype).eps * (inner(signal, signal) * dictionary.gain().max()).sqrt()
    if not Gram.pays(dictionary, grid, k * len(signal)):
        return _fitted(dictionary, signal, seen, least, k) * size
    gram = Gram(dictionary, grid)
    flat, shape = seen.unsqueeze(-1).flatten(2), tuple(seen.shape[1:])
    block = len(flat) if flat.device.type != "cpu" else max(1, BLOCK // flat[0].numel())
    parts = zip(flat.split(block), least.split(block), strict=True)
    parts = [_factored(gram, part.clone(), enough, k) for part, enough in parts]
    masses, indices, factor, active, sound = (torch.cat(part) for part in zip(*parts, strict=True))
    # What rounding left over goes through the factor once more.
    left = dictionary.correlate(signal, Events(masses, indices, shape).code()).flatten(1).gather(1, indices)
    masses = masses + torch.cholesky_solve((left * active).unsqueeze(2), factor).squeeze(2)
    code = Events(masses, indices, shape).code()
    again = (~sound).nonzero().flatten()
    if len(again):
        code[again] = _fitted(dictionary, signal[again], seen[again], least[again], k)
    return code * size


def _factored(gram: Gram, left: Tensor, least: Tensor, k: int) -> tuple[Tensor, ...]:
    """Masses, where they are, L, whether there is an event, `(batch, k)` or `(batch, k, k)`, and whether L is sound.

    `left: (batch, concepts, nodes)` are the masses to choose from, which it takes them from; an event has more than
    `least: (batch,)`. Where there is none its row of L is that of the identity.
    """
    masses, active = left.new_zeros(len(left), k), torch.zeros(len(left), k, dtype=torch.bool, device=left.device)
    indices = torch.zeros(len(left), k, dtype=torch.long, device=left.device)
    factor = torch.eye(k, dtype=left.dtype, device=left.device).repeat(len(left), 1, 1)
    sound, score = torch.ones_like(active[:, 0]), torch.empty_like(left)
    enough = torch.finfo(left.dtype).eps ** 0.5
    for j in range(k):
        torch.abs(left, out=score).flatten(1).scatter_(1, indices[:, :j], 0.0)
        at = largest(score.flatten(1)).unsqueeze(1)
        peak = left.flatten(1).gather(1, at)
        going = peak.abs() > least.unsqueeze(1)
        if not going.any():
            break
        indices[:, j : j + 1], active[:, j : j + 1] = at, going
        shared = gram.between(indices[:, : j + 1], at.expand(-1, j + 1))
        gain, own = shared[:, j:], factor[:, : j + 1, : j + 1]
        row = torch.linalg.solve_triangular(own[:, :j, :j], shared[:, :j, None], upper=False).squeeze(2)
        pivot = gain - row.square().sum(1, keepdim=True)
        sound &= (~going | (pivot > enough * gain)).squeeze(1)
        pivot = torch.where(going, pivot.clamp(min=torch.finfo(left.dtype).tiny), 1.0).sqrt()
        own[:, j, :j], own[:, j, j:] = torch.where(going, row, 0.0), pivot
        step = torch.zeros_like(shared)
        step[:, j:] = torch.where(going & sound.unsqueeze(1), peak / pivot, 0.0)
        step = torch.linalg.solve_triangular(own.mT, step.unsqueeze(2), upper=True).squeeze(2)
        masses[:, : j + 1] += step
        for event in range(j + 1 if j < k - 1 else 0):
            gram.take_(left, indices[:, event], step[:, event])
    return masses, indices, factor, active, sound


def _fitted(dictionary: Dictionary, signal: Tensor, left: Tensor, least: Tensor, k: int) -> Tensor:
    """The code of k events, chosen from the masses `left`, by conjugate gradients after each choice."""
    code, chosen = torch.zeros_like(left), torch.zeros_like(left, dtype=torch.bool)
    for _ in range(k):
        peak, at = left.abs().masked_fill(chosen, 0).flatten(1).max(1, keepdim=True)
        more = chosen.flatten(1).gather(1, at) | (peak > least[:, None])
        chosen = chosen.flatten(1).scatter(1, at, more).view_as(chosen)
        code = _least_squares(dictionary, signal, code, chosen)
        left = dictionary.correlate(signal, code)
    return code


def _least_squares(dictionary: Dictionary, signal: Tensor, code: Tensor, support: Tensor) -> Tensor:
    """The minimiser on the support, for all signals of the batch at once, by conjugate gradients from `code`."""
    shape = [-1, *[1] * (code.dim() - 1)]
    left = dictionary.correlate(signal, code) * support
    seen = dictionary.analysis(signal) * support
    scale = unit(torch.maximum(left.abs(), seen.abs()))
    left, seen = left / scale, seen / scale
    direction, size = left, inner(left, left)
    enough = (10 * torch.finfo(signal.dtype).eps) ** 2 * inner(seen, seen)
    for _ in range(1000):
        going = size > enough
        if not going.any():
            return code
        moved = dictionary.synthesis(direction)
        tiny = torch.finfo(size.dtype).tiny
        ours = unit(moved)
        step = torch.where(going, size / inner(moved / ours, moved / ours).clamp(min=tiny), 0).view(shape)
        step = step / ours / ours
        code = code + scale * (step * direction)
        left = left - step * dictionary.analysis(moved) * support
        before, size = size, inner(left, left)
        direction = left + (size / before.clamp(min=tiny)).view(shape) * direction
    raise RuntimeError(
        "no least-squares code after 1000 iterations: atoms on the support are nearly dependent; take fewer of them"
    )
