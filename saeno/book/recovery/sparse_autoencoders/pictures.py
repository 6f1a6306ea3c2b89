"""What the chapter on sparse autoencoders draws. Pictures are narrow, so that they can be read on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from saeno import SparseAutoencoder, plots
from saeno.book.record import stored
from saeno.book.recovery.sparse_autoencoders.main import RATES
from saeno.metrics import dead_atoms


def curves_and_prices(v: Tensor, kinds: Mapping[str, tuple[nn.Module, Tensor]]) -> Figure:
    """A row for each sparsity: on the left what it makes of the masses v, on the right the price of a code v."""
    with plots.style():
        figure, rows = plt.subplots(len(kinds), 2, figsize=(4.2, 4.8), sharex=True, sharey="col", layout="constrained")
    for (name, (sparsity, price)), (left, right) in zip(kinds.items(), rows, strict=True):
        left.plot(v, v, ":", color=plots.QUIET)
        left.plot(v, sparsity(v[:, None])[:, 0])
        left.set(title=name, ylabel="code")
        right.plot(v, price)
        right.set(ylabel="price")
    rows[-1, 0].set(xlabel="mass")
    rows[-1, 1].set(xlabel="code")
    return figure


def kept(codes: Mapping[str, Tensor]) -> Figure:
    """Codes as pictures, one below the other: in each a row for each signal, a column for each concept."""
    with plots.style():
        figure, parts = plt.subplots(len(codes), 1, figsize=(4.2, 1.5 * len(codes)), layout="constrained")
    for (name, values), part in zip(codes.items(), parts, strict=True):
        part.imshow(values, vmin=0, vmax=6, aspect="auto")
        part.set(title=name, ylabel="signal", xticks=[], yticks=[])
    parts[-1].set(xlabel="concept")
    return figure


def gap(lines: Mapping[str, Sequence[float]], steps: Sequence[int]) -> Figure:
    """Variance unexplained, by one layer and then after each number of steps."""
    with plots.style():
        figure, part = plt.subplots(figsize=(4.2, 3.2), layout="constrained")
    for name, values in lines.items():
        part.semilogy([max(value, 1e-5) for value in values], label=name)
    part.set_xticks(range(len(steps) + 1), ["1 layer", *steps])
    part.set(xlabel="steps of hard thresholding", ylabel="FVU", ylim=(8e-6, 5))
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def over_rates(encoders: Sequence[str]) -> Figure:
    """The stored cosine of the atoms over Adam's learning rate, mean and standard deviation, for random atoms."""
    with plots.style():
        figure, part = plt.subplots(figsize=(4.2, 3.6), layout="constrained")
    for encoder in encoders:
        rates = RATES["random"][encoder]
        settings = [{"setting": f"random | {encoder} | {rate}"} for rate in rates]
        found = [stored("sparse_autoencoders", "cosine", setting) for setting in settings]
        means, deviations = [value.mean for value in found], [value.std for value in found]
        part.errorbar(rates, means, deviations, marker="o", capsize=2, label=encoder)
    part.set(xscale="log", xlabel="learning rate of Adam", ylabel="cosine")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def bundles(points: Tensor, model: SparseAutoencoder, left: Sequence[float]) -> Figure:
    """Points of the plane with the atoms of a model, pale when dead; beside them FVU over the number of atoms, from 1.

    The dot is at the model's own number.
    """
    with plots.style():
        figure, (plane, curve) = plt.subplots(1, 2, figsize=(4.2, 2.4))
    figure.subplots_adjust(0.01, 0.2, 0.98, 0.97, wspace=0.32)
    plane.plot(*points.T, ".", markersize=2, color=plots.TRUE)
    idle = dead_atoms(model(points).code.detach())
    for atom, spare in zip(model.dictionary.atoms().tolist(), idle, strict=True):
        color, alpha = (plots.QUIET, 0.4) if spare else (plots.FOUND, 1.0)
        plane.plot([0, 1.6 * atom[0]], [0, 1.6 * atom[1]], lw=2, ls="-", color=color, alpha=alpha)
    plane.set(aspect="equal", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7))
    plane.set_axis_off()
    count = model.dictionary.concepts
    curve.semilogy(range(1, len(left) + 1), left, "-")
    curve.plot(count, left[count - 1], "o")
    curve.set(xlabel="atoms", ylabel="FVU", xticks=range(1, len(left) + 1, 2))
    return figure
