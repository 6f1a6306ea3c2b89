"""The exercises of *Joint sparsity*. Codes are float64; one of them is `(concepts, *grid)`."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.checking import call, number, require, tensor
from saeno.seeds import generator


def _normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def _mean_norm(code: Tensor) -> Tensor:
    return code.flatten(1).square().mean(1).sqrt()


def norms(answer: object) -> str:
    """A function of a code (concepts, *grid): the norms (concepts,)."""
    for seed, grid in enumerate(((8,), (4, 6), (3, 2, 5))):
        code = _normal(seed, 5, *grid)
        found = tensor(call(answer, code), "your norms", (5,))
        wanted = _mean_norm(code)
        if (found - wanted * code[0].numel() ** 0.5).abs().max() < 1e-5:
            require(False, "your norms are sums over the nodes: on twice as many nodes they would be larger")
        require(
            (found - wanted).abs().max() < 1e-6,
            f"on a grid with {len(grid)} axes the first norm is {wanted[0]:.4g}, and yours {found[0]:.4g}",
        )
    return "A code that is 1 everywhere has the norm 1, on every grid."


def block(answer: object) -> str:
    """A function of v (concepts, n) and λ: the proximal operator of λ Σ ‖z_c‖."""
    for n in (8, 32):
        direction = _normal(n, 4, n)
        value = direction / _mean_norm(direction)[:, None] * torch.tensor([0.1, 0.5, 1.0, 2.0]).double()[:, None]
        found = tensor(call(answer, value, 0.5), "your code", (4, n))
        require(found[0].abs().max() < 1e-6, "a concept of norm 0.1 should be gone when λ is 0.5")
        size = _mean_norm(found)[2:]
        require(
            (found[2:] / size.clamp(min=1e-12)[:, None] - value[2:] / _mean_norm(value[2:])[:, None]).abs().max()
            < 1e-6,
            "a concept that is kept should keep its shape: one factor for all of its nodes",
        )
        require(
            (size - torch.tensor([0.5, 1.5]).double()).abs().max() < 1e-6,
            f"on {n} nodes, norms of 1 and 2 should become 0.5 and 1.5, and yours are {size[0]:.3g} and {size[1]:.3g}",
        )
        require(found[1].abs().max() < 1e-6, "of a concept of norm 0.5 nothing should be left when λ is 0.5")
    return "What is kept has lost λ of its norm, as a number loses λ of its size."


def sparse_group(answer: object) -> str:
    """A function of v (concepts, n), λ and μ: the proximal operator of λ Σ ‖z_c‖ + μ Σ mean |z_c|."""
    for seed, (group, point) in enumerate(((0.3, 0.4), (0.6, 0.2), (0.0, 0.5), (0.5, 0.0))):
        value = _normal(20 + seed, 6, 16)
        value[0] *= 0.01  # of which a price for places leaves nothing
        inner = value.sign() * (value.abs() - point).clamp(min=0)
        size = _mean_norm(inner)[:, None]
        wanted = inner * (1 - group / size.clamp(min=1e-12)).clamp(min=0)
        given = call(answer, value, group, point)
        require(
            not (isinstance(given, Tensor) and given.isnan().any()),
            f"with λ = {group:g} and μ = {point:g} some entries of your code are not a number: where the first step "
            "leaves nothing of a concept, its norm is 0",
        )
        found = tensor(given, "your code", (6, 16))
        require(
            (found - wanted).abs().max() < 1e-6,
            f"with λ = {group:g} and μ = {point:g} your code is {(found - wanted).abs().max():.2g} off: "
            "the nodes are thresholded first, and the norm is that of what is left",
        )
    return "The order matters: nodes first, and concepts second."


def by_chance(answer: object) -> str:
    """A function of p (concepts,), the shares of images that use a concept: Jaccard of two unrelated choices."""
    for shares in ([0.25] * 16, [1.0, 1.0, 0.0, 0.0], [0.9, 0.5, 0.1, 0.05, 0.05]):
        p = torch.tensor(shares, dtype=torch.float64)
        wanted = (p.square().sum() / (2 * p - p.square()).sum()).item()
        found = number(call(answer, p), "your agreement")
        require(
            abs(found - wanted) < 1e-6,
            f"for the shares {shares[:4]}{' …' if len(shares) > 4 else ''} it is {wanted:.3f}, not {found:.3f}: "
            "what share of images has a concept in both choices, and what share in one or the other?",
        )
    return "Two concepts that are always on agree perfectly, and say nothing."


def deaf(answer: object) -> str:
    """A function of an image (n, n): another one that the norm of the analysis cannot tell from it."""
    n = 11  # odd, so that every frequency has its mirror image
    for seed in range(3):
        image = _normal(40 + seed, n, n)
        found = tensor(call(answer, image), "your image", (n, n))
        spectra = [torch.fft.fft2(one) for one in (image, found)]
        require(
            (spectra[0].abs() - spectra[1].abs()).abs().max() < 1e-5 * spectra[0].abs().max(),
            "the two have different power spectra, so some signal gives them analyses of different norms",
        )
        best = _best_cosine(*spectra)
        require(best < 0.95, f"it is the same image, up to its place or its sign: their cosine is {best:.2f}")
    return "Turned by half a turn, or with other phases for all waves: to the norm it is one image."


def _best_cosine(first: Tensor, second: Tensor) -> float:
    """The largest |cosine| of two images with these spectra `(n, n)`, over moves by eighths of a node."""
    n = len(first)
    k = torch.arange(-(n // 2), n // 2 + 1)
    fine = torch.zeros(8 * n, 8 * n, dtype=first.dtype)
    fine[k[:, None], k] = (first * second.conj())[k[:, None], k]
    return ((8 * n) ** 2 * torch.fft.ifft2(fine).real.abs().max() / first.abs().square().sum()).item()


CHECKS = (norms, block, sparse_group, by_chance, deaf)
