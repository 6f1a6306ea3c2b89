"""The exercises of *Lifting*. Atoms are rows, as in the chapter's code; everything is float64."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, several, tensor
from saeno.dictionaries import DenseDictionary, Lifted
from saeno.inference import Unrolled
from saeno.lifting import Lifting
from saeno.seeds import generator
from saeno.sparsity import SoftThreshold


def _normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def _orthonormal(seed: int, channels: int, lifted: int) -> Tensor:
    """P with PPᵀ = I."""
    return torch.linalg.qr(_normal(seed, lifted, channels)).Q.T


def _atoms(seed: int, concepts: int, channels: int) -> Tensor:
    rows = _normal(seed, concepts, channels)
    return rows / rows.norm(dim=1, keepdim=True)


def _place(weight: Tensor, project: Tensor, residual: str, lift: Tensor | None = None) -> Lifted:
    lifting = Lifting(project.T if lift is None else lift, project)
    dictionary = Lifted(DenseDictionary.from_atoms(weight), lifting, residual)
    dictionary.weight.data.copy_(weight)
    return dictionary.requires_grad_(False)


def _ista(dictionary, signal: Tensor, step: float, threshold: float, steps: int) -> Tensor:
    return Unrolled(SoftThreshold(threshold), steps, step=step)(dictionary, signal).detach()


def _apart(a: Tensor, b: Tensor) -> float:
    return ((a - b).norm() / b.norm()).item()


def _residuals(weight: Tensor, project: Tensor, seed: int) -> float:
    """How far the codes of the two residuals are apart after 25 steps of ISTA."""
    both = [_place(weight, project, residual) for residual in ("lifted", "data")]
    step = 1 / max(dictionary.largest_eigenvalue().item() for dictionary in both)
    signal = _normal(seed, 100, len(project))
    return _apart(*(_ista(dictionary, signal, step, 0.1, 25) for dictionary in both))


def gains(answer: object) -> str:
    """A function of d (p, h), P (m, h), L (h, m): the gains (p,)."""
    for seed, (p, h, m) in enumerate(((5, 7, 3), (4, 4, 4), (2, 3, 6))):
        d, project, lift = (_normal(10 * seed + i, *shape) for i, shape in enumerate(((p, h), (m, h), (h, m))))
        found = tensor(call(answer, d, project, lift), f"your gains of {p} atoms", (p,))
        wanted = torch.stack([atom @ lift @ project @ atom for atom in d])
        norms = {"lifted": d.square().sum(1), "effective": (d @ project.T).square().sum(1)}
        for name, norm in norms.items():
            require(
                not torch.allclose(found, norm),
                f"these are the squares of the {name} norms, which are gains of one kind of lift only",
            )
        require(not torch.allclose(found, wanted.abs().sqrt()), "these are the roots of the gains")
        require(torch.allclose(found, wanted), "the analysis of some atoms by themselves is another number")
    return "A gain can be negative, for a lift that turns signals around: `Lifted` refuses it."


def lifted_ista(answer: object) -> str:
    """A function of x, d, P, step, threshold, T: the codes with the residual in the lifted space."""
    for seed, (p, h, m, steps) in enumerate(((6, 8, 4, 1), (6, 8, 4, 2), (5, 3, 4, 7), (9, 12, 5, 30))):
        d, project = _atoms(20 + seed, p, h), _normal(30 + seed, m, h) / h**0.5
        both = [_place(d, project, residual) for residual in ("lifted", "data")]
        step, signal = 1 / both[0].largest_eigenvalue().item(), _normal(40 + seed, 20, m)
        found = tensor(call(answer, signal, d, project, step, 0.1, steps), "your codes", (20, p))
        wanted, data = (_ista(dictionary, signal, step, 0.1, steps) for dictionary in both)
        at = f"with T = {steps}"
        if steps > 1:
            require(_apart(found, data) > 1e-6, f"{at} these are the codes of the residual in data space")
        late = _ista(both[0], signal, step, 0.1, steps + 1)
        require(_apart(found, late) > 1e-6, f"{at} these are the codes of T + 1 steps")
        require(
            _apart(found, _ista(both[0], signal, step, 0.1 / step, steps)) > 1e-6,
            f"{at} your codes are shrunk by the threshold itself; a step shrinks by the step times the threshold",
        )
        require(_apart(found, wanted) < 1e-6, f"{at} your codes differ from ours by {_apart(found, wanted):.2g}")
    return "It never looks at the reconstruction: that is why it can drift away from the decoder."


def settings(answer: object) -> str:
    """A function of P, step, threshold with PPᵀ = cI: the step and the threshold of the lifted residual."""
    for seed, (m, h, c) in enumerate(((4, 9, 2.5), (3, 3, 0.2), (1, 5, 7.0))):
        project = c**0.5 * _orthonormal(50 + seed, m, h)
        d = _atoms(60 + seed, 6, m) @ project / c**0.5
        plain, lifted = DenseDictionary.from_atoms(d @ project.T), _place(d, project, "lifted", project.T / c)
        step, signal = 1 / plain.largest_eigenvalue().item(), _normal(70 + seed, 50, m)
        given = several(call(answer, project, step, 0.1), 2, "two numbers are wanted, a step and a threshold")
        found = number(given[0], "your step"), number(given[1], "your threshold")
        at = f"with PPᵀ = {c:g} I"
        require(found[0] > 0, f"{at} your step is {found[0]:.3g}, and should be positive")
        share = found[0] / step
        require(
            abs(share - c) < 1e-6 * c,
            f"{at} your step is {share:.3g} times the given one: what the lifted residual shows is Aᵀ(x − Az)/{c:g}",
        )
        require(
            abs(found[0] * found[1] - 0.1 * step) < 1e-6 * step,
            f"{at} a step shrinks by {found[0] * found[1] / (0.1 * step):.3g} times as much as it should",
        )
        wanted = _ista(plain, signal, step, 0.1, 25)
        require(_apart(_ista(lifted, signal, *found, 25), wanted) < 1e-6, f"{at} the codes differ")
    return "So a lift with PPᵀ = cI has nothing of its own."


def hide(answer: object) -> str:
    """A function of a (p, m) and P with PPᵀ = I: atoms d with these shadows and other codes."""
    for seed, (p, m, h) in enumerate(((6, 4, 9), (12, 5, 6))):
        atoms, project = _atoms(80 + seed, p, m), _orthonormal(90 + seed, m, h)
        d = tensor(call(answer, atoms, project), "your lifted atoms", (p, h))
        _require_shadows(d, project, atoms)
        gram = _apart(d @ d.T, atoms @ atoms.T)
        require(gram > 0.01, "your atoms have no hidden part, or hardly any: DᵀD is nearly AᵀA, so codes nearly agree")
        error = _residuals(d, project, 100 + seed)
        require(error > 0.01, f"after 25 steps the codes are apart by {error:.2g} only: hide more")
    return "By the theorem it could not fail, whatever you hid."


def isometric(answer: object) -> str:
    """A function of a (p, m) and P with PPᵀ = 4I: atoms d with these shadows and the same codes."""
    for seed, (p, m, h) in enumerate(((6, 3, 6), (12, 4, 11), (2, 3, 7))):
        atoms, project = _atoms(110 + seed, p, m), 2 * _orthonormal(120 + seed, m, h)
        d = tensor(call(answer, atoms, project), "your lifted atoms", (p, h))
        _require_shadows(d, project, atoms)
        lengths = d.norm(dim=1)
        require(
            torch.allclose(lengths, torch.ones(p, dtype=torch.float64), atol=1e-6),
            f"your atoms have lengths from {lengths.min():.3g} to {lengths.max():.3g}, and their shadows have length 1",
        )
        gram = _apart(d @ d.T, atoms @ atoms.T)
        require(
            gram < 1e-6,
            f"DᵀD differs from AᵀA by {gram:.2g}: lengths are right, and inner products of two atoms are not",
        )
        require(_residuals(d, project, 130 + seed) < 1e-6, "the codes differ")
    return "Lengths are all that counts, on the span of the atoms."


def _require_shadows(d: Tensor, project: Tensor, atoms: Tensor) -> None:
    error = _apart(d @ project.T, atoms)
    require(error < 1e-6, f"the shadows of your atoms are not the given ones; they are off by {error:.2g} (relative)")


CHECKS = (gains, lifted_ista, settings, hide, isometric)
