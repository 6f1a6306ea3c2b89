"""A model as a folder in the conventions of Hugging Face: weights, a configuration, and a card for people."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saeno import composition, files
from saeno.checks import short

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
SCHEMA = 1
MODEL = ("dictionary", "inference", "dtype", "mean", "scale")  # of which the last two may be absent
RECIPE = ("data", "training", "results")
KEYS = ("library_name", "schema", "versions", "model", *RECIPE)


def save(
    folder: str | os.PathLike,
    tensors: dict[str, Tensor],
    description: dict[str, Any],
    recipe: Mapping[str, Any] | None = None,
) -> None:
    """What `SparseAutoencoder.save_pretrained` says."""
    if not isinstance(recipe, Mapping | None):
        raise TypeError(f"recipe = {short(recipe)}: should be a dict, by the names {', '.join(RECIPE)}")
    folder, recipe = as_folder(folder), dict(recipe or {})
    for key, value in recipe.items():
        if key not in RECIPE:
            raise ValueError(f"recipe[{key!r}] = {short(value)}: should be one of {', '.join(RECIPE)}")
    config = {"library_name": "saeno", "schema": SCHEMA, "versions": versions(), "model": description, **recipe}
    try:
        text = json.dumps(config, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(f"recipe = {short(recipe)}: should be plain data of finite numbers ({error})") from error
    texts = {CONFIG: text, CARD: card(config)}
    if (folder / CONFIG).exists() or (folder / WEIGHTS).exists():
        before = configuration(folder)
        if before["model"] != json.loads(json.dumps(description)):
            raise ValueError(f"folder = {str(folder)!r}: holds another model, should be another folder")
        if (folder / CARD).exists() and (folder / CARD).read_text(encoding="utf-8") != card(before):
            del texts[CARD]  # somebody wrote on it
    elif (folder / CARD).exists():
        raise ValueError(f"folder = {str(folder)!r}: has a {CARD} of something else, should be another folder")
    folder.mkdir(parents=True, exist_ok=True)
    files.write_folder(folder, WEIGHTS, tensors, {"model": description}, texts)


def load(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a folder, and the description of their model, which both files agree on."""
    description = configuration(folder)["model"]
    if not (folder / WEIGHTS).is_file():
        raise ValueError(f"folder = {str(folder)!r}: should have a {WEIGHTS}, there is none")
    tensors, header = files.read(folder / WEIGHTS)
    if header.get("model") != description:
        raise ValueError(f"folder = {str(folder)!r}: {WEIGHTS} belongs to another model than {CONFIG} describes")
    return tensors, description


def configuration(folder: Path) -> dict[str, Any]:
    """What `config.json` of a folder says. Raises ValueError, naming the file and the key, for what is not saeno's."""
    path = folder / CONFIG
    if not path.is_file():
        raise ValueError(f"folder = {str(folder)!r}: should have a {CONFIG}, there is none")
    with files.understood(path):
        config = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(config, dict) or config.get("library_name") != "saeno":
        raise ValueError(f"path = {str(path)!r}: is not of saeno: should have library_name = 'saeno'")
    if not isinstance(config.get("schema"), int) or config["schema"] > SCHEMA:
        raise ValueError(f"path = {str(path)!r}: schema = {config.get('schema')!r}: this version reads up to {SCHEMA}")
    try:
        check(config, KEYS, "")
        check(config.get("model"), MODEL, "model", needed=MODEL[:3])
        for part in ("dictionary", "inference"):
            composition.check_keys(config["model"][part], f"model.{part}")
    except ValueError as error:
        raise ValueError(f"path = {str(path)!r}: {error}") from error
    return config


def check(thing: Any, keys: tuple[str, ...], place: str, needed: tuple[str, ...] = ()) -> None:
    """Raise ValueError, naming the place, for what is no object of JSON with these keys, or lacks one that is needed.

    place: such as "model"; "" for the whole file.
    """
    if not isinstance(thing, dict):
        raise ValueError(f"{place or 'config'} = {short(thing)}: should be an object with {', '.join(keys)}")
    start = f"{place}." if place else ""
    for key, value in thing.items():
        if key not in keys:
            raise ValueError(f"{start}{key} = {short(value)}: should be one of {', '.join(keys)}")
    for key in needed:
        if key not in thing:
            raise ValueError(f"{start}{key}: is missing")


def find(source: str | os.PathLike, revision: str | None = None) -> Path:
    """The folder of a model, fetched from the hub where it is "owner/name" and no folder here."""
    folder = as_folder(source, "source")
    if folder.is_dir():
        if revision is not None:
            raise ValueError(f"revision = {revision!r}: is of a repository on the hub; {str(source)!r} is a folder")
        return folder
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)) or str(source).startswith("."):
        raise ValueError(f'source = {str(source)!r}: should be a folder, or "owner/name" on the Hugging Face Hub')
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ImportError(
            f"source = {str(source)!r}: there is no such folder, and the Hugging Face Hub needs huggingface_hub: "
            'pip install "saeno[hub]"'
        ) from error
    return Path(snapshot_download(str(source), revision=revision, allow_patterns=[WEIGHTS, CONFIG, CARD]))


def as_folder(value: Any, name: str = "folder") -> Path:
    """A path that is, or may become, a folder. Raises TypeError for what is no path, ValueError for a file."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise TypeError(f"{name} = {short(value)}: should be a path")
    if not str(value) or (Path(value).exists() and not Path(value).is_dir()):
        raise ValueError(f"{name} = {os.fspath(value)!r}: should be a folder, not a file")
    return Path(value)


def versions() -> dict[str, str]:
    """Of what a model was made with."""
    try:
        own = importlib.metadata.version("saeno")
    except importlib.metadata.PackageNotFoundError:  # read from a folder, without an installation
        own = "unknown"
    return {"saeno": own, "torch": torch.__version__}


def card(config: dict[str, Any]) -> str:
    """What a configuration says, for people, in Markdown."""
    model = config["model"]
    rows = [
        ("dictionary", said(model["dictionary"])),
        ("inference", said(model["inference"])),
        ("dtype", model["dtype"]),
    ]
    rows += [("mean", "learned, one number per channel")] if model.get("mean") else []
    rows += [("scale", said(model["scale"]))] if model.get("scale") else []
    parts = [
        "---\nlibrary_name: saeno\ntags:\n- sparse-autoencoder\n- dictionary-learning\n- interpretability\n---\n",
        f"# A sparse autoencoder: {model['dictionary']['class']}\n",
        "A model of saeno (`pip install saeno`), which writes a signal x with few concepts: x ≈ D z.\n",
        table(("part", "what it is"), rows),
        "```python\nfrom saeno import SparseAutoencoder\n\n"
        'model = SparseAutoencoder.from_pretrained("this folder")\n'
        "reconstruction, code = model(signals)   # signals: (batch, channels, *grid)\n```\n",
    ]
    for name, title in (("results", "Results"), ("data", "Data"), ("training", "Training")):
        if config.get(name):
            rows = [(key, said(value)) for key, value in config[name].items()]
            parts.append(f"## {title}\n\n" + table(("name", "value"), rows))
    made = ", ".join(f"{name} {version}" for name, version in config.get("versions", {}).items())
    return "\n".join([*parts, f"Made with {made}.\n"])


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Rows of texts as a table of Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def said(value: Any) -> str:
    """Plain data in one line: `TopK(k=5, positive=false)`."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key}={said(one)}" for key, one in value.items() if key != "class")
        return f"{value['class']}({inner})" if "class" in value else inner
    if isinstance(value, list):
        return "[" + ", ".join(map(said, value)) + "]"
    return f"{value:.4g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
