"""A slider over frames drawn beforehand, so that it moves where no kernel runs: on a static page, offline."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from saeno.checks import expect, listed, text, whole
from saeno.plots.frames import DRAWN_PER_INCH, SHOWN_PER_INCH, compressed, picture_of

MOST_FRAMES = 24

# There are no ids: the script starts at the slider and looks in its own figure, so that any number of
# explorers, or the same one twice, can stand on a page. It is an attribute because all programs that show
# notebooks run attributes alike, and <script> each in its own way.
_MOVE = """
const figure = this.closest('figure'), picture = figure.querySelector('img');
figure.frames ??= JSON.parse(figure.querySelector('script').textContent);
const [source, text, value] = figure.frames[this.value];
picture.src = source; picture.alt = text;
figure.querySelector('output').value = value;
this.setAttribute('aria-valuetext', value);
"""

# Text takes the colour of the page, light or dark; the picture has its own white card. The class "dark-light" asks the
# book's theme not to dim it, and <style> not to lay a pale card under everything. data-lm-suppress-shortcuts keeps
# JupyterLab's arrow keys off the slider, and autocomplete keeps the browser from putting the slider back where it was
# on a page that shows the start frame again.
_PAGE = """<figure class="saeno-explorer" style="margin:1em auto;max-width:{width}px">
<style>.cell_output .text_html:has(> .saeno-explorer) {{background:none!important;color:inherit!important}}</style>
<img class="dark-light" src="{source}" alt="{text}" width="{width}" height="{height}"
 style="display:block;width:100%;height:auto;margin:0;background:#fff;border-radius:6px">
<div style="display:flex;flex-wrap:wrap;align-items:center;gap:0 .8em;margin:.4em 0">
<label style="display:flex;flex-wrap:wrap;align-items:center;gap:0 .8em;flex:1 1 14em;margin:0">{label}
<input type="range" min="0" max="{last}" step="1" value="{start}" aria-valuetext="{value}"
 autocomplete="off" data-lm-suppress-shortcuts="true" oninput="{move}"
 style="flex:1 1 10em;min-width:0;height:28px;margin:0;accent-color:#0072b2"></label>
<output aria-live="off"
 style="min-width:{widest}ch;margin-left:auto;text-align:right;font-variant-numeric:tabular-nums">{value}</output>
</div>{caption}
<script type="application/json">{frames}</script>
</figure>"""
_CAPTION = '\n<figcaption style="margin:0;color:inherit;font-size:.9em;text-align:left">{}</figcaption>'


@dataclass(frozen=True)
class Explorer:
    """The finished slider, which Jupyter, Colab and the book show by `_repr_html_`; it needs no network.

    Where scripts are not allowed (an untrusted notebook, a feed reader) the start frame is shown.
    """

    label: str
    pictures: tuple[bytes, ...]  # WebP, all of one size
    values: tuple[str, ...]
    alt: tuple[str, ...]
    caption: str
    start: int
    size: tuple[int, int]  # width and height on the page, in CSS pixels

    def __repr__(self) -> str:
        return f"Explorer({self.label!r}: {self.values[0]} to {self.values[-1]} in {len(self.values)} frames)"

    def _repr_html_(self) -> str:
        sources = ["data:image/webp;base64," + base64.b64encode(webp).decode() for webp in self.pictures]
        frames = json.dumps(list(zip(sources, self.alt, self.values, strict=True)), separators=(",", ":"))
        return _PAGE.format(
            width=self.size[0],
            height=self.size[1],
            source=sources[self.start],
            text=html.escape(self.alt[self.start]),
            label=html.escape(self.label),
            last=len(sources) - 1,
            start=self.start,
            value=html.escape(self.values[self.start]),
            widest=max(map(len, self.values)),
            move=html.escape(" ".join(_MOVE.split())),
            caption=_CAPTION.format(html.escape(self.caption)) if self.caption else "",
            frames=frames.replace("<", "\\u003c"),  # so that no text can close the script
        )


def explorer(
    frames: Sequence[Figure] | Callable[[int], Figure],
    values: Sequence[object],
    label: str,
    alt: Sequence[str] | Callable[[int], str],
    caption: str = "",
    start: int = 0,
) -> Explorer:
    """A slider that shows `frames[i]` while it stands at `values[i]`, by keyboard or mouse, without a kernel.

    frames: 2 to 24 figures of one size, or a function from the index to a figure; each is closed once drawn.
    values: what the slider says at each frame. label: what the slider changes, for instance "Training step".
    alt: what each frame shows, in words, or a function from the index. start: the frame shown first.

    Frames become WebP of at most 30 kB, all made small in the same way, and no more than it takes for all to
    fit. Raises ValueError, naming the argument, when frames, values and texts differ in number or are too few
    or too many, a text is empty, figures differ in size, or a frame does not fit.
    """
    text(label, "label"), text(caption, "caption")
    listed(values, "values", "what the slider says at each frame")
    if not callable(frames):
        listed(frames, "frames", "figures, or a function from the index to a figure")
    if not (callable(alt) or isinstance(alt, str)):
        listed(alt, "alt", "texts, or a function from the index to a text")
    start = whole(start, "start", least=0)
    count = len(values)
    expect(2 <= count <= MOST_FRAMES, f"values: {count} of them; an explorer has 2 to {MOST_FRAMES} frames")
    if not callable(frames) and len(frames) != count:
        raise ValueError(f"frames: {len(frames)} figures for {count} values; give one figure per value")
    expect(not isinstance(alt, str), f"alt: {alt!r} is a single text; give one per frame, or a function from the index")
    if not callable(alt) and len(alt) != count:
        raise ValueError(f"alt: {len(alt)} texts for {count} values; give one text per frame")
    expect(label.strip() != "", f"label: {label!r}; say what the slider changes")
    expect(start < count, f"start: {start}; the frames are numbered 0 to {count - 1}")
    texts = tuple(alt(i) if callable(alt) else alt[i] for i in range(count))
    for i, said in enumerate(texts):
        if not text(said, f"alt of frame {i}").strip():
            raise ValueError(f"alt: frame {i} has the text {said!r}; say what the frame shows")
    drawn = [picture_of(frames(i) if callable(frames) else frames[i], f"frames, at {i},") for i in range(count)]
    for i, picture in enumerate(drawn):
        if picture.size != drawn[0].size:
            sizes = f"frame {i} has {picture.size} pixels, frame 0 {drawn[0].size}"
            raise ValueError(f"frames: {sizes}; draw all at one size")
    width, height = (round(pixels * SHOWN_PER_INCH / DRAWN_PER_INCH) for pixels in drawn[0].size)
    return Explorer(label, compressed(drawn), tuple(map(str, values)), texts, caption, start, (width, height))
