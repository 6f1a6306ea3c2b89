"""Families of true atoms: their formulas, their norms, and the dictionary made of them."""

import copy
import math
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno.data import FunctionAtoms, families
from saeno.metrics import coherence

DOUBLE = torch.double


def line(n):
    return torch.arange(n, dtype=DOUBLE) / n


def plane(n):
    return torch.cartesian_prod(line(n), line(n))


def made_periodic(g, points, reach=8):
    """Σ_m g(u − m), over many images, term by term."""
    axes = points.shape[-1]
    whole = torch.cartesian_prod(*[torch.arange(-reach, reach + 1, dtype=DOUBLE)] * axes).view(-1, axes)
    return sum(g(points - m) for m in whole)


def proportional(a, b):
    return (a @ b / (a.norm() * b.norm())).item()


SMOOTH = {
    "gaussian": (families.gaussian(0.03), lambda x: torch.exp(-(x[:, 0] ** 2) / (2 * 0.03**2))),
    "wide gaussian": (families.gaussian(0.4), lambda x: torch.exp(-(x[:, 0] ** 2) / (2 * 0.4**2))),
    "derivative": (families.derivative(0.3), lambda x: x[:, 0] * torch.exp(-(x[:, 0] ** 2) / (2 * 0.3**2))),
    "gabor": (
        families.gabor(7.3, 0.2, 1.1),
        lambda x: torch.exp(-(x[:, 0] ** 2) / (2 * 0.2**2)) * torch.cos(2 * math.pi * 7.3 * x[:, 0] + 1.1),
    ),
    "gaussian, two axes": (
        families.gaussian(0.2, axes=2),
        lambda x: torch.exp(-x.square().sum(1) / (2 * 0.2**2)),
    ),
    "derivative, two axes": (
        families.derivative(0.2, (1.0, -2.0)),
        lambda x: (x[:, 0] - 2 * x[:, 1]) * torch.exp(-x.square().sum(1) / (2 * 0.2**2)),
    ),
    "gabor, two axes": (
        families.gabor((3.5, -2.0), 0.15, 0.4),
        lambda x: (
            torch.exp(-x.square().sum(1) / (2 * 0.15**2))
            * torch.cos(2 * math.pi * (3.5 * x[:, 0] - 2.0 * x[:, 1]) + 0.4)
        ),
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_functions_are_their_formula_made_periodic_at_unit_norm(name):
    function, g = SMOOTH[name]
    points = plane(37) if "two" in name else line(500).unsqueeze(1)
    expected = made_periodic(g, points, reach=3 if "two" in name else 8)
    values = function(points)
    torch.testing.assert_close(values, expected * (values.norm() / expected.norm()), rtol=1e-10, atol=1e-10)
    grid = plane(64) if "two" in name else line(2000).unsqueeze(1)
    assert function(grid).square().mean().item() == pytest.approx(1, abs=1e-10)


def test_a_derivative_is_the_slope_of_a_gaussian():
    u = line(4096).unsqueeze(1)
    slope = torch.gradient(families.gaussian(0.05)(u), spacing=1 / 4096)[0]
    assert proportional(slope[1:-1], families.derivative(0.05)(u)[1:-1]) == pytest.approx(-1, abs=1e-5)


ALL = [
    *[(f, 2 if "two" in name else 1) for name, (f, _) in SMOOTH.items()],
    (families.box(0.23), 1),
    (families.box(0.4, axes=2), 2),
    (families.rough(0.7, seed=3, modes=20), 1),
    (families.rough(1.5, seed=3, modes=5, axes=2), 2),
]


@pytest.mark.parametrize("function, axes", ALL)
def test_every_function_is_periodic_takes_any_shape_and_keeps_the_dtype(function, axes):
    points = torch.rand(4, 5, axes, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))
    values = function(points)
    assert values.shape == (4, 5)
    torch.testing.assert_close(function(points - 3), values, rtol=1e-9, atol=1e-9)
    single = function(points.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, values.float(), rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match=f"points have {axes + 1} axes: this function has {axes}"):
        function(torch.zeros(3, axes + 1))


def test_a_box_is_constant_inside_zero_outside_and_half_on_the_edge():
    points = torch.tensor([0.0, 0.2, -0.2, 0.25, -0.25, 0.75, 0.3, 0.5, 1.1], dtype=DOUBLE).unsqueeze(1)
    height = 1 / math.sqrt(0.5)
    expected = [height, height, height, height / 2, height / 2, height / 2, 0, 0, height]
    torch.testing.assert_close(families.box(0.5)(points), torch.tensor(expected, dtype=DOUBLE))
    corner = torch.tensor([[0.1, 0.1], [0.25, 0.1], [0.25, 0.25], [0.1, 0.4]], dtype=DOUBLE)
    torch.testing.assert_close(families.box(0.5, axes=2)(corner), torch.tensor([2, 1, 0.5, 0], dtype=DOUBLE))


def test_the_norm_of_a_box_on_a_grid_errs_by_one_over_n():
    errors = [abs(FunctionAtoms([families.box(0.3)]).double().atoms(n).square().mean().item() - 1) for n in (64, 6400)]
    assert 1e-4 < errors[0] < 2 / 64 and errors[1] < 2 / 6400


@pytest.mark.parametrize("axes", [1, 2])
def test_a_rough_function_has_a_power_law_spectrum(axes):
    decay, modes, n, seeds = 1.2, 6, 16, 200
    points = line(n).unsqueeze(1) if axes == 1 else plane(n)
    values = torch.stack([families.rough(decay, seed, modes, axes)(points) for seed in range(seeds)])
    spectrum = torch.fft.fftn(values.view(seeds, *[n] * axes), dim=tuple(range(1, 1 + axes)), norm="forward")
    k = torch.cartesian_prod(*[torch.fft.fftfreq(n, 1 / n).double()] * axes).view(-1, axes)
    inside = (k.abs() <= modes).all(1) & k.any(1)
    power = spectrum.flatten(1).abs().square()
    assert power[:, ~inside].max() < 1e-20
    torch.testing.assert_close(power.sum(1), torch.ones(seeds, dtype=DOUBLE))
    # log power = log(a² + b²) − 2s log|k| + a constant of the seed: its slope over log|k| is −2s.
    x, y = k[inside].norm(dim=1).log(), power[:, inside].log().mean(0)
    slope = ((x - x.mean()) @ y / (x - x.mean()).square().sum()).item()
    assert slope == pytest.approx(-2 * decay, abs=0.3)


def test_a_rough_function_is_the_same_for_the_same_seed():
    u = line(50).unsqueeze(1)
    assert torch.equal(families.rough(seed=1)(u), families.rough(seed=1)(u))
    assert abs(proportional(families.rough(seed=1)(u), families.rough(seed=2)(u))) < 0.9


def make(axes):
    if axes == 1:
        return FunctionAtoms([families.gaussian(0.05), families.box(0.21), families.gabor(6, 0.1)]).double()
    two = [families.derivative(0.1, (1.0, 0.5)), families.box(0.3, axes=2), families.rough(modes=4, axes=2)]
    return FunctionAtoms(two, axes=2).double()


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([(12,), (15,), (6, 5), (4, 8)]), st.integers(0, 100))
def test_synthesis_is_the_direct_sum_and_analysis_its_adjoint(grid, seed):
    atoms, nodes = make(len(grid)), math.prod(grid)
    code, signal = normal(2, 3, *grid, seed=seed), normal(2, 1, *grid, seed=seed + 1)
    u = torch.cartesian_prod(*[line(n) for n in grid]).view(nodes, -1)
    differences = (u.unsqueeze(1) - u).flatten(0, 1)
    table = atoms.at(differences).view(3, nodes, nodes)  # D_c(u − v)
    direct = torch.einsum("cuv,bcv->bu", table, code.flatten(2)) / nodes
    torch.testing.assert_close(atoms.synthesis(code).flatten(1), direct, rtol=1e-10, atol=1e-10)
    left = (atoms.synthesis(code) * signal).sum() / nodes
    right = (atoms.analysis(signal) * code).sum() / nodes
    torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(atoms.atoms(grid).flatten(), atoms.at(u).flatten(), rtol=1e-12, atol=1e-12)


