"""Dictionaries that live in a lifted space."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saeno.checks import instance
from saeno.dictionaries.base import Dictionary, largest_share
from saeno.dictionaries.dense import DenseDictionary
from saeno.dictionaries.eigenvalue import largest_eigenvalue, symbol
from saeno.grids import Grid, inner
from saeno.lifting.base import Lift
from saeno.lifting.pointwise import Lifting, pseudoinverse
from saeno.sparsity import Events


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
        lifting: a `Lifting`, a `SpectralLifting`, or a `Lift` of your own.
        residual: "data" or "lifted".

    Raises ValueError when the sizes do not fit or a gain is not positive. Source: the abstract; our derivation.
    """

    def __init__(self, dictionary: Dictionary, lifting: Lift, residual: str = "data"):
        super().__init__()
        if residual not in ("data", "lifted"):
            raise ValueError(f"residual = {residual!r}: should be 'data' or 'lifted'")
        if not isinstance(dictionary, Dictionary) or isinstance(dictionary, Lifted):
            kind = type(dictionary).__name__
            raise TypeError(f"dictionary is a {kind}: should be one that is not lifted, such as DenseDictionary(8, 16)")
        instance(lifting, Lift, "lifting", "Lifting.orthonormal(4, 8), or a subclass of your own")
        _check_dtype(dictionary, lifting)
        if lifting.lifted not in (None, dictionary.channels):
            raise ValueError(f"dictionary has {dictionary.channels} channels: should be the lifting's {lifting.lifted}")
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
        instance(lifting, Lifting, "lifting", "Lifting.orthonormal(4, 8), whose P has an inverse")
        source = atoms if isinstance(atoms, Dictionary) else DenseDictionary.from_atoms(atoms)
        if source.channels != lifting.channels:
            raise ValueError(f"atoms have {source.channels} channels: should be the lifting's {lifting.channels}")
        _check_dtype(source, lifting)
        weight = torch.einsum("hm,cm...->ch...", pseudoinverse(lifting.P), source.weight.detach())
        atom, share = largest_share(lifting.project(weight) - source.weight, source.weight)
        if share > 1e-4:
            raise ValueError(
                f"atom {atom} is {share:.2g} (relative) outside range(P) "
                f"of this lifting of {lifting.channels} to {lifting.lifted}"
            )
        dictionary = copy.deepcopy(source)
        dictionary.weight = nn.Parameter(weight.clone())
        self = cls(dictionary, lifting, residual)
        dictionary.weight.data.copy_(weight)
        return self

    @property
    def weight(self) -> nn.Parameter:
        """D, the atoms in the lifted space, in the coordinates of the inner dictionary."""
        return self.dictionary.weight

    @property
    def axes(self) -> int:
        return self.dictionary.axes

    @property
    def known_everywhere(self) -> bool:
        return self.dictionary.known_everywhere

    @property
    def channels(self) -> int:
        return self.dictionary.channels if self.lifting.channels is None else self.lifting.channels

    @property
    def middle(self) -> tuple[int, ...]:
        return self.dictionary.middle

    @property
    def adjoint(self) -> bool:
        """Whether analysis is the adjoint of synthesis: L = Pᵀ."""
        return self.lifting.adjoint

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, residual={self.residual!r}"

    def synthesis(self, code: Tensor) -> Tensor:
        return self._projected(self.dictionary.synthesis(code))

    def synthesis_of_events(self, events: Events) -> Tensor:
        return self._projected(self.dictionary.synthesis_of_events(events))

    def render(self, code: Tensor, grid: Grid) -> Tensor:
        return self._projected(self.dictionary.render(code, grid))

    def analysis(self, signal: Tensor) -> Tensor:
        self.check_signal(signal)
        return self.dictionary.analysis(self.lifting.lift(signal))

    def correlate(self, signal: Tensor, code: Tensor) -> Tensor:
        """`DᵀL(x − P D z)` or `Dᵀ(L x − D z)`, as `residual` says. Shapes as in `Dictionary.correlate`."""
        if self.residual == "data":
            return super().correlate(signal, code)
        self.check_pair(signal, code)
        return self.dictionary.correlate(self.lifting.lift(signal), code)

    def atoms(self, grid: Grid = ()) -> Tensor:
        """The effective atoms A = P D, `(concepts, channels, *grid)`."""
        return self._projected(self.dictionary.atoms(grid))

    def gram(self, grid: Grid = ()) -> Tensor:
        return super().gram(grid) if self.residual == "data" else self.dictionary.gram(grid)

    def reach(self, grid: Grid = ()) -> tuple[int, ...]:
        # What acts on the channels alone reaches no further; another lifting may.
        local = isinstance(self.lifting, Lifting) or self.residual == "lifted"
        return self.dictionary.reach(grid) if local else self.check_grid(grid)

    def at(self, points: Tensor) -> Tensor:
        """The effective atoms at any points, where the inner dictionary has them: `(concepts, channels, points)`."""
        return self._projected(self.dictionary.at(points))

    def truncated(self, modes: Grid) -> Lifted:
        """The same atoms without their frequencies above `modes`, where the inner dictionary has frequencies."""
        return self._with(self.dictionary.truncated(modes))

    def extended(self, modes: Grid) -> Lifted:
        """The same atoms with room for frequencies up to `modes`, where the inner dictionary has frequencies."""
        return self._with(self.dictionary.extended(modes))

    def on_domain(self, length: float | Sequence[float]) -> Lifted:
        """The same atoms on a domain of another length, where the inner dictionary has frequencies."""
        return self._with(self.dictionary.on_domain(length))

    def interpolated(self, from_grid: Grid, to_grid: Grid, kind: str = "sinc") -> Lifted:
        """The same atoms on another grid, where the inner dictionary has kernels."""
        return self._with(self.dictionary.interpolated(from_grid, to_grid, kind))

    def _with(self, dictionary: Dictionary) -> Lifted:
        """A copy with another dictionary and the same lifting."""
        return copy.deepcopy(self, {id(self.dictionary): dictionary, id(self.lifting): self.lifting})

    def _projected(self, lifted: Tensor) -> Tensor:
        return self.lifting.project(lifted).to(self.weight.dtype)  # under autocast products are in half precision

    def returned(self, weight: Tensor | None = None) -> Tensor:
        return self.lifting.returned(self.weight if weight is None else weight)

    def energy(self, code: Tensor) -> Tensor:
        if self.adjoint and self.residual == "data":
            return super().energy(code)
        lifted = self.dictionary.synthesis(code)
        return inner(lifted, lifted if self.residual == "lifted" else self.lifting.lift(self.lifting.project(lifted)))

    def _gain_normal(self) -> Tensor:
        with torch.enable_grad():
            return torch.autograd.grad(self.gain().sum(), self.weight)[0]

    def largest_eigenvalue(self, grid: Grid = ()) -> Tensor:
        """Largest |eigenvalue| of code → analysis of its synthesis, with the residual this dictionary uses."""
        if self.residual == "lifted":
            return self.dictionary.largest_eigenvalue(grid)
        return super().largest_eigenvalue(grid)

    def _eigenvalue(self, grid: Grid) -> Tensor:
        if self.adjoint:
            return largest_eigenvalue(symbol(self.atoms(grid)))
        atoms = self.dictionary.atoms(grid)
        return largest_eigenvalue(symbol(atoms), symbol(self.lifting.lift(self.lifting.project(atoms))))

    def determined_by(self) -> list[Tensor] | None:
        parts = self.dictionary.determined_by(), self.lifting.determined_by()
        return None if None in parts else [*parts[0], *parts[1]]

    def check_grid(self, grid: Grid, name: str = "grid") -> tuple[int, ...]:
        return self.dictionary.check_grid(grid, name)


def _check_dtype(dictionary: Dictionary, lifting: Lift) -> None:
    if lifting.dtype not in (None, dictionary.weight.dtype):
        raise TypeError(f"lifting is {lifting.dtype}, the dictionary {dictionary.weight.dtype}: convert one of them")
