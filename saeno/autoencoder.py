"""The one model of the book: a dictionary and an inference."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from saeno import composition, files, pretrained
from saeno.checks import instance, real, short, tensor
from saeno.dictionaries import Dictionary
from saeno.grids import Grid
from saeno.inference import Encoding, Inference
from saeno.sparsity import Events


class Output(NamedTuple):
    """reconstruction: `(batch, channels, *grid)`. code: `(batch, concepts, *grid)`."""

    reconstruction: Tensor
    code: Tensor


class SparseAutoencoder(nn.Module):
    r"""Encode by inference, decode by synthesis.

    $$ z = \operatorname{inference}(D, x / s - b) $$

    $$ \hat x = s\, (b + D z) $$

    The encoder is an approximate solver of the sparse recovery problem $\min_z \tfrac12\|x - D z\|^2 + \lambda R(z)$;
    training it on data is the outer problem, the minimum over D. All six models of the paper are this, with another
    dictionary.

    Args:
        dictionary: `DenseDictionary` (SAE), `ConvDictionary` (SAE-CNN), `FourierDictionary` (SAE-FNO), or `Lifted` of
            one.
        inference: `OneStep`, `Unrolled` or `MatchingPursuit`.
        mean: what b starts with, `(channels,)`, such as `saeno.data.geometric_median(signals)`. b is a constant in each
            channel, and is learned. None: there is no b; data that have a mean then spend an atom on it, or more.
        scale: s > 0, the unit in which signals are learned, such as `saeno.data.scale(signals)`. Signals and
            reconstructions stay as they are; codes, thresholds, penalties, losses and b (`mean` divided by s) are in
            this unit, so that a threshold means the same for a layer of any size. None: 1.

    Who asks the dictionary itself about a signal asks about `model.centred(signal)`, which is x / s − b.

    Shapes: signals `(batch, channels, *grid)`, codes `(batch, concepts, *grid)`, with `OnGrid` on a grid of their own.
    Source: the abstract.
    """

    def __init__(
        self, dictionary: Dictionary, inference: Inference, mean: Tensor | None = None, scale: float | None = None
    ):
        super().__init__()
        self.dictionary = instance(dictionary, Dictionary, "dictionary", "DenseDictionary(64, 128)")
        self.inference = instance(inference, Inference, "inference", "OneStep(TopK(5))")
        self.scale = None if scale is None else real(scale, "scale", positive=True)
        numbers = torch.finfo(dictionary.weight.dtype)
        if scale is not None and not numbers.tiny <= self.scale <= numbers.max:
            raise ValueError(f"scale = {scale!r}: should be a number that {dictionary.weight.dtype} can hold")
        self.mean = None if mean is None else nn.Parameter(self.scaled(_checked(mean, dictionary)))
        inference.attach(dictionary)

    def centred(self, signal: Tensor) -> Tensor:
        """x / s − b, `(batch, channels, *grid)`: what the inference is given; x itself without a mean and a scale."""
        self.dictionary.check_signal(signal)
        signal = self.scaled(signal)
        return signal if self.mean is None else signal - self._constant()

    def scaled(self, signal: Tensor) -> Tensor:
        """x / s: a signal, or what is left of it, in the unit of the model; losses are in this unit."""
        return signal if self.scale is None else signal / self.scale

    def in_units(self) -> list[nn.Parameter]:
        """The parameters in the unit of x / s: the mean, and a bias. All others are the same in any unit."""
        return ([] if self.mean is None else [self.mean]) + self.inference.in_units()

    def encode(self, signal: Tensor) -> Tensor:
        """The code of a signal: `(batch, channels, *grid)` to `(batch, concepts, *grid)`."""
        return self.inference(self.dictionary, self.centred(signal))

    def events(self, signal: Tensor) -> Events:
        """The code as a list of events (masses and places). Raises TypeError when the inference gives soft codes."""
        return self.inference.events(self.dictionary, self.centred(signal))

    def decode(self, code: Tensor, grid: Grid | None = None) -> Tensor:
        """s (b + D z), `(batch, channels, *grid)`: on the code's own grid, or, for functions, on any other."""
        return self._signal(self.dictionary.synthesis(code) if grid is None else self.dictionary.render(code, grid))

    def encoding(self, signal: Tensor) -> Encoding:
        """The code, as events where the inference makes them, with what it was chosen from: what losses ask for."""
        return self.inference.encoding(self.dictionary, self.centred(signal))

    def decode_encoding(self, encoding: Encoding, grid: Grid) -> Tensor:
        """x̂ on the grid of the signal; events are never spread out to a dense code, unless that has another grid."""
        code, grid = encoding.code, tuple(grid)
        if isinstance(code, Events) and tuple(code.shape[1:]) == grid:
            return self._signal(self.dictionary.synthesis_of_events(code))
        return self.decode(encoding.dense(), grid)

    def reconstruct(self, signal: Tensor) -> Tensor:
        """x̂ alone, which takes less work and memory than with the code where that is a list of events."""
        return self.decode_encoding(self.encoding(signal), signal.shape[2:])

    def forward(self, signal: Tensor) -> Output:
        code = self.encode(signal)
        return Output(self.decode(code, tuple(signal.shape[2:])), code)

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to one safetensors file, whose JSON header says how it is composed."""
        files.write(path, self.state_dict(), {"model": self.describe()})

    @classmethod
    def load(cls, path: str | os.PathLike) -> SparseAutoencoder:
        """The model that `save` wrote, on the CPU and in eval mode.

        Raises ValueError for a file that is not one, FileNotFoundError where there is none.
        """
        tensors, description = files.read(path)
        if "model" not in description or "training" in description:
            raise ValueError(f"path = {str(path)!r}: not a saved model (a checkpoint of `fit` is read by `fit` itself)")
        with files.understood(path):
            return cls._restored(tensors, description["model"])

    def save_pretrained(self, folder: str | os.PathLike, recipe: Mapping[str, Any] | None = None) -> None:
        """Write the model to a folder in the conventions of Hugging Face.

        `model.safetensors`, as `save` writes it; `config.json`, the composition of `describe` and the versions; and
        `README.md`, a card. A model of the same composition that is there is replaced; a card that was edited is kept.

        folder: made when it is not there. recipe: how the model came to be, as plain data by the names "data",
        "training" and "results", for `config.json` and the card.

        Raises ValueError for a folder that holds another model and for a recipe that is no plain data, OSError when a
        file cannot be written. The folder is then as it was.
        """
        pretrained.save(folder, self.state_dict(), self.describe(), recipe)

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike, revision: str | None = None) -> SparseAutoencoder:
        """The model that `save_pretrained` wrote, on the CPU and in eval mode.

        source: a folder; or, where there is none of that name, "owner/name" on the Hugging Face Hub. revision: of the
        repository there, a branch, a tag or a commit.

        Raises ValueError, naming the file and the key, for a folder that holds no model or another one than it says;
        ImportError for "owner/name" without the extra `hub`: `pip install "saeno[hub]"`.
        """
        folder = pretrained.find(source, revision)
        tensors, description = pretrained.load(folder)
        with files.understood(folder / pretrained.WEIGHTS):
            return cls._restored(tensors, description)

    @classmethod
    def _restored(cls, tensors: dict[str, Tensor], description: dict[str, Any]) -> SparseAutoencoder:
        composition.check_sizes(description["dictionary"], tensors)
        model = cls.from_description(description)
        for name, value in model.state_dict().items():
            if name in tensors and tensors[name].dtype != value.dtype:
                raise ValueError(f"{name} is {tensors[name].dtype}, and is described as {value.dtype}")
        model.load_state_dict(tensors)
        return model.eval()

    def describe(self) -> dict[str, object]:
        """The composition as plain data; `from_description` reads it back."""
        return {
            "dictionary": composition.describe(self.dictionary),
            "inference": composition.describe(self.inference),
            "dtype": str(self.dictionary.weight.dtype).removeprefix("torch."),
            **({} if self.mean is None else {"mean": True}),  # files without it are of models without it
            **({} if self.scale is None else {"scale": self.scale}),
        }

    @classmethod
    def from_description(cls, description: dict[str, object]) -> SparseAutoencoder:
        """A model composed as described, with fresh weights."""
        dictionary, inference = (composition.build(description[part]) for part in ("dictionary", "inference"))
        mean = torch.zeros(dictionary.channels) if description.get("mean") else None
        model = cls(dictionary, inference, mean, description.get("scale"))
        return model.to(composition.dtype_named(str(description["dtype"])))

    def _signal(self, made: Tensor) -> Tensor:
        """s (b + D z) from D z."""
        made = made if self.mean is None else made + self._constant()
        return made if self.scale is None else made * self.scale

    def _constant(self) -> Tensor:
        return self.mean.view(-1, *[1] * self.dictionary.axes)


def _checked(mean: Tensor, dictionary: Dictionary) -> Tensor:
    """A mean as a tensor of the dictionary's type: one finite number per channel."""
    form = f"({dictionary.channels},), one number per channel"
    if len(mean := tensor(mean, "mean", form, (1, 1))) != dictionary.channels:
        raise ValueError(f"mean = {short(mean)}: should be {form}")
    return mean.detach().to(dictionary.weight).clone()
