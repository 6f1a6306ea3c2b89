"""Pictures as they are stored in a page: small, and sharp on fine screens."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from saeno.checks import instance

MOST_BYTES = 30_000
DRAWN_PER_INCH = 160  # pixels of the picture, and of the page it is shown on: sharp on fine screens
SHOWN_PER_INCH = 100

# How frames are made small, from the best down: nothing lost; fewer colours (crisp, and small for line
# drawings); lossy (small for photographs).
STEPS = (
    "no loss", "128 colours", "64 colours", "quality 90", "quality 80", "32 colours", "quality 65",
    "quality 50", "16 colours",
)  # fmt: skip


def picture_of(figure: Figure, name: str) -> Image.Image:
    """The figure in pixels, on white. It is closed, so that a notebook does not also show the figure."""
    instance(figure, Figure, name, "that of plt.figure()")
    figure.set_dpi(DRAWN_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    plt.close(figure)
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def compressed(drawn: list[Image.Image]) -> tuple[bytes, ...]:
    """All frames as WebP of at most 30 kB, by the first step at which every one fits: so none flickers."""
    for step in STEPS:
        pictures = []
        for picture in drawn:
            pictures.append(_webp(picture, step))
            if len(pictures[-1]) > MOST_BYTES:
                break
        else:
            return tuple(pictures)
    raise ValueError(
        f"frames: frame {len(pictures) - 1} takes {len(pictures[-1]) / 1000:.1f} kB even with {STEPS[-1]}, "
        f"and at most {MOST_BYTES / 1000:.0f} kB are allowed; make the figure smaller or draw less in it"
    )


def _webp(picture: Image.Image, step: str) -> bytes:
    buffer = io.BytesIO()
    if step.startswith("quality"):
        picture.save(buffer, "webp", quality=int(step.split()[1]), method=4)
    else:
        if step.endswith("colours"):
            colours = int(step.split()[0])
            picture = picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        # Without loss, quality is only how hard it searches.
        picture.convert("RGB").save(buffer, "webp", lossless=True, quality=60, method=4)
    return buffer.getvalue()
