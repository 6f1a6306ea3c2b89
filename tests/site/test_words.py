"""Words of the glossary are links where a page first uses them, and tell their meaning without one having to follow."""

from collections import Counter


def test_words_lead_to_the_glossary_and_show_their_meaning_to_mouse_and_keyboard(window):
    """Should fail with: links that have no title; a hint that only the mouse shows; a word that is linked twice."""
    page = window.open("recovery/uniqueness.html")
    links = page.locator("article a.saeno-term")
    count = Counter(link.get_attribute("href") for link in links.all())
    assert len(count) > 10 and all(address.startswith("../glossary.html#term-") for address in count)
    assert page.locator("article :is(h1, h2, h3) a.saeno-term").count() == 0
    assert count["../glossary.html#term-spark"] == 1
    spark = page.locator('article a.saeno-term[href$="#term-spark"]')
    meaning = "The smallest number of atoms that are linearly dependent."
    assert spark.get_attribute("title") == meaning
    shown = "link => getComputedStyle(link, '::after').content"
    assert spark.evaluate(shown) == "none"
    page.keyboard.press("Tab")  # so that the browser knows of a keyboard
    spark.focus()
    assert spark.evaluate(shown) == f'"{meaning}"'
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary.html#term-spark")
    assert page.locator("#term-spark").is_visible()
