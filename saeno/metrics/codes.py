"""How well codes and signals were recovered. An entry of a code is *active* when it is not zero."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from saeno.checks import instance, real, tensor
from saeno.metrics.atoms import Match
from saeno.units import common_unit, sum_of_squares

_CODE, _SIGNAL = "(batch, concepts, *grid)", "(batch, channels, *grid)"


@torch.no_grad()
def support_f1(code: Tensor, true_code: Tensor, match: Match, tolerance: float = 0.0) -> float:
    r"""F1 of the active entries: the harmonic mean of precision and recall, 2·hits / (found + true) when exact.

    Args:
        code: `(batch, learned, *grid)`, aligned by `match`. Active entries of unmatched learned atoms are false
            alarms.
        true_code: `(batch, true, *grid)`, on the same grid.
        tolerance: distance on the torus, on each axis, within which an entry of the same concept counts as hit.
            One true event may then be hit by several entries: a tolerance forgives splitting. 0: the same node.

    All entries of the batch count alike. Raises ValueError when the true code has no active entry.
    """
    tolerance, (aligned, true_code) = real(tolerance, "tolerance"), _aligned(code, true_code, match)
    aligned, true = aligned != 0, true_code != 0
    found, present = (code != 0).sum().item(), true.sum().item()
    if not present:
        raise ValueError("true_code has no active entry: its support has no F1")
    recall = (true & _widen(aligned, tolerance)).sum().item() / present
    precision = (aligned & _widen(true, tolerance)).sum().item() / max(found, 1)
    return 2 * precision * recall / (precision + recall) if recall else 0.0


@torch.no_grad()
def code_error(code: Tensor, true_code: Tensor, match: Match) -> float:
    r"""Relative L² error of a code, aligned by `match`: $\|\hat z - z\| / \|z\|$ over the batch.

    Shapes as in `support_f1`. The true code of an unmatched learned atom is zero: what is there is
    error. Raises ValueError when the true code is zero.
    """
    aligned, true_code = _aligned(code, true_code, match)
    away, rest = aligned - true_code, match.unmatched(code)
    size = common_unit(torch.stack([away.abs().amax(), *([rest.abs().amax()] if rest.numel() else [])]))
    missed = (away / size).square().sum() + (rest / size).square().sum()
    energy, own = sum_of_squares(true_code)
    if not energy > 0:
        raise ValueError("true_code is zero: its error is not relative to anything")
    return (missed / energy).sqrt().item() * size.item() / own


@torch.no_grad()
def fvu(signal: Tensor, reconstruction: Tensor) -> float:
    r"""Fraction of variance unexplained: $\sum \|x - \hat x\|^2 / \sum \|x - \bar x\|^2$.

    The mean x̄ has one value per channel, taken over the batch and the nodes: for vectors the usual mean of the
    data, for functions the best constant. Both `(batch, channels, *grid)`. Of a noisy signal it is the noisy
    FVU, which cannot go below the share of the noise without overfitting; of the noise-free signal
    (`dictionary.synthesis(true_code)`) the clean FVU: the same function. Raises ValueError when the shapes
    differ or the signal does not vary.
    """
    signal = tensor(signal, "signal", _SIGNAL)
    reconstruction = tensor(reconstruction, "reconstruction", _SIGNAL, finite=False)
    if signal.shape != reconstruction.shape:
        raise ValueError(
            f"reconstruction has shape {tuple(reconstruction.shape)}: should be the signal's {tuple(signal.shape)}"
        )
    missed, own = sum_of_squares(signal - reconstruction)
    over, size = (0, *range(2, signal.dim())), common_unit(signal)
    signal = signal / size
    middle = signal.mean(over, keepdim=True)
    away = signal - middle
    # A channel that varies by no more than the rounding of its mean does not vary: of up to 10⁷ equal numbers the mean
    # was off by 8 eps.
    rounding = 32 * torch.finfo(signal.dtype).eps * middle.abs()
    varies = away.abs().amax(over, keepdim=True) > rounding
    variance = torch.where(varies, away, 0.0).square().sum()
    if not variance > 0:
        raise ValueError("signal does not vary: there is no variance to explain")
    ratio = own / size.item()
    return (missed / variance).item() * ratio * ratio


@torch.no_grad()
def l0(code: Tensor) -> float:
    """Mean number of active entries of one signal's code; `(batch, concepts, *grid)`, finite."""
    code = tensor(code, "code", _CODE)
    return (code != 0).flatten(1).sum(1).double().mean().item()


