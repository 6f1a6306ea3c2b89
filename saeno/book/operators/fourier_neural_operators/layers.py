"""A Fourier layer by its sums: ISTA is a stack of them, and on which grids fast code computes it. Some seconds.

Everything in float64. An error is a relative distance.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from saeno import FourierDictionary, SoftThreshold, Unrolled
from saeno.book.claims import Claim, Paired
from saeno.book.operators.fourier_neural_operators.lab import THRESHOLD, apart, fourier_layer, layer_2d, sum_of_waves
from saeno.book.shared import exact_and_broken, normal
from saeno.data import SparseModel
from saeno.seeds import generator

AXES = {"case": ["layer", "grids"], "seed": range(6)}
CLAIMS = [
    Claim(
        id="fourier-layer",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="Encoding with an SAE-FNO by T steps of ISTA is T Fourier layers with shared weights, and the signal "
        "fed into each: skip I, kernel −αDᵀD, bias function αDᵀx, activation the soft threshold.",
        setting="Two channels, five atoms with 5 modes, 20 signals on 24 nodes, T = 1, 5 and 25; the layer is written "
        "with sums, without FFT and without the package. Largest error of the codes. Then the same layers without the "
        "skip, without the bias function after the first layer, and with a layer of 3 modes (T = 25).",
        finding="The codes agree to {layers}. Without the skip they are off by {no_skip}, without the bias {no_bias}, "
        "with fewer modes {few_modes}.",
        verdict="shown",
        numbers=exact_and_broken("layer", "layers", "no_skip no_bias few_modes"),
        differences={
            f"{name}_breaks": Paired(name, "layers", least=0.05) for name in ("no_skip", "no_bias", "few_modes")
        },
    ),
    Claim(
        id="fourier-grids",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="A layer that is a finite sum of waves has the same values on every grid that carries them; a "
        "spectrum that is padded at its end, or shifted back the wrong way, has not.",
        setting="Frequencies up to 5 on both axes, three input and two output channels. Grids of 12 × 12, 13 × 13, "
        "11 × 14 and 14 × 15 nodes, and from 12 × 12 to 24 × 24. `ours`: `FourierDictionary` against the sum of its "
        "waves at each node, largest error. The common faults, each alone: `shift`: fftshift where ifftshift belongs, "
        "13 × 13; `even`: the same, 12 × 12; `pad`: 24 × 24 from a spectrum of 12 × 12 padded at its end.",
        finding="Ours is at most {ours} from the sum. The wrong shift is harmless on an even grid ({even}) and off by "
        "{shift} on an odd one. The padding at the end is off by {pad}.",
        verdict="shown",
        numbers=exact_and_broken("grids", "ours even", "shift pad"),
        differences={
            "shift_breaks": Paired("shift", "even", least=0.05),
            "pad_breaks": Paired("pad", "ours", least=0.05),
        },
    ),
]


def trial(case: str, seed: int) -> dict[str, float]:
    """Errors by name; which are exact and which are broken is said in `CLAIMS`."""
    return {"layer": _layer, "grids": _grids}[case](seed)


@torch.no_grad()
def _layer(seed: int) -> dict[str, float]:
    dictionary = FourierDictionary(2, 5, 5, seed=seed).double()
    random = generator(seed)
    signal = SparseModel(dictionary, 4, noise=0.1).sample(20, 24, random).signal
    step = 1 / dictionary.largest_eigenvalue().item()
    atoms = torch.fft.rfft(dictionary.atoms(24), norm="forward")[..., :6]
    gram = torch.einsum("imk,omk->iok", atoms, atoms.conj())
    bias = step * dictionary.analysis(signal)

    def network(steps, skip=1.0, kernel=gram, later=1.0):
        z = torch.zeros_like(bias)
        for t in range(steps):
            b = bias if t == 0 else later * bias
            z = fourier_layer(z, skip * torch.eye(5).double(), -step * kernel, b, _soft(step * THRESHOLD))
        return z

    codes = {steps: Unrolled(SoftThreshold(THRESHOLD), steps)(dictionary, signal) for steps in (1, 5, 25)}
    return {
        "layers": max(apart(network(steps), code) for steps, code in codes.items()),
        "no_skip": apart(network(25, skip=0.0), codes[25]),
        "no_bias": apart(network(25, later=0.0), codes[25]),
        "few_modes": apart(network(25, kernel=gram[..., :4]), codes[25]),
    }


def _soft(level: float) -> Callable[[Tensor], Tensor]:
    return lambda v: v.sign() * (v.abs() - level).clamp(min=0)


@torch.no_grad()
def _grids(seed: int) -> dict[str, float]:
    dictionary = FourierDictionary(2, 3, (5, 5), seed=seed).double()
    random = generator(seed)
    kernel = torch.fft.rfftn(dictionary.atoms((11, 11)), dim=(2, 3), norm="forward")
    kernel = torch.cat([kernel[..., 6:, :], kernel[..., :6, :]], 2)
    ours, faults = [], {}
    for grid in ((12, 12), (13, 13), (11, 14), (14, 15)):
        code = normal(random, 4, 3, *grid)
        exact = sum_of_waves(dictionary, code, grid)
        ours += [apart(dictionary.synthesis(code), exact), apart(layer_2d(code, kernel, 5), exact)]
        if grid in ((12, 12), (13, 13)):
            wrong = layer_2d(code, kernel, 5, shift_back=torch.fft.fftshift)
            faults["even" if grid == (12, 12) else "shift"] = apart(wrong, exact)
        if grid == (12, 12):
            fine = sum_of_waves(dictionary, code, (24, 24))
            ours.append(apart(dictionary.render(code, (24, 24)), fine))
            faults["pad"] = apart(layer_2d(code, kernel, 5, (24, 24)), fine)
    return {"ours": max(ours), **faults}
