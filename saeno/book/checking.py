"""Exercises: `check("first-look", 2, answer)` says *not attempted*, *not yet, because …*, or *right*.

The checks of a chapter stand in its laboratory, in the file `exercises.py` (`saeno/book/chapters.py`). Each is a
function of the learner's answer. It tests properties, so that every right answer passes, with the helpers below, which
end it by saying why not yet; it returns what is worth adding when all is right, or nothing. The file's `CHECKS` has
them in the order of the exercises.

A learner never sees a traceback: whatever an answer raises becomes a reason, with the line it comes from.
"""

from __future__ import annotations

import cmath
import copy
import html
import math
import re
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from saeno.book.chapters import load_exercises, with_exercises

if TYPE_CHECKING:
    from torch import Tensor

# One sign, one colour and one phrase for each state; the colours are seen on white and on black.
_STATES = {
    "not attempted": ("○", "#808080", "not attempted yet."),
    "not yet": ("◐", "#d55e00", "not yet, because"),
    "right": ("✓", "#009e73", "right."),
}
# As in the explorer: the book's theme lays a pale card under HTML, which we do without.
_PAGE = """<p class="saeno-check" style="margin:.4em 0;padding:.2em .8em;border-left:.3em solid {colour}">
<style>.cell_output .text_html:has(> .saeno-check) {{background:none!important;color:inherit!important}}</style>
<span aria-hidden="true" style="color:{colour};font-weight:bold">{sign}</span>
Exercise {exercise}: <strong>{phrase}</strong>{remark}</p>"""
ROUNDING = 1e-6  # what is left of the imaginary part of a real number, in single precision
_OURS = str(Path(__file__).resolve().parents[1])
_LIBRARIES = (_OURS, sysconfig.get_path("stdlib"), "<frozen")


class NotAttempted(Exception):
    """The answer is still the stub."""


class NotYet(Exception):
    """The answer is not right; the message says why, as a clause."""


@dataclass(frozen=True)
class Result:
    """What a check says; a notebook shows it in colour, and always with a sign and in words."""

    exercise: int
    """The exercise's number in its chapter, from 1."""
    state: str
    """"not attempted", "not yet" or "right"."""
    remark: str = ""
    """Why not yet, or what is worth adding. Code stands between backticks."""

    def __repr__(self) -> str:
        sign, _, phrase = _STATES[self.state]
        return " ".join(filter(None, [f"{sign} Exercise {self.exercise}: {phrase}", self.remark]))

    def _repr_html_(self) -> str:
        sign, colour, phrase = _STATES[self.state]
        remark = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(self.remark, quote=False))
        remark = remark and " " + remark
        return _PAGE.format(colour=colour, sign=sign, exercise=self.exercise, phrase=phrase, remark=remark)


def check(slug: str, number: int, answer: object) -> Result:
    """Check the `answer` to an exercise: `number`, from 1, of the chapter `slug`.

    Raises ValueError when there is no such exercise, and nothing else, whatever the answer.
    """
    checks = checks_of(slug)
    if not isinstance(number, int) or isinstance(number, bool) or number not in range(1, len(checks) + 1):
        raise ValueError(f"number = {number!r}: should be 1 to {len(checks)}, the exercises of {slug!r}")
    try:
        if is_stub(answer):
            raise NotAttempted
        remark = checks[number - 1](answer)
    except NotAttempted:
        return Result(number, "not attempted")
    except NotYet as reason:
        return Result(number, "not yet", _sentence(str(reason)))
    except Exception as error:  # the learner's, of any kind: it is told, and not thrown
        return Result(number, "not yet", _sentence(_told(error)))
    return Result(number, "right", remark or "")


def slugs() -> list[str]:
    """The slugs of the chapters that have checks."""
    return with_exercises()


def checks_of(slug: str) -> Sequence[Callable[[object], str | None]]:
    """The checks of the chapter `slug`, in order. Raises ValueError when it has none."""
    if not isinstance(slug, str) or slug not in slugs():
        raise ValueError(f"slug = {slug!r}: should be one of {', '.join(slugs())}")
    return load_exercises(slug).CHECKS


