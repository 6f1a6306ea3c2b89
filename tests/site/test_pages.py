"""Every page of the built site, found by walking its folder, as a reader meets it who has no network: on a phone, in
light and in dark."""

import pytest

from tests.site import checks
from tests.site.accessibility import ALLOWED, violations
from tests.site.conftest import STORED
from tests.site.window import DESK, PHONE


def pages() -> list[str]:
    """The pages of the site: not the templates among its static files, nor pages that only send the reader on."""
    folder = STORED / "html"
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    own = [name for name in found if not name.startswith("_")]
    return [name for name in own if 'http-equiv="Refresh"' not in (folder / name).read_text("utf-8")[:200]]


# With no site there is one page, so that something says that there is none.
@pytest.mark.parametrize("name", pages() or ["intro.html"])
def test_page(window, name):
    """No error but the theme's, nothing asked from any host, formulas typeset, fonts and pictures there, pictures with
    texts, nothing to scroll sideways, nothing that axe finds, explorers that move.

    `test_checks.py` breaks a page in each of these ways, and sees that it is found."""
    page = window.open(name, PHONE)
    wrong = [*checks.formulas(page), *checks.pictures(page), *checks.sideways(page), *checks.fonts(page)]
    wrong += violations(page)[0]
    window.darken()
    wrong += [f"in the dark: {fault}" for fault in violations(page, ("color-contrast",))[0]]
    wrong += checks.moving(page)
    wrong += window.faults()
    assert not wrong, "\n".join(wrong)


def test_nothing_is_allowed_in_vain(window):
    """Tried: an entry for a rule that nothing breaks."""
    used = [violations(window.open(page))[1] for page in ("bibliography.html", "api/training.html")]
    assert set(ALLOWED) == set().union(*used)


@pytest.mark.parametrize("viewport, shown", [(DESK, "button.search-button-field"), (PHONE, "button.search-button")])
def test_there_is_one_place_to_search(window, viewport, shown):
    """A field on a desk and a button on a phone, which open the same dialog. Should fail: the theme's own header."""
    page = window.open("intro.html", viewport)
    visible = page.locator("button.search-button__button:visible")
    assert visible.count() == 1 and page.locator(shown).and_(visible).count() == 1
    visible.click()
    page.keyboard.type("dictionary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() > 1
    # What it shows of each page it would have to read as data, which a browser refuses to a file; it asks no host.
    assert [fault for fault in window.faults() if fault.startswith("asks for")] == []


def test_screen_readers_get_formulas_as_mathml(window):
    """Should fail with: MathJax without its assistive MathML."""
    page = window.open("notation.html")
    for formula in page.locator("mjx-container").all():
        assert formula.locator("mjx-assistive-mml math").count() == 1
        assert formula.locator("> mjx-math").get_attribute("aria-hidden") == "true"
