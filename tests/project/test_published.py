"""What the built site has for the book online: how it is cited, cards, and a page for what is not there.

Tried, each failing here: a chapter of no numbered part that is cited; a title whose capitals BibTeX would take; a
paragraph with a formula on a card; the base of the lost page behind what it is for.
"""

import html
import re
import shutil

import pytest
import yaml
from PIL import Image
from pybtex.database import parse_string
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from saeno.book.press import ROOT, site
from saeno.book.press.address import address, forms
from saeno.book.press.published import citing, sharing

BASE = yaml.safe_load((ROOT / "_config.yml").read_text())["html"]["baseurl"]
FIRST = "A promise of 3 < 4 & more."
TOC = """
format: jb-book
root: intro
parts:
  - caption: Part
    numbered: true
    chapters:
      - file: part/first-look
  - caption: Look it up
    chapters:
      - file: notes
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The pages of a small book with the settings of this one, by their names, and their folder."""
    root = tmp_path_factory.mktemp("book")
    (root / "book" / "part").mkdir(parents=True)
    (root / "saeno").mkdir()
    (root / "constraints.txt").touch()
    shutil.copy(ROOT / "_config.yml", root)
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
    (root / "book" / "references.bib").touch()
    (root / "book" / "_toc.yml").write_text(TOC)
    (root / "book" / "intro.md").write_text("# A book\n\nWith $x$.\n\n> Quoted.\n\nIt begins here.\n")
    chapter = f"# How FNOs learn & why\n\n{FIRST}\n\n## Part\n\nMore.\n"
    (root / "book" / "part" / "first-look.md").write_text(chapter)
    (root / "book" / "notes.md").write_text("# Notes\n\n" + "word " * 100 + "\n\n```{cite-book}\n```\n")
    folder = site.build(root, stored=True).page.parent
    return {
        name: (folder / f"{name}.html").read_text() for name in ("intro", "part/first-look", "notes", "404")
    }, folder


def entries(page):
    """The entries of BibTeX that a page shows."""
    blocks = re.findall(r'<div class="highlight-bibtex.*?</pre>', page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", block)) for block in blocks]


def test_the_address_of_the_pages_is_the_repository_s():
    assert BASE == forms(address())[2] + "/"


def test_every_chapter_ends_with_its_entry(built):
    pages, _ = built
    (text,) = entries(pages["part/first-look"])
    ((key, entry),) = parse_string(text, "bibtex").entries.items()
    assert key == "saeno-first-look" and entry.fields["title"] == r"{How FNOs learn \& why}"
    assert entry.fields["url"] == f"{BASE}part/first-look.html"
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (
        entry.fields["note"] == f"Version {citation['version']}" and citation["title"] in entry.fields["howpublished"]
    )
    assert text in html.unescape(
        re.sub(r"<[^>]+>", "", re.findall("<article.*?</article>", pages["part/first-look"], re.DOTALL)[0])
    )
    assert re.search(r'class="dropdown saeno-cite admonition".*?Cite this chapter', pages["part/first-look"], re.DOTALL)
    assert entries(pages["intro"]) == []


def test_the_book_has_an_entry(built):
    (text,) = entries(built[0]["notes"])
    ((key, entry),) = parse_string(text, "bibtex").entries.items()
    assert key == "saeno" and entry.fields["url"] == BASE and entry.fields["year"].isdecimal()
    assert [str(person) for person in entry.persons["author"]] == ["{The saeno contributors}"]


def test_the_chapters_of_this_book_have_entries_of_their_own():
    """Keys are slugs: two chapters of one slug would be one entry. A title is text, since BibTeX knows no formulas."""
    pages = citing.chapters(yaml.safe_load((ROOT / "book" / "_toc.yml").read_text()))
    assert len(pages) > 20 and len({page.rpartition("/")[2] for page in pages}) == len(pages)
    assert {"first-look", "interpretability/your-activations"} <= pages and not {"intro", "notation"} & pages


def tagged(page):
    found = re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', page)
    return {name: html.unescape(text) for name, text in found}


def test_a_page_says_what_others_may_show_of_it(built):
    pages, folder = built
    chapter, intro, notes = (tagged(pages[name]) for name in ("part/first-look", "intro", "notes"))
    assert chapter["og:title"] == "How FNOs learn & why" and chapter["og:description"] == FIRST
    assert chapter["description"] == FIRST and chapter["og:url"] == f"{BASE}part/first-look.html"
    assert intro["og:description"] == "It begins here." and "og:title" not in tagged(pages["404"])
    assert 150 < len(notes["og:description"]) <= sharing.MOST and notes["og:description"].endswith("word …")
    card = folder / chapter["og:image"].removeprefix(BASE)
    with Image.open(card) as picture:
        assert picture.size == sharing.SIZE == (int(chapter["og:image:width"]), int(chapter["og:image:height"]))
        assert len(picture.convert("RGB").getcolors(maxcolors=2**20)) > 100, "something is drawn"


def test_the_lost_page_finds_its_files_from_any_depth(built):
    page = built[0]["404"]
    base = page.index(f'<base href="/{address().rpartition("/")[2]}/">')
    asked = re.search(r'(?:href|src)="(?!/)', page[base:])
    assert base < page.index("<title>") and asked and re.search(r"(?:href|src)=", page[:base]) is None
    assert "Page not found" in page and 'href="intro.html"' in page and f'{address()}/issues/new"' in page
    assert "base href" not in built[0]["intro"]


def test_a_book_at_a_domain_of_its_own(tmp_path):
    """By Sphinx alone: nothing but the setting says where the book is."""
    (tmp_path / "_toc.yml").write_text("parts: [{numbered: true, chapters: [{file: one}]}]")
    (tmp_path / "index.md").write_text("# Index\n\n```{cite-book}\n```\n\n```{toctree}\none\n```\n")
    (tmp_path / "one.md").write_text("# One\n\nWith $x$, and no other paragraph.\n")
    extensions = ["myst_nb", *[f"saeno.book.press.published.{name}" for name in ("citing", "sharing", "lost")]]
    overrides = {"extensions": extensions, "html_baseurl": "https://example.org/", "copyright": "2026"}
    overrides |= {"html_title": "A book", "myst_enable_extensions": ["dollarmath"], "nb_execution_mode": "off"}
    source, output = str(tmp_path), str(tmp_path / "out")
    with patch_docutils(), docutils_namespace():
        Sphinx(source, None, output, output, "html", overrides, status=None, warningiserror=True).build()
    index, one, lost = ((tmp_path / "out" / f"{name}.html").read_text() for name in ("index", "one", "404"))
    assert "url = {https://example.org/}" in entries(index)[0] and "{https://example.org/one.html}" in entries(one)[0]
    assert tagged(one)["og:url"] == "https://example.org/one.html" and tagged(one)["og:description"] == "A book"
    assert '<base href="/">' in lost and (tmp_path / "out" / sharing.CARD).exists()
