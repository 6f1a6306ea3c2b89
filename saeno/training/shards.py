"""Signals that are too many for memory: a folder of files that are written, and read, in order."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from saeno import composition, files
from saeno.checks import whole
from saeno.seeds import generator

INDEX, SCHEMA, BYTES = "index.json", 1, 2**24


class ShardWriter:
    """Rows `(signals, channels, *grid)` into files of about 16 MiB in one folder, and what they are into its index.

    folder: made when it is not there. Raises ValueError for one that has an index.
    about: plain data for the index, such as the name of a layer.

    Only `close` writes the index, so a folder that was left half written is none to read.
    """

    def __init__(self, folder: str | os.PathLike, about: dict[str, Any] | None = None):
        self.folder, self.about = _folder(folder), dict(about or {})
        if (self.folder / INDEX).exists():
            raise ValueError(f"folder = {str(folder)!r}: holds signals already, should be another")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.waiting: list[Tensor] = []
        self.files: list[dict[str, Any]] = []
        self.shape: list[int] | None = None
        self.dtype: torch.dtype | None = None

    def add(self, rows: Tensor) -> None:
        """Append rows. Raises ValueError when they have another shape or type than the ones before."""
        if self.shape is None:
            self.shape, self.dtype = list(rows.shape[1:]), rows.dtype
        if list(rows.shape[1:]) != self.shape or rows.dtype != self.dtype:
            now, before = f"{tuple(rows.shape[1:])} of {rows.dtype}", f"{tuple(self.shape)} of {self.dtype}"
            raise ValueError(f"rows are {now}: should be {before}, as the ones before")
        self.waiting.append(rows.detach().cpu().clone())
        if sum(part.nbytes for part in self.waiting) >= BYTES:
            self._flush()

    def close(self) -> Shards:
        """Write the index; what was written, to be read."""
        if self.waiting:
            self._flush()
        if not self.files:
            raise ValueError(f"folder = {str(self.folder)!r}: should be given rows before it is closed")
        dtype = str(self.dtype).removeprefix("torch.")
        index = {"schema": SCHEMA, **self.about, "shape": self.shape, "dtype": dtype, "files": self.files}
        part = self.folder / f"{INDEX}.part"
        part.write_text(json.dumps(index, indent=1), encoding="utf-8")
        os.replace(part, self.folder / INDEX)
        return Shards(self.folder)

    def _flush(self) -> None:
        name = f"{len(self.files):05d}.safetensors"
        rows = torch.cat(self.waiting)
        files.write(self.folder / name, {"rows": rows}, self.about)
        path = self.folder / name
        self.files.append({"name": name, "rows": len(rows), "bytes": path.stat().st_size, "sha256": _digest(path)})
        self.waiting = []


class Shards:
    """What a `ShardWriter` wrote. Iterating gives file by file, in order: `torch.cat(list(shards))` is all of it.

        fit(model, Shards("layers.1").loader(batch=128), steps=1000)

    `rows`: how many signals there are. `shape`: of one, `(channels, *grid)`. `dtype`: the name of their numbers'.
    `about`: what the writer was told. Raises ValueError for a folder without an index, and, naming the file, where one
    is missing, has another length or other bytes than were written; the bytes are looked at when it is first read.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = _folder(folder)
        path = self.folder / INDEX
        if not path.exists():
            raise ValueError(f"folder = {str(folder)!r}: should have an {INDEX}, which a ShardWriter makes at its end")
        with files.understood(path):
            index = json.loads(path.read_text(encoding="utf-8"))
            newer = index.pop("schema") > SCHEMA
            self.shape, self.dtype, self.files = tuple(index.pop("shape")), index.pop("dtype"), index.pop("files")
            self.rows = sum(file["rows"] for file in self.files)
        if newer:
            raise ValueError(f"folder = {str(folder)!r}: written by a newer version, update saeno")
        self.about = index
        self.seen: set[int] = set()
        for file in self.files:
            found = self.folder / file["name"]
            size = found.stat().st_size if found.exists() else 0
            if size != file["bytes"]:
                raise ValueError(f"path = {str(found)!r}: has {size} bytes, should have {file['bytes']}: record anew")

    def __iter__(self) -> Iterator[Tensor]:
        return map(self.read, range(len(self.files)))

    def read(self, place: int) -> Tensor:
        """One file: `(rows, channels, *grid)`."""
        file = self.files[place]
        path = self.folder / file["name"]
        if place not in self.seen and _digest(path) != file["sha256"]:
            raise ValueError(f"path = {str(path)!r}: its bytes are not those that were written: record anew")
        self.seen.add(place)
        return files.read(path)[0]["rows"]

    def loader(self, batch: int = 128, buffer: int = 8192, seed: int = 0) -> DataLoader:
        """Batches in random order, as `fit` takes them: `Mixed` in a DataLoader."""
        return DataLoader(Mixed(self, batch, buffer, seed), batch_size=None)


