"""Pairs from differential equations: exact solutions, what is conserved, the same functions on every grid, the cache.

Tried, each failing here: u ∂u without its ½; no integrating factor at the last stage; the 2/3 rule left out; the
arithmetic mean at faces; the sign of u₂; a seed for all functions at once; a damaged chunk taken as it is.
"""

import importlib
import itertools
import math
import threading

import numpy as np
import pytest
import torch
from scipy.special import ive

from saeno.data import pde
from saeno.data.pde import RandomFunctions, fourier
from saeno.data.pde.darcy import residual

DOUBLE = torch.double
QUIET = {"dtype": DOUBLE, "progress": False}
SMOOTH = RandomFunctions(k_max=4, tau=2.0, decay=1.0)


def line(n):
    return torch.arange(n, dtype=DOUBLE) / n


def plane(n):
    return torch.meshgrid(line(n), line(n), indexing="ij")


def wave(n, kind=torch.sin):
    return kind(2 * math.pi * line(n))[None, None]


def relative(found, true):
    return ((found - true).norm() / true.norm()).item()


def order(errors):
    """Of convergence, from errors of which each has half the step of the one before: the least of them."""
    return min(math.log2(a / b) for a, b in itertools.pairwise(errors))


# Random functions


@pytest.mark.parametrize("grid", [(15, 30), ((9, 18), (18, 9))], ids=["one axis", "two axes"])
def test_random_functions_are_the_same_on_every_grid(grid):
    coarse, fine = (SMOOTH.sample(3, g, seed=2, dtype=DOUBLE) for g in grid)
    if isinstance(grid[0], int):
        torch.testing.assert_close(coarse, fine[..., ::2])
    else:
        torch.testing.assert_close(coarse[..., ::2], fine[..., ::2, :])


def test_random_functions_have_the_spectrum_that_was_asked_for():
    functions = RandomFunctions(k_max=6, tau=2.0, decay=1.5, rms=3.0).sample(4000, 32, dtype=DOUBLE)
    power = torch.fft.rfft(functions, norm="forward").abs().square().mean((0, 1))
    assert functions.square().mean(2).sqrt() == pytest.approx(3.0)
    assert power[0] < 1e-20 and (power[7:] < 1e-20).all()
    # Each function is scaled to its own norm, which cancels in the ratio of two of its coefficients.
    logarithm = torch.fft.rfft(functions)[..., 1:7].abs().square().log()
    found = (logarithm - logarithm[..., :1]).mean((0, 1))
    expected = -2 * 1.5 * torch.log((torch.arange(1, 7, dtype=DOUBLE).square() + 4) / 5)
    assert (found - expected).abs().max() < 0.15  # five times the standard error of 4,000 functions


def test_random_functions_in_the_plane_prefer_no_direction_and_stay_in_a_disc():
    functions = RandomFunctions(k_max=3, tau=1.0, decay=1.0).sample(3000, (16, 16), dtype=DOUBLE)
    power = torch.fft.fft2(functions, norm="forward").abs().square().mean((0, 1))
    assert power[3, 3] < 1e-20 and power[3, 0] > 1e-3
    alike = torch.stack([power[2, 1], power[1, 2], power[-2, 1], power[2, -1], power[1, -2]])
    assert (alike / alike.mean() - 1).abs().max() < 0.15


def test_a_function_depends_on_the_seed_and_its_number_alone():
    many = SMOOTH.sample(7, 16, seed=5)
    torch.testing.assert_close(SMOOTH.sample(3, 16, seed=5), many[:3])
    torch.testing.assert_close(SMOOTH.sample(2, 16, seed=5, first=4), many[4:6])
    assert (SMOOTH.sample(3, 16, seed=6) - many[:3]).abs().max() > 0.1
    assert (many[0] - many[1]).abs().max() > 0.1


@pytest.mark.parametrize("tau, decay", [(1e200, 1.0), (0.0, 1e4), (5.0, 0.0)])
def test_random_functions_survive_extreme_spectra(tau, decay):
    functions = RandomFunctions(k_max=4, tau=tau, decay=decay).sample(2, 16, dtype=DOUBLE)
    assert functions.square().mean(2).sqrt() == pytest.approx(1.0)


# What the solvers share


