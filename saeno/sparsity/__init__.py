"""What makes a code sparse: operators on each entry of a soft code, and the selection of events."""

from saeno.sparsity.events import BatchTopK, Events, TopK
from saeno.sparsity.soft import JumpReLU, ReLU, SoftThreshold

__all__ = ["BatchTopK", "Events", "JumpReLU", "ReLU", "SoftThreshold", "TopK"]
