r"""Sparse decode: x̂ = Σ_j z_j d_{i_j}, with its whole backward, and no dense code anywhere.

With k of p atoms in use, a dense decoder multiplies by zeros p − k times of p. Here is only what is not zero. One
number holds everything,

$$ T(z, D, g) = \sum_b \sum_j z_{bj}\, \langle d_{i_{bj}}, g_b \rangle , $$

for values z `(batch, k)`, atoms D `(concepts, channels)` and vectors g `(batch, channels)`. It is linear in each of
the three, so the three functions here are its derivatives, and the derivative of each is made of the other two, to
any order:

    decoded   ∂T/∂g  Σ_j z_bj d_{i_bj}               (batch, channels)    moves B·k·m + B·m numbers, 2·B·k·m operations
    matched   ∂T/∂z  ⟨d_{i_bj}, g_b⟩                 (batch, k)           moves B·k·m + B·m numbers, 2·B·k·m operations
    gathered  ∂T/∂D  Σ_{b, j: i_bj = c} z_bj g_b     (concepts, channels) moves B·k·m + p·m numbers, 2·B·k·m operations

with B, k, m, p for the sizes of batch, list, channels and concepts. An operation for each two numbers that are moved
is little, so memory limits all three. (A dense decoder does 2·B·p·m operations for each of the three.)

The first two read rows. The third has to sum what is scattered over the list, and atomic additions would sum it in
another order at each run. So the list is sorted by atom, once for each list: the `Order` is that of Zᵀ in compressed
rows. Then an atom's share stands in a row, is summed in one order, and gives the same bits every run. The encoder's
gradient has the same places (`saeno/kernels/select.py`) and uses the same order.

On the CPU all three are `embedding_bag`; on a CUDA device Triton, `saeno/kernels/gpu/decode.py`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from saeno.kernels.dispatch import by_triton
from saeno.kernels.order import order

# A dense code from this number of entries on is not what a step should go through.
LEAST = 2**19


def large(batch: int, concepts: int) -> bool:
    """Whether a code of that size is decoded, and its gradients found, by what is here.

    From 2¹⁹ entries on. Smaller ones are quick in any way, and the functions of torch have less to do around them.
    """
    return batch * concepts >= LEAST


def decoded_plainly(values: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    """`decoded` as it is defined."""
    return (values.unsqueeze(-1) * atoms[indices]).sum(1)


def matched_plainly(towards: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    """`matched` as it is defined."""
    return (atoms[indices] * towards.unsqueeze(1)).sum(-1)


def gathered_plainly(values: Tensor, indices: Tensor, towards: Tensor, concepts: int) -> Tensor:
    """`gathered` as it is defined."""
    terms = (values.unsqueeze(-1) * towards.unsqueeze(1)).flatten(0, 1)
    return terms.new_zeros(concepts, towards.shape[1]).index_add(0, indices.flatten(), terms)


def decoded(values: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    """Σ_j z_bj d_{i_bj}, `(batch, channels)`, from values and indices `(batch, k)` and atoms `(concepts, channels)`."""
    return _Decoded.apply(values, indices, atoms)


def matched(towards: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    """⟨d_{i_bj}, g_b⟩, `(batch, k)`: what a value is worth, where the gradient of x̂ is g `(batch, channels)`."""
    return _Matched.apply(towards, indices, atoms)


def gathered(values: Tensor, indices: Tensor, towards: Tensor, concepts: int) -> Tensor:
    """Σ over b, j with i_bj = c of z_bj g_b, `(concepts, channels)`: the gradient of the atoms, where x̂'s is g."""
    return _Gathered.apply(values, indices, towards, concepts)


class _Derivative(torch.autograd.Function):
    """One of T's three, of the other two factors and the places; its own derivatives need the same."""

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:3])


class _Decoded(_Derivative):
    @staticmethod
    def forward(values: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
        return _decode(values, indices, atoms)

    @staticmethod
    def backward(ctx, towards: Tensor) -> tuple[Tensor | None, None, Tensor | None]:
        values, indices, atoms = ctx.saved_tensors
        needs = ctx.needs_input_grad
        by_value = matched(towards, indices, atoms) if needs[0] else None
        return by_value, None, gathered(values, indices, towards, len(atoms)) if needs[2] else None


class _Matched(_Derivative):
    @staticmethod
    def forward(towards: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
        return _match(towards, indices, atoms)

    @staticmethod
    def backward(ctx, values: Tensor) -> tuple[Tensor | None, None, Tensor | None]:
        towards, indices, atoms = ctx.saved_tensors
        by_vector = decoded(values, indices, atoms) if ctx.needs_input_grad[0] else None
        return by_vector, None, gathered(values, indices, towards, len(atoms)) if ctx.needs_input_grad[2] else None


class _Gathered(_Derivative):
    @staticmethod
    def forward(values: Tensor, indices: Tensor, towards: Tensor, concepts: int) -> Tensor:
        return _gather(values, indices, towards, concepts)

    @staticmethod
    def backward(ctx, atoms: Tensor) -> tuple[Tensor | None, None, Tensor | None, None]:
        values, indices, towards = ctx.saved_tensors
        by_value = matched(towards, indices, atoms) if ctx.needs_input_grad[0] else None
        return by_value, None, decoded(values, indices, atoms) if ctx.needs_input_grad[2] else None, None


# To `torch.compile` each of these is one operator, whose inside it does not look at.
@torch.library.custom_op("saeno::decode", mutates_args=())
def _decode(values: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    if by_triton(values, atoms):
        from saeno.kernels.gpu import decode

        return decode.decoded(values, indices, atoms)
    return functional.embedding_bag(indices, atoms, per_sample_weights=values.contiguous(), mode="sum")


@torch.library.custom_op("saeno::match", mutates_args=())
def _match(towards: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    if by_triton(towards, atoms):
        from saeno.kernels.gpu import decode

        return decode.matched(towards, indices, atoms)
    batch, k = indices.shape
    start, bag = (torch.arange(batch, device=indices.device) for _ in range(2))
    # No public function of torch reads these rows where they are: `embedding_bag` does, in its backward.
    read = torch.ops.aten._embedding_bag_per_sample_weights_backward
    return read(towards.contiguous(), atoms, indices.flatten(), k * start, bag.repeat_interleave(k), 0).view(batch, k)


@torch.library.custom_op("saeno::gather", mutates_args=())
def _gather(values: Tensor, indices: Tensor, towards: Tensor, concepts: int) -> Tensor:
    found = order(indices, concepts)
    if by_triton(values, towards):
        from saeno.kernels.gpu import decode

        return decode.gathered(values, found.entry, found.start, towards)
    rows, values = found.entry // indices.shape[1], values.flatten()[found.entry]
    whole = {"mode": "sum", "include_last_offset": True}
    return functional.embedding_bag(rows, towards.contiguous(), found.start, per_sample_weights=values, **whole)


@_decode.register_fake
def _(values: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    return atoms.new_empty(len(values), atoms.shape[1])


@_match.register_fake
def _(towards: Tensor, indices: Tensor, atoms: Tensor) -> Tensor:
    return atoms.new_empty(indices.shape)


@_gather.register_fake
def _(values: Tensor, indices: Tensor, towards: Tensor, concepts: int) -> Tensor:
    return towards.new_empty(concepts, towards.shape[1])
