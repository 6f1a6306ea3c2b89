"""Every public callable with one good call, and what is wrong in place of each argument: the material of test_calls.

`CALLS` is name → (function, its good arguments, made anew for each call). `wrong(good)` gives what is put in place of a
good value, by kind. `tried(name, argument, kind)` says what came of it:

    named       an error that saeno raises, and that names the argument
    bare        another error: one of torch, NumPy or Python, or one that does not say which argument it is about
    right       a result, and the right one: that of the same value in its plain form, or NaN for NaN
    accepted    a result for a value that `ACCEPTED` or a default allows
    silent      any other result
"""

from __future__ import annotations

import ast
import functools
import inspect
import json
import math
import re
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

import saeno
from saeno import (
    BatchTopK,
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    GroupSoftThreshold,
    JointTopK,
    JumpReLU,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    OnGrid,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    SpectralLifting,
    TopK,
    Unrolled,
    advise,
    export,
    fit,
    inference,
    losses,
    metrics,
    plots,
    recipe,
)
from saeno.book.checking import check
from saeno.book.claims import claim
from saeno.book.explorer import explorer
from saeno.book.panel import panel
from saeno.data import (
    FrequencyModel,
    FunctionAtoms,
    SparseModel,
    equiangular,
    families,
    geometric_median,
    lines,
    mean,
    mirrored,
    scale,
    signals,
    simplex,
    spikes_and_waves,
)
from tests import calls_operators

OURS = Path(saeno.__file__).parent
FOLDER = Path(tempfile.gettempdir())


def _normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _dense() -> DenseDictionary:
    return DenseDictionary(4, 6)


def _fourier() -> FourierDictionary:
    return FourierDictionary(2, 3, 3)


def _conv() -> ConvDictionary:
    return ConvDictionary(2, 3, 4)


def _lifted() -> Lifted:
    return Lifted(DenseDictionary(6, 5), Lifting.orthonormal(4, 6))


def _functions() -> FunctionAtoms:
    return FunctionAtoms([families.gaussian(0.05), families.gabor(5.0, 0.1)])


def _model() -> SparseAutoencoder:
    return SparseAutoencoder(_dense(), OneStep(SoftThreshold(0.1)))


def _picks() -> SparseAutoencoder:
    return SparseAutoencoder(_dense(), OneStep(TopK(2)))


def _soft() -> SparseAutoencoder:
    return SparseAutoencoder(_dense(), OneStep(JumpReLU(0.1), tied=False))


def _code(*shape: int, seed: int = 0) -> Tensor:
    """A sparse code."""
    code = _normal(*shape, seed=seed)
    return torch.where(code > 0.3, code, 0.0)


def _match(axes: int = 0) -> metrics.Match:
    return metrics.match_atoms(_normal(3, 2, *[8] * axes, seed=1), _normal(3, 2, *[8] * axes))


def _history() -> saeno.History:
    return fit(_picks(), _normal(8, 4), 3, batch=4, metrics={"active": _active}, progress=False)


def _active(model: SparseAutoencoder) -> float:
    return 1.0


def _figure(index: int = 0) -> Figure:
    figure = plt.figure(figsize=(1, 1))
    figure.add_axes((0, 0, 1, 1)).plot([0, index])
    return figure


def _alt(index: int) -> str:
    return "a line"


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _of(make: Callable[[], Any], method: str) -> Callable[..., Any]:
    """A method, of an object made anew."""

    def call(**arguments: Any) -> Any:
        torch.manual_seed(0)
        return getattr(make(), method)(**arguments)

    return call


def _of_vectors() -> SparseModel:
    return SparseModel(_dense(), 2, noise=0.1)


def _of_functions() -> SparseModel:
    return SparseModel(_functions(), 2)


def _frequencies() -> FrequencyModel:
    return FrequencyModel(_dense(), torch.full((6,), 0.5))


def _events() -> saeno.data.Impulses:
    return _of_functions().sample_events(2, _generator(), grid=16)


def _saved() -> Path:
    path = FOLDER / "saeno-calls.safetensors"
    _model().save(path)
    return path


@functools.cache
def _new() -> Path:
    """A folder of this process, which no earlier version wrote to."""
    return Path(tempfile.mkdtemp())


def _pretrained() -> Path:
    folder = _new() / "saeno-calls-model"
    _model().save_pretrained(folder)
    return folder


def _config() -> Path:
    """A run that is finished, so that a call of it takes no time."""
    np.save(_new() / "saeno-calls.npy", _normal(40, 4).numpy())
    path = _new() / "saeno-calls.json"
    said = {"model": _picks().describe(), "data": "saeno-calls.npy", "training": {"steps": 2, "batch": 8}}
    path.write_text(json.dumps(said))
    return path


def _trained(**arguments: Any) -> Any:
    return fit(**{"progress": False, **arguments})


def _curve(history: Any, metrics: Any, axes: Any = None) -> Figure:
    return plots.learning_curve(history, metrics, axes=axes)


def _dashboard(**arguments: Any) -> dict[str, Any]:
    """The numbers of the page, which two calls can be compared by."""
    return _page(plots.dashboard(**{"progress": False, **arguments}).read_text())


def _atlas(**arguments: Any) -> dict[str, Any]:
    return _page(plots.atlas(**arguments).html)


def _page(text: str) -> dict[str, Any]:
    counted = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])["concepts"]
    return {name: torch.tensor(counted[name], dtype=torch.double) for name in ("usage", "mass", "energy")}


def _through(signal: Tensor) -> Tensor:
    return signal.tanh()


