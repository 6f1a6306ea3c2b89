"""Small images and their codes, drawn; and numbers of the ledger, ready to be drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(images: list[Tensor], names: list[str], columns: int, top: float | None = None) -> Figure:
    """Images in rows, large enough for a phone; from −top to top, or each to its own largest value."""
    from matplotlib import pyplot as plt

    from saeno import plots

    rows = -(-len(images) // columns)
    with plots.style():
        titles = rows if any(names[columns:]) else 1
        figure, parts = plt.subplots(rows, columns, figsize=(4.8, rows * 4.8 / columns + 0.2 * titles))
    for part, image, name in zip(parts.flat, images, names, strict=True):
        most = image.abs().max().item() if top is None else top
        part.imshow(image.detach().squeeze().numpy(), cmap="RdBu_r", vmin=-most, vmax=most)
        part.set_title(name, pad=3)
        part.axis("off")
    between = 0.2 * columns / 4.8 if any(names[columns:]) else 0.06
    figure.subplots_adjust(0.01, 0.01, 0.99, 1 - 0.2 / figure.get_figheight(), 0.06, between)
    return figure


def code_maps(image: Tensor, made: Tensor, code: Tensor) -> Figure:
    """An image and its reconstruction, large, and beside them its sixteen code functions `(1, 16, n, n)`."""
    from matplotlib import pyplot as plt

    from saeno import plots

    with plots.style():
        figure = plt.figure(figsize=(4.8, 3.2))
    grid = figure.add_gridspec(4, 6, left=0.01, right=0.99, top=0.99, bottom=0.01, wspace=0.08, hspace=0.08)
    places = [grid[:2, :2], grid[2:, :2], *[grid[i // 4, 2 + i % 4] for i in range(16)]]
    for place, values, top in zip(places, [image[0, 0], made[0, 0], *code[0]], [4, 4] + [8] * 16, strict=True):
        part = figure.add_subplot(place)
        part.imshow(values.detach().numpy(), cmap="RdBu_r", vmin=-top, vmax=top)
        part.set(xticks=[], yticks=[])
    return figure


def centred(atom: Tensor) -> Tensor:
    """An atom `(n, n)` moved so that the middle of its energy, on the torus, is the middle of the picture."""
    energy, n = atom.square(), len(atom)
    wave = torch.polar(torch.ones(n), 2 * math.pi * torch.arange(n) / n)
    turns = [(energy.sum(1 - axis) * wave).sum().angle().item() / (2 * math.pi) for axis in (0, 1)]
    return atom.roll([n // 2 - round(n * turn) for turn in turns], (0, 1))


def digit_models() -> dict[str, tuple[float, float]]:
    """Of some models on digits, as the ledger has them: concepts in use, and the unexplained share."""
    from saeno.book import record

    names = {
        "no limit": "pursuit",
        "at most four": "limited 4",
        "at most two": "limited 2",
        "has four": "four concepts",
        "has two": "two concepts",
        "16 vectors": "dense, 16",
        "128 vectors": "dense",
    }
    return {
        name: tuple(
            record.stored("joint_sparsity", what, {"setting": f"digits | {kind}"}).mean for what in ("in_use", "fvu")
        )
        for name, kind in names.items()
    }


def by_nodes(setting: str, what: str) -> tuple[list[float], list[float], list[float]]:
    """From the ledger: nodes over 2M + 1, and mean and spread of how n and 2n nodes compare."""
    from saeno.book import record
    from saeno.book.operators.joint_sparsity.nodes import NODES as TRIED

    modes = int(setting.split(" | ")[1])
    found = [record.stored("joint_sparsity_nodes", f"{what} {n}", {"setting": setting}) for n in TRIED[modes]]
    ratio = [n / (2 * modes + 1) for n in TRIED[modes]]
    return ratio, [one.mean for one in found], [one.std for one in found]
