"""Sparse autoencoders, lifted sparse autoencoders and sparse autoencoder neural operators, as sparse model recovery."""

from saeno import data, inference, losses, metrics
from saeno.advice import Advice, advise
from saeno.autoencoder import SparseAutoencoder
from saeno.dictionaries import ConvDictionary, DenseDictionary, Dictionary, FourierDictionary, Lifted
from saeno.inference import MatchingPursuit, OneStep, OnGrid, Unrolled
from saeno.lifting import Lift, Lifting, SpectralLifting
from saeno.sparsity import BatchTopK, Events, GroupSoftThreshold, JointTopK, JumpReLU, ReLU, SoftThreshold, TopK
from saeno.training import History, TrainingError, fit

__version__ = "0.1.0.dev0"

__all__ = [
    "Advice",
    "BatchTopK",
    "ConvDictionary",
    "DenseDictionary",
    "Dictionary",
    "Events",
    "FourierDictionary",
    "GroupSoftThreshold",
    "History",
    "JointTopK",
    "JumpReLU",
    "Lift",
    "Lifted",
    "Lifting",
    "MatchingPursuit",
    "OnGrid",
    "OneStep",
    "ReLU",
    "SoftThreshold",
    "SparseAutoencoder",
    "SpectralLifting",
    "TopK",
    "TrainingError",
    "Unrolled",
    "advise",
    "data",
    "fit",
    "inference",
    "losses",
    "metrics",
]
