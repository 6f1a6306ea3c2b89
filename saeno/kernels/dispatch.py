"""Which tensors go to Triton: the one rule of all kernels."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

import torch
from torch import Tensor

DTYPES = (torch.float32, torch.bfloat16, torch.float16)


def by_triton(*tensors: Tensor) -> bool:
    """Whether these tensors are given to a Triton kernel: on a CUDA device, in float32 or half precision.

    Everything else is done by the plain functions of torch: the CPU, other devices, float64, complex numbers, and a
    machine without Triton (`pip install "saeno[kernels]"`). It is asked of the tensors of a call, so that a process may
    use both.
    """
    return all(one.device.type == "cuda" and one.dtype in DTYPES for one in tensors) and _installed()


@lru_cache(maxsize=1)
def _installed() -> bool:
    return find_spec("triton") is not None
