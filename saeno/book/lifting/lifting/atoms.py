"""What the atoms of a lifted model can be, and what length they should have. Seconds."""

from __future__ import annotations

import torch

from saeno.book.claims import Claim, Number
from saeno.book.lifting.lifting.lab import place, preimage
from saeno.book.shared import exact_and_broken, needed, normal, unit
from saeno.seeds import generator

CHANNELS = 16

AXES = {"case": ["gain", "narrow"], "seed": range(10)}

CLAIMS = [
    Claim(
        id="lifting-gain",
        chapter="lifting/lifting",
        source="our derivation",
        statement="At unit gain, dᵀLPd = 1, an atom's own signal is coded by its mass, and no other atom fits it "
        "better; the norm that belongs to the other lift breaks this, and so does an LP that is not symmetric.",
        setting="P symmetric, 16 × 16, singular values from 1 to 10; 64 random lifted atoms; the signals are the "
        "effective atoms. Error: root mean square of the mass minus 1. Mistaken: share of atoms whose own signal "
        "another atom fits better. Right: unit effective norm with L = Pᵀ, unit lifted norm with LP = I. Wrong: "
        "exchanged. Skew: P "
        "Gaussian with 40 lifted dimensions, L = Pᵀ plus as large a Gaussian matrix, gains 1 (atoms of negative gain "
        "left out).",
        finding="Right: error {right}, mistaken {right_mistaken}. Unit lifted norm with L = Pᵀ: error {lifted_norm}, "
        "mistaken {mistaken}. Unit effective norm with LP = I: error {effective_norm}, mistaken {effective_mistaken}. "
        "Skew, at unit gain: error {skew}, mistaken {skew_mistaken}.",
        verdict="shown",
        numbers=exact_and_broken("gain", "right skew", "lifted_norm effective_norm mistaken skew_mistaken")
        | {
            "right_mistaken": Number("right_mistaken", {"case": "gain"}, most=0.0, possible=(0, 1), form=".2f"),
            "effective_mistaken": Number("effective_mistaken", {"case": "gain"}, possible=(0, 1), form=".2f"),
        },
        differences=needed("right", "lifted_norm effective_norm")
        | needed("right_mistaken", "mistaken skew_mistaken")
        # A single atom is 1/64.
        | needed("right_mistaken", "effective_mistaken", least=0.01),
    ),
    Claim(
        id="lifting-narrow",
        chapter="lifting/lifting",
        source="our derivation",
        statement="With fewer lifted dimensions than channels, no D can come nearer to an atom than its projection "
        "onto range(P): a cosine of ‖Πa‖/‖a‖.",
        setting="32 random unit atoms in 16 dimensions, P Gaussian with 8 lifted dimensions. Ceiling: mean of ‖Πa‖. "
        "Attained: largest difference of the ceiling and the cosine of P P⁺a. Lost: 1 − ceiling. Wide: the most that "
        "40 lifted dimensions lose.",
        finding="The ceiling is {ceiling}, so {lost} is lost; it is attained, to {attained}. With 40 lifted dimensions "
        "nothing is lost, to {wide}.",
        verdict="shown",
        numbers=exact_and_broken("narrow", "attained wide", "lost")
        | {"ceiling": Number("ceiling", {"case": "narrow"}, most=0.95, possible=(0, 1), form=".2f")},
        differences=needed("wide", "lost"),
    ),
]


@torch.no_grad()
def trial(case: str, seed: int) -> dict[str, float]:
    """Errors by name; which are exact and which are broken is said in `CLAIMS`."""
    return {"gain": _gain, "narrow": _narrow}[case](generator(seed))


def _gain(random: torch.Generator) -> dict[str, float]:
    basis = torch.linalg.qr(normal(random, CHANNELS, CHANNELS)).Q
    project = basis * torch.logspace(0, 1, CHANNELS, dtype=torch.float64) @ basis.T
    weight = normal(random, 64, CHANNELS)
    norms = {"effective": (weight @ project.T).norm(dim=1), "lifted": weight.norm(dim=1)}
    error, mistaken = {}, {}
    for lift_name, lift in (("adjoint", project.T), ("inverse", torch.linalg.inv(project))):
        for norm_name, norm in norms.items():
            scaled = weight / norm[:, None]
            code = place(scaled, project, "data", lift).analysis(scaled @ project.T)
            error[lift_name, norm_name] = (code.diagonal() - 1).square().mean().sqrt().item()
            mistaken[lift_name, norm_name] = (code.abs().argmax(1) != torch.arange(64)).double().mean().item()
    right = [("adjoint", "effective"), ("inverse", "lifted")]
    skew, skew_mistaken = _skew(random)
    return {
        "skew": skew,
        "skew_mistaken": skew_mistaken,
        "right": max(error[pair] for pair in right),
        "right_mistaken": max(mistaken[pair] for pair in right),
        "lifted_norm": error["adjoint", "lifted"],
        "mistaken": mistaken["adjoint", "lifted"],
        "effective_norm": error["inverse", "effective"],
        "effective_mistaken": mistaken["inverse", "effective"],
    }


def _skew(random: torch.Generator) -> tuple[float, float]:
    """The error of the masses, and the share mistaken, at unit gain with LP not symmetric."""
    project = normal(random, CHANNELS, 40) / 40**0.5
    lift = project.T + normal(random, 40, CHANNELS) / 40**0.5
    weight = normal(random, 64, 40)
    gain = (weight @ project.T @ lift.T * weight).sum(1)
    weight = weight[gain > 0] / gain[gain > 0].sqrt()[:, None]
    code = place(weight, project, "data", lift).analysis(weight @ project.T)
    mistaken = code.abs().argmax(1) != torch.arange(len(weight))
    return (code.diagonal() - 1).abs().max().item(), mistaken.double().mean().item()


def _narrow(random: torch.Generator) -> dict[str, float]:
    atoms = unit(normal(random, 32, CHANNELS))
    narrow, wide = normal(random, CHANNELS, 8), normal(random, CHANNELS, 40)
    best, all_of_it = (preimage(atoms, project) @ project.T for project in (narrow, wide))
    ceiling = best.norm(dim=1)  # atoms have norm 1
    return {
        "ceiling": ceiling.mean().item(),
        "attained": ((unit(best) * atoms).sum(1) - ceiling).abs().max().item(),
        "lost": 1 - ceiling.mean().item(),
        "wide": (1 - all_of_it.norm(dim=1)).abs().max().item(),
    }
