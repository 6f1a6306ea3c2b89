"""The page *What you need first* says what is so."""

import doctest

from saeno.book.press import ROOT

PAGE = ROOT / "book" / "what-you-need.md"


def test_every_check_of_the_page_has_the_answer_that_is_given():
    done = doctest.testfile(str(PAGE), module_relative=False)
    assert done.attempted > 30 and done.failed == 0


def test_every_item_has_a_check():
    items = PAGE.read_text().split("\n**")[1:]
    assert len(items) > 15 and all("```pycon\n>>> " in item for item in items)
