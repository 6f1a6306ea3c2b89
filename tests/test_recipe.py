"""Training from a file: what it says is done, what it cannot mean is named, and nothing is lost."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from saeno import DenseDictionary, MatchingPursuit, OneStep, SparseAutoencoder, TopK, data, fit, losses, recipe
from saeno.__main__ import main
from saeno.operators import ShardWriter
from saeno.recipe import parts, sources
from saeno.training.run import Run

VECTORS = {"class": "DenseDictionary", "concepts": 8}
TOP = {"class": "OneStep", "sparsity": {"class": "TopK", "k": 2}}
STEPS = {"steps": 6, "batch": 8, "save_every": 2}


def signals(count=60, shape=(4,), seed=0):
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A function that writes a configuration for 60 vectors, changed as it is told, and gives its path."""
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "x.npy", signals().numpy())

    def write(model=None, name="c.json", where="x.npy", **training):
        said = {"model": {"dictionary": VECTORS, "inference": TOP, **(model or {})}, "data": where}
        (tmp_path / name).write_text(json.dumps({**said, "training": {**STEPS, **training}}))
        return tmp_path / name

    return write


def weights(folder):
    return {name: value.tolist() for name, value in SparseAutoencoder.from_pretrained(folder).state_dict().items()}


def test_a_run_is_the_same_as_fit(made, tmp_path):
    """The rows that are held out, the mean, the scale and all settings: by hand, with the public functions."""
    folder = recipe.train(made({"mean": True, "scale": True}, held_out=10), progress=False)
    assert folder == tmp_path / "c-run"
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    rest = signals()[order[10:].sort().values]
    scale = float(f"{data.scale(rest):.6g}")
    by_hand = SparseAutoencoder(DenseDictionary(4, 8), OneStep(TopK(2)), data.mean(rest), scale)
    history = fit(by_hand, rest, 6, batch=8, progress=False)
    assert weights(folder) == {name: value.tolist() for name, value in by_hand.state_dict().items()}
    with open(folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows[:-1]] == pytest.approx(history.loss.tolist(), rel=1e-5)
    assert [row["step"] for row in rows if row["held_out"]] == ["0", "1", "2", "3", "4", "5", "6"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "history.csv",
        "model.safetensors",
    ]


def test_the_recipe_is_whole_and_runs_again_to_the_same_bits(made, tmp_path):
    folder = recipe.train(made({"scale": True}), progress=False)
    config = json.loads((folder / "config.json").read_text())
    assert set(config) == {"library_name", "schema", "versions", "model", "data", "training", "results"}
    assert config["data"]["signals"] == 60 and len(config["data"]["sha256"]) == 64
    training = config["training"]
    assert training["optimizer"]["betas"] == [0.9, 0.999] and training["lr"] == 0.01 and training["held_out"] == 6
    assert set(training) == {"steps", *recipe.config.FIT, "held_out", "device"}
    assert isinstance(config["model"]["scale"], float)
    results = config["results"]
    assert results["active entries of a code, held out"] == 2
    assert 0 < results["fraction of variance unexplained, held out"] < 1.5
    again = recipe.train(folder / "config.json", tmp_path / "elsewhere" / "again", progress=False)
    assert weights(again) == weights(folder)


def test_the_card_has_the_figures(made):
    card = (recipe.train(made(), progress=False) / "README.md").read_text()
    assert "| held-out signals | 6 |" in card
    assert "| atoms that no held-out signal uses |" in card
    assert "| dictionary | DenseDictionary(channels=4, concepts=8, seed=0) |" in card


