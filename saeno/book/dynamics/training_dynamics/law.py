"""One law for six models: A = Jθ, and a step of descent is A − ηJJᵀG. Errors of identities in float64. Seconds."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from saeno import ConvDictionary, FourierDictionary, Lifted, Lifting, MatchingPursuit
from saeno.book.claims import Claim
from saeno.book.dynamics.training_dynamics.lab import CHANNELS, EVENTS, GRID, TAPS, loss_of, matrix, truth
from saeno.book.shared import apart, exact_and_broken, needed
from saeno.dictionaries import Dictionary
from saeno.seeds import generator

FILTERS, STEPS, RATE = 3, 30, 0.1
MADE = {
    "taps": lambda seed: ConvDictionary(CHANNELS, FILTERS, TAPS, seed=seed),
    "modes": lambda seed: FourierDictionary(CHANNELS, FILTERS, 7, seed=seed),
}
AXES = {"case": list(MADE), "seed": range(5)}
CLAIMS = [
    Claim(
        id=f"dynamics-law-{case}",
        chapter="dynamics/training-dynamics",
        source="our derivation",
        statement=f"An operator with few {case} is an SAE at 32 times the rate, projected after each step.",
        setting="Three filters with two channels on 32 nodes: 15 taps, or 7 modes. 64 signals, matching pursuit of two "
        "events, 30 steps of gradient descent at the rate 0.1, atoms of free norm, float64. Errors are ‖A − B‖/‖B‖ at "
        "the end. Lifted: Gaussian of variance 1/h, from two channels to eight. Dropped: the projection; "
        "gradient descent (Adam).",
        finding="JᵀJ is 32 times the identity up to {gram}, the law holds up to {law}, and that of the lifted operator "
        "up to {lifted}. Without the projection the SAE ends {free} away, and with Adam {adam}.",
        verdict="shown",
        numbers=exact_and_broken(case, "gram law lifted", "free adam"),
        differences=needed("law", "free adam"),
    )
    for case in MADE
]


def trial(case: str, seed: int) -> dict[str, float]:
    """The operator against a free matrix that is moved by the law."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return compared(case, seed)
    finally:
        torch.set_default_dtype(before)


def compared(case: str, seed: int) -> dict[str, float]:
    """Errors of the identities, and what is left of them without their hypotheses."""
    signal = truth(seed).sample(64, generator=generator(seed)).signal
    operator = MADE[case](seed)
    J = jacobian(operator)
    lifting = Lifting.gaussian(CHANNELS, 4 * CHANNELS, seed=seed)
    K = torch.kron(lifting.P @ lifting.P.T, torch.eye(GRID))  # on vectors (channels, nodes)

    def projected(A: Tensor) -> Tensor:
        return (J @ (J.T @ A.flatten())).view_as(A) / GRID

    A = matrix(operator).detach()
    moved = descend(operator, signal, torch.optim.SGD, RATE)
    risen = descend(Lifted.from_atoms(operator, lifting), signal, torch.optim.SGD, RATE)
    return {
        "gram": apart(J.T @ J, GRID * torch.eye(J.shape[1])),
        "law": apart(follow(A, signal, lambda G: GRID * projected(G)), moved),
        "lifted": apart(follow(A, signal, lambda G: GRID * projected(G @ K)), risen),
        "free": apart(follow(A, signal, lambda G: GRID * G), moved),
        "adam": apart(descend(operator, signal, torch.optim.Adam, 0.02), adam_projected(A, signal, projected)),
    }


def jacobian(dictionary: Dictionary) -> Tensor:
    """J of A = Jθ, whose columns are what each coefficient adds to A: `(rows · 64, coefficients)`."""
    probe, columns = copy.deepcopy(dictionary), []
    for one in torch.eye(probe.weight.numel()):
        probe.weight.data = one.view_as(probe.weight)
        columns.append(matrix(probe).detach().flatten())
    return torch.stack(columns, 1)


def gradient(A: Tensor, signal: Tensor) -> Tensor:
    """G, that of the loss in A, with the codes that the pursuit finds with A."""
    A = A.detach().requires_grad_()
    return torch.autograd.grad(loss_of(A, signal, MatchingPursuit(EVENTS)), A)[0]


def follow(A: Tensor, signal: Tensor, moves: Callable[[Tensor], Tensor]) -> Tensor:
    """Thirty steps of a free matrix, each by what `moves` makes of the gradient."""
    for _ in range(STEPS):
        A = A - RATE * moves(gradient(A, signal))
    return A


def descend(dictionary: Dictionary, signal: Tensor, optimizer: Callable, rate: float) -> Tensor:
    """A after thirty steps on the coefficients, of free norm."""
    moving = copy.deepcopy(dictionary)
    descent = optimizer(moving.parameters(), lr=rate)
    for _ in range(STEPS):
        descent.zero_grad()
        loss_of(matrix(moving), signal, MatchingPursuit(EVENTS)).backward()
        descent.step()
    return matrix(moving).detach()


def adam_projected(A: Tensor, signal: Tensor, projected: Callable[[Tensor], Tensor]) -> Tensor:
    """Thirty steps of Adam on a free matrix, projected after each."""
    A = A.clone().requires_grad_()
    descent = torch.optim.Adam([A], lr=0.02)
    for _ in range(STEPS):
        A.grad = gradient(A, signal)
        descent.step()
        A.data = projected(A.data)
    return A.detach()
