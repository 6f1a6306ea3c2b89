"""Neural operators: what they commute with, their training, and hidden functions that are recorded and replaced."""

import functools
import math
import signal as signals
from itertools import pairwise
from typing import NamedTuple

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from saeno import (
    ConvDictionary,
    DenseDictionary,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    TrainingError,
    files,
    fit,
)
from saeno.operators import FNO, DeepONet, FourierLayer, Shards, ShardWriter, UNet, fit_operator, record, relative_l2
from saeno.operators import replace as replaced
from saeno.training import rate
from saeno.training import shards as shards_module
from saeno.training.shards import Mixed
from tests.helpers import normal, synthesis_matrix, through

fit_operator = functools.partial(fit_operator, progress=False)

OPERATORS = {
    "fno": (lambda seed=0: FNO(2, 3, 6, 3, layers=3, seed=seed), (16,)),
    "fno-2d": (lambda seed=0: FNO(2, 3, 4, (2, 1), layers=2, seed=seed), (8, 6)),
    "unet": (lambda seed=0: UNet(2, 3, 3, depth=2, seed=seed), (16,)),
    "unet-2d": (lambda seed=0: UNet(2, 3, 2, axes=2, depth=1, seed=seed), (8, 6)),
    "deeponet": (lambda seed=0: DeepONet(2, 3, 16, width=8, basis=5, frequencies=3, depth=2, seed=seed), (16,)),
    "deeponet-2d": (lambda seed=0: DeepONet(2, 3, (8, 6), width=8, basis=5, frequencies=2, seed=seed), (8, 6)),
}
EACH = pytest.mark.parametrize("name", OPERATORS)


def made(name, seed=0):
    build, grid = OPERATORS[name]
    return build(seed).double(), normal(4, 2, *grid)


def waves(count, n, top=5, seed=0):
    """Smooth functions `(count, 1, n)`, the same ones on every grid, and what heat makes of them after a while."""
    frequency = torch.arange(1, top + 1).double()
    phase = 2 * math.pi * frequency[:, None] * torch.arange(n).double() / n
    a, b = normal(2, count, top, seed=seed) / frequency
    decay = torch.exp(-0.01 * (2 * math.pi * frequency).square())
    return [((a * c) @ phase.cos() + (b * c) @ phase.sin())[:, None] for c in (torch.ones_like(decay), decay)]


# --- operators


@EACH
def test_shapes_seeds_and_gradients(name):
    """Tried: a part of the network that the forward leaves out."""
    operator, x = made(name)
    y = operator(x)
    assert y.shape == (4, 3, *x.shape[2:])
    assert torch.equal(made(name)[0](x), y) and not torch.equal(made(name, seed=1)[0](x), y)
    y.square().sum().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in operator.parameters())
    assert operator(x[:0]).shape == (0, 3, *x.shape[2:])


def test_torch_s_own_numbers_are_not_touched():
    before = torch.get_rng_state()
    made("unet"), made("fno")
    assert torch.equal(before, torch.get_rng_state())


def test_the_maps_of_different_layers_start_with_different_numbers():
    layers = FNO(1, 1, 4, 2).layers
    assert not torch.equal(layers[0].kernel.weight, layers[1].kernel.weight)


@pytest.mark.parametrize(("name", "step"), [("fno", 1), ("fno-2d", 1), ("unet", 4), ("unet-2d", 2)])
def test_a_shift_of_the_input_shifts_the_output(name, step):
    operator, x = made(name)
    shifts, axes = [step * (3 + axis) for axis in range(x.dim() - 2)], list(range(2, x.dim()))
    assert (operator(x.roll(shifts, axes)) - operator(x).roll(shifts, axes)).abs().max() <= 1e-12
    if step > 1:
        assert (operator(x.roll(1, 2)) - operator(x).roll(1, 2)).abs().max() > 1e-7


def test_the_same_operator_on_twice_the_nodes():
    """What the coarse grid cannot hold of GELU is small here. Tried: frequencies of Nyquist kept; a sum for a mean."""
    operator = FNO(1, 1, 8, 5, seed=2).double()
    coarse, fine = operator(waves(3, 64)[0]), operator(waves(3, 128)[0])
    assert (fine[..., ::2] - coarse).abs().max() <= 1e-5 * coarse.abs().max()
    plane = FNO(1, 1, 4, (2, 2), layers=2, seed=2).double()
    x = {n: (waves(3, n, 2)[0][..., None] * waves(3, n, 2, seed=1)[0][:, :, None]) for n in (32, 64)}
    coarse, fine = plane(x[32]), plane(x[64])
    assert (fine[..., ::2, ::2] - coarse).abs().max() <= 1e-5 * coarse.abs().max()


