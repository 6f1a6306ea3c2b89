"""The loop: one step of it by hand, what stops it, and a run that was killed."""

import errno
import fcntl
import functools
import itertools
import math
import multiprocessing
import os
import resource
import shutil
import signal as signals
import sys
import threading

import pytest
import torch
from torch.utils.data import DataLoader

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    TrainingError,
    Unrolled,
    files,
    fit,
    losses,
)
from saeno.data import SparseModel
from saeno.training import rate
from saeno.training.batches import batches
from tests.helpers import normal

SGD = torch.optim.SGD
MOMENTUM = functools.partial(SGD, momentum=0.9)
DATA = normal(40, 6).float()
fit = functools.partial(fit, progress=False)


def small(seed=0, inference=None) -> SparseAutoencoder:
    return SparseAutoencoder(DenseDictionary(6, 9, seed), inference or Unrolled(TopK(2), 2))


def state(model) -> dict:
    return {name: value.clone() for name, value in model.state_dict().items()}


def forgotten() -> SparseAutoencoder:
    """A model of the same composition, with other numbers in it."""
    model = small()
    torch.nn.init.normal_(model.dictionary.weight)
    return model


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- a step


@pytest.mark.parametrize("normalize", [True, False])
def test_a_step_follows_the_projected_gradient_and_restores_the_gain(normalize):
    by_hand = small(inference=OneStep(SoftThreshold(0.1), step=0.3))
    dictionary, history = by_hand.dictionary, []
    source = batches(DATA, 8, 3, ())
    for step in range(4):
        by_hand.zero_grad()
        loss = losses.objective(by_hand, next(source))
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            gradient = dictionary.weight.grad
            if normalize:
                gradient = gradient - (gradient * dictionary.weight).sum(1, keepdim=True) * dictionary.weight
            dictionary.weight -= 0.5 * (1 + math.cos(math.pi * step / 4)) / 2 * gradient
            if normalize:
                dictionary.weight /= dictionary.weight.norm(dim=1, keepdim=True)
    model = small(inference=OneStep(SoftThreshold(0.1), step=0.3))
    run = fit(model, DATA, 4, batch=8, lr=0.5, optimizer=SGD, seed=3, normalize=normalize)
    torch.testing.assert_close(model.dictionary.weight, dictionary.weight)
    torch.testing.assert_close(run.loss.float(), torch.tensor(history))


@pytest.mark.parametrize(
    ("dictionary", "grid"),
    [
        (DenseDictionary(2, 6), ()),
        (ConvDictionary(2, 3, 4), (8,)),
        (FourierDictionary(2, 3, (2, 1)), (5, 4)),
        (Lifted(DenseDictionary(5, 6), Lifting.gaussian(2, 5)), ()),
    ],
    ids=["dense", "conv", "fourier", "lifted"],
)
def test_atoms_stay_at_unit_gain_and_the_loss_falls(dictionary, grid):
    model = SparseAutoencoder(dictionary, OneStep(SoftThreshold(0.01)))
    history = fit(model, normal(16, 2, *grid).float(), 60, batch=16, lr=0.03)
    torch.testing.assert_close(dictionary.gain(), torch.ones(dictionary.concepts))
    assert history.loss[-1] < history.loss[0]


def test_without_normalisation_the_gain_is_free():
    model = small()
    fit(model, DATA, 10, batch=8, normalize=False)
    assert (model.dictionary.gain() - 1).abs().max() > 0.01


@pytest.mark.parametrize("normalize", [True, False])
def test_a_large_gradient_is_shortened_and_a_small_one_is_not(normalize):
    """Without unit gain: one step of descent is then the rate times the gradient of all parameters together.

    Tried: to shorten each parameter on its own, and before the gradient is projected."""
    how = dict(steps=1, batch=40, lr=1e-3, optimizer=SGD, schedule="constant", normalize=normalize)
    models = {clip: small(inference=OneStep(TopK(2), tied=False)) for clip in (None, 0.01, 1e6)}
    start = torch.cat([value.flatten() for value in state(models[None]).values()])
    moved = {}
    for clip, model in models.items():
        fit(model, DATA, clip=clip, **how)
        moved[clip] = torch.cat([value.flatten() for value in state(model).values()]) - start
    assert torch.equal(moved[1e6], moved[None]) and moved[None].norm() > 1e-4
    torch.testing.assert_close(moved[0.01].norm(), torch.tensor(1e-5), rtol=0.02, atol=0)
    assert torch.cosine_similarity(moved[0.01], moved[None], dim=0) > 0.99