def test_function_atoms_are_a_dictionary_of_unit_gain_whose_amplitude_is_the_weight():
    atoms = make(1)
    assert (atoms.channels, atoms.concepts, atoms.axes) == (1, 3, 1)
    assert atoms.gain().tolist() == [1, 1, 1] and not atoms.weight.requires_grad
    before = atoms.atoms(20)
    atoms.weight.mul_(3)
    torch.testing.assert_close(atoms.atoms(20), 3 * before)
    torch.testing.assert_close(atoms.at(line(20))[:, 0], 3 * before[:, 0])
    torch.testing.assert_close(atoms.normalize_().atoms(20), before)
    assert make(1).float().atoms(20).dtype == torch.float32
    code = normal(1, 3, 20)
    left = atoms.correlate(atoms.synthesis(code), code)
    assert left.abs().max() < 1e-12


def test_function_atoms_survive_a_copy_and_a_pickle():
    atoms = families.bumps_and_gabors(1)
    for other in (copy.deepcopy(atoms), pickle.loads(pickle.dumps(atoms))):
        assert torch.equal(other.atoms(50), atoms.atoms(50))


@pytest.mark.parametrize("seed", range(6))
def test_bumps_and_gabors_are_five_smooth_atoms_told_apart(seed):
    atoms = families.bumps_and_gabors(seed).double()
    assert (atoms.concepts, atoms.channels, atoms.axes) == (5, 1, 1)
    assert coherence(atoms, grid=1024) <= 0.9
    torch.testing.assert_close(atoms.atoms(128).square().mean((1, 2)), torch.ones(5, dtype=DOUBLE))
    spectrum = torch.fft.rfft(atoms.atoms(512)[:, 0]).abs()
    peaks = spectrum.argmax(1).tolist()
    assert peaks[0] == 0 and all(abs(p - f) <= 2 for p, f in zip(peaks[2:], (12, 20, 8), strict=True))
    # 32 modes are enough to recover them: the best cosine they allow is above .98.
    assert (spectrum[:, :33].norm(dim=1) / spectrum.norm(dim=1)).min() > 0.98


