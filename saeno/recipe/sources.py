"""Where the signals of a run come from: a file of NumPy, a folder of shards, or a layer of a network."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from saeno import checks, composition
from saeno.checks import short
from saeno.data import mirrored
from saeno.operators.activations import record
from saeno.recipe.config import Recipe
from saeno.seeds import generator
from saeno.training.shards import INDEX, Shards

LARGE = 2**30  # bytes of signals that are kept in memory; more stay on the disk
MOST = 4096  # signals held out unless the recipe says how many


class Source(NamedTuple):
    """train: what `fit` takes. held_out: a tensor. sample: some signals of the first. found: what is known of them."""

    train: Any
    held_out: Tensor
    sample: Tensor
    found: dict[str, Any]


def identified(recipe: Recipe) -> dict[str, Any]:
    """The data of a recipe with the digest of the file that decides them, before any is read.

    Raises ValueError for a file that is not there, and for other bytes than the recipe was made for.
    """
    said = dict(recipe.data)
    key = next(key for key in ("file", "folder", "inputs") if key in said)
    place = recipe.base / said[key]
    path = place / INDEX if key == "folder" else place
    if not path.is_file():
        raise ValueError(f"data.{key} = {said[key]!r}: there is no {str(path)!r}")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if said.get("sha256", digest) != digest:
        raise ValueError(f"data.{key} = {said[key]!r}: other bytes than its sha256 says, which the recipe was made for")
    return {**said, "sha256": digest}


def load(recipe: Recipe, data: dict[str, Any], out: Path) -> Source:
    """The signals of a recipe, some of them held out; what a layer gives is recorded in `out`."""
    dtype, held, batch = composition.dtype_named(recipe.model["dtype"]), *_numbers(recipe)
    if "file" in data:
        signals = _array(recipe.base / data["file"], "data.file")
    elif "folder" in data:
        signals = Shards(recipe.base / data["folder"])
    else:
        signals = _layer(recipe, data, out)
    if isinstance(signals, Shards):
        rows, shape = signals.rows, tuple(signals.shape)
    else:
        rows, shape = len(signals), signals.shape[1:]
    count = _count(held, rows, batch)
    found = {**data, "signals": rows, "channels": shape[0], "grid": list(shape[1:])}
    for key, value in data.items():
        if found[key] != value:
            raise ValueError(f"data.{key} = {value!r}: the data have {found[key]!r}")
    large = rows * int(np.prod(shape)) * dtype.itemsize > LARGE
    if isinstance(signals, Shards) and large and data["mirror"]:
        raise ValueError(
            "data.mirror = True: is for signals of at most 1 GiB, or a file; write mirrored ones as shards"
        )
    if isinstance(signals, Shards) and large:
        return Source(*_of_shards(signals, count, batch), found)
    if isinstance(signals, Shards):
        signals = torch.cat(list(signals)).numpy()
    order = torch.randperm(rows, generator=generator(recipe.training["seed"]))
    aside, kept = order[:count].sort().values, order[count:].sort().values
    own = Rows(signals, kept, dtype, data["mirror"])
    loader = DataLoader(own, batch, shuffle=True, generator=generator(0), drop_last=True, collate_fn=_as_it_is)
    train = loader if large else own.__getitems__(range(len(own)))
    return Source(
        train,
        Rows(signals, aside, dtype, data["mirror"]).__getitems__(range(count)),
        own.__getitems__(_first(own)),
        found,
    )


def signals(path: str | os.PathLike, most: int = MOST) -> Tensor:
    """The signals `(signals, channels, *grid)` of a file of NumPy, as float32; of many, `most` at equal distances.

    Raises ValueError for a file that is not there, or holds none.
    """
    array, most = _array(checks.path(path), "path"), checks.whole(most, "most")
    chosen = np.linspace(0, len(array) - 1, min(most, len(array))).round().astype(int)
    return torch.from_numpy(array[chosen]).float()


class Rows(Dataset):
    """Some rows of an array, which may lie on the disk; a batch of them is read at once."""

    def __init__(self, array: np.ndarray, chosen: Tensor, dtype: torch.dtype, mirror: bool):
        self.array, self.chosen, self.dtype, self.mirror = array, chosen.numpy(), dtype, mirror

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, place: int) -> Tensor:
        return self.__getitems__([place])[0]

    def __getitems__(self, places: Sequence[int]) -> Tensor:
        rows = torch.from_numpy(self.array[self.chosen[list(places)]]).to(self.dtype)
        return mirrored(rows) if self.mirror else rows


def _as_it_is(batch: Tensor) -> Tensor:
    return batch


def _first(rows: Any) -> range:
    return range(min(MOST, len(rows)))


def _numbers(recipe: Recipe) -> tuple[Any, int]:
    return recipe.training["held_out"], recipe.training["batch"]


def _count(held: float | None, rows: int, batch: int) -> int:
    """How many are held out: a share below 1, or a number."""
    count = min(MOST, max(1, rows // 10)) if held is None else round(held * rows) if held < 1 else int(held)
    if not 1 <= count <= rows - batch:
        raise ValueError(
            f"training.held_out = {held}: of {rows} signals, {count} are held out; should leave a batch of {batch}"
        )
    return count


def _array(path: Path, name: str) -> np.ndarray:
    """Signals of a file of NumPy, mapped. Raises ValueError, naming it, for what are none."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{name} = {str(path)!r}: should be an array that numpy.save wrote ({error})") from error
    if not isinstance(array, np.ndarray) or array.ndim < 2 or array.dtype.kind not in "iuf" or not array.size:
        what = short(array) if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
        raise ValueError(f"{name} = {str(path)!r} is {what}: should be real numbers (signals, channels, *grid)")
    return array


