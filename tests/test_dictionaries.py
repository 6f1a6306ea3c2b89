"""The linear operators: each against its definition, and against each other."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno import (
    ConvDictionary,
    DenseDictionary,
    Dictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    fit,
)
from saeno.grids import as_grid, per_axis
from tests.helpers import (
    NAMES,
    count,
    fourier_atoms,
    gradcheck,
    inner,
    normal,
    one_of_each,
    synthesis_matrix,
    through,
)

EACH = pytest.mark.parametrize("name", NAMES)
FUNCTIONS = pytest.mark.parametrize("name", [n for n in NAMES if "dense" not in n])


@st.composite
def operators(draw):
    """Any dictionary with analysis adjoint to synthesis, and a grid for it."""
    kind = draw(st.sampled_from(["dense", "conv", "fourier"]))
    channels, concepts, seed = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(0, 99))
    lifted = draw(st.none() | st.integers(1, 5))
    axes = 0 if kind == "dense" else draw(st.integers(1, 2))
    grid = tuple(draw(st.lists(st.integers(1, 9), min_size=axes, max_size=axes)))
    width = channels if lifted is None else lifted
    if kind == "dense":
        dictionary = DenseDictionary(width, concepts, seed)
    elif kind == "conv":
        dictionary = ConvDictionary(width, concepts, tuple(draw(st.integers(1, n)) for n in grid), seed)
    else:
        dictionary = FourierDictionary(width, concepts, tuple(draw(st.integers(0, (n - 1) // 2)) for n in grid), seed)
    if lifted is not None:
        dictionary = Lifted(dictionary, Lifting.gaussian(channels, lifted, seed=seed + 1))
    return dictionary.double(), grid


@settings(max_examples=150, deadline=None)
@given(operators())
def test_analysis_is_the_adjoint_of_synthesis(operator):
    dictionary, grid = operator
    code, signal = normal(2, dictionary.concepts, *grid), normal(2, dictionary.channels, *grid, seed=1)
    made, seen = dictionary.synthesis(code), dictionary.analysis(signal)
    assert made.shape == signal.shape and seen.shape == code.shape
    size = inner(made, made) ** 0.5 * inner(signal, signal) ** 0.5
    size += inner(code, code) ** 0.5 * inner(seen, seen) ** 0.5
    assert abs(inner(made, signal) - inner(code, seen)) <= 1e-10 * size


@EACH
def test_synthesis_and_analysis_are_the_convolutions_with_the_atoms(name):
    dictionary, grid = one_of_each()[name]
    matrix = synthesis_matrix(dictionary.atoms(grid))
    code, signal = normal(3, dictionary.concepts, *grid), normal(3, 2, *grid, seed=1)
    torch.testing.assert_close(dictionary.synthesis(code), through(matrix, code, 2), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        dictionary.analysis(signal), through(matrix.T, signal, dictionary.concepts), rtol=0, atol=1e-12
    )
    left = through(matrix.T, signal - through(matrix, code, 2), dictionary.concepts)
    torch.testing.assert_close(dictionary.correlate(signal, code), left, rtol=0, atol=1e-11)


@EACH
def test_gradients(name):
    dictionary, grid = one_of_each()[name]
    code, signal = normal(2, dictionary.concepts, *grid), normal(2, 2, *grid, seed=1)
    assert gradcheck(dictionary, lambda d, z: d.synthesis(z), code)
    assert gradcheck(dictionary, lambda d, x: d.analysis(x), signal)
    assert gradcheck(dictionary, lambda d: d.atoms(grid))


@EACH
def test_sizes(name):
    dictionary, grid = one_of_each()[name]
    assert isinstance(dictionary, Dictionary)
    assert (dictionary.channels, dictionary.axes) == (2, len(grid))
    assert dictionary.concepts == len(dictionary.weight) == len(dictionary.atoms(grid))
    assert [*dict(dictionary.named_parameters())] == ["dictionary.weight" if name.startswith("lifted") else "weight"]


@EACH
def test_unit_gain_is_unit_quadrature_norm(name):
    dictionary, grid = one_of_each()[name]
    for nodes in (grid, tuple(n + 3 for n in grid)):
        atoms = dictionary.atoms(nodes)
        norms = atoms.square().sum(1).reshape(len(atoms), -1).mean(1)
        torch.testing.assert_close(norms, torch.ones_like(norms))
    torch.testing.assert_close(dictionary.gain(), torch.ones(dictionary.concepts, dtype=torch.float64))


@EACH
def test_an_impulse_of_mass_a_is_the_density_a_times_n_and_analysis_gives_masses(name):
    dictionary, grid = one_of_each()[name]
    place = tuple(n // 2 for n in grid)
    code = torch.zeros(1, dictionary.concepts, *grid, dtype=torch.float64)
    code[(0, 1, *place)] = 0.7 * count(grid)
    signal = dictionary.synthesis(code)
    moved = dictionary.atoms(grid)[1].roll(place, tuple(range(1, 1 + len(grid)))) if grid else dictionary.atoms()[1]
    torch.testing.assert_close(signal[0], 0.7 * moved)
    torch.testing.assert_close(dictionary.analysis(signal)[(0, 1, *place)].item(), 0.7)


@FUNCTIONS
def test_a_shifted_signal_has_a_shifted_analysis(name):
    dictionary, grid = one_of_each()[name]
    signal, shift, axes = normal(1, 2, *grid), (3, 1)[: len(grid)], tuple(range(2, 2 + len(grid)))
    torch.testing.assert_close(
        dictionary.analysis(signal.roll(shift, axes)), dictionary.analysis(signal).roll(shift, axes)
    )


@EACH
def test_the_step_is_one_over_the_largest_eigenvalue(name):
    dictionary, grid = one_of_each()[name]
    matrix = synthesis_matrix(dictionary.atoms(grid).detach())
    exact = torch.linalg.eigvalsh(matrix.T @ matrix)[-1]
    torch.testing.assert_close(dictionary.largest_eigenvalue(grid), exact)


@torch.no_grad()
def test_power_iteration_finds_the_same_largest_eigenvalue():
    dictionary = FourierDictionary(2, 3, 3).double()
    code = normal(1, 3, 16)
    for _ in range(500):
        code = dictionary.analysis(dictionary.synthesis(code / code.norm()))
    assert code.norm().item() == pytest.approx(dictionary.largest_eigenvalue(16).item(), rel=1e-4)


@pytest.mark.parametrize("lift", [False, True])
def test_the_largest_eigenvalue_of_functions_does_not_depend_on_the_grid(lift):
    dictionary = one_of_each()["lifted-fourier-2d" if lift else "fourier-2d"][0]
    values = [dictionary.largest_eigenvalue(grid) for grid in [(5, 3), (8, 8), (21, 30)]]
    torch.testing.assert_close(values[0].expand(3), torch.stack(values))


def test_more_concepts_than_channels_and_fewer_have_the_same_largest_eigenvalue():
    for channels, concepts in [(3, 8), (8, 3)]:
        dictionary = DenseDictionary(channels, concepts).double()
        assert dictionary.largest_eigenvalue().item() == pytest.approx(
            torch.linalg.matrix_norm(dictionary.weight, 2).item() ** 2
        )


# --- the gain, and what keeps it


@EACH
def test_normalize_restores_unit_gain_in_place_and_keeps_directions(name):
    dictionary, _ = one_of_each()[name]
    before, parameter = dictionary.weight.detach().clone(), dictionary.weight
    with torch.no_grad():
        scales = torch.rand(dictionary.concepts, dtype=torch.float64) + 0.5
        dictionary.weight.mul_(scales.view(-1, *[1] * (before.dim() - 1)))
    torch.testing.assert_close(dictionary.gain(), scales**2)
    assert dictionary.normalize_() is dictionary and dictionary.weight is parameter
    torch.testing.assert_close(dictionary.weight, before, rtol=1e-12, atol=0)


@EACH
def test_the_projected_gradient_does_not_change_the_gain(name):
    dictionary, grid = one_of_each()[name]
    dictionary.project_gradient_()  # no gradient yet: nothing to do
    assert dictionary.weight.grad is None
    dictionary.synthesis(normal(2, dictionary.concepts, *grid)).square().sum().backward()
    full = dictionary.weight.grad.clone()
    slope = torch.autograd.grad(dictionary.gain().sum(), dictionary.weight)[0].flatten(1)
    assert (slope * full.flatten(1)).sum(1).abs().min() > 1e-3
    dictionary.project_gradient_()
    kept = dictionary.weight.grad.flatten(1)
    assert (slope * kept).sum(1).abs().max() < 1e-10 * full.norm()
    removed = full.flatten(1) - kept  # along the slope and nothing else
    share = (removed * slope).sum(1, keepdim=True) / slope.square().sum(1, keepdim=True)
    torch.testing.assert_close(removed, share * slope)


def test_an_atom_without_a_gain_cannot_be_normalized():
    atoms = torch.tensor([[1.0, 0.0], [0.0, 0.0], [float("nan"), 1.0], [float("inf"), 0.0]])
    dictionary = DenseDictionary(2, 4)
    dictionary.weight.data.copy_(atoms)
    with pytest.raises(ValueError, match=r"gain of atom 1 is 0 \(3 such atoms of 4\)"):
        dictionary.normalize_()


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: DenseDictionary(4, 5, seed=seed),
        lambda seed: ConvDictionary(2, 3, (3, 2), seed=seed),
        lambda seed: FourierDictionary(2, 3, 4, seed=seed),
    ],
)
def test_seeds(make):
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, same, other = make(3), make(3), make(4)
    assert torch.equal(torch.get_rng_state(), state), "a dictionary leaves the global generator alone"
    assert torch.equal(first.weight, same.weight) and not torch.equal(first.weight, other.weight)


# --- vectors


def test_a_dense_dictionary_is_a_matrix():
    dictionary = DenseDictionary(4, 6).double()
    code, signal = normal(3, 6), normal(3, 4)
    torch.testing.assert_close(dictionary.synthesis(code), code @ dictionary.weight)
    torch.testing.assert_close(dictionary.analysis(signal), signal @ dictionary.weight.T)
    assert torch.equal(dictionary.atoms(), dictionary.weight)


def test_dense_from_atoms_keeps_norms_and_type_and_copies():
    atoms = normal(3, 4)
    dictionary = DenseDictionary.from_atoms(atoms)
    assert torch.equal(dictionary.weight, atoms) and dictionary.weight.dtype == torch.float64
    atoms.zero_()
    assert dictionary.weight.abs().sum() > 0
    with pytest.raises(ValueError, match=r"atoms = a tensor \(3, 4, 5\) of .*: should be \(concepts, channels\)"):
        DenseDictionary.from_atoms(normal(3, 4, 5))


# --- kernels on a grid


@pytest.mark.parametrize(
    ("support", "grid"), [((3,), (7,)), ((4,), (4,)), ((1,), (6,)), ((2, 3), (4, 5)), ((3, 1), (3, 6))]
)
def test_a_convolution_is_its_sum(support, grid):
    """x(u) = N^-½ Σ_c Σ_j w_c(j) z_c(u − j) and z_c(v) = N^-½ Σ_j w_c(j)·x(v + j), loops and all."""
    dictionary = ConvDictionary(2, 3, support).double()
    weight, root = dictionary.weight.detach(), math.sqrt(count(grid))
    code, signal = normal(1, 3, *grid), normal(1, 2, *grid, seed=1)
    made, seen = torch.zeros_like(signal[0]), torch.zeros_like(code[0])
    for u in itertools.product(*[range(n) for n in grid]):
        for j in itertools.product(*[range(s) for s in support]):
            before = tuple((a - b) % n for a, b, n in zip(u, j, grid, strict=True))
            after = tuple((a + b) % n for a, b, n in zip(u, j, grid, strict=True))
            made[(..., *u)] += (weight[(..., *j)] * code[(0, slice(None), *before)].unsqueeze(1)).sum(0) / root
            seen[(..., *u)] += weight[(..., *j)] @ signal[(0, slice(None), *after)] / root
    torch.testing.assert_close(dictionary.synthesis(code)[0], made, rtol=0, atol=1e-12)
    torch.testing.assert_close(dictionary.analysis(signal)[0], seen, rtol=0, atol=1e-12)


def test_a_kernel_on_a_grid_is_its_taps_times_root_n():
    dictionary = ConvDictionary(1, 2, (2, 3)).double()
    for grid in [(2, 3), (4, 5), (16, 16)]:
        atoms = dictionary.atoms(grid)
        torch.testing.assert_close(atoms[..., :2, :3], math.sqrt(count(grid)) * dictionary.weight)
        assert torch.count_nonzero(atoms) == 2 * 6


def test_conv_from_atoms_keeps_norms_and_refuses_a_support_too_small():
    atoms = torch.zeros(2, 3, 8, dtype=torch.float64)
    atoms[..., :4] = normal(2, 3, 4)
    for support in (4, 6, None):
        dictionary = ConvDictionary.from_atoms(atoms, support)
        assert dictionary.support == ((8,) if support is None else (support,))
        torch.testing.assert_close(dictionary.atoms(8), atoms)
    with pytest.raises(ValueError, match=r"support = \(3,\) leaves out 0\.\d+ \(relative\) of atom \d on the grid"):
        ConvDictionary.from_atoms(atoms, 3)
    with pytest.raises(ValueError, match=r"support = \(2, 2\)"):
        ConvDictionary.from_atoms(atoms, (2, 2))


# --- functions


LINES = [((3,), (7,)), ((3,), (8,)), ((0,), (1,)), ((2,), (30,))]
PLANES = [((2, 1), (5, 3)), ((1, 2), (6, 9)), ((2, 2), (8, 5))]


@pytest.mark.parametrize(("modes", "grid"), LINES + PLANES)
def test_fourier_atoms_are_their_sums_on_any_grid(modes, grid):
    dictionary = FourierDictionary(2, 2, modes).double()
    nodes = [tuple(i / n for i, n in zip(u, grid, strict=True)) for u in itertools.product(*[range(n) for n in grid])]
    exact = fourier_atoms(dictionary.weight, modes, nodes)
    assert (dictionary.atoms(grid).flatten(2) - exact).abs().max() <= 1e-10
    assert (dictionary.at(torch.tensor(nodes, dtype=torch.float64)) - exact).abs().max() <= 1e-10


@pytest.mark.parametrize("modes", [(4,), (2, 3)])
def test_fourier_atoms_at_scattered_points(modes):
    dictionary = FourierDictionary(2, 3, modes).double()
    points = 2 * normal(20, len(modes))  # anywhere on the line: the torus has period 1
    exact = fourier_atoms(dictionary.weight, modes, [tuple(u) for u in points.tolist()])
    assert (dictionary.at(points) - exact).abs().max() <= 1e-10
    assert (dictionary.at(points + 1) - exact).abs().max() <= 1e-10
    assert gradcheck(dictionary, lambda d, u: d.at(u), points[:3])


def test_with_one_axis_points_may_be_a_list_of_numbers():
    dictionary = FourierDictionary(1, 2, 3).double()
    points = torch.linspace(0, 1, 5, dtype=torch.float64)
    assert torch.equal(dictionary.at(points), dictionary.at(points.unsqueeze(1)))


@pytest.mark.parametrize(
    ("modes", "own", "other"),
    [((3,), (7,), (20,)), ((3,), (20,), (7,)), ((2, 1), (6, 5), (9, 4)), ((1, 2), (4, 9), (3, 5))],
)
def test_render_is_the_sum_over_the_code_on_any_other_grid(modes, own, other):
    """x(u) = Σ_c (1/N) Σ_v D_c(u − v) z_c(v), v on the code's grid and u on the other: every D from its own sum."""
    dictionary = FourierDictionary(2, 2, modes).double()
    code = normal(1, 2, *own)
    made = dictionary.render(code, other)
    assert made.shape == (1, 2, *other)
    for u in itertools.product(*[range(0, n, 2) for n in other]):
        places = list(itertools.product(*[range(n) for n in own]))
        offsets = [tuple(a / n - b / m for a, n, b, m in zip(u, other, v, own, strict=True)) for v in places]
        atoms = fourier_atoms(dictionary.weight, modes, offsets)
        exact = torch.einsum("cdv,cv->d", atoms, code[0].flatten(1)) / count(own)
        assert (made[(0, slice(None), *u)] - exact).abs().max() <= 1e-10


