"""A wave faster than the grid, learned from events between its nodes. One or two minutes.

On n nodes the frequencies k and k − n are one. An event at v gives them the phases e^{−2πikv} and e^{−2πi(k−n)v}, which
differ unless v is on a node. All signals and atoms are Fourier coefficients here, of the frequencies `WAVES`.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from saeno.book.claims import Claim, Number, Paired
from saeno.data.families import gabor
from saeno.seeds import generator

NODES, MODES, SIGNALS, EVENTS, NOISE = 128, 127, 64, 2, 0.1
FINE, ROUNDS = 2048, 10
FASTER = 100  # than the 63 waves that 128 nodes carry
WAVES = torch.arange(-MODES, MODES + 1)
AXES = {"events": ["between", "nodes"], "seed": range(6)}


def _numbers(events: str, **bounds: dict[str, float | str]) -> dict[str, Number]:
    return {
        name: Number(name.removesuffix("_nodes"), {"events": events}, **{"possible": (-1e-9, 1.0)} | limits)
        for name, limits in bounds.items()
    }


def _times(number: str, rival: str, **bounds: float) -> Paired:
    return Paired(number, rival, ratio=True, form=".2f", **bounds)


CLAIMS = [
    Claim(
        id="resolution-between",
        chapter="operators/resolution",
        source="our derivation",
        statement="A concept faster than its grid carries is learned from that grid if its events lie between the "
        "nodes and the model can put them there; if events lie on nodes, nothing can tell it from its alias.",
        setting=f"One Gabor of {FASTER} waves and width 0.03; {SIGNALS} signals on {NODES} nodes, {EVENTS} events each "
        f"with masses from 0.5 to 1.5, at real places or on nodes, and noise of {NOISE:g} of the signals' size. Atoms "
        f"have {MODES} modes. Places known: least squares. Places found: an atom of 63 modes with events on nodes, "
        f"from a random start; then, with its waves named k or {NODES} − k, {ROUNDS} rounds of a pursuit over {FINE} "
        "places and of least squares. Cosine with the truth at the best shift; the share of the signals' energy that "
        "is unexplained. Each seed draws events, noise and start.",
        finding="With known places between the nodes the cosine is {known}, and {low} if the atom has 63 modes; with "
        "events on nodes {known_nodes}. With places found, 63 modes and events on nodes leave {home} unexplained, the "
        "alias with events between the nodes {alias} and the other name {renamed}, with a cosine of {found}. "
        "With events on nodes both names leave the same, {alias_nodes} and {renamed_nodes}.",
        verdict="shown",
        numbers={
            **_numbers(
                "between",
                known={"least": 0.999, "form": ".4f"},
                low={"most": 0.01},
                home={},
                alias={},
                renamed={"most": 0.03},
                found={"least": 0.98},
            ),
            **_numbers(
                "nodes",
                known_nodes={},
                alias_nodes={"most": 0.02},
                renamed_nodes={"most": 0.02},
            ),
        },
        differences={
            "carried": Paired("known", "low", least=0.9),
            "on_nodes": Paired("known_nodes", math.sqrt(0.5), least=-0.01, most=0.01),
            "between_gain": Paired("found", "known_nodes", least=0.2),
            "home_loses": _times("home", "renamed", least=3.0),
            "right_name": _times("alias", "renamed", least=2.0),
            "either_name": _times("alias_nodes", "renamed_nodes", least=0.8, most=1.25),
        },
    ),
]


class Recorded(NamedTuple):
    """Signals on 128 nodes, and what is in them."""

    seen: Tensor
    """Fourier coefficients of the signals, with means over the nodes: `(signals, 128)`, frequency k at entry k."""
    places: Tensor
    """Where the events are: `(signals, events)`, real numbers from 0 to 1."""
    masses: Tensor
    """Positive, `(signals, events)`."""


def truth() -> Tensor:
    """The coefficients `(255,)` of a Gabor of 100 waves, with norm 1."""
    values = gabor(FASTER, 0.03)(torch.arange(1024).double()[:, None] / 1024).flatten()
    found = torch.fft.fft(values, norm="forward")[WAVES]
    return found / found.norm()


def sample(seed: int, on_nodes: bool = False) -> Recorded:
    """Signals of the truth, with noise; each event lies anywhere, or on a node."""
    random = generator(seed)
    places = torch.rand(SIGNALS, EVENTS, generator=random, dtype=torch.double)
    masses = 0.5 + torch.rand(SIGNALS, EVENTS, generator=random, dtype=torch.double)
    if on_nodes:
        places = (places * NODES).round() / NODES
    x = torch.fft.ifft(fold(truth() * code(places, masses)), norm="forward").real
    noise = torch.randn(x.shape, generator=random, dtype=torch.double)
    x = x + NOISE * x.square().mean().sqrt() * noise
    return Recorded(torch.fft.fft(x, norm="forward"), places, masses)


def code(places: Tensor, masses: Tensor, k: Tensor = WAVES) -> Tensor:
    """The coefficients Σ a e^{−2πikv} of codes with masses a at v, both `(signals, events)`: `(signals, len(k))`."""
    return (masses[..., None] * _turned(k * places[..., None])).sum(-2)


def fold(coefficients: Tensor) -> Tensor:
    """What 128 nodes show of a function: the sum of its coefficients `(..., 255)` at k, k − 128 and so on."""
    seen = coefficients.new_zeros(*coefficients.shape[:-1], NODES)
    return seen.index_add(-1, WAVES % NODES, coefficients)


def solve(recorded: Recorded, modes: int = MODES) -> Tensor:
    """The atom `(255,)` with those modes that explains the signals best: least squares, two unknowns at a time.

    Where places cannot tell the two apart, the smallest of all solutions: it shares the energy out between them.
    """
    k = torch.arange(NODES // 2 + 1)
    names = torch.stack([k, k - NODES], 1)
    z = code(recorded.places, recorded.masses, names.flatten()).unflatten(1, names.shape).transpose(0, 1)
    z = z * (names.abs() <= modes)[:, None]
    wanted = recorded.seen[:, k].T[..., None]
    found = torch.linalg.lstsq(z, wanted, rcond=1e-6, driver="gelsd").solution[..., 0]
    atom = torch.zeros(2 * MODES + 1, dtype=found.dtype)
    known = names.abs() <= MODES
    atom[MODES - names[known]] = found[known].conj().resolve_conj()  # a real atom: −k has the conjugate of k
    atom[MODES + names[known]] = found[known]
    return atom


def _turned(turns: Tensor) -> Tensor:
    """e^{−2πi t}, as a complex number of double precision for a double t."""
    return torch.polar(torch.ones_like(turns), -2 * math.pi * turns)


@cache
def _waves(fine: int) -> Tensor:
    return _turned(WAVES * torch.arange(fine).double()[:, None] / fine)


def find(atom: Tensor, seen: Tensor, fine: int = FINE) -> tuple[Recorded, float]:
    """Events of an atom in signals: places among so many, masses, and the share of the energy that is left.

    An orthogonal matching pursuit: each event is put where it explains most, and then all masses are chosen anew.
    """
    moved = fold(atom * _waves(fine))
    sizes, left, chosen = moved.abs().square().sum(1).sqrt(), seen, []
    for _ in range(EVENTS):
        chosen.append(((left @ moved.conj().T).real / sizes).argmax(1))
        used = moved[torch.stack(chosen, 1)]
        gram, fits = (used @ used.mH).real, (used.conj() @ seen[..., None]).real
        masses = torch.linalg.solve(gram + 1e-9 * torch.eye(len(chosen)).double(), fits)[..., 0]
        left = seen - (masses[:, None] * (1 + 0j) @ used)[:, 0]
    places = torch.stack(chosen, 1).double() / fine
    share = (left.abs().square().sum() / seen.abs().square().sum()).item()
    return Recorded(seen, places, masses.clamp(min=0)), share


def learn(atom: Tensor, seen: Tensor, modes: int = MODES, fine: int = FINE, rounds: int = ROUNDS) -> Tensor:
    """Find the events of an atom, then the atom of the events, and so on."""
    for _ in range(rounds):
        atom = solve(find(atom, seen, fine)[0], modes)
        atom = atom / atom.norm()
    return atom


def at_home(seen: Tensor, seed: int) -> Tensor:
    """The atom that a model learns whose atoms have 63 modes and whose events lie on nodes, from a random start."""
    random = generator(seed)
    start = torch.randn(2, 2 * MODES + 1, generator=random, dtype=torch.double)
    start = torch.complex(*start) * (WAVES.abs() <= 63)
    return learn(start + start.flip(0).conj(), seen, 63, NODES)


def renamed(atom: Tensor) -> Tensor:
    """The atom with the same values on the nodes, whose waves have their other names: k − 128 for k > 0."""
    other, k = atom.clone(), torch.arange(1, MODES + 1)
    other[MODES + k], other[MODES - k] = atom[MODES + k - NODES], atom[MODES - k + NODES]
    return other


def cosine(a: Tensor, b: Tensor) -> float:
    """Of two atoms `(255,)`, at the best shift among 4096."""
    return ((a * b.conj() * _waves(4096)).sum(1).real.max() / (a.norm() * b.norm())).item()


def in_the_middle(atom: Tensor) -> tuple[Tensor, Tensor]:
    """The truth, and an atom moved to where it fits best, both with norm 1: values on 2048 points, around 0.5."""
    shift = (atom * truth().conj() * _waves(4096)).sum(1).real.argmax().double() / 4096
    middle = _turned(WAVES * torch.tensor(0.5).double())
    both = truth() * middle, atom / atom.norm() * _turned(WAVES * shift) * middle
    return tuple((one @ _waves(2048).conj().T).real for one in both)


def trial(events: str, seed: int) -> dict[str, float]:
    """Cosines with known places and with found ones; what each name of the atom leaves unexplained."""
    recorded, right = sample(seed, events == "nodes"), truth()
    home = at_home(recorded.seen, seed)
    names = {"alias": learn(home, recorded.seen), "renamed": learn(renamed(home), recorded.seen)}
    return {
        "known": cosine(solve(recorded), right),
        "low": cosine(solve(recorded, 63), right),
        "home": find(home, recorded.seen, NODES)[1],
        "found": cosine(names["renamed"], right),
        **{name: find(atom, recorded.seen)[1] for name, atom in names.items()},
    }