def test_an_interrupted_run_goes_on_to_the_same_bits(made, monkeypatch, capsys):
    whole = recipe.train(made(name="whole.json"), progress=False)
    advance = Run.advance

    def stopped(self, *arguments):
        if self.step == 4:
            raise KeyboardInterrupt
        advance(self, *arguments)

    path = made(name="cut.json")
    with monkeypatch.context() as patch:
        patch.setattr(Run, "advance", stopped)
        assert main([str(path), "--quiet"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    folder = path.with_name("cut-run")
    with pytest.raises(ValueError, match=r"model\.safetensors, there is none"):
        SparseAutoencoder.from_pretrained(folder)
    assert main([str(path), "--quiet"]) == 0
    assert weights(folder) == weights(whole)
    assert not (folder / "checkpoint.safetensors").exists()


def test_a_finished_run_is_left_as_it_is(made):
    folder = recipe.train(made(), progress=False)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert recipe.train(made(), progress=False) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lr": 0.1}, r"training\.lr = 0\.01, not 0\.1"),
        ({"model": {"dictionary": {**VECTORS, "concepts": 9}}}, r"model\.dictionary = DenseDictionary.*concepts=8.*=9"),
        ({"loss": {"class": "l1", "weight": 1.0}}, r"training\.loss = objective, not l1\(weight=1\)"),
    ],
)
def test_another_run_is_not_written_over(change, said, made):
    folder = recipe.train(made(), progress=False)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match=f"out = .*holds a run with {said}.*another folder"):
        recipe.train(made(**change), progress=False)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_other_data_are_another_run(made, tmp_path):
    path = made()
    config = recipe.train(path, progress=False) / "config.json"
    np.save(tmp_path / "x.npy", signals(seed=1).numpy())
    with pytest.raises(ValueError, match=r"holds a run with data\.sha256"):
        recipe.train(path, progress=False)
    with pytest.raises(ValueError, match=r"data\.file = '\.\./x\.npy': other bytes than its sha256 says"):
        recipe.train(config, tmp_path / "other", progress=False)


def test_a_folder_of_other_things_is_refused(made, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match=r"holds thesis\.tex, and no run"):
        recipe.train(made(), tmp_path / "mine", progress=False)
    SparseAutoencoder(DenseDictionary(4, 8), MatchingPursuit(2)).save_pretrained(tmp_path / "model")
    with pytest.raises(ValueError, match="holds a model that no run made"):
        recipe.train(made(), tmp_path / "model", progress=False)


WRONG = [
    ("more", 1, "more = 1: should be one of library_name, schema, versions, model, data, training"),
    ("model.more", 1, "model.more = 1: should be one of dictionary, inference, dtype, mean, scale"),
    ("model.dictionary", "Dense", "model.dictionary = 'Dense': should be an object, such as {\"class\""),
    ("model.dictionary.class", "Dense", "model.dictionary.class = 'Dense': should be one of DenseDictionary, ConvD"),
    ("model.dictionary.atoms", 3, "model.dictionary.atoms = 3: should be one of channels, concepts, seed for Dense"),
    ("model.inference.sparsity.kk", 3, "model.inference.sparsity.kk = 3: should be one of k, positive for TopK"),
    ("model.dictionary.channels", 5, "channels = 5"),
    ("model.mean", 1, "model.mean = 1: should be True or False"),
    ("model.scale", -1, "model.scale = -1: should be a finite number > 0"),
    ("model.dtype", "int8", "dtype = 'int8': should be a floating-point type"),
    ("data", 3, "data = 3: should be an object with file, folder, module, layer, inputs"),
    ("data", {"path": "x.npy"}, "data.path = 'x.npy': should be one of file, folder, module"),
    ("data", {"file": "x.npy", "folder": "x"}, "should have one of file, folder, module"),
    ("data", {"file": "x.npy", "layer": "x"}, "data.layer = 'x': should be one of file"),
    ("data", {"module": "a:b", "layer": "x"}, "data.inputs: is missing"),
    ("data", "y.npy", "data.file = 'y.npy': there is no"),
    ("data", "shards", "data.folder = 'shards': there is no"),
    ("data", "c.json", "data.folder = 'c.json': there is no"),
    ("data", {"file": "x.npy", "signals": 61}, "data.signals = 61: the data have 60"),
    ("training", {}, "training.steps: is missing"),
    ("training.step", 3, "training.step = 3: should be one of steps, batch, lr"),
    ("training.steps", 0, "training.steps = 0: should be a whole number ≥ 1"),
    ("training.optimizer", "Adom", "training.optimizer = 'Adom': should be one of "),
    ("training.optimizer", {"class": "SGD", "beta": 1}, "training.optimizer.beta = 1: should be one of momentum"),
    ("training.loss", "l2", "training.loss = 'l2': should be one of objective, squared_error, l1, l0"),
    ("training.loss", "l1", "training.loss = 'l1': should be an object with its class and settings"),
    ("training.loss", {"class": "l1"}, "training.loss.weight: is missing, l1 needs it"),
    ("training.loss", {"class": "AuxK", "k": 2, "base": "l3"}, "training.loss.base = 'l3': should be one of"),
    ("training.held_out", 59, "training.held_out = 59: of 60 signals, 59 are held out; should leave a batch of 8"),
    ("training.lr", -1, "lr = -1: should be"),
]


