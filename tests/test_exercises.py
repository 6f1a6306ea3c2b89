"""Checks of exercises tell right from wrong answers, say why, and never raise.

The answers that each check is tried on stand in tests/exercises/, in a file for each chapter.
"""

import importlib
import linecache
import math
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno.book import check
from saeno.book.checking import NotYet, Result, call, checks_of, is_stub, several, slugs, tensor
from saeno.book.checking import number as number_of
from saeno.book.press import ROOT

EXERCISES = [(slug, number) for slug in slugs() for number in range(1, len(checks_of(slug)) + 1)]
FEWEST_RIGHT, FEWEST_WRONG = 2, 3


def table(slug):
    return importlib.import_module(f"tests.exercises.{slug.replace('-', '_')}")


def answers(kind):
    return [
        pytest.param(slug, number, answer, id=f"{slug}-{number}-{i}")
        for slug, number in EXERCISES
        for i, answer in enumerate(getattr(table(slug), kind).get(number, []))
    ]


@pytest.mark.parametrize(("slug", "number"), EXERCISES)
def test_every_check_is_tried_on_right_and_wrong_answers(slug, number):
    """Fails when a check is added without its answers: put `CHECKS = (board,) * 4` into a chapter's file."""
    for kind, fewest in (("RIGHT", FEWEST_RIGHT), ("WRONG", FEWEST_WRONG)):
        given = len(getattr(table(slug), kind).get(number, []))
        assert given >= fewest, (
            f"{kind}[{number}] of {table(slug).__name__} has {given} answers; {fewest} are the fewest"
        )


@pytest.mark.parametrize("slug", slugs())
def test_every_answer_has_its_check(slug):
    """Fails when an exercise is removed and its answers are not: take one out of `CHECKS`."""
    known = set(range(1, len(checks_of(slug)) + 1))
    for kind in ("RIGHT", "WRONG"):
        given = set(getattr(table(slug), kind))
        assert given == known, f"{kind} of {table(slug).__name__} answers {given}, and the checks are {known}"


@pytest.mark.parametrize(("slug", "number", "answer"), answers("RIGHT"))
def test_right_answers_are_right(slug, number, answer):
    """Fails when a check asks for more than the exercise, or breaks: for `k == 2` in place of the two bounds."""
    result = check(slug, number, answer)
    assert result.state == "right", result


@pytest.mark.parametrize(("slug", "number", "wrong"), answers("WRONG"))
def test_wrong_answers_are_told_why(slug, number, wrong):
    """Fails when a property is not tested, or another is blamed: leave out any `require` of a check."""
    answer, reason = wrong
    result = check(slug, number, answer)
    assert result.state == "not yet" and reason in result.remark, result


@pytest.mark.parametrize("stub", [..., None, (..., ...), [None], {4: ..., 8: ...}, (..., {"a": (...,)})])
@pytest.mark.parametrize(("slug", "number"), EXERCISES)
def test_a_stub_is_not_attempted(slug, number, stub):
    """Fails when `check` hands stubs on to the checks: leave out `is_stub` there."""
    assert check(slug, number, stub) == Result(number, "not attempted")


def test_what_is_no_stub():
    """Fails when falsehood is taken for a stub: `not value` in `is_stub`."""
    assert not any(is_stub(value) for value in [0, False, "", (), [], {}, (..., 0), lambda: ...])


NUMBERS = st.booleans() | st.integers() | st.floats() | st.complex_numbers()
JUNK = st.recursive(
    st.none() | st.just(...) | NUMBERS | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.integers() | st.text(), inner),
)


@settings(deadline=None)  # the first answer waits for what a check solves once
@given(junk=JUNK)
def test_no_answer_whatever_makes_a_check_raise(junk):
    """Fails when `check` lets an error through: catch ValueError alone."""
    for slug, number in EXERCISES:
        for answer in (junk, lambda *_: junk, lambda: junk):
            assert check(slug, number, answer).state in {"not attempted", "not yet"}