def test_the_norm_of_the_coefficients_is_the_quadrature_norm_on_any_grid():
    dictionary = FourierDictionary(2, 3, (2, 3)).double().normalize_()
    with torch.no_grad():
        dictionary.weight.mul_(torch.tensor([0.5, 1, 2], dtype=torch.float64).view(-1, 1, 1, 1))
    for grid in [(5, 7), (6, 8), (5, 40)]:
        atoms = dictionary.atoms(grid)
        torch.testing.assert_close(
            atoms.square().sum(1).mean((1, 2)), torch.tensor([0.25, 1, 4], dtype=torch.float64), rtol=1e-12, atol=0
        )


@pytest.mark.parametrize(("modes", "grid"), [((3,), (7,)), ((2,), (8,)), ((1, 2), (5, 8))])
def test_fourier_from_atoms_reads_the_coefficients_back(modes, grid):
    source = FourierDictionary(2, 3, modes).double()
    with torch.no_grad():
        source.weight.mul_(3)
    again = FourierDictionary.from_atoms(source.atoms(grid), modes)
    assert again.weight.dtype == torch.float64
    torch.testing.assert_close(again.weight, source.weight, rtol=0, atol=1e-12)


def test_fourier_from_atoms_keeps_the_band_and_nothing_else():
    rough = normal(1, 1, 16)
    projected = FourierDictionary.from_atoms(rough, 3).atoms(16)
    spectrum, kept = torch.fft.rfft(rough), torch.fft.rfft(projected)
    torch.testing.assert_close(kept[..., :4], spectrum[..., :4])
    assert kept[..., 4:].abs().max() < 1e-12


