"""The exercises of *What the data teach*."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, several, tensor
from saeno.metrics import cosines, linear_cka, permuted_cka
from saeno.seeds import generator


def twin(answer: object) -> str:
    """A function of a concept (n,): another one with the same covariance, and no shift of it."""
    for seed, n in enumerate((24, 32)):
        concept = _normal(n, seed=seed)
        other = tensor(call(answer, concept), "your concept", (n,))
        sizes, wanted = torch.fft.rfft(other).abs(), torch.fft.rfft(concept).abs()
        require(
            (sizes - wanted).abs().max() < 1e-5 * wanted.max(),
            "the sizes of its Fourier coefficients are others, and the covariance is made of their squares",
        )
        cosine = cosines(other[None, None], concept[None, None]).value.item()
        require(abs(cosine) < 0.99, f"it is {'minus ' * (cosine < 0)}a shift of the concept: no dictionary minds that")
    return "No Gaussian functions tell the two apart. Those with few events do."


def closed(answer: object) -> str:
    """A function of atoms (atoms, n): the share that has, moved by one node, a |cosine| above 0.9 with an atom."""
    every = torch.stack([_normal(16, seed=5).roll(s) for s in range(16)])
    for atoms, what in (
        (every, "the sixteen shifts of one function"),
        (every[:12], "twelve of them, in a row"),
        (every * torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(8)[:, None], "shifts, every other one negative"),
        (every * torch.linspace(0.1, 5, 16, dtype=torch.float64)[:, None], "shifts of other norms"),
        (_normal(16, 16, seed=6), "unrelated atoms"),
    ):
        given, wanted = number(call(answer, atoms), "your share"), _share(atoms)
        require(abs(given - wanted) < 1e-6, f"for {what} you say {given:.3g}, and {wanted:.3g} is right")
    return "A dictionary for which this is 1 is closed under all shifts, one node at a time."


def unrelated(answer: object) -> str:
    """Numbers of inputs and of features for which unrelated representations have a linear CKA above 0.9."""
    inputs, features = (number(one, "each number") for one in several(answer, 2, "give (inputs, features)"))
    require(inputs >= 10 and features >= 1, "there should be ten inputs at least, and a feature")
    require(inputs == int(inputs) and features == int(features), "both should be whole numbers")
    require(inputs * features <= 10**6, "let them be fewer than a million numbers together")
    pairs = [
        (_normal(int(inputs), int(features), seed=2 * i), _normal(int(inputs), int(features), seed=2 * i + 1))
        for i in range(2)
    ]
    lowest = min(linear_cka(a, b) for a, b in pairs)
    require(lowest > 0.9, f"two representations drawn at random have a CKA of {lowest:.2f}")
    found = permuted_cka(*pairs[0], permutations=50)
    return f"By chance it is {found.chance:.2f}, too: above that nothing is left."


def allowed(answer: object) -> str:
    """A function of h, g, γ and v: the most that ‖Wv‖² can be where decay and gradient balance."""
    for seed, decay in enumerate((0.5, 0.1, 2.0)):
        h, g, v = _normal(40, 3, seed=seed), _normal(40, 2, seed=10 + seed), _normal(3, seed=20 + seed)
        given = number(call(answer, h, g, decay, v), "your bound")
        wanted = ((h @ v).square().mean() * g.square().sum(1).mean() / decay**2).item()
        require(
            abs(given - wanted) < 1e-6 * wanted,
            f"at γ = {decay:g} you say {given:.4g}, and {wanted:.4g} is right: the theorem, from both sides by v",
        )
    return "Where inputs never go, this is 0, and no weight survives."


CHECKS = (twin, closed, unrelated, allowed)


def _share(atoms: Tensor) -> float:
    atoms = atoms / atoms.norm(dim=1, keepdim=True)
    return ((atoms.roll(1, 1) @ atoms.T).abs().amax(1) > 0.9).double().mean().item()


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)
