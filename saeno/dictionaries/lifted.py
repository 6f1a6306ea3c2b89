"""Dictionaries that live in a lifted space."""

from __future__ import annotations

import copy
import math
from typing import Protocol

import torch
from torch import Tensor, nn

from saeno.checks import whole
from saeno.dictionaries.base import Dictionary, Grid, largest_eigenvalue, largest_share, seeded, symbol
from saeno.dictionaries.dense import DenseDictionary
from saeno.sparsity import Events


class Lift(Protocol):
    """What `Lifted` needs of a lifting.

    The way up, the way down, and the part of the lifted space that the way down sees.
    """

    def lift(self, signal: Tensor) -> Tensor: ...
    def project(self, lifted: Tensor) -> Tensor: ...
    def onto_range(self, lifted: Tensor) -> Tensor: ...


class Lifting(nn.Module):
    r"""A pair of matrices between the channels of a signal and a lifted space, applied node by node.

    $$ x \mapsto L x, \quad L \in \mathbb R^{h \times m}; \qquad h \mapsto P h, \quad P \in \mathbb R^{m \times h} . $$

    Args:
        lift: L, `(lifted, channels)`.
        project: P, `(channels, lifted)`.

    Source: the abstract (lifting, as in a neural operator).
    """

    def __init__(self, lift: Tensor, project: Tensor):
        super().__init__()
        for name, matrix in (("lift", lift), ("project", project)):
            if not (isinstance(matrix, Tensor) and matrix.is_floating_point() and matrix.dtype == lift.dtype):
                kind = matrix.dtype if isinstance(matrix, Tensor) else type(matrix).__name__
                raise TypeError(f"{name} is {kind}: both should be tensors of one floating-point type")
        if lift.dim() != 2 or project.shape != lift.T.shape:
            raise ValueError(
                f"lift has shape {tuple(lift.shape)}, project {tuple(project.shape)}: "
                "should be (lifted, channels) and (channels, lifted)"
            )
        self.register_buffer("L", lift.detach().clone())
        self.register_buffer("P", project.detach().clone())

    @classmethod
    def orthonormal(cls, channels: int, lifted: int, seed: int = 0) -> Lifting:
        """L = Pᵀ with PPᵀ = I (orthonormal rows), at random; with lifted < channels, PᵀP = I instead."""
        channels, lifted = whole(channels, "channels"), whole(lifted, "lifted")
        tall = seeded(max(channels, lifted), min(channels, lifted), seed=seed).double()
        basis = torch.linalg.qr(tall).Q.to(torch.get_default_dtype())
        lift = basis if lifted >= channels else basis.T
        return cls(lift, lift.T)

    @classmethod
    def gaussian(cls, channels: int, lifted: int, variance: str = "lifted", seed: int = 0) -> Lifting:
        """L = Pᵀ with independent normal entries.

        Their variance is 1/lifted (PPᵀ → I as lifted grows) or 1/channels (PPᵀ ≈ (lifted/channels) I).
        """
        if variance not in ("lifted", "channels"):
            raise ValueError(f"variance = {variance!r}: should be 'lifted' (1/lifted) or 'channels' (1/channels)")
        channels, lifted = whole(channels, "channels"), whole(lifted, "lifted")
        project = seeded(channels, lifted, seed=seed) / math.sqrt(lifted if variance == "lifted" else channels)
        return cls(project.T, project)

    @property
    def channels(self) -> int:
        """m, the number of components of a signal."""
        return self.P.shape[0]

    @property
    def lifted(self) -> int:
        """h, the number of components in the lifted space."""
        return self.P.shape[1]

    def lift(self, signal: Tensor) -> Tensor:
        """L x at every node: `(batch, channels, *grid)` to `(batch, lifted, *grid)`."""
        return torch.einsum("hm,bm...->bh...", self.L, signal)

    def project(self, lifted: Tensor) -> Tensor:
        """P h at every node: `(batch, lifted, *grid)` to `(batch, channels, *grid)`."""
        return torch.einsum("mh,bh...->bm...", self.P, lifted)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, lifted={self.lifted}"

    def onto_range(self, lifted: Tensor) -> Tensor:
        """P⁺P h: the part of h in range(Pᵀ), the only part that projection sees."""
        return torch.einsum("gh,bh...->bg...", torch.linalg.pinv(self.P) @ self.P, lifted)

    def settings(self) -> dict[str, int]:
        """What `load` needs besides the matrices."""
        return {"channels": self.channels, "lifted": self.lifted}

    @classmethod
    def from_settings(cls, channels: int, lifted: int) -> Lifting:
        """A lifting of that size, whose matrices `load` then replaces."""
        return cls.orthonormal(channels, lifted)


