"""Dictionaries of known coherence, against what is known of them.

Tried, each failing here: waves without the factor 1/√m, a simplex that is not centred, a frame from the other
eigenvalue of a conference matrix that counts 0 as a square.
"""

import math

import pytest
import torch

from saeno.data import equiangular, simplex, spikes_and_waves
from saeno.metrics import babel, coherence


def gram(dictionary):
    atoms = dictionary.atoms().detach()
    return atoms @ atoms.T


def frame_operator(dictionary):
    atoms = dictionary.atoms().detach()
    return atoms.T @ atoms


def eye(n):
    return torch.eye(n, dtype=torch.float64)


@pytest.mark.parametrize("length", [1, 2, 4, 16, 64])
def test_spikes_and_waves_are_two_bases_as_far_apart_as_can_be(length):
    both = spikes_and_waves(length)
    assert (both.concepts, both.channels) == (2 * length, length)
    table = gram(both)
    for basis in (table[:length, :length], table[length:, length:]):
        torch.testing.assert_close(basis, eye(length), rtol=0, atol=1e-12)
    torch.testing.assert_close(table[:length, length:].abs(), torch.full((length, length), length**-0.5).double())
    torch.testing.assert_close(frame_operator(both), 2 * eye(length), rtol=0, atol=1e-12)
    if length > 1:
        assert babel(both, 2) == pytest.approx(2 * length**-0.5, abs=1e-12)


@pytest.mark.parametrize("root", [2, 4, 8])
def test_a_comb_of_spikes_is_a_sum_of_waves(root):
    atoms = spikes_and_waves(root**2).atoms().detach()
    comb = atoms[: root**2 : root].sum(0)
    torch.testing.assert_close(comb, atoms[root**2 : root**2 + root].sum(0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dimensions", [1, 2, 5, 20])
def test_a_simplex_has_one_angle_and_adds_up_to_zero(dimensions):
    corners = simplex(dimensions)
    table = gram(corners)
    expected = eye(dimensions + 1) * (1 + 1 / dimensions) - 1 / dimensions
    torch.testing.assert_close(table, expected, rtol=0, atol=1e-12)
    assert torch.linalg.matrix_rank(table) == dimensions
    assert corners.atoms().sum(0).abs().max() < 1e-12


@pytest.mark.parametrize("prime", [5, 13, 29, 113])
def test_an_equiangular_frame_attains_the_bound_of_welch(prime):
    frame = equiangular(prime)
    p, m = frame.concepts, frame.channels
    assert (p, m) == (prime + 1, (prime + 1) // 2)
    torch.testing.assert_close(frame_operator(frame), 2 * eye(m), rtol=0, atol=1e-12)
    table = gram(frame)
    torch.testing.assert_close(table.diagonal(), torch.ones(p).double(), rtol=0, atol=1e-12)
    apart = table[~torch.eye(p, dtype=torch.bool)].abs()
    torch.testing.assert_close(apart, torch.full_like(apart, prime**-0.5), rtol=0, atol=1e-12)
    assert coherence(frame) == pytest.approx(math.sqrt((p - m) / (m * (p - 1))), abs=1e-12)


@pytest.mark.parametrize(
    "call, names",
    [
        (lambda: spikes_and_waves(12), "length = 12: should be a power of 2"),
        (lambda: spikes_and_waves(0), "length = 0: should be a whole number"),
        (lambda: simplex(0), "dimensions = 0: should be a whole number"),
        (lambda: equiangular(7), "prime = 7: should be a prime that is 1 modulo 4"),
        (lambda: equiangular(9), "prime = 9: should be a prime"),
        (lambda: equiangular(1), "prime = 1: should be a prime"),
    ],
)
def test_what_there_is_not_is_named(call, names):
    with pytest.raises(ValueError, match=names):
        call()