@pytest.mark.parametrize(("modes", "grid"), [(3, (8,)), ((2, 1), (5, 4))])
def test_a_layer_is_a_product_at_each_node_and_a_circular_convolution(modes, grid):
    layer, v = FourierLayer(2, modes).double(), normal(3, 2, *grid)
    spread = through(synthesis_matrix(layer.kernel.atoms(grid)), v, 2)
    at_nodes = torch.einsum("oi,bi...->bo...", layer.pointwise.weight, v)
    moved = at_nodes + layer.pointwise.bias.view(-1, *[1] * len(grid)) + spread
    assert (layer(v) - nn.functional.gelu(moved)).abs().max() <= 1e-12
    layer.last = True
    assert (layer(v) - moved).abs().max() <= 1e-12


def test_a_deeponet_is_known_at_every_point():
    operator, x = made("deeponet")
    assert (operator(x, 48)[..., ::3] - operator(x)).abs().max() <= 1e-12
    coefficients = operator.branch(x.flatten(1)).view(4, 3, 5)
    at = torch.tensor([[0.1], [1.1]], dtype=torch.float64)
    assert (operator.functions(at)[0] - operator.functions(at)[1]).abs().max() <= 1e-12
    here = torch.einsum("bop,p->bo", coefficients, operator.functions(torch.tensor([[0.25]]).double())[0])
    assert (operator(x)[..., 4] - here - operator.bias).abs().max() <= 1e-12


def test_a_deeponet_on_a_plane_is_at_its_nodes_what_it_is_at_points():
    """Tried: the axes of the nodes in the other order; a wave and its mirror image, which are one."""
    operator, x = made("deeponet-2d")
    coefficients = operator.branch(x.flatten(1)).view(4, 3, 5)
    point = operator.functions(torch.tensor([[3 / 8, 5 / 6]], dtype=torch.float64))[0]
    assert (operator(x)[..., 3, 5] - coefficients @ point - operator.bias).abs().max() <= 1e-12
    every = {tuple(wave) for wave in torch.cat([operator.waves, -operator.waves]).int().tolist()}
    assert len(every) == 2 * len(operator.waves) == 5 * 5 - 1


def test_the_three_have_about_as_many_weights():
    sizes = [
        sum(p.numel() for p in o.parameters())
        for o in (FNO(1, 1, 32, 16), UNet(1, 1, 15), DeepONet(1, 1, 128, width=156))
    ]
    assert max(sizes) < 1.1 * min(sizes), sizes


@EACH
def test_saved_and_loaded(name, tmp_path):
    operator, x = made(name)
    operator.save(tmp_path / "o.safetensors")
    loaded = type(operator).load(tmp_path / "o.safetensors")
    assert torch.equal(loaded(x), operator(x)) and loaded.settings == operator.settings and not loaded.training
    other = UNet if name.startswith("fno") else FNO
    with pytest.raises(ValueError, match=f"holds {type(operator).__name__}; should be one that {other.__name__}.save"):
        other.load(tmp_path / "o.safetensors")


