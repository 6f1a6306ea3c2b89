"""At which rate does each lift recover a hidden dictionary soonest? The rates of `preconditioning` are chosen here.

Seeds differ from those of `preconditioning`, so that no rate is reported on what it was chosen on. Twenty minutes.
"""

from __future__ import annotations

from saeno.book.claims import Claim, Number, Paired
from saeno.book.lifting.preconditioning.main import recover

STEPS = 160
TRIED = [
    ("SGD", "none", [6.0, 8.0, 11.0, 16.0, 23.0, 32.0]),
    ("SGD", "gaussian 4", [4.0, 6.0, 8.0, 11.0, 16.0]),
    ("SGD", "gaussian 8", [6.0, 8.0, 11.0, 16.0, 23.0]),
    ("SGD", "learned 8", [2.0, 4.0, 6.0, 8.0]),
    ("Adam", "none", [0.04, 0.08, 0.16, 0.32, 0.64, 1.28]),
    ("Adam", "orthonormal 8", [0.02, 0.04, 0.08, 0.16, 0.32]),
    ("Adam", "gaussian 8", [0.02, 0.04, 0.08, 0.16, 0.32]),
    ("Adam", "learned 8", [0.005, 0.007, 0.01, 0.014, 0.02, 0.028, 0.04]),
]
AXES = {
    "run": [f"{optimizer}, {lift}, {rate:g}" for optimizer, lift, rates in TRIED for rate in rates],
    "seed": range(100, 120),
}
CLAIMS = [
    Claim(
        id="preconditioning-rates",
        chapter="lifting/preconditioning",
        source="our derivation",
        statement="A Gaussian lift narrows the range of rates at which gradient descent works: its largest "
        "eigenvalue, not its mean, decides where it breaks.",
        setting="As for tuned rates, without a schedule; steps until nine atoms of ten are found, 160 being the "
        "most. Variance 1/h, so that the mean eigenvalue of PPᵀ is 1; the largest is near (1 + √(m/h))².",
        finding="At the rate 16, no lift takes {none} steps and the Gaussian lift with h/m = 8 {gaussian8}; that with "
        "h/m = 4 is not there after 160, with {recovered4} of the atoms found, where no lift has {recovered}. At the "
        "rate 23 no lift still gets there, with {recovered23}, and that with h/m = 8 does not, with {recovered8}.",
        verdict="shown",
        numbers={
            "none": Number("steps", {"run": "SGD, none, 16"}, most=80, possible=(0, STEPS), form=".0f"),
            "gaussian8": Number("steps", {"run": "SGD, gaussian 8, 16"}, most=80, possible=(0, STEPS), form=".0f"),
            **{
                name: Number("recovered", {"run": f"SGD, {run}"}, possible=(0, 1), form=".2f", **bound)
                for name, run, bound in (
                    ("recovered", "none, 16", {"least": 0.9}),
                    ("recovered4", "gaussian 4, 16", {"most": 0.89}),
                    ("recovered23", "none, 23", {"least": 0.9}),
                    ("recovered8", "gaussian 8, 23", {"most": 0.89}),
                )
            },
        },
        differences={
            "narrower4": Paired("recovered", "recovered4", least=0.0),
            "narrower8": Paired("recovered23", "recovered8", least=0.1),
        },
    ),
]


def trial(run: str, seed: int) -> dict[str, float]:
    """Train until nine atoms of ten are found, or for `STEPS` steps; how many steps it took."""
    optimizer, lift, rate = run.split(", ")
    found = recover(optimizer, lift, float(rate), STEPS, seed, stop=True)
    return {"steps": found["steps"], "recovered": found["recovered"]}
