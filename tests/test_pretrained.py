"""A model as a folder: what was written is read back to the last bit, and nothing else is read or written over."""

import json
import os
import sys
import types

import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    JumpReLU,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    SparseAutoencoder,
    TopK,
    Unrolled,
    pretrained,
)
from tests.helpers import one_of_each

RECIPE = {"data": {"file": "x.npy"}, "training": {"steps": 10, "lr": 0.01}, "results": {"FVU": 0.123456}}


def model(concepts=6, seed=0):
    return SparseAutoencoder(DenseDictionary(4, concepts, seed=seed), OneStep(TopK(2)), torch.ones(4), 2.0).eval()


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def edit(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.fixture
def folder(tmp_path):
    model().save_pretrained(tmp_path / "model", RECIPE)
    return tmp_path / "model"


@pytest.mark.parametrize("name", one_of_each())
def test_a_model_comes_back_to_the_last_bit(name, tmp_path):
    dictionary, _ = one_of_each()[name]
    before = SparseAutoencoder(dictionary, MatchingPursuit(2), torch.randn(dictionary.channels)).eval()
    before.save_pretrained(tmp_path / "m")
    after = SparseAutoencoder.from_pretrained(str(tmp_path / "m"))
    assert not after.training
    assert after.describe() == before.describe()
    assert {name: value.tolist() for name, value in after.state_dict().items()} == {
        name: value.tolist() for name, value in before.state_dict().items()
    }


@pytest.mark.parametrize(
    "inference", [OneStep(JumpReLU(0.2), tied=False), Unrolled(TopK(2), 3)], ids=lambda one: type(one).__name__
)
def test_what_an_encoder_learned_comes_back(inference, tmp_path):
    before = SparseAutoencoder(DenseDictionary(4, 6), inference).double().eval()
    with torch.no_grad():
        for parameter in inference.parameters():
            parameter.add_(0.1)
    before.save_pretrained(tmp_path)
    x = torch.randn(5, 4, dtype=torch.float64)
    assert SparseAutoencoder.from_pretrained(tmp_path)(x).code.equal(before(x).code)


def test_the_weights_are_a_saved_model_too(folder):
    x = torch.randn(3, 4)
    assert SparseAutoencoder.load(folder / "model.safetensors")(x).code.equal(model()(x).code)


def test_the_folder_says_what_it_holds(folder):
    config = json.loads((folder / "config.json").read_text())
    assert config["model"] == model().describe()
    assert {key: config[key] for key in RECIPE} == RECIPE
    assert config["versions"]["torch"] == torch.__version__
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: saeno\ntags:\n")
    assert "| dictionary | DenseDictionary(channels=4, concepts=6" in card
    assert "| FVU | 0.1235 |" in card and "| lr | 0.01 |" in card
    assert sorted(contents(folder)) == ["README.md", "config.json", "model.safetensors"]


def test_the_same_composition_is_replaced_and_an_edited_card_kept(folder):
    model(seed=0).save_pretrained(folder)
    assert "FVU" not in (folder / "README.md").read_text()
    (folder / "README.md").write_text("Mine.")
    other = model()
    with torch.no_grad():
        other.dictionary.weight.mul_(-1)
    other.save_pretrained(folder)
    assert (folder / "README.md").read_text() == "Mine."
    assert SparseAutoencoder.from_pretrained(folder).dictionary.weight.equal(other.dictionary.weight)


@pytest.mark.parametrize("file", ["README.md", "config.json", "model.safetensors"])
def test_what_is_somebody_elses_is_not_written_over(file, tmp_path):
    (tmp_path / file).write_text("{}")
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"README|config\.json"):
        model().save_pretrained(tmp_path)
    assert contents(tmp_path) == before


