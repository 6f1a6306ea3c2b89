"""Every encoder and solver is the same in any units: signals, or atoms, from 1e-15 to 1e15 times as large.

Units are powers of two where answers are compared to the last bit. Tried, each failing here: norms by plain squares in
float32, an absolute least peak in `omp`, a largest eigenvalue of atoms as they are.
"""

import math

import pytest
import torch

from saeno import (
    BatchTopK,
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    GroupSoftThreshold,
    JointTopK,
    JumpReLU,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    TopK,
    Unrolled,
)
from saeno.inference import debias, fista, ista, omp
from saeno.sparsity.joint import concept_norms
from saeno.units import unit
from tests.helpers import NAMES, normal, one_of_each

# 1e-23 is beyond what is asked for: the square of it is none in float32.
UNITS = [2.0**-76, 2.0**-50, 2.0**-10, 1.0, 2.0**50]
ATOMS = [2.0**-50, 2.0**50]
LEVEL = 0.1

# From the unit of the masses to an encoder.
ENCODERS = {
    "soft": lambda c: OneStep(SoftThreshold(LEVEL * c)),
    "accelerated": lambda c: Unrolled(SoftThreshold(LEVEL * c, positive=True), 4, accelerate=True),
    "relu": lambda c: Unrolled(ReLU(), 3),
    "jump": lambda c: Unrolled(JumpReLU(LEVEL * c, 0.1 * c), 2),
    "group": lambda c: Unrolled(GroupSoftThreshold(LEVEL * c, 0.05 * c), 4),
    "joint": lambda c: Unrolled(JointTopK(2, 0.3), 3),
    "top": lambda c: OneStep(TopK(3)),
    "batch": lambda c: OneStep(BatchTopK(2)),
    "hard": lambda c: Unrolled(TopK(3), 6),
    "hard, positive": lambda c: Unrolled(TopK(3, positive=True), 6),
    "pursuit": lambda c: MatchingPursuit(3, concepts=2),
}
SOLVERS = {
    "ista": lambda d, x, c: ista(d, x, LEVEL * c, 20).code,
    "fista": lambda d, x, c: fista(d, x, LEVEL * c, 20, positive=True).code,
    "fista, warm": lambda d, x, c: fista(d, x, LEVEL * c, 5, start=fista(d, x, 2 * LEVEL * c, 5).code).code,
    "gap": lambda d, x, c: c * fista(d, x, LEVEL * c, 20).gap,
    "omp": lambda d, x, c: omp(d, x, 2),
    "debias": lambda d, x, c: debias(d, x, Unrolled(TopK(2), 2)(d, x)),
}


def single(name):
    """A dictionary of float32, a batch whose signals differ much in size, and one that is zero."""
    dictionary, grid = one_of_each()[name]
    sizes = torch.tensor([1.0, 30, 1e-3, 0, 1]).view(-1, 1, *[1] * len(grid))
    return dictionary.float().normalize_().requires_grad_(False), normal(5, 2, *grid).float() * sizes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_signals_in_other_units_have_the_same_codes(name, encoder):
    dictionary, signal = single(name)
    expected = ENCODERS[encoder](1.0)(dictionary, signal)
    assert expected.any() and expected.isfinite().all()
    for c in UNITS:
        found = ENCODERS[encoder](c)(dictionary, signal * c)
        # θ is learned as its logarithm, whose exponential rounds.
        exactly = {} if encoder == "jump" else {"rtol": 0, "atol": 0}
        torch.testing.assert_close(found / c, expected, **exactly)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_problems_in_other_units_have_the_same_solutions(name, solver):
    dictionary, signal = single(name)
    expected = SOLVERS[solver](dictionary, signal, 1.0)
    for c in UNITS:
        assert torch.equal(SOLVERS[solver](dictionary, signal * c, c) / c, expected)


