"""A model with a scale is a model without one, for signals in another unit."""

import pytest
import torch

from saeno import DenseDictionary, OneStep, SparseAutoencoder, TopK, data, fit, losses
from saeno.losses import AuxK, matryoshka
from tests.helpers import NAMES, normal, one_of_each
from tests.test_mean import ENCODERS

EVERY = pytest.mark.parametrize("encoder", ENCODERS)
UNIT = 3e-5


def pair(name, encoder, mean=True):
    """The same model for signals, and for signals in a small unit."""
    models = []
    for scale in (1.0, UNIT):
        dictionary, grid = one_of_each()[name]
        start = normal(2, seed=5) * scale if mean else None
        made = SparseAutoencoder(dictionary, ENCODERS[encoder][0](), mean=start, scale=None if scale == 1 else scale)
        models.append(made)
    return *models, normal(5, 2, *grid), ENCODERS[encoder][1]


@EVERY
@pytest.mark.parametrize("mean", [False, True], ids=["", "mean"])
@pytest.mark.parametrize("name", NAMES)
def test_codes_are_the_same_and_reconstructions_in_the_unit_of_the_signals(name, encoder, mean):
    plain, scaled, signal, loss = pair(name, encoder, mean)
    reconstruction, code = plain(signal)
    rebuilt, same = scaled(UNIT * signal)
    torch.testing.assert_close(same, code)
    torch.testing.assert_close(rebuilt / UNIT, reconstruction)
    torch.testing.assert_close(scaled.reconstruct(UNIT * signal) / UNIT, reconstruction)
    torch.testing.assert_close(scaled.decode(code) / UNIT, plain.decode(code))
    torch.testing.assert_close(loss(scaled, UNIT * signal), loss(plain, signal))
    torch.testing.assert_close(losses.l1(0.1)(scaled, UNIT * signal), losses.l1(0.1)(plain, signal))


@pytest.mark.parametrize("loss", [AuxK(3, patience=1), matryoshka([4, 9])], ids=["AuxK", "matryoshka"])
@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.SGD])
def test_training_is_the_same_for_a_layer_of_any_size(loss, optimizer):
    signal = normal(32, 6).float()
    found = []
    for size in (1.0, 1e-3, 1e3):
        scale = None if size == 1 else size
        model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2), tied=False), normal(6).float() * size, scale)
        history = fit(model, signal * size, 20, 8, optimizer=optimizer, loss=loss, progress=False)
        found.append((history.loss, model.dictionary.weight.detach(), model.mean.detach()))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_it_is_saved_and_read(tmp_path):
    model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2)), normal(6).float(), scale=0.1)
    model.save(tmp_path / "model")
    again = SparseAutoencoder.load(tmp_path / "model")
    signal = normal(4, 6).float()
    assert again.scale == 0.1 and torch.equal(again.reconstruct(signal), model.reconstruct(signal))


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_none_is_refused(scale):
    with pytest.raises(ValueError, match="scale = "):
        SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2)), scale=scale)


def test_the_scale_of_signals_is_their_size_about_their_mean():
    signal = torch.tensor([[[1.0, 3.0], [0.0, 0.0]], [[1.0, 3.0], [4.0, 4.0]]])
    assert data.scale(signal) == pytest.approx(5**0.5)
    for unit in (1e-25, 1e25):
        assert data.scale(signal * unit) == pytest.approx(5**0.5 * unit)
    with pytest.raises(ValueError, match="signal has the same value everywhere"):
        data.scale(torch.ones(3, 2))
