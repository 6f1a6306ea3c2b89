"""The lasso frequency by frequency: against its iterations by explicit matrices, and against the optimum of FISTA."""

import pytest
import torch

from saeno import ConvDictionary, DenseDictionary, FourierDictionary, Lifted, Lifting
from saeno.inference import admm, fista
from saeno.inference.admm import PENALTY, RELAXATION, Waves
from tests.helpers import NAMES, count, inner, normal, one_of_each, synthesis_matrix, through

EACH = pytest.mark.parametrize("name", NAMES)


def problem(name, signals=3):
    dictionary, grid = one_of_each()[name]
    signal = normal(signals, 2, *grid)
    return dictionary, signal, 0.3 * dictionary.analysis(signal).abs().max().item()


def objective(dictionary, signal, code, threshold):
    """½‖x − Dz‖² + λ‖z‖₁ of each signal, in quadrature."""
    left = (signal - dictionary.synthesis(code)).square().flatten(1).sum(1) / 2
    return (left + threshold * code.abs().flatten(1).sum(1)) / count(tuple(signal.shape[2:]))


@pytest.mark.parametrize("positive", [False, True])
@EACH
def test_iterations_are_those_of_the_definition(name, positive):
    """With the inverse of DᵀD + ρ as a matrix, and ρ as it is given, or 0.3 times the mean gain over N."""
    dictionary, signal, threshold = problem(name)
    grid = tuple(signal.shape[2:])
    matrix = synthesis_matrix(dictionary.atoms(grid).detach())
    adjoint = matrix.T
    for given in (None, 0.07):
        rho = PENALTY * dictionary.gain().mean().item() / count(grid) if given is None else given
        inverse = torch.linalg.inv(adjoint @ matrix + rho * torch.eye(matrix.shape[1]))
        seen = through(adjoint, signal, dictionary.concepts)
        y = u = torch.zeros_like(seen)
        for steps in (1, 2, 3):
            z = through(inverse, seen + rho * (y - u), dictionary.concepts)
            v = RELAXATION * z + (1 - RELAXATION) * y + u
            y = v.sign() * (v.abs() - threshold / rho).clamp(min=0)
            y = y.clamp(min=0) if positive else y
            u = v - y
            found = admm(dictionary, signal, threshold, steps, positive=positive, penalty=given)
            torch.testing.assert_close(found.code, y.detach())
            torch.testing.assert_close(found.objective[-1], objective(dictionary, signal, y, threshold).mean().detach())


@pytest.mark.parametrize("positive", [False, True])
@EACH
def test_the_optimum_is_that_of_fista(name, positive):
    dictionary, signal, threshold = problem(name)
    ours = admm(dictionary, signal, threshold, 3000, 1e-7, positive)
    theirs = fista(dictionary, signal, threshold, 20000, 1e-7, positive)
    assert ours.converged and theirs.converged and (ours.gap <= 1e-7).all() and not ours.code.requires_grad
    assert ours.objective[-1].item() == pytest.approx(theirs.objective[-1].item(), rel=1e-6)
    slope = dictionary.correlate(signal, ours.code)
    active = ours.code != 0
    assert active.any() and not active.all() and (ours.code.min() >= 0 or not positive)
    assert (slope if positive else slope.abs()).max() < threshold * (1 + 2e-3)
    assert (slope - threshold * ours.code.sign())[active].abs().max() < 2e-3 * threshold


