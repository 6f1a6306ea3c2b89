"""The list of all claims is filtered with no kernel and no network, and the pages of claims fit a phone."""

import pytest

from saeno.book.claims import ledger
from saeno.book.press import ROOT
from tests.site.checks import sideways
from tests.site.window import DESK, PHONE

CLAIMS = ledger()
PAGES = ["claims.html", *sorted(f"claims/{path.stem}.html" for path in (ROOT / "book" / "claims").glob("*.md"))]


@pytest.fixture
def page(window):
    yield window.open("claims.html")
    assert window.faults() == []


def shown(page) -> set[str]:
    """The ids of the claims that a reader sees; the page counts them."""
    links = page.locator("table.saeno-claims tbody tr:visible td:first-child a")
    ids = {link.partition("#")[2] for link in links.evaluate_all("links => links.map(link => link.href)")}
    assert page.locator("output").inner_text() in (f"{len(ids)} of {len(CLAIMS)} claims", f"{len(ids)} claims")
    return ids


def choice(page, label: str):
    """The select of that name, as a screen reader says it."""
    return page.get_by_role("combobox", name=label, exact=True)


def options(page, label: str) -> list[str]:
    """What a select lets one choose, without its first: all."""
    first, *others = choice(page, label).locator("option").all_inner_texts()
    assert first == "all"
    return others


def of(**said: str) -> set[str]:
    """The claims of the ledger, of which each field has that word."""
    return {id for id, claim in CLAIMS.items() if all(word in getattr(claim, field) for field, word in said.items())}


def test_by_source(page):
    """Tried: a source that has to be the word, which loses what several versions say."""
    assert shown(page) == set(CLAIMS)
    words = {"the paper, any version": "abstract", "another paper": "doi:"}
    found = options(page, "Source")
    assert {"the paper, v2", "our derivation", "our measurement", *words} <= set(found)
    for option in found:
        choice(page, "Source").select_option(label=option)
        assert shown(page) == of(source=words.get(option, option.removeprefix("the paper, "))) != set()
    choice(page, "Source").select_option(label="all")
    assert shown(page) == set(CLAIMS)


def test_by_verdict_and_chapter(page):
    """Each claim has one of each. Tried: a verdict that has the word, so that "not reproduced" is "reproduced" too."""
    for label in ("Verdict", "Chapter"):
        parts = []
        for option in options(page, label):
            choice(page, label).select_option(label=option)
            parts.append(shown(page))
        assert all(parts) and sum(map(len, parts)) == len(CLAIMS) and set.union(*parts) == set(CLAIMS)
        choice(page, label).select_option(label="all")
    choice(page, "Verdict").select_option(label="reproduced")
    assert shown(page) == {id for id, claim in CLAIMS.items() if claim.verdict == "reproduced"}


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_by_keyboard_alone_choices_add_up_and_are_told(window, viewport):
    """Tried: `display: flex !important` for rows, which shows what is hidden; an output without aria-live."""
    page = window.open("claims.html", viewport)
    output = page.locator("output")
    assert output.get_attribute("aria-live") == "polite"
    choice(page, "Source").focus()
    page.keyboard.type("our d")
    page.keyboard.press("Tab")
    page.keyboard.type("shown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.labels[0].innerText.startsWith('Chapter')")
    page.keyboard.type("Lifting")
    expected = of(source="our derivation", verdict="shown", chapter="lifting/lifting")
    assert shown(page) == expected and output.inner_text() == f"{len(expected)} of {len(CLAIMS)} claims"
    choice(page, "Source").select_option(label="our measurement")
    assert shown(page) == set() and output.inner_text() == f"0 of {len(CLAIMS)} claims"
    assert window.faults() == []


def test_without_scripts_the_whole_list_is_shown_and_nothing_to_choose(browser, site):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "claims.html").as_uri())
    assert page.locator("table.saeno-claims tbody tr:visible").count() == len(CLAIMS)
    assert page.locator("select:visible").count() == 0
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_one_chooses_from_can_be_read_and_touched(window, scheme):
    """Tried: selects as wide as their longest option, and letters that are black in the dark."""
    page = window.open("claims.html", PHONE, scheme)
    colour = page.locator("main p").first.evaluate("text => getComputedStyle(text).color")
    for select in page.locator("select").all():
        box = select.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["height"] >= 24
        assert select.evaluate("select => getComputedStyle(select).color") == colour
    assert window.faults() == []


@pytest.mark.parametrize("name", PAGES)
def test_tables_fit(window, name):
    """On a phone the first cell of a row stands over the others. Tried: tables, and rows, as the theme has them."""
    for viewport in (DESK, PHONE):
        page = window.open(name, viewport)
        tables = page.locator(".pst-scrollable-table-container:has(> .saeno-claims, > .saeno-numbers)")
        over = tables.evaluate_all("boxes => boxes.map(box => box.scrollWidth - box.clientWidth)")
        cells = page.locator("main :is(td, th)").evaluate_all(
            "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.textContent)"
        )
        assert over and max(over) <= 0 and cells == [] and sideways(page) == [], viewport
    widths = page.locator("tbody tr > td:first-child").evaluate_all("cells => cells.map(cell => cell.clientWidth)")
    assert min(widths) > 0.8 * PHONE["width"]