def test_another_model_is_not_written_over(folder):
    before = contents(folder)
    with pytest.raises(ValueError, match="holds another model"):
        model(concepts=7).save_pretrained(folder)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"steps": 3}, r"recipe\['steps'\] = 3: should be one of data, training, results"),
        ({"training": {"optimizer": torch.optim.Adam}}, "should be plain data"),
        ({"results": {"FVU": float("nan")}}, "should be plain data"),
    ],
)
def test_a_recipe_is_plain_data(recipe, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        model().save_pretrained(tmp_path / "m", recipe)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failed_write_changes_nothing(failing, folder, monkeypatch):
    """Fails when a file takes its place before all are on the disk."""
    before, synced, real = contents(folder), [], os.fsync

    def full(descriptor):
        synced.append(descriptor)
        if len(synced) == failing + 1:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    changed = model()
    with torch.no_grad():
        changed.dictionary.weight.mul_(-1)
    with pytest.raises(OSError, match=r"cannot be written .*No space"):
        changed.save_pretrained(folder, {"results": {"FVU": 1.0}})
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"more": 1}, r"more = 1: should be one of library_name, .*model"),
        ({"library_name": "peft"}, "is not of saeno"),
        ({"schema": 2}, "schema = 2: this version reads up to 1"),
        ({"model": None}, "model = None: should be an object with dictionary, inference"),
        ({"model": {**model().describe(), "size": 3}}, r"model\.size = 3: should be one of dictionary, inference"),
        ({"model": {"dictionary": {}, "inference": {}}}, r"model\.dtype: is missing"),
        (
            {"model": {**model().describe(), "inference": {"class": "OneStep", "sparsity": {"class": "TopQ"}}}},
            r"model\.inference\.sparsity\.class = 'TopQ': should be one of DenseDictionary",
        ),
        (
            {"model": {**model().describe(), "inference": {"class": "OneStep", "sparsity": {"class": "TopK", "q": 1}}}},
            r"model\.inference\.sparsity\.q = 1: should be one of k, positive for TopK",
        ),
        (
            {"model": {**model().describe(), "dictionary": {"class": "DenseDictionary", "channels": 4}}},
            r"model\.dictionary\.concepts: is missing, DenseDictionary needs it",
        ),
        ({"model": model(concepts=7).describe()}, r"model\.safetensors belongs to another model"),
    ],
)
def test_a_folder_that_says_what_is_not_so_is_refused(changes, said, folder):
    edit(folder, **changes)
    with pytest.raises(ValueError, match=said):
        SparseAutoencoder.from_pretrained(folder)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_file_that_is_missing_or_spoiled_is_named(file, folder):
    (folder / file).write_bytes(b"\x00 spoiled")
    with pytest.raises(ValueError, match=file.replace(".", r"\.")):
        SparseAutoencoder.from_pretrained(folder)
    (folder / file).unlink()
    with pytest.raises(ValueError, match=rf"should have a {file}, there is none"):
        SparseAutoencoder.from_pretrained(folder)


def test_forged_sizes_are_refused_before_anything_is_made(folder, monkeypatch):
    """Both files say the same, and the tensors are smaller."""
    from saeno import files

    forged = model().describe()
    forged["dictionary"]["concepts"] = 10**12
    files.write(folder / "model.safetensors", model().state_dict(), {"model": forged})
    edit(folder, model=forged)
    with pytest.raises(ValueError, match=r"dictionary\.weight has shape \(6, 4\), and is described as \(1000000000000"):
        SparseAutoencoder.from_pretrained(folder)


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        ("no/such/folder", ValueError, r"should be a folder, or \"owner/name\""),
        ("./model", ValueError, "should be a folder"),
        ("", ValueError, "should be a folder"),
        (3, TypeError, "source = 3: should be a path"),
    ],
)
def test_a_source_that_is_nothing_is_named(source, kind, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=said):
        SparseAutoencoder.from_pretrained(source)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "m").write_text("")
    for act in (SparseAutoencoder.from_pretrained, model().save_pretrained):
        with pytest.raises(ValueError, match="should be a folder, not a file"):
            act(tmp_path / "m")


def test_without_the_hub_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r'owner/name.*pip install "saeno\[hub\]"'):
        SparseAutoencoder.from_pretrained("owner/name")


def test_with_the_hub_a_repository_is_fetched(folder, monkeypatch):
    asked = []

    def snapshot_download(repo_id, *, revision=None, allow_patterns=None):
        asked.append((repo_id, revision, allow_patterns))
        return str(folder)

    hub = types.SimpleNamespace(snapshot_download=snapshot_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    found = SparseAutoencoder.from_pretrained("owner/name", revision="v1")
    assert asked == [("owner/name", "v1", ["model.safetensors", "config.json", "README.md"])]
    assert found.dictionary.weight.equal(model().dictionary.weight)


def test_a_revision_is_of_the_hub(folder):
    with pytest.raises(ValueError, match=r"revision = 'v1'.*is a folder"):
        SparseAutoencoder.from_pretrained(folder, revision="v1")


def test_a_card_is_a_table_of_what_is_there():
    lifted = SparseAutoencoder(Lifted(ConvDictionary(3, 4, 2), Lifting.learned(2, 3)), MatchingPursuit(1))
    said = pretrained.card({"model": lifted.describe()})
    assert "Lifted(dictionary=ConvDictionary(channels=3, concepts=4, support=[2]" in said
    assert "## Results" not in said
    plain = SparseAutoencoder(FourierDictionary(1, 2, 3), MatchingPursuit(1))
    assert "| mean |" not in pretrained.card({"model": plain.describe()})
