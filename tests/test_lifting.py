"""Liftings that come from data, and liftings that learn.

Tried, each failing here: the covariance not centred, S^½ and S^-½ swapped, the multiplier of a frequency taken for that
of its mirror image, the line search of hard thresholding in data space, L of a tied lifting kept as a copy.
"""

import numpy as np
import pytest
import torch
from sklearn.covariance import ledoit_wolf, shrunk_covariance

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    SparseAutoencoder,
    SpectralLifting,
    TopK,
    Unrolled,
    fit,
)
from tests.helpers import normal

EXACT = {"rtol": 0, "atol": 1e-10}


def mixed(count: int, channels: int, *grid: int, seed: int = 0) -> torch.Tensor:
    """Samples of another variance in each direction, with a mean."""
    return torch.einsum("mh,bh...->bm...", normal(channels, channels, seed=seed), normal(count, channels, *grid)) + 3


def correlated(count: int, channels: int, *grid: int) -> torch.Tensor:
    """Stationary functions: white noise after a random filter across nodes and channels."""
    axes = tuple(range(2, 2 + len(grid)))
    kernel = torch.fft.fftn(normal(channels, channels, *grid, seed=7), dim=axes)
    spectrum = torch.einsum("cd...,bd...->bc...", kernel, torch.fft.fftn(normal(count, channels, *grid), dim=axes))
    return torch.fft.ifftn(spectrum, dim=axes).real + 2


# --- whitening by matrices


@pytest.mark.parametrize("grid", [(), (6,), (3, 2)])
def test_whitened_samples_have_covariance_one(grid):
    samples = mixed(200, 4, *grid)
    lifting = Lifting.whitening(samples)
    lifted = lifting.lift(samples).transpose(0, 1).flatten(1)
    torch.testing.assert_close(torch.cov(lifted, correction=0), torch.eye(4).double(), **EXACT)
    torch.testing.assert_close(lifting.project(lifting.lift(samples)), samples, **EXACT)
    torch.testing.assert_close(lifting.L, lifting.L.T, **EXACT)  # of all square roots the symmetric one
    assert not lifting.adjoint and lifting.channels == lifting.lifted == 4


def test_shrinkage_is_that_of_scikit_learn():
    samples = mixed(30, 5)
    empirical = np.cov(samples.T.numpy(), bias=True)
    lifting = Lifting.whitening(samples, shrinkage=0.3)
    torch.testing.assert_close(lifting.P @ lifting.P, torch.tensor(shrunk_covariance(empirical, 0.3)), **EXACT)
    optimal, amount = ledoit_wolf(samples.numpy())
    lifting = Lifting.whitening(samples, shrinkage=amount)
    torch.testing.assert_close(lifting.P @ lifting.P, torch.tensor(optimal), **EXACT)
    flat = Lifting.whitening(samples, shrinkage=1.0)
    torch.testing.assert_close(flat.L, flat.L[0, 0] * torch.eye(5).double(), **EXACT)


@pytest.mark.parametrize("make", [Lifting.whitening, Lifting.spectral_whitening])
@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (torch.randn(3, 5, 8).expand(-1, -1, 8) * torch.tensor([1.0, 1, 1, 1, 0])[:, None], {}, "shrinkage > 0"),
        (torch.randn(9, 2, 8), {"shrinkage": 1.5}, r"shrinkage = 1.5: should be between 0 and 1"),
        (torch.randn(9, 2, 8), {"shrinkage": -0.1}, r"shrinkage = -0.1: should be a finite number ≥ 0"),
        (torch.full((9, 2, 8), torch.nan), {}, "samples has NaN or infinite values: should be finite"),
        (torch.randn(1, 2, 8), {}, r"samples = a tensor \(1, 2, 8\) of .*: should be \(count ≥ 2, channels"),
        (torch.randn(9), {}, r"samples = a tensor \(9,\) of .*: should be \(count ≥ 2, channels"),
    ],
)
def test_samples_that_will_not_do_are_named(make, samples, options, message):
    with pytest.raises(ValueError, match=message):
        make(samples, **options)
    with pytest.raises(TypeError, match=r"samples = .*: should be a tensor"):
        make([[1.0, 2.0]])