def test_a_file_of_another_kind_is_refused(tmp_path):
    SparseAutoencoder(DenseDictionary(2, 3), OneStep(TopK(1))).save(tmp_path / "sae.safetensors")
    with pytest.raises(ValueError, match="holds no operator"):
        FNO.load(tmp_path / "sae.safetensors")


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: FNO(0, 1, 2, 3), ValueError, "channels_in = 0"),
        (lambda: FNO(1, 1, 2, -1), ValueError, "modes = -1"),
        (lambda: FNO(1, 1, 2, 3, layers=0), ValueError, "layers = 0"),
        (lambda: FNO(1, 1, 2, 3, seed=-1), ValueError, "seed = -1"),
        (lambda: FNO(1, 1, 2, 3)(torch.zeros(1, 1, 6)), ValueError, r"x has grid \(6,\).* at least \(7,\) nodes"),
        (lambda: FNO(1, 1, 2, 3)(torch.zeros(1, 2, 8)), ValueError, r"x has shape .* channels = 1, n\) for FNO"),
        (lambda: FNO(1, 1, 2, (3, 3))(torch.zeros(1, 1, 8)), ValueError, r"x has shape .*, n, n\) for FNO"),
        (lambda: FNO(1, 1, 2, 3)(torch.zeros(1, 1, 8).double()), TypeError, "x is torch.float64, the operator"),
        (lambda: UNet(1, 1, 2, axes=3), ValueError, "axes = 3: should be 1 or 2"),
        (lambda: UNet(1, 1, 2)(torch.zeros(1, 1, 12)), ValueError, r"x has grid \(12,\): .* multiples of 8 nodes"),
        (lambda: DeepONet(1, 1, ()), ValueError, r"grid = \(\)"),
        (lambda: DeepONet(1, 1, 8)(torch.zeros(1, 1, 16)), ValueError, r"x has grid \(16,\): .* sensors, \(8,\)"),
    ],
)
def test_what_an_operator_cannot_take(call, error, said):
    with pytest.raises(error, match=said):
        call()


# --- training

PAIRS = waves(60, 32)


def small(seed=0):
    return FNO(1, 1, 6, 4, layers=2, seed=seed).double()


def test_the_relative_error():
    y = normal(3, 2, 8)
    expected = [((1.5 * y[i] - y[i]).square().sum().sqrt() / y[i].square().sum().sqrt()).item() for i in range(3)]
    assert relative_l2(1.5 * y, y).tolist() == pytest.approx(expected)
    assert relative_l2(1.5e-30 * y.float(), 1e-30 * y.float()).tolist() == pytest.approx([0.5] * 3)
    with pytest.raises(ValueError, match="target has functions that are zero"):
        relative_l2(y, 0 * y)
    with pytest.raises(ValueError, match=r"prediction has shape \(3, 1, 8\): should be that of target, \(3, 2, 8\)"):
        relative_l2(y[:, :1], y)


def test_a_run_learns_the_heat_equation():
    """Far below what it starts with, and below the mean of the outputs, on functions that it has not seen."""
    (x, y), (new_x, new_y) = PAIRS, waves(40, 32, seed=9)
    operator = FNO(1, 1, 12, 5, layers=2).double()

    def error(model):
        return relative_l2(model(new_x), new_y).mean()

    history = fit_operator(operator, x, y, 100, warmup=10, lr=1e-2, metrics={"new": error}, every=50)
    assert history.measured == [0, 50, 100] and not operator.training
    of_mean = relative_l2(y.mean(0, keepdim=True).expand_as(new_y), new_y).mean()
    assert history.metrics["new"][-1] < 0.05 * min(history.metrics["new"][0], of_mean.item())


