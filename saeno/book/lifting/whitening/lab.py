"""What the experiments on whitening share: dictionaries that are hard for one step, and the ways to train on them.

A lift of the family `L = S^(b − c)`, `P = S^b` has the encoder `W = S^-c A` and the preconditioner `P Pᵀ = S^(2b)`: so
one class, `Lifted`, does each of the two alone, both, or neither.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno import DenseDictionary, Lifted, Lifting, OneStep, SparseAutoencoder, TopK, Unrolled, fit
from saeno.data import SparseModel
from saeno.data.sparse import Sample
from saeno.metrics import mcc
from saeno.seeds import generator

SIZE, ACTIVE, NOISE, SAMPLES, STEPS = 64, 3, 0.1, 8192, 500
OPTIMIZERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
# b and c of the lift: the power of S that preconditions is 2b, and that of the encoder is −c.
CORNERS = {"unlifted": (0.0, 0.0), "preconditioner": (0.5, 0.0), "inference": (0.0, 1.0), "lift": (0.5, 1.0)}


def truth(data: str, seed: int, size: int = SIZE) -> DenseDictionary:
    """As many unit atoms as dimensions.

    coherent: cosine ½ on average, by a direction that all atoms share. anisotropic: random ones after a mixing whose
    singular values fall from 1 to 1/10 by a power law. even: the same, evenly on a logarithmic scale.
    """
    random = generator(10_000 + seed)
    atoms, shared = torch.randn(size, size, generator=random), torch.randn(size, generator=random)
    turned = torch.linalg.qr(torch.randn(size, size, generator=random)).Q
    if data == "coherent":
        shared = shared / shared.norm()
        atoms = atoms - (atoms @ shared)[:, None] * shared
        atoms = (atoms / atoms.norm(dim=1, keepdim=True) + shared) / math.sqrt(2)
    else:
        power_law = torch.arange(1.0, size + 1) ** -(1 / math.log10(size))
        values = {"anisotropic": power_law, "even": torch.logspace(0, -1, size)}[data]
        atoms = atoms @ (turned * values) @ turned.T
    return DenseDictionary.from_atoms(atoms / atoms.norm(dim=1, keepdim=True))


def power(covariance: Tensor, exponent: float) -> Tensor:
    """S to a power, by its eigenvalues, in double precision."""
    values, vectors = torch.linalg.eigh(covariance.double())
    return (vectors * values**exponent) @ vectors.T


def corner(samples: Tensor, method: str) -> Lifting:
    """The lift of a corner of the ablation, from samples."""
    b, c = CORNERS[method]
    covariance = torch.cov(samples.T.double(), correction=0)
    return Lifting(*(power(covariance, exponent).to(samples.dtype) for exponent in (b - c, b)))


class Whitened:
    """A source of signals, each of them whitened: to train without a lift, on white data and with a loss there."""

    def __init__(self, source: SparseModel, lifting: Lifting):
        self.source, self.lifting = source, lifting

    def sample(self, count: int, grid=(), generator: torch.Generator | None = None) -> Sample:
        signal, code = self.source.sample(count, grid, generator)
        return Sample(self.lifting.lift(signal), code)


def learn(
    data: str,
    method: str,
    optimizer: str,
    rate: float,
    seed: int,
    rounds: int = 0,
    held: bool = False,
    clean: bool = False,
) -> float:
    """Train once; the mean cosine of the hidden atoms with their partners.

    method: a corner, or "white data". rounds: of hard thresholding; 0 for the one step. held: no gradient through the
    codes. clean: a covariance of samples without noise.
    """
    true = truth(data, seed)
    source = SparseModel(true, ACTIVE, noise=NOISE)
    samples, code = source.sample(SAMPLES, generator=generator(30_000 + seed))
    samples = true.synthesis(code).detach() if clean else samples
    dictionary = DenseDictionary(SIZE, SIZE, seed=seed)
    lifting = corner(samples, "lift" if method == "white data" else method)
    if method == "white data":
        source = Whitened(source, lifting)
    elif method != "unlifted":
        dictionary = Lifted(dictionary, lifting)
    one_step = Unrolled(TopK(ACTIVE), 1, step=1.0, detach=True) if held else OneStep(TopK(ACTIVE))
    model = SparseAutoencoder(dictionary, Unrolled(TopK(ACTIVE), rounds, detach=held) if rounds else one_step)
    fit(model, source, STEPS, lr=rate, optimizer=OPTIMIZERS[optimizer], seed=seed, progress=False)
    atoms = model.dictionary.atoms().detach()
    return mcc(lifting.project(atoms) if method == "white data" else atoms, true)
