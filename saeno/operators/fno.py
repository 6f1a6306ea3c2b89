"""The Fourier neural operator."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import gelu

from saeno.checks import whole
from saeno.dictionaries import FourierDictionary
from saeno.grids import Grid, per_axis
from saeno.operators.base import Operator, Pointwise, starting


class FNO(Operator):
    r"""A Fourier neural operator: convolutions with band-limited kernels, and products at every node.

    $$ v_0 = L a, \qquad v_{t+1}(u) = \sigma\Bigl( W_t v_t(u) + b_t + \int \kappa_t(u - s)\, v_t(s)\, ds \Bigr),
    \qquad G(a) = P\, v_T . $$

    L, W and P act at every node, on channels alone; P is two affine maps with σ between them. σ is GELU, and the last
    layer has none, as in the authors' program. The kernel κ of a layer is a `FourierDictionary`: its atoms are the
    functions by which a channel spreads to all others, `fno.layers[0].kernel.atoms(256)` shows them. So the kernel is
    real without special cases for the frequency zero or for Nyquist's.

    There is no normalisation and no channel of coordinates. A shift of the input by nodes of the grid shifts the
    output. The integral is the same on every grid that carries the modes; σ makes higher frequencies, of which a grid
    sees those below n/2 and mistakes the rest, so outputs on two grids agree as well as both resolve the hidden
    functions.

    Args:
        channels_in, channels_out: components of a function before and after.
        width: components of the hidden functions.
        modes: highest frequency per axis that a kernel has: an int (one axis), or a tuple with one entry per axis.
        layers: how many.
        seed: of the weights it starts with.

    Shapes: `(batch, channels_in, *grid)` to `(batch, channels_out, *grid)`, n ≥ 2·modes + 1 nodes on each axis; the
    hidden functions, outputs of `layers.0`, `layers.1`, …, are `(batch, width, *grid)`. Raises ValueError for a coarser
    grid. Source: Li et al., arXiv:2010.08895; the real coordinates are our derivation.
    """

    def __init__(self, channels_in: int, channels_out: int, width: int, modes: Grid, layers: int = 4, seed: int = 0):
        width, layers, modes = whole(width, "width"), whole(layers, "layers"), per_axis(modes, "modes", least=0)
        super().__init__(channels_in, channels_out, seed, width=width, modes=modes, layers=layers)
        self.modes = modes
        with starting(seed):
            self.lift = Pointwise(self.channels_in, width)
            self.layers = nn.ModuleList(FourierLayer(width, modes, last=t == layers - 1) for t in range(layers))
            self.project = nn.Sequential(
                Pointwise(width, 2 * width), nn.GELU(), Pointwise(2 * width, self.channels_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        grid = self.check(x, len(self.modes))
        least = tuple(2 * m + 1 for m in self.modes)
        if any(n < needed for n, needed in zip(grid, least, strict=True)):
            raise ValueError(f"x has grid {grid}: should have at least {least} nodes, for modes = {self.modes}")
        hidden = self.lift(x)
        for layer in self.layers:
            hidden = layer(hidden)
        return self.project(hidden)


class FourierLayer(nn.Module):
    r"""One layer, $v \mapsto \sigma(W v + b + \kappa * v)$, without σ when it is the last: `(batch, width, *grid)`.

    kernel: κ, a `FourierDictionary` of `width` atoms with `width` channels. pointwise: W and b.
    """

    def __init__(self, width: int, modes: Grid, last: bool = False):
        super().__init__()
        self.kernel, self.pointwise, self.last = FourierDictionary(width, width, modes), Pointwise(width, width), last
        # Small beside W: kernels that give each frequency back at its size, 1/√width, make a network learn more slowly.
        nn.init.normal_(self.kernel.weight, std=1 / width)

    def forward(self, hidden: Tensor) -> Tensor:
        moved = self.pointwise(hidden) + self.kernel.synthesis(hidden)
        return moved if self.last else gelu(moved)