def scaled(name, c):
    """The atoms times c: a lifted dictionary's inner ones."""
    dictionary, signal = single(name)
    dictionary.weight.mul_(c)
    return dictionary, signal


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoder", [e for e in ENCODERS if e not in ("top", "batch", "pursuit")])
def test_atoms_in_other_units_have_codes_in_the_inverse_ones(name, encoder):
    """Of an encoder that descends; events of one analysis grow with the atoms, and are for unit ones."""
    expected = ENCODERS[encoder](1.0)(*single(name))
    for c in ATOMS:
        found = ENCODERS[encoder](c)(*scaled(name, c))  # thresholds are masses, which grow with the atoms
        torch.testing.assert_close(found * c, expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("solver", [s for s in SOLVERS if s != "gap"])
def test_solutions_with_atoms_in_other_units(name, solver):
    expected = SOLVERS[solver](*single(name), 1.0)
    for c in ATOMS:
        assert torch.equal(SOLVERS[solver](*scaled(name, c), c) * c, expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("c", [2.0**-100, 2.0**-50, 2.0**50, 2.0**100])
def test_atoms_of_any_size_come_to_unit_gain(name, c):
    expected, tiny = single(name)[0], scaled(name, c)[0]
    assert torch.equal(tiny.normalize_().weight, expected.normalize_().weight)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("c", UNITS)
def test_gradients_of_atoms_of_any_size_are_projected(name, c):
    """What is left of a gradient has no part along the atom's gain, and is the same for atoms in other units."""
    found = []
    for c_here in (1.0, c):
        dictionary, _ = scaled(name, c_here)
        dictionary.requires_grad_(True).weight.grad = normal(*dictionary.weight.shape, seed=3).float()
        dictionary.project_gradient_()
        found.append(dictionary.weight.grad)
    assert torch.equal(*found) and found[0].any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("c", [2.0**-50, 2.0**50])
def test_the_largest_eigenvalue_has_the_unit_of_atoms_squared(name, c):
    grid = one_of_each()[name][1]
    expected, found = single(name)[0].largest_eigenvalue(grid), scaled(name, c)[0].largest_eigenvalue(grid)
    torch.testing.assert_close(found / c**2, expected)


def test_atoms_beyond_all_numbers_are_an_error_that_names_the_eigenvalue():
    for c in (2.0**-80, 2.0**80):
        dictionary, signal = scaled("dense", c)
        with pytest.raises(
            ValueError, match=r"λmax\(DᵀD\) of the dictionary is (0|inf): should be positive and finite"
        ):
            OneStep(SoftThreshold(0.1))(dictionary, signal)


@pytest.mark.parametrize("c", [1e-23, 1e-15, 1e15])
def test_whitening_in_other_units(c):
    samples = torch.randn(60, 3, 16, generator=torch.Generator().manual_seed(0))
    for make in (Lifting.whitening, Lifting.spectral_whitening):
        here, there = make(samples), make(samples * c)
        torch.testing.assert_close(there.lift(samples * c), here.lift(samples), rtol=1e-4, atol=1e-4)
        assert torch.allclose(there.project(there.lift(samples * c)) / c, samples, atol=1e-3)


@pytest.mark.parametrize("c", [2.0**-76, 2.0**-50, 2.0**50])
def test_dictionaries_of_given_atoms_in_other_units(c):
    atoms = torch.zeros(3, 2, 12)
    atoms[..., :4] = normal(3, 2, 4).float()
    for make in (
        lambda a: ConvDictionary.from_atoms(a, 4),
        lambda a: FourierDictionary.from_atoms(a, 3),
        lambda a: DenseDictionary.from_atoms(a[..., 0]),
        lambda a: Lifted.from_atoms(DenseDictionary.from_atoms(a[..., 0]), Lifting.gaussian(2, 5)),
    ):
        assert torch.equal(make(atoms * c).weight / c, make(atoms).weight)
    with pytest.raises(ValueError, match=r"support = \(2,\) leaves out"):
        ConvDictionary.from_atoms(atoms * c, 2)


def test_a_concept_has_a_norm_in_any_unit_and_its_gradient():
    code = normal(3, 4, 7).float().requires_grad_()
    expected = torch.linalg.vector_norm(code.detach(), dim=2) / math.sqrt(7)
    for c in (1e-35, 1e-20, 1.0, 1e20, 1e36):
        small = (code.detach() * c).requires_grad_()
        norms = concept_norms(small)
        torch.testing.assert_close(norms / c, expected)
        (slope,) = torch.autograd.grad(norms.sum(), small)
        torch.testing.assert_close(slope, code.detach() / (7 * expected[..., None]))
    assert torch.autograd.gradcheck(concept_norms, normal(2, 3, 5).requires_grad_())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_unit_is_the_power_of_two_below(dtype):
    value = torch.tensor(
        [[0.0, 0.0], [0.75, -3.0], [1.0, 0.0], [3e38, 1.0], [1e-30, 0.0], [math.nan, 5.0], [math.inf, 1]]
    )
    found = unit(value.to(dtype)).flatten().double()
    assert found[0] == 1 and found[1] == 2 and found[2] == 1 and found[5] == 1 and found[6] == 1
    for entry, size in ((3e38, found[3]), (1e-30, found[4])):
        assert size <= entry * 1.01 < 2.02 * size and math.log2(size) == round(math.log2(size))
