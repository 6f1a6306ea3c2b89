"""The way up to a lifted space and the way down again: matrices, applied node by node."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from saeno.checks import flag, held, precision, signals, whole
from saeno.lifting.base import Lift
from saeno.lifting.covariance import check_samples, roots, shrunk
from saeno.lifting.spectral import SpectralLifting
from saeno.seeds import seeded
from saeno.units import wide


class Lifting(Lift):
    r"""A pair of matrices between the channels of a signal and a lifted space, applied node by node.

    $$ x \mapsto L x, \quad L \in \mathbb R^{h \times m} $$

    $$ h \mapsto P h, \quad P \in \mathbb R^{m \times h} $$

    Args:
        lift: L, `(lifted, channels)`.
        project: P, `(channels, lifted)`.
        trained: whether the matrices are parameters, which learn with the dictionary.
        tied: whether L is Pᵀ and stays so; by default, whether it is so now.

    Raises TypeError or ValueError when the matrices do not fit each other. Source: the abstract (lifting, as in a
    neural operator).
    """

    def __init__(self, lift: Tensor, project: Tensor, trained: bool = False, tied: bool | None = None):
        super().__init__()
        for name, matrix in (("lift", lift), ("project", project)):
            if not (isinstance(matrix, Tensor) and matrix.is_floating_point() and matrix.dtype == lift.dtype):
                kind = matrix.dtype if isinstance(matrix, Tensor) else type(matrix).__name__
                raise TypeError(f"{name} is {kind}: both should be tensors of one floating-point type")
            held(matrix, name)
        if lift.dim() != 2 or project.shape != lift.T.shape:
            raise ValueError(
                f"lift has shape {tuple(lift.shape)}, project {tuple(project.shape)}: "
                "should be (lifted, channels) and (channels, lifted)"
            )
        trained, tied = flag(trained, "trained"), None if tied is None else flag(tied, "tied")
        equal = torch.equal(lift, project.T)
        if tied and not equal:
            raise ValueError("tied = True: should have lift equal to the transpose of project")
        self.channels, self.lifted = project.shape
        self.trained, self.tied = trained, equal if tied is None else tied
        for name, matrix in (("P", project), ("own_lift", None if self.tied else lift)):
            value = None if matrix is None else matrix.detach().clone(memory_format=torch.contiguous_format)
            if trained and value is not None:
                self.register_parameter(name, nn.Parameter(value))
            else:
                self.register_buffer(name, value)

    @classmethod
    def orthonormal(cls, channels: int, lifted: int, seed: int = 0, dtype: torch.dtype | None = None) -> Lifting:
        """L = Pᵀ with PPᵀ = I (orthonormal rows), at random; with lifted < channels, PᵀP = I instead."""
        project = _orthonormal(channels, lifted, seed, dtype)
        return cls(project.T, project)

    @classmethod
    def gaussian(
        cls, channels: int, lifted: int, variance: str = "lifted", seed: int = 0, dtype: torch.dtype | None = None
    ) -> Lifting:
        """L = Pᵀ with independent normal entries.

        Their variance is 1/lifted (PPᵀ → I as lifted grows) or 1/channels (PPᵀ ≈ (lifted/channels) I).
        """
        if variance not in ("lifted", "channels"):
            raise ValueError(f"variance = {variance!r}: should be 'lifted' (1/lifted) or 'channels' (1/channels)")
        channels, lifted = whole(channels, "channels"), whole(lifted, "lifted")
        project = seeded(channels, lifted, seed=seed).to(precision(dtype, "dtype"))
        project = project / math.sqrt(lifted if variance == "lifted" else channels)
        return cls(project.T, project)

    @classmethod
    def learned(
        cls, channels: int, lifted: int, seed: int = 0, tied: bool = True, dtype: torch.dtype | None = None
    ) -> Lifting:
        """A lifting that learns with the dictionary, from the start of `orthonormal`.

        Tied, L = Pᵀ throughout. Untied, L starts as Pᵀ and learns by itself. Other starts: `Lifting(L, P,
        trained=True)`.
        """
        project = _orthonormal(channels, lifted, seed, dtype)
        return cls(project.T, project, trained=True, tied=flag(tied, "tied"))

    @classmethod
    def whitening(cls, samples: Tensor, shrinkage: float = 0.0) -> Lifting:
        r"""L = S^-½ and P = S^½, with S the covariance of the samples: in the lifted space the data are white.

        White means that their covariance is I. It is taken around the mean, and the mean stays in the data.

        $$ S = (1 - \gamma)\, C + \gamma\, \tfrac{\operatorname{tr} C}{m}\, I $$

        with C the covariance of x; for data of mean 0 that is E xxᵀ.

        LP = I, so an atom has unit gain when its lifted norm is 1. The samples have to be *noisy as the data are*:
        S of clean samples blows the noise up where the signal is weak.

        Args:
            samples: `(count, channels, *grid)`; the covariance is over samples and nodes.
            shrinkage: γ in [0, 1], for when samples are few; `sklearn.covariance.ledoit_wolf_shrinkage` estimates it.

        Raises ValueError when S is not invertible. Source: our derivation; Bell & Sejnowski,
        doi:10.1016/S0042-6989(97)00121-1, for the symmetric square root.
        """
        check_samples(samples, least_axes=0)
        flat = samples.detach().transpose(0, 1).flatten(1).double()
        covariance = shrunk(torch.cov(flat, correction=0).view(len(flat), len(flat)), shrinkage)
        lift, project = (root.to(samples.dtype) for root in roots(covariance, samples))
        return cls(lift, project, tied=False)

    @classmethod
    def spectral_whitening(cls, samples: Tensor, shrinkage: float = 0.0) -> SpectralLifting:
        r"""Whitening of stationary functions: a multiplier for each frequency.

        The covariance of a stationary random function commutes with shifts, so it is diagonal in Fourier. With the
        power $S(k) = \mathbb E\, \hat x(k) \hat x(k)^*$, a matrix over channels,

        $$ \hat L(k) = (N S(k))^{-1/2} $$

        $$ \hat P(k) = (N S(k))^{1/2} $$

        N being the nodes of the samples' grid: the lifted samples have covariance I at each node and none between
        nodes.

        Args:
            samples: `(count, channels, *grid)`, functions on the torus, noisy as the data are; their mean over samples
                and nodes is subtracted first.
            shrinkage: γ in [0, 1]: S(k) is moved that far to the mean power.

        Raises ValueError when some S(k) is not invertible. Source: our derivation; Field, doi:10.1364/JOSAA.4.002379,
        for the spectrum of natural images.
        """
        check_samples(samples, least_axes=1)
        axes = tuple(range(2, samples.dim()))
        centred = samples.detach().double()
        centred = centred - centred.mean((0, *axes), keepdim=True)
        spectrum = torch.fft.fftn(centred, dim=axes, norm="ortho")
        power = torch.einsum("bc...,bd...->...cd", spectrum, spectrum.conj()) / len(samples)
        lift, project = (root.to(samples.dtype.to_complex()) for root in roots(shrunk(power, shrinkage), samples))
        return SpectralLifting(lift, project)

    @property
    def L(self) -> Tensor:
        """`(lifted, channels)`."""
        return self.P.T if self.tied else self.own_lift

    @property
    def dtype(self) -> torch.dtype:
        """Of both matrices."""
        return self.P.dtype

    @property
    def adjoint(self) -> bool:
        """Whether L = Pᵀ."""
        return self.tied or torch.equal(self.own_lift, self.P.T)

    def lift(self, signal: Tensor) -> Tensor:
        """L x at every node: `(batch, channels, *grid)` to `(batch, lifted, *grid)`."""
        signals(signal, "signal", "channels", self.channels, self, self.P, of="lifting")
        return torch.einsum("hm,bm...->bh...", self.L, signal)

    def project(self, lifted: Tensor) -> Tensor:
        """P h at every node: `(batch, lifted, *grid)` to `(batch, channels, *grid)`."""
        signals(lifted, "lifted", "lifted", self.lifted, self, self.P, of="lifting")
        return torch.einsum("mh,bh...->bm...", self.P, lifted)

    def determined_by(self) -> list[Tensor]:
        return [*self.parameters(), *self.buffers()]

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.settings().items())

    def onto_range(self, lifted: Tensor) -> Tensor:
        """P⁺P h: the part of h in range(Pᵀ), the only part that projection sees."""
        return torch.einsum("gh,bh...->bg...", pseudoinverse(self.P) @ self.P, lifted)

    def settings(self) -> dict[str, int | bool]:
        """What `load` needs besides the matrices."""
        return {"channels": self.channels, "lifted": self.lifted, "trained": self.trained, "tied": self.tied}

    @classmethod
    def from_settings(cls, channels: int, lifted: int, trained: bool, tied: bool) -> Lifting:
        """A lifting of that size, whose matrices `load` then replaces."""
        project = _orthonormal(channels, lifted, 0, None)
        return cls(project.T, project, trained, tied)


def pseudoinverse(matrix: Tensor) -> Tensor:
    """P⁺, in the type of P."""
    return torch.linalg.pinv(wide(matrix)).to(matrix.dtype)


def _orthonormal(channels: int, lifted: int, seed: int, dtype: torch.dtype | None) -> Tensor:
    channels, lifted = whole(channels, "channels"), whole(lifted, "lifted")
    tall = seeded(max(channels, lifted), min(channels, lifted), seed=seed).double()
    basis = torch.linalg.qr(tall).Q.to(precision(dtype, "dtype"))
    return basis.T if lifted >= channels else basis
