"""Matching pursuit by a table of inner products: against the recursion that computes all masses anew for each event."""

import pytest
import torch

from saeno import ConvDictionary, DenseDictionary, FourierDictionary, Lifted, Lifting, MatchingPursuit, TopK
from saeno.data.families import bumps_and_gabors
from saeno.grids import count_nodes
from saeno.inference import gram as table
from saeno.inference.gram import Gram
from saeno.sparsity import Events
from tests.helpers import gradcheck, lifting, normal, one_of_each, synthesis_matrix


def every() -> dict[str, tuple]:
    """One of each, and what has something of its own: a short reach, taps before node 0, a lift that is not Pᵀ."""
    project = normal(2, 3)
    others = {
        "short": (ConvDictionary(2, 3, 3), (16,)),
        "short, offset": (ConvDictionary(2, 3, 4, offset=-2), (14,)),
        "short, two axes": (ConvDictionary(2, 3, (2, 3)), (9, 10)),
        "short, one axis of two": (ConvDictionary(2, 3, (2, 6)), (9, 6)),
        "short, lifted": (Lifted(ConvDictionary(3, 3, 3).double(), lifting(2, 3)), (12,)),
        "two unlike axes": (FourierDictionary(2, 3, (2, 1)), (5, 6)),
        "three axes": (FourierDictionary(2, 2, (1, 1, 1)), (3, 4, 5)),
        "lifted residual": (Lifted(ConvDictionary(3, 3, 3).double(), lifting(2, 3), "lifted"), (12,)),
        "no adjoint": (Lifted(DenseDictionary(3, 6).double(), Lifting(2 * project.T, project)), ()),
        "whitened": (
            Lifted(ConvDictionary(2, 3, 3).double(), Lifting.spectral_whitening(normal(50, 2, 12))),
            (12,),
        ),
    }
    return one_of_each() | {name: (dictionary.double(), grid) for name, (dictionary, grid) in others.items()}


EVERY = pytest.mark.parametrize("name", list(every()))


