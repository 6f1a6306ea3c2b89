"""The tool that executes and stores the notebooks does what it says."""

import json

import nbformat
import pytest

from saeno.book.press import notebooks


def write(path, *sources, metadata=None):
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata or {}), path)
    return path


def test_find_looks_into_folders_but_not_into_hidden_ones(tmp_path):
    for name in ["b.ipynb", "part/a.ipynb", "_build/c.ipynb", ".ipynb_checkpoints/d.ipynb", "page.md"]:
        write(tmp_path / name)
    assert notebooks.find(tmp_path) == [tmp_path / "b.ipynb", tmp_path / "part" / "a.ipynb"]


def test_storing_twice_gives_the_same_file(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    where = "import os, time\nprint(os.path.basename(os.getcwd()), flush=True)\ntime.sleep(0.1)\n"
    path = write(
        tmp_path / "part" / "a.ipynb",
        where + "print(os.environ['OMP_NUM_THREADS'])\nimport tqdm\nfor _ in tqdm.tqdm([1]): pass",
        "import ipywidgets\nipywidgets.IntSlider(3)",
        metadata={"kernelspec": {"name": "other", "display_name": "Mine", "language": "python"}},
    )
    assert notebooks.main([str(path)]) == 0
    first = path.read_text()
    assert "1 of 1" in capsys.readouterr().out
    assert notebooks.main([str(path)]) == 0
    assert path.read_text() == first

    stored = json.loads(first)
    (stream,) = stored["cells"][0]["outputs"]
    assert "".join(stream["text"]).splitlines() == ["part", "1"]
    assert stored["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in stored["metadata"] and "execution" not in stored["cells"][0]["metadata"]
    (widget,) = stored["cells"][1]["outputs"]
    assert list(widget["data"]) == ["text/plain"], "without a kernel the view is dead"


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path, capsys):
    bad, good = write(tmp_path / "bad.ipynb", "1 / 0"), write(tmp_path / "good.ipynb", "1 + 1")
    before = bad.read_text()
    assert notebooks.main([str(bad), str(good)]) == 1
    assert bad.read_text() == before
    assert nbformat.read(good, as_version=4).cells[0].outputs[0].data["text/plain"] == "2"
    said = capsys.readouterr()
    reason = "it failed in code cell 1 (1 / 0): ZeroDivisionError: division by zero"
    assert f"bad.ipynb was left as it was: {reason}" in said.err and "1 of 2" in said.out


ENDS = {
    "raise ValueError('one\\ntwo')": "ValueError: one",
    "import time\ntime.sleep(60)": "it ran for more than 1 s",
    "import os\nos._exit(1)": "its kernel died",
    "import sys\nsys.exit()": "SystemExit: ",
}


@pytest.mark.parametrize("source", ENDS)
def test_whatever_ends_a_notebook_is_said_with_its_cell(tmp_path, monkeypatch, source):
    """The same cell twice, text and a cell without code before it: they do not change which cell it is."""
    monkeypatch.setattr(notebooks, "TIMEOUT", 1)
    path = write(tmp_path / "a.ipynb", "x = 1", "", "x = 1", source, "x = 2")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# Text"))
    nbformat.write(notebook, path)
    run = notebooks.execute(path)
    assert run.notebook is None and run.error[:3] == ("code cell 4", source.partition("\n")[0], ENDS[source])


def test_a_kernel_that_does_not_start_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("jupyter_client.manager.KernelManager.format_kernel_cmd", lambda *a, **k: ["no-such-python"])
    error = notebooks.execute(write(tmp_path / "a.ipynb", "1")).error
    assert str(error).startswith("the start of its kernel: FileNotFoundError")


def test_the_threads_of_the_environment_are_those_of_a_notebook(tmp_path, monkeypatch):
    """So that `make book OMP_NUM_THREADS=2` is what it says."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    path = write(tmp_path / "a.ipynb", "import torch\nassert torch.get_num_threads() == 2")
    assert notebooks.execute(path).error is None


@pytest.mark.parametrize(
    "cores, threads, count", [(2, "1", 2), (2, "2", 1), (16, "1", 4), (16, "8,2", 2), (1, "4", 1), (2, None, 2)]
)
def test_notebooks_side_by_side_share_the_cores(cores, threads, count):
    """Two with two threads each, on two cores, take five times as long as one after the other."""
    assert notebooks.processes(cores, {} if threads is None else {"OMP_NUM_THREADS": threads}) == count


@pytest.mark.parametrize("threads", ["", "0", "-1", "two", "1.5"])
def test_threads_that_are_no_number_are_refused_by_name(threads):
    with pytest.raises(ValueError, match="OMP_NUM_THREADS must be a positive whole number"):
        notebooks.processes(2, {"OMP_NUM_THREADS": threads})


@pytest.mark.parametrize(
    "source, folded",
    [
        ("import torch\n\nfrom saeno import fit", True),
        (
            "# Brings saeno.\ntry:\n    import saeno\nexcept ImportError:\n    %pip install saeno\n    import saeno",
            True,
        ),
        ("import torch\ntorch.manual_seed(0)", False),
        ("from saeno import (", False),
        ("", False),
    ],
)
def test_a_page_folds_cells_that_only_import(source, folded):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["other"]})
    notebook = notebooks.normalise(nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("import this")]))
    assert notebook.cells[0].metadata.tags == ["other"] + folded * ["hide-input"]
    assert notebook == notebooks.normalise(notebook) and "tags" not in notebook.cells[1].metadata
