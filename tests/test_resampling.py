"""Atoms on other grids and other domains: against the functions they are, written out."""

import math

import pytest
import torch
from scipy.interpolate import RegularGridInterpolator

from saeno import (
    ConvDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    SoftThreshold,
    SparseAutoencoder,
    Unrolled,
)
from saeno.dictionaries.resampling import centres
from saeno.inference import fista
from tests.helpers import normal, synthesis_matrix, through

KINDS = ["sinc", "linear", "cubic"]


def cubic(t):
    """Keys' kernel with a = −½, from its conditions: pieces, C¹, interpolating, exact on quadratics."""
    t = abs(t)
    if t < 1:
        return (3 * t**3 - 5 * t**2 + 2) / 2
    return (-(t**3) + 5 * t**2 - 8 * t + 4) / 2 if t < 2 else 0.0


def hat(t):
    return max(0.0, 1 - abs(t))


def values_between(samples, kind, new):
    """A periodic function given at `samples`, at `new` nodes: a sum over its neighbours and their copies, in loops."""
    old, phi = len(samples), {"linear": hat, "cubic": cubic}[kind]
    return [
        sum(samples[j] * phi(i * old / new - j - turn * old) for j in range(old) for turn in range(-2, 3))
        for i in range(new)
    ]


# --- kernels on another grid


