"""The tool that executes and stores the notebooks does what it says."""

import json

import nbformat

from saeno.book import notebooks


def write(path, *sources, metadata=None):
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata or {}), path)
    return path


def test_find_looks_into_folders_but_not_into_hidden_ones(tmp_path):
    for name in ["b.ipynb", "part/a.ipynb", "_build/c.ipynb", ".ipynb_checkpoints/d.ipynb", "page.md"]:
        write(tmp_path / name)
    assert notebooks.find(tmp_path) == [tmp_path / "b.ipynb", tmp_path / "part" / "a.ipynb"]


def test_storing_twice_gives_the_same_file(tmp_path, capsys):
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
    assert "bad.ipynb failed" in said.err and "ZeroDivisionError" in said.err and "1 of 2" in said.out
