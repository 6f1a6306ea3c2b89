"""What people ask of a trainer: schedulers, more steps, streams, dead atoms replaced, an end at the best state."""

import functools
import itertools

import pytest
import torch
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, IterableDataset

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    JumpReLU,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    ReLU,
    SparseAutoencoder,
    TopK,
    TrainingError,
    Unrolled,
    fit,
    losses,
)
from saeno.grids import inner
from saeno.metrics import dead_atoms
from saeno.training import rate
from saeno.training.revival import Revival, fragments
from tests.helpers import normal

DATA = normal(40, 6).float()
SGD, ADAM = torch.optim.SGD, torch.optim.Adam
fit = functools.partial(fit, progress=False, batch=8)


def small(inference=None, seed=0):
    return SparseAutoencoder(DenseDictionary(6, 9, seed), inference or OneStep(TopK(2)))


def forgotten(model):
    """The same composition, with other numbers in it."""
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- the rate


def test_a_rate_grows_before_its_schedule_begins():
    assert [rate(2.0, "constant", step, 10, warmup=4) for step in range(6)] == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]
    assert [rate(1.0, "cosine", step, 8, warmup=2) for step in (0, 1, 2, 5, 8)] == pytest.approx([0.5, 1, 1, 0.5, 0])
    history = fit(small(), DATA, 8, lr=0.1, warmup=2)
    assert history.lr.tolist() == pytest.approx([rate(0.1, "cosine", step, 8, 2) for step in range(8)])


SCHEDULERS = {
    "step": functools.partial(lr_scheduler.StepLR, step_size=3, gamma=0.5),
    "exponential": functools.partial(lr_scheduler.ExponentialLR, gamma=0.9),
    "one cycle": functools.partial(lr_scheduler.OneCycleLR, max_lr=0.1, total_steps=12),
    "restarts": functools.partial(lr_scheduler.CosineAnnealingWarmRestarts, T_0=4),
    "a function": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step)),
}


@pytest.mark.parametrize("schedule", SCHEDULERS.values(), ids=SCHEDULERS)
@pytest.mark.parametrize("optimizer", [ADAM, functools.partial(SGD, momentum=0.9)], ids=["Adam", "SGD"])
def test_a_scheduler_of_torch_gives_the_numbers_it_gives_in_a_loop_of_torch(schedule, optimizer):
    model = small()
    seen = []

    class Watched(type(optimizer([torch.nn.Parameter(torch.zeros(1))], lr=1.0))):
        def step(self, closure=None):
            group = self.param_groups[0]
            seen.append((group["lr"], group.get("momentum"), group.get("betas")))
            return super().step(closure)

    keywords = optimizer.keywords if isinstance(optimizer, functools.partial) else {}
    fit(model, DATA, 12, lr=0.02, optimizer=functools.partial(Watched, **keywords), schedule=schedule)

    other = optimizer([torch.nn.Parameter(torch.zeros(1))], lr=0.02)
    scheduler, expected = schedule(other), []
    for _ in range(12):
        group = other.param_groups[0]
        expected.append((group["lr"], group.get("momentum"), group.get("betas")))
        other.step()
        if len(expected) < 12:
            scheduler.step()
    assert seen == expected


@pytest.mark.parametrize("schedule", SCHEDULERS.values(), ids=SCHEDULERS)
def test_a_run_with_a_scheduler_resumes_to_the_same_bits(schedule, tmp_path):
    settings = {"steps": 12, "lr": 0.02, "schedule": schedule}
    whole = small()
    fit(whole, DATA, **settings)
    with pytest.raises(RuntimeError, match="enough"):
        fit(small(), DATA, **settings, metrics={"stop": stop_at(7)}, every=1, checkpoint=tmp_path / "run", save_every=5)
    resumed = forgotten(small())
    metrics = {"stop": lambda model: 0.0}
    fit(resumed, DATA, **settings, metrics=metrics, every=1, checkpoint=tmp_path / "run", save_every=5)
    assert same(weights(resumed), weights(whole))


