"""The glossary has the words of art that the chapters use, and pages link to it where they use one first."""

import re

import nbformat
import pytest
from docutils import nodes

from saeno.book.press import ROOT
from saeno.book.press.added.words import ALSO, EVERYDAY, entries, entry, hint, uses
from saeno.book.press.notebooks import find

GLOSSARY = (ROOT / "book" / "glossary.md").read_text()
WORDS = frozenset(entries(GLOSSARY))
# What chapters print in bold that is stressed, or the name of a part of a list, and no word of art.
STRESSED = """
A share | A threshold | a count of events | agreement | An even grid | and | At equal rates | by chance |
Channel PCA | does not exist | draw the function again | Dynamics | effect | every | faster than its grid |
Fewer modes | functions | inner problem | interpretability | linear | No threshold | no two are parallel |
orthonormal | outer problem | Overlap | Parallel atoms | per point | Plain gradient descent stays | ratio |
Real waves | scale | sparsity | step | time | TopK | unit norm | Untrained FNO
"""
EMPHASIS = {" ".join(said.split()) for said in STRESSED.split("|")}
HEADS = ("What you will learn", "Before you start", "Time")


def bold(text: str) -> set[str]:
    """What stands in bold before the exercises and is of a word's length, with no full stop or comma at its end."""
    lesson = text.split("\n## Exercises")[0]
    found = {" ".join(said.split()) for said in re.findall(r"(?<!\*)\*\*(?!\*)([^*]+?)\*\*", lesson)}
    return {said for said in found if len(said.split()) <= 4 and said[-1] not in ".:,;?!" and said not in HEADS}


def texts() -> dict[str, str]:
    pages = {"your-activations": (ROOT / "book" / "interpretability" / "your-activations.md").read_text()}
    for path in find(ROOT / "book"):
        cells = nbformat.read(path, as_version=4).cells
        pages[path.stem] = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return pages


BOLD = {page: bold(text) for page, text in texts().items()}


@pytest.mark.parametrize("page", BOLD)
def test_every_word_of_art_has_an_entry(page):
    """Fails when a chapter defines a word that the glossary lacks. If it is none, add it to what is stressed."""
    lacking = [said for said in BOLD[page] - EMPHASIS if entry(said.removeprefix("The "), WORDS) is None]
    assert lacking == [], "add them to book/glossary.md"


def test_no_list_has_what_nobody_uses():
    assert EMPHASIS - set().union(*BOLD.values()) == set()
    assert {word for word in ALSO.values() if word not in WORDS} == set()
    assert {said for said in EVERYDAY if entry(said, WORDS) is None} == set()
    assert {said for said in ALSO if said in {word.lower() for word in WORDS}} == set()


def test_nearly_every_meaning_fits_a_hint():
    meanings = entries(GLOSSARY)
    bare = [word for word, meaning in meanings.items() if not hint(meaning)]
    assert len(bare) < 0.05 * len(meanings), bare


@pytest.mark.parametrize(
    ("meaning", "said"),
    [
        ("One element of a {term}`dictionary`: $d_c$. More.", "One element of a dictionary: d_c."),
        ("*Fraction*, $\\|x - \\hat x\\|^2$.", "Fraction, ‖x - x̂‖²."),
        ("With {term}`masses <mass>` {cite:p}`a2020`. Then.", "With masses."),
        ("It is $\\sqrt{n}$. Then.", ""),
    ],
)
def test_a_hint_is_the_first_sentence_in_plain_text(meaning, said):
    assert hint(meaning) == said


def test_a_page_without_glossary_is_refused():
    with pytest.raises(ValueError, match="should have a block"):
        entries("# Words\n")


def page(*parts) -> nodes.document:
    from docutils.utils import new_document

    document = new_document("")
    document += nodes.section("", *parts, ids=["page"])
    return document


def said(*parts) -> nodes.paragraph:
    return nodes.paragraph("", "", *[nodes.Text(part) if isinstance(part, str) else part for part in parts])


def test_a_word_is_linked_where_it_is_used_first():
    """Also in the plural, and as the longest of several; not in headings, code, formulas, links and exercises."""
    words = frozenset({"atom", "SAE", "measure", "mass", "gain", "FVU", "dictionary", "OMP"})
    exercise = nodes.admonition("", said("The OMP."), classes=["exercise"])
    found = uses(
        page(
            nodes.title("", "Atoms and a dictionary"),
            said(
                "We measure two Atoms: an atom ", nodes.literal("", "FVU"), nodes.math("", "mass"), " and its masses."
            ),
            said(
                "A sparse autoencoder is no atomic ", nodes.reference("", "dictionary", refuri="x"), ", nor sub-atom."
            ),
            exercise,
            said("Its ", nodes.strong("", "gain"), " is a ", nodes.emphasis("", "measure"), ". A gain, of its SAE."),
        ),
        words,
    )
    assert [(text.astext()[start:end], word) for text, start, end, word in found] == [
        ("Atoms", "atom"),
        ("masses", "mass"),
        ("sparse autoencoder", "SAE"),
        ("gain", "gain"),
        ("measure", "measure"),
    ]
