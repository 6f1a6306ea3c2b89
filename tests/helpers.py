"""What the tests share: small dictionaries of every kind, and the definitions written out as plain sums."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from saeno import ConvDictionary, DenseDictionary, FourierDictionary, Lifted, Lifting


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers in float64, other than those any dictionary starts with."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1000 + seed), dtype=torch.float64)


def lifting(channels: int, lifted: int, seed: int = 0) -> Lifting:
    """A lifting with L = Pᵀ and nothing else to please it: PPᵀ is no multiple of I."""
    return Lifting.gaussian(channels, lifted, seed=seed).double()


def one_of_each(seed: int = 0) -> dict[str, tuple]:
    """The six models' dictionaries, and two with two axes, in float64: name → (dictionary, grid). Two channels."""
    inner = {
        "dense": (lambda m: DenseDictionary(m, 6, seed), ()),
        "conv": (lambda m: ConvDictionary(m, 3, 4, seed), (8,)),
        "fourier": (lambda m: FourierDictionary(m, 3, 3, seed), (8,)),
        "conv-2d": (lambda m: ConvDictionary(m, 3, (3, 2), seed), (5, 4)),
        "fourier-2d": (lambda m: FourierDictionary(m, 3, (2, 1), seed), (5, 4)),
    }
    plain = {name: (make(2).double().normalize_(), grid) for name, (make, grid) in inner.items()}
    lifted = {f"lifted-{name}": (Lifted(make(3).double(), lifting(2, 3)), grid) for name, (make, grid) in inner.items()}
    return plain | lifted


NAMES = list(one_of_each())


def count(grid: tuple[int, ...]) -> int:
    return math.prod(grid)


def inner(a: Tensor, b: Tensor) -> float:
    """Sum over the batch of the quadrature inner product: mean over the grid of the sum over channels."""
    return ((a * b).sum() / count(tuple(a.shape[2:]))).item()


def synthesis_matrix(atoms: Tensor) -> Tensor:
    """Σ_c (1/N) Σ_v D_c(u − v) z_c(v) as a matrix from (concepts · N) to (channels · N), column by column."""
    concepts, grid = len(atoms), tuple(atoms.shape[2:])
    columns = []
    for c in range(concepts):
        for v in itertools.product(*[range(n) for n in grid]):
            shifted = atoms[c].roll(v, tuple(range(1, 1 + len(grid)))) if grid else atoms[c]
            columns.append(shifted.flatten() / count(grid))
    return torch.stack(columns, 1)


def through(matrix: Tensor, value: Tensor, out: int) -> Tensor:
    """A matrix applied to a flattened signal or code `(batch, ·, *grid)`, giving `(batch, out, *grid)`."""
    return (value.flatten(1) @ matrix.T).view(len(value), out, *value.shape[2:])


def fourier_sum(theta: Tensor, modes: tuple[int, ...], u: tuple[float, ...]) -> float:
    """D(u) = θ₀ + √2 Σ_{k ∈ K⁺} θ_k cos(2πk·u) + θ_{−k} sin(2πk·u), term by term; θ: `(*2·modes + 1)`."""
    total = 0.0
    for k in itertools.product(*[range(-m, m + 1) for m in modes]):
        coefficient = theta[tuple(m + entry for m, entry in zip(modes, k, strict=True))].item()
        phase = 2 * math.pi * sum(entry * x for entry, x in zip(k, u, strict=True))
        last = next((entry for entry in reversed(k) if entry), 0)
        if last == 0:
            total += coefficient
        elif last > 0:
            total += math.sqrt(2) * coefficient * math.cos(phase)
        else:
            total += math.sqrt(2) * coefficient * math.sin(-phase)
    return total


def fourier_atoms(weight: Tensor, modes: tuple[int, ...], points: list[tuple[float, ...]]) -> Tensor:
    """`fourier_sum` for every atom and channel: `(concepts, channels, points)`."""
    values = [[[fourier_sum(theta, modes, u) for u in points] for theta in atom] for atom in weight.detach()]
    return torch.tensor(values, dtype=torch.float64)


class _Caller(nn.Module):
    def __init__(self, module, call):
        super().__init__()
        self.module, self.call = module, call

    def forward(self, *inputs):
        return self.call(self.module, *inputs)


def gradcheck(module: nn.Module, call, *inputs: Tensor) -> bool:
    """Whether the derivatives of `call(module, *inputs)`, in all parameters and inputs, are its finite differences."""
    caller = _Caller(module, call)
    names = [name for name, _ in caller.named_parameters()]

    def function(*values):
        parameters = dict(zip(names, values[: len(names)], strict=True))
        return torch.func.functional_call(caller, parameters, values[len(names) :])

    values = [p.detach().clone().requires_grad_() for p in caller.parameters()]
    values += [x.detach().clone().requires_grad_() for x in inputs]
    return torch.autograd.gradcheck(function, values)
