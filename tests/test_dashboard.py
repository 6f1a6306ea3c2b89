"""The numbers in a dashboard are the model's: they are read back from the page, and compared with plain sums."""

import base64
import json
import re
import tomllib

import numpy as np
import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    MatchingPursuit,
    OneStep,
    OnGrid,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    metrics,
    plots,
)
from saeno.operators import FNO, ShardWriter, record, replace
from saeno.plots.dashboard.packing import numbers, packed, thinned
from saeno.plots.dashboard.portraits import centres, embedded, spectra
from tests.helpers import NAMES, normal, one_of_each

INFERENCES = {"events": lambda: MatchingPursuit(3), "soft": lambda: Unrolled(SoftThreshold(0.2), 4)}
EACH = [(name, kind) for name in NAMES for kind in INFERENCES]


def read(path) -> dict:
    """What a page holds."""
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)[1])


def unpacked(part: dict) -> np.ndarray:
    """A tensor as the script of the page reads it."""
    kind = {"f4": "<f4", "i2": "<i2", "i1": "i1"}[part["kind"]]
    values = np.frombuffer(base64.b64decode(part["data"]), kind)
    if "scale" in part:
        scale = np.frombuffer(base64.b64decode(part["scale"]), "<f4")
        values = (values.reshape(len(scale), -1) * scale[:, None]).ravel()
    return values.reshape(part["shape"]).astype(float)


def made(name, kind, count=7):
    dictionary, grid = one_of_each()[name]
    model = SparseAutoencoder(dictionary, INFERENCES[kind](), mean=normal(2, seed=5), scale=2.0).double().eval()
    return model, normal(count, 2, *grid)


def shown(model, x, tmp_path, **how):
    return read(plots.dashboard(model, x, tmp_path / "page.html", progress=False, **how))


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_what_is_counted_is_what_the_codes_have(name, kind, tmp_path):
    """Tried: energies without the overlap of two events of a concept, masses as densities."""
    model, x = made(name, kind)
    page = shown(model, x, tmp_path)
    with torch.no_grad():
        code = model.encode(x)
        mass = masses_of(code)
        alone = [
            torch.where(torch.arange(code.shape[1]).view(-1, *[1] * (code.dim() - 2)) == c, code, 0.0)
            for c in range(code.shape[1])
        ]
        energy = [squared_norm(model.dictionary.synthesis(one)).mean().item() for one in alone]
    used = (mass != 0).any(2)
    counted = page["concepts"]
    assert counted["usage"] == pytest.approx(used.double().mean(0).tolist())
    sums = mass.abs().sum((0, 2))
    assert counted["mass"] == pytest.approx((sums / used.sum(0).clamp(min=1)).tolist())
    assert counted["energy"] == pytest.approx(energy, rel=1e-6, abs=1e-12)
    lower = mass.clamp(max=0).abs().sum((0, 2)) / sums.clamp(min=1e-30)
    assert counted["negative"] == pytest.approx(lower.tolist())
    assert page["entries"] == pytest.approx((mass != 0).double().sum().item() / len(x))
    assert page["fvu"] == pytest.approx(metrics.fvu(x, model.reconstruct(x)))
    where = unpacked(counted["where"])
    assert where.reshape(len(where), -1).sum(1) == pytest.approx((sums > 0).double().tolist(), abs=1e-6)
    best = mass.abs().amax(2)
    for concept, found in enumerate(page["examples"]["of"]):
        order = best[:, concept].sort(descending=True, stable=True)
        expected = [i for i, value in zip(order.indices.tolist(), order.values, strict=True) if value > 0][:4]
        assert [one[0] for one in found] == expected
        for signal, _, *place, size in found:
            assert abs(size) == pytest.approx(best[signal, concept].item())
            node = tuple(round(part * n) for part, n in zip(place, code.shape[2:], strict=True))
            assert code[(signal, concept, *node)].item() / code[0, 0].numel() == pytest.approx(size)


def masses_of(code):
    """(batch, concepts, nodes)"""
    return code.reshape(*code.shape[:2], -1) / code[0, 0].numel()


