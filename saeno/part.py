"""What dictionaries, liftings, encoders and their sparsities have in common: how a file says what they are."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn


class Part(nn.Module):
    """A part of a model, which is described by its class and its settings.

    A subclass keeps each argument of its constructor as an attribute of that name, or says otherwise in both methods.
    """

    def settings(self) -> dict[str, Any]:
        """What `from_settings` makes its like of: the arguments of its constructor."""
        arguments = inspect.signature(type(self)).parameters.values()  # *args of a class without an __init__ are none
        return {a.name: getattr(self, a.name) for a in arguments if a.kind is a.POSITIONAL_OR_KEYWORD}

    @classmethod
    def from_settings(cls, **settings: Any) -> Part:
        """One with these settings and fresh weights."""
        return cls(**settings)
