"""Good calls, as in calls.py, of what makes pairs of functions and of what learns them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from saeno.data import pde
from saeno.operators import FNO, DeepONet, Mixed, ShardWriter, UNet, fit_operator, record, relative_l2, replace

SMOOTH = pde.RandomFunctions(k_max=3, tau=2.0)


def _functions(*grid: int) -> Tensor:
    return SMOOTH.sample(2, grid, dtype=torch.float32)


def _normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **arguments: function(**{"progress": False, **arguments})


def _fno() -> FNO:
    return FNO(1, 1, 3, 2, layers=2).eval()


def _replaced(**arguments: Any) -> Tensor:
    with replace(_fno(), function=torch.neg, **arguments) as model:
        return model(_normal(2, 1, 8)).detach()


def _mixed(**arguments: Any) -> Tensor:
    with tempfile.TemporaryDirectory() as folder:
        writer = ShardWriter(folder)
        writer.add(_normal(4, 2, 8))
        return next(iter(Mixed(writer.close(), **arguments)))


def calls() -> dict[str, tuple[Callable[..., Any], dict[str, Callable[[], Any]]]]:
    drawn = {"count": lambda: 2, "seed": lambda: 0, "time": lambda: 0.1, "initial": lambda: SMOOTH}
    many = {"resolution": lambda: 64, "dtype": lambda: torch.float32}
    given = {"viscosity": lambda: 0.1, "time": lambda: 0.1, "steps": lambda: 9}
    shape = {"channels_in": lambda: 1, "channels_out": lambda: 2, "seed": lambda: 0}
    two = {"inputs": lambda: _normal(4, 1, 8), "outputs": lambda: _normal(4, 1, 8, seed=1)}
    return {
        "pde.RandomFunctions": (
            lambda **arguments: pde.RandomFunctions(**arguments).sample(2, 16),
            {"k_max": lambda: 3, "tau": lambda: 2.0, "decay": lambda: 1.0, "rms": lambda: 1.0},
        ),
        "pde.RandomFunctions.sample": (
            SMOOTH.sample,
            {
                "count": lambda: 2,
                "grid": lambda: 16,
                "seed": lambda: 0,
                "first": lambda: 1,
                "dtype": lambda: torch.float32,
            },
        ),
        "pde.burgers": (_quiet(pde.burgers), {**drawn, **many, "nodes": lambda: 16, "viscosity": lambda: 0.1}),
        "pde.navier_stokes": (
            _quiet(pde.navier_stokes),
            {
                **drawn,
                **many,
                "nodes": lambda: 16,
                "viscosity": lambda: 0.1,
                "forcing": lambda: 0.1,
                "resolution": lambda: 16,
            },
        ),
        "pde.darcy": (
            _quiet(pde.darcy),
            {
                "count": lambda: 2,
                "seed": lambda: 0,
                "nodes": lambda: 8,
                "levels": lambda: (3.0, 12.0),
                "field": lambda: SMOOTH,
                "refine": lambda: 1,
            },
        ),
        "pde.heat": (_quiet(pde.heat), {**drawn, "nodes": lambda: 16, "diffusivity": lambda: 0.1}),
        "pde.advection": (
            _quiet(pde.advection),
            {**drawn, "nodes": lambda: 16, "velocity": lambda: 1.0},
        ),
        "pde.solve_burgers": (pde.solve_burgers, {**given, "initial": lambda: _functions(32)}),
        "pde.solve_navier_stokes": (
            pde.solve_navier_stokes,
            {**given, "initial": lambda: _functions(16, 16), "force": lambda: _functions(16, 16)},
        ),
        "pde.solve_darcy": (
            pde.solve_darcy,
            {"coefficient": lambda: _functions(8, 8).exp(), "source": lambda: _functions(8, 8)},
        ),
        "pde.solve_darcy of a number": (
            pde.solve_darcy,
            {"coefficient": lambda: _functions(8, 8).exp(), "source": lambda: 1.0},
        ),
        "pde.solve_heat": (
            pde.solve_heat,
            {"initial": lambda: _functions(16), "diffusivity": lambda: 0.1, "time": lambda: 0.1},
        ),
        "pde.solve_advection": (
            pde.solve_advection,
            {"initial": lambda: _functions(16), "velocity": lambda: 1.0, "time": lambda: 0.1},
        ),
        "FNO": (FNO, {**shape, "width": lambda: 3, "modes": lambda: 2, "layers": lambda: 2}),
        "UNet": (UNet, {**shape, "width": lambda: 3, "axes": lambda: 1, "depth": lambda: 2}),
        "DeepONet": (DeepONet, {**shape, "grid": lambda: 8, "width": lambda: 3}),
        "FNO.forward": (_fno(), {"x": lambda: _normal(2, 1, 8)}),
        "UNet.forward": (UNet(1, 1, 3).eval(), {"x": lambda: _normal(2, 1, 8)}),
        "DeepONet.forward": (DeepONet(1, 1, 8, 3).eval(), {"x": lambda: _normal(2, 1, 8)}),
        "fit_operator": (
            lambda **arguments: _quiet(fit_operator)(**{"model": _fno(), **arguments}).loss,
            {
                **two,
                "model": _fno,
                "steps": lambda: 2,
                "batch": lambda: 2,
                "lr": lambda: 0.01,
                "weight_decay": lambda: 0.1,
                "warmup": lambda: 1,
                "seed": lambda: 0,
                "every": lambda: 1,
                "progress": lambda: False,
            },
        ),
        "relative_l2": (
            relative_l2,
            {"prediction": lambda: _normal(4, 1, 8), "target": lambda: _normal(4, 1, 8, seed=1)},
        ),
        "record": (
            record,
            {"model": _fno, "x": lambda: _normal(2, 1, 8), "layers": lambda: ["layers.0"], "batch": lambda: 2},
        ),
        "replace": (_replaced, {"layer": lambda: "layers.0", "call": lambda: 0}),
        "Mixed": (_mixed, {"batch": lambda: 2, "buffer": lambda: 4, "seed": lambda: 0}),
    }
