"""Whitening from few samples, with the shrinkage of Ledoit and Wolf and without. Two minutes.

As many signals as said are all there is: the covariance and the training both have these and no more.
"""

from __future__ import annotations

from saeno import DenseDictionary, Lifted, Lifting, OneStep, SparseAutoencoder, TopK, fit
from saeno.book.claims import Claim, Number, Paired
from saeno.book.lifting.whitening.lab import ACTIVE, NOISE, SIZE, STEPS, truth
from saeno.data import SparseModel
from saeno.metrics import mcc
from saeno.seeds import generator

AXES = {
    "data": ["anisotropic", "coherent"],
    "count": [80, 160, 320, 1280],
    "method": ["unlifted", "no shrinkage", "Ledoit–Wolf"],
    "seed": range(5),
}
RATE = 0.07

CLAIMS = [
    Claim(
        id="whitening-few-samples",
        chapter="lifting/whitening",
        source="our measurement",
        statement="With few samples a whitening lift gains from shrinking the covariance, with many it does not.",
        setting="As many signals in 64 dimensions as said are all there is, to whiten and to train; coherent atoms, "
        "otherwise as for the gain of the whitening lift, Adam at 0.07. The shrinkage is that of scikit-learn's "
        "Ledoit–Wolf estimate.",
        finding="With 80 signals the mean cosine with the hidden atoms is {unlifted} without a lift, {raw} with the "
        "covariance as it is, and {shrunk} with shrinkage, a gain of {gain}. With 160 signals it is {unlifted160} "
        "without a lift and {shrunk160} with shrinkage; with 1280 it is {raw1280} as it is and {shrunk1280} with "
        "shrinkage.",
        verdict="ours",
        numbers={
            name: Number("cosine", {"data": "coherent", "count": count, "method": method}, possible=(0.0, 1.0))
            for name, count, method in (
                ("unlifted", 80, "unlifted"),
                ("raw", 80, "no shrinkage"),
                ("shrunk", 80, "Ledoit–Wolf"),
                ("unlifted160", 160, "unlifted"),
                ("shrunk160", 160, "Ledoit–Wolf"),
                ("raw1280", 1280, "no shrinkage"),
                ("shrunk1280", 1280, "Ledoit–Wolf"),
            )
        },
        differences={
            "gain": Paired("shrunk", "raw", least=0.0),
            "lift": Paired("raw", "unlifted", least=0.1),
            "lift160": Paired("shrunk160", "unlifted160", least=0.2),
            "gain1280": Paired("shrunk1280", "raw1280", least=-0.02, most=0.02),
        },
    ),
]


def trial(data: str, count: int, method: str, seed: int) -> dict[str, float]:
    """Train once on `count` signals; the mean cosine of the hidden atoms, and the shrinkage that was used."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    true = truth(data, seed)
    random = generator(40_000 + seed)
    samples = SparseModel(true, ACTIVE, noise=NOISE).sample(count, generator=random).signal
    shrinkage = float(ledoit_wolf_shrinkage(samples.numpy())) if method == "Ledoit–Wolf" else 0.0
    dictionary = DenseDictionary(SIZE, SIZE, seed=seed)
    if method != "unlifted":
        dictionary = Lifted(dictionary, Lifting.whitening(samples, shrinkage))
    model = SparseAutoencoder(dictionary, OneStep(TopK(ACTIVE)))
    fit(model, samples, STEPS, min(count, 128), lr=RATE, seed=seed, progress=False)
    return {"cosine": mcc(model.dictionary, true), "shrinkage": shrinkage}
