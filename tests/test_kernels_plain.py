"""The plain functions of the kernels, and models that go through them: the same as through dense codes, to rounding."""

import copy
import sys
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno import DenseDictionary, OneStep, ReLU, SparseAutoencoder, TopK, fit
from saeno.dictionaries import dense
from saeno.kernels import decode, modes, order, select, shrink, spectral
from saeno.losses import AuxK, squared_error
from saeno.sparsity import Events
from tests.helpers import normal

training = sys.modules["saeno.training.fit"]  # which `saeno.training` hides behind its function


@pytest.fixture
def small(monkeypatch):
    """Codes of any size count as large ones."""
    monkeypatch.setattr(dense, "large", lambda batch, concepts: True)


def places(batch, k, concepts, seed=0):
    return torch.randint(concepts, (batch, k), generator=torch.Generator().manual_seed(seed))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 700), st.booleans(), st.integers(0, 99), st.data())
def test_the_k_largest_are_those_of_a_stable_sort(batch, entries, equals, seed, data):
    k = data.draw(st.integers(1, min(entries, 30)))
    score = normal(batch, entries, seed=seed)
    score = score.round() if equals else score
    assert torch.equal(select.places(score, k), select.places_plainly(score, k))


def test_the_k_largest_of_equals_of_the_closed_and_of_nan():
    assert TopK(2).select(torch.ones(1, 500)).indices.tolist() == [[0, 1]]
    assert TopK(3).select(torch.tensor([[1.0, 2, 2, -2, 1]])).indices.tolist() == [[1, 2, 3]]
    closed = torch.zeros(1, 200, dtype=torch.bool).index_fill(1, torch.arange(5), True)
    assert TopK(2).select(torch.ones(1, 200), closed).indices.tolist() == [[5, 6]]
    score = torch.full((2, 300), torch.nan)
    score[1] = torch.arange(300.0)
    assert select.places(score, 2)[1].tolist() == [299, 298]


@pytest.mark.parametrize("case", [(3, 2, 5, 7), (1, 1, 1, 1), (9, 1, 13, 4), (5, 4, 6, 1), (2, 20, 7, 3)], ids=str)
def test_decode_is_its_definition_and_its_gradients_are_right_to_second_order(case):
    batch, k, m, p = case
    values, atoms, towards = normal(batch, k), normal(p, m, seed=1), normal(batch, m, seed=2)
    at = places(batch, k, p)
    pairs = [
        (lambda v, a: decode.decoded(v, at, a), lambda v, a: decode.decoded_plainly(v, at, a), (values, atoms)),
        (lambda g, a: decode.matched(g, at, a), lambda g, a: decode.matched_plainly(g, at, a), (towards, atoms)),
        (
            lambda v, g: decode.gathered(v, at, g, p),
            lambda v, g: decode.gathered_plainly(v, at, g, p),
            (values, towards),
        ),
    ]
    for ours, plainly, parts in pairs:
        parts = [one.requires_grad_() for one in parts]
        assert torch.allclose(ours(*parts), plainly(*parts), atol=1e-12)
        assert torch.autograd.gradcheck(plainly, parts) and torch.autograd.gradcheck(ours, parts)
        assert torch.autograd.gradgradcheck(ours, parts)
        one, other = (one.detach() for one in parts)
        slopes = [torch.func.grad(lambda v, f=f, other=other: f(v, other).sum())(one) for f in (ours, plainly)]
        assert torch.allclose(*slopes, atol=1e-12)


def test_decode_of_nothing_and_of_any_strides():
    atoms, towards = normal(5, 6).float(), normal(4, 6).float()
    values, at = normal(4, 3).float(), places(4, 3, 5)
    for v, i, a, g in [
        (values[:0], at[:0], atoms, towards[:0]),
        (values.T.contiguous().T, at.T.contiguous().T, atoms.T.contiguous().T, towards[:, :1].expand(4, 6)),
        (0 * values, torch.full_like(at, 2), atoms, towards),
    ]:
        assert torch.allclose(decode.decoded(v, i, a), decode.decoded_plainly(v, i, a), atol=1e-6)
        assert torch.allclose(decode.matched(g, i, a), decode.matched_plainly(g, i, a), atol=1e-6)
        assert torch.allclose(decode.gathered(v, i, g, 5), decode.gathered_plainly(v, i, g, 5), atol=1e-5)


