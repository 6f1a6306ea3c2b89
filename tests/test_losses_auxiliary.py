"""The loss that brings dead atoms back: by its formula, its gradients, its count, and what it does."""

import pytest
import torch

from saeno import (
    BatchTopK,
    DenseDictionary,
    JumpReLU,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    TrainingError,
    Unrolled,
    fit,
    losses,
)
from saeno.metrics import dead_atoms
from tests.helpers import NAMES, count, normal, one_of_each

ENCODERS = {
    "tied": lambda: OneStep(TopK(2)),
    "untied": lambda: OneStep(TopK(2), tied=False),
    "positive": lambda: OneStep(TopK(2, positive=True), tied=False),
    "batch": lambda: OneStep(BatchTopK(2), tied=False),
    "relu": lambda: OneStep(ReLU()),
    "jump": lambda: OneStep(JumpReLU(0.05), tied=False),
    "soft": lambda: OneStep(SoftThreshold(0.05)),
    "ista": lambda: Unrolled(SoftThreshold(0.05), 3),
    "hard": lambda: Unrolled(TopK(2), 3),
    "pursuit": lambda: MatchingPursuit(2),
}
POSITIVE = {"positive", "relu", "jump"}
EVERY = pytest.mark.parametrize("encoder", ENCODERS)


def with_dead(loss, model, signal, dead):
    """The loss after a count by which these concepts, and no others, are dead."""
    loss(model, signal)
    silent = torch.zeros(model.dictionary.concepts, dtype=torch.long)
    silent[dead] = 10**6
    loss.silent = silent
    loss._count = lambda *_: None
    return loss


@EVERY
@pytest.mark.parametrize("name", NAMES)
def test_it_is_its_formula(name, encoder):
    """e = x − x̂; the k largest masses of the dead become events; weight · ½‖e − ê‖² is added."""
    dictionary, grid = one_of_each()[name]
    model, signal = SparseAutoencoder(dictionary, ENCODERS[encoder]()), normal(3, 2, *grid)
    dead, k = [0, 2], 1 if not grid else 4
    loss = with_dead(losses.AuxK(k, weight=0.3, base=losses.squared_error), model, signal, dead)
    residual = signal - model.reconstruct(signal)
    iterates = not isinstance(model.inference, OneStep)
    masses = dictionary.analysis(residual if iterates else signal)[:, dead].flatten(1)  # an untied W starts as Dᵀ
    score = masses if encoder in POSITIVE else masses.abs()
    kept = torch.where(score >= score.sort(1, descending=True).values[:, k - 1 : k], masses, 0.0)
    code = torch.zeros(3, dictionary.concepts, *grid, dtype=torch.float64)
    code[:, dead] = (count(grid) * (kept.clamp(min=0) if encoder in POSITIVE else kept)).view(3, 2, *grid)
    left = (residual - dictionary.synthesis(code)).square().sum() / (2 * 3 * count(grid))
    torch.testing.assert_close(loss(model, signal), losses.squared_error(model, signal) + 0.3 * left)


@EVERY
@pytest.mark.parametrize("name", NAMES)
def test_dead_atoms_their_encoder_and_their_bias_have_a_gradient(name, encoder):
    dictionary, grid = one_of_each()[name]
    model, signal = SparseAutoencoder(dictionary, ENCODERS[encoder]()), normal(20, 2, *grid)
    dead = [1] if encoder != "pursuit" else [0]
    loss = with_dead(
        losses.AuxK(3, base=lambda model, signal, encoding: encoding.dense().sum() * 0), model, signal, dead
    )
    loss(model, signal).backward()
    for parameter in model.parameters():
        if parameter is getattr(getattr(model.inference, "sparsity", None), "log_threshold", None):
            continue
        norms = parameter.grad.flatten(1).norm(dim=1) if parameter.dim() > 1 else parameter.grad.abs()
        alive = [c for c in range(dictionary.concepts) if c not in dead]
        assert (norms[dead] > 1e-6).all() and (norms[alive] < 1e-12).all()


