"""End to end: a hidden dictionary is found, at the defaults. The book measures the same over several seeds."""

import pytest
import torch

from saeno import DenseDictionary, FourierDictionary, MatchingPursuit, SparseAutoencoder, TopK, Unrolled, fit
from saeno.data import SparseModel
from saeno.data.families import bumps_and_gabors
from saeno.metrics import coherence, fvu, match_atoms, support_f1


def test_vectors():
    """m = 64, p = 128, k = 5, signed: mean over seeds of atoms above .95 ≥ .93, support F1 ≥ .92, FVU ≤ .05."""
    data = SparseModel(DenseDictionary(64, 128, seed=1000), active=5)
    model = SparseAutoencoder(DenseDictionary(64, 128, seed=0), Unrolled(TopK(5), 5))
    assert match_atoms(model.dictionary, data.dictionary).recovered(0.95) == 0, "nothing is known at the start"
    fit(model, data, steps=1000, progress=False)
    signal, true_code = data.sample(2000, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        reconstruction, code = model(signal)
    match = match_atoms(model.dictionary, data.dictionary)
    assert match.recovered(0.95) >= 0.93
    assert support_f1(code, true_code, match) >= 0.92
    assert fvu(signal, reconstruction) <= 0.05


@pytest.mark.parametrize("seed", [0, 1])
def test_functions(seed):
    """Five atoms, four non-negative events, n = 128, 32 modes, ten learned: mean cosine ≥ .98, untrained ≤ .8."""
    true = bumps_and_gabors(seed)
    assert true.concepts == 5 and coherence(true, grid=1024) <= 0.9
    data = SparseModel(true, active=4, signed=False)
    model = SparseAutoencoder(FourierDictionary(1, 10, modes=32, seed=seed), MatchingPursuit(4))
    assert match_atoms(model.dictionary, true, grid=512).cosine.mean() <= 0.8
    fit(model, data, steps=200, batch=64, grid=128, seed=seed, progress=False)
    assert match_atoms(model.dictionary, true, grid=512).cosine.mean() >= 0.98

    # And the functions learned at n = 128 explain signals on a grid that training never saw.
    signal = data.sample(50, grid=256, generator=torch.Generator().manual_seed(1)).signal
    with torch.no_grad():
        assert fvu(signal, model(signal).reconstruction) <= 0.05
