"""What cannot work is refused at once, by an error that names the argument and its value."""

import math

import numpy as np
import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    Lifting,
    MatchingPursuit,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
    losses,
)
from saeno.checks import real, whole
from saeno.data import SparseModel
from saeno.inference import fista

COUNTS = {
    "channels": lambda v: DenseDictionary(v, 6),
    "concepts": lambda v: DenseDictionary(4, v),
    "concepts of kernels": lambda v: ConvDictionary(1, v, 3),
    "support": lambda v: ConvDictionary(1, 2, v),
    "channels of functions": lambda v: FourierDictionary(v, 2, 3),
    "lifted": lambda v: Lifting.orthonormal(4, v),
    "lifted gaussian": lambda v: Lifting.gaussian(4, v),
    "k": TopK,
    "k of pursuit": MatchingPursuit,
    "steps": lambda v: Unrolled(TopK(2), v),
    "steps of fista": lambda v: fista(DenseDictionary(4, 6), torch.ones(1, 4), 0.1, steps=v),
    "active": lambda v: SparseModel(DenseDictionary(4, 6), v),
}
NUMBERS = {
    "threshold": SoftThreshold,
    "step": lambda v: Unrolled(SoftThreshold(0.1), 3, step=v),
    "step of one": lambda v: OneStep(SoftThreshold(0.1), step=v),
    "weight": losses.l1,
    "noise": lambda v: SparseModel(DenseDictionary(4, 6), 2, noise=v),
}


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None])
@pytest.mark.parametrize("name", COUNTS)
def test_what_is_no_count_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name.split()[0]} = {value!r}: should be"):
        COUNTS[name](value)


@pytest.mark.parametrize("name", COUNTS)
def test_whole_numbers_of_numpy_are_counts(name):
    COUNTS[name](np.int64(3))


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, "0.1", [0.1, 0.2]])
@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_amount_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name.split()[0]} = .*: should be a finite number"):
        NUMBERS[name](value)


@pytest.mark.parametrize("value", [np.float32(0.5), torch.tensor(0.5)])
def test_numbers_of_numpy_and_torch_are_amounts(value):
    assert real(value, "threshold") == SoftThreshold(value).threshold == 0.5


def test_a_step_is_positive():
    with pytest.raises(ValueError, match=r"step = 0: should be a finite number > 0"):
        Unrolled(SoftThreshold(0.1), 3, step=0)


def test_least():
    assert whole(0, "count", least=0) == 0


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_seeds_are_whole(seed):
    with pytest.raises(ValueError, match=f"seed = {seed!r}: should be a whole number"):
        DenseDictionary(4, 6, seed=seed)
    model = SparseAutoencoder(DenseDictionary(4, 6), OneStep(TopK(2)))
    with pytest.raises(ValueError, match=f"seed = {seed!r}: should be a whole number"):
        fit(model, torch.ones(9, 4), 1, batch=3, seed=seed, progress=False)


@pytest.mark.parametrize("batch", [0, 2.5, "a"])
def test_batch_is_whole(batch):
    model = SparseAutoencoder(DenseDictionary(4, 6), OneStep(TopK(2)))
    with pytest.raises(ValueError, match=f"batch = {batch!r}: should be a whole number ≥ 1"):
        fit(model, torch.ones(9, 4), 1, batch=batch, progress=False)


@pytest.mark.parametrize("sparsity", [None, 5, TopK, MatchingPursuit(2)])
def test_a_sparsity_is_one(sparsity):
    for make in (OneStep, lambda s: Unrolled(s, 3)):
        with pytest.raises(TypeError, match=r"sparsity = .*: should be a Sparsity, such as TopK"):
            make(sparsity)
