"""Checks on what a person gives: an error names the argument, its value, and what it should be."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Kind = TypeVar("Kind")


def whole(value: Any, name: str, least: int = 1) -> int:
    """A count as an int: any whole number from `least` on, NumPy's too. Raises ValueError for anything else."""
    if not is_whole(value) or value < least:
        raise ValueError(f"{name} = {value!r}: should be a whole number ≥ {least}")
    return int(value)


def expect(holds: bool, message: str) -> None:
    """Raises ValueError with the message unless the condition holds."""
    if not holds:
        raise ValueError(message)


def in_row(value: Any) -> tuple[Any, ...]:
    """The entries of a list or tuple; any other thing, a text too, by itself."""
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else (value,)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number that memory can count to; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def real(value: Any, name: str, positive: bool = False, signed: bool = False) -> float:
    """A finite number as a float: ≥ 0, > 0 when `positive`, any when `signed`; NumPy's and tensors of one number too.

    Raises ValueError for anything else.
    """
    try:
        number = math.nan if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or (number < 0 and not signed) or (positive and number == 0):
        raise ValueError(
            f"{name} = {value!r}: should be a finite number{'' if signed else ' > 0' if positive else ' ≥ 0'}"
        )
    return number


def interval(value: Any, name: str, what: str, dtype: torch.dtype) -> tuple[float, float]:
    """Two finite numbers, 0 ≤ smallest ≤ largest, that the dtype can hold. Raises ValueError for anything else."""
    try:
        low, high = (real(end, name) for end in value)
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if isinstance(value, str) or low > high:
        raise ValueError(f"{name} = {value!r}: should be two numbers, 0 ≤ smallest ≤ largest {what}")
    least, most = torch.finfo(dtype).tiny, torch.finfo(dtype).max
    if high and not least <= high <= most:
        raise ValueError(f"{name} = {value!r}: should be within {least:.0e} to {most:.0e}, which {dtype} can hold")
    return low, high


def flag(value: Any, name: str) -> bool:
    """True or False, NumPy's too. Raises TypeError for anything else: a text such as "False" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} = {short(value)}: should be True or False")
    return bool(value)


def instance(value: Any, kind: type[Kind], name: str, such_as: str) -> Kind:
    """An object of that kind. Raises TypeError for anything else."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise TypeError(f"{name} = {short(value)}: should be {article} {kind.__name__}, such as {such_as}")
    return value


def precision(value: Any, name: str) -> torch.dtype:
    """A type of floating-point numbers, the default one for None. Raises TypeError for anything else."""
    if value is None:
        return torch.get_default_dtype()
    if not (isinstance(value, torch.dtype) and value.is_floating_point):
        raise TypeError(f"{name} = {short(value)}: should be a floating-point type, such as torch.float32")
    return value


def path(value: Any, name: str = "path") -> Path:
    """Where a file is or will be. Raises TypeError for what is no path, ValueError for one that names no file."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise TypeError(f"{name} = {short(value)}: should be a path")
    if not Path(value).name or Path(value).is_dir():
        raise ValueError(f"{name} = {os.fspath(value)!r}: should name a file, not a folder")
    return Path(value)


def text(value: Any, name: str) -> str:
    """A text. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"{name} = {short(value)}: should be a text")
    return value


def listed(value: Any, name: str, what: str) -> Any:
    """A list, a tuple, an array: what has an order and a length. Raises TypeError for anything else, as for a text."""
    if not isinstance(value, Sequence | np.ndarray | Tensor) or isinstance(value, str | bytes):
        raise TypeError(f"{name} = {short(value)}: should be a list of {what}")
    return value


