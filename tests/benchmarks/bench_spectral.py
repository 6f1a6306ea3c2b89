"""A `FourierDictionary` against rfft + einsum + irfft of the same coefficients, in one run: `make bench`.

The rival, "FFT", is written as well as we can; "layer" is what most code for Fourier layers does, which fills the whole
of a half spectrum with zeros first.

Where few modes are kept the dictionary goes by products with a truncated Fourier matrix, elsewhere by FFT; so no ratio
should be above 1.1, and where products are chosen it should be well below 1. Nothing here passes or fails by a time.
"""

import pytest
import torch

from saeno import FourierDictionary
from saeno.kernels import spectral
from tests.benchmarks.bench_package import ratio

PLANES = [((64, 64), 12), ((128, 128), 12), ((128, 128), 32), ((256, 256), 16)]
LINES = [((256,), 64), ((1024,), 8), ((1024,), 16), ((1024,), 64), ((4096,), 16), ((4096,), 64)]


def sides(grid, modes, batch, method, backward, concepts=32):
    """Two calls that do the same: with gradients of the atoms and of what goes in, or without any."""
    torch.manual_seed(0)
    dictionary = FourierDictionary(1, concepts, (modes,) * len(grid))
    sizes = {"analysis": (1, concepts), "synthesis": (concepts, 1)}[method]
    value = torch.randn(batch, sizes[0], *grid, requires_grad=backward)
    towards = torch.randn(batch, sizes[1], *grid)

    def theirs(value):
        spectrum = dictionary._spectrum()
        rule = "bc...,cd...->bd..."
        if method == "analysis":
            spectrum, rule = spectrum.conj(), "bd...,cd...->bc..."
        kept = torch.einsum(rule, spectral.to_modes_by_fft(value, dictionary.modes), spectrum)
        return spectral.to_grid_by_fft(kept, grid)

    def timed(apply):
        def call():
            with torch.set_grad_enabled(backward):
                made = apply(value)
                if backward:
                    torch.autograd.grad(made, [value, dictionary.weight], towards)

        return call

    ours = getattr(dictionary, method)
    assert (ours(value) - theirs(value)).abs().max() < 1e-5 * theirs(value).abs().max()
    return timed(ours), timed(theirs)


@pytest.mark.parametrize("backward", [True, False], ids=["forward and backward", "forward"])
@pytest.mark.parametrize("method", ["analysis", "synthesis"])
def bench_planes_against_fft(method, backward):
    """Batch 16; analysis is 1 → 32 channels, synthesis 32 → 1."""
    for grid, modes in PLANES:
        batch = 16 if grid != (256, 256) else 4
        name = f"{method}, {grid}, {modes} modes, {'forward + backward' if backward else 'forward'}, ours : FFT"
        ratio(name, *sides(grid, modes, batch, method, backward))


@pytest.mark.parametrize("method", ["analysis", "synthesis"])
def bench_planes_against_the_usual_layer(method):
    """Forward and backward: rfft2, einsum on the two corners that are kept, zeros for the rest, irfft2."""
    torch.manual_seed(0)
    grid, m, batch = (128, 128), 12, 16
    dictionary = FourierDictionary(1, 32, (m, m))
    into, out = (1, 32) if method == "analysis" else (32, 1)
    value, towards = torch.randn(batch, into, *grid, requires_grad=True), torch.randn(batch, out, *grid)

    def usual(value):
        weight = dictionary._spectrum().conj().transpose(0, 1) if method == "analysis" else dictionary._spectrum()
        spectrum = torch.fft.rfft2(value, norm="forward")
        made = spectrum.new_zeros(batch, out, grid[0], grid[1] // 2 + 1)
        for rows, kept in ((slice(m + 1), slice(m, None)), (slice(-m, None), slice(m))):
            corner = torch.einsum("bi...,io...->bo...", spectrum[:, :, rows, : m + 1], weight[:, :, kept])
            made[:, :, rows, : m + 1] = corner
        return torch.fft.irfft2(made, s=grid, norm="forward")

    def timed(apply):
        return lambda: torch.autograd.grad(apply(value), [value, dictionary.weight], towards)

    ours = getattr(dictionary, method)
    assert (ours(value) - usual(value)).abs().max() < 1e-5 * usual(value).abs().max()
    ratio(f"{method}, {grid}, {m} modes, forward + backward, ours : layer", timed(ours), timed(usual))


@pytest.mark.parametrize("method", ["analysis", "synthesis"])
def bench_planes_against_the_limit(method):
    """Forward and backward against what nobody can save: the two products of the last axis with the large array."""
    for grid, modes in [((128, 128), 12), ((256, 256), 16)]:
        batch = 16 if grid == (128, 128) else 4
        ours, _ = sides(grid, modes, batch, method, True)
        kept = torch.randn(batch * 32 * grid[0], 2 * modes + 2)
        matrix, large = torch.randn(2 * modes + 2, grid[1]), torch.randn(batch * 32 * grid[0], grid[1])

        def limit(kept=kept, matrix=matrix, large=large):
            return kept @ matrix, large @ matrix.T

        ratio(f"{method}, {grid}, {modes} modes, ours : two products", ours, limit)


@pytest.mark.parametrize("backward", [True, False], ids=["forward and backward", "forward"])
@pytest.mark.parametrize("method", ["analysis", "synthesis"])
def bench_lines_against_fft(method, backward):
    """Batch 32, and more where n is small, since else it is Python that is timed."""
    for grid, modes in LINES:
        name = f"{method}, {grid}, {modes} modes, {'forward + backward' if backward else 'forward'}, ours : FFT"
        ratio(name, *sides(grid, modes, max(32, 32768 // grid[0]), method, backward), rounds=21)
