"""Scores and data in any unit: volts or microvolts, the same answer; and no matrix that is too large for it.

Squares are the trap: that of 1e-23 is zero in float32.
"""

import math
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from saeno import ConvDictionary, DenseDictionary, Lifting, metrics
from saeno.data import FrequencyModel, SparseModel, families, geometric_median, mean, signals

SCALES = [1e-30, 1e-23, 1e-15, 1e-7, 1e7, 1e15, 1e23, 1e30]
SIZES = {"vectors": (5, 7), "functions": (4, 2, 12), "images": (3, 1, 5, 4)}


def normal(*shape: int, seed: int = 0, dtype=torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def spikes(*shape: int, seed: int = 0) -> Tensor:
    code = normal(*shape, seed=seed)
    return torch.where(code > 0.5, code, 0.0)


def close(found, wanted, off=1e-4):
    for a, b in zip(found, wanted, strict=True):
        a, b = (torch.as_tensor(one, dtype=torch.float64) for one in (a, b))
        torch.testing.assert_close(a, b, rtol=off, atol=off)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", SIZES)
class TestScoresHaveNoUnit:
    def test_of_atoms(self, size, scale):
        learned, true = normal(*SIZES[size], seed=1), normal(*SIZES[size])
        for signed in (True, False):
            wanted, found = (metrics.match_atoms(a, true, signed=signed) for a in (learned, scale * learned))
            close([found.index, found.cosine, found.shift], [wanted.index, wanted.cosine, wanted.shift])
            for score in (metrics.mean_max_cosine, metrics.cosines):
                values = score(scale * learned, true, signed=signed), score(learned, true, signed=signed)
                close(*values) if score is metrics.mean_max_cosine else close(values[0][:1], values[1][:1])
        assert metrics.mcc(scale * learned, true / scale) == pytest.approx(metrics.mcc(learned, true), abs=1e-4)
        assert metrics.coherence(scale * true) == pytest.approx(metrics.coherence(true), abs=1e-4)
        assert metrics.babel(scale * true, 2) == pytest.approx(metrics.babel(true, 2), abs=1e-4)

    def test_of_codes(self, size, scale):
        grid = SIZES[size][2:]
        match = metrics.match_atoms(normal(*SIZES[size], seed=1), normal(*SIZES[size]))
        code, true = spikes(6, SIZES[size][0], *grid, seed=3), spikes(6, SIZES[size][0], *grid, seed=4)
        for score in (metrics.support_f1, metrics.code_error):
            assert score(scale * code, scale * true, match) == pytest.approx(score(code, true, match), rel=1e-4)
        assert metrics.l0(scale * code) == metrics.l0(code)
        assert torch.equal(metrics.dead_atoms(scale * code), metrics.dead_atoms(code))
        close(metrics.compare_codes(scale * code, scale * true), metrics.compare_codes(code, true))

    def test_of_signals(self, size, scale):
        signal, other = normal(*SIZES[size]) + 2, normal(*SIZES[size], seed=1)
        assert metrics.fvu(scale * signal, scale * other) == pytest.approx(metrics.fvu(signal, other), rel=1e-4)


@pytest.mark.parametrize("scale", [2.0**-70, 2.0**-20, 2.0**30, 2.0**80])
def test_powers_of_two_change_no_bit(scale):
    """All of the above is linear, so a power of two goes through without rounding, from end to end."""
    signal, other = normal(50, 6) + 1, normal(50, 6, seed=1)
    match = metrics.match_atoms(normal(6, 9, seed=1), normal(6, 9))
    assert metrics.fvu(scale * signal, scale * other) == metrics.fvu(signal, other)
    assert metrics.coherence(scale * signal) == metrics.coherence(signal)
    assert metrics.code_error(scale * other, scale * signal, match) == metrics.code_error(other, signal, match)
    assert torch.equal(mean(scale * signal), scale * mean(signal))


def test_a_large_error_is_told_although_its_square_is_too_large():
    signal = normal(50, 6)
    assert metrics.fvu(signal, 1e30 * signal) == pytest.approx(
        1e60 * (signal.double().square().sum() / (signal.double() - signal.double().mean(0)).square().sum()).item(),
        rel=1e-4,
    )
    match = metrics.match_atoms(normal(6, 9), normal(6, 9))
    assert metrics.code_error(1e30 * signal, signal, match) == pytest.approx(1e30, rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("value", [0.1, 0.5, 7.7, 123456.7, 1e-20, 3e20, 0.0])
@pytest.mark.parametrize("shape", [(64, 16), (1000, 1, 500), (3, 2, 100, 100), (1, 4)])
def test_a_constant_has_no_variance(shape, value, dtype):
    signal = torch.full(shape, value, dtype=dtype)
    with pytest.raises(ValueError, match="signal does not vary"):
        metrics.fvu(signal, signal + 0.01)


def test_a_channel_that_does_not_vary_adds_no_variance():
    """Of a channel of equal numbers the mean is rounded; what that leaves is not to be explained."""
    varying = 0.01 * normal(999, 1)
    both = torch.cat([varying, torch.full((999, 1), 123456.7)], 1)
    exact = metrics.fvu(varying, 0 * varying)
    assert metrics.fvu(both, torch.cat([0 * varying, both[:, 1:]], 1)) == pytest.approx(exact, rel=1e-6)


def test_what_is_not_finite_is_no_number():
    match = metrics.match_atoms(normal(3, 4), normal(3, 4))
    code, true = spikes(5, 3), spikes(5, 3, seed=1)
    for bad in (math.nan, math.inf):
        wrong = code.clone()
        wrong[0, 0] = bad
        for score in (
            lambda z: metrics.support_f1(z, true, match),
            lambda z: metrics.support_f1(true, z, match),
            lambda z: metrics.code_error(z, true, match),
            metrics.l0,
            metrics.dead_atoms,
            lambda z: metrics.compare_codes(z, true),
            metrics.coherence,
        ):
            with pytest.raises(ValueError, match="NaN or infinite"):
                score(wrong)
        assert not math.isfinite(metrics.fvu(code, wrong))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(dtype):
    signal, other = (100 * normal(400, 8, seed=s).to(dtype) for s in (0, 1))
    assert metrics.fvu(signal, other) == metrics.fvu(signal.float(), other.float())
    assert metrics.coherence(signal[:20]) == metrics.coherence(signal[:20].float())
    assert metrics.mcc(signal[:5], other[:5]) == metrics.mcc(signal[:5].float(), other[:5].float())


@pytest.mark.parametrize("scale", SCALES)
class TestDataHaveAUnit:
    @pytest.mark.parametrize("kind", ["vectors", "functions", "kernels"])
    def test_of_a_sparse_model(self, kind, scale):
        dictionary, grid = {
            "vectors": (DenseDictionary(5, 8), ()),
            "functions": (families.FunctionAtoms([families.gaussian(0.05), families.box(0.2)]), 32),
            "kernels": (ConvDictionary(1, 3, 4), 12),
        }[kind]
        one, many = (
            SparseModel(dictionary, 3, (0.5 * s, 1.5 * s), noise=0.3).sample(9, grid, torch.Generator().manual_seed(1))
            for s in (1.0, scale)
        )
        close([many.signal / scale, many.code / scale], one)

    def test_of_a_frequency_model(self, scale):
        probability, dictionary = torch.full((8,), 0.3), DenseDictionary(5, 8)
        one, many = (
            FrequencyModel(dictionary, probability, (0.0, s)).sample(9, generator=torch.Generator().manual_seed(1))
            for s in (1.0, scale)
        )
        close([many.signal / scale, many.code / scale], one)

    def test_of_middles_and_windows(self, scale):
        signal = normal(9, 2, 20) + 3
        close([mean(scale * signal) / scale], [mean(signal)])
        close([geometric_median(scale * signal) / scale], [geometric_median(signal)])
        close([signals.windows(scale * signal, 5, 4, taper=0.2) / scale], [signals.windows(signal, 5, 4, taper=0.2)])


@pytest.mark.parametrize("amplitude", [(0.0, 1e300), (1e-300, 1e-300)])
def test_masses_that_the_type_cannot_hold_are_refused(amplitude):
    for make in (
        lambda d: SparseModel(d, 2, amplitude),
        lambda d: FrequencyModel(d, torch.full((8,), 0.5).to(d.weight), amplitude),
    ):
        with pytest.raises(ValueError, match=r"amplitude = .*: should be within"):
            make(DenseDictionary(5, 8))
        make(DenseDictionary(5, 8).double())


@pytest.mark.parametrize("length", [1e-200, 1e200])
def test_the_length_of_a_direction_does_not_matter(length):
    points = torch.rand(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    long, short = (families.derivative(0.1, (s * 3.0, s * 4.0))(points) for s in (length, 1.0))
    torch.testing.assert_close(long, short, rtol=1e-9, atol=0)


# On Linux the process is given no more; elsewhere the most that it had is measured, which Linux counts from its parent.
MANY = """
import re, resource, sys, torch
from saeno import metrics
atoms = torch.randn(16384, 2, generator=torch.Generator().manual_seed(0))
metrics.coherence(atoms[:9])
HALF = 2**29  # of what all the cosines would take
most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
before = most()
if sys.platform == "linux":
    now = 1024 * int(re.search(r"VmSize:\\s*(\\d+)", open("/proc/self/status").read())[1])
    resource.setrlimit(resource.RLIMIT_AS, (now + HALF, now + HALF))
print(metrics.coherence(atoms), metrics.babel(atoms[:9], 2), metrics.mean_max_cosine(atoms, atoms[:2000]))
assert sys.platform == "linux" or most() - before < HALF
"""


def test_the_memory_of_a_number_is_not_that_of_all_pairs():
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[0]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("rows", [1, 7, 10**6])
def test_blocks_of_atoms_give_what_all_at_once_give(rows, monkeypatch):
    atoms, other = normal(60, 4, dtype=torch.float64), normal(50, 4, seed=1, dtype=torch.float64)
    wanted = atoms / atoms.norm(dim=1, keepdim=True)
    cosine = (wanted @ wanted.T).abs().fill_diagonal_(0)
    monkeypatch.setattr(metrics.atoms, "_BLOCK", rows * len(atoms))
    assert metrics.coherence(atoms) == pytest.approx(cosine.max().item(), rel=1e-12)
    assert metrics.babel(atoms, 4) == pytest.approx(cosine.topk(4).values.sum(1).max().item(), rel=1e-12)
    cross = (other / other.norm(dim=1, keepdim=True) @ wanted.T).abs()
    close(metrics.mean_max_cosine(atoms, other), [cross.amax(1).mean(), cross.amax(0).mean()], 1e-12)


def test_whitening_knows_no_unit():
    samples = normal(40, 3, 8)
    one, small = (Lifting.spectral_whitening(s * samples).lift(s * samples) for s in (1.0, 1e-15))
    torch.testing.assert_close(one, small, rtol=1e-4, atol=1e-4)
