"""The same models on a CUDA device: what is computed there equals what is computed on the CPU."""

import copy

import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
)
from saeno.data import SparseModel
from saeno.inference import fista
from saeno.metrics import compare_codes, fvu, match_atoms, support_f1

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, and there is none"),
]

DICTIONARIES = {
    "dense": (lambda: DenseDictionary(6, 9), ()),
    "conv": (lambda: ConvDictionary(2, 3, 5), (16,)),
    "conv 2-D": (lambda: ConvDictionary(2, 3, (3, 4)), (8, 9)),
    "fourier even": (lambda: FourierDictionary(2, 3, 4), (10,)),
    "fourier odd": (lambda: FourierDictionary(2, 3, 4), (9,)),
    "fourier 2-D": (lambda: FourierDictionary(2, 3, (3, 2)), (8, 7)),
    "lifted": (lambda: Lifted(FourierDictionary(6, 3, 4), Lifting.gaussian(2, 6)), (10,)),
}
INFERENCES = {
    "one step": lambda: OneStep(TopK(3)),
    "untied": lambda: OneStep(ReLU(), tied=False),
    "ista": lambda: Unrolled(SoftThreshold(0.05), 5),
    "fista": lambda: Unrolled(SoftThreshold(0.05), 5, accelerate=True),
    "hard thresholding": lambda: Unrolled(TopK(3), 5),
    "pursuit": lambda: MatchingPursuit(3),
}


@pytest.mark.parametrize("inference", INFERENCES)
@pytest.mark.parametrize("dictionary", DICTIONARIES)
def test_output_and_gradients_agree(dictionary, inference):
    make, grid = DICTIONARIES[dictionary]
    here = SparseAutoencoder(make(), INFERENCES[inference]()).double()
    there = copy.deepcopy(here).cuda()
    signal = torch.randn(4, here.dictionary.channels, *grid, generator=torch.Generator().manual_seed(1)).double()
    for model in (here, there):
        model(signal.to(model.dictionary.weight.device)).reconstruction.square().sum().backward()
    with torch.no_grad():
        expected, found = here(signal), there(signal.cuda())
    assert torch.allclose(found.code.cpu(), expected.code, atol=1e-9)
    assert torch.allclose(found.reconstruction.cpu(), expected.reconstruction, atol=1e-9)
    assert torch.allclose(there.dictionary.weight.grad.cpu(), here.dictionary.weight.grad, atol=1e-8)


def test_training_recovers_and_resumes(tmp_path):
    """Trained on the device from a model on the device; scored there; stopped half-way and taken up again."""
    data = SparseModel(DenseDictionary(32, 48, seed=1).cuda(), active=3)

    def run(steps, **more):
        model = SparseAutoencoder(DenseDictionary(32, 48).cuda(), Unrolled(TopK(3), 5))
        fit(model, data, steps, progress=False, **more)
        return model

    model = run(600, checkpoint=tmp_path / "run", save_every=300)
    signal, code = data.sample(500, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        reconstruction, found = model(signal)
    match = match_atoms(model.dictionary, data.dictionary)
    assert match.recovered(0.95) > 0.75
    assert support_f1(found, code, match) > 0.8 and fvu(signal, reconstruction) < 0.15
    again = run(600, checkpoint=tmp_path / "run")
    assert torch.equal(again.dictionary.weight, model.dictionary.weight)
    model.save(tmp_path / "model.safetensors")
    loaded = SparseAutoencoder.load(tmp_path / "model.safetensors")
    assert torch.equal(loaded.dictionary.weight, model.dictionary.weight.cpu())


def test_functions_and_codes_on_the_device():
    dictionary = FourierDictionary(1, 4, 10).cuda()
    data = SparseModel(dictionary, active=3)
    signal, code = data.sample(5, grid=64, generator=torch.Generator().manual_seed(3))
    finer = dictionary.render(code, 128)
    assert torch.allclose(finer[..., ::2], signal, atol=1e-4)
    coarse, fine = (fista(dictionary, x, 0.02, steps=300).code for x in (signal, finer))
    compared = compare_codes(fine, coarse)
    assert compared.cosine > 0.9 and abs(compared.mass_ratio - 1) < 0.1
    assert dictionary.at(torch.rand(7, device="cuda")).shape == (4, 1, 7)