@pytest.fixture
def checked(monkeypatch):
    """A chapter of one exercise, whose check is given."""

    def checked(function, answer):
        monkeypatch.setattr("saeno.book.checking.checks_of", lambda slug: (function,))
        return check("chapter", 1, answer)

    return checked


def cell(source):
    """The function `answer` that a cell defines, with its source known as that of a notebook's cells is."""
    namespace, name = {}, f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), namespace)
    return namespace["answer"]


SOURCES = {
    "def answer(x):\n    y = 2 * x\n    return y / 0\n": "line 3 of your code, `return y / 0`, ended with ZeroDiv",
    "def inner():\n    raise KeyError('a')\ndef answer(x):\n    inner()\n": "line 2 of your code, `raise KeyError",
    "import torch\ndef answer(x):\n    torch.stack(\n        [torch.eye(x), 9])\n": "line 3 of your code, `torch",
    "import json\ndef answer(x):\n    return json.loads('{')\n": "line 3 of your code, `return json.loads('{')`,",
    "def answer(x):\n    return answer(x)\n": "line 2 of your code, `return answer(x)`, ended with RecursionError",
}


@pytest.mark.parametrize(("source", "line"), SOURCES.items())
def test_an_error_in_an_answer_is_told_with_its_line(checked, source, line):
    """Fails when the line is that of a library: take the last frame of all in `_told`."""
    result = checked(lambda answer: call(answer, 3), cell(source))
    assert result.state == "not yet" and line in result.remark, result
    assert "Traceback" not in repr(result) and "\n" not in repr(result)


def test_a_function_of_other_arguments_is_told(checked):
    """Fails when such an error is thrown, or pinned on a line of ours: leave `_OURS` out of `_LIBRARIES`."""
    assert checked(call, lambda x: x).remark.startswith("the answer could not be checked: TypeError")


def test_an_answer_may_change_what_it_is_given(checked):
    """Fails when the learner's function gets the check's own data: leave out the copy in `call`."""

    def keeps(answer):
        data = [1, 2]
        call(answer, data)
        assert data == [1, 2]

    assert checked(keeps, lambda data: data.pop()).state == "right"


TWOS = [2, 2.0, Fraction(2), np.float32(2), np.array([2]), torch.tensor([[2.0]]).requires_grad_(), 2 + 0j, 2 + 1e-16j]


@pytest.mark.parametrize("value", [*TWOS, np.complex64(2), torch.tensor(2 + 0j), np.longdouble(2)])
def test_a_number_of_any_kind_is_one(value):
    """Fails when a right answer is rejected for its type: `float(value)`, which refuses 2 + 0j and `np.array([2])`."""
    assert number_of(value, "it") == 2


@pytest.mark.parametrize(
    "value", ["2", b"2", [2.0], np.complex128(2 + 5j), 2 + 1e-3j, torch.ones(2), {}, 10**400, math.nan]
)
def test_what_is_no_number_is_told(value):
    """Fails when `float` guesses: it reads texts, and drops the imaginary part of NumPy's numbers."""
    with pytest.raises(NotYet, match=r"it should be a (real |finite |)number, and "):
        number_of(value, "it")


ROWS = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
ALIKE = [
    [[1, 2], (3, 4.0)],
    [ROWS[0].requires_grad_(), ROWS[1]],
    [ROWS[0].float(), np.array([3, 4])],
    [[ROWS[0, 0], 2], [3, ROWS[1, 1]]],
    ROWS.numpy()[::-1].copy()[::-1],
    np.flip(np.array([[4.0, 3.0], [2.0, 1.0]])),
    ROWS.numpy().astype(np.longdouble),
    ROWS.to_sparse(),
    ROWS + 0j,
    (ROWS + 1e-17j).numpy(),
]


@pytest.mark.parametrize("value", ALIKE, ids=range(len(ALIKE)))
def test_an_array_of_any_kind_is_one(value):
    """Fails when a right answer is rejected for its type: `torch.as_tensor` takes no list of rows."""
    assert torch.equal(tensor(value, "it", (2, None)), ROWS)


