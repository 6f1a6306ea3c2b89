r"""Encode and select: the k largest of W x + b, without the other p − k.

The pre-activations of a batch are B·p numbers, of which B·k are used. Three things are saved here.

*Selection.* The k largest entries of a row lie in the k groups with the largest maxima, whatever the groups. So
`places` takes maxima over groups of eight, finds the k best groups, in the same way, and looks inside those. It is
exact; among equals the first come first, which torch.topk does not promise: where equals are near the border, the row
is sorted.

*Memory.* Rows are encoded in blocks, so that never more than `BLOCK` pre-activations are there. On a CUDA device
Triton keeps the k best of a row while it goes through the atoms, `saeno/kernels/gpu/select.py`, and none is written.

*The gradient.* Only what was selected has one: with g the gradient of the values, W's is `gathered(g, places, x)`,
x's is `decoded(g, places, W)`, b's the sum of each atom's g. All have the places of the decoder, so one sort serves
both (`saeno/kernels/decode.py`). The values are as the encoder made them; who makes negative ones zero does it to
them, and so has its mask in the gradient too.

Forward 2·B·m·p operations, of B·m + p·m + B·k numbers; backward 4·B·k·m operations, of 2·B·k·m + p·m.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from saeno.kernels.decode import decoded, gathered
from saeno.kernels.dispatch import by_triton

BLOCK = 2**19  # pre-activations that are there at one time, on the CPU: what its cache holds
ROWS = 64  # of signals in a block, at least: a matrix product needs some
WRITTEN = 2**28  # and those that are written on a CUDA device, rather than kept in its registers
GROUP = 8


def places_plainly(score: Tensor, k: int) -> Tensor:
    """`places` as it is defined: the whole row is sorted."""
    return score.sort(dim=1, descending=True, stable=True).indices[:, :k]


def places(score: Tensor, k: int) -> Tensor:
    """Where the k largest of each row are, `(batch, k)`, largest first, and among equals the first."""
    if torch.compiler.is_compiling() or score.is_meta:  # which row has equals is not known then
        return score.topk(k, dim=1).indices
    score = score.detach()
    if k == score.shape[1]:
        return places_plainly(score, k)
    found = _tournament(score, k + 1, True)
    best = score.gather(1, found)
    equals = (best[:, 1:] == best[:, :-1]).any(1)
    found = found[:, :k]
    if equals.any():
        found[equals] = places_plainly(score[equals], k)
    return found


def _tournament(score: Tensor, k: int, ranked: bool = False) -> Tensor:
    """The places of the k largest of each row, largest first if `ranked`, equals in any order."""
    batch, entries = score.shape
    groups = entries // GROUP
    if groups < 4 * k or score.device.type != "cpu":
        return score.topk(k, dim=1, sorted=ranked).indices
    inside = groups * GROUP
    # Group g has the entries g, g + groups, …: maxima over them are a maximum of eight rows, which is quick.
    best = _tournament(score[:, :inside].reshape(batch, GROUP, groups).amax(1), k)
    rivals = (best.unsqueeze(1) + groups * torch.arange(GROUP).unsqueeze(1)).flatten(1)
    if inside < entries:
        rivals = torch.cat([rivals, torch.arange(inside, entries).expand(batch, -1)], 1)
    return rivals.gather(1, score.gather(1, rivals).topk(k, dim=1, sorted=ranked).indices)


def encoded(signal: Tensor, weight: Tensor, bias: Tensor | None, k: int, by_size: bool) -> tuple[Tensor, Tensor]:
    """The k largest of W x + b, or of |W x + b| with `by_size`: values and places, `(batch, k)`, largest first.

    signal: `(batch, channels)`; weight: `(concepts, channels)`, or rows of it, for a choice among some; bias:
    `(concepts,)`.
    """
    return _Encoded.apply(signal, weight, bias, k, by_size)


def encoded_plainly(
    signal: Tensor, weight: Tensor, bias: Tensor | None, k: int, by_size: bool
) -> tuple[Tensor, Tensor]:
    """`encoded` as it is defined, with all pre-activations."""
    made = functional.linear(signal, weight, bias)
    found = places_plainly((made.abs() if by_size else made).detach(), k)
    return made.gather(1, found), found


class _Encoded(torch.autograd.Function):
    @staticmethod
    def forward(signal: Tensor, weight: Tensor, bias: Tensor | None, k: int, by_size: bool) -> tuple[Tensor, Tensor]:
        return _encode(signal, weight, bias, k, by_size)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
        signal, weight, *_ = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(signal, weight, output[1])

    @staticmethod
    def backward(ctx, towards: Tensor | None, _) -> tuple[Tensor | None, ...]:
        signal, weight, found = ctx.saved_tensors
        needs = [needed and towards is not None for needed in ctx.needs_input_grad]
        return (
            decoded(towards, found, weight) if needs[0] else None,
            gathered(towards, found, signal, len(weight)) if needs[1] else None,
            gathered(towards, found, signal.new_ones(len(signal), 1), len(weight)).squeeze(1) if needs[2] else None,
            None,
            None,
        )


@torch.library.custom_op("saeno::encode", mutates_args=())
def _encode(signal: Tensor, weight: Tensor, bias: Tensor | None, k: int, by_size: bool) -> tuple[Tensor, Tensor]:
    if by_triton(signal, weight) and len(signal) * len(weight) > WRITTEN:
        from saeno.kernels.gpu import select

        return select.encoded(signal, weight, bias, k, by_size)
    rows = max(ROWS, BLOCK // len(weight)) if signal.device.type == "cpu" else max(1, len(signal))
    room = signal.new_empty(1 + by_size, min(rows, len(signal)), len(weight))  # new memory for each block costs more
    values, found = signal.new_empty(len(signal), k), signal.new_empty(len(signal), k, dtype=torch.long)
    for begin in range(0, len(signal), rows):
        here = slice(begin, begin + rows)
        made, score = room[0, : len(signal[here])], room[-1, : len(signal[here])]
        torch.mm(signal[here], weight.T, out=made)
        if bias is not None:
            made.add_(bias)
        if by_size:
            torch.abs(made, out=score)
        found[here] = places(score, k)
        values[here] = made.gather(1, found[here])
    return values, found


@_encode.register_fake
def _(signal: Tensor, weight: Tensor, bias: Tensor | None, k: int, by_size: bool) -> tuple[Tensor, Tensor]:
    return signal.new_empty(len(signal), k), signal.new_empty(len(signal), k, dtype=torch.long)
