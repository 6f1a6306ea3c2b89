"""What a person says about a dashboard, checked: which inputs, which shape, which names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saeno import checks
from saeno.autoencoder import SparseAutoencoder
from saeno.checks import expect, short, text, whole
from saeno.grids import as_grid


def checked_chosen(inputs: Any, count: int) -> list[int]:
    """The numbers of the signals to take apart: given, or so many of all, evenly."""
    if not isinstance(inputs, Sequence) or isinstance(inputs, str | bytes):
        shown = min(whole(inputs, "inputs"), count)
        return [i * count // shown for i in range(shown)]
    chosen = list(dict.fromkeys(whole(i, "inputs", least=0) for i in inputs))
    expect(bool(chosen), f"inputs = {inputs!r}: should have one number at least")
    expect(max(chosen, default=0) < count, f"inputs = {short(inputs)}: should be below the {count} signals of x")
    return chosen


def checked_shape(shape: Any, model: SparseAutoencoder) -> tuple[int, ...] | None:
    """The height and width of the image that a vector is."""
    if shape is None:
        return None
    channels, found = model.dictionary.channels, as_grid(shape, name="shape")
    fits = model.dictionary.axes == 0 and len(found) == 2 and found[0] * found[1] == channels
    expect(fits, f"shape = {shape!r}: should be (height, width) of vectors, as many pixels as channels, {channels}")
    return found


def checked_labels(labels: Any, concepts: int) -> dict[int, str]:
    """Names of concepts by their numbers."""
    if labels is None:
        return {}
    if isinstance(labels, Mapping):
        given = {whole(number, "labels", least=0): text(said, "labels") for number, said in labels.items()}
        expect(max(given, default=0) < concepts, f"labels = {short(labels)}: should be of concepts below {concepts}")
        return given
    checks.listed(labels, "labels", "texts, or a dict from the number of a concept to a text")
    expect(len(labels) == concepts, f"labels: {len(labels)} of them; should be one for each of {concepts} concepts")
    return {number: text(said, "labels") for number, said in enumerate(labels)}
