"""Each metric against its definition, computed by brute force."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saeno import data, metrics
from saeno.data import SparseModel, families
from saeno.dictionaries import ConvDictionary, DenseDictionary, FourierDictionary

DOUBLE = torch.double


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def rolls(grid):
    return itertools.product(*[range(n) for n in grid])


def cosine(a, b):
    return ((a * b).sum() / (a.norm() * b.norm())).item()


def best_cosine(true, learned, signed=True):
    """Largest |cosine|, or largest cosine and at least 0, over all circular shifts, shift by shift."""
    axes = tuple(range(1, true.dim()))
    moved = (learned.roll(move, axes) if axes else learned for move in rolls(true.shape[1:]))
    return max(abs(c) if signed else max(c, 0) for c in (cosine(true, m) for m in moved))


def best_permutation(true, learned, signed):
    table = [[best_cosine(t, s, signed) for s in learned] for t in true]
    few, many = sorted((len(true), len(learned)))
    pairs = (
        [(i, j) for i, j in enumerate(order)] if len(true) == few else [(i, j) for j, i in enumerate(order)]
        for order in itertools.permutations(range(many), few)
    )
    return max(sum(table[i][j] for i, j in p) for p in pairs) / few, table


GRIDS = st.sampled_from([(), (5,), (6,), (3, 4)])


@settings(deadline=None, max_examples=40)
@given(GRIDS, st.integers(1, 4), st.integers(1, 4), st.integers(1, 2), st.booleans(), st.integers(0, 1000))
def test_matching_is_the_best_of_all_permutations_and_shifts(grid, true_count, learned_count, channels, signed, seed):
    true = normal(true_count, channels, *grid, seed=seed)
    learned = normal(learned_count, channels, *grid, seed=seed + 1)
    oracle, table = best_permutation(true, learned, signed)
    assert metrics.mcc(learned, true, signed=signed) == pytest.approx(oracle, abs=1e-10)
    found, back = metrics.mean_max_cosine(learned, true, signed=signed)
    assert found == pytest.approx(sum(map(max, table)) / true_count, abs=1e-10)
    columns = zip(*table, strict=True)
    assert back == pytest.approx(sum(map(max, columns)) / learned_count, abs=1e-10)

    match = metrics.match_atoms(learned, true, signed=signed)
    assert signed or (match.sign == 1).all()
    partners = match.index[match.index >= 0].tolist()
    assert len(set(partners)) == len(partners) == min(true_count, learned_count)
    for i, j in enumerate(match.index.tolist()):
        if j < 0:
            assert match.cosine[i] == 0
            continue
        nodes = [round(s * n) for s, n in zip(match.shift[i].tolist(), grid, strict=True)]
        moved = learned[j].roll(nodes, tuple(range(1, 1 + len(grid)))) if grid else learned[j]
        alike = match.sign[i] * cosine(true[i], moved)
        assert (alike if signed else max(alike, 0)) == pytest.approx(match.cosine[i].item(), abs=1e-10)
        assert match.cosine[i].item() == pytest.approx(table[i][j], abs=1e-10)


@pytest.mark.parametrize("grid", [(), (8,), (4, 6)])
def test_order_sign_and_shift_are_undone_in_atoms_and_codes(grid):
    """z_i(v) = s ẑ_j(v + τ): the aligned code makes with the true atoms what the learned code makes with its own."""
    axes, nodes = tuple(range(1, 1 + len(grid))), math.prod(grid)
    true = normal(3, 2, *grid)
    order, signs, moves = [2, 0, 1], [1, -1, -1], [[1] * len(grid), [0] * len(grid), [-3] * len(grid)]
    learned = torch.stack(
        [s * (true[i].roll(move, axes) if grid else true[i]) for i, s, move in zip(order, signs, moves, strict=True)]
    )
    match = metrics.match_atoms(learned, true)
    assert match.index.tolist() == [1, 2, 0]
    torch.testing.assert_close(match.cosine, torch.ones(3, dtype=DOUBLE))
    assert match.sign.tolist() == [-1, -1, 1]
    assert match.recovered() == 1 and match.recovered(at=1.0) == 0
    assert ((match.shift >= -0.5) & (match.shift < 0.5)).all()

    def synthesis(code, atoms):
        if not grid:
            return code @ atoms[:, :].flatten(1)
        code, atoms = torch.fft.fftn(code, dim=[a + 1 for a in axes]), torch.fft.fftn(atoms, dim=[a + 1 for a in axes])
        return torch.fft.ifftn(torch.einsum("bc...,cd...->bd...", code, atoms), dim=[a + 1 for a in axes]).real / nodes

    code = normal(4, 3, *grid)
    torch.testing.assert_close(synthesis(match.align(code), true), synthesis(code, learned))
    true_code = torch.where(normal(4, 3, *grid, seed=3) > 0.5, 1.0, 0.0).double()
    learned_code = torch.stack(
        [s * (true_code[:, i].roll([-m for m in move], axes) if grid else true_code[:, i])
         for i, s, move in zip(order, signs, moves, strict=True)], 1
    )  # fmt: skip
    assert metrics.support_f1(learned_code, true_code, match) == 1
    assert metrics.code_error(learned_code, true_code, match) == 0
    unmoved = metrics.Match(match.index, match.cosine, torch.zeros_like(match.shift), match.sign)
    unsigned = metrics.Match(match.index, match.cosine, match.shift, torch.ones(3))
    assert metrics.code_error(learned_code, true_code, unsigned) > 0.5
    assert not grid or metrics.support_f1(learned_code, true_code, unmoved) < 0.9


@settings(deadline=None, max_examples=30)
@given(st.integers(5, 12), st.floats(0.6, 0.95), st.floats(0.5, 0.8), st.integers(0, 255))
def test_where_codes_are_positive_a_wave_is_not_turned_over(waves, turn, width, place):
    """The phase of a learned wave is more than a quarter of a period off, so that minus it lies nearer to the true one.

    With a sign the match is that; without, it is half a period further on, and positive codes stay positive.
    """
    n = 256
    u = torch.arange(n, dtype=DOUBLE) / n - 0.5

    def wave(angle):
        return (torch.exp(-((u * waves / width) ** 2) / 2) * torch.cos(2 * math.pi * waves * u + angle)).view(1, 1, n)

    true, learned = wave(0.0), wave(math.pi * turn).roll(place, 2)
    free, positive = metrics.match_atoms(learned, true), metrics.match_atoms(learned, true, signed=False)
    assert free.sign.item() == -1 and positive.sign.item() == 1
    assert 0 < positive.cosine < free.cosine
    apart = (free.shift - positive.shift).abs().item()
    assert min(apart, 1 - apart) == pytest.approx(0.5 / waves, abs=2 / n)
    code = torch.rand(2, 1, n, generator=torch.Generator().manual_seed(place))
    assert (positive.align(code) >= 0).all() and (free.align(code) <= 0).all()


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([(5,), (6,), (3, 4)]), st.integers(1, 4), st.integers(0, 1000))
def test_where_atoms_are_found_a_free_sign_changes_nothing(grid, concepts, seed):
    true = normal(concepts, 2, *grid, seed=seed)
    order = torch.randperm(concepts, generator=torch.Generator().manual_seed(seed))
    learned = true[order].roll((1,) * len(grid), tuple(range(2, 2 + len(grid))))
    free, positive = metrics.match_atoms(learned, true), metrics.match_atoms(learned, true, signed=False)
    for name in ("index", "cosine", "shift", "sign"):
        torch.testing.assert_close(getattr(free, name), getattr(positive, name))
    assert positive.recovered() == 1


def test_without_a_sign_an_opposite_atom_is_not_found():
    true = torch.eye(3, dtype=DOUBLE)
    learned = torch.stack([-true[0], true[1], 0 * true[2], -true[1]])
    match = metrics.match_atoms(learned, true, signed=False)
    assert match.cosine.tolist() == [0, 1, 0] and match.index[1] == 1 and match.sign.tolist() == [1, 1, 1]
    assert match.recovered() == pytest.approx(1 / 3)
    assert metrics.cosines(learned, true, signed=False).value.diagonal().tolist() == [-1, 1, 0]
    assert metrics.mean_max_cosine(learned, true, signed=False) == (pytest.approx(1 / 3), 1 / 4)
    few = metrics.match_atoms(learned[:2], true, signed=False)
    assert few.index.tolist().count(-1) == 1 and few.cosine.tolist() == [0, 1, 0]
    assert metrics.mcc(learned[:2], true, signed=False) == 1 / 2


def test_atoms_matched_on_one_grid_align_codes_on_another():
    truth = families.bumps_and_gabors(0).double()
    model = SparseModel(truth, 3)
    events = model.sample_events(6, torch.Generator().manual_seed(0), grid=32)
    moved = truth.at(torch.arange(64, dtype=DOUBLE) / 64 - 0.25)  # D̂(u) = D(u − ¼), so D(u) = D̂(u + ¼): τ = −¼
    match = metrics.match_atoms(moved, truth)
    assert match.shift[:, 0].tolist() == [-0.25] * 5
    for n in (32, 128):
        true_code = model.code(events, n)
        learned_code = true_code.roll(-n // 4, 2)
        assert metrics.support_f1(learned_code, true_code, match) == 1
        assert metrics.code_error(learned_code, true_code, match) == 0


def test_dictionaries_and_tensors_give_one_match():
    vectors = DenseDictionary(6, 4, seed=1)
    assert metrics.mcc(vectors, vectors.weight.detach()) == pytest.approx(1)
    assert metrics.match_atoms(DenseDictionary(6, 4, seed=2), vectors).cosine.shape == (4,)
    functions = FourierDictionary(1, 3, 4)
    for match in (
        metrics.match_atoms(functions, functions.atoms(16)),
        metrics.match_atoms(functions.atoms(16), functions),
        metrics.match_atoms(functions, functions, grid=16),
        metrics.match_atoms(ConvDictionary.from_atoms(functions.atoms(16)), functions, grid=16),
    ):
        torch.testing.assert_close(match.cosine, torch.ones(3))
        assert not match.cosine.requires_grad


def test_atoms_that_are_missing_extra_or_zero():
    true = torch.eye(3, dtype=DOUBLE)
    few = metrics.match_atoms(true[:1], true)
    assert few.index.tolist() == [0, -1, -1] and few.cosine.tolist() == [1, 0, 0]
    assert few.recovered() == pytest.approx(1 / 3)
    assert metrics.mcc(true[:1], true) == 1
    assert metrics.mean_max_cosine(true[:1], true) == (pytest.approx(1 / 3), 1)
    many = metrics.match_atoms(torch.cat([true, torch.zeros(1, 3, dtype=DOUBLE)]), true)
    assert many.index.tolist() == [0, 1, 2]

    code = torch.tensor([[1.0, 0.0, 2.0, 3.0]])
    true_code = torch.tensor([[1.0, 0.0, 2.0]])
    # Three entries found, two true, two of them hits: the entry of the atom that stands for nothing is a false alarm.
    assert metrics.support_f1(code, true_code, many) == pytest.approx(2 * 2 / (3 + 2))
    assert metrics.code_error(code, true_code, many) == pytest.approx(3 / math.sqrt(5))
    assert many.unmatched(code).tolist() == [[3.0]]
    # One learned atom for three true ones: concept 0 is right, concept 2 is missed.
    assert metrics.support_f1(code[:, :1], true_code, few) == pytest.approx(2 * 1 / (1 + 2))
    assert metrics.code_error(code[:, :1], true_code, few) == pytest.approx(2 / math.sqrt(5))


def test_support_f1_counts_entries_and_forgives_within_the_tolerance():
    match = metrics.match_atoms(normal(2, 1, 10), normal(2, 1, 10))
    assert match.index.tolist() == [0, 1] and not match.shift.any()
    true, code = torch.zeros(1, 2, 10), torch.zeros(1, 2, 10)
    true[0, 0, 0] = true[0, 1, 5] = 1
    code[0, 0, 9] = code[0, 1, 5] = code[0, 1, 8] = 1  # one node off across the seam, exact, and three nodes off
    assert metrics.support_f1(code, true, match) == pytest.approx(2 * 1 / (3 + 2))
    precision, recall = 2 / 3, 1
    within = metrics.support_f1(code, true, match, tolerance=0.1)
    assert within == pytest.approx(2 * precision * recall / (precision + recall))
    assert metrics.support_f1(code, true, match, tolerance=0.3) == 1
    assert metrics.support_f1(torch.zeros_like(code), true, match, tolerance=0.5) == 0


def test_fvu_is_one_for_the_mean_and_the_share_of_the_noise():
    signal = normal(200, 3) + torch.tensor([5.0, -2.0, 0.0])
    assert metrics.fvu(signal, signal.mean(0).expand_as(signal)) == pytest.approx(1)
    assert metrics.fvu(signal, signal) == 0
    noise = 0.1 * normal(200, 3, seed=1)
    expected = noise.square().sum() / ((signal - signal.mean(0)) ** 2).sum()
    assert metrics.fvu(signal, signal + noise) == pytest.approx(expected.item())
    functions = normal(1, 2, 8, 8)
    constant = functions.mean((2, 3), keepdim=True).expand_as(functions)
    assert metrics.fvu(functions, constant) == pytest.approx(1)  # one signal is enough: its nodes vary


def test_fvu_does_not_depend_on_the_grid():
    model = SparseModel(families.bumps_and_gabors(0).double(), 4)
    events = model.sample_events(5, torch.Generator().manual_seed(0))
    other = events._replace(mass=1.1 * events.mass)
    coarse, fine = (metrics.fvu(model.render(events, n), model.render(other, n)) for n in (256, 512))
    assert coarse == pytest.approx(fine, rel=1e-9)


def test_l0_and_dead_atoms_count_entries_that_are_not_zero():
    code = torch.zeros(2, 3, 4)
    code[0, 0, 1] = code[0, 0, 2] = code[1, 2, 3] = -1
    assert metrics.l0(code) == 1.5
    assert metrics.dead_atoms(code).tolist() == [False, True, False]
    assert metrics.dead_atoms(c for c in (code[:1], code[:1])).tolist() == [False, True, True]
    assert metrics.dead_atoms(torch.zeros(1, 2)).tolist() == [True, True]


@settings(deadline=None, max_examples=20)
@given(GRIDS, st.integers(2, 4), st.integers(0, 1000))
def test_coherence_is_the_largest_cosine_of_two_atoms(grid, concepts, seed):
    atoms = normal(concepts, 2, *grid, seed=seed)
    pairs = (best_cosine(a, b) for a, b in itertools.combinations(atoms, 2))
    assert metrics.coherence(atoms) == pytest.approx(max(pairs), abs=1e-10)


def test_coherence_of_an_atom_with_its_own_shifts():
    n = 16
    for grid in ((n,), (n, n)):
        atom = torch.zeros(1, 1, *grid)
        atom[0, 0, :3] = 1 if len(grid) == 1 else torch.eye(n)[0]
        # Three ones in a row: moved by one node they share two, by two nodes one.
        assert metrics.coherence(atom, own_beyond=0) == pytest.approx(2 / 3)
        assert metrics.coherence(atom, own_beyond=1 / n) == pytest.approx(1 / 3)
        assert metrics.coherence(atom, own_beyond=2 / n) == pytest.approx(0, abs=1e-6)
    both = torch.cat([atom, atom.roll(1, 2) + atom.roll(8, 3)])
    assert metrics.coherence(both) == pytest.approx(1 / math.sqrt(2))


def all_shifts(atoms):
    """The dictionary of all shifts of functions `(concepts, channels, *grid)`, as vectors."""
    axes = tuple(range(1, atoms.dim() - 1))
    moved = [atom.roll(move, axes) if axes else atom for atom in atoms for move in rolls(atoms.shape[2:])]
    return torch.stack(moved).flatten(1)


@settings(deadline=None, max_examples=40)
@given(GRIDS, st.integers(1, 3), st.integers(1, 4), st.integers(0, 1000))
def test_babel_is_the_largest_sum_of_cosines_over_all_choices(grid, concepts, k, seed):
    """Every atom against every k others: those of other concepts at any shift, and with own_beyond its own shifts."""
    atoms = normal(concepts, 2, *grid, seed=seed)
    units = all_shifts(atoms)
    table = (units / units.norm(dim=1, keepdim=True)) @ (units / units.norm(dim=1, keepdim=True)).T
    nodes = math.prod(grid)
    for own in (None, 0.0):
        best = 0.0
        for i, row in enumerate(table.abs().tolist()):
            others = [c for j, c in enumerate(row) if (j != i if own == 0 else j // nodes != i // nodes)]
            best = max([best, *(sum(choice) for choice in itertools.combinations(others, k))])
            enough = len(others) >= k
        if not enough:
            with pytest.raises(ValueError, match=f"k = {k}: should be at most the {len(others)} others"):
                metrics.babel(atoms, k, own_beyond=own)
            continue
        assert metrics.babel(atoms, k, own_beyond=own) == pytest.approx(best, abs=1e-10)
        if k == 1:
            assert metrics.coherence(atoms, own_beyond=own) == pytest.approx(best, abs=1e-10)


def test_babel_tells_crowds_from_pairs():
    """One pair of atoms alike in an orthonormal basis, and an equiangular frame: μ₁(k) = μ, and μ₁(k) = k μ."""
    pair = torch.eye(6, dtype=DOUBLE)
    pair[1] = 0.6 * pair[0] + 0.8 * pair[1]
    assert [metrics.babel(pair, k) for k in (1, 2, 5)] == pytest.approx([0.6] * 3, abs=1e-12)
    crowd = torch.eye(6, dtype=DOUBLE) - 1 / 6  # the corners of a simplex: all cosines are −1/5
    assert [metrics.babel(3 * crowd, k) for k in (1, 2, 5)] == pytest.approx([0.2, 0.4, 1.0], abs=1e-12)
    board = data.lines(5)  # every line meets 25 others, in one of its 5 squares
    assert [metrics.babel(board, k) for k in (1, 7, 25, 29)] == pytest.approx([0.2, 1.4, 5.0, 5.0], abs=1e-5)
    assert isinstance(metrics.babel(DenseDictionary(4, 8), 2), float)
    assert metrics.babel(FourierDictionary(1, 3, 4), 2, grid=16) > metrics.coherence(FourierDictionary(1, 3, 4), 16)


def event_codes(dictionary, n, m, seed=0):
    model = SparseModel(dictionary, 4)
    grid = min(n, m) if dictionary.axes == 1 else (min(n, m),) * 2
    events = model.sample_events(3, torch.Generator().manual_seed(seed), grid=grid)
    return [model.code(events, k if dictionary.axes == 1 else (k, k)) for k in (n, m)]


@pytest.mark.parametrize("axes, n, m", [(1, 64, 128), (1, 96, 32), (2, 8, 24)])
def test_the_same_events_on_two_grids_compare_as_equal(axes, n, m):
    truth = families.FunctionAtoms([families.gaussian(0.1, axes), families.box(0.3, axes)], axes).double()
    a, b = event_codes(truth, n, m)
    same = metrics.compare_codes(a, b)
    assert same.cosine == pytest.approx(1, abs=1e-12)
    assert same.relative_l2 == pytest.approx(0, abs=1e-12)
    assert same.mass_ratio == pytest.approx(1, abs=1e-12)
    wrong = metrics.compare_codes(2 * a, b)  # a wrong dx: the impulse was not scaled by N
    assert wrong.cosine == pytest.approx(1, abs=1e-12)
    assert wrong.relative_l2 == pytest.approx(1, abs=1e-12)
    assert wrong.mass_ratio == pytest.approx(2, abs=1e-12)
    other = event_codes(truth, n, m, seed=1)[0]
    assert metrics.compare_codes(other, b).cosine < 0.8


def test_smoothing_forgives_a_small_move_as_two_gaussians_overlap():
    """Two Gaussians of standard deviation w, a distance d apart, have cosine exp(−d²/4w²)."""
    n, width = 256, 1 / 32
    a, b = torch.zeros(1, 1, n, dtype=DOUBLE), torch.zeros(1, 1, n, dtype=DOUBLE)
    a[0, 0, 0], b[0, 0, 4] = n, n
    expected = math.exp(-((4 / n) ** 2) / (4 * width**2))
    assert metrics.compare_codes(a, b, width).cosine == pytest.approx(expected, abs=1e-9)
    vectors = normal(3, 5), normal(3, 5, seed=1)
    assert metrics.compare_codes(*vectors).cosine == pytest.approx(cosine(*vectors), abs=1e-12)


CODE = torch.ones(2, 3, 8)
MATCH = metrics.match_atoms(normal(3, 1, 8), normal(3, 1, 8))


@pytest.mark.parametrize(
    "call, names",
    [
        (lambda: metrics.match_atoms(normal(3, 2), normal(3, 4)), "learned atoms have shape .*3, 2"),
        (lambda: metrics.match_atoms(normal(3), normal(3)), "should be .concepts"),
        (lambda: metrics.match_atoms(normal(3, 1, 8), normal(3, 1, 8) / 0), "true has NaN or infinite values"),
        (lambda: metrics.match_atoms(FourierDictionary(1, 2, 3), FourierDictionary(1, 2, 3)), "grid = None"),
        (lambda: metrics.coherence(normal(1, 4)), "coherence needs two"),
        (lambda: metrics.babel(normal(3, 4), 0), "k = 0: should be a whole number"),
        (lambda: metrics.babel(normal(3, 4), 3), "k = 3: should be at most the 2 others"),
        (lambda: metrics.babel(FourierDictionary(1, 2, 3), 1), "grid = None"),
        (lambda: MATCH.align(CODE[:, :2]), "code has shape .*at least 3 concepts"),
        (lambda: MATCH.align(CODE[..., 0]), "a grid of 1 axes"),
        (lambda: metrics.support_f1(CODE, CODE[..., :4], MATCH), r"true_code has shape \(2, 3, 4\)"),
        (lambda: metrics.support_f1(CODE, 0 * CODE, MATCH), "true_code has no active entry"),
        (lambda: metrics.code_error(CODE, 0 * CODE, MATCH), "true_code is zero"),
        (lambda: metrics.fvu(CODE, CODE[..., :4]), "reconstruction has shape"),
        (lambda: metrics.fvu(CODE, CODE), "signal does not vary"),
        (lambda: metrics.dead_atoms([]), "codes is empty"),
        (lambda: metrics.compare_codes(CODE, CODE[:1]), "equal batch"),
        (lambda: metrics.compare_codes(CODE, 0 * CODE), "b has norm 0"),
        (lambda: metrics.compare_codes(CODE / 0, CODE), "a has NaN or infinite values"),
    ],
)
def test_errors_name_the_argument(call, names):
    with pytest.raises(ValueError, match=names):
        call()


def test_cosines_keep_their_sign_and_say_where():
    """An atom and its negative, moved by three nodes, has cosine −1 at that place; the other pairs are no larger."""
    true = torch.randn(3, 1, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = metrics.cosines(-true.roll(-3, 2), true)
    assert torch.allclose(found.value.diagonal(), -torch.ones(3, dtype=torch.float64))
    assert found.place.diagonal().tolist() == [3, 3, 3]
    assert found.value.shape == (3, 3) and (found.value.abs() <= 1 + 1e-12).all()


def test_amounts_that_cannot_be_are_named():
    code, match = torch.ones(2, 3, 8), metrics.match_atoms(torch.eye(3).unsqueeze(1), torch.eye(3).unsqueeze(1))
    with pytest.raises(ValueError, match=r"tolerance = -0.1: should be a finite number ≥ 0"):
        metrics.support_f1(code, code, match, tolerance=-0.1)
    with pytest.raises(ValueError, match=r"width = nan: should be a finite number ≥ 0"):
        metrics.compare_codes(code, code, width=math.nan)
    with pytest.raises(ValueError, match="signal has NaN or infinite values"):
        metrics.fvu(code * math.nan, code)


# --- equivariance


def moved_by_hand(x, shift, reflect, sign):
    """(g x)(i) = ±x(±(i − s)), node by node."""
    n = x.shape[-1]
    return torch.stack([sign * x[..., (-1 if reflect else 1) * (i - shift) % n] for i in range(n)], -1)


@pytest.mark.parametrize("shift", [0, 1, 3, -2])
@pytest.mark.parametrize("reflect", [False, True])
@pytest.mark.parametrize("negate", [False, True])
def test_the_equivariance_error_is_the_commutator_node_by_node(shift, reflect, negate):
    """Tried: a reflection that moves node 0, shift and reflection in the other order, the norm of f(g x) below."""
    x = normal(3, 2, 7)
    ramp = torch.arange(7.0).double()

    def function(x):
        return (ramp * x + x.square()).sum(1, keepdim=True)

    if shift == 0 and not reflect and not negate:
        with pytest.raises(ValueError, match="shift = 0: should move something"):
            metrics.equivariance_error(function, x)
        return
    sign = -1 if negate else 1
    wanted = function(moved_by_hand(x, shift, reflect, sign)) - moved_by_hand(function(x), shift, reflect, sign)
    found = metrics.equivariance_error(function, x, shift, reflect, negate)
    assert found == pytest.approx((wanted.norm() / function(x).norm()).item(), abs=1e-12) and found > 0.1


def test_what_is_equivariant_has_no_error():
    x, plane = normal(3, 2, 8), normal(2, 1, 4, 6)
    kernel = ConvDictionary(2, 5, 3).double()
    assert metrics.equivariance_error(kernel.analysis, x, 3) < 1e-12
    assert metrics.equivariance_error(kernel.analysis, x, 3, reflect=True) > 0.1
    assert metrics.equivariance_error(torch.tanh, x, 5, reflect=True, negate=True) == 0
    assert metrics.equivariance_error(torch.abs, x, negate=True) == 2  # |x| is even, and should be odd
    assert metrics.equivariance_error(lambda x: x.cumsum(3), plane, (1, 0)) < 1e-12
    assert metrics.equivariance_error(lambda x: x.cumsum(3), plane, (0, 1)) > 0.1
    assert metrics.equivariance_error(lambda x: 1e-30 * x.float() * ramp(8), 1e-8 * x.float(), 1) > 0.1


def ramp(n):
    return torch.arange(1.0, n + 1)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda x: metrics.equivariance_error(torch.abs, x[..., 0], 1), "x = a tensor"),
        (lambda x: metrics.equivariance_error(torch.abs, x, (1, 1)), r"shift = \(1, 1\) has 2 axes"),
        (lambda x: metrics.equivariance_error(torch.abs, x, 8), "shift = 8: should move something"),
        (
            lambda x: metrics.equivariance_error(lambda x: x[..., ::2], x, 1),
            r"function gave .* should be \(3, channels, 8\)",
        ),
        (lambda x: metrics.equivariance_error(torch.zeros_like, x, 1), "function gives zeros"),
    ],
)
def test_a_commutator_that_says_nothing_is_refused(call, names):
    with pytest.raises(ValueError, match=names):
        call(normal(3, 2, 8))


def test_a_function_that_gives_no_tensor_is_refused():
    for function in (lambda x: (x, x), 3, dict):
        with pytest.raises(TypeError, match="function"):
            metrics.equivariance_error(function, normal(3, 2, 8), 1)
