"""λmax of DᵀD, frequency by frequency, and how it is remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from saeno.units import unit, wide, within


def symbol(atoms: Tensor) -> Tensor:
    """The Fourier symbol `(frequencies, channels, concepts)` of atoms `(concepts, channels, *grid)`."""
    atoms = wide(atoms)
    if atoms.dim() == 2:
        return atoms.T.unsqueeze(0)
    axes = tuple(range(2, atoms.dim()))
    return torch.fft.fftn(atoms, dim=axes, norm="forward").flatten(2).permute(2, 1, 0)


def largest_eigenvalue(synthesis: Tensor, returned: Tensor | None = None) -> Tensor:
    """Largest |eigenvalue| over frequencies of `synthesisᴴ @ returned`; both `(frequencies, channels, concepts)`.

    Non-zero eigenvalues of AB and BA are the same, so the smaller of the two products is formed.
    """
    if returned is None:
        product = _small_side(synthesis, synthesis)
        # Numbers near 1 need no unit, and a training step asks for λmax each time.
        if not torch.compiler.is_compiling() and within(product.diagonal(0, -2, -1).real.amax()):
            return torch.linalg.eigvalsh(product)[..., -1].max()
    size = unit(synthesis, (0, 1, 2))
    synthesis, square = synthesis / size, size.square().squeeze()
    if returned is None:
        return torch.linalg.eigvalsh(_small_side(synthesis, synthesis))[..., -1].max() * square
    return torch.linalg.eigvals(_small_side(synthesis, returned / size)).abs().max() * square


def _small_side(one: Tensor, other: Tensor) -> Tensor:
    return other @ one.mH if one.shape[1] <= one.shape[2] else one.mH @ other


class Memory:
    """A tensor for each grid, as long as what they were made of is equal to the copies that are kept of it.

    Unlike a count of versions, that notices every way to change a tensor. Copies and pickles of it are empty.
    """

    def __init__(self):
        self.copies: tuple[Tensor, ...] = ()
        self.values: dict[tuple[int, ...], Tensor] = {}

    def __reduce__(self):
        return Memory, ()

    def value(self, made_of: Sequence[Tensor], grid: tuple[int, ...], compute: Callable[[], Tensor]) -> Tensor:
        """What was computed for that grid, or is computed now."""
        if len(self.copies) != len(made_of) or not all(map(_same, self.copies, made_of)):
            with torch.inference_mode(False), torch.no_grad():
                self.copies, self.values = tuple(one.detach().clone() for one in made_of), {}
        if grid not in self.values:
            self.values[grid] = compute()
        return self.values[grid].clone()


def _same(copy: Tensor, now: Tensor) -> bool:
    return copy.dtype == now.dtype and copy.device == now.device and torch.equal(copy, now)
