"""The cheat sheet prints on one page, and says what the ledger says."""

import re

import pytest

from saeno.book.claims import ledger

SHEET = "cheat-sheet.html"


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_one_page_and_can_still_be_read(window, paper):
    """Should fail with: twice the theorems; letters so small that they fit."""
    page = window.open(SHEET)
    pdf = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.emulate_media(media="print")
    sizes = page.locator("#cheat-sheet li").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 10  # pixels: 7.5 points
    page.emulate_media(media="null")


def test_it_has_the_verdict_of_every_claim_of_the_paper(window):
    page = window.open(SHEET)
    said = page.locator(".saeno-verdicts")
    paper = [claim for claim in ledger().values() if "abstract" in claim.source]
    assert len(paper) > 10 and said.locator("li a").count() == len(paper)
    for verdict in {claim.verdict for claim in paper}:
        count = sum(claim.verdict == verdict for claim in paper)
        (shown,) = [p for p in said.locator("p").all() if p.inner_text() == f"{verdict.capitalize()} ({count})"]
        assert shown.locator("xpath=following-sibling::ul[1]/li").count() == count
