"""Signals as they come: empty, with a NaN, in half precision, under autocast, not contiguous; and exported models."""

import copy

import pytest
import torch

from saeno import (
    BatchTopK,
    FourierDictionary,
    GroupSoftThreshold,
    JointTopK,
    JumpReLU,
    MatchingPursuit,
    OneStep,
    OnGrid,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    losses,
)
from saeno.inference import debias, fista, ista, omp
from tests.helpers import NAMES, normal, one_of_each

ENCODERS = {
    "soft": lambda: OneStep(SoftThreshold(0.1)),
    "accelerated": lambda: Unrolled(SoftThreshold(0.1, True), 3, accelerate=True),
    "relu": lambda: OneStep(ReLU(), tied=False),
    "jump": lambda: OneStep(JumpReLU(0.1), tied=False),
    "group": lambda: Unrolled(GroupSoftThreshold(0.1, 0.05), 2),
    "joint": lambda: Unrolled(JointTopK(2, 0.3), 2),
    "top": lambda: OneStep(TopK(3)),
    "batch": lambda: OneStep(BatchTopK(3)),
    "hard": lambda: Unrolled(TopK(3), 3),
    "pursuit": lambda: MatchingPursuit(2, concepts=1),
}
SOLVERS = {
    "ista": lambda d, x: ista(d, x, 0.1, 5).code,
    "fista": lambda d, x: fista(d, x, 0.1, 5).code,
    "omp": lambda d, x: omp(d, x, 2),
    "debias": lambda d, x: debias(d, x, (d.analysis(x) > 0.5).to(x)),
}


def model(name, encoder, dtype=torch.float64):
    dictionary, grid = one_of_each()[name]
    return SparseAutoencoder(dictionary.to(dtype), ENCODERS[encoder]()), normal(5, 2, *grid)


EVERY = pytest.mark.parametrize("encoder", ENCODERS)
NAMED = pytest.mark.parametrize("name", NAMES)


@NAMED
@EVERY
def test_a_signal_with_a_nan_or_an_infinity_shows_and_the_others_are_untouched(name, encoder):
    made, signal = model(name, encoder)
    others = [0, 1, 3, 4]
    for training in (True, False):
        expected = copy.deepcopy(made).train(training).encode(signal[others])
        for bad in (torch.nan, torch.inf, -torch.inf):
            spoiled = signal.clone()
            spoiled[2].view(-1)[0] = bad
            one = copy.deepcopy(made).train(training)
            code = one.encode(spoiled)
            assert not code[2].isfinite().all() and not one.reconstruct(spoiled)[2].isfinite().all()
            torch.testing.assert_close(code[others], expected)


@NAMED
@EVERY
def test_an_empty_batch_has_an_empty_code(name, encoder):
    made, signal = model(name, encoder)
    reconstruction, code = made(signal[:0])
    assert reconstruction.shape == signal[:0].shape and code.shape == (0, *made(signal)[1].shape[1:])
    assert made.reconstruct(signal[:0]).shape == signal[:0].shape


@NAMED
@EVERY
def test_a_signal_need_not_be_contiguous(name, encoder):
    made, signal = model(name, encoder)
    layouts = signal.movedim(1, -1).contiguous().movedim(-1, 1), torch.stack([signal, signal], -1)[..., 0]
    for other in (*layouts, signal[:1].expand(3, *signal.shape[1:])):
        torch.testing.assert_close(made.encode(other), made.encode(other.contiguous()))


@NAMED
@pytest.mark.parametrize("solver", SOLVERS)
def test_solvers_take_any_layout_and_empty_batches_and_name_what_they_do_not_take(name, solver):
    (dictionary, grid), solve = one_of_each()[name], SOLVERS[solver]
    signal = normal(3, 2, *grid)
    expected = solve(dictionary, signal)
    assert expected.any()
    torch.testing.assert_close(solve(dictionary, signal.movedim(1, -1).contiguous().movedim(-1, 1)), expected)
    assert solve(dictionary, signal[:0]).shape == expected[:0].shape
    with pytest.raises(ValueError, match="signal has NaN or infinite values"):
        solve(dictionary, signal.index_fill(0, torch.tensor([1]), torch.nan))
    with pytest.raises(TypeError, match=r"torch\.float32 or torch\.float64"):
        solve(dictionary.bfloat16(), signal.bfloat16())


@NAMED
@EVERY
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision(name, encoder, kind):
    made, signal = model(name, encoder, kind)
    reconstruction, code = made(signal.to(kind))
    assert reconstruction.dtype == code.dtype == kind
    losses.objective(made, signal.to(kind)).backward()
    gradient = made.dictionary.weight.grad
    assert gradient.isfinite().all() and gradient.any()


@NAMED
@EVERY
def test_autocast(name, encoder):
    made, signal = model(name, encoder, torch.float32)
    for kind in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", torch.bfloat16):
            losses.objective(made, signal.to(kind)).backward()
            assert made(signal.to(kind)).reconstruction.dtype == torch.float32
        assert made.dictionary.weight.grad.isfinite().all()


@pytest.mark.parametrize("name", ["dense", "conv", "fourier", "lifted-fourier"])
@pytest.mark.parametrize("encoder", ["soft", "jump", "top"])
def test_models_of_one_step_are_exported(name, encoder):
    made, signal = model(name, encoder, torch.float32)
    exported = torch.export.export(made, (signal.float(),)).module()(signal.float())
    for ours, theirs in zip(exported, made(signal.float()), strict=True):
        torch.testing.assert_close(ours, theirs)


@NAMED
def test_a_signal_on_another_device_is_named(name):
    made, signal = model(name, "top")
    with pytest.raises(ValueError, match="signal is on meta, the dictionary on cpu"):
        made(signal.to("meta"))


def test_what_is_no_code_is_named():
    for wrong in ([1.0], None, "code"):
        for call in (SoftThreshold(0.1), ReLU(), JumpReLU(0.1), JointTopK(1, 0.5), GroupSoftThreshold(0.1), TopK(1)):
            with pytest.raises(TypeError, match="should be a tensor"):
                call(wrong)


def test_an_encoder_on_a_grid_of_its_own_forwards_no_name_and_takes_no_write():
    wrapped = OnGrid(OneStep(ReLU()), 9)
    assert wrapped.sparsity is wrapped.inference.sparsity and wrapped.positive and not wrapped.makes_events
    with pytest.raises(AttributeError, match=r"sparsity is that of the wrapped encoder: set it there"):
        wrapped.sparsity = TopK(1)
    with pytest.raises(AttributeError, match="tied"):
        wrapped.tied  # noqa: B018
    wrapped.inference.sparsity = TopK(1)
    assert wrapped.makes_events
    assert wrapped.events(FourierDictionary(1, 3, 2), torch.ones(2, 1, 7)).values.shape == (2, 1)