def dead_atoms(codes: Tensor | Iterable[Tensor]) -> Tensor:
    """Which atoms are active nowhere in the data: `(concepts,)`, True for dead.

    `codes` is one code `(batch, concepts, *grid)`, or any iterable of them, such as a generator over batches; finite.
    Raises ValueError when there is no signal: no atom can then be called dead.
    """
    batches = [codes] if isinstance(codes, Tensor) or not isinstance(codes, Iterable) else codes
    alive: Tensor | None = None
    signals = 0
    for code in batches:
        code = tensor(code, "codes", _CODE, empty=True)
        if not code.shape[1:].numel():
            raise ValueError(f"codes has shape {tuple(code.shape)}: should have concepts, and nodes")
        here = (code != 0).transpose(0, 1).flatten(1).any(1)
        if alive is not None and len(here) != len(alive):
            raise ValueError(f"codes have {len(alive)} and {len(here)} concepts: should all have as many")
        alive = here if alive is None else alive | here
        signals += len(code)
    if alive is None or not signals:
        raise ValueError("codes is empty: no atom can be called dead")
    return ~alive


class CodeComparison(NamedTuple):
    """Two codes as measures. A wrong dx shows in the last two and not in the first."""

    cosine: float
    """⟨a, b⟩ / ‖a‖‖b‖ of the smoothed codes."""
    relative_l2: float
    """‖a − b‖ / ‖b‖ of the smoothed codes: b is the reference."""
    mass_ratio: float
    """∫|a| / ∫|b|, not smoothed."""


@torch.no_grad()
def compare_codes(a: Tensor, b: Tensor, width: float = 1 / 128) -> CodeComparison:
    r"""Codes on two grids, compared as measures on the torus.

    Both are smoothed by a Gaussian of standard deviation `width`, on the frequencies that both grids carry:
    $\hat a(k)\, e^{-2 \pi^2 w^2 |k|^2}$ for |k| ≤ (n − 1)/2 of the coarser grid, with $\hat a(k) = \frac1N
    \sum_v a(v) e^{-2\pi i k v}$, since a code is a density. Impulses that moved by much less than `width`
    compare as equal.

    `a: (batch, concepts, *grid)`, `b: (batch, concepts, *other grid)`; one number for the whole batch. Raises
    ValueError when batch, concepts or axes differ, or a code is zero. Source: our derivation.
    """
    width, a, b = real(width, "width"), tensor(a, "a", _CODE), tensor(b, "b", _CODE)
    size = common_unit(b)
    a, b = a / size, b / size
    if a.dim() != b.dim() or a.shape[:2] != b.shape[:2]:
        raise ValueError(
            f"a has shape {tuple(a.shape)}, b {tuple(b.shape)}: should have equal batch, concepts, number of axes"
        )
    reach = [(min(n, m) - 1) // 2 for n, m in zip(a.shape[2:], b.shape[2:], strict=True)]
    smooth_a, smooth_b = _smoothed(a, reach, width), _smoothed(b, reach, width)
    norm_a, norm_b = smooth_a.norm().item(), smooth_b.norm().item()
    for name, norm in (("a", norm_a), ("b", norm_b)):
        if not norm > 0:
            raise ValueError(f"{name} has norm {norm}: should be a finite code that is not zero")
    cosine = (smooth_a.conj() * smooth_b).sum().real.item() / (norm_a * norm_b)
    return CodeComparison(
        cosine, (smooth_a - smooth_b).norm().item() / norm_b, (a.abs().mean() / b.abs().mean()).item()
    )


def _smoothed(code: Tensor, reach: list[int], width: float) -> Tensor:
    """Fourier coefficients of a code as a measure, damped by the Gaussian, at the frequencies up to `reach`."""
    axes = tuple(range(2, code.dim()))
    spectrum = torch.fft.fftn(code.double(), dim=axes, norm="forward") if axes else code.double()
    for axis, most in zip(axes, reach, strict=True):
        k = torch.arange(-most, most + 1, device=code.device)
        damping = torch.exp(-2 * (math.pi * width * k.double()) ** 2).view(-1, *[1] * (code.dim() - 1 - axis))
        spectrum = spectrum.index_select(axis, k % code.shape[axis]) * damping
    return spectrum


def _aligned(code: Tensor, true_code: Tensor, match: Match) -> tuple[Tensor, Tensor]:
    """The code in the true one's order, and the true one; both finite, of one shape."""
    match = instance(match, Match, "match", "match_atoms(learned, true)")
    aligned = match.align(tensor(code, "code", _CODE))
    true_code = tensor(true_code, "true_code", _CODE)
    if aligned.shape != true_code.shape:
        raise ValueError(
            f"true_code has shape {tuple(true_code.shape)}: should be {tuple(aligned.shape)}, as the aligned code"
        )
    return aligned, true_code


def _widen(active: Tensor, tolerance: float) -> Tensor:
    """Entries within `tolerance` of an active one, on each axis of the torus."""
    for axis in range(2, active.dim()):
        reach = min(math.floor(tolerance * active.shape[axis] + 1e-9), active.shape[axis] // 2)
        active = torch.stack([active.roll(move, axis) for move in range(-reach, reach + 1)]).any(0)
    return active
