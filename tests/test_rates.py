"""Where a claim says that a method stands at its best rate, that is the best of the stored grid.

Tried: another rate in a claim, and in `TUNED`.
"""

import pytest

from saeno.book.claims import ledger
from saeno.book.lifting.preconditioning.main import PRECISE, TUNED
from saeno.book.record import load


def best(experiment: str, value: str, sign: int, settings: dict, free: tuple[str, ...]) -> dict:
    """Of these settings with any others in `free`: those with the largest mean, or the smallest for sign −1."""
    fixed = {axis: setting for axis, setting in settings.items() if axis not in free}
    grid = [entry for entry in load(experiment)["measured"] if fixed.items() <= entry["settings"].items()]
    assert len(grid) > 1
    return max(grid, key=lambda entry: sign * entry["values"][value]["mean"])["settings"]


@pytest.mark.parametrize(
    ("experiment", "value", "sign", "free"),
    [
        ("learned_lifts", "cosine", 1, ("optimizer", "rate")),
        ("lifting_range", "cosine", 1, ("factor",)),
        ("whitening_images", "fvu", -1, ("rate",)),
    ],
)
def test_a_method_of_a_claim_has_its_best_rate(experiment, value, sign, free):
    numbers = [
        (claim.id, number.settings)
        for claim in ledger().values()
        for number in claim.numbers.values()
        if claim.experiment == experiment
    ]
    assert numbers
    for id, settings in numbers:
        own = ("rate",) if id == "learned-lifts-correlation" else free  # where all are trained by Adam
        assert best(experiment, value, sign, settings, own) == settings, id


@pytest.mark.parametrize(
    ("experiment", "value", "rates"),
    [("preconditioning_rates", "steps", TUNED), ("preconditioning_precision", "distance", PRECISE)],
)
def test_races_are_run_at_rates_that_were_chosen_on_other_seeds_and_are_no_edge(experiment, value, rates):
    grid = load(experiment)["measured"]
    assert not set(grid[0]["seeds"]) & set(load("preconditioning")["measured"][0]["seeds"])
    for optimizer, lifts in rates.items():
        for lift, chosen in lifts.items():
            tried = {
                float(rate): entry["values"][value]["mean"]
                for entry in grid
                for *method, rate in [entry["settings"]["run"].split(", ")]
                if method == [optimizer, lift]
            }
            assert min(tried, key=tried.get) == chosen, (optimizer, lift)
            assert min(tried) < chosen < max(tried)