def squared_norm(signal):
    """‖·‖² of each signal."""
    return signal.square().sum(1).reshape(len(signal), -1).mean(1)


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_pictures_hold_the_atoms_the_signals_and_what_concepts_add(name, kind, tmp_path):
    """Tried: contributions with the constant in each of them, a channel taken for another."""
    model, x = made(name, kind)
    page = shown(model, x, tmp_path, inputs=[5, 0])
    atoms = model.dictionary.atoms(x.shape[2:]).detach()
    picture = unpacked(page["atoms"]["picture"])
    np.testing.assert_allclose(picture, atoms.numpy().reshape(picture.shape), atol=1e-6)
    pool = unpacked(page["examples"]["picture"])
    for concept, found in enumerate(page["examples"]["of"]):
        for signal, place, *_ in found:
            channel = page["examples"]["channel"][concept] if x.dim() > 2 else slice(None)
            np.testing.assert_allclose(pool[place], x[signal][channel].numpy(), atol=1e-6)
    parts = unpacked(page["inputs"]["picture"])
    with torch.no_grad():
        for i, signal in enumerate([5, 0]):
            code = model.encode(x[[signal]])
            zero = model.decode(torch.zeros_like(code))
            flat = parts[i].reshape(len(parts[i]), -1)
            np.testing.assert_allclose(flat[0], x[signal].flatten().numpy(), atol=1e-6)
            for place, concept in enumerate(page["inputs"]["parts"][i]):
                alone = torch.zeros_like(code)
                alone[0, concept] = code[0, concept]
                expected = (model.decode(alone) - zero).flatten()
                np.testing.assert_allclose(flat[2 + place], expected.numpy(), atol=1e-6)
            np.testing.assert_allclose(flat[1:].sum(0), model.decode(code).flatten().numpy(), atol=1e-5)
            left = page["inputs"]["left"][i]
            whole = (x[signal] - zero[0]).square().sum()
            assert left[0] == 1.0
            assert left[-1] == pytest.approx(
                ((x[signal] - model.decode(code)[0]).square().sum() / whole).item(), rel=1e-6
            )
            masses = masses_of(code)[0]
            assert sorted(abs(one[-1]) for one in page["inputs"]["entries"][i]) == pytest.approx(
                sorted(masses[masses != 0].abs().tolist())[-200:]
            )


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_steering_multiplies_what_the_concept_adds(name, kind, tmp_path):
    """Tried: dose in place of dose − 1, the reconstruction in place of the signal."""
    model, x = made(name, kind)
    with torch.no_grad():
        code = model.encode(x)
    for vector in (False, True):
        run = (lambda s: s.flatten(1).tanh()[:, :5]) if vector else (lambda s: s.square() + 1)
        steering = (page := shown(model, x, tmp_path, downstream=run, doses=[2, 0, 1]))["steering"]
        assert steering["doses"] == [0, 1, 2] and steering["vector"] == (vector or x.dim() == 2)
        outputs = unpacked(steering["picture"])
        for row, concept in enumerate(steering["concepts"]):
            signal, _, *place, mass = page["examples"]["of"][concept][0]
            alone = torch.zeros_like(code[[signal]])
            if kind == "events":
                node = tuple(round(part * n) for part, n in zip(place, code.shape[2:], strict=True))
                alone[(0, concept, *node)] = mass * code[0, 0].numel()
            else:
                alone[0, concept] = code[signal, concept]
            with torch.no_grad():
                added = model.decode(alone) - model.decode(torch.zeros_like(alone))
                natural = run(x[[signal]])
                for at, dose in enumerate(steering["doses"]):
                    expected = run(x[[signal]] + (dose - 1) * added)
                    np.testing.assert_allclose(outputs[row, at].ravel(), expected.numpy().ravel(), atol=1e-5)
                    effect = ((expected - natural).norm() / natural.norm()).item()
                    assert steering["effect"][row][at] == pytest.approx(effect, rel=1e-5, abs=1e-9)