class Mixed(IterableDataset):
    """Batches of `Shards`: files in a random order, each read as a whole, mixed in a buffer.

    A row at a random place of a disk costs far more than one that is read in order. So an epoch takes the files in an
    order of its own, fills the buffer with them, gives half of it in random order, and fills it again. The larger the
    buffer, the farther apart are the rows that meet in a batch. The incomplete last batch is left out.

    Args:
        shards: what is read.
        batch: signals per batch.
        buffer: signals that are mixed, at least; two batches or more.
        seed: of the order. `fit` has one of its own, and sets it for each epoch.

    Raises ValueError for more in a batch than there are, or half a buffer.
    """

    def __init__(self, shards: Shards, batch: int = 128, buffer: int = 8192, seed: int = 0):
        self.shards, self.batch, self.buffer = shards, whole(batch, "batch"), whole(buffer, "buffer")
        self.generator = generator(seed)
        if self.batch > shards.rows:
            raise ValueError(f"batch = {batch}: should be at most the {shards.rows} signals in {str(shards.folder)!r}")
        if self.buffer < 2 * self.batch:
            raise ValueError(f"buffer = {buffer}: should be at least two batches, {2 * self.batch}")

    def __len__(self) -> int:
        """Batches of an epoch."""
        return self.shards.rows // self.batch

    def __iter__(self) -> Iterator[Tensor]:
        if get_worker_info() is not None:
            raise ValueError("num_workers: should be 0, since each worker would give all signals")
        order = torch.randperm(len(self.shards.files), generator=self.generator).tolist()
        pool = self._filled(None, order)
        behind = len(pool) // 2  # what stays behind, to mix with the files that are left
        for _ in range(len(self)):
            if order and len(pool) < behind + self.batch:
                pool = self._filled(pool, order)
                behind = len(pool) // 2
            yield pool[-self.batch :]
            pool = pool[: -self.batch]

    def _filled(self, pool: Tensor | None, order: list[int]) -> Tensor:
        """The rows of the pool and of the next files, which are taken off the order, mixed.

        Each file goes to its places as soon as it is read: beside the two pools there is never more than one in memory.
        """
        sizes, chosen = [0 if pool is None else len(pool)], []
        while order and sum(sizes) < self.buffer:
            chosen.append(order.pop())
            sizes.append(self.shards.files[chosen[-1]]["rows"])
        first, *places = torch.randperm(sum(sizes), generator=self.generator).split(sizes)
        mixed = torch.empty(sum(sizes), *self.shards.shape, dtype=composition.dtype_named(self.shards.dtype))
        if pool is not None:
            mixed[first] = pool
        for file, place in zip(chosen, places, strict=True):
            mixed[place] = self.shards.read(file)
        return mixed


def _folder(value: Any) -> Path:
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise TypeError(f"folder = {value!r}: should be a path")
    if Path(value).exists() and not Path(value).is_dir():
        raise ValueError(f"folder = {str(value)!r}: is a file, should be a folder")
    return Path(value)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