@pytest.mark.parametrize("name", ["dense", "conv", "fourier-2d"])
def test_the_gap_bounds_how_far_it_is_from_the_optimum(name):
    dictionary, signal, threshold = problem(name)
    best = objective(dictionary, signal, fista(dictionary, signal, threshold, 20000, 1e-10).code, threshold)
    energy = torch.tensor([inner(x[None], x[None]) for x in signal]) / 2
    for steps in (1, 3, 10, 30):
        found = admm(dictionary, signal, threshold, steps, tolerance=0)
        excess = objective(dictionary, signal, found.code, threshold) - best
        assert (excess >= -1e-9).all() and (excess <= found.gap * energy + 1e-9).all()
        assert len(found.objective) == steps and not found.converged


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "make",
    [
        lambda m: (DenseDictionary(m, 5), ()),
        lambda m: (ConvDictionary(m, 4, 3), (9,)),
        lambda m: (ConvDictionary(m, 4, (3, 2)), (6, 8)),
        lambda m: (FourierDictionary(m, 2, (1, 1, 1)), (3, 4, 5)),
    ],
    ids=["dense", "odd", "plane", "space"],
)
def test_waves_do_what_the_dictionary_does(make, channels):
    """Also with fewer concepts than channels: S S* is singular then, and S S* + ρ is not."""
    dictionary, grid = make(channels)
    dictionary = dictionary.double()
    waves = Waves(dictionary, grid)
    signal, code = normal(2, channels, *grid), normal(2, dictionary.concepts, *grid, seed=1)
    for ours, right in (
        (waves.back(waves.to(code)), code),
        (waves.back(waves.synthesis(waves.to(code))), dictionary.synthesis(code)),
        (waves.back(waves.adjoint(waves.to(signal))), dictionary.analysis(signal)),
    ):
        torch.testing.assert_close(ours, right.detach())
    nodes = count(grid)
    torch.testing.assert_close(waves.square(waves.to(code)), code.square().flatten(1).sum(1) / nodes)
    solved = waves.back(waves.solved(waves.to(code), 0.3))
    again = dictionary.analysis(dictionary.synthesis(solved)) + 0.3 * solved
    torch.testing.assert_close(again.detach(), code)


def test_a_warm_start_and_another_penalty_change_the_way_only():
    dictionary, signal, threshold = problem("conv")
    cold = admm(dictionary, signal, threshold, tolerance=1e-8)
    other = admm(dictionary, signal, threshold, tolerance=1e-8, penalty=1.0)
    assert other.converged and len(other.objective) != len(cold.objective)
    torch.testing.assert_close(other.objective[-1], cold.objective[-1], rtol=1e-7, atol=0)
    near = admm(dictionary, signal, threshold, steps=1, start=cold.code).objective[0]
    far = admm(dictionary, signal, threshold, steps=1).objective[0]
    assert near - cold.objective[-1] < 0.1 * (far - cold.objective[-1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_units_do_not_matter(dtype):
    dictionary, signal, threshold = problem("conv")
    dictionary, signal = dictionary.to(dtype), signal.to(dtype)
    plain = admm(dictionary, signal, threshold, 200, 1e-5)
    assert plain.converged
    for factor in (2.0**-60, 2.0**60):
        scaled = admm(dictionary, factor * signal, factor * threshold, 200, 1e-5)
        assert torch.equal(scaled.code, factor * plain.code) and torch.equal(scaled.gap, plain.gap)


def test_few_or_no_signals_and_nothing_to_find():
    dictionary, signal, _ = problem("conv")
    assert admm(dictionary, signal[:0], 0.1).converged
    assert not admm(dictionary, 0 * signal, 0.1).code.any()
    above = 1.001 * dictionary.analysis(signal).abs().max().item()
    assert not admm(dictionary, signal, above, tolerance=1e-9).code.any()


def test_what_cannot_be_done_says_so():
    project = normal(4, 6)
    lifted = Lifted(DenseDictionary(6, 7).double(), Lifting(2 * project.T, project))
    with pytest.raises(ValueError, match="no lasso objective"):
        admm(lifted, normal(2, 4), 0.1)
    dictionary, signal = DenseDictionary(4, 6).double(), normal(2, 4)
    for arguments, message in (
        ({"threshold": -1.0}, "threshold = -1"),
        ({"threshold": 0.1, "penalty": 0.0}, "penalty = 0"),
        ({"threshold": 0.1, "steps": 0}, "steps = 0"),
        ({"threshold": 0.1, "start": torch.zeros(1, 6).double()}, "start has shape"),
    ):
        with pytest.raises(ValueError, match=message):
            admm(dictionary, signal, **arguments)
