"""Each Triton kernel is the plain function that it stands for: on a CUDA device, or in the interpreter on the CPU."""

import os
import subprocess
import sys

import pytest
import torch

from saeno import DenseDictionary, JumpReLU, SoftThreshold, SparseAutoencoder, Unrolled
from saeno.inference import one_pass
from saeno.kernels import decode, modes, order, select, shrink, spectral
from saeno.losses import l0, squared_error

triton = pytest.importorskip("triton", reason="Triton has no wheel for this machine")

from saeno.kernels.gpu import decode as decode_gpu  # noqa: E402
from saeno.kernels.gpu import modes as modes_gpu  # noqa: E402
from saeno.kernels.gpu import select as select_gpu  # noqa: E402
from saeno.kernels.gpu import shrink as shrink_gpu  # noqa: E402

CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"
DTYPES = {torch.float32: 1e-6, torch.float16: 1e-3, torch.bfloat16: 6e-3}  # and the relative error that is allowed


def normal(*shape, seed=0, dtype=torch.float32):
    made = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return made.to(DEVICE, dtype)


def whole(*shape, seed=0):
    """Whole numbers: sums of products of them are exact, and many are equal."""
    return torch.randint(-2, 3, shape, generator=torch.Generator().manual_seed(seed)).float().to(DEVICE)


def rms(found, expected):
    """The relative error, root mean square, and infinite where anything is not finite."""
    if found.is_complex():
        found, expected = (torch.view_as_real(one.resolve_conj()) for one in (found, expected))
    error, size = (found.double() - expected.double()).norm(), expected.double().norm()
    return torch.nan_to_num(error / size if size > 0 else error, nan=torch.inf).item()


def strided(value):
    """The same numbers with other strides on both axes."""
    room = torch.full((2 * value.shape[0], 3 * value.shape[1]), torch.nan).to(value)
    room[::2, ::3] = value
    return room[::2, ::3]


@pytest.fixture
def everywhere(monkeypatch):
    """Every kernel by Triton, on whatever device the tensors are."""
    for module in (decode, select, shrink, modes):
        monkeypatch.setattr(module, "by_triton", lambda *tensors: True)
    monkeypatch.setattr(select, "WRITTEN", 0)


@pytest.fixture
def spoiled(monkeypatch):
    """Memory that nobody wrote is full of NaN, and of places that are none."""
    empty, new = torch.empty, torch.Tensor.new_empty

    def full(made):
        return made.fill_(torch.nan if made.is_floating_point() else -(10**6))

    monkeypatch.setattr(torch, "empty", lambda *a, **k: full(empty(*a, **k)))
    monkeypatch.setattr(torch.Tensor, "new_empty", lambda self, *a, **k: full(new(self, *a, **k)))


# batch, list, channels, concepts: odd, tiny, lists of one, a single atom, atoms that no list has, longer than a tile.
SIZES = [(3, 2, 5, 7), (1, 1, 1, 1), (9, 1, 130, 4), (5, 4, 6, 1), (4, 3, 530, 40), (2, 20, 7, 3)]
SIZES += [(2048, 32, 768, 16384), (1000, 17, 333, 5001)] if CUDA else []


def case(batch, k, m, p, dtype=torch.float32):
    places = torch.randint(p, (batch, k), generator=torch.Generator().manual_seed(1)).to(DEVICE)
    return (
        normal(batch, k, dtype=dtype),
        places,
        normal(p, m, seed=1, dtype=dtype),
        normal(batch, m, seed=2, dtype=dtype),
    )


def both(values, places, atoms, towards):
    """The three derivatives, by Triton and plainly in float64."""
    found = order.sort(places.flatten(), len(atoms))
    wide = [one.double() for one in (values, atoms, towards)]
    return [
        (decode_gpu.decoded(values, places, atoms), decode.decoded_plainly(wide[0], places, wide[1])),
        (decode_gpu.matched(towards, places, atoms), decode.matched_plainly(wide[2], places, wide[1])),
        (
            decode_gpu.gathered(values, found.entry, found.start, towards),
            decode.gathered_plainly(wide[0], places, wide[2], len(atoms)),
        ),
    ]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("chunk", [2, 64])
