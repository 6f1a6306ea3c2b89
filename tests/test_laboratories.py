"""What chapters have drawn for them shows the numbers that it was given, or that the ledger has."""

import pytest
import torch
from matplotlib import pyplot as plt

from saeno import DenseDictionary, OneStep, SoftThreshold, SparseAutoencoder, TopK
from saeno.book.experiments import _iterative_shrinkage, _preconditioning, _sparse_autoencoders, dictionary_learning
from saeno.book.experiments import sparse_autoencoders as encoders
from saeno.book.record import load, stored
from saeno.data import SparseModel


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(axes) -> list[list[float]]:
    """The heights of each line."""
    return [torch.as_tensor(line.get_ydata()).flatten().tolist() for line in axes.lines]


def test_a_race_counts_the_atoms_found_and_leaves_the_dictionary_alone():
    hidden = DenseDictionary(8, 10, seed=1)
    data, before = SparseModel(hidden, active=2), hidden.weight.clone()
    steps, share = _preconditioning.race(data, hidden, 1e-6, torch.optim.SGD, 8, 0.95)
    assert list(steps) == [0, 4, 8] and share == [1.0, 1.0, 1.0] and torch.equal(hidden.weight, before)
    other = DenseDictionary(8, 10, seed=2)
    few, all_of_them = (_preconditioning.race(data, other, 1e-6, torch.optim.SGD, 4, above)[1] for above in (0.95, 0.0))
    assert few[0] < 0.5 and all_of_them[0] == 1.0


def test_the_curves_of_a_race_are_its_shares():
    races = {"one": ([0, 4], [0.0, 0.5]), "other": ([0, 4], [0.25, 1.0])}
    assert drawn(_preconditioning.curves(races).axes[0]) == [[0.0, 0.5], [0.25, 1.0]]
    plain, lifted = {0.5: races["one"], 4.0: races["other"]}, {0.5: ([0, 4], [0.125, 0.75])}
    shown = drawn(_preconditioning.three_notches(plain, lifted, 0.5).axes[0])
    assert shown == [[0.25, 1.0], [0.125, 0.75], [0.0, 0.5]]


def test_spectra_and_rates_are_drawn_as_they_are():
    values = [torch.tensor([0.5, 2.0]), torch.tensor([0.8, 1.2])]
    figure = _preconditioning.spectra((1, 4), values, [(0.0, 4.0), (0.25, 2.25)])
    assert drawn(figure.axes[0])[1::2] == [[0.0, 4.0], [0.25, 2.25]] and drawn(figure.axes[0])[0] == [0.5, 2.0]
    found = [height for axes in _preconditioning.over_rates().axes for line in drawn(axes) for height in line]
    assert found == [entry["values"]["steps"]["mean"] for entry in load("preconditioning_rates")["measured"]]


def test_steps_to_a_thousandth_follow_the_condition_number():
    """On the side of the codes the valley is round: one step. On the other the condition is a product."""
    random = torch.Generator().manual_seed(0)
    root, error = (torch.randn(5, 5, generator=random).double() for _ in range(2))
    sigma, eye = root @ root.T + torch.eye(5).double(), torch.eye(5).double()
    assert _preconditioning.least_steps(eye, torch.linalg.inv(sigma), sigma, error)[1] == 1
    kappa, steps = _preconditioning.least_steps(sigma, eye, sigma, error)
    assert kappa.item() == pytest.approx(torch.linalg.cond(sigma).item() ** 2, rel=1e-9)
    assert steps > _preconditioning.least_steps(eye, eye, sigma, error)[1] > 1


def test_the_dot_is_at_the_cheapest_number():
    kinds = {"soft": (lambda v, a: v.sign() * (v.abs() - a).clamp(min=0), torch.abs)} | {
        name: (lambda v, a: v, torch.zeros_like) for name in ("free", "free too")
    }
    figure = _iterative_shrinkage.prices(kinds, torch.tensor(1.5, dtype=torch.float64), 0.7)
    cost, _, dot = figure.axes[0].lines
    assert dot.get_xdata()[0] == pytest.approx(0.8) and dot.get_ydata()[0] <= min(cost.get_ydata())


def test_prices_and_codes_are_drawn_as_they_are():
    v = torch.linspace(-1, 1, 5)
    kinds = {str(level): (SoftThreshold(level), level * v.abs()) for level in (0.25, 0.5, 0.75)}
    axes = _sparse_autoencoders.curves_and_prices(v, kinds).axes
    assert drawn(axes[1])[1] == [-0.5, 0.0, 0.0, 0.0, 0.5] and drawn(axes[4]) == [[0.5, 0.25, 0.0, 0.25, 0.5]]
    codes = {"a": torch.eye(3), "b": 2 * torch.eye(3)}
    pictures = [axes.images[0].get_array().tolist() for axes in _sparse_autoencoders.kept(codes).axes]
    assert pictures == [codes["a"].tolist(), codes["b"].tolist()]


def test_the_amortisation_gap_and_the_rates_are_drawn_as_they_are():
    figure = _sparse_autoencoders.gap({"one": [0.5, 0.25], "exact": [0.5, 0.0]}, [3])
    assert drawn(figure.axes[0]) == [[0.5, 0.25], [0.5, 1e-5]]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["1 layer", "3"]
    (bars,) = _sparse_autoencoders.over_rates(["ReLU, L1"]).axes[0].containers
    settings = [{"setting": f"random | ReLU, L1 | {rate}"} for rate in encoders.RATES["random"]["ReLU, L1"]]
    means = [stored("sparse_autoencoders", "cosine", setting).mean for setting in settings]
    assert list(bars.lines[0].get_ydata()) == means


def test_atoms_of_bundles_are_drawn_and_dead_ones_pale():
    atoms = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    model = SparseAutoencoder(DenseDictionary.from_atoms(atoms), OneStep(TopK(1, positive=True)))
    plane, curve = _sparse_autoencoders.bundles(torch.tensor([[1.0, 0.1], [2.0, 0.0]]), model, [0.5, 0.25]).axes
    assert [line.get_alpha() for line in plane.lines[1:]] == [1.0, 0.4]
    assert drawn(curve) == [[0.5, 0.25], [0.25]] and list(curve.lines[1].get_xdata()) == [2]


def test_a_rival_of_dictionary_learning_is_what_is_stored():
    seconds, found = dictionary_learning.rival("batch")
    at = {"rival": f"batch {dictionary_learning.ALPHAS[0]}"}
    assert len(seconds) == len(found) == len(dictionary_learning.ALPHAS)
    assert found[0] == stored("dictionary_learning", "rival_recovered", at).mean
    assert seconds[0] == stored("dictionary_learning", "rival_seconds", at).mean
