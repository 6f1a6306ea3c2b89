"""The largest of a batch against sorting, and the threshold that replaces the batch after training."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno import BatchTopK, DenseDictionary, FourierDictionary, OneStep, SparseAutoencoder, TopK, Unrolled, fit, losses
from saeno.data import SparseModel
from saeno.metrics import l0
from tests.helpers import NAMES, count, gradcheck, normal, one_of_each


def largest_of_batch(masses, k, positive=False):
    """By sorting all entries of the batch."""
    ranked = sorted(
        ((value if positive else abs(value), place) for place, value in enumerate(masses.flatten().tolist())),
        reverse=True,
    )
    kept = torch.zeros(masses.numel(), dtype=masses.dtype)
    for score, place in ranked[: k * len(masses)]:
        kept[place] = masses.flatten()[place] if score > 0 else 0.0
    return kept.view_as(masses)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 4), st.lists(st.integers(1, 4), max_size=2), st.booleans(), st.integers(0, 99),
    st.data(),
)  # fmt: skip
def test_it_keeps_the_largest_of_the_batch(batch, concepts, grid, positive, seed, data):
    masses = normal(batch, concepts, *grid, seed=seed)
    k = data.draw(st.integers(1, masses[0].numel()))
    sparsity, expected = BatchTopK(k, positive), largest_of_batch(masses, k, positive)
    assert torch.equal(sparsity(masses), expected)
    events = sparsity.select(masses)
    torch.testing.assert_close(events.code(), expected * count(tuple(grid)))
    score = events.values if positive else events.values.abs()
    assert (score.diff(dim=1) <= 0).all(), "largest first, and zeros at the end"
    assert all(len(set(row.tolist())) == len(row) for row in events.indices)


def test_a_signal_that_needs_more_has_more():
    masses = torch.tensor([[5.0, 4.0, -3.0, 0.1], [0.2, 0.1, 0.0, 1.0]])
    assert BatchTopK(2)(masses).tolist() == [[5, 4, -3, 0], [0, 0, 0, 1]]
    assert TopK(2)(masses).count_nonzero(1).tolist() == [2, 2]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_one_step_puts_n_times_the_mass_at_the_largest(name, tied):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    model = SparseAutoencoder(dictionary, OneStep(BatchTopK(2), tied=tied))
    code = count(grid) * largest_of_batch(dictionary.analysis(signal).detach(), 2)
    reconstruction, found = model(signal)
    torch.testing.assert_close(found, code)
    torch.testing.assert_close(model.events(signal).code(), code)
    torch.testing.assert_close(model.reconstruct(signal), reconstruction)
    assert losses.objective(model, signal) == losses.squared_error(model, signal)


@pytest.mark.parametrize("dictionary", [DenseDictionary(2, 4), FourierDictionary(2, 2, 1)], ids=["dense", "fourier"])
def test_gradients(dictionary):
    model = SparseAutoencoder(dictionary.double(), OneStep(BatchTopK(2), tied=False))
    assert gradcheck(model, losses.squared_error, normal(3, 2, *[4] * dictionary.axes))


def test_the_threshold_is_the_running_mean_of_the_smallest_kept(monkeypatch):
    monkeypatch.setattr(BatchTopK, "MEMORY", 3)
    sparsity, expected = BatchTopK(2, positive=True), []
    for seed in range(6):
        masses = normal(5, 4, seed=seed).float()
        smallest = sparsity(masses)[sparsity(masses) > 0].min()  # two steps with the same batch
        expected += [smallest, smallest]
    mean = sum(expected[:3]) / 3
    for smallest in expected[3:]:
        mean = mean + (smallest - mean) / 3
    torch.testing.assert_close(sparsity.threshold, mean)
    assert sparsity.steps == 12


def test_afterwards_a_code_does_not_depend_on_its_batch():
    sparsity, masses = BatchTopK(2), normal(6, 5).float()
    in_training = sparsity(masses)
    sparsity.eval()
    assert torch.equal(sparsity(masses), in_training), "one batch was seen: its threshold is that of the batch"
    other = normal(9, 5, seed=1).float()
    together = sparsity(torch.cat([masses, other]))
    assert torch.equal(together, torch.cat([sparsity(row[None]) for row in (*masses, *other)]))
    assert torch.equal(
        together, torch.where(torch.cat([masses, other]).abs() >= sparsity.threshold, torch.cat([masses, other]), 0)
    )
    assert not sparsity(torch.zeros(3, 5)).any() and sparsity.select(torch.zeros(3, 5)).values.shape == (3, 1)
    assert sparsity.steps == 1, "nothing is learned in eval mode"
    sparsity.train()
    with torch.no_grad():
        sparsity(other)
    assert sparsity.steps == 1, "nor without gradients"


def test_before_training_eval_mode_goes_by_the_batch():
    sparsity, masses = BatchTopK(2).eval(), normal(6, 5)
    assert torch.equal(sparsity(masses), largest_of_batch(masses, 2)) and sparsity.steps == 0


def test_masses_without_a_positive_one_leave_the_threshold():
    sparsity = BatchTopK(2, positive=True)
    assert not sparsity(-torch.ones(3, 4)).any() and sparsity.steps == 0


def test_fit_leaves_the_threshold_in_charge(tmp_path):
    true = DenseDictionary(12, 16, seed=7)
    data = SparseModel(true, 2, signed=False)
    model, modes = SparseAutoencoder(DenseDictionary(12, 16), OneStep(BatchTopK(2), tied=False)), []
    run = dict(steps=300, progress=False, checkpoint=tmp_path / "run")
    history = fit(model, data, metrics={"mode": lambda m: modes.append(m.training) or 0.0}, **run)
    assert modes == [False, False] and not model.training and history.loss[-1] < history.loss[0]
    sparsity = model.inference.sparsity
    assert sparsity.steps == 300 and sparsity.threshold > 0
    signal = data.sample(2000, generator=torch.Generator().manual_seed(1)).signal
    codes = model.encode(signal)
    assert l0(codes) == pytest.approx(2, rel=0.1), "about k, over many signals"
    torch.testing.assert_close(torch.cat([model.encode(part) for part in signal.split(7)]), codes)
    model.save(tmp_path / "model")
    again = SparseAutoencoder.load(tmp_path / "model")
    assert not again.training and torch.equal(again.encode(signal), codes)
    resumed = SparseAutoencoder(DenseDictionary(12, 16), OneStep(BatchTopK(2), tied=False))
    fit(resumed, data, metrics={"mode": lambda m: 0.0}, **run)
    assert torch.equal(resumed.encode(signal), codes)


def test_what_cannot_be_is_named():
    with pytest.raises(ValueError, match="k = 0: should be a whole number ≥ 1"):
        BatchTopK(0)
    with pytest.raises(ValueError, match="k = 5: should be at most the 4 entries of a code"):
        BatchTopK(5)(torch.ones(3, 4))
    with pytest.raises(ValueError, match="sparsity = BatchTopK: would need a threshold for each step"):
        Unrolled(BatchTopK(2), 3)
    with pytest.raises(ValueError, match=r"step = 0\.5: is for soft codes"):
        OneStep(BatchTopK(2), step=0.5)
    shared = BatchTopK(2)
    SparseAutoencoder(DenseDictionary(4, 6), OneStep(shared))
    with pytest.raises(ValueError, match="sparsity already learns with another model: make a new BatchTopK"):
        SparseAutoencoder(DenseDictionary(4, 6), OneStep(shared))