def test_a_step_by_hand():
    x, y = (part[:20] for part in PAIRS)
    operator, by_hand = small(), small()
    run = fit_operator(operator, x, y, 3, warmup=2, lr=0.01, weight_decay=0.1)
    optimizer = torch.optim.AdamW(by_hand.parameters(), weight_decay=0.1)
    for lr in (0.005, 0.01, 0.01):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        relative_l2(by_hand(x), y).mean().backward()
        optimizer.step()
    assert run.lr.tolist() == [0.005, 0.01, 0.01]
    for ours, theirs in zip(operator.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_schedule():
    rates = [rate(2.0, "cosine", step, 12, warmup=4) for step in range(13)]
    assert rates[:5] == [0.5, 1, 1.5, 2, 2] and rates[-1] == 0 and rates[8] == pytest.approx(1)
    assert rate(2.0, "cosine", 0, 10, warmup=0) == 2


def state(model):
    return [value.clone() for value in model.state_dict().values()]


def forgotten(model):
    """A model of the same make, with other numbers in it."""
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


class Killed(Exception):
    pass


def counting(most):
    """A metric that ends the process, as it were, at its most-th call."""
    calls = []

    def metric(model):
        calls.append(model)
        if len(calls) > most:
            raise Killed
        return 1.0

    return {"m": metric}


def test_a_killed_run_goes_on_to_the_same_bits(tmp_path):
    """It is killed after step 7; its last checkpoint is of step 5. An epoch has 3 steps."""
    whole, resumed = small(), forgotten(small())
    how = dict(steps=12, warmup=3, every=1)
    history = fit_operator(whole, *PAIRS, metrics=counting(99), **how)
    how |= dict(checkpoint=tmp_path / "run", save_every=5)
    with pytest.raises(Killed):
        fit_operator(small(), *PAIRS, metrics=counting(7), **how)
    again = fit_operator(resumed, *PAIRS, metrics=counting(99), **how)
    assert all(map(torch.equal, state(whole), state(resumed)))
    assert torch.equal(again.loss, history.loss) and again.metrics == history.metrics


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lr": 1e-4}, "made with lr = 0.003, not 0.0001"),
        ({"inputs": 2 * PAIRS[0]}, "other data"),
        ({"outputs": 2 * PAIRS[1]}, "other data"),
        ({"model": FNO(1, 1, 6, 3, layers=2).double()}, "another model"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, said):
    how = dict(inputs=PAIRS[0], outputs=PAIRS[1], steps=4, warmup=1, checkpoint=tmp_path / "run")
    fit_operator(small(), **how)
    with pytest.raises(ValueError, match=said):
        fit_operator(**{"model": small(), **how, **change})


def test_a_checkpoint_has_a_place():
    with pytest.raises(ValueError, match=r"checkpoint = 'no/such/folder/run': its folder should exist"):
        fit_operator(small(), *PAIRS, steps=4, warmup=1, checkpoint="no/such/folder/run")


@pytest.fixture
def listening():
    """Ctrl-C is heard, also where the tests run in the background, which ignores it."""
    usual = signals.signal(signals.SIGINT, signals.default_int_handler)
    yield
    signals.signal(signals.SIGINT, usual)


def test_an_interrupt_leaves_a_checkpoint(tmp_path, listening):
    x, y = PAIRS
    operator = small()
    steps = []

    def press(module, given):
        if module.training:
            steps.append(1)
            if len(steps) == 3:
                signals.raise_signal(signals.SIGINT)

    hook = operator.register_forward_pre_hook(press)
    with pytest.raises(KeyboardInterrupt, match="step 3 of 9; the checkpoint has it"):
        fit_operator(operator, x, y, 9, warmup=1, checkpoint=tmp_path / "run")
    hook.remove()
    assert files.read(tmp_path / "run")[1]["training"]["step"] == 3


def test_any_module_is_trained(tmp_path):
    module = nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.Tanh(), nn.Conv1d(4, 1, 5, padding=2)).double()
    seen = []
    how = dict(warmup=3, lr=1e-2, checkpoint=tmp_path / "run", metrics={"m": lambda model: seen.append(model) or 0.0})
    history = fit_operator(module, *PAIRS, 40, **how)
    assert history.loss[-5:].mean() < 0.9 * history.loss[0] and all(one is module for one in seen)
    with pytest.raises(ValueError, match="another model"):
        fit_operator(nn.Sequential(nn.Conv1d(1, 1, 3, padding=1)).double(), *PAIRS, 40, **how)


def test_a_run_that_diverges_stops_and_keeps_what_was_good():
    class Wild(nn.Module):
        def __init__(self):
            super().__init__()
            self.steps, self.weight = 0, nn.Parameter(torch.ones(1, dtype=torch.float64))

        def forward(self, x):
            self.steps += self.training
            return x * self.weight * (1e6 if self.steps > 3 else 1)

    for factor, cause in ((1, "diverges"), (math.nan, "the loss is nan")):
        model = Wild()
        model.register_forward_hook(lambda m, _, made, f=factor: made * f if m.steps > 3 else made)
        with pytest.raises(TrainingError, match=cause) as stopped:
            fit_operator(model, *[1e4 * part for part in PAIRS], 9, warmup=1)
        assert stopped.value.step == 3 and model.weight.isfinite().all()


