"""What events take from each other's masses: the inner products of all atoms at all places, in a table."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.dictionaries import Dictionary
from saeno.grids import count_nodes
from saeno.units import wide

LARGEST = 2**25  # numbers in a table: 128 MiB in float32
BLOCK = 2**17  # masses of the signals that go through a pursuit together: as many as a processor keeps at hand


class Gram:
    r"""What an event of mass 1 takes from all masses: its atom's own analysis, which is moved with it.

    $$ \text{masses} = D^\top (x - D z), \qquad
    \big[D^\top D\, N\delta_{(c, v)}\big]_{d}(u) = G_{cd}(u - v), \qquad G_{c} = D^\top D_c . $$

    G is the Gram matrix of vectors. Of functions it holds all concepts at all places around an event, or in the
    `Dictionary.reach` of one where that is less than half of the grid. With p concepts and a reach of W nodes it costs
    p analyses on W nodes and p²·W numbers. Where a reach is the whole grid the table is laid out twice on each axis, so
    that any place of an event is a piece of it, and no index is computed for each mass. Gradients go through.

    Args:
        dictionary: any: a convolution, of which D z and Dᵀ x are linear.
        grid: of the codes.

    Source: our derivation; for vectors Rubinstein, Zibulevsky & Elad, "Batch orthogonal matching pursuit", 2008.
    """

    def __init__(self, dictionary: Dictionary, grid: tuple[int, ...]):
        self.grid, self.window, self.concepts = grid, _window(dictionary, grid), dictionary.concepts
        self.table = wide(dictionary.gram(self.window))
        self._pieces = self._starts = self._taken = None

    @staticmethod
    def pays(dictionary: Dictionary, grid: tuple[int, ...], events: int) -> bool:
        """Whether a table is no larger than LARGEST, and no dearer than so many events of all signals one by one.

        One by one, an event costs a synthesis and an analysis. What is compiled or exported decides nothing by sizes.
        """
        if torch.compiler.is_compiling():
            return False
        window = _window(dictionary, grid)
        nodes = count_nodes(window)
        numbers = dictionary.concepts**2 * nodes * (2 ** len(grid) if window == grid else 1)
        return numbers <= LARGEST and dictionary.concepts * nodes <= 2 * events * count_nodes(grid)

    @torch.no_grad()
    def take_(self, masses: Tensor, index: Tensor, mass: Tensor) -> None:
        """Take from `masses: (batch, concepts, nodes)` what events at `index: (batch,)` of this mass take."""
        if self._pieces is None:
            self._pieces, self._starts = self._cut()
        shape = (len(index), *self._pieces.shape[1:])
        if self._taken is None or self._taken.shape != shape:
            # The same memory for all events: new memory costs more than what is done in it.
            self._taken = masses.new_empty(shape)
        taken = torch.index_select(self._pieces, 0, self._starts[index], out=self._taken).flatten(2)
        taken.mul_(mass.view(-1, 1, 1))
        if self.window == self.grid:
            masses.sub_(taken)
        else:
            masses.scatter_add_(2, self._around(index).unsqueeze(1).expand_as(taken), taken.neg_())

    def between(self, event: Tensor, other: Tensor) -> Tensor:
        """What an event of mass 1 takes from the mass at another place, for pairs of indices of one shape."""
        nodes, inside = count_nodes(self.grid), None
        place = event // nodes * self.concepts + other // nodes
        pairs = zip(self._coordinates(event), self._coordinates(other), self.window, strict=True)
        for (n, here), (_, there), w in pairs:
            lag = (there - here) % n
            if w < n:
                near = (lag <= w // 2) | (lag >= n - w // 2)
                inside = near if inside is None else inside & near
                lag = torch.where(lag <= w // 2, lag, (lag - (n - w)).clamp(min=0))
            place = place * w + lag
        found = self.table.flatten().index_select(0, place.flatten()).view_as(place)
        return found if inside is None else torch.where(inside, found, 0.0)

    def _coordinates(self, node: Tensor) -> list[tuple[int, Tensor]]:
        """The nodes of each axis, and where on it an entry of the flattened `(concepts, *grid)` is."""
        found = []
        for n in reversed(self.grid):
            found.append((n, node % n))
            node = node // n
        return found[::-1]

    def _around(self, index: Tensor) -> Tensor:
        """The nodes of the flattened grid that an event reaches, in the order of the window, `(batch, W)`."""
        lags = [torch.arange(w, device=index.device) for w in self.window]
        lags = [torch.where(lag > w // 2, lag - w, lag) for lag, w in zip(lags, self.window, strict=True)]
        places = 0
        for (n, at), lag in zip(self._coordinates(index), torch.meshgrid(*lags, indexing="ij"), strict=True):
            places = places * n + (at.unsqueeze(1) + lag.flatten()) % n
        return places

    def _cut(self) -> tuple[Tensor, Tensor]:
        """What an event takes, in pieces `(starts, concepts, *window)` of a table, and the start of each event's."""
        table, nodes = self.table.detach(), count_nodes(self.grid)
        entries = torch.arange(self.concepts * nodes, device=table.device)
        if self.window != self.grid or not self.grid:
            return table.unsqueeze(-1) if table.dim() == 2 else table.contiguous(), entries // nodes
        for axis in range(2, table.dim()):
            table = torch.cat([table, table], axis)
        starts = entries // nodes * table.stride(0)
        for (n, at), stride in zip(self._coordinates(entries), table.stride()[2:], strict=True):
            starts = starts + (n - at) * stride
        return table.as_strided((int(starts.max()) + 1, self.concepts, *self.grid), (1, *table.stride()[1:])), starts


def _window(dictionary: Dictionary, grid: tuple[int, ...]) -> tuple[int, ...]:
    """The reach of an event, or the grid where that is less than twice as large: pieces of it are faster."""
    reach = dictionary.reach(grid)
    return reach if 2 * count_nodes(reach) <= count_nodes(grid) and grid else grid


def largest(score: Tensor) -> Tensor:
    """Which entry of each row of `score: (batch, entries)` is the largest, the first of equal ones: `(batch,)`.

    NumPy's argmax goes by vector instructions on a processor, torch's does not: it takes five times as long.
    """
    return torch.from_numpy(score.numpy().argmax(1)) if score.device.type == "cpu" else score.argmax(1)