def _layer(recipe: Recipe, data: dict[str, Any], out: Path) -> Shards:
    """What a layer gives for the inputs, recorded once."""
    shards = out / "activations"
    done = sorted(shards.glob(f"*/{INDEX}"))
    if done:
        return Shards(done[0].parent)
    inputs = torch.from_numpy(np.array(_array(recipe.base / data["inputs"], "data.inputs")))
    inputs = inputs if inputs.is_floating_point() else inputs.float()
    module = _module(data["module"], recipe.base)
    kind = next((parameter.dtype for parameter in module.parameters()), inputs.dtype)
    return record(module, inputs.to(kind), [data["layer"]], data.get("call"), data.get("output"), shards=shards)[
        data["layer"]
    ]


def _module(name: str, base: Path) -> nn.Module:
    """The network that "package.module:name" is, or makes when it is called; also of a file beside the recipe."""
    place, _, attribute = name.partition(":")
    if not attribute:
        raise ValueError(f'data.module = {name!r}: should be "package.module:name"')
    sys.path.insert(0, str(base))
    try:
        made = getattr(importlib.import_module(place), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"data.module = {name!r}: cannot be imported ({error})") from error
    finally:
        sys.path.remove(str(base))
    made = made() if callable(made) and not isinstance(made, nn.Module) else made
    if not isinstance(made, nn.Module):
        raise ValueError(f"data.module = {name!r} gives a {type(made).__name__}: should be, or make, a torch module")
    return made


def _of_shards(shards: Shards, count: int, batch: int) -> tuple[Any, Tensor, Tensor]:
    """Batches of the first files, and signals of the last ones, which are held out as a whole."""
    aside, rest = [], Shards(shards.folder)
    while rest.files and sum(len(part) for part in aside) < count:
        aside.append(rest.read(len(rest.files) - 1))
        rest.rows -= rest.files.pop()["rows"]
    if rest.rows < batch:
        raise ValueError(f"training.held_out = {count}: the files that hold so many leave no batch of {batch}")
    return rest.loader(batch), torch.cat(aside)[:count], rest.read(0)[:MOST]
