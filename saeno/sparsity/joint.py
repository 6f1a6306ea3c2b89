"""Soft codes that are sparse in two ways: in which concepts are active, and in where they are."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saeno.checks import flag, real, whole
from saeno.sparsity.base import Sparsity, checked
from saeno.units import unit, wide


def concept_norms(code: Tensor) -> Tensor:
    """‖z_c‖ of each code function, `(batch, concepts)` from `(batch, concepts, *grid)`: a mean over the grid.

    It does not depend on the number of nodes. For vectors it is |z_c|.
    """
    functions = checked(code, "code").unsqueeze(-1).flatten(2)
    size = unit(functions, (2,))
    norm = torch.linalg.vector_norm(wide(functions / size), dim=2) * wide(size).squeeze(2)
    return (norm / math.sqrt(functions.shape[2])).to(code.dtype)


class JointTopK(Sparsity):
    r"""Keep the concepts whose code functions are largest, and in each of them the part of the domain where it is.

    $$ z_c(v) = y_c(v) \ \text{ if } c \in C \text{ and } v \in \Omega_c, \text{ else } 0; \qquad
    C = \text{the } c \text{ with the largest } \|y_c\|, \quad
    \Omega_c = \text{the } v \text{ with the largest } |y_c(v)| . $$

    C has `concepts` members, and Ω_c is the given fraction of the nodes, at least one. The norm is a mean over the grid
    and a fraction counts no nodes, so a finer grid keeps the same concepts and the same part of the domain, other than
    with `TopK` over positions. Codes are densities, and steps those of soft codes. Nothing brings back a concept that
    is never kept, so few concepts may take over a data set: look at `dead_atoms`.

    Args:
        concepts: how many are kept for each signal, ≥ 1.
        fraction: of the domain that each of them keeps, in (0, 1].
        positive: negative values are set to 0 first.

    Source: the abstract of v3 and later (joint sparsity: concepts and domain); the norm and the fraction are our
    derivation.
    """

    def __init__(self, concepts: int, fraction: float, positive: bool = False):
        super().__init__()
        self.concepts, self.fraction = whole(concepts, "concepts"), real(fraction, "fraction", positive=True)
        if self.fraction > 1:
            raise ValueError(f"fraction = {fraction!r}: should be at most 1, the whole domain")
        self.positive = flag(positive, "positive")

    def extra_repr(self) -> str:
        return f"{self.concepts}, {self.fraction}, positive={self.positive}"

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """What is kept of `value: (batch, concepts, *grid)`, the rest zero, whatever the step.

        Raises ValueError when there are fewer concepts.
        """
        if checked(value).shape[1] < self.concepts:
            raise ValueError(f"concepts = {self.concepts}: should be at most the {value.shape[1]} of the dictionary")
        value = value.clamp(min=0) if self.positive else value
        functions = value.unsqueeze(-1).flatten(2)
        nodes = functions.shape[2]
        kept = concept_norms(value.detach()).topk(self.concepts, dim=1).indices
        kept = kept.unsqueeze(-1).expand(-1, -1, nodes)
        chosen = functions.gather(1, kept)
        where = chosen.detach().abs().topk(max(1, round(self.fraction * nodes)), dim=2).indices
        inside = torch.zeros_like(chosen).scatter(2, where, chosen.gather(2, where))
        return torch.zeros_like(functions).scatter(1, kept, inside).view_as(value)


class GroupSoftThreshold(Sparsity):
    r"""The proximal operator of λ Σ_c ‖z_c‖, and of λ Σ_c ‖z_c‖ + μ ‖z‖₁: shrink whole code functions towards zero.

    $$ \operatorname{prox}(v)_c = \Big(1 - \frac{\alpha\lambda}{\|u_c\|}\Big)_+ u_c, \qquad
    u = \operatorname{sign}(v) \max(|v| - \alpha\mu, 0); \qquad \text{positive: } u = \max(v - \alpha\mu, 0) . $$

    The penalty λ decides which concepts are active, and μ where they are. Norms are means over the grid, so neither
    depends on the number of nodes. With μ = 0 band-limited codes are the same on every grid; μ > 0 makes corners, and
    on hardly more than 2·modes + 1 nodes aliasing then changes which small concepts survive: take more, or `OnGrid`.
    For vectors a group is one number, and the two thresholds add up.

    Args:
        threshold: λ ≥ 0, of the norm of a code function, in units of mass.
        pointwise: μ ≥ 0, of its values, in units of mass as for `SoftThreshold`.
        positive: keep only non-negative entries.

    Source: Yuan & Lin, doi:10.1111/j.1467-9868.2005.00532.x (groups); Simon, Friedman, Hastie & Tibshirani,
    doi:10.1080/10618600.2012.681250 (sparse groups).
    """

    def __init__(self, threshold: float, pointwise: float = 0.0, positive: bool = False):
        super().__init__()
        self.threshold, self.pointwise = real(threshold, "threshold"), real(pointwise, "pointwise")
        self.positive = flag(positive, "positive")

    def extra_repr(self) -> str:
        return f"{self.threshold}, pointwise={self.pointwise}, positive={self.positive}"

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """The proximal operator with step α, for `value: (batch, concepts, *grid)`."""
        value, level = checked(value), step * self.pointwise
        if self.positive:
            inner = (value - level).clamp(min=0)
        else:
            inner = value - value.clamp(-level, level) if self.pointwise else value
        norm = concept_norms(inner)
        norm = norm.view(*norm.shape, *[1] * (value.dim() - 2))
        kept = norm > step * self.threshold
        # Where nothing is kept the norm may be 0, and its derivative should not be looked for.
        return inner * torch.where(kept, 1 - step * self.threshold / torch.where(kept, norm, 1.0), 0.0)

    def penalty(self, code: Tensor) -> Tensor:
        """λ · mean over the batch of Σ_concepts ‖z_c‖, and μ · the mean over batch and grid of Σ_concepts |z|."""
        return self.threshold * concept_norms(code).sum(1).mean() + self.pointwise * code.abs().sum(1).mean()
