"""The batch of a step is a function of the seed and the step."""

import json
import random
from itertools import islice

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, RandomSampler, TensorDataset

from saeno import DenseDictionary
from saeno.data import SparseModel
from saeno.seeds import generator_for
from saeno.training.batches import batches, fingerprint, same_data

SIGNALS = torch.arange(10.0).unsqueeze(1).expand(10, 3).contiguous()


def take(data, count, size=3, seed=0, start=0, grid=()):
    return list(islice(batches(data, size, seed, grid, start), count))


def loader(**settings):
    return DataLoader(SIGNALS, batch_size=3, **settings)


class Noisy(Dataset):
    """Draws numbers for each item, from all the generators there are; no two draws are the same by themselves."""

    def __init__(self):
        self.own = torch.Generator()

    def __len__(self):
        return len(SIGNALS)

    def __getitem__(self, place):
        drawn = [torch.rand(1).item(), np.random.rand(), random.random(), torch.rand(1, generator=self.own).item()]
        return SIGNALS[place] + sum(drawn)


class Irreproducible(Noisy):
    def __init__(self):
        self.own = np.random.default_rng()

    def __getitem__(self, place):
        return SIGNALS[place] + self.own.random()


class Stream(IterableDataset):
    """Items without a number of them, in another order each time."""

    def __init__(self):
        self.own = torch.Generator()

    def __iter__(self):
        return iter(SIGNALS[torch.randperm(len(SIGNALS), generator=self.own)])


SOURCES = {
    "tensor": lambda: SIGNALS,
    "model": lambda: SparseModel(DenseDictionary(4, 6), 2),
    "loader": lambda: loader(shuffle=True),
    "loader with a generator": lambda: loader(shuffle=True, generator=torch.Generator()),
    "loader in order": lambda: loader(),
    "loader without the rest": lambda: loader(shuffle=True, drop_last=True),
    "loader whose sampler has a generator": lambda: loader(sampler=RandomSampler(SIGNALS, generator=torch.Generator())),
    "loader whose batches have one": lambda: DataLoader(
        SIGNALS, batch_sampler=BatchSampler(RandomSampler(SIGNALS, generator=torch.Generator()), 3, True)
    ),
    "loader of a stream": lambda: DataLoader(Stream(), batch_size=3),
    "loader of noisy items": lambda: DataLoader(Noisy(), batch_size=3, shuffle=True),
    "loader of noisy items, two workers": lambda: DataLoader(Noisy(), batch_size=3, shuffle=True, num_workers=2),
}
EACH = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


@EACH
def test_the_batch_of_a_step_does_not_depend_on_the_steps_before(source):
    whole = take(source(), 14)
    for start in (1, 3, 4, 11):
        later = take(source(), 14 - start, start=start)
        assert all(torch.equal(a, b) for a, b in zip(whole[start:], later, strict=True))


@EACH
def test_the_global_generator_is_neither_used_nor_moved(source):
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(1)
    state, others = torch.get_rng_state(), (np.random.get_state()[1].tolist(), random.getstate())
    first = take(source(), 5)
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1].tolist(), random.getstate()) == others
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, take(source(), 5), strict=True))


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "loader in order"])
def test_another_seed_is_another_order(name):
    same, other = take(SOURCES[name](), 3, seed=0), take(SOURCES[name](), 3, seed=1)
    assert not all(torch.equal(a, b) for a, b in zip(same, other, strict=True))


@pytest.mark.parametrize("name", ["tensor", "loader without the rest"])
def test_an_epoch_sees_a_signal_once_and_the_next_one_in_another_order(name):
    epochs = [torch.cat(take(SOURCES[name](), 3, start=3 * epoch))[:, 0].tolist() for epoch in range(3)]
    assert all(len(set(epoch)) == 9 for epoch in epochs)  # of 10, since batches are whole
    assert epochs[0] != epochs[1] != epochs[2]