def test_decode(sizes, chunk, monkeypatch, spoiled):
    monkeypatch.setattr(decode_gpu, "CHUNK", chunk)
    for found, expected in both(*case(*sizes)):
        assert rms(found, expected) < 1e-6


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_decode_in_half_precision_sums_in_float32(dtype):
    values, places, atoms, towards = case(4, 6, 40, 3, dtype)
    for found, expected in both(values, places, atoms, towards):
        assert found.dtype == dtype and rms(found, expected) < DTYPES[dtype]


def test_decode_reads_any_strides():
    values, places, atoms, towards = case(4, 3, 6, 5)
    for found, expected in both(strided(values), strided(places.float()).long(), strided(atoms), strided(towards)):
        assert rms(found, expected) < 1e-6
    for found, expected in both(values.T.contiguous().T, places.T.contiguous().T, atoms, towards[:1].expand(4, -1)):
        assert rms(found, expected) < 1e-6


def test_decode_of_zeros_of_repeated_places_and_of_nothing():
    values, places, atoms, towards = case(4, 3, 6, 5)
    for found, expected in both(0 * values, places, atoms, towards):
        assert torch.equal(found.double(), expected) or rms(found, expected) < 1e-6
    for found, expected in both(values, torch.full_like(places, 2), atoms, towards):
        assert rms(found, expected) < 1e-6
    for found, expected in both(values[:0], places[:0], atoms, towards[:0]):
        assert found.shape == expected.shape and not found.any()


