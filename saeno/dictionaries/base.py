"""What every dictionary has in common: conventions, gain, and the checks on what it is given."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saeno.checks import signals, tensor, whole
from saeno.dictionaries.eigenvalue import Memory, largest_eigenvalue, symbol
from saeno.grids import Grid, as_grid, inner
from saeno.part import Part
from saeno.seeds import seeded
from saeno.sparsity import Events
from saeno.sparsity.base import Sparsity
from saeno.units import unit, wide, within


def random_atoms(concepts: int, channels: int, *coefficients: int, seed: int) -> nn.Parameter:
    """What a dictionary starts with, before it is brought to unit gain: `(concepts, channels, *coefficients)`."""
    return nn.Parameter(seeded(whole(concepts, "concepts"), whole(channels, "channels"), *coefficients, seed=seed))


def largest_share(part: Tensor, atoms: Tensor) -> tuple[int, float]:
    """Which atom has the largest share of its norm in `part`, and that share; both `(concepts, channels, ...)`."""
    size = unit(atoms)
    part, norm = ((wide(one) / wide(size)).flatten(1).norm(dim=1) for one in (part, atoms))
    share = part / torch.where(norm > 0, norm, 1.0)
    return int(share.argmax()), share.max().item()


class Dictionary(Part):
    r"""The linear part of a sparse model: a linear operator D and its adjoint.

    $$ (Dz)(u) = \sum_c \int D_c(u - v)\, z_c(v)\, dv \;\approx\; \frac1N \sum_c \sum_v D_c(u - v)\, z_c(v),
    \qquad (D^\top x)_c(v) = \langle D_c(\cdot - v),\, x \rangle . $$

    Signals are `(batch, channels, *grid)`, codes `(batch, concepts, *grid)`, N is the number of nodes of the grid (1
    for vectors). Inner products are quadrature means, `⟨a, b⟩ = mean over nodes of Σ_channels a·b`, so nothing here
    changes its meaning with N. A code is a *density*: an impulse of mass a is the value a·N at one node. Analysis of a
    signal by unit atoms gives *masses*. Source: our derivation.

    A subclass holds one parameter, `weight: (concepts, channels, *coefficients)`, in coordinates whose Euclidean norm
    is the norm of the atom, and defines `synthesis`, `analysis`, `atoms`.
    """

    weight: nn.Parameter
    axes: int
    known_everywhere = False  # whether atoms can be evaluated between nodes, by `at`

    def __init__(self):
        super().__init__()
        self._known = Memory()  # of `largest_eigenvalue`

    @property
    def concepts(self) -> int:
        """Number of atoms."""
        return self.weight.shape[0]

    @property
    def channels(self) -> int:
        """Number of components of a signal at one node."""
        return self.weight.shape[1]

    @property
    def middle(self) -> tuple[int, ...]:
        """Nodes from the place of an event to the middle of its atom, per axis; 0 where an atom may be anywhere."""
        return (0,) * self.axes

    def extra_repr(self) -> str:
        """Its sizes, for print."""
        return f"channels={self.channels}, concepts={self.concepts}"

    def synthesis(self, code: Tensor) -> Tensor:
        """D z: from a code `(batch, concepts, *grid)` to a signal `(batch, channels, *grid)`."""
        raise NotImplementedError

    def synthesis_of_events(self, events: Events) -> Tensor:
        """D z for a code given as a list of events; the same as `synthesis(events.code())`."""
        return self.synthesis(events.code())

    def render(self, code: Tensor, grid: Grid) -> Tensor:
        """D z on a grid. Raises TypeError for another grid than the code's, unless atoms are functions."""
        if self.check_code(code) == as_grid(grid):
            return self.synthesis(code)
        raise TypeError(
            f"grid = {grid!r}: {type(self).__name__} knows its atoms on one grid only; "
            "a FourierDictionary can be rendered on any"
        )

    def analysis(self, signal: Tensor) -> Tensor:
        """Dᵀ x: from a signal `(batch, channels, *grid)` to the masses `(batch, concepts, *grid)`."""
        raise NotImplementedError

    def chosen(self, signal: Tensor, bias: Tensor | None, sparsity: Sparsity) -> Events:
        """The events that `sparsity` selects of Dᵀ x + b, of a bias `(concepts,)`, which may be None."""
        masses = self.analysis(signal)
        return sparsity.select(masses if bias is None else masses + bias.view(-1, *[1] * self.axes))

    def correlate(self, signal: Tensor, code: Tensor) -> Tensor:
        """Dᵀ(x − D z), the masses that the code still misses: minus the gradient of ½‖x − D z‖² in z.

        Shapes: signal `(batch, channels, *grid)`, code `(batch, concepts, *grid)`, result like the code.
        """
        self.check_pair(signal, code)
        return self.analysis(signal - self.synthesis(code))

    def energy(self, code: Tensor) -> Tensor:
        """⟨z, DᵀD z⟩ for each code, `(batch,)`, with the operators of `correlate`: ‖D z‖², unless lifted."""
        moved = self.synthesis(code)
        return inner(moved, moved)

    def atoms(self, grid: Grid = ()) -> Tensor:
        """The atoms sampled on a grid, `(concepts, channels, *grid)`."""
        raise NotImplementedError

    def gram(self, grid: Grid = ()) -> Tensor:
        """What an event of each concept, with mass 1 at node 0, takes from the masses of `correlate`: its analysis.

        `(concepts of the event, concepts, *grid)`; of vectors their Gram matrix. An event elsewhere takes the same,
        moved with it.
        """
        return self.analysis(self.atoms(grid))

    def reach(self, grid: Grid = ()) -> tuple[int, ...]:
        """How many nodes per axis, around an event, it takes from; `gram` of a torus of so many is then all of it."""
        return self.check_grid(grid)

    def at(self, points: Tensor) -> Tensor:
        """The atoms at any points of the torus. Raises TypeError for atoms that are not known there."""
        raise TypeError(f"at(): {type(self).__name__} knows its atoms at nodes only; a FourierDictionary everywhere")

    def truncated(self, modes: Grid) -> Dictionary:
        """The atoms without their frequencies above `modes`. Raises TypeError for atoms without modes."""
        raise TypeError(f"truncated({modes!r}): {type(self).__name__} has no modes; a FourierDictionary has")

    def extended(self, modes: Grid) -> Dictionary:
        """The atoms with room for frequencies up to `modes`. Raises TypeError for atoms without modes."""
        raise TypeError(f"extended({modes!r}): {type(self).__name__} has no modes; a FourierDictionary has")

    def on_domain(self, length: float | Sequence[float]) -> Dictionary:
        """The atoms on a domain of another length. Raises TypeError for atoms without modes."""
        raise TypeError(f"on_domain({length!r}): {type(self).__name__} has no modes; a FourierDictionary has")

    def interpolated(self, from_grid: Grid, to_grid: Grid, kind: str = "sinc") -> Dictionary:
        """The atoms on another grid. Raises TypeError for atoms that are no kernels."""
        raise TypeError(f"interpolated(): {type(self).__name__} has no kernels; a ConvDictionary has")

    def returned(self, weight: Tensor | None = None) -> Tensor:
        """What atoms are when they come back to the analysis: themselves, unless lifted.

        In the coordinates of `weight`, as they are given there; its own atoms when None.
        """
        return self.weight if weight is None else weight

    def gain(self) -> Tensor:
        """The analysis of each atom by itself, `(concepts,)`.

        Its squared norm, unless lifted; 1 after `normalize_()`.
        """
        return self._gains(self.weight)

    def _gains(self, weight: Tensor) -> Tensor:
        return (wide(weight) * wide(self.returned(weight))).flatten(1).sum(1)

    @torch.no_grad()
    def normalize_(self) -> Dictionary:
        """Scale each atom, in place, to unit gain. Raises ValueError when a gain is not positive and finite."""
        size, gain = 1.0, self._gains(self.weight)
        if not within(gain):  # an atom of 1e-23 has a square that float32 does not
            size = unit(self.weight)
            gain = self._gains(self.weight / size)
        bad = torch.nonzero(~((gain > 0) & gain.isfinite())).flatten().tolist()
        if bad:
            raise ValueError(
                f"gain of atom {bad[0]} is {gain[bad[0]].item():.3g} ({len(bad)} such atoms of {self.concepts}): "
                "an atom needs a positive, finite gain to be brought to 1"
            )
        self.weight.div_(size).div_(gain.sqrt().view(-1, *[1] * (self.weight.dim() - 1)))
        return self

    @torch.no_grad()
    def project_gradient_(self) -> None:
        """Take out of each atom's gradient the part that would only change its gain (which `normalize_` would undo)."""
        if self.weight.grad is None:
            return
        normal, gradient = wide(self._gain_normal()), wide(self.weight.grad).flatten(1)
        square = normal.flatten(1).square().sum(1, keepdim=True)
        if not within(square):
            normal = normal / unit(normal)
            square = normal.flatten(1).square().sum(1, keepdim=True)
        normal = normal.flatten(1)
        share = (gradient * normal).sum(1, keepdim=True) / square
        self.weight.grad.sub_((share * normal).view_as(self.weight))

    def _gain_normal(self) -> Tensor:
        return self.weight

    def largest_eigenvalue(self, grid: Grid = ()) -> Tensor:
        r"""λmax of DᵀD, which bounds the step of a gradient method: $\max_k \lambda_{\max}(\hat D(k)^* \hat D(k))$.

        A convolution is diagonal in frequency, so this is exact and does not depend on N beyond the sampling of the
        atoms. No gradient goes through. It is remembered as long as the weights are what they were.
        """
        made_of = self.determined_by()
        stand_ins = not all(type(one) is nn.Parameter for one in self.parameters())  # of torch.func: not to be kept
        if made_of is None or stand_ins or torch.compiler.is_compiling():
            return self._computed_eigenvalue(grid)
        return self._known.value(made_of, as_grid(grid), lambda: self._computed_eigenvalue(grid))

    def _computed_eigenvalue(self, grid: Grid) -> Tensor:
        # What is made in inference mode serves gradients later; and half precision has no eigenvalues.
        with torch.inference_mode(False), torch.no_grad(), torch.autocast(self.weight.device.type, enabled=False):
            return self._eigenvalue(grid)

    def _eigenvalue(self, grid: Grid) -> Tensor:
        return largest_eigenvalue(symbol(self.atoms(grid)))

    def determined_by(self) -> list[Tensor] | None:
        """All tensors that λmax depends on; None where that cannot be told, and it is computed each time."""
        return None

    def check_grid(self, grid: Grid, name: str = "grid") -> tuple[int, ...]:
        """The grid as a tuple. Raises ValueError, naming it, where these atoms are not known."""
        return as_grid(grid, self.axes, name)

    def check_signal(self, signal: Tensor) -> tuple[int, ...]:
        """The grid of a signal. Raises TypeError or ValueError for one that does not fit this dictionary."""
        signals(signal, "signal", "channels", self.channels, self, self.weight, self.axes)
        return self.check_grid(tuple(signal.shape[2:]))

    def check_code(self, code: Tensor, name: str = "code") -> tuple[int, ...]:
        """The grid of a code. Raises TypeError or ValueError, naming it, for one that does not fit this dictionary."""
        signals(code, name, "concepts", self.concepts, self, self.weight, self.axes)
        return self.check_grid(tuple(code.shape[2:]))

    def check_pair(self, signal: Tensor, code: Tensor, name: str = "code") -> None:
        """Raises TypeError or ValueError for a code that is not one of that signal: torch would repeat it to fit."""
        self.check_signal(signal)
        self.check_code(code, name)
        right = (len(signal), self.concepts, *signal.shape[2:])
        if tuple(code.shape) != right:
            raise ValueError(f"{name} has shape {tuple(code.shape)}: should be the code's {right}")


def check_points(points: Tensor, axes: int) -> Tensor:
    """Points `(points, axes)`, or `(points,)` with one axis, as `(points, axes)`. Raises TypeError or ValueError."""
    points = tensor(points, "points", f"(points, {axes})", (1, 2), finite=False, empty=True)
    points = points.unsqueeze(-1) if points.dim() == 1 and axes == 1 else points
    if points.dim() != 2 or points.shape[1] != axes:
        raise ValueError(f"points have shape {tuple(points.shape)}: should be (points, {axes})")
    return points
