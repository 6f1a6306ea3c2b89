"""The operators: their error on three grids, the spectrum of each layer, and what they commute with. Half a minute."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.claims import Claim, Number, Paired
from saeno.book.interpretability.inside_an_fno import lab
from saeno.book.interpretability.inside_an_fno.lab import MODES, NODES
from saeno.metrics import equivariance_error, fvu
from saeno.operators import record, relative_l2

LAYERS = ("layers.0", "layers.1", "layers.2", "layers.3")
MOVED = 37
AXES = {"operator": ["trained", "untrained"], "seed": range(5)}
CHAPTER = "interpretability/inside-an-fno"
RECIPE = (
    "Burgers' equation, ν = 0.01, T = 0.3; FNO with width 32, 16 modes, 4 layers, on 1,000 functions on 128 nodes, "
    "4,000 steps of AdamW; judged on 100 other functions. "
)
TRAINED, UNTRAINED = {"operator": "trained"}, {"operator": "untrained"}
POSITIVE = (0.0, float("inf"))


def _of(value: str, settings: dict[str, str] = TRAINED, form: str = ".4f", **bounds: float) -> Number:
    return Number(value, settings, form=form, possible=POSITIVE, **bounds)


CLAIMS = [
    Claim(
        id="inside-operators",
        chapter=CHAPTER,
        source="our measurement",
        statement="The five operators that come with the book err by less than 2 % on held-out functions, and no "
        "differently on two and four times the nodes.",
        setting=RECIPE + "Relative L² error, mean over functions. Control: the same networks with their first weights. "
        "Padded: run on 128 nodes, and the output padded with zeros in Fourier.",
        finding="The error is {error} on 128 nodes, {error2} on 256 and {error4} on 512, ratios of {finer} and "
        "{finest}; padded to 256 nodes it is {padded2}. With first weights it is {untrained}.",
        verdict="ours",
        numbers={
            "error": _of("error1", most=0.02),
            "error2": _of("error2", most=0.02),
            "error4": _of("error4", most=0.02),
            "padded2": _of("padded2"),
            "untrained": _of("error1", UNTRAINED, ".2f"),
        },
        differences={
            "finer": Paired("error2", "error", least=0.99, most=1.01, ratio=True),
            "finest": Paired("error4", "error", least=0.99, most=1.01, ratio=True),
            "learned": Paired("error", "untrained", most=-0.5),
        },
    ),
    Claim(
        id="inside-layer",
        chapter=CHAPTER,
        source="our measurement",
        statement="In the middle of the operators more channels are in use than at their ends, and the hidden "
        "functions have hardly any energy above 16 modes.",
        setting=RECIPE
        + "Layers are counted from the input. Participation ratio of the covariance of channels at a node, and "
        "the share of energy above frequency 16, on held-out functions. Control: first weights.",
        finding="The participation ratio is {first}, {second}, {third} and {last} after one to four layers, and "
        "{untrained} after two with first weights; after two layers the share above 16 modes is {tail}, with first "
        "weights {untrained_tail}.",
        verdict="ours",
        numbers={
            **{name: _of(f"rank_{i}", form=".1f") for i, name in enumerate(("first", "second", "third", "last"))},
            "untrained": _of("rank_1", UNTRAINED, ".1f"),
            "tail": _of("tail_1", most=0.01),
            "untrained_tail": _of("tail_1", UNTRAINED),
        },
        differences={
            "after_first": Paired("second", "first", least=0.0),
            "before_last": Paired("second", "last", least=0.0),
            "smoother": Paired("tail", "untrained_tail", most=0.0),
        },
    ),
    Claim(
        id="inside-symmetry",
        chapter=CHAPTER,
        source="our derivation",
        statement="Shifts are built into the operators; the mirror u(x) → −u(−x), and the mean, are learned as well as "
        "all else is.",
        setting=RECIPE
        + "Relative norm of the commutator with a shift by 37 nodes, with the mirror, and with the plain "
        "reflection u(−x), which the equation does not commute with; root mean square of the mean of the output, which "
        "is 0 for the truth, while functions have norm 1 at the start. Control: first weights.",
        finding="The commutator is {shift} with the shift, {mirror} with the mirror, beside an error of {error}, and "
        "{reflection} with the plain reflection; the mean is {mean}. With first weights these are {untrained_mirror} "
        "for the mirror and {untrained_mean} for the mean.",
        verdict="shown",
        numbers={
            "shift": _of("shift", form=".0e", most=1e-10),
            "mirror": _of("mirror", form=".3f"),
            "error": _of("error1"),
            "reflection": _of("reflection", form=".2f", least=0.5),
            "mean": _of("mean"),
            "untrained_mirror": _of("mirror", UNTRAINED, ".2f"),
            "untrained_mean": _of("mean", UNTRAINED, ".3f"),
        },
        # Where an operator is off by e, and by as much at the mirrored function, the commutator is at most 2e.
        differences={
            "twice_the_error": Paired("mirror", "error", most=2.0, ratio=True),
            "mirror_learned": Paired("mirror", "untrained_mirror", most=-0.5),
            "mean_learned": Paired("mean", "untrained_mean", most=1.0, ratio=True),
        },
    ),
]


@torch.no_grad()
def trial(operator: str, seed: int) -> dict[str, float]:
    """Errors on held-out functions; of each layer the energy above its modes, and how many channels it fills."""
    trained = operator == "trained"
    model, pairs = lab.operator(seed, trained), {n: lab.held_out("judge", n * NODES) for n in (1, 2, 4)}
    u = pairs[1].input
    made = model(u)
    values = {f"error{n}": lab.error(model, there) for n, there in pairs.items()}
    values |= {f"padded{n}": relative_l2(finer(made, n), pairs[n].output).mean().item() for n in (2, 4)}
    for name, x in record(model, u, LAYERS).items():
        values |= {f"tail_{name[-1]}": tail(x), f"rank_{name[-1]}": participation(x)}
    fine = lab.hidden(seed, "judge", 2 * NODES, trained)
    return values | {
        "layer_padded2": fvu(fine, finer(lab.hidden(seed, "judge", trained=trained), 2)),
        "shift": equivariance_error(model, u, MOVED),
        "mirror": equivariance_error(model, u, reflect=True, negate=True),
        "reflection": equivariance_error(model, u, reflect=True),
        "mean": made.mean((1, 2)).square().mean().sqrt().item(),
    }


def finer(x: Tensor, times: int) -> Tensor:
    """A function on as many times the nodes, with zeros for its new frequencies; Nyquist's is left out."""
    n = x.shape[-1]
    return torch.fft.irfft(torch.fft.rfft(x)[..., : n // 2], n=times * n) * times


def power(x: Tensor) -> Tensor:
    """The energy of each frequency, of all functions and channels, without what is constant: `(n/2 + 1,)`."""
    waves = torch.fft.rfft(x - x.mean((0, 2), keepdim=True), norm="forward").abs().square()
    return (waves * (2 - (torch.arange(waves.shape[-1]) == 0).to(x))).sum(1).mean(0)


def tail(x: Tensor, modes: int = MODES) -> float:
    """The share of a layer's energy above so many modes."""
    found = power(x)
    return (found[modes + 1 :].sum() / found.sum()).item()


def participation(x: Tensor) -> float:
    """How many channels a layer fills: (Σ λ)² / Σ λ² of the eigenvalues of their covariance."""
    values = torch.linalg.eigvalsh(torch.cov(lab.points(x).T))
    return (values.sum() ** 2 / values.square().sum()).item()
