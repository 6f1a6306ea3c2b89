"""Pictures, in one style that survives colour-blindness, grey print and a dark page.

Found things are thin and dark, true things wide and light, so that a true one shows around the found one that covers
it. Every function returns the figure (in a notebook end the line with a semicolon, or it is shown twice); `axes`, where
given, are drawn in instead of a new figure, and must be as many as there are panels. Margins do not depend on what is
drawn, so that the frames of an explorer do not jump.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from saeno.autoencoder import SparseAutoencoder
from saeno.dictionaries.base import Dictionary, Grid
from saeno.metrics import Match, _best, _pair, match_atoms
from saeno.training import History

# Colours of Okabe and Ito, for all kinds of sight. Dashes, and how light they are, tell them apart in grey.
FOUND, TRUE, INK, FOURTH = "#0072b2", "#e69f00", "#1b1b1b", "#cc79a7"
QUIET = "#6b7280"  # for what is not data
WIDTH = 6.4  # inches, of every figure: text stays legible when it is shrunk to a phone

STYLE = {
    "axes.prop_cycle": cycler(color=[FOUND, TRUE, INK, FOURTH], linestyle=["-", "--", ":", "-."]),
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.dpi": 110,
    "figure.facecolor": "white",  # opaque: on a dark page a picture is a white card
    "font.size": 10,
    "image.cmap": "Blues",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.facecolor": "white",
    "xtick.color": QUIET,
    "ytick.color": QUIET,
}


@contextmanager
def style() -> Iterator[None]:
    """The style of this module, for a picture of your own: `with saeno.plots.style(): ...`."""
    # Not plt.rc_context: it would also take back what a notebook sets when the first figure is made, and no figure
    # after that would be shown.
    before = {name: plt.rcParams[name] for name in STYLE}
    plt.rcParams.update(STYLE)
    try:
        yield
    finally:
        plt.rcParams.update(before)


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
    shown, back = _sampled(learned, grid, "learned"), None
    if truth is not None:
        back = _sampled(truth, grid, "truth")
        match = match_atoms(shown, back) if match is None else match
        shown = torch.stack([_matched(shown, match, i) for i in range(len(back))])
    centres = [_to_centre(atom) for atom in (shown if back is None else back)]
    limit = 1.15 * (shown if back is None else back).abs().max().item()
    # An image keeps its proportions; two stand side by side.
    height = 0.9 if shown.dim() < 4 else (WIDTH / columns - 0.2) * shown.shape[2] / shown.shape[3]
    height *= 0.5 if shown.dim() == 4 and back is not None else 1
    with style():
        below = 0.3 if shown.dim() == 3 else 0.05
        above = 0.08 if match is None else 0.25
        figure, axes = _panels(len(shown), axes, columns, height, above=above, below=below, left=0.15, gap=0.15)
        for i, panel in enumerate(axes):
            found, true = (None if a is None else _roll(a[i], centres[i]) for a in (shown, back))
            _atom(panel, found, true, limit, labels=i + columns >= len(axes))
            if match is not None:
                panel.set_title(f"cosine {match.cosine[i]:.2f}", color=INK, pad=3)
    return figure


def codes(code: Tensor, truth: Tensor | None = None, axes: Axes | None = None) -> Figure:
    """The code of one signal, `(concepts, n)`: a row for each concept, and in it a spike for each mass at its position.

    All rows have the same scale. truth: a true code of that form, perhaps on another grid, drawn behind.
    Raises ValueError for another shape.
    """
    given = {"code": code} if truth is None else {"truth": truth, "code": code}
    for name, value in given.items():
        _expect(value.dim() == 2, f"{name}: shape {tuple(value.shape)}; give the code of one signal, (concepts, n)")
    # Masses, not densities, so that codes on two grids have one scale.
    masses = {name: value.detach().cpu().numpy() / value.shape[1] for name, value in given.items()}
    room = 0.4 if min(mass.min() for mass in masses.values()) < 0 else 0.75
    scale = room / max(abs(mass).max() or 1.0 for mass in masses.values())
    looks = {"truth": {"color": TRUE, "linewidth": 5}, "code": {"color": FOUND, "linewidth": 1.6}}
    labels = {"truth": "true", "code": "found"}
    rows = max(len(mass) for mass in masses.values())
    with style():
        figure, (panel,) = _panels(1, axes, 1, 0.36 * rows, above=0.3, below=0.45, left=0.5)
        panel.hlines(range(rows), 0, 1, color=QUIET, linewidth=0.4)
        for name, mass in masses.items():
            row, node = np.nonzero(mass)
            position, tip = node / mass.shape[1], row - scale * mass[row, node]
            panel.vlines(position, row, tip, **looks[name])
            size = 6 * looks[name]["linewidth"] + 6
            panel.scatter(position, tip, size, looks[name]["color"], label=labels[name], linewidth=0, zorder=2)
        panel.set(xlim=(-0.01, 1.01), ylim=(rows - 1 + max(room - 0.3, 0.2), -0.9), yticks=range(rows))
        panel.set(xlabel="position", ylabel="concept")
        panel.spines["left"].set_visible(False)
        panel.tick_params("y", length=0)
        if truth is not None:
            panel.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0, borderaxespad=0.1)
    return figure


def mosaic(images: Tensor, columns: int = 8, limit: float | None = None, axes: Axes | None = None) -> Figure:
    """Many small images as one picture: `(count, height, width)`, in rows of `columns`, all on one scale around 0.

    limit: the value drawn black (minus it is white); the largest of the images when None. Much faster than a panel for
    each, for explorers. Raises ValueError for another shape.
    """
    _expect(images.dim() == 3, f"images: shape {tuple(images.shape)}; should be (count, height, width)")
    images = images.detach().cpu()
    count, height, width = images.shape
    rows = -(-count // columns)
    limit = images.abs().max().item() if limit is None else limit
    board = torch.full((rows * (height + 1) + 1, columns * (width + 1) + 1), float("nan"))
    for i, image in enumerate(images):
        top, left = 1 + i // columns * (height + 1), 1 + i % columns * (width + 1)
        board[top : top + height, left : left + width] = image
    with style():
        inches = WIDTH * board.shape[0] / board.shape[1]
        figure, (panel,) = _panels(1, axes, 1, inches, above=0.0, below=0.1, left=0.15)
        _image(panel, board, limit)
    return figure


def passage(model: SparseAutoencoder, signal: Tensor, shape: Sequence[int] | None = None) -> Figure:
    """One signal on its way through a model of vectors: x, its analysis Dᵀx, its code z, and the reconstruction D z.

    signal: `(channels,)`. shape: `(height, width)` of the image that the channels are, drawn as stems when None.
    Raises ValueError for a signal that is not one vector.
    """
    _expect(signal.dim() == 1, f"signal: shape {tuple(signal.shape)}; should be one vector, (channels,)")
    with torch.no_grad():
        reconstruction, code = (value[0].cpu() for value in model(signal[None]))
        masses = model.dictionary.analysis(signal[None])[0].cpu()
    signal = signal.detach().cpu()
    limit = signal.abs().max().item()
    titles = ["signal $x$", "analysis $D^{T}x$", "code $z$", "synthesis $D z$"]
    with style():
        figure = plt.figure(figsize=(WIDTH, 1.75))
        for place, (title, value) in enumerate(zip(titles, (signal, masses, code, reconstruction), strict=True)):
            panel = figure.add_axes((0.03 + 0.25 * place, 0.08, 0.19, 0.7))
            panel.set_title(title, color=INK)
            if place in (0, 3) and shape is not None:
                _image(panel, value.view(*shape), limit)
                continue
            entry = np.arange(len(value))
            panel.axvline(0, color=QUIET, linewidth=0.5)
            panel.hlines(entry, 0, value.numpy(), color=FOUND, linewidth=1.2)
            largest = 1.1 * max(masses.abs().max().item(), code.abs().max().item())
            panel.set(xlim=(-largest, largest), xticks=[], yticks=[], ylim=(len(value), -1))
            panel.spines[["left", "bottom"]].set_visible(False)
        for place in range(3):
            figure.text(0.235 + 0.25 * place, 0.43, "→", color=QUIET, ha="left", va="center", fontsize=14)
    return figure


def _image(panel: Axes, image: Tensor, limit: float) -> None:
    """An image in grey, 0 in the middle: black is `limit`; squares that hold nothing (NaN) stay white."""
    panel.imshow(image.numpy(), cmap="gray_r", vmin=-limit, vmax=limit)
    panel.set(xticks=[], yticks=[])
    panel.spines[["left", "bottom"]].set_visible(False)


def learning_curve(history: History, *metrics: str, axes: Sequence[Axes] | None = None) -> Figure:
    """The loss of every step, on a logarithmic axis, and a panel for each of `metrics`, names in `history.metrics`.

    A metric with one value per atom is drawn as one line per atom, and their mean. Raises ValueError for a name that
    is not there.
    """
    for name in metrics:
        _expect(name in history.metrics, f"metrics: {name!r} was not measured, only {sorted(history.metrics)}")
    loss = history.loss.detach().cpu().numpy()
    window = max(1, len(loss) // 50)
    mean = np.convolve(loss, np.ones(window) / window, "valid")
    count = 1 + len(metrics)
    single = {"color": TRUE, "linewidth": 0.8, "linestyle": "-"}
    with style():
        figure, axes = _panels(count, axes, count, 1.7, above=0.15, below=0.5, left=0.7, gap=0.75)
        axes[0].plot(loss, **single, label="each step")
        axes[0].plot(np.arange(len(mean)) + (window - 1) / 2, mean, color=FOUND, label=f"mean of {window}")
        axes[0].set(yscale="log", ylabel="loss")
        if not metrics:  # beside others the panel is too narrow for it
            axes[0].legend()
        for panel, name in zip(axes[1:], metrics, strict=True):
            values = np.array([np.asarray(value, dtype=float).ravel() for value in history.metrics[name]])
            if values.shape[1] > 1:
                panel.plot(history.measured, values, **single)
            panel.plot(history.measured, values.mean(1), color=FOUND, marker="o", markersize=3, linestyle="-")
            panel.set(ylabel=name)
        for panel in axes:
            panel.set(xlabel="step")
    return figure


def cosine_matrix(
    learned: Dictionary | Tensor, true: Dictionary | Tensor, grid: Grid | None = None, axes: Axes | None = None
) -> Figure:
    """|cosine| of every true atom with every learned one, functions at their best shift; matched atoms come first.

    Arguments as in `match_atoms`. Where all is recovered the diagonal is dark; beside it, true atoms that resemble each
    other and learned atoms that came twice are dark too.
    """
    learned, true = _pair(learned, true, grid)
    cosine = _best(learned, true)[0].abs().detach().cpu()
    index = match_atoms(learned, true).index.tolist()
    order = [j for j in index if j >= 0] + [j for j in range(len(learned)) if j not in index]
    tall = min(4.0, 5.0 * len(true) / len(learned), 0.25 * len(true))
    wide = tall * len(learned) / len(true)
    with style():
        figure, (panel,) = _panels(1, axes, 1, tall, above=0.1, below=0.3, left=0.4, width=wide + 1.2)
        image = panel.imshow(cosine[:, order].numpy(), vmin=0, vmax=1)
        panel.set(xlabel="learned atom", ylabel="true atom", xticks=[], yticks=[], anchor="W")
        bar = figure.colorbar(image, cax=panel.inset_axes((1 + 0.1 / wide, 0, 0.12 / wide, 1)), ticks=[0, 0.5, 1])
        bar.set_label("|cosine|")
    return figure


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _sampled(given: Dictionary | Tensor, grid: Grid | None, name: str) -> Tensor:
    """Atoms `(concepts, channels, *grid)` on the CPU."""
    if not isinstance(given, Tensor):
        _expect(grid is not None or not given.axes, f"grid: None; functions of {given.axes} axes are drawn on a grid")
        given = given.atoms(() if grid is None else grid)
    _expect(2 <= given.dim() <= 4, f"{name}: atoms {tuple(given.shape)}; should be (concepts, channels, *up to 2 axes)")
    return given.detach().cpu()


def _roll(atom: Tensor, moves: Sequence[int]) -> Tensor:
    """An atom `(channels, *grid)` moved by so many nodes on each axis."""
    return atom.roll(tuple(moves), tuple(range(1, atom.dim()))) if moves else atom


def _matched(learned: Tensor, match: Match, i: int) -> Tensor:
    """The learned atom that stands for the true atom i, moved onto it; nothing (NaN) where there is none."""
    if match.index[i] < 0:
        return torch.full_like(learned[0], float("nan"))
    atom = match.sign[i].item() * learned[match.index[i].item()]
    return _roll(atom, [round(s * n) for s, n in zip(match.shift[i].tolist(), atom.shape[1:], strict=True)])


def _to_centre(atom: Tensor) -> list[int]:
    """By how many nodes the energy of an atom `(channels, *grid)` has to move to the middle, on each axis."""
    moves = []
    for axis, n in enumerate(atom.shape[1:], start=1):
        energy = atom.double().square().sum([other for other in range(atom.dim()) if other != axis])
        angle = torch.angle((energy * torch.exp(2j * torch.pi * torch.arange(n) / n)).sum()).item()
        moves.append(n // 2 - round(n * angle / (2 * torch.pi)))
    return moves


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


def _panels(
    count: int,
    axes: Axes | Sequence[Axes] | None,
    columns: int,
    height: float,
    above: float,
    below: float,
    left: float,
    gap: float = 0.0,
    width: float = WIDTH,
) -> tuple[Figure, list[Axes]]:
    """`count` axes in rows of `columns`, all sizes in inches; or the given ones, if they are as many.

    above: room over each row. below: room under the last. left: room before the first column. gap: between columns.
    """
    if axes is not None:
        axes = list(np.ravel(axes))
        _expect(len(axes) == count, f"axes: {len(axes)} of them, for {count} panels")
        return axes[0].figure, axes
    tall = -(-count // columns) * (height + above) + below
    wide = (width - left - 0.15 - gap * (columns - 1)) / columns
    figure = plt.figure(figsize=(width, tall))
    axes = []
    for i in range(count):
        row, column = divmod(i, columns)
        x, y = left + column * (wide + gap), tall - (row + 1) * (height + above)
        axes.append(figure.add_axes((x / width, y / tall, wide / width, height / tall)))
    return figure, axes
