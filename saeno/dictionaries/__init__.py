"""Dictionaries: the linear operators of the six models. Only these differ between them."""

from saeno.dictionaries.base import Dictionary
from saeno.dictionaries.conv import ConvDictionary
from saeno.dictionaries.dense import DenseDictionary
from saeno.dictionaries.fourier import FourierDictionary
from saeno.dictionaries.lifted import Lifted

__all__ = [
    "ConvDictionary",
    "DenseDictionary",
    "Dictionary",
    "FourierDictionary",
    "Lifted",
]
