"""The laboratory of *How dictionaries are learned*: its training is that of `fit`, and its scores are what they say."""

import copy

import pytest
import torch

from saeno import ConvDictionary, MatchingPursuit, SparseAutoencoder, fit, metrics
from saeno.book import record
from saeno.book.dynamics.training_dynamics import lab, law, main, pictures, rates, stages


@pytest.fixture(autouse=True)
def double():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


class Fed:
    """The stream of signals of `lab.train`, in the form that `fit` asks for."""

    def __init__(self, data, flat):
        self.data, self.flat, self.random = data, flat, torch.Generator().manual_seed(5)

    def sample(self, count, grid, generator):
        signal = self.data.sample(count, generator=self.random).signal
        functions = (signal * lab.GRID**0.5).unflatten(1, (lab.CHANNELS, lab.GRID))
        return (signal if self.flat else functions,)


@pytest.mark.parametrize("optimizer", lab.OPTIMIZERS)
@pytest.mark.parametrize("model", lab.MODELS)
def test_training_as_one_matrix_is_fit(model, optimizer):
    data, dictionary = lab.truth(3), lab.dictionary(model, 3)
    same, seen = SparseAutoencoder(copy.deepcopy(dictionary), MatchingPursuit(2, detach=True)), []
    lab.train(dictionary, data, optimizer, 0.02, 5, 4, lambda step, A: seen.append(A))
    how = {"optimizer": lab.OPTIMIZERS[optimizer], "schedule": "constant", "progress": False}
    fit(same, Fed(data, model.endswith("SAE")), 4, lab.BATCH, lr=0.02, **how)
    torch.testing.assert_close(lab.matrix(same.dictionary).detach(), seen[-1])
    assert len(seen) == 5 and (seen[0] - seen[-1]).abs().max() > 1e-4


def test_the_truth_as_vectors_is_the_truth_as_functions():
    data = lab.truth(2)
    sample = data.sample(20, generator=torch.Generator().manual_seed(0))
    functions = ConvDictionary.from_atoms(lab.concepts(2)).double()
    made = functions.synthesis(sample.code.unflatten(1, (lab.CONCEPTS, lab.GRID)) * lab.GRID)
    torch.testing.assert_close(made.flatten(1).detach(), sample.signal * lab.GRID**0.5)
    assert metrics.coherence(lab.concepts(2)) <= 0.7 + 1e-9


def test_energies_are_squared_norms():
    atoms = lab.truth(0, norms=(2.0, 1.0, 1.0, 0.5)).dictionary.atoms()
    norms = atoms.norm(dim=1).unflatten(0, (4, 32))
    torch.testing.assert_close(norms, torch.tensor([2.0, 1.0, 1.0, 0.5])[:, None].expand(4, 32))


def test_rows_are_shifts():
    atoms = lab.concepts(1)
    moved = lab.rows(atoms).unflatten(0, (4, 32)).unflatten(2, (2, 32))
    torch.testing.assert_close(moved[2, 5] * 32**0.5, atoms[2].roll(5, -1))


def test_nearest_and_purity():
    true = lab.truth(0).dictionary.atoms().detach()
    assert lab.nearest(-3 * true, true).min() == pytest.approx(1)
    pure = main.purity(true, true)
    assert pure.shape == (128, 4)
    torch.testing.assert_close(pure[torch.arange(128), torch.arange(128) // 32], torch.ones(128))


@pytest.mark.parametrize("stopped", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 2, 2, 2), (1, 2, 4, 3)])
def test_agreement_counts_pairs(stopped):
    share = {(1, 2, 3, 4): 1.0, (4, 3, 2, 1): 0.0, (2, 2, 2, 2): 0.5, (1, 2, 4, 3): 5 / 6}[stopped]
    found = stages.agreement(torch.tensor(stopped).double(), torch.arange(4).double())
    assert found == pytest.approx(share)


def test_what_early_purities_tell():
    early = torch.tensor([[0.9, 0.1], [0.1, 0.8], [0.3, 0.2], [0.1, 0.2]])
    late = torch.tensor([[1.0, 0.0], [0.9, 0.2], [0.1, 0.6], [0.2, 0.5]])
    found = main.foretold(early, late)
    # The purer half ends at 1 and .9, the other at .6 and .5. The first and the last keep their concept.
    assert found["lead"] == pytest.approx(0.4)
    assert found["kept"] == pytest.approx(0.5)
    assert found["chance"] == pytest.approx(0.5)


def test_frequency_of_waves():
    u = torch.arange(32) / 32
    waves = torch.stack([(2 * torch.pi * k * u).cos() for k in (1, 3)])[:, None]
    torch.testing.assert_close(stages.frequency(waves), torch.tensor([1.0, 3.0]))


def test_crowding_is_the_cosine_with_another():
    values = lab.concepts(0)
    assert stages.crowding(values).max().item() == pytest.approx(metrics.coherence(values), abs=1e-6)


def test_the_jacobian_makes_the_matrix():
    dictionary = ConvDictionary(2, 2, 5, seed=1)
    made = law.jacobian(dictionary) @ dictionary.weight.detach().flatten()
    torch.testing.assert_close(made, lab.matrix(dictionary).detach().flatten())


@pytest.mark.parametrize("optimizer", main.OWN)
def test_own_rates_are_the_best_of_those_that_were_tried_and_at_no_edge(optimizer):
    """The fewest steps; where no rate gets there, or several are alike, the nearest end."""
    for model, rate in main.OWN[optimizer].items():
        tried = rates.TRIED[optimizer][model]
        runs = {one: {"run": f"{optimizer}, {model}, {one:g}"} for one in tried}
        steps = {one: record.stored("training_dynamics_rates", "steps", run).mean for one, run in runs.items()}
        near = {one: record.stored("training_dynamics_rates", "nearest", run).mean for one, run in runs.items()}
        assert tried[0] < rate < tried[-1], f"{model}: {rate}"
        assert steps[rate] == min(steps.values()), f"{model}: {steps}"
        if steps[rate] == rates.STEPS:
            assert near[rate] == max(near.values()), f"{model}: {near}"


def test_pictures_draw_what_is_stored():
    true = lab.truth(0).dictionary.atoms().detach()
    figure = pictures.followed("Adam", {"fvu": "loss", "dead": "dead atoms", "rank": "rank"}, {"dead": 0.0})
    loss = figure.axes[0].lines
    entries = {entry["settings"]["run"]: entry["values"] for entry in record.load("training_dynamics")["measured"]}
    assert len(loss) == 6 and len(figure.axes[1].lines) == 7
    assert loss[0].get_ydata()[-1] == entries["own, Adam, SAE"]["fvu_400"]["mean"]
    assert pictures.over_rates("Adam").axes[0].get_xscale() == "log"
    assert len(pictures.clocks(["SAE-FNO, SGD"]).axes[0].lines) == 2
    assert len(pictures.truths(true, true[:2]).axes) == 6
    seen = pictures.watch({m: 0.01 for m in lab.MODELS}, "Adam", 0, [0, 1])
    assert [len(seen[m]) for m in lab.MODELS] == [2] * 6
    shown = pictures.forming({m: seen[m][1] for m in lab.MODELS}, true).axes
    assert [part.get_title().split("\n")[0] for part in shown] == list(lab.MODELS)
