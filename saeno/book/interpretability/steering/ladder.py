"""Rivals of a concept: what may be taken from a layer in its place, from noise up to a step toward another input.

All have the norm of the concept's part, function by function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from saeno.book.interpretability.inside_an_fno.lab import points
from saeno.book.interpretability.steering import lab
from saeno.book.interpretability.steering.lab import MODES, Parts
from saeno.seeds import generator

Rival = Callable[[], Tensor]


class Ladder:
    """What is taken from the layer in place of a concept's part, with its norm; one for each of the `parts`.

    x: what the layer gives for functions to learn from, `(functions, channels, n)`. y: for those that are steered.
    atoms: of the concepts, `(concepts, channels, n)`, where they are functions; principal components have none.
    """

    def __init__(self, parts: Parts, x: Tensor, y: Tensor, atoms: Tensor | None, seed: int):
        self.parts, self.x, self.y, self.atoms = parts, x, y, atoms
        self.random = generator(70_000 + seed)
        self.rows, self.channels, self.n = parts.step.shape
        self.mean = x.mean((0, 2), keepdim=True)

    def steps(self) -> Mapping[str, Tensor]:
        """Each rung by its name, at the norm of the concept's part."""
        rungs: dict[str, Rival] = {
            "white": lambda: self.normal(self.channels, self.n),
            "band": self.band,
            "rotated": self.rotated,
            "scrambled": lambda: self.phases(self.channels),
            "phases": lambda: self.phases(1),
            "covariance": self.covariance,
            "channel": self.channel,
            "other": self.other,
            "component": self.component,
            "means": self.means,
            "place": self.place,
            "toward": self.toward,
        }
        absent = () if self.atoms is not None else ("other", "means")
        return {name: lab.sized(made(), self.parts.step) for name, made in rungs.items() if name not in absent}

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.rows, *shape, generator=self.random, dtype=self.y.dtype)

    def band(self) -> Tensor:
        """Random functions with the frequencies that an atom can have, all alike."""
        waves = torch.fft.rfft(self.normal(self.channels, self.n))
        waves[..., MODES + 1 :] = 0
        return torch.fft.irfft(waves, n=self.n)

    def rotated(self) -> Tensor:
        """The concept's own profile over the nodes, its channels turned at random."""
        turn = torch.linalg.qr(self.normal(self.channels, self.channels)).Q
        return turn @ self.parts.step

    def phases(self, own: int) -> Tensor:
        """The concept's own spectrum with random phases: one for all channels, or one for each of them.

        With one for all, what channels have in common stays: each frequency is moved as a whole.
        """
        waves = torch.fft.rfft(self.parts.step)
        turn = 2 * torch.pi * torch.rand(self.rows, own, waves.shape[2], generator=self.random, dtype=self.y.dtype)
        turn[..., 0] = 0
        return torch.fft.irfft(waves * torch.exp(1j * turn), n=self.n)

    def covariance(self) -> Tensor:
        """Gaussian functions with the covariance of the layer, at every frequency and between channels."""
        waves = torch.fft.rfft(self.x - self.mean)
        roots = []
        for one in waves.unbind(2):
            values, vectors = torch.linalg.eigh(one.T @ one.conj() / len(one))
            roots.append(vectors * values.clamp(min=0).sqrt())
        size = (self.channels, self.n // 2 + 1)
        drawn = torch.complex(self.normal(*size), self.normal(*size))
        return torch.fft.irfft(torch.einsum("kcd,bdk->bck", torch.stack(roots), drawn), n=self.n)

    def profile(self) -> Tensor:
        """The concept's course over the nodes, `(rows, n)`: the first right singular vector of its step."""
        _, s, v = torch.linalg.svd(self.parts.step, full_matrices=False)
        return v[:, 0] * s[:, :1]

    def component(self) -> Tensor:
        """The first principal component of the channels, with the concept's profile."""
        first = torch.linalg.eigh(torch.cov(points(self.x).T)).eigenvectors[:, -1]
        return first[:, None] * self.profile()[:, None]

    def channel(self) -> Tensor:
        """The one channel that the concept moves most."""
        most = self.parts.step.square().sum(2).argmax(1)
        kept = torch.zeros_like(self.parts.step[:, :, 0]).scatter(1, most[:, None], 1.0)
        return self.parts.step * kept[:, :, None]

    def other(self) -> Tensor:
        """Another concept with the same masses at the same places."""
        used = self.parts.concept.unique()
        step = torch.randint(1, len(used), (self.rows,), generator=self.random)
        which = used[(torch.searchsorted(used, self.parts.concept) + step) % len(used)]
        return lab.placed(self.atoms, which, self.parts.mass)

    def means(self) -> Tensor:
        """What the layer is around the concept's events, on average and by their mass, over what it is anywhere."""
        waves = torch.fft.rfft(self.y - self.mean)[self.parts.function]
        around = waves * torch.fft.rfft(self.parts.mass)[:, None].conj()
        total = torch.zeros(len(self.atoms), *around.shape[1:], dtype=around.dtype)
        total.index_add_(0, self.parts.concept, around)
        # No function bears witness to itself: its own share is left out.
        waves = total[self.parts.concept] - around
        return torch.fft.irfft(waves * torch.fft.rfft(self.parts.mass)[:, None], n=self.n)

    def place(self) -> Tensor:
        """The concept itself, at least an eighth of the torus away."""
        away = torch.randint(self.n // 8, self.n - self.n // 8, (self.rows,), generator=self.random)
        return lab.moved(self.parts.step, away.to(self.y.dtype))

    def toward(self) -> Tensor:
        """What is taken away to go toward the activation of another function."""
        other = torch.randint(1, len(self.y), (self.rows,), generator=self.random)
        return self.y[self.parts.function] - self.y[(self.parts.function + other) % len(self.y)]