def stop_at(call):
    count = itertools.count()

    def stop(model):
        if next(count) == call:
            raise RuntimeError("enough")
        return 0.0

    return stop


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"schedule": lr_scheduler.ReduceLROnPlateau}, ValueError, "schedule = ReduceLROnPlateau: should be one that"),
        (
            {"schedule": lr_scheduler.StepLR},
            TypeError,
            "schedule = .*StepLR.*should be 'cosine', 'constant', or called",
        ),
        ({"schedule": lambda optimizer: 1}, TypeError, "schedule gave a int: should be"),
        ({"schedule": 3}, TypeError, "schedule = 3: should be"),
        ({"schedule": SCHEDULERS["step"], "warmup": 2}, ValueError, "warmup = 2: should be 0 where schedule = "),
        ({"warmup": 12}, ValueError, "warmup = 12: should be less than steps = 12"),
        ({"warmup": -1}, ValueError, "warmup = -1"),
        ({"revive": 0}, ValueError, "revive = 0"),
        ({"patience": 2}, ValueError, "patience = 2: needs held_out"),
        ({"patience": 2, "held_out": DATA}, ValueError, "patience = 2: needs held_out"),
        ({"held_out": DATA, "metrics": {"held_out": len}}, ValueError, "metrics has 'held_out'"),
        ({"held_out": [1.0]}, TypeError, "held_out"),
    ],
)
def test_what_cannot_work_is_named(settings, error, message):
    model = small()
    before = weights(model)
    with pytest.raises(error, match=message):
        fit(model, DATA, 12, **settings)
    assert same(weights(model), before)


# --- more steps


@pytest.mark.parametrize("schedule", ["constant", SCHEDULERS["step"]], ids=["constant", "step"])
def test_more_steps_of_a_rate_that_has_no_end_are_the_steps_of_one_run(schedule, tmp_path):
    settings = {"schedule": schedule, "checkpoint": tmp_path / "run"}
    whole = small()
    long = fit(whole, DATA, 12, schedule=schedule)
    model = small()
    fit(model, DATA, 5, **settings)
    history = fit(forgotten(small()), DATA, 5, **settings)  # the finished run is only read
    assert len(history.loss) == 5
    other = forgotten(small())
    history = fit(other, DATA, 12, **settings)
    assert same(weights(other), weights(whole))
    assert torch.equal(history.loss, long.loss) and torch.equal(history.lr, long.lr)


def test_more_steps_with_a_cosine_begin_again_at_the_rate(tmp_path):
    settings = {"checkpoint": tmp_path / "run", "lr": 0.1, "save_every": 2}
    fit(small(), DATA, 4, **settings)
    history = fit(small(), DATA, 10, **settings)
    expected = [rate(0.1, "cosine", step, 4) for step in range(4)] + [rate(0.1, "cosine", step, 6) for step in range(6)]
    assert history.lr.tolist() == pytest.approx(expected)


def test_more_steps_that_are_interrupted_go_on_as_they_were_begun(tmp_path):
    first = {"metrics": {"stop": lambda model: 0.0}, "every": 1, "save_every": 2}
    for name in ("whole", "cut"):
        fit(small(), DATA, 4, checkpoint=tmp_path / name, **first)
    whole = small()
    fit(whole, DATA, 10, checkpoint=tmp_path / "whole", **first)
    with pytest.raises(RuntimeError, match="enough"):
        fit(small(), DATA, 10, checkpoint=tmp_path / "cut", **{**first, "metrics": {"stop": stop_at(2)}})
    resumed = forgotten(small())
    history = fit(resumed, DATA, 10, checkpoint=tmp_path / "cut", **first)
    assert same(weights(resumed), weights(whole)) and history.measured == list(range(11))


def test_a_run_that_is_not_finished_gets_no_more_steps(tmp_path):
    settings = {"every": 1, "checkpoint": tmp_path / "run", "save_every": 2}
    with pytest.raises(RuntimeError, match="enough"):
        fit(small(), DATA, 6, metrics={"stop": stop_at(4)}, **settings)
    with pytest.raises(ValueError, match="made with steps = 6, not 9: delete it to start anew"):
        fit(small(), DATA, 9, metrics={"stop": lambda model: 0.0}, **settings)