def _composed_functions() -> SparseAutoencoder:
    return SparseAutoencoder(_fourier(), MatchingPursuit(2))


_X, _F = (5, 4), (3, 2, 8)  # a batch of vectors, and one of functions


def _calls() -> dict[str, tuple[Callable[..., Any], Callable[[], dict[str, Any]]]]:
    vectors = {"learned": lambda: _normal(3, 4, seed=1), "true": lambda: _normal(3, 4)}
    functions = {"learned": lambda: _normal(3, 2, 8, seed=1), "true": lambda: _normal(3, 2, 8)}
    pair = {"dictionaries": {"learned": _fourier, "true": _fourier, "grid": lambda: 16, "signed": lambda: True}}
    pair |= {"vectors": vectors, "functions": functions}
    calls: dict[str, tuple[Any, dict[str, Callable[[], Any]]]] = {}
    for kind, arguments in pair.items():
        for name in ("match_atoms", "cosines", "mcc", "mean_max_cosine"):
            calls[f"metrics.{name} {kind}"] = getattr(metrics, name), arguments
    for kind, axes in (("vectors", 0), ("functions", 1)):
        two = {"code": lambda a=axes: _code(4, 3, *[8] * a), "true_code": lambda a=axes: _code(4, 3, *[8] * a, seed=2)}
        two |= {"match": lambda a=axes: _match(a)}
        calls[f"metrics.code_error {kind}"] = metrics.code_error, two
        calls[f"metrics.support_f1 {kind}"] = metrics.support_f1, {**two, "tolerance": lambda: 0.1}
        for method in ("align", "unmatched"):
            make = functools.partial(_match, axes)
            calls[f"Match.{method} {kind}"] = _of(make, method), {"code": two["code"]}
    calls |= {
        "Match.recovered": (_of(_match, "recovered"), {"at": lambda: 0.5}),
        "metrics.fvu": (metrics.fvu, {"signal": lambda: _normal(*_F), "reconstruction": lambda: _normal(*_F, seed=1)}),
        "metrics.l0": (metrics.l0, {"code": lambda: _code(4, 3, 8)}),
        "metrics.dead_atoms": (metrics.dead_atoms, {"codes": lambda: _code(4, 3, 8)}),
        "metrics.dead_atoms batches": (metrics.dead_atoms, {"codes": lambda: [_code(4, 3), _code(2, 3)]}),
        "metrics.compare_codes": (
            metrics.compare_codes,
            {"a": lambda: _code(2, 3, 8), "b": lambda: _code(2, 3, 16), "width": lambda: 0.1},
        ),
        "metrics.effective_rank": (metrics.effective_rank, {"code": lambda: _code(4, 3, 8)}),
        "metrics.interference vectors": (metrics.interference, {"atoms": _dense, "code": lambda: _code(5, 6)}),
        "metrics.interference": (
            metrics.interference,
            {"atoms": lambda: _normal(3, 2, 8), "code": lambda: _code(4, 3, 8)},
        ),
        "metrics.equivariance_error": (
            functools.partial(metrics.equivariance_error, torch.abs),  # what a map raises is the map's
            {
                "x": lambda: _normal(*_F),
                "shift": lambda: 3,
                "reflect": lambda: True,
                "negate": lambda: True,
            },
        ),
        "metrics.coherence vectors": (metrics.coherence, {"atoms": lambda: _normal(3, 4)}),
        "metrics.coherence": (metrics.coherence, {"atoms": _fourier, "grid": lambda: 16, "own_beyond": lambda: 0.1}),
        "metrics.babel vectors": (metrics.babel, {"atoms": lambda: _normal(3, 4), "k": lambda: 2}),
        "metrics.babel": (
            metrics.babel,
            {"atoms": _fourier, "k": lambda: 2, "grid": lambda: 16, "own_beyond": lambda: 0.1},
        ),
    }
    both = {"a": lambda: _normal(6, 2, 8), "b": lambda: _normal(6, 4, seed=1)}
    calls |= {
        "metrics.linear_cka": (metrics.linear_cka, both),
        "metrics.mutual_neighbours": (metrics.mutual_neighbours, {**both, "k": lambda: 2}),
        "metrics.permuted_cka": (metrics.permuted_cka, {**both, "permutations": lambda: 5, "seed": lambda: 0}),
        "metrics.permuted_neighbours": (
            metrics.permuted_neighbours,
            {**both, "k": lambda: 2, "permutations": lambda: 5},
        ),
    }
    calls |= {
        "data.mean": (mean, {"signal": lambda: _normal(*_F)}),
        "data.scale": (scale, {"signal": lambda: _normal(*_F)}),
        "data.geometric_median": (
            geometric_median,
            {"signal": lambda: _normal(*_F), "steps": lambda: 1000, "tolerance": lambda: 1e-3},
        ),
        "data.lines": (lines, {"side": lambda: 3}),
        "data.spikes_and_waves": (spikes_and_waves, {"length": lambda: 4}),
        "data.simplex": (simplex, {"dimensions": lambda: 3}),
        "data.equiangular": (equiangular, {"prime": lambda: 5}),
        "families.gabor": (
            lambda frequency, width, phase: families.gabor(frequency, width, phase)(_normal(3, 1)),
            {"frequency": lambda: 3.0, "width": lambda: 0.1, "phase": lambda: 1.0},
        ),
        "families.gabor of two axes": (
            lambda frequency, width: families.gabor(frequency, width)(_normal(3, 2)),
            {"frequency": lambda: (1.0, 2.0), "width": lambda: 0.1},
        ),
        "families.gaussian": (
            lambda width, axes: families.gaussian(width, axes)(_normal(3, 1)),
            {"width": lambda: 0.1, "axes": lambda: 1},
        ),
        "families.derivative": (
            lambda width, direction: families.derivative(width, direction)(_normal(3, 2)),
            {"width": lambda: 0.1, "direction": lambda: (1.0, 2.0)},
        ),
        "families.box": (
            lambda width, axes: families.box(width, axes)(_normal(3, 1)),
            {"width": lambda: 0.1, "axes": lambda: 1},
        ),
        "families.rough": (
            lambda decay, seed, modes, axes: families.rough(decay, seed, modes, axes)(_normal(3, 1)),
            {"decay": lambda: 1.0, "seed": lambda: 0, "modes": lambda: 4, "axes": lambda: 1},
        ),
        "a function of families": (families.gaussian(0.1), {"points": lambda: _normal(3, 1)}),
        "families.bumps_and_gabors": (families.bumps_and_gabors, {"seed": lambda: 0}),
        "FunctionAtoms": (FunctionAtoms, {"functions": lambda: [families.gaussian(0.1)], "axes": lambda: 1}),
        "SparseModel": (
            lambda **a: SparseModel(**a).sample(3, generator=_generator()),
            {
                "dictionary": _dense,
                "active": lambda: 2,
                "amplitude": lambda: (0.5, 1.5),
                "signed": lambda: True,
                "noise": lambda: 0.1,
            },
        ),
        "SparseModel.sample": (
            _of(_of_functions, "sample"),
            {"count": lambda: 3, "grid": lambda: 16, "generator": _generator},
        ),
        "SparseModel.sample vectors": (_of(_of_vectors, "sample"), {"count": lambda: 3, "generator": _generator}),
        "SparseModel.sample_events": (
            _of(_of_functions, "sample_events"),
            {"count": lambda: 3, "generator": _generator, "grid": lambda: 16},
        ),
        "SparseModel.code": (_of(_of_functions, "code"), {"events": _events, "grid": lambda: 16}),
        "SparseModel.render": (_of(_of_functions, "render"), {"events": _events, "grid": lambda: 16}),
        "FrequencyModel": (
            lambda **a: FrequencyModel(**a).sample(3, generator=_generator()),
            {"dictionary": _dense, "probability": lambda: torch.full((6,), 0.5), "amplitude": lambda: (0.0, 1.0)},
        ),
        "FrequencyModel.toy": (
            lambda **a: FrequencyModel.toy(**a).sample(3, generator=_generator()),
            {
                "seed": lambda: 0,
                "channels": lambda: 4,
                "concepts": lambda: 6,
                "active": lambda: 2.0,
                "decay": lambda: 0.9,
            },
        ),
        "FrequencyModel.sample": (
            _of(_frequencies, "sample"),
            {"count": lambda: 3, "grid": lambda: (), "generator": _generator},
        ),
        "signals.windows": (
            signals.windows,
            {
                "signal": lambda: _normal(2, 1, 20),
                "length": lambda: 5,
                "step": lambda: 4,
                "centre": lambda: True,
                "taper": lambda: 0.2,
            },
        ),
        "signals.natural_images": (signals.natural_images, {"size": lambda: 8}),
        "signals.textures": (signals.textures, {"size": lambda: 8}),
    }
    calls |= {
        "plots.atoms": (
            plots.atoms,
            {"learned": lambda: _normal(3, 2, 8, seed=1), "truth": lambda: _normal(3, 2, 8), "columns": lambda: 3},
        ),
        "plots.atoms dictionaries": (
            plots.atoms,
            {
                "learned": _fourier,
                "grid": lambda: 16,
                "truth": _fourier,
                "match": lambda: metrics.match_atoms(_fourier(), _fourier(), 16),
            },
        ),
        "plots.mosaic": (
            plots.mosaic,
            {"images": lambda: _normal(3, 4, 4), "columns": lambda: 2, "limit": lambda: 1.0, "axes": _axes},
        ),
        "plots.cosine_matrix": (
            plots.cosine_matrix,
            {"learned": lambda: _normal(3, 4, seed=1), "true": lambda: _normal(3, 4)},
        ),
        "plots.codes": (plots.codes, {"code": lambda: _code(3, 8), "truth": lambda: _code(3, 8, seed=1)}),
        "plots.masses": (
            plots.masses,
            {"code": lambda: _code(6), "truth": lambda: _code(6, seed=1), "axes": _axes},
        ),
        "plots.passage": (
            plots.passage,
            {"model": _model, "signal": lambda: _normal(4), "shape": lambda: (2, 2)},
        ),
        "plots.learning_curve": (_curve, {"history": _history, "metrics": lambda: "active"}),
        "plots.spread": (
            plots.spread,
            {"curves": lambda: {"a": _normal(2, 3)}, "steps": lambda: [0, 1, 2], "ylabel": lambda: "loss"},
        ),
        "plots.phase_diagram": (
            plots.phase_diagram,
            {
                "success": lambda: torch.linspace(0, 1, 6).view(2, 3),
                "rows": lambda: [1.0, 2.0],
                "columns": lambda: [1.0, 2.0, 3.0],
                "labels": lambda: ("a", "b"),
            },
        ),
        "plots.dashboard": (
            _dashboard,
            {
                "model": _picks,
                "x": lambda: _normal(*_X),
                "path": lambda: FOLDER / "saeno-calls.html",
                "downstream": lambda: _through,
                "doses": lambda: [0.0, 1.0],
                "labels": lambda: ["a", "b", "c", "d", "e", "f"],
                "inputs": lambda: 2,
                "examples": lambda: 2,
                "shape": lambda: (2, 2),
                "title": lambda: "A page",
                "progress": lambda: False,
            },
        ),
        "plots.atlas functions": (
            _atlas,
            {
                "model": _composed_functions,
                "x": lambda: _normal(*_F),
                "inputs": lambda: [0, 1],
                "labels": lambda: {0: "a"},
            },
        ),
        "book.explorer": (
            explorer,
            {
                "frames": lambda: _figure,
                "values": lambda: [1, 2],
                "label": lambda: "Step",
                "alt": lambda: _alt,
                "caption": lambda: "A line",
                "start": lambda: 1,
            },
        ),
        "book.panel": (
            panel,
            {
                "draw": lambda: _figure,
                "choices": lambda: {"Step": [1, 2]},
                "alt": lambda: _alt,
                "caption": lambda: "A line",
                "start": lambda: [1],
            },
        ),
        "book.claim": (claim, {"id": lambda: "recovery-vectors"}),
        "Claim.text": (
            _of(lambda: claim("recovery-vectors"), "text"),
            {"name": lambda: "recovered", "part": lambda: "mean"},
        ),
        "Claim.stored": (_of(lambda: claim("recovery-vectors"), "stored"), {"name": lambda: "recovered"}),
        "Claim.interval": (_of(lambda: claim("recovery-vectors"), "interval"), {"name": lambda: "recovered"}),
        "Claim.agrees": (_of(lambda: claim("recovery-vectors"), "agrees"), {"recovered": _stored}),
        "book.check": (
            lambda slug, number: check(slug, number, ...),
            {"slug": lambda: "first-look", "number": lambda: 1},
        ),
    }
    sizes = {"channels": lambda: 4, "concepts": lambda: 6, "seed": lambda: 0}
    calls |= {
        "DenseDictionary": (DenseDictionary, sizes),
        "ConvDictionary": (ConvDictionary, {**sizes, "support": lambda: 3, "offset": lambda: 1}),
        "FourierDictionary": (FourierDictionary, {**sizes, "modes": lambda: 3}),
        "DenseDictionary.from_atoms": (DenseDictionary.from_atoms, {"atoms": lambda: _normal(3, 4)}),
        "ConvDictionary.from_atoms": (
            ConvDictionary.from_atoms,
            {"atoms": lambda: _normal(3, 2, 8), "support": lambda: 8},
        ),
        "FourierDictionary.from_atoms": (
            FourierDictionary.from_atoms,
            {"atoms": lambda: _normal(3, 2, 8), "modes": lambda: 3},
        ),
        "FourierDictionary.at": (_of(_fourier, "at"), {"points": lambda: _normal(5, 1)}),
        "FourierDictionary.render": (
            _of(_fourier, "render"),
            {"code": lambda: _normal(2, 3, 8), "grid": lambda: 16},
        ),
        "FourierDictionary.truncated": (_of(_fourier, "truncated"), {"modes": lambda: 2}),
        "FourierDictionary.extended": (_of(_fourier, "extended"), {"modes": lambda: 5}),
        "FourierDictionary.on_domain": (_of(_fourier, "on_domain"), {"length": lambda: 2.0}),
        "ConvDictionary.interpolated": (
            _of(_conv, "interpolated"),
            {"from_grid": lambda: 8, "to_grid": lambda: 16, "kind": lambda: "linear"},
        ),
        "FunctionAtoms.at": (_of(_functions, "at"), {"points": lambda: _normal(5, 1)}),
        "FunctionAtoms.render": (_of(_functions, "render"), {"code": lambda: _normal(2, 2, 8), "grid": lambda: 16}),
        "Lifted": (Lifted, {"dictionary": _dense, "lifting": lambda: Lifting.orthonormal(2, 4)}),
        "Lifted.residual": (
            lambda residual: Lifted(_dense(), Lifting.orthonormal(2, 4), residual),
            {"residual": lambda: "lifted"},
        ),
        "Lifted.from_atoms": (
            Lifted.from_atoms,
            {"atoms": lambda: _normal(3, 4), "lifting": lambda: Lifting.orthonormal(4, 6)},
        ),
        "Lifting": (
            Lifting,
            {
                "lift": lambda: _normal(6, 4),
                "project": lambda: _normal(4, 6),
                "trained": lambda: True,
                "tied": lambda: False,
            },
        ),
        "Lifting.orthonormal": (
            Lifting.orthonormal,
            {"channels": lambda: 4, "lifted": lambda: 6, "seed": lambda: 0, "dtype": lambda: torch.float64},
        ),
        "Lifting.gaussian": (
            Lifting.gaussian,
            {"channels": lambda: 4, "lifted": lambda: 6, "variance": lambda: "lifted", "seed": lambda: 0},
        ),
        "Lifting.learned": (
            Lifting.learned,
            {"channels": lambda: 4, "lifted": lambda: 6, "seed": lambda: 0, "tied": lambda: True},
        ),
        "Lifting.whitening": (
            Lifting.whitening,
            {"samples": lambda: _normal(20, 3), "shrinkage": lambda: 0.1},
        ),
        "Lifting.spectral_whitening": (
            Lifting.spectral_whitening,
            {"samples": lambda: _normal(20, 2, 8), "shrinkage": lambda: 0.1},
        ),
        "SpectralLifting": (
            SpectralLifting,
            {"lift": lambda: _complex(), "project": lambda: _complex()},
        ),
        "Lifting.lift": (_of(lambda: Lifting.orthonormal(4, 6), "lift"), {"signal": lambda: _normal(*_X)}),
        "Lifting.project": (_of(lambda: Lifting.orthonormal(4, 6), "project"), {"lifted": lambda: _normal(5, 6)}),
    }
    for name, make, signal, code, grid in (
        ("dense", _dense, _X, (5, 6), ()),
        ("conv", _conv, _F, (3, 3, 8), 8),
        ("fourier", _fourier, _F, (3, 3, 8), 8),
        ("lifted", _lifted, _X, (5, 5), ()),
        ("functions", _functions, (3, 1, 8), (3, 2, 8), 8),
    ):
        x, z = functools.partial(_normal, *signal), functools.partial(_normal, *code)
        calls[f"{name}.synthesis"] = _of(make, "synthesis"), {"code": z}
        calls[f"{name}.analysis"] = _of(make, "analysis"), {"signal": x}
        calls[f"{name}.correlate"] = _of(make, "correlate"), {"signal": x, "code": z}
        calls[f"{name}.energy"] = _of(make, "energy"), {"code": z}
        calls[f"{name}.atoms"] = _of(make, "atoms"), {"grid": lambda grid=grid: grid}
        calls[f"{name}.largest_eigenvalue"] = _of(make, "largest_eigenvalue"), {"grid": lambda grid=grid: grid}
        if name != "functions":
            one = {"dictionary": make, "signal": x}
            code_one = {**one, "code": lambda z=z: z() * (z() > 1)}
            calls[f"inference.debias {name}"] = inference.debias, code_one
            calls[f"inference.omp {name}"] = inference.omp, {**one, "k": lambda: 2}
        if name in ("dense", "conv"):
            solver = {**one, "threshold": lambda: 0.1, "steps": lambda: 5, "tolerance": lambda: 1e-3}
            solver |= {"positive": lambda: False, "start": z}
            calls[f"inference.ista {name}"] = inference.ista, solver
            calls[f"inference.fista {name}"] = inference.fista, solver
            calls[f"inference.admm {name}"] = inference.admm, {**solver, "penalty": lambda: 0.1}
        encoders = {
            "OneStep(SoftThreshold)": lambda: OneStep(SoftThreshold(0.1)),
            "OneStep(TopK)": lambda: OneStep(TopK(2)),
            "OneStep(BatchTopK)": lambda: OneStep(BatchTopK(2)),
            "OneStep(ReLU), untied": lambda: OneStep(ReLU(), tied=False),
            "OneStep(JumpReLU), untied": lambda: OneStep(JumpReLU(0.1), tied=False),
            "OneStep(GroupSoftThreshold)": lambda: OneStep(GroupSoftThreshold(0.1)),
            "OneStep(JointTopK)": lambda: OneStep(JointTopK(1, 0.5)),
            "Unrolled(SoftThreshold)": lambda: Unrolled(SoftThreshold(0.1), 2, accelerate=True),
            "Unrolled(TopK)": lambda: Unrolled(TopK(2), 2),
            "MatchingPursuit": lambda: MatchingPursuit(2),
            "MatchingPursuit(concepts=1)": lambda: MatchingPursuit(2, concepts=1),
        }
        if name == "fourier":
            encoders["OnGrid"] = lambda: OnGrid(OneStep(TopK(2)), 16)
        for kind, encoder in encoders.items():
            if name in ("dense", "conv") or (name == "fourier" and kind in ("OnGrid", "OneStep(SoftThreshold)")):
                whole = functools.partial(_composed, make, encoder)
                calls[f"encode {name} {kind}"] = _of(whole, "encode"), {"signal": x}
    for method in ("reconstruct", "centred", "__call__"):
        calls[f"SparseAutoencoder.{method}"] = _of(_picks, method), {"signal": lambda: _normal(*_X)}
    sparsities = {
        "SoftThreshold": (SoftThreshold, {"threshold": lambda: 0.1, "positive": lambda: True}),
        "GroupSoftThreshold": (
            GroupSoftThreshold,
            {"threshold": lambda: 0.1, "pointwise": lambda: 0.1, "positive": lambda: True},
        ),
        "TopK": (TopK, {"k": lambda: 2, "positive": lambda: True}),
        "BatchTopK": (BatchTopK, {"k": lambda: 2, "positive": lambda: True}),
        "JointTopK": (JointTopK, {"concepts": lambda: 2, "fraction": lambda: 0.5, "positive": lambda: True}),
        "JumpReLU": (JumpReLU, {"threshold": lambda: 0.1, "bandwidth": lambda: 0.1}),
        "ReLU": (ReLU, {}),
    }
    for name, (make, arguments) in sparsities.items():
        calls[name] = make, arguments
        good = {argument: value() for argument, value in arguments.items()}
        calls[f"{name}.forward"] = (
            lambda value, make=make, good=good: make(**good)(value),
            {"value": lambda: _normal(3, 3, 8)},
        )
    calls |= {
        "OneStep": (OneStep, {"sparsity": ReLU, "tied": lambda: True, "step": lambda: 0.5}),
        "Unrolled": (
            Unrolled,
            {
                "sparsity": ReLU,
                "steps": lambda: 2,
                "accelerate": lambda: True,
                "step": lambda: 0.5,
                "detach": lambda: True,
            },
        ),
        "MatchingPursuit": (
            MatchingPursuit,
            {"k": lambda: 2, "positive": lambda: True, "detach": lambda: True, "concepts": lambda: 1},
        ),
        "OnGrid": (OnGrid, {"inference": lambda: MatchingPursuit(2), "grid": lambda: 16}),
        "SparseAutoencoder": (
            SparseAutoencoder,
            {
                "dictionary": _dense,
                "inference": lambda: MatchingPursuit(2),
                "mean": lambda: _normal(4),
                "scale": lambda: 2.0,
            },
        ),
        "SparseAutoencoder.decode": (_of(_model, "decode"), {"code": lambda: _normal(5, 6)}),
        "SparseAutoencoder.save": (_of(_model, "save"), {"path": _saved}),
        "SparseAutoencoder.load": (SparseAutoencoder.load, {"path": _saved}),
        "SparseAutoencoder.save_pretrained": (
            _of(_model, "save_pretrained"),
            {"folder": lambda: str(_new() / "saeno-calls"), "recipe": lambda: {"training": {"steps": 3}}},
        ),
        "SparseAutoencoder.from_pretrained": (SparseAutoencoder.from_pretrained, {"source": _pretrained}),
        "recipe.read": (recipe.read, {"config": _config}),
        "recipe.signals": (
            recipe.signals,
            {"path": lambda: _config() and _new() / "saeno-calls.npy", "most": lambda: 8},
        ),
        "export.to_saelens": (
            export.to_saelens,
            {
                "model": _picks,
                "folder": lambda: str(Path(tempfile.mkdtemp()) / "m"),
                "metadata": lambda: {"model_name": "gpt2-small"},
            },
        ),
        "advise": (advise, {"x": lambda: _normal(24, 4), "trial": lambda: 2, "seed": lambda: 0}),
        "data.mirrored": (mirrored, {"signal": lambda: _normal(2, 3, 4)}),
        "recipe.train": (
            recipe.train,
            {"config": _config, "out": lambda: str(_new() / "saeno-calls-run"), "progress": lambda: False},
        ),
        "losses.l1": (
            lambda weight, model, signal: losses.l1(weight)(model, signal),
            {"weight": lambda: 0.1, "model": _model, "signal": lambda: _normal(*_X)},
        ),
        "losses.l0": (
            lambda weight, model, signal: losses.l0(weight)(model, signal),
            {"weight": lambda: 0.1, "model": _soft, "signal": lambda: _normal(*_X)},
        ),
        "losses.objective": (losses.objective, {"model": _model, "signal": lambda: _normal(*_X)}),
        "losses.squared_error": (losses.squared_error, {"model": _picks, "signal": lambda: _normal(*_X)}),
        "losses.misfit": (
            losses.misfit,
            {"signal": lambda: _normal(*_X), "reconstruction": lambda: _normal(*_X, seed=1)},
        ),
        "losses.matryoshka": (
            lambda sizes, base, model, signal: losses.matryoshka(sizes, base)(model, signal),
            {
                "sizes": lambda: [3, 6],
                "base": lambda: losses.objective,
                "model": _model,
                "signal": lambda: _normal(*_X),
            },
        ),
        "losses.AuxK": (
            lambda k, weight, patience, base, model, signal: losses.AuxK(k, weight, patience, base)(model, signal),
            {
                "k": lambda: 2,
                "weight": lambda: 0.1,
                "patience": lambda: 3,
                "base": lambda: losses.objective,
                "model": _picks,
                "signal": lambda: _normal(*_X),
            },
        ),
        "fit": (
            _trained,
            {
                "model": _picks,
                "data": lambda: _normal(8, 4),
                "steps": lambda: 2,
                "batch": lambda: 4,
                "lr": lambda: 0.01,
                "optimizer": lambda: torch.optim.Adam,
                "schedule": lambda: "constant",
                "loss": lambda: losses.objective,
                "normalize": lambda: True,
                "clip": lambda: 1.0,
                "seed": lambda: 0,
                "metrics": lambda: {"active": _active},
                "every": lambda: 1,
                "held_out": lambda: _normal(4, 4, seed=1),
                "patience": lambda: 3,
                "checkpoint": _checkpoint,
                "save_every": lambda: 1,
                "progress": lambda: False,
                "warmup": lambda: 1,
                "revive": lambda: 5,
            },
        ),
        "fit on a model": (
            _trained,
            {"model": _functional, "data": _of_functions, "steps": lambda: 1, "grid": lambda: 16},
        ),
    }
    return {
        name: (function, lambda arguments=arguments: {key: make() for key, make in arguments.items()})
        for name, (function, arguments) in (calls | calls_operators.calls()).items()
    }


