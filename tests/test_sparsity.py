"""Proximal operators against the problems they solve; selection against sorting."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno import Events, ReLU, SoftThreshold, TopK
from tests.helpers import normal


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("step", [0.5, 2.0])
def test_soft_thresholding_is_the_proximal_operator(step, positive):
    """argmin_z ½(z − v)² + αλ|z|, searched for on a fine grid of z."""
    threshold, value = 0.3, 2 * normal(50)
    candidates = torch.arange(0.0 if positive else -8.0, 8.0, 1e-3, dtype=torch.float64)
    cost = (candidates - value[:, None]) ** 2 / 2 + step * threshold * candidates.abs()
    found = SoftThreshold(threshold, positive)(value, step)
    assert (found - candidates[cost.argmin(1)]).abs().max() < 1e-3
    torch.testing.assert_close(SoftThreshold(0.0)(value), value)


def test_soft_thresholding_makes_zeros_and_its_default_step_is_one():
    value = torch.tensor([-0.5, -0.3, 0.0, 0.2, 0.9])
    torch.testing.assert_close(SoftThreshold(0.3)(value), torch.tensor([-0.2, 0.0, 0.0, 0.0, 0.6]))
    torch.testing.assert_close(SoftThreshold(0.3, positive=True)(value), torch.tensor([0.0, 0.0, 0.0, 0.0, 0.6]))


def test_relu_is_the_projection_on_non_negative_codes():
    value = normal(20)
    for step in (0.1, 1.0):
        assert torch.equal(ReLU()(value, step), torch.where(value > 0, value, 0.0))


def test_the_penalty_is_a_mass():
    code = normal(3, 4, 6)
    exact = 0.3 * sum(code[b, :, v].abs().sum() for b in range(3) for v in range(6)) / (3 * 6)
    torch.testing.assert_close(SoftThreshold(0.3).penalty(code), exact)
    finer = torch.zeros(3, 4, 12, dtype=torch.float64)
    finer[..., ::2] = 2 * code  # the same impulses on twice the nodes
    torch.testing.assert_close(SoftThreshold(0.3).penalty(finer), exact)
    torch.testing.assert_close(SoftThreshold(0.3).penalty(code[..., 0]), 0.3 * code[..., 0].abs().sum() / 3)
    assert ReLU().penalty(code) == 0 and TopK(2).penalty(code) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.lists(st.integers(1, 5), max_size=2), st.booleans(), st.integers(0, 99), st.data())
def test_top_k_keeps_the_k_largest(concepts, grid, positive, seed, data):
    masses = normal(3, concepts, *grid, seed=seed)
    k = data.draw(st.integers(1, masses[0].numel()))
    kept, events = TopK(k, positive)(masses), TopK(k, positive).select(masses)
    for row, value, values, indices in zip(kept, masses, events.values, events.indices, strict=True):
        flat = value.flatten()
        ranked = sorted(range(len(flat)), key=lambda i: -(flat[i] if positive else flat[i].abs()))[:k]
        assert indices.tolist() == ranked, "largest first"
        expected = torch.zeros_like(flat)
        for i in ranked:
            expected[i] = max(flat[i], 0) if positive else flat[i]
        assert torch.equal(row, expected.view_as(row)) and torch.equal(values, expected[ranked])


def test_ties_are_broken_so_that_k_entries_remain():
    kept = TopK(2)(torch.ones(1, 5))
    assert kept.sum() == 2 and (kept != 0).sum() == 2


def test_top_k_of_large_negative_values():
    masses = torch.tensor([[1.0, -3.0, 2.0, -0.5]])
    assert TopK(2)(masses).tolist() == [[0, -3, 2, 0]]
    assert TopK(3, positive=True)(masses).tolist() == [[1, 0, 2, 0]]


def test_events_are_densities_and_repeated_places_add_up():
    events = Events(torch.tensor([[0.5, 0.25, 1.0]]), torch.tensor([[7, 7, 0]]), (2, 3, 2))
    code = events.code()
    assert code.shape == (1, 2, 3, 2)
    assert code[0, 1, 0, 1] == 6 * 0.75 and code[0, 0, 0, 0] == 6 and code.sum() == 6 * 1.75
    vectors = Events(torch.tensor([[2.0]]), torch.tensor([[1]]), (3,))
    assert vectors.code().tolist() == [[0, 2, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SoftThreshold(-0.1), r"threshold = -0.1: should be a finite number ≥ 0"),
        (lambda: SoftThreshold(float("nan")), r"threshold = nan"),
        (lambda: TopK(0), r"k = 0: should be a whole number ≥ 1"),
        (lambda: TopK(2.0), r"k = 2.0"),
        (lambda: TopK(5).select(torch.ones(2, 4)), r"k = 5: should be at most the 4 entries of a code"),
    ],
)
def test_errors_name_the_argument_and_its_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
