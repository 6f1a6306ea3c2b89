"""Every kernel on a CUDA device, at real sizes: against torch, and against what the device could do at best.

    .venv/bin/python tests/benchmarks/bench_kernels.py

takes some minutes there, and writes tests/benchmarks/kernels.json: for each kernel and size the median milliseconds
and their 20 % and 80 % quantiles over interleaved rounds, ours and those of torch, their ratio, the bytes and
operations that have to be, and the floor: the larger of the bytes over the measured bandwidth and the operations over
the measured speed of float32 products, in this run. Where there is no such device it says so and writes nothing. A
kernel whose result is not that of torch to rounding has no ratio.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.nn import functional

import saeno
from saeno import DenseDictionary, OneStep, SparseAutoencoder, TopK
from saeno.kernels import decode, modes, select, shrink, spectral
from saeno.losses import squared_error

RESULTS = Path(__file__).with_name("kernels.json")
NONE = "there is no CUDA device, and Triton's interpreter has no speed: run this where there is one"
DEVICE = "cuda"
ROUNDS = 20
# batch, channels, concepts, k
SIZES = [(1024, 256, 4096, 16), (4096, 768, 16384, 32), (8192, 768, 131072, 32)]
SPECTRAL = [((4096,), 16), ((4096,), 64), ((256, 256), 12), ((256, 256), 32)]


def clock(calls):
    """Milliseconds of each call, by the device's own clock, in turn."""
    times = {name: [] for name in calls}
    for turn in range(ROUNDS + 3):
        for name, call in calls.items():
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            call()
            end.record()
            torch.cuda.synchronize()
            if turn >= 3:  # the first ones compile and warm up
                times[name].append(start.elapsed_time(end))
    return times


def summary(times):
    ranked = sorted(times)
    low, high = (ranked[round(share * (len(ranked) - 1))] for share in (0.2, 0.8))
    return {"median": statistics.median(times), "20 %": low, "80 %": high}


def limits():
    """What this device does: bytes per second of a copy, and operations per second of float32 products."""
    block, side = torch.empty(2**28, device=DEVICE), torch.randn(8192, 8192, device=DEVICE)
    times = clock({"copy": lambda: block.clone(), "product": lambda: side @ side})
    copied, product = (statistics.median(times[name]) / 1e3 for name in ("copy", "product"))
    return {"bytes per second": 2 * block.nbytes / copied, "operations per second": 2 * 8192**3 / product}


def near(ours, theirs):
    """The relative difference of results, root mean square."""
    pairs = zip(*((one,) if isinstance(one, torch.Tensor) else one for one in (ours, theirs)), strict=True)
    return max(((a.double() - b.double()).norm() / b.double().norm()).item() for a, b in pairs)


def compared(kernel, size, ours, theirs, moved, operations, device):
    """A row of the table, and a line of the output."""
    try:
        error = near(ours(), theirs())
        times = clock({"ours": ours, "torch": theirs})
    except torch.OutOfMemoryError:  # torch may need more than there is; ours alone then
        torch.cuda.empty_cache()
        error, times = None, clock({"ours": ours})
    row = {"kernel": kernel, "size": size, "error": error, "bytes": moved, "operations": operations}
    row |= {f"{name}, ms": summary(values) for name, values in times.items()}
    floor = 1e3 * max(moved / device["bytes per second"], operations / device["operations per second"])
    median = row["ours, ms"]["median"]
    row |= {"floor, ms": floor, "share of the floor": floor / median}
    if error is not None and error < 1e-4:
        row["ratio to torch"] = median / row["torch, ms"]["median"]
    ratio = row.get("ratio to torch", float("nan"))
    print(f"{kernel:22} {size!s:32} {median:9.3f} ms  floor {floor:8.3f}  ratio {ratio:.2f}")
    return row


def lists(device, batch, m, p, k):
    """Kernels 1 and 2, and the whole step that is made of them."""
    torch.manual_seed(0)
    size = {"batch": batch, "channels": m, "concepts": p, "k": k}
    signal, atoms = torch.randn(batch, m, device=DEVICE), torch.randn(p, m, device=DEVICE) / m**0.5
    values, at = select.encoded(signal, atoms, None, k, True)
    rows = torch.arange(batch, device=DEVICE).repeat_interleave(k)
    moved, operations = 4 * (batch * k * (m + 3) + batch * m), 2 * batch * k * m

    def ours(v=values, a=atoms):
        return decode.decoded(v, at, a)

    def bag(v=values, a=atoms):
        return functional.embedding_bag(at, a, per_sample_weights=v, mode="sum")

    def product():  # torch's own way from lists to products
        places = torch.stack([rows, at.flatten()])
        return torch.sparse_coo_tensor(places, values.flatten(), (batch, p), is_coalesced=True) @ atoms

    yield compared("decode", size, ours, bag, moved, operations, device)
    yield compared("decode, as a matrix", size, ours, product, moved, operations, device)

    def backward(apply):
        given = [one.detach().requires_grad_() for one in (values, atoms)]
        return torch.autograd.grad(apply(*given), given, signal)

    def sorted_anew(v, a):
        return decode.decoded(v, at.clone(), a)

    calls = (lambda: backward(sorted_anew)), (lambda: backward(bag))
    yield compared("decode and backward", size, *calls, 3 * moved + 4 * p * m, 3 * operations, device)

    def encode(written):
        kept, select.WRITTEN = select.WRITTEN, written
        try:
            return select.encoded(signal, atoms, None, k, True)[0]
        finally:
            select.WRITTEN = kept

    def topk():
        made = signal @ atoms.T
        return made.gather(1, made.abs().topk(k, dim=1).indices)

    moved, operations = 4 * (batch * m + p * m + 3 * batch * k), 2 * batch * p * m
    yield compared("encode and select", size, lambda: encode(0), topk, moved, operations, device)
    yield compared("encode, written", size, lambda: encode(2**62), topk, moved, operations, device)
    yield step(size, signal, device)


