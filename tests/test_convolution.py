"""Convolution with kernels: direct sums and FFT, each the other's oracle, and the rule that chooses."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno import ConvDictionary
from saeno.kernels import convolution
from tests.helpers import gradcheck, normal, synthesis_matrix, through

# A fast length, one that is not, and both; a support of one tap, as long as the grid, and between.
CASES = [((12,), (1,)), ((12,), (7,)), ((12,), (12,)), ((17,), (1,)), ((17,), (6,)), ((17,), (17,)), ((1,), (1,))]
CASES += [((4, 9), (4, 2)), ((17, 6), (3, 6)), ((6, 19), (1, 19)), ((17, 19), (17, 5))]


@st.composite
def convolutions(draw):
    """A grid with one or two axes, a support within it, numbers of channels, concepts and signals, and a direction."""
    axes = draw(st.integers(1, 2))
    grid = tuple(draw(st.lists(st.integers(1, 60 if axes == 1 else 24), min_size=axes, max_size=axes)))
    support = tuple(draw(st.integers(1, n)) for n in grid)
    return grid, support, *(draw(st.integers(1, 4)) for _ in range(3)), draw(st.booleans())


def apart(ours, theirs):
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    return (ours - theirs).abs().max() / max(1, theirs.abs().max())


@settings(max_examples=200, deadline=None)
@given(convolutions())
def test_both_ways_are_the_same_map_with_the_same_gradients(case):
    grid, support, channels, concepts, batch, adjoint = case
    value = normal(batch, channels if adjoint else concepts, *grid).requires_grad_()
    kernels = normal(concepts, channels, *support, seed=1).requires_grad_()
    made = [way(value, kernels, adjoint) for way in (convolution.convolved_by_fft, convolution.convolved_directly)]
    towards = normal(*made[1].shape, seed=2)
    ours, theirs = ((one, *torch.autograd.grad(one, [value, kernels], towards)) for one in made)
    for a, b in zip(ours, theirs, strict=True):
        assert apart(a, b) <= 1e-12


@pytest.fixture
def always(monkeypatch):
    """Everything by FFT."""
    monkeypatch.setattr(convolution, "LIMITS", {1: 0, 2: 0})
    monkeypatch.setattr(convolution, "LEAST", 0)


@pytest.mark.parametrize("offset", [0, -2])
@pytest.mark.parametrize(("grid", "support"), CASES)
def test_a_dictionary_that_goes_by_fft_is_the_convolution_with_its_atoms(always, grid, support, offset):
    dictionary = ConvDictionary(2, 3, support, offset=(offset,) * len(grid)).double()
    matrix = synthesis_matrix(dictionary.atoms(grid).detach())
    code, signal = normal(2, 3, *grid), normal(2, 2, *grid, seed=1)
    assert convolution.by_fft(code, dictionary.weight) and convolution.by_fft(signal, dictionary.weight, adjoint=True)
    assert apart(dictionary.synthesis(code), through(matrix, code, 2)) <= 1e-12
    assert apart(dictionary.analysis(signal), through(matrix.T, signal, 3)) <= 1e-12


@pytest.mark.parametrize(("grid", "support"), [((6,), (4,)), ((17,), (3,)), ((4, 17), (2, 3))])
def test_gradients_by_finite_differences(always, grid, support):
    dictionary = ConvDictionary(1, 2, support, offset=(1,) * len(grid)).double()
    assert gradcheck(dictionary, lambda d, z: d.synthesis(z), normal(2, 2, *grid))
    assert gradcheck(dictionary, lambda d, x: d.analysis(x), normal(2, 1, *grid))


def test_a_long_kernel_goes_by_fft_a_short_one_by_the_sums_bit_for_bit(monkeypatch):
    def made(support):
        dictionary = ConvDictionary(1, 16, support)
        code, signal = normal(32, 16, 128).float(), normal(32, 1, 128).float()
        return torch.cat([dictionary.synthesis(code), dictionary.analysis(signal)], 1)

    short, long = made(127), made(128)
    monkeypatch.setattr(convolution, "LIMITS", {})
    assert torch.equal(short, made(127)) and not torch.equal(long, made(128))
    assert apart(long, made(128)) < 1e-5


def test_the_rule():
    """Each line is at a limit: the next one is beyond it."""
    for grid, support, concepts, channels, batch, adjoint, chosen in [
        ((128,), (128,), 10, 1, 32, True, True),
        ((128,), (127,), 10, 1, 32, True, False),
        ((128,), (128,), 10, 1, 31, True, False),  # 16 go out, to count, where 10 do
        ((128,), (128,), 10, 1, 4, False, True),  # and where 1 does
        ((128,), (128,), 10, 1, 3, False, False),
        ((512,), (256,), 4, 2, 64, True, True),
        ((512,), (255,), 4, 2, 64, True, False),
        ((509,), (182,), 4, 1, 64, True, True),  # 509 is prime: the FFT has length 720
        ((509,), (181,), 4, 1, 64, True, False),
        ((32, 32), (24, 32), 4, 1, 64, True, True),
        ((32, 32), (24, 31), 4, 1, 64, True, False),
        ((16, 16, 16), (16, 16, 16), 4, 1, 64, True, False),
    ]:
        value, kernels = (
            torch.zeros(batch, channels if adjoint else concepts, *grid),
            torch.zeros(concepts, channels, *support),
        )
        assert convolution.by_fft(value, kernels, adjoint) == chosen, (grid, support, batch)
    value, kernels = torch.zeros(8, 1, 1024), torch.zeros(10, 1, 1024)
    assert convolution.by_fft(value, kernels, True)
    for other in (value.half(), value.to(torch.complex64), value.to("meta"), value[:0]):
        assert not convolution.by_fft(other, kernels, True)
    with torch.autocast("cpu", torch.bfloat16):
        assert not convolution.by_fft(value, kernels, True)


def test_an_empty_batch_is_a_batch():
    dictionary = ConvDictionary(2, 3, 512)
    assert dictionary.synthesis(torch.zeros(0, 3, 512)).shape == (0, 2, 512)
    assert dictionary.analysis(torch.zeros(0, 2, 600)).shape == (0, 3, 600)


def test_lengths():
    assert [n for n in range(1, 40) if not convolution._fast(n)] == [17, 19, 23, 29, 31, 34, 37, 38]
    assert [convolution._fast_length(n) for n in (1, 7, 31, 97, 365, 1025)] == [2, 8, 32, 100, 384, 1080]
