"""The exercises of *Iterative shrinkage*."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, tensor
from saeno.data import SparseModel
from saeno.dictionaries import DenseDictionary
from saeno.inference import Unrolled, debias, fista, omp
from saeno.seeds import generator
from saeno.sparsity import SoftThreshold


def elastic(answer: object) -> str:
    """A function of v, a and b: the proximal operator of a |z| + b z² / 2."""
    v = torch.tensor([-3.0, -1.0, -0.2, 0.0, 0.1, 0.5, 0.9, 2.5])
    candidates = torch.linspace(-4, 4, 4001, dtype=torch.float64)
    for a, b in ((0.5, 0.0), (0.0, 2.0), (0.4, 1.0), (1.5, 0.3)):
        found = tensor(call(answer, v, a, b), f"your operator for a = {a}, b = {b}", (len(v),))

        def cost(z: Tensor, a: float = a, b: float = b) -> Tensor:
            return (z - v.double()) ** 2 / 2 + a * z.abs() + b * z**2 / 2

        excess = cost(found) - cost(candidates[:, None]).amin(0)
        worst = int(excess.argmax())
        require(
            excess[worst] < 1e-5,
            f"for a = {a}, b = {b} and v = {v[worst]:g} you say {found[worst]:.3g}, and there is a z that costs less",
        )
    return "Scikit-learn's `ElasticNet` is ISTA's cousin with this operator."


def silence(answer: object) -> str:
    """A function of atoms (p, m) and signals (batch, m): the smallest threshold with no code at all."""
    for seed in range(4):
        dictionary = DenseDictionary(6, 9, seed=seed).double()
        signals = torch.randn(3, 6, generator=generator(seed), dtype=torch.float64)
        if seed == 1:
            signals = -signals[:1].abs() @ dictionary.weight.detach()[:6].T
        limit = number(call(answer, dictionary.weight.detach(), signals), "your threshold")
        require(limit > 0, f"you say {limit:.4g}: a threshold that silences all should be positive here")
        above = fista(dictionary, signals, 1.001 * limit).code
        loud = int(above.any(1).sum())
        require(loud == 0, f"just above your threshold {limit:.4g}, {loud} of {len(signals)} codes are not zero")
        below = fista(dictionary, signals, 0.999 * limit).code
        require(below.any(), f"just below your threshold {limit:.4g} all codes are zero: a smaller one will do")
    return "Every sensible path of thresholds begins here."


def my_ista(answer: object) -> str:
    """A function of atoms (p, m), signals (batch, m), a threshold and a number of steps: the codes."""
    for seed, (m, p, threshold) in enumerate(((5, 8, 0.2), (8, 6, 0.05))):
        dictionary = DenseDictionary(m, p, seed=seed).double()
        dictionary.weight.data.mul_(1.5)
        signals = torch.randn(4, m, generator=generator(seed), dtype=torch.float64)
        atoms = dictionary.weight.detach()
        for steps in (1, 2, 300):
            found = tensor(call(answer, atoms, signals, threshold, steps), f"your code after {steps} steps", (4, p))
            with torch.no_grad():
                expected = Unrolled(SoftThreshold(threshold), steps)(dictionary, signals)
            if steps == 1 and not torch.allclose(found, expected, atol=1e-4):
                require((found.abs() > 0).any(), "your code after one step is zero")
                step = 1 / dictionary.largest_eigenvalue()
                full = SoftThreshold(threshold)(step * dictionary.analysis(signals), 1.0)
                require(
                    not torch.allclose(found, full.detach(), atol=1e-4),
                    "you shrink by the threshold: by how much does a step of length 1/Λ shrink?",
                )
                require(False, "one step from zero should be the soft threshold of Dᵀx/Λ, with level threshold/Λ")
            require(
                torch.allclose(found, expected, atol=1e-4),
                f"one step is right, {steps} steps are not: each step begins where the last ended",
            )
    return "With `steps=1` it is one layer of a network, and with many the lasso."


@cache
def shrunk() -> list[tuple[Tensor, Tensor, float, Tensor]]:
    """Atoms, the lasso's code of a signal, its threshold, and the least-squares code: solved once, for all answers."""
    cases = []
    for seed in range(4):
        dictionary = DenseDictionary(20, 30, seed=seed).double()
        model = SparseModel(dictionary, 4, noise=0.02)
        signal, _ = model.sample(1, generator=generator(seed))
        threshold = 0.1 + 0.05 * seed
        atoms, code = dictionary.weight.detach(), fista(dictionary, signal, threshold, tolerance=1e-5).code[0].detach()
        wanted = debias(dictionary, signal, code[None])[0].detach()
        on = code != 0  # the support is the lasso's by now; its masses become so to the last digit
        code[on] = wanted[on] - threshold * torch.linalg.solve(atoms[on] @ atoms[on].T, code[on].sign())
        cases.append((atoms, code, threshold, wanted))
    return cases


def unshrink(answer: object) -> str:
    """A function of atoms (p, m), a lasso's code (p,) and its threshold: the least-squares code on the support."""
    for atoms, code, threshold, wanted in shrunk():
        given = call(answer, atoms.clone(), code.clone(), threshold)
        found = tensor(given, "your code", (30,))
        outside = (found[code == 0].abs() > 1e-6).sum()
        require(outside == 0, f"{outside} entries that were zero are not any more: the support should stay")
        miss, before = (found - wanted).norm(), (code - wanted).norm()
        if not miss < 1e-4:
            plain = code + threshold * code.sign()
            require(
                not torch.allclose(found, plain, atol=1e-4),
                "adding the threshold to each mass is right for atoms at right angles only, and these are not",
            )
            require(
                miss < 1e-4,
                f"your code is {miss:.3g} away from the least-squares code, and the lasso's was {before:.3g} away",
            )
    return "The lasso's code still knows all about the signal that its support can tell."


def my_omp(answer: object) -> str:
    """A function of unit atoms (p, m), a signal (m,) and k: the code of orthogonal matching pursuit, (p,)."""
    for seed, k in enumerate((1, 3, 6)):
        dictionary = DenseDictionary(16, 32, seed=seed).double()
        signal = torch.randn(1, 16, generator=generator(seed), dtype=torch.float64)
        found = tensor(call(answer, dictionary.weight.detach(), signal[0], k), f"your code for k = {k}", (32,))
        chosen = found.abs() > 1e-6
        active = int(chosen.sum())
        require(active == k, f"for k = {k} your code has {active} entries that are not zero")
        expected = omp(dictionary, signal, k)[0]
        left = dictionary.correlate(signal, found[None])[0].detach()
        loudest = left[chosen].abs().max()
        require(
            loudest < 1e-4,
            f"for k = {k} a chosen atom still answers with {loudest:.2g}: after each choice, fit all chosen atoms anew",
        )
        same = bool((chosen == (expected != 0)).all())
        require(same, f"for k = {k} you chose other atoms: choose by the size of the answer of what is left")
    return "What is left is at right angles to all that you chose."


CHECKS = (elastic, silence, my_ista, unshrink, my_omp)
