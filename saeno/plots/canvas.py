"""The style of all pictures, and the panels they are drawn in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from saeno.checks import expect, instance, whole

# Colours of Okabe and Ito, for all kinds of sight. Dashes, and how light they are, tell them apart in grey.
FOUND, TRUE, INK, FOURTH = "#0072b2", "#e69f00", "#1b1b1b", "#cc79a7"
QUIET = "#6b7280"  # for what is not data
WIDTH = 6.4  # inches, of figures with many panels in a row
NARROW = 4.2  # inches, of the others: on a phone they are hardly shrunk, and their letters stay legible

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
    """The style of this module, for a picture of your own: `with saeno.plots.style(): ...`.

    A figure that was begun inside is closed again when an error ends it.
    """
    # Not plt.rc_context: it would also take back what a notebook sets when the first figure is made, and no figure
    # after that would be shown.
    before = {name: plt.rcParams[name] for name in STYLE}
    open_before = plt.get_fignums()
    plt.rcParams.update(STYLE)
    try:
        yield
    except BaseException:
        for number in set(plt.get_fignums()) - set(open_before):
            plt.close(number)
        raise
    finally:
        plt.rcParams.update(before)


def panels(
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
    columns = whole(columns, "columns")
    if axes is not None:
        given = list(np.ravel(np.asarray(axes, dtype=object)))
        for one in given:
            instance(one, Axes, "axes", "those of plt.subplots()")
        expect(len(given) == count, f"axes: {len(given)} of them, for {count} panels")
        return given[0].figure, given
    tall = -(-count // columns) * (height + above) + below
    wide = (width - left - 0.15 - gap * (columns - 1)) / columns
    figure = plt.figure(figsize=(width, tall))
    axes = []
    for i in range(count):
        row, column = divmod(i, columns)
        x, y = left + column * (wide + gap), tall - (row + 1) * (height + above)
        axes.append(figure.add_axes((x / width, y / tall, wide / width, height / tall)))
    return figure, axes


def draw_image(panel: Axes, image: Tensor, limit: float) -> None:
    """An image in grey, 0 in the middle: black is `limit`; squares that hold nothing (NaN) stay white."""
    panel.imshow(image.numpy(), cmap="gray_r", vmin=-limit, vmax=limit)
    panel.set(xticks=[], yticks=[])
    panel.spines[["left", "bottom"]].set_visible(False)
