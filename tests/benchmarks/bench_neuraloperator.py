"""The Fourier layer of `neuraloperator` beside the sum of its waves. `make bench`; skipped where it is not installed.

`neuraloperator` brings about fifty packages, so it is no dependency of the book. In an environment of its own,

    pip install neuraloperator==2.0.0
    python tests/benchmarks/bench_neuraloperator.py

runs the comparison and writes `saeno/book/peers/neuraloperator.json`, which the chapter shows.
"""

import datetime
import json
import math
import platform
import sys
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import torch

from saeno import operators

RECORD = Path(__file__).parents[2] / "saeno" / "book" / "peers" / "neuraloperator.json"
# Kept frequencies: its odd counts are symmetric, −4..4; the signals have no frequency above 3, so that nothing
# depends on the edge of a band, where opinions may differ.
MODES, BAND = 9, 3
CASES = {
    "1-D, even grid": ((16,), (16,), "same"),
    "1-D, odd grid": ((17,), (17,), "same"),
    "1-D, finer output": ((16,), (32,), "up"),
    "2-D, even grid": ((16, 16), (16, 16), "same"),
    "2-D, trained on even, used on twice the grid": ((32, 32), (32, 32), "same"),
    "2-D, odd grid": ((17, 17), (17, 17), "same"),
    "2-D, finer output": ((16, 16), (32, 32), "up"),
}


def exact(coefficients, kernel, grid):
    """Σ over frequencies of weight · coefficient · wave at the nodes, in float64: what the layer means."""
    axes = [torch.arange(n, dtype=torch.float64) / n for n in grid]
    total = torch.zeros(kernel.shape[1], *grid, dtype=torch.complex128)
    for at in torch.cartesian_prod(*[torch.arange(-BAND, BAND + 1)] * len(grid)).view(-1, len(grid)).tolist():
        flip = at[-1] < 0  # the weight of −k is the conjugate
        where = [(-k if flip else k) + MODES // 2 for k in at[:-1]] + [abs(at[-1])]
        weight = kernel[(..., *where)].to(torch.complex128)
        moved = torch.einsum("i,io->o", coefficients[tuple(at)], weight.conj() if flip else weight)
        phase = sum(
            2 * math.pi * k * axis.view([-1 if a == i else 1 for a in range(len(grid))])
            for i, (k, axis) in enumerate(zip(at, axes, strict=True))
        )
        total += moved.view(-1, *[1] * len(grid)) * torch.polar(torch.ones_like(phase), phase)
    return total.real


def signal(axes, grid, seed):
    """A real function of two channels with frequencies up to 3: its coefficients, and its values on the grid."""
    random = torch.Generator().manual_seed(seed)
    coefficients = {}
    for at in torch.cartesian_prod(*[torch.arange(-BAND, BAND + 1)] * axes).view(-1, axes).tolist():
        opposite = tuple(-k for k in at)
        if opposite in coefficients:
            coefficients[tuple(at)] = coefficients[opposite].conj()
        else:
            value = torch.randn(2, 2, generator=random, dtype=torch.float64)
            coefficients[tuple(at)] = torch.complex(value[0], value[1] * any(at))
    values = sum(
        value.view(-1, *[1] * axes)
        * torch.polar(
            torch.ones(grid, dtype=torch.float64),
            2
            * math.pi
            * sum(
                k * torch.arange(n, dtype=torch.float64).view([-1 if a == i else 1 for a in range(axes)]) / n
                for i, (k, n) in enumerate(zip(at, grid, strict=True))
            ).expand(grid),
        )
        for at, value in coefficients.items()
    )
    return coefficients, values.real


def measure(seed):
    """Relative distance of its layer from the sum of waves, in each case."""
    from neuralop.layers.spectral_convolution import SpectralConv

    errors = {}
    for name, (grid, out, kind) in CASES.items():
        axes = len(grid)
        torch.manual_seed(seed)
        layer = SpectralConv(2, 3, (MODES,) * axes, bias=False)
        kernel = layer.weight.tensor if hasattr(layer.weight, "tensor") else layer.weight
        kernel = kernel.detach()
        with torch.no_grad():
            if axes == 1:
                kernel[..., 0] = kernel[..., 0].real.to(kernel.dtype)
            else:
                line = kernel[..., 0]
                line += line.flip(2).conj()
            coefficients, values = signal(axes, grid, seed)
            made = layer(values.float()[None], output_shape=out if kind == "up" else None)[0].double()
        wanted = exact(coefficients, kernel, out)
        errors[name] = ((made - wanted).norm() / wanted.norm()).item()
    return errors


def record(seeds=range(5)):
    """What is stored: versions, date, and for each case the largest and the smallest error over the seeds."""
    runs = [measure(seed) for seed in seeds]
    return {
        "peer": "neuraloperator",
        "version": metadata.version("neuraloperator"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "seeds": len(runs),
        "cases": {name: [min(run[name] for run in runs), max(run[name] for run in runs)] for name in CASES},
    }


def bench_neuraloperator_against_the_sum_of_waves():
    """Its errors are of the size that is stored: rounding where they were rounding, and large where they were large."""
    import pytest

    pytest.importorskip("neuralop", reason="neuraloperator is not installed: pip install neuraloperator==2.0.0")
    found, stored = record(range(2))["cases"], json.loads(RECORD.read_text())["cases"]
    for name, (least, most) in found.items():
        print(f"{name:>46}: {least:.1e} to {most:.1e}")
        assert (most < 1e-5) == (stored[name][1] < 1e-5), name


def bench_its_blocks_recorded_and_replaced():
    """Its `fno_blocks` is one module that runs once for each layer: bit for bit the same when a run is replaced by
    itself, the output of other inputs when it is replaced by theirs, and no hook is left, after an error too."""
    import pytest

    models = pytest.importorskip("neuralop.models", reason="neuraloperator is not installed: see above")
    for axes in (1, 2):
        torch.manual_seed(0)
        model = models.FNO(n_modes=(8,) * axes, in_channels=1, out_channels=1, hidden_channels=16, n_layers=4).eval()
        x = torch.randn(6, 1, *(32,) * axes)
        with torch.no_grad():
            bare = model(x)
        hidden = [operators.record(model, x, "fno_blocks", call=layer, batch=4)["fno_blocks"] for layer in range(4)]
        assert not any(torch.equal(one, other) for one, other in pairwise(hidden))
        for layer, own in enumerate(hidden):
            with torch.no_grad(), operators.replace(model, "fno_blocks", lambda h: h, call=layer):
                assert torch.equal(model(x), bare)
            with torch.no_grad(), operators.replace(model, "fno_blocks", lambda h, own=own: own, call=layer):
                assert torch.allclose(model(x.flip(0)), bare, atol=1e-5)
        with pytest.raises(ValueError, match="'fno_blocks' runs 4 times in a forward, should be 0 to 3"):
            operators.record(model, x, "fno_blocks")
        with pytest.raises(ZeroDivisionError), operators.replace(model, "fno_blocks", lambda h: 1 / 0, call=2):
            model(x)
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


if __name__ == "__main__":
    found = record()
    RECORD.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    json.dump(found, sys.stdout, indent=2, ensure_ascii=False)
