"""What the experiments on resolution train, and the ways they carry codes to another grid."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno import (
    ConvDictionary,
    FourierDictionary,
    MatchingPursuit,
    SoftThreshold,
    SparseAutoencoder,
    Unrolled,
    fit,
)
from saeno.book.shared import apart as apart
from saeno.data import SparseModel
from saeno.data.families import bumps_and_gabors
from saeno.dictionaries import Dictionary
from saeno.seeds import generator

NODES, MODES, TAPS, CONCEPTS, EVENTS = 128, 32, 48, 10, 4
STEPS, BATCH, SIGNALS, TESTED = 150, 32, 1024, 24
THRESHOLD, ROUNDS = 0.1, 40
RATES = {"fno": 0.08, "cnn": 0.08}
KINDS = ("linear", "cubic", "sinc")

ENCODER = Unrolled(SoftThreshold(THRESHOLD, positive=True), ROUNDS, accelerate=True)


def world(seed: int) -> SparseModel:
    """The hidden truth of a seed."""
    return SparseModel(bumps_and_gabors(10_000 + seed), active=EVENTS, signed=False)


def signals(data: SparseModel, seed: int, n: int, count: int, new: bool = False) -> Tensor:
    """Signals on n nodes, for training or `new` ones; the same functions for every n."""
    events = data.sample_events(count, generator((30_000 if new else 20_000) + seed))
    return data.render(events, n)


@torch.enable_grad()
def trained(
    kind: str, seed: int, data: SparseModel | None = None, nodes: int = NODES, modes: int = MODES, lr: float = 0.0
) -> Dictionary:
    """The dictionary of an SAE-FNO ("fno") or SAE-CNN ("cnn"), trained on that many nodes."""
    make = {"fno": lambda: FourierDictionary(1, CONCEPTS, modes, seed=seed)}
    make["cnn"] = lambda: ConvDictionary(1, CONCEPTS, TAPS, seed=seed)
    model = SparseAutoencoder(make[kind](), MatchingPursuit(EVENTS, detach=True))
    known = signals(data or world(seed), seed, nodes, SIGNALS)
    fit(model, known, STEPS, batch=BATCH, lr=lr or RATES[kind], seed=seed, progress=False)
    return model.dictionary.requires_grad_(False)


def unscaled(dictionary: ConvDictionary, n: int, kind: str = "sinc", nodes: int = NODES) -> ConvDictionary:
    """Kernels interpolated to n nodes by their values alone."""
    made = dictionary.interpolated(nodes, n, kind)
    made.weight.data *= math.sqrt(n / nodes)
    return made


def resampled(signal: Tensor, n: int) -> Tensor:
    """The same function on n nodes, without the frequencies that one of the grids cannot carry."""
    spectrum = torch.fft.rfft(signal, norm="forward")[..., : (min(n, signal.shape[-1]) + 1) // 2]
    return torch.fft.irfft(spectrum, n, norm="forward")


def frozen_pursuit(dictionary: Dictionary, signal: Tensor, height: float) -> Tensor:
    """Matching pursuit whose events have the density `height` × mass, whatever the grid."""
    choice, code = MatchingPursuit(1), 0.0
    share = height / signal.shape[-1]
    left = signal
    for _ in range(EVENTS):
        event = share * choice(dictionary, left)
        code, left = code + event, left - dictionary.synthesis(event)
    return code


def forgiving_cosine(a: Tensor, b: Tensor, width: float = 1 / 128) -> float:
    """As the cosine of `compare_codes`, but each concept may be moved, in all signals alike, to where it fits best."""
    most = (min(a.shape[-1], b.shape[-1]) - 1) // 2
    k = torch.arange(-most, most + 1)
    damping = torch.exp(-2 * (math.pi * width * k) ** 2)
    a, b = (torch.fft.fft(code, norm="forward")[..., k] * damping for code in (a, b))
    places = torch.arange(1024) / 1024
    waves = torch.polar(torch.ones(len(k), 1024), 2 * math.pi * k[:, None] * places)
    fits = ((a.conj() * b).sum(0) @ waves).real.amax(1).sum()
    return (fits / (a.norm() * b.norm())).item()


def busiest(dictionary: Dictionary, code: Tensor) -> int:
    """Of the atoms that the code uses more than others, the one with the fastest waves."""
    use, waves = code.mean((0, 2)), dictionary.atoms(NODES)[:, 0].diff(dim=1).norm(dim=1)
    return int((waves * (use > use.median())).argmax())
