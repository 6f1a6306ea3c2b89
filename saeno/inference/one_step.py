"""One step from zero: the encoder that is one layer of a network."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from saeno.checks import flag, instance, real
from saeno.dictionaries import Dictionary
from saeno.inference.base import Encoding, Inference, seen
from saeno.inference.proximal import safe_step
from saeno.sparsity import Events, ReLU, Sparsity


class OneStep(Inference):
    r"""One proximal-gradient step from zero: one layer of a network.

    $$ z = \operatorname{prox}_{\alpha\lambda R}\big(\alpha\,(W x + b)\big), \qquad W = D^\top \text{ when tied}. $$

    Soft codes are densities, with step α = 1/λmax(DᵀD) unless `step` is given; TopK works on the masses, with α = 1,
    and puts N × mass at the chosen nodes. Untied, W starts as a copy of Dᵀ and is learned. The bias b (a mass per
    concept, starting at 0) is learned when untied and with `ReLU`, whose threshold it is.

    Args:
        sparsity: `SoftThreshold`, `GroupSoftThreshold`, `ReLU`, `JumpReLU`, `JointTopK`, `TopK` or `BatchTopK`.
        tied: whether the encoder is the adjoint of the dictionary.
        step: α of soft codes.

    Source: our derivation; Gregor & LeCun 2010 for learning it.
    """

    def __init__(self, sparsity: Sparsity, tied: bool = True, step: float | None = None):
        super().__init__(instance(sparsity, Sparsity, "sparsity", "TopK(5) or SoftThreshold(0.1)"))
        if step is not None and sparsity.makes_events:
            raise ValueError(f"step = {step}: is for soft codes; one step of TopK takes the masses as they are")
        self.tied, self.step = flag(tied, "tied"), None if step is None else real(step, "step", positive=True)
        self.encoder: Dictionary | None = None
        self.bias: nn.Parameter | None = None

    def attach(self, dictionary: Dictionary) -> None:
        if self.encoder is not None or self.bias is not None:
            raise ValueError("inference already learns with another model: make a new OneStep for this one")
        super().attach(dictionary)
        if not self.tied:
            self.encoder = copy.deepcopy(dictionary).requires_grad_(True)  # learned, also where the dictionary is not
        if not self.tied or isinstance(self.sparsity, ReLU):
            weight = dictionary.weight
            self.bias = nn.Parameter(weight.new_zeros(dictionary.concepts))

    @torch.no_grad()
    def renew(self, dictionary: Dictionary, concepts: Tensor) -> list[nn.Parameter]:
        own = [] if self.bias is None else [self.bias]
        if self.bias is not None:
            self.bias[concepts] = 0.0
        if self.encoder is not None:
            self.encoder.weight[concepts] = dictionary.weight[concepts]
            own.append(self.encoder.weight)
        return [*own, *super().renew(dictionary, concepts)]

    def in_units(self) -> list[nn.Parameter]:
        return [] if self.bias is None else [self.bias]

    def _masses(self, dictionary: Dictionary, signal: Tensor) -> Tensor:
        masses = self._encoder(dictionary).analysis(seen(dictionary, signal))
        return masses if self.bias is None else masses + self.bias.view(-1, *[1] * (masses.dim() - 2))

    def _encoder(self, dictionary: Dictionary) -> Dictionary:
        if not self.tied and self.encoder is None:
            raise RuntimeError(
                "an untied OneStep has no encoder of its own yet: use it in a SparseAutoencoder, or "
                "call attach(dictionary)"
            )
        return dictionary if self.tied else self.encoder

    def candidates(self, dictionary: Dictionary, signal: Tensor, residual: Tensor) -> Tensor:
        """W x + b: one step chooses from the signal itself, whatever the residual."""
        return self._masses(dictionary, signal)

    def extra_repr(self) -> str:
        return f"tied={self.tied}, step={self.step}"

    def encoding(self, dictionary: Dictionary, signal: Tensor) -> Encoding:
        if self.makes_events:
            return super().encoding(dictionary, signal)
        masses = self._masses(dictionary, signal)
        step = safe_step(dictionary, signal) if self.step is None else self.step
        values = step * masses
        return Encoding(self.sparsity(values, step), values, step)

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        if not self.makes_events:
            return super().events(dictionary, signal)
        return self._encoder(dictionary).chosen(seen(dictionary, signal), self.bias, self.sparsity)
