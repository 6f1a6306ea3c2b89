"""Why one layer of ReLU finds few of the rare concepts: what Adam remembers of large gradients. Some minutes.

The toy of `sparse_autoencoders_toy` and its model with ReLU, an encoder of its own and an L1 loss, with one thing
changed at a time: atoms of any norm, with a penalty that counts it; an encoder that starts at a tenth of its size;
gradients shortened to norm ½; or an Adam that forgets the size of a gradient after ten steps, in place of a thousand.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from saeno import SparseAutoencoder, fit
from saeno.book.claims import Claim, Number, Paired
from saeno.book.recovery.sparse_autoencoders import toy
from saeno.losses import misfit

RATES = {
    "as it is": (0.003, 0.006, 0.012, 0.024),
    "free norms": (0.003, 0.006, 0.012, 0.024),
    "short start": (0.006, 0.012, 0.024),
    "clipped": (0.006, 0.012, 0.024),
    "short memory": (0.003, 0.006, 0.012),
}
AXES = {"setting": [f"{change} | {rate}" for change, rates in RATES.items() for rate in rates], "seed": range(5)}


def weighed(model: SparseAutoencoder, signal: Tensor) -> Tensor:
    """½‖x − x̂‖² + λ Σ z_c ‖d_c‖: it does not change when an atom gets longer and its masses smaller."""
    reconstruction, code = model(signal)
    norms = model.dictionary.atoms().norm(dim=1)
    return misfit(signal, reconstruction) + toy.L1 * (code * norms).sum(1).mean()


def trial(setting: str, seed: int) -> dict[str, float]:
    """Train with one change, at one rate; what was recovered."""
    change, rate = setting.split(" | ")
    model, loss = toy.made("ReLU, L1", seed)
    how = {
        "free norms": {"loss": weighed, "normalize": False},
        "clipped": {"clip": 0.5},
        "short memory": {"optimizer": partial(torch.optim.Adam, betas=(0.9, 0.9))},
    }.get(change, {})
    if change == "short start":
        with torch.no_grad():
            model.inference.encoder.weight.mul_(0.1)
    how = {"loss": loss, **how}
    fit(model, toy.toy(seed), toy.STEPS, batch=toy.BATCH, lr=float(rate), seed=seed, progress=False, **how)
    with torch.no_grad():
        return toy.scores(model.dictionary.atoms(), *model(toy.unseen(seed)), seed)


SHARE = partial(Number, possible=(0.0, 1.0))
CLAIMS = [
    Claim(
        id="encoders-memory",
        chapter="recovery/sparse-autoencoders",
        source="our measurement",
        statement="In a short training one layer of ReLU finds few of the rare concepts because Adam remembers its "
        "first, large gradients.",
        setting="The toy of rare concepts: 512 random unit atoms in 256 dimensions, active with probabilities in "
        "proportion to 0.99^c, five on average; 400 steps of 256 signals; ReLU with an encoder of its own that starts "
        "as the transpose of the atoms, L1 penalty 0.05, Adam with a cosine schedule, each at the best of three or "
        "four rates on these seeds. One thing is changed at a time: gradients are shortened to norm ½; or Adam's "
        "running mean of squares has β₂ = 0.9 in place of 0.999; or atoms may have any norm, with a penalty that "
        "counts it.",
        finding="The mean best cosine of the true atoms is {plain} as it is, {clipped} with gradients shortened, and "
        "{forgetful} when Adam forgets in ten steps. With atoms of any norm, as a control, it is {free}.",
        verdict="ours",
        numbers={
            "plain": SHARE("cosine", {"setting": "as it is | 0.006"}, most=0.65),
            "clipped": SHARE("cosine", {"setting": "clipped | 0.012"}),
            "forgetful": SHARE("cosine", {"setting": "short memory | 0.006"}),
            "free": SHARE("cosine", {"setting": "free norms | 0.006"}),
        },
        differences={
            "by_clipping": Paired("clipped", "plain", least=0.1),
            "by_forgetting": Paired("forgetful", "plain", least=0.1),
            "by_norms": Paired("free", "plain", most=0.05),  # the control
        },
    ),
]
