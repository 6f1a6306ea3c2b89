"""A Sphinx extension: how the book and its chapters are cited, in BibTeX.

Every chapter ends with its own entry, which opens by a click, and `{cite-book}` is the entry of the whole book. All of
it comes from CITATION.cff, from the titles of the pages, and from the address that the book is published at.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from saeno.book.press import ROOT

_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "&%$#_"})


def entry(key: str, title: str, **fields: str) -> str:
    """An entry of BibTeX, which stays as it is written in every style: titles keep their capitals."""
    written = {"title": f"{{{title.translate(_SPECIAL)}}}"} | {k: v.translate(_SPECIAL) for k, v in fields.items()}
    written["url"] = fields["url"]
    lines = "".join(f"  {name} = {{{text}}},\n" for name, text in written.items())
    return f"@misc{{{key},\n{lines}}}"


def of_book(config, citation: Path = ROOT / "CITATION.cff") -> str:
    """The entry of the book. config: that of Sphinx; citation: who made what, and its version."""
    return entry("saeno", _said(citation)["title"], **_credits(config, citation), url=config.html_baseurl)


def of_chapter(config, page: str, title: str, citation: Path = ROOT / "CITATION.cff") -> str:
    """The entry of a chapter. page: its name, "part/slug"; title: its first heading."""
    key = f"saeno-{page.rpartition('/')[2]}"
    part_of = {"howpublished": f"Chapter of: {_said(citation)['title']}"}
    return entry(key, title, **_credits(config, citation), **part_of, url=f"{config.html_baseurl}{page}.html")


def chapters(contents: dict) -> set[str]:
    """The pages that are chapters: those of the numbered parts of a table of contents."""
    parts = [part for part in contents.get("parts", []) if part.get("numbered")]
    return {chapter["file"] for part in parts for chapter in part["chapters"]}


@cache
def _said(citation: Path) -> dict:
    return yaml.safe_load(citation.read_text(encoding="utf-8"))


def _credits(config, citation: Path) -> dict[str, str]:
    authors = [who.get("name") or f"{who['family-names']}, {who['given-names']}" for who in _said(citation)["authors"]]
    names = " and ".join(f"{{{author}}}" for author in authors)
    return {"author": names, "year": str(config.copyright), "note": f"Version {_said(citation)['version']}"}


def _block(text: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="bibtex")


class CiteBook(SphinxDirective):
    """The directive `{cite-book}`, without content."""

    def run(self) -> list[nodes.Node]:
        return [_block(of_book(self.config))]


def _end(app, doctree):
    """Put the entry of a chapter at its end."""
    page = app.env.docname
    contents = yaml.safe_load((Path(app.srcdir) / "_toc.yml").read_text(encoding="utf-8"))
    if page in chapters(contents):
        (section, *_) = doctree.findall(nodes.section)
        title = section.next_node(nodes.title).astext()
        box = nodes.title("", "Cite this chapter"), _block(of_chapter(app.config, page, title))
        section += nodes.admonition("", *box, classes=["dropdown", "saeno-cite"])


def setup(app):
    """Sphinx calls this."""
    app.add_directive("cite-book", CiteBook)
    app.connect("doctree-read", _end)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
