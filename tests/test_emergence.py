"""What the laboratory on emergence measures with, against direct sums and autograd."""

import pytest
import torch

from saeno import DenseDictionary, OneStep, ReLU, SparseAutoencoder
from saeno.book.dynamics.emergence import canonical, lab, operators, pictures
from saeno.metrics import fvu
from saeno.operators import FNO, record, relative_l2


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_both_worlds_have_the_covariance_of_the_concept():
    """2·(13/12) events of unit norm per 32 places: C = s Σ over shifts of d dᵀ, in both."""
    d = lab.true().atoms(lab.NODES).flatten()
    theory = 2 * 13 / 12 / lab.NODES * sum(torch.outer(d.roll(s), d.roll(s)) for s in range(lab.NODES))
    for kind in ("sparse", "Gaussian"):
        x = lab.functions(kind, 40_000, seed=0)[:, 0]
        assert (x.T @ x / len(x) - theory).norm() / theory.norm() < 0.03, kind
        assert lab.vectors(x[:, None]).square().sum(1).mean() == pytest.approx(2 * 13 / 12, rel=0.02)


def test_true_atoms_are_closed_and_one_missing_is_noticed():
    hidden = lab.atoms(lab.true())
    found = lab.described(hidden, "ring", seed=0)
    assert found["share"] == found["closed"] == 1.0 and found["concept"] == pytest.approx(1.0, abs=1e-5)
    without = lab.closed(hidden[1:])  # each of the 31 others comes to the empty place once
    assert (without > 0.9).double().mean() == pytest.approx(31 / 32)
    turned = lab.described(lab.shifts(lab.scrambled(hidden[:1], seed=3)[0]), "ring", seed=0)
    assert turned["share"] == turned["closed"] == 1.0 and turned["concept"] < 0.8


def test_width_of_a_spike_a_constant_and_a_wave():
    spike, constant = torch.eye(lab.NODES)[:1], torch.ones(1, lab.NODES)
    wave = torch.cos(2 * torch.pi * 3 * torch.arange(lab.NODES) / lab.NODES)[None]
    assert lab.width(torch.cat([spike, constant, wave])).tolist() == pytest.approx([1 / lab.NODES, 1, 2 / 3])


def test_scrambled_atoms_keep_their_spectra():
    found = normal(6, lab.NODES)
    mixed = lab.scrambled(found, seed=1)
    sizes = torch.fft.rfft(found / found.norm(dim=1, keepdim=True)).abs()
    assert torch.allclose(torch.fft.rfft(mixed).abs(), sizes, atol=1e-5)
    assert (lab.scrambled(found, seed=2) - mixed).abs().max() > 0.1


def test_partners_look_at_others_only():
    """Two shifts of one function, turned in sign, and one alone."""
    function = normal(lab.NODES)
    found = torch.stack([function, -function.roll(5), normal(lab.NODES, seed=9)])
    best = lab.partners(found / found.norm(dim=1, keepdim=True))
    assert best[:2].tolist() == pytest.approx([1, 1], abs=1e-5) and best[2] < 0.9


def test_what_is_left_of_functions_with_the_true_atoms():
    x = lab.functions("sparse", 500, seed=0)
    model = pictures.with_atoms(lab.atoms(lab.true()))
    assert lab.left_over(model, x) == fvu(lab.vectors(x), model(lab.vectors(x)).reconstruction.detach()) < 0.05


def test_rows_of_the_table_are_in_the_order_of_their_places():
    hidden = lab.atoms(lab.true())
    mixed = torch.randperm(lab.NODES, generator=torch.Generator().manual_seed(0))
    rows, sign = pictures.order(-hidden[mixed])
    assert torch.equal((sign * -hidden[mixed])[rows], hidden)


def test_alignment_and_its_chance():
    A = normal(5, 5)
    A = A @ A.T
    assert canonical.alignment(A, 3 * A) == pytest.approx(1) and canonical.alignment(A, -A) == pytest.approx(-1)
    B = normal(5, 5, seed=1)
    direct = torch.corrcoef(torch.stack([A.flatten(), B.flatten()]))[0, 1]
    assert canonical.alignment(A, B) == pytest.approx(direct.item(), abs=1e-6)
    assert torch.allclose(canonical.by_chance(torch.eye(5), torch.eye(5), 10), torch.ones(10, dtype=torch.float64))


def test_six_are_those_of_the_definitions():
    h, W = normal(200, 4).requires_grad_(), normal(3, 4, seed=1)
    after = h @ W.T
    after.retain_grad()
    (after**3).sum().backward()
    found = canonical.six(h, after, W, orders=5)
    G = (3 * after.detach() ** 2).T @ (3 * after.detach() ** 2)
    assert found["after GZ"] == pytest.approx(canonical.alignment(G, W @ W.T), abs=1e-5)
    H = h.detach().T @ h.detach()
    assert found["before HZ"] == pytest.approx(canonical.alignment(H, W.T @ W), abs=1e-5)
    assert len(found) == 6 * 3 and all(-1 <= value <= 1 for value in found.values())


def test_gradients_of_an_autoencoder_are_those_of_its_weights():
    """∂ℓ/∂W = Σ g hᵀ, the two found by different ways."""
    model = SparseAutoencoder(DenseDictionary(4, 6), OneStep(ReLU(), tied=False, step=1.0))
    x = normal(50, 4)
    seen = canonical.layers(model, x)
    canonical.each_loss(model, x).sum().backward()
    encoder, decoder = (after.grad.T @ before.detach() for before, after, _ in seen.values())
    assert torch.allclose(encoder, model.inference.encoder.weight.grad, atol=1e-5)
    assert torch.allclose(decoder.T, model.dictionary.weight.grad, atol=1e-5)


def test_gradients_of_an_operator_are_those_of_its_weights():
    fno, x, y = FNO(1, 1, 6, 3, layers=3), normal(4, 1, 12), normal(4, 1, 12, seed=1)
    seen = operators.layers(fno, x, y)
    assert tuple(seen) == operators.LAYERS
    relative_l2(fno(x), y).sum().backward()
    weights = [layer.pointwise.weight for layer in fno.layers] + [fno.project[0].weight]
    for (before, after, W), weight in zip(seen.values(), weights, strict=True):
        assert W is weight
        assert torch.allclose(after.grad.T @ before.detach(), weight.grad, atol=1e-5)
    hidden = record(fno, x, ["lift", "layers.2"])
    assert torch.allclose(operators.as_functions(seen["layer 0"][0], x), hidden["lift"], atol=1e-6)
    assert torch.allclose(operators.as_functions(seen["layer 2"][1], x), hidden["layers.2"], atol=1e-6)


def test_means_over_layers():
    values = {
        f"{layer} {side} {pair}": float(i)
        for i, layer in enumerate("ab")
        for side in canonical.SIDES
        for pair in canonical.PAIRS
    }
    found = canonical.means(values, "ab", ("",))
    assert found["all"] == found["before HG"] == 0.5 and len(found) == 7