def test_an_order_is_found_once_for_a_list_and_again_when_the_list_changed(monkeypatch):
    made, sort = [], order.sort
    monkeypatch.setattr(order, "sort", lambda flat, concepts: made.append(concepts) or sort(flat, concepts))
    at = places(4, 3, 5)
    first = order.order(at, 5)
    assert order.order(at, 5) is first and made == [5]
    assert order.order(at, 6) is not first and made == [5, 6]
    at[0, 0] = 4 - at[0, 0]
    assert order.order(at, 6).entry.tolist() == at.flatten().sort(stable=True).indices.tolist() and len(made) == 3
    for concepts in (5, 2**16, 2**16 + 1):  # by digits, and by comparison
        found = sort(at.flatten(), concepts)
        assert found.entry.tolist() == at.flatten().sort(stable=True).indices.tolist()
        assert found.start.tolist()[:6] == [int((at < c).sum()) for c in range(6)] and len(found.start) == concepts + 1


@pytest.mark.parametrize("by_size", [True, False])
@pytest.mark.parametrize("biased", [True, False])
def test_encode_is_its_definition_in_any_blocks(by_size, biased, monkeypatch):
    monkeypatch.setattr(select, "ROWS", 2)
    monkeypatch.setattr(select, "BLOCK", 1)
    signal, weight = normal(5, 4).requires_grad_(), normal(300, 4, seed=1).requires_grad_()
    bias = normal(300, seed=2).requires_grad_() if biased else None
    given = [one for one in (signal, weight, bias) if one is not None]
    values, at = select.encoded(signal, weight, bias, 3, by_size)
    expected = select.encoded_plainly(signal, weight, bias, 3, by_size)
    assert torch.equal(at, expected[1]) and torch.allclose(values, expected[0], atol=1e-12)
    assert not at.requires_grad
    few = [one.detach()[:9].requires_grad_() for one in given]

    def chosen(*given):
        return select.encoded(*given, *[None] * (3 - len(given)), 3, by_size)[0]

    assert torch.autograd.gradcheck(chosen, few) and torch.autograd.gradgradcheck(chosen, few)


@pytest.mark.parametrize("kind", shrink.KINDS)
def test_shrinkage_step_is_its_definition(kind):
    ahead, step = normal(4, seed=4).abs(), torch.tensor(0.3).double()
    given = [normal(4, 3), normal(5, 3, seed=1), normal(4, 5, seed=2), normal(4, 5, seed=3)]
    level = normal(5, seed=5).abs()
    given = [one.requires_grad_() for one in given]

    def ours(r, d, z, o, cut=level):
        return shrink.shrunk(r, d, z, o, ahead, step, cut, kind)

    assert torch.allclose(ours(*given), shrink.shrunk_plainly(*given, ahead, step, level, kind), atol=1e-12)
    assert torch.autograd.gradcheck(ours, given)
    if kind != "jump":
        assert torch.autograd.gradcheck(ours, [*given, level.requires_grad_()])
    with pytest.raises(ValueError, match="kind = 'hard': should be one of soft, positive, jump"):
        shrink.shrunk(*given, ahead, step, level, "hard")


def test_a_jump_learns_its_level_from_the_band_around_it():
    """−(λ/width) Σ of the gradients of the codes whose v is within half a width of λ."""
    code, zero = torch.tensor([[0.4, 0.55, 0.9], [0.6, 0.1, 0.5]]).double(), torch.zeros(2, 3).double()
    level = torch.full((3,), 0.5).double().requires_grad_()
    towards = torch.tensor([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]).double()
    residual, atoms, ahead = torch.zeros(2, 1).double(), torch.zeros(3, 1).double(), torch.zeros(2).double()
    made = shrink.shrunk(residual, atoms, code, zero, ahead, torch.tensor(1.0).double(), level, "jump", 0.3)
    assert torch.equal(made, torch.where(code > 0.5, code, 0.0))
    (found,) = torch.autograd.grad(made, level, towards)
    assert torch.allclose(found, -torch.tensor([1.0 + 8, 2, 32]).double() * 0.5 / 0.3)


