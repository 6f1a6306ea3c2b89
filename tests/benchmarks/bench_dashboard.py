"""Seconds and megabytes of a dashboard, and how much of the time the encoder takes by itself: `make bench`.

256 concepts and 5,000 vectors should take 60 s at most on one thread.
"""

import time

import pytest
import torch

from saeno import ConvDictionary, DenseDictionary, FourierDictionary, MatchingPursuit, OneStep, SparseAutoencoder, TopK
from saeno.plots import dashboard

MODELS = {
    "vectors, 256 concepts × 5,000": (lambda: DenseDictionary(512, 256), lambda: OneStep(TopK(16)), (5000, 512)),
    "functions, 256 × 5,000": (lambda: FourierDictionary(4, 256, 16), lambda: OneStep(TopK(16)), (5000, 4, 64)),
    "events of a pursuit, 64 × 1,000": (
        lambda: FourierDictionary(8, 64, 16),
        lambda: MatchingPursuit(4),
        (1000, 8, 64),
    ),
    "two axes, 32 × 200": (lambda: ConvDictionary(2, 32, (7, 7)), lambda: MatchingPursuit(4), (200, 2, 32, 32)),
}


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def bench_dashboard(name, tmp_path):
    dictionary, inference, shape = MODELS[name]
    model = SparseAutoencoder(dictionary(), inference())
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    start = time.perf_counter()
    path = dashboard(model, x, tmp_path / "page.html", downstream=torch.tanh, progress=False)
    whole = time.perf_counter() - start
    start = time.perf_counter()
    for part in x.split(64):
        model.encoding(part)
    encoder = time.perf_counter() - start
    size = path.stat().st_size / 1e6
    print(f"\n{name}: {whole:.1f} s, of which the encoder needs {encoder:.1f} s; {size:.1f} MB", end="")
