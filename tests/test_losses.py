"""Losses against their formulas, by loops."""

import pytest
import torch

from saeno import (
    DenseDictionary,
    FourierDictionary,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
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


@pytest.mark.parametrize("loss", [losses.squared_error, losses.objective, losses.l1(0.2)], ids=lambda f: f.__name__)
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
    assert losses.l1(0.3).__name__ == "l1(0.3)"