def test_lists_keep_their_digits():
    """Fails when a list becomes float32, and is then off by more than a check allows: `torch.as_tensor(value)`."""
    assert tensor([0.1], "it").item() == 0.1 and tensor([[0.1, torch.tensor(1.0)]], "it")[0, 0] == 0.1


@pytest.mark.parametrize("value", [["1"], [[1], [1, 2]], [1 + 1j], [math.nan], [math.inf], "12", {1: 2}, [10**400]])
def test_what_is_no_array_is_told(value):
    """Fails when texts are read, or what is not finite is compared with a tolerance."""
    with pytest.raises(NotYet, match=r"it should (be an array of numbers|have real entries|have finite entries)"):
        tensor(value, "it")


@pytest.mark.parametrize("value", [(1, 2), [1, 2], np.array([1, 2]), torch.tensor([1, 2])])
def test_several_values_may_stand_in_anything_that_unpacks(value):
    """Fails when an array of two numbers is no pair: ask for a tuple."""
    assert list(map(int, several(value, 2, "two"))) == [1, 2]
    with pytest.raises(NotYet, match="three"):
        several(value, 3, "three")


@pytest.mark.parametrize("value", [3, "ab", {1: 2, 3: 4}, torch.tensor(2.0), lambda: ...])
def test_what_does_not_unpack_is_told(value):
    """Fails when a text of two letters is a pair."""
    with pytest.raises(NotYet, match="two"):
        several(value, 2, "two")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_an_answer_makes_has_the_dtype_of_what_it_is_given(dtype):
    """Fails when a plain `torch.zeros` in a right answer does not go with the check's data: leave the default alone."""
    usual = torch.get_default_dtype()
    assert call(lambda x: torch.zeros(2, 2) @ x, torch.eye(2, dtype=dtype)).dtype == dtype
    with pytest.raises(ZeroDivisionError):
        call(lambda x: 1 / 0, torch.eye(2, dtype=dtype))
    assert torch.get_default_dtype() == usual


def test_a_function_that_returns_dots_is_a_stub_and_one_that_returns_nothing_is_told(checked):
    """Fails when one is taken for the other: test for both in one line of `call`."""
    assert checked(call, lambda: ...).state == "not attempted"
    assert "does it end with `return`?" in checked(call, lambda: None).remark


@pytest.mark.parametrize(
    ("slug", "number", "message"),
    [("second-look", 1, "'second-look': should be one of .*first-look"), ("first-look", 0, "0: should be 1 to")],
)
def test_an_exercise_that_does_not_exist_is_named(slug, number, message):
    """Fails when a typing error in a notebook is forgiven: return "not attempted" there."""
    with pytest.raises(ValueError, match=message):
        check(slug, number, ...)


@pytest.mark.parametrize("state", ["not attempted", "not yet", "right"])
def test_a_result_is_told_by_sign_word_and_colour(state):
    """Fails when one of the three is lost, or a text can break the page: do not escape the remark."""
    result = Result(2, state, "`x < <b>` is & stays")
    text, page = repr(result), result._repr_html_()
    sign = text[0]
    assert text.startswith(f"{sign} Exercise 2: {state}") and sign in page and state in page
    assert "<code>x &lt; &lt;b&gt;</code> is &amp; stays" in page and "<b>" not in page
    (colour,) = set(re.findall("#[0-9a-f]{6}", page))
    assert all(contrast(colour, page) >= 3 for page in ("#ffffff", "#121212"))  # what WCAG asks of signs


def contrast(one, other):
    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_check_is_light_and_stays_a_function():
    """Fails when `saeno.book` imports its pictures: import the explorer in saeno/book/__init__.py."""
    script = (
        "import sys, saeno\nbefore = set(sys.modules)\nfrom saeno.book import check\nimport saeno.book.checking\n"
        "new = {name for name in set(sys.modules) - before if name.startswith('saeno')}\n"
        "assert callable(saeno.book.check) and 'saeno.book.explorer' not in new, new\n"
        "check('first-look', 1, ...)\nassert not {'matplotlib', 'scipy', 'IPython'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
