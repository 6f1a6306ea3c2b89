"""Transforms of few frequencies: products and FFT, each the other's oracle, and the rule that chooses."""

import pytest
import torch

from saeno import FourierDictionary, SoftThreshold, SparseAutoencoder, Unrolled
from saeno.kernels import spectral
from tests.helpers import fourier_atoms, gradcheck, normal

CASES = [((7,), (3,)), ((8,), (2,)), ((8,), (0,)), ((1,), (0,)), ((128,), (2,))]
CASES += [((5, 3), (2, 1)), ((6, 9), (1, 4)), ((9, 6), (0, 2)), ((32, 34), (6, 5)), ((4, 5, 6), (1, 2, 2))]
EACH = pytest.mark.parametrize(("grid", "modes"), CASES)


def spectrum_like(grid, modes, seed=0):
    kept = [*(2 * m + 1 for m in modes[:-1]), modes[-1] + 1]
    return torch.complex(normal(2, 3, *kept, seed=seed), normal(2, 3, *kept, seed=seed + 1))


@EACH
def test_products_and_fft_are_the_same_map(grid, modes):
    """On random values, not symmetric ones: what an inverse FFT ignores, products ignore."""
    value, spectrum = normal(2, 3, *grid), spectrum_like(grid, modes)
    down, up = spectral.to_modes_by_products(value, modes), spectral.to_grid_by_products(spectrum, grid)
    assert (down - spectral.to_modes_by_fft(value, modes)).abs().max() <= 1e-12
    assert (up - spectral.to_grid_by_fft(spectrum, grid)).abs().max() <= 1e-12
    assert (
        spectral.to_grid_by_products(down.conj(), grid) - spectral.to_grid_by_fft(down.conj(), grid)
    ).abs().max() <= 1e-12


@EACH
def test_their_gradients_are_the_same_too(grid, modes):
    value, spectrum = normal(2, 3, *grid).requires_grad_(), spectrum_like(grid, modes).requires_grad_()
    for functions, given, out in [
        ((spectral.to_modes_by_products, spectral.to_modes_by_fft), value, modes),
        ((spectral.to_grid_by_products, spectral.to_grid_by_fft), spectrum, grid),
    ]:
        made = [function(given, out) for function in functions]
        towards = normal(*made[0].shape, seed=3).to(made[0].dtype)
        slopes = [torch.autograd.grad(one, given, towards)[0] for one in made]
        assert (slopes[0] - slopes[1]).abs().max() <= 1e-12


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("concepts", [1, 3])
@pytest.mark.parametrize(("grid", "modes"), [((130,), (1,)), ((256,), (2,)), ((16, 17), (3, 3)), ((32, 11), (6, 2))])
def test_a_dictionary_that_goes_by_products_is_the_one_that_goes_by_fft(monkeypatch, grid, modes, channels, concepts):
    dictionary = FourierDictionary(channels, concepts, modes).double()
    code, signal = normal(2, concepts, *grid).requires_grad_(), normal(2, channels, *grid, seed=1).requires_grad_()
    assert spectral.by_products(grid, modes, code)
    fine = tuple(2 * n + 1 for n in grid)

    def everything():
        made = (
            dictionary.synthesis(code),
            dictionary.analysis(signal),
            dictionary.atoms(grid),
            dictionary.render(code, fine),
        )
        towards = [torch.linspace(-1, 1, part.numel(), dtype=torch.float64).view_as(part) for part in made]
        return made, torch.autograd.grad(made, [code, signal, dictionary.weight], towards)

    made, slopes = everything()
    monkeypatch.setattr(spectral, "LIMITS", {})
    assert not spectral.by_products(grid, modes, code)
    for ours, theirs in zip(sum(everything(), ()), (*made, *slopes), strict=True):
        assert (ours - theirs).abs().max() <= 1e-12 * max(1, theirs.abs().max())


