"""A fixed number of steps of an iterative solver, and the iterations on events that it unrolls."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import flag, instance, real, whole
from saeno.dictionaries import Dictionary
from saeno.inference import one_pass
from saeno.inference.base import Encoding, Inference, seen
from saeno.inference.proximal import proximal_gradient, safe_step
from saeno.sparsity import Events, Sparsity, TopK
from saeno.units import unit, wide, within

# Of 1.0, 0.9, …, 0.6, on 12 random dictionaries of three other shapes than the tests': 0.7 has the best supports and
# the smallest error, 0.6 recovers a few more atoms.
DAMPING = 0.7
HALVINGS = 60  # of a step that is too long: after these it is none, in float64 too


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
        super().__init__(instance(sparsity, Sparsity, "sparsity", "TopK(5) or SoftThreshold(0.1)"), detach)
        if self.makes_events and sparsity.learns:
            kind = type(sparsity).__name__
            raise ValueError(f"sparsity = {kind}: would need a threshold for each step; use TopK, or OneStep")
        self.accelerate = flag(accelerate, "accelerate")
        if accelerate and self.makes_events:
            raise ValueError(
                "accelerate = True: is for soft codes; iterative hard thresholding has its own adaptive step"
            )
        self.steps, self.step = whole(steps, "steps"), None if step is None else real(step, "step", positive=True)

    def extra_repr(self) -> str:
        return f"steps={self.steps}, accelerate={self.accelerate}, step={self.step}, detach={self.detach}"

    def encoding(self, dictionary: Dictionary, signal: Tensor) -> Encoding:
        if self.makes_events:
            return super().encoding(dictionary, signal)
        values = None

        def prox(point: Tensor, step: Tensor | float) -> Tensor:
            nonlocal values
            values = point
            return self.sparsity(point, step)

        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.detach):
            signal = seen(dictionary, signal)
            step = safe_step(dictionary, signal) if self.step is None else self.step
            if one_pass.fits(dictionary, signal, self.sparsity):
                return one_pass.iterate(dictionary, signal, self.sparsity, self.steps, step, self.accelerate)
            iterates = proximal_gradient(dictionary, signal, prox, step, self.accelerate)
            for _ in range(self.steps):
                code = next(iterates)
            return Encoding(code, values, step)

    def events(self, dictionary: Dictionary, signal: Tensor) -> Events:
        if not self.makes_events:
            return super().events(dictionary, signal)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.detach):
            return hard_thresholding(dictionary, seen(dictionary, signal), self.sparsity, self.steps, self.step)


def hard_thresholding(dictionary: Dictionary, signal: Tensor, sparsity: TopK, steps: int, step: float | None) -> Events:
    """`steps` iterations from zero, in masses; `step` None is `DAMPING` of the exact line search on the support, or
    less, so that no code is worse than zero."""
    seen = gradient = dictionary.analysis(signal)
    chosen = sparsity.select(gradient)
    masses = torch.zeros_like(gradient)
    for iteration in range(steps):
        if iteration > 0:
            gradient = dictionary.correlate(signal, chosen.code())
            masses = torch.zeros_like(gradient).flatten(1).scatter(1, chosen.indices, chosen.values).view_as(gradient)
        if step is None:
            size = DAMPING * _line_search(dictionary, gradient, chosen)
            before, chosen = chosen, sparsity.select(masses + size * gradient)
            # From zero, on the support that the line search knew, the step cannot be too long.
            known = iteration == 0 and not sparsity.positive and torch.equal(chosen.indices, before.indices)
            if not known:
                chosen = _bounded(dictionary, sparsity, seen, masses, gradient, size, chosen)
        else:
            chosen = sparsity.select(masses + step * gradient)
    return chosen


@torch.no_grad()
def _line_search(dictionary: Dictionary, gradient: Tensor, chosen: Events) -> Tensor:
    """‖g‖²/‖D g‖² for the gradient on the chosen support, a number per signal, shaped to multiply the gradient."""
    on_support = gradient.flatten(1).gather(1, chosen.indices)

    def squares(values: Tensor) -> tuple[Tensor, Tensor]:
        return wide(values).square().sum(1), dictionary.energy(chosen._replace(values=values).code())

    square, energy = squares(on_support)
    if len(square) and not (within(square) and within(energy)):
        square, energy = squares(on_support / unit(on_support))
    # With L ≠ Pᵀ there may be no energy, or less than none: then the step of one atom of unit gain.
    size = torch.where(energy > 0, square / energy, torch.where(square > 0, 1.0, square))
    return size.to(gradient.dtype).view(-1, *[1] * (gradient.dim() - 1))


def _bounded(
    dictionary: Dictionary, sparsity: TopK, seen: Tensor, masses: Tensor, gradient: Tensor, size: Tensor, chosen: Events
) -> Events:
    """The events chosen, each size halved until its signal is no further from D z than from 0, ‖x − D z‖ ≤ ‖x‖.

    The line search knows the old support. An atom that comes in may be nearly the copy of one that is there, and then
    the same step can be hundreds of times too long. An error that rises for a while is let be: supports are found on
    the way, and steps that only descend find fewer. Most sizes are right at once, so the first choice is the only one.
    """
    left = _worse_than_zero(dictionary, seen, chosen).nonzero().flatten()
    if not len(left):
        return chosen
    with torch.no_grad():
        size = size.clone()
        for _ in range(HALVINGS):
            size[left] /= 2
            events = sparsity.select(masses[left] + size[left] * gradient[left])
            left = left[_worse_than_zero(dictionary, seen[left], events)]
            if not len(left):
                break
    return sparsity.select(masses + size * gradient)


@torch.no_grad()
def _worse_than_zero(dictionary: Dictionary, seen: Tensor, events: Events) -> Tensor:
    """Whether ‖x − D z‖² − ‖x‖² = ‖D z‖² − 2⟨z, Dᵀx⟩ is positive, `(batch,)`; `seen` is Dᵀx."""
    seen = seen.flatten(1).gather(1, events.indices)

    def sides(values: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        return dictionary.energy(events._replace(values=values).code()), 2 * (wide(values) * wide(seen)).sum(1)

    energy, match = sides(events.values, seen)
    if len(energy) and not within(energy):
        ours, theirs = unit(events.values), unit(seen)
        energy, match = sides(events.values / ours, seen / theirs)
        match = match * wide(theirs / ours).flatten()
    return energy > match
