"""No chapter has a measured number in its prose that somebody typed, and what counts as one is what is said.

Tried: "About 98 % of functions" in a page and "3.14 times more" in a chapter fail by their place; each pattern of what
is a measured number, and of what is not prose, fails a case below when it is left out.
"""

import nbformat
import pytest

from saeno.book.press import ROOT
from saeno.book.press.prose import fill, typed, typed_in

LINK = '[?](#recovery-vectors "recovered")'

MEASURED = {
    "98 % of the atoms": "98 %",
    "98% of the atoms": "98%",
    "98 per cent": "98 per cent",
    "a cosine of 0.98.": "0.98",
    "(.446)": ".446",
    "*0.95*, or": "0.95",
    "3 ± 1 steps": "± 1",
    "3× faster": "3×",
    "a 3-fold gain": "3-fold",
    "5 times as large": "5 times",
    "an error of 1e-6": "1e-6",
    "an error of 10⁻¹²": "10⁻¹²",
    "$98\\%$ of them": "98\\%",
    "$0.98$ of them": "0.98",
    "```{note}\nIt is 0.5.\n```": "0.5",
    ":::{solution} ex-a\n:class: dropdown\nAbout 0.93.\n:::": "0.93",
    "| SAE | 0.5 |": "0.5",
    "## Heading 2.1\n\nIt is 0.5.": "0.5",
    "````{note}\n```python\n0.1\n```\nIt is 0.5.\n````": "0.5",
    "```{figure} a.png\nIt is 0.5.\n```\n\n:::{prf:remark}\n0.1\n:::": "0.5",
    "```{exercise-start}\n:label: a\n```\n0.1\n```{exercise-end}\n```\nIt is 0.5.": "0.5",
}
NOT_MEASURED = [
    "7 × 7 squares, 312 recordings of 52 animals, in 5 minutes",
    "in columns $0$ and $2r$, in rows $r = 0$ and $3$, so only $k < 1.5$ is safe",
    "three times as fast, half of them, twice",
    "$k < 1.5$ and\n\n$$\n\\mu = 0.5\n$$ (eq-a)\n\nand $\\mu\n= 0.5$",
    "\\begin{align}\na &= 0.5\n\\end{align}",
    "`lr=0.01`, ``a`0.5``",
    "{cite:p}`author2.5`, {term}`0.5`",
    "## 98 % of it",
    "```python\nx = 0.5\n```",
    "```\n0.5\n```",
    "```{code-block} python\nx = 0.5\n```",
    "```{math}\n:label: a\n\\mu = 0.5\n```",
    ":::{exercise} A board of 0.5\n:label: ex-a\nTake 0.5 of it.\n:::",
    "```{exercise-start}\n:label: ex-a\n```\n\n**A title.** Take 0.5 of it.",
    ":::{prf:theorem} Name\n:label: thm-a\nLet it be 0.5.\n:::",
    '[0.980 ± 0.008 (10 seeds)](#recovery-vectors "recovered") of them',
    "above 0.95<!-- given --> and 95 %<!-- given -->",
    "[a page](https://example.org/0.5), https://example.org/1.5",
    "doi:10.1137/080716542, arXiv:2509.03738, version 1.0.4",
    '<img width="0.5">',
    "%  a comment of 0.5",
]


@pytest.mark.parametrize("text", MEASURED)
def test_a_measured_number_is_found(text):
    assert typed(text) == [MEASURED[text]]


@pytest.mark.parametrize("text", NOT_MEASURED)
def test_a_number_that_was_not_measured_is_left_in_peace(text):
    assert typed(text) == []


def test_no_number_of_this_book_is_typed():
    found = [f"{place}: {number}" for place, number in typed_in(ROOT / "book")]
    assert found == [], "link to a claim, compute it, or mark it: CONTRIBUTING.md, Numbers and claims"


def test_every_place_where_prose_stands_is_looked_at(tmp_path):
    (tmp_path / "part").mkdir()
    for own in ("a.md", "claims.md"):
        (tmp_path / "part" / own).write_text("It is 0.1.")
    (tmp_path / "claims").mkdir()
    for generated in ("claims.md", "claims/a.md"):
        (tmp_path / generated).write_text("It is 0.2.")
    code = nbformat.v4.new_code_cell("0.3")
    chosen = nbformat.v4.new_markdown_cell("Above 0.3, as the code says, but 0.3 %.")
    code.metadata["mystnb"] = {"figure": {"caption": "It is 0.4."}, "image": {"alt": "0.5"}}
    cells = [nbformat.v4.new_markdown_cell("# B"), nbformat.v4.new_markdown_cell("It is 0.6."), code, chosen]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "b.ipynb")
    assert typed_in(tmp_path) == [
        ("part/a.md", "0.1"),
        ("part/claims.md", "0.1"),
        ("b.ipynb, cell 1", "0.6"),
        ("b.ipynb, cell 2, caption", "0.4"),
        ("b.ipynb, cell 2, alt", "0.5"),
        ("b.ipynb, cell 3", "0.3 %"),
    ]


def test_links_to_claims_are_filled_and_code_is_not():
    filled = fill(f"{LINK}, `{LINK}`\n\n```markdown\n{LINK}\n```\n\n```{{note}}\n{LINK.replace(' ', chr(10))}\n```\n")
    assert filled.count(LINK) == 2 and filled.count("seeds)](#recovery-vectors") == 2
    assert fill(filled) == filled and typed(filled) == []
    assert "±" not in fill(LINK.replace("recovered", "recovered.mean"))
    with pytest.raises(KeyError, match="no-claim"):
        fill('[?](#no-claim "recovered")')
