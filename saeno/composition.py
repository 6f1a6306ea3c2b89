"""Models as text: what `save` writes beside the weights, and the one table of classes that can be read back."""

from __future__ import annotations

import contextlib
import errno
import inspect
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saeno import checks, dictionaries, inference, ongrid, sparsity

SCHEMA = 1
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)  # what a file system says that has none
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

    A killed write leaves the old file. Raises ValueError for a folder that does not exist, OSError, naming the file,
    when it cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    checks.path(path)
    header = {"saeno": json.dumps({"schema": SCHEMA, **description})}
    with _part(path) as part:
        try:
            save_file({n: tensor.detach().cpu().contiguous() for n, tensor in tensors.items()}, part, metadata=header)
            with open(part, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(part, path)
        except (OSError, SafetensorError) as error:
            raise OSError(f"path = {str(path)!r}: cannot be written ({error})") from error


def probe(path: str | os.PathLike, size: int) -> None:
    """Raise ValueError when a file of that many bytes cannot be written there now: a full disk, a read-only folder."""
    with _part(path) as part:
        try:
            with open(part, "wb") as file:
                for start in range(0, size, 2**20):
                    file.write(bytes(min(2**20, size - start)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ValueError(f"path = {str(path)!r}: {size} bytes cannot be written there ({error})") from error


@contextlib.contextmanager
def held(path: str | os.PathLike) -> Iterator[None]:
    """Keep a file to oneself, by a lock beside it that ends with the process.

    Windows has no such locks, nor have some file systems, as of networks or of a mounted drive: there it is not kept.
    Raises ValueError when another holds it, or when nothing can be written there.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    lock = Path(path).with_name(Path(path).name + ".lock")
    with contextlib.ExitStack() as stack:
        while True:
            try:
                file = stack.enter_context(open(lock, "w"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ValueError(f"path = {str(path)!r}: another run writes there now, give it another file") from error
            except OSError as error:
                if error.errno in NO_LOCKS:
                    break
                raise ValueError(f"path = {str(path)!r}: cannot be written ({error})") from error
            with contextlib.suppress(FileNotFoundError):  # the one who had it may take the file away at any time
                if os.path.samestat(os.fstat(file.fileno()), os.stat(lock)):
                    break
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                lock.unlink()


@contextlib.contextmanager
def _part(path: str | os.PathLike) -> Iterator[Path]:
    """A name beside the file that nobody else writes to; what is left there is taken away."""
    path = Path(path)
    if not path.absolute().parent.is_dir():
        raise ValueError(f"path = {str(path)!r}: its folder should exist")
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        yield part
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def read(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write` wrote.

    Raises ValueError when the file is not saeno's, or of a newer schema than this version knows.
    """
    from safetensors import SafetensorError, safe_open

    if not checks.path(path).exists():
        raise FileNotFoundError(f"path = {str(path)!r}: should be a file that was saved, there is none")
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get("saeno")
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"path = {str(path)!r}: not a safetensors file ({error})") from error
    if header is None:
        raise ValueError(f"path = {str(path)!r}: a safetensors file, but not one written by saeno")
    with understood(path):
        description = json.loads(header)
        schema = description["schema"]
        newer = schema > SCHEMA
    if newer:
        raise ValueError(f"path = {str(path)!r} has schema {schema}: this version reads up to {SCHEMA}, update saeno")
    return tensors, description


@contextlib.contextmanager
def understood(path: str | os.PathLike) -> Iterator[None]:
    """Whatever goes wrong in here is the fault of what the file says: ValueError, naming it."""
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"path = {str(path)!r}: its header cannot be understood ({type(error).__name__}: {str(error)[:300]})"
        ) from error


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
