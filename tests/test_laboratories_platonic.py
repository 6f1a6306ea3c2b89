"""What the chapter on networks that agree ships and measures with: weights, recipes, rows, residuals, chance."""

import itertools

import numpy as np
import pytest
import torch
from scipy.spatial import procrustes as scipy_procrustes

from saeno.book.interpretability.platonic import chance, concepts, lab
from saeno.data.pde import Pairs, burgers, solve_burgers
from saeno.metrics import linear_cka, match_atoms, mutual_neighbours
from tests.helpers import normal

MOST = 4 * 2**20  # bytes of a file
SHIPPED = list(itertools.product(lab.RECIPES, lab.SEEDS))


@pytest.mark.parametrize("kind, seed", SHIPPED)
def test_shipped_weights_are_those_of_the_recipe_and_err_as_their_file_says(kind, seed):
    """Tried: the file of another seed under this name."""
    said, model = lab.recipe(kind, seed), lab.network(kind, seed)
    assert lab.weights(kind, seed).stat().st_size <= MOST
    assert {name: said[name] for name in lab.RECIPES[kind]} == lab.RECIPES[kind]
    assert (said["seed"], said["pairs"], said["nodes"]) == (seed, lab.TRAIN, lab.NODES)
    assert model.settings == lab.untrained(kind, seed).settings
    few = Pairs(*(values[:50] for values in lab.solved(kind, lab.asked())))
    assert lab.inside.error(model, few) == pytest.approx(said["error"]["held_out"], rel=0.2)
    if seed == 0:
        whole = lab.solved(kind, lab.asked())
        assert lab.inside.error(model, whole) == pytest.approx(said["error"]["held_out"], rel=1e-3)


@pytest.mark.parametrize("kind", lab.RECIPES)
def test_a_short_run_of_the_recipe_comes_out_the_same_twice(kind):
    pairs = Pairs(*(values[:40] for values in lab.inside.training()))
    first, again, other = (lab.train(kind, seed, pairs, steps=30).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)
    wanted = lab.solved(kind, pairs)
    before, after = (
        lab.inside.error(model, wanted) for model in (lab.untrained(kind, 0), lab.train(kind, 0, pairs, 30))
    )
    assert after < before


def test_networks_have_as_many_weights_and_no_two_start_alike():
    counts = {kind: sum(p.numel() for p in lab.untrained(kind, 0).parameters()) for kind in lab.KINDS}
    assert max(counts.values()) < 1.06 * min(counts.values())
    one, other = (lab.untrained(kind, 0).state_dict() for kind in ("FNO", "heat FNO"))
    assert not torch.equal(one["lift.weight"], other["lift.weight"])


def test_functions_asked_about_are_new_and_those_of_the_settings():
    new, old = lab.asked().input[:, 0], torch.cat([lab.inside.training().input, lab.inside.held_out("judge").input])
    assert torch.cdist(new, old[:, 0].double()).min() > 1e-3
    assert lab.asked("louder").input.allclose(2 * lab.asked().input)
    power = [torch.fft.rfft(lab.asked(data).input).abs().square().mean((0, 1)) for data in ("held-out", "rougher")]
    assert power[1][15:21].sum() > 3 * power[0][15:21].sum()
    heat = lab.solved("heat FNO", lab.asked()).output
    k = torch.arange(65).double()
    factor = torch.exp(-lab.VISCOSITY * lab.TIME * (2 * torch.pi * k) ** 2)
    assert torch.fft.rfft(heat).allclose(torch.fft.rfft(lab.asked().input) * factor, atol=1e-9)


@pytest.mark.parametrize("kind", lab.KINDS)
def test_rows_have_all_that_similarities_look_at(kind):
    """Tried: rows without the root of the eigenvalues."""
    every, found = lab.layers(kind, 0), lab.known(kind, 0)
    assert len(found.every) == len(every) == len(lab.LAYERS[kind])
    for x, made in zip(every, found.every, strict=True):
        assert linear_cka(x, made) == pytest.approx(1) and mutual_neighbours(x, made) == pytest.approx(1)
        away = x - x.mean(0)
        assert made.square().sum() == pytest.approx(away.square().sum() / x[0, 0].numel())  # means over the grid
    assert mutual_neighbours(found.middle, lab.middle(kind, 0)) == pytest.approx(1)


def test_names_of_what_is_compared():
    assert lab.layers("U-Net", 0, nodes=256)[0].shape[2] == 256
    assert not lab.known("untrained FNO", 0).middle.equal(lab.known("FNO", 0).middle)
    assert lab.rank(lab.known("PCA of the input", 0).middle) <= 8
    assert linear_cka(lab.known("halfway", 0).middle, lab.halfway("held-out")) == pytest.approx(1)
    with pytest.raises(KeyError):
        lab.known("ResNet", 0)


