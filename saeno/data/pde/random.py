"""Random periodic functions, which are the same functions on every grid."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from saeno.checks import precision, real, whole
from saeno.data.pde.fourier import sampled
from saeno.grids import Grid, as_grid
from saeno.seeds import generator_for


@dataclass(frozen=True)
class RandomFunctions:
    r"""Smooth random functions on the unit torus, known by their Fourier coefficients.

    $$ f(u) = c \sum_{0 < |k| \leq K} (|k|^2 + \tau^2)^{-a}\, g_k\, e^{2\pi i k \cdot u}, $$

    where the $g_k$ are standard normal, with $g_{-k} = \overline{g_k}$ so that f is real. It has mean 0, and c makes
    its root mean square exactly `rms`, for each function by itself. Energy is spread about evenly up to |k| = τ, and
    falls off as $|k|^{-4a}$ beyond: the larger a, the smoother.

    k_max: the largest frequency, K; a grid needs 2K + 1 nodes on each axis to carry f.
    tau: the frequency τ ≥ 0 at which the spectrum bends.
    decay: the exponent a ≥ 0.
    rms: the root mean square of each function.

    Raises ValueError for a number that makes no sense.
    """

    k_max: int = 20
    tau: float = 5.0
    decay: float = 1.0
    rms: float = 1.0

    def __post_init__(self):
        numbers = {
            "k_max": whole(self.k_max, "k_max"),
            "tau": real(self.tau, "tau"),
            "decay": real(self.decay, "decay"),
            "rms": real(self.rms, "rms", positive=True),
        }
        for name, number in numbers.items():
            object.__setattr__(self, name, number)

    def sample(
        self, count: int, grid: Grid, seed: int = 0, first: int = 0, dtype: torch.dtype | None = torch.float32
    ) -> Tensor:
        """Functions number `first` to `first + count − 1` at the nodes i/n of a grid: `(count, 1, *grid)`.

        Function i depends on the seed and on i alone: not on the grid, nor on how many are asked for.

        Raises ValueError for a grid that does not carry the frequency `k_max`, and a dtype that cannot hold the values.
        """
        count, first, grid = whole(count, "count"), whole(first, "first", least=0), as_grid(grid)
        seed, dtype = whole(seed, "seed", least=0), precision(dtype, "dtype")
        self.check(grid, "grid")
        own = (2 * self.k_max + 1,) * len(grid)  # the smallest grid that carries these functions
        noise = [
            torch.randn(own, generator=generator_for(seed, i), dtype=torch.double) for i in range(first, first + count)
        ]
        axes = tuple(range(2, 2 + len(grid)))
        # Values of white noise at 2K + 1 nodes have independent normal coefficients for all |k| ≤ K.
        spectrum = torch.fft.fftn(torch.stack(noise).unsqueeze(1), dim=axes, norm="ortho") * self._amplitude(own)
        values = torch.fft.ifftn(spectrum, dim=axes, norm="ortho").real
        scale = self.rms / values.square().mean(axes, keepdim=True).sqrt()
        functions = sampled(values * scale, grid).to(dtype)
        if not functions.isfinite().all():
            raise ValueError(f"rms = {self.rms:g}: should be smaller, for values that {dtype} can hold")
        return functions

    def check(self, grid: Grid, name: str, least: int | None = None) -> None:
        """Raise ValueError for a grid of fewer nodes on an axis than `least`, 2·k_max + 1 where it is not given."""
        least = 2 * self.k_max + 1 if least is None else least
        if not as_grid(grid, name=name) or min(as_grid(grid, name=name)) < least:
            carried = f"which functions with k_max = {self.k_max} need"
            raise ValueError(f"{name} = {grid!r}: should be at least {least} nodes on each axis, {carried}")

    def _amplitude(self, nodes: tuple[int, ...]) -> Tensor:
        lines = [torch.fft.fftfreq(n, 1 / n, dtype=torch.double) for n in nodes]
        squared = sum(line.square() for line in torch.meshgrid(*lines, indexing="ij"))
        # In proportion to |k| = 1, so that no choice of τ and a underflows.
        amplitude = (1 + (squared - 1).clamp(min=0) / (1 + self.tau * self.tau)) ** -self.decay
        return amplitude * ((squared > 0) & (squared <= self.k_max**2))