class Nothing(nn.Module):
    def forward(self, x):
        return 0 * x


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"steps": 0}, ValueError, "steps = 0"),
        ({"warmup": 9}, ValueError, "warmup = 9: should be less than steps = 9"),
        ({"batch": 61}, ValueError, "batch = 61: should be at most the 60 pairs"),
        ({"lr": -1}, ValueError, "lr = -1"),
        ({"model": lambda x: x}, TypeError, "model = .*should be a Module"),
        ({"model": nn.Identity()}, ValueError, "model has no parameter to train"),
        ({"inputs": PAIRS[0][:50]}, ValueError, "outputs has 60 functions: should have 50"),
        ({"inputs": PAIRS[0].float()}, TypeError, "inputs is torch.float32, the model torch.float64"),
        ({"outputs": PAIRS[1][..., :16]}, ValueError, r"outputs has functions \(1, 16\): should fit the model"),
        ({"outputs": PAIRS[1] * torch.nan}, ValueError, "outputs has NaN"),
        ({"outputs": torch.cat([PAIRS[1][:59], 0 * PAIRS[1][:1]])}, ValueError, "zero, first in pair 59"),
        ({"model": nn.Sequential(small(), Nothing())}, ValueError, "model has the gradient zero in all parameters"),
        ({"metrics": {"m": 3}}, TypeError, r"metrics\['m'\] = 3"),
        ({"every": 0}, ValueError, "every = 0"),
    ],
)
def test_what_cannot_be_trained(change, error, said):
    how = {"model": small(), "inputs": PAIRS[0], "outputs": PAIRS[1], "steps": 9, "warmup": 1}
    with pytest.raises(error, match=said):
        fit_operator(**{**how, **change})


# --- hidden functions


class Shared(nn.Module):
    """One module that runs once for each layer, as the blocks of the package neuraloperator do; then works in place."""

    def __init__(self):
        super().__init__()
        self.lift, self.fno_blocks, self.unused = nn.Conv1d(2, 4, 1), Blocks(), nn.Identity()

    def forward(self, x):
        x = self.lift(x)
        for index in range(3):
            x = self.fno_blocks(x, index=index).mul_(2)
        return x.sum(1, keepdim=True)


class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv1d(4, 4, 1) for _ in range(3))

    def forward(self, x, index):
        return nn.functional.gelu(self.maps[index](x))


class Around(nn.Module):
    """A layer that gives two functions."""

    def __init__(self, kind=tuple):
        super().__init__()
        self.pair, self.kind = Two(kind), kind

    def forward(self, x):
        made = self.pair(x)
        assert type(made) is self.kind
        return made[0] + 2 * made[1]