def test_truncated_is_the_way_down():
    dictionary = FourierDictionary(2, 3, (3, 2)).double()
    small = dictionary.truncated((1, 2))
    assert small.modes == (1, 2) and small.weight.dtype == torch.float64
    spectrum, kept = (torch.fft.fft2(d.atoms((7, 5))) for d in (dictionary, small))
    torch.testing.assert_close(kept[..., :2, :], spectrum[..., :2, :])
    assert kept[..., 2:6, :].abs().max() < 1e-12
    assert (small.gain() < 1).all()
    before = dictionary.weight.detach().clone()
    small.normalize_()
    assert torch.equal(dictionary.weight, before), "the truncated dictionary has its own coefficients"
    for modes in [(4, 2), (2,)]:
        with pytest.raises(ValueError, match="modes"):
            dictionary.truncated(modes)


# --- full-mode Fourier is circular convolution


def _pair(grid, channels=2, concepts=3, norms=(0.5, 1.0, 2.0)):
    """The same atoms twice: with all modes of an odd grid, and as taps on it."""
    modes = tuple((n - 1) // 2 for n in grid)
    fourier = FourierDictionary(channels, concepts, modes).double()
    with torch.no_grad():
        fourier.weight.mul_(torch.tensor(norms, dtype=torch.float64).view(-1, *[1] * (1 + len(grid))))
    return fourier, ConvDictionary.from_atoms(fourier.atoms(grid))


@pytest.mark.parametrize("grid", [(9,), (5, 7)])
def test_full_mode_fourier_is_circular_convolution(grid):
    fourier, conv = _pair(grid)
    code, signal = normal(2, 3, *grid), normal(2, 2, *grid, seed=1)
    for method, value in [("synthesis", code), ("analysis", signal)]:
        assert (getattr(fourier, method)(value) - getattr(conv, method)(value)).abs().max() <= 1e-12
    torch.testing.assert_close(fourier.gain(), conv.gain())
    torch.testing.assert_close(fourier.largest_eigenvalue(grid), conv.largest_eigenvalue(grid))


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("grid", [(9,), (5, 7)])
def test_full_mode_fourier_and_circular_convolution_learn_along_one_trajectory(grid, normalize):
    fourier, conv = _pair(grid, norms=(1.0, 1.0, 1.0))
    start, data = fourier.atoms(grid).detach().clone(), normal(40, 2, *grid, seed=2)
    losses = []
    for dictionary in (fourier, conv):
        model = SparseAutoencoder(dictionary, OneStep(SoftThreshold(0.02)))
        history = fit(
            model, data, steps=100, batch=10, lr=0.3, optimizer=torch.optim.SGD, normalize=normalize, progress=False
        )
        losses.append(history.loss)
    assert (fourier.atoms(grid) - conv.atoms(grid)).abs().max() <= 1e-9
    assert (losses[0] - losses[1]).abs().max() <= 1e-9
    assert (fourier.atoms(grid) - start).norm() > 0.2 * start.norm(), "nothing was learned, so nothing was compared"
    assert (fourier.gain() - 1).abs().max() < 1e-12 if normalize else (fourier.gain() - 1).abs().max() > 1e-3


# --- what cannot be done says so


def _dense():
    return DenseDictionary(4, 6)


def _conv():
    return ConvDictionary(2, 3, 4)


def _fourier():
    return FourierDictionary(2, 3, (2, 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: _dense().analysis(torch.zeros(2, 5)), r"signal has shape \(2, 5\): .*channels = 4.*DenseDictionary"),
        (lambda: _dense().analysis(torch.zeros(4)), r"signal has shape \(4,\)"),
        (lambda: _dense().synthesis(torch.zeros(2, 6, 3)), r"code has shape \(2, 6, 3\): .*concepts = 6"),
        (lambda: _dense().atoms(8), r"grid = 8 has 1 axes: this dictionary needs 0"),
        (lambda: _conv().analysis(torch.zeros(1, 2, 3)), r"grid = \(3,\) is smaller than the kernels' support \(4,\)"),
        (lambda: _conv().synthesis(torch.zeros(1, 3, 8, 8)), r"code has shape .*concepts = 3, n\)"),
        (lambda: _conv().atoms(), r"grid = \(\) has 0 axes: this dictionary needs 1"),
        (lambda: ConvDictionary(1, 1, 0), r"support = 0: should be whole numbers ≥ 1"),
        (lambda: ConvDictionary(1, 1, (2, 2, 2)), r"support = \(2, 2, 2\) has 3 axes: should have one or two"),
        (lambda: FourierDictionary(1, 1, -1), r"modes = -1: should be whole numbers ≥ 0"),
        (lambda: FourierDictionary(1, 1, 2.5), r"modes = 2.5: should be whole numbers ≥ 0"),
        (lambda: _fourier().atoms((5, 2)), r"grid = \(5, 2\) cannot carry modes = \(2, 1\): .* at least \(5, 3\)"),
        (lambda: _fourier().synthesis(torch.zeros(1, 3, 4, 3)), r"grid = \(4, 3\) cannot carry"),
        (lambda: _fourier().analysis(torch.zeros(1, 2, 4, 3)), r"grid = \(4, 3\) cannot carry"),
        (lambda: _fourier().render(torch.zeros(1, 3, 4, 3), (5, 3)), r"grid = \(4, 3\) cannot carry"),
        (lambda: _fourier().render(torch.zeros(1, 3, 5, 3), (4, 3)), r"grid = \(4, 3\) cannot carry"),
        (lambda: _fourier().render(torch.zeros(1, 3, 5, 3), 8), r"grid = 8 has 1 axes: this dictionary needs 2"),
        (lambda: _fourier().at(torch.zeros(5)), r"points have shape \(5,\): should be \(points, 2\)"),
        (
            lambda: FourierDictionary.from_atoms(torch.zeros(1, 1, 4), 2),
            r"grid of the atoms = \(4,\) cannot carry modes = \(2,\)",
        ),
        (lambda: FourierDictionary.from_atoms(torch.zeros(1, 1, 8, 8), 2), r"grid of the atoms = \(8, 8\) has 2 axes"),
        (lambda: as_grid((3, 0)), r"grid = \(3, 0\): should be positive whole numbers"),
        (lambda: as_grid((3, 2.0)), r"grid = \(3, 2.0\)"),
        (lambda: as_grid(2.0), r"grid = 2.0"),
        (lambda: per_axis((), "support", 1), r"support = \(\)"),
    ],
)
def test_errors_name_the_argument_and_its_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_grids():
    assert as_grid(128) == (128,) and as_grid(()) == () and as_grid([3, 4]) == (3, 4) == as_grid(torch.Size([3, 4]))