ENCODERS = [OneStep(TopK(2)), Unrolled(TopK(2), 5), MatchingPursuit(3)]


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
@pytest.mark.parametrize("residual", ["data", "lifted"])
def test_a_whitened_encoder_is_the_plain_one_on_whitened_signals(encoder, residual):
    samples = mixed(300, 5)
    lifting = Lifting.whitening(samples)
    dictionary = Lifted(DenseDictionary(5, 8).double(), lifting, residual)
    plain = DenseDictionary.from_atoms(dictionary.weight)
    torch.testing.assert_close(plain.gain(), torch.ones(8).double(), **EXACT)
    code = SparseAutoencoder(dictionary, encoder).encode(samples)
    torch.testing.assert_close(code, SparseAutoencoder(plain, encoder).encode(lifting.lift(samples)), **EXACT)


@pytest.mark.parametrize("make", [lambda: ConvDictionary(2, 3, 4), lambda: FourierDictionary(2, 3, 3)])
@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
def test_so_is_a_spectrally_whitened_one(make, encoder):
    samples = correlated(100, 2, 12)
    lifting = Lifting.spectral_whitening(samples)
    plain = make().double()
    plain.normalize_()
    dictionary = Lifted(plain, lifting)
    code = SparseAutoencoder(dictionary, encoder).encode(samples[:20])
    expected = SparseAutoencoder(plain, encoder).encode(lifting.lift(samples[:20]))
    torch.testing.assert_close(code, expected, **EXACT)
    torch.testing.assert_close(dictionary.synthesis(code), lifting.project(plain.synthesis(code)), **EXACT)
    torch.testing.assert_close(dictionary.gain(), torch.ones(3).double(), **EXACT)


# --- whitening by multipliers


@pytest.mark.parametrize("grid", [(8,), (9,)])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_multiplier_is_the_square_root_of_the_circulant_covariance(grid, channels):
    """The covariance matrix averaged over shifts, as a matrix over nodes and channels, and its own square roots."""
    samples, size = correlated(40, channels, *grid), channels * grid[0]
    lifting = Lifting.spectral_whitening(samples)
    centred = samples - samples.mean((0, 2), keepdim=True)
    shifted = torch.cat([centred.roll(shift, 2) for shift in range(grid[0])]).flatten(1)
    values, vectors = torch.linalg.eigh(shifted.T @ shifted / len(shifted))
    signal = normal(3, channels, *grid, seed=4)
    for power, apply in ((-0.5, lifting.lift), (0.5, lifting.project)):
        matrix = vectors @ values.pow(power).diag() @ vectors.T
        torch.testing.assert_close(apply(signal).flatten(1), signal.reshape(3, size) @ matrix, **EXACT)


@pytest.mark.parametrize("grid", [(8,), (6, 5), (5, 6)])
@pytest.mark.parametrize("channels", [1, 3])
def test_lifted_functions_are_white(grid, channels):
    samples = correlated(50, channels, *grid)
    lifting, axes = Lifting.spectral_whitening(samples), tuple(range(2, 2 + len(grid)))
    lifted = lifting.lift(samples - samples.mean((0, *axes), keepdim=True))
    spectrum = torch.fft.fftn(lifted, dim=axes, norm="ortho")
    power = torch.einsum("bc...,bd...->...cd", spectrum, spectrum.conj()) / len(samples)
    torch.testing.assert_close(power, torch.eye(channels).expand(*grid, -1, -1).cdouble(), **EXACT)
    assert (samples.flatten(2).var(2).mean() - 1).abs() > 0.3  # they were not before


def test_a_spectrum_is_shrunk_towards_its_mean():
    samples = correlated(4, 1, 16)
    raw, part, flat = (Lifting.spectral_whitening(samples, shrinkage) for shrinkage in (0.0, 0.5, 1.0))
    raw, part, flat = (lifting.multiplier(16).real.flatten() ** -2 for lifting in (raw, part, flat))
    torch.testing.assert_close(part, (raw + flat) / 2)
    torch.testing.assert_close(flat, flat[0].expand(9))
    full = torch.cat([raw, raw[1:8]])
    torch.testing.assert_close(flat[0], full.mean())


@pytest.mark.parametrize("n", [7, 12, 16, 33])
def test_multipliers_are_applied_on_any_grid(n):
    lifting = Lifting.spectral_whitening(correlated(60, 1, 12))
    atoms = FourierDictionary(1, 4, 3, seed=2).double()
    lifted = FourierDictionary.from_atoms(lifting.lift(atoms.atoms(12)), 3)
    torch.testing.assert_close(lifting.lift(atoms.atoms(n)), lifted.atoms(n), **EXACT)
    torch.testing.assert_close(lifting.project(lifting.lift(normal(2, 1, n))), normal(2, 1, n), **EXACT)


