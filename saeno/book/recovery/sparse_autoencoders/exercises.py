"""The exercises of *Sparse autoencoders*."""

from __future__ import annotations

import torch

from saeno import DenseDictionary
from saeno.book.checking import call, number, require, several, tensor
from saeno.data import SparseModel, spikes_and_waves
from saeno.seeds import generator


def layer(answer: object) -> str:
    """A function of atoms (p, m), α and λ: weights (p, m) and bias (p) of the layer that is the first step."""
    random = generator(0)
    for p, m, alpha, lam in ((3, 2, 0.5, 0.2), (8, 5, 0.1, 1.0), (4, 4, 1.0, 0.0)):
        atoms, x = torch.randn(p, m, generator=random).double(), torch.randn(50, m, generator=random).double()
        given = several(call(answer, atoms, alpha, lam), 2, "your function should return two things, W and b")
        weight, bias = tensor(given[0], "W", (p, m)), tensor(given[1], "b")
        require(bias.shape in ((p,), ()), f"b should have one entry for each of the {p} atoms, or be one number")
        right = alpha * atoms
        without = torch.allclose(weight, atoms, atol=1e-5)
        require(
            torch.allclose(weight, right, atol=1e-5),
            "W is not α times the atoms"
            + (": you left out the step" if without else ", which is the transpose of α D"),
        )
        require((bias <= 0).all(), "your bias lets small masses through: a threshold is a negative bias")
        wanted = (x @ right.T - alpha * lam).clamp(min=0)
        found = (x @ weight.T + bias).clamp(min=0)
        require(
            torch.allclose(found, wanted, atol=1e-5),
            f"with α = {alpha} and λ = {lam} your bias moves the threshold: a step of length α shrinks by less than λ",
        )
    return "A threshold of an iteration is a bias of a layer."


def jump(answer: object) -> str:
    """A function of values and θ: JumpReLU."""
    value = torch.tensor([-2.0, -0.5, 0.0, 0.2, 0.499, 0.501, 0.8, 3.0], dtype=torch.float64)
    for theta in (0.5, 0.1, 1.0):
        found = tensor(call(answer, value, theta), "the values that are kept", (8,))
        kept = value > theta
        require((found[~kept] == 0).all(), f"with θ = {theta} you keep an entry that is not above θ")
        require(
            not torch.allclose(found[kept], value[kept] - theta),
            "what is kept should stay as it is; you shrink it, as the soft threshold does",
        )
        require(torch.allclose(found[kept], value[kept]), f"with θ = {theta} you change an entry that is above θ")
    return "It jumps at θ, and so it has no derivative there: that is why training needs an estimate of one."


def batch_top_k(answer: object) -> str:
    """A function of masses (B, p) and k: the B·k largest kept, others and negative ones zero."""
    random = generator(1)
    for batch, p, k in ((4, 10, 2), (1, 6, 3), (16, 32, 1)):
        masses = torch.randn(batch, p, generator=random).abs() * (1 + torch.arange(batch)[:, None])
        found = tensor(call(answer, masses, k), "your codes", (batch, p))
        kept, masses = found != 0, masses.double()
        require(torch.allclose(found[kept], masses[kept]), "an entry that is kept should keep its value")
        count = int(kept.sum())
        require(count == batch * k, f"of {batch} signals with k = {k} you keep {count} entries in all, not {batch * k}")
        require(
            masses[kept].min() >= masses[~kept].max(),
            "a mass you dropped is larger than one you kept: the batch competes as a whole, not each signal by itself",
        )
    return "On average each signal has k, and a rich one has more."


def absorption_gain(answer: object) -> str:
    """A function of the shares of pairs and of lone children: how much shorter codes get when the child absorbs."""
    root = 2**0.5
    for both, alone in ((0.4, 0.0), (0.4, 0.1), (0.1, 0.5), (0.0, 0.2), (0.3, 0.3 * (root - 1))):
        given = number(call(answer, both, alone), f"your gain with pairs {both:.2g} and lone children {alone:.2g}")
        pairs, lone = (2 - root) * both, root * alone
        require(
            not (alone and abs(given - pairs) < 1e-6),
            "you left out the children without a parent: the absorbing dictionary writes one as √2 of the "
            "second atom, minus the parent",
        )
        require(
            abs(given - pairs + lone) < 1e-6,
            f"with pairs {both:.2g} and lone children {alone:.2g} you say {given:.3g}: write both kinds of signals in "
            "both dictionaries, and add up the sizes of the masses",
        )
    return "Absorption pays until there are √2 − 1 lone children to a pair."


def beat_the_layer(answer: object) -> str:
    """A function of atoms (p, m), signals (batch, m) and k: codes (batch, p) with the right supports."""
    for seed, true in enumerate((spikes_and_waves(64), DenseDictionary(64, 128, seed=3).double())):
        atoms = true.atoms().detach()
        data = SparseModel(true, active=4, amplitude=(0.2, 1.5))
        signal, code = data.sample(200, generator=generator(seed))
        found = tensor(call(answer, atoms, signal, 4), "your codes", (200, 128))
        taken = found.abs() > 1e-6
        count = taken.sum(1).max().item()
        require(count <= 4, f"a code of yours has {count} active entries, and 4 are allowed")
        share = (taken == (code != 0)).all(1).double().mean().item()
        one = torch.zeros_like(code).scatter(1, (signal @ atoms.T).abs().topk(4, 1).indices, 1.0)
        layer = ((one != 0) == (code != 0)).all(1).double().mean().item()
        require(
            share > 0.75,
            f"you find {share:.0%} of the supports; one step of top-k finds {layer:.0%}, and more than 75 % can be had",
        )
        error = ((found - code).norm(dim=1) / code.norm(dim=1)).median().item()
        require(error < 0.1, f"the supports are right, but the median error of the masses is {error:.2f}")
    return "No layer was trained; only the number of steps is larger."


CHECKS = (layer, jump, batch_top_k, absorption_gain, beat_the_layer)
