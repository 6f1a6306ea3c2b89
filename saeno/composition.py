"""Models as text: what `save` writes beside the weights, and the one table of classes that can be read back."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor

from saeno import dictionaries, inference, lifting, sparsity

PUBLIC = {
    kind.__name__: kind
    for kinds in (
        (dictionaries.DenseDictionary, dictionaries.ConvDictionary, dictionaries.FourierDictionary),
        (dictionaries.Lifted, lifting.Lifting, lifting.SpectralLifting),
        (sparsity.SoftThreshold, sparsity.ReLU, sparsity.JumpReLU, sparsity.GroupSoftThreshold, sparsity.JointTopK),
        (sparsity.TopK, sparsity.BatchTopK),
        (inference.OneStep, inference.Unrolled, inference.MatchingPursuit, inference.OnGrid),
    )
    for kind in kinds
}


def describe(thing: Any) -> Any:
    """A composed object as plain data: its class name and its settings (see `Part`), all the way down.

    Raises TypeError for a class that is not one of saeno's: it could not be read back.
    """
    if thing is None or isinstance(thing, bool | int | float | str):
        return thing
    if isinstance(thing, tuple | list):
        return [describe(part) for part in thing]
    if PUBLIC.get(type(thing).__name__) is not type(thing):
        raise TypeError(f"{type(thing).__name__} cannot be saved: should be one of {', '.join(PUBLIC)}")
    return {"class": type(thing).__name__, **{name: describe(value) for name, value in thing.settings().items()}}


def build(description: Any) -> Any:
    """The object that `describe` described, with fresh weights.

    Raises ValueError for a class that is not one of saeno's.
    """
    if isinstance(description, list):
        return tuple(build(part) for part in description)
    if not isinstance(description, dict):
        return description
    settings = {name: build(value) for name, value in description.items() if name != "class"}
    if description.get("class") not in PUBLIC:
        raise ValueError(f"class = {description.get('class')!r}: should be one of {', '.join(PUBLIC)}")
    return PUBLIC[description["class"]].from_settings(**settings)


def check_keys(description: Any, place: str) -> None:
    """Raise ValueError, naming the place and what would do, for a class or a setting that is not one of saeno's.

    place: where the description stands, such as "model.dictionary", for the error.
    """
    for number, part in enumerate(description if isinstance(description, list) else ()):
        check_keys(part, f"{place}[{number}]")
    if not isinstance(description, dict):
        return
    kind = PUBLIC.get(description["class"]) if isinstance(description.get("class"), str) else None
    if kind is None:
        raise ValueError(f"{place}.class = {description.get('class')!r}: should be one of {', '.join(PUBLIC)}")
    own = "from_settings" in vars(kind)
    known = inspect.signature(kind.from_settings if own else kind).parameters.values()
    known = {one.name: one.default is one.empty for one in known if one.kind is one.POSITIONAL_OR_KEYWORD}
    for key, value in description.items():
        if key != "class" and key not in known:
            good = ", ".join(known) or "none: it has no settings"
            raise ValueError(f"{place}.{key} = {value!r}: should be one of {good} for {kind.__name__}")
        check_keys(value, f"{place}.{key}")
    for key, needed in known.items():
        if needed and key not in description:
            raise ValueError(f"{place}.{key}: is missing, {kind.__name__} needs it")


def check_sizes(description: Any, tensors: dict[str, Tensor], place: str = "dictionary.") -> None:
    """Raise ValueError when the dictionary that is described is not as large as the tensors that are there.

    So nothing is made for a header that is larger than its file.
    """
    kind = description["class"]
    if kind == "Lifted":
        for part in ("dictionary", "lifting"):
            check_sizes(description[part], tensors, f"{place}{part}.")
        return
    name, sizes = {
        "DenseDictionary": ("weight", lambda d: (d["concepts"], d["channels"])),
        "ConvDictionary": ("weight", lambda d: (d["concepts"], d["channels"], *d["support"])),
        "FourierDictionary": ("weight", lambda d: (d["concepts"], d["channels"], *[2 * m + 1 for m in d["modes"]])),
        "Lifting": ("P", lambda d: (d["channels"], d["lifted"])),
        "SpectralLifting": ("P", lambda d: (*d["grid"], d["channels"], d["channels"], 2)),
    }.get(kind, (None, None))
    if name is None:
        raise ValueError(f"class = {kind!r}: should be one of {', '.join(PUBLIC)}, in its place")
    expected, found = sizes(description), tuple(tensors[place + name].shape)
    if expected != found:
        raise ValueError(f"{place}{name} has shape {found}, and is described as {expected}")


def dtype_named(name: str) -> torch.dtype:
    """`dtype_named("float64") is torch.float64`. Raises ValueError for what is no floating-point type."""
    dtype = vars(torch).get(name)
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise ValueError(f"dtype = {name!r}: should be a floating-point type of torch, such as 'float32'")
    return dtype
