"""Each check of the pages finds what it is there for: a page is broken in one way, and the check says so."""

import pytest
from matplotlib import pyplot as plt

from saeno.book.explorer import explorer
from tests.site import checks
from tests.site.accessibility import violations

DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

BROKEN = [
    (checks.sideways, '<div style="width: 2000px">wide</div>', "the page can be scrolled sideways"),
    (
        checks.sideways,
        '<main><div class="own" style="overflow: auto"><p style="width: 2000px">wide</p></div></main>',
        "div.own can be scrolled sideways",
    ),
    (checks.pictures, f'<main><img src="{DOT}"></main>', "alt text ''"),
    (checks.pictures, f'<main><img src="{DOT}" alt="{"0123456789abcdef" * 2}.png"></main>', "alt text"),
    (checks.pictures, '<main><img src="data:image/gif;base64,AAAA" alt="A dot"></main>', "is not there"),
    (checks.formulas, r'<span class="math">\(x\)</span>', "not typeset"),
    (checks.formulas, "<mjx-merror data-mjx-error='Undefined'></mjx-merror>", "Undefined"),
    (checks.formulas, "<p>The value $x$ is</p>", "raw"),
    (checks.formulas, r"<p>\(x\)</p>", "raw"),
    (checks.formulas, r"<p>\frac{1}{2}</p>", "raw"),
    (checks.formulas, "<p>:::{prf:theorem} One</p>", "raw"),
    (checks.formulas, "<p>see {cite:p}`someone`</p>", "raw"),
]


@pytest.mark.parametrize("check, body, said", BROKEN)
def test_a_broken_page_is_found(alone, check, body, said):
    (found,) = check(alone.show(body))
    assert said in found


@pytest.mark.parametrize("check", [checks.sideways, checks.pictures, checks.formulas])
def test_a_sound_page_is_not(alone, check):
    code = f'<pre style="overflow: auto">\\frac{{1}}{{2}}{" " * 2000}wide</pre>'
    sound = f'<main><p>2 > 1 <code>$x$</code></p><img src="{DOT}" alt="A dot">{code}</main>'
    assert check(alone.show(sound)) == []


@pytest.fixture(scope="module")
def two_dots():
    def frame(i):
        figure, axes = plt.subplots(figsize=(3, 1))
        axes.plot(i, i, "o")
        return figure

    return explorer(frame, ["first", "second", "third"], "Which", lambda i: f"Dot {i}")._repr_html_()


def test_an_explorer_that_does_not_move_is_found(alone, two_dots):
    assert checks.moving(alone.show(two_dots)) == []
    deaf = alone.show(two_dots.replace("oninput=", "data-was="))
    assert "explorer 1 does not move by the key ArrowRight" in checks.moving(deaf)
    under_glass = "<style>input { pointer-events: none } label { pointer-events: none }</style>"
    alone.page.set_default_timeout(1000)
    with pytest.raises(Exception, match="intercepts pointer events"):
        checks.moving(alone.show(under_glass + two_dots))
    alone.page.set_default_timeout(30_000)


@pytest.mark.parametrize(
    "body, scheme, said",
    [
        ("<main><h1>Page</h1><button></button></main>", "light", "button-name"),
        ('<main><h1>Page</h1><input type="range"></main>', "light", "label"),
        ('<main><h1>Page</h1><p style="color: #ccc">pale</p></main>', "light", "color-contrast"),
        ("<main><h1>Page</h1></main><div>astray</div>", "light", "region"),
        (
            "<style>@media (prefers-color-scheme: dark) { p { color: #333; background: #111 } }</style>"
            "<main><h1>Page</h1><p>dark on dark</p></main>",
            "dark",
            "color-contrast",
        ),
    ],
)
def test_what_a_blind_or_weak_eye_misses_is_found(alone, body, scheme, said):
    wrong, allowed = violations(alone.show(body, scheme=scheme))
    assert [fault.split()[0] for fault in wrong] == [said] and not allowed


@pytest.mark.parametrize(
    "body, said",
    [
        ("<script>console.error('broken')</script>", "console: broken"),
        ("<script>undefined.broken</script>", "error: Cannot read properties"),
        ('<img src="https://elsewhere.test/picture.png">', "asks for https://elsewhere.test/picture.png"),
        ('<script src="https://elsewhere.test/mathjax.js"></script>', "asks for https://elsewhere.test/mathjax.js"),
        ('<script>fetch("https://elsewhere.test/x.json").catch(() => 0)</script>', "asks for https://elsewhere.test"),
    ],
)
def test_an_error_and_a_request_elsewhere_are_found(window, body, said):
    window.show(body)
    window.page.wait_for_timeout(100)
    assert any(fault.startswith(said) for fault in window.faults())


def test_the_error_of_the_theme_is_not(window):
    window.show("<script>const THEBE_JS_URL = 1</script>" * 2)
    assert window.faults() == []


def test_a_missing_font_is_found(window, tmp_path):
    missing = f"<style>@font-face {{ font-family: Absent; src: url({(tmp_path / 'no.woff').as_uri()}) }}</style>"
    assert checks.fonts(window.show('<p style="font-family: Absent">text</p>', head=missing)) == ["no font Absent"]
