"""What chapters have drawn for them shows the numbers that it was given, or that the ledger has."""

import pytest
import torch
from matplotlib import pyplot as plt

from saeno import ConvDictionary, DenseDictionary, OneStep, SoftThreshold, SparseAutoencoder, TopK
from saeno.book.lifting.preconditioning import pictures as _preconditioning
from saeno.book.operators.convolutional_sparse_coding import pictures as _convolutional_sparse_coding
from saeno.book.record import load, stored
from saeno.book.recovery.dictionary_learning import main as dictionary_learning
from saeno.book.recovery.iterative_shrinkage import pictures as _iterative_shrinkage
from saeno.book.recovery.sparse_autoencoders import main as encoders
from saeno.book.recovery.sparse_autoencoders import pictures as _sparse_autoencoders
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
    assert drawn(axes[2])[1] == [-0.5, 0.0, 0.0, 0.0, 0.5] and drawn(axes[3]) == [[0.5, 0.25, 0.0, 0.25, 0.5]]
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


def test_events_stand_below_the_curves_at_their_nodes_and_neighbours_are_stacked():
    code = torch.zeros(5, 100)
    code[1, 10], code[4, 12], code[0, 60] = 1, 2, 3
    figure = _convolutional_sparse_coding.kernels(torch.zeros(5, 100), torch.full((100,), -1.0), code)
    _, *events = figure.axes[1].lines
    places = [line.get_xdata()[0] for line in events]
    heights = [line.get_ydata()[0] for line in events]
    assert places == pytest.approx([0.1, 0.12, 0.6])
    assert [line.get_marker() for line in events] == ["$2$", "$5$", "$1$"]
    assert heights[0] == heights[2] < -1 and heights[1] < heights[0]


def test_a_choice_shows_the_signal_and_what_the_encoder_makes_of_it():
    bank = ConvDictionary(1, 2, 3, seed=0)
    signal = torch.randn(1, 1, 12, generator=torch.Generator().manual_seed(0))
    figure = _convolutional_sparse_coding.choices(bank, {"soft": OneStep(SoftThreshold(0.05))}, signal)
    shown = drawn(figure.axes[0])
    rebuilt = bank.synthesis(OneStep(SoftThreshold(0.05))(bank, signal))[0, 0].tolist()
    assert shown[0] == signal.flatten().tolist() and shown[1] == pytest.approx(rebuilt)


def test_beats_are_summed_at_their_nodes():
    kernel = torch.tensor([1.0, 0.5, 0.0, 0.0])
    figure = _convolutional_sparse_coding.beats(torch.zeros(4), kernel, torch.tensor([2.0, 4.0]), torch.tensor([1, 3]))
    assert drawn(figure.axes[0])[1] == [2.0, 2.0, 1.0, 4.0]
    assert drawn(_convolutional_sparse_coding.beats(torch.zeros(4), kernel, [], []).axes[0])[1] == [0.0] * 4


def test_pictures_of_encoders_beats_and_images_have_the_numbers_of_the_ledger():
    chapter = "convolutional_sparse_coding"
    learned = _convolutional_sparse_coding.learned()
    kept = stored(chapter, "code", {"encoder": "FISTA", "concepts": 10})
    centres = [bar.lines[0].get_xdata()[0] for bar in learned.axes[1].containers]
    assert kept.mean in centres and len(centres) == 16
    both = _convolutional_sparse_coding.optimizers()
    kept = stored(f"{chapter}_sgd", "cosine", {"encoder": "matching pursuit", "concepts": 5})
    assert kept.mean in [bar.lines[0].get_xdata()[0] for bar in both.axes[0].containers]
    *animals, means = drawn(_convolutional_sparse_coding.explained().axes[0])
    whose = [stored(f"{chapter}_beats", of, {"data": "real"}) for of in ("own", "half", "phases", "other")]
    assert means == pytest.approx([kept.mean for kept in whose]) and len(animals) == len(whose[0].each)
    agree = drawn(_convolutional_sparse_coding.agreement().axes[0])
    assert agree[3] == pytest.approx(list(stored(f"{chapter}_beats", "animals", {"data": "scrambled"}).each))
    images = _convolutional_sparse_coding.images()
    kept = stored(f"{chapter}_textures", "fvu", {"texture": "camera", "method": "kernels"})
    assert kept.mean in [bar.lines[0].get_xdata()[0] for bar in images.axes[0].containers]