def test_only_functions_can_be_rendered_on_another_grid():
    for dictionary, code in [(_dense(), torch.zeros(2, 6)), (_conv(), torch.zeros(2, 3, 8))]:
        with pytest.raises(TypeError, match=f"grid = 16: {type(dictionary).__name__} knows its atoms on one grid only"):
            dictionary.render(code, 16)


def test_types_are_not_mixed():
    with pytest.raises(TypeError, match=r"signal is torch.float64, the dictionary torch.float32"):
        _dense().analysis(torch.zeros(2, 4).double())


@pytest.mark.parametrize("method", ["synthesis", "analysis", "atoms"])
def test_a_dictionary_of_its_own_kind_has_to_define_these(method):
    with pytest.raises(NotImplementedError):
        getattr(Dictionary(), method)(())


def test_a_faint_atom_outside_the_support_is_not_lost():
    atoms = torch.zeros(2, 1, 8)
    atoms[0, 0, 0], atoms[1, 0, 7] = 1.0, 1e-4  # the second holds 1e-8 of the energy of both, and all of its own
    with pytest.raises(ValueError, match=r"support = \(3,\) leaves out 1 \(relative\) of atom 1"):
        ConvDictionary.from_atoms(atoms, support=3)
    assert ConvDictionary.from_atoms(atoms, support=8).atoms(8).allclose(atoms)


