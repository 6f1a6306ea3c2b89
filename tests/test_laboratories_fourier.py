"""What the chapters on Fourier neural operators and smooth concepts train and draw is what they say."""

import math
from functools import partial

import pytest
import torch
from matplotlib import pyplot as plt

from saeno import ConvDictionary, FourierDictionary, MatchingPursuit, SparseAutoencoder, fit
from saeno.book.chapters import load_experiment
from saeno.book.operators.fourier_neural_operators import lab as _fourier
from saeno.book.operators.fourier_neural_operators import pictures as _fourier_pictures
from saeno.book.operators.smooth_concepts import lab as _smooth
from saeno.book.operators.smooth_concepts import main as smooth_concepts
from saeno.book.operators.smooth_concepts import pictures as _smooth_pictures
from saeno.book.record import load, stored
from saeno.metrics import coherence

SGD = torch.optim.SGD


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(axes) -> list[list[float]]:
    """The heights of each line."""
    return [torch.as_tensor(line.get_ydata()).flatten().tolist() for line in axes.lines]


def test_a_bump_is_periodic_and_highest_at_distance_zero():
    u = _fourier.nodes(12)
    assert u.tolist() == pytest.approx([i / 12 for i in range(12)])
    assert _fourier.bump(torch.tensor([-1.0, 0.0, 2.0]), 7).tolist() == pytest.approx([1, 1, 1])
    narrow, wide = (_fourier.bump(u[1:], sharp) for sharp in (50, 5))
    assert (narrow < wide).all() and (wide < 1).all()


def test_descent_on_taps_is_what_fit_does_to_a_convolutional_dictionary():
    x = _fourier.signals(0, n=9, count=1).repeat(4 * _fourier.STEPS, 1, 1)  # all batches are alike
    dictionary = ConvDictionary(1, 3, 9, seed=0).double()
    descended = _fourier.descend(lambda w: w, dictionary.weight.detach(), 0.5, SGD, x)
    start = dictionary.weight.clone()
    fit(
        SparseAutoencoder(dictionary, _fourier.ista()), x, 100, 4, 0.5, SGD, "constant", normalize=False, progress=False
    )
    assert _fourier.apart(descended, dictionary.weight) <= 1e-12 and _fourier.apart(start, descended) > 0.01