class Two(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        return self.kind(*[x, x + 1]) if issubclass(self.kind, Named) else self.kind([x, x + 1])


class Saying(nn.Module):
    """A layer that gives no tensor."""

    def __init__(self):
        super().__init__()
        self.words = nn.Identity()

    def forward(self, x):
        return self.words({"x": x})["x"]


class Named(NamedTuple):
    first: torch.Tensor
    second: torch.Tensor


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@EACH
def test_recorded_layers_are_what_the_network_passes_on(name):
    """Five inputs in batches of two, several layers in one pass: each layer's output leads to the next one's."""
    operator = made(name)[0]
    x = normal(5, 2, *made(name)[1].shape[2:])
    names = {
        "fno": ["lift", "layers.0", "layers.1"],
        "une": ["down.0", "down.1", "up.0"],
        "dee": ["branch.0", "branch.1"],
    }
    names = names[name[:3]]
    hidden = record(operator, x, names, batch=2)
    assert list(hidden) == names and all(len(value) == 5 for value in hidden.values())
    assert not any(value.requires_grad for value in hidden.values()) and hooks(operator) == 0
    modules = dict(operator.named_modules())
    first = modules[names[0]](x if name[:3] != "dee" else x.flatten(1))
    torch.testing.assert_close(hidden[names[0]], first.detach())
    if name[:3] != "une":
        torch.testing.assert_close(hidden[names[1]], modules[names[1]](first).detach())


def test_hidden_functions_lead_to_the_output():
    operator, x = made("fno")
    hidden = record(operator, x, ["layers.2", "project", ""], batch=3)
    torch.testing.assert_close(operator.project(hidden["layers.2"]), operator(x))
    assert torch.equal(hidden["project"], hidden[""])
    alone = record(operator, x, "layers.2")["layers.2"]
    torch.testing.assert_close(alone, hidden["layers.2"])


def test_a_module_that_runs_several_times():
    """Tried: counts that go on from one batch to the next; a view of what is changed in place afterwards."""
    torch.manual_seed(0)
    model, x = Shared(), normal(5, 2, 8).float()
    expected = model.lift(x)
    for index in range(3):
        expected = model.fno_blocks(expected * (2 if index else 1), index=index).detach()
        for batch in (2, 5):
            found = record(model, x, "fno_blocks", call=index, batch=batch)["fno_blocks"]
            torch.testing.assert_close(found, expected)
    with pytest.raises(ValueError, match="call = None: 'fno_blocks' runs 3 times in a forward, should be 0 to 2"):
        record(model, x, ["lift", "fno_blocks"])
    with pytest.raises(ValueError, match="call = 3: 'fno_blocks' runs 3 times in a forward, should be below 3"):
        record(model, x, "fno_blocks", call=3)
    with pytest.raises(ValueError, match="'unused' does not run in a forward of Shared"):
        record(model, x, "unused")
    with replaced(model, "fno_blocks", torch.zeros_like, call=2):
        assert not model(x).any()
        assert not model(x).any()
    with replaced(model, "fno_blocks", torch.zeros_like), pytest.raises(ValueError, match="runs 3 times"):
        model(x)
    assert hooks(model) == 0 and model(x).any()


def test_a_forward_that_failed_does_not_count():
    model, x = Shared(), normal(5, 2, 8).float()
    with replaced(model, "fno_blocks", torch.zeros_like, call=2):
        usual, model.fno_blocks.maps = model.fno_blocks.maps, model.fno_blocks.maps[:2]
        with pytest.raises(IndexError):
            model(x)
        model.fno_blocks.maps = usual
        assert not model(x).any()


def test_a_layer_that_is_called_by_itself_is_itself():
    operator, x = made("fno")
    before = operator.lift(x)
    with replaced(operator, "lift", torch.zeros_like):
        assert torch.equal(operator.lift(x), before)


def test_a_network_is_left_in_its_modes():
    """Tried: all in train mode afterwards."""
    model = nn.Sequential(nn.Conv1d(2, 2, 1), nn.BatchNorm1d(2), nn.Dropout(0.5))
    model[1].eval()
    before, x = model[1].running_mean.clone(), normal(4, 2, 8).float()
    assert torch.equal(record(model, x, "2")["2"], record(model, x, "2")["2"])
    assert [m.training for m in model] == [True, False, True] and model.training
    assert torch.equal(before, model[1].running_mean)


@pytest.mark.parametrize("kind", [tuple, list, Named])
def test_a_layer_that_gives_several(kind):
    model, x = Around(kind), normal(3, 2, 8)
    assert torch.equal(record(model, x, "pair", output=1)["pair"], x + 1)
    with replaced(model, "pair", torch.zeros_like, output=0):
        torch.testing.assert_close(model(x), 2 * (x + 1))
    for output in (None, 2):
        with pytest.raises(ValueError, match=f"output = {output}: 'pair' gives a {kind.__name__} of 2, .* below 2"):
            record(model, x, "pair", output=output)
    with pytest.raises(ValueError, match="output = 0: '' gives a Tensor, should be None"):
        record(model, x, "", output=0)


@EACH
def test_the_identity_in_place_of_a_layer_changes_no_bit(name):
    operator, x = made(name)
    before = operator(x)
    for layer in [layer for layer, _ in operator.named_modules() if layer in record_all(operator, x)]:
        with replaced(operator, layer, lambda value: value) as same:
            assert same is operator and torch.equal(operator(x), before)
    assert hooks(operator) == 0


def record_all(operator, x):
    """The layers that run once and give one function for each input."""
    found = []
    for name, _ in operator.named_modules():
        try:
            record(operator, x, name)
            found.append(name)
        except ValueError:
            pass
    assert len(found) > 5
    return found


def test_a_layer_that_is_replaced():
    operator, x = made("fno")
    hidden = record(operator, x, "layers.1")["layers.1"]
    other = normal(*hidden.shape, seed=3).requires_grad_()
    with replaced(operator, "layers.1", lambda value: value + other):
        y = operator(x)
    torch.testing.assert_close(y, operator.project(operator.layers[2](hidden + other)))
    y.square().sum().backward()
    assert other.grad.abs().max() > 0
    with replaced(operator, "layers.0", torch.zeros_like), replaced(operator, "layers.1", lambda value: value + 1):
        torch.testing.assert_close(
            operator(x)[:1], operator.project(operator.layers[2](operator.layers[1](0 * hidden[:1]) + 1))
        )


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (lambda value: None, TypeError, "function gave None: should be a tensor of torch.float64, as 'layers.1' gives"),
        (lambda value: value.float(), TypeError, "function gave a tensor .* of torch.float64"),
        (lambda value: value[:, :1], ValueError, r"function gave a tensor \(4, 1, 16\) .* should be \(4, 6, 16\)"),
        (lambda value: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_a_replacement_that_cannot_be(function, error, said):
    operator, x = made("fno")
    with pytest.raises(error, match=said), replaced(operator, "layers.1", function):
        operator(x)
    assert hooks(operator) == 0


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda o, x: record(o, x, "layers.7"),
            ValueError,
            r"layers = 'layers.7': should be one of 'lift', 'layers', ",
        ),
        (lambda o, x: record(o, x, 3), TypeError, "layers = 3"),
        (lambda o, x: record(o, x * torch.nan, "layers.1"), ValueError, r"'layers.1' has NaN .* for x\[0:4\]"),
        (lambda o, x: record(o, x, "layers.1", batch=0), ValueError, "batch = 0"),
        (lambda o, x: record(o, x, "layers.1", call=-1), ValueError, "call = -1"),
        (lambda o, x: record(lambda x: x, x, "a"), TypeError, "model = .*: should be a Module"),
        (lambda o, x: record(o, x.numpy(), "lift"), TypeError, "x = a NumPy array .* should be a tensor"),
        (lambda o, x: record(made("deeponet")[0], x, "trunk.0"), ValueError, r"'trunk.0' gives .* with batch = 4"),
        (lambda o, x: replaced(o, "layers.1", 3).__enter__(), TypeError, "function = 3"),
        (lambda o, x: replaced(o, "no", abs).__enter__(), ValueError, "layer = 'no': should be one of"),
        (lambda o, x: record(Saying(), x, "words"), TypeError, "layer 'words' gives a dict: should be a tensor"),
    ],
)
def test_what_cannot_be_recorded(call, error, said):
    operator, x = made("fno")
    operator.train()
    with pytest.raises(error, match=said):
        call(operator, x)
    assert hooks(operator) == 0 and operator.training