@pytest.mark.parametrize("n", [8, 9, 10, 11, 12])
def test_the_two_thirds_rule_keeps_squares_free_of_aliases(n):
    """The square of the highest wave that is kept has nothing but its mean among the frequencies that are kept."""
    k = fourier.waves((n,))
    inside = fourier.kept(k, (n,))
    most = int(inside.sum()) - 1
    square = torch.cos(2 * math.pi * most * line(n)).square()
    assert (torch.fft.rfft(square)[inside][1:].abs() < 1e-12).all()
    assert 3 * (most + 1) >= n


def test_solutions_hold_no_frequency_that_the_rule_drops():
    end = pde.solve_burgers(wave(64), 0.02, 0.2)
    assert torch.fft.rfft(end)[..., 22:].abs().max() < 1e-12
    end = pde.solve_navier_stokes(SMOOTH.sample(1, (24, 24), dtype=DOUBLE), 0.01, 0.1)
    spectrum = torch.fft.fft2(end).abs()
    assert spectrum[..., 8:17, :].max() < 1e-10 and spectrum[..., 8:17].max() < 1e-10


# Heat and advection


def test_heat_damps_each_wave_by_its_own_rate():
    x, y = plane(16)
    start = (torch.cos(2 * math.pi * (3 * x - 2 * y)) + torch.sin(2 * math.pi * y) + 1)[None, None]
    end = (
        torch.cos(2 * math.pi * (3 * x - 2 * y)) * math.exp(-0.02 * 0.5 * 13 * 4 * math.pi**2)
        + torch.sin(2 * math.pi * y) * math.exp(-0.02 * 0.5 * 4 * math.pi**2)
        + 1
    )
    torch.testing.assert_close(pde.solve_heat(start, 0.02, 0.5)[0, 0], end)


def test_advection_moves_functions_along():
    start, end = pde.advection(2, 32, velocity=0.5, time=0.25, initial=SMOOTH, **QUIET)
    torch.testing.assert_close(end, start.roll(4, 2))
    start, end = pde.advection(2, (16, 32), velocity=(-0.5, 0.25), time=0.5, initial=SMOOTH, **QUIET)
    torch.testing.assert_close(end, start.roll((-4, 4), (2, 3)))


# Burgers


def cole_hopf(n, viscosity, time, mean=0.0):
    """u(·, T) from mean + sin 2πx: u = −2ν ∂φ/φ, where φ obeys the heat equation and is a sum of Bessel functions."""
    x, k = line(n).numpy() - mean * time, np.arange(1, 80)
    z = 1 / (4 * math.pi * viscosity)
    weight = 2 * ive(k, z) * np.exp(-viscosity * (2 * math.pi * k) ** 2 * time)
    angle = 2 * math.pi * np.outer(x, k)
    phi, slope = ive(0, z) + np.cos(angle) @ weight, -(np.sin(angle) * 2 * math.pi * k) @ weight
    return mean + torch.from_numpy(-2 * viscosity * slope / phi)[None, None]


@pytest.mark.parametrize("viscosity, mean", [(0.05, 0.0), (0.01, 0.0), (0.05, -0.7)])
def test_burgers_agrees_with_cole_and_hopf(viscosity, mean):
    true = cole_hopf(256, viscosity, 0.3, mean)
    assert relative(pde.solve_burgers(wave(256) + mean, viscosity, 0.3), true) < 1e-5
    assert relative(pde.solve_burgers(wave(256) + mean, viscosity, 0.3, steps=400), true) < 1e-7


def test_burgers_converges_with_order_four_in_time_and_faster_than_any_in_space():
    true = cole_hopf(64, 0.05, 0.3)
    assert 3.8 < order([relative(pde.solve_burgers(wave(64), 0.05, 0.3, s), true) for s in (16, 32, 64)]) < 5
    errors = [relative(pde.solve_burgers(wave(n), 0.05, 0.3, 400), cole_hopf(n, 0.05, 0.3)) for n in (24, 36, 54)]
    assert errors[1] < errors[0] / 30 and errors[2] < errors[1] / 100


def test_burgers_data_agree_with_a_finer_solver():
    coarse, fine = pde.burgers(4, 128, **QUIET), pde.burgers(4, 128, resolution=384, **QUIET)
    torch.testing.assert_close(coarse.input, fine.input)
    assert relative(coarse.output, fine.output) < 1e-6


