"""The loss of nested dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn

from saeno.checks import whole
from saeno.losses.base import Loss, checked_model, encoded, objective
from saeno.losses.identity import identity, takes_encoding

if TYPE_CHECKING:
    from saeno.autoencoder import SparseAutoencoder
    from saeno.inference import Encoding


@dataclass(frozen=True, repr=False)
class matryoshka:
    r"""The mean of a loss over nested models: those of the first s concepts, for each s of `sizes`.

    $$ \frac1S \sum_{s} \tfrac12 \Big\|x - b - \sum_{c \le s} D_c\, z_c\Big\|^2 . $$

    Codes are computed once, by the whole model; a nested model has the first s concepts of them, and the mean b. So the
    first concepts have to do without the later ones, and become the general ones. The paper takes the sum, which is S
    times this; the mean keeps losses, weights and learning rates comparable with those of `base`.

    Args:
        sizes: increasing, the last being the number of concepts of the dictionary: else the others never learn.
        base: the loss of each nested model, with its penalty: `base(model, signal, encoding)`, as all losses here are.
            Not `AuxK`, which goes around: `AuxK(k, base=matryoshka(sizes))`.

    Raises ValueError for sizes that do not fit, TypeError for another base. Source: Bussmann et al., arXiv:2503.17547.
    """

    sizes: Sequence[int]
    base: Loss = objective

    def __post_init__(self) -> None:
        try:
            nested = [whole(size, "sizes") for size in self.sizes]
        except TypeError as error:
            raise ValueError(f"sizes = {self.sizes!r}: should be numbers of concepts, such as [16, 64, 256]") from error
        if not nested or nested != sorted(set(nested)):
            raise ValueError(f"sizes = {self.sizes!r}: should be increasing numbers of concepts, such as [16, 64, 256]")
        if isinstance(self.base, nn.Module):
            name = type(self.base).__name__
            raise TypeError(f"base is a {name}: it has a state, and goes around, {name}(…, base=matryoshka({nested}))")
        object.__setattr__(self, "sizes", tuple(nested))
        takes_encoding(self.base)

    def __repr__(self) -> str:
        return f"matryoshka({list(self.sizes)}, {identity(self.base)})"

    def __call__(self, model: SparseAutoencoder, signal: Tensor, encoding: Encoding | None = None) -> Tensor:
        """The loss of a batch `(batch, channels, *grid)`."""
        if self.sizes[-1] != checked_model(model).dictionary.concepts:
            raise ValueError(f"sizes = {list(self.sizes)}: should end with the {model.dictionary.concepts} concepts")
        encoding = encoded(model, signal, encoding)
        return sum(self.base(model, signal, encoding.first(size)) for size in self.sizes) / len(self.sizes)
