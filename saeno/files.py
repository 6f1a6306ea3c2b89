"""Tensors and what describes them, in one safetensors file that is written as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from saeno import checks

SCHEMA = 1
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)  # what a file system says that has none


def write(path: str | os.PathLike, tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Tensors and a JSON description in one safetensors file, replaced as a whole.

    A killed write leaves the old file. Raises ValueError for a folder that does not exist, OSError, naming the file,
    when it cannot be written.
    """
    checks.path(path)
    with _replaced(path) as part:
        _save(part, path, tensors, description)


def write_folder(
    folder: Path, name: str, tensors: dict[str, Tensor], description: dict[str, Any], texts: dict[str, str]
) -> None:
    """Tensors and a description, as of `write`, and texts by the names of their files, in one folder.

    All are on the disk before the first takes its place, so a disk that is full changes nothing. Raises OSError, naming
    the file, when one cannot be written.
    """
    with contextlib.ExitStack() as waiting:
        _save(waiting.enter_context(_replaced(folder / name)), folder / name, tensors, description)
        for other, text in texts.items():
            part = waiting.enter_context(_replaced(folder / other))
            with _written(part, folder / other):
                part.write_text(text, encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    """A text as a file, replaced as a whole. Raises OSError, naming the file, when it cannot be written."""
    with _replaced(path) as part, _written(part, path):
        part.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _replaced(path: str | os.PathLike) -> Iterator[Path]:
    """A name to write to, which takes the place of the file when nothing went wrong; else the file stays as it is."""
    with _part(path) as part:
        yield part
        try:
            os.replace(part, path)
        except OSError as error:
            raise OSError(f"path = {str(path)!r}: cannot be written ({error})") from error


@contextlib.contextmanager
def _written(part: Path, path: str | os.PathLike) -> Iterator[None]:
    """What is written to `part` in here is on the disk afterwards; an error names the file that it is for."""
    from safetensors import SafetensorError

    try:
        yield
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
    except (OSError, SafetensorError) as error:
        raise OSError(f"path = {str(path)!r}: cannot be written ({error})") from error


def _save(part: Path, path: str | os.PathLike, tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    from safetensors.torch import save_file

    header = {"saeno": json.dumps({"schema": SCHEMA, **description})}
    with _written(part, path):
        save_file({n: tensor.detach().cpu().contiguous() for n, tensor in tensors.items()}, part, metadata=header)


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
                file = stack.enter_context(open(lock, "wb"))
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