def test_the_spectral_product_with_bias_and_threshold():
    value, bias = normal(2, 2, 8), normal(3, seed=1)
    spectrum = torch.complex(normal(2, 3, 3, seed=2), normal(2, 3, 3, seed=3))
    made = spectral.filtered(value, spectrum, (2,), (10,))
    expected = (made + bias[:, None] - 0.1).clamp(min=0)
    assert torch.equal(modes.activated(value, spectrum, (2,), (10,), bias, 0.1), expected)
    assert torch.equal(modes.filtered(value, spectrum, (2,), (10,)), made)


def models(positive=False, tied=False, loss=squared_error):
    """The same model with gradients through lists, and with gradients through a dense code."""
    model = SparseAutoencoder(DenseDictionary(6, 40), OneStep(TopK(3, positive), tied=tied)).double()
    if not tied:
        with torch.no_grad():
            model.inference.bias.copy_(0.1 * normal(40))
    dense_code = copy.deepcopy(model)

    def through(model, signal):
        masses = model.inference._masses(model.dictionary, signal)
        events = model.inference.sparsity.select(masses)
        return (signal - events.code() @ model.dictionary.weight).square().sum(1).mean() / 2

    return model, dense_code, through


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("positive", [True, False], ids=["positive", "signed"])
def test_gradients_of_a_model_are_those_through_a_dense_code(positive, tied, small, monkeypatch):
    model, other, through = models(positive, tied)
    made, sort = [], order.sort
    monkeypatch.setattr(order, "sort", lambda flat, concepts: made.append(concepts) or sort(flat, concepts))
    signal = normal(7, 6)
    loss = squared_error(model, signal)
    loss.backward()
    assert len(made) == 1, "one sort for the encoder and the decoder"
    expected = through(other, signal)
    expected.backward()
    assert torch.allclose(loss, expected, rtol=1e-12)
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert (ours.grad - theirs.grad).norm() < 1e-12 * theirs.grad.norm()


