"""Nested dictionaries: the loss by a loop over small models that are made for it."""

import pytest
import torch

from saeno import (
    BatchTopK,
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

ENCODERS = {
    "soft": (lambda: Unrolled(SoftThreshold(0.05), 3), losses.objective),
    "relu": (lambda: OneStep(ReLU()), losses.l1(0.2)),
    "jump": (lambda: OneStep(JumpReLU(0.05), step=0.5), losses.l0(0.3)),
    "top-k": (lambda: OneStep(TopK(3), tied=False), losses.squared_error),
    "batch": (lambda: OneStep(BatchTopK(3)), losses.squared_error),
    "pursuit": (lambda: MatchingPursuit(3), losses.squared_error),
}


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_mean_over_the_first_concepts(name, encoder):
    make, base = ENCODERS[encoder]
    dictionary, grid = one_of_each()[name]
    model, signal = SparseAutoencoder(dictionary, make()), normal(3, 2, *grid)
    sizes = [1, 2, dictionary.concepts]
    code, expected = model.encode(signal), 0.0
    for size in sizes:
        first = code.clone()
        first[:, size:] = 0
        left = (signal - dictionary.synthesis(first)).square().sum() / (2 * 3 * count(grid))
        price = {"soft": 0.05 * first.abs(), "relu": 0.2 * first.abs(), "jump": 0.3 * (first > 0)}
        expected = expected + (left + price.get(encoder, torch.zeros(1)).sum() / (3 * count(grid))) / len(sizes)
    assert (code[:, 1:] != 0).any()
    torch.testing.assert_close(losses.matryoshka(sizes, base)(model, signal), expected)
    one = losses.matryoshka([dictionary.concepts], base)
    torch.testing.assert_close(one(model, signal), base(model, signal))


@pytest.mark.parametrize("dictionary", [DenseDictionary(2, 4), FourierDictionary(2, 4, 1)], ids=["dense", "fourier"])
def test_gradients(dictionary):
    signal = normal(2, 2, *[4] * dictionary.axes)
    for encoder, base in [
        (OneStep(SoftThreshold(0.05), step=0.5), losses.l1(0.1)),
        (OneStep(TopK(2)), losses.objective),
    ]:
        model = SparseAutoencoder(dictionary.double(), encoder)
        assert gradcheck(model, losses.matryoshka((1, 3, 4), base), signal)


def test_codes_are_computed_once():
    calls = []

    class Counting(OneStep):
        def _encoder(self, dictionary):
            calls.append(1)
            return super()._encoder(dictionary)

    signal = normal(4, 6).float()
    for sparsity, base in [(ReLU(), losses.l1(0.1)), (JumpReLU(0.1), losses.l0(0.1)), (TopK(2), losses.l1(0.1))]:
        calls.clear()
        model = SparseAutoencoder(DenseDictionary(6, 9), Counting(sparsity))
        losses.AuxK(2, patience=2, base=losses.matryoshka([2, 5, 9], base))(model, signal).backward()
        assert len(calls) == 1, calls


def test_a_loss_of_one_s_own_can_be_nested():
    def own(model, signal, encoding):
        return (encoding.dense().abs() * model.dictionary.concepts).mean()

    model, signal = SparseAutoencoder(DenseDictionary(6, 9), OneStep(ReLU())), normal(4, 6).float()
    code = model.encode(signal)
    expected = (code[:, :3].sum() + code.sum()) / 4 / 2
    torch.testing.assert_close(losses.matryoshka([3, 9], own)(model, signal), expected)
    torch.testing.assert_close(losses.AuxK(2, base=own)(model, signal), code.sum() / 4)
    for around in (lambda base: losses.matryoshka([3, 9], base), lambda base: losses.AuxK(2, base=base)):
        with pytest.raises(TypeError, match=r"base = .*: should be called as base\(model, signal, encoding\)"):
            around(lambda model, signal: signal.sum())


def test_the_first_concepts_do_without_the_others():
    """Of two signals with energies 9 and 1, one nested concept takes the larger."""
    atoms = torch.eye(2)
    model = SparseAutoencoder(DenseDictionary.from_atoms(torch.tensor([[0.6, 0.8], [0.8, -0.6]])), OneStep(TopK(2)))
    signal = torch.cat([3 * atoms[:1].expand(50, 2), atoms[1:].expand(50, 2)])
    fit(model, signal, 200, batch=100, loss=losses.matryoshka([1, 2]), progress=False)
    assert model.dictionary.weight[0, 0].abs() > 0.99


@pytest.mark.parametrize("sizes", [[], [4, 2], [2, 2], [0, 3], [1.5, 3], 4])
def test_sizes_increase(sizes):
    with pytest.raises(ValueError, match="sizes"):
        losses.matryoshka(sizes)


def test_what_cannot_be_is_named():
    model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2)))
    with pytest.raises(ValueError, match=r"^sizes = \[2, 5\]: should end with the 9 concepts"):
        fit(model, normal(9, 6).float(), 2, batch=8, loss=losses.matryoshka([2, 5]), progress=False)
    with pytest.raises(TypeError, match=r"base is a AuxK: it has a state, and goes around, AuxK\(…, base=matryoshka"):
        losses.matryoshka([2, 9], losses.AuxK(2))
    assert repr(losses.matryoshka((2, 9), losses.l1(0.1))) == "matryoshka([2, 9], l1(0.1))"
