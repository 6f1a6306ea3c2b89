"""The site is built from what stands in the project: never stale, never falsely green, quick when nothing changed."""

import shutil

import nbformat
import pytest

from saeno.book.press import site
from saeno.book.press.address import address, forms
from saeno.book.press.notebooks import Failure, Run

BANNER = "This chapter did not run to its end"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A book of one page and one notebook; the notebook writes down that it ran, and shows a number of the package."""
    root = tmp_path_factory.mktemp("project")
    (root / "book").mkdir()
    (root / "saeno").mkdir()
    (root / "saeno" / "__init__.py").write_text("")
    (root / "saeno" / "number.py").write_text("number = 41\n")
    (root / "constraints.txt").write_text("")
    shutil.copy(site.ROOT / "_config.yml", root)
    (root / "book" / "_static").mkdir()
    shutil.copy(site.ROOT / "book" / "_static" / "logo.svg", root / "book" / "_static")
    (root / "book" / "references.bib").write_text("")
    (root / "book" / "_toc.yml").write_text("format: jb-book\nroot: intro\nchapters:\n  - file: a\n")
    (root / "book" / "intro.md").write_text("# Intro\n")
    source = "open('../runs.txt', 'a').write('x')\nimport sys; sys.path.insert(0, '..')\n"
    source += "from saeno.number import number\nprint('number', number)"
    cell = nbformat.v4.new_code_cell(source, outputs=[nbformat.v4.new_output("stream", text="number stored")])
    cells = [nbformat.v4.new_markdown_cell("# Notebook"), cell]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), root / "book" / "a.ipynb")
    return root


def runs(root):
    return len((root / "runs.txt").read_text()) if (root / "runs.txt").exists() else 0


# One story in one test, since each build takes seconds.
def test_the_life_of_a_book(project, capsys):
    page = site.build(project, stored=True).page
    assert "number stored" in page.with_name("a.html").read_text() and runs(project) == 0

    page = site.build(project).page
    assert "number 41" in page.with_name("a.html").read_text() and runs(project) == 1, "executed exactly once"
    _, colab, _, binder = forms(address())
    for there in (f"{colab}/blob/main/book/a.ipynb", f"{binder}/main?urlpath=lab/tree/book/a.ipynb"):
        assert f'href="{there}"' in page.with_name("a.html").read_text()

    capsys.readouterr()
    assert site.build(project) == (page, []) and "Nothing changed" in capsys.readouterr().out

    with open(project / "book" / "intro.md", "a") as intro:
        intro.write("More.\n")
    site.build(project)
    assert "More." in page.with_name("intro.html").read_text() and runs(project) == 1, "the prose alone changed"

    (project / "saeno" / "other.py").write_text("number = 42\n")
    site.build(project)
    assert runs(project) == 1, "what the notebook does not import changed"

    (project / "saeno" / "number.py").write_text("number = 42\n")
    site.build(project)
    assert "number 42" in page.with_name("a.html").read_text() and runs(project) == 2, "the package changed"

    (project / "saeno" / "number.py").write_text("raise ValueError('broken')\n")
    for _ in range(2):
        page, (run,) = site.build(project)
        assert str(run.error) == "code cell 1 (open('../runs.txt', 'a').write('x')): ValueError: broken"
        shown = page.with_name("a.html").read_text()
        assert "number stored" in shown and BANNER in shown and shown.index(BANNER) < shown.index("number stored")
        assert BANNER not in page.with_name("intro.html").read_text()
    (project / "saeno" / "number.py").write_text("number = 42\n")
    assert site.build(project) == (page, [])
    shown = page.with_name("a.html").read_text()
    assert "number 42" in shown and BANNER not in shown, "the chapter was mended"

    with open(project / "book" / "intro.md", "a") as intro:
        intro.write("{doc}`nowhere`\n")
    for _ in range(2):
        with pytest.raises(
            RuntimeError, match=f"warnings, which are errors, stand above; the pages .* are in {project}"
        ):
            site.build(project, stored=True)


def test_digest_sees_names_and_contents_but_no_caches(tmp_path):
    (tmp_path / "part" / "__pycache__").mkdir(parents=True)
    (tmp_path / "part" / "a.py").write_text("1")
    before = site.digest(tmp_path, "part")
    (tmp_path / "part" / "__pycache__" / "a.pyc").write_text("2")
    (tmp_path / "part" / ".hidden").write_text("2")
    assert site.digest(tmp_path, "part") == before
    (tmp_path / "part" / "a.py").write_text("2")
    changed = site.digest(tmp_path, "part")
    (tmp_path / "part" / "a.py").rename(tmp_path / "part" / "b.py")
    assert len({before, changed, site.digest(tmp_path, "part")}) == 3
    with pytest.raises(FileNotFoundError, match="absent"):
        site.digest(tmp_path, "absent")


FAILURE = Failure("code cell 3", "1 / 0", "ZeroDivisionError: division by zero", "Traceback: a long one")


@pytest.mark.parametrize("stored", [False, True])
def test_the_command_line_says_where_the_site_is(monkeypatch, capsys, stored):
    page = site.ROOT / "_build" / "html" / "index.html"
    monkeypatch.setattr(site, "build", lambda stored: site.Site(page.with_name(f"{stored}.html"), []))
    assert site.main(["--stored"] * stored) == 0
    assert f"The book: _build/html/{stored}.html" in capsys.readouterr().out


def test_the_command_line_names_the_chapters_that_failed(monkeypatch, capsys):
    """Should fail with: exit status 0; the name alone."""
    run = Run(site.ROOT / "book" / "part" / "a.ipynb", None, 1.0, FAILURE)
    monkeypatch.setattr(site, "build", lambda stored: site.Site(site.ROOT / "index.html", [run]))
    assert site.main([]) == 1
    said = capsys.readouterr()
    assert "The book: index.html" in said.out and "Traceback: a long one" in said.err
    last = "  book/part/a.ipynb, code cell 3 (1 / 0): ZeroDivisionError: division by zero"
    assert said.err.splitlines()[-1] == last


def test_the_command_line_says_that_nothing_was_built(monkeypatch, capsys):
    def build(stored):
        raise RuntimeError("Jupyter Book ended with status 1")

    monkeypatch.setattr(site, "build", build)
    assert site.main([]) == 1
    assert "The book was not built. Jupyter Book ended with status 1" in capsys.readouterr().err