def test_large_models_in_float32_have_the_gradients_of_autograd_and_the_same_bits_each_time():
    torch.manual_seed(0)
    signal = torch.randn(128, 32)
    model = SparseAutoencoder(DenseDictionary(32, 4096), OneStep(TopK(8), tied=False))
    assert decode.large(128, 4096)
    found = []
    for _ in range(2):
        model.zero_grad()
        squared_error(model, signal).backward()
        found.append([one.grad.clone() for one in model.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
    wide = copy.deepcopy(model).double()
    wide.zero_grad()
    masses = wide.inference._masses(wide.dictionary, signal.double())
    at = TopK(8).select(model.inference._masses(model.dictionary, signal)).indices
    code = Events(masses.gather(1, at), at, (4096,)).code()
    ((signal.double() - code @ wide.dictionary.weight).square().sum(1).mean() / 2).backward()
    for ours, theirs in zip(model.parameters(), wide.parameters(), strict=True):
        assert (ours.grad.double() - theirs.grad).norm() < 1e-5 * theirs.grad.norm()


def test_silent_selected_entries_have_no_gradient(small):
    """A fault of sparsify 1.3.3: with most of the selected entries at zero after the ReLU, gradients were far off."""
    model, other, through = models(positive=True)
    with torch.no_grad():
        for one in (model, other):
            one.inference.bias.sub_(2.0)
    signal = normal(50, 6)
    events = model.events(signal)
    assert (events.values == 0).double().mean() > 0.5
    squared_error(model, signal).backward()
    through(other, signal).backward()
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert theirs.grad.any() and (ours.grad - theirs.grad).norm() < 1e-12 * theirs.grad.norm()


def test_the_auxiliary_loss_reaches_the_encoder(small):
    """The other fault of sparsify 1.3.3: no gradient of the encoder from dead atoms."""
    model, other, _ = models(positive=True)
    signal, dead = normal(7, 6), torch.arange(0, 40, 2)
    loss = AuxK(3, weight=1.0, patience=1)
    loss.silent = torch.zeros(40, dtype=torch.long).index_fill(0, dead, 5)
    loss(model, signal).backward()
    masses = other.inference._masses(other.dictionary, signal)
    chosen = TopK(3, True).select(masses)
    residual = (signal - chosen.code() @ other.dictionary.weight).detach()
    among = loss.dead().nonzero().flatten()
    at = among[TopK(3).select(masses[:, among].clamp(min=-1e9) + 1e3).indices]
    values = masses.gather(1, at)
    values = values + (values.clamp(min=0) - values).detach()
    explained = Events(values, at, (40,)).code() @ other.dictionary.weight
    task = (signal - chosen.code() @ other.dictionary.weight).square().sum(1).mean() / 2
    (task + (residual - explained).square().sum(1).mean() / 2).backward()
    assert other.inference.encoder.weight.grad[dead].any()
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert (ours.grad - theirs.grad).norm() < 1e-12 * theirs.grad.norm()


def test_a_selection_among_some_atoms_is_a_selection_among_their_rows():
    """What an auxiliary loss needs: W restricted to dead atoms, whose gradient goes to the whole."""
    weight, signal, some = normal(9, 4).requires_grad_(), normal(3, 4, seed=1), torch.tensor([1, 4, 5, 8])
    values, at = select.encoded(signal, weight[some], None, 2, False)
    values.sum().backward()
    found, expected = weight.grad, (signal @ weight.detach().T)[:, some].topk(2)
    assert torch.equal(at, expected.indices)
    hits = torch.zeros(3, 9).double().scatter_add(1, some[at], torch.ones(3, 2).double())
    assert torch.allclose(found, hits.T @ signal)


def test_a_loss_of_a_sum_has_a_gradient_without_strides(small):
    model = SparseAutoencoder(DenseDictionary(6, 40), OneStep(TopK(3)))
    model.reconstruct(torch.randn(4, 6)).sum().backward()
    assert model.dictionary.weight.grad.isfinite().all()


def test_steps_are_compiled_as_a_whole(small):
    model = models()[0]
    signal = normal(7, 6)

    def values(signal):
        found, at = select.encoded(signal, model.inference.encoder.weight, model.inference.bias, 3, True)
        return decode.decoded(found, at, model.dictionary.weight)

    torch.compile(values, fullgraph=True, backend="aot_eager")(signal).square().sum().backward()
    compiled = [one.grad.clone() for one in model.parameters()]
    model.zero_grad()
    values(signal).square().sum().backward()
    for ours, theirs in zip(compiled, model.parameters(), strict=True):
        assert torch.allclose(ours, theirs.grad, rtol=1e-12)


def test_fit_trains_large_models_by_lists_and_a_fused_optimizer(monkeypatch):
    data = torch.randn(512, 8, generator=torch.Generator().manual_seed(0))

    def run(**more):
        model = SparseAutoencoder(DenseDictionary(8, 4096), OneStep(TopK(4), tied=False))
        made = []
        optimizer = more.pop("optimizer", torch.optim.Adam)
        fit(model, data, 4, batch=128, progress=False, lr=1e-3,
            optimizer=lambda *a, **k: made.append(optimizer(*a, **k)) or made[0], **more)  # fmt: skip
        return model, made[0].param_groups[0]

    monkeypatch.setattr(training, "FUSED", 2**16)
    by_lists, group = run()
    assert group["fused"] is True
    monkeypatch.setattr(dense, "large", lambda batch, concepts: False)
    by_codes, group = run(optimizer=partial(torch.optim.Adam, foreach=False))
    assert not group["fused"], "somebody chose"
    for ours, theirs in zip(by_lists.parameters(), by_codes.parameters(), strict=True):
        assert (ours - theirs).abs().max() < 1e-4
    monkeypatch.setattr(training, "FUSED", 2**30)
    assert run()[1]["fused"] is None
    assert run(optimizer=torch.optim.SGD)[1]["fused"] is None


def test_half_precision_under_autocast_and_other_sparsities_go_as_before(small):
    model = SparseAutoencoder(DenseDictionary(6, 40), OneStep(TopK(3)))
    with torch.autocast("cpu", torch.bfloat16):
        assert model.reconstruct(torch.randn(4, 6)).isfinite().all()
    with pytest.raises(ValueError, match=r"k = 41: should be at most the 40 entries of a code"):
        OneStep(TopK(41)).events(model.dictionary, torch.randn(4, 6))
    soft = SparseAutoencoder(DenseDictionary(6, 40), OneStep(ReLU()))
    assert soft(torch.randn(4, 6)).reconstruction.shape == (4, 6)