def test_everything_else_a_model_learns_is_trained_too():
    for inference in (OneStep(TopK(2), tied=False), OneStep(ReLU())):
        model = small(inference=inference)
        before = state(model)
        fit(model, DATA, 3, batch=8, loss=losses.l1(0.1))
        assert not any(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_schedules():
    history = fit(small(), DATA, 8, batch=8, lr=0.2)
    torch.testing.assert_close(history.lr, 0.1 * (1 + torch.cos(math.pi * torch.arange(8).double() / 8)))
    assert rate(0.2, "cosine", 8, 8) == 0
    assert (fit(small(), DATA, 8, batch=8, lr=0.2, schedule="constant").lr == 0.2).all()


def test_the_rate_is_the_optimizer_s_rate():
    """The last step of a cosine is small, that of a constant rate is not."""
    moved = {}
    for schedule in ("constant", "cosine"):
        model, path = small(), []
        fit(
            model, DATA, 20, batch=40, lr=0.1, optimizer=SGD, schedule=schedule, every=1,
            metrics={"atoms": lambda m, path=path: path.append(m.dictionary.weight.detach().clone()) or 0.0},
        )  # fmt: skip
        moved[schedule] = (path[-1] - path[-2]).norm() / (path[1] - path[0]).norm()
    assert moved["cosine"] < 0.1 * moved["constant"]


def test_the_same_seed_gives_the_same_bits_and_another_another_order():
    models = [small() for _ in range(3)]
    runs = [fit(model, DATA, 12, batch=8, seed=seed) for model, seed in zip(models, (0, 0, 1), strict=True)]
    assert same(state(models[0]), state(models[1])) and torch.equal(runs[0].loss, runs[1].loss)
    assert not torch.equal(runs[0].loss, runs[2].loss)


# --- data


def test_data_may_be_a_tensor_a_loader_or_a_generative_model():
    true = SparseModel(FourierDictionary(1, 2, 3, seed=7), 2)
    for data, settings in [
        (true, {"grid": 16, "batch": 8}),
        (true.sample(20, 16).signal, {"batch": 8}),
        (DataLoader(true.sample(20, 16).signal, batch_size=8, shuffle=True), {}),
    ]:
        model = SparseAutoencoder(FourierDictionary(1, 3, 3), MatchingPursuit(2))
        history = fit(model, data, 7, **settings)
        assert history.loss.shape == (7,) and history.loss.isfinite().all() and (history.loss > 0).all()


# --- history


def test_metrics_are_taken_every_so_many_steps_and_at_both_ends():
    model, seen = small(), []

    def weight(model):
        assert not torch.is_grad_enabled()
        seen.append(model.dictionary.weight.detach().clone())
        return model.dictionary.weight  # the live parameter: the history must keep what it was

    metrics = {"weight": weight, "number": lambda m: m.dictionary.weight[0, 0], "count": lambda m: 3}
    history = fit(model, DATA, 10, batch=8, metrics=metrics, every=4)
    assert history.measured == [0, 4, 8, 10]
    assert all(torch.equal(a, b) for a, b in zip(history.metrics["weight"], seen, strict=True))
    assert torch.equal(seen[0], small().dictionary.weight) and torch.equal(seen[-1], model.dictionary.weight)
    assert history.metrics["number"] == [w[0, 0].item() for w in seen] and history.metrics["count"] == [3.0] * 4
    assert history.loss.dtype == torch.float64 and len(history.loss) == len(history.lr) == 10 and history.seconds > 0


def test_a_history_says_what_it_is_in_a_line():
    history = fit(small(), DATA, 3, batch=8)
    assert repr(history) == f"History(3 steps, loss {history.loss[0]:.3g} → {history.loss[2]:.3g})"


def test_metrics_default_to_both_ends_and_none_are_needed():
    history = fit(small(), DATA, 4, batch=8, metrics={"one": lambda m: 1.0})
    assert history.measured == [0, 4] and history.metrics == {"one": [1.0, 1.0]}
    bare = fit(small(), DATA, 4, batch=8, every=2)
    assert bare.measured == [] and bare.metrics == {}


def test_the_loss_of_a_step_is_that_before_it():
    model = small()
    first = losses.objective(model, next(batches(DATA, 8, 0, ()))).item()
    assert fit(model, DATA, 2, batch=8).loss[0].item() == pytest.approx(first)


def test_a_bar_is_shown_unless_it_is_not_wanted(capfd):
    fit(small(), DATA, 3, batch=8)
    assert capfd.readouterr() == ("", "")
    fit(small(), DATA, 3, batch=8, progress=True)
    shown = capfd.readouterr()
    assert "fit: 100%" in shown.err and "3/3" in shown.err and "loss=" in shown.err and shown.out == ""


# --- what stops a run


def test_bad_numbers_in_a_tensor_stop_it_before_it_starts():
    bad, model = DATA.clone(), small()
    bad[3, 2] = float("nan")
    before = state(model)
    with pytest.raises(ValueError, match="data has NaN or infinite values in 1 of 40 signals, first in signal 3"):
        fit(model, bad, 5, batch=8)
    assert same(state(model), before)


class Spoiled:
    """A generative model whose `bad`-th batch is spoiled by `how`."""

    def __init__(self, bad, how):
        self.bad, self.how, self.drawn = bad, how, -1

    def sample(self, count, grid, generator):
        self.drawn += 1
        signal = torch.randn(count, 6, generator=generator)
        return (self.how(signal) if self.drawn == self.bad else signal), None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("inference", [Unrolled(TopK(2), 2), OneStep(SoftThreshold(0.1))], ids=["top-k", "soft"])
def test_bad_numbers_in_mid_training_stop_it_at_its_last_good_state(value, inference):
    expected, model = small(inference=inference), small(inference=inference)
    fit(expected, Spoiled(99, None), 7, batch=8, schedule="constant")
    with pytest.raises(TrainingError) as stopped:
        fit(model, Spoiled(7, lambda x: x.index_fill(1, torch.tensor([2]), value)), 50, batch=8, schedule="constant")
    error = stopped.value
    assert "stopped at step 7: data has NaN or infinite values in this step's batch." in str(error)
    assert error.step == 7 and error.restored == 6 and "back at its state of step 6" in str(error)
    expected = small(inference=inference)
    fit(expected, Spoiled(99, None), 6, batch=8, schedule="constant")
    assert same(state(model), state(expected))


def test_a_signal_that_does_not_fit_stops_it_and_names_the_shape():
    model = small()
    before = state(model)
    with pytest.raises(ValueError, match=r"data does not fit the model: signal has shape \(1, 7\): .*channels = 6\)"):
        fit(model, normal(40, 7).float(), 5, batch=8)
    assert same(state(model), before)
    with pytest.raises(TrainingError, match=r"step 3: signal has shape \(8, 3\)"):
        fit(model, Spoiled(3, lambda x: x[:, :3]), 5, batch=8)
    with pytest.raises(TypeError, match=r"data is torch.float64, the model torch.float32: should be the same"):
        fit(model, DATA.double(), 5, batch=8)


@pytest.mark.parametrize("lr", [1e6, 1e30])
@pytest.mark.parametrize("inference", [OneStep(TopK(2)), OneStep(SoftThreshold(0.1), step=0.5)], ids=["top-k", "soft"])
def test_a_loss_that_diverges_stops_it_at_a_state_that_had_a_loss(inference, lr):
    model = small(inference=inference)
    before = losses.objective(model, DATA).item()
    with pytest.raises(TrainingError, match="try a smaller lr") as stopped:
        fit(model, DATA, 50, batch=8, lr=lr, optimizer=SGD, normalize=False)
    assert stopped.value.step >= 1 and stopped.value.restored < stopped.value.step
    assert losses.objective(model, DATA).item() == pytest.approx(before, rel=1e-6), "the state before the leap"


def test_a_dictionary_that_is_no_more_stops_it():
    with pytest.raises(TrainingError, match="step 1: the dictionary has no largest eigenvalue any more: try a smaller"):
        fit(small(inference=OneStep(SoftThreshold(0.1))), DATA, 50, batch=8, lr=1e30, optimizer=SGD, normalize=False)


def test_a_loss_that_is_no_number_stops_it():
    model, calls = small(), []

    def loss(model, signal):
        calls.append(1)
        return losses.objective(model, signal) * (float("nan") if len(calls) == 3 else 1)

    with pytest.raises(TrainingError, match="step 2: the loss is nan: try a smaller lr"):
        fit(model, DATA, 5, batch=8, loss=loss)


def test_a_gradient_that_is_no_number_stops_it():
    model = small()
    before = state(model)

    def loss(model, signal):
        return losses.objective(model, signal) + (model.dictionary.weight * 0).abs().sqrt().sum()  # 0, slope ∞ · 0

    with pytest.raises(TrainingError, match=r"step 0: the gradient of dictionary\.weight is not finite"):
        fit(model, DATA, 5, batch=8, loss=loss)
    assert same(state(model), before)


def test_an_atom_that_loses_its_gain_stops_it():
    """With decay 1/lr, one step of SGD takes the weights to minus the gradient's step: 0 where nothing is learned."""
    model = small(inference=OneStep(TopK(1)))
    silent = functools.partial(SGD, weight_decay=16.0)
    data = model.dictionary.weight.detach()[:1].expand(20, 6).clone()  # one atom is used, and needs no change
    before = state(model)
    with pytest.raises(TrainingError, match=r"step 0: gain of atom \d is 0 .*back at its state of step 0"):
        fit(model, data, 5, batch=8, lr=1 / 16, optimizer=silent, schedule="constant")
    assert same(state(model), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": "linear"}, r"schedule = 'linear': should be 'cosine', 'constant'"),
        ({"steps": 0}, r"steps = 0: should be a whole number ≥ 1"),
        ({"steps": 2.5}, r"steps = 2.5"),
        ({"save_every": 0}, r"save_every = 0"),
        ({"every": 0}, r"every = 0"),
        ({"lr": 0.0}, r"lr = 0.0: should be a finite number > 0"),
        ({"lr": float("inf")}, r"lr = inf"),
        ({"lr": float("nan")}, r"lr = nan"),
        ({"clip": 0.0}, r"clip = 0.0: should be a finite number > 0"),
        ({"batch": 41}, r"batch = 41: should be at most the 40 signals of data"),
        ({"batch": 0}, r"batch = 0"),
        ({"checkpoint": "no/such/folder/run"}, r"checkpoint = 'no/such/folder/run': its folder should exist"),
    ],
)
def test_arguments_that_cannot_work_are_refused_at_once(settings, message):
    model = small()
    before = state(model)
    with pytest.raises(ValueError, match=message):
        fit(model, DATA, **{"steps": 3, "batch": 8, **settings})
    assert same(state(model), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "adam"}, "optimizer is a str: should be called as optimizer"),
        (
            {"optimizer": torch.optim.Adam([torch.zeros(1, requires_grad=True)])},
            "optimizer is a Adam: should be called",
        ),
        ({"optimizer": lambda parameters: None}, r"optimizer = .*: should be called as optimizer\(parameters, lr=lr\)"),
        ({"optimizer": lambda parameters, lr: None}, "optimizer gave a NoneType: should be called as"),
        ({"metrics": [1]}, "metrics is a list: should be a dict of names and functions"),
        ({"metrics": {"a": 1}}, r"metrics\['a'\] is a int: should be a function of the model"),
        ({"metrics": {1: len}}, "metrics has the name 1: should be a string"),
        ({"loss": "l1"}, r"loss is a str: should be called as loss\(model, signal\)"),
        ({"loss": losses.l1}, r"loss is the class l1: should be called as loss\(model, signal\), such as losses.l1"),
        ({"checkpoint": 3}, "checkpoint = 3: should be a path"),
    ],
)
def test_arguments_of_a_wrong_kind_are_named_at_once(settings, message):
    model = small()
    before = state(model)
    with pytest.raises(TypeError, match=message):
        fit(model, DATA, **{"steps": 3, "batch": 8, **settings})
    assert same(state(model), before)