def test_the_gradient_is_that_of_the_formula_with_the_residual_held():
    """Finite differences of w/2·‖e₀ − ê‖² with e₀ a constant; nothing else reaches the dead atoms."""
    model = SparseAutoencoder(DenseDictionary(4, 6).double(), OneStep(TopK(2), tied=False))
    signal, dead = normal(5, 4), [1, 4]
    with torch.no_grad():
        model.inference.bias.copy_(0.1 * normal(6))
    loss = with_dead(losses.AuxK(1, weight=0.7, base=losses.squared_error), model, signal, dead)
    loss(model, signal).backward()
    residual = (signal - model.reconstruct(signal)).detach()
    base = torch.autograd.grad(losses.squared_error(model, signal), list(model.parameters()))

    def auxiliary(weight, encoder, bias):
        masses = (signal @ encoder.T + bias)[:, dead]
        kept = torch.where(masses.abs() == masses.abs().amax(1, keepdim=True), masses, 0.0)
        return 0.7 * (residual - kept @ weight[dead]).square().sum() / (2 * 5)

    values = [model.dictionary.weight, model.inference.encoder.weight, model.inference.bias]
    named = dict(zip(map(id, model.parameters()), base, strict=True))
    for place, parameter in enumerate(values):
        numeric = torch.zeros_like(parameter)
        for entry in range(parameter.numel()):
            ends = []
            for h in (1e-6, -1e-6):
                moved = [value.detach().clone() for value in values]
                moved[place].view(-1)[entry] += h
                ends.append(auxiliary(*moved))
            numeric.view(-1)[entry] = (ends[0] - ends[1]) / 2e-6
        torch.testing.assert_close(parameter.grad - named[id(parameter)], numeric, atol=1e-8, rtol=1e-6)


def test_a_negative_mass_of_a_positive_code_explains_nothing_and_still_feels_the_gradient():
    model = SparseAutoencoder(DenseDictionary(3, 3).double(), OneStep(ReLU(), tied=False))
    with torch.no_grad():
        for weight in (model.dictionary.weight, model.inference.encoder.weight):
            weight.copy_(torch.eye(3))
        model.inference.bias[2] = -50.0
    signal = normal(8, 3).abs()
    loss = with_dead(losses.AuxK(1, weight=2.0, base=losses.squared_error), model, signal, [2])
    value = loss(model, signal)
    left = signal - model.reconstruct(signal)
    torch.testing.assert_close(value, losses.squared_error(model, signal) + 2 * left.square().sum() / 16)
    value.backward()
    torch.testing.assert_close(model.inference.bias.grad[2], -2 * left[:, 2].sum() / 8)
    assert model.inference.bias.grad[2] < 0, "descent makes the bias rise"
    assert not model.dictionary.weight.grad[2].any()


@EVERY
def test_none_dead_few_dead_all_dead(encoder):
    model, signal = SparseAutoencoder(DenseDictionary(6, 9), ENCODERS[encoder]()), normal(20, 6).float()
    base = losses.squared_error(model, signal)
    for dead, many in [([], 4), ([3], 4), (list(range(9)), 4), (list(range(9)), 100)]:
        loss = with_dead(losses.AuxK(many, base=losses.squared_error), model, signal, dead)
        value = loss(model, signal)
        value.backward()
        assert value.isfinite() and (value == base if not dead else value != base)
        assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_it_counts_the_batches_since_a_concept_was_active():
    model = SparseAutoencoder(DenseDictionary.from_atoms(torch.eye(4)), OneStep(TopK(1)))
    loss, signals = losses.AuxK(1, patience=2), torch.eye(4)
    assert loss.dead().tolist() == []
    counted = []
    for active in ([0, 1], [1], [1, 2], [0]):
        loss(model, signals[active])
        counted.append((loss.silent.tolist(), loss.dead().nonzero().flatten().tolist()))
    assert counted == [([0, 0, 1, 1], []), ([1, 0, 2, 2], [2, 3]), ([2, 0, 0, 3], [0, 3]), ([0, 1, 1, 4], [3])]
    before = loss.silent.clone()
    with torch.no_grad():
        loss(model, signals[:1])
    loss(model.eval(), signals[:1])
    assert torch.equal(loss.silent, before), "only training counts"
    loss.reset()
    assert loss.dead().tolist() == []


@EVERY
@pytest.mark.parametrize("name", ["dense", "conv", "lifted-fourier-2d"])
def test_active_is_what_the_metric_calls_not_dead(name, encoder):
    dictionary, grid = one_of_each()[name]
    model, signal = SparseAutoencoder(dictionary, ENCODERS[encoder]()), normal(1, 2, *grid)
    loss = losses.AuxK(1, patience=1)
    loss(model, signal)
    assert torch.equal(loss.dead(), dead_atoms(model.encode(signal)))


