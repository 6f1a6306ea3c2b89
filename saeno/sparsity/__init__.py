"""What makes a code sparse: operators on entries and concepts of a soft code, and the selection of events."""

from saeno.sparsity.base import Sparsity
from saeno.sparsity.events import BatchTopK, Events, TopK
from saeno.sparsity.joint import GroupSoftThreshold, JointTopK
from saeno.sparsity.soft import JumpReLU, ReLU, SoftThreshold

__all__ = [
    "BatchTopK",
    "Events",
    "GroupSoftThreshold",
    "JointTopK",
    "JumpReLU",
    "ReLU",
    "SoftThreshold",
    "Sparsity",
    "TopK",
]