def test_what_the_first_batch_shows_is_an_error_before_anything_is_measured():
    measured = {"a": lambda model: pytest.fail("measured before the data were looked at")}
    functions = SparseAutoencoder(FourierDictionary(1, 3, 5), MatchingPursuit(2))
    for model, data, settings, error, message in [
        (functions, normal(9, 1, 8).float(), {}, ValueError, "data does not fit the model: .*grid"),
        (functions, normal(9, 1, 8, 8).float(), {}, ValueError, "data does not fit the model: signal has shape"),
        (functions, SparseModel(FourierDictionary(1, 3, 5), 2), {"grid": 8}, ValueError, "grid"),
        (small(inference=OneStep(TopK(10))), DATA, {}, ValueError, "data does not fit the model: k = 10"),
        (small(), DATA.long(), {}, TypeError, "data is torch.int64, the model torch.float32"),
        (small(), DATA.numpy(), {}, TypeError, r"data is a ndarray: .*torch.from_numpy\(data\).float\(\)"),
        (small(), DATA, {"grid": 200}, ValueError, r"grid = \(200,\): is for a generative model; a tensor has a grid"),
        (small(), DataLoader(DATA), {"grid": 200}, ValueError, r"grid = \(200,\): is for a generative model"),
    ]:
        before = state(model)
        with pytest.raises(error, match=message):
            fit(model, data, 3, batch=4, metrics=measured, **settings)
        assert same(state(model), before)


# --- what is not trained


def test_what_is_frozen_keeps_its_bits_and_the_rest_learns():
    """The dictionary, with atoms of any norm; a bias; a mean; the lifting or the atoms of a lifted dictionary."""

    def untied(dictionary=None):
        dictionary = dictionary or DenseDictionary.from_atoms(3 * normal(9, 6).float())
        return SparseAutoencoder(dictionary, OneStep(TopK(2), tied=False), mean=torch.ones(dictionary.channels))

    def lifted():
        return untied(Lifted(DenseDictionary(10, 9), Lifting.learned(6, 10)))

    for make, frozen, normalize in [
        (untied, "dictionary.weight", True),
        (untied, "inference.bias", True),
        (untied, "mean", True),
        (untied, "inference.encoder.weight", True),
        (lifted, "dictionary.lifting.P", True),
        (lifted, "dictionary.dictionary.weight", False),
    ]:
        model = make()
        model.get_parameter(frozen).requires_grad_(False)
        before = state(model)
        fit(model, DATA, 3, batch=8, normalize=normalize)
        unchanged = [name for name, value in model.state_dict().items() if torch.equal(value, before[name])]
        assert unchanged == [frozen]
    model = lifted()
    model.dictionary.weight.requires_grad_(False)
    with pytest.raises(ValueError, match="normalize = True: should be False where a lifting is trained and the atoms"):
        fit(model, DATA, 3, batch=8)