def one_dead(make):
    """Signals have ±1 along axis 3, where atom 3 points half-way; larger entries, or a bias, keep it silent."""
    atoms = torch.eye(5)[:4].clone()
    atoms[3, 3] = atoms[3, 4] = 0.5**0.5
    model = SparseAutoencoder(DenseDictionary.from_atoms(atoms), make())
    if getattr(model.inference, "bias", None) is not None:
        with torch.no_grad():
            model.inference.bias[3] = -1.5
    axes = torch.eye(5).repeat(100, 1)
    sign = torch.tensor([1.0, -1.0]).repeat_interleave(150)[:, None]
    return model, 2 * axes[torch.arange(300) % 3] + sign * axes[3] + 0.02 * normal(300, 5).float()


@pytest.mark.parametrize(
    ("make", "base"),
    [
        (lambda: OneStep(TopK(1, positive=True)), losses.objective),
        (lambda: OneStep(TopK(1, positive=True), tied=False), losses.objective),
        (lambda: OneStep(BatchTopK(1, positive=True), tied=False), losses.objective),
        (lambda: OneStep(ReLU(), step=1.0, tied=False), losses.l1(0.1)),
        (lambda: OneStep(JumpReLU(0.4), step=1.0, tied=False), losses.l0(0.05)),
        (lambda: MatchingPursuit(1, positive=True), losses.objective),
    ],
    ids=["tied", "untied", "batch", "relu", "jump", "pursuit"],
)
def test_a_dead_atom_comes_back(make, base):
    learned = {}
    for weight in (0.0, 1 / 32):
        model, signal = one_dead(make)
        loss = losses.AuxK(1, weight, patience=5, base=base)
        fit(model, signal, 300, batch=128, lr=0.03, loss=loss, progress=False)
        learned[weight] = model.dictionary.weight[3, 3].item()
    assert learned[1 / 32] > 0.9 and learned[0.0] == pytest.approx(0.5**0.5), learned


def train(path=None, stop_at=None, patience=3):
    """A run with dead concepts, stopped at a step between two checkpoints or not."""
    model = SparseAutoencoder(DenseDictionary(6, 30), OneStep(TopK(1), tied=False))
    loss = losses.AuxK(4, 0.5, patience)

    def metric(model, steps=[]):  # noqa: B006 (counts its calls)
        steps.append(1)
        if stop_at is not None and len(steps) == stop_at:
            raise InterruptedError
        return float(loss.dead().sum())

    history = fit(
        model, normal(40, 6).float(), 23, batch=8, every=1, save_every=4, metrics={"dead": metric}, loss=loss,
        checkpoint=path, progress=False,
    )  # fmt: skip
    return model, loss, history


def test_its_count_is_part_of_the_checkpoint(tmp_path):
    with pytest.raises(InterruptedError):
        train(tmp_path / "run", stop_at=15)
    whole, resumed = train(), train(tmp_path / "run")
    assert all(
        torch.equal(a, b) for a, b in zip(whole[0].state_dict().values(), resumed[0].state_dict().values(), strict=True)
    )
    assert torch.equal(whole[1].silent, resumed[1].silent) and torch.equal(whole[2].loss, resumed[2].loss)
    assert whole[2].metrics == resumed[2].metrics and max(whole[2].metrics["dead"]) > 3
    with pytest.raises(ValueError, match=r"made with loss = 'AuxK\(4, 0.5, 3, objective\)', not 'AuxK\(4, 0.5, 2, obj"):
        train(tmp_path / "run", patience=2)


def test_a_run_begins_with_no_count():
    loss, models = losses.AuxK(4, patience=3), []
    for concepts in (30, 30, 20):
        models.append(SparseAutoencoder(DenseDictionary(6, concepts), OneStep(TopK(1))))
        fit(models[-1], normal(40, 6).float(), 9, batch=8, loss=loss, progress=False)
    assert torch.equal(models[0].dictionary.weight, models[1].dictionary.weight)
    assert loss.dead().any() and len(loss.silent) == 20


def test_what_cannot_be_is_named():
    for call, message in [
        (lambda: losses.AuxK(0), "k = 0: should be a whole number"),
        (lambda: losses.AuxK(2, weight=-1), "weight = -1: should be"),
        (lambda: losses.AuxK(2, patience=0), "patience = 0: should be"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    loss = losses.AuxK(2)
    loss(SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2))), normal(4, 6).float())
    with pytest.raises(ValueError, match="AuxK counts 9 concepts, the model has 8"):
        loss(SparseAutoencoder(DenseDictionary(6, 8), OneStep(TopK(2))), normal(4, 6).float())
    with pytest.raises(TrainingError, match="the loss diverges"):
        model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2)))
        fit(model, normal(40, 6).float(), 50, batch=8, lr=1e6, normalize=False, loss=losses.AuxK(2), progress=False)
