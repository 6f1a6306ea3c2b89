"""The loss of nested dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from saeno.checks import whole
from saeno.losses.base import Loss, objective
from saeno.losses.encoded import Encoded

if TYPE_CHECKING:
    from saeno.autoencoder import SparseAutoencoder


def matryoshka(sizes: Sequence[int], base: Loss = objective) -> Loss:
    r"""The mean of a loss over nested models: those of the first s concepts, for each s of `sizes`.

    $$ \frac1S \sum_{s} \tfrac12 \Big\|x - b - \sum_{c \le s} D_c\, z_c\Big\|^2 . $$

    Codes are computed once, by the whole model; a nested model has the first s concepts of them, and the mean b. So the
    first concepts have to do without the later ones, and become the general ones. The paper takes the sum, which is S
    times this; the mean keeps losses, weights and learning rates comparable with those of `base`.

    Args:
        sizes: increasing, the last being the number of concepts of the dictionary: else the others never learn.
        base: the loss of each nested model, with its penalty. Not `AuxK`, which goes around:
            `AuxK(k, base=matryoshka(sizes))`.

    Raises ValueError for sizes that do not fit. Source: Bussmann et al., arXiv:2503.17547.
    """
    try:
        nested = [whole(size, "sizes") for size in sizes]
    except TypeError as error:
        raise ValueError(f"sizes = {sizes!r}: should be numbers of concepts, such as [16, 64, 256]") from error
    if not nested or nested != sorted(set(nested)):
        raise ValueError(f"sizes = {sizes!r}: should be increasing numbers of concepts, such as [16, 64, 256]")
    if isinstance(base, nn.Module):
        name = type(base).__name__
        raise TypeError(f"base is a {name}: it has a state, and goes around, {name}(…, base=matryoshka({nested}))")

    def loss(model: SparseAutoencoder, signal: Tensor) -> Tensor:
        if nested[-1] != model.dictionary.concepts:
            raise ValueError(f"sizes = {nested}: should end with the {model.dictionary.concepts} concepts")
        encoded = Encoded.of(model, signal)
        return sum(base(encoded.first(size), signal) for size in nested) / len(nested)

    loss.__name__ = f"matryoshka({nested}, {getattr(base, '__name__', type(base).__name__)})"
    return loss
