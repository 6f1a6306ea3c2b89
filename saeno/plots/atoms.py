"""Pictures of atoms: one by one, many at once, and against the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from saeno.checks import expect, instance, real, tensor, whole
from saeno.dictionaries.base import Dictionary
from saeno.dictionaries.resampling import centres
from saeno.grids import Grid
from saeno.metrics import Match, cosines, match_atoms
from saeno.plots.canvas import FOUND, INK, NARROW, QUIET, TRUE, WIDTH, draw_image, panels, style


def atoms(
    learned: Dictionary | Tensor,
    grid: Grid | None = None,
    truth: Dictionary | Tensor | None = None,
    match: Match | None = None,
    columns: int = 5,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """One panel per atom: curves for functions of one axis (one per channel), an image for two axes, stems for vectors.

    learned: a dictionary, or atoms `(concepts, channels, *grid)`. grid: where a dictionary of functions is sampled.
    truth: the true atoms, likewise. Then there is a panel for each of them, and over it the learned one matched to it,
    moved and turned to lie on it, and their |cosine|; of images the true one is on the left. match: of `match_atoms`.
    columns: panels in a row.

    A concept has no place of its own on the torus, so functions are shown with their energy centred at 0. All panels
    have the same scale. Raises ValueError for functions without a grid, and for more than two axes.
    """
    columns = whole(columns, "columns")
    if match is not None:
        instance(match, Match, "match", "match_atoms(learned, true)")
    shown, back = _sampled(learned, grid, "learned"), None
    if truth is not None:
        back = _sampled(truth, grid, "truth")
        expect(
            shown.shape[1:] == back.shape[1:],
            f"truth: atoms {tuple(back.shape)}; should have the channels and the grid of learned {tuple(shown.shape)}",
        )
        match = match_atoms(shown, back) if match is None else match
        fits = match.shift.shape == (len(back), back.dim() - 2) and match.index.max() < len(shown)
        expect(fits, f"match: of {len(match.index)} true atoms; should be of these {len(back)}")
        shown = torch.stack([_matched(shown, match, i) for i in range(len(back))])
    moves = _to_centre(shown if back is None else back)
    limit = 1.15 * (shown if back is None else back).abs().max().item()
    # An image keeps its proportions; two stand side by side.
    width = NARROW if columns <= 2 else WIDTH
    height = 0.9 if shown.dim() < 4 else (width / columns - 0.2) * shown.shape[2] / shown.shape[3]
    height *= 0.5 if shown.dim() == 4 and back is not None else 1
    with style():
        below = 0.3 if shown.dim() == 3 else 0.05
        above = 0.08 if match is None else 0.25
        room = {"above": above, "below": below, "left": 0.15, "gap": 0.15, "width": width}
        figure, axes = panels(len(shown), axes, columns, height, **room)
        for i, panel in enumerate(axes):
            found, true = (None if a is None else _roll(a[i], moves[i]) for a in (shown, back))
            _atom(panel, found, true, limit, labels=i + columns >= len(axes))
            if match is not None:
                panel.set_title(f"cosine {match.cosine[i]:.2f}", color=INK, pad=3)
    return figure


def mosaic(images: Tensor, columns: int = 8, limit: float | None = None, axes: Axes | None = None) -> Figure:
    """Many small images as one picture: `(count, height, width)`, in rows of `columns`, all on one scale around 0.

    limit: the value drawn black (minus it is white); the largest of the images when None. Much faster than a panel for
    each, for explorers. Raises ValueError for another shape.
    """
    images = tensor(images, "images", "(count, height, width)", (3, 3)).detach().cpu()
    columns = whole(columns, "columns")
    count, height, width = images.shape
    rows = -(-count // columns)
    limit = images.abs().max().item() if limit is None else real(limit, "limit", positive=True)
    board = torch.full((rows * (height + 1) + 1, columns * (width + 1) + 1), float("nan"))
    for i, image in enumerate(images):
        top, left = 1 + i // columns * (height + 1), 1 + i % columns * (width + 1)
        board[top : top + height, left : left + width] = image
    with style():
        width = NARROW if columns <= 8 else WIDTH
        tall = width * board.shape[0] / board.shape[1]
        figure, (panel,) = panels(1, axes, 1, tall, above=0.0, below=0.1, left=0.15, width=width)
        draw_image(panel, board, limit)
    return figure


def cosine_matrix(
    learned: Dictionary | Tensor, true: Dictionary | Tensor, grid: Grid | None = None, axes: Axes | None = None
) -> Figure:
    """|cosine| of every true atom with every learned one, functions at their best shift; matched atoms come first.

    Arguments as in `match_atoms`. Where all is recovered the diagonal is dark; beside it, true atoms that resemble each
    other and learned atoms that came twice are dark too.
    """
    cosine = cosines(learned, true, grid).value.abs().cpu()
    count_true, count = cosine.shape
    index = match_atoms(learned, true, grid).index.tolist()
    order = [j for j in index if j >= 0] + [j for j in range(count) if j not in index]
    tall = min(4.0, 5.0 * count_true / count, 0.25 * count_true)
    wide = tall * count / count_true
    with style():
        figure, (panel,) = panels(1, axes, 1, tall, above=0.1, below=0.3, left=0.4, width=wide + 1.2)
        picture = panel.imshow(cosine[:, order].numpy(), vmin=0, vmax=1)
        panel.set(xlabel="learned atom", ylabel="true atom", xticks=[], yticks=[], anchor="W")
        bar = figure.colorbar(picture, cax=panel.inset_axes((1 + 0.1 / wide, 0, 0.12 / wide, 1)), ticks=[0, 0.5, 1])
        bar.set_label("|cosine|")
    return figure


def _sampled(given: Dictionary | Tensor, grid: Grid | None, name: str) -> Tensor:
    """Atoms `(concepts, channels, *grid)` on the CPU."""
    form = "(concepts, channels, *up to 2 axes)"
    if not isinstance(given, Tensor):
        instance(given, Dictionary, name, f"DenseDictionary(64, 128), or a tensor {form}")
        expect(grid is not None or not given.axes, f"grid: None; functions of {given.axes} axes are drawn on a grid")
        given = given.atoms(() if grid is None else grid)
    return tensor(given, name, form, (2, 4)).detach().cpu()


def _roll(atom: Tensor, moves: Sequence[int]) -> Tensor:
    """An atom `(channels, *grid)` moved by so many nodes on each axis."""
    return atom.roll(tuple(moves), tuple(range(1, atom.dim()))) if moves else atom


def _matched(learned: Tensor, match: Match, i: int) -> Tensor:
    """The learned atom that stands for the true atom i, moved onto it; nothing (NaN) where there is none."""
    if match.index[i] < 0:
        return torch.full_like(learned[0], float("nan"))
    atom = match.sign[i].item() * learned[match.index[i].item()]
    return _roll(atom, [round(s * n) for s, n in zip(match.shift[i].tolist(), atom.shape[1:], strict=True)])


def _to_centre(atoms: Tensor) -> list[list[int]]:
    """By how many nodes the energy of each atom `(concepts, channels, *grid)` has to move to the middle, per axis."""
    moves = torch.empty(len(atoms), atoms.dim() - 2)
    for axis, n in enumerate(atoms.shape[2:]):
        moves[:, axis] = n // 2 - (n * centres(atoms, axis + 2)).round()
    return moves.int().tolist()


def _atom(panel: Axes, found: Tensor, true: Tensor | None, limit: float, labels: bool) -> None:
    """One atom `(channels, *grid)`, and the true one behind it (beside it, for an image)."""
    panel.spines["left"].set_visible(False)
    if found.dim() == 3:
        picture = found if true is None else torch.cat([true, torch.full_like(true[..., :1], float("nan")), found], 2)
        panel.imshow(picture.mean(0).numpy(), cmap="gray", vmin=-limit, vmax=limit)
        panel.spines["bottom"].set_visible(False)
        panel.set(xticks=[], yticks=[])
        return
    panel.axhline(0, color=QUIET, linewidth=0.5, zorder=0)
    panel.set(ylim=(-limit, limit), yticks=[])
    if found.dim() == 1:
        channel = np.arange(len(found))
        if true is not None:
            panel.vlines(channel, 0, true.numpy(), color=TRUE, linewidth=60 / len(found) + 1)
        panel.vlines(channel, 0, found.numpy(), color=FOUND, linewidth=20 / len(found) + 0.3)
        panel.spines["bottom"].set_visible(False)
        panel.set(xticks=[])
        return
    position = np.arange(found.shape[1]) / found.shape[1] - 0.5
    if true is not None:
        panel.plot(position, true.T.numpy(), color=TRUE, linewidth=4, linestyle="-")
    panel.plot(position, found.T.numpy(), **({"color": FOUND} if len(found) == 1 else {}))
    panel.set(xlim=(-0.5, 0.5), xticks=[-0.25, 0, 0.25], xticklabels=["−¼", "0", "¼"] if labels else [])
