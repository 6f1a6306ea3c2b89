"""The setup cell, and a reader's first minutes in Colab: saeno arrives, and nothing that was there is replaced."""

import json
import os
import shutil
import subprocess
import venv
from pathlib import Path

import nbformat
import pytest

from saeno.book.press.address import address
from saeno.book.press.notebooks import find
from saeno.book.press.setup_cell import REVISION, first_code_cell, main, setup_cell

ROOT = Path(__file__).parents[1]
# What Colab has, as far as the book counts on it, with its own versions where they are old; and nbclient, to run the
# notebook.
PIP = "pip==24.1.2"
COLAB = ["torch", "numpy", "matplotlib", "ipywidgets==7.7.1", "scipy", "scikit-learn", "tqdm", "ipykernel", "nbclient"]
OURS = {"saeno", "safetensors", "pyts"}
# One with data and an explorer, and one with a live panel; more would say no more, and take long.
CHAPTERS = ["first-look.ipynb", "recovery/sparse-models.ipynb"]
EXECUTE = """\
import nbformat, nbclient
notebook = nbformat.read("chapter.ipynb", as_version=4)
nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
"""


def test_every_notebook_begins_with_the_setup_cell():
    for path in find(ROOT / "book"):
        first = first_code_cell(nbformat.read(path, as_version=4))
        assert first and first.source == setup_cell(), f"{path.name}: python -m saeno.book.press.setup_cell"


def book(root, *sources):
    """A project at `root` whose one notebook has these code cells after a text."""
    shutil.copy(ROOT / "pyproject.toml", root)
    cells = [nbformat.v4.new_markdown_cell("# Title"), *map(nbformat.v4.new_code_cell, sources)]
    (root / "book").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "book" / "chapter.ipynb")
    return root / "book" / "chapter.ipynb"


def test_one_command_renews_the_setup_cell_everywhere(tmp_path, monkeypatch):
    path = book(tmp_path, setup_cell(), "1 + 1")
    monkeypatch.setattr("saeno.book.press.setup_cell.REVISION", "v9")
    assert main(tmp_path) == 0
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert sources == ["# Title", setup_cell().replace("@main", "@v9"), "1 + 1"] and "@v9" in sources[1]


@pytest.mark.parametrize("sources", [["1 + 1"], []])
def test_a_notebook_without_setup_cell_is_named_and_left_alone(tmp_path, capsys, sources):
    path = book(tmp_path, *sources)
    before = path.read_text()
    assert main(tmp_path) == 1
    assert path.read_text() == before
    assert "book/chapter.ipynb" in capsys.readouterr().out


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def published(folder):
    """A git repository that holds the project as it stands here, on the branch that the setup cell names."""
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git = ["git", "-c", "user.name=saeno", "-c", "user.email=saeno@example.org"]
    run(*git, "init", "-q", "-b", REVISION, ".", cwd=folder)
    run(*git, "add", "--all", cwd=folder)
    run(*git, "commit", "-q", "-m", "The project", cwd=folder)
    return folder


@pytest.fixture
def colab(tmp_path):
    """A fresh virtual environment. It takes a gigabyte, so it is not kept like other temporary files."""
    folder = tmp_path / "colab"
    venv.create(folder, symlinks=True, with_pip=True)  # a copy of Python does not find its library on some machines
    yield folder / "bin" / "python"
    shutil.rmtree(folder)


def test_chapters_run_to_their_end_in_colab_and_replace_nothing(tmp_path, colab):
    (tmp_path / "repository").mkdir()
    repository = published(tmp_path / "repository")
    pinned = (ROOT / "constraints.txt").read_text().splitlines()
    free = ("ipywidgets==", "widgetsnbextension==", "jupyterlab_widgets==")  # these belong to the new ipywidgets
    (tmp_path / "constraints.txt").write_text("\n".join(line for line in pinned if not line.startswith(free)))
    # As the reader finds it: nothing of this environment, one thread as everywhere.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "IPYTHON"))}
    environment = kept | {
        "OMP_NUM_THREADS": "1",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    pip = [colab, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "-q", PIP, env=environment)
    run(*pip, "install", "-q", "-c", tmp_path / "constraints.txt", *COLAB, env=environment)
    before = packages(pip, environment)
    assert not OURS & set(before)

    (tmp_path / "content").mkdir()
    for notebook in CHAPTERS:
        content = nbformat.read(ROOT / "book" / notebook, as_version=4)
        cell = first_code_cell(content)
        cell.source = cell.source.replace(f"git+{address()}", f"git+file://{repository}")
        assert str(repository) in cell.source
        nbformat.write(content, tmp_path / "content" / "chapter.ipynb")
        run(colab, "-c", EXECUTE, cwd=tmp_path / "content", env=environment)

    after = packages(pip, environment)
    assert {name: after.get(name) for name in before} == before
    assert {"saeno"} <= set(after) - set(before) <= OURS


def packages(pip, environment):
    listed = json.loads(run(*pip, "list", "--format", "json", env=environment))
    return {package["name"].lower(): package["version"] for package in listed}
