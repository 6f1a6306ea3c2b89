"""The sparse generative model: what it draws, and that its events are the same signal on every grid."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno import metrics
from saeno.data import FunctionAtoms, SparseModel, families
from saeno.dictionaries import ConvDictionary, DenseDictionary, FourierDictionary, Lifted
from saeno.lifting import Lifting

DOUBLE = torch.double


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def functions(axes):
    rough = families.rough(modes=3, axes=axes)
    return FunctionAtoms([families.gaussian(0.1, axes), families.box(0.31, axes), rough], axes)


DICTIONARIES = {
    "dense": (DenseDictionary(4, 9), ()),
    "fourier": (FourierDictionary(2, 3, 3), (8,)),
    "fourier, two axes": (FourierDictionary(1, 3, (2, 1)), (5, 6)),
    "functions": (functions(1), (12,)),
    "functions, two axes": (functions(2), (6, 7)),
    "lifted": (Lifted(FourierDictionary(5, 3, 3), Lifting.orthonormal(2, 5)), (9,)),
    "conv": (ConvDictionary(2, 3, 4), (8,)),
}


def in_double(name):
    dictionary, grid = DICTIONARIES[name]
    return copy.deepcopy(dictionary).double(), grid


@pytest.mark.parametrize("name", DICTIONARIES)
def test_a_sample_is_the_synthesis_of_k_events_of_the_stated_mass(name):
    dictionary, grid = DICTIONARIES[name]
    signal, code = SparseModel(dictionary, 5, amplitude=(0.5, 1.5)).sample(50, grid, generator())
    assert signal.shape == (50, dictionary.channels, *grid) and code.shape == (50, dictionary.concepts, *grid)
    assert not signal.requires_grad
    assert (code != 0).flatten(1).sum(1).tolist() == [5] * 50  # distinct: no two events in one place
    mass = code[code != 0] / math.prod(grid)
    assert 0.5 <= mass.abs().min() < 0.55 and 1.45 < mass.abs().max() <= 1.5
    assert 0.35 < (mass < 0).double().mean() < 0.65
    torch.testing.assert_close(signal, dictionary.synthesis(code).detach())


def test_masses_have_one_sign_when_not_signed_and_positions_and_concepts_are_all_alike():
    model = SparseModel(functions(1), 4, amplitude=(1, 1), signed=False)
    code = model.sample(6000, 5, generator()).code
    assert set(code.unique().tolist()) == {0, 5}
    # Each of the 15 places is taken with probability 4/15, by 1600 of 6000 signals; five standard deviations are 171.
    assert ((code != 0).sum(0) - 1600).abs().max() < 175
    events = model.sample_events(6000, generator())
    assert (events.concept.flatten().bincount() / 8000 - 1).abs().max() < 0.06
    assert events.position.min() >= 0 and events.position.max() < 1
    assert (events.position.flatten().histc(4, 0, 1) / 6000 - 1).abs().max() < 0.06


def test_vectors_use_distinct_concepts():
    model = SparseModel(DenseDictionary(4, 6), 6)
    assert (model.sample(20, generator=generator()).code != 0).all()
    assert model.sample_events(3, generator()).position.shape == (3, 6, 0)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(sorted(DICTIONARIES)), st.integers(1, 6), st.integers(0, 100))
def test_rendering_events_on_nodes_is_synthesis_of_their_code(name, active, seed):
    dictionary, grid = in_double(name)
    model = SparseModel(dictionary, active)
    events = model.sample_events(3, generator(seed), grid=grid)
    synthesis = dictionary.synthesis(model.code(events, grid))
    torch.testing.assert_close(model.render(events, grid), synthesis, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(sorted(set(DICTIONARIES) - {"dense", "conv"})), st.integers(0, 100))
def test_events_anywhere_render_the_same_function_on_every_grid(name, seed):
    dictionary, grid = in_double(name)
    model = SparseModel(dictionary, 3)
    events = model.sample_events(2, generator(seed))
    coarse, fine = model.render(events, grid), model.render(events, tuple(3 * n for n in grid))
    every_third = (..., *[slice(None, None, 3)] * len(grid))
    torch.testing.assert_close(fine[every_third], coarse, rtol=1e-10, atol=1e-10)
    # The sum itself, event by event and node by node, for one node.
    u = torch.tensor([1 / n for n in grid], dtype=DOUBLE)
    direct = sum(
        events.mass[0, e] * dictionary.at((u - events.position[0, e]).unsqueeze(0))[events.concept[0, e], :, 0]
        for e in range(3)
    )
    torch.testing.assert_close(coarse[(0, slice(None), *[1] * len(grid))], direct, rtol=1e-10, atol=1e-10)


def test_codes_of_the_same_events_on_two_grids_are_one_measure():
    model = SparseModel(families.bumps_and_gabors(0), 4, signed=False)
    events = model.sample_events(8, generator(), grid=32)
    comparison = metrics.compare_codes(model.code(events, 96), model.code(events, 32))
    assert comparison == (pytest.approx(1), pytest.approx(0, abs=1e-5), pytest.approx(1))
    torch.testing.assert_close(model.code(events, 96).flatten(1).sum(1) / 96, events.mass.sum(1))


def test_events_in_one_place_add_and_positions_wrap_around():
    model = SparseModel(functions(1), 3)
    events = model.sample_events(1, generator(), grid=4)
    events = events._replace(
        concept=torch.tensor([[1, 1, 0]]),
        position=torch.tensor([[[0.25], [1.25], [0.9999999]]]),
        mass=torch.tensor([[1.0, 2.0, 5.0]]),
    )
    expected = torch.zeros(1, 3, 4)
    expected[0, 1, 1], expected[0, 0, 0] = 3 * 4, 5 * 4
    torch.testing.assert_close(model.code(events, 4), expected)


def test_noise_has_the_stated_size_relative_to_each_signal():
    model = SparseModel(FourierDictionary(2, 3, 4), 3, noise=0.5)
    signal, code = model.sample(200, 256, generator())
    clean = model.dictionary.synthesis(code).detach()
    ratio = (signal - clean).flatten(1).std(1) / clean.flatten(1).square().mean(1).sqrt()
    assert ratio.mean().item() == pytest.approx(0.5, rel=0.01) and ratio.std() < 0.03
    assert torch.equal(SparseModel(model.dictionary, 3).sample(200, 256, generator()).code, code)


@pytest.mark.parametrize("name", DICTIONARIES)
def test_the_same_generator_gives_the_same_bits(name):
    dictionary, grid = DICTIONARIES[name]
    model = SparseModel(dictionary, 3, noise=0.1)
    first, again, other = (model.sample(4, grid, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.signal, again.signal) and torch.equal(first.code, again.code)
    assert not torch.equal(first.code, other.code)
    for a, b in zip(model.sample_events(4, generator(1)), model.sample_events(4, generator(1)), strict=True):
        assert torch.equal(a, b)


def test_without_a_generator_torchs_own_is_used():
    model = SparseModel(functions(1), 3, noise=0.1)
    state = torch.random.get_rng_state()
    try:
        torch.manual_seed(5)
        first, second = model.sample(2, 16), model.sample(2, 16)
        torch.manual_seed(5)
        assert torch.equal(model.sample(2, 16).signal, first.signal)
    finally:
        torch.random.set_rng_state(state)
    assert not torch.equal(first.signal, second.signal)


def test_samples_have_the_dtype_of_the_dictionary():
    sample = SparseModel(DenseDictionary(4, 6).double(), 2, noise=0.1).sample(3)
    assert sample.signal.dtype == sample.code.dtype == DOUBLE


FUNCTIONS = SparseModel(functions(1), 3)


@pytest.mark.parametrize(
    "call, names",
    [
        (lambda: SparseModel(functions(1), 0), "active = 0"),
        (lambda: SparseModel(DenseDictionary(4, 6), 7), "active = 7"),
        (lambda: SparseModel(functions(1), 2, amplitude=(-1, 1)), r"amplitude = \(-1, 1\)"),
        (lambda: SparseModel(functions(1), 2, amplitude=(2, 1)), "amplitude"),
        (lambda: SparseModel(functions(1), 2, noise=-0.1), "noise = -0.1"),
        (lambda: FUNCTIONS.sample(2), "grid"),
        (lambda: SparseModel(functions(1), 7).sample(2, 2), "grid = 2 has 6 pairs"),
        (lambda: FUNCTIONS.code(FUNCTIONS.sample_events(2, generator()), 16), "off the nodes of grid"),
        (lambda: FUNCTIONS.render(FUNCTIONS.sample_events(2, generator()), (4, 4)), "grid"),
    ],
)
def test_errors_name_the_argument(call, names):
    with pytest.raises(ValueError, match=names):
        call()


@pytest.mark.parametrize("lift", [False, True])
def test_kernels_on_a_grid_cannot_be_rendered_between_nodes(lift):
    kernels = ConvDictionary(2, 3, 4)
    model = SparseModel(Lifted(kernels, Lifting.orthonormal(1, 2)) if lift else kernels, 3)
    with pytest.raises(ValueError, match="between nodes there is no code"):
        model.render(model.sample_events(2, generator()), 16)


@pytest.mark.parametrize("amplitude", [1.0, (1.0,), (0.5, math.inf), (2.0, 1.0), (math.nan, 1.0)])
def test_amplitudes_are_a_finite_pair(amplitude):
    with pytest.raises(ValueError, match="amplitude = "):
        SparseModel(DenseDictionary(4, 6), 2, amplitude=amplitude)


@pytest.mark.parametrize(("axes", "grid", "other"), [(1, (12,), 8), (1, (12,), (7,)), (2, (6, 7), (4, 9))])
def test_a_code_of_functions_is_rendered_on_any_grid(axes, grid, other):
    model = SparseModel(functions(axes).double(), 3)
    events = model.sample_events(4, generator(), grid=grid)
    rendered = model.dictionary.render(model.code(events, grid), other)
    torch.testing.assert_close(rendered, model.render(events, other))


def test_an_empty_batch_of_functions():
    dictionary, empty = FunctionAtoms([families.gaussian(0.1)]), torch.zeros(0, 1, 9)
    assert dictionary.analysis(empty).shape == dictionary.synthesis(empty).shape == (0, 1, 9)
    assert dictionary.render(empty, 6).shape == (0, 1, 6)
