"""What a Fourier dictionary makes of functions that are not periodic: as they are, tapered, mirrored. A minute.

Windows of 30 months of the sea-surface temperature off Peru (El Niño), which begin and end in different seasons.
Learned on the first 488 months, tested on the last 244. The rate is the default one of `fit`, and was not tuned.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saeno import FourierDictionary, MatchingPursuit, SparseAutoencoder, fit
from saeno.book.claims import Claim, Number, Paired
from saeno.data import mirrored
from saeno.data.signals import el_nino, windows

MONTHS, STEP, TRAIN, ENDS, INSIDE = 30, 3, 488, 3, 6
WAYS = {"as it is": 6, "as it is, 12 modes": 12, "tapered": 6, "mirrored": 12}
AXES = {"way": list(WAYS), "seed": range(5)}


def _number(metric: str, way: str) -> Number:
    return Number(metric, {"way": way}, possible=(0, 2), form=".2f")


CLAIMS = [
    Claim(
        id="your-activations-ends",
        chapter="interpretability/your-activations",
        source="our measurement",
        statement="A Fourier dictionary reconstructs a function that is not periodic badly near its ends; mirrored "
        "first, it does far better there, and less well in the middle.",
        setting="Monthly sea-surface temperature off Peru (Niño 1+2, NOAA), 1950 to 2010, in windows of 30 months, one "
        "each three months; trained on the first 488 months, scored on the last 244. Eight atoms with 6 modes, two "
        "events in each window; mirrored windows have 60 nodes, and 12 modes for the same frequencies; a control has "
        "12 modes on the windows as they are. 400 steps of 32 windows, at the default rate. The error is relative to "
        "the mean square of the windows; ends are three months on each side, the middle is without six on each side.",
        finding="Near the ends the error is {as_ends} as they are, {more_ends} with twice the modes, and "
        "{mirrored_ends} mirrored; in the middle {as_middle}, {more_middle} and {mirrored_middle}.",
        verdict="ours",
        numbers={
            "as_ends": _number("ends", "as it is"),
            "more_ends": _number("ends", "as it is, 12 modes"),
            "mirrored_ends": _number("ends", "mirrored"),
            "as_middle": _number("middle", "as it is"),
            "more_middle": _number("middle", "as it is, 12 modes"),
            "mirrored_middle": _number("middle", "mirrored"),
        },
        differences={
            "ends": Paired("as_ends", "mirrored_ends", least=1.5, ratio=True, form=".2f"),
            "ends_not_by_modes": Paired("more_ends", "mirrored_ends", least=1.5, ratio=True, form=".2f"),
            "worse_at_ends": Paired("as_ends", "as_middle", least=1.5, ratio=True, form=".2f"),
            "price": Paired("mirrored_middle", "as_middle", least=1.0, ratio=True, form=".2f"),
        },
    ),
    Claim(
        id="your-activations-taper",
        chapter="interpretability/your-activations",
        source="our measurement",
        statement="A taper takes the jump at the ends away too, and with it most of what happened there; the middle is "
        "as good as before.",
        setting="As for mirrored windows; three months on each side fade out by half a cosine, and the error is "
        "against the windows so faded, relative to the mean square of those that are not.",
        finding="The middle has the error {tapered_middle}, and {as_middle} in windows as they are; {lost} of the mean "
        "square near the ends is gone.",
        verdict="ours",
        numbers={
            "tapered_middle": _number("middle", "tapered"),
            "as_middle": _number("middle", "as it is"),
            "lost": Number("lost", {"way": "tapered"}, least=0.5, possible=(0, 1), form=".2f"),
        },
        differences={"middle": Paired("tapered_middle", "as_middle", most=1.25, ratio=True, form=".2f")},
    ),
]


def trial(way: str, seed: int) -> dict[str, float]:
    """Learn once; errors on months that were not learned from, near the ends of windows and in their middle."""
    months = el_nino().signal.float()
    train, test = (windows(part, MONTHS, STEP, centre=False) for part in (months[..., :TRAIN], months[..., TRAIN:]))
    middle = train.mean()
    train, test = train - middle, test - middle
    model = SparseAutoencoder(FourierDictionary(1, 8, WAYS[way], seed=seed), MatchingPursuit(2), scale=4.0)
    fit(model, shown(train, way), 400, 32, seed=seed, progress=False)
    with torch.no_grad():
        made = model.reconstruct(shown(test, way))[..., :MONTHS]
    wanted, size = shown(test, way)[..., :MONTHS], test.square().mean()
    error = (made - wanted).square().mean((0, 1)) / size
    ends = torch.cat([error[:ENDS], error[-ENDS:]])
    lost = 1 - at_ends(wanted).square().mean() / at_ends(test).square().mean()
    return {"ends": ends.mean().item(), "middle": error[INSIDE:-INSIDE].mean().item(), "lost": lost.item()}


def shown(x: Tensor, way: str) -> Tensor:
    """Windows as a model is to see them."""
    if way == "mirrored":
        return mirrored(x)
    if way == "tapered":
        return windows(x, MONTHS, centre=False, taper=ENDS / MONTHS)
    return x


def at_ends(x: Tensor) -> Tensor:
    """The first and the last months."""
    return torch.cat([x[..., :ENDS], x[..., -ENDS:]], -1)
