"""Every verdict is a condition that can fail: it holds as measured, and fails when rivals change places.

Tried: a difference left out, one whose bound is on the wrong side, a bound that both orders pass.
"""

import pytest

from saeno.book.claims import Claim, ledger

CLAIMS = ledger()
# Claims of an equality and of nothing else: there is no rival whose numbers could change places with theirs.
EQUALITIES = dict.fromkeys(
    ("whitening-rounds-anisotropic", "whitening-rounds-coherent"),
    "five rounds with the lift are as good as without; the one step that is not stands in another experiment",
)


def exchanged(claim: Claim, name: str) -> bool:
    """Whether the claim still holds when the two numbers of a difference have each other's values."""
    pair = claim.differences[name]
    if not isinstance(pair.rival, str):
        return True  # a value that is given has no seeds
    ours, theirs = (claim.stored(number) for number in (pair.number, pair.rival))
    return ours.seeds == theirs.seeds and claim.holds({pair.number: theirs.each, pair.rival: ours.each})


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_verdict_holds_and_fails_when_rivals_change_places(claim):
    assert claim.broken() == []
    assert claim.differences, "a claim says how two of its numbers differ (Claim.differences)"
    if claim.id not in EQUALITIES:
        assert not all(exchanged(claim, name) for name in claim.differences)


def test_the_equalities_are_claims():
    assert EQUALITIES.keys() <= CLAIMS.keys()


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_no_rerun_that_is_let_pass_breaks_its_claim(claim):
    """Each end of what the first seed may be either leaves the claim as it is, or is refused."""
    for name in claim.numbers:
        seeds = claim.stored(name).seeds
        for value in claim.interval(name, seeds[0]):
            instead = {name: (value, *claim.stored(name).each[1:])}
            try:
                claim.agrees(seeds[0], **{name: value})
            except AssertionError:
                assert not claim.holds(instead)
            else:
                assert claim.holds(instead)
