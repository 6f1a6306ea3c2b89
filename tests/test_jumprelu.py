"""The jump, and the estimate of a derivative that is zero almost everywhere: against the formula, and against what it
estimates.
"""

import math

import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    JumpReLU,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
    losses,
)
from saeno.data import SparseModel
from tests.helpers import NAMES, count, normal, one_of_each

EACH = pytest.mark.parametrize("name", NAMES)


def attached(concepts, threshold=0.4, bandwidth=0.3):
    """A JumpReLU with thresholds of its own for each concept."""
    jump = JumpReLU(threshold, bandwidth)
    jump.attach(torch.zeros(concepts, 1, dtype=torch.float64))
    with torch.no_grad():
        jump.log_threshold += normal(concepts) / 4
    return jump


@pytest.mark.parametrize("step", [1.0, 0.5])
def test_it_keeps_what_exceeds_the_threshold_as_it_is(step):
    jump, value = attached(5), normal(40, 5, 3)
    theta = jump.theta.detach()
    expected = [[[v if v > step * theta[c] else 0.0 for v in row] for c, row in enumerate(one)] for one in value]
    assert torch.equal(jump(value, step).detach(), torch.tensor(expected, dtype=torch.float64))
    assert torch.equal(jump.active(value, step).detach(), (jump(value, step) != 0).double())
    assert jump.penalty(value) == 0


def test_without_a_model_the_threshold_is_a_constant():
    value = torch.tensor([[-1.0, 0.2, 0.4, 3.0]])
    assert JumpReLU(0.3)(value).tolist() == [[0, 0, pytest.approx(0.4), 3]] and JumpReLU(0.3).theta == 0.3
    assert JumpReLU(0.3)(value, 0.5).tolist() == [[0, pytest.approx(0.2), pytest.approx(0.4), 3]]


@pytest.mark.parametrize("step", [1.0, 0.5])
def test_derivatives_are_those_of_the_docstring(step):
    concepts, bandwidth = 4, 0.3
    jump, value = attached(concepts, bandwidth=bandwidth), normal(200, concepts, 3).requires_grad_()
    theta, weights = jump.theta.detach(), normal(200, concepts, 3, seed=1)
    near = ((value.detach() / step - theta.view(-1, 1)).abs() < bandwidth / 2).double() / bandwidth
    assert 0.05 < (near > 0).double().mean() < 0.5
    by_value, by_log = torch.autograd.grad((weights * jump(value, step)).sum(), [value, jump.log_threshold])
    torch.testing.assert_close(by_value, weights * (value > step * theta.view(-1, 1)))
    expected = -(weights * step * theta.view(-1, 1) * near).sum((0, 2))
    torch.testing.assert_close(by_log, theta * expected)  # dθ = θ d(log θ)
    (by_log,) = torch.autograd.grad((weights * jump.active(value, step)).sum(), [jump.log_threshold])
    torch.testing.assert_close(by_log, theta * -(weights * near).sum((0, 2)))


@pytest.mark.parametrize("step", [1.0, 0.4])
def test_the_estimates_are_of_the_derivative_of_an_expectation(step):
    """E ½(target − jump(v))² and P(v > αθ) over a million values, by finite differences in θ."""
    threshold, reach = 0.8, 0.05
    jump = JumpReLU(threshold, bandwidth=2 * reach)
    jump.attach(torch.zeros(1, 1, dtype=torch.float64))
    masses = normal(1_000_000, 1)
    value, target = step * masses, masses + 0.3

    def expectations(theta):
        kept = (masses > theta).double()
        return ((target - value * kept).square() / 2).mean(), kept.mean()

    differences = [(b - a) / (2 * reach) for a, b in zip(*map(expectations, (threshold - reach, threshold + reach)))]  # noqa: B905
    means = (target - jump(value, step)).square().mean() / 2, jump.active(value, step).mean()
    for mean, difference in zip(means, differences, strict=True):
        (slope,) = torch.autograd.grad(mean, [jump.log_threshold])
        assert slope.item() / threshold == pytest.approx(difference.item(), rel=0.03) and abs(difference) > 0.02


@EACH
def test_one_step_jumps_at_thresholds_in_masses(name):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    for settings in ({"step": 0.5}, {"tied": False}):
        model = SparseAutoencoder(dictionary, OneStep(JumpReLU(0.1), **settings))
        jump = model.inference.sparsity
        assert jump.log_threshold.shape == (dictionary.concepts,) and jump.log_threshold.dtype == torch.float64
        masses, code = dictionary.analysis(signal), model.encode(signal)
        step = settings.get("step") or 1 / dictionary.largest_eigenvalue(grid)
        torch.testing.assert_close(code, torch.where(masses > 0.1, step * masses, 0.0))
        assert code.any() and not code.all()
        losses.l0(0.1)(model, signal).backward()
        assert all(parameter.grad is not None for parameter in model.parameters())


@EACH
def test_unrolled_keeps_what_exceeds_step_times_threshold(name):
    dictionary, grid = one_of_each()[name]
    model, signal = SparseAutoencoder(dictionary, Unrolled(JumpReLU(0.2), 3, step=0.5)), normal(3, 2, *grid)
    code = torch.zeros_like(dictionary.analysis(signal))
    for _ in range(3):
        value = code + 0.5 * dictionary.correlate(signal, code)
        code = torch.where(value > 0.5 * 0.2, value, 0.0)
    torch.testing.assert_close(model.encode(signal), code)
    loss = losses.l0(0.3)(model, signal)
    left = (signal - dictionary.synthesis(code)).square().sum() / (2 * 3 * count(grid))
    torch.testing.assert_close(loss, left + 0.3 * (code > 0).sum() / (3 * count(grid)))