def test_burgers_conserves_the_mean_and_loses_energy():
    start = SMOOTH.sample(5, 128, dtype=DOUBLE) + 0.3
    end = pde.solve_burgers(start, 0.02, 0.5)
    torch.testing.assert_close(end.mean(2), start.mean(2))
    assert (end.var(2) < 0.9 * start.var(2)).all()


# Darcy


def test_darcy_converges_with_order_two_for_a_smooth_medium():
    errors = []
    for n in (16, 32, 64):
        x, y = plane(n)
        a = torch.exp(0.5 * torch.sin(2 * math.pi * x) * torch.cos(2 * math.pi * y))
        u = torch.sin(math.pi * x) * torch.sin(2 * math.pi * y)
        along = math.pi * torch.cos(math.pi * x) * torch.sin(2 * math.pi * y)
        across = 2 * math.pi * torch.sin(math.pi * x) * torch.cos(2 * math.pi * y)
        a_x = a * math.pi * torch.cos(2 * math.pi * x) * torch.cos(2 * math.pi * y)
        a_y = -a * math.pi * torch.sin(2 * math.pi * x) * torch.sin(2 * math.pi * y)
        f = -(a_x * along + a_y * across - 5 * math.pi**2 * a * u)
        errors.append(relative(pde.solve_darcy(a[None, None], f[None, None])[0, 0], u))
    assert 1.9 < order(errors) < 2.2 and errors[-1] < 2e-3


def test_darcy_converges_with_order_two_across_layers():
    """a jumps halfway between two nodes; a ∂₁u = sin 2πx sin πy does not. The arithmetic mean has order 1."""
    errors = []
    for n in (18, 34, 66):
        x, y = plane(n)
        inside = (x > 0.25) & (x < 0.75)
        a = torch.where(inside, 3.0, 12.0).double()
        # ∫ sin 2πx / a from 0 to x; nothing at all over the whole period.
        outside = (1 - torch.cos(2 * math.pi * x)) / (24 * math.pi)
        w = torch.where(inside, 1 / (24 * math.pi) - torch.cos(2 * math.pi * x) / (6 * math.pi), outside)
        f = (math.pi**2 * a * w - 2 * math.pi * torch.cos(2 * math.pi * x)) * torch.sin(math.pi * y)
        u = w * torch.sin(math.pi * y)
        errors.append(relative(pde.solve_darcy(a[None, None], f[None, None])[0, 0], u))
    assert order(errors) > 1.7


@pytest.mark.parametrize("levels", [None, (3.0, 12.0)], ids=["log-normal", "two levels"])
def test_darcy_data_solve_their_equations(levels):
    a, u = pde.darcy(3, 32, levels=levels, **QUIET)
    assert all(residual(a[i, 0].numpy(), u[i, 0].numpy(), np.ones((32, 32))) < 1e-10 for i in range(3))
    assert (u[..., 0, :] == 0).all() and (u[..., :, 0] == 0).all() and (u[..., 1:, 1:] > 0).all()
    if levels:
        assert set(a.unique().tolist()) == set(levels)


def test_darcy_refined_is_the_finer_grid():
    coarse, fine = pde.darcy(2, 25, refine=2, **QUIET), pde.darcy(2, 50, **QUIET)
    torch.testing.assert_close(coarse.input, fine.input[..., ::2, ::2])
    torch.testing.assert_close(coarse.output, fine.output[..., ::2, ::2])


def test_pressure_is_in_proportion_to_its_source():
    a = SMOOTH.sample(2, (12, 12), dtype=DOUBLE).exp()
    one = pde.solve_darcy(a)
    torch.testing.assert_close(pde.solve_darcy(a, 0.1), 0.1 * one, rtol=1e-10, atol=0)
    many = torch.tensor([0.0, -0.7], dtype=DOUBLE).view(2, 1, 1, 1).expand(2, 1, 12, 12)
    torch.testing.assert_close(pde.solve_darcy(a, many), many * one, rtol=1e-10, atol=0)


def test_darcy_with_one_interior_node():
    """Its four faces conduct alike: 4 · 2² u = 1."""
    assert pde.solve_darcy(torch.ones(1, 1, 2, 2))[0, 0, 1, 1].item() == pytest.approx(1 / 16)


# Navier–Stokes