def test_a_dictionary_frozen_before_has_an_encoder_that_learns():
    for dictionary in (DenseDictionary(6, 9), Lifted(DenseDictionary(10, 9), Lifting.learned(6, 10))):
        dictionary.requires_grad_(False)
        model = SparseAutoencoder(dictionary, OneStep(TopK(2), tied=False))
        before = state(model)
        fit(model, DATA, 3, batch=8)
        for name, value in model.state_dict().items():
            assert torch.equal(value, before[name]) == name.startswith("dictionary."), name


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_a_model_in_half_precision_is_refused(kind):
    with pytest.raises(TypeError, match=rf"model is {kind}: should be torch.float32 or float64"):
        fit(small().to(kind), DATA.to(kind), 3, batch=8)


def test_a_model_with_nothing_to_train_is_refused():
    model = small()
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="model has no parameter to train: all have requires_grad = False"):
        fit(model, DATA, 3, batch=8)
    with pytest.raises(ValueError, match="optimizer has no parameter of the model"):
        fit(small(), DATA, 3, batch=8, optimizer=lambda parameters, lr: SGD(small().parameters(), lr=lr))


def in_groups(parameters, lr):
    """The atoms at the rate given, the rest at a tenth of it."""
    atoms, *rest = parameters
    return MOMENTUM([{"params": [atoms]}, {"params": rest, "lr": lr / 10}], lr=lr)


def test_groups_of_parameters_have_rates_of_their_own(tmp_path):
    made = []

    def optimizer(parameters, lr):
        made.append(in_groups(parameters, lr))
        return made[-1]

    model, used = small(inference=OneStep(TopK(2), tied=False)), []
    how = dict(steps=8, batch=8, lr=0.2, every=1)
    metrics = {"rate": lambda model: used.append([group["lr"] for group in made[-1].param_groups]) or 0.0}
    history = fit(model, DATA, optimizer=optimizer, metrics=metrics, **how)
    cosine = [(1 + math.cos(math.pi * step / 8)) / 2 for step in range(8)]
    torch.testing.assert_close(torch.tensor(used[1:]), torch.tensor([[0.2 * c, 0.02 * c] for c in cosine]))
    torch.testing.assert_close(history.lr, 0.2 * torch.tensor(cosine, dtype=torch.float64))

    how |= {"optimizer": in_groups, "checkpoint": tmp_path / "run", "save_every": 3}
    with pytest.raises(Stop):
        fit(small(inference=OneStep(TopK(2), tied=False)), DATA, metrics=stopped_at(5), **how)
    resumed = small(inference=OneStep(TopK(2), tied=False))
    again = fit(resumed, DATA, metrics=stopped_at(100), **how)
    assert same(state(resumed), state(model)) and torch.equal(again.lr, history.lr)
    with pytest.raises(ValueError, match=r"was made with groups = .*: delete it to start anew"):
        fit(
            small(inference=OneStep(TopK(2), tied=False)),
            DATA,
            metrics=stopped_at(100),
            **how | {"optimizer": MOMENTUM},
        )


# --- units


def trained_at(scale, make, optimizer=torch.optim.Adam, **how):
    """What is learned from signals times `scale`, in the unit of the signals: parameters, and the loss of each step."""
    model = make(scale)
    loss = fit(model, scale * DATA, 12, batch=8, optimizer=optimizer, **how).loss
    measured = {id(parameter) for parameter in model.in_units()}
    values = [p.detach() / scale if id(p) in measured else p.detach() for p in model.parameters()]
    return values, loss / scale**2


UNITS = {
    "top-k": lambda s: small(inference=Unrolled(TopK(2), 3)),
    "untied": lambda s: small(inference=OneStep(TopK(2), tied=False)),
    "relu": lambda s: small(inference=OneStep(ReLU(), step=0.5)),
    "pursuit": lambda s: small(inference=MatchingPursuit(2)),
    "soft": lambda s: small(inference=Unrolled(SoftThreshold(0.1 * s), 3)),
    "mean": lambda s: SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2)), mean=s * torch.ones(6)),
}
ADAPTIVE = {
    "adam": torch.optim.Adam,
    "decay": functools.partial(torch.optim.AdamW, weight_decay=0.1),
    "rmsprop": functools.partial(torch.optim.RMSprop, momentum=0.9),
    "adagrad": torch.optim.Adagrad,
}


@pytest.mark.parametrize("optimizer", ADAPTIVE.values(), ids=ADAPTIVE)
@pytest.mark.parametrize("make", UNITS.values(), ids=UNITS)
def test_signals_in_other_units_teach_the_same(make, optimizer):
    """To the same bits, at powers of two. At ½ these signals have a size between 1 and 2, and nothing is rescaled."""
    values, loss = trained_at(0.5, make, optimizer)
    assert all(not torch.equal(a.detach(), b) for a, b in zip(make(0.5).parameters(), values, strict=True))
    for power in (-45, -12, 45):
        others, again = trained_at(2.0**power, make, optimizer)
        assert all(torch.equal(a, b) for a, b in zip(values, others, strict=True)) and torch.equal(loss, again)


@pytest.mark.parametrize("scale", [1e-15, 1e-7, 1e7, 1e15])
def test_the_default_learns_in_any_unit(scale):
    for make in (UNITS["top-k"], UNITS["untied"]):
        values, loss = trained_at(scale, make)
        expected, again = trained_at(2.0**40, make)
        for a, b in zip(values, expected, strict=True):
            torch.testing.assert_close(a, b, rtol=0.05, atol=0.02)
        assert torch.allclose(loss, again, rtol=0.05)


def test_a_clipped_gradient_is_in_the_unit_of_the_loss():
    how = {"optimizer": torch.optim.RMSprop, "schedule": "constant"}
    values, _ = trained_at(0.5, UNITS["untied"], clip=0.1 / 4, **how)
    others, _ = trained_at(2.0**30, UNITS["untied"], clip=0.1 * 4.0**30, **how)
    free, _ = trained_at(2.0**30, UNITS["untied"], **how)
    assert all(torch.equal(a, b) for a, b in zip(values, others, strict=True))
    assert not torch.equal(values[0], free[0])