def test_bumps_and_gabors_follow_their_seed():
    assert torch.equal(families.bumps_and_gabors(3).atoms(64), families.bumps_and_gabors(3).atoms(64))
    assert not torch.allclose(families.bumps_and_gabors(3).atoms(64), families.bumps_and_gabors(4).atoms(64))


def test_atoms_too_much_alike_are_drawn_again(monkeypatch):
    drawn = []

    def judge(atoms, grid):
        drawn.append(atoms)
        return 0.95 if len(drawn) < 3 else 0.5

    monkeypatch.setattr(families, "coherence", judge)
    assert families.bumps_and_gabors(0) is drawn[2]


@pytest.mark.parametrize(
    "call, names",
    [
        (lambda: families.gaussian(0), "width = 0"),
        (lambda: families.gabor(3, 0.6), "width = 0.6"),
        (lambda: families.derivative(-0.1), "width = -0.1"),
        (lambda: families.derivative(0.1, (0.0, 0.0)), "direction"),
        (lambda: families.box(1.0), "width = 1.0"),
        (lambda: families.rough(modes=0), "modes = 0"),
        (lambda: FunctionAtoms([]), r"functions = \[\]: should be"),
        (lambda: make(1).at(torch.zeros(3, 2)), r"points have shape \(3, 2\)"),
        (lambda: make(1).atoms((4, 4)), "grid"),
        (lambda: make(1).synthesis(torch.zeros(1, 2, 8, dtype=DOUBLE)), "code has shape"),
        (lambda: make(1).analysis(torch.zeros(1, 2, 8, dtype=DOUBLE)), "signal has shape"),
    ],
)
def test_errors_name_the_argument(call, names):
    with pytest.raises(ValueError, match=names):
        call()
