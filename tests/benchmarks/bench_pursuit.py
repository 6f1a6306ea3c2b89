"""Greedy and convex sparse coding, each against a peer in one run: `make bench`. Nothing passes or fails by a time.

Each pair runs in turn, and the median of the ratios is printed. Results are asserted to agree before anything is timed.
"""

import pytest
import torch

from saeno import ConvDictionary, DenseDictionary, FourierDictionary, MatchingPursuit
from saeno.data import SparseModel
from saeno.inference import admm, fista, gram, omp
from tests.benchmarks.bench_package import ratio


def events_alone(encoder, dictionary, signal):
    """The pursuit as the equation stands: a synthesis and an analysis for each event."""

    def call():
        table, gram.LARGEST = gram.LARGEST, 0
        try:
            return encoder.events(dictionary, signal)
        finally:
            gram.LARGEST = table

    return call


CASES = {
    "128 vectors of 64 dimensions, k = 5": (lambda: DenseDictionary(64, 128), (1024, 64), 5),
    "16 functions on 1,024 nodes, k = 32": (lambda: FourierDictionary(1, 16, 32), (16, 1, 1024), 32),
    "16 kernels of 32 taps on 1,024 nodes, k = 32": (lambda: ConvDictionary(1, 16, 32), (16, 1, 1024), 32),
    "12 kernels of 8 × 8 on 64 × 64 nodes, k = 16": (lambda: ConvDictionary(1, 12, (8, 8)), (8, 1, 64, 64), 16),
}


@pytest.mark.parametrize("learning", [False, True], ids=["events", "events and gradients"])
@pytest.mark.parametrize("case", CASES)
def bench_pursuit_against_a_synthesis_and_an_analysis_for_each_event(case, learning):
    make, shape, k = CASES[case]
    dictionary, signal, encoder = make(), torch.randn(shape), MatchingPursuit(k, detach=not learning)
    quick, slow = (lambda: encoder.events(dictionary, signal)), events_alone(encoder, dictionary, signal)
    assert (quick().indices == slow().indices).float().mean() > 0.99  # float32: equal to rounding may fall either way

    def timed(events):
        if not learning:
            return events
        return lambda: torch.autograd.grad(events().values.square().sum(), dictionary.weight)

    ratio(f"pursuit, {case}{', with gradients' if learning else ''}, table : anew", timed(quick), timed(slow), 5)


@pytest.mark.parametrize("k", [5, 10])
def bench_omp_against_scikit_learn(k):
    """1,000 signals, 128 atoms of 64 dimensions; theirs gets Gram matrix and products ready made."""
    from sklearn.linear_model import orthogonal_mp_gram

    dictionary = DenseDictionary(64, 128).double()
    signal = SparseModel(dictionary, k, noise=0.05).sample(1000).signal.detach()
    atoms = dictionary.weight.detach()
    products, seen = (atoms @ atoms.T).numpy(), (atoms @ signal.T).numpy()

    def theirs():
        return orthogonal_mp_gram(products, seen, n_nonzero_coefs=k)

    assert torch.equal(omp(dictionary, signal, k) != 0, torch.from_numpy(theirs()).T != 0)
    ratio(f"omp, k = {k}, ours : orthogonal_mp_gram", lambda: omp(dictionary, signal, k), theirs, 5)


@pytest.mark.parametrize("kind", ["one channel", "three channels"])
def bench_admm_against_fista(kind):
    """The convolutional lasso to 0.1 % of the optimum: iterations and time."""
    channels = {"one channel": 1, "three channels": 3}[kind]
    dictionary = ConvDictionary(channels, 8, 16).double()
    signal = SparseModel(dictionary, 4, noise=0.1).sample(8, 128).signal.detach()
    threshold = 0.1 * dictionary.analysis(signal).abs().max().item()
    optimum = fista(dictionary, signal, threshold, 3000, 1e-7).objective[-1]
    steps = {}
    for solve in (admm, fista):
        path = solve(dictionary, signal, threshold, 400, 1e-7).objective
        steps[solve] = int((path < optimum * 1.001).double().argmax()) + 1
    print(f"\nlasso of functions, {kind}: admm in {steps[admm]} iterations, fista in {steps[fista]}")
    admm_, fista_ = ((lambda s=s: s(dictionary, signal, threshold, steps[s], 0.0)) for s in (admm, fista))
    ratio(f"lasso of functions, {kind}, admm : fista", admm_, fista_, 5)
