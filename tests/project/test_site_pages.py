"""The pages around the chapters: the reference is whole and typeset, and the buttons of each page lead where they say.

Tried, each failing here: a name taken out of a page of book/api; formulas of docstrings left as text; fields of a tuple
in Python's words; the theme without its buttons for reports, for downloads, or for the next page; a chapter's time left
out. Docstrings that are left as Markdown end the build itself, with warnings.
"""

import html
import re
import urllib.parse
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx.util.inventory import InventoryFile

from saeno.book.press import ROOT, docstrings, run_times
from saeno.book.press.address import address
from saeno.book.press.site import digest

REFERENCE = sorted((ROOT / "book" / "api").glob("*.md"))
PYTHON = [
    (path.stem, block)
    for path in REFERENCE
    for block in re.findall(r"^```python\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
]
MODELS = ["sae", "sae-cnn", "sae-fno", "lifted"]


@pytest.fixture(scope="module")
def site():
    folder = ROOT / "_build" / "stored" / "_build"
    stamp = folder / "digest.txt"
    if not stamp.exists() or stamp.read_text() != digest(ROOT, "book", "saeno", "_config.yml", "constraints.txt"):
        pytest.skip("needs the site of the book as it is now: make site-stored")
    return folder / "html"


def contents() -> list[str]:
    """The pages in the order of the table of contents."""

    def listed(entry):
        names = [entry.get("root", entry.get("file"))] if {"root", "file"} & entry.keys() else []
        children = [*entry.get("parts", []), *entry.get("chapters", []), *entry.get("sections", [])]
        return names + [name for child in children for name in listed(child)]

    return listed(yaml.safe_load((ROOT / "book" / "_toc.yml").read_text()))


def article(page: str) -> str:
    return re.search(r"<article.*?</article>", page, re.DOTALL).group()


def test_every_public_name_is_in_the_reference(site):
    with open(site / "objects.inv", "rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, uri: uri)
    documented = [entry for kind, entry in inventory.items() if kind in ("py:class", "py:function", "py:exception")]
    known = {name: uri for entry in documented for name, (_, _, uri, _) in entry.items()}
    assert set(docstrings.public()) - set(known) == set()
    assert all(known[name].startswith("api/") for name in docstrings.public())
    some = {"saeno.metrics.fvu", "saeno.fit", "saeno.inference.fista", "saeno.data.SparseModel"}
    assert some <= set(docstrings.public())


@pytest.mark.parametrize("name", [path.stem for path in REFERENCE])
def test_docstrings_are_typeset(site, name):
    """No mark of Markdown or reStructuredText is left in the text; formulas are formulas and code is code."""
    page = article((site / "api" / f"{name}.html").read_text())
    marked = r"<(pre|code|script|h1|dt)\b.*?</\1>|<(div|span)[^>]*\bmath\b[^>]*>.*?</\2>"
    text = re.sub(marked, "", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    assert re.findall(r"[`$\\]|\*\*|:\w+:|Alias for", text) == []
    assert "system-message" not in page and "problematic" not in page


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_its_equation_and_its_class_its_own(site, name):
    page = article((site / "api" / f"{name}.html").read_text())
    before, after = page.split('<dl class="py class">', 1)
    for part in (before, after):
        assert re.search(r'<div class="math notranslate nohighlight"[^>]*>.*?\\', part, re.DOTALL)


def test_signatures_and_names_in_docstrings_are_links(site):
    page = (site / "api" / "inference.html").read_text()
    (signature,) = re.findall(r'<dt [^>]*id="saeno.TopK.select".*?</dt>', page, re.DOTALL)
    assert 'href="#saeno.Events"' in signature
    assert re.search(r'href="#saeno.MatchingPursuit"[^>]*><code', page)
    assert 'href="https://doi.org/10.1137/080716542"' in page


@pytest.mark.parametrize(("name", "code"), PYTHON, ids=[name for name, _ in PYTHON])
def test_the_python_of_the_reference_runs(name, code):
    exec(compile(code, f"book/api/{name}.md", "exec"), {})


def test_every_model_has_python():
    assert {*MODELS, "index"} <= {name for name, _ in PYTHON}


@pytest.mark.parametrize("name", contents())
def test_buttons_lead_where_they_say(site, name):
    """Report an error on this page, download it, go to the previous or the next one."""
    page = (site / f"{name}.html").read_text()
    here = (site / name).parent
    (report,) = re.findall(rf'href="({re.escape(address())}/issues/new[^"]*)"', page)
    assert f"{name}.html" in urllib.parse.unquote(html.unescape(report))
    (download,) = re.findall(r'<a href="([^"]*)"[^>]*btn-download-source-button', page)
    source = (here / download).resolve()
    suffix = ".ipynb" if (ROOT / "book" / f"{name}.ipynb").exists() else ".md"
    assert source.name.endswith(suffix) and source.read_text() == (ROOT / "book" / f"{name}{suffix}").read_text()

    order = contents()
    place = order.index(name)
    for button, others in (("left-prev", order[:place][-1:]), ("right-next", order[place + 1 :][:1])):
        links = re.findall(rf'<a class="{button}"\s+href="([^"]*)"', page)
        assert [(here / link).resolve() for link in links] == [(site / f"{other}.html").resolve() for other in others]


def test_a_number_in_prose_leads_to_its_claim(site):
    page = (site / "how-built.html").read_text()
    assert re.search(r'href="claims/first-look.html#recovery-vectors">(<[^>]*>)?0\.\d+ ± 0\.\d+ \(10 seeds\)<', page)
    assert 'id="recovery-vectors"' in (site / "claims" / "first-look.html").read_text()


def test_stored_outputs_have_no_run_times_and_say_so(site):
    assert run_times.NOTHING in html.unescape((site / "run-times.html").read_text())


def test_the_run_times_of_a_build_are_its_table():
    """As Sphinx calls it: two chapters that ran, one that failed, and a page that has nothing to run."""
    data = {
        "b": {"exec_data": {"runtime": 20.4}},
        "a": {"exec_data": {"runtime": 1.6}},
        "c": {"exec_data": None},
        "run-times": {},
    }
    table = [["Chapter a", "2 s"], ["Chapter b", "20 s"]]
    for failed, more in [
        ({}, [["all chapters", "22 s"]]),
        ({"c": {}}, [["Chapter c", "failed"], ["all others", "22 s"]]),
    ]:
        rows, links = filled(data, failed)
        assert rows == [["chapter", "run time"], *table, *more]
        assert links == ["a.html", "b.html", *[f"{name}.html" for name in failed]]


def filled(data, failed):
    """The rows and links of the table on a page, as the extension makes it of what Sphinx knows."""
    env = SimpleNamespace(nb_metadata=data, titles={name: nodes.title(text=f"Chapter {name}") for name in data})
    builder = SimpleNamespace(get_relative_uri=lambda page, name: f"{name}.html")
    page = nodes.section("", run_times.RunTimesNode())
    config = SimpleNamespace(failed_chapters=failed)
    run_times._fill(SimpleNamespace(env=env, builder=builder, config=config), page, "run-times")
    rows = [[cell.astext() for cell in row.findall(nodes.entry)] for row in page.findall(nodes.row)]
    return rows, [link["refuri"] for link in page.findall(nodes.reference)]


def test_the_glossary_is_in_order_and_says_each_word_once():
    text = (ROOT / "book" / "glossary.md").read_text()
    (body,) = re.findall(r"^```\{glossary\}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    words = re.findall(r"^(\S.*)$", body, re.MULTILINE)
    assert len(words) > 30 and words == sorted(set(words), key=str.lower)


def test_autodoc_gives_each_thing_what_it_needs(tmp_path):
    """A page made by Sphinx alone: fields have their words, and nothing of torch's or Python's own gets in."""
    some = "Events ReLU History metrics.Match metrics.MeanMaxCosine inference.Solution"
    names = [f"saeno.{name}" for name in some.split()]
    (tmp_path / "index.rst").write_text("\n\n".join(f".. autoclass:: {name}\n   :members:" for name in names))
    extensions = ["sphinx.ext.napoleon", "saeno.book.press.docstrings", "myst_nb", "saeno.book.press.run_times"]
    overrides = {"extensions": extensions, "nb_execution_mode": "off"}
    (tmp_path / "run-times.md").write_text("---\norphan: true\n---\n# Times\n\n```{run-times}\n```\n")
    source, output = str(tmp_path), str(tmp_path / "out")
    with patch_docutils(), docutils_namespace():
        app = Sphinx(source, None, output, output, "html", overrides, status=None, warningiserror=True)
        app.build()
    page = (tmp_path / "out" / "index.html").read_text()
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "where, (batch, k)" in text and "batch, before the step" in text and "when some are missing" in text
    assert "(true,) j(i): the learned atom" in text
    assert "Alias for" not in text and "*args" not in text and "forward" not in text
    assert run_times.NOTHING in (tmp_path / "out" / "run-times.html").read_text()


TO_RST = {
    "the gain $a_c$, and |x|": ":math:`a_c`, and \\|x\\|",
    "$$ a = b . $$\n\nnext": ".. math::\n\n   a = b .\n\nnext",
    "`TopK(3)` or `(batch, *grid)`": ":py:obj:`TopK(3) <saeno.TopK>` or ``(batch, *grid)``",
    "a list:\n- one\n- two": "a list:\n\n- one\n- two",
    "code\n\n    x = `1`": "code\n\n::\n\n    x = `1`",
    "`a`s and N`b`": "``a``\\ s and N\\ ``b``",
    "a_ and *b* and 2 * 3": "a\\_ and *b* and 2 \\* 3",
    "values: the $v$.\nshape: `s`.": "Attributes:\n    values: the :math:`v`.\n    shape: ``s``.",
    "See doi:10.1/a(b);x.": "See `doi:10.1/a(b <https://doi.org/10.1/a(b>`__);x.",
}


@pytest.mark.parametrize("text", TO_RST)
def test_markdown_of_docstrings_becomes_restructuredtext(text):
    assert TO_RST[text] in docstrings.to_rst(text, fields=("values", "shape"))


def test_wide_formulas_are_stacked_where_they_say():
    wide = rf"$$ {'a' * 50} \qquad\n {'b' * 50} $$".replace("\\n", "\n")
    assert rf"\begin{{gathered}} {'a' * 50} \\[4pt] {'b' * 50} \end{{gathered}}" in docstrings.to_rst(wide)
    assert "gathered" not in docstrings.to_rst(r"$$ a \qquad b $$")