def test_vortices_of_taylor_and_green_decay():
    x, y = plane(24)
    start = (torch.cos(4 * math.pi * x) * torch.cos(4 * math.pi * y))[None, None]
    end = pde.solve_navier_stokes(start, 0.01, 0.5)
    torch.testing.assert_close(end, start * math.exp(-0.01 * 0.5 * 32 * math.pi**2))


def test_a_flow_stays_where_its_force_holds_it():
    """ψ = a cos 2πx + b sin 4πy, whose advection does not vanish: the force that balances it is known."""
    x, y = plane(48)
    p, a, b, viscosity = 2 * math.pi, 0.02, 0.01, 0.01
    start = p**2 * (a * torch.cos(p * x) + 4 * b * torch.sin(2 * p * y))
    u, v = 2 * p * b * torch.cos(2 * p * y), p * a * torch.sin(p * x)
    carried = u * -(p**3) * a * torch.sin(p * x) + v * 8 * p**3 * b * torch.cos(2 * p * y)
    friction = viscosity * p**4 * (a * torch.cos(p * x) + 16 * b * torch.sin(2 * p * y))
    end = pde.solve_navier_stokes(start[None, None], viscosity, 0.5, (carried + friction)[None, None])
    assert relative(end[0, 0], start) < 1e-6
    unforced = pde.solve_navier_stokes(start[None, None], viscosity, 0.5)
    assert relative(unforced[0, 0], start) > 0.05


@pytest.mark.parametrize("viscosity", [0.0, 0.01, 10.0])
def test_a_force_acts_exactly_at_any_viscosity(viscosity):
    """From rest ω = f (1 − e^{−λT})/λ, λ = 8π²ν: advection vanishes, since all its waves have the same |k|."""
    x, y = plane(16)
    force = (torch.sin(2 * math.pi * (x + y)) + torch.cos(2 * math.pi * (x - y)))[None, None]
    rate = 8 * math.pi**2 * viscosity
    grown = (1 - math.exp(-rate * 0.5)) / rate if viscosity else 0.5
    torch.testing.assert_close(pde.solve_navier_stokes(0 * force, viscosity, 0.5, force, steps=10), force * grown)


def energy(vorticity):
    """½∫|u|² = ½ Σ |ω̂|²/|2πk|²."""
    n = vorticity.shape[-1]
    k = torch.fft.fftfreq(n, 1 / n, dtype=DOUBLE)
    squared = (4 * math.pi**2) * (k[:, None].square() + k.square())
    squared[0, 0] = torch.inf
    return (torch.fft.fft2(vorticity, norm="forward").abs().square() / squared).sum((1, 2, 3)) / 2


def enstrophy(vorticity):
    return vorticity.square().mean((1, 2, 3)) / 2


def test_without_viscosity_energy_and_enstrophy_are_conserved_and_with_it_they_balance():
    start = SMOOTH.sample(2, (48, 48), dtype=DOUBLE)
    end = pde.solve_navier_stokes(start, 0.0, 0.5)
    assert relative(end, start) > 0.1
    torch.testing.assert_close(energy(end), energy(start), rtol=1e-5, atol=0)
    torch.testing.assert_close(enstrophy(end), enstrophy(start), rtol=1e-5, atol=0)
    # dE/dt = −2νZ, by Simpson's rule
    half = pde.solve_navier_stokes(start, 0.005, 0.1)
    end = pde.solve_navier_stokes(half, 0.005, 0.1)
    lost = 2 * 0.005 * 0.2 * (enstrophy(start) + 4 * enstrophy(half) + enstrophy(end)) / 6
    torch.testing.assert_close(energy(start) - energy(end), lost, rtol=1e-3, atol=0)


def test_navier_stokes_converges_with_order_four_in_time():
    start = 5 * SMOOTH.sample(1, (32, 32), dtype=DOUBLE)
    true = pde.solve_navier_stokes(start, 0.01, 0.2, steps=256)
    assert 3.7 < order([relative(pde.solve_navier_stokes(start, 0.01, 0.2, steps=s), true) for s in (8, 16, 32)]) < 5


