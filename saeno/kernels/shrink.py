r"""One step of ISTA or FISTA on codes of vectors, in one pass over them.

From the last two codes z and z₋ and the residual at the point between them and beyond,

$$ y = z + a (z - z_-), \qquad v = y + \alpha D^\top (x - D y), \qquad z_+ = \operatorname{shrink}(v) . $$

The residual x − D y is a vector, of m numbers and not p, and affine in y, so that of y is the extrapolation of the
last two residuals. What is left reads z and z₋ and writes z₊, 3·B·p numbers with B·m + p·m besides, in 2·B·m·p
operations. Written as torch has it, the correlations, y, v and each part of the threshold go through memory too: some
fifteen times B·p.

`shrink` is one of three, at a level λ of each concept:

    "soft"      sign(v) max(|v| − λ, 0)
    "positive"  max(v − λ, 0)
    "jump"      v where v > λ, else 0; its derivative in λ is an estimate from a band around λ (see `sparsity.JumpReLU`)

The backward keeps no mask and no v: it makes v again, one tile at a time, and from it h = ∂L/∂v and ∂L/∂λ. The rest
is two matrix products with h.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.checks import expect
from saeno.kernels.dispatch import by_triton

KINDS = ("soft", "positive", "jump")


def moved(residual: Tensor, atoms: Tensor, code: Tensor, before: Tensor, ahead: Tensor | float, step: Tensor) -> Tensor:
    """v, of which the threshold makes the next code."""
    return code + ahead * (code - before) + step * residual @ atoms.T


def shrunk_plainly(
    residual: Tensor, atoms: Tensor, code: Tensor, before: Tensor, ahead: Tensor, step: Tensor, level: Tensor, kind: str
) -> Tensor:
    """`shrunk` as it is defined; the "jump" has the derivative of its kept values only."""
    value = moved(residual, atoms, code, before, ahead.unsqueeze(1), step)
    if kind == "jump":
        return torch.where(value > level, value, 0.0)
    positive = (value - level).clamp(min=0)
    return positive if kind == "positive" else positive - (-value - level).clamp(min=0)


def shrunk(
    residual: Tensor,
    atoms: Tensor,
    code: Tensor,
    before: Tensor,
    ahead: Tensor,
    step: Tensor,
    level: Tensor,
    kind: str,
    width: float = 0.0,
) -> Tensor:
    """The next code, `(batch, concepts)`.

    Args:
        residual: x − D y at the extrapolated point, `(batch, channels)`.
        atoms: `(concepts, channels)`.
        code, before: the last two codes, `(batch, concepts)`.
        ahead: a, how far beyond the last one, `(batch,)`. A constant to the gradient, as is the step.
        step: α, `()`.
        level: λ times α, `(concepts,)`.
        kind: "soft", "positive" or "jump".
        width: of the band from which a "jump" learns its level.

    Raises ValueError for another kind.
    """
    expect(kind in KINDS, f"kind = {kind!r}: should be one of {', '.join(KINDS)}")
    return _Shrunk.apply(residual, atoms, code, before, ahead, step, level, kind, float(width))


def slopes(value: Tensor, towards: Tensor, level: Tensor, kind: str, width: float) -> tuple[Tensor, Tensor]:
    """∂L/∂v `(batch, concepts)` and ∂L/∂λ `(concepts,)`, from v and the gradient of the code."""
    kept = value.abs() > level if kind == "soft" else value > level
    inside = torch.where(kept, towards, 0.0)
    if kind != "jump":
        return inside, -(inside * value.sign()).sum(0)
    near = (value - level).abs() < width / 2
    return inside, -(torch.where(near, towards, 0.0) * level / width).sum(0) if width else torch.zeros_like(level)


class _Shrunk(torch.autograd.Function):
    @staticmethod
    def forward(residual, atoms, code, before, ahead, step, level, kind: str, width: float) -> Tensor:
        return _shrink(residual, atoms, code, before, ahead, step, level, kind)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:7])
        ctx.kind, ctx.width = inputs[7:]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, towards: Tensor) -> tuple[Tensor | None, ...]:
        residual, atoms, code, before, ahead, step, level = ctx.saved_tensors
        inside, by_level = _slopes(residual, atoms, code, before, ahead, step, level, towards, ctx.kind, ctx.width)
        ahead = ahead.unsqueeze(1)
        needs = ctx.needs_input_grad
        return (
            step * inside @ atoms if needs[0] else None,
            step * inside.T @ residual if needs[1] else None,
            (1 + ahead) * inside if needs[2] else None,
            -ahead * inside if needs[3] else None,
            None,
            None,
            by_level if needs[6] else None,
            None,
            None,
        )


@torch.library.custom_op("saeno::shrink", mutates_args=())
def _shrink(
    residual: Tensor, atoms: Tensor, code: Tensor, before: Tensor, ahead: Tensor, step: Tensor, level: Tensor, kind: str
) -> Tensor:
    if by_triton(residual, atoms, code):
        from saeno.kernels.gpu import shrink

        return shrink.shrunk(residual, atoms, code, before, ahead, step, level, kind)
    return shrunk_plainly(residual, atoms, code, before, ahead, step, level, kind)


@torch.library.custom_op("saeno::shrink_slopes", mutates_args=())
def _slopes(
    residual: Tensor,
    atoms: Tensor,
    code: Tensor,
    before: Tensor,
    ahead: Tensor,
    step: Tensor,
    level: Tensor,
    towards: Tensor,
    kind: str,
    width: float,
) -> tuple[Tensor, Tensor]:
    if by_triton(residual, atoms, code):
        from saeno.kernels.gpu import shrink

        return shrink.slopes(residual, atoms, code, before, ahead, step, level, towards, kind, width)
    value = moved(residual, atoms, code, before, ahead.unsqueeze(1), step)
    return slopes(value, towards, level, kind, width)


@_shrink.register_fake
def _(residual, atoms, code, before, ahead, step, level, kind):
    return torch.empty_like(code)


@_slopes.register_fake
def _(residual, atoms, code, before, ahead, step, level, towards, kind, width):
    return torch.empty_like(code), torch.empty_like(level)
