"""A U-Net on the torus."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from saeno.checks import whole
from saeno.operators.base import Operator, Pointwise, starting


class UNet(Operator):
    r"""A U-Net: convolutions on grids of half the nodes, and half again, and the way back with what each grid had.

    $$ d_0 = B_0 a, \quad d_{l+1} = B_{l+1} \downarrow d_l, \qquad u_D = d_D, \quad u_l = C_l\,[\uparrow u_{l+1}, d_l],
    \qquad G(a) = P u_0 . $$

    B and C are two convolutions of three nodes per axis, each followed by GELU, on a torus (circular padding); ↓ is the
    mean of two neighbours per axis, ↑ repeats each node; P acts at every node. Depth l has 2^l · `width` components.

    What it learns is tied to the distance of the nodes, so on another grid it is another operator. It follows shifts by
    2^depth nodes.

    Args:
        channels_in, channels_out: components of a function before and after.
        width: components at full resolution. With one axis, width 15 and depth 3 have about as many weights as an `FNO`
            of width 32 with 16 modes.
        axes: of the grid, 1 or 2.
        depth: how often the grid is halved.
        seed: of the weights it starts with.

    Shapes: `(batch, channels_in, *grid)` to `(batch, channels_out, *grid)`; `down.0`, … `down.D` and `up.0`, … are
    hidden functions on their own grids. Raises ValueError for a grid that 2^depth does not divide. Source: Ronneberger
    et al., arXiv:1505.04597, without normalisation.
    """

    def __init__(self, channels_in: int, channels_out: int, width: int, axes: int = 1, depth: int = 3, seed: int = 0):
        width, axes, depth = whole(width, "width"), whole(axes, "axes"), whole(depth, "depth", least=0)
        if axes > 2:
            raise ValueError(f"axes = {axes}: should be 1 or 2")
        super().__init__(channels_in, channels_out, seed, width=width, axes=axes, depth=depth)
        self.axes, self.depth = axes, depth
        widths = [width * 2**level for level in range(depth + 1)]
        with starting(seed):
            self.down = nn.ModuleList(
                _block(before, after, axes) for before, after in zip([self.channels_in, *widths], widths, strict=False)
            )
            self.up = nn.ModuleList(_block(3 * here, here, axes) for here in widths[:-1])
            self.project = Pointwise(width, self.channels_out)

    def forward(self, x: Tensor) -> Tensor:
        grid, step = self.check(x, self.axes), 2**self.depth
        if any(n % step for n in grid):
            raise ValueError(f"x has grid {grid}: should have multiples of {step} nodes, for depth = {self.depth}")
        halved = F.avg_pool1d if self.axes == 1 else F.avg_pool2d
        found = [self.down[0](x)]
        for block in self.down[1:]:
            found.append(block(halved(found[-1], 2)))
        hidden = found.pop()
        for block in reversed(self.up):
            hidden = block(torch.cat([F.interpolate(hidden, scale_factor=2), found.pop()], 1))
        return self.project(hidden)


def _block(before: int, after: int, axes: int) -> nn.Sequential:
    convolution = nn.Conv1d if axes == 1 else nn.Conv2d
    shape = {"kernel_size": 3, "padding": 1, "padding_mode": "circular"}
    return nn.Sequential(convolution(before, after, **shape), nn.GELU(), convolution(after, after, **shape), nn.GELU())