@pytest.mark.parametrize(
    ("old", "new"), [((9,), (9,)), ((9,), (14,)), ((9,), (36,)), ((5, 7), (9, 8)), ((5, 7), (10, 7))]
)
def test_full_kernels_interpolated_by_sinc_are_the_fourier_dictionary(old, new):
    """Odd n₀ and full support: the same functions, to rounding, on any finer grid; synthesis and analysis too."""
    kernels = ConvDictionary.from_atoms(normal(3, 2, *old)).normalize_()
    functions = FourierDictionary.from_atoms(kernels.atoms(old), tuple((n - 1) // 2 for n in old))
    fine = kernels.interpolated(old, new, "sinc")
    assert (fine.atoms(new) - functions.atoms(new)).abs().max() <= 1e-12
    torch.testing.assert_close(fine.gain(), kernels.gain(), rtol=1e-12, atol=0)
    code, signal = normal(2, 3, *new), normal(2, 2, *new, seed=1)
    assert (fine.synthesis(code) - functions.synthesis(code)).abs().max() <= 1e-12
    assert (fine.analysis(signal) - functions.analysis(signal)).abs().max() <= 1e-12


@pytest.mark.parametrize("new", [(5,), (4,), (3,)])
def test_on_a_coarser_grid_sinc_leaves_out_what_it_cannot_carry(new):
    kernels = ConvDictionary.from_atoms(normal(3, 2, 9))
    coarse = kernels.interpolated(9, new)
    functions = FourierDictionary.from_atoms(kernels.atoms(9), 4).truncated((new[0] - 1) // 2)
    assert (coarse.atoms(new) - functions.atoms(new)).abs().max() <= 1e-12


def test_sinc_on_an_even_grid_goes_through_the_values_and_the_highest_frequency_is_a_cosine():
    kernels = ConvDictionary.from_atoms(normal(2, 1, 8))
    fine = kernels.interpolated(8, 24).atoms(24)
    torch.testing.assert_close(fine[..., ::3], kernels.atoms(8))
    alternating = ConvDictionary.from_atoms(torch.tensor([[[1.0, -1.0] * 4]], dtype=torch.float64))
    nodes = torch.arange(24, dtype=torch.float64) / 24
    torch.testing.assert_close(alternating.interpolated(8, 24).atoms(24)[0, 0], torch.cos(8 * math.pi * nodes))


@pytest.mark.parametrize("support", [1, 3, 6, 8])
@pytest.mark.parametrize(("old", "new"), [(8, 16), (8, 20), (8, 8), (8, 5), (9, 31)])
@pytest.mark.parametrize("kind", ["linear", "cubic"])
def test_local_interpolation_is_its_sum(kind, old, new, support):
    """The zero-padded kernel, at its place on the torus: what is left of node 0 is there too."""
    kernels = ConvDictionary(2, 3, support).double()
    fine = kernels.interpolated(old, new, kind)
    expected = [[values_between(row.tolist(), kind, new) for row in atom] for atom in kernels.atoms(old)]
    torch.testing.assert_close(fine.atoms(new), torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-12)
    if support == 3 and new == 16:
        assert fine.support == ({"linear": 7, "cubic": 11}[kind],) and fine.offset == (
            {"linear": -1, "cubic": -3}[kind],
        )


def test_on_a_plane_it_goes_axis_by_axis():
    kernels = ConvDictionary(1, 2, (3, 2)).double()
    fine = kernels.interpolated((6, 5), (12, 15), "linear").atoms((12, 15))[:, 0]
    padded = torch.nn.functional.pad(kernels.atoms((6, 5)), (0, 1, 0, 1), mode="circular")[:, 0].detach()
    x, y = torch.arange(12) / 2, torch.arange(15) / 3
    for atom, found in zip(padded, fine, strict=True):
        function = RegularGridInterpolator((range(7), range(6)), atom.numpy(), method="linear")
        expected = torch.from_numpy(function(torch.cartesian_prod(x, y).numpy())).view(12, 15)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_grid_gives_the_same_dictionary(kind):
    for kernels, grid in [(ConvDictionary(2, 3, 4).double(), 8), (ConvDictionary(2, 3, (3, 4)).double(), (5, 6))]:
        same = kernels.interpolated(grid, grid, kind)
        torch.testing.assert_close(same.atoms(grid), kernels.atoms(grid), rtol=0, atol=1e-14)
        if kind != "sinc" and grid == 8:
            assert same.support == kernels.support and same.offset == kernels.offset


@pytest.mark.parametrize(("kind", "order"), [("linear", 2), ("cubic", 3), ("sinc", 20)])
def test_smooth_kernels_are_met_at_the_order_of_the_interpolation(kind, order):
    errors = []
    for n0 in (32, 64):
        at = [torch.exp(-(((torch.arange(n, dtype=torch.float64) / n - 0.5) / 0.08) ** 2)) for n in (n0, 512)]
        fine = ConvDictionary.from_atoms(at[0].view(1, 1, -1)).interpolated(n0, 512, kind).atoms(512)
        errors.append((fine - at[1]).abs().max().item())
    assert errors[1] < 1e-9 if kind == "sinc" else 2 ** (order - 0.3) < errors[0] / errors[1] < 2 ** (order + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_codes_are_found_again_on_a_finer_grid_with_the_factor_dx_and_without_it_they_are_not(kind):
    """Masses of analysis agree with those at n₀. The taps as they are, or interpolated without √(N₀/N), do not."""
    nodes = torch.arange(256, dtype=torch.float64) / 256
    bump = torch.exp(-(((nodes - 0.5) / 0.06) ** 2)).view(1, 1, -1)
    fine_signal = bump.roll(40, -1) + 0.5 * bump.roll(-70, -1)
    kernels = ConvDictionary.from_atoms(bump[..., ::4]).normalize_()
    coarse = kernels.analysis(fine_signal[..., ::4])
    fine = kernels.interpolated(64, 256, kind)
    assert (fine.analysis(fine_signal)[..., ::4] - coarse).abs().max() < 0.01 * coarse.max()
    with torch.no_grad():
        fine.weight.mul_(2)  # √(N/N₀): the taps interpolated, and nothing else
    for other in (kernels, fine):
        assert (other.analysis(fine_signal)[..., ::4] - coarse).abs().max() > 0.4 * coarse.max()


@pytest.mark.parametrize(("support", "offset", "grid"), [(3, -2, (7,)), ((2, 3), (-1, 2), (4, 5))])
def test_an_offset_is_where_the_first_tap_sits(support, offset, grid):
    here, moved = ConvDictionary(2, 3, support).double(), ConvDictionary(2, 3, support, offset=offset).double()
    axes = tuple(range(2, 2 + len(grid)))
    torch.testing.assert_close(moved.atoms(grid), here.atoms(grid).roll(moved.offset, axes))
    matrix = synthesis_matrix(moved.atoms(grid).detach())
    code, signal = normal(2, 3, *grid), normal(2, 2, *grid, seed=1)
    torch.testing.assert_close(moved.synthesis(code), through(matrix, code, 2))
    torch.testing.assert_close(moved.analysis(signal), through(matrix.T, signal, 3))
    assert str(moved).endswith(f"offset={moved.offset})") and "offset" not in str(here)
    fine = tuple(2 * n for n in grid)
    for kind in KINDS:
        torch.testing.assert_close(
            moved.interpolated(grid, fine, kind).atoms(fine),
            here.interpolated(grid, fine, kind).atoms(fine).roll([2 * o for o in moved.offset], axes),
        )


def test_an_interpolated_dictionary_is_saved_with_its_offset(tmp_path):
    model = SparseAutoencoder(ConvDictionary(1, 2, 3).interpolated(8, 20, "cubic"), MatchingPursuit(2))
    model.save(tmp_path / "model")
    again = SparseAutoencoder.load(tmp_path / "model")
    assert again.dictionary.offset == model.dictionary.offset != (0,)
    assert torch.equal(again.dictionary.atoms(20), model.dictionary.atoms(20))


def test_lifted_kernels_can_be_interpolated():
    lifted = Lifted(ConvDictionary(6, 3, 5), Lifting.gaussian(2, 6)).double()
    fine, functions = lifted.interpolated(5, 10), FourierDictionary.from_atoms(lifted.atoms(5), 2)
    torch.testing.assert_close(fine.atoms(10), functions.atoms(10))
    assert lifted.dictionary.support == (5,) and fine.lifting is lifted.lifting


# --- functions on another domain


def bump(centre, width, points):
    """A Gaussian on the unit torus, at any points of it."""
    return torch.exp(-((((points - centre + 0.5) % 1 - 0.5) / width) ** 2))


@pytest.mark.parametrize("length", [2, 1.5, 3.2, 0.75])
@pytest.mark.parametrize("centre", [0.5, 0.0, 0.31, -0.2])
def test_an_atom_is_extended_by_zero_from_where_it_is(centre, length):
    """The middle of the atom stays, in [−¼, ¾): a Gaussian on the line, sampled on [0, ℓ)."""
    nodes = torch.arange(64, dtype=torch.float64) / 64
    atoms = FourierDictionary.from_atoms(bump(centre, 0.07, nodes).view(1, 1, -1), 20)
    there = atoms.on_domain(length)
    assert there.modes == (math.floor(20 * length + 1e-9),)
    points = length * torch.arange(200, dtype=torch.float64) / 200
    around = ((points - centre + length / 2) % length - length / 2) / 0.07
    assert (there.atoms(200)[0, 0] - torch.exp(-(around**2))).abs().max() < 0.005
    by_index = FourierDictionary.from_atoms(atoms.atoms(64), 20).atoms(200)[0, 0]  # a mode index is not a frequency
    assert (by_index - torch.exp(-(around**2))).abs().max() > 0.2


def test_the_coefficients_are_integrals_over_the_line():
    """D̂'(k) = (1/ℓ) ∫ D(s) exp(−2πiks/ℓ) ds over the window, by a fine sum: a window of its own for each atom."""
    points = torch.arange(64, dtype=torch.float64) / 64
    both = torch.stack([bump(0.4, 0.1, points) * (1 + torch.sin(9 * points)), bump(0.7, 0.05, points)]).unsqueeze(1)
    atoms = FourierDictionary.from_atoms(both, 15)
    there, length = atoms.on_domain(2.5), 2.5
    middle = centres(atoms.atoms(64), 2)
    for c, gamma in enumerate(middle.tolist()):
        s = gamma - 0.5 + (torch.arange(20000, dtype=torch.float64) + 0.5) / 20000
        values = atoms.at(s)[c, 0].detach()
        for k in (0, 1, 3, 8, 37):
            phase = 2 * math.pi * k * s / length
            root = math.sqrt(2) if k else 1.0
            exact = root * (values * phase.cos()).mean() / length, root * (values * phase.sin()).mean() / length
            assert there.weight[c, 0, there.modes[0] + k].item() == pytest.approx(exact[0].item(), abs=1e-7)
            if k:
                assert there.weight[c, 0, there.modes[0] - k].item() == pytest.approx(exact[1].item(), abs=1e-7)


def test_on_a_plane_each_axis_has_its_length():
    x, y = (torch.arange(n, dtype=torch.float64) / n for n in (32, 40))
    plane = (bump(0.5, 0.1, x)[:, None] * bump(0.3, 0.08, y)).view(1, 1, 32, 40)
    there = FourierDictionary.from_atoms(plane, (10, 12)).on_domain((2, 1.5))
    assert there.modes == (20, 18)
    u, v = 2 * torch.arange(64, dtype=torch.float64) / 64, 1.5 * torch.arange(60, dtype=torch.float64) / 60
    exact = torch.exp(-(((u - 0.5) / 0.1) ** 2))[:, None] * torch.exp(-(((v - 0.3) / 0.08) ** 2))
    assert (there.atoms((64, 60))[0, 0] - exact).abs().max() < 0.01


@pytest.mark.parametrize("modes", [(5,), (2, 3), (0,)])
def test_the_same_length_gives_the_same_dictionary(modes):
    atoms = FourierDictionary(2, 3, modes).double()
    same = atoms.on_domain((1.0,) * len(modes))
    torch.testing.assert_close(same.weight, atoms.weight, rtol=0, atol=1e-12)
    before = atoms.weight.detach().clone()
    same.normalize_()
    assert torch.equal(atoms.weight, before) and same.modes == modes


def test_measures_on_a_longer_domain_are_as_the_docstring_says():
    """ℓ = 2, the same spacing: an event of mass a makes a·D, masses halve, and codes at half the threshold double."""
    nodes = torch.arange(96, dtype=torch.float64) / 96
    atoms = FourierDictionary.from_atoms(bump(0.5, 0.06, nodes).view(1, 1, -1), 24).normalize_()
    there = atoms.on_domain(2)
    torch.testing.assert_close(there.gain(), atoms.gain() / 2, rtol=1e-6, atol=0)
    short, long = torch.zeros(1, 1, 96, dtype=torch.float64), torch.zeros(1, 1, 192, dtype=torch.float64)
    for place, mass in [(40, 1.0), (60, -0.7)]:
        short[0, 0, place - 40] = 96 * mass
        long[0, 0, place - 40] = 192 * mass
    x, y = atoms.synthesis(short).detach(), there.synthesis(long).detach()
    assert (y[..., :96] - x).abs().max() < 0.01 * x.abs().max() > 100 * y[..., 96:].abs().max()
    here, moved = atoms.analysis(x), there.analysis(y)
    assert (2 * moved[..., :60] - here[..., :60]).abs().max() < 0.01 * here.abs().max()
    codes = fista(atoms, x, 0.1, tolerance=1e-10).code, fista(there, y, 0.05, tolerance=1e-10).code
    width = torch.fft.rfft(bump(0.0, 0.02, nodes)).real  # as measures: what lies a node apart is the same
    smooth = (
        torch.fft.irfft(torch.fft.rfft(codes[0]) * width, 96),
        torch.fft.irfft(torch.fft.rfft(codes[1][..., :96]) * width, 96),
    )
    assert (smooth[1] / 2 - smooth[0]).norm() < 0.03 * smooth[0].norm()
    assert codes[1].mean().item() == pytest.approx(codes[0].mean().item(), rel=0.02), "the same total mass"
    events = MatchingPursuit(2).events(there.normalize_(), y)
    torch.testing.assert_close(events.indices, torch.tensor([[0, 20]]))
    masses = MatchingPursuit(2).events(atoms, x).values
    torch.testing.assert_close(events.values * math.sqrt(2), masses, rtol=0.01, atol=0)


def test_atoms_without_a_middle_are_cut_at_zero():
    waves = torch.eye(5, dtype=torch.float64).view(5, 1, 5)
    dictionary = FourierDictionary(1, 5, 2).double()
    with torch.no_grad():
        dictionary.weight.copy_(waves)
    nodes = dictionary.atoms(12)
    assert torch.equal(centres(nodes[2:3], 2), torch.tensor([0.5], dtype=torch.float64))
    assert centres(dictionary.atoms(12), 2).tolist() == [0.5] * 5


def test_lifted_functions_have_other_domains_too():
    lifted = Lifted(FourierDictionary(6, 3, 5), Lifting.gaussian(2, 6)).double()
    torch.testing.assert_close(
        lifted.on_domain(2).atoms(40), lifted.lifting.project(lifted.dictionary.on_domain(2).atoms(40))
    )


def test_a_model_moves_to_a_new_domain_and_keeps_learning():
    dictionary = FourierDictionary(1, 2, 4).on_domain(1.5).normalize_()
    model = SparseAutoencoder(dictionary, Unrolled(SoftThreshold(0.01), 3))
    model.reconstruct(normal(2, 1, 20).float()).square().sum().backward()
    assert dictionary.weight.grad.abs().sum() > 0 and dictionary.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ConvDictionary(1, 2, 4).interpolated(8, 16, "nearest"),
            r"kind = 'nearest': should be 'sinc', 'linear'",
        ),
        (
            lambda: ConvDictionary(1, 2, 4).interpolated(3, 16),
            r"from_grid = \(3,\) is smaller than the kernels'",
        ),
        (lambda: ConvDictionary(1, 2, 4).interpolated((8, 8), 16), r"from_grid = \(8, 8\) has 2 axes: .* needs 1"),
        (lambda: ConvDictionary(1, 2, 4).interpolated(8, 0), r"to_grid = 0: should be positive whole numbers"),
        (lambda: ConvDictionary(1, 2, (1, 1), offset=(1, 1)).interpolated((8, 8), (3, 3), "linear"), r"to_grid has 3 "),
        (lambda: ConvDictionary(1, 2, 4, offset=(1, 2)), r"offset = \(1, 2\) has 2 axes, support 1"),
        (lambda: ConvDictionary(1, 2, 4, offset=0.5), r"offset = 0.5: should be whole numbers, one per axis"),
        (lambda: FourierDictionary(1, 2, 3).on_domain(0), r"length = 0: should be a finite number > 0"),
        (lambda: FourierDictionary(1, 2, 3).on_domain("2"), r"length = '2': should be a finite number"),
        (
            lambda: FourierDictionary(1, 2, 3).on_domain((1, 2)),
            r"length = \(1, 2\) has 2 axes: .* needs 1",
        ),
        (lambda: FourierDictionary(1, 2, (3, 3)).on_domain(2), r"length = 2 has 1 axes: this dictionary needs 2"),
    ],
)
def test_errors_name_the_argument_and_its_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
