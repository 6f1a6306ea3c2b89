"""The way up to a lifted space and the way down again for functions: multipliers of frequencies."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from saeno.checks import held, signals
from saeno.lifting.base import Lift
from saeno.units import wide


class SpectralLifting(Lift):
    r"""A pair of multipliers, a matrix over channels for each frequency: for functions on the torus.

    $$ \widehat{L x}(k) = \hat L(k)\, \hat x(k) $$

    $$ \widehat{P h}(k) = \hat L(k)^{-1}\, \hat h(k) $$

    They are applied on any grid. Frequencies beyond those of their own grid are treated as the nearest one there.

    Args:
        lift: L̂(k), complex `(*grid, channels, channels)`, in the order of `torch.fft.fftn`.
        project: P̂(k), its inverse at each frequency.

    Source: our derivation.
    """

    def __init__(self, lift: Tensor, project: Tensor):
        super().__init__()
        for name, table in (("lift", lift), ("project", project)):
            if not (isinstance(table, Tensor) and table.is_complex() and table.dtype == lift.dtype):
                kind = table.dtype if isinstance(table, Tensor) else type(table).__name__
                raise TypeError(f"{name} is {kind}: both should be tensors of one complex type")
            held(table, name)
            if table.dim() < 3 or table.shape[-1] != table.shape[-2] or table.shape != lift.shape:
                shapes = f"lift has shape {tuple(lift.shape)}, project {tuple(project.shape)}"
                raise ValueError(f"{shapes}: both should be (*grid, channels, channels)")
        self.grid, self.channels, self.lifted = tuple(lift.shape[:-2]), lift.shape[-1], lift.shape[-1]
        self.register_buffer("L", torch.view_as_real(lift.detach()).clone())
        self.register_buffer("P", torch.view_as_real(project.detach()).clone())

    @property
    def dtype(self) -> torch.dtype:
        """Of the signals it takes."""
        return self.L.dtype

    def lift(self, signal: Tensor) -> Tensor:
        """L x: `(batch, channels, *grid)`, and the same out."""
        return self._multiply(self.L, signal, "signal")

    def project(self, lifted: Tensor) -> Tensor:
        """P h: `(batch, channels, *grid)`, and the same out."""
        return self._multiply(self.P, lifted, "lifted")

    def returned(self, weight: Tensor) -> Tensor:
        """LP = I, in any coordinates."""
        return weight

    def multiplier(self, grid: int | Sequence[int]) -> Tensor:
        """L̂(k) at the frequencies of `torch.fft.rfftn` on a grid: complex `(*half grid, channels, channels)`."""
        return self._at(wide(self.L), (grid,) if isinstance(grid, int) else tuple(grid))

    def determined_by(self) -> list[Tensor]:
        return [self.L, self.P]

    def extra_repr(self) -> str:
        return f"channels={self.channels}, grid={self.grid}"

    def _at(self, table: Tensor, grid: tuple[int, ...]) -> Tensor:
        table = torch.view_as_complex(table)
        for axis, (n, known) in enumerate(zip(grid, self.grid, strict=True)):
            frequency = (
                torch.arange(n // 2 + 1) if axis == len(grid) - 1 else torch.fft.fftfreq(n, 1 / n).round().long()
            )
            nearest = frequency.clamp(-(known // 2), known // 2) % known
            table = table.index_select(axis, nearest.to(table.device))
        return table

    def _multiply(self, table: Tensor, value: Tensor, name: str) -> Tensor:
        signals(value, name, "channels", self.channels, self, table, len(self.grid), "lifting")
        grid = tuple(value.shape[2:])
        if len(value) == 0:
            return value.clone()
        axes = tuple(range(2, value.dim()))
        # Half precision has no complex numbers, and under autocast half numbers may come to a table of float32.
        spectrum = torch.fft.rfftn(wide(value).to(wide(table).dtype), dim=axes)
        spectrum = torch.einsum("...cd,bd...->bc...", self._at(wide(table), grid), spectrum)
        return torch.fft.irfftn(spectrum, s=grid, dim=axes).to(table.dtype)

    def settings(self) -> dict[str, int | list[int]]:
        """What `load` needs besides the multipliers."""
        return {"channels": self.channels, "grid": list(self.grid)}

    @classmethod
    def from_settings(cls, channels: int, grid: Sequence[int]) -> SpectralLifting:
        """A lifting of that size, whose multipliers `load` then replaces."""
        table = torch.eye(channels, dtype=torch.get_default_dtype().to_complex()).expand(*grid, -1, -1)
        return cls(table, table)