def test_gradients_by_finite_differences():
    dictionary = FourierDictionary(1, 2, (1, 1)).double()
    assert spectral.by_products((6, 7), (1, 1), dictionary.weight)
    assert gradcheck(dictionary, lambda d, z: d.synthesis(z), normal(2, 2, 6, 7))
    assert gradcheck(dictionary, lambda d, x: d.analysis(x), normal(2, 1, 6, 7))


@pytest.mark.filterwarnings(
    "ignore:.*torch.jit.script:DeprecationWarning"
)  # torch's own, at its first forward derivative
def test_derivatives_of_derivatives_and_derivatives_of_many_at_once():
    """Each map is the gradient of the other, to any order; `torch.func` goes through them as through the FFT."""
    for apply, given in [
        (lambda x: spectral.to_modes_by_products(x, (2, 1)), normal(2, 5, 4)),
        (lambda s: spectral.to_grid_by_products(s, (5, 4)), spectrum_like((5, 4), (2, 1))[0]),
    ]:
        given = given.requires_grad_()
        assert torch.autograd.gradgradcheck(lambda v, apply=apply: apply(v).abs() ** 2, given)
        along = torch.ones_like(given)
        _, moved = torch.func.jvp(apply, (given,), (along,))
        assert torch.allclose(moved, apply(along), atol=1e-14)
        stacked = torch.func.vmap(apply, in_dims=1)(given.movedim(0, 1).contiguous())
        assert torch.allclose(stacked, apply(given), atol=1e-14)
    dictionary = FourierDictionary(1, 2, (1, 1)).double()
    code = normal(1, 2, 6, 7)
    whole = torch.func.jacrev(dictionary.synthesis)(code)
    assert torch.allclose(whole, torch.func.jacfwd(dictionary.synthesis)(code), atol=1e-14)
    assert torch.allclose((whole * code).flatten(-4).sum(-1), dictionary.synthesis(code), atol=1e-12)


def test_atoms_by_products_are_their_sums():
    dictionary = FourierDictionary(2, 2, (2, 1)).double()
    nodes = [(i / 11, j / 12) for i in range(11) for j in range(12)]
    assert spectral.by_products((11, 12), (2, 1), dictionary.weight)
    exact = fourier_atoms(dictionary.weight, (2, 1), nodes)
    assert (dictionary.atoms((11, 12)).flatten(2) - exact).abs().max() <= 1e-12


def test_the_rule():
    value = torch.zeros(1)
    for grid, modes, chosen in [
        ((2048,), (16,), True),
        ((2048,), (17,), False),
        ((8192,), (32,), True),
        ((8192,), (33,), False),
        ((64, 64), (12, 12), True),
        ((64, 64), (12, 13), False),
        ((64, 64), (13, 12), False),
        ((128, 128), (16, 16), True),
        ((256, 256), (17, 17), False),
        ((64, 64, 64), (2, 2, 2), False),
    ]:
        assert spectral.by_products(grid, modes, value) == chosen, (grid, modes)
    assert not spectral.by_products((2048,), (16,), value.half())
    assert not spectral.by_products((2048,), (16,), value.to("meta"))
    with torch.autocast("cpu", torch.bfloat16):
        assert not spectral.by_products((2048,), (16,), value)
        made = FourierDictionary(1, 2, 1).synthesis(torch.ones(1, 2, 128))
    assert made.dtype == torch.float32


def test_matrices_are_made_once_for_each_size_and_type_and_not_saved(tmp_path):
    spectral._last_axis.cache_clear()
    model = SparseAutoencoder(FourierDictionary(1, 2, 1), Unrolled(SoftThreshold(0.01), 3))
    with torch.inference_mode():  # and what was made there serves gradients too
        model.encode(torch.ones(1, 1, 196))
    assert spectral._last_axis.cache_info().misses == 2, "one for each way"
    model.reconstruct(torch.ones(1, 1, 196)).sum().backward()
    assert spectral._last_axis.cache_info().misses == 2, "one for each way"
    model.double().encode(torch.ones(1, 1, 196).double())
    assert spectral._last_axis.cache_info().misses == 4
    assert [*model.state_dict()] == ["dictionary.weight"]