def test_the_unit_of_a_run_is_part_of_its_checkpoint(tmp_path):
    """The batches after the checkpoint are ten times the first: the unit stays that of the first."""
    loud = {"loader": DataLoader([1e-6 * x for x in DATA] + [1e-5 * x for x in DATA], batch_size=8)}
    settings = {"steps": 9, "every": 1, "save_every": 2}
    make = functools.partial(small, inference=None)
    whole, resumed = make(), make()
    with pytest.raises(Stop):
        fit(make(), loud["loader"], metrics=stopped_at(7), checkpoint=tmp_path / "run", **settings)
    fit(resumed, loud["loader"], metrics=stopped_at(100), checkpoint=tmp_path / "run", **settings)
    fit(whole, loud["loader"], metrics=stopped_at(100), **settings)
    assert same(state(resumed), state(whole))


def test_scales_that_cannot_be_trained_at_are_named():
    for scale in (1e-20, 1e18):
        with pytest.raises(ValueError, match=r"signals of root mean square .*, whose squares torch.float32 does"):
            fit(small(), scale * DATA, 3, batch=8)
    for optimizer in (SGD, MOMENTUM):
        with pytest.raises(ValueError, match=r"lr = 0\.01: 3 steps of SGD change nothing .* root mean square"):
            fit(small(), 1e-4 * DATA, 3, batch=8, optimizer=optimizer)
    for thresholded in (OneStep(SoftThreshold(0.1)), Unrolled(SoftThreshold(0.1), 3)):
        with pytest.raises(ValueError, match=r"data gives a code of zeros, .* root mean square .*e-06"):
            fit(small(inference=thresholded), 1e-6 * DATA, 3, batch=8)


def test_gradient_descent_is_the_same_when_its_rate_is_divided_by_the_energy():
    """Also for a bias, which is in the unit of the signals."""
    how = dict(optimizer=MOMENTUM, clip=None, schedule="constant")
    values, loss = trained_at(0.5, UNITS["untied"], lr=2.0, **how)
    for power in (-20, 20):
        others, again = trained_at(2.0**power, UNITS["untied"], lr=0.5 / 4.0**power, **how)
        assert all(torch.equal(a, b) for a, b in zip(values, others, strict=True)) and torch.equal(loss, again)


# --- checkpoints


SOURCES = {
    "tensor": lambda: DATA,
    "generative": lambda: SparseModel(DenseDictionary(6, 9, seed=5), 2),
    "loader": lambda: DataLoader(DATA, batch_size=8, shuffle=True),
}
OPTIMIZERS = {"adam": torch.optim.Adam, "momentum": MOMENTUM}


def die(model):
    os.kill(os.getpid(), signals.SIGKILL)


def train(source, optimizer, path, killed_at=None):
    """23 steps, saved every 4; `killed_at` is a step at which the process is killed while it measures."""
    torch.set_num_threads(1)
    model, measured = small(inference=OneStep(TopK(2), tied=False)), []

    def metric(model):
        measured.append(1)
        if killed_at is not None and len(measured) == killed_at + 1:
            die(model)
        return model.dictionary.weight[0]

    history = fit(
        model, SOURCES[source](), 23, batch=8, optimizer=OPTIMIZERS[optimizer], seed=4, every=1, save_every=4,
        metrics={"atom": metric, "norm": lambda m: m.inference.bias.norm()}, checkpoint=path,
    )  # fmt: skip
    return model, history


@pytest.fixture(scope="module")
def killed_runs(tmp_path_factory):
    """All runs, each in a process of its own that is killed (-9) at step 14: after a checkpoint, between two."""
    folder = tmp_path_factory.mktemp("killed")
    # On macOS what torch computes with does not outlive a fork: there each process starts afresh, which takes longer.
    context = multiprocessing.get_context("spawn" if sys.platform == "darwin" else "forkserver")
    if sys.platform != "darwin":
        context.set_forkserver_preload(["saeno", "saeno.data"])
    paths = {(source, optimizer): folder / f"{source}-{optimizer}" for source in SOURCES for optimizer in OPTIMIZERS}
    for case, path in paths.items():
        process = context.Process(target=train, args=(*case, path, 14))
        process.start()
        process.join(60)
        assert process.exitcode == -signals.SIGKILL, f"{case} was to be killed, and ended with {process.exitcode}"
    return paths


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_killed_run_resumes_to_the_same_bits(source, optimizer, killed_runs, tmp_path):
    path = killed_runs[source, optimizer]
    assert path.exists() and not list(path.parent.glob(f"{path.name}.*.part"))
    shutil.copy(path, tmp_path / "run")
    resumed, history = train(source, optimizer, tmp_path / "run")
    whole, expected = train(source, optimizer, None)
    assert same(state(resumed), state(whole))
    assert torch.equal(history.loss, expected.loss) and torch.equal(history.lr, expected.lr)
    assert history.measured == expected.measured == list(range(24))
    assert all(torch.equal(a, b) for a, b in zip(history.metrics["atom"], expected.metrics["atom"], strict=True))
    assert history.metrics["norm"] == expected.metrics["norm"]


def test_a_killed_run_goes_on_from_its_last_checkpoint(killed_runs, tmp_path):
    shutil.copy(killed_runs["generative", "adam"], tmp_path / "run")
    drawn = []

    class Counting(SparseModel):
        def sample(self, count, grid, generator):
            drawn.append(count)
            return super().sample(count, grid, generator)

    metrics = {"atom": lambda m: m.dictionary.weight[0], "norm": lambda m: m.inference.bias.norm()}
    model = small(inference=OneStep(TopK(2), tied=False))
    data = Counting(DenseDictionary(6, 9, seed=5), 2)
    fit(model, data, 23, batch=8, seed=4, every=1, metrics=metrics, checkpoint=tmp_path / "run")
    assert len(drawn) == 23 - 12 + 4  # and two batches, twice, to see that the data are the same


@pytest.mark.parametrize("optimizer", [SGD, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.AdamW])
def test_other_optimizers_resume_too(optimizer, tmp_path):
    class Stop(Exception):
        pass

    def stop(model, steps=[]):  # noqa: B006 (counts its calls)
        steps.append(1)
        if len(steps) == 8:
            raise Stop
        return 0.0

    settings = dict(steps=12, batch=8, optimizer=optimizer, lr=0.01, every=1, save_every=5)
    with pytest.raises(Stop):
        fit(small(), DATA, metrics={"stop": stop}, checkpoint=tmp_path / "run", **settings)
    resumed, whole = forgotten(), small()
    fit(resumed, DATA, metrics={"stop": lambda m: 0.0}, checkpoint=tmp_path / "run", **settings)
    fit(whole, DATA, metrics={"stop": lambda m: 0.0}, **settings)
    torch.testing.assert_close(resumed.dictionary.weight, whole.dictionary.weight, rtol=0, atol=0)