def _composed(make: Callable[[], Any], encoder: Callable[[], Any]) -> SparseAutoencoder:
    return SparseAutoencoder(make(), encoder())


def _functional() -> SparseAutoencoder:
    return SparseAutoencoder(FourierDictionary(1, 2, 3), MatchingPursuit(2))


def _axes() -> Any:
    return plt.figure().add_axes((0, 0, 1, 1))


def _checkpoint() -> Path:
    path = FOLDER / "saeno-calls.ckpt"
    path.unlink(missing_ok=True)
    return path


def _stored() -> float:
    return claim("recovery-vectors").stored("recovered").mean


def _complex() -> Tensor:
    return torch.eye(2).expand(8, 2, 2).clone().to(torch.complex64)


CALLS = _calls()


class Odd:
    """Nothing that anyone expects."""

    def __repr__(self) -> str:
        return "Odd()"


# Kinds of wrong values: what they are made of, and the plain form whose result they may have instead of an error.
_ANY = {
    "None": lambda v: None,
    "text": lambda v: "nonsense",
    "bytes": lambda v: b"x",
    "dict": lambda v: {},
    "nothing": lambda v: [],
    "object": lambda v: Odd(),
    "class": lambda v: Odd,
    "module": lambda v: nn.Linear(2, 2),
}
_TENSOR = {
    "int": lambda v: 3,
    "list": lambda v: v.tolist(),
    "numpy": lambda v: v.numpy(),
    "long": lambda v: v.round().long(),
    "bool": lambda v: v != 0,
    "complex": lambda v: torch.complex(v, v),
    "other precision": lambda v: v.double(),
    "half": lambda v: v.half(),
    "bfloat16": lambda v: v.bfloat16(),
    "sparse": lambda v: v.to_sparse(),
    "rank more": lambda v: v.unsqueeze(0),
    "rank less": lambda v: v[0],
    "number": lambda v: v.sum(),
    "one more channel": lambda v: torch.cat([v, v[:, :1]], 1) if v.dim() > 1 else torch.cat([v, v[:1]]),
    "no channel": lambda v: v[:, :0] if v.dim() > 1 else v[:0],
    "empty batch": lambda v: v[:0],
    "no nodes": lambda v: v[..., :0],
    "NaN": lambda v: _with(v, math.nan),
    "infinite": lambda v: _with(v, math.inf),
    "minus infinite": lambda v: _with(v, -math.inf),
    "huge": lambda v: v * 1e30,
    "meta": lambda v: v.to("meta"),
    "strided": lambda v: v.movedim(0, -1).contiguous().movedim(-1, 0),
    "expanded": lambda v: v[:1].expand_as(v),
    "with gradient": lambda v: v.clone().requires_grad_(),
}
_COMPLEX = {
    "real": lambda v: v.real,
    "number": lambda v: v.sum(),
    "rank less": lambda v: v[0],
    "NaN": lambda v: _with(v, math.nan),
    "meta": lambda v: v.to("meta"),
    "numpy": lambda v: v.numpy(),
}
_NUMBER = {
    "negative": lambda v: -1,
    "zero": lambda v: 0,
    "NaN": lambda v: math.nan,
    "infinite": lambda v: math.inf,
    "huge": lambda v: 1e300,
    "True": lambda v: True,
    "list": lambda v: [v, v],
    "complex": lambda v: 1j,
    "tensor": lambda v: torch.ones(2),
    "numpy": lambda v: np.ones(2),
    "numpy number": lambda v: np.array([v])[0],
    "text of a number": lambda v: str(v),
}
_WHOLE = {"fraction": lambda v: 2.5, "float": lambda v: float(v), "vast": lambda v: 10**30}
_FLAG = {
    "int": lambda v: 2,
    "zero": lambda v: 0,
    "text of a flag": lambda v: "False",
    "tensor": lambda v: torch.ones(2),
    "float": lambda v: 0.5,
    "numpy": lambda v: np.ones(2),
}
_SEQUENCE = {
    "int": lambda v: 3,
    "texts": lambda v: ["a", "b"],
    "Nones": lambda v: [None, None],
    "NaNs": lambda v: [math.nan, math.nan],
    "negative": lambda v: [-2.0, -1.0],
    "backwards": lambda v: list(v)[::-1],
    "longer": lambda v: [*v, *v],
    "tensor": lambda v: torch.ones(2),
    "text": lambda v: "ab",
    "complex": lambda v: [1j, 2j],
    "flag": lambda v: True,
}
_TEXT = {"int": lambda v: 3, "empty": lambda v: "", "list": lambda v: [v], "flag": lambda v: True}
_THING = {
    "int": lambda v: 3,
    "flag": lambda v: True,
    "list": lambda v: [v],
    "tensor": lambda v: torch.ones(2, 2),
    "number": lambda v: 0.5,
    "numpy": lambda v: np.ones(2),
    "dictionary": lambda v: DenseDictionary(4, 7),
    "sparsity": lambda v: TopK(2),
    "type": lambda v: type(v),
    "dtype": lambda v: torch.float32,
}
_CALLABLE = ("class", "module", "dictionary", "sparsity", "type")
_PATH = {
    "int": lambda v: 3,
    "no folder": lambda v: "/nowhere/at all",
    "a folder": lambda v: str(FOLDER),
    "list": lambda v: [v],
    "empty": lambda v: "",
}
# The result of these has to be that of the plain form: the same numbers, stored in another way.
_PLAIN = {
    "strided": lambda v: v.clone(memory_format=torch.contiguous_format),
    "expanded": lambda v: v.clone(memory_format=torch.contiguous_format),
    "with gradient": lambda v: v.detach(),
    "other precision": lambda v: v.float(),
    "half": lambda v: v.float(),
    "long": lambda v: v.float(),
    "bool": lambda v: v.float(),
    "sparse": lambda v: v.to_dense(),
    "bfloat16": lambda v: v.float(),
    "numpy number": lambda v: v.item(),
}