# --- streams


class Stream(IterableDataset):
    """Batches without a length, in an order of each epoch's own."""

    def __init__(self, count=5):
        self.count, self.generator = count, torch.Generator()

    def __iter__(self):
        for _ in range(self.count):
            yield DATA[torch.randperm(40, generator=self.generator)[:8]]


@pytest.mark.parametrize("source", [Stream, lambda: DataLoader(Stream(), batch_size=None)], ids=["iterable", "loader"])
def test_a_stream_without_a_length_resumes_to_the_same_bits(source, tmp_path):
    metrics = {"metrics": {"stop": lambda model: 0.0}, "every": 1, "save_every": 3}
    whole = small()
    fit(whole, source(), 13, **metrics)
    with pytest.raises(RuntimeError, match="enough"):
        fit(small(), source(), 13, checkpoint=tmp_path / "run", **{**metrics, "metrics": {"stop": stop_at(8)}})
    resumed = forgotten(small())
    fit(resumed, source(), 13, checkpoint=tmp_path / "run", **metrics)
    assert same(weights(resumed), weights(whole))


def test_batches_may_be_a_list_or_come_once():
    batches = list(DATA.split(8))
    model, other = small(), small()
    fit(model, batches, 5)
    fit(other, iter(batches), 5)
    assert same(weights(model), weights(other))
    fit(small(), [(batch, "and what belongs to it") for batch in batches], 7)


def test_a_stream_that_cannot_go_on_is_named(tmp_path):
    with pytest.raises(TrainingError, match="data ended after 5 batches: should give one for each step"):
        fit(small(), iter(DATA.split(8)), 6)
    with pytest.raises(ValueError, match="data is a generator, which can be read once: with a checkpoint it should"):
        fit(small(), (batch for batch in DATA.split(8)), 3, checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match="data is a list without a batch"):
        fit(small(), [], 3)
    with pytest.raises(ValueError, match="data gave no batch in epoch 0"):
        fit(small(), Stream(0), 3)


# --- dead atoms


def placed(dictionary, atoms, grid, masses):
    """One event of each of the first atoms, at node 5, as a signal each."""
    code = torch.zeros(atoms, dictionary.concepts, *grid)
    for c in range(atoms):
        code[(c, c, *[5] * len(grid))] = masses * (16 ** len(grid))
    return dictionary.synthesis(code).detach()


