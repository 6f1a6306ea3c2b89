"""The exercises of *Inside an fno*."""

from __future__ import annotations

CHECKS = ()  # to write: a function of the answer for each exercise; `saeno/book/checking.py` has what they need