def _with(value: Tensor, number: float) -> Tensor:
    value = value.clone()
    value.flatten()[value.numel() // 2] = number
    return value


def wrong(good: Any) -> dict[str, Callable[[Any], Any]]:
    """What is put in place of a good value, by kind."""
    if isinstance(good, Tensor):
        return _ANY | (_COMPLEX if good.is_complex() else _TENSOR)
    if isinstance(good, bool):
        return _ANY | _FLAG
    if isinstance(good, int):
        return _ANY | _NUMBER | _WHOLE
    if isinstance(good, float):
        return _ANY | _NUMBER
    if isinstance(good, str):
        return _ANY | _TEXT
    if isinstance(good, Path):
        return _ANY | _PATH
    if isinstance(good, tuple | list) and not hasattr(good, "_fields"):
        return _ANY | _SEQUENCE
    if inspect.isfunction(good):  # what another function, a class or a module does when it is called is its own affair
        return {kind: make for kind, make in (_ANY | _THING).items() if kind not in _CALLABLE}
    return _ANY | _THING


def everything() -> Iterator[tuple[str, str, str]]:
    """All calls with one wrong argument: (name, argument, kind)."""
    for name, (_, arguments) in CALLS.items():
        for argument, good in arguments().items():
            for kind in wrong(good):
                yield name, argument, kind


def tried(name: str, argument: str, kind: str, accepted: Callable[[str, str, str], bool]) -> tuple[str, str]:
    """The verdict on a call with one wrong argument, and what it ended with."""
    function, make = CALLS[name]
    arguments = make()
    bad = wrong(arguments[argument])[kind](arguments[argument])
    arguments[argument] = bad
    try:
        result = function(**arguments)
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return ("named" if is_named(error, argument) else "bare"), said[:200]
    finally:
        plt.close("all")
    if accepted(name, argument, kind):
        return "accepted", ""
    if kind == "None" and _optional(function, argument):
        return "accepted", ""
    if kind in _PLAIN:
        arguments = make()
        arguments[argument] = _PLAIN[kind](bad)
        try:
            plain = function(**arguments)
        except Exception as error:  # then the other form was no better
            return "silent", f"{result!r}, and {type(error).__name__} for the plain form"[:200]
        finally:
            plt.close("all")
        loose = 1e-2 if kind in ("half", "bfloat16") else 1e-4
        return ("right" if _alike(result, plain, loose) else "silent"), f"{result!r} for {plain!r}"[:200]
    if isinstance(bad, Tensor) and _honest(kind, result):
        return "right", ""
    return "silent", " ".join(repr(result).split())[:200]


def is_named(error: Exception, argument: str) -> bool:
    """Whether an error was raised by saeno, of a kind that says what to mend, with a text that names the argument."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = Path(last.filename).is_relative_to(OURS) and last.lineno in _raises(last.filename)
    said = str(error)
    names = [argument, *NAMES.get(argument, ())]
    return (
        ours
        and isinstance(error, ValueError | TypeError | KeyError | RuntimeError | AssertionError | OSError)
        and any(re.search(rf"\b{re.escape(one)}\b", said) for one in names)
    )


# Where an error may call an argument by another name, since that is what it is there.
NAMES = {
    "active": ("probability",),
    "atoms": ("atom", "grid", "dictionary"),
    "data": ("signal", "batch", "grid"),
    "dictionary": ("probability", "signal", "code", "start", "channels"),
    "direction": ("axes",),
    "frequency": ("axes",),
    "from_grid": ("grid",),
    "grid": ("modes", "signal", "code"),
    "id": ("claim",),
    "learned": ("atoms", "grid"),
    "lift": ("project",),
    "modes": ("grid",),
    "name": ("number", "claim"),
    "points": ("axes",),
    "recovered": ("claim",),
    "sparsity": ("step", "accelerate"),  # which go with some of them
    "signal": ("shape", "grid", "start", "reconstruction"),
    "source": ("folder",),
    "to_grid": ("grid",),
    "true": ("atoms", "grid"),
    "truth": ("atoms", "grid", "true_code", "code"),
    "value": ("masses", "code"),
}


@functools.cache
def _raises(file: str) -> set[int]:
    """The lines of a file that belong to a `raise`."""
    tree = ast.parse(Path(file).read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return {line for node in found for line in range(node.lineno, node.end_lineno + 1)}


def _optional(function: Callable[..., Any], argument: str) -> bool:
    """Whether None is an argument's default, or says so in its type."""
    try:
        parameter = inspect.signature(function).parameters.get(argument)
    except (TypeError, ValueError):
        return False
    return parameter is not None and (parameter.default is None or "None" in str(parameter.annotation))


def _numbers(result: Any) -> list[Tensor]:
    """All numbers in a result, however it is packed."""
    if isinstance(result, Tensor):
        return [result.detach()]
    if isinstance(result, bool | int | float):
        return [torch.tensor(float(result), dtype=torch.float64)]
    if isinstance(result, nn.Module):
        return [value.detach() for value in result.state_dict().values()]
    if isinstance(result, dict):
        return [number for value in result.values() for number in _numbers(value)]
    if isinstance(result, tuple | list):
        return [number for value in result for number in _numbers(value)]
    if hasattr(result, "__dict__") and not isinstance(result, Figure):
        return _numbers({k: v for k, v in vars(result).items() if not k.startswith("_") and k != "seconds"})
    return []


def _alike(result: Any, plain: Any, loose: float) -> bool:
    found, wanted = _numbers(result), _numbers(plain)
    return len(found) == len(wanted) and all(
        a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=loose, atol=loose / 10, equal_nan=True)
        for a, b in zip(found, wanted, strict=True)
        if not a.is_complex()
    )


def _honest(kind: str, result: Any) -> bool:
    """Whether a result of a tensor without a plain form says what it was made from."""
    numbers = [number for number in _numbers(result) if number.is_floating_point() or number.is_complex()]
    if kind in ("NaN", "infinite", "minus infinite"):
        return any(not number.isfinite().all() for number in numbers)
    if kind == "huge":  # whether it is the right number is for the tests of units
        return all(number.isfinite().all() for number in numbers)
    if kind == "empty batch":  # of no signals there are no codes
        return isinstance(result, Tensor | tuple) and all(number.shape[:1] == (0,) for number in numbers)
    return kind == "meta" and bool(numbers) and all(number.is_meta for number in numbers)