def test_a_layer_is_steered_in_its_network(tmp_path):
    """The same as a function of hidden signals, with the inputs of those that are steered."""
    network, x = FNO(1, 1, 4, 3, layers=2).double().eval(), normal(6, 1, 16)
    hidden = record(network, x, "layers.0")["layers.0"]
    model = SparseAutoencoder(FourierDictionary(4, 5, 3).double(), MatchingPursuit(2))
    page = shown(model, hidden, tmp_path, downstream=(network, "layers.0", x))
    outputs = unpacked(page["steering"]["picture"])
    for row, concept in enumerate(page["steering"]["concepts"]):
        signal = page["examples"]["of"][concept][0][0]
        with torch.no_grad():
            np.testing.assert_allclose(outputs[row, 3, 0], network(x[[signal]])[0, 0].numpy(), atol=1e-6)
            code = torch.zeros(1, 5, 16).double()
            place, mass = page["examples"]["of"][concept][0][2:]
            code[0, concept, round(16 * place)] = 16 * mass
            with replace(network, "layers.0", lambda h, code=code: h - model.decode(code)):
                np.testing.assert_allclose(outputs[row, 2, 0], network(x[[signal]])[0, 0].numpy(), atol=1e-5)
    with pytest.raises(ValueError, match=r"downstream = \(network, 'layers.9', inputs\)"):
        shown(model, hidden, tmp_path, downstream=(network, "layers.9", x))
    with pytest.raises(ValueError, match="downstream has 5 inputs"):
        shown(model, hidden, tmp_path, downstream=(network, "layers.0", x[:5]))


def test_codes_on_a_grid_of_their_own(tmp_path):
    model = SparseAutoencoder(FourierDictionary(2, 3, 3).double(), OnGrid(MatchingPursuit(2), 10))
    x = normal(5, 2, 16)
    page = shown(model, x, tmp_path, downstream=lambda s: s)
    assert page["codes"] == [10] and page["grid"] == [16]
    assert page["fvu"] == pytest.approx(metrics.fvu(x, model.reconstruct(x)))
    events = model.events(x)
    assert {round(10 * one[2]) for found in page["examples"]["of"] for one in found} <= set(
        (events.indices % 10).flatten().tolist()
    )


def test_a_signal_has_two_events_of_one_concept_at_one_place():
    """A pursuit may choose a place twice: that is one entry, of both masses."""
    from saeno.plots.dashboard.survey import entries
    from saeno.sparsity import Events

    found = entries(Events(torch.tensor([[1.0, 2.0, 0.0, -3.0]]), torch.tensor([[5, 5, 6, 1]]), (2, 4)))
    assert found.concept.tolist() == [0, 1] and found.place.tolist() == [1, 1] and found.mass.tolist() == [-3.0, 3.0]


def test_batches_and_shards_change_nothing(tmp_path, monkeypatch):
    """Tried: numbers of signals that begin anew with each batch."""
    from saeno.plots.dashboard import rows

    model, x = made("fourier", "events", count=40)
    whole = plots.dashboard(model, x, tmp_path / "a.html", progress=False).read_text()
    assert plots.dashboard(model, x, tmp_path / "a.html", progress=False).read_text() == whole
    monkeypatch.setattr(rows, "BLOCK", 24 * 7)
    assert rows.Rows(x, model).batch == 7
    parts = read(plots.dashboard(model, x, tmp_path / "b.html", progress=False))
    writer = ShardWriter(tmp_path / "shards")
    writer.add(x[:25])
    writer.add(x[25:])
    assert read(plots.dashboard(model, writer.close(), tmp_path / "c.html", progress=False)) == parts
    before = json.loads(re.search(r'id="data">(.*?)</script>', whole, re.DOTALL)[1])
    assert parts["examples"]["of"] == before["examples"]["of"]
    assert parts["concepts"]["energy"] == pytest.approx(before["concepts"]["energy"])