def tensor(
    value: Any, name: str, form: str, axes: tuple[int, float] = (2, math.inf), finite: bool = True, empty: bool = False
) -> Tensor:
    """A tensor of floating-point numbers, strided, with storage; one in half precision becomes float32.

    form: what its axes are, in words, such as "(batch, channels, *grid)". axes: least and largest number of them.
    finite: NaN and infinity are refused. empty: one without entries is not. Raises TypeError for another kind of
    thing or of number, ValueError for another shape or other values.
    """
    if not isinstance(value, Tensor):
        such_as = f", such as torch.from_numpy({name}).float()" if isinstance(value, np.ndarray) else ""
        raise TypeError(f"{name} = {short(value)}: should be a tensor {form}{such_as}")
    if not value.is_floating_point():
        raise TypeError(f"{name} = {short(value)}: should be real floating-point numbers, such as {name}.float()")
    held(value, name)
    if not axes[0] <= value.dim() <= axes[1] or not (empty or value.numel()):
        raise ValueError(f"{name} = {short(value)}: should be {form}{'' if empty else ', not empty'}")
    if finite and not value.isfinite().all():
        raise ValueError(f"{name} has NaN or infinite values: should be finite")
    return value.float() if torch.finfo(value.dtype).bits < 32 else value


def held(value: Tensor, name: str) -> None:
    """Raises TypeError for a tensor that has no numbers to read in order: a sparse one, or one on "meta"."""
    dense(value, name)
    if value.is_meta:
        raise TypeError(f"{name} = {short(value)}: should be a dense tensor that holds its values")


def dense(value: Tensor, name: str) -> None:
    """Raises TypeError for a sparse tensor."""
    if value.layout is not torch.strided:
        raise TypeError(f"{name} = {short(value)}: should be a dense tensor, such as {name}.to_dense()")


def signals(
    value: Any,
    name: str,
    kind: str,
    count: int,
    owner: nn.Module,
    like: Tensor,
    axes: int | None = None,
    of: str = "dictionary",
) -> None:
    """Numbers `(batch, kind = count, *grid)` that a dictionary or lifting takes: the owner, whose weights are `like`.

    kind: what the second axis is: "channels", "concepts" or "lifted". axes: how many the grid has; None: any number.
    Whether the numbers are finite is not asked: this is called several times in each step of a training. Raises
    TypeError for another kind of thing or of number, ValueError for another shape or device.
    """
    if not isinstance(value, Tensor):
        such_as = f", such as torch.from_numpy({name}).float()" if isinstance(value, np.ndarray) else ""
        raise TypeError(f"{name} is a {type(value).__name__}: should be a tensor{such_as}")
    dense(value, name)
    shape = value.shape
    if len(shape) < 2 or axes not in (None, len(shape) - 2) or shape[1] != count or 0 in shape[2:]:
        grid = ", *grid" if axes is None else ", n" * axes
        form = f"(batch, {kind} = {count}{grid}) for {type(owner).__name__}"
        raise ValueError(f"{name} has shape {tuple(shape)}: should be {form}")
    if value.device != like.device:
        what = f"{name} is on {value.device}, the {of} on {like.device}"
        raise ValueError(f"{what}: should be on one device")
    # Under autocast others hand on what they made in half precision: operators take it, and give float32 again.
    if value.dtype != like.dtype:
        if not (torch.is_autocast_enabled(like.device.type) and value.is_floating_point()):
            raise TypeError(f"{name} is {value.dtype}, the {of} {like.dtype}: convert one of them")


def row(value: Any, name: str, form: str, length: int | None = None) -> np.ndarray:
    """Finite numbers in a row, at least one, as float64. Raises ValueError for anything else."""
    try:
        numbers = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
        numbers = numbers.astype(float) if numbers.dtype.kind in "iuf" else np.array(math.nan)
    except (TypeError, ValueError, RuntimeError):
        numbers = np.array(math.nan)
    if numbers.ndim != 1 or not numbers.size or not np.isfinite(numbers).all() or length not in (None, len(numbers)):
        raise ValueError(f"{name} = {short(value)}: should be {form}")
    return numbers


def short(value: Any) -> str:
    """A value in a few words, for an error: of an array its kind and shape."""
    if isinstance(value, Tensor | np.ndarray):
        what = "tensor" if isinstance(value, Tensor) else "NumPy array"
        where = " on meta" if isinstance(value, Tensor) and value.is_meta else ""
        layout = f" {value.layout}" if isinstance(value, Tensor) and value.layout is not torch.strided else ""
        return f"a {what} {tuple(value.shape)} of {value.dtype}{where}{layout}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"a {type(value).__name__}"
