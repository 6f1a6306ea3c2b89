"""A model with a mean is a model without one, for data that are moved by it; and the middle of data it starts with."""

import pytest
import torch

from saeno import (
    BatchTopK,
    DenseDictionary,
    FourierDictionary,
    JumpReLU,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    data,
    files,
    fit,
    losses,
)
from saeno.metrics import match_atoms
from tests.helpers import NAMES, gradcheck, normal, one_of_each
from tests.test_losses_auxiliary import with_dead

ENCODERS = {
    "soft": (lambda: OneStep(SoftThreshold(0.05)), losses.objective),
    "relu": (lambda: OneStep(ReLU(), tied=False), losses.l1(0.1)),
    "jump": (lambda: Unrolled(JumpReLU(0.05), 3), losses.l0(0.1)),
    "top-k": (lambda: OneStep(TopK(2), tied=False), losses.squared_error),
    "batch": (lambda: OneStep(BatchTopK(2)), losses.squared_error),
    "hard": (lambda: Unrolled(TopK(2), 3), losses.objective),
    "pursuit": (lambda: MatchingPursuit(2), losses.objective),
}
EVERY = pytest.mark.parametrize("encoder", ENCODERS)
EACH = pytest.mark.parametrize("name", NAMES)


def pair(name, encoder):
    """The same model without and with a mean, and signals; of functions the mean is a constant on the grid."""
    dictionary, grid = one_of_each()[name]
    mean = normal(2, seed=5)
    with_mean = SparseAutoencoder(dictionary, ENCODERS[encoder][0](), mean=mean)
    without = SparseAutoencoder(dictionary, ENCODERS[encoder][0]())
    return without, with_mean, normal(3, 2, *grid), mean.view(2, *[1] * len(grid))


@EVERY
@EACH
def test_it_is_taken_off_before_the_code_and_put_back_after(name, encoder):
    without, with_mean, signal, mean = pair(name, encoder)
    reconstruction, code = without(signal)
    torch.testing.assert_close(with_mean.centred(signal + mean), signal)
    assert without.centred(signal) is signal
    for found, expected in zip(with_mean(signal + mean), (reconstruction + mean, code), strict=True):
        torch.testing.assert_close(found, expected)
    torch.testing.assert_close(with_mean.reconstruct(signal + mean), reconstruction + mean)
    torch.testing.assert_close(with_mean.decode(code), without.decode(code) + mean)
    if without.inference.makes_events:
        for found, expected in zip(with_mean.events(signal + mean)[:2], without.events(signal)[:2], strict=True):
            torch.testing.assert_close(found, expected)


@EVERY
@EACH
def test_losses_are_those_of_centred_data(name, encoder):
    """Also the auxiliary one: a residual has no mean, and what the dead explain has none added."""
    without, with_mean, signal, mean = pair(name, encoder)
    base, concepts = ENCODERS[encoder][1], without.dictionary.concepts
    auxiliary = with_dead(losses.AuxK(1, weight=0.5, base=base), without, signal, [0, 1])
    assert auxiliary(without, signal) != base(without, signal)
    for loss in (base, losses.matryoshka([1, concepts], base), auxiliary):
        torch.testing.assert_close(loss(with_mean, signal + mean), loss(without, signal))


@pytest.mark.parametrize("dictionary", [DenseDictionary(2, 4), FourierDictionary(2, 2, 1)], ids=["dense", "fourier"])
def test_gradients(dictionary):
    for encoder in (
        OneStep(SoftThreshold(0.05), step=0.5),
        OneStep(TopK(2), tied=False),
        Unrolled(TopK(2), 2, step=0.4),
    ):
        model = SparseAutoencoder(dictionary.double(), encoder, mean=normal(2, seed=1))
        assert gradcheck(model, losses.squared_error, normal(2, 2, *[4] * dictionary.axes))


def test_functions_are_decoded_with_it_on_any_grid():
    model = SparseAutoencoder(FourierDictionary(2, 3, 3).double(), MatchingPursuit(2), mean=normal(2))
    code = model.encode(normal(2, 2, 16))
    torch.testing.assert_close(model.decode(code, 48)[..., ::3], model.decode(code))


def test_it_is_learned():
    """Data far from zero: from the plain mean, and from zero, training finds the truth; without a mean it does not."""
    true = DenseDictionary(16, 24, seed=9)
    code = data.SparseModel(true, 2).sample(4000, generator=torch.Generator().manual_seed(0)).signal.detach()
    offset = normal(16).float()
    found = {}
    for start in (None, torch.zeros(16), data.mean(code + offset)):
        model = SparseAutoencoder(DenseDictionary(16, 24), Unrolled(TopK(2), 3), mean=start)
        fit(model, code + offset, 400, lr=0.05, progress=False)
        kind = "none" if start is None else "mean" if start.any() else "zeros"
        found[kind] = match_atoms(model.dictionary, true).cosine.mean().item()
        if start is not None:
            assert (model.mean - offset).norm() < 0.1 * offset.norm(), kind
    assert min(found["mean"], found["zeros"]) > found["none"] + 0.2, found


