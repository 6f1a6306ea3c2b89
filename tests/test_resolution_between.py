"""A wave faster than the grid: what events between the nodes tell, against plain sums of cosines and sines."""

import math

import pytest
import torch

from saeno.book.operators.resolution import between
from saeno.data.families import gabor


def design(places, n, modes):
    """A row for each node of each signal, a column for each cosine and sine of an atom that is moved there."""
    u = (torch.arange(n).double() / n - torch.tensor(places, dtype=torch.double)[:, None]).flatten()[:, None]
    k = torch.arange(1, modes + 1).double()
    return torch.cat([torch.ones_like(u), (2 * math.pi * k * u).cos(), (2 * math.pi * k * u).sin()], 1)


@pytest.mark.parametrize(
    ("n", "modes", "offsets", "known"),
    [
        (16, 7, [0.0], True),
        (16, 8, [0.0], False),  # the wave of 8 on 16 nodes: its sine is 0
        (16, 8, [0.3, 0.3], False),
        (16, 15, [0.0, 0.4], True),
        (16, 15, [0.2, 0.2, 0.2], False),
        (16, 20, [0.0, 0.4], False),
        (16, 20, [0.0, 0.4, 0.7], True),
        (15, 22, [0.1, 0.6], False),
        (15, 22, [0.1, 0.6, 0.9], True),
    ],
)
def test_as_many_offsets_as_names_of_a_wave_tell_the_atom(n, modes, offsets, known):
    """Fails for the theorem with another count than (2M + 1)/n, rounded up."""
    needed = -(-(2 * modes + 1) // n)
    places = [(3 * i + offset) / n for i, offset in enumerate(offsets)]
    rank = torch.linalg.matrix_rank(design(places, n, modes), rtol=1e-9).item()
    assert (rank == 2 * modes + 1) == known == (len(set(offsets)) >= needed)


def test_signals_are_the_moved_atoms_at_the_nodes(monkeypatch):
    """Fails when an event is moved the other way, or a frequency is folded to another: drop the minus of `_turned`."""
    monkeypatch.setattr(between, "NOISE", 0.0)
    seen, places, masses = between.sample(seed=3)
    x = torch.fft.ifft(seen, norm="forward").real
    u = torch.arange(between.NODES).double() / between.NODES - places[..., None]
    atom = gabor(between.FASTER, 0.03)((u % 1).reshape(-1, 1)).view(u.shape)
    wanted = (masses[..., None] * atom).sum(1)
    assert torch.allclose(x / x.norm(), wanted / wanted.norm(), atol=1e-6)


@pytest.mark.parametrize("on_nodes", [False, True])
def test_known_places_between_nodes_give_the_atom_and_on_nodes_its_mean_with_the_alias(monkeypatch, on_nodes):
    """Fails when singular equations are solved by dividing by rounding errors: `rcond=0` in `solve`."""
    monkeypatch.setattr(between, "NOISE", 0.0)
    truth = between.truth()
    found = between.solve(between.sample(seed=4, on_nodes=on_nodes))
    wanted = (truth + between.renamed(truth)) / 2 if on_nodes else truth
    assert (found - wanted).abs().max() < 1e-8


def test_events_are_found_where_they_are(monkeypatch):
    """Fails when an event is put on the nearest node: `fine=NODES` in `find`."""
    monkeypatch.setattr(between, "NOISE", 0.0)
    right = between.sample(seed=5)
    far = (right.places[:, 0] - right.places[:, 1] + 0.5) % 1 - 0.5
    apart = far.abs() > 0.2
    found, left = between.find(between.truth(), right.seen)
    off = (found.places[:, :, None] - right.places[:, None] + 0.5) % 1 - 0.5
    assert off[apart].abs().amin(2).max() <= 0.5 / between.FINE + 1e-3 / between.NODES and left < 0.02


def test_the_other_name_has_the_same_values_on_the_nodes():
    """Fails when the wave k is renamed to another than k − 128: 127 − k there."""
    truth = between.truth()
    other = between.renamed(truth)
    assert torch.allclose(between.fold(truth), between.fold(other), atol=1e-12)
    assert between.WAVES[truth.abs().argmax()].abs() == 100 and between.WAVES[other.abs().argmax()].abs() == 28
    assert torch.equal(between.renamed(other), truth)


def test_an_atom_is_drawn_on_the_truth_wherever_it_lies():
    """Fails when it is moved the wrong way: `WAVES * -shift` in `in_the_middle`."""
    truth = between.truth()
    moved = 3 * truth * between._turned(between.WAVES * torch.tensor(0.25).double())
    right, found = between.in_the_middle(moved)
    assert between.cosine(moved, truth) == pytest.approx(1) and right.abs().argmax() == 1024
    assert torch.allclose(right, found, atol=1e-9)
