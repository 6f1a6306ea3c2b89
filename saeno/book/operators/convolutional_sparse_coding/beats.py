"""Do kernels learned from pressure recordings agree, between halves and between animals, beyond chance? Minutes.

Recordings of one animal, freed of slow waves such as breathing; one kernel is learned from their first halves, one from
their second halves, one from another animal. The control is the same with data whose phases were drawn at random: they
have the spectrum, and so the smoothness and the rhythm, of the recordings, but no beats.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno import ConvDictionary, MatchingPursuit, SparseAutoencoder, fit
from saeno.book.claims import Claim, Number, Paired
from saeno.data.signals import pig_pressure, windows
from saeno.metrics import fvu, match_atoms
from saeno.seeds import generator

TAPS, WINDOW, EVENTS, STEPS, RATE = 48, 125, 4, 60, 0.03
SLOWEST, FASTEST = 20, 250  # waves in a recording
AXES = {"data": ["real", "scrambled"], "seed": range(10)}

REAL, SCRAMBLED, SHARE = {"data": "real"}, {"data": "scrambled"}, (0.0, 1.0)
CLAIMS = [
    Claim(
        id="csc-beats",
        chapter="operators/convolutional-sparse-coding",
        source="our measurement",
        statement="On ten pairs of animals, the beats learned from two halves of pressure recordings, or from two "
        "animals, agree no more than kernels of signals with the same spectrum and no beats; still, another animal's "
        "beat explains recordings less well.",
        setting="PigCVP, 10 pairs of animals, all recordings of an animal without artefacts, freed of what is slower "
        "than 100 samples, every second sample. One kernel of 48 taps, four positive events in windows of 125 samples, "
        "matching pursuit, Adam at 0.03, 60 steps. Control: the same with random phases. Cosines at the best shift, "
        "without a free sign, since events are positive. "
        "Variance unexplained of the second halves, by kernels from elsewhere.",
        finding="Cosine between halves {halves}, with random phases {fake_halves}; between animals {animals} and "
        "{fake_animals}. The difference is {halves_beyond} between halves and {animals_beyond} between "
        "animals: a small agreement beyond chance could hide in that. Unexplained of the second halves: by their own "
        "kernel {own}, by the first halves' {half}, by that of the same spectrum with random phases {phases}, by "
        "another animal's {other}.",
        verdict="ours",
        numbers={
            "halves": Number("halves", REAL, possible=SHARE),
            "animals": Number("animals", REAL, possible=SHARE),
            "fake_halves": Number("halves", SCRAMBLED, least=0.78, possible=SHARE),
            "fake_animals": Number("animals", SCRAMBLED, least=0.7, possible=SHARE),
            "own": Number("own", REAL, possible=SHARE),
            "half": Number("half", REAL, possible=SHARE),
            "phases": Number("phases", REAL, possible=SHARE),
            "other": Number("other", REAL, possible=SHARE),
        },
        differences={
            # So much could be seen: pairs of animals differ, and the cosines by chance leave little room above them.
            "halves_beyond": Paired("halves", "fake_halves", least=-0.15, most=0.15),
            "animals_beyond": Paired("animals", "fake_animals", least=-0.15, most=0.15),
            "own_lead": Paired("other", "half", least=1.2, ratio=True),
            "half_as_own": Paired("half", "own", most=1.2, ratio=True),
            "rhythm": Paired("other", "phases", least=1.0, ratio=True),
        },
    ),
]


def recordings(animal: int) -> Tensor:
    """The recordings of an animal without artefacts, band-limited, every second sample: `(recordings, 1, 1000)`."""
    data = pig_pressure()
    signal = data.signal[data.labels == animal].double()
    waves = torch.fft.rfft(signal)
    waves[..., :SLOWEST] = 0
    waves[..., FASTEST:] = 0
    signal = torch.fft.irfft(waves, signal.shape[-1])[..., ::2]
    signal = signal / signal.abs().median(-1, keepdim=True).values
    calm = signal.abs().flatten(1).amax(1) < 10
    signal = signal[calm]
    return (signal / signal.square().mean(-1, keepdim=True).sqrt()).float()


def scrambled(signal: Tensor, seed: int) -> Tensor:
    """The same spectrum, the phases drawn at random."""
    waves = torch.fft.rfft(signal)
    turn = 2 * math.pi * torch.rand(waves.shape, generator=generator(seed))
    turn[..., 0] = turn[..., -1] = 0
    return torch.fft.irfft(waves * torch.polar(torch.ones_like(turn), turn), signal.shape[-1])


def halves(signal: Tensor) -> tuple[Tensor, Tensor]:
    """Windows of the first halves, and of the second halves."""
    return tuple(windows(half, WINDOW, taper=0.1) for half in signal.chunk(2, -1))


def learn(pieces: Tensor, seed: int) -> SparseAutoencoder:
    """A model trained on windows."""
    encoder = MatchingPursuit(EVENTS, positive=True, detach=True)
    model = SparseAutoencoder(ConvDictionary(1, 1, TAPS, seed=seed), encoder)
    fit(model, pieces, STEPS, batch=min(24, len(pieces)), lr=RATE, seed=seed, progress=False)
    return model


def pair(seed: int) -> list[int]:
    """Two animals; no two seeds below 26 share one."""
    order = torch.randperm(52, generator=generator(0)) + 1
    return order[2 * seed : 2 * seed + 2].tolist()


@torch.no_grad()
def unexplained(model: SparseAutoencoder, pieces: Tensor) -> float:
    """Of these windows, by this model."""
    return fvu(pieces, model(pieces).reconstruction)


def trial(data: str, seed: int) -> dict[str, float]:
    """Agreement of kernels (`halves`, `animals`), and what the second halves leave unexplained, by whose kernels."""
    one, two = (recordings(animal) for animal in pair(seed))
    fake = scrambled(one, 1000 + seed)
    if data == "scrambled":
        one, two = fake, scrambled(two, 2000 + seed)
    (first, last), (other, _) = halves(one), halves(two)
    models = [learn(pieces, 10 * seed + i) for i, pieces in enumerate((first, last, other))]
    atoms = [model.dictionary.atoms(128) for model in models]
    found = {
        "halves": match_atoms(atoms[0], atoms[1], signed=False).cosine.mean().item(),
        "animals": match_atoms(atoms[2], atoms[0], signed=False).cosine.mean().item(),
        "own": unexplained(models[1], last),
        "half": unexplained(models[0], last),
        "other": unexplained(models[2], last),
    }
    if data == "real":
        found["phases"] = unexplained(learn(halves(fake)[0], 10 * seed + 3), last)
    return found
