"""Every link of the built site that stays in the site or in the repository leads to something."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from saeno.book.press import ROOT
from saeno.book.press.address import address, forms


class Links(HTMLParser):
    """The addresses that a page refers to, and the anchors it has."""

    def __init__(self, page: Path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        self.links += [given[name] for name in ("href", "src", "data-src", "poster") if given.get(name)]
        if given.get("http-equiv", "").lower() == "refresh":
            self.links.append(given["content"].partition("=")[2])


def broken(site: Path, repository: Path = ROOT) -> list[str]:
    """The links of the pages in `site` that lead nowhere, as "page: link"."""
    pages = {page.resolve(): Links(page) for page in sorted(site.rglob("*.html")) if "_static" not in page.parts}
    here = re.compile("|".join(rf"{re.escape(form)}/(?:blob|tree|raw|edit)/[^/]+/(.+)" for form in forms(address())))
    wrong = []
    for page, parsed in pages.items():
        for link in parsed.links:
            target, anchor = urldefrag(link)
            file = here.fullmatch(target.partition("?")[0])
            if file:
                there = (repository / unquote(next(filter(None, file.groups())))).exists()
            elif urlsplit(target).scheme or target.startswith("//"):
                continue
            else:
                path = (page.parent / unquote(target.partition("?")[0])).resolve() if target else page
                there = path.is_file() and path.is_relative_to(site.resolve())
                if there and anchor and path in pages and unquote(anchor) not in {"", *pages[path].anchors}:
                    there = False
            if not there:
                wrong.append(f"{page.relative_to(site.resolve())}: {link}")
    return wrong


def test_every_link_leads_somewhere(site):
    """Tried: a page of the site deleted; an anchor renamed. The next test keeps it."""
    assert not broken(site), "\n".join(broken(site))


@pytest.mark.parametrize(
    "body, wrong",
    [
        ('<a href="other.html#there">', 0),
        ('<a href="part/deep.html">', 0),
        ('<a href="#here"><p id="here">', 0),
        ('<a href="https://example.org/nowhere#x">', 0),
        ('<img src="other.html?v=1">', 0),
        (f'<a href="{address()}/blob/main/README.md">', 0),
        ('<a href="absent.html">', 1),
        ('<a href="other.html#absent">', 1),
        ('<a href="#absent">', 1),
        ('<script src="_static/absent.js">', 1),
        ('<meta http-equiv="Refresh" content="0; url=absent.html">', 1),
        ('<a href="../outside.html">', 1),
        (f'<a href="{address()}/blob/main/absent.md">', 1),
        (f'<a href="{forms(address())[1]}/blob/main/book/absent.ipynb">', 1),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path, body, wrong):
    site = tmp_path / "site"
    (site / "part").mkdir(parents=True)
    (tmp_path / "outside.html").write_text("")
    (site / "other.html").write_text('<h1 id="there">Other</h1>')
    (site / "part" / "deep.html").write_text('<a href="../other.html">')
    (site / "page.html").write_text(body)
    assert len(broken(site)) == wrong
