"""What a loss is, as text: by this a checkpoint knows whether it goes on with the loss that it was begun with."""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def identity(loss: Any) -> str:
    """The same text for the same loss with the same settings, today and in another process.

    Losses of saeno say it themselves, such as "l1(0.1)". A function of your own is its name and a digest of its code,
    its defaults and what it closes over: numbers, strings, tensors, containers and functions. What it reads from
    elsewhere, or from an object of your own that does not say its settings in its `repr`, does not count.
    """
    kind = loss if isinstance(loss, types.FunctionType) else type(loss)
    if str(kind.__module__).startswith("saeno.losses"):
        return loss.__name__ if kind is loss else repr(loss)
    return f"{kind.__qualname__}#{hashlib.sha256(_said(loss).encode()).hexdigest()[:12]}"


def takes_encoding(base: Any) -> None:
    """Raise TypeError for a loss that cannot be a part of another: base(model, signal, encoding) has to be a call."""
    try:
        inspect.signature(base).bind(None, None, None)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"base = {base!r}: should be called as base(model, signal, encoding), as losses here"
        ) from error


def _said(thing: Any, around: tuple[Any, ...] = ()) -> str:
    """All that is known of a thing, as text without addresses; `around` is what it was found in."""
    if any(thing is one for one in around):
        return "itself"  # a function that closes over its own name, a list that holds itself
    said = functools.partial(_said, around=(*around, thing))
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or () if cell != types.CellType()]
        return f"def {thing.__qualname__}{said([thing.__code__, thing.__defaults__, thing.__kwdefaults__, cells])}"
    if isinstance(thing, types.CodeType):
        return f"code{thing.co_code.hex()}{said(thing.co_names)}{said(thing.co_consts)}"
    if isinstance(thing, types.MethodType):
        return f"{said(thing.__func__)} of {said(thing.__self__)}"
    if isinstance(thing, functools.partial):
        return f"partial{said([thing.func, thing.args, thing.keywords])}"
    if isinstance(thing, Tensor):
        values = thing.detach().cpu().to_dense().contiguous()
        data = values.flatten().view(torch.uint8).numpy().tobytes()  # bfloat16 too, of which NumPy knows nothing
        return f"{values.dtype}{tuple(values.shape)}{hashlib.sha256(data).hexdigest()}"
    if isinstance(thing, np.ndarray):
        return f"{thing.dtype}{thing.shape}{hashlib.sha256(thing.tobytes()).hexdigest()}"
    if isinstance(thing, list | tuple):
        return f"{type(thing).__name__}({','.join(map(said, thing))})"
    if isinstance(thing, set | frozenset):  # whose order is another one in each process
        return f"{type(thing).__name__}({','.join(sorted(map(said, thing)))})"
    if isinstance(thing, dict):
        return f"dict({','.join(f'{said(name)}:{said(value)}' for name, value in thing.items())})"
    kind, text = type(thing), repr(thing)
    run = kind.forward if isinstance(thing, nn.Module) else vars(kind).get("__call__")
    code = said(run) if isinstance(run, types.FunctionType) else ""
    return f"{kind.__module__}.{kind.__qualname__} {'' if ' at 0x' in text else text} {code}"
