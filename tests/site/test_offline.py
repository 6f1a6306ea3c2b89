"""The offline edition is whole: unzipped and opened as files, it asks nothing from any host."""

import zipfile

import pytest
import yaml

from saeno.book import offline
from saeno.book import site as book_site
from saeno.book.notebooks import ROOT
from saeno.book.vendor import CDN, MATHJAX
from tests.site import checks
from tests.site.test_links import broken
from tests.site.test_pages import pages
from tests.site.window import Window


@pytest.fixture(scope="module")
def unzipped(site, packages, tmp_path_factory):
    """The folder of the edition of the site."""
    copy = tmp_path_factory.mktemp("offline")
    (copy / "html").symlink_to(site)
    with zipfile.ZipFile(offline.edition(copy / "html", packages)) as archive:
        archive.extractall(copy)
    return copy / offline.NAME


@pytest.fixture(scope="module")
def reader(browser, unzipped):
    """A window that may open the edition's files and nothing else."""
    opened = Window(browser, f"{unzipped.as_uri()}/", unzipped)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", pages() or ["intro.html"])
def test_a_page_needs_no_other_host(reader, name):
    """Tried: an edition in which the address of MathJax stays as it is; one that lacks MathJax's fonts."""
    page = reader.open(name)
    wrong = checks.formulas(page) + checks.pictures(page)
    wrong += page.evaluate(
        "async () => { await document.fonts.ready;"
        " return [...document.fonts].filter(font => font.status === 'error').map(font => `no font ${font.family}`) }"
    )
    wrong += reader.faults()
    assert not wrong, "\n".join(wrong)


def test_links(unzipped):
    assert broken(unzipped) == []


def test_search(reader):
    """Tried: an edition without searchindex.js."""
    page = reader.open("search.html?q=dictionary")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() > 1


def test_the_formulas_of_the_site_are_set_by_what_is_carried(packages):
    """Tried: another version in _config.yml than in vendor.py."""
    address = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]["mathjax_path"]
    assert (packages / address.removeprefix(CDN)).is_file()


@pytest.fixture
def small(tmp_path):
    """A site of two pages, and packages of a file each."""
    for name in (f"npm/{MATHJAX}/a.js", "npm/axe-core@1/b.js", "html/part/c.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    script = f'<script integrity="sha256-x" src="{CDN}{MATHJAX}/a.js" crossorigin="anonymous" defer></script>'
    (tmp_path / "html" / "index.html").write_text(f'<a href="https://example.org">out</a>{script}')
    (tmp_path / "html" / "part" / "deep.html").write_text(script)
    return tmp_path


def test_an_edition(small):
    archive = offline.edition(small / "html", small / "npm")
    assert archive == small / "saeno-book-offline.zip"
    with zipfile.ZipFile(archive) as book:
        read = {name.removeprefix("saeno-book-offline/"): book.read(name).decode() for name in book.namelist()}
    assert read == {
        "index.html": f'<a href="https://example.org">out</a><script src="_static/npm/{MATHJAX}/a.js" defer></script>',
        "part/deep.html": f'<script src="../_static/npm/{MATHJAX}/a.js" defer></script>',
        "part/c.css": "html/part/c.css",
        f"_static/npm/{MATHJAX}/a.js": f"npm/{MATHJAX}/a.js",  # and nothing of packages for tests
    }


def test_a_script_that_is_not_carried_is_an_error(small):
    (small / "html" / "index.html").write_text(f'<script src="{CDN}other@1/x.js"></script>')
    with pytest.raises(ValueError, match=r"other@1/x\.js is no file of mathjax@"):
        offline.edition(small / "html", small / "npm")
    assert not list(small.glob("saeno*"))


def test_the_command_line_makes_an_edition_and_says_where(small, monkeypatch, capsys):
    """Tried: a command line that builds the site alone; one that lets the error through."""
    monkeypatch.setattr(book_site, "ROOT", small)
    monkeypatch.setattr(book_site, "build", lambda stored: small / "html" / "index.html")
    monkeypatch.setattr(book_site.vendor, "fetch", lambda: small / "npm")
    assert book_site.main(["--offline"]) == 0
    assert "To read offline: saeno-book-offline.zip" in capsys.readouterr().out
    (small / "html" / "index.html").write_text(f'<script src="{CDN}other@1/x.js"></script>')
    assert book_site.main(["--offline"]) == 1
    assert "other@1/x.js" in capsys.readouterr().err