@pytest.mark.parametrize(("place", "value", "said"), WRONG, ids=[f"{place}={value}" for place, value, _ in WRONG])
def test_what_a_file_cannot_mean_is_named(place, value, said, made, capsys):
    path = made()
    config = json.loads(path.read_text())
    *way, last = place.split(".")
    inside = config
    for key in way:
        inside = inside[key]
    inside[last] = value
    path.write_text(json.dumps(config))
    assert main([str(path), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error, error
    assert not path.with_name("c-run").exists()


def test_what_is_no_file_of_json_is_named(tmp_path, capsys):
    (tmp_path / "c.json").write_text('{"model": ')
    assert main([str(tmp_path / "c.json")]) == 2
    assert "should be JSON (Expecting value: line 1 column 11" in capsys.readouterr().err
    assert main([str(tmp_path / "d.json")]) == 2
    assert "should be a file, there is none" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"\x93NUMPY spoiled", b"", np.arange(3), np.array([["a"]])])
def test_what_is_no_array_of_signals_is_named(content, made, tmp_path):
    path = made()
    if isinstance(content, bytes):
        (tmp_path / "x.npy").write_bytes(content)
    else:
        np.save(tmp_path / "x.npy", content)
    with pytest.raises(ValueError, match=r"data\.file = .*x\.npy.*should be"):
        recipe.train(path, progress=False)


@pytest.mark.parametrize("dtype", [np.float64, np.int16])
def test_numbers_of_other_types_are_converted(dtype, made, tmp_path):
    np.save(tmp_path / "x.npy", (10 * signals()).numpy().astype(dtype))
    folder = recipe.train(made({"scale": True}), progress=False)
    assert SparseAutoencoder.from_pretrained(folder).dictionary.weight.dtype == torch.float32


def test_what_is_large_stays_on_the_disk(made, tmp_path, monkeypatch):
    """The same rows are held out, and the same kind of thing is learned, from batches that are read one by one."""
    small = recipe.train(made({"scale": True}, name="s.json", steps=30), progress=False)
    monkeypatch.setattr(sources, "LARGE", 0)
    read = recipe.read(made({"scale": True}, name="l.json", steps=30))
    source = sources.load(read, sources.identified(read), tmp_path)
    assert isinstance(source.train, torch.utils.data.DataLoader) and isinstance(source.train.dataset.array, np.memmap)
    seen = torch.cat(list(source.train))
    rows = {tuple(row) for row in signals().tolist()}
    held = {tuple(row) for row in source.held_out.tolist()}
    assert len(held) == 6 and {tuple(row) for row in seen.tolist()} <= rows - held and len(seen) == 48
    large = recipe.train(made({"scale": True}, name="l.json", steps=30), progress=False)
    configs = [json.loads((folder / "config.json").read_text()) for folder in (small, large)]
    assert configs[0]["model"] == configs[1]["model"]
    errors = [config["results"]["fraction of variance unexplained, held out"] for config in configs]
    assert errors[1] == pytest.approx(errors[0], rel=0.3)


def test_functions_are_mirrored_where_it_says(made, tmp_path):
    np.save(tmp_path / "f.npy", signals(shape=(2, 8)).numpy())
    model = {"dictionary": {"class": "FourierDictionary", "concepts": 4, "modes": [3]}}
    model["inference"] = {"class": "MatchingPursuit", "k": 1}
    read = recipe.read(made(model, where={"file": "f.npy", "mirror": True}))
    source = sources.load(read, sources.identified(read), tmp_path)
    assert source.found["grid"] == [8] and source.train.shape == (54, 2, 16)
    assert source.train.equal(source.train.flip(-1))
    assert source.held_out.shape == (6, 2, 16)


