"""Hidden functions of any network: recorded, and replaced while it runs."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy
import torch
from torch import Tensor, nn

from saeno.checks import instance, listed, short, tensor, text, whole
from saeno.training.shards import Shards, ShardWriter

MOST_NAMES = 40


def record(
    model: nn.Module,
    x: Tensor,
    layers: str | Sequence[str],
    call: int | None = None,
    output: int | None = None,
    batch: int = 64,
    shards: str | os.PathLike | None = None,
) -> dict[str, Tensor] | dict[str, Shards]:
    """What layers of a network give, for many inputs, all of them in one pass: name → hidden functions.

        record(fno, inputs, ["layers.1", "layers.2"])["layers.1"]       # (inputs, width, *grid), on the CPU

    Args:
        model: any torch module; run in eval mode, without gradients, and left in the modes that it was in.
        x: `(inputs, channels, *grid)`, given to it in batches, on the device of its parameters.
        layers: names in `model.named_modules()`.
        call: which time of one forward, from 0, for a layer that runs several times, as a module does that is shared.
        output: which one, from 0, for a layer that gives a tuple.
        batch: inputs per pass: what memory has to hold at once, with `shards`.
        shards: a folder. Then functions go there, a folder for each layer, and come back as `Shards`.

    Raises ValueError, naming the layer, when there is none of that name, when it does not run or runs several times
    and `call` does not say which, for NaN or infinite values, and for an output that is not one function `(batch,
    channels, *grid)` for each input; TypeError where it gives no tensor.
    """
    instance(model, nn.Module, "model", "FNO(1, 1, 32, 16)")
    tensor(x, "x", "(inputs, channels, *grid)", finite=False)
    batch = whole(batch, "batch")
    names = [layers] if isinstance(layers, str) else list(dict.fromkeys(listed(layers, "layers", "names of modules")))
    if not names:
        raise ValueError(f"layers = {layers!r}: should have one name at least")
    made: dict[str, _Kept | ShardWriter] = {}
    first = 0

    def keep(name: str, value: Tensor) -> None:
        count = min(batch, len(x) - first)
        if value.dim() < 2 or len(value) != count:
            form = f"(batch, channels, *grid) with batch = {count}"
            raise ValueError(f"layer {name!r} gives {short(value)}: should be {form}")
        if not value.sum().isfinite() and not value.isfinite().all():  # a finite sum has finite terms, and is read once
            where = f"for x[{first}:{first + count}]"
            raise ValueError(f"layer {name!r} has NaN or infinite values {where}: should be finite")
        if name not in made:
            about = {"layer": name, "call": call, "output": output}
            place = None if shards is None else Path(shards) / quote(name, safe="")
            made[name] = _Kept(len(x)) if place is None else ShardWriter(place, about)
        made[name].add(value)

    training = [module for module in model.modules() if module.training]
    device = next((parameter.device for parameter in model.parameters()), x.device)
    try:
        model.eval()
        with watched(model, names, keep, call, output), torch.no_grad():
            while first < len(x):
                model(x[first : first + batch].to(device))
                first += batch
    finally:
        for module in training:
            module.training = True
    return {name: made[name].close() for name in names}


@contextmanager
def replace(
    model: nn.Module,
    layer: str,
    function: Callable[[Tensor], Tensor],
    call: int | None = None,
    output: int | None = None,
) -> Iterator[nn.Module]:
    """A network whose forward has `function(what a layer gave)` in place of what it gave, as long as the context lasts.

        with replace(fno, "layers.1", lambda h: sae(h).reconstruction):
            changed = fno(x)

    model, layer, call, output: as in `record`. Gradients flow through. Contexts may be nested.

    Raises ValueError as `record` does, and for another shape than the layer's; TypeError where the function gives no
    tensor, or one of another type. The network is as it was afterwards, and after an error too.
    """
    instance(model, nn.Module, "model", "FNO(1, 1, 32, 16)")
    if not callable(function):
        raise TypeError(f"function = {short(function)}: should be called as function(output of the layer)")

    def changed(name: str, value: Tensor) -> Tensor:
        new = function(value)
        if not isinstance(new, Tensor) or new.dtype != value.dtype:
            raise TypeError(f"function gave {short(new)}: should be a tensor of {value.dtype}, as {name!r} gives")
        if new.shape != value.shape:
            raise ValueError(f"function gave {short(new)}: should be {tuple(value.shape)}, as {name!r} gives")
        return new

    with watched(model, [text(layer, "layer")], changed, call, output, "layer"):
        yield model


@contextmanager
def watched(
    model: nn.Module,
    names: Sequence[str],
    seen: Callable[[str, Tensor], Tensor | None],
    call: int | None = None,
    output: int | None = None,
    argument: str = "layers",
) -> Iterator[None]:
    """Call `seen(name, value)` with what layers give in a forward of a network; a tensor it returns takes their place.

    How often each layer ran is counted, and held against `call` when the forward ends. A layer that is called by
    itself, outside of it, is not watched. argument: what names are called where they were given, for an error.
    """
    call = None if call is None else whole(call, "call", least=0)
    output = None if output is None else whole(output, "output", least=0)
    modules = dict(model.named_modules(remove_duplicate=False))
    for name in names:
        if name not in modules:
            known = [repr(one) for one in modules if one] or ["the layers of another model: this one has none"]
            more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
            raise ValueError(f"{argument} = {name!r}: should be one of {', '.join(known[:MOST_NAMES])}{more}")
    ran: dict[str, int] = {}  # of the forward that is going on

    def begin(*_: Any) -> None:
        ran.update(dict.fromkeys(names, 0))

    def hook(name: str) -> Callable[[nn.Module, Any, Any], Any]:
        def after(module: nn.Module, given: Any, made: Any) -> Any:
            if name not in ran:
                return None
            ran[name] += 1
            if ran[name] != (call or 0) + 1:
                return None
            new = seen(name, picked(made, output, name))
            return new if new is None or output is None else put(made, output, new)

        return after

    def end(*_: Any) -> None:
        for name, count in ran.items():
            if count == 0:
                raise ValueError(f"layer {name!r} does not run in a forward of {type(model).__name__}")
            if call is None and count > 1:
                raise ValueError(f"call = None: {name!r} runs {count} times in a forward, should be 0 to {count - 1}")
            if call is not None and call >= count:
                raise ValueError(f"call = {call}: {name!r} runs {count} times in a forward, should be below {count}")
        ran.clear()

    with ExitStack() as hooks:
        hooks.callback(model.register_forward_pre_hook(begin).remove)
        for name in names:
            hooks.callback(modules[name].register_forward_hook(hook(name)).remove)
        hooks.callback(model.register_forward_hook(end).remove)
        yield


def picked(made: Any, output: int | None, name: str) -> Tensor:
    """The tensor in what a layer gave."""
    several = isinstance(made, tuple | list)
    if several and (output is None or output >= len(made)):
        kind = type(made).__name__
        raise ValueError(f"output = {output}: {name!r} gives a {kind} of {len(made)}, should be below {len(made)}")
    if not several and output is not None:
        raise ValueError(f"output = {output}: {name!r} gives a {type(made).__name__}, should be None")
    value = made[output] if several else made
    if not isinstance(value, Tensor):
        raise TypeError(f"layer {name!r} gives a {type(value).__name__}: should be a tensor")
    return value


def put(made: tuple | list, output: int, new: Tensor) -> tuple | list:
    """The same tuple or list with another tensor at a place; a tuple with names keeps them."""
    parts = [*made[:output], new, *made[output + 1 :]]
    return type(made)(parts) if type(made) in (tuple, list) else type(made)(*parts)


class _Kept:
    """Rows in one tensor that is made once: a copy, which a later layer that works in place does not change."""

    def __init__(self, count: int):
        self.count, self.rows = count, 0
        self.values: Tensor

    def add(self, rows: Tensor) -> None:
        if self.rows == 0:
            shape = (self.count, *rows.shape[1:])
            # NumPy asks for large pages, which torch does not: half the time goes into touching new memory otherwise.
            memory = numpy.empty(math.prod(shape) * rows.dtype.itemsize, dtype=numpy.uint8)
            self.values = torch.from_numpy(memory).view(rows.dtype).view(shape)
        self.values[self.rows : self.rows + len(rows)] = rows
        self.rows += len(rows)

    def close(self) -> Tensor:
        return self.values