def test_a_model_that_says_nothing_of_signals_that_do_not_vary(tmp_path):
    """One concept, which is never active: there is nothing to be like it, to take apart, or to steer."""
    model = SparseAutoencoder(FourierDictionary(1, 1, 2).double(), Unrolled(SoftThreshold(100.0), 2))
    page = shown(model, torch.ones(3, 1, 8).double(), tmp_path, downstream=torch.tanh)
    assert page["fvu"] is None and page["concepts"]["usage"] == [0.0] and page["entries"] == 0.0
    assert page["examples"]["of"] == [[]] and page["atoms"]["alike"] == [[]] and "steering" not in page
    assert page["inputs"]["left"] == [[1.0, 1.0]] * 3


def test_a_mode_is_left_as_it_was(tmp_path):
    model, x = made("dense", "events")
    model.train()
    shown(model, x, tmp_path)
    assert model.training


# --- sizes


@pytest.mark.parametrize(
    ("dictionary", "grid"),
    [
        (DenseDictionary(8000, 256), ()),
        (FourierDictionary(32, 256, 16), (64,)),
        (ConvDictionary(4, 256, (5, 5)), (32, 32)),
    ],
    ids=["vectors", "functions", "two axes"],
)
def test_a_page_of_256_concepts_has_at_most_10_mb_and_an_atlas_2(dictionary, grid, tmp_path):
    """Of signals too few to take long; what is shown of them has its bounds."""
    x = torch.randn(2, dictionary.channels, *grid, generator=torch.Generator().manual_seed(0))
    model = SparseAutoencoder(dictionary, OneStep(TopK(250)))
    how = {"inputs": 2, "downstream": lambda s: s, "progress": False}
    assert plots.dashboard(model, x, tmp_path / "page.html", **how).stat().st_size < 10e6
    assert len(plots.atlas(model, x, **how)._repr_html_()) < 2e6


def test_numbers_are_exact_where_there_is_room_and_else_off_by_half_a_step():
    values = normal(3, 4, 5).float()
    assert torch.equal(torch.from_numpy(unpacked(packed(values, 240))).float(), values)
    for kind, most, steps in (("i2", 239, 32767), ("i1", 119, 127)):
        part = packed(values, most)
        assert part["kind"] == kind
        size = values.flatten(1).abs().amax(1)
        off = np.abs(unpacked(part) - values.numpy()).reshape(3, -1).max(1)
        assert (off <= 0.51 * size.numpy() / steps).all() and off.max() > 0
    assert numbers(torch.tensor([0.123456789, torch.nan]).double()) == [0.1234568, None]
    assert thinned(normal(2, 1, 9, 9), 2, 50).shape == (2, 1, 5, 5)


# --- atoms


def test_spectra_and_centres_of_waves_and_bumps():
    u = torch.arange(32).double() / 32
    wave = torch.stack([torch.cos(2 * torch.pi * 5 * u), torch.ones(32).double()])[:, None]
    power, frequency = spectra(wave)
    assert power[0, 5].item() == pytest.approx(1) and frequency.tolist() == pytest.approx([5, 0], abs=1e-9)
    bump = torch.zeros(2, 1, 32, 32).double()
    bump[0, 0, 31, 8], bump[1] = 2.0, 1.0
    centre, spread = centres(bump)
    assert centre[0].tolist() == pytest.approx([31 / 32, 8 / 32]) and spread.tolist() == pytest.approx([0, 1])
    diagonal = torch.cos(2 * torch.pi * (3 * u[:, None] + 4 * u))[None, None]
    assert spectra(diagonal)[1].item() == pytest.approx(5)


def test_a_map_keeps_distances_that_a_plane_can_keep():
    angle = torch.tensor([0.1, 0.4, 1.2, 1.5]).double()
    points = torch.stack([angle.cos(), angle.sin()], 1)
    cosine = points @ points.T
    found, kept = embedded(cosine)
    assert kept.item() == pytest.approx(1)
    assert torch.cdist(found, found).square() == pytest.approx((2 - 2 * cosine).numpy(), abs=1e-12)


