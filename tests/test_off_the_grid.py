"""The solvers behind *Off the grid*, against their certificates and exact answers."""

import torch

from saeno.book.operators.functions import main as functions
from saeno.book.operators.off_the_grid import main as off_the_grid
from saeno.book.operators.off_the_grid.places import blasso, read

BUMP, LAMBDA = off_the_grid.bump(0.03), 0.1
NODES = torch.arange(64).double() / 64


@torch.no_grad()
def signal(places, masses):
    return sum(mass * BUMP.at(NODES - place)[0, 0] for place, mass in zip(places, masses, strict=True))


@torch.no_grad()
def test_one_event_off_the_grid_is_exact():
    """Fails when a slope of the objective is wrong: multiply that of the places by 2."""
    places, masses = blasso(BUMP, signal([0.37], [1.2]), LAMBDA)[-1]
    torch.testing.assert_close(places, torch.tensor([0.37]).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(masses, torch.tensor([1.2 - LAMBDA]).double(), atol=1e-6, rtol=0)


@torch.no_grad()
def test_impulses_off_the_grid_have_a_certificate():
    """η is evaluated by another way than the solver's. Fails when the solver stops early: give it two rounds."""
    x = signal([0.98, 0.06, 0.5], [1.0, 0.8, 0.6])
    places, masses = blasso(BUMP, x, LAMBDA)[-1]
    everywhere = off_the_grid.eta(BUMP, x, places, masses, torch.arange(2000).double() / 2000)
    assert everywhere.max() < LAMBDA * 1.001
    at = off_the_grid.eta(BUMP, x, places, masses, places)
    torch.testing.assert_close(at, torch.full_like(at, LAMBDA), atol=1e-5, rtol=0)


def test_neighbours_are_one_event_across_the_ends():
    """Fails when the ends are not joined: two events would be read."""
    masses = torch.zeros(10).double()
    masses[9], masses[0], masses[4] = 0.3, 0.6, 0.5
    found = {name: at % 1 for name, at in read(masses, 0.2).items()}
    wanted = {"node": [0.0, 0.4], "centre": [0.966666667, 0.4], "back": [0.963636364, 0.4]}
    for name, at in wanted.items():
        torch.testing.assert_close(found[name], torch.tensor(at).double(), atol=1e-7, rtol=0)


@torch.no_grad()
def test_a_peak_is_one_high_and_an_impulse_has_mass_one():
    """Fails when one of them forgets a factor n."""
    assert abs(functions.peak(100)[37] - 1) < 1e-10 and functions.peak(100).argmax() == 37
    assert functions.impulse(64, 3).mean() == 1
