"""What joint sparsity is measured with: images as functions, and the models that are trained on them."""

import pytest
import torch

from saeno.book.operators.joint_sparsity import lab


@pytest.fixture
def precision():
    """Sets torch's default precision for one test."""
    before = torch.get_default_dtype()
    yield torch.set_default_dtype
    torch.set_default_dtype(before)


def test_images_and_trainings_follow_the_default_precision(precision, monkeypatch):
    """Fails when a chapter in float64 gets what was made in float32: `found.float()`, or one cache for both."""
    monkeypatch.setattr(lab, "STEPS", 1)
    lab._trained.cache_clear()
    exact = {}
    for dtype in (torch.float32, torch.float64):
        precision(dtype)
        images = lab.pictures("digits").weight
        weight = lab.trained("digits", "limited 4", seed=0).dictionary.weight
        assert images.dtype == weight.dtype == dtype
        exact[dtype] = images
    lab._trained.cache_clear()  # of a training of one step
    rounded = exact[torch.float32].double() - exact[torch.float64]
    assert 0 < rounded.abs().max() < 1e-5
