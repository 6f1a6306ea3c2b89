"""Models for other libraries."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from saeno import files
from saeno.autoencoder import SparseAutoencoder
from saeno.checks import instance, short
from saeno.inference import OneStep
from saeno.pretrained import as_folder, versions
from saeno.sparsity import BatchTopK, JumpReLU, ReLU, SoftThreshold, TopK

WEIGHTS, CONFIG = "sae_weights.safetensors", "cfg.json"
VERSION = "6.54.12"  # of SAELens, whose format this is


@torch.no_grad()
def to_saelens(model: SparseAutoencoder, folder: str | os.PathLike, metadata: Mapping[str, Any] | None = None) -> Path:
    r"""Write a sparse autoencoder of vectors to a folder that `SAE.load_from_disk` of SAELens 6 reads.

    $$ z = \sigma\big((x - b_{dec}) W_{enc} + b_{enc}\big), \quad \hat x = z W_{dec} + b_{dec}, \qquad
    W_{enc} = \tfrac{\alpha}{s} W^\top, \ b_{enc} = \alpha c, \ W_{dec} = s D^\top, \ b_{dec} = s b $$

    with the encoder W, its bias c and step α, the dictionary D, the mean b and the scale s of the model. Codes and
    reconstructions are the same, to rounding.

    | sparsity of `OneStep` | architecture of SAELens |
    |---|---|
    | `ReLU()`, `SoftThreshold(λ, positive=True)` | standard |
    | `JumpReLU(θ)`; `BatchTopK(k, positive=True)` once it is trained | jumprelu |
    | `TopK(k, positive=True)` | topk |
    | `TopK(k)` | abstopk |

    Args:
        model: with a dictionary of vectors, `DenseDictionary` or `Lifted` of one, and `OneStep` with one of these.
        folder: made when it is not there; gets `cfg.json` and `sae_weights.safetensors`.
        metadata: what SAELens is to know of it, as {"model_name": "gpt2-small", "hook_name": "blocks.8.hook_mlp_out"}.

    Returns the folder. Raises TypeError, naming the class, for a model that has no equivalent there, ValueError for a
    folder that holds another one. Source: our derivation.
    """
    instance(model, SparseAutoencoder, "model", "SparseAutoencoder(DenseDictionary(64, 128), OneStep(TopK(5)))")
    if not isinstance(metadata, Mapping | None):
        raise TypeError(f"metadata = {short(metadata)}: should be a dict")
    architecture, own, extra = _equivalent(model)
    dictionary, weight = model.dictionary, model.dictionary.weight
    like = {"dtype": weight.dtype, "device": weight.device}
    zero, ones = torch.zeros(1, dictionary.channels, **like), torch.eye(dictionary.channels, **like)
    bias = model.inference.candidates(dictionary, zero, zero)
    step = 1.0 if model.inference.makes_events else float(model.inference.encoding(dictionary, zero).step)
    scale = 1.0 if model.scale is None else model.scale
    mean = zero[0] if model.mean is None else model.mean
    # Asked itself, and not by its masses, of which a large bias would round the digits away.
    encoder = (dictionary if model.inference.encoder is None else model.inference.encoder).analysis(ones)
    tensors = {
        "W_enc": encoder * (step / scale),
        "b_enc": step * bias[0] - extra * step,
        "W_dec": dictionary.synthesis(torch.eye(dictionary.concepts, **like)) * scale,
        "b_dec": mean * scale,
    }
    if "threshold" in own:
        tensors["threshold"] = own.pop("threshold") * step
    config = {
        "architecture": architecture,
        "d_in": dictionary.channels,
        "d_sae": dictionary.concepts,
        **own,
        "dtype": str(weight.dtype).removeprefix("torch."),
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": VERSION, "made_with": f"saeno {versions()['saeno']}", **(metadata or {})},
    }
    try:
        text = json.dumps(config, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(f"metadata = {short(metadata)}: should be plain data ({error})") from error
    folder = as_folder(folder)
    if (folder / CONFIG).exists() and (folder / CONFIG).read_text(encoding="utf-8") != text:
        raise ValueError(f"folder = {str(folder)!r}: holds another {CONFIG}, should be another folder")
    folder.mkdir(parents=True, exist_ok=True)
    files.write_folder(folder, WEIGHTS, tensors, {"format": "SAELens"}, {CONFIG: text})
    return folder


def _equivalent(model: SparseAutoencoder) -> tuple[str, dict[str, Any], float]:
    """The architecture, what it has of its own, and what is taken off before it; TypeError for what is none."""
    if model.dictionary.axes:
        name = type(model.dictionary).__name__
        raise TypeError(f"model has a {name}, whose concepts are functions: SAELens has vectors, a DenseDictionary")
    if not isinstance(model.inference, OneStep):
        name = type(model.inference).__name__
        raise TypeError(f"model has the inference {name}, which SAELens does not: should be OneStep")
    sparsity = model.inference.sparsity
    if isinstance(sparsity, TopK):
        return ("topk" if sparsity.positive else "abstopk"), {"k": sparsity.k}, 0.0
    if isinstance(sparsity, ReLU):
        return "standard", {}, 0.0
    if isinstance(sparsity, SoftThreshold) and sparsity.positive:
        return "standard", {}, sparsity.threshold
    if isinstance(sparsity, JumpReLU):
        return "jumprelu", {"threshold": sparsity.theta}, 0.0
    if isinstance(sparsity, BatchTopK) and sparsity.positive and sparsity.steps > 0:
        below = torch.nextafter(sparsity.threshold, torch.zeros_like(sparsity.threshold))  # there it is >, here ≥
        return "jumprelu", {"threshold": below.expand(model.dictionary.concepts)}, 0.0
    good = "ReLU(), SoftThreshold(λ, positive=True), JumpReLU(θ), TopK(k), or BatchTopK(k, positive=True) once trained"
    raise TypeError(f"model has the sparsity {sparsity}, which SAELens does not: should be {good}")