def test_halfway_is_on_the_way():
    """From there the rest of the time leads to the output."""
    end = solve_burgers(lab.halfway("held-out")[:5], lab.VISCOSITY, lab.TIME / 2)
    assert (end - lab.asked().output[:5]).norm() < 0.01 * end.norm()
    start = burgers(3, lab.NODES, 0, lab.VISCOSITY, lab.TIME / 2, dtype=torch.double, progress=False)
    assert start.output.equal(lab.halfway()[:3]) and start.input.allclose(lab.inside.training().input[:3].double())


def test_the_lift_has_the_distances_of_the_input():
    """Why it is no hidden layer here."""
    lift = lab.record(lab.network("FNO", 0), lab.asked().input, "lift")["lift"]
    assert mutual_neighbours(lift, lab.asked().input) == pytest.approx(1)
    assert linear_cka(lift, lab.asked().input) == pytest.approx(1)


def test_what_is_linear_in_input_and_output_is_taken_out(monkeypatch):
    """Of a layer that is a linear map of both nothing is left; of its square nearly all that is no mean."""

    def layer(u):
        return u.roll(3, 2) * 2 + 1

    monkeypatch.setattr(lab, "network", lambda *_: None)
    monkeypatch.setattr(lab, "record", lambda model, u, name: {name: layer(u)})
    monkeypatch.setattr(lab, "middle", lambda *_: layer(lab.asked().input))
    assert lab.beyond.__wrapped__("FNO", 0).abs().max() < 1e-3
    monkeypatch.setattr(lab, "record", lambda model, u, name: {name: u**2})
    monkeypatch.setattr(lab, "middle", lambda *_: lab.asked().input ** 2)
    squares = lab.asked().input[:, 0] ** 2
    left, whole = lab.beyond.__wrapped__("FNO", 0).square().sum(), (squares - squares.mean(0)).square().sum() / 128
    assert 0.5 * whole < left < 1.5 * whole


def test_the_formula_of_chance_is_the_mean_over_all_orders():
    """Of five inputs all 120 can be listed."""
    a, b = normal(5, 3), normal(5, 2, 4, seed=1)
    orders = [linear_cka(a[list(order)], b) for order in itertools.permutations(range(5))]
    assert chance.by_chance(a, b) == pytest.approx(np.mean(orders), abs=1e-12)
    near = [mutual_neighbours(a[list(order)], b, 2) for order in itertools.permutations(range(5))]
    assert np.mean(near) == pytest.approx(2 / 4)


def test_the_rank_counts_dimensions():
    assert lab.rank(normal(4000, 3)) == pytest.approx(3, abs=0.05)
    assert lab.rank(normal(50, 1) * torch.ones(1, 7)) == pytest.approx(1)


def test_procrustes_is_that_of_scipy():
    """SciPy's disparity is 1 − s². Of a representation that is turned it is 0."""
    a, b = normal(30, 4), normal(30, 4, seed=1)
    found = lab.procrustes(a, b)
    assert 1 - found["procrustes"] ** 2 == pytest.approx(scipy_procrustes(a.numpy(), b.numpy())[2], abs=1e-9)
    turned = 3 * a @ torch.linalg.qr(normal(4, 4, seed=2)).Q + 1
    tied = lab.procrustes(a, turned)
    assert tied["procrustes"] == pytest.approx(1) and tied["procrustes_chance"] < 0.6
    assert abs(found["procrustes"] - found["procrustes_chance"]) < 0.15


def test_the_terms_of_a_deeponet_add_up_to_its_output():
    model, u = lab.network("DeepONet", 0), lab.asked().input[:7]
    terms = concepts.functions(model, u, "")
    assert terms.shape == (7, 64, lab.NODES)
    assert (terms.sum(1, keepdim=True) + model.bias.detach()).allclose(model(u).detach(), atol=1e-10)


def test_codes_need_no_matching():
    """Concepts in another order, with other signs, each of them moved: codes have the same inner products."""
    codes, order = normal(12, 4, 16), torch.tensor([2, 0, 3, 1])
    signs = torch.tensor([1.0, -1, -1, 1]).double()[:, None]
    other = torch.stack([codes[:, i].roll(3 * int(i) + 1, 1) for i in order], 1) * signs
    assert linear_cka(codes, other) == pytest.approx(1) and mutual_neighbours(codes, other, 3) == pytest.approx(1)
    match = match_atoms(codes.transpose(0, 1), other.transpose(0, 1))
    assert concepts.matched(match) == pytest.approx(1)


def test_maps_are_smoothed_and_on_the_same_nodes():
    x = torch.arange(64).double() / 64
    wave = (2 * torch.pi * 5 * x).cos()[None, None]
    fine = (2 * torch.pi * 5 * torch.arange(128).double() / 128).cos()
    made = concepts.smooth(wave)[0, 0]
    assert made.allclose(fine * made[0], atol=1e-12) and 0.5 < made[0] < 1
