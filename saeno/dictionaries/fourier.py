"""Atoms that are functions, known on every grid."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saeno.checks import in_row, real, tensor
from saeno.dictionaries.base import Dictionary, check_points, random_atoms
from saeno.dictionaries.resampling import centres, on_longer_torus
from saeno.grids import Grid, as_grid, per_axis
from saeno.kernels.modes import filtered
from saeno.kernels.spectral import to_grid
from saeno.units import wide

MOST_MODES = 10**6  # of atoms on a longer domain


class FourierDictionary(Dictionary):
    r"""Concepts are band-limited functions: the dictionary of a sparse autoencoder Fourier neural operator (SAE-FNO).

    $$ D_c(u) = \theta_{c,0} + \sqrt2 \sum_{k \in K^+} \theta_{c,k} \cos(2\pi k\cdot u) + \theta_{c,-k} \sin(2\pi k\cdot
    u),
    \qquad \widehat{(D z)}(k) = \sum_c \hat D_c(k)\, \hat z_c(k) . $$

    K⁺ is half of the frequencies −modes..modes: those whose last non-zero entry is positive. The basis is orthonormal,
    so the Euclidean norm of `weight[c]` is the quadrature norm of the atom on any grid with n ≥ 2·modes + 1 nodes per
    axis; a coarser grid is an error. All coefficients are real and none is shared between two frequencies, so gradient
    descent here is gradient descent on the functions themselves: the zero frequency needs no special case, and the
    Nyquist frequency never occurs. With few modes, synthesis and analysis are products with a truncated Fourier matrix,
    else they are FFTs: up to n/128, and 32, modes with one axis; up to 3n/16, and 16, on each of two axes.

    Args:
        channels: number of components of a signal at one node.
        concepts: number of atoms.
        modes: highest frequency per axis: an int (one axis), or a tuple with one entry per axis.
        seed: of the random unit atoms it starts with.

    `weight: (concepts, channels, *(2·modes + 1))`, ordered by frequency −modes..modes. Source: the abstract (integral
    operators given by Fourier coefficients); the real isometric coordinates are our derivation.
    """

    known_everywhere = True

    def __init__(self, channels: int, concepts: int, modes: Grid, seed: int = 0):
        super().__init__()
        self.modes = per_axis(modes, "modes", least=0)
        self.axes = len(self.modes)
        with torch.inference_mode(False):
            self.register_buffer("_half", _signs(self.modes), persistent=False)
        self.weight = random_atoms(concepts, channels, *[2 * m + 1 for m in self.modes], seed=seed)
        self.seed = int(seed)
        self.normalize_()

    @classmethod
    def from_atoms(cls, atoms: Tensor, modes: Grid) -> FourierDictionary:
        """The dictionary of these atoms `(concepts, channels, *grid)` up to `modes`; norms within the band are kept."""
        tensor(atoms, "atoms", "(concepts, channels, *grid)")
        atoms = atoms.detach()
        self = cls(atoms.shape[1], atoms.shape[0], modes).to(atoms.device, atoms.dtype)
        grid = self.check_grid(tuple(atoms.shape[2:]), "grid of the atoms")
        axes = self._grid_axes
        spectrum = torch.fft.fftn(wide(atoms), dim=axes, norm="forward")
        for axis, n, modes_here in zip(axes, grid, self.modes, strict=True):
            spectrum = spectrum.index_select(axis, torch.arange(-modes_here, modes_here + 1, device=atoms.device) % n)
        self.weight = nn.Parameter(_coefficients(spectrum).to(atoms.dtype))
        return self

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, modes={self.modes}"

    def synthesis(self, code: Tensor) -> Tensor:
        return self.render(code, self.check_code(code))

    def render(self, code: Tensor, grid: Grid) -> Tensor:
        """D z on any grid: from a code `(batch, concepts, *its grid)` to a signal `(batch, channels, *grid)`.

        Exact: the signal has no frequency above `modes`, and the code's grid carries all of them.
        """
        self.check_code(code)
        grid = self.check_grid(grid)
        if len(code) == 0:
            return code.new_zeros(0, self.channels, *grid)
        return filtered(code, self._spectrum(), self.modes, grid).to(self.weight.dtype)

    def analysis(self, signal: Tensor) -> Tensor:
        grid = self.check_signal(signal)
        if len(signal) == 0:  # the FFT refuses what holds nothing
            return signal.new_zeros(0, self.concepts, *grid)
        return filtered(signal, self._spectrum(), self.modes, grid, adjoint=True).to(self.weight.dtype)

    def atoms(self, grid: Grid = ()) -> Tensor:
        return to_grid(self._spectrum(), self.check_grid(grid)).to(self.weight.dtype)

    def at(self, points: Tensor) -> Tensor:
        """The atoms at any points of the torus.

        From `(points, axes)`, or `(points,)` with one axis, to `(concepts, channels, points)`.
        """
        points = check_points(points, self.axes)
        frequencies = torch.cartesian_prod(*[torch.arange(-m, m + 1, device=points.device) for m in self.modes])
        phase = 2 * math.pi * points @ frequencies.view(-1, self.axes).to(points.dtype).T
        half = self._half.flatten()
        basis = math.sqrt(2) * torch.where(half > 0, phase.cos(), -phase.sin())
        basis = torch.where(half == 0, 1.0, basis).to(self.weight.dtype)
        return self.weight.flatten(2) @ basis.T

    def truncated(self, modes: Grid) -> FourierDictionary:
        """The same atoms without their frequencies above `modes`.

        The way down to a coarser grid. Norms are not restored.
        """
        modes = per_axis(modes, "modes", least=0)
        if len(modes) != self.axes or any(new > old for new, old in zip(modes, self.modes, strict=True)):
            raise ValueError(f"modes = {modes}: should be at most this dictionary's modes {self.modes}, axis by axis")
        new = FourierDictionary(self.channels, self.concepts, modes, self.seed)
        kept = [slice(old - m, old + m + 1) for m, old in zip(modes, self.modes, strict=True)]
        new.weight = nn.Parameter(self.weight.detach()[(..., *kept)].clone())
        return new

    def extended(self, modes: Grid) -> FourierDictionary:
        """The same functions, with room for frequencies up to `modes`, which are 0 until they are learned.

        Training may begin with few modes and get more: coarse features first.
        """
        modes = per_axis(modes, "modes", least=0)
        if len(modes) != self.axes or any(new < old for new, old in zip(modes, self.modes, strict=True)):
            raise ValueError(f"modes = {modes}: should be at least this dictionary's modes {self.modes}, axis by axis")
        new = FourierDictionary(self.channels, self.concepts, modes, self.seed).to(self.weight)
        weight = torch.zeros_like(new.weight)
        weight[(..., *[slice(m - old, m + old + 1) for m, old in zip(modes, self.modes, strict=True)])] = self.weight
        new.weight = nn.Parameter(weight.detach())
        return new

    def on_domain(self, length: float | Sequence[float]) -> FourierDictionary:
        r"""The same atoms on a domain of another length ℓ: signals on [0, ℓ), sampled at ℓ·i/n, periodic there.

        A mode index is not a frequency: on [0, ℓ) mode k is the frequency k/ℓ. An atom keeps its shape and height when
        it is taken as a function on the line, and its Fourier transform is read off at k/ℓ,

        $$ \hat D'_c(k) = \frac1\ell \int_{\gamma_c - 1/2}^{\gamma_c + 1/2} D_c(s)\, e^{-2\pi i k s/\ell}\, ds,
        \qquad |k| \le \ell \cdot \text{modes} . $$

        The torus is cut open half a period away from the middle γ_c of the atom's energy (in [−¼, ¾), per axis), so an
        atom is carried over as well as it is zero there; one that fills the torus has no shape on a line. A shorter
        domain folds the atom over.

        All conventions then hold on the new domain, whose points `at` counts from 0 to 1 and whose grid has ℓ times the
        nodes for the same spacing. *Means are over the new domain.* An event of mass a still makes a·D_c. But an atom
        fills a smaller part of the domain: its gain, and all masses that `analysis` finds, are 1/ℓ of what they were.
        So divide thresholds by ℓ: soft codes are then ℓ times the old ones, with the same masses. For events, call
        `normalize_()`, which multiplies atoms by √ℓ. (With several axes, ℓ is the product of the lengths.)

        Args:
            length: ℓ > 0, for one axis; a tuple with one entry per axis for more.

        Raises ValueError for a length that is not positive, or not one per axis. Source: our derivation.
        """
        lengths = in_row(length)
        if len(lengths) != self.axes:
            raise ValueError(f"length = {length!r} has {len(lengths)} axes: this dictionary needs {self.axes}")
        lengths = tuple(real(one, "length", positive=True) for one in lengths)
        if any(one * modes > MOST_MODES for one, modes in zip(lengths, self.modes, strict=True)):
            raise ValueError(f"length = {length!r}: should be less, length · modes {self.modes} is above {MOST_MODES}")
        with torch.no_grad():
            atoms = self.atoms([2 * m + 2 for m in self.modes])
            spectrum = self._spectrum(full=True).to(torch.complex128)
            for axis, modes, one in zip(self._grid_axes, self.modes, lengths, strict=True):
                matrix = on_longer_torus(modes, one, centres(atoms, axis))
                spectrum = torch.einsum("ckm,cd...m->cd...k", matrix, spectrum.movedim(axis, -1)).movedim(-1, axis)
            modes = tuple((n - 1) // 2 for n in spectrum.shape[2:])
            new = FourierDictionary(self.channels, self.concepts, modes, self.seed).to(self.weight)
            new.weight = nn.Parameter(_coefficients(spectrum).to(self.weight.dtype).contiguous())
        return new

    def largest_eigenvalue(self, grid: Grid = ()) -> Tensor:
        # The atoms have no frequency beyond `modes`, so the coarsest grid that carries them says it for every grid.
        if as_grid(grid):
            self.check_grid(grid)
        return super().largest_eigenvalue([2 * m + 1 for m in self.modes])

    def determined_by(self) -> list[Tensor]:
        return [self.weight]

    @property
    def _grid_axes(self) -> tuple[int, ...]:
        return tuple(range(2, 2 + self.axes))

    def _spectrum(self, full: bool = False) -> Tensor:
        """D̂(k) for the frequencies whose last entry is ≥ 0 (the others are conjugates), or for the whole of them.

        `(concepts, channels, *2·modes + 1, modes + 1)`.
        """
        keep = slice(0 if full else self.modes[-1], None)
        weight = wide(self.weight)  # half precision has no complex numbers
        mirrored = weight.flip(self._grid_axes)[..., keep]
        weight, half = weight[..., keep], self._half[..., keep]
        even = torch.where(half >= 0, weight, mirrored)
        odd = torch.where(half >= 0, -mirrored, weight)
        scale = torch.where(half == 0, weight.new_ones(()), weight.new_tensor(math.sqrt(0.5)))
        return torch.complex(even * scale, odd * half.abs() * scale)

    def check_grid(self, grid: Grid, name: str = "grid") -> tuple[int, ...]:
        grid = super().check_grid(grid, name)
        if any(n < 2 * m + 1 for n, m in zip(grid, self.modes, strict=True)):
            least = tuple(2 * m + 1 for m in self.modes)
            few = f"{name} = {grid} cannot carry modes = {self.modes}"
            raise ValueError(f"{few}: needs at least {least} nodes, or `truncated(modes)`")
        return grid


def _signs(modes: Sequence[int]) -> Tensor:
    """+1 on K⁺, −1 on −K⁺, 0 at the zero frequency: the sign of the last non-zero entry of each frequency."""
    signs = torch.zeros([1] * len(modes))
    for axis, most in enumerate(modes):
        here = torch.arange(-most, most + 1).sign().view([-1 if a == axis else 1 for a in range(len(modes))]).to(signs)
        signs = torch.where(here != 0, here, signs)
    return signs


def _coefficients(spectrum: Tensor) -> Tensor:
    """The real coordinates of functions, from their Fourier coefficients `(concepts, channels, *(2·modes + 1))`."""
    half = _signs([n // 2 for n in spectrum.shape[2:]]).to(spectrum.device)
    weight = math.sqrt(2) * torch.where(half > 0, spectrum.real, spectrum.imag)
    return torch.where(half == 0, spectrum.real, weight)
