"""Models as text: what `save` writes beside the weights, and the one table of classes that can be read back."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saeno import dictionaries, inference, ongrid, sparsity

SCHEMA = 1
PUBLIC = {
    kind.__name__: kind
    for kind in (
        dictionaries.DenseDictionary,
        dictionaries.ConvDictionary,
        dictionaries.FourierDictionary,
        dictionaries.Lifted,
        dictionaries.Lifting,
        dictionaries.SpectralLifting,
        sparsity.SoftThreshold,
        sparsity.ReLU,
        sparsity.JumpReLU,
        sparsity.GroupSoftThreshold,
        sparsity.JointTopK,
        sparsity.TopK,
        sparsity.BatchTopK,
        inference.OneStep,
        inference.Unrolled,
        inference.MatchingPursuit,
        ongrid.OnGrid,
    )
}


def describe(thing: Any) -> Any:
    """A composed object as plain data: its class name and the arguments it was made with, all the way down.

    Raises TypeError for a class that is not one of saeno's: it could not be read back.
    """
    if thing is None or isinstance(thing, bool | int | float | str):
        return thing
    if isinstance(thing, tuple | list):
        return [describe(part) for part in thing]
    if PUBLIC.get(type(thing).__name__) is not type(thing):
        raise TypeError(f"{type(thing).__name__} cannot be saved: should be one of {', '.join(PUBLIC)}")
    if hasattr(thing, "settings"):
        settings = thing.settings()
    else:
        arguments = inspect.signature(type(thing)).parameters.values()  # *args of a class without an __init__ are none
        settings = {a.name: getattr(thing, a.name) for a in arguments if a.kind is a.POSITIONAL_OR_KEYWORD}
    return {"class": type(thing).__name__, **{name: describe(value) for name, value in settings.items()}}


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
    kind = PUBLIC[description["class"]]
    return kind.from_settings(**settings) if hasattr(kind, "from_settings") else kind(**settings)


def write(path: str | os.PathLike, tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Tensors and a JSON description in one safetensors file, replaced as a whole.

    A killed write leaves the old file.
    """
    from safetensors.torch import save_file

    path = Path(path)
    if not path.absolute().parent.is_dir():
        raise ValueError(f"path = {str(path)!r}: its folder should exist")
    part = path.with_name(path.name + ".part")
    header = {"saeno": json.dumps({"schema": SCHEMA, **description})}
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, part, metadata=header)
    with open(part, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, path)


def read(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write` wrote.

    Raises ValueError when the file is not saeno's, or of a newer schema than this version knows.
    """
    from safetensors import SafetensorError, safe_open

    if Path(path).is_dir():
        raise ValueError(f"path = {str(path)!r}: a folder, should be a file")
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get("saeno")
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"path = {str(path)!r}: not a safetensors file ({error})") from error
    if header is None:
        raise ValueError(f"path = {str(path)!r}: a safetensors file, but not one written by saeno")
    description = json.loads(header)
    if description["schema"] > SCHEMA:
        raise ValueError(
            f"path = {str(path)!r} has schema {description['schema']}: this version reads up to {SCHEMA}, update saeno"
        )
    return tensors, description


def dtype_named(name: str) -> torch.dtype:
    """`dtype_named("float64") is torch.float64`."""
    return getattr(torch, name)
