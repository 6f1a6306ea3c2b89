"""What a reader meets in a browser: explorers that move with no kernel and no network, on any screen; a sound site."""

import functools
import http.server
import re
import shutil
import threading
from pathlib import Path

import matplotlib
import pytest
from matplotlib import pyplot as plt

from saeno.book.explorer import explorer
from saeno.book.notebooks import find
from saeno.book.site import ROOT, digest

matplotlib.use("Agg")

PHONE, DESK = {"width": 390, "height": 800}, {"width": 1200, "height": 800}
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# The theme's own, on every page: a name declared twice, and a first visit, when no choice of light or dark is stored.
THEIRS = re.compile("THEBE_JS_URL.* has already been declared|Got invalid theme mode")


@pytest.fixture(scope="module")
def browser():
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("needs the browser chromium (Debian's package of that name), which is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser):
    """Opens pages without a network, and fails when one of them reports an error."""
    contexts, errors = [], []

    def open_page(viewport=DESK, **options):
        context = browser.new_context(viewport=viewport, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture(scope="module")
def html():
    """A page of two explorers that say the same but show other bars, and a third that is the first again."""

    def bars(height):
        def bar(i):
            figure, axes = plt.subplots(figsize=(7, 2.5))
            axes.bar(range(4), [i, height, 1, 2])
            return figure

        return explorer(bar, ["none", "one", "two", "three"], "How many", lambda i: f"{i} bars", "Bars.", start=1)

    one, other = bars(4), bars(2)
    body = "\n".join(part._repr_html_() for part in (one, other, one))
    style = "@media (prefers-color-scheme: dark) { body { background: #121212; color: #ddd } }"
    return f'<!doctype html><html lang="en"><style>{style}</style><title>Bars</title><body>{body}</body></html>'


class Explorer:
    """An explorer on a page, and what it shows."""

    def __init__(self, figure):
        self.figure, self.slider = figure, figure.locator("input[type=range]")

    def __call__(self):
        picture = self.figure.locator("img")
        said = self.figure.locator("output").inner_text()
        assert said == self.slider.get_attribute("aria-valuetext")
        assert picture.evaluate("async picture => { await picture.decode(); return picture.naturalWidth }") > 0
        return picture.get_attribute("src"), picture.get_attribute("alt"), said


def explorers(page):
    return [Explorer(figure) for figure in page.locator("figure.saeno-explorer").all()]


def test_by_keyboard_the_picture_changes_and_only_that_one(open_page, html):
    page = open_page()
    page.set_content(html)
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


def test_the_keyboard_alone_reaches_the_slider(open_page, html):
    page = open_page()
    page.set_content(html)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert explorers(page)[0]()[2] == "two"
    assert page.get_by_label("How many").count() == 3  # each has its name


def test_by_mouse_and_nothing_moves_but_the_picture(open_page, html):
    page = open_page()
    page.set_content(html)
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


def test_without_scripts_the_start_frame_is_shown(open_page, html):
    page = open_page(java_script_enabled=False)
    page.set_content(html)
    picture = page.locator("figure.saeno-explorer img").first
    assert picture.get_attribute("alt") == "1 bars" and picture.is_visible()
    assert picture.bounding_box()["width"] == 700


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_sticks_out_and_text_takes_the_colour_of_the_page(open_page, html, scheme):
    page = open_page(PHONE, color_scheme=scheme)
    page.set_content(html)
    assert overflow(page) == 0
    for shown in explorers(page):
        for part in ("img", "input", "output", "label", "figcaption"):
            box = shown.figure.locator(part).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert shown.slider.bounding_box()["height"] >= 24  # a finger can take it
    colours = page.evaluate(
        "['body', 'output', 'label', 'figcaption'].map(part => getComputedStyle(document.querySelector(part)).color)"
    )
    assert set(colours) == {"rgb(221, 221, 221)" if scheme == "dark" else "rgb(0, 0, 0)"}


def overflow(page):
    """By how many pixels the page can be scrolled sideways."""
    return page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")


@pytest.fixture(scope="module")
def site():
    """The address of the site built from the stored outputs, on this machine."""
    folder = ROOT / "_build" / "stored" / "_build"
    stamp = folder / "digest.txt"
    if not stamp.exists() or stamp.read_text() != digest(ROOT, "book", "saeno", "_config.yml", "constraints.txt"):
        pytest.skip("needs the site of the book as it is now: make site-stored")
    handler = functools.partial(Quiet, directory=folder / "html")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def pages():
    """The pages of the book, as paths without suffix, and whether each is a notebook."""
    notebooks = {path.relative_to(ROOT / "book").with_suffix("").as_posix() for path in find(ROOT / "book")}
    contents = (ROOT / "book" / "_toc.yml").read_text()
    return {name: name in notebooks for name in re.findall(r"(?:root|file):\s*(\S+)", contents)}


@pytest.mark.parametrize("name", pages())
def test_a_page_of_the_book(browser, site, name):
    context = browser.new_context(viewport=PHONE)
    # What the theme takes from elsewhere does not come: the page has to do without.
    context.route(lambda address: not address.startswith(site), lambda route: route.fulfill(body=""))
    page = context.new_page()
    errors = []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site}{Path(name).with_suffix('')}.html")

    assert [error for error in errors if not THEIRS.search(error)] == []
    assert overflow(page) == 0
    for picture in page.locator("article img").all():
        text = picture.get_attribute("alt") or ""
        assert text.strip() and not re.search("[0-9a-f]{32}", text), f"{picture.get_attribute('src')[:80]}: {text!r}"
    found = explorers(page)
    assert found or not pages()[name], "a chapter has an explorer"
    for shown in found:
        shown.slider.press("Home")
        before = shown()
        shown.slider.press("ArrowRight")
        assert before[0] != shown()[0] and before[2] != shown()[2]
    context.close()