def anew(dictionary, signal, k, positive=False, concepts=None):
    """The pursuit as it is defined, by a synthesis and an analysis for each event."""
    choose = TopK(1, positive)
    chosen = [choose.select(dictionary.analysis(signal))]
    code = chosen[0].code()
    for _ in range(k - 1):
        masses, closed = dictionary.correlate(signal, code), None
        if concepts is not None and len(chosen) >= concepts:
            used = torch.zeros(masses.shape[:2], dtype=torch.bool)
            used = used.scatter(1, torch.cat([one.indices for one in chosen], 1) // count_nodes(masses.shape[2:]), True)
            closed = ~used & (used.sum(1, keepdim=True) >= concepts)
        chosen.append(choose.select(masses, closed))
        code = code + chosen[-1].code()
    values, indices = (torch.cat([one[part] for one in chosen], 1) for part in (0, 1))
    return Events(values, indices, chosen[0].shape)


@pytest.fixture
def tables(monkeypatch):
    """The tables that are made."""
    made, init = [], Gram.__init__
    monkeypatch.setattr(Gram, "__init__", lambda self, *args: (made.append(self), init(self, *args))[1])
    return made


# --- the table


@EVERY
def test_what_an_event_takes_is_the_column_of_its_operator(name):
    """`take_` and `between` against DᵀD column by column, as `correlate` has it: of zero minus one event."""
    dictionary, grid = every()[name]
    entries = dictionary.concepts * count_nodes(grid)
    unit = Events(torch.ones(entries, 1).double(), torch.arange(entries).unsqueeze(1), (dictionary.concepts, *grid))
    nothing = torch.zeros(entries, dictionary.channels, *grid).double()
    column = -dictionary.correlate(nothing, unit.code()).flatten(1)
    gram, masses = Gram(dictionary, grid), normal(entries, dictionary.concepts, count_nodes(grid))
    left = masses.clone()
    gram.take_(left, unit.indices[:, 0], 2 * torch.ones(entries).double())
    torch.testing.assert_close(left.flatten(1), masses.flatten(1) - 2 * column)
    at = torch.arange(entries)
    torch.testing.assert_close(gram.between(at[:, None].expand(-1, entries), at.expand(entries, -1)), column)


def test_the_table_of_vectors_is_their_gram_matrix_and_that_of_functions_their_correlations():
    dictionary, grid = one_of_each()["fourier-2d"]
    matrix = synthesis_matrix(dictionary.atoms(grid).detach())  # with 1/N in each column
    first = [concept * count_nodes(grid) for concept in range(3)]
    expected = (count_nodes(grid) * matrix.T @ matrix)[first].view(3, 3, *grid)
    torch.testing.assert_close(dictionary.gram(grid), expected)
    atoms = normal(5, 3)
    torch.testing.assert_close(DenseDictionary.from_atoms(atoms).gram(), atoms @ atoms.T)


def test_short_atoms_need_a_short_table():
    dictionary = ConvDictionary(2, 3, (4, 8))
    assert dictionary.reach((64, 10)) == (7, 10) and Gram(dictionary, (64, 10)).table.shape == (3, 3, 7, 10)
    assert Gram(dictionary, (8, 15)).window == (8, 15)  # a whole one is faster there
    assert FourierDictionary(2, 3, 2).reach(9) == (9,)
    assert Lifted(ConvDictionary(3, 3, 4), Lifting.gaussian(2, 3)).reach(64) == (7,)
    whitened, grid = every()["whitened"]
    assert whitened.reach(grid) == grid  # its lifting is a filter, which reaches further


# --- the same events, masses and gradients


@pytest.mark.parametrize("concepts", [None, 1, 2])
@pytest.mark.parametrize("positive", [False, True])
@EVERY
def test_the_same_events_and_gradients(name, positive, concepts, tables):
    dictionary, grid = every()[name]
    signal = normal(12, 2, *grid).requires_grad_()
    weights = normal(4).abs()
    for k in (2, 4):
        found = MatchingPursuit(k, positive, concepts=concepts).events(dictionary, signal)
        expected = anew(dictionary, signal, k, positive, concepts)
        assert torch.equal(found.indices, expected.indices) and found.shape == expected.shape
        torch.testing.assert_close(found.values, expected.values, rtol=1e-11, atol=1e-13)
        sides = [
            torch.autograd.grad((events.values.pow(3) * weights[:k]).sum(), [signal, dictionary.weight])
            for events in (found, expected)
        ]
        for ours, theirs in zip(*sides, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12 * theirs.abs().max().item())
    assert len(tables) == 2, "no table was used"


@pytest.mark.parametrize("name", ["dense", "short", "fourier-2d", "lifted-conv", "lifted residual"])
def test_gradients_are_those_of_finite_differences(name, tables):
    dictionary, grid = every()[name]
    encoder = MatchingPursuit(3)
    signal = normal(2, 2, *grid)
    for part in dictionary.parameters():
        part.requires_grad_(part is dictionary.weight)
    assert gradcheck(dictionary, lambda d, x: encoder.events(d, x).values, signal)
    assert tables


def test_what_was_learned_of_a_lifting_moves_too():
    dictionary, grid = Lifted(FourierDictionary(3, 3, 2), Lifting.learned(2, 3)).double(), (6,)
    signal, sides = normal(9, 2, *grid), []
    for events in (MatchingPursuit(3).events(dictionary, signal), anew(dictionary, signal, 3)):
        sides.append(torch.autograd.grad(events.values.pow(3).sum(), list(dictionary.parameters())))
    assert len(sides[0]) > 1
    for ours, theirs in zip(*sides, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_second_derivatives_and_forward_mode():
    dictionary, signal = DenseDictionary(4, 6).double(), normal(6, 4)
    weight = dictionary.weight.detach().clone().requires_grad_()

    def masses(weight, events):
        moved = torch.func.functional_call(_Call(dictionary, events), {"dictionary.weight": weight}, (signal,))
        return moved.pow(3).sum()

    ours, theirs = (
        torch.autograd.functional.hessian(lambda w, e=events: masses(w, e), weight)
        for events in (MatchingPursuit(3).events, lambda d, x: anew(d, x, 3))
    )
    torch.testing.assert_close(ours, theirs)
    moved = [
        torch.func.jvp(lambda x, e=events: e(dictionary, x).values, (signal,), (signal.flip(0),))[1]
        for events in (MatchingPursuit(3).events, lambda d, x: anew(d, x, 3))
    ]
    torch.testing.assert_close(*moved)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(signal, signal.flip(0))
        values = MatchingPursuit(3).events(dictionary, dual).values
        torch.testing.assert_close(torch.autograd.forward_ad.unpack_dual(values).tangent, moved[1])


class _Call(torch.nn.Module):
    def __init__(self, dictionary, events):
        super().__init__()
        self.dictionary, self.events = dictionary, events

    def forward(self, signal):
        return self.events(self.dictionary, signal).values


def test_transforms_of_torch_func_go_through():
    dictionary, signal = FourierDictionary(2, 3, 2).double(), normal(4, 2, 6)
    encoder = MatchingPursuit(3, positive=True)

    def masses(x):
        return encoder.events(dictionary, x[None]).values[0]

    each = torch.func.vmap(masses)(signal)
    torch.testing.assert_close(each, encoder.events(dictionary, signal).values)
    slope = torch.func.grad(lambda x: encoder.events(dictionary, x).values.pow(2).sum())(signal)
    asked = signal.clone().requires_grad_()
    torch.testing.assert_close(
        slope, torch.autograd.grad(encoder.events(dictionary, asked).values.pow(2).sum(), asked)[0]
    )


# --- ties, rounding, units


@pytest.mark.parametrize("largest", [0, table.LARGEST])
def test_of_equal_masses_the_first_is_taken(largest, monkeypatch):
    """Integers, so that equal is equal: in the table and anew, in small and large codes."""
    monkeypatch.setattr(table, "LARGEST", largest)
    for size in (6, 40, 90):
        dictionary = DenseDictionary.from_atoms(torch.eye(size).double())
        signal = torch.tensor([[0.0, -1.0, 1.0, 1.0, -1.0] + [0.5] * (size - 5)] * size).double()
        found = MatchingPursuit(4).events(dictionary, signal)
        assert found.indices.unique(dim=0).tolist() == [[1, 2, 3, 4]]
        assert found.values[0].tolist() == [-1.0, 1.0, 1.0, -1.0]
    pulses = ConvDictionary(1, 2, 1)
    pulses.weight.data.fill_(1.0)
    signal = torch.zeros(40, 1, 16)
    signal[:, 0, [3, 5, 9]] = 1.0
    assert MatchingPursuit(3).events(pulses, signal).indices.unique(dim=0).tolist() == [[3, 5, 9]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_does_not_add_up_over_a_long_pursuit(dtype):
    """256 events among atoms with cosines of .9: all masses that are left are those computed anew, to √k·ε·‖x‖."""
    shared = normal(1, 32)
    dictionary = DenseDictionary.from_atoms((normal(64, 32, seed=1) + 3 * shared).to(dtype)).normalize_()
    cosines = dictionary.gram().fill_diagonal_(0)
    assert cosines.mean() > 0.85
    signal = normal(48, 32, seed=2).to(dtype)
    events = MatchingPursuit(256, detach=True).events(dictionary, signal)
    exact = DenseDictionary.from_atoms(dictionary.weight.double())
    code = torch.zeros(48, 64, dtype=torch.float64)
    bound = 2 * 256**0.5 * torch.finfo(dtype).eps * signal.double().norm(dim=1)
    for event in range(256):
        at = events.indices[:, event : event + 1]
        masses = exact.correlate(signal.double(), code).detach()
        assert ((masses.gather(1, at) - events.values[:, event : event + 1]).abs()[:, 0] <= bound).all()
        assert (masses.abs().amax(1) - masses.gather(1, at).abs()[:, 0] <= 2 * bound).all(), "another one is larger"
        code = code.scatter_add(1, at, events.values[:, event : event + 1].double())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@EVERY
def test_units_do_not_matter(name, dtype):
    """Powers of two change no bit; 1e-15 and 1e15 round the signal, and the masses follow."""
    dictionary, grid = every()[name]
    dictionary, signal, encoder = dictionary.to(dtype), normal(12, 2, *grid).to(dtype), MatchingPursuit(4, detach=True)
    plain = encoder.events(dictionary, signal)
    for factor in (2.0**-50, 2.0**50):
        scaled = encoder.events(dictionary, factor * signal)
        assert torch.equal(scaled.indices, plain.indices) and torch.equal(scaled.values, factor * plain.values)
    for factor in (1e-15, 1e15):
        scaled = encoder.events(dictionary, factor * signal)
        assert torch.equal(scaled.indices, plain.indices)
        close = 30 * torch.finfo(dtype).eps
        torch.testing.assert_close(scaled.values / factor, plain.values, rtol=close, atol=close)
    together = encoder.events(dictionary, torch.cat([1e-15 * signal[:6], 1e15 * signal[6:]]))
    assert torch.equal(together.indices, plain.indices)


def test_half_precision_is_chosen_in_float32():
    dictionary, signal = FourierDictionary(2, 3, 2).to(torch.bfloat16), normal(12, 2, 6).to(torch.bfloat16)
    found = MatchingPursuit(4).events(dictionary, signal)
    assert found.values.dtype == torch.bfloat16 and found.values.isfinite().all()
    exact = MatchingPursuit(1).events(dictionary.float(), signal.float())
    torch.testing.assert_close(found.values[:, :1].float(), exact.values, rtol=0.02, atol=0.02)


def test_a_spoiled_signal_spoils_no_other():
    dictionary, signal = DenseDictionary(4, 6), normal(12, 4).float()
    expected = MatchingPursuit(3).events(dictionary, signal)
    signal[5, 2] = torch.inf
    found = MatchingPursuit(3).events(dictionary, signal)
    kept = torch.arange(12) != 5
    assert found.values[5].isnan().all() and torch.equal(found.values[kept], expected.values[kept])


# --- which way


def test_the_way_depends_on_what_it_costs_and_changes_nothing(monkeypatch, tables):
    dictionary, grid = one_of_each()["conv"]
    signal = normal(12, 2, *grid)
    quick = MatchingPursuit(4).events(dictionary, signal)
    assert len(tables) == 1
    few = MatchingPursuit(2).events(dictionary, signal[:1])  # a table of three concepts is dearer than one event
    assert len(tables) == 1
    torch.testing.assert_close(few.values, quick.values[:1, :2])
    with monkeypatch.context() as patch:
        patch.setattr(table, "LARGEST", 3 * 3 * 2 * 8 - 1)
        plain = MatchingPursuit(4).events(dictionary, signal)
    with monkeypatch.context() as patch:
        patch.setattr(torch.compiler, "is_compiling", lambda: True)
        compiled = MatchingPursuit(4).events(dictionary, signal)
    assert len(tables) == 1
    for other in (plain, compiled):
        assert torch.equal(other.indices, quick.indices)
        torch.testing.assert_close(other.values, quick.values)


@pytest.mark.parametrize("name", ["dense", "fourier", "short"])
def test_signals_go_through_in_blocks(name, monkeypatch):
    from saeno.inference import matching_pursuit

    dictionary, grid = every()[name]
    signal = normal(13, 2, *grid)
    whole = MatchingPursuit(4).events(dictionary, signal)
    monkeypatch.setattr(matching_pursuit, "BLOCK", 5 * dictionary.concepts * count_nodes(grid))
    parts = MatchingPursuit(4).events(dictionary, signal)
    assert torch.equal(parts.indices, whole.indices) and torch.equal(parts.values, whole.values)


def test_the_masses_of_the_caller_stay_as_they_are():
    dictionary, signal = DenseDictionary.from_atoms(torch.eye(4)), normal(12, 4).float()
    before = signal.clone()
    MatchingPursuit(3).events(dictionary, signal)
    assert torch.equal(signal, before)


def test_functions_known_everywhere_go_the_same_way(tables):
    dictionary, signal = bumps_and_gabors(0), normal(12, 1, 24).float()
    with torch.no_grad():
        found, expected = MatchingPursuit(4).events(dictionary, signal), anew(dictionary, signal, 4)
    assert tables and torch.equal(found.indices, expected.indices)
    torch.testing.assert_close(found.values, expected.values)


def test_no_signals_have_no_events():
    events = MatchingPursuit(3).events(FourierDictionary(2, 3, 2), torch.zeros(0, 2, 6))
    assert events.values.shape == events.indices.shape == (0, 3)
