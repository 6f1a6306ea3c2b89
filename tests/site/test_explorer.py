"""Explorers move with no kernel and no network, by keyboard and by mouse, on any screen."""

import matplotlib
import pytest
from matplotlib import pyplot as plt

from saeno.book.explorer import explorer
from tests.site.checks import explorers, moving, sideways
from tests.site.window import PHONE

matplotlib.use("Agg")
HEAD = "<style>@media (prefers-color-scheme: dark) { body { background: #121212; color: #ddd } }</style>"


@pytest.fixture(scope="module")
def bars():
    """Two explorers that say the same but show other bars, and a third that is the first again."""

    def bars(height):
        def bar(i):
            figure, axes = plt.subplots(figsize=(7, 2.5))
            axes.bar(range(4), [i, height, 1, 2])
            return figure

        return explorer(bar, ["none", "one", "two", "three"], "How many", lambda i: f"{i} bars", "Bars.", start=1)

    one, other = bars(4), bars(2)
    return "\n".join(part._repr_html_() for part in (one, other, one))


@pytest.fixture
def page(alone, bars):
    yield alone.show(bars, head=HEAD)
    assert alone.faults() == []


def test_by_keyboard_the_picture_changes_and_only_that_one(page):
    """Tried: a picture that the script alone sets."""
    first, second, third = explorers(page)
    start = first()
    assert start[1:] == ("1 bars", "one") and start == third() and start[0] != second()[0]
    seen = {start[0]}
    for key, expected in [("ArrowRight", "two"), ("End", "three"), ("Home", "none"), ("ArrowUp", "one")]:
        first.slider.press(key)
        source, text, said = first()
        assert said == expected and text == f"{['none', 'one', 'two', 'three'].index(said)} bars"
        seen.add(source)
    assert len(seen) == 4 and first() == start
    first.slider.press("End")
    assert third() == start and second()[2] == "one"


def test_the_keyboard_alone_reaches_the_slider(page):
    """Tried: tabindex="-1", and a label that is no parent of the slider."""
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert explorers(page)[0]()[2] == "two"
    assert page.get_by_label("How many").count() == 3  # each has its name


def test_by_mouse_and_nothing_moves_but_the_picture(page):
    """Tried: no minimal width of the value, wider for some; a script that takes the page's first figure."""
    _, shown, last = explorers(page)
    place, below = shown.slider.bounding_box(), last.figure.bounding_box()
    x, y = place["x"], place["y"] + place["height"] / 2
    page.mouse.click(x + 0.98 * place["width"], y)
    assert shown()[2] == "three"
    page.mouse.down()
    page.mouse.move(x + 0.5, y, steps=5)
    page.mouse.up()
    assert shown()[1:] == ("0 bars", "none")
    assert shown.slider.bounding_box() == place and last.figure.bounding_box() == below


def test_what_the_pages_of_the_book_are_checked_for_holds_here(page):
    assert moving(page) == []


def test_without_scripts_the_start_frame_is_shown(browser, bars):
    """Tried: a picture that the script alone sets."""
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.set_content(bars)
    picture = page.locator("figure.saeno-explorer img").first
    assert picture.get_attribute("alt") == "1 bars" and picture.is_visible()
    assert picture.get_attribute("src").startswith("data:image/webp")
    assert picture.bounding_box()["width"] == 700
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_sticks_out_and_text_takes_the_colour_of_the_page(alone, bars, scheme):
    """Tried: a picture without width: 100 %, and a caption that is black."""
    page = alone.show(bars, PHONE, scheme, HEAD)
    assert sideways(page) == []
    for shown in explorers(page):
        for part in ("img", "input", "output", "label", "figcaption"):
            box = shown.figure.locator(part).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert shown.slider.bounding_box()["height"] >= 24  # a finger can take it
    colours = page.evaluate(
        "['body', 'output', 'label', 'figcaption'].map(part => getComputedStyle(document.querySelector(part)).color)"
    )
    assert set(colours) == {"rgb(221, 221, 221)" if scheme == "dark" else "rgb(0, 0, 0)"}
    assert alone.faults() == []