@pytest.mark.parametrize(
    ("make", "right", "wrong"),
    [
        (DenseDictionary.from_atoms, (3, 4), (3,)),
        (ConvDictionary.from_atoms, (3, 4, 7), (3, 4)),
        (lambda atoms: FourierDictionary.from_atoms(atoms, 2), (3, 4, 7), (3, 4)),
    ],
)
def test_atoms_are_finite_numbers(make, right, wrong):
    make(torch.ones(right))
    for atoms, kind in ((torch.ones(right).long(), "tensor"), (torch.ones(right).numpy(), "NumPy array")):
        with pytest.raises(TypeError, match=f"atoms = a {kind} .*: should be"):
            make(atoms)
    with pytest.raises(ValueError, match="atoms has NaN or infinite values: should be finite"):
        make(torch.full(right, math.nan))
    with pytest.raises(ValueError, match=r"(atoms = a tensor|grid of the atoms)"):
        make(torch.ones(wrong))


@pytest.mark.parametrize("name", NAMES)
def test_signals_and_codes_are_tensors(name):
    dictionary, grid = one_of_each()[name]
    with pytest.raises(TypeError, match="signal is a ndarray: should be a tensor"):
        dictionary.analysis(normal(2, 2, *grid).numpy())
    with pytest.raises(TypeError, match="code is a list: should be a tensor"):
        dictionary.synthesis([1.0])


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_gives_an_empty_batch(name):
    dictionary, grid = one_of_each()[name]
    code = dictionary.analysis(torch.zeros(0, dictionary.channels, *grid, dtype=torch.float64))
    assert code.shape == (0, dictionary.concepts, *grid)
    assert dictionary.synthesis(code).shape == (0, dictionary.channels, *grid)