def test_it_can_be_held():
    model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2)), mean=torch.ones(6))
    model.mean.requires_grad_(False)
    fit(model, normal(40, 6).float(), 3, batch=8, progress=False)
    assert torch.equal(model.mean, torch.ones(6))


def test_it_is_saved_and_files_without_it_are_read(tmp_path):
    signal = normal(5, 6).float()
    for mean in (None, normal(6)):
        model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(TopK(2), tied=False), mean=mean)
        assert ("mean" in model.describe()) == (mean is not None)  # as before there were means
        model.save(tmp_path / "model")
        again = SparseAutoencoder.load(tmp_path / "model")
        assert again.state_dict().keys() == model.state_dict().keys() and again.describe() == model.describe()
        assert torch.equal(again(signal).reconstruction, model(signal).reconstruction)
        assert (again.mean is None) == (mean is None)
    assert files.read(tmp_path / "model")[1]["schema"] == 1


def test_what_cannot_be_is_named():
    dictionary = DenseDictionary(6, 9)
    for mean, message in [
        (torch.zeros(5), r"mean = a tensor \(5,\) .*: should be \(6,\), one number per channel"),
        (torch.zeros(1, 6), r"mean = a tensor \(1, 6\) .*: should be \(6,\)"),
        (torch.full((6,), torch.inf), "mean has NaN or infinite values"),
        (0.0, "mean = 0.0: should be a tensor"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            SparseAutoencoder(dictionary, OneStep(TopK(2)), mean=mean)
    model = SparseAutoencoder(dictionary, OneStep(TopK(2)), mean=torch.zeros(6))
    with pytest.raises(ValueError, match=r"signal has shape \(3, 1\): should be \(batch, channels = 6\)"):
        model(torch.zeros(3, 1))
    with pytest.raises(ValueError, match=r"data does not fit the model: signal has shape \(1, 1\)"):
        fit(model, torch.zeros(9, 1), 3, batch=8, progress=False)


# --- the middle of data


@pytest.mark.parametrize("grid", [(), (7,), (3, 4)])
def test_the_mean_is_one_number_per_channel(grid):
    signal = normal(5, 3, *grid)
    expected = torch.stack([signal[:, channel].mean() for channel in range(3)])
    torch.testing.assert_close(data.mean(signal), expected)


@pytest.mark.parametrize("grid", [(), (7,), (3, 4)])
def test_at_the_geometric_median_the_unit_pulls_cancel(grid):
    signal = normal(30, 3, *grid)
    centre = data.geometric_median(signal, tolerance=1e-10)
    away = signal.movedim(1, -1).reshape(-1, 3) - centre
    assert (away / away.norm(dim=1, keepdim=True)).mean(0).norm() < 1e-8
    assert data.geometric_median(signal.float()).dtype == torch.float32


def test_a_median_of_numbers_is_the_median():
    value = torch.tensor([[1.0], [2.0], [4.0], [8.0], [100.0]])
    assert data.geometric_median(value).item() == pytest.approx(4, abs=1e-3)


def test_an_iterate_on_a_data_point_leaves_it_or_stays():
    """The mean, where the iteration begins, is a data point: of the first set not the median, of the second it is."""
    corners = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], dtype=torch.float64)
    assert not data.geometric_median(torch.cat([corners, torch.zeros(1, 2).double()])).any()
    crowd = torch.tensor([[5.0, 0.0], [-1.0, 0.1], [-1.0, -0.1], *[[-1.0, 0.0]] * 3, [0.0, 0.0]]).double()
    assert torch.equal(crowd.mean(0), crowd[-1])
    centre = data.geometric_median(crowd, tolerance=1e-9)
    total = lambda b: (crowd - b).norm(dim=1).sum()  # noqa: E731
    best = min(total(torch.tensor([x, y]).double()) for x in torch.linspace(-1.5, 1, 251) for y in (-0.05, 0.0, 0.05))
    assert total(centre) <= best + 1e-4 and total(centre) < total(crowd[-1]) - 0.1
    assert torch.equal(data.geometric_median(torch.ones(4, 2)), torch.ones(2))


def test_a_few_far_signals_move_the_mean_and_not_the_median():
    signal = normal(200, 4)
    signal[:10] += 1000
    assert data.mean(signal).norm() > 50 and data.geometric_median(signal).norm() < 0.5


def test_data_without_a_middle_are_refused():
    for signal, message in [
        (torch.tensor([[1.0, float("nan")]]), "signal has NaN"),
        (torch.zeros(0, 3), r"signal = a tensor \(0, 3\) .*not empty"),
        (torch.zeros(3), r"signal = a tensor \(3,\)"),
        ([1.0], r"signal = \[1.0\]: should be a tensor"),
    ]:
        for middle in (data.mean, data.geometric_median):
            with pytest.raises((TypeError, ValueError), match=message):
                middle(signal)
    with pytest.raises(RuntimeError, match="steps = 1: the geometric median still moves"):
        data.geometric_median(normal(9, 3), steps=1)
