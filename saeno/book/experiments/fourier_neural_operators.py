"""SAE-FNO as a Fourier neural operator, and beside SAE-CNN: each identity, and each missing hypothesis. Two minutes.

Everything in float64. A path is what 100 steps of an optimiser make of the atoms. An error is a relative distance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.func import functional_call

from saeno import (
    ConvDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
)
from saeno.book.claims import Claim, Number
from saeno.book.experiments.lifting import apart, exact_and_broken, normal
from saeno.data import SparseModel, families

MODES, STEPS, BATCH, CONCEPTS, THRESHOLD = 16, 100, 16, 8, 0.05
NODES = 2 * MODES + 1
# The learning rate of Adam, and of descent at the size of gradients here; the last is too large for one step of ReLU.
SGD, ADAM = 1.0, 0.003
QUIET = 1e-30  # Adam's ε, where it should not be felt

AXES = {"case": ["layer", "same", "even", "coordinates", "lifted", "grids"], "seed": range(6)}

PATH = (
    f"Signals of a bump, its derivative and three Gabors, three events each, noise of 0.1, {NODES} nodes; {CONCEPTS} "
    f"atoms, {STEPS} steps of {BATCH} signals at a constant rate, float64. Each seed draws truth, signals and start "
    "anew. An error is the distance of the atoms at the end, over their norm. "
)


def _paths(case: str, exact: str = "", **broken: float) -> dict[str, Number]:
    """As `exact_and_broken`, with the bar of whole paths, 1e-9, and least values by name."""
    found = {name: Number(name, {"case": case}, most=1e-9, tolerance=1e-9, form=".0e") for name in exact.split()}
    for name, least in broken.items():
        found[name] = Number(name, {"case": case}, least=least, possible=(0.0, math.inf), form=".3f")
    return found


CLAIMS = [
    Claim(
        id="fourier-layer",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="Encoding with an SAE-FNO by T steps of ISTA is a Fourier neural operator of T layers with shared "
        "weights: skip I, kernel −αDᵀD, bias function αDᵀx, activation the soft threshold.",
        setting="Two channels, five atoms with 5 modes, 20 signals on 24 nodes, T = 1, 5 and 25; the layer is written "
        "with sums, without FFT and without the package. Largest error of the codes. Then the same layers without the "
        "skip, without the bias function after the first layer, and with a layer of 3 modes (T = 25).",
        finding="The codes agree to {layers}. Without the skip they are off by {no_skip}, without the bias {no_bias}, "
        "with fewer modes {few_modes}.",
        verdict="shown",
        numbers=exact_and_broken("layer", "layers", "no_skip no_bias few_modes"),
    ),
    Claim(
        id="fourier-equals-cnn",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="With all modes on an odd grid, SAE-FNO in real isometric coordinates is circular SAE-CNN: gradient "
        "descent takes both along one path.",
        setting=PATH
        + f"{MODES} modes. `both`: `fit` at rate {SGD:g}, with ISTA of 3 steps (atoms of free norm, and of "
        "unit norm), one top-k, and matching pursuit (unit norm); largest error. `momentum`: ISTA, momentum 0.9 and "
        f"weight decay 0.01, at a tenth of the rate. `adam`: ISTA, Adam at {ADAM:g}.",
        finding="The paths are at most {both} apart, with momentum and weight decay {momentum}. With Adam they part by "
        "{adam}.",
        verdict="shown",
        numbers=_paths("same", "both momentum", adam=0.05),
    ),
    Claim(
        id="fourier-even",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="On an even grid the two differ: the highest wave is missing, or has another norm.",
        setting=PATH.replace(f"{NODES} nodes", f"{NODES - 1} nodes") + f"ISTA with 3 steps, rate {SGD:g}. `missing`: "
        f"{MODES - 1} modes beside {NODES - 1} taps. `doubled`: the cosine of frequency {MODES} added as √2 cos, whose "
        "norm on this grid is √2. `repaired`: added with norm 1.",
        finding="Missing: {missing}. Doubled: {doubled}, and of the highest wave alone {wave}. With norm 1 the paths "
        "agree to {repaired}.",
        verdict="shown",
        numbers=_paths("even", "repaired", missing=0.05, doubled=0.0, wave=0.05),
    ),
    Claim(
        id="fourier-coordinates",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="Gradient descent on coordinates θ of taps w = θB is descent on w with the preconditioner BᵀB: "
        "orthonormal coordinates change nothing, and a half-spectrum of complex numbers gives the mean half the rate.",
        setting=PATH
        + f"ISTA with 3 steps, atoms of free norm. Rate {SGD:g}; for the half-spectrum half of it, so that "
        "all frequencies but 0 learn alike. `rotated`: a random orthogonal B. `predicted`: the half-spectrum against "
        f"descent on taps with BᵀB. Adam at {ADAM:g}, each against Adam on taps, and `adam_half_real`: half-spectrum "
        "against real coordinates.",
        finding="Real coordinates: {real}. Rotated: {rotated}. The half-spectrum parts by {half}, in the mean of the "
        "atoms by {half_mean}, and is predicted to {predicted}. Under Adam: real coordinates {adam_real}, "
        "half-spectrum {adam_half}, rotated {adam_rotated}, half-spectrum against real {adam_half_real}.",
        verdict="shown",
        numbers=_paths(
            "coordinates",
            "real rotated predicted",
            half=0.01,
            half_mean=0.05,
            adam_real=0.05,
            adam_half=0.05,
            adam_rotated=0.05,
            adam_half_real=0.05,
        ),
    ),
    Claim(
        id="fourier-lifted",
        chapter="operators/fourier-neural-operators",
        source="our derivation",
        statement="For scalar functions a pointwise lift P is a learning rate: its factor is the sum of squares of P "
        "for gradient descent, and the sum of sizes for Adam.",
        setting=PATH
        + "SAE-FNO, ISTA with 3 steps, lifted to 8 channels by a Gaussian P, tied, `fit` with atoms of unit "
        f"norm. `sgd`: rate {SGD:g}/PPᵀ beside {SGD:g}; `adam`: {ADAM:g}/Σ|P| beside {ADAM:g}, with ε of Adam out of "
        "the way. The same rate for both: `sgd_same`, `adam_same`. `adam_square`: Adam at its rate over PPᵀ.",
        finding="With the factor: descent {sgd}, Adam {adam}. At the same rate: {sgd_same} and {adam_same}. Adam with "
        "the factor of descent: {adam_square}.",
        verdict="shown",
        numbers=_paths("lifted", "sgd adam", sgd_same=0.05, adam_same=0.05, adam_square=0.01),
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
    ),
]


def trial(case: str, seed: int) -> dict[str, float]:
    """Errors by name; which are exact and which are broken is said in `CLAIMS`."""
    cases = {
        "layer": _layer,
        "same": _same,
        "even": _even,
        "coordinates": _coordinates,
        "lifted": _lifted,
        "grids": _grids,
    }
    return cases[case](seed)


# The layer


def fourier_layer(v: Tensor, skip: Tensor, kernel: Tensor, bias: Tensor | float, activation: Callable) -> Tensor:
    """σ(W v + K v + b) on the nodes of v `(batch, in, n)`, K by its coefficients `(in, out, modes + 1)`."""
    n, top = v.shape[-1], kernel.shape[-1]
    phase = 2 * math.pi * torch.outer(torch.arange(top).double(), torch.arange(n).double() / n)
    wave = torch.polar(torch.ones_like(phase), phase)
    coefficients = v.to(wave.dtype) @ wave.conj().T / n
    moved = torch.einsum("bik,iok->bok", coefficients, kernel)
    moved[..., 1:] *= 2  # each wave stands for its conjugate too
    return activation(torch.einsum("bin,io->bon", v, skip) + (moved @ wave).real + bias)


@torch.no_grad()
def _layer(seed: int) -> dict[str, float]:
    dictionary = FourierDictionary(2, 5, 5, seed=seed).double()
    random = torch.Generator().manual_seed(seed)
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


# Paths


def signals(seed: int, n: int = NODES, count: int = STEPS * BATCH) -> Tensor:
    """Three events of five smooth functions in each, `(count, 1, n)`, in float64."""
    data = SparseModel(families.bumps_and_gabors(seed).double(), 3, signed=False, noise=0.1)
    return data.sample(count, n, torch.Generator().manual_seed(seed)).signal


def ista() -> Unrolled:
    """The encoder of most paths."""
    return Unrolled(SoftThreshold(THRESHOLD), 3)


def trained(dictionary, encoder, x: Tensor, optimizer, rate: float, normalize: bool = False) -> Tensor:
    """The atoms after `fit`, on the nodes of the signals."""
    model = SparseAutoencoder(dictionary, encoder)
    fit(model, x, STEPS, BATCH, rate, optimizer, "constant", normalize=normalize, progress=False)
    return dictionary.atoms(x.shape[-1]).detach()


def descend(build, start: Tensor, rate: float, optimizer, x: Tensor) -> Tensor:
    """The taps after 100 steps on coordinates whose taps are `build(coordinates)`."""
    theta = start.clone().requires_grad_()
    stepper = optimizer([theta], lr=rate)
    model = SparseAutoencoder(ConvDictionary(1, len(start), x.shape[-1]).double(), ista())
    for batch in x.split(len(x) // STEPS):
        made, code = functional_call(model, {"dictionary.weight": build(theta)}, (batch,))
        loss = (batch - made).square().mean() / 2 + THRESHOLD * code.abs().sum(1).mean()
        (theta.grad,) = torch.autograd.grad(loss, theta)
        stepper.step()
    return build(theta).detach()


def waves(n: int, modes: int) -> Tensor:
    """The functions 1, √2 cos, √2 sin on n nodes, over √n: rows `(2·modes + 1, n)`, orthonormal for n ≥ 2·modes + 1."""
    phase = 2 * math.pi * torch.outer(torch.arange(1, modes + 1).double(), torch.arange(n).double() / n)
    constant = torch.ones(1, n, dtype=torch.float64)
    return torch.cat([constant, math.sqrt(2) * phase.cos(), math.sqrt(2) * phase.sin()]) / math.sqrt(n)


def half_spectrum(n: int) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """From complex coefficients of the frequencies ≥ 0, stored as pairs, to taps; and back."""

    def build(pairs):
        return torch.fft.irfft(torch.view_as_complex(pairs), n, norm="forward") / math.sqrt(n)

    def undo(taps):
        return torch.view_as_real(torch.fft.rfft(taps, norm="forward") * math.sqrt(n)).contiguous()

    return build, undo


def _same(seed: int) -> dict[str, float]:
    x = signals(seed)
    greedy = (lambda: OneStep(TopK(3)), lambda: MatchingPursuit(3))

    def error(encoder, optimizer, rate, normalize):
        fourier = FourierDictionary(1, CONCEPTS, MODES, seed=seed).double()
        kernels = ConvDictionary.from_atoms(fourier.atoms(NODES).detach())
        return apart(*(trained(d, encoder(), x, optimizer, rate, normalize) for d in (fourier, kernels)))

    heavy = partial(torch.optim.SGD, momentum=0.9, weight_decay=0.01)
    soft = [error(ista, torch.optim.SGD, SGD, unit) for unit in (False, True)]
    return {
        "both": max(soft + [error(encoder, torch.optim.SGD, SGD, True) for encoder in greedy]),
        "momentum": error(ista, heavy, SGD / 10, True),
        "adam": error(ista, torch.optim.Adam, ADAM, True),
    }


def _even(seed: int) -> dict[str, float]:
    n = NODES - 1
    x, random = signals(seed, n), torch.Generator().manual_seed(seed)
    low = waves(n, MODES - 1)
    nyquist = (-1.0) ** torch.arange(n).double() / math.sqrt(n)
    start = normal(random, CONCEPTS, 1, n - 1) @ low / math.sqrt(n - 1)
    run = partial(descend, rate=SGD, optimizer=torch.optim.SGD, x=x)
    taps = run(lambda w: w, start)
    found = {}
    for name, rows in (
        ("missing", low),
        ("doubled", torch.cat([low, math.sqrt(2) * nyquist[None]])),
        ("repaired", torch.cat([low, nyquist[None]])),
    ):
        path = run(lambda theta, rows=rows: theta @ rows, start @ torch.linalg.pinv(rows))
        found[name] = apart(path, taps)
        if name == "doubled":
            found["wave"] = apart(path @ nyquist, taps @ nyquist)
    return found


def _coordinates(seed: int) -> dict[str, float]:
    x, random = signals(seed), torch.Generator().manual_seed(seed)
    start = normal(random, CONCEPTS, 1, NODES) / math.sqrt(NODES)
    rows, turn = waves(NODES, MODES), torch.linalg.qr(normal(random, NODES, NODES)).Q
    build, undo = half_spectrum(NODES)
    scale = torch.full((NODES,), 2.0, dtype=torch.float64)
    scale[0] = 1  # BBᵀ of the half-spectrum, in real coordinates: half the rate undoes the rest
    root = (rows.T * scale.sqrt()) @ rows
    paths = {}
    for kind, rate in ((torch.optim.SGD, SGD), (torch.optim.Adam, ADAM)):
        run, name = partial(descend, optimizer=kind, x=x), kind.__name__
        slow = rate / 2 if kind is torch.optim.SGD else rate
        paths[name, "taps"] = run(lambda w: w, start, rate)
        paths[name, "real"] = run(lambda theta: theta @ rows, start @ rows.T, rate)
        paths[name, "rotated"] = run(lambda theta: theta @ turn, start @ turn.T, rate)
        paths[name, "half"] = run(build, undo(start), slow)
    paths["SGD", "predicted"] = descend(lambda w: w @ root, start @ torch.linalg.inv(root), SGD / 2, torch.optim.SGD, x)
    plain, adam = paths["SGD", "taps"], paths["Adam", "taps"]
    return {
        "real": apart(paths["SGD", "real"], plain),
        "rotated": apart(paths["SGD", "rotated"], plain),
        "half": apart(paths["SGD", "half"], plain),
        "half_mean": apart(paths["SGD", "half"].mean(2), plain.mean(2)),
        "predicted": apart(paths["SGD", "half"], paths["SGD", "predicted"]),
        "adam_real": apart(paths["Adam", "real"], adam),
        "adam_half": apart(paths["Adam", "half"], adam),
        "adam_rotated": apart(paths["Adam", "rotated"], adam),
        "adam_half_real": apart(paths["Adam", "half"], paths["Adam", "real"]),
    }


def _lifted(seed: int) -> dict[str, float]:
    x, random = signals(seed), torch.Generator().manual_seed(seed)
    row = normal(random, 1, 8)
    square, sizes = row.square().sum().item(), row.abs().sum().item()
    adam = partial(torch.optim.Adam, eps=QUIET)

    def atoms(optimizer, rate, lift):
        dictionary = Lifted(FourierDictionary(8, CONCEPTS, MODES, seed=seed).double(), Lifting(row.T, row))
        if not lift:
            dictionary = FourierDictionary.from_atoms(dictionary.atoms(NODES), MODES)
        return trained(dictionary, ista(), x, optimizer, rate, normalize=True)

    plain, plain_adam = atoms(torch.optim.SGD, SGD, False), atoms(adam, ADAM, False)
    return {
        "sgd": apart(atoms(torch.optim.SGD, SGD / square, True), plain),
        "adam": apart(atoms(adam, ADAM / sizes, True), plain_adam),
        "sgd_same": apart(atoms(torch.optim.SGD, SGD, True), plain),
        "adam_same": apart(atoms(adam, ADAM, True), plain_adam),
        "adam_square": apart(atoms(adam, ADAM / square, True), plain_adam),
    }


# Grids


def layer_2d(value: Tensor, kernel: Tensor, modes: int, grid=None, shift_back=torch.fft.ifftshift) -> Tensor:
    """A Fourier layer with two axes as it is often written: shift, crop, multiply, shift back; padded at its end.

    kernel: complex, `(in, out, 2·modes + 1, modes + 1)`. With the default it is right on the grid of `value`.
    """
    spectrum = torch.fft.fftshift(torch.fft.rfftn(value, dim=(2, 3), norm="forward"), dim=2)
    centre, moved = value.shape[2] // 2, spectrum.new_zeros(len(value), kernel.shape[1], *spectrum.shape[2:])
    kept = (..., slice(centre - modes, centre + modes + 1), slice(modes + 1))
    moved[kept] = torch.einsum("biuv,iouv->bouv", spectrum[kept], kernel)
    back = shift_back(moved, dim=2)
    return torch.fft.irfftn(back, s=grid or tuple(value.shape[2:]), dim=(2, 3), norm="forward")


def sum_of_waves(dictionary: FourierDictionary, code: Tensor, grid: tuple[int, int]) -> Tensor:
    """Synthesis by its definition: the atoms at every difference of a node of `grid` and a node of the code."""
    own = tuple(code.shape[2:])
    to, at = (torch.cartesian_prod(*(torch.arange(n).double() / n for n in nodes)) for nodes in (grid, own))
    differences = (to[:, None] - at[None]).flatten(0, 1)
    atoms = dictionary.at(differences).unflatten(2, (len(to), len(at)))
    return torch.einsum("cmuv,bcv->bmu", atoms, code.flatten(2)).div(len(at)).unflatten(2, grid)


@torch.no_grad()
def _grids(seed: int) -> dict[str, float]:
    dictionary = FourierDictionary(2, 3, (5, 5), seed=seed).double()
    random = torch.Generator().manual_seed(seed)
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
