"""A cache is emptied by what it depends on, and by nothing else.

What was measured belongs to the code an experiment reaches (`record.fingerprint`); what a notebook printed belongs to
what it imports (`site.state`). Neither may hang on the builder, nor a number on a picture.
"""

from pathlib import Path

import nbformat
import pytest

from saeno.book.chapters import BOOK, chapters, experiments
from saeno.book.imports import PACKAGE, reached
from saeno.book.press import ROOT
from saeno.book.press.notebooks import find
from saeno.book.press.site import sources, state
from saeno.book.record import fingerprint

PLOTS, PRESS = PACKAGE / "plots", BOOK / "press"
CHAPTERS = find(ROOT / "book")
BY_NAME = [*experiments().values(), *BOOK.rglob("exercises.py"), *BOOK.rglob("lab.py")]


def inside(paths, *folders):
    return [path.relative_to(PACKAGE).as_posix() for path in paths if set(folders) & set(path.parents)]


@pytest.mark.parametrize("path", BY_NAME, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_no_number_hangs_on_pictures_or_on_the_builder(path):
    """Fails when an experiment draws: import `saeno.plots` in one, and an edit of a colour measures it again."""
    assert inside(reached([path]), PLOTS, PRESS) == []


def test_pictures_hang_on_plots():
    """Else the test above would look for something that nothing has."""
    drawing = [folder / "pictures.py" for folder in chapters().values() if (folder / "pictures.py").exists()]
    assert drawing and all(inside(reached([path]), PLOTS) for path in drawing)


def test_a_fingerprint_changes_with_what_is_reached_alone(monkeypatch):
    """Fails when `fingerprint` hashes the whole package, or the experiment's file alone."""
    path, read, edited = experiments()["sparse_models"], Path.read_text, []

    def read_edited(self, *arguments, **options):
        source = read(self, *arguments, **options)
        return source + "\nEDITED = 1\n" if any(self.is_relative_to(place) for place in edited) else source

    monkeypatch.setattr(Path, "read_text", read_edited)
    before = fingerprint(path)
    edited[:] = [PLOTS, PRESS, PACKAGE / "losses"]
    assert fingerprint(path) == before
    edited[:] = [PACKAGE / "dictionaries" / "fourier.py"]
    assert fingerprint(path) != before


@pytest.fixture(scope="module")
def known():
    """What each chapter depends on, by its slug."""
    return {path.stem: sources(path, ROOT) for path in CHAPTERS}


def test_no_chapter_hangs_on_the_builder(known):
    """Fails when an edit of the builder runs all chapters again: take `press` for a laboratory in `sources`."""
    assert {slug: inside(paths, PRESS) for slug, paths in known.items()} == {slug: [] for slug in known}


def test_every_chapter_hangs_on_what_it_loads_by_name(known):
    """Fails when an edit of a check, an experiment or its results leaves old outputs standing."""
    for slug, paths in known.items():
        for name, path in experiments().items():
            assert {path, path.with_suffix(".json")} <= set(paths), f"{slug} does not see {name}"
        assert chapters()[slug] / "exercises.py" in paths


USES = {
    "from saeno import DenseDictionary": [],
    "from saeno.book import check, claim": [],
    "from saeno.book.operators.joint_sparsity import main": [],
    "from saeno.plots import codes": ["codes"],
    "from saeno.book.explorer import explorer": ["explorer"],
    "from saeno.book.panel import panel": ["panel"],
    "from saeno.book.operators.joint_sparsity import pictures": ["codes", "curves"],
    "from saeno import plots": ["atoms", "codes", "curves"],
}


@pytest.mark.parametrize("code", USES)
def test_a_notebook_hangs_on_the_plots_that_it_imports(tmp_path, code):
    """Directly, or through pictures, the explorer and the panel; no other notebook sees an edit there.

    Fails when `pictures` counts as loaded by name: leave it out of the exceptions in `sources`.
    """
    path = tmp_path / "a.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in ("%pip install saeno", code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    modules = {place.stem for place in sources(path, ROOT) if place.parent == PLOTS}
    assert set(USES[code]) <= modules and bool(USES[code]) == bool(modules)


def test_the_state_of_a_notebook_changes_with_its_sources_alone(tmp_path):
    """With real edits, in a house of one room of each kind."""
    house = {
        "saeno/__init__.py": "",
        "saeno/plots/__init__.py": "",
        "saeno/book/__init__.py": "from saeno.book.claims import claim",
        "saeno/book/claims.py": "import saeno.book.chapters\nclaim = 1",
        "saeno/book/chapters.py": "",
        "saeno/book/press/site.py": "",
        "saeno/book/part/slug/main.py": "from saeno.book.part.slug import lab",
        "saeno/book/part/slug/lab.py": "",
        "saeno/book/part/slug/main.json": "{}",
        "saeno/book/part/slug/exercises.py": "",
        "saeno/book/part/slug/pictures.py": "import saeno.plots",
        "constraints.txt": "",
    }
    for name, source in house.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    notebooks = {}
    for name, code in {"claim": "from saeno.book import claim", "plots": "import saeno.plots", "none": "1"}.items():
        notebooks[name] = tmp_path / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), notebooks[name])

    def moved_by(name):
        before = {notebook: state(path, tmp_path) for notebook, path in notebooks.items()}
        with open(tmp_path / name, "a") as file:
            file.write("\n# edited")
        return {notebook for notebook, path in notebooks.items() if state(path, tmp_path) != before[notebook]}

    assert {name: moved_by(name) for name in house} == {
        "saeno/__init__.py": set(),
        "saeno/plots/__init__.py": {"plots"},
        "saeno/book/__init__.py": set(),
        "saeno/book/claims.py": {"claim"},
        "saeno/book/chapters.py": {"claim"},
        "saeno/book/press/site.py": set(),
        "saeno/book/part/slug/main.py": {"claim"},
        "saeno/book/part/slug/lab.py": {"claim"},
        "saeno/book/part/slug/main.json": {"claim"},
        "saeno/book/part/slug/exercises.py": {"claim"},
        "saeno/book/part/slug/pictures.py": set(),
        "constraints.txt": set(notebooks),
    }