def test_two_runs_give_the_same_bits():
    values, places, atoms, towards = case(40, 3, 6, 2) if not CUDA else case(4096, 32, 512, 300)
    first, second = ([found for found, _ in both(values, places, atoms, towards)] for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("by_size", [True, False], ids=["by size", "by value"])
@pytest.mark.parametrize(
    "sizes",
    [(3, 5, 7, 2), (17, 20, 70, 3), (1, 1, 1, 1), (2, 70, 65, 9), *([(1024, 256, 65536, 32)] if CUDA else [])],
    ids=str,
)
def test_encode_and_select(sizes, by_size, spoiled):
    """Exact for whole numbers, equals to the lowest index included; else to rounding, with the values of the places."""
    batch, m, p, k = sizes
    signal, weight, bias = whole(batch, m), whole(p, m, seed=1), whole(p, seed=2)
    values, places = select_gpu.encoded(signal, weight, bias, k, by_size)
    expected = select.encoded_plainly(signal, weight, bias, k, by_size)
    assert torch.equal(places, expected[1]) and torch.equal(values, expected[0])
    signal, weight = normal(batch, m), normal(p, m, seed=1)
    values, places = select_gpu.encoded(strided(signal), strided(weight), None, k, by_size)
    expected, _ = select.encoded_plainly(signal.double(), weight.double(), None, k, by_size)
    assert rms(values, expected) < 1e-6
    assert rms(values, (signal.double() @ weight.double().T).gather(1, places)) < 1e-6


@pytest.mark.parametrize("parts", [1, 100])
def test_select_does_not_depend_on_how_the_atoms_are_shared_out(parts, monkeypatch):
    signal, weight = whole(3, 4), whole(200, 4, seed=1)
    monkeypatch.setattr(select_gpu, "PARTS", parts)
    for mine, theirs in zip(
        select_gpu.encoded(signal, weight, None, 5, True),
        select.encoded_plainly(signal, weight, None, 5, True),
        strict=True,
    ):
        assert torch.equal(mine, theirs)


def test_select_of_zeros_of_nan_and_in_half_precision():
    signal, weight = normal(3, 4), normal(9, 4, seed=1)
    signal[0], signal[1, 2] = 0, torch.nan
    values, places = select_gpu.encoded(signal, weight, None, 3, True)
    assert places[0].tolist() == [0, 1, 2] and not values[0].any(), "all are equal: the first"
    assert values[1].isnan().all() and values[2].isfinite().all()
    for dtype, error in DTYPES.items():
        half = [one[2:].to(dtype) for one in (signal, weight)]
        found, where = select_gpu.encoded(*half, None, 2, False)
        expected = (half[0].double() @ half[1].double().T).gather(1, where)
        assert found.dtype == dtype and rms(found, expected) < error
    with pytest.raises(ValueError, match="k = 2000: should be at most 1024"):
        select_gpu.encoded(normal(1, 2), normal(3000, 2), None, 2000, True)


def steps(batch, m, p, dtype=torch.float32):
    return (
        normal(batch, m, dtype=dtype),
        normal(p, m, seed=1, dtype=dtype),
        normal(batch, p, seed=2, dtype=dtype),
        normal(batch, p, seed=3, dtype=dtype),
        normal(batch, seed=4, dtype=dtype).abs(),
        torch.tensor(0.3).to(DEVICE, dtype),
        normal(p, seed=5, dtype=dtype).abs(),
    )


@pytest.mark.parametrize("kind", shrink.KINDS)
@pytest.mark.parametrize(
    "sizes", [(3, 5, 7), (35, 20, 70), (1, 1, 1), *([(1024, 256, 16384)] if CUDA else [])], ids=str
)
def test_shrinkage_step(sizes, kind, spoiled):
    given, towards = steps(*sizes), normal(sizes[0], sizes[2], seed=6)
    residual, atoms, code, before, ahead, step, level = (one.double() for one in given)
    value = code + ahead[:, None] * (code - before) + step * residual @ atoms.T
    far = ((value.abs() - level).abs() > 1e-4) & (((value - level).abs() - 0.35).abs() > 1e-4)
    assert (
        rms(
            shrink_gpu.shrunk(*given, kind),
            shrink.shrunk_plainly(residual, atoms, code, before, ahead, step, level, kind),
        )
        < 1e-5
    )
    towards = torch.where(far, towards, 0.0)  # what is at a threshold is on either side of it
    found = shrink_gpu.slopes(*given, towards, kind, 0.7)
    for mine, theirs in zip(found, shrink.slopes(value, towards.double(), level, kind, 0.7), strict=True):
        assert rms(mine, theirs) < 1e-5


def test_shrinkage_step_in_half_precision_with_strides_and_nan():
    for dtype, error in DTYPES.items():
        residual, atoms, code, before, ahead, step, level = steps(4, 6, 9, dtype)
        wide = [one.double() for one in (residual, atoms, code, before, ahead, step, level)]
        given = (strided(residual), strided(atoms), strided(code), strided(before), ahead[:1].expand(4), step, level)
        wide[4] = wide[4][:1].expand(4)
        found = shrink_gpu.shrunk(*given, "soft")
        assert found.dtype == dtype and rms(found, shrink.shrunk_plainly(*wide, "soft")) < 3 * error
    residual[1, 0] = torch.nan
    for kind in shrink.KINDS:
        assert shrink_gpu.shrunk(residual, atoms, code, before, ahead, step, level, kind).isnan().any(1).tolist() == [
            0,
            1,
            0,
            0,
        ]


PLANES = [((10,), (10,), (3,), 2, 2, 3), ((9,), (12,), (4,), 1, 1, 2), ((7, 8), (7, 8), (2, 3), 2, 2, 3)]
PLANES += [((36, 40), (33, 35), (1, 4), 1, 2, 1), ((1,), (1,), (0,), 1, 1, 1), ((5, 1), (5, 1), (2, 0), 1, 1, 1)]
PLANES += [((4096,), (4096,), (64,), 8, 32, 64), ((256, 256), (256, 256), (16, 16), 4, 32, 64)] if CUDA else []


@pytest.mark.parametrize("sizes", PLANES, ids=str)
def test_spectral_product(sizes, spoiled):
    grid, to, kept, batch, into, out = sizes
    value, other, bias = normal(batch, into, *grid), normal(batch, out, *grid, seed=1), normal(out, seed=2)
    shape = (into, out, *(2 * m + 1 for m in kept[:-1]), kept[-1] + 1)
    spectrum = torch.complex(normal(*shape, seed=3), normal(*shape, seed=4))
    exact = [one.double() for one in (value, other)], spectrum.to(torch.complex128)
    assert rms(modes_gpu.to_modes(value, kept), spectral.to_modes_by_fft(exact[0][0], kept)) < 2e-6
    assert (
        rms(modes_gpu.filtered(value, spectrum, kept, to, False), spectral.filtered(exact[0][0], exact[1], kept, to))
        < 2e-6
    )
    back = spectral.filtered(exact[0][1], exact[1], kept, to, True)
    assert rms(modes_gpu.filtered(other, spectrum, kept, to, True), back) < 2e-6
    expected = modes.activated_plainly(exact[0][0], exact[1], kept, to, bias.double(), 0.2)
    assert rms(modes_gpu.filtered(value, spectrum, kept, to, False, bias, 0.2), expected) < 2e-6


def test_spectral_product_in_half_precision_and_of_what_is_not_contiguous():
    value = normal(6, 2, 7).permute(1, 2, 0)[:, ::3]
    spectrum = torch.complex(normal(3, 2, 3, seed=1), normal(3, 2, 3, seed=2)).conj()
    for dtype, error in DTYPES.items():
        found = modes_gpu.filtered(value.to(dtype), spectrum, (2,), (6,), False)
        expected = spectral.filtered(value.to(dtype).double(), spectrum.to(torch.complex128), (2,), (6,))
        assert found.dtype == dtype and rms(found, expected) < 2 * error + 2e-6


def gradients(call, inputs, towards):
    inputs = [one.clone().requires_grad_() for one in inputs]
    return torch.autograd.grad(call(*inputs), inputs, towards)


def agree(call, plainly, inputs, towards, error=1e-5):
    for found, expected in zip(gradients(call, inputs, towards), gradients(plainly, inputs, towards), strict=True):
        assert rms(found, expected) < error


def test_gradients_through_all_kernels(everywhere):
    values, places, atoms, towards = case(4, 3, 6, 5)
    ones = torch.ones((), device=DEVICE).expand(4, 6)  # what .sum() gives
    for gradient in (towards, ones):
        agree(
            lambda v, a: decode.decoded(v, places, a),
            lambda v, a: decode.decoded_plainly(v, places, a),
            [values, atoms],
            gradient,
        )
    signal, weight, bias = normal(4, 6), normal(9, 6, seed=1), normal(9, seed=2)
    for by_size in (True, False):
        agree(
            lambda x, w, b, by_size=by_size: select.encoded(x, w, b, 3, by_size)[0].clamp(min=0),
            lambda x, w, b, by_size=by_size: select.encoded_plainly(x, w, b, 3, by_size)[0].clamp(min=0),
            [signal, weight, bias],
            torch.ones((), device=DEVICE).expand(4, 3),
        )
    residual, atoms, code, before, ahead, step, level = steps(4, 6, 9)
    for kind in ("soft", "positive"):
        agree(
            lambda r, d, z, o, cut, kind=kind: shrink.shrunk(r, d, z, o, ahead, step, cut, kind),
            lambda r, d, z, o, cut, kind=kind: shrink.shrunk_plainly(r, d, z, o, ahead, step, cut, kind),
            [residual, atoms, code, before, level],
            torch.ones((), device=DEVICE).expand(4, 9),
        )
    for kept, adjoint in (((2,), False), ((2,), True), ((1, 1), False)):
        grid, to = (6, 7)[: len(kept)], (5, 8)[: len(kept)]
        shape = (2, 2, *(2 * m + 1 for m in kept[:-1]), kept[-1] + 1)
        agree(
            lambda x, s, given=(kept, to, adjoint): modes.filtered(x, s, *given),
            lambda x, s, given=(kept, to, adjoint): spectral.filtered(x, s, *given),
            [normal(2, 2, *grid), torch.complex(normal(*shape), normal(*shape, seed=1))],
            normal(2, 2, *to, seed=2),
        )


SPARSITIES = {
    "soft": lambda: SoftThreshold(0.1),
    "positive": lambda: SoftThreshold(0.1, positive=True),
    "jump": lambda: JumpReLU(0.1, 0.3),
}


@pytest.mark.parametrize("accelerate", [True, False], ids=["FISTA", "ISTA"])
@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_unrolled_steps_in_one_pass(sparsity, accelerate, everywhere, monkeypatch):
    """What losses see of the encoder, and all gradients, are those of the plain iterations."""

    def run():
        model = SparseAutoencoder(DenseDictionary(5, 8), Unrolled(SPARSITIES[sparsity](), 3, accelerate)).to(DEVICE)
        loss = l0(0.1) if sparsity == "jump" else squared_error
        loss(model, signal).backward()
        return model.encoding(signal), [one.grad for one in model.parameters()]

    signal = normal(4, 5)
    expected = run()
    made, passed = one_pass.shrunk, []
    monkeypatch.setattr(one_pass, "shrunk", lambda *given: passed.append(1) or made(*given))
    monkeypatch.setattr(one_pass, "by_triton", lambda *tensors: True)
    found = run()
    assert len(passed) == 4, "two for the loss, two for the encoding: the last step is plain"
    assert rms(found[0].code, expected[0].code) < 1e-5 and rms(found[0].values, expected[0].values) < 1e-5
    for mine, theirs in zip(found[1], expected[1], strict=True):
        assert rms(mine, theirs) < 1e-4


COMPILE = r"""
import re

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from saeno.kernels.gpu import decode, modes, select, shrink

TARGET = GPUTarget("cuda", 90, 32)


def build(kernel, constants, wide=(), scalars=()):
    names = [name for name in kernel.arg_names if name not in constants]
    pointers = POINTERS[kernel.__name__].split()
    signature = {}
    for name in names:
        if name in pointers:
            signature[name] = "*i64" if name in wide else "*bf16" if name in HALF else "*fp32"
        else:
            signature[name] = "fp32" if name in scalars else "i32"
    signature |= dict.fromkeys(constants, "constexpr")
    fixed = {(kernel.arg_names.index(name),): value for name, value in constants.items()}
    source = ASTSource(fn=kernel, signature=signature, constexprs=fixed)
    made = triton.compile(source, target=TARGET)
    assert ".visible .entry" in made.asm["ptx"]
    assert not re.search(r"^\s*(@!?%p\d+ )?(atom|red)\.", made.asm["ptx"], re.MULTILINE)


POINTERS = {
    "_decoded": "z i d out", "_matched": "g i d out", "_summed": "z entry begins ends rows g out parts",
    "_joined": "parts first out", "_encoded": "x w b out", "_shrunk": "r d z old ahead step level out",
    "_slopes": "r d z old ahead step level g out sums", "_turned": "x y bias", "_mixed": "x s y",
}
for HALF in (("d", "g", "w"),):
    build(decode._decoded, {"TILE": 256}, ("i",))
    build(decode._matched, {"LIST": 16, "TILE": 128}, ("i",))
    build(decode._summed, {"TILE": 256}, ("entry", "begins", "ends", "rows"))
    build(decode._joined, {"TILE": 256}, ("first",))
    for kept in (1, 32):
        sides = {"BIAS": True, "BY_SIZE": kept > 1, "K": kept, "ROWS": 16, "COLUMNS": 64, "TILE": 64}
        build(select._encoded, sides, ("out",))
    for kind in (0, 2):
        sides = {"KIND": kind, "ROWS": 32, "COLUMNS": 64, "TILE": 64}
        build(shrink._shrunk, sides)
        build(shrink._slopes, sides, scalars=("width",))
sides = {"LINES": 32, "OUT": 32, "INTO": 32}
TURNS = (False, True, False, False), (False,) * 4, (True, False, False, False), (True, False, True, True)
for up, read, write, act in TURNS:
    kinds = {"UP": up, "READ_REAL": read, "WRITE_REAL": write, "ACT": act}
    build(modes._turned, sides | kinds, scalars=("scale", "level"))
build(modes._mixed, {"ADJOINT": True, "ROWS": 16, "OUT": 32, "INTO": 32})
print("all compiled")
"""


def test_every_kernel_compiles_for_a_device_without_one_and_adds_nothing_atomically(tmp_path):
    """The compiler of Triton needs no device. Whether results are right there, only a device shows."""
    path = tmp_path / "build.py"
    path.write_text(COMPILE)
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, env=environment)
    assert "all compiled" in run.stdout, run.stderr[-3000:]
