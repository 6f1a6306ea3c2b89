"""Descriptions and files: what was written is read back, and nothing else is."""

import functools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
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
    composition,
    files,
)
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
    description = composition.describe(thing)
    again = composition.build(json.loads(json.dumps(description)))
    assert type(again) is type(thing) and composition.describe(again) == description


def test_a_description_reads_like_the_call():
    assert composition.describe(Unrolled(TopK(5), 3)) == {
        "class": "Unrolled",
        "sparsity": {"class": "TopK", "k": 5, "positive": False},
        "steps": 3,
        "accelerate": False,
        "step": None,
        "detach": False,
    }
    assert composition.describe(ConvDictionary(2, 3, (3, 2), seed=1)) == {
        "class": "ConvDictionary",
        "channels": 2,
        "concepts": 3,
        "support": [3, 2],
        "seed": 1,
        "offset": [0, 0],
    }


def test_every_public_class_of_a_model_is_in_the_table():
    assert {type(thing).__name__ for thing in THINGS} == set(composition.PUBLIC)


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    class TopK(torch.nn.Module):
        """Not ours, by the same name."""

    with pytest.raises(TypeError, match=r"TopK cannot be saved: should be one of DenseDictionary, "):
        composition.describe(TopK())
    model = SparseAutoencoder(Lifted(DenseDictionary(4, 6), Doubled()), MatchingPursuit(2))
    with pytest.raises(TypeError, match="Doubled cannot be saved"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["Popen", None])
def test_only_our_classes_are_built(name):
    with pytest.raises(ValueError, match=f"class = {name!r}: should be one of DenseDictionary"):
        composition.build({"class": name, "args": "ls"} if name else {"args": "ls"})


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
    with pytest.raises(ValueError, match=r"path = '.*': should name a file, not a folder"):
        files.read(tmp_path)


# --- files that lie


MODELS = [
    SparseAutoencoder(DenseDictionary(4, 6), OneStep(TopK(2), tied=False), mean=torch.zeros(4)),
    SparseAutoencoder(ConvDictionary(2, 3, (3, 2)), Unrolled(SoftThreshold(0.1), 2)),
    SparseAutoencoder(FourierDictionary(2, 3, 4), OnGrid(MatchingPursuit(2), 12)),
    SparseAutoencoder(Lifted(DenseDictionary(5, 6), Lifting.learned(4, 5)), OneStep(JumpReLU(0.1))),
    SparseAutoencoder(
        Lifted(FourierDictionary(2, 3, 1), SpectralLifting(*2 * [torch.eye(2).expand(5, 2, 2).cfloat()])),
        OneStep(BatchTopK(2)),
    ),
]


def forged(folder, model, header):
    save_file({n: v.contiguous() for n, v in model.state_dict().items()}, folder / "forged", metadata={"saeno": header})
    return folder / "forged"


def places(thing, path=()):
    """All paths into plain data."""
    yield path
    inside = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for name, part in inside:
        yield from places(part, (*path, name))


NUMBERS = st.one_of(st.integers(-2, 9), st.sampled_from([10**9, 10**30, -(10**9), 2.5, 1e300]))
WORDS = st.sampled_from(["", "float16", "load", "int64", "lifted", "data", "__class__", *composition.PUBLIC])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS),
    lambda part: st.one_of(
        st.lists(part, max_size=3), st.dictionaries(st.one_of(WORDS, st.sampled_from(["class", "k", "grid"])), part)
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_forged_header_is_one_error_that_names_the_file(tmp_path_factory, data):
    """Whatever stands in it: a model that computes with the tensors of the file, or a ValueError."""
    model = data.draw(st.sampled_from(MODELS), "model")
    description = {"schema": 1, "model": model.describe()}
    *way, last = data.draw(st.sampled_from(list(places(description))[1:]), "place")
    inner = functools.reduce(lambda part, name: part[name], way, description)
    if data.draw(st.booleans(), "left out") and isinstance(inner, dict):
        del inner[last]
    else:
        inner[last] = data.draw(VALUES, "value")
    path = forged(tmp_path_factory.getbasetemp(), model, json.dumps(description))
    try:
        loaded = SparseAutoencoder.load(path)
    except ValueError as error:
        assert str(error).startswith(f"path = {str(path)!r}")
    else:
        assert all(
            torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), model.state_dict().values(), strict=True)
        )


@pytest.mark.parametrize(
    "header", ["", "{", "3", "null", "[]", '{"schema": "1"}', '{"schema": null}', "[" * 10**5, "{}"]
)
def test_a_header_that_is_no_description_is_named(header, tmp_path):
    path = forged(tmp_path, MODELS[0], header)
    for read in (files.read, SparseAutoencoder.load):
        with pytest.raises(ValueError, match=r"path = '.*forged': its header cannot be understood \("):
            read(path)


@pytest.mark.parametrize(
    ("number", "part", "change", "name"),
    [
        (0, ["dictionary"], {"concepts": 10**9, "channels": 10**9}, "dictionary.weight"),
        (1, ["dictionary"], {"support": [10**5, 10**5]}, "dictionary.weight"),
        (2, ["dictionary"], {"modes": [10**9]}, "dictionary.weight"),
        (3, ["dictionary", "dictionary"], {"concepts": 10**9}, "dictionary.dictionary.weight"),
        (3, ["dictionary", "lifting"], {"lifted": 10**9}, "dictionary.lifting.P"),
        (4, ["dictionary", "lifting"], {"grid": [10**9]}, "dictionary.lifting.P"),
    ],
)
def test_nothing_larger_than_the_file_is_made_for_it(number, part, change, name, tmp_path):
    description = {"schema": 1, "model": MODELS[number].describe()}
    functools.reduce(lambda inner, key: inner[key], part, description["model"]).update(change)
    path = forged(tmp_path, MODELS[number], json.dumps(description))
    with pytest.raises(ValueError, match=rf"path = '.*forged'.*{name} has shape \(.*, and is described as .*0000"):
        SparseAutoencoder.load(path)


def test_a_file_of_another_type_than_it_says_is_refused(tmp_path):
    for said in ("float64", "load", "int64", 3):
        description = {"schema": 1, "model": MODELS[0].describe() | {"dtype": said}}
        with pytest.raises(ValueError, match=r"path = '.*forged'.*(described as torch.float64|dtype = )"):
            SparseAutoencoder.load(forged(tmp_path, MODELS[0], json.dumps(description)))


def test_two_writes_of_one_file_do_not_meet(tmp_path):
    """Each is whole, whoever is last; nothing else is left."""
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda n: files.write(tmp_path / "file", {"a": torch.full((999,), n)}, {}), range(40)):
            pass
    assert len(files.read(tmp_path / "file")[0]["a"].unique()) == 1 and len(list(tmp_path.iterdir())) == 1