def test_a_loader_keeps_its_batches_and_its_rest():
    assert [len(batch) for batch in take(loader(), 5, size=99)] == [3, 3, 3, 1, 3]


@pytest.mark.parametrize(
    "dataset", [TensorDataset(SIGNALS, torch.arange(10)), [(x, 0) for x in SIGNALS], list(SIGNALS)]
)
def test_the_signal_is_the_first_entry(dataset):
    assert torch.equal(take(DataLoader(dataset, batch_size=4), 1)[0], SIGNALS[:4])


def test_a_model_is_asked_for_the_grid_and_given_a_generator():
    class Echo:
        def sample(self, count, grid, generator):
            return torch.rand(count, 1, grid, generator=generator), None

    first, second = take(Echo(), 2, size=5, grid=7)
    assert first.shape == (5, 1, 7) and not torch.equal(first, second)


def test_generators_are_a_function_of_the_pair():
    pairs = [(seed, count) for seed in range(9) for count in range(9)]
    draws = {tuple(torch.rand(2, generator=generator_for(*pair)).tolist()) for pair in pairs}
    assert len(draws) == 81
    assert torch.equal(torch.rand(2, generator=generator_for(1, 2)), torch.rand(2, generator=generator_for(1, 2)))


def test_one_bad_number_in_a_tensor_is_found_before_the_first_step():
    bad = SIGNALS.clone()
    bad[4, 1], bad[7, 0] = float("nan"), float("inf")
    with pytest.raises(ValueError, match=r"data has NaN or infinite values in 2 of 10 signals, first in signal 4"):
        batches(bad, 3, 0, ())


@pytest.mark.parametrize(
    ("data", "size", "error", "message"),
    [
        (SIGNALS, 11, ValueError, r"batch = 11: should be at most the 10 signals of data"),
        (SIGNALS, 0, ValueError, r"batch = 0: should be a whole number ≥ 1"),
        (SparseModel(DenseDictionary(4, 6), 2), 0, ValueError, r"batch = 0: should be a whole number ≥ 1"),
        (torch.zeros(5), 1, ValueError, r"data has shape \(5,\): should be \(signals, channels, \*grid\)"),
        (DataLoader([SIGNALS], batch_size=2, drop_last=True), 3, ValueError, r"data is a DataLoader without a batch"),
        (
            SIGNALS.numpy(),
            3,
            TypeError,
            r"data is a ndarray: should be a tensor of signals, torch.from_numpy\(data\).float\(\)",
        ),
    ],
)
def test_errors_name_the_argument_at_once(data, size, error, message):
    with pytest.raises(error, match=message):
        batches(data, size, 0, ())


def test_items_that_are_drawn_differ_within_an_epoch_and_between_epochs():
    drawn = torch.cat(take(SOURCES["loader of noisy items"](), 8))[:, 0] % 1
    assert len(drawn.unique()) == len(drawn)


@EACH
def test_data_are_known_again_and_from_others(source):
    known = fingerprint(source(), 3, 0, ())
    assert json.loads(json.dumps(known)) == known == fingerprint(source(), 3, 0, ())
    assert same_data(known, {**known, "numbers": [(1 + 1e-6) * x for x in known["numbers"]]})
    for name, value in [
        ("count", 11),
        ("batch", [3, 5]),
        ("dtype", "float"),
        ("numbers", [0.0] * len(known["numbers"])),
    ]:
        assert not same_data(known, {**known, name: value})
    others = (SIGNALS + 0.1, SparseModel(DenseDictionary(4, 6, seed=1), 2), SparseModel(DenseDictionary(4, 6), 3))
    assert not any(same_data(known, fingerprint(other, 3, 0, ())) for other in others)


def test_data_that_no_seed_rules_are_named():
    class Stubborn:
        def sample(self, count, grid, generator):
            return torch.rand(count, 3), None

    for data in (DataLoader(Irreproducible(), batch_size=3), Stubborn()):
        with pytest.raises(ValueError, match="data gives other signals when asked again for the same step"):
            fingerprint(data, 3, 0, ())
