"""Descriptions and files: what was written is read back, and nothing else is."""

import json

import pytest
import torch
from safetensors.torch import save_file

from saeno import (
    BatchTopK,
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    GroupSoftThreshold,
    JointTopK,
    JumpReLU,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    OnGrid,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    SpectralLifting,
    TopK,
    Unrolled,
)
from saeno import composition as files
from tests.test_lifted import Doubled

THINGS = [
    DenseDictionary(4, 6, seed=2),
    ConvDictionary(2, 3, (3, 2), offset=(-1, 0)),
    FourierDictionary(2, 3, 4),
    Lifted(DenseDictionary(6, 7), Lifting.gaussian(4, 6), "lifted"),
    Lifting.learned(4, 6, tied=False),
    SpectralLifting(torch.eye(2).expand(5, 4, 2, 2).cfloat(), torch.eye(2).expand(5, 4, 2, 2).cfloat()),
    SoftThreshold(0.1, positive=True),
    ReLU(),
    JumpReLU(0.3, bandwidth=0.2),
    GroupSoftThreshold(0.1, 0.2, positive=True),
    JointTopK(3, 0.25, positive=True),
    TopK(3, positive=True),
    BatchTopK(3, positive=True),
    OneStep(ReLU(), tied=False, step=0.3),
    Unrolled(SoftThreshold(0.2), 5, True, 0.1, True),
    MatchingPursuit(4, positive=True, detach=True, concepts=2),
    OnGrid(MatchingPursuit(4), (6, 7)),
]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_a_description_is_plain_data_and_builds_the_same_again(thing):
    description = files.describe(thing)
    again = files.build(json.loads(json.dumps(description)))
    assert type(again) is type(thing) and files.describe(again) == description


def test_a_description_reads_like_the_call():
    assert files.describe(Unrolled(TopK(5), 3)) == {
        "class": "Unrolled",
        "sparsity": {"class": "TopK", "k": 5, "positive": False},
        "steps": 3,
        "accelerate": False,
        "step": None,
        "detach": False,
    }
    assert files.describe(ConvDictionary(2, 3, (3, 2), seed=1)) == {
        "class": "ConvDictionary",
        "channels": 2,
        "concepts": 3,
        "support": [3, 2],
        "seed": 1,
        "offset": [0, 0],
    }


def test_every_public_class_of_a_model_is_in_the_table():
    assert {type(thing).__name__ for thing in THINGS} == set(files.PUBLIC)


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    class TopK(torch.nn.Module):
        """Not ours, by the same name."""

    with pytest.raises(TypeError, match=r"TopK cannot be saved: should be one of DenseDictionary, "):
        files.describe(TopK())
    model = SparseAutoencoder(Lifted(DenseDictionary(4, 6), Doubled()), MatchingPursuit(2))
    with pytest.raises(TypeError, match="Doubled cannot be saved"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["Popen", None])
def test_only_our_classes_are_built(name):
    with pytest.raises(ValueError, match=f"class = {name!r}: should be one of DenseDictionary"):
        files.build({"class": name, "args": "ls"} if name else {"args": "ls"})


def test_tensors_come_back_with_their_bits_and_types(tmp_path):
    tensors = {
        "double": torch.rand(3, 2, dtype=torch.float64),
        "turned": torch.rand(3, 2).T,
        "number": torch.tensor(3.0),
        "whole": torch.arange(4),
    }
    files.write(tmp_path / "file", tensors, {"note": [1, None, 0.1]})
    read, description = files.read(tmp_path / "file")
    assert description == {"schema": files.SCHEMA, "note": [1, None, 0.1]} and read.keys() == tensors.keys()
    for name, value in tensors.items():
        assert read[name].dtype == value.dtype and torch.equal(read[name], value)


def test_a_write_that_dies_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write(path, {"a": torch.zeros(2)}, {})

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        files.write(path, {"a": torch.ones(2)}, {})
    assert not files.read(path)[0]["a"].any()


def test_files_that_are_not_ours_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "absent")
    (tmp_path / "text").write_text("not a model at all, but text")
    with pytest.raises(ValueError, match=r"path = '.*text': not a safetensors file"):
        files.read(tmp_path / "text")
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match=r"path = '.*empty': not a safetensors file"):
        files.read(tmp_path / "empty")
    save_file({"a": torch.zeros(2)}, tmp_path / "bare")
    save_file({"a": torch.zeros(2)}, tmp_path / "foreign", metadata={"format": "pt"})
    for name in ("bare", "foreign"):
        with pytest.raises(ValueError, match=rf"path = '.*{name}': a safetensors file, but not one written by saeno"):
            files.read(tmp_path / name)


def test_a_newer_schema_is_refused(tmp_path):
    SparseAutoencoder(DenseDictionary(4, 6), OneStep(TopK(2))).save(tmp_path / "model")
    tensors, description = files.read(tmp_path / "model")
    header = {"saeno": json.dumps({**description, "schema": files.SCHEMA + 1})}
    save_file(tensors, tmp_path / "newer", metadata=header)
    for reader in (files.read, SparseAutoencoder.load):
        with pytest.raises(ValueError, match=rf"has schema {files.SCHEMA + 1}: .*up to {files.SCHEMA}, update saeno"):
            reader(tmp_path / "newer")


def test_an_unknown_class_in_a_file_is_refused(tmp_path):
    SparseAutoencoder(DenseDictionary(4, 6), OneStep(TopK(2))).save(tmp_path / "model")
    tensors, description = files.read(tmp_path / "model")
    description["model"]["inference"]["class"] = "Oracle"
    save_file(tensors, tmp_path / "unknown", metadata={"saeno": json.dumps(description)})
    with pytest.raises(ValueError, match=r"class = 'Oracle': should be one of"):
        SparseAutoencoder.load(tmp_path / "unknown")


def test_folders_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"path = '.*nowhere/model': its folder should exist"):
        files.write(tmp_path / "nowhere" / "model", {}, {})
    with pytest.raises(ValueError, match=r"path = '.*': a folder, should be a file"):
        files.read(tmp_path)
