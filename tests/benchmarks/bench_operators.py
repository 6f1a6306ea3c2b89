"""Neural operators: what a step of training takes, what recording adds, and rivals of their parts: `make bench`.

Recording should add at most 5 % to a forward. Nothing here passes or fails by a time.
"""

import statistics
import time

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from saeno.operators import FNO, DeepONet, UNet, record, relative_l2
from saeno.operators.base import Pointwise
from saeno.operators.run import OperatorRun
from saeno.training.schedule import Rates
from tests.benchmarks.bench_package import ratio

CASES = {
    "FNO, 128 nodes": (lambda: FNO(1, 1, 32, 16), (20, 1, 128)),
    "UNet, 128 nodes": (lambda: UNet(1, 1, 15), (20, 1, 128)),
    "DeepONet, 128 nodes": (lambda: DeepONet(1, 1, 128, width=156), (20, 1, 128)),
    "FNO, 64 × 64 nodes": (lambda: FNO(1, 1, 20, (12, 12)), (10, 1, 64, 64)),
}


@pytest.mark.parametrize("name", CASES)
def bench_a_step(name):
    """Batch 20 on lines and 10 on planes; process time, which other jobs disturb less."""
    build, shape = CASES[name]
    model, x, y = build(), torch.randn(shape), torch.randn(shape)
    optimizer, spent = torch.optim.AdamW(model.parameters()), []
    run = OperatorRun(model, optimizer, Rates("cosine", optimizer, 100))
    for _ in range(12):
        start = time.process_time()
        run.learn(x, y)
        spent.append(time.process_time() - start)
    weights = sum(parameter.numel() for parameter in model.parameters())
    print(f"\n{name}: {statistics.median(spent[2:]) * 1e3:.1f} ms a step, {weights} weights")


@pytest.mark.parametrize("name", ["FNO, 128 nodes", "FNO, 64 × 64 nodes"])
def bench_recording_a_layer(name):
    """One of four layers, and all of them, over the forward alone in the same batches: least process time of each."""
    build, shape = CASES[name]
    model, x = build().eval(), torch.randn(256 if len(shape) == 3 else 64, *shape[1:])
    every = [f"layers.{index}" for index in range(4)]

    def plain():
        with torch.no_grad():
            for part in x.split(64):
                model(part)

    calls = {"": plain, "one": lambda: record(model, x, every[1]), "four": lambda: record(model, x, every)}
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(12):
        for number, call in calls.items():
            start = time.process_time()
            call()
            least[number] = min(least[number], time.process_time() - start)
    for number in ("one", "four"):
        print(f"\n{name}, {number} of 4 layers recorded: {least[number] / least[''] - 1:+.1%}")


@pytest.mark.parametrize("shape", [(20, 32, 128), (10, 20, 64, 64)])
def bench_a_map_at_every_node(shape):
    """With gradients, against a convolution whose kernel has one node."""
    layer, x = Pointwise(shape[1], shape[1]), torch.randn(shape, requires_grad=True)
    convolution, towards = (F.conv1d if len(shape) == 3 else F.conv2d), torch.randn(shape)
    kernel = layer.weight.detach().view(*layer.weight.shape, *[1] * (len(shape) - 2)).clone().requires_grad_()

    def ours():
        return torch.autograd.grad(layer(x), [x, layer.weight, layer.bias], towards)

    def theirs():
        return torch.autograd.grad(convolution(x, kernel, layer.bias), [x, kernel, layer.bias], towards)

    assert all((a.flatten() - b.flatten()).abs().max() < 1e-2 for a, b in zip(ours(), theirs(), strict=True))
    ratio(f"{shape}, ours : convolution", ours, theirs, rounds=21)


class Usual(nn.Module):
    """A Fourier layer as it is often written, with complex weights, on lines."""

    def __init__(self, width, modes):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width, width, modes + 1, dtype=torch.complex64) / width)
        self.pointwise = nn.Conv1d(width, width, 1)

    def forward(self, x):
        spectrum = torch.fft.rfft(x)
        kept = torch.zeros_like(spectrum)
        m = self.weight.shape[-1]
        kept[..., :m] = torch.einsum("bik,iok->bok", spectrum[..., :m], self.weight)
        return F.gelu(torch.fft.irfft(kept, n=x.shape[-1]) + self.pointwise(x))


def bench_a_network_against_the_usual_layers():
    """Forward, loss and gradients, batch 20, 128 nodes, width 32, 16 modes."""
    ours, theirs = FNO(1, 1, 32, 16), FNO(1, 1, 32, 16)
    theirs.layers = nn.ModuleList(Usual(32, 16) for _ in range(4))
    x, y = torch.randn(20, 1, 128), torch.randn(20, 1, 128)

    def gradients(model):
        return lambda: torch.autograd.grad(relative_l2(model(x), y).mean(), list(model.parameters()))

    ratio("ours : usual layers", gradients(ours), gradients(theirs), rounds=15)
