"""Dead atoms, replaced by what the others leave."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.autoencoder import SparseAutoencoder
from saeno.grids import count_nodes
from saeno.seeds import generator_for
from saeno.sparsity import Events
from saeno.units import common_unit

STREAM = 7  # of random numbers: another one than that of the batches, which have the same seed


class Revival:
    r"""Atoms that the loss did not depend on for `patience` steps are replaced from the data.

    A signal is drawn with a probability in proportion to its squared residual ‖x − x̂‖², one for each dead atom and none
    twice. The atom becomes that residual e = x − x̂, moved so that its largest value comes to the middle of the atom,
    as far as the dictionary can hold it,

    $$ D_c \leftarrow \nabla_{D_c} \langle e,\ D_c(\cdot - u)\rangle, \qquad u + \text{middle} =
    \arg\max_v \textstyle\sum_{\text{channels}} e(v)^2 , $$

    and is brought to unit gain: for vectors e itself, for kernels the taps around its largest value, for functions its
    modes. Its encoder, its bias and its threshold begin anew, and the optimizer forgets what it knew of them.

    An atom has the gradient zero, exactly, in a step whose loss does not depend on it: so counting costs nothing.
    `silent`: steps since each atom had another gradient, `(concepts,)`.
    Source: our variant of the resampling of Bricken et al. (Towards Monosemanticity, 2023).
    """

    def __init__(self, model: SparseAutoencoder, patience: int, seed: int):
        self.model, self.patience, self.seed = model, patience, seed
        weight = model.dictionary.weight
        self.silent = torch.zeros(len(weight), dtype=torch.long, device=weight.device)

    def count(self) -> None:
        """Look at the gradient of a step."""
        gradient = self.model.dictionary.weight.grad
        moved = gradient.flatten(1).any(1) if gradient is not None else torch.zeros_like(self.silent, dtype=torch.bool)
        self.silent = torch.where(moved, 0, self.silent + 1)

    @torch.no_grad()
    def replace(self, optimizer: torch.optim.Optimizer, signal: Tensor, step: int) -> None:
        """Replace the atoms that are dead by now, as many as there are signals with a residual in the batch."""
        dead = (self.silent >= self.patience).nonzero().flatten()
        if not len(dead):
            return
        residual = signal - self.model.reconstruct(signal)
        residual = residual / common_unit(residual)
        size = residual.flatten(1).square().sum(1).cpu()
        dead = dead[: int((size > 0).sum())]
        if not len(dead):
            return
        drawn = size.multinomial(len(dead), generator=generator_for(self.seed, step, STREAM)).to(signal.device)
        dictionary = self.model.dictionary
        before = dictionary.weight[dead]
        dictionary.weight[dead] = fragments(self.model, residual[drawn], dead)
        gain = dictionary.gain()[dead]
        none = ~((gain > 0) & gain.isfinite())  # of that residual the dictionary can hold nothing: another one, later
        dictionary.weight[dead[none]] = before[none]
        dead, gain = dead[~none], gain[~none]
        dictionary.weight[dead] /= gain.sqrt().view(-1, *[1] * (dictionary.weight.dim() - 1))
        for parameter in [dictionary.weight, *self.model.inference.renew(dictionary, dead)]:
            for value in optimizer.state.get(parameter, {}).values():
                if isinstance(value, Tensor) and value.shape == parameter.shape:
                    value[dead] = 0
        self.silent[dead] = 0


def fragments(model: SparseAutoencoder, signal: Tensor, concepts: Tensor) -> Tensor:
    """For each signal what the atom of a concept can hold of it, `(signals, channels, *coefficients)`: any gain.

    That is the gradient of ⟨x, D z⟩ in the atom, where z has one event, at the place that brings the node with the
    largest value to the middle of the atom.
    """
    dictionary, grid = model.dictionary, tuple(signal.shape[2:])
    place = signal.square().sum(1).reshape(len(signal), -1).argmax(1)  # 0 for vectors, which have one node
    if grid:
        nodes = torch.stack(torch.unravel_index(place, grid), 1) - torch.tensor(dictionary.middle, device=place.device)
        place = torch.zeros_like(place)
        for axis, n in enumerate(grid):
            place = place * n + nodes[:, axis] % n
    indices = (concepts * count_nodes(grid) + place)[:, None]
    events = Events(torch.ones_like(indices, dtype=signal.dtype), indices, (dictionary.concepts, *grid))
    with torch.enable_grad():
        made = (dictionary.synthesis_of_events(events) * signal).sum()
        (gradient,) = torch.autograd.grad(made, dictionary.weight)
    return gradient[concepts]