def test_a_fault_is_found_where_it_is():
    operator, x = made("fno")
    x[3, 0, 5] = torch.inf
    with pytest.raises(ValueError, match=r"'lift' has NaN or infinite values for x\[2:4\]: should be finite"):
        record(operator, x, ["lift"], batch=2)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.half, torch.float, torch.double])
def test_recorded_layers_keep_their_type(dtype):
    """Of several batches, the last of them smaller."""
    x = normal(5, 3, 7).to(dtype)
    kept = record(nn.Sequential(nn.Identity()), x, "0", batch=2)["0"]
    assert kept.dtype == dtype and torch.equal(kept, x)


# --- shards


@pytest.fixture
def short_files(monkeypatch):
    """Three functions of 2 × 8 numbers in float64 to a file."""
    monkeypatch.setattr(shards_module, "BYTES", 3 * 2 * 8 * 8)


def stored(folder, count=20):
    writer, rows = ShardWriter(folder, {"layer": "here"}), normal(count, 2, 8)
    for part in rows.split(3):
        writer.add(part)
    return writer.close(), rows


def test_layers_on_disk_are_the_layers_in_memory(tmp_path, short_files):
    operator, x = made("fno")[0], normal(10, 2, 16)
    names = ["layers.0", "layers.1"]
    memory = record(operator, x, names, batch=3)
    disk = record(operator, x, names, batch=3, shards=tmp_path / "hidden")
    for name in names:
        assert torch.equal(torch.cat(list(disk[name])), memory[name])
        again = Shards(tmp_path / "hidden" / name)
        assert (again.rows, again.shape, again.dtype) == (10, (6, 16), "float64")
        assert again.about == {"layer": name, "call": None, "output": None} and len(again.files) == 4
    with pytest.raises(ValueError, match=r"folder = .*: holds signals already"):
        record(operator, x, names, shards=tmp_path / "hidden")


def test_an_epoch_has_every_row_once_in_a_new_order(tmp_path, short_files):
    _, rows = stored(tmp_path / "s")
    data = Shards(tmp_path / "s").loader(batch=4, buffer=8)
    epochs = [torch.cat(list(data)) for _ in range(2)]
    key = {row.sum().item(): place for place, row in enumerate(rows)}
    orders = [[key[row.sum().item()] for row in epoch] for epoch in epochs]
    assert len(data) == 5 and all(sorted(order) == list(range(20)) for order in orders)
    assert orders[0] != orders[1]
    for order in orders:  # in a file three rows follow each other; here hardly any two do
        assert sum(b - a == 1 for a, b in pairwise(order)) < 6
    assert torch.equal(torch.cat(list(Shards(tmp_path / "s").loader(batch=4, buffer=8))), epochs[0])
    assert len(list(Shards(tmp_path / "s").loader(batch=6, buffer=12))) == 3


