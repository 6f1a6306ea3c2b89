"""What was recorded of other libraries is complete, and says what the book says of it."""

import re

import pytest

from saeno.book.peers import recorded


def test_neuraloperator_is_right_but_for_odd_squares_and_finer_outputs():
    """Fails when a record of another outcome is stored and the chapter still tells the old one."""
    found = recorded("neuraloperator")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"]) and found["version"] and found["seeds"] >= 5
    wrong = {name for name, (least, most) in found["cases"].items() if least > 0.05}
    right = {name for name, (least, most) in found["cases"].items() if most < 1e-6}
    assert wrong == {"2-D, odd grid", "2-D, finer output"} and wrong | right == set(found["cases"])


def test_a_peer_without_a_record_is_named():
    """Fails when a missing record is a bare file error."""
    with pytest.raises(ValueError, match="'sporco': should be one of neuraloperator"):
        recorded("sporco")