def test_the_price_of_an_entry_is_felt_at_the_last_step():
    model = SparseAutoencoder(DenseDictionary(6, 9).double(), Unrolled(JumpReLU(0.3, bandwidth=0.4), 3, step=0.5))
    signal, jump = 2 * normal(20, 6), model.inference.sparsity
    before = Unrolled(JumpReLU(0.3), 2, step=0.5)(model.dictionary, signal)
    value = before + 0.5 * model.dictionary.correlate(signal, before)
    (expected,) = torch.autograd.grad(5 * jump.active(value.detach(), 0.5).sum() / 20, [jump.log_threshold])
    losses.squared_error(model, signal).backward()
    free = jump.log_threshold.grad.clone()
    model.zero_grad()
    losses.l0(5)(model, signal).backward()
    torch.testing.assert_close(jump.log_threshold.grad - free, expected)
    assert expected.norm() > 0.1


def test_the_price_of_a_function_does_not_depend_on_the_grid():
    dictionary = FourierDictionary(1, 3, 4, seed=1).double()
    model = SparseAutoencoder(dictionary, OneStep(JumpReLU(0.2)))
    code = torch.zeros(2, 3, 16, dtype=torch.float64)
    code[0, 1, 4], code[1, 2, 9] = 16.0, 16.0
    coarse, fine = (losses.l0(1.0)(model, dictionary.render(code, n).detach()).item() for n in (64, 256))
    assert coarse == pytest.approx(fine, rel=0.03) and 0.1 < coarse < 3


@pytest.mark.parametrize(
    "model",
    [
        lambda: SparseAutoencoder(DenseDictionary(6, 9), OneStep(JumpReLU(0.2), tied=False, step=1.0)),
        lambda: SparseAutoencoder(ConvDictionary(1, 3, 4), Unrolled(JumpReLU(0.05), 3)),
    ],
    ids=["untied", "unrolled-conv"],
)
def test_a_dearer_entry_gives_fewer_of_them(model):
    signals = normal(200, 6).float() if model().dictionary.axes == 0 else normal(60, 1, 12).float()
    active, thresholds = [], []
    for weight in (0.0, 0.5):
        trained = model()
        fit(trained, signals, 80, batch=50, lr=0.03, loss=losses.l0(weight), progress=False)
        active.append((trained.encode(signals) != 0).double().mean().item())
        thresholds.append(trained.inference.sparsity.theta.mean().item())
    assert active[1] < 0.7 * active[0] and thresholds[1] > thresholds[0] and active[1] > 0


def test_it_recovers_a_dictionary():
    true = DenseDictionary(24, 36, seed=9)
    data = SparseModel(true, 2, signed=False)
    model = SparseAutoencoder(DenseDictionary(24, 36), Unrolled(JumpReLU(0.3), 4))
    fit(model, data, 400, loss=losses.l0(0.02), progress=False)
    from saeno.metrics import mcc

    assert mcc(model.dictionary, true) > 0.9


def test_thresholds_are_saved_and_resumed(tmp_path):
    data = normal(40, 6).float()

    def made():
        return SparseAutoencoder(DenseDictionary(6, 9), OneStep(JumpReLU(0.2, bandwidth=0.5), tied=False))

    def stop(model, steps=[]):  # noqa: B006 (counts its calls)
        steps.append(1)
        if len(steps) == 8:
            raise InterruptedError
        return 0.0

    settings = dict(steps=12, batch=8, loss=losses.l0(0.1), every=1, save_every=5, progress=False)
    with pytest.raises(InterruptedError):
        fit(made(), data, metrics={"stop": stop}, checkpoint=tmp_path / "run", **settings)
    whole, resumed = made(), made()
    fit(resumed, data, metrics={"stop": lambda m: 0.0}, checkpoint=tmp_path / "run", **settings)
    fit(whole, data, metrics={"stop": lambda m: 0.0}, **settings)
    theta = whole.inference.sparsity.theta
    assert torch.equal(theta, resumed.inference.sparsity.theta) and (theta != theta[0]).any()
    whole.save(tmp_path / "model")
    again = SparseAutoencoder.load(tmp_path / "model")
    assert torch.equal(again.inference.sparsity.theta, theta) and again.inference.sparsity.bandwidth == 0.5
    assert torch.equal(again.encode(data), whole.encode(data))


def test_what_cannot_be_is_named():
    for call, message in [
        (lambda: JumpReLU(0.0), r"threshold = 0.0: should be a finite number > 0"),
        (lambda: JumpReLU(0.1, bandwidth=-1), r"bandwidth = -1: should be a finite number > 0"),
        (lambda: losses.l0(-1), r"weight = -1: should be a finite number ≥ 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    shared = JumpReLU(0.1)
    SparseAutoencoder(DenseDictionary(4, 6), OneStep(shared))
    with pytest.raises(ValueError, match="sparsity already learns with another model: make a new JumpReLU"):
        SparseAutoencoder(DenseDictionary(4, 6), Unrolled(shared, 2))
    for sparsity in (SoftThreshold(0.1), TopK(2)):
        with pytest.raises(TypeError, match=r"l0 should be used with JumpReLU"):
            model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(sparsity))
            fit(model, normal(9, 6).float(), 2, batch=8, loss=losses.l0(0.1), progress=False)
    detached = SparseAutoencoder(DenseDictionary(6, 9), Unrolled(JumpReLU(0.1), 2, detach=True))
    with pytest.raises(ValueError, match=r"detach = True: l0 needs the gradient"):
        losses.l0(0.1)(detached, normal(2, 6).float())


def test_a_frozen_threshold_has_no_estimate():
    jump = attached(3)
    jump.log_threshold.requires_grad_(False)
    assert not jump(normal(4, 3)).requires_grad and not math.isnan(jump.active(normal(4, 3)).sum())
