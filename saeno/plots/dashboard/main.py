"""`dashboard` writes a page, `atlas` puts one into a notebook."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from saeno import checks, files
from saeno.autoencoder import SparseAutoencoder
from saeno.checks import expect, flag, instance, text, whole
from saeno.plots.dashboard.examples import examples_of
from saeno.plots.dashboard.given import checked_chosen, checked_labels, checked_shape
from saeno.plots.dashboard.inputs import taken_apart
from saeno.plots.dashboard.packing import numbers, packed
from saeno.plots.dashboard.page import page
from saeno.plots.dashboard.portraits import as_picture, portraits
from saeno.plots.dashboard.rows import Rows
from saeno.plots.dashboard.steering import Downstream, checked_doses, checked_downstream, steered
from saeno.plots.dashboard.survey import Survey, survey
from saeno.training.shards import Shards

MOST_BYTES, FEW_BYTES = 10_000_000, 2_000_000  # of a page, and of an atlas
OTHER_BYTES = 300_000  # for the script, and for numbers that are no pictures
# Parts of the rest, in bytes before they are written as text, which takes a third more.
SHARES = {"atoms": 0.26, "examples": 0.14, "inputs": 0.16, "outputs": 0.12}
Labels = Mapping[int, str] | Sequence[str] | None


@dataclass(frozen=True)
class Atlas:
    """The finished page, which Jupyter, Colab and the book show by `_repr_html_`; it needs no kernel and no network."""

    title: str
    html: str = field(repr=False)
    """The whole page."""

    def _repr_html_(self) -> str:
        # A frame of its own: its style and its script touch nothing of the page around it, and run in every program.
        # In single quotes, since the page is full of double ones, each of which would take six letters.
        name, inside = html.escape(self.title), self.html.replace("&", "&amp;").replace("'", "&#39;")
        return (
            f'<iframe class="saeno-atlas" title="{name}" srcdoc=\'{inside}\' loading="lazy"'
            ' style="display:block;width:100%;height:640px;border:0;border-radius:8px"></iframe>'
        )


def dashboard(
    model: SparseAutoencoder,
    x: Tensor | Shards,
    path: str | os.PathLike,
    downstream: Downstream | None = None,
    doses: Sequence[float] = (-2, -1, 0, 1, 2),
    labels: Labels = None,
    inputs: int | Sequence[int] = 24,
    examples: int = 4,
    shape: Sequence[int] | None = None,
    title: str = "What the model has learned",
    progress: bool = True,
) -> Path:
    r"""Write a page about a trained model, one file of at most 10 MB that opens from disk, with no server or network.

        dashboard(model, x, "dashboard.html", downstream=(fno, "layers.1", functions))

    It has an atlas of the concepts, some inputs taken apart into what concepts add, the effect of steering where
    `downstream` says what comes of a signal, and a map of the atoms by their cosines, of functions at their best shift.

    Args:
        model: for vectors, or functions on one or two axes; run in eval mode, and left in the mode that it was in.
        x: `(inputs, channels, *grid)`, or `Shards`: what the model reads. Memory is that of a batch.
        path: of the file, which is replaced; its folder should exist.
        downstream: what comes of signals `(batch, channels, *grid)`: a function that gives `(batch, outputs)` or
            `(batch, channels, *grid)`, or `(network, layer, inputs)`, the inputs of a network whose layer gave x. Each
            concept is then steered in the signal in which it is largest, $x + (\text{dose} - 1)\, D_c z_c$: a single
            event at its place, or all of a soft code's concept.
        doses: 1, the signal as it is, and others; 0 takes the concept out.
        labels: names of concepts, one for each, or some by their numbers.
        inputs: how many to take apart, evenly from all of x, or the numbers of those.
        examples: signals shown of each concept, those where one entry of it is largest.
        shape: `(height, width)` of the image that the channels of a vector are.
        title: of the page. progress: whether to show how far it is.

    Returns the path. Numbers have seven digits; pictures are exact where there is room, else they have 8 or 16 bits
    and, where that is still too much, every second node, or third, … The same arguments give the same file. Raises
    ValueError or TypeError, naming the argument, where one does not fit; OSError when the file cannot be written.
    """
    place = checks.path(path)
    files.probe(place, 0)  # before an hour of work
    made = _made(model, x, downstream, doses, labels, inputs, examples, shape, title, progress, MOST_BYTES)
    files.write_text(place, page(made))
    return place


def atlas(
    model: SparseAutoencoder,
    x: Tensor | Shards,
    downstream: Downstream | None = None,
    doses: Sequence[float] = (-2, -1, 0, 1, 2),
    labels: Labels = None,
    inputs: int | Sequence[int] = 6,
    examples: int = 3,
    shape: Sequence[int] | None = None,
    title: str = "Atlas of concepts",
    progress: bool = False,
) -> Atlas:
    """The page of `dashboard` as the output of a notebook's cell, in at most 2 MB: it moves where no kernel runs.

    Arguments and errors are those of `dashboard`. In the book it follows the page from light to dark.
    """
    made = _made(model, x, downstream, doses, labels, inputs, examples, shape, title, progress, FEW_BYTES)
    return Atlas(title, page(made | {"embedded": True}))


def _made(model, x, downstream, doses, labels, inputs, examples, shape, title, progress, most) -> dict[str, Any]:
    """All that is in a page, as JSON has it."""
    from tqdm import tqdm

    instance(model, SparseAutoencoder, "model", "SparseAutoencoder(DenseDictionary(64, 128), OneStep(TopK(5)))")
    dictionary = model.dictionary
    expect(dictionary.axes <= 2, f"model has atoms with {dictionary.axes} axes: should have two at most, to be shown")
    rows = Rows(x, model)
    chosen = checked_chosen(inputs, rows.count)
    examples, shape = whole(examples, "examples"), checked_shape(shape, model)
    names = checked_labels(labels, dictionary.concepts)
    doses = checked_doses(doses)
    run = None if downstream is None else checked_downstream(downstream, rows.count)
    expect(bool(text(title, "title").strip()), f"title = {title!r}: should say what the page is about")
    room = {name: int(share * (most - OTHER_BYTES)) for name, share in SHARES.items()}
    steps = rows.count + (dictionary.concepts if run else 0)
    hidden = {} if flag(progress, "progress") else {"disable": True}  # only then, so that TQDM_DISABLE works too
    training = model.training
    try:
        model.eval()
        with torch.no_grad(), tqdm(total=steps, desc="dashboard", unit="signal", **hidden) as bar:
            seen = survey(model, rows, examples, bar)
            atoms = dictionary.atoms(rows.grid)
            made = {
                "title": title,
                "labels": names,
                **_about(model, rows, seen, shape),
                "concepts": _counted(seen),
                "atoms": portraits(atoms, shape, not model.inference.positive, room["atoms"]),
                "examples": examples_of(rows, seen, as_picture(atoms, shape), shape, room["examples"]),
                "inputs": taken_apart(model, rows, chosen, shape, room["inputs"]),
            }
            if run and seen.usage.any():  # what is never active cannot be steered
                made["steering"] = steered(model, rows, seen, run, doses, room["outputs"], bar)
    finally:
        model.train(training)
    return made


def _about(model: SparseAutoencoder, rows: Rows, seen: Survey, shape: tuple[int, ...] | None) -> dict[str, Any]:
    return {
        "model": {name: _said(getattr(model, name)) for name in ("dictionary", "inference")},
        "kind": ("image" if shape else "vector", "line", "map")[model.dictionary.axes],
        "signals": rows.count,
        "channels": model.dictionary.channels,
        "grid": list(rows.grid),
        "codes": list(seen.grid),
        "unit": 1.0 if model.scale is None else model.scale,
        "events": model.inference.makes_events,
        "signed": not model.inference.positive,
        "fvu": numbers(torch.tensor(seen.fvu, dtype=torch.double)),
        "entries": numbers(torch.tensor(seen.entries, dtype=torch.double)),
    }


def _said(part: nn.Module) -> list[str]:
    """The class of a part, and all that print says of it."""
    return [type(part).__name__, " ".join(str(part).split()).replace("( ", "(").replace(" )", ")")]


def _counted(seen: Survey) -> dict[str, Any]:
    kept = {name: numbers(getattr(seen, name)) for name in ("usage", "mass", "negative", "energy")}
    return kept | {"largest": numbers(seen.best[:, 0])} | {"where": packed(seen.where, 500_000)}
