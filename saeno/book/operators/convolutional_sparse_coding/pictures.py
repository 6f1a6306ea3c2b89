"""What the chapter on convolutional sparse coding draws, beside its experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from saeno import plots
from saeno.book import record
from saeno.book.operators.convolutional_sparse_coding import main as adam
from saeno.book.operators.convolutional_sparse_coding import sgd, textures
from saeno.dictionaries import Dictionary
from saeno.inference import Inference

ENCODERS = "convolutional_sparse_coding"
VALUES = {"cosine": "cosine of the atoms", "code": "cosine of the codes", "fvu": "share unexplained"}
OF_WHOM = {
    "own": "their own",
    "half": "the first halves'",
    "phases": "the first's,\nrandom phases",
    "other": "another animal's",
}


def kernels(atoms: Tensor, signal: Tensor, code: Tensor) -> Figure:
    """Atoms `(concepts, nodes)` one above the other; a signal `(nodes,)`, and below it the kernels of its events."""
    n = atoms.shape[-1]
    place = torch.arange(n) / n
    with plots.style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(5.6, 3), layout="constrained")
    for c, atom in enumerate(atoms):
        left.plot(place - 0.5, atom.roll(n // 2) - 9 * c, "-", color=plots.INK)
    left.set(yticks=[-9 * c for c in range(len(atoms))], yticklabels=range(1, len(atoms) + 1))
    left.set(xticks=[-0.5, 0, 0.5], xlabel="position", title="five kernels")
    right.plot(place, signal, color=plots.INK)
    _events(right, code, signal.min().item())
    right.set(xticks=[0, 0.5, 1], xlabel="position", title="four events")
    return figure


def twins(pair: Tensor, alike: Callable[[Tensor], Tensor], moved: int) -> Figure:
    """Two atoms and their copies, and below the inner products of all shifts, with a dot at this one."""
    n = pair.shape[-1]
    u = torch.arange(n) / n - 0.5
    with plots.style():
        figure, parts = plt.subplots(2, 2, figsize=(5.6, 3.6), sharex=True, layout="constrained")
    for atom, (top, low) in zip(pair, parts.T, strict=True):
        top.plot(u, atom.roll(n // 2), color=plots.QUIET)
        top.plot(u, atom.roll(n // 2 + moved), "-", color=plots.FOUND)
        low.plot(u, alike(atom).roll(n // 2), "-", color=plots.INK)
        low.plot(moved / n, alike(atom)[moved], "o", color=plots.FOUND)
        low.set(xlim=(-0.25, 0.25), ylim=(-1.1, 1.1), xlabel="shift")
    parts[1, 0].set_ylabel("inner product")
    return figure


@torch.no_grad()
def choices(dictionary: Dictionary, encoders: Mapping[str, Inference], signal: Tensor) -> Figure:
    """One signal `(1, 1, nodes)`, what each encoder makes of it, and below the kernel of each active node."""
    with plots.style():
        figure, parts = plt.subplots(1, len(encoders), figsize=(5.6, 3), squeeze=False, layout="constrained")
    for (name, encoder), part in zip(encoders.items(), parts[0], strict=True):
        code = encoder(dictionary, signal)
        rebuilt = dictionary.synthesis(code)[0, 0]
        place = torch.arange(len(rebuilt)) / len(rebuilt)
        part.plot(place, signal[0, 0], "-", color=plots.QUIET)
        part.plot(place, rebuilt, "-", color=plots.FOUND)
        _events(part, code[0], torch.minimum(signal[0, 0], rebuilt).min().item())
        part.set(xticks=[0, 0.5, 1], xlabel="position", title=name)
    return figure


def learned() -> Figure:
    """From the ledger, what each encoder learned: three scores, mean and spread, with five filters and with ten."""
    with plots.style():
        figure, parts = plt.subplots(3, 1, figsize=(4.6, 7.6), layout="constrained")
    for part, (value, label) in zip(parts, VALUES.items(), strict=True):
        for concepts, mark, colour, shift in ((5, "o", plots.FOUND, -0.15), (10, "s", plots.TRUE, 0.15)):
            rows = [record.stored(ENCODERS, value, {"encoder": name, "concepts": concepts}) for name in adam.ENCODERS]
            _rows(part, rows, mark, colour, shift, f"{concepts} filters")
        _names(part, list(adam.ENCODERS), label)
    figure.legend(*parts[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def optimizers() -> Figure:
    """From the ledger, the cosine of atoms after Adam and after SGD, each at its own rate."""
    with plots.style():
        figure, parts = plt.subplots(2, 1, figsize=(4.6, 4.4), sharex=True, layout="constrained")
    for part, concepts in zip(parts, (5, 10), strict=True):
        for experiment, label, mark, colour, shift in (
            (ENCODERS, "Adam", "o", plots.FOUND, -0.13),
            (f"{ENCODERS}_sgd", "SGD", "s", plots.TRUE, 0.13),
        ):
            settings = [{"encoder": name, "concepts": concepts} for name in sgd.RATES]
            _rows(part, [record.stored(experiment, "cosine", at) for at in settings], mark, colour, shift, label)
        _names(part, list(sgd.RATES), VALUES["cosine"] if concepts == 10 else "")
        part.set_title(f"{concepts} filters")
    figure.legend(*parts[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def beats(window: Tensor, kernel: Tensor, values: Sequence[float], nodes: Sequence[int]) -> Figure:
    """A window of a recording, and the sum of a kernel at some nodes."""
    total = sum((a * kernel.roll(int(v)) for a, v in zip(values, nodes, strict=True)), torch.zeros_like(window))
    with plots.style():
        figure, part = plt.subplots(figsize=(5.6, 2.8), layout="constrained")
    part.plot(window, "-", color=plots.QUIET)
    part.plot(total, "-", color=plots.FOUND)
    part.set(xlabel="sample", ylabel="pressure", ylim=(-4, 4))
    return figure


def agreement() -> Figure:
    """From the ledger, cosines of kernels from two halves and from two animals, of recordings and of surrogates."""
    with plots.style():
        figure, part = plt.subplots(figsize=(5.2, 3), layout="constrained")
    groups = [(of, data) for of in ("halves", "animals") for data in ("real", "scrambled")]
    for i, (of, data) in enumerate(groups):
        each = record.stored(f"{ENCODERS}_beats", of, {"data": data}).each
        mark, colour = ("o", plots.FOUND) if data == "real" else ("s", plots.QUIET)
        part.plot(i + torch.linspace(-0.15, 0.15, len(each)), each, mark, color=colour)
    part.set(xticks=range(4), ylabel="cosine", ylim=(0, 1.03), xticklabels=[f"{of},\n{data}" for of, data in groups])
    return figure


def explained() -> Figure:
    """From the ledger, what kernels from elsewhere leave of the second halves: a line for each animal, and means."""
    whose = [record.stored(f"{ENCODERS}_beats", name, {"data": "real"}) for name in OF_WHOM]
    with plots.style():
        figure, part = plt.subplots(figsize=(5.2, 3), layout="constrained")
    for animal in zip(*[kept.each for kept in whose], strict=True):
        part.plot(animal, ".-", color=plots.QUIET, alpha=0.5, linewidth=1)
    part.plot([kept.mean for kept in whose], "_", color=plots.FOUND, markersize=28, markeredgewidth=3)
    part.set(xticks=range(4), xticklabels=OF_WHOM.values(), ylabel="share unexplained")
    part.set_ylim(bottom=0)
    part.tick_params(axis="x", labelsize=9)
    return figure


def tiles(kernels: Tensor, patches: Tensor) -> Figure:
    """Twelve kernels above twelve patches, `(12, height, width)` each."""
    with plots.style():
        figure, parts = plt.subplots(4, 6, figsize=(5, 3.6), layout="constrained")
    for part, atom in zip(parts.flat, [*kernels, *patches], strict=True):
        part.imshow(atom.detach(), cmap="gray")
        part.set(xticks=[], yticks=[])
    parts[0, 0].set_ylabel("kernels")
    parts[2, 0].set_ylabel("patches")
    return figure


def images() -> Figure:
    """From the ledger, what kernels and patches leave unexplained, and how alike an atom's twin is."""
    with plots.style():
        figure, parts = plt.subplots(2, 1, figsize=(4.6, 4.4), layout="constrained")
    names = {"brick": ("o", plots.FOUND), "grass": ("s", plots.TRUE), "camera": ("^", plots.FOURTH)}
    for part, value in zip(parts, ("fvu", "twin"), strict=True):
        for i, (image, (mark, colour)) in enumerate(names.items()):
            settings = [{"texture": image, "method": method} for method in textures.METHODS]
            rows = [record.stored(f"{ENCODERS}_textures", value, at) for at in settings]
            _rows(part, rows, mark, colour, 0.2 * (i - 1), "photograph" if image == "camera" else image)
        _names(
            part, ["12 kernels", *textures.METHODS[1:]], "share unexplained" if value == "fvu" else "likeness of twins"
        )
    figure.legend(*parts[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _events(part: Axes, code: Tensor, lowest: float) -> None:
    """Below the curves, the kernel (from 1) of each active node of a code `(concepts, nodes)`, neighbours stacked."""
    line, before = lowest - 3, -1.0
    below = line
    for v, c in sorted((v / code.shape[-1], c) for c, v in code.nonzero().tolist()):
        below = below - 2 if v - before < 0.05 else line
        part.plot(v, below, marker=f"${c + 1}$", color=plots.INK, markersize=7)
        before = v
    ticks = [tick for tick in (-20, -15, -10, -5, 0, 5) if tick > line + 2]
    part.set_yticks([line, *ticks], ["kernel", *[f"{tick:g}" for tick in ticks]])


def _rows(part: Axes, rows: Sequence[record.Stored], mark: str, colour: str, shift: float, label: str) -> None:
    """A mark for each mean, with its spread, one below the other."""
    for i, kept in enumerate(rows):
        bar = {"xerr": kept.std, "capsize": 2, "markersize": 5, "linewidth": 1.2}
        part.errorbar(kept.mean, i + shift, fmt=mark, color=colour, label=None if i else label, **bar)


def _names(part: Axes, names: Sequence[str], label: str) -> None:
    part.set(yticks=range(len(names)), yticklabels=names, xlabel=label, xlim=(-0.03, 1.03))
    part.invert_yaxis()
    part.grid(axis="y", color="#e5e7eb", linewidth=0.7)
    part.set_axisbelow(True)
