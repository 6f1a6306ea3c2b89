"""Losses against their formulas, by loops."""

import functools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from saeno import (
    DenseDictionary,
    FourierDictionary,
    JumpReLU,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
    losses,
)
from tests.helpers import NAMES, count, gradcheck, normal, one_of_each


def squares(signal, reconstruction):
    """½ · mean over the batch of the quadrature norm, one signal at a time."""
    grid = tuple(signal.shape[2:])
    return sum((a - b).square().sum() / count(grid) for a, b in zip(signal, reconstruction, strict=True)) / (
        2 * len(signal)
    )


def mass(code):
    return sum(z.abs().sum() / count(tuple(code.shape[2:])) for z in code) / len(code)


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_their_formulas(name):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    prox = SoftThreshold(0.05)
    for encoder in (OneStep(prox), Unrolled(prox, 3), OneStep(ReLU()), MatchingPursuit(2)):
        model = SparseAutoencoder(dictionary, encoder)
        reconstruction, code = model(signal)
        fit = squares(signal, reconstruction)
        torch.testing.assert_close(losses.misfit(signal, reconstruction), fit)
        torch.testing.assert_close(losses.squared_error(model, signal), fit)
        torch.testing.assert_close(losses.l1(0.3)(model, signal), fit + 0.3 * mass(code))
        soft = getattr(encoder, "sparsity", None) is prox
        torch.testing.assert_close(losses.objective(model, signal), fit + 0.05 * mass(code) if soft else fit)


@pytest.mark.parametrize("loss", [losses.squared_error, losses.objective, losses.l1(0.2)], ids=losses.identity)
@pytest.mark.parametrize("dictionary", [DenseDictionary(2, 4), FourierDictionary(2, 2, 1)], ids=["dense", "fourier"])
def test_gradients(loss, dictionary):
    signal = normal(2, 2, *[4] * dictionary.axes)
    for encoder in (OneStep(SoftThreshold(0.05), step=0.5), OneStep(ReLU(), step=0.5), OneStep(TopK(2), tied=False)):
        assert gradcheck(SparseAutoencoder(dictionary.double(), encoder), loss, signal)


def test_a_loss_of_functions_does_not_depend_on_the_grid():
    """Same function, same events, two grids."""
    dictionary = FourierDictionary(2, 3, 4).double()
    model = SparseAutoencoder(dictionary, OneStep(TopK(1)))
    code = torch.zeros(1, 3, 16, dtype=torch.float64)
    code[0, 1, 4], code[0, 2, 9] = 16.0, 8.0
    signals = dictionary.render(code, 16), dictionary.render(code, 64)
    for loss in (losses.objective, losses.l1(0.3)):
        values = [loss(model, signal).item() for signal in signals]
        assert values[0] == pytest.approx(values[1], rel=1e-10) and values[0] > 0.01


def test_a_penalty_is_not_a_bonus():
    with pytest.raises(ValueError, match=r"weight = -0.1: should be a finite number ≥ 0"):
        losses.l1(-0.1)
    assert repr(losses.l1(0.3)) == "l1(0.3)"


def test_l0_of_one_model_in_many_threads():
    """Each thread counts its own batch."""
    model = SparseAutoencoder(DenseDictionary(6, 9).double(), Unrolled(JumpReLU(0.2), 3))
    loss, batches = losses.l0(0.3), [normal(50, 6, seed=seed) for seed in range(8)]
    expected = [loss(model, signal).item() for signal in batches]
    assert len(set(expected)) == len(batches)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            assert [value.item() for value in pool.map(lambda signal: loss(model, signal), batches)] == expected


# --- identity


def weighted(weight, more=None):
    def loss(model, signal):
        """A loss of one's own."""
        return weight * losses.squared_error(model, signal)

    return loss


def choosy(model, signal):
    return losses.squared_error(model, signal) if model in {"a", "b", "c", "d"} else 0.0


class Weighted(torch.nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def extra_repr(self):
        return str(self.weight)

    def forward(self, model, signal):
        return self.weight * losses.squared_error(model, signal)


def test_a_loss_is_known_by_its_settings():
    same = [
        lambda: losses.objective,
        lambda: losses.l1(0.1),
        lambda: losses.AuxK(4, 0.5, 3, losses.matryoshka([2, 9], losses.l0(0.3))),
        lambda: weighted(0.5),
        lambda: weighted(torch.ones(2)),
        lambda: weighted([0.5, {"a": weighted(1.0)}]),
        lambda: functools.partial(losses.squared_error, encoding=None),
        lambda: Weighted(0.5),
        lambda: lambda model, signal: 2 * losses.squared_error(model, signal),
        lambda: lambda model, signal: 3 * losses.squared_error(model, signal),
        lambda: lambda model, signal: 3 * losses.objective(model, signal),
        lambda: lambda model, signal, a=1.0: a * losses.objective(model, signal),
    ]
    other = [
        losses.squared_error,
        losses.l1(0.2),
        losses.l0(0.1),
        losses.AuxK(4, 0.5, 3, losses.matryoshka([2, 9], losses.l0(0.4))),
        losses.AuxK(4, 0.5, 2, losses.matryoshka([2, 9], losses.l0(0.3))),
        weighted(0.25),
        weighted(2 * torch.ones(2)),
        weighted([0.5, {"a": weighted(2.0)}]),
        functools.partial(losses.squared_error, encoding=1),
        Weighted(0.25),
        lambda model, signal, a=2.0: a * losses.objective(model, signal),
    ]
    known = [losses.identity(make()) for make in same]
    assert known == [losses.identity(make()) for make in same]
    assert len({*known, *map(losses.identity, other)}) == len(same) + len(other)
    assert known[:3] == ["objective", "l1(0.1)", "AuxK(4, 0.5, 3, matryoshka([2, 9], l0(0.3)))"]
    assert hash(losses.l1(0.1)) == hash(losses.l1(0.1)) and losses.l1(0.1) == losses.l1(0.1)


def test_an_identity_is_the_same_in_another_process():
    """No address and no order of a set is in it."""
    kinds = "weighted([0.5, torch.ones(2), weighted({'a', 'b', 'c', 'd'}), choosy])"
    code = f"from tests.test_losses import *; print(losses.identity({kinds}))"
    said = set()
    for order in "123":
        how = dict(capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": order})
        said.add(subprocess.run([sys.executable, "-c", code], **how).stdout)
    assert said == {losses.identity(eval(kinds)) + "\n"}


def test_an_identity_is_known_of_what_holds_itself_and_of_tensors_that_numpy_does_not_know():
    def counting(model, signal):
        counting.count += 1
        return losses.squared_error(model, signal)

    counting.count = 0
    assert losses.identity(counting) == losses.identity(counting)
    fit(SparseAutoencoder(DenseDictionary(3, 4), OneStep(TopK(1))), torch.randn(8, 3), 2, batch=4, loss=counting)
    assert counting.count == 2
    ones = torch.ones(2)
    kinds = [ones, ones.bfloat16(), ones.to_sparse() * 2, ones.bool(), ones * 1j, torch.tensor(1.0), ones[:0]]
    assert len({losses.identity(weighted(kind)) for kind in kinds}) == len(kinds)