def test_files_are_read_one_after_the_other(tmp_path, short_files, monkeypatch):
    """Each once in an epoch, and no more of them at a time than the buffer takes."""
    stored(tmp_path / "s", 21)
    data, read = Shards(tmp_path / "s").loader(batch=2, buffer=6), []
    usual = Shards.read
    monkeypatch.setattr(Shards, "read", lambda self, place: read.append(place) or usual(self, place))
    given = iter(data)
    next(given)
    assert len(read) == 2
    next(given)  # half of the six stay behind until there are more to mix with
    assert len(read) == 3
    list(given)
    assert sorted(read) == list(range(7))


def test_a_dictionary_is_fitted_to_layers_on_disk(tmp_path, short_files):
    stored(tmp_path / "s")

    def run(model, steps=9, **how):
        data = Shards(tmp_path / "s").loader(batch=4, buffer=8)
        return fit(model, data, steps, progress=False, **how)

    def model():
        return SparseAutoencoder(ConvDictionary(2, 3, 4).double(), OneStep(SoftThreshold(0.05)))

    whole, resumed = model(), forgotten(model())
    run(whole)
    how = dict(checkpoint=tmp_path / "run", save_every=2, every=1)
    with pytest.raises(Killed):
        run(model(), metrics=counting(7), **how)
    run(resumed, metrics=counting(99), **how)
    assert all(map(torch.equal, state(whole), state(resumed)))


def test_a_file_that_is_not_what_was_written_is_named(tmp_path, short_files):
    stored(tmp_path / "s")
    path = tmp_path / "s" / "00002.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"00002.safetensors': its bytes are not those that were written"):
        list(Shards(tmp_path / "s").loader(batch=4, buffer=8))
    path.write_bytes(whole[:-9])
    with pytest.raises(ValueError, match=rf"00002.safetensors': has {len(whole) - 9} bytes, should have {len(whole)}"):
        Shards(tmp_path / "s")
    path.unlink()
    with pytest.raises(ValueError, match=r"00002.safetensors': has 0 bytes"):
        Shards(tmp_path / "s")


def test_a_folder_that_was_left_half_written_is_none_to_read(tmp_path, short_files):
    operator, x = made("fno")
    x[3] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        record(operator, x, "lift", batch=1, shards=tmp_path)
    with pytest.raises(ValueError, match=r"should have an index.json"):
        Shards(tmp_path / "lift")
    assert record(operator, x[:3], "lift", shards=tmp_path)["lift"].rows == 3


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda at: Shards(at).loader(batch=21), ValueError, "batch = 21: should be at most the 20"),
        (lambda at: Shards(at).loader(batch=4, buffer=7), ValueError, "buffer = 7: should be at least two batches, 8"),
        (lambda at: Shards(3), TypeError, "folder = 3: should be a path"),
        (lambda at: Shards(at / "index.json"), ValueError, "is a file, should be a folder"),
        (lambda at: ShardWriter(at / "new").close(), ValueError, "should be given rows"),
        (lambda at: list(DataLoader(Mixed(Shards(at), 4), batch_size=None, num_workers=1)), ValueError, "num_workers"),
    ],
)
def test_what_shards_cannot_be(tmp_path, call, error, said):
    stored(tmp_path / "s")
    with pytest.raises(error, match=said):
        call(tmp_path / "s")


def test_rows_of_another_shape_are_refused(tmp_path):
    writer = ShardWriter(tmp_path / "s")
    writer.add(normal(2, 2, 8))
    with pytest.raises(ValueError, match=r"rows are \(2, 4\) of torch.float64: should be \(2, 8\) of torch.float64"):
        writer.add(normal(2, 2, 4))


def test_an_index_that_cannot_be_read_is_named(tmp_path):
    stored(tmp_path / "s")
    index = tmp_path / "s" / "index.json"
    text = index.read_text()
    index.write_text(text.replace('"schema": 1', '"schema": 2'))
    with pytest.raises(ValueError, match="newer version"):
        Shards(tmp_path / "s")
    index.write_text(text[:50])
    with pytest.raises(ValueError, match="cannot be understood"):
        Shards(tmp_path / "s")
