"""What was recorded of other libraries is complete, and says what the book says of it."""

import re

import pytest
import torch

from saeno.book.peers import recorded
from saeno.book.record import load, spread, tuned
from saeno.book.recovery.sparse_autoencoders import toy as ours


def test_neuraloperator_is_right_but_for_odd_squares_and_finer_outputs():
    """Fails when a record of another outcome is stored and the chapter still tells the old one."""
    found = recorded("neuraloperator")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"]) and found["version"] and found["seeds"] >= 5
    wrong = {name for name, (least, most) in found["cases"].items() if least > 0.05}
    right = {name for name, (least, most) in found["cases"].items() if most < 1e-6}
    assert wrong == {"2-D, odd grid", "2-D, finer output"} and wrong | right == set(found["cases"])


def test_sae_lens_was_measured_at_every_rate_and_for_every_seed():
    """Fails when a cell is missing or was edited by hand, when the best rate is at an edge of those tried, or when the
    table of the chapter has a method without a time."""
    found = recorded("sae_lens")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"]) and found["versions"]["sae-lens"]
    cells = [f"{method} | {rate}" for method in ("standard", "top-k") for rate in ours.ONE_STEP]
    assert [entry["settings"]["setting"] for entry in found["measured"]] == cells
    for entry in found["measured"]:
        assert entry["seeds"] == list(ours.AXES["seed"])
        for value in entry["values"].values():
            assert value["each"] == (expected := spread(value["each"]))["each"]
            assert len(value["each"]) == len(entry["seeds"])
            assert all(value[part] == pytest.approx(expected[part]) for part in ("mean", "std", "minimum", "maximum"))
    for method in ("standard", "top-k"):
        assert min(ours.ONE_STEP) < tuned(found, method).rate < max(ours.ONE_STEP)
    assert set(found["seconds"]) == {"standard", "top-k", *ours.RATES}
    assert all(took > 0 for took in found["seconds"].values())


def test_an_encoder_tied_to_the_atoms_finds_more_than_any_of_sae_lens():
    """Fails when a record of another outcome is stored and the chapter still tells the old one."""
    found, own = recorded("sae_lens"), load("sparse_autoencoders_toy")
    theirs = max(tuned(found, method).values["cosine"].maximum for method in ("standard", "top-k"))
    assert tuned(own, "TopK, tied").values["cosine"].minimum > theirs + 0.1


def test_sporco_reaches_the_same_optimum_and_learns_kernels_that_are_better_than_ours():
    """Fails when a record of another outcome is stored and the chapter still tells the old one."""
    found = recorded("sporco")
    values = {name: torch.tensor(each, dtype=torch.double) for name, each in found["values"].items()}
    assert found["seeds"] >= 5 and all(len(each) == found["seeds"] for each in values.values())
    assert (values["apart"] < 1e-6).all() and (values["gap"] <= 1e-6).all()
    assert (values["theirs_iterations"] < values["ours_iterations"]).all()
    best, theirs, mine, start = (values[f"{name}_objective"] for name in ("true", "theirs", "ours", "start"))
    assert best.mean() < theirs.mean() < mine.mean() < start.mean()
    assert (theirs < mine).sum() == 4 and (values["theirs_seconds"] < values["ours_seconds"]).all()
    assert values["automatic"].min() > 0.05


def test_a_peer_without_a_record_is_named():
    """Fails when a missing record is a bare file error."""
    with pytest.raises(ValueError, match="'alphacsc': should be one of neuraloperator"):
        recorded("alphacsc")
