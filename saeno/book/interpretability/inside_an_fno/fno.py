"""The operators: their error on three grids, the spectrum of each layer, and what they commute with. Half a minute."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.book.interpretability.inside_an_fno import lab
from saeno.book.interpretability.inside_an_fno.lab import MODES, NODES
from saeno.metrics import equivariance_error, fvu
from saeno.operators import record, relative_l2

LAYERS = ("layers.0", "layers.1", "layers.2", "layers.3")
MOVED = 37
AXES = {"operator": ["trained", "untrained"], "seed": range(5)}
CLAIMS: list = []


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
        values |= {f"tail_{name[-1]}": tail(x), f"rank_{name[-1]}": rank(x)}
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


def rank(x: Tensor) -> float:
    """How many channels a layer fills: (Σ λ)² / Σ λ² of the eigenvalues of their covariance."""
    values = torch.linalg.eigvalsh(torch.cov(lab.points(x).T))
    return (values.sum() ** 2 / values.square().sum()).item()
