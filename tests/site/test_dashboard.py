"""A dashboard opens from disk with no network, by keyboard, by mouse and on a phone, in a light room and a dark one."""

import json

import pytest
import torch

from saeno import (
    DenseDictionary,
    FourierDictionary,
    MatchingPursuit,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    plots,
)
from saeno.plots.dashboard.packing import packed
from tests.site.accessibility import violations
from tests.site.checks import sideways
from tests.site.window import DESK, PHONE, Window

LABEL = "<b>front</b>, a rather long name"
VIEWS = ["atlas", "input", "steering", "map", "help"]


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


MODELS = {
    "vectors": (lambda: SparseAutoencoder(DenseDictionary(9, 20), OneStep(TopK(3))), (30, 9)),
    "images": (lambda: SparseAutoencoder(DenseDictionary(12, 20), OneStep(TopK(3))), (30, 12)),
    "functions": (lambda: SparseAutoencoder(FourierDictionary(5, 12, 4), MatchingPursuit(3)), (20, 5, 16)),
    "one concept": (lambda: SparseAutoencoder(FourierDictionary(1, 1, 2), OneStep(SoftThreshold(100.0))), (3, 1, 8)),
    "two axes": (lambda: SparseAutoencoder(FourierDictionary(1, 6, (3, 3)), MatchingPursuit(3)), (20, 1, 8, 8)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page for each kind of model."""
    folder = tmp_path_factory.mktemp("dashboards")
    for name, (model, shape) in MODELS.items():
        how = {
            "labels": {} if name == "one concept" else {2: LABEL},
            "downstream": torch.tanh,
            "shape": (3, 4) if name == "images" else None,
        }
        plots.dashboard(model(), normal(*shape), folder / f"{name}.html", **how, progress=False)
    return folder


@pytest.fixture(scope="module")
def window(browser, folder):
    opened = Window(browser, folder)
    yield opened
    opened.close()


@pytest.fixture
def page(window):
    yield window.open("functions.html")
    assert window.faults() == []


def heading(page):
    return page.locator("#concept-name").inner_text()


def view(page, name):
    page.click(f"#tab-{name}")
    page.wait_for_function("[...document.querySelectorAll('main canvas')].some(one => one.drawn)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", MODELS)
def test_every_view_of_every_model_opens_without_fault(window, name, size, scheme):
    """Tried: a choice that is as wide as its longest option; grey that is too light on a dark page."""
    page = window.open(f"{name}.html", size, scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    for which in [one for one in VIEWS if one != "steering" or name != "one concept"]:
        view(page, which)
        assert sideways(page) == []
        assert violations(page)[0] == []
        blank = page.locator(f"#view-{which} canvas").evaluate_all(
            """canvases => canvases.filter(one => one.drawn && !one.getContext('2d')
                .getImageData(0, 0, one.width, one.height).data.some(value => value)).length"""
        )
        assert blank == 0
    assert window.faults() == []


def test_no_address_can_be_asked(window):
    """The browser is told so by the page itself: tried with an address on this disk."""
    page = window.open("functions.html")
    refused = page.evaluate(
        """() => new Promise(done => { const picture = new Image(); picture.onerror = () => done(true);
            picture.onload = () => done(false); picture.src = location.href.replace(/[^/]*$/, 'x.png'); })"""
    )
    assert refused and all("Content Security Policy" in fault for fault in window.faults())


def test_the_keyboard_alone_finds_opens_and_leaves_a_concept(window):
    """Tried: cards that each are a stop of the Tab key."""
    page = window.open("functions.html")
    page.keyboard.press("/")
    page.keyboard.type("front")
    assert page.locator("#count").inner_text() == "1 of 12 concepts"
    page.keyboard.press("Enter")
    assert heading(page) == f"Concept 2: {LABEL}"
    page.keyboard.press("/")
    page.keyboard.press("Escape")  # empties the field
    assert page.locator("#cards button").count() == 12
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    order = page.locator("#cards button").evaluate_all("cards => cards.map(one => one.dataset.concept)")
    assert page.evaluate("document.activeElement.dataset.concept") == "2"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.concept") == order[1]
    assert heading(page).startswith(f"Concept {order[1]}")
    above = page.evaluate("document.activeElement.offsetLeft")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.offsetLeft") == above
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "concept"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert window.faults() == []


def test_concepts_are_sorted_by_what_is_asked_for(page):
    for sort, key in [
        ("number", "c => c"),
        ("usage", "c => -data.concepts.usage[c]"),
        ("energy", "c => -data.concepts.energy[c]"),
        ("frequency", "c => data.atoms.frequency[c]"),
        ("effect", "c => -effect(c)"),
    ]:
        page.select_option("#sort", sort)
        keys = page.locator("#cards button").evaluate_all(f"cards => cards.map(one => ({key})(+one.dataset.concept))")
        assert keys == sorted(keys) and len(keys) == 12
    page.locator("#cards button").nth(3).click()
    page.select_option("#sort", "alike")
    shown = page.locator("#cards button").evaluate_all("cards => cards.map(one => +one.dataset.concept)")
    assert shown == page.evaluate("[state.concept, ...data.atoms.alike[state.concept]]")


def test_a_phone_shows_all_cards_or_one_concept(window):
    page = window.open("functions.html", PHONE)
    assert not page.locator("#concept").is_visible()
    page.locator("#cards button").nth(4).click()
    assert page.locator("#concept").is_visible() and not page.locator("#cards").is_visible()
    page.get_by_text("← All concepts").click()
    assert page.locator("#cards").is_visible() and not page.locator("#concept").is_visible()
    assert window.faults() == []


def test_concepts_are_added_one_by_one(page):
    """What is left is that of the model; the sum of the parts is the reconstruction."""
    view(page, "input")
    slider = page.locator("#steps")
    slider.press("Home")
    said = page.locator("output[for=steps]")
    assert said.inner_text() == "no concept: 100 % is left"
    left = page.evaluate("data.inputs.left[0]")
    for step in range(1, len(left)):
        slider.press("ArrowRight")
        assert said.inner_text().endswith(f": {page.evaluate(f'percent({left[step]})')} is left")
        assert page.locator("ol.parts .in").count() == min(step, len(left) - 2)
    page.get_by_label("Next signal").click()
    assert page.locator("#input h2").first.inner_text().startswith("Signal 1,")


def test_what_a_concept_is_drawn_to_add_is_what_the_model_adds(page):
    """Tried: an atom moved the other way, or drawn with its middle at the place."""
    model = MODELS["functions"][0]()
    for concept in page.evaluate("data.steering.concepts"):
        place, mass = page.evaluate(f"data.examples.of[{concept}][0].slice(2)")
        code = torch.zeros(1, 12, 16)
        code[0, concept, round(16 * place)] = 16 * mass
        expected = model.decode(code)[0, page.evaluate(f"data.examples.channel[{concept}]")]
        found = torch.tensor(page.evaluate(f"Array.from(added({concept}, [{place}], {mass}).values)"))
        assert torch.allclose(found, expected.detach(), atol=1e-5)


def test_steering_and_the_map_follow_what_is_chosen(page):
    view(page, "steering")
    page.select_option("#steered", "7")
    page.locator("#dose").press("End")
    effect = page.evaluate("percent(data.steering.effect[data.steering.concepts.indexOf(7)].at(-1))")
    assert page.locator("output[for=dose]").inner_text() == f"2 × its mass: the output moves by {effect}"
    view(page, "map")
    chosen = page.locator('#map [aria-current="true"]')
    assert chosen.get_attribute("aria-label").startswith("Concept 7,")
    before = page.evaluate("state.concept")
    chosen.focus()
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        f"Concept {page.evaluate('state.concept')}"
    )
    page.locator("#map circle").nth(before).click(force=True)
    page.keyboard.press("Enter")
    assert heading(page).startswith(f"Concept {before}")


def test_an_address_names_a_concept(window, folder):
    page = window.open(window.site + "functions.html#concept-5")
    assert heading(page) == "Concept 5"
    page.get_by_label("Next concept").click()
    assert page.url.endswith("#concept-6")


def test_numbers_are_unpacked_as_they_were_packed(page):
    """The script reads what Python wrote: an atom in each of the kinds."""
    values = normal(3, 2, 5)
    for most in (1000, 100, 10):
        part = packed(values, most)
        found = page.evaluate(
            f"(() => {{ const part = unpacked({json.dumps(part)}); return Array.from(part.at(2, 1)); }})()"
        )
        assert torch.allclose(torch.tensor(found), values[2, 1], atol=0.51 * values[2].abs().max().item() / 127)


def test_an_atlas_in_a_page_follows_its_colours(alone, browser):
    """Two of them, in pages of the book: in frames of their own, whose scripts run, and nothing outside is touched."""
    model, shape = MODELS["functions"]
    one = plots.atlas(model(), normal(*shape), labels={2: LABEL})
    page = alone.show(
        f"<main><h1>Page</h1>{one._repr_html_()}{one._repr_html_()}</main>", head="<script>window.mine = 1</script>"
    )
    frames = [frame for frame in page.frames if frame != page.main_frame]
    assert len(frames) == 2
    for frame in frames:
        frame.wait_for_selector("#cards button")
        frame.evaluate("document.documentElement.scrollIntoView()")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    frames[0].wait_for_function("document.documentElement.dataset.theme === 'dark'")
    frames[0].locator("#cards button").nth(3).click()
    assert frames[0].evaluate("state.concept") != frames[1].evaluate("state.concept")
    assert page.evaluate("typeof data") == "undefined"
    assert violations(page)[0] == [] and alone.faults() == []
