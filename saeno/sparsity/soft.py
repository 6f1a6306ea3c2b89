"""Soft codes: an operator on each entry, whose result is a density."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from saeno.checks import flag, real
from saeno.sparsity.base import Sparsity, checked


class SoftThreshold(Sparsity):
    r"""The proximal operator of λ|z|: shrink towards zero.

    $$ \operatorname{prox}_{\alpha\lambda|\cdot|}(v) = \operatorname{sign}(v)\max(|v| - \alpha\lambda, 0); \qquad
    \text{positive: } \max(v - \alpha\lambda, 0) . $$

    Args:
        threshold: λ ≥ 0, in units of mass.
        positive: keep only non-negative entries.

    Source: Daubechies, Defrise & De Mol, doi:10.1002/cpa.20042.
    """

    def __init__(self, threshold: float, positive: bool = False):
        super().__init__()
        self.threshold, self.positive = real(threshold, "threshold"), flag(positive, "positive")

    def extra_repr(self) -> str:
        return f"{self.threshold}, positive={self.positive}"

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """The proximal operator with step α, entry by entry."""
        level = step * self.threshold
        value = checked(value, least=0)
        shrunk = (value - level).clamp(min=0)
        return shrunk if self.positive else shrunk - (-value - level).clamp(min=0)

    def penalty(self, code: Tensor) -> Tensor:
        """λ · mean over the batch and the grid of Σ_concepts |z|."""
        return self.threshold * code.abs().sum(1).mean()


class ReLU(Sparsity):
    r"""The projection on non-negative codes, $\max(v, 0)$: the proximal operator of the constraint z ≥ 0.

    It has no threshold of its own: `OneStep` learns one as a bias, and a penalty of the loss makes it rise. Source: our
    derivation.
    """

    positive = True

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """max(v, 0), whatever the step."""
        return checked(value, least=0).clamp(min=0)


class JumpReLU(Sparsity):
    r"""Keep what exceeds a threshold, as it is, with a threshold θ that is learned for each concept.

    $$ \operatorname{jump}_{\alpha\theta}(v) = v\, 1[v > \alpha\theta] . $$

    Large entries are not shrunk, as they are by `SoftThreshold`. The price is that the derivative in θ is zero almost
    everywhere. So θ learns from an estimate of it that looks at the entries within half a bandwidth ε of the threshold,

    $$ \frac{\partial}{\partial\theta} \operatorname{jump}_{\alpha\theta}(v) = -\frac{\alpha\theta}{\varepsilon}
    K\Big(\frac{v/\alpha - \theta}{\varepsilon}\Big), \qquad
    \frac{\partial}{\partial\theta} 1[v > \alpha\theta] = -\frac1\varepsilon
    K\Big(\frac{v/\alpha - \theta}{\varepsilon}\Big), \qquad K(u) = 1\big[|u| < \tfrac12\big] . $$

    The derivative in v is 1 where v is kept and else 0, as it is. The first estimate is in the gradient of every loss.
    The second is that of the number of active entries. It needs the values around the threshold, which the code no
    longer has; so the price of an active entry is no `penalty` of the code but a loss, `losses.l0(weight)`. Train with
    it: else nothing makes θ rise but the reconstruction.

    θ is stored as its logarithm, so that it stays positive; a learning rate is then a relative change of θ. A model
    learns one θ per concept, all starting at `threshold`. Used without a model, θ is `threshold` and constant.

    The network of the paper is `OneStep(JumpReLU(threshold), tied=False, step=1.0)`; without `step`, codes of one step
    are α · masses, as those of all soft codes are.

    Args:
        threshold: θ > 0 at the start, in units of mass, as for `SoftThreshold`: the level is step × threshold.
        bandwidth: ε > 0, in units of mass; a wider one is a smoother estimate, with more bias.

    Source: Rajamanoharan et al., arXiv:2407.14435, with α = 1.
    """

    positive, learns = True, True

    def __init__(self, threshold: float, bandwidth: float = 0.1):
        super().__init__()
        self.threshold = real(threshold, "threshold", positive=True)
        self.bandwidth = real(bandwidth, "bandwidth", positive=True)
        self.log_threshold: nn.Parameter | None = None

    def attach(self, weight: Tensor) -> None:
        """Learn a θ for each atom of `weight: (concepts, ...)`. A model calls it once; ValueError when another did."""
        super().attach(weight)
        self.log_threshold = nn.Parameter(weight.new_full((len(weight),), math.log(self.threshold)))

    @torch.no_grad()
    def renew(self, concepts: Tensor) -> list[nn.Parameter]:
        self.log_threshold[concepts] = math.log(self.threshold)
        return [self.log_threshold]

    def extra_repr(self) -> str:
        return f"{self.threshold}, bandwidth={self.bandwidth}"

    @property
    def theta(self) -> Tensor:
        """θ as learned by now, `(concepts,)`; without a model a single number."""
        return torch.tensor(self.threshold) if self.log_threshold is None else self.log_threshold.exp()

    def forward(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """`jump(v)` at step α, for `value: (batch, concepts, *grid)`."""
        theta, near = self._at(checked(value, least=0), step)
        kept = torch.where(value <= step * theta, 0.0, value)  # this way round, NaN is kept
        # Zero, but with the derivative that the kept values do not have.
        return kept if near is None else kept - step * theta.detach() * near * (theta - theta.detach())

    def active(self, value: Tensor, step: Tensor | float = 1.0) -> Tensor:
        """1[v > αθ], entry by entry, with the derivative in θ given above: what `losses.l0` counts."""
        theta, near = self._at(value, step)
        count = (value > step * theta).to(value)
        return count if near is None else count - near * (theta - theta.detach())

    def _at(self, value: Tensor, step: Tensor | float) -> tuple[Tensor, Tensor | None]:
        """θ, shaped to compare with the values, and K/ε where θ is learned."""
        theta = self.theta.to(value)
        if self.log_threshold is not None:
            theta = theta.view(-1, *[1] * (value.dim() - 2))
        if not theta.requires_grad:
            return theta, None
        with torch.no_grad():
            return theta, ((value / step - theta).abs() < self.bandwidth / 2).to(value) / self.bandwidth
