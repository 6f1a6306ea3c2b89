"""The largest eigenvalue is remembered, and never that of other weights.

Tried, each failing here: a count of versions, which weight.data does not move; a key without the lifting.
"""

import copy
import pickle

import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    Lift,
    Lifted,
    Lifting,
    SoftThreshold,
    SparseAutoencoder,
    Unrolled,
    losses,
)
from saeno.dictionaries.eigenvalue import largest_eigenvalue, symbol
from tests.helpers import NAMES, normal, one_of_each


def anew(dictionary, grid):
    """λmax of the atoms as they are now; for L = Pᵀ."""
    return largest_eigenvalue(symbol(dictionary.atoms(grid).detach()))


def step_of_an_optimizer(weight):
    weight.grad = weight.detach().roll(1, 0)
    torch.optim.SGD([weight], 0.1).step()


def without_gradients(weight):
    with torch.no_grad():
        weight[0] *= 2


def in_inference_mode(weight):
    with torch.inference_mode():
        weight[0] *= 2


def by_numpy(weight):
    weight.detach().numpy()[0] *= 2


EDITS = {
    "optimizer": step_of_an_optimizer,
    "data": lambda weight: weight.data.copy_(2 * weight.data),
    "another storage": lambda weight: setattr(weight, "data", 2 * weight.data),
    "no_grad": without_gradients,
    "inference mode": in_inference_mode,
    "numpy": by_numpy,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("edit", EDITS)
def test_it_is_that_of_the_weights_as_they_are(name, edit):
    dictionary, grid = one_of_each()[name]
    before = dictionary.largest_eigenvalue(grid)
    EDITS[edit](dictionary.weight)
    after = dictionary.largest_eigenvalue(grid)
    torch.testing.assert_close(after, anew(dictionary, grid))
    assert (after - before).abs() > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_other_weights_types_grids_and_copies(name):
    dictionary, grid = one_of_each()[name]
    dictionary.largest_eigenvalue(grid)
    finer = tuple(n + 3 for n in grid)
    torch.testing.assert_close(dictionary.largest_eigenvalue(finer), anew(dictionary, finer))
    torch.testing.assert_close(dictionary.largest_eigenvalue(grid), anew(dictionary, grid))
    dictionary.load_state_dict({key: 2 * value for key, value in dictionary.state_dict().items()})
    expected = anew(dictionary, grid)
    torch.testing.assert_close(dictionary.largest_eigenvalue(grid), expected)
    for other in (copy.deepcopy(dictionary), pickle.loads(pickle.dumps(dictionary))):
        torch.testing.assert_close(other.largest_eigenvalue(grid), expected)
        other.weight.data = other.weight.data * 2
        torch.testing.assert_close(other.largest_eigenvalue(grid), 4 * expected)
    dictionary.weight.data = dictionary.weight.data / 2
    assert dictionary.float().largest_eigenvalue(grid).dtype == torch.float32
    torch.testing.assert_close(dictionary.largest_eigenvalue(grid), expected.float() / 4)


@pytest.mark.parametrize("tied", [True, False])
def test_it_depends_on_the_lifting_too(tied):
    lift = Lifting.learned(2, 3, tied=tied).double()
    dictionary = Lifted(DenseDictionary(3, 6).double(), lift)
    before = dictionary.largest_eigenvalue()
    for matrix in lift.parameters():
        matrix.data.mul_(3)
    torch.testing.assert_close(dictionary.largest_eigenvalue(), 9 * before)


def test_a_lifting_that_we_do_not_know_is_asked_each_time():
    class Doubled(Lift):
        factor = 2.0
        lift = project = lambda self, value: self.factor * value

    lift = Doubled()
    dictionary = Lifted(DenseDictionary(4, 6).double(), lift)
    before = dictionary.largest_eigenvalue()
    lift.factor = 4.0
    torch.testing.assert_close(dictionary.largest_eigenvalue(), 4 * before)


def test_it_is_computed_once_for_each_grid(monkeypatch):
    asked = []
    computed = ConvDictionary._eigenvalue
    monkeypatch.setattr(ConvDictionary, "_eigenvalue", lambda self, grid: asked.append(grid) or computed(self, grid))
    model = SparseAutoencoder(ConvDictionary(1, 3, 4), Unrolled(SoftThreshold(0.1), 2))
    for _ in range(3):
        for n in (8, 9):
            losses.objective(model, torch.ones(2, 1, n)).backward()
    assert sorted(asked) == [(8,), (9,)]
    with torch.no_grad():
        model.dictionary.weight.mul_(2)
    model(torch.ones(2, 1, 8))
    assert len(asked) == 3


def test_who_changes_the_answer_changes_it_for_oneself():
    dictionary = DenseDictionary(4, 6)
    expected = dictionary.largest_eigenvalue().clone()
    dictionary.largest_eigenvalue().mul_(0)
    assert torch.equal(dictionary.largest_eigenvalue(), expected)


def test_what_was_found_in_inference_mode_serves_training():
    dictionary = DenseDictionary(4, 6).double()
    model, signal = SparseAutoencoder(dictionary, Unrolled(SoftThreshold(0.1), 2)), normal(3, 4).requires_grad_()
    with torch.inference_mode():
        expected = model.encode(signal)
    assert torch.equal(model.encode(signal), expected)
    losses.objective(model, signal).backward()
    assert dictionary.weight.grad.norm() > 0


def test_a_transform_of_the_weights_leaves_nothing_behind():
    dictionary, signal = DenseDictionary(4, 6).double(), normal(3, 4)
    encoder = Unrolled(SoftThreshold(0.1), 2)

    def size(weight):
        return torch.func.functional_call(dictionary, {"weight": weight}, ()).square().sum()

    dictionary.forward = lambda: encoder(dictionary, signal)
    start = dictionary.weight.detach()
    slope = torch.func.grad(size)(2 * start)
    value = (2 * start).requires_grad_()
    torch.testing.assert_close(slope, torch.autograd.grad(size(value), value)[0])
    torch.testing.assert_close(dictionary.largest_eigenvalue(), anew(dictionary, ()))
    del dictionary.forward
    assert copy.deepcopy(dictionary).largest_eigenvalue() > 0