def test_a_finished_run_is_read_and_not_run_again(tmp_path):
    model = small()
    history = fit(model, DATA, 5, batch=8, metrics={"one": lambda m: 1.0}, checkpoint=tmp_path / "run")

    again, metric = forgotten(), lambda m: pytest.fail("measured again")
    read = fit(again, DATA, 5, batch=8, metrics={"one": metric}, checkpoint=tmp_path / "run")
    assert same(state(again), state(model)) and torch.equal(read.loss, history.loss)
    assert read.metrics == history.metrics and read.seconds >= history.seconds


def test_checkpoints_are_written_every_so_often_and_at_the_end(tmp_path):
    seen = []

    def look(model):
        seen.append((tmp_path / "run").exists())
        return 0.0

    fit(small(), DATA, 5, batch=8, every=1, save_every=3, metrics={"look": look}, checkpoint=tmp_path / "run")
    assert seen == [False] * 4 + [True] * 2  # written after step 3's measurement
    assert (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 5}, "made with steps = 6, not 5"),
        ({"batch": 9}, "made with batch = 8, not 9"),
        ({"lr": 0.1}, "made with lr = 0.01, not 0.1"),
        ({"schedule": "constant"}, "made with schedule = 'cosine', not 'constant'"),
        ({"normalize": False}, "made with normalize = True, not False"),
        ({"clip": 1.0}, "made with clip = None, not 1.0"),
        ({"seed": 1}, "made with seed = 0, not 1"),
        ({"every": 2}, "made with every = None, not 2"),
        ({"metrics": {"b": lambda m: 0.0}}, r"made with metrics = \['a'\], not \['b'\]"),
        ({"loss": losses.l1(0.1)}, r"made with loss = 'objective', not 'l1\(0.1\)'"),
        ({"optimizer": SGD}, "made with optimizer = .*Adam"),
        ({"optimizer": functools.partial(torch.optim.Adam, betas=(0.5, 0.9))}, "made with optimizer = .*Adam"),
    ],
)
def test_a_run_is_resumed_as_it_was_begun_or_not_at_all(change, message, tmp_path):
    settings = dict(steps=6, batch=8, metrics={"a": lambda m: 0.0}, checkpoint=tmp_path / "run")
    fit(small(), DATA, **settings)
    model = forgotten()
    before = state(model)
    with pytest.raises(ValueError, match=rf"checkpoint = '.*run' was {message}.*: delete it to start anew"):
        fit(model, DATA, **{**settings, **change})
    assert same(state(model), before)


def test_a_checkpoint_from_before_gradients_could_be_clipped_is_read(tmp_path):
    fit(small(), DATA, 6, batch=8, checkpoint=tmp_path / "run")
    tensors, description = files.read(tmp_path / "run")
    for name in ("clip", "data", "groups"):
        del description["training"]["settings"][name]
    del description["training"]["unit"]
    files.write(tmp_path / "run", tensors, description)
    assert len(fit(forgotten(), DATA, 6, batch=8, checkpoint=tmp_path / "run").loss) == 6


def half(model, signal):
    return losses.squared_error(model, signal) / 2


def test_another_loss_of_the_same_name_and_other_data_are_refused(tmp_path):
    how = dict(steps=4, batch=8, checkpoint=tmp_path / "run")
    fit(small(), DATA, loss=half, **how)
    code, message = half.__code__, r"run' was made with loss = 'half#\w+', not 'half#\w+': delete it to start anew"
    half.__code__ = (lambda model, signal: losses.squared_error(model, signal) / 3).__code__
    with pytest.raises(ValueError, match=message):
        fit(small(), DATA, loss=half, **how)
    half.__code__ = code
    for other in (DATA + 0.1, DATA.flip(0), DATA[:39], SparseModel(DenseDictionary(6, 9), 2), DataLoader(DATA)):
        with pytest.raises(ValueError, match=r"run' was made with other data: delete it to start anew"):
            fit(small(), other, loss=half, **how)
    fit(small(), DATA * (1 + 1e-6), loss=half, **how)  # as another processor may make them


SPOILED = []  # files


def spoiling(model, signal):
    for path in SPOILED:
        with open(path, "rb+") as file:
            file.write(bytes(path.stat().st_size))
    return losses.squared_error(model, signal)


def test_a_resumed_run_does_not_hang_on_its_file(tmp_path, monkeypatch):
    """Windows replaces no file that a tensor is a view of. Should fail with: what was read is taken as it is."""
    how = dict(batch=8, loss=spoiling)
    fit(small(), DATA, 4, checkpoint=tmp_path / "run", **how)
    shutil.copy(tmp_path / "run", tmp_path / "spoiled")
    undisturbed, disturbed = small(), small()
    fit(undisturbed, DATA, 8, checkpoint=tmp_path / "run", **how)
    monkeypatch.setattr(sys.modules[__name__], "SPOILED", [tmp_path / "spoiled"])
    fit(disturbed, DATA, 8, checkpoint=tmp_path / "spoiled", **how)
    assert same(state(disturbed), state(undisturbed))


def test_a_file_is_one_run_s_at_a_time(tmp_path):
    def again(model):
        with pytest.raises(ValueError, match=r"path = '.*run': another run writes there now, give it another file"):
            fit(small(), DATA, 3, batch=8, checkpoint=tmp_path / "run")
        return 0.0

    for _ in range(2):
        fit(small(), DATA, 3, batch=8, checkpoint=tmp_path / "run", metrics={"again": again})
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    (tmp_path / "run.lock").touch()  # what a killed run leaves holds nobody up
    fit(small(), DATA, 3, batch=8, checkpoint=tmp_path / "run", metrics={"again": lambda model: 0.0})


def test_a_folder_without_locks_takes_a_checkpoint_too(tmp_path, monkeypatch):
    """As mounted drives are; a lock that is refused for another cause is an error."""

    def refusing(cause):
        def flock(*_):
            raise OSError(cause, os.strerror(cause))

        return flock

    for cause in (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK):
        monkeypatch.setattr("fcntl.flock", refusing(cause))
        fit(small(), DATA, 3, batch=8, checkpoint=tmp_path / "run")
        assert [path.name for path in tmp_path.iterdir()] == ["run"]
    monkeypatch.setattr("fcntl.flock", refusing(errno.EIO))
    with pytest.raises(ValueError, match=r"path = '.*run': cannot be written \(.*error"):
        fit(small(), DATA, 3, batch=8, checkpoint=tmp_path / "run")


