"""A reader answers a quiz by keyboard, with no script and no network, and is told why."""

import pytest

from saeno.book.press.added.quizzes import HEADING, RIGHT, WRONG
from tests.site import checks
from tests.site.accessibility import violations
from tests.site.window import PHONE

QUIZ = "#have-you-understood"


def test_by_keyboard_an_answer_opens_and_says_whether_it_is_right(window):
    """Should fail with: answers that a script opens on a click; a mark that a colour alone makes."""
    page = window.open("recovery/uniqueness.html")
    answers = page.locator(f"{QUIZ} > details")
    assert answers.count() >= 9 and page.locator(f"{QUIZ} > h2").inner_text().endswith(HEADING)
    assert not any(why.is_visible() for why in page.locator(f"{QUIZ} > details > p").all())
    answers.first.locator("summary").focus()
    for answer in answers.all():
        page.keyboard.press("Enter")
        right = "saeno-right" in answer.get_attribute("class")
        shown = answer.locator("> p").first
        assert shown.is_visible() and shown.inner_text().startswith((RIGHT if right else WRONG).strip("* "))
        mark = answer.locator("summary").evaluate("said => getComputedStyle(said, '::after').content")
        assert mark == ('"✓"' if right else '"✗"')
        for _ in range(answer.locator("a").count() + 1):  # its links, and then the next answer
            page.keyboard.press("Tab")
    assert window.faults() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_answers_are_well_made_and_lead_to_the_sections_that_they_name(window, scheme):
    page = window.open("recovery/uniqueness.html", PHONE, scheme)
    for answer in page.locator(f"{QUIZ} summary").all():
        assert answer.bounding_box()["height"] >= 24  # a finger can take it
        answer.click()
    links = page.locator(f"{QUIZ} > details a")
    assert links.count() >= page.locator(f"{QUIZ} > details").count() / 2
    targets = [link.get_attribute("href") for link in links.all()]
    assert all(page.locator(target).count() == 1 for target in targets)
    assert [*checks.sideways(page), *checks.formulas(page), *violations(page)[0], *window.faults()] == []
