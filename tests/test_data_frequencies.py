"""Concepts that are not equally frequent: how often each is active, and how strongly."""

import pytest
import torch

from saeno import DenseDictionary, FourierDictionary, OneStep, SparseAutoencoder, TopK, fit
from saeno.data import FrequencyModel


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def test_each_concept_has_its_frequency_and_its_masses():
    probability = torch.tensor([0.5, 0.0, 1.0, 0.1])
    model = FrequencyModel(DenseDictionary(3, 4), probability, amplitude=(0.5, 2.0))
    signal, code = model.sample(20_000, generator=drawn())
    torch.testing.assert_close(signal, code @ model.dictionary.weight.detach())
    torch.testing.assert_close((code != 0).float().mean(0), probability, atol=0.015, rtol=0)
    for concept in (0, 2, 3):
        mass = code[:, concept][code[:, concept] != 0]
        assert 0.5 <= mass.min() < 0.51 and 1.98 < mass.max() <= 2.0
        assert mass.mean() == pytest.approx(1.25, abs=0.05) and mass.std() == pytest.approx(1.5 / 12**0.5, abs=0.03)
    on = (code[:, [0, 3]] != 0).float()
    assert abs(torch.cov(on.T)[0, 1]) < 0.005, "each on its own"


def test_the_toy_of_superposition():
    toy = FrequencyModel.toy(seed=3)
    assert toy.dictionary.weight.shape == (512, 256) and toy.amplitude == (0.0, 1.0)
    assert toy.probability.sum().item() == pytest.approx(5, rel=1e-5)
    torch.testing.assert_close(toy.probability[1:] / toy.probability[:-1], torch.full((511,), 0.99))
    assert 19 < 1 / toy.probability[0] < 21 and 3300 < 1 / toy.probability[-1] < 3500
    active = (toy.sample(4000, generator=drawn()).code != 0).sum(1).float()
    assert active.mean() == pytest.approx(5, abs=0.15) and active.std() > 1.5
    torch.testing.assert_close(toy.dictionary.gain(), torch.ones(512))
    assert not torch.equal(FrequencyModel.toy(seed=4).dictionary.weight, toy.dictionary.weight)


def test_the_same_generator_gives_the_same_bits_and_it_can_be_trained_on():
    toy = FrequencyModel.toy(channels=8, concepts=12, active=2.0)
    assert torch.equal(toy.sample(5, generator=drawn(1)).signal, toy.sample(5, generator=drawn(1)).signal)
    history = fit(SparseAutoencoder(DenseDictionary(8, 12, seed=1), OneStep(TopK(2))), toy, 60, progress=False)
    assert history.loss[-1] < history.loss[0]
    assert toy.sample(5, generator=drawn()).signal.dtype == toy.dictionary.weight.dtype


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FrequencyModel(FourierDictionary(1, 2, 3), torch.ones(2)), "dictionary has 1 axes: should be one of"),
        (lambda: FrequencyModel(DenseDictionary(3, 4), torch.ones(3)), r"probability has shape \(3,\): should be 4"),
        (
            lambda: FrequencyModel(DenseDictionary(3, 4), torch.tensor([0, 0.1, 1.5, 0])),
            "should be 4 numbers from 0 to",
        ),
        (lambda: FrequencyModel(DenseDictionary(3, 4), torch.ones(4), amplitude=(2, 1)), r"amplitude = \(2, 1\)"),
        (lambda: FrequencyModel.toy(channels=4, concepts=3, active=3.5), "probability"),
        (lambda: FrequencyModel.toy(channels=4, concepts=8).sample(2, grid=8), "grid = 8 has 1 axes"),
    ],
)
def test_what_cannot_be_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
