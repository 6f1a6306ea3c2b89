"""The page on your own activations keeps its promises: its Python runs from an array alone, and is short."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import saeno
from saeno import FourierDictionary, SparseAutoencoder
from saeno.book.press import ROOT

PAGE = (ROOT / "book" / "interpretability" / "your-activations.md").read_text()
FILE, AGAIN, PICTURES, LAYER = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def array(tmp_path, monkeypatch):
    """A folder with nothing but x.npy, with fewer functions than the page has, and of fewer steps."""
    monkeypatch.chdir(tmp_path)
    truth = saeno.data.SparseModel(FourierDictionary(3, 4, 5, seed=1).normalize_(), 2)
    np.save("x.npy", truth.sample(300, (200,), torch.Generator().manual_seed(0))[0].numpy())
    advise, fit = saeno.advise, saeno.fit
    monkeypatch.setattr(saeno, "advise", lambda x: advise(x, trial=2))
    monkeypatch.setattr(saeno, "fit", lambda *given, **more: fit(*given, **more | {"steps": 2, "progress": False}))


def run(*blocks):
    page = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, "your-activations.md", "exec"), page)


def test_it_is_short():
    assert all(len([line for line in block.splitlines() if line.strip()]) <= 20 for block in (FILE + PICTURES, LAYER))


def test_from_a_file_to_a_model_and_back(array, capsys):
    run(FILE, PICTURES)
    assert "variance unexplained" in capsys.readouterr().out
    assert Path("my-model.html").read_text().startswith("<!doctype html>")
    run(AGAIN)
    assert SparseAutoencoder.from_pretrained("my-model").dictionary.channels == 3


def test_from_a_layer_to_a_model(array):
    run(LAYER)
    assert SparseAutoencoder.from_pretrained("my-layer").dictionary.channels == 8