def test_a_lock_that_is_taken_away_at_once_is_asked_for_again(tmp_path, monkeypatch):
    taken, flock = [], fcntl.flock

    def late(file, how):
        if not taken:
            taken.append((tmp_path / "run.lock").unlink())  # by the run that had it, which just ended
        flock(file, how)

    monkeypatch.setattr("fcntl.flock", late)
    with files.held(tmp_path / "run"), pytest.raises(ValueError, match="another run writes there now"):
        files.held(tmp_path / "run").__enter__()
    assert taken and not list(tmp_path.iterdir())


@pytest.mark.parametrize("folder", [".", "", "/", "/tmp"])
def test_a_checkpoint_is_no_folder(folder):
    with pytest.raises(ValueError, match=f"checkpoint = '{folder}': should name a file, not a folder"):
        fit(small(), DATA, 3, batch=8, checkpoint=folder)


def test_a_checkpoint_that_could_not_be_written_is_found_at_the_start(tmp_path):
    measured = {"a": lambda model: pytest.fail("training began")}
    nowhere = "/System/run" if sys.platform == "darwin" else "/proc/run"  # where not even root can write
    with pytest.raises(ValueError, match=rf"path = '{nowhere}': cannot be written"):
        fit(small(), DATA, 3, batch=8, metrics=measured, checkpoint=nowhere)
    usual, limit = signals.signal(signals.SIGXFSZ, signals.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limit[1]))  # as a full disk does
        with pytest.raises(ValueError, match=r"path = '.*run': \d+ bytes cannot be written there \(.*File too large"):
            fit(small(), DATA, 3, batch=8, metrics=measured, checkpoint=tmp_path / "run")
        with pytest.raises(OSError, match=r"path = '.*model': cannot be written"):
            SparseAutoencoder(DenseDictionary(100, 200), OneStep(TopK(2))).save(tmp_path / "model")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signals.signal(signals.SIGXFSZ, usual)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "break_it",
    [
        lambda tensors, said: said.update(training=3),
        lambda tensors, said: said["training"].update(settings=[]),
        lambda tensors, said: said["training"].update(groups=[{}]),
        lambda tensors, said: said["training"].update(numbers=None),
        lambda tensors, said: said["training"].pop("step"),
        lambda tensors, said: said["training"].update(metrics=["b"], measured=[0]),
        lambda tensors, said: said["training"]["settings"].update(data=3),
        lambda tensors, said: tensors.pop("history/lr"),
        lambda tensors, said: tensors.update({"model/dictionary.weight": torch.zeros(2, 2)}),
        lambda tensors, said: tensors.update({"optimizer/x/y/z": torch.zeros(2)}),
    ],
)
def test_a_damaged_checkpoint_is_named_and_changes_nothing(break_it, tmp_path):
    fit(small(), DATA, 2, batch=8, checkpoint=tmp_path / "run")
    tensors, description = files.read(tmp_path / "run")
    break_it(tensors, description)
    files.write(tmp_path / "run", tensors, description)
    model = forgotten()
    before = state(model)
    with pytest.raises(ValueError, match=r"= '.*run'.* header cannot be understood"):
        fit(model, DATA, 2, batch=8, checkpoint=tmp_path / "run")
    assert same(state(model), before)


def test_a_grid_survives_its_checkpoint(tmp_path):
    data = SparseModel(FourierDictionary(1, 2, (2, 1)), 2)
    for _ in range(2):
        model = SparseAutoencoder(FourierDictionary(1, 2, (2, 1)), MatchingPursuit(1))
        fit(model, data, 2, batch=4, grid=(5, 4), checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match=r"made with grid = \[5, 4\], not \(6, 4\)"):
        fit(model, data, 2, batch=4, grid=(6, 4), checkpoint=tmp_path / "run")


def test_a_checkpoint_of_another_model_or_a_saved_model_is_refused(tmp_path):
    fit(small(), DATA, 2, batch=8, checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match=r"checkpoint = '.*run' belongs to another model: delete it to start anew"):
        fit(small(inference=Unrolled(TopK(2), 3)), DATA, 2, batch=8, checkpoint=tmp_path / "run")
    small().save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"checkpoint = '.*model': a saved model, not a checkpoint of fit"):
        fit(small(), DATA, 2, batch=8, checkpoint=tmp_path / "model")


def test_what_cannot_be_trained_is_refused_by_name(tmp_path):
    with pytest.raises(TypeError, match=r"model = DenseDictionary.*: should be a SparseAutoencoder"):
        fit(DenseDictionary(6, 9), DATA, 3, batch=8)
    with pytest.raises(ValueError, match="optimizer = LBFGS: should be one that takes a step from one gradient"):
        fit(small(), DATA, 3, batch=8, optimizer=torch.optim.LBFGS)
    with pytest.raises(ValueError, match=r"grid = 2.5: should be"):
        fit(small(), DATA, 3, batch=8, grid=2.5)


@pytest.mark.parametrize(
    ("loss", "what"),
    [
        (lambda model, signal: 1.0, "a float"),
        (lambda model, signal: signal - model.reconstruct(signal), r"shape \(8, 6\)"),
        (lambda model, signal: torch.zeros(()), r"shape \(\)"),
    ],
)
def test_a_loss_is_one_number_that_can_be_followed(loss, what):
    with pytest.raises(TypeError, match=f"^loss gave {what}: should be one number"):
        fit(small(), DATA, 3, batch=8, loss=loss)


def test_what_data_give_is_a_tensor():
    loader = DataLoader([{"signal": signal} for signal in DATA], batch_size=8)
    with pytest.raises(TypeError, match=r"^data gave a dict: should be a tensor"):
        fit(small(), loader, 3)


def test_a_model_that_no_checkpoint_can_hold_is_refused_before_the_first_step(tmp_path):
    class Own(DenseDictionary):
        """One that `load` does not know."""

    model = SparseAutoencoder(Own(6, 9), OneStep(TopK(2)))
    before = model.dictionary.weight.detach().clone()
    with pytest.raises(TypeError, match="Own cannot be saved"):
        fit(model, DATA, 300, batch=8, checkpoint=tmp_path / "run")
    assert torch.equal(model.dictionary.weight, before)


class Stop(Exception):
    """Ends a run from within a metric."""


def stopped_at(step: int):
    """A metric, to be measured at each step, that ends the run at `step`."""
    steps = iter(range(step))

    def metric(model):
        if next(steps, None) is None:
            raise Stop
        return 0.0

    return {"stop": metric}