KINDS = {
    "dense": (lambda seed: DenseDictionary(6, 4, seed), ()),
    "conv": (lambda seed: ConvDictionary(2, 4, 5, seed), (16,)),
    "conv, two axes, offset": (lambda seed: ConvDictionary(2, 4, (3, 4), seed, offset=(-1, 2)), (16, 16)),
    "fourier": (lambda seed: FourierDictionary(2, 4, 5, seed), (16,)),
    "fourier, two axes": (lambda seed: FourierDictionary(2, 4, (3, 4), seed), (16, 16)),
    "lifted": (lambda seed: Lifted(DenseDictionary(9, 4, seed), Lifting.orthonormal(6, 9)), ()),
    "lifted, fourier": (lambda seed: Lifted(FourierDictionary(4, 4, 5, seed), Lifting.orthonormal(2, 4)), (16,)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_fragment_of_a_signal_that_is_an_atom_is_that_atom(kind):
    make, grid = KINDS[kind]
    true, other = make(1), make(2)
    signal = placed(true, 3, grid, 0.7)
    model = SparseAutoencoder(other, MatchingPursuit(1))
    concepts = torch.tensor([3, 0, 2])
    other.weight.data[concepts] = fragments(model, signal, concepts)
    learned, atoms = other.atoms(grid).detach()[concepts], true.atoms(grid).detach()[:3]
    cosine = torch.stack([best_cosine(a, b) for a, b in zip(learned, atoms, strict=True)])
    if isinstance(true, ConvDictionary):  # its taps hold the atom only when its largest value is in its middle
        assert (cosine > 0.5).all()
    else:
        torch.testing.assert_close(cosine, torch.ones(3))


def best_cosine(a, b):
    """The largest cosine over all shifts."""
    axes = tuple(range(1, a.dim()))
    if not axes:
        return torch.nn.functional.cosine_similarity(a, b, dim=0)
    product = torch.fft.ifftn(torch.fft.fftn(a, dim=axes).conj() * torch.fft.fftn(b, dim=axes), dim=axes).real.sum(0)
    return product.max() / (a.norm() * b.norm())


def test_a_kernel_with_its_largest_value_in_the_middle_is_found_whole():
    true = ConvDictionary.from_atoms(torch.tensor([[[0.0, 1.0, 3.0, 1.0, 0.5] + [0.0] * 11]]), support=5)
    model = SparseAutoencoder(ConvDictionary(1, 2, 5), MatchingPursuit(1))
    signal = torch.roll(true.atoms(16).detach(), 14, -1)
    found = fragments(model, signal, torch.tensor([1]))[0]
    torch.testing.assert_close(found / found.norm(), true.weight[0].detach() / true.weight[0].detach().norm())


def test_only_what_the_loss_did_not_depend_on_is_replaced_and_it_is_the_residual():
    model = small(OneStep(TopK(1), tied=False))
    with torch.no_grad():
        model.inference.encoder.weight[6:] = 0  # never chosen
        model.inference.bias[6:] = 0.3
    before = weights(model)
    revival = Revival(model, patience=1, seed=0)
    optimizer = ADAM(model.parameters(), lr=0.01)
    losses.squared_error(model, DATA).backward()
    revival.count()
    optimizer.step()
    model.load_state_dict(before)
    dead = revival.silent.nonzero().flatten().tolist()
    assert set(dead) >= {6, 7, 8} and len(dead) < 9
    residual = (DATA - model.reconstruct(DATA)).detach()
    revival.replace(optimizer, DATA, step=0)
    after = model.dictionary.weight.detach()
    alive = [c for c in range(9) if c not in dead]
    assert torch.equal(after[alive], before["dictionary.weight"][alive])
    cosine = torch.nn.functional.cosine_similarity(after[dead][:, None], residual[None], dim=2).max(1)
    torch.testing.assert_close(cosine.values, torch.ones(len(dead)))
    assert len(set(cosine.indices.tolist())) == len(dead), "no signal is taken twice"
    torch.testing.assert_close(model.dictionary.gain(), torch.ones(9))
    assert torch.equal(model.inference.encoder.weight[dead], after[dead])
    assert not model.inference.bias[dead].any()
    assert not revival.silent[dead].any()
    for parameter in (model.dictionary.weight, model.inference.encoder.weight, model.inference.bias):
        state = optimizer.state[parameter]
        assert not state["exp_avg"][dead].any() and not state["exp_avg_sq"][dead].any()
        assert state["exp_avg"][alive].any()


def test_thresholds_of_new_atoms_begin_anew():
    model = small(OneStep(JumpReLU(0.2), tied=False))
    with torch.no_grad():
        model.inference.sparsity.log_threshold.fill_(1.0)
    assert len(model.inference.renew(model.dictionary, torch.tensor([2]))) == 3
    theta = model.inference.sparsity.theta
    assert theta[2].item() == pytest.approx(0.2) and theta[1] > 2


@pytest.mark.parametrize("kind", KINDS)
def test_dead_atoms_come_back_to_life(kind):
    make, grid = KINDS[kind]
    true, dictionary = make(1), make(2)
    masses = torch.rand(64, 4, *grid, generator=torch.Generator().manual_seed(0))
    sparse = torch.where(masses > 1 - 2 / masses[0].numel(), masses * masses[0, 0].numel(), 0.0)
    data = true.synthesis(sparse).detach()
    data = data[data.flatten(1).any(1)]
    with torch.no_grad():
        for c in (1, 2, 3):
            dictionary.weight[c] = -dictionary.weight[0]  # a copy, turned, of one that comes first
    model = SparseAutoencoder(dictionary, MatchingPursuit(1))

    def dead(model):
        return dead_atoms(model.encode(data)).sum().item()

    history = fit(model, data, 40, lr=1e-3, revive=3, metrics={"dead": dead}, seed=1)
    assert history.metrics["dead"][0] >= 2 and history.metrics["dead"][-1] == 0


def test_a_run_that_replaces_atoms_resumes_to_the_same_bits(tmp_path):
    def model():
        made = small(OneStep(ReLU(), tied=False))
        with torch.no_grad():
            made.inference.bias[:4] = -100.0
        return made

    settings = {"loss": losses.l1(0.01), "revive": 3, "lr": 0.01, "every": 1, "save_every": 4}
    metrics = {"metrics": {"stop": lambda model: 0.0}}
    whole = model()
    fit(whole, DATA, 16, **settings, **metrics)
    assert (whole.inference.bias > -50).all(), "they were replaced"
    with pytest.raises(RuntimeError, match="enough"):
        fit(model(), DATA, 16, **settings, metrics={"stop": stop_at(6)}, checkpoint=tmp_path / "run")
    resumed = forgotten(model())
    fit(resumed, DATA, 16, **settings, **metrics, checkpoint=tmp_path / "run")
    assert same(weights(resumed), weights(whole))


def test_signals_that_are_explained_replace_nothing():
    model = SparseAutoencoder(DenseDictionary.from_atoms(torch.eye(6)), OneStep(TopK(6)))
    revival = Revival(model, patience=1, seed=0)
    revival.silent += 1
    before = weights(model)
    revival.replace(SGD(model.parameters(), lr=1.0), DATA, step=0)
    assert same(weights(model), before)


def test_a_residual_that_the_dictionary_cannot_hold_replaces_nothing():
    seen = torch.diag(torch.tensor([1.0, 0.0]))  # P drops the second channel, in which all signals are
    lifted = Lifted(DenseDictionary(2, 3), Lifting(seen, seen))
    model = SparseAutoencoder(lifted, OneStep(TopK(1)))
    revival = Revival(model, patience=1, seed=0)
    revival.silent += 1
    before = weights(model)
    revival.replace(SGD(model.parameters(), lr=1.0), torch.tensor([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]]), step=0)
    assert same(weights(model), before) and revival.silent.all()


def test_atoms_that_are_not_trained_are_not_replaced():
    model = small(OneStep(TopK(2), tied=False))
    model.dictionary.requires_grad_(False)
    with pytest.raises(ValueError, match="revive = 5: should be None where atoms are not trained"):
        fit(model, DATA, 3, revive=5)


# --- an end at the best state


def overfits(steps=60, **settings):
    """Few signals, many atoms, and others held out: the held-out loss falls, and then rises."""
    data, held_out = normal(8, 6, seed=1).float(), normal(24, 6, seed=2).float()
    model = SparseAutoencoder(DenseDictionary(6, 20), Unrolled(TopK(2), 2))
    seen = []

    def look(model):
        seen.append(weights(model))
        return 0.0

    settings = {"lr": 0.05, "schedule": "constant", "every": 5, "held_out": held_out, **settings}
    history = fit(model, data, steps, metrics={"look": look}, **settings)
    return model, history, seen, held_out


def test_the_held_out_loss_is_measured_a_batch_at_a_time():
    model, history, seen, held_out = overfits(20)
    assert history.measured == [0, 5, 10, 15, 20] and len(history.metrics["held_out"]) == 5
    with torch.no_grad():
        assert history.metrics["held_out"][-1] == pytest.approx(losses.objective(model, held_out).item(), rel=1e-5)
    assert same(weights(model), seen[-1]), "without patience the model is what it was trained to"


def test_training_ends_at_the_best_state():
    model, history, seen, _ = overfits(200, patience=3)
    found = history.metrics["held_out"]
    best = found.index(min(found))
    assert len(found) == best + 4 and len(history.loss) == len(history.lr) == 5 * (best + 3) < 200
    assert same(weights(model), seen[best])


def test_a_run_with_patience_goes_back_to_its_best_state_at_the_last_step_too():
    model, history, seen, _ = overfits(200, patience=1000)
    found = history.metrics["held_out"]
    assert len(history.loss) == 200 and found.index(min(found)) < len(found) - 1
    assert same(weights(model), seen[found.index(min(found))])


def test_a_run_that_ended_is_read_and_one_that_was_killed_ends_as_it_would_have(tmp_path):
    whole, history, _, _ = overfits(200, patience=3, checkpoint=tmp_path / "whole")
    again, same_history, _, _ = overfits(200, patience=3, checkpoint=tmp_path / "whole")
    assert same(weights(again), weights(whole)) and torch.equal(same_history.loss, history.loss)
    with pytest.raises(ValueError, match="made with steps = 200, not 300"):
        overfits(300, patience=3, checkpoint=tmp_path / "whole")

    data, held_out = normal(8, 6, seed=1).float(), normal(24, 6, seed=2).float()
    settings = {"lr": 0.05, "schedule": "constant", "every": 5, "held_out": held_out, "patience": 3, "save_every": 5}
    best = history.metrics["held_out"].index(min(history.metrics["held_out"]))
    with pytest.raises(RuntimeError, match="enough"):
        model = SparseAutoencoder(DenseDictionary(6, 20), Unrolled(TopK(2), 2))
        fit(model, data, 200, metrics={"look": stop_at(best + 2)}, checkpoint=tmp_path / "cut", **settings)
    model = forgotten(SparseAutoencoder(DenseDictionary(6, 20), Unrolled(TopK(2), 2)))
    fit(model, data, 200, metrics={"look": lambda model: 0.0}, checkpoint=tmp_path / "cut", **settings)
    assert same(weights(model), weights(whole))


def test_other_signals_held_out_are_another_run(tmp_path):
    settings = {"held_out": DATA, "checkpoint": tmp_path / "run"}
    fit(small(), DATA, 3, **settings)
    with pytest.raises(ValueError, match="was made with other signals held_out: delete it to start anew"):
        fit(small(), DATA, 3, **{**settings, "held_out": DATA + 1})


# --- modes that grow


def test_extended_is_the_same_functions_with_room():
    dictionary = FourierDictionary(2, 3, (2, 3), seed=4)
    wide = dictionary.extended((4, 3))
    assert wide.modes == (4, 3)
    torch.testing.assert_close(wide.atoms((12, 9)), dictionary.atoms((12, 9)))
    assert torch.equal(wide.truncated((2, 3)).weight, dictionary.weight)
    assert not wide.weight.is_set_to(dictionary.weight) and wide.weight.requires_grad
    for modes in (1, (1, 3), (2,)):
        with pytest.raises(ValueError, match=r"modes = .*: should be at least this dictionary's modes \(2, 3\)"):
            dictionary.extended(modes)
    with pytest.raises(TypeError, match="DenseDictionary has no modes"):
        DenseDictionary(4, 6).extended(3)


def test_a_model_goes_on_with_more_modes_where_it_was():
    lifted = Lifted(FourierDictionary(3, 4, 2), Lifting.orthonormal(1, 3))
    signal = normal(8, 1, 16).float()
    before = SparseAutoencoder(lifted, MatchingPursuit(3))
    after = SparseAutoencoder(lifted.extended(6), MatchingPursuit(3))
    torch.testing.assert_close(after.reconstruct(signal), before.reconstruct(signal))
    fit(after, signal, 20, lr=0.01, progress=False)
    assert (
        inner(after.reconstruct(signal) - signal, after.reconstruct(signal) - signal).mean()
        < inner(before.reconstruct(signal) - signal, before.reconstruct(signal) - signal).mean()
    )
