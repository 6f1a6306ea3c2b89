"""The one model: encode, decode, and a file that gives it back."""

import copy

import pytest
import torch

from saeno import (
    BatchTopK,
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    JumpReLU,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    files,
    fit,
)
from tests.helpers import NAMES, lifting, normal, one_of_each

ENCODERS = {
    "soft": lambda: OneStep(SoftThreshold(0.05, positive=True), step=0.5),
    "relu": lambda: OneStep(ReLU()),
    "jump": lambda: OneStep(JumpReLU(0.05)),
    "batch top-k": lambda: OneStep(BatchTopK(3), tied=False),
    "top-k": lambda: OneStep(TopK(3, positive=True)),
    "untied": lambda: OneStep(TopK(3), tied=False),
    "fista": lambda: Unrolled(SoftThreshold(0.05), 4, accelerate=True, detach=True),
    "hard": lambda: Unrolled(TopK(3), 4, step=0.4),
    "pursuit": lambda: MatchingPursuit(3, positive=True),
}
EACH = pytest.mark.parametrize("name", NAMES)
EVERY = pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)


@EVERY
@EACH
def test_forward_is_encode_then_decode(name, encoder):
    dictionary, grid = one_of_each()[name]
    model = SparseAutoencoder(dictionary, encoder())
    signal = normal(3, 2, *grid)
    reconstruction, code = output = model(signal)
    assert reconstruction.shape == signal.shape and code.shape == (3, dictionary.concepts, *grid) and code.any()
    assert torch.equal(code, model.inference(dictionary, signal)) and torch.equal(code, model.encode(signal))
    assert torch.equal(reconstruction, dictionary.synthesis(code)) and output.reconstruction is reconstruction
    torch.testing.assert_close(model.reconstruct(signal), reconstruction)
    if model.inference.makes_events:
        events = model.events(signal)
        assert len(events.values) == 3 <= events.values.shape[1]
        torch.testing.assert_close(events.code(), code)
        torch.testing.assert_close(dictionary.synthesis_of_events(events), reconstruction)
    else:
        with pytest.raises(TypeError, match="soft codes"):
            model.events(signal)


@EACH
def test_a_list_of_events_has_the_synthesis_of_its_code_repeated_places_too(name):
    dictionary, grid = one_of_each()[name]
    events = MatchingPursuit(3).events(dictionary, normal(2, 2, *grid))
    events = events._replace(indices=events.indices[:, [0, 0, 1]])
    torch.testing.assert_close(dictionary.synthesis_of_events(events), dictionary.synthesis(events.code()))


def test_functions_are_decoded_on_any_grid():
    for dictionary in (FourierDictionary(2, 3, 3), Lifted(FourierDictionary(4, 3, 3), lifting(2, 4).float())):
        model = SparseAutoencoder(dictionary, MatchingPursuit(2))
        code = model.encode(normal(2, 2, 16).float())
        fine = model.decode(code, 48)
        assert fine.shape == (2, 2, 48)
        torch.testing.assert_close(fine[..., ::3], model.decode(code))
    with pytest.raises(TypeError, match="grid = 9: DenseDictionary knows its atoms on one grid only"):
        SparseAutoencoder(DenseDictionary(4, 6), MatchingPursuit(2)).decode(torch.zeros(1, 6), 9)


@EVERY
@EACH
def test_a_saved_model_comes_back_to_the_same_bits(name, encoder, tmp_path):
    dictionary, grid = one_of_each()[name]
    for each in (dictionary, copy.deepcopy(dictionary).float()):
        model = SparseAutoencoder(each, encoder())
        with torch.no_grad():  # nothing is as it was made
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.rand_like(parameter))
        model.save(tmp_path / "model")
        again = SparseAutoencoder.load(tmp_path / "model")
        assert again.describe() == model.describe()
        state, restored = model.state_dict(), again.state_dict()
        assert state.keys() == restored.keys()
        for key, value in state.items():
            assert value.dtype == restored[key].dtype and torch.equal(value, restored[key]), key
        signal = normal(3, 2, *grid).to(each.weight.dtype)
        for before, after in zip(model(signal), again(signal), strict=True):
            assert torch.equal(before, after)
        assert [p.requires_grad for p in again.parameters()] == [p.requires_grad for p in model.parameters()]


def test_a_model_is_loaded_with_every_setting(tmp_path):
    dictionary = Lifted(FourierDictionary(3, 4, (2, 1), seed=5), lifting(2, 3).float(), residual="lifted")
    model = SparseAutoencoder(dictionary, Unrolled(SoftThreshold(0.1, positive=True), 7, True, step=0.2, detach=True))
    model.save(str(tmp_path / "model"))
    again = SparseAutoencoder.load(str(tmp_path / "model"))
    inside, encoder = again.dictionary.dictionary, again.inference
    assert (inside.modes, inside.seed, again.dictionary.residual) == ((2, 1), 5, "lifted")
    assert (encoder.steps, encoder.accelerate, encoder.step, encoder.detach) == (7, True, 0.2, True)
    assert (encoder.sparsity.threshold, encoder.sparsity.positive) == (0.1, True)
    assert [p.name for p in tmp_path.iterdir()] == ["model"], "no half-written file is left"


def test_a_trained_model_is_saved_as_trained(tmp_path):
    model = SparseAutoencoder(DenseDictionary(6, 8), OneStep(TopK(2), tied=False))
    fit(model, normal(40, 6).float(), steps=5, batch=20, progress=False)
    model.save(tmp_path / "model")
    again = SparseAutoencoder.load(tmp_path / "model")
    assert again.inference.bias.any() and torch.equal(again.inference.bias, model.inference.bias)


def test_a_checkpoint_is_no_model(tmp_path):
    model = SparseAutoencoder(DenseDictionary(6, 8), OneStep(TopK(2)))
    fit(model, normal(40, 6).float(), steps=2, batch=20, progress=False, checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match=r"path = '.*run': not a saved model \(a checkpoint of `fit`"):
        SparseAutoencoder.load(tmp_path / "run")
    files.write(tmp_path / "other", {"a": torch.zeros(1)}, {"thing": 1})
    with pytest.raises(ValueError, match=r"path = '.*other': not a saved model"):
        SparseAutoencoder.load(tmp_path / "other")


def test_its_parts_are_a_dictionary_and_an_inference():
    with pytest.raises(TypeError, match=r"dictionary = Linear.*: should be a Dictionary"):
        SparseAutoencoder(torch.nn.Linear(2, 3), OneStep(TopK(2)))
    with pytest.raises(TypeError, match=r"inference = TopK.*: should be an Inference"):
        SparseAutoencoder(DenseDictionary(4, 6), TopK(2))


def test_print_says_how_a_model_is_composed():
    lifted = Lifted(FourierDictionary(6, 3, 5), Lifting.gaussian(2, 6), residual="lifted")
    text = repr(SparseAutoencoder(lifted, Unrolled(TopK(4), 5)))
    for part in ("channels=2, concepts=3, residual='lifted'", "modes=(5,)", "lifted=6", "steps=5", "TopK(4"):
        assert part in text, part
    text = repr(SparseAutoencoder(ConvDictionary(1, 2, 3), OneStep(SoftThreshold(0.25), tied=False)))
    for part in ("support=(3,)", "tied=False", "SoftThreshold(0.25"):
        assert part in text, part
    assert "k=7" in repr(MatchingPursuit(7))
