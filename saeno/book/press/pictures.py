"""The picture of the README: `python -m saeno.book.press.pictures` draws it anew."""

from __future__ import annotations

from pathlib import Path

from matplotlib import pyplot as plt

from saeno import DenseDictionary, SparseAutoencoder, TopK, Unrolled, fit, plots
from saeno.book.press import ROOT
from saeno.data import SparseModel, lines
from saeno.metrics import match_atoms

PATH = ROOT / "book" / "images" / "lines.png"


def main(path: Path = PATH, steps: int = 1000) -> None:
    """Some signals, and the atoms learned from such signals at the start, on the way, and at the end of training."""
    hidden = lines(7)
    data = SparseModel(hidden, active=3, noise=0.1)
    model = SparseAutoencoder(DenseDictionary(49, 64), Unrolled(TopK(3), steps=5))
    history = fit(model, data, steps, metrics={"atoms": lambda model: model.dictionary.atoms()}, every=steps // 20)
    match = match_atoms(model.dictionary, hidden)
    pictures = {"start": 0, f"step {steps // 20}": 1, f"step {steps}": -1}
    with plots.style():
        figure, panels = plt.subplots(1, 3, figsize=(9, 3.1), layout="constrained")
    for panel, (title, place) in zip(panels, pictures.items(), strict=True):
        learned = match.sign[:, None] * history.metrics["atoms"][place][match.index]
        plots.mosaic(learned.view(-1, 7, 7), columns=8, limit=0.5, axes=panel)
        panel.set_title(title)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
