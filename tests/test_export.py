"""A model in the format of SAELens does the same: by the equations of that format, and by SAELens itself."""

import importlib.util
import json

import pytest
import torch
from safetensors.torch import load_file

from saeno import (
    BatchTopK,
    DenseDictionary,
    FourierDictionary,
    JumpReLU,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    export,
    fit,
)

SPARSITIES = {
    "standard": ReLU,
    "soft": lambda: SoftThreshold(0.2, positive=True),
    "jumprelu": lambda: JumpReLU(0.3),
    "batch": lambda: BatchTopK(3, positive=True),
    "topk": lambda: TopK(3, positive=True),
    "abstopk": lambda: TopK(3),
}
NAMES = {"soft": "standard", "batch": "jumprelu"}


def signals(seed=0):
    return 3 * torch.randn(200, 6, generator=torch.Generator().manual_seed(seed)) + 10


def trained(name, tied=True, mean=None, scale=None):
    """A model whose every part was learned a little, or changed."""
    model = SparseAutoencoder(DenseDictionary(6, 9), OneStep(SPARSITIES[name](), tied=tied), mean, scale)
    fit(model, signals(), 10, 20, progress=False)
    if model.inference.bias is not None:
        torch.nn.init.normal_(model.inference.bias, std=0.1, generator=torch.Generator().manual_seed(1))
    return model


MODELS = [
    (name, tied, mean, scale)
    for name in SPARSITIES
    for tied, mean, scale in ((True, None, None), (False, torch.full((6,), 10.0), 7.0))
]


def by_the_format(folder, x):
    """Codes and reconstructions as the files say, by the equations of SAELens."""
    cfg = json.loads((folder / "cfg.json").read_text())
    w = load_file(folder / "sae_weights.safetensors")
    assert cfg["apply_b_dec_to_input"] and cfg["normalize_activations"] == "none"
    pre = (x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]
    if cfg["architecture"] == "standard":
        code = pre.relu()
    elif cfg["architecture"] == "jumprelu":
        code = pre.relu() * (pre > w["threshold"])
    else:
        score = pre.abs() if cfg["architecture"] == "abstopk" else pre
        best = score.topk(cfg["k"]).indices
        kept = pre.gather(1, best)
        code = torch.zeros_like(pre).scatter(1, best, kept if cfg["architecture"] == "abstopk" else kept.relu())
    return code, code @ w["W_dec"] + w["b_dec"]


@pytest.mark.parametrize(("name", "tied", "mean", "scale"), MODELS)
def test_the_files_say_the_same_model(name, tied, mean, scale, tmp_path):
    model = trained(name, tied, mean, scale)
    folder = export.to_saelens(model, tmp_path / "m")
    cfg = json.loads((folder / "cfg.json").read_text())
    assert cfg["architecture"] == NAMES.get(name, name) and cfg["d_in"] == 6 and cfg["d_sae"] == 9
    expected = model(signals(1))
    code, made = by_the_format(folder, signals(1))
    assert (expected.code != 0).float().mean() > 0.01
    torch.testing.assert_close(code, expected.code, rtol=1e-5, atol=1e-5 * expected.code.abs().max().item())
    torch.testing.assert_close(made, expected.reconstruction, rtol=1e-5, atol=2e-4)


# Not skipped where it is absent, since continuous integration allows no skips: the format itself is tested above.
if importlib.util.find_spec("sae_lens"):

    @pytest.mark.parametrize(("name", "tied", "mean", "scale"), MODELS)
    def test_saelens_loads_the_same_model(name, tied, mean, scale, tmp_path):
        import sae_lens

        model = trained(name, tied, mean, scale)
        sae = sae_lens.SAE.load_from_disk(export.to_saelens(model, tmp_path / "m", {"model_name": "none"}))
        assert sae.cfg.architecture() == NAMES.get(name, name) and sae.cfg.metadata.model_name == "none"
        with torch.no_grad():
            code, expected = sae.encode(signals(1)), model(signals(1))
            torch.testing.assert_close(code, expected.code, rtol=1e-5, atol=1e-5 * expected.code.abs().max().item())
            torch.testing.assert_close(sae.decode(code), expected.reconstruction, rtol=1e-5, atol=2e-4)


def test_a_lifted_dictionary_of_vectors_is_what_it_does_to_them(tmp_path):
    lifted = Lifted(DenseDictionary(8, 9), Lifting.gaussian(6, 8))
    model = SparseAutoencoder(lifted, OneStep(TopK(2))).eval()
    code, made = by_the_format(export.to_saelens(model, tmp_path / "m"), signals())
    torch.testing.assert_close(code, model(signals()).code, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(made, model(signals()).reconstruction, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            SparseAutoencoder(FourierDictionary(2, 3, 4), OneStep(TopK(2))),
            "has a FourierDictionary, whose concepts are",
        ),
        (SparseAutoencoder(DenseDictionary(6, 9), MatchingPursuit(2)), "has the inference MatchingPursuit, which SAEL"),
        (SparseAutoencoder(DenseDictionary(6, 9), Unrolled(TopK(2), 3)), "has the inference Unrolled"),
        (
            SparseAutoencoder(DenseDictionary(6, 9), OneStep(SoftThreshold(0.1))),
            r"has the sparsity SoftThreshold\(0\.1",
        ),
        (SparseAutoencoder(DenseDictionary(6, 9), OneStep(BatchTopK(2))), "has the sparsity BatchTopK"),
        (SparseAutoencoder(DenseDictionary(6, 9), OneStep(BatchTopK(2, positive=True))), "once trained"),
    ],
)
def test_what_has_no_equivalent_is_named(model, said, tmp_path):
    with pytest.raises(TypeError, match=said):
        export.to_saelens(model, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_another_model_is_not_written_over(tmp_path):
    folder = export.to_saelens(trained("topk"), tmp_path / "m")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match=r"holds another cfg\.json"):
        export.to_saelens(trained("abstopk"), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert export.to_saelens(trained("topk"), folder) == folder


def test_metadata_are_plain_data(tmp_path):
    with pytest.raises(ValueError, match=r"metadata = .*should be plain data"):
        export.to_saelens(trained("topk"), tmp_path / "m", {"hook": torch.ones(2)})
