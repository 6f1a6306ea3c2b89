"""Pairs of functions made in chunks, which a folder may keep: a run that was stopped goes on, a later one reads."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from saeno import files
from saeno.checks import flag, precision, short, whole

SCHEMA = 1  # to be raised when any number that is made here changes: files of another schema are left unread
CHUNK = 20  # functions in one file, and in one call of a solver


class Pairs(NamedTuple):
    """What an operator takes and what it gives, on one grid.

    input: `(count, channels, *grid)`. output: `(count, channels, *grid)`.
    """

    input: Tensor
    output: Tensor


def in_chunks(
    make: Callable[[int, int], Pairs],
    count: int,
    arguments: dict[str, Any],
    dtype: torch.dtype | None,
    cache: str | os.PathLike | None,
    progress: bool,
) -> Pairs:
    """`count` pairs from `make(first, count)`, which gives those from number `first` on, in float64.

    cache: a folder, made where there is none; None: nothing is kept. A chunk is a file, in a folder whose name is a
    hash of `arguments` (all that the numbers depend on, with the equation's name as "of"), of the dtype and of SCHEMA.
    The count is not among them: whoever asks for more pairs reads the first ones. A file is written as a whole or not
    at all, so several processes may use a folder at once. One that is damaged is made again, with a warning.
    """
    count, dtype, progress = whole(count, "count"), precision(dtype, "dtype"), flag(progress, "progress")
    arguments = {**arguments, "dtype": str(dtype), "chunks": SCHEMA}
    folder = None if cache is None else _folder(cache, arguments)

    from tqdm import tqdm

    # Given only to hide the bar, so that tqdm's own switch, the variable TQDM_DISABLE, works too.
    hidden = {} if progress else {"disable": True}
    chunks = []
    with tqdm(total=count, desc=arguments["of"], unit="function", **hidden) as bar:
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            file = None if folder is None else folder / f"{first:07d}-{size}.safetensors"
            pairs = _read(file, size) if file is not None and file.exists() else None
            if pairs is None:
                pairs = Pairs(*(tensor.to(dtype) for tensor in make(first, size)))
                if not all(tensor.isfinite().all() for tensor in pairs):
                    raise ValueError(f"dtype = {dtype}: should be one that can hold the values")
                if file is not None:
                    files.write(file, pairs._asdict(), {"arguments": arguments, "digest": _digest(pairs)})
            chunks.append(pairs)
            bar.update(size)
    return Pairs(*(torch.cat(tensors) for tensors in zip(*chunks, strict=True)))


def _folder(cache: Any, arguments: dict[str, Any]) -> Path:
    if not isinstance(cache, str | os.PathLike) or isinstance(os.fspath(cache), bytes):
        raise TypeError(f"cache = {short(cache)}: should be the path of a folder, or None")
    key = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()[:20]
    folder = Path(cache) / f"{arguments['of']}-{key}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"cache = {os.fspath(cache)!r}: should be a folder to write into ({error})") from error
    return folder


def _read(file: Path, size: int) -> Pairs | None:
    """What is in a file; None, with a warning, where that is not what was written."""
    try:
        tensors, description = files.read(file)
        pairs = Pairs(**tensors)
        if len(pairs.input) != size or description.get("digest") != _digest(pairs):
            raise ValueError("its numbers are not those that were written")
    except (ValueError, TypeError) as error:
        warnings.warn(f"{str(file)!r} is damaged and made again ({error})", stacklevel=4)
        return None
    return pairs


def _digest(pairs: Pairs) -> str:
    """A hash of the bits of both."""
    found = hashlib.sha256()
    for tensor in pairs:
        found.update(tensor.contiguous().view(torch.uint8).numpy())
    return found.hexdigest()
