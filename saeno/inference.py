"""From a signal to its code, for any dictionary: the encoders. Solvers are here too."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from saeno.checks import flag, real, whole
from saeno.dictionaries import Dictionary
from saeno.dictionaries.base import count_nodes
from saeno.proximal import Solution, fista, ista, proximal_gradient, safe_step
from saeno.pursuit import debias, omp
from saeno.sparsity import BatchTopK, Events, ReLU, Sparsity, TopK
from saeno.thresholding import hard_thresholding

__all__ = [
    "Encoding",
    "Inference",
    "MatchingPursuit",
    "OneStep",
    "Solution",
    "Unrolled",
    "debias",
    "fista",
    "ista",
    "omp",
]


class Encoding(NamedTuple):
    """What an encoder makes of a batch of signals: its code, and what the code was chosen from."""

    code: Events | Tensor
    """A list of events, or a density `(batch, concepts, *grid)`."""
    values: Tensor | None = None
    """Of a soft code: what it is the proximal operator of, shaped like it, in the last step of the encoder."""
    step: Tensor | float | None = None
    """α of that operator."""

    def dense(self) -> Tensor:
        """The code as a density `(batch, concepts, *grid)`."""
        return self.code.code() if isinstance(self.code, Events) else self.code

    def first(self, concepts: int) -> Encoding:
        """The encoding with the first concepts only, as if the others had never been near their thresholds."""
        if isinstance(self.code, Events):
            inside = self.code.indices < concepts * torch.Size(self.code.shape[1:]).numel()
            return Encoding(self.code._replace(values=torch.where(inside, self.code.values, 0.0)))
        kept = torch.arange(self.code.shape[1], device=self.code.device) < concepts
        kept = kept.view(-1, *[1] * (self.code.dim() - 2))
        values = None if self.values is None else torch.where(kept, self.values, -torch.inf)
        return Encoding(torch.where(kept, self.code, 0.0), values, self.step)


class Inference(nn.Module):
    """What every encoder does: `inference(dictionary, signal)` is the code `(batch, concepts, *grid)`.

    Encoders that choose events (`makes_events`) also give them as a list, `inference.events(dictionary, signal)`.
    """

    def __init__(self, sparsity: Sparsity | None = None, detach: bool = False):
        """sparsity: what makes its codes sparse, if one operator does. detach: no gradient through the encoder."""
        super().__init__()
        self.sparsity, self.detach = sparsity, flag(detach, "detach")

    @property
    def makes_events(self) -> bool:
        """Whether codes are events."""
        return self.sparsity is not None and self.sparsity.makes_events

    @property
    def positive(self) -> bool:
        """Whether codes have no negative entries."""
        return self.sparsity is not None and self.sparsity.positive

    def attach(self, dictionary: Dictionary) -> None:
        """Make what is learned besides the dictionary. `SparseAutoencoder` calls it once."""
        if self.sparsity is not None:
            self.sparsity.attach(dictionary.weight)

    def in_units(self) -> list[nn.Parameter]:
        """What is learned in the unit of the signals, as a bias is: in other units, it is another number."""
        return []

    def forward(self, dictionary: Dictionary, signal: Tensor) -> Tensor:
        raise NotImplementedError

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        """The code as a list of events. Raises TypeError for an encoder of soft codes."""
        raise TypeError(f"{self} gives soft codes, which are no list of events: use a TopK sparsity or MatchingPursuit")

    def encoding(self, dictionary: Dictionary, signal: Tensor) -> Encoding:
        """The code with what it was chosen from, for losses that ask for it."""
        return Encoding(self.events(dictionary, signal) if self.makes_events else self(dictionary, signal))

    def candidates(self, dictionary: Dictionary, signal: Tensor, residual: Tensor) -> Tensor:
        """The masses `(batch, concepts, *grid)` from which a concept that was not chosen would be chosen next.

        An iterative encoder chooses from what is left, the analysis of the residual x − D z `(batch, channels, *grid)`.
        """
        return dictionary.analysis(residual)


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
        super().__init__(_sparsity(sparsity))
        if step is not None and isinstance(sparsity, TopK):
            raise ValueError(f"step = {step}: is for soft codes; one step of TopK takes the masses as they are")
        self.tied, self.step = flag(tied, "tied"), _step(step)
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

    def in_units(self) -> list[nn.Parameter]:
        return [] if self.bias is None else [self.bias]

    def _masses(self, dictionary: Dictionary, signal: Tensor) -> Tensor:
        if not self.tied and self.encoder is None:
            raise RuntimeError(
                "an untied OneStep has no encoder of its own yet: use it in a SparseAutoencoder, or "
                "call attach(dictionary)"
            )
        masses = (dictionary if self.tied else self.encoder).analysis(_seen(dictionary, signal))
        return masses if self.bias is None else masses + self.bias.view(-1, *[1] * (masses.dim() - 2))

    def candidates(self, dictionary: Dictionary, signal: Tensor, residual: Tensor) -> Tensor:
        """W x + b: one step chooses from the signal itself, whatever the residual."""
        return self._masses(dictionary, signal)

    def extra_repr(self) -> str:
        return f"tied={self.tied}, step={self.step}"

    def forward(self, dictionary: Dictionary, signal: Tensor) -> Tensor:
        if self.makes_events:
            return self.events(dictionary, signal).code()
        return self.encoding(dictionary, signal).code

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
        return self.sparsity.select(self._masses(dictionary, signal))


class Unrolled(Inference):
    r"""A fixed number of steps of an iterative solver, as layers of a network.

    Soft codes: ISTA, or FISTA with `accelerate`,

    $$ z^{t+1} = \operatorname{prox}_{\alpha\lambda R}\big(y^t + \alpha D^\top(x - D y^t)\big),
    \qquad y^t = z^t \text{ or }
    z^t + \tfrac{s_t - 1}{s_{t+1}} (z^t - z^{t-1}) . $$

    TopK: iterative hard thresholding, $z^{t+1} = \operatorname{top}_k(z^t + \alpha_t D^\top(x - D z^t))$ in masses.
    The step of a gradient method, 1/λmax, is far too small for it. With g = Dᵀ(x − D z) on the support, the exact line
    search is ‖g‖²/‖D g‖², adapted to each signal and step; we take `DAMPING` of it, since the support still changes,
    and less where the code would be worse than zero: an atom that comes in may be nearly the copy of one that is there.

    Args:
        sparsity: `SoftThreshold`, `GroupSoftThreshold`, `ReLU`, `JumpReLU`, `JointTopK` or `TopK`.
        steps: T ≥ 1.
        accelerate: FISTA, for soft codes.
        step: a fixed α instead of 1/λmax or the line search, whose results no gradient goes through.
        detach: no gradient through the iterations; the dictionary then learns from the synthesis alone.

    Source: Beck & Teboulle, doi:10.1137/080716542; Blumensath & Davies, doi:10.1109/JSTSP.2010.2042411.
    """

    def __init__(
        self, sparsity: Sparsity, steps: int, accelerate: bool = False, step: float | None = None, detach: bool = False
    ):
        super().__init__(_sparsity(sparsity), detach)
        if isinstance(sparsity, BatchTopK):
            raise ValueError("sparsity = BatchTopK: would need a threshold for each step; use TopK, or OneStep")
        self.accelerate = flag(accelerate, "accelerate")
        if accelerate and isinstance(sparsity, TopK):
            raise ValueError(
                "accelerate = True: is for soft codes; iterative hard thresholding has its own adaptive step"
            )
        self.steps, self.step = whole(steps, "steps"), _step(step)

    def extra_repr(self) -> str:
        return f"steps={self.steps}, accelerate={self.accelerate}, step={self.step}, detach={self.detach}"

    def forward(self, dictionary: Dictionary, signal: Tensor) -> Tensor:
        if self.makes_events:
            return self.events(dictionary, signal).code()
        return self.encoding(dictionary, signal).code

    def encoding(self, dictionary: Dictionary, signal: Tensor) -> Encoding:
        if self.makes_events:
            return super().encoding(dictionary, signal)
        values = None

        def prox(point: Tensor, step: Tensor | float) -> Tensor:
            nonlocal values
            values = point
            return self.sparsity(point, step)

        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.detach):
            signal = _seen(dictionary, signal)
            step = safe_step(dictionary, signal) if self.step is None else self.step
            iterates = proximal_gradient(dictionary, signal, prox, step, self.accelerate)
            for _ in range(self.steps):
                code = next(iterates)
            return Encoding(code, values, step)

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        if not self.makes_events:
            return super().events(dictionary, signal)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.detach):
            return hard_thresholding(dictionary, _seen(dictionary, signal), self.sparsity, self.steps, self.step)


class MatchingPursuit(Inference):
    r"""Greedy choice of k events: the largest correlation with what is left, again and again.

    $$ (c, v)_j = \arg\max |D^\top(x - D z^{j})|, \qquad z^{j+1} = z^{j} + N\, m_j\, \delta_{(c, v)_j}, \qquad
    m_j = \big[D^\top(x - D z^{j})\big]_{(c, v)_j} . $$

    Unlike a top-k of one analysis, it does not pick the neighbours of one peak: a chosen event is subtracted first.

    Limited to a number of concepts, c is any concept until so many different ones have been chosen for a signal, and
    one of these from then on. So an event code is jointly sparse: in its concepts, and in where they are.

    Args:
        k: events per signal, ≥ 1.
        positive: choose by the value instead of its size; no negative mass.
        detach: no gradient through the pursuit; the dictionary then learns from the synthesis alone, in half the time.
        concepts: at most so many different concepts per signal, ≥ 1; None for no limit.

    Source: Mallat & Zhang, doi:10.1109/78.258082.
    """

    def __init__(self, k: int, positive: bool = False, detach: bool = False, concepts: int | None = None):
        super().__init__(TopK(1, positive), detach)  # one event at a time
        self.k = whole(k, "k")
        self.concepts = None if concepts is None else whole(concepts, "concepts")

    def extra_repr(self) -> str:
        return f"k={self.k}, positive={self.positive}, detach={self.detach}, concepts={self.concepts}"

    def forward(self, dictionary: Dictionary, signal: Tensor) -> Tensor:
        return self.events(dictionary, signal).code()

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.detach):
            signal = _seen(dictionary, signal)
            chosen = [self.sparsity.select(dictionary.analysis(signal))]
            code = chosen[0].code()
            for _ in range(self.k - 1):
                masses = dictionary.correlate(signal, code)
                chosen.append(self.sparsity.select(masses, self._closed(masses, chosen)))
                code = code + chosen[-1].code()
            values, indices = (torch.cat(parts, 1) for parts in list(zip(*chosen, strict=True))[:2])
            return Events(values, indices, chosen[0].shape)

    def _closed(self, masses: Tensor, chosen: list[Events]) -> Tensor | None:
        """The concepts that may not be chosen any more, `(batch, concepts)`; None when all may."""
        if self.concepts is None or len(chosen) < self.concepts:
            return None
        nodes = count_nodes(masses.shape[2:])
        used = torch.zeros(masses.shape[:2], dtype=torch.bool, device=masses.device)
        used = used.scatter(1, torch.cat([events.indices for events in chosen], 1) // nodes, True)
        return ~used & (used.sum(1, keepdim=True) >= self.concepts)


def _seen(dictionary: Dictionary, signal: Tensor) -> Tensor:
    """The signals, those with a NaN or infinity made NaN as a whole, so that it shows in any code: max(−∞, 0) is 0."""
    dictionary._check(signal, "signal", dictionary.channels)
    nothing = (0 * signal.detach()).sum(tuple(range(1, signal.dim())), keepdim=True)  # 0, but NaN where there is one
    return signal + nothing


def _sparsity(given: Sparsity) -> Sparsity:
    if not isinstance(given, Sparsity):
        raise TypeError(f"sparsity is a {type(given).__name__}: should be one such as TopK(5) or SoftThreshold(0.1)")
    return given


def _step(given: float | None) -> float | None:
    return None if given is None else real(given, "step", positive=True)