def test_navier_stokes_data_agree_with_a_finer_solver_with_and_without_force():
    coarse, fine = pde.navier_stokes(1, 32, **QUIET), pde.navier_stokes(1, 32, resolution=96, **QUIET)
    torch.testing.assert_close(coarse.input, fine.input)
    assert relative(coarse.output, fine.output) < 1e-5
    forced = pde.navier_stokes(1, 32, forcing=0.5, **QUIET)
    x, y = plane(64)
    force = 0.5 * (torch.sin(2 * math.pi * (x + y)) + torch.cos(2 * math.pi * (x + y)))[None, None]
    start = pde.navier_stokes(1, 64, **QUIET).input
    true = pde.solve_navier_stokes(start, 1e-3, 1.0, force)
    assert relative(forced.output, true[..., ::2, ::2]) < 1e-5 < relative(forced.output, coarse.output)


# All of them

SMALL = {
    "burgers": lambda count, nodes, **more: pde.burgers(
        count, nodes, viscosity=0.05, initial=SMOOTH, resolution=64, **more
    ),
    "navier_stokes": lambda count, nodes, **more: pde.navier_stokes(
        count, nodes, time=0.2, initial=SMOOTH, resolution=24, **more
    ),
    "darcy": lambda count, nodes, **more: pde.darcy(count, nodes, field=SMOOTH, refine=36 // nodes, **more),
    "heat": lambda count, nodes, **more: pde.heat(count, nodes, initial=SMOOTH, **more),
    "advection": lambda count, nodes, **more: pde.advection(count, nodes, initial=SMOOTH, **more),
}


@pytest.mark.parametrize("name", SMALL)
def test_pairs_are_the_same_on_every_grid_and_for_every_count(name):
    axes = 1 if name in ("burgers", "heat", "advection") else 2
    few, many = SMALL[name](2, 9, **QUIET), SMALL[name](22, 18, **QUIET)
    every_other = (slice(2), slice(None), *[slice(None, None, 2)] * axes)
    for a, b in zip(few, many, strict=True):
        assert a.shape == (2, 1, *[9] * axes) and a.dtype == DOUBLE
        torch.testing.assert_close(a, b[every_other])
    other = SMALL[name](2, 9, seed=1, progress=False)
    assert other.input.dtype == torch.float32 and (other.input - few.input).abs().max() > 0.1


# The cache


@pytest.fixture
def calls(monkeypatch):
    """How many functions were solved for, call by call."""
    exact, made = importlib.import_module("saeno.data.pde.exact"), []
    solve = exact.solve_heat
    monkeypatch.setattr(exact, "solve_heat", lambda u, **more: made.append(len(u)) or solve(u, **more))
    return made


def test_a_cache_gives_the_same_and_solves_nothing_again(tmp_path, calls):
    plain = pde.heat(45, initial=SMOOTH, progress=False)
    first = pde.heat(45, initial=SMOOTH, cache=tmp_path / "new" / "folder", progress=False)
    assert calls == [20, 20, 5] * 2
    again = pde.heat(45, initial=SMOOTH, cache=tmp_path / "new" / "folder", progress=False)
    assert len(calls) == 6
    for a, b, c in zip(plain, first, again, strict=True):
        torch.testing.assert_close(a, b)
        assert torch.equal(b, c)
    more = pde.heat(60, initial=SMOOTH, cache=tmp_path / "new" / "folder", progress=False)
    assert calls[6:] == [20] and torch.equal(more.output[:40], again.output[:40])


def test_other_arguments_are_not_taken_from_the_cache(tmp_path, calls):
    base = {"nodes": 32, "seed": 0, "diffusivity": 0.01, "time": 0.1, "initial": SMOOTH, "dtype": torch.float32}
    others = {
        "nodes": 33,
        "seed": 1,
        "diffusivity": 0.02,
        "time": 0.2,
        "initial": RandomFunctions(k_max=5),
        "dtype": DOUBLE,
    }
    pde.heat(1, **base, cache=tmp_path, progress=False)
    for name, value in others.items():
        changed = {**base, name: value}
        cached = pde.heat(1, **changed, cache=tmp_path, progress=False)
        torch.testing.assert_close(cached, pde.heat(1, **changed, progress=False))
    assert len(calls) == 1 + 2 * len(others) and len(list(tmp_path.iterdir())) == 1 + len(others)


def test_an_interrupted_generation_goes_on(tmp_path, monkeypatch, calls):
    exact = importlib.import_module("saeno.data.pde.exact")
    counted = exact.solve_heat

    def stopped(u, **more):
        if len(calls) == 2:
            raise KeyboardInterrupt
        return counted(u, **more)

    monkeypatch.setattr(exact, "solve_heat", stopped)
    with pytest.raises(KeyboardInterrupt):
        pde.heat(60, initial=SMOOTH, cache=tmp_path, progress=False)
    monkeypatch.setattr(exact, "solve_heat", counted)
    found = pde.heat(60, initial=SMOOTH, cache=tmp_path, progress=False)
    assert calls == [20, 20, 20]
    torch.testing.assert_close(found, pde.heat(60, initial=SMOOTH, progress=False))


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


@pytest.mark.parametrize("damage", [cut, flipped, lambda content: b""], ids=["cut", "flipped", "empty"])
def test_a_damaged_file_is_made_again_and_that_is_said(tmp_path, damage, calls):
    first = pde.heat(25, initial=SMOOTH, cache=tmp_path, progress=False)
    file = sorted(tmp_path.rglob("*.safetensors"))[1]
    file.write_bytes(damage(file.read_bytes()))
    with pytest.warns(UserWarning, match=f"{file.name}.*damaged and made again"):
        again = pde.heat(25, initial=SMOOTH, cache=tmp_path, progress=False)
    assert calls == [20, 5, 5]
    torch.testing.assert_close(first, again)
    pde.heat(25, initial=SMOOTH, cache=tmp_path, progress=False)
    assert calls == [20, 5, 5]


def test_several_may_fill_a_cache_at_once(tmp_path):
    found = [None] * 4

    def fill(i):
        found[i] = pde.heat(100, initial=SMOOTH, cache=tmp_path, progress=False)

    threads = [threading.Thread(target=fill, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        torch.testing.assert_close(one, pde.heat(100, initial=SMOOTH, progress=False))
    assert len([file for file in tmp_path.rglob("*") if file.is_file()]) == 5


# What cannot be done

ONE, TWO = torch.ones(1, 1, 64), torch.zeros(1, 1, 32, 32)
NOISE = 2 * torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0), dtype=DOUBLE) - 1


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: RandomFunctions(k_max=0), ValueError, "k_max = 0: should be a whole number ≥ 1"),
        (lambda: RandomFunctions(tau=-1.0), ValueError, "tau = -1.0: should be"),
        (lambda: RandomFunctions(decay=math.nan), ValueError, "decay = nan: should be"),
        (lambda: RandomFunctions(rms=0.0), ValueError, "rms = 0.0: should be"),
        (lambda: SMOOTH.sample(1, 8), ValueError, "grid = 8|grid = \\(8,\\): should be at least 9 nodes"),
        (lambda: SMOOTH.sample(1, ()), ValueError, "grid = \\(\\): should be at least 9 nodes"),
        (lambda: SMOOTH.sample(1, 16, seed=-1), ValueError, "seed = -1"),
        (lambda: SMOOTH.sample(1, 16, dtype="float"), TypeError, "dtype = 'float'"),
        (lambda: pde.burgers(0), ValueError, "count = 0"),
        (lambda: pde.burgers(1, 40), ValueError, "nodes = 40: should be at least 41 nodes"),
        (lambda: pde.burgers(1, resolution=60), ValueError, "resolution = 60: should be at least 61 nodes"),
        (lambda: pde.burgers(1, viscosity=-0.01), ValueError, "viscosity = -0.01: should be a finite number > 0"),
        (lambda: pde.burgers(1, viscosity=math.nan), ValueError, "viscosity = nan"),
        (lambda: pde.burgers(1, time=-1), ValueError, "time = -1"),
        (lambda: pde.burgers(1, time=1e9), ValueError, "time = 1e\\+09: should be shorter"),
        (lambda: pde.burgers(1, initial="smooth"), TypeError, "initial = 'smooth': should be a RandomFunctions"),
        (lambda: pde.burgers(1, progress="no"), TypeError, "progress = 'no'"),
        (lambda: pde.burgers(1, viscosity=1e-3, progress=False), ValueError, "resolution = 256: should be more nodes"),
        (lambda: pde.heat(1, initial=RandomFunctions(rms=1e300), progress=False), ValueError, "dtype = torch.float32"),
        (lambda: RandomFunctions(rms=1e300).sample(1, 64), ValueError, "rms = 1e\\+300: should be smaller"),
        (lambda: pde.solve_advection(ONE, 1e9, 1.0), ValueError, "velocity = 1.*at most 1e\\+06 periods"),
        (lambda: pde.navier_stokes(1, forcing=1e99), ValueError, "time = 1.* forcing smaller"),
        (lambda: pde.heat(1, cache=3), TypeError, "cache = 3: should be the path of a folder"),
        (lambda: pde.heat(1, cache=__file__), ValueError, "should be a folder to write into"),
        (lambda: pde.heat(1, diffusivity=-1), ValueError, "diffusivity = -1"),
        (lambda: pde.advection(1, (64, 64), velocity=1.0), ValueError, "velocity = .*one for each axis: 2"),
        (lambda: pde.navier_stokes(1, 24), ValueError, "nodes = 24: should be at least 25 nodes"),
        (lambda: pde.navier_stokes(1, viscosity=-1e-3), ValueError, "viscosity = -0.001"),
        (lambda: pde.darcy(1, 24), ValueError, "nodes = 24: should be at least 25 nodes"),
        (lambda: pde.darcy(1, levels=(12, 3)), ValueError, "levels = \\(12, 3\\): should be two numbers"),
        (lambda: pde.darcy(1, levels=(0, 3)), ValueError, "levels = .*: should be > 0"),
        (lambda: pde.darcy(1, refine=0), ValueError, "refine = 0"),
        (lambda: pde.solve_burgers(ONE * math.nan, 0.1, 1.0), ValueError, "initial has NaN or infinite values"),
        (lambda: pde.solve_burgers(ONE.numpy(), 0.1, 1.0), TypeError, "initial = a NumPy array"),
        (lambda: pde.solve_burgers(ONE[0], 0.1, 1.0), ValueError, "initial = .*: should be \\(batch, channels, nodes"),
        (lambda: pde.solve_burgers(ONE, 0.1, 1.0, steps=0), ValueError, "steps = 0"),
        (lambda: pde.solve_burgers(ONE.cumsum(2), 0.1, 1.0), ValueError, "nodes = 64: should be more nodes, .*start"),
        (
            lambda: pde.solve_burgers(wave(64), 0.01, 0.3),
            ValueError,
            "nodes = 64: should be more nodes, .*after 20 steps",
        ),
        (
            lambda: pde.solve_burgers(wave(64) * 900, 0.01, 9.0, 9),
            ValueError,
            "steps = 9: should be more .*not finite",
        ),
        (lambda: pde.solve_navier_stokes(TWO + 1, 0.1, 1.0), ValueError, "initial has mean 1.0e\\+00: should be 0"),
        (lambda: pde.solve_navier_stokes(TWO, 0.1, 1.0, TWO[..., :16]), ValueError, "force = .*: should be"),
        (lambda: pde.solve_navier_stokes(TWO.expand(1, 2, 32, 32), 0.1, 1.0), ValueError, "initial = .*: should be"),
        (lambda: pde.solve_darcy(TWO), ValueError, "coefficient has the value 0: should be > 0"),
        (lambda: pde.solve_darcy(10 ** (12 * NOISE)), ValueError, "coefficient goes .*: should span fewer orders"),
        (lambda: pde.solve_darcy(10 ** (200 * NOISE)), ValueError, "coefficient goes .*: should span fewer orders"),
        (lambda: pde.solve_darcy(TWO[..., :16] + 1), ValueError, "coefficient = .*: should be"),
        (lambda: pde.solve_darcy(TWO + 1, torch.ones(3, 3)), ValueError, "source = .*: should be a number"),
        (lambda: pde.solve_darcy(TWO + 1, math.nan), ValueError, "source = nan"),
    ],
)
def test_what_cannot_be_done_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_functions_without_waves_are_resolved():
    """What is constant, or 0, has no energy but the rounding of its mean."""
    torch.testing.assert_close(pde.solve_burgers(0.1 * torch.ones(1, 1, 250), 0.01, 0.1), 0.1 * torch.ones(1, 1, 250))
    assert (pde.solve_navier_stokes(TWO, 0.01, 0.1) == 0).all()


def test_no_progress_bar_is_shown_when_none_is_asked_for(capsys):
    pde.heat(3, initial=SMOOTH, progress=False)
    assert capsys.readouterr().err == ""