def test_alike_are_atoms_up_to_sign_and_shift_where_codes_have_both_signs(tmp_path):
    u = torch.arange(16).double() / 16
    bump = torch.exp(-((u - 0.3) ** 2) / 0.005)
    atoms = torch.stack([bump, -bump.roll(5), torch.cos(2 * torch.pi * 6 * u)])[:, None]
    for positive in (False, True):
        model = SparseAutoencoder(FourierDictionary.from_atoms(atoms, 7), MatchingPursuit(1, positive))
        page = shown(model.double(), normal(3, 1, 16), tmp_path)["atoms"]
        assert (page["alike"][0][0], page["cosine"][0][0] > 0.99) == (2 if positive else 1, not positive)


# --- what a person gives


def test_labels_are_texts_and_never_html(tmp_path):
    """Tried: a label that closes the script."""
    model, x = made("dense", "events")
    bad = "</script><img src=x onerror=alert(1)>@DATA@"
    path = plots.dashboard(model, x, tmp_path / "page.html", labels={2: bad}, title=bad, progress=False)
    text = path.read_text()
    assert "<img" not in text and text.count("</script>") == 2
    assert read(path)["labels"] == {"2": bad} and read(path)["title"] == bad


def test_what_does_not_fit_is_named(tmp_path):
    model, x = made("fourier", "events")
    path = tmp_path / "page.html"
    for how, said in [
        ({"x": x[:, :1]}, "x has shape"),
        ({"x": x.float()}, "x is torch.float32, the model torch.float64"),
        ({"x": x[..., :4]}, "grid of x = "),
        ({"path": tmp_path / "nowhere" / "page.html"}, "path = .*: its folder should exist"),
        ({"path": tmp_path}, "path = .*: should name a file, not a folder"),
        ({"inputs": [7]}, "inputs = .*: should be below the 7 signals"),
        ({"doses": [0, 2]}, "doses = .*: should be different numbers, and 1"),
        ({"labels": ["a"]}, "labels: 1 of them; should be one for each of 3"),
        ({"labels": {3: "a"}}, "labels = .*: should be of concepts below 3"),
        ({"shape": (2, 1)}, "shape = .*: should be .* of vectors"),
        ({"title": " "}, "title = ' ': should say"),
        ({"downstream": lambda s: s[:1]}, "downstream gave a tensor"),
        ({"downstream": lambda s: s * torch.nan}, "downstream gave NaN"),
        ({"downstream": lambda s: 3}, "downstream gave 3"),
        ({"downstream": 3}, "downstream = 3: should be a function"),
        ({"model": 3}, "model = 3: should be a SparseAutoencoder"),
        ({"x": torch.where(x > 2, torch.nan, x)}, "x has NaN"),
    ]:
        with pytest.raises((ValueError, TypeError), match=said):
            plots.dashboard(**{"model": model, "x": x, "path": path, "progress": False, **how})
        assert not path.exists()
    deep = SparseAutoencoder(FourierDictionary(1, 2, (1, 1, 1)), MatchingPursuit(1))
    with pytest.raises(ValueError, match="model has atoms with 3 axes"):
        plots.atlas(deep, torch.randn(2, 1, 4, 4, 4))


def test_a_folder_that_cannot_be_written_is_named_before_the_work(tmp_path, monkeypatch):
    model, x = made("dense", "events")
    monkeypatch.setattr("builtins.open", lambda *a, **k: (_ for _ in ()).throw(PermissionError("read-only")))
    with pytest.raises(ValueError, match=r"path = .*read-only"):
        plots.dashboard(model, x, tmp_path / "page.html", progress=False)


def test_a_wheel_has_the_files_of_the_page():
    from saeno.book.press import ROOT

    folder = ROOT / "saeno" / "plots" / "dashboard"
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["saeno"]
    shipped = {path for pattern in patterns for path in (ROOT / "saeno").glob(pattern)}
    assert {path for path in folder.iterdir() if path.suffix in (".html", ".css", ".js")} <= shipped


def test_the_page_asks_for_nothing(tmp_path):
    text = plots.dashboard(*made("dense", "soft"), tmp_path / "page.html", progress=False).read_text()
    assert "default-src 'none'" in text
    addresses = set(
        re.findall(r"(?:https?:)?//[\w.]+\.\w+[^\s\"')]*", re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    )
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of SVG, which nobody opens
