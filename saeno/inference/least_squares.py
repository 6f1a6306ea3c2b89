"""Least squares on a support, and the greedy choice of supports that rests on it."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import whole
from saeno.dictionaries import Dictionary
from saeno.grids import inner
from saeno.inference.proximal import check_problem
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

    Args:
        dictionary: any, with analysis the adjoint of synthesis; atoms of unit gain.
        signal: `(batch, channels, *grid)`.
        k: events per signal, ≥ 1.

    Returns the code `(batch, concepts, *grid)`. Raises as `debias`. Source: Pati, Rezaiifar & Krishnaprasad,
    doi:10.1109/ACSSC.1993.342465.
    """
    k = whole(k, "k")
    check_problem(dictionary, signal)
    size = unit(signal)
    signal = signal / size
    left = dictionary.analysis(signal)
    if left[:1].numel() < k and len(left):
        raise ValueError(f"k = {k}: should be at most the {left[0].numel()} entries of a code")
    code, chosen = torch.zeros_like(left), torch.zeros_like(left, dtype=torch.bool)
    least = 100 * torch.finfo(signal.dtype).eps * (inner(signal, signal) * dictionary.gain().max()).sqrt()
    for _ in range(k):
        peak, at = left.abs().masked_fill(chosen, 0).flatten(1).max(1, keepdim=True)
        more = chosen.flatten(1).gather(1, at) | (peak > least[:, None])
        chosen = chosen.flatten(1).scatter(1, at, more).view_as(chosen)
        code = _least_squares(dictionary, signal, code, chosen)
        left = dictionary.correlate(signal, code)
    return code * size


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
