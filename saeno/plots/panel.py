"""A live panel: choose values, and the kernel draws anew. Where none runs, the first picture and a word about it."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping, Sequence

import ipywidgets
from matplotlib.figure import Figure

from saeno.checks import expect, instance, listed, short, text
from saeno.plots.frames import DRAWN_PER_INCH, SHOWN_PER_INCH, compressed, picture_of

# As in the explorer: the picture has its own white card, and text takes the colour of the page, light or dark.
_PAGE = """<figure class="saeno-panel" style="margin:1em auto;max-width:{width}px">
<style>.cell_output .text_html:has(> .saeno-panel) {{background:none!important;color:inherit!important}}</style>
<img class="dark-light" src="{source}" alt="{alt}" width="{width}" height="{height}"{live}
 style="display:block;width:100%;height:auto;margin:0;background:#fff;border-radius:6px">{caption}
</figure>"""
_CAPTION = '\n<figcaption style="margin:.4em 0 0;color:inherit;font-size:.9em;text-align:left">{}</figcaption>'
_STILL = "This panel recomputes when the page runs as a notebook. There you choose: {}."
# JupyterLab takes arrow keys away from a selection, unless it has this attribute, which ipywidgets cannot give it.
_LIVE = """ onload="for (const control of this.closest('.widget-vbox')?.querySelectorAll('select') ?? [])
 control.setAttribute('data-lm-suppress-shortcuts', 'true')\""""
_WIDGET = "application/vnd.jupyter.widget-view+json"


class Panel:
    """The finished panel. Notebooks that run show controls and a picture; all others, what `_repr_html_` says.

    Controls are native selections: they have a label, and go by keyboard, mouse and finger. (The sliders of ipywidgets
    have no name that a screen reader could say.) Nothing is used that ipywidgets 7 lacks.
    """

    def __init__(self, draw, choices, alt, caption, start):
        self._draw, self._alt, self._caption = draw, alt, caption
        self._labels = ", ".join(choices)
        first = self._drawn(start)
        self._still = self._page(first, _STILL.format(self._labels))
        self.controls = tuple(
            ipywidgets.Dropdown(
                options=[(str(value), value) for value in values],
                index=list(values).index(at),
                description=label,
                style={"description_width": "initial"},
                layout={"width": "auto"},
            )
            for (label, values), at in zip(choices.items(), start, strict=True)
        )
        """One `Dropdown` for each label."""
        self.picture = ipywidgets.HTML(self._page(first))
        """The picture, an `HTML`, or the error that drawing it ended with."""
        self.said = ipywidgets.HTML()
        """What goes on: that it is computing, or nothing."""
        row = ipywidgets.HBox([*self.controls, self.said], layout={"flex_flow": "row wrap"})
        self._box = ipywidgets.VBox([row, self.picture])
        for control in self.controls:
            control.observe(self._renew, "value")

    def _renew(self, change):
        self.said.value = "computing …"
        try:
            self.picture.value = self._page(self._drawn([control.value for control in self.controls]))
        except Exception as error:  # raised here it would be lost in a log
            said = html.escape(f"{type(error).__name__}: {error}")
            self.picture.value = f'<p class="saeno-panel" role="alert">The picture could not be drawn. {said}</p>'
        finally:
            self.said.value = ""

    def _drawn(self, values) -> dict[str, object]:
        """The picture for these values: what `_PAGE` has to know about it."""
        (webp,) = compressed([drawn := picture_of(self._draw(*values), "draw")])
        width, height = (round(pixels * SHOWN_PER_INCH / DRAWN_PER_INCH) for pixels in drawn.size)
        said = text(self._alt if isinstance(self._alt, str) else self._alt(*values), "alt")
        source = "data:image/webp;base64," + base64.b64encode(webp).decode()
        return {"width": width, "height": height, "source": source, "alt": html.escape(said)}

    def _page(self, drawn, sentence="") -> str:
        """The picture with its caption; with a `sentence` it is the one for pages without a kernel."""
        caption = " ".join(filter(None, [html.escape(self._caption), sentence and f"<em>{html.escape(sentence)}</em>"]))
        return _PAGE.format(**drawn, live="" if sentence else _LIVE, caption=caption and _CAPTION.format(caption))

    def __repr__(self) -> str:
        return f"Panel({self._labels})"

    def _repr_html_(self) -> str:
        return self._still

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        # Programs that know widgets and have a kernel prefer the view. It is not stored (saeno.book.press.notebooks).
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {"text/plain": repr(self), "text/html": self._repr_html_(), _WIDGET: view}


def panel(
    draw: Callable[..., Figure],
    choices: Mapping[str, Sequence[object]],
    alt: str | Callable[..., str],
    caption: str = "",
    start: Sequence[object] | None = None,
) -> Panel:
    """A picture that is drawn anew, by a running kernel, for the values that the reader chooses.

    draw: a function from one value of each choice to a figure, which is closed once drawn.
    choices: for each label, as "Lines in a signal", the values on offer. alt: what the picture shows, in words, or
    a function of the same values. start: the values of the first picture; the first ones of each when left out.

    Raises ValueError, naming the argument, when there is nothing to choose, a text is empty, or `start` is not on
    offer; and what `draw` raises for the first picture. Later errors are shown in place of the picture.
    """
    if not callable(draw):
        raise TypeError(f"draw = {short(draw)}: should be a function from one value of each choice to a figure")
    instance(choices, Mapping, "choices", '{"Lines in a signal": [1, 2, 3]}')
    if not callable(alt):
        text(alt, "alt")
    text(caption, "caption")
    expect(bool(choices), "choices: empty; name what the reader can choose")
    for label, values in choices.items():
        listed(values, "choices", "values for each label")
        expect(text(label, "choices").strip() != "", f"choices: the label {label!r}; say what is chosen")
        expect(len(values) >= 2, f"choices: {label!r} has {len(values)} values; offer 2 or more")
    expect(callable(alt) or alt.strip() != "", f"alt: {alt!r}; say what the picture shows")
    if start is None:
        start = [values[0] for values in choices.values()]
    start = list(listed(start, "start", "one value on offer for each choice"))
    if len(start) != len(choices) or any(
        first not in values for first, values in zip(start, choices.values(), strict=True)
    ):
        raise ValueError(f"start: {start}; give a value on offer for each of {', '.join(choices)}")
    return Panel(draw, choices, alt, caption, start)