def test_a_resumed_run_knows_how_it_began(tmp_path):
    settings = {"steps": 9, "batch": 8, "every": 1, "checkpoint": tmp_path / "run", "save_every": 2}

    class Scaled:
        factor = 1.0

        def __call__(self, model, signal):
            return self.factor * losses.squared_error(model, signal)

    loss = Scaled()
    with pytest.raises(Stop):
        fit(small(), DATA, loss=loss, metrics=stopped_at(4), **settings)
    loss.factor = 1e4
    with pytest.raises(TrainingError, match="step 2: the loss diverges"):
        fit(small(), DATA, loss=loss, metrics=stopped_at(100), **settings)


def test_seconds_are_of_all_parts_of_a_run(tmp_path, monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(sys.modules["saeno.training.loop"], "perf_counter", lambda: float(next(clock)))
    settings = {"steps": 9, "batch": 8, "every": 1}
    whole = fit(small(), DATA, metrics=stopped_at(100), **settings)
    settings |= {"checkpoint": tmp_path / "run", "save_every": 2}
    with pytest.raises(Stop):
        fit(small(), DATA, metrics=stopped_at(5), **settings)
    assert fit(small(), DATA, metrics=stopped_at(100), **settings).seconds == whole.seconds


def test_metrics_are_taken_at_chosen_steps(tmp_path):
    """A list of steps, both ends besides; the same list when resumed; a step that is no number is named."""
    data = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))

    def run(steps_to_measure, **more):
        model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2)))
        metrics = {"norm": lambda model: model.dictionary.weight.norm()}
        return fit(model, data, 12, batch=16, metrics=metrics, every=steps_to_measure, progress=False, **more)

    history = run([7, 2, 7])
    assert history.measured == [0, 2, 7, 12] and len(history.metrics["norm"]) == 4
    assert run(range(0, 12, 5)).measured == [0, 5, 10, 12]
    assert run([3], checkpoint=tmp_path / "run").measured == run([3], checkpoint=tmp_path / "run").measured
    with pytest.raises(ValueError, match=r"every = 2\.5"):
        run([2.5])


def test_metrics_may_be_arrays_and_others_are_named():
    history = fit(small(), DATA, 2, batch=8, metrics={"atom": lambda m: m.dictionary.weight[0].detach().numpy()})
    assert history.metrics["atom"][0].shape == (6,) and not torch.equal(*history.metrics["atom"])
    for value, kind in [("good", "str"), ([1.0, 2.0], "list"), (None, "NoneType")]:
        with pytest.raises(
            TypeError, match=rf"metrics\['bad'\] gave a {kind}: should be a number, a tensor or a NumPy"
        ):
            fit(small(), DATA, 2, batch=8, metrics={"bad": lambda m, value=value: value})


def test_a_model_is_trained_in_train_mode_and_left_in_eval_mode():
    model, seen = small(), []

    def loss(model, signal):
        seen.append(("loss", model.training))
        return losses.objective(model, signal)

    fit(
        model,
        DATA,
        2,
        batch=8,
        loss=loss,
        every=1,
        metrics={"mode": lambda m: seen.append(("metric", m.training)) or 0.0},
    )
    assert seen == [("metric", False), ("loss", True), ("metric", False), ("loss", True), ("metric", False)]
    assert not model.training
    with pytest.raises(TypeError):
        fit(model, DATA, 2, batch=8, loss=lambda model, signal: 1.0)
    assert not model.training


def pressed_at(step: int, times: int = 1):
    """A metric, to be measured at each step, that presses Ctrl-C at `step`."""
    steps = iter(range(step))

    def metric(model):
        if next(steps, None) is None:
            for _ in range(times):
                signals.raise_signal(signals.SIGINT)
        return model.dictionary.weight[0, 0].item()

    return {"press": metric}


@pytest.fixture
def listening():
    """Ctrl-C is heard, also where the tests run in the background, which ignores it."""
    usual = signals.signal(signals.SIGINT, signals.default_int_handler)
    yield
    signals.signal(signals.SIGINT, usual)


def test_control_c_leaves_a_checkpoint_of_a_whole_step(tmp_path, listening):
    settings = {"steps": 9, "batch": 8, "every": 1, "checkpoint": tmp_path / "run", "save_every": 100}
    usual = signals.getsignal(signals.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="stopped at step 4 of 9; the checkpoint has it"):
        fit(small(), DATA, metrics=pressed_at(4), **settings)
    assert signals.getsignal(signals.SIGINT) is usual and (tmp_path / "run").exists()
    resumed, whole = forgotten(), small()
    history = fit(resumed, DATA, metrics=pressed_at(100), **settings)
    expected = fit(whole, DATA, metrics=pressed_at(100), **{**settings, "checkpoint": None})
    assert same(state(resumed), state(whole)) and history.metrics == expected.metrics
    assert torch.equal(history.loss, expected.loss)


def test_a_second_control_c_interrupts_at_once_and_so_does_the_first_without_a_checkpoint(tmp_path, listening):
    usual = signals.getsignal(signals.SIGINT)
    for times, path in ((2, tmp_path / "run"), (1, None)):
        with pytest.raises(KeyboardInterrupt) as stopped:
            fit(small(), DATA, 9, batch=8, every=1, metrics=pressed_at(4, times), checkpoint=path)
        assert "checkpoint" not in str(stopped.value) and signals.getsignal(signals.SIGINT) is usual
    assert not (tmp_path / "run").exists()


def test_outside_the_main_thread_there_is_nothing_to_hold_back(tmp_path):
    ran = []
    thread = threading.Thread(target=lambda: ran.append(fit(small(), DATA, 2, batch=8, checkpoint=tmp_path / "run")))
    thread.start()
    thread.join()
    assert len(ran[0].loss) == 2


class Counted(torch.nn.Module):
    """A loss of one's own that counts its batches."""

    def __init__(self):
        super().__init__()
        self.register_buffer("batches", torch.tensor(0))

    def forward(self, model, signal):
        self.batches += 1
        return losses.squared_error(model, signal)


def test_a_state_of_ones_own_begins_anew_where_it_can():
    class Restarted(Counted):
        def reset(self):
            self.batches.zero_()

    for loss, expected in ((Counted(), 7), (Restarted(), 3)):
        for steps in (4, 3):
            model = SparseAutoencoder(DenseDictionary(4, 6), OneStep(TopK(2)))
            fit(model, torch.ones(8, 4), steps, batch=4, loss=loss, progress=False)
        assert loss.batches == expected
