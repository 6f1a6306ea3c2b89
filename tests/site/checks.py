"""What holds for every page of the site. Each check takes a page of the browser and returns what is wrong on it."""

import re
from pathlib import Path

MATHS = Path(__file__).with_name("formulas.js").read_text()


def sideways(page) -> list[str]:
    """Nothing sticks out: the page cannot be scrolled sideways, and in the text only code, tables and formulas can."""
    pixels = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
    inside = page.locator("main *:not(pre, .pst-scrollable-table-container, mjx-container)").evaluate_all(
        """parts => parts
            .filter(part => part.clientWidth && part.scrollWidth > part.clientWidth + 1)
            .filter(part => ['auto', 'scroll'].includes(getComputedStyle(part).overflowX))
            .map(part => [`${part.tagName.toLowerCase()}.${part.className}`, part.scrollWidth - part.clientWidth])"""
    )
    places = [("the page", pixels)] * (pixels > 0) + inside
    return [f"{place} can be scrolled sideways by {by} pixels" for place, by in places]


def pictures(page) -> list[str]:
    """Every picture of the text is there, and says in words what it shows."""
    found = page.locator("main img").evaluate_all(
        """async pictures => Promise.all(pictures.map(async picture => [
            picture.getAttribute('alt') ?? '', picture.getAttribute('src').slice(0, 80),
            await picture.decode().then(() => true, () => false)]))"""
    )
    return [
        f"picture {source} {'is not there' if not there else f'has the alt text {text!r}'}"
        for text, source, there in found
        if not there or not text.strip() or re.search(r"[0-9a-f]{32}|\$|\\\(", text)
    ]


def formulas(page) -> list[str]:
    """Every formula is typeset without error, and neither TeX nor MyST is left in what a reader sees."""
    return page.evaluate(MATHS)


def fonts(page) -> list[str]:
    """Every font that the page uses is there."""
    return page.evaluate(
        """async () => {
            await document.fonts.ready;
            return [...document.fonts].filter(font => font.status === 'error').map(font => `no font ${font.family}`);
        }"""
    )


class Explorer:
    """An explorer on a page, and what it shows: the address of its picture, its alt text, and its value."""

    def __init__(self, figure):
        self.figure, self.slider = figure, figure.locator("input[type=range]")

    def __call__(self) -> tuple[str, str, str]:
        picture = self.figure.locator("img")
        said = self.figure.locator("output").inner_text()
        assert said == self.slider.get_attribute("aria-valuetext")
        assert picture.evaluate("async picture => { await picture.decode(); return picture.naturalWidth }") > 0
        return picture.get_attribute("src"), picture.get_attribute("alt"), said

    def click(self, share: float) -> None:
        """Click on the slider, at this share of its width."""
        place = self.slider.bounding_box()
        self.slider.click(position={"x": share * (place["width"] - 1), "y": place["height"] / 2})


def explorers(page) -> list[Explorer]:
    return [Explorer(figure) for figure in page.locator("figure.saeno-explorer").all()]


def moving(page) -> list[str]:
    """Every explorer moves by keyboard and by mouse, and shows the same for both."""
    wrong = []
    for number, explorer in enumerate(explorers(page), start=1):
        explorer.slider.press("Home")
        first = explorer()
        explorer.slider.press("ArrowRight")
        second = explorer()
        explorer.slider.press("End")
        last = explorer()
        for what, one, other in [("ArrowRight", first, second), ("End", first, last)]:
            if one[0] == other[0] or one[2] == other[2]:
                wrong.append(f"explorer {number} does not move by the key {what}")
        for share, key, expected in [(0, "Home", first), (1, "End", last)]:
            explorer.click(share)
            if explorer() != expected:
                wrong.append(f"explorer {number} shows something else by the mouse than by the key {key}")
    return wrong
