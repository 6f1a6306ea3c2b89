"""Speed as a ratio against a peer in the same run: `make bench`. Nothing here passes or fails by a time.

Each pair runs in turn, A B A B …, and the median of the ratios is printed: on a shared machine both drift together.
"""

import statistics
import time

import pytest
import torch
from sklearn.decomposition import sparse_encode

from saeno import DenseDictionary, OneStep, SparseAutoencoder, TopK
from saeno.inference import fista
from saeno.kernels.select import places
from saeno.losses import squared_error


def ratio(name, ours, theirs, rounds=7):
    """Median of our time over theirs, and both medians in milliseconds."""
    times = {ours: [], theirs: []}
    for _ in range(rounds + 1):
        for call in (ours, theirs):
            start = time.perf_counter()
            call()
            times[call].append(time.perf_counter() - start)
    mine, other = times[ours][1:], times[theirs][1:]  # the first round warms up
    result = statistics.median(a / b for a, b in zip(mine, other, strict=True))
    print(f"\n{name}: {result:.2f} ({statistics.median(mine) * 1e3:.1f} ms : {statistics.median(other) * 1e3:.1f} ms)")
    return result


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def bench_lasso_against_scikit_learn():
    """2,000 signals, 128 atoms in 64 dimensions, λ = .1 max|Dᵀx|, both to the objective of the other within 1e-5."""
    dictionary = DenseDictionary(64, 128).double()
    code = torch.zeros(2000, 128, dtype=torch.float64).scatter(1, torch.rand(2000, 128).topk(5).indices, 1.0)
    signal = dictionary.synthesis(code).detach()
    threshold = 0.1 * dictionary.analysis(signal).abs().max().item()
    atoms, x = dictionary.atoms().detach().numpy(), signal.numpy()

    def theirs():
        return sparse_encode(x, atoms, algorithm="lasso_cd", alpha=threshold)

    def objective(code):
        code = torch.as_tensor(code)
        misfit = (signal - dictionary.synthesis(code).detach()).square().sum(1) / 2
        return (misfit + threshold * code.abs().sum(1)).mean()

    solution = fista(dictionary, signal, threshold, steps=2000, tolerance=1e-5)
    assert abs(objective(solution.code) / objective(theirs()) - 1) < 1e-5
    ratio("lasso, ours : lasso_cd", lambda: fista(dictionary, signal, threshold, steps=2000, tolerance=1e-5), theirs)


def bench_training_step_against_dense_torch():
    """One Adam step of a TopK autoencoder: 256 channels, 4096 concepts, k = 16, batch 1024; theirs has dense codes.

    The floor is what no such step can do without: the encoder's product, the k largest, a fused Adam. Ours also
    projects the gradient of the atoms and brings them back to unit norm, as `fit` does.
    """
    model = SparseAutoencoder(DenseDictionary(256, 4096), OneStep(TopK(16), tied=False))
    encoder, decoder = torch.nn.Linear(256, 4096), torch.nn.Linear(4096, 256, bias=False)
    signal = torch.randn(1024, 256)
    weights = (model.parameters(), [*encoder.parameters(), *decoder.parameters()])
    optimizers = [torch.optim.Adam(group, fused=fused) for group, fused in zip(weights, (True, None), strict=True)]

    def ours():
        optimizers[0].zero_grad()
        squared_error(model, signal).backward()
        model.dictionary.project_gradient_()
        optimizers[0].step()
        model.dictionary.normalize_()

    def theirs():
        optimizers[1].zero_grad()
        dense = encoder(signal)
        chosen = dense.abs().topk(16).indices
        code = torch.zeros_like(dense).scatter(1, chosen, dense.gather(1, chosen))
        ((decoder(code) - signal).square().sum(1).mean() / 2).backward()
        optimizers[1].step()

    @torch.no_grad()
    def floor():
        for begin in range(0, 1024, 128):
            places(encoder(signal[begin : begin + 128]).abs(), 16)
        optimizers[0].step()

    ratio("training step, ours : dense", ours, theirs)
    ratio("training step, the floor : dense", floor, theirs)
    ratio("training step, ours : the floor", ours, floor)
