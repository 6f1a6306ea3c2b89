"""Advice on data whose truth is known."""

import json

import pytest
import torch

from saeno import (
    Advice,
    DenseDictionary,
    FourierDictionary,
    SparseAutoencoder,
    advise,
    data,
    fit,
    metrics,
    recipe,
)
from saeno.data import SparseModel, mirrored


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


def vectors(active=3):
    return SparseModel(DenseDictionary(32, 64, seed=1).normalize_(), active).sample(1500, (), draw())[0]


def positive():
    atoms = DenseDictionary.from_atoms(torch.rand(40, 32, generator=draw()) ** 4)
    return SparseModel(atoms, 3, signed=False).sample(1000, (), draw())[0]


def smooth():
    """Three concepts at any place, with frequencies up to 5, of two channels."""
    return SparseModel(FourierDictionary(2, 4, 5, seed=1).normalize_(), 3).sample(200, (64,), draw())[0]


def jumping():
    """Steps at random places, with as many up as down on the circle."""
    turns = torch.rand(200, 1, 32, generator=draw()) < 0.1
    half = torch.where(turns.cumsum(-1) % 2 == 0, 1.0, -1.0)
    return torch.cat([half, -half.flip(-1) * -1.0], -1) * (0.5 + torch.rand(200, 1, 1, generator=draw(1)))


def ramps():
    """Smooth, and other at one end than at the other."""
    u = torch.linspace(0, 1, 64)
    slope, wave = torch.randn(200, 2, 1, 1, generator=draw()).unbind(1)
    return slope * u + 0.3 * wave * torch.sin(3 * u)


def answers(advice):
    return {choice.question: choice.answer for choice in advice.choices}


@pytest.mark.parametrize("active", [2, 4])
def test_vectors_that_are_sparse_in_a_dense_dictionary(active):
    advice = advise(vectors(active))
    found = answers(advice)
    assert found["vector or function?"] == "vector" and found["signed?"] == "signed"
    assert "periodic?" not in found
    assert found["how many active?"] == str(active)
    assert advice.description["dictionary"]["class"] == "DenseDictionary"
    assert active == 2 or advice.description["inference"]["class"] == "MatchingPursuit"
    assert advice.description["dictionary"]["concepts"] >= 64


def test_one_step_is_taken_where_it_is_enough():
    """Atoms that are orthogonal, one at a time; for several that are not, the test above takes pursuit."""
    easy = SparseModel(DenseDictionary.from_atoms(torch.eye(8)), 1).sample(400, (), draw())[0]
    assert advise(easy, trial=200).description["inference"]["class"] == "OneStep"


def test_positive_data_have_positive_codes():
    advice = advise(positive(), trial=100)
    assert answers(advice)["signed?"] == "positive"
    model = advice.model()
    assert model.mean is None and "mean" not in advice.description
    assert (model.encode(positive()[:50]) >= 0).all()


def test_smooth_functions_that_are_periodic():
    advice = advise(smooth(), trial=60)
    assert answers(advice) | {"how many active?": ""} == {
        "vector or function?": "function",
        "periodic?": "yes",
        "smooth?": "yes",
        "signed?": "signed",
        "how many active?": "",
        "which inference?": "MatchingPursuit",
    }
    assert advice.description["dictionary"]["class"] == "FourierDictionary"
    assert advice.description["dictionary"]["modes"] == [5]
    assert not advice.mirror and advice.prepared(smooth()).equal(smooth())


def test_functions_with_jumps():
    advice = advise(jumping(), trial=0)
    assert answers(advice)["periodic?"] == "yes" and answers(advice)["smooth?"] == "no"
    assert advice.description["dictionary"]["class"] == "ConvDictionary"
    assert 3 <= advice.description["dictionary"]["support"][0] <= 32
    assert not advice.mirror


def test_functions_that_are_not_periodic_are_mirrored():
    advice = advise(ramps(), trial=0)
    assert answers(advice)["periodic?"] == "no" and answers(advice)["smooth?"] == "yes"
    assert advice.mirror and advice.prepared(ramps()).shape == (200, 1, 128)
    # The rule for modes is enough for these functions: what it leaves out is small.
    shown = advice.prepared(ramps())
    spectrum = torch.fft.rfft(shown).abs().square()
    assert spectrum[..., advice.description["dictionary"]["modes"][0] + 1 :].sum() < 0.01 * spectrum.sum()


def test_functions_of_two_variables():
    x = SparseModel(FourierDictionary(1, 2, (3, 2), seed=1).normalize_(), 2).sample(40, (24, 16), draw())[0]
    advice = advise(x, trial=0)
    assert advice.description["dictionary"]["modes"] == [3, 2]
    ramp = x + 20 * torch.linspace(0, 1, 16)
    assert answers(advise(ramp, trial=0))["periodic?"] == "no"


def test_the_unit_does_not_matter():
    for x in (smooth(), vectors()):
        first, second = advise(x, trial=0), advise(1e-6 * x, trial=0)
        assert answers(first) == answers(second)
        assert second.description["scale"] == pytest.approx(1e-6 * first.description["scale"], rel=1e-4)


def test_the_model_learns_the_data():
    x = smooth()
    advice = advise(x, trial=40)
    model = advice.model()
    fit(model, advice.prepared(x), 60, 16, progress=False)
    assert metrics.fvu(x, model.reconstruct(x).detach()) < 0.2


def test_the_configuration_makes_the_same_model(tmp_path):
    for x, mirror in ((vectors(), False), (ramps(), True)):
        advice = advise(x, trial=0)
        (tmp_path / "c.json").write_text(json.dumps(advice.config("y.npy", steps=7)))
        read = recipe.read(tmp_path / "c.json")
        assert read.data["file"] == "y.npy" and read.data["mirror"] is mirror and read.training["steps"] == 7
        described = advice.model().describe()
        again = SparseAutoencoder.from_description(
            {"mean": False, **read.model, "scale": advice.description["scale"]}
        ).describe()
        assert again == described


def test_the_table_says_a_number_and_a_reason_for_each_choice():
    advice = advise(vectors(), trial=20)
    assert isinstance(advice, Advice)
    lines = str(advice).splitlines()
    assert lines[0].split() == ["question", "answer", "number", "reason"] and len(lines) == len(advice.choices) + 1
    assert all(all(choice) for choice in advice.choices)
    assert advice._repr_markdown_().splitlines()[1] == "| --- | --- | --- | --- |"


@pytest.mark.parametrize(
    ("x", "said"),
    [(torch.ones(40, 3), "x has the same value everywhere"), (torch.randn(19, 3), "x has 19 samples: should have 20")],
)
def test_data_that_say_nothing_are_refused(x, said):
    with pytest.raises(ValueError, match=said):
        advise(x)


def test_mirrored_functions_join_at_their_seams():
    x = torch.arange(6.0).view(1, 1, 2, 3)
    assert mirrored(x)[0, 0].tolist() == [
        [0, 1, 2, 2, 1, 0],
        [3, 4, 5, 5, 4, 3],
        [3, 4, 5, 5, 4, 3],
        [0, 1, 2, 2, 1, 0],
    ]
    ramp = data.mirrored(torch.linspace(0, 1, 64).view(1, 1, 64))
    closed = torch.cat([ramp, ramp[..., :1]], -1)
    assert closed.diff().abs().max() == pytest.approx(1 / 63, rel=1e-4)
    with pytest.raises(ValueError, match="signal"):
        mirrored(torch.ones(3, 2))