def step(size, signal, device):
    """A training step with Adam, against dense codes in torch."""
    batch, m, p, k = size.values()
    model = SparseAutoencoder(DenseDictionary(m, p), OneStep(TopK(k), tied=False)).to(DEVICE)
    encoder, decoder = torch.nn.Linear(m, p, device=DEVICE), torch.nn.Linear(p, m, bias=False, device=DEVICE)
    weights = (list(model.parameters()), [*encoder.parameters(), *decoder.parameters()])
    optimizers = [torch.optim.Adam(group, fused=True) for group in weights]

    def ours():
        optimizers[0].zero_grad()
        squared_error(model, signal).backward()
        optimizers[0].step()
        return signal

    def theirs():
        optimizers[1].zero_grad()
        dense = encoder(signal)
        chosen = dense.abs().topk(k).indices
        code = torch.zeros_like(dense).scatter(1, chosen, dense.gather(1, chosen))
        ((decoder(code) - signal).square().sum(1).mean() / 2).backward()
        optimizers[1].step()
        return signal

    moved = 4 * (p * m * 14 + 4 * batch * k * m)  # of each matrix: read, gradient written, and seven passes of Adam
    return compared("training step", size, ours, theirs, moved, 2 * batch * p * m, device)


def shrinkage(device, batch, m, p, _):
    """Kernel 3: a step of FISTA, and its backward."""
    torch.manual_seed(0)
    size = {"batch": batch, "channels": m, "concepts": p}
    residual, atoms = torch.randn(batch, m, device=DEVICE), torch.randn(p, m, device=DEVICE) / m**0.5
    code, before = (torch.randn(batch, p, device=DEVICE) for _ in range(2))
    rest = (torch.rand(batch, device=DEVICE), torch.tensor(0.3, device=DEVICE), torch.rand(p, device=DEVICE))
    moved, operations = 4 * (3 * batch * p + batch * m + p * m), 2 * batch * p * m
    for kind in shrink.KINDS:
        given = (residual, atoms, code, before, *rest, kind)
        calls = partial(shrink.shrunk, *given), partial(shrink.shrunk_plainly, *given)
        yield compared(f"shrink, {kind}", size, *calls, moved, operations, device)

    def backward(apply):
        given = [one.detach().requires_grad_() for one in (residual, atoms, code, before)]
        return torch.autograd.grad(apply(*given, *rest, "soft"), given, before)

    calls = (lambda: backward(shrink.shrunk)), (lambda: backward(shrink.shrunk_plainly))
    yield compared("shrink and backward", size, *calls, 3 * moved, 4 * operations, device)


def product(device, grid, m):
    """Kernel 4: a layer of a Fourier dictionary, 32 → 64, against FFTs."""
    torch.manual_seed(0)
    kept, batch, into, out = (m,) * len(grid), 16, 32, 64
    size = {"batch": batch, "in": into, "out": out, "grid": grid, "modes": m}
    value = torch.randn(batch, into, *grid, device=DEVICE)
    shape = (into, out, *(2 * m + 1 for _ in grid[1:]), m + 1)
    spectrum = torch.randn(shape, dtype=torch.complex64, device=DEVICE)

    def fft():
        found = torch.einsum("bi...,io...->bo...", spectral.to_modes_by_fft(value, kept), spectrum)
        return spectral.to_grid_by_fft(found, grid)

    nodes, several = value[0, 0].numel(), spectrum[0, 0].numel()
    moved = 4 * batch * (into + out) * (nodes + 4 * several)
    operations = 4 * batch * (into + out) * nodes * (m + 1) + 8 * batch * into * out * several
    ours = partial(modes.filtered, value, spectrum, kept, grid)
    yield compared("spectral product", size, ours, fft, moved, operations, device)


def main():
    if not torch.cuda.is_available():
        print(NONE)
        return
    import triton

    began, device = time.perf_counter(), limits()
    parts = [(lists, SIZES), (shrinkage, SIZES[:2]), (product, SPECTRAL)]
    rows = [row for part, sizes in parts for size in sizes for row in part(device, *size)]
    about = {
        "machine": torch.cuda.get_device_name(),
        "versions": {"saeno": saeno.__version__, "torch": torch.__version__, "triton": triton.__version__},
        "python": platform.python_version(),
        "limits": device,
        "seconds": time.perf_counter() - began,
    }
    RESULTS.write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n")
    print(f"{len(rows)} rows in {about['seconds']:.0f} s: {RESULTS}")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason=NONE)
def bench_kernels():
    main()


if __name__ == "__main__":
    sys.exit(main())
