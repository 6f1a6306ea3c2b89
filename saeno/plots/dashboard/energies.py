"""How much each concept of a code adds, by itself."""

from __future__ import annotations

import torch
from torch import Tensor

from saeno.grids import count_nodes
from saeno.sparsity import Events
from saeno.units import common_unit

PAIRS = 64  # events of one signal that are compared with each other; more are cheaper by FFT


class Energies:
    """‖D_c z_c‖² of each concept of a code by itself, `(batch, concepts)`, from the autocorrelation of its atom."""

    def __init__(self, atoms: Tensor):
        """atoms: on the grid of the codes."""
        self.axes = tuple(range(2, atoms.dim()))
        if self.axes:
            spectrum = torch.fft.fftn(atoms, dim=self.axes, norm="forward")
            self.power = spectrum.abs().square().sum(1)
            # ⟨D_c(· − v), D_c⟩, at the nodes v
            self.correlation = torch.fft.ifftn(self.power, dim=tuple(range(1, atoms.dim() - 1)), norm="forward").real
        else:
            self.power = self.correlation = atoms.square().sum(1)

    def __call__(self, code: Events | Tensor) -> Tensor:
        # In a unit of which squares are formed without overflow.
        size = common_unit(code.values if isinstance(code, Events) else code)
        scaled = code._replace(values=code.values / size) if isinstance(code, Events) else code / size
        return self._of(scaled).double() * size.double().square()

    def _of(self, code: Events | Tensor) -> Tensor:
        if isinstance(code, Events):
            if code.values.shape[1] <= PAIRS:
                return self._of_pairs(code)
            code = code.code()
        if not self.axes:
            return code.square() * self.power
        masses = torch.fft.fftn(code, dim=self.axes, norm="forward").abs().square()
        return (masses * self.power).flatten(2).sum(2)

    def _of_pairs(self, code: Events) -> Tensor:
        """Σ m_i m_j ⟨D_c(· − v_i), D_c(· − v_j)⟩ over the events of a concept."""
        nodes = count_nodes(grid := code.shape[1:])
        concept, place = code.indices // nodes, code.indices % nodes
        apart = torch.zeros_like(place[:, :, None] + place[:, None, :])
        behind = nodes
        for n in grid:
            behind //= n
            along = place // behind % n
            apart = apart * n + (along[:, :, None] - along[:, None, :]) % n
        near = (
            self.correlation.flatten(1)[concept[:, :, None], apart] if grid else self.correlation[concept][:, :, None]
        )
        product = near * code.values[:, :, None] * code.values[:, None, :]
        product = torch.where(concept[:, :, None] == concept[:, None, :], product, 0.0).sum(2)
        return product.new_zeros(len(product), code.shape[0]).scatter_add(1, concept, product)
