"""What the chapter on a trained operator ships and measures with: weights and their recipe, controls, detectors."""

import pytest
import torch

from saeno.book.interpretability.inside_an_fno import fno, lab, main
from saeno.data.pde import Pairs
from tests.helpers import normal

MOST = 4 * 2**20  # bytes of a file


@pytest.mark.parametrize("seed", lab.OPERATORS)
def test_shipped_weights_are_those_of_the_recipe_and_err_as_their_file_says(seed):
    """Tried: the file of another seed under this name, a weight changed by 1 %."""
    said, model = lab.recipe(seed), lab.operator(seed)
    assert lab.weights(seed).stat().st_size <= MOST
    assert {name: said[name] for name in lab.RECIPE} == lab.RECIPE
    assert (said["seed"], said["pairs"], said["nodes"]) == (seed, lab.TRAIN, lab.NODES)
    assert model.settings == lab.untrained(seed).settings
    assert lab.error(model, lab.held_out("judge")) == pytest.approx(said["error"]["held_out"], rel=1e-3)
    if seed == 0:
        pairs = Pairs(*(values.double() for values in lab.training()))
        assert lab.error(model, pairs) == pytest.approx(said["error"]["training"], rel=1e-3)


def test_a_short_run_of_the_recipe_comes_out_the_same_twice():
    pairs = Pairs(*(values[:40] for values in lab.training()))
    first, again, other = (lab.train(seed, pairs, steps=30).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)
    untrained, trained = (lab.error(model, pairs) for model in (lab.untrained(0), lab.train(0, pairs, steps=30)))
    assert trained < 0.7 * untrained


def test_random_atoms_have_the_covariance_of_the_layer():
    """Over many draws; white atoms would have as much energy at every frequency. Tried: atoms without moves."""
    x = lab.hidden(0, "judge")
    atoms = torch.cat([lab.random_atoms(x, seed).atoms(128).detach() for seed in range(40)])
    assert torch.allclose(atoms.square().mean(2).sum(1), torch.ones(len(atoms), dtype=atoms.dtype))
    own, theirs = (torch.cov(lab.points(value - value.mean((0, 2), keepdim=True)).T) for value in (x, atoms))
    assert torch.nn.functional.cosine_similarity(own.flatten(), theirs.flatten(), 0) > 0.98
    power = [fno.power(value)[1:17] / fno.power(value)[1:17].sum() for value in (x, atoms)]
    assert (power[0] - power[1]).abs().max() < 0.1 < (power[0] - 1 / 16).abs().max()


def test_a_frozen_encoder_does_not_learn_and_its_decoder_does():
    x = lab.hidden(0, "judge")
    made, start = lab.learned("frozen encoder", 4, x, 0, rate=0.01, steps=3), lab.model("frozen encoder", 4, x, 0)
    assert torch.equal(made.inference.atoms.weight, start.inference.atoms.weight)
    assert not torch.equal(made.dictionary.weight, start.dictionary.weight)


def test_principal_components_are_a_basis():
    """All of them, and all waves, give what has no frequency above 16 back; and few waves give what they hold."""
    x = fno.finer(normal(20, 32, 32), 4)
    mean = x.mean((0, 2), keepdim=True)
    assert (lab.pca(x, rank=32).rebuilt(x) - x).abs().max() <= 1e-10
    assert (lab.pca(x, waves=32 * 33).rebuilt(x) - x).abs().max() <= 1e-10
    few = lab.pca(x, waves=3).rebuilt(x) - mean
    assert 0 < few.square().sum() < (x - mean).square().sum()
    assert ((x - mean - few) * few).sum((1, 2)).abs().max() <= 1e-8  # an orthogonal projection of each function


def test_the_largest_codes_are_counted_by_function():
    x = lab.hidden(0, "judge")
    made = lab.learned("per point", 1, x, 0, rate=0.03, steps=2)
    maps = main.largest(made, 8).maps(x[:5])
    assert ((maps != 0).flatten(1).sum(1) == 8).all()
    assert main.largest(made, 128).rebuilt(x[:5]).allclose(lab.explained(made).rebuilt(x[:5]))


def test_a_detector_finds_what_is_planted_and_nothing_in_what_is_moved():
    """Concept 2, with the other sign, five nodes to the right, above a threshold. Tried: a move the wrong way round."""
    random = torch.Generator().manual_seed(0)
    places = torch.rand(30, 128, generator=random) < 0.02
    maps = 0.1 * torch.randn(30, 4, 128, generator=random).double()
    maps[:, 2] -= places.roll(5, 1).double()
    moved = torch.stack([row.roll(int(move)) for row, move in zip(places, range(20, 110, 3), strict=True)])
    wanted = torch.stack([main.widened(places), main.widened(moved)])
    right, wrong = main.best_detectors(maps, wanted)
    assert (right.sign, right.wide, right.concept, right.move) == (-1, True, 2, 5)
    assert right.f1 > 0.9 > 0.4 > wrong.f1
    assert main.f1_of(right, maps, wanted[0]) == pytest.approx(right.f1, abs=1e-5)


def test_events_of_a_function_that_is_known():
    """u = sin 2πx at the end: its steepest fall is at 1/2, it changes its sign at 0 and 1/2."""
    x = torch.arange(128).double() / 128
    wave = (2 * torch.pi * (x + 1 / 256)).sin()[None, None]
    found = main.events(Pairs(wave, wave))
    assert main.derivative(wave[:, 0]).allclose(2 * torch.pi * (2 * torch.pi * (x + 1 / 256)).cos()[None])
    assert found["signs"].nonzero()[:, 1].tolist() == [63, 127]
    sharp = (-200 * (x - 0.5).square()).exp()[None, None]
    assert main.events(Pairs(sharp, sharp))["shocks"].nonzero()[:, 1].tolist() == [70]
    wide = main.widened(found["signs"])
    assert wide.nonzero()[:, 1].tolist() == [0, 1, 61, 62, 63, 64, 65, 125, 126, 127]


def test_padding_in_fourier_is_the_same_function():
    x, fine = (torch.arange(n).double() / n for n in (16, 64))

    def function(x):
        return 0.5 + (6 * torch.pi * x).sin() + (14 * torch.pi * x).cos()

    assert (fno.finer(function(x)[None], 4) - function(fine)).abs().max() <= 1e-12
    high = (10 * torch.pi * x).cos()[None, None]  # frequency 5
    assert fno.tail(high, 5) <= 1e-12 and fno.tail(high, 4) == pytest.approx(1)


def test_the_rank_counts_channels():
    x = normal(4000, 3, 1)
    assert fno.participation(x) == pytest.approx(3, abs=0.05)
    assert fno.participation(x[:, :1] * torch.ones(1, 3, 1)) == pytest.approx(1)
