"""A `ConvDictionary` against itself with direct convolution for all kernels, in one run: `make bench`.

Where kernels are long the dictionary goes by FFT, elsewhere directly; so no ratio should be above 1.1, and where the
FFT is chosen it should be well below 1. `make bench` has two threads; OMP_NUM_THREADS=1 in front of pytest gives one.
Nothing here passes or fails by a time.
"""

import pytest
import torch

from saeno import ConvDictionary
from saeno.kernels import convolution
from tests.benchmarks.bench_package import ratio

# Grid, support, channels, concepts, batch.
LINES = [
    ((128,), (16,), 1, 10, 32),
    ((128,), (64,), 1, 32, 32),
    ((128,), (127,), 1, 10, 32),
    ((128,), (128,), 1, 10, 32),
    ((128,), (128,), 1, 32, 32),
    ((129,), (129,), 1, 10, 32),
    ((200,), (200,), 2, 6, 32),
    ((256,), (128,), 1, 32, 4),
    ((256,), (256,), 3, 64, 8),
    ((317,), (317,), 1, 10, 24),
    ((509,), (192,), 1, 32, 4),
    ((512,), (256,), 8, 32, 4),
    ((1024,), (192,), 1, 10, 8),
    ((1024,), (1024,), 1, 10, 1),
]
PLANES = [
    ((28, 28), (28, 28), 1, 10, 16),
    ((28, 28), (28, 28), 1, 32, 4),
    ((32, 32), (8, 8), 1, 12, 16),
    ((32, 32), (24, 32), 1, 32, 4),
    ((37, 37), (37, 37), 1, 10, 4),
    ((64, 64), (40, 40), 2, 6, 2),
]


def sides(grid, support, channels, concepts, batch, method, backward, dtype):
    """Two calls that do the same: with gradients of the kernels and of what goes in, or without any."""
    torch.manual_seed(0)
    dictionary = ConvDictionary(channels, concepts, support).to(dtype)
    into, out = {"analysis": (channels, concepts), "synthesis": (concepts, channels)}[method]
    value = torch.randn(batch, into, *grid, dtype=dtype, requires_grad=backward)
    towards = torch.randn(batch, out, *grid, dtype=dtype)
    ours = getattr(dictionary, method)

    def theirs(value):
        limits, convolution.LIMITS = convolution.LIMITS, {}
        made = ours(value)
        convolution.LIMITS = limits
        return made

    def timed(apply):
        def call():
            with torch.set_grad_enabled(backward):
                made = apply(value)
                if backward:
                    torch.autograd.grad(made, [value, dictionary.weight], towards)

        return call

    assert (ours(value) - theirs(value)).abs().max() < 1e-5 * theirs(value).abs().max()
    chosen = convolution.by_fft(value, dictionary.weight, method == "analysis")
    return timed(ours), timed(theirs), "FFT" if chosen else "sums"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("backward", [True, False], ids=["forward and backward", "forward"])
@pytest.mark.parametrize("method", ["analysis", "synthesis"])
@pytest.mark.parametrize("cases", [LINES, PLANES], ids=["lines", "planes"])
def bench_against_direct_convolution(cases, method, backward, dtype):
    for case in cases:
        ours, theirs, way = sides(*case, method, backward, dtype)
        kind = f"{str(dtype)[6:]}, {'forward + backward' if backward else 'forward'}"
        grid, support, channels, concepts, batch = case
        name = f"{method}, grid {grid}, support {support}, {channels}x{concepts}, batch {batch}, {kind}, {way}"
        ratio(name, ours, theirs, rounds=15)