class Lifted(Dictionary):
    r"""A dictionary D in a lifted space (L-SAE, L-SAE-CNN, L-SAE-FNO): synthesis P∘D, analysis Dᵀ∘L.

    $$ \hat x = P D z, \qquad A = P D \ \text{(effective dictionary)}, \qquad W = L^\top D \ \text{(effective encoder)}
    . $$

    The residual of an iterative encoder is formed in data space, `DᵀL(x − P D z)`, or in lifted space, `Dᵀ(L x − D z)`;
    the two agree at the first step and differ later unless DᵀD = AᵀA. With L = Pᵀ analysis is the adjoint of synthesis;
    another lift is not adjoint, and `adjoint` is False.

    Unit gain is dᵀ L P d = 1: unit effective norm when L = Pᵀ, unit lifted norm when LP = I. `atoms()` are the
    effective ones. `Lifted` takes the dictionary over: it moves its atoms into range(Pᵀ), which P can see, and to unit
    gain. Gradient descent keeps them in that range; Adam, which scales each coordinate by itself, does not.

    Args:
        dictionary: any dictionary whose channels are the lifted ones.
        lifting: a `Lifting`, or anything with `.lift`, `.project`, `.onto_range`.
        residual: "data" or "lifted".

    Raises ValueError when the sizes do not fit or a gain is not positive. Source: the abstract; our derivation.
    """

    def __init__(self, dictionary: Dictionary, lifting: Lift, residual: str = "data"):
        super().__init__()
        if residual not in ("data", "lifted"):
            raise ValueError(f"residual = {residual!r}: should be 'data' or 'lifted'")
        if not isinstance(dictionary, Dictionary) or isinstance(dictionary, Lifted):
            raise TypeError(
                f"dictionary is a {type(dictionary).__name__}: should be one that is not lifted, such as "
                "DenseDictionary(8, 16)"
            )
        _check_dtype(dictionary, lifting)
        lifted = getattr(lifting, "lifted", dictionary.channels)
        if lifted != dictionary.channels:
            raise ValueError(f"dictionary has {dictionary.channels} channels: should be the lifting's {lifted}")
        self.dictionary, self.lifting, self.residual = dictionary, lifting, residual
        with torch.no_grad():
            self.weight.copy_(lifting.onto_range(self.weight))
        self.normalize_()

    @classmethod
    def from_atoms(cls, atoms: Dictionary | Tensor, lifting: Lifting, residual: str = "data") -> Lifted:
        """The lifted dictionary with the effective atoms of `atoms`: D = P⁺A, in range(Pᵀ); the norms of A are kept.

        `atoms` is an unlifted dictionary (or a tensor `(concepts, channels)`), which is copied. Raises ValueError when
        an atom is outside range(P), so that no D gives it.
        """
        source = atoms if isinstance(atoms, Dictionary) else DenseDictionary.from_atoms(atoms)
        if source.channels != lifting.channels:
            raise ValueError(f"atoms have {source.channels} channels: should be the lifting's {lifting.channels}")
        _check_dtype(source, lifting)
        weight = torch.einsum("hm,cm...->ch...", torch.linalg.pinv(lifting.P), source.weight.detach())
        atom, share = largest_share(lifting.project(weight) - source.weight, source.weight)
        if share > 1e-4:
            raise ValueError(
                f"atom {atom} is {share:.2g} (relative) outside range(P) "
                f"of this lifting of {lifting.channels} to {lifting.lifted}"
            )
        inner = copy.deepcopy(source)
        inner.weight = nn.Parameter(weight.clone())
        self = cls(inner, lifting, residual)
        inner.weight.data.copy_(weight)
        return self

    @property
    def weight(self) -> nn.Parameter:
        """D, the atoms in the lifted space, in the coordinates of the inner dictionary."""
        return self.dictionary.weight

    @property
    def axes(self) -> int:
        return self.dictionary.axes

    @property
    def channels(self) -> int:
        return getattr(self.lifting, "channels", self.dictionary.channels)

    @property
    def adjoint(self) -> bool:
        """Whether analysis is the adjoint of synthesis: L = Pᵀ."""
        return isinstance(self.lifting, Lifting) and torch.equal(self.lifting.L, self.lifting.P.T)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, residual={self.residual!r}"

    def synthesis(self, code: Tensor) -> Tensor:
        return self.lifting.project(self.dictionary.synthesis(code))

    def synthesis_of_events(self, events: Events) -> Tensor:
        return self.lifting.project(self.dictionary.synthesis_of_events(events))

    def render(self, code: Tensor, grid: Grid) -> Tensor:
        return self.lifting.project(self.dictionary.render(code, grid))

    def analysis(self, signal: Tensor) -> Tensor:
        self._check(signal, "signal", self.channels)
        return self.dictionary.analysis(self.lifting.lift(signal))

    def correlate(self, signal: Tensor, code: Tensor) -> Tensor:
        """`DᵀL(x − P D z)` or `Dᵀ(L x − D z)`, as `residual` says. Shapes as in `Dictionary.correlate`."""
        if self.residual == "data":
            return super().correlate(signal, code)
        self._check(signal, "signal", self.channels)
        return self.dictionary.correlate(self.lifting.lift(signal), code)

    def atoms(self, grid: Grid = ()) -> Tensor:
        """The effective atoms A = P D, `(concepts, channels, *grid)`."""
        return self.lifting.project(self.dictionary.atoms(grid))

    def at(self, points: Tensor) -> Tensor:
        """The effective atoms at any points, where the inner dictionary has them: `(concepts, channels, points)`."""
        return self.lifting.project(self.dictionary.at(points))

    def truncated(self, modes: Grid) -> Lifted:
        """The same atoms without their frequencies above `modes`, where the inner dictionary has frequencies."""
        new = copy.copy(self)
        new._modules = {**self._modules, "dictionary": self.dictionary.truncated(modes)}
        return new

    def returned(self) -> Tensor:
        return self.lifting.lift(self.lifting.project(self.weight))

    def _gain_normal(self) -> Tensor:
        with torch.enable_grad():
            return torch.autograd.grad(self.gain().sum(), self.weight)[0]

    @torch.no_grad()
    def largest_eigenvalue(self, grid: Grid = ()) -> Tensor:
        """Largest |eigenvalue| of code → analysis of its synthesis, with the residual this dictionary uses."""
        if self.residual == "lifted":
            return self.dictionary.largest_eigenvalue(grid)
        if self.adjoint:
            return super().largest_eigenvalue(grid)
        inner = self.dictionary.atoms(grid)
        return largest_eigenvalue(symbol(inner), symbol(self.lifting.lift(self.lifting.project(inner))))


def _check_dtype(dictionary: Dictionary, lifting: Lift) -> None:
    if isinstance(lifting, Lifting) and lifting.P.dtype != dictionary.weight.dtype:
        raise TypeError(f"lifting is {lifting.P.dtype}, the dictionary {dictionary.weight.dtype}: convert one of them")