def is_stub(value: object) -> bool:
    """Whether nothing has been put in: `...`, None, or a tuple, list or dictionary of nothing else."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return bool(value) and all(map(is_stub, value))
    return value is ... or value is None


def require(condition: object, reason: str) -> None:
    """Go on if the condition holds; otherwise the answer is not right yet, because of `reason`."""
    if not condition:
        raise NotYet(reason)


def call(function: object, *arguments: object) -> object:
    """What the learner's function returns. It gets copies, so that it may change them.

    While it runs, torch's default dtype is that of the tensors it is given: its own `torch.zeros(3)` goes with them.
    A stub is a function that returns `...`; one that returns None lacks its return.
    """
    import torch

    require(callable(function), f"the answer should be a function, and is {_named(function)}")
    usual = torch.get_default_dtype()
    given = [x.dtype for x in arguments if isinstance(x, torch.Tensor) and x.is_floating_point()]
    try:
        torch.set_default_dtype(given[0] if given else usual)
        value = function(*copy.deepcopy(arguments))
    finally:
        torch.set_default_dtype(usual)
    require(value is not None, "your function returns nothing: does it end with `return`?")
    if is_stub(value):
        raise NotAttempted
    return value


def several(value: object, count: int, reason: str) -> list:
    """The parts of a tuple, a list, or an array along its first axis; with `reason` when they are not `count`."""
    import numpy as np
    import torch

    whole = isinstance(value, tuple | list) or (isinstance(value, np.ndarray | torch.Tensor) and value.ndim > 0)
    require(whole and len(value) == count, reason)
    return list(value)


def number(value: object, what: str) -> float:
    """A learner's value as a finite number: of Python, NumPy or torch. `what` names it in the reason.

    A complex number passes if it is real to rounding, and a truth value is 0 or 1; a text is no number.
    """
    import numpy as np
    import torch

    _require_filled(value, what)
    try:
        if isinstance(value, np.ndarray | torch.Tensor):
            value = value.item()  # which raises unless there is one
        if isinstance(value, str | bytes):
            raise TypeError
        found = complex(value)
    except OverflowError:
        found = complex(math.inf)
    except (TypeError, ValueError, RuntimeError):
        raise NotYet(f"{what} should be a number, and is {_named(value)}") from None
    require(cmath.isfinite(found), f"{what} should be a finite number, and is {found if found.imag else found.real}")
    require(
        abs(found.imag) <= ROUNDING * abs(found),
        f"{what} should be a real number, and has the imaginary part {found.imag:.3g}",
    )
    return found.real


def tensor(value: object, what: str, shape: tuple[int | None, ...] | None = None) -> Tensor:
    """A learner's value as a finite float64 tensor: from nested lists, NumPy or torch, in any mixture.

    Complex entries pass if they are real to rounding.
    shape: what it has to be; None in it stands for any length.
    """
    _require_filled(value, what)
    try:
        found = _gathered(value)
    except (TypeError, ValueError, RuntimeError):
        raise NotYet(f"{what} should be an array of numbers, and is {_named(value)}") from None
    if shape is not None:
        fits = found.dim() == len(shape) and all(
            want in (None, have) for want, have in zip(shape, found.shape, strict=True)
        )
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        require(fits, f"{what} should have the shape ({wanted}), and has {tuple(found.shape)}")
    require(found.isfinite().all(), f"{what} should have finite entries")
    if found.is_complex():
        require(found.imag.norm() <= ROUNDING * found.norm(), f"{what} should have real entries")
        found = found.real
    return found


def _gathered(value: object) -> Tensor:
    """As float64 or complex128: lists of tensors too, and arrays that torch does not take, such as reversed ones."""
    import numpy as np
    import torch

    if isinstance(value, torch.Tensor):
        found = value.detach().cpu().to_dense()
        return found.to(torch.complex128 if found.is_complex() else torch.float64)
    if isinstance(value, list | tuple) and any(isinstance(part, torch.Tensor | list | tuple) for part in value):
        parts = [_gathered(part) for part in value]
        joint = torch.complex128 if any(part.is_complex() for part in parts) else torch.float64
        return torch.stack([part.to(joint) for part in parts])
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise TypeError
    return torch.from_numpy(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64))


def _require_filled(value: object, what: str) -> None:
    require(not is_stub(value), f"{what} is still missing")


def _named(value: object) -> str:
    """A short name of a value for a sentence."""
    text = " ".join(repr(value).split())
    return f"`{text}`" if len(text) <= 40 and "`" not in text and " at 0x" not in text else f"a {type(value).__name__}"


def _sentence(clause: str) -> str:
    return clause if clause.endswith((".", "?", "!")) else clause + "."


def _told(error: Exception) -> str:
    """An error as a reason, with the last line of the learner's own code that it came through."""
    message = " ".join(str(error).split())
    what = type(error).__name__ + (f": {message[:200]}" if message else "")
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(_LIBRARIES) and not re.search("(site|dist)-packages", frame.filename):
            code = f", `{frame.line}`," if frame.line and "`" not in frame.line else ""
            return f"line {frame.lineno} of your code{code} ended with {what}"
    return f"the answer could not be checked: {what}"
