"""What one step of top-k finds in photographs, and what whitening changes. Four minutes.

Patches of 12 × 12 pixels of six photographs, without their mean; 144 atoms, 8 active, 600 steps of 128 patches, Adam.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from saeno import DenseDictionary, Lifted, Lifting, OneStep, SparseAutoencoder, TopK, Unrolled, fit
from saeno.book.claims import Claim, Number, Paired
from saeno.data import signals
from saeno.metrics import fvu

SIDE, CONCEPTS, ACTIVE, STEPS, SHRINKAGE = 12, 144, 8, 600, 0.01
RATES = (0.01, 0.03, 0.1)
AXES = {
    "method": ["raw", "lift", "white data"],
    "encoder": ["one step", "five rounds"],
    "rate": RATES,
    "seed": range(5),
}

SHARE = (0.0, 1.0)


def _at(method: str, encoder: str, rate: float) -> dict[str, str | float]:
    return {"method": method, "encoder": encoder, "rate": rate}


CLAIMS = [
    Claim(
        id="whitening-photographs",
        chapter="lifting/whitening",
        source="doi:10.1038/381607a0",
        statement="Sparse codes of whitened photographs have localised, oriented atoms.",
        setting="Patches of 12 × 12 pixels of six photographs, their mean taken off; 144 atoms, 8 active, one step of "
        "tied top-k or five rounds, 600 steps of Adam, at the rate of 0.01, 0.03 and 0.1 that leaves the least "
        "variance unexplained; shrinkage 0.01. Atoms are judged in whitened pixels, those of raw patches in pixels: "
        "localised when the energy has a spread below 0.25 sides, oriented when the index of orientation is above "
        "0.6. The variance unexplained is that of pixels.",
        finding="The share of localised, oriented atoms is {white} on white data, {raw} on raw patches, {rounds} with "
        "five rounds on raw patches, and {lift} with a whitening lift, whose loss is in pixels. The fraction of "
        "variance unexplained is {fvu_white} on white data and {fvu_raw} on raw patches.",
        verdict="reproduced in a regime",
        numbers={
            "white": Number("share_white", _at("white data", "one step", 0.03), least=0.4, possible=SHARE),
            "raw": Number("share_data", _at("raw", "one step", 0.03), most=0.1, possible=SHARE),
            "rounds": Number("share_data", _at("raw", "five rounds", 0.01), most=0.1, possible=SHARE),
            "lift": Number("share_white", _at("lift", "one step", 0.01), most=0.1, possible=SHARE),
            "fvu_white": Number("fvu", _at("white data", "one step", 0.03)),
            "fvu_raw": Number("fvu", _at("raw", "one step", 0.03)),
        },
        differences={f"more_than_{name}": Paired("white", name, least=0.3) for name in ("raw", "rounds", "lift")}
        | {"price": Paired("fvu_white", "fvu_raw", least=0.1)},
    ),
]


@cache
def patches() -> Tensor:
    """All patches of the photographs, four pixels apart, with their mean taken off: `(24576, 144)` of mean square 1."""
    found = signals.windows(signals.natural_images(256).signal, (SIDE, SIDE), (4, 4)).flatten(1)
    return found / found.square().mean().sqrt()


def spread(atoms: Tensor) -> Tensor:
    """How far the energy of images `(count, n, n)` lies from its middle: root mean square, in sides; even: 0.41."""
    energy = atoms.double().square()
    energy = energy / energy.sum((1, 2), keepdim=True)
    place = (torch.arange(atoms.shape[1]) + 0.5) / atoms.shape[1]
    rows, columns = energy.sum(2), energy.sum(1)
    return sum(e @ place.double() ** 2 - (e @ place.double()) ** 2 for e in (rows, columns)).sqrt()


def orientation(atoms: Tensor) -> Tensor:
    """How much the power of images `(count, n, n)` lies in one direction of frequencies: 0 in none, 1 all of it.

    The length of the mean of exp(2iθ), weighted by the power, over a disc of frequencies of direction θ.
    """
    power = torch.fft.fft2(atoms.double(), s=(64, 64)).abs().square()
    across, along = torch.meshgrid(torch.fft.fftfreq(64), torch.fft.fftfreq(64), indexing="ij")
    radius = torch.hypot(across, along)
    power = power * ((radius > 0) & (radius <= 0.5))
    turned = torch.exp(2j * torch.atan2(across, along).double())
    return (power * turned).sum((1, 2)).abs() / power.sum((1, 2))


def learn(method: str, encoder: str, rate: float, seed: int) -> tuple[SparseAutoencoder, Lifting]:
    """A trained model, and the lifting that whitens the patches."""
    lifting = Lifting.whitening(patches(), shrinkage=SHRINKAGE)
    dictionary = DenseDictionary(SIDE**2, CONCEPTS, seed=seed)
    if method == "lift":
        dictionary = Lifted(dictionary, lifting)
    inference = {"one step": OneStep(TopK(ACTIVE)), "five rounds": Unrolled(TopK(ACTIVE), 5, detach=True)}[encoder]
    model = SparseAutoencoder(dictionary, inference)
    data = lifting.lift(patches()) if method == "white data" else patches()
    fit(model, data, STEPS, lr=rate, seed=seed, progress=False)
    return model, lifting


def trial(method: str, encoder: str, rate: float, seed: int) -> dict[str, float]:
    """Train once; the fraction of variance unexplained, and means over atoms, in pixels and in whitened pixels."""
    model, lifting = learn(method, encoder, rate, seed)
    with torch.no_grad():
        atoms, given = model.dictionary.atoms(), patches()[:4096]
        own = lifting.lift(given) if method == "white data" else given
        reconstruction, code = model(own)
        data = lifting.project(reconstruction) if method == "white data" else reconstruction
        pixels = lifting.project(atoms) if method == "white data" else atoms
        spaces = {"data": pixels, "white": lifting.lift(pixels)}
    result = {
        "fvu": fvu(given, data),
        "fvu_own": fvu(own, reconstruction),
        "dead": (code != 0).any(0).logical_not().double().mean().item(),
    }
    for name, found in spaces.items():
        images = found.view(-1, SIDE, SIDE)
        where, how = spread(images), orientation(images)
        result |= {f"spread_{name}": where.mean().item(), f"orientation_{name}": how.mean().item()}
        result[f"share_{name}"] = ((where < 0.25) & (how > 0.6)).double().mean().item()
    return result
