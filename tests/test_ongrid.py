"""Codes on a grid of their own: the same for the same functions, and models that train, decode and come back with them.

Tried, each failing here: no interpolation, a linear one, and a model that leaves its reconstruction on the codes' grid.
"""

import pytest
import torch

from saeno import (
    ConvDictionary,
    FourierDictionary,
    GroupSoftThreshold,
    JointTopK,
    Lifted,
    MatchingPursuit,
    OneStep,
    OnGrid,
    ReLU,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
    losses,
)
from tests.helpers import lifting, normal

ENCODERS = {
    "sparse group": lambda: Unrolled(GroupSoftThreshold(0.05, 0.1), 5, accelerate=True),
    "ranked": lambda: Unrolled(JointTopK(2, 0.1), 3),
    "nodes": lambda: Unrolled(TopK(3), 3),
    "one step": lambda: OneStep(ReLU()),
    "pursuit": lambda: MatchingPursuit(3, concepts=2),
}
EVERY = pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)


def functions(*grid):
    """Five signals with two channels and frequencies up to 3, on any grid."""
    return FourierDictionary(2, 5, (3,) * len(grid), seed=9).double().atoms(grid).detach()


def dictionary(axes, lifted=False):
    if lifted:
        return Lifted(FourierDictionary(3, 6, (3,) * axes).double(), lifting(2, 3))
    return FourierDictionary(2, 6, (3,) * axes).double()


@EVERY
@pytest.mark.parametrize("lifted", [False, True])
@pytest.mark.parametrize(
    ("own", "others"), [((20,), [(7,), (8,), (20,), (33,)]), ((12, 9), [(7, 8), (12, 9), (15, 7)])]
)
def test_the_same_functions_have_the_same_code_on_whatever_grid_they_come(encoder, own, others, lifted):
    model = SparseAutoencoder(dictionary(len(own), lifted), OnGrid(encoder(), own))
    with torch.no_grad():
        expected = model.inference.inference(model.dictionary, functions(*own))
        assert expected.any() and not expected.all()
        for grid in others:
            reconstruction, code = model(functions(*grid))
            assert (code - expected).abs().max() < 1e-10 * expected.abs().max()
            assert reconstruction.shape == functions(*grid).shape
            torch.testing.assert_close(reconstruction, model.decode(expected, grid))
            torch.testing.assert_close(model.reconstruct(functions(*grid)), reconstruction)


@EVERY
def test_on_the_signals_own_grid_it_changes_nothing(encoder):
    plain, wrapped = (
        SparseAutoencoder(dictionary(1), wrap(encoder())) for wrap in (lambda e: e, lambda e: OnGrid(e, 16))
    )
    signal = normal(3, 2, 16)
    for ours, theirs in zip(wrapped(signal), plain(signal), strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(wrapped.reconstruct(signal), plain.reconstruct(signal))


def test_what_the_dictionary_does_not_see_does_not_matter():
    """Frequencies above its modes, and half the number of nodes, where a cosine has no sine."""
    encoder, bank = OnGrid(ENCODERS["sparse group"](), 24), dictionary(1)
    turn = 2 * torch.pi * torch.arange(10).double() / 10
    other = torch.cos(5 * turn) + torch.sin(4 * turn)
    signal = functions(10)
    assert (encoder(bank, signal + other) - encoder(bank, signal)).abs().max() < 1e-12


def test_a_finer_grid_is_worth_it_for_a_threshold():
    """On the coarsest grid aliasing moves codes; the code on 64 nodes is near that of 256."""
    bank, rule = dictionary(1), Unrolled(GroupSoftThreshold(0.05, 0.1), 20)
    signal = functions(8)
    fine = OnGrid(rule, 256)(bank, signal)
    apart = {n: (OnGrid(rule, n)(bank, signal) - fine[..., :: 256 // n]).norm() / n**0.5 for n in (8, 64)}
    assert apart[64] < 0.1 * apart[8]


@pytest.mark.parametrize("loss", [losses.objective, losses.AuxK(2, weight=1.0, patience=1)])
@pytest.mark.parametrize("encoder", [Unrolled(GroupSoftThreshold(0.02, 0.02), 8), MatchingPursuit(3, concepts=2)])
def test_models_train_with_it(encoder, loss):
    truth = FourierDictionary(1, 3, 3, seed=3)
    code = torch.zeros(48, 3, 16)
    code[torch.arange(48), torch.arange(48) % 3, torch.arange(48) % 16] = 16.0
    data = truth.render(code, 8).detach()
    model = SparseAutoencoder(FourierDictionary(1, 6, 3), OnGrid(encoder, 16))
    history = fit(model, data, steps=60, batch=16, lr=0.05, loss=loss, progress=False)
    assert history.loss[-5:].mean() < 0.95 * history.loss[:5].mean()


def test_gradients_go_through_it():
    model = SparseAutoencoder(dictionary(1), OnGrid(Unrolled(GroupSoftThreshold(0.05, 0.02), 2), 12))
    signal = normal(2, 2, 7).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: model(x)[0], signal)


def test_it_answers_for_the_encoder_and_comes_back_from_a_file(tmp_path):
    model = SparseAutoencoder(dictionary(2), OnGrid(MatchingPursuit(3, positive=True, detach=True), (9, 10)))
    assert model.inference.positive and model.inference.detach and model.inference.makes_events
    assert model.events(functions(7, 7)).shape == (6, 9, 10)
    assert OnGrid(OneStep(ReLU()), 9).sparsity.penalty and "grid=(9,)" in str(OnGrid(OneStep(ReLU()), 9))
    model.save(tmp_path / "model")
    again = SparseAutoencoder.load(tmp_path / "model")
    assert torch.equal(again.encode(functions(7, 7)), model.encode(functions(7, 7)))
    with pytest.raises(AttributeError, match="nothing"):
        model.inference.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: OnGrid(TopK(3), 9), TypeError, r"inference = TopK.*: should be an Inference, such as MatchingPursuit"),
        (lambda: OnGrid(MatchingPursuit(2), 0), ValueError, "grid = 0: should be positive whole numbers"),
        (
            lambda: SparseAutoencoder(dictionary(1), OnGrid(MatchingPursuit(2), 6)),
            ValueError,
            r"grid = \(6,\) cannot carry modes = \(3,\)",
        ),
        (lambda: SparseAutoencoder(dictionary(1), OnGrid(MatchingPursuit(2), (9, 9))), ValueError, "has 2 axes"),
        (
            lambda: SparseAutoencoder(ConvDictionary(2, 6, 4), OnGrid(MatchingPursuit(2), 9)),
            TypeError,
            "dictionary is a ConvDictionary: OnGrid needs a FourierDictionary",
        ),
        (
            lambda: OnGrid(MatchingPursuit(2), 9)(dictionary(1), functions(6)),
            ValueError,
            r"cannot carry modes = \(3,\)",
        ),
        (lambda: OnGrid(MatchingPursuit(2), 9)(dictionary(1), normal(2, 1, 9)), ValueError, "signal has shape"),
    ],
)
def test_errors_name_the_argument_and_its_value(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_model_trains_after_it_was_used_without_gradients():
    """What is kept from the first use serves the second, on grids that no other test has."""
    model = SparseAutoencoder(FourierDictionary(1, 2, 1), OnGrid(OneStep(ReLU()), 17)).double()
    with torch.inference_mode():
        model.encode(normal(1, 1, 19))
    model.reconstruct(normal(1, 1, 19).requires_grad_()).sum().backward()
    assert model.dictionary.weight.grad.norm() > 0