def test_beyond_its_own_frequencies_a_multiplier_keeps_its_last_value():
    lifting = Lifting.spectral_whitening(correlated(60, 1, 8))
    known, more = lifting.multiplier(8).flatten(), lifting.multiplier((20,)).flatten()
    assert len(more) == 11 and torch.equal(more[:5], known) and torch.equal(more[5:], known[4:].expand(6))
    with pytest.raises(ValueError, match=r"signal has shape .*channels = 1, n\) for SpectralLifting"):
        lifting.lift(normal(2, 1, 8, 8))


# --- learned liftings


@pytest.mark.parametrize("tied", [True, False])
def test_a_learned_lifting_learns_and_is_saved(tied, tmp_path):
    lifting = Lifting.learned(4, 6, seed=1, tied=tied)
    start = lifting.P.detach().clone()
    assert torch.equal(start, Lifting.orthonormal(4, 6, seed=1).P) and torch.equal(lifting.L, start.T)
    assert len(list(lifting.parameters())) == 2 - tied
    model = SparseAutoencoder(Lifted(DenseDictionary(6, 8), lifting), OneStep(TopK(2)))
    fit(model, normal(64, 4).float(), steps=5, batch=16, progress=False)
    assert (lifting.P - start).norm() > 0.01
    assert torch.equal(lifting.L, lifting.P.T) == tied == model.dictionary.adjoint
    model.save(tmp_path / "model")
    again = SparseAutoencoder.load(tmp_path / "model")
    signal = normal(7, 4).float()
    assert torch.equal(model.encode(signal), again.encode(signal))
    assert [p.shape for p in again.parameters()] == [p.shape for p in model.parameters()]


def test_a_learned_lifting_follows_the_gradient_of_the_product():
    """P and D under plain descent: A⁺ = A − η(PPᵀG + G DᵀD) + η² G AᵀG, with G the gradient in A at fixed codes."""
    signal, code, rate = normal(20, 4), normal(20, 8, seed=1), 0.01
    dictionary = Lifted(DenseDictionary(6, 8).double(), Lifting.learned(4, 6, dtype=torch.float64))
    p, d = dictionary.lifting.P, dictionary.weight
    ((signal - dictionary.synthesis(code)).square().sum() / 2).backward()
    before, atoms = p.detach() @ d.detach().T, d.detach().T
    gradient = (before @ code.T - signal.T) @ code
    expected = (
        before - rate * (p @ p.T @ gradient + gradient @ atoms.T @ atoms) + rate**2 * gradient @ before.T @ gradient
    )
    after = (p - rate * p.grad) @ (d - rate * d.grad).T
    torch.testing.assert_close(after, expected, **EXACT)


def test_a_spectral_lifting_is_saved(tmp_path):
    lifting = Lifting.spectral_whitening(correlated(30, 2, 6, 5).float())
    assert isinstance(lifting, SpectralLifting) and lifting.dtype == torch.float32
    model = SparseAutoencoder(Lifted(FourierDictionary(2, 3, (2, 1)), lifting), OneStep(TopK(2)))
    model.save(tmp_path / "model")
    signal = normal(3, 2, 8, 7).float()
    assert torch.equal(model.encode(signal), SparseAutoencoder.load(tmp_path / "model").encode(signal))


def test_tied_matrices_have_to_be_equal():
    with pytest.raises(ValueError, match="tied = True: should have lift equal to the transpose of project"):
        Lifting(normal(3, 2), normal(2, 3), tied=True)


@pytest.mark.parametrize("make", [Lifting.orthonormal, Lifting.gaussian, Lifting.learned])
def test_a_lifting_is_made_in_the_precision_asked_for(make):
    assert make(3, 5).dtype == torch.float32 and make(3, 5, dtype=torch.float64).dtype == torch.float64


def test_orthonormal_is_so_to_double_precision():
    lifting = Lifting.orthonormal(5, 9, dtype=torch.float64)
    torch.testing.assert_close(lifting.P @ lifting.P.T, torch.eye(5).double(), rtol=0, atol=1e-14)
