"""Every page of the built site, found by walking its folder, as a reader meets it: on a phone, in light and dark."""

import pytest

from tests.site import checks
from tests.site.accessibility import ALLOWED, violations
from tests.site.conftest import STORED
from tests.site.window import PHONE


def pages() -> list[str]:
    """The pages of the site: not the templates among its static files, nor pages that only send the reader on."""
    folder = STORED / "html"
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    own = [name for name in found if not name.startswith("_")]
    return [name for name in own if 'http-equiv="Refresh"' not in (folder / name).read_text("utf-8")[:200]]


# With no site there is one page, so that something says that there is none.
@pytest.mark.parametrize("name", pages() or ["intro.html"])
def test_page(window, packages, name):
    """No error but the theme's, nothing asked from anywhere but known scripts, formulas typeset, pictures with texts,
    nothing to scroll sideways, nothing that axe finds, explorers that move with no kernel and no network.

    `test_checks.py` breaks a page in each of these ways, and sees that it is found."""
    page = window.open(name, PHONE)
    wrong = [*checks.formulas(page), *checks.pictures(page), *checks.sideways(page)]
    wrong += violations(page, packages)[0]
    window.darken()
    wrong += [f"in the dark: {fault}" for fault in violations(page, packages, ("color-contrast",))[0]]
    window.context.set_offline(True)
    wrong += checks.moving(page)
    window.context.set_offline(False)
    wrong += window.faults()
    assert not wrong, "\n".join(wrong)


def test_nothing_is_allowed_in_vain(window, packages):
    """Tried: an entry for a rule that nothing breaks."""
    used = [violations(window.open(page), packages)[1] for page in ("bibliography.html", "api/training.html")]
    assert set(ALLOWED) == set().union(*used)