def test_a_file_is_read_for_advice(made, tmp_path, capsys):
    made()
    assert recipe.signals("x.npy").equal(signals())
    assert recipe.signals("x.npy", most=4).equal(signals()[[0, 20, 39, 59]])
    assert main(["--advise", "x.npy"]) == 0
    said = capsys.readouterr()
    assert "DenseDictionary: a concept is active or not" in said.err
    (tmp_path / "a.json").write_text(said.out)
    read = recipe.read("a.json")
    assert read.data["file"] == "x.npy" and read.model["dictionary"]["class"] == "DenseDictionary"
    assert main(["--advise", "y.npy"]) == 2


@pytest.mark.parametrize("large", [False, True])
def test_a_folder_of_shards_is_read(large, made, tmp_path, monkeypatch):
    writer = ShardWriter(tmp_path / "shards")
    for part in signals().split(20):
        writer.add(part)
        writer._flush()
    writer.close()
    if large:
        monkeypatch.setattr(sources, "LARGE", 0)
    folder = recipe.train(made(where="shards"), progress=False)
    found = json.loads((folder / "config.json").read_text())["data"]
    assert found["folder"] == "../shards" and found["signals"] == 60
    (tmp_path / "shards" / "00001.safetensors").unlink()
    with pytest.raises(ValueError, match=r"00001\.safetensors"):
        recipe.train(made(where="shards"), tmp_path / "other", progress=False)


NETWORK = """
import torch
from torch import nn


def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 1))


fixed = make()
number = 3
"""


@pytest.mark.parametrize("name", ["make", "fixed"])
def test_a_layer_of_a_network_is_recorded(name, made, tmp_path):
    (tmp_path / f"net_{name}.py").write_text(NETWORK)
    where = {"module": f"net_{name}:{name}", "layer": "1", "inputs": "x.npy"}
    folder = recipe.train(made(where=where), progress=False)
    assert SparseAutoencoder.from_pretrained(folder).dictionary.channels == 5
    assert [path.name for path in (folder / "activations").iterdir()] == ["1"]
    assert recipe.train(made(where=where), progress=False) == folder
    with pytest.raises(ValueError, match=r"holds a run with data\.layer = 1, not 2"):
        recipe.train(made(where={**where, "layer": "2"}), progress=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"module": "net_wrong"}, r'should be "package\.module:name"'),
        ({"module": "net_nowhere:make"}, "cannot be imported"),
        ({"module": "net_wrong:nothing"}, "cannot be imported"),
        ({"module": "net_wrong:number"}, "number"),
        ({"layer": "9"}, "layers = '9': should be one of '0', '1', '2'"),
        ({"inputs": "z.npy"}, r"data\.inputs = 'z\.npy': there is no"),
    ],
)
def test_a_layer_that_is_not_there_is_named(change, said, made, tmp_path):
    (tmp_path / "net_wrong.py").write_text(NETWORK)
    where = {"module": "net_wrong:make", "layer": "1", "inputs": "x.npy", **change}
    with pytest.raises(ValueError, match=said):
        recipe.train(made(where=where), progress=False)


def test_losses_and_optimizers_are_those_that_are_named():
    nested = {"class": "AuxK", "k": 2, "base": {"class": "matryoshka", "sizes": [2, 8]}}
    assert repr(parts.loss(parts.spelled_loss(nested, ""))) == repr(losses.AuxK(2, base=losses.matryoshka([2, 8])))
    assert parts.loss("squared_error") is losses.squared_error
    sgd = parts.optimizer(parts.spelled_optimizer({"class": "SGD", "momentum": 0.5}, ""))
    made = sgd([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    assert isinstance(made, torch.optim.SGD) and made.param_groups[0]["momentum"] == 0.5
    adam = parts.optimizer(parts.spelled_optimizer("Adam", ""))([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    assert adam.param_groups[0]["betas"] == (0.9, 0.999)


def test_the_example_is_a_configuration(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--example"]) == 0
    (tmp_path / "c.json").write_text(capsys.readouterr().out)
    read = recipe.read("c.json")
    assert {part: read.model[part] for part in recipe.EXAMPLE["model"]} == recipe.EXAMPLE["model"]


def test_the_command_line_says_what_it_takes(made):
    run = [sys.executable, "-m", "saeno"]
    done = subprocess.run([*run, str(made()), "--quiet", "--out", "o"], capture_output=True, text=True, check=True)
    assert done.stdout == 'o: SparseAutoencoder.from_pretrained("o")\n' and done.stderr == ""
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 2 and "give a configuration, --example or --advise" in done.stderr
