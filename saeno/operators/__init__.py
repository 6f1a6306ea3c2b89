"""Neural operators, their training, and what happens inside: hidden functions recorded and replaced.

Imported on use, `from saeno.operators import FNO`: `import saeno` does without.
"""

from saeno.operators.activations import record, replace
from saeno.operators.base import Operator
from saeno.operators.deeponet import DeepONet
from saeno.operators.fno import FNO, FourierLayer
from saeno.operators.run import relative_l2
from saeno.operators.training import fit_operator
from saeno.operators.unet import UNet
from saeno.training.shards import Mixed, Shards, ShardWriter

__all__ = [
    "FNO",
    "DeepONet",
    "FourierLayer",
    "Mixed",
    "Operator",
    "ShardWriter",
    "Shards",
    "UNet",
    "fit_operator",
    "record",
    "relative_l2",
    "replace",
]