@pytest.mark.parametrize("n", [8, 9])
def test_half_a_spectrum_comes_back_and_real_waves_are_orthonormal(n):
    build, undo = _fourier.half_spectrum(n)
    taps = torch.randn(2, 1, n, generator=torch.Generator().manual_seed(0)).double()
    assert _fourier.apart(build(undo(taps)), taps) <= 1e-12
    rows = _fourier.waves(n, (n - 1) // 2)
    assert (rows @ rows.T - torch.eye(len(rows))).abs().max() <= 1e-12


def test_pictures_of_kernels_and_paths_show_what_they_are_given():
    f = torch.tensor([1.0, 0.0, 0.0, 0.0])
    figure = _fourier_pictures.kernels({"twice": 2 * torch.eye(4), "shift": torch.eye(4).roll(1, 0)}, f)
    assert drawn(figure.axes[1]) == [f.tolist(), f.tolist()]
    assert drawn(figure.axes[3]) == [f.tolist(), f.roll(1).tolist()]
    path = torch.tensor([[1.0, 1.0], [1.5, 0.0], [3.0, 2.0]])
    figure = _fourier_pictures.changes({"SGD": {"a": path}, "Adam": {"a": path, "b": 2 * path}}, 1)
    assert drawn(figure.axes[0]) == [[0.5, -1.0]] and drawn(figure.axes[1])[1] == [1.0, -2.0]
    low, high = figure.axes[1].get_ylim()
    assert low == -high and high > 2
    figure = _fourier_pictures.distances({"SGD": (path, path), "Adam": (2 * path, path)})
    assert drawn(figure.axes[0]) == [pytest.approx([1e-17] * 3), pytest.approx([1.0] * 3)]


def test_truncated_descent_is_descent_and_a_filter():
    waves = FourierDictionary(1, 2, 3, seed=0).double()
    taps = ConvDictionary.from_atoms(waves.atoms(15).detach())
    x = torch.randn(5, 1, 15, generator=torch.Generator().manual_seed(1)).double()
    before, calls = taps.weight.clone(), []

    @torch.no_grad()
    def project(dictionary):
        calls.append(dictionary)
        dictionary.weight.copy_(_smooth.low(dictionary.weight, 3))

    slow = partial(SGD, lr=0.1)
    operator = _smooth.descend(waves, slow, x, MatchingPursuit(1))
    filtered = _smooth.descend(taps, slow, x, MatchingPursuit(1), after=project)
    assert _smooth.apart(filtered, operator) <= 1e-10 and len(calls) == 100
    assert torch.equal(taps.weight, before)  # a copy was trained
    assert _smooth.apart(_smooth.descend(taps, slow, x, MatchingPursuit(1)), operator) > 0.01


def test_a_tuned_number_is_that_of_the_rate_with_the_best_cosine():
    for model in ("12 modes", "32 taps"):
        runs = [{"model": model, "rate": rate} for rate in smooth_concepts.AXES["rate"][1:-1]]
        best = max(runs, key=lambda run: stored("smooth_concepts", "cosine", run).mean)
        for value in ("cosine", "cut_clean"):
            assert _smooth.tuned("smooth_concepts", value, model=model) == stored("smooth_concepts", value, best).each


def test_the_very_smooth_concepts_need_about_a_dozen_modes_and_are_told_apart():
    atoms = _smooth.very_smooth()
    assert coherence(atoms, grid=256) < 0.95
    assert _smooth.ceiling(atoms.atoms(256), "12 modes").min() > 0.999
    assert _smooth.ceiling(atoms.atoms(256), "3 modes").min() < 0.9


def test_the_keyhole_shows_a_concept_and_its_projection():
    u = torch.arange(32) / 32
    wave = (2 * math.pi * u).cos() + (2 * math.pi * 5 * u).cos()
    figure = _smooth_pictures.keyhole({"waves": wave, "mean": torch.ones(32)}, 3)
    assert drawn(figure.axes[0])[1] == pytest.approx((2 * math.pi * u).cos().tolist(), abs=1e-5)
    assert [axes.get_title() for axes in figure.axes] == ["waves: 0.71", "mean: 1.00"]


def test_pictures_of_the_ledger_show_what_is_stored():
    figure = _smooth_pictures.against_ceilings("smooth, plentiful", [4, 8])
    case = {"case": "smooth, plentiful"}
    assert drawn(figure.axes[0])[2] == list(stored("smooth_concepts_modes", "cosine_8", case).each)
    figure = _smooth_pictures.over_modes(["smooth, plentiful"] * 3, [4, 8])
    means = [stored("smooth_concepts_modes", f"cosine_{modes}", case).mean for modes in (4, 8)]
    assert drawn(figure.axes[0])[0] == pytest.approx(means)
    priors = ["12 modes", "32 taps"]
    found = [line.get_xdata() for line in _smooth_pictures.trained_and_cut(priors).axes[0].lines]
    wanted = [_smooth.tuned("smooth_concepts", value, model=m) for m in priors for value in ("cosine", "cut_cosine")]
    assert [list(values) for values in found] == [list(values) for values in wanted]
    rough = _smooth_pictures.families(["24 modes"]).axes[2]
    cosine = _smooth.tuned("smooth_concepts_families", "cosine", family="rough", model="24 modes")
    assert rough.get_title() == "rough" and list(rough.lines[0].get_xdata()) == list(cosine)


def test_pictures_of_the_cost_of_a_mode_show_what_they_are_given():
    a, b, c = (torch.rand(4, generator=torch.Generator().manual_seed(i)) + 0.1 for i in range(3))
    assert drawn(_smooth_pictures.costs(a, b, c).axes[0]) == [a.tolist(), b.tolist(), c.tolist()]
    assert drawn(_smooth_pictures.compromise(a, b, [c, a]).axes[0]) == [each.tolist() for each in (c, a, a, b)]
    lines = _smooth_pictures.ruled(a, a[-1], 0.5, 2).axes[0].lines
    heights = [line.get_ydata()[0] for line in lines[1:3]]
    assert heights == pytest.approx([a[-1].item(), 1.5 * a[-1].item()]) and lines[3].get_xdata()[0] == 2


def test_no_rate_at_the_end_of_a_grid_is_better_by_more_than_a_small_part_of_the_spread():
    for name in ("smooth_concepts", "smooth_concepts_families"):
        rates = load_experiment(name).AXES["rate"]
        models = {tuple((k, v) for k, v in e["settings"].items() if k != "rate") for e in load(name)["measured"]}
        for model in map(dict, models):
            cosine = [stored(name, "cosine", model | {"rate": rate}) for rate in rates]
            inside = max(each.mean for each in cosine[1:-1])
            assert max(cosine[0].mean, cosine[-1].mean) <= inside + 0.1 * max(each.std for each in cosine), model
