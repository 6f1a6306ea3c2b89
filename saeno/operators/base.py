"""What all operators have in common: shapes, files, and a product at every node."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import torch
from torch import Tensor, nn

from saeno import composition, files
from saeno.checks import signals, whole


class Operator(nn.Module):
    """A map from functions to functions: `(batch, channels_in, *grid)` to `(batch, channels_out, *grid)`.

    Functions live on the unit torus, sampled at i/n. A subclass hands on the arguments that it was made with, by name:
    they are `settings`, and stand in its file beside the weights.
    """

    def __init__(self, channels_in: int, channels_out: int, seed: int, **settings: Any):
        super().__init__()
        self.channels_in, self.channels_out = whole(channels_in, "channels_in"), whole(channels_out, "channels_out")
        channels = {"channels_in": self.channels_in, "channels_out": self.channels_out}
        self.settings = {**channels, **settings, "seed": whole(seed, "seed", least=0)}

    def extra_repr(self) -> str:
        """Its settings, for print."""
        return ", ".join(f"{name}={value}" for name, value in self.settings.items())

    def describe(self) -> dict[str, Any]:
        """Its class, its settings and its type of numbers, as what JSON gives back."""
        dtype = str(next(self.parameters()).dtype).removeprefix("torch.")
        settings = {name: list(value) if isinstance(value, tuple) else value for name, value in self.settings.items()}
        return {"class": type(self).__name__, "settings": settings, "dtype": dtype}

    def save(self, path: str | os.PathLike) -> None:
        """Write the weights to one safetensors file, whose JSON header has the settings."""
        files.write(path, self.state_dict(), {"operator": self.describe()})

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """The operator that `save` wrote, on the CPU and in eval mode.

        Raises ValueError for a file of another kind or class, FileNotFoundError where there is none.
        """
        tensors, description = files.read(path)
        with files.understood(path):
            said = description.get("operator", {"class": "no operator"})
            kind = said["class"]
        if kind != cls.__name__:
            raise ValueError(f"path = {str(path)!r}: holds {kind}; should be one that {cls.__name__}.save wrote")
        with files.understood(path):
            operator = cls(**said["settings"]).to(composition.dtype_named(said["dtype"]))
            operator.load_state_dict(tensors)
        return operator.eval()

    def check(self, x: Tensor, axes: int | None) -> tuple[int, ...]:
        """The grid of what goes in. Raises TypeError or ValueError, naming x, for what is none of its inputs."""
        signals(x, "x", "channels", self.channels_in, self, next(self.parameters()), axes, "operator")
        return tuple(x.shape[2:])


class Pointwise(nn.Linear):
    """The same affine map of the channels at every node: `(batch, in, *grid)` to `(batch, out, *grid)`.

    One product for each function of the batch is faster than a convolution whose kernel has one node
    (`tests/benchmarks/bench_operators.py`).
    """

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        made = torch.baddbmm(self.bias[:, None], self.weight.expand(len(x), -1, -1), flat)
        return made.view(len(x), self.out_features, *x.shape[2:])


@contextmanager
def starting(seed: int) -> Iterator[None]:
    """Weights made in here start as the seed says; torch's generator, which draws them, is as it was afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(whole(seed, "seed", least=0))
        yield
