"""What a loss is, as text: by this a checkpoint knows whether it goes on with the loss that it was begun with."""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from typing import Any

import numpy as np
from torch import Tensor, nn


def identity(loss: Any) -> str:
    """The same text for the same loss with the same settings, today and in another process.

    Losses of saeno say it themselves, such as "l1(0.1)". A function of your own is its name and a digest of its code,
    its defaults and what it closes over: numbers, strings, tensors, containers and functions. What it reads from
    elsewhere, or from an object of your own that does not say its settings in its `repr`, does not count.
    """
    if getattr(loss, "__module__", "").startswith("saeno.losses"):
        return loss.__name__ if isinstance(loss, types.FunctionType) else repr(loss)
    kind = loss if isinstance(loss, types.FunctionType) else type(loss)
    return f"{kind.__qualname__}#{hashlib.sha256(_said(loss).encode()).hexdigest()[:12]}"


def takes_encoding(base: Any) -> None:
    """Raise TypeError for a loss that cannot be a part of another: base(model, signal, encoding) has to be a call."""
    try:
        inspect.signature(base).bind(None, None, None)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"base = {base!r}: should be called as base(model, signal, encoding), as losses here"
        ) from error


def _said(thing: Any) -> str:
    """All that is known of a thing, as text without addresses."""
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or () if cell != types.CellType()]
        return f"def {thing.__qualname__}{_said([thing.__code__, thing.__defaults__, thing.__kwdefaults__, cells])}"
    if isinstance(thing, types.CodeType):
        return f"code{thing.co_code.hex()}{_said(thing.co_names)}{_said(thing.co_consts)}"
    if isinstance(thing, types.MethodType):
        return f"{_said(thing.__func__)} of {_said(thing.__self__)}"
    if isinstance(thing, functools.partial):
        return f"partial{_said([thing.func, thing.args, thing.keywords])}"
    if isinstance(thing, Tensor | np.ndarray):
        values = np.ascontiguousarray(thing.detach().cpu().numpy() if isinstance(thing, Tensor) else thing)
        return f"{values.dtype}{values.shape}{hashlib.sha256(values.tobytes()).hexdigest()}"
    if isinstance(thing, list | tuple):
        return f"{type(thing).__name__}({','.join(map(_said, thing))})"
    if isinstance(thing, dict):
        return f"dict({','.join(f'{_said(name)}:{_said(value)}' for name, value in thing.items())})"
    kind, text = type(thing), repr(thing)
    run = kind.forward if isinstance(thing, nn.Module) else vars(kind).get("__call__")
    code = _said(run) if isinstance(run, types.FunctionType) else ""
    return f"{kind.__module__}.{kind.__qualname__} {'' if ' at 0x' in text else text} {code}"
