"""Encoders against their iterations written out, and solvers against the problem they solve."""

import copy
import itertools
import math

import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    ReLU,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
)
from saeno.inference import Inference, fista, ista
from saeno.inference.unrolled import DAMPING
from tests.helpers import NAMES, count, gradcheck, inner, normal, one_of_each, synthesis_matrix, through

EACH = pytest.mark.parametrize("name", NAMES)


def soft(value, level):
    return value.sign() * (value.abs() - level).clamp(min=0)


def keep(value, k):
    """The k entries of each row that are largest in size, the others 0."""
    flat = value.flatten(1)
    smallest = flat.abs().sort(1, descending=True).values[:, k - 1 : k]
    return torch.where(flat.abs() >= smallest, flat, 0.0).view_as(value)


def operators(dictionary, grid):
    """Synthesis and analysis as functions, through explicit matrices."""
    matrix = synthesis_matrix(dictionary.atoms(grid).detach())
    return lambda z: through(matrix, z, 2), lambda x: through(matrix.T, x, dictionary.concepts), matrix


def objective(dictionary, signal, code, threshold):
    """½‖x − Dz‖² + λ‖z‖₁ of each signal, in quadrature."""
    left = signal - dictionary.synthesis(code)
    nodes = count(tuple(signal.shape[2:]))
    return (left.square().flatten(1).sum(1) / 2 + threshold * code.abs().flatten(1).sum(1)) / nodes


# --- one step


@EACH
def test_one_step_of_soft_thresholding(name):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    _, analysis, matrix = operators(dictionary, grid)
    for step in (None, 0.7):
        alpha = step or 1 / torch.linalg.matrix_norm(matrix, 2) ** 2
        expected = soft(alpha * analysis(signal), alpha * 0.05)
        torch.testing.assert_close(OneStep(SoftThreshold(0.05), step=step)(dictionary, signal), expected)


@EACH
def test_one_step_of_top_k_puts_n_times_the_mass_at_the_largest(name):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    masses = operators(dictionary, grid)[1](signal)
    torch.testing.assert_close(OneStep(TopK(4))(dictionary, signal), count(grid) * keep(masses, 4))
    events = OneStep(TopK(4)).events(dictionary, signal)
    torch.testing.assert_close(events.values, masses.flatten(1).gather(1, events.indices))
    assert events.shape == tuple(masses.shape[1:])


@EACH
def test_relu_learns_a_bias_per_concept_as_its_threshold(name):
    dictionary, grid = one_of_each()[name]
    model = SparseAutoencoder(dictionary, OneStep(ReLU(), step=0.5))
    bias, signal = model.inference.bias, normal(3, 2, *grid)
    assert bias.shape == (dictionary.concepts,) and bias.dtype == torch.float64 and not bias.any()
    with torch.no_grad():
        bias.copy_(normal(len(bias)) / 10)
    shaped = bias.view(-1, *[1] * len(grid))
    expected = (0.5 * (dictionary.analysis(signal) + shaped)).clamp(min=0)
    torch.testing.assert_close(model.encode(signal), expected)
    model.encode(signal).sum().backward()
    assert bias.grad is not None and bias.grad.abs().sum() > 0


@EACH
def test_an_untied_encoder_starts_as_the_adjoint_and_goes_its_own_way(name):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    tied = OneStep(TopK(3))(dictionary, signal)
    model = SparseAutoencoder(dictionary, OneStep(TopK(3), tied=False))
    torch.testing.assert_close(model.encode(signal), tied)
    names = {n for n, _ in model.named_parameters()}
    inside = "dictionary.weight" if name.startswith("lifted") else "weight"
    assert names == {f"dictionary.{inside}", f"inference.encoder.{inside}", "inference.bias"}
    with torch.no_grad():
        model.inference.encoder.weight.mul_(2)
        model.inference.bias.add_(0.1)
        dictionary.weight.mul_(-1)
    shifted = 2 * operators(dictionary, grid)[1](-signal) + 0.1
    torch.testing.assert_close(model.encode(signal), count(grid) * keep(shifted, 3))


def test_a_tied_encoder_learns_nothing_besides_the_dictionary():
    for sparsity in (SoftThreshold(0.1), TopK(2)):
        model = SparseAutoencoder(DenseDictionary(4, 6), OneStep(sparsity))
        assert [name for name, _ in model.named_parameters()] == ["dictionary.weight"]


def test_an_untied_encoder_needs_a_model_and_has_only_one():
    encoder = OneStep(TopK(2), tied=False)
    with pytest.raises(RuntimeError, match="no encoder of its own yet"):
        encoder(DenseDictionary(4, 6), torch.zeros(1, 4))
    SparseAutoencoder(DenseDictionary(4, 6), encoder)
    for again in (encoder, SparseAutoencoder(DenseDictionary(4, 6), OneStep(ReLU())).inference):
        with pytest.raises(ValueError, match="inference already learns with another model"):
            SparseAutoencoder(DenseDictionary(4, 6), again)
    shared = OneStep(TopK(2))  # nothing of its own is learned
    SparseAutoencoder(DenseDictionary(4, 6), shared), SparseAutoencoder(DenseDictionary(4, 6), shared)


# --- unrolled


def written_out(synthesis, analysis, signal, alpha, threshold, steps, accelerate):
    """ISTA, or FISTA as Beck & Teboulle state it: y₁ = x₀, t₁ = 1."""
    x = y = torch.zeros_like(analysis(signal))
    t = 1.0
    for _ in range(steps):
        x_next = soft(y + alpha * analysis(signal - synthesis(y)), alpha * threshold)
        t_next = (1 + math.sqrt(1 + 4 * t**2)) / 2
        y = x_next + ((t - 1) / t_next * (x_next - x) if accelerate else 0)
        x, t = x_next, t_next
    return x


@pytest.mark.parametrize("accelerate", [False, True], ids=["ista", "fista"])
@EACH
def test_unrolled_soft_thresholding_is_ista_or_fista(name, accelerate):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    synthesis, analysis, matrix = operators(dictionary, grid)
    alpha = 1 / torch.linalg.matrix_norm(matrix, 2) ** 2
    for steps in (1, 2, 3, 7):
        expected = written_out(synthesis, analysis, signal, alpha, 0.05, steps, accelerate)
        torch.testing.assert_close(Unrolled(SoftThreshold(0.05), steps, accelerate)(dictionary, signal), expected)
    expected = written_out(synthesis, analysis, signal, 0.3, 0.05, 3, accelerate)
    torch.testing.assert_close(Unrolled(SoftThreshold(0.05), 3, accelerate, step=0.3)(dictionary, signal), expected)


def test_unrolled_relu_solves_non_negative_least_squares():
    dictionary, signal = DenseDictionary(8, 6).double(), normal(3, 8)
    code = Unrolled(ReLU(), 2000)(dictionary, signal)
    slope = dictionary.correlate(signal, code)
    assert code.min() == 0 and slope.max() < 1e-8 and (slope * code).abs().max() < 1e-8, "the conditions of optimality"


def hard_thresholding(synthesis, analysis, signal, nodes, k, steps, step):
    """Iterative hard thresholding in masses; `step` None is the damped exact line search on the support, halved
    while the code would be worse than zero."""

    def error(masses):
        return (signal - nodes * synthesis(masses)).square().flatten(1).sum(1)

    masses = torch.zeros_like(analysis(signal))
    for t in range(steps):
        gradient = analysis(signal - nodes * synthesis(masses))
        alpha = step
        if step is None:
            support = keep(gradient, k) != 0 if t == 0 else masses != 0
            moved = synthesis(nodes * gradient * support)
            energy = (gradient * support).square().flatten(1).sum(1)
            alpha = DAMPING * energy / (moved.square().flatten(1).sum(1) / nodes)
            alpha = alpha.view(-1, *[1] * (signal.dim() - 1))
            while (worse := error(keep(masses + alpha * gradient, k)) > error(0 * masses)).any():
                alpha = torch.where(worse.view_as(alpha), alpha / 2, alpha)
        masses = keep(masses + alpha * gradient, k)
    return nodes * masses


@pytest.mark.parametrize("step", [None, 0.4])
@EACH
def test_unrolled_top_k_is_iterative_hard_thresholding(name, step):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    synthesis, analysis, _ = operators(dictionary, grid)
    for steps in (1, 2, 5):
        expected = hard_thresholding(synthesis, analysis, signal, count(grid), 2, steps, step)
        encoder = Unrolled(TopK(2), steps, step=step)
        torch.testing.assert_close(encoder(dictionary, signal), expected)
        torch.testing.assert_close(encoder.events(dictionary, signal).code(), expected)


def test_the_damped_line_search_is_between_none_and_all_of_it():
    assert 0.5 <= DAMPING < 1


def alike(concepts=24, channels=16):
    """A dictionary of which two atoms are nearly the same."""
    atoms = normal(concepts, channels)
    atoms = atoms / atoms.norm(dim=1, keepdim=True)
    atoms[1] = atoms[0] + 0.1 * atoms[1]
    return DenseDictionary.from_atoms(atoms).normalize_()


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("residual", [None, "data", "lifted"])
def test_hard_thresholding_is_never_worse_than_zero(residual, positive):
    """Also where atoms are alike, so that the line search on one support is far too long for the next one."""
    torch.manual_seed(3)
    dictionary, signal = alike(), normal(2000, 16)
    if residual is not None:
        dictionary = Lifted(dictionary, Lifting.orthonormal(16, 16).double(), residual)
    with torch.no_grad():
        for steps in range(1, 8):
            code = Unrolled(TopK(2, positive=positive), steps)(dictionary, signal)
            error = (signal - dictionary.synthesis(code)).square().sum(1) / signal.square().sum(1)
            assert (error <= 1 + 1e-12).all(), f"{error.max():.3g} after {steps} steps"


@EACH
def test_ista_descends_at_every_step(name):
    dictionary, grid = one_of_each()[name]
    signal = normal(4, 2, *grid)
    values = [
        objective(dictionary, signal, Unrolled(SoftThreshold(0.02), steps)(dictionary, signal), 0.02)
        for steps in range(1, 30)
    ]
    assert all((after <= before + 1e-14).all() for before, after in itertools.pairwise(values))
    assert (values[-1] < values[0]).all()


def sparse_vectors(signals=200):
    dictionary = DenseDictionary(64, 128, seed=1).double()
    code = keep(normal(signals, 128), 5).sign() * (0.5 + torch.rand(signals, 128, dtype=torch.float64))
    return dictionary, code, dictionary.synthesis(code).detach()


def found(code, true_code):
    """F1 of the support."""
    both = ((code != 0) & (true_code != 0)).sum().item()
    return 2 * both / ((code != 0).sum() + (true_code != 0).sum()).item()


def test_acceleration_accelerates():
    dictionary, _, signal = sparse_vectors()
    best = fista(dictionary, signal, 0.05, steps=2000, tolerance=1e-12).objective[-1]
    gaps = [solve(dictionary, signal, 0.05, steps=60).objective[-1] - best for solve in (fista, ista)]
    assert 0 <= gaps[0] < gaps[1] / 4


def test_hard_thresholding_finds_supports_that_one_step_and_the_safe_step_do_not():
    torch.manual_seed(0)
    dictionary, code, signal = sparse_vectors()
    safe = 1 / dictionary.largest_eigenvalue().item()
    scores = {
        "one step": found(OneStep(TopK(5))(dictionary, signal), code),
        "safe step": found(Unrolled(TopK(5), 10, step=safe)(dictionary, signal), code),
        "line search": found(Unrolled(TopK(5), 10)(dictionary, signal), code),
    }
    assert scores["line search"] > 0.95 and scores["safe step"] < 0.9 and scores["one step"] < 0.85, scores


@pytest.mark.parametrize(
    "make",
    [
        lambda detach: Unrolled(SoftThreshold(0.05), 4, detach=detach),
        lambda detach: Unrolled(TopK(3), 4, detach=detach),
        lambda detach: MatchingPursuit(3, detach=detach),
    ],
    ids=["soft", "top-k", "pursuit"],
)
def test_a_detached_encoder_has_the_same_code_and_no_gradient(make):
    dictionary, signal = FourierDictionary(2, 3, 3).double(), normal(2, 2, 8)
    through_it, detached = make(False)(dictionary, signal), make(True)(dictionary, signal)
    assert through_it.requires_grad and not detached.requires_grad
    assert torch.equal(through_it, detached)
    SparseAutoencoder(dictionary, make(True)).reconstruct(signal).square().sum().backward()
    learned = dictionary.weight.grad.clone()
    dictionary.weight.grad = None
    dictionary.synthesis(detached).square().sum().backward()
    torch.testing.assert_close(dictionary.weight.grad, learned)  # from the synthesis, and only from there


def test_without_gradients_nothing_is_recorded():
    dictionary, signal = DenseDictionary(4, 6), torch.ones(1, 4)
    with torch.no_grad():
        for encoder in (OneStep(TopK(2)), Unrolled(TopK(2), 2), Unrolled(SoftThreshold(0.1), 2), MatchingPursuit(2)):
            assert not encoder(dictionary, signal).requires_grad


# --- matching pursuit


def pursuit(matrix, signal, nodes, shape, k, positive):
    """One signal at a time, one event at a time, by explicit matrices."""
    codes = []
    for x in signal:
        residual, masses = x.flatten(), torch.zeros(matrix.shape[1], dtype=torch.float64)
        for _ in range(k):
            correlation = matrix.T @ residual
            best = int((correlation if positive else correlation.abs()).argmax())
            mass = correlation[best].clamp(min=0) if positive else correlation[best]
            masses[best] += mass
            residual = residual - nodes * mass * matrix[:, best]
        codes.append(nodes * masses.view(shape))
    return torch.stack(codes)


@pytest.mark.parametrize("positive", [False, True])
@EACH
def test_matching_pursuit_is_greedy(name, positive):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    matrix = operators(dictionary, grid)[2]
    for k in (1, 2, 6):
        expected = pursuit(matrix, signal, count(grid), (dictionary.concepts, *grid), k, positive)
        encoder = MatchingPursuit(k, positive)
        torch.testing.assert_close(encoder(dictionary, signal), expected)
        events = encoder.events(dictionary, signal)
        assert events.values.shape == events.indices.shape == (3, k)
        torch.testing.assert_close(events.code(), expected)


@EACH
def test_each_event_of_a_pursuit_takes_its_squared_mass_out_of_the_residual(name):
    """Pythagoras: ‖r − m D_c(· − v)‖² = ‖r‖² − m² for an atom of norm 1."""
    dictionary, grid = one_of_each()[name]
    signal = normal(1, 2, *grid)
    masses = MatchingPursuit(6).events(dictionary, signal).values[0]
    left = inner(signal, signal)
    for k in range(1, 7):
        residual = signal - dictionary.synthesis(MatchingPursuit(k)(dictionary, signal))
        left -= masses[k - 1].item() ** 2
        assert inner(residual, residual) == pytest.approx(left, rel=1e-9)


def test_a_pursuit_does_not_pick_the_neighbours_of_one_peak_as_top_k_does():
    """Four events of smooth atoms, far apart: the pursuit explains them, one step of top-k does not."""
    nodes = torch.arange(128, dtype=torch.float64) / 128
    bump = torch.exp(-0.5 * ((nodes - 0.5) / 0.03) ** 2)
    dictionary = FourierDictionary.from_atoms(bump.view(1, 1, -1), 32).normalize_()
    code = torch.zeros(1, 1, 128, dtype=torch.float64)
    code[0, 0, [5, 37, 70, 100]] = 128 * torch.tensor([1.0, 0.8, 0.9, 1.2], dtype=torch.float64)
    signal = dictionary.synthesis(code).detach()

    def unexplained(encoder):
        left = signal - dictionary.synthesis(encoder(dictionary, signal))
        return inner(left, left) / inner(signal, signal)

    assert unexplained(MatchingPursuit(4)) < 0.01 and unexplained(OneStep(TopK(4))) > 0.5
    assert torch.equal(MatchingPursuit(4)(dictionary, signal) != 0, code != 0)


# --- gradients


@pytest.mark.parametrize(
    "encoder",
    [
        OneStep(SoftThreshold(0.05), step=0.5),
        OneStep(ReLU(), step=0.5),
        OneStep(TopK(2)),
        OneStep(TopK(2), tied=False),
        OneStep(SoftThreshold(0.05), tied=False, step=0.5),
        Unrolled(SoftThreshold(0.05), 3, step=0.4),
        Unrolled(SoftThreshold(0.05), 3, accelerate=True, step=0.4),
        Unrolled(TopK(2), 3, step=0.4),
        MatchingPursuit(2),
    ],
    ids=lambda e: type(e).__name__ + type(getattr(e, "sparsity", None)).__name__,
)
@pytest.mark.parametrize(
    "dictionary", [DenseDictionary(2, 4), FourierDictionary(2, 2, 1), ConvDictionary(2, 2, 2)], ids=["d", "f", "c"]
)
def test_gradients_of_the_reconstruction(encoder, dictionary):
    model = SparseAutoencoder(copy.deepcopy(dictionary).double(), copy.deepcopy(encoder))
    signal = normal(2, 2, *[4] * dictionary.axes)
    assert model.encode(signal).any()
    assert gradcheck(model, lambda m, x: m.reconstruct(x), signal)


def gradient(dictionary, encoder, signal):
    dictionary.weight.grad = None
    dictionary.synthesis(encoder(dictionary, signal)).pow(3).sum().backward()
    return dictionary.weight.grad.clone()


def test_steps_that_are_computed_are_constants_to_the_gradient():
    dictionary, signal = FourierDictionary(2, 3, 3).double(), normal(1, 2, 8)
    step = 1 / dictionary.largest_eigenvalue().item()
    for steps in (1, 3):
        given, computed = (Unrolled(SoftThreshold(0.05), steps, step=s) for s in (step, None))
        torch.testing.assert_close(gradient(dictionary, computed, signal), gradient(dictionary, given, signal))
    events = OneStep(TopK(2)).events(dictionary, signal)
    moved = dictionary.synthesis(events.code())
    line_search = DAMPING * events.values.square().sum().item() / inner(moved, moved)
    given, computed = (Unrolled(TopK(2), 1, step=s) for s in (line_search, None))
    torch.testing.assert_close(gradient(dictionary, computed, signal), gradient(dictionary, given, signal))


# --- resolution


def test_a_soft_code_has_the_same_masses_on_a_finer_grid():
    """At fixed T, up to O(n⁻²): a density does not know its grid."""
    dictionary = FourierDictionary(1, 4, 6, seed=2).double()
    places = torch.rand(40, 4, 32, generator=torch.Generator().manual_seed(0)) < 0.02
    true = 32 * places.double()
    masses = {}
    for n in (32, 64, 128):
        code = Unrolled(SoftThreshold(0.1), 10, accelerate=True)(dictionary, dictionary.render(true, n))
        masses[n] = code.mean(-1).detach()  # per concept
    first, second = ((masses[n] - masses[2 * n]).norm() / masses[128].norm() for n in (32, 64))
    assert masses[128].norm() > 1 and first < 0.05 and 3 < first / second < 5.5


def test_one_event_has_the_same_mass_on_any_grid():
    dictionary = FourierDictionary(1, 3, 6, seed=2).double().normalize_()
    true = torch.zeros(1, 3, 32, dtype=torch.float64)
    true[0, 1, 8] = 0.6 * 32
    for n in (16, 32, 64):
        for encoder in (OneStep(TopK(1)), MatchingPursuit(1)):
            code = encoder(dictionary, dictionary.render(true, n))
            assert code[0, 1, n // 4].item() == pytest.approx(0.6 * n) and (code != 0).sum() == 1


# --- solvers


def test_fista_reaches_the_objective_of_scikit_learn():
    from sklearn.decomposition import sparse_encode

    dictionary, _, signal = sparse_vectors(20)
    atoms = dictionary.weight.detach().numpy()
    for x in signal:
        threshold = 0.1 * dictionary.analysis(x[None]).abs().max().item()
        theirs = sparse_encode(x[None].numpy(), atoms, algorithm="lasso_cd", alpha=threshold)
        ours = fista(dictionary, x[None], threshold)
        assert ours.converged
        value, reference = (
            objective(dictionary, x[None], z, threshold).item() for z in (ours.code, torch.from_numpy(theirs))
        )
        assert abs(value - reference) <= 1e-5 * reference


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("solve", [ista, fista])
@EACH
def test_solutions_satisfy_the_conditions_of_optimality(name, solve, positive):
    """|Dᵀr| ≤ λ everywhere, and Dᵀr = λ sign z where z is not 0."""
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    threshold = 0.3 * dictionary.analysis(signal).abs().max().item()
    solution = solve(dictionary, signal, threshold, steps=20000, tolerance=1e-8, positive=positive)
    assert solution.converged and (solution.gap <= 1e-8).all()
    slope = dictionary.correlate(signal, solution.code)
    assert (slope if positive else slope.abs()).max() < threshold * (1 + 1e-3)
    active = solution.code != 0
    assert active.any() and (solution.code.min() >= 0 or not positive)
    assert (slope - threshold * solution.code.sign())[active].abs().max() < 1e-3 * threshold


def test_the_history_and_the_gap_are_what_they_say():
    dictionary, signal = FourierDictionary(2, 3, 3).double(), normal(4, 2, 9)
    threshold = 0.02
    best = fista(dictionary, signal, threshold, steps=2000, tolerance=1e-13)
    for steps in (1, 3, 30):
        for solve in (ista, fista):
            solution = solve(dictionary, signal, threshold, steps=steps)
            assert not solution.converged and len(solution.objective) == steps
            value = objective(dictionary, signal, solution.code, threshold)
            torch.testing.assert_close(solution.objective[-1], value.mean())
            excess = value - objective(dictionary, signal, best.code, threshold)
            energy = signal.square().flatten(1).sum(1) / (2 * 9)
            assert (excess >= -1e-12).all() and (excess <= solution.gap * energy + 1e-12).all()
    path = ista(dictionary, signal, threshold, steps=30).objective
    torch.testing.assert_close(path[:3], ista(dictionary, signal, threshold, steps=3).objective)
    assert (path.diff() <= 0).all()


def test_it_stops_when_every_signal_is_solved():
    dictionary, signal = DenseDictionary(6, 8).double(), normal(4, 6)
    solution = fista(dictionary, signal, 0.5, steps=10000, tolerance=1e-4)
    assert solution.converged and len(solution.objective) < 1000 and solution.gap.max() <= 1e-4
    shorter = fista(dictionary, signal, 0.5, steps=len(solution.objective) - 1, tolerance=1e-4)
    assert not shorter.converged
    assert not solution.code.requires_grad and not solution.objective.requires_grad


def test_nothing_is_left_above_the_largest_mass():
    dictionary, signal = DenseDictionary(6, 8).double(), normal(4, 6)
    solution = fista(dictionary, signal, dictionary.analysis(signal).abs().max().item() * 1.001)
    assert solution.converged and len(solution.objective) == 1 and not solution.code.any()
    assert fista(dictionary, torch.zeros(2, 6, dtype=torch.float64), 0.1).converged


@pytest.mark.parametrize("solve", [ista, fista])
def test_no_lasso_without_an_adjoint_or_with_the_lifted_residual(solve):
    project = normal(4, 6)
    other = Lifted(DenseDictionary(6, 7).double(), Lifting(2 * project.T, project))
    there = Lifted(DenseDictionary(6, 7).double(), Lifting(project.T, project), "lifted")
    for dictionary in (other, there):
        with pytest.raises(ValueError, match="no lasso objective"):
            solve(dictionary, normal(2, 4), 0.1)


# --- what cannot be done says so


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Unrolled(TopK(2), 0), r"steps = 0: should be a whole number ≥ 1"),
        (lambda: Unrolled(TopK(2), 2.0), r"steps = 2.0"),
        (lambda: Unrolled(TopK(2), 2, accelerate=True), r"accelerate = True: is for soft codes"),
        (lambda: OneStep(TopK(2), step=0.5), r"step = 0.5: is for soft codes"),
        (lambda: MatchingPursuit(0), r"k = 0: should be a whole number ≥ 1"),
        (lambda: fista(DenseDictionary(4, 6), torch.ones(1, 4), 0.1, steps=0), r"steps = 0: should be a whole number"),
        (lambda: ista(DenseDictionary(4, 6), torch.ones(1, 4), -0.1), r"threshold = -0.1"),
        (lambda: fista(DenseDictionary(4, 6), torch.ones(1, 5), 0.1), r"signal has shape \(1, 5\)"),
        (lambda: MatchingPursuit(2)(DenseDictionary(4, 6), torch.ones(1, 5)), r"signal has shape \(1, 5\)"),
    ],
)
def test_errors_name_the_argument_and_its_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("encoder", [OneStep(ReLU()), OneStep(SoftThreshold(0.1)), Unrolled(SoftThreshold(0.1), 2)])
def test_soft_codes_are_no_list_of_events(encoder):
    assert not encoder.makes_events
    with pytest.raises(TypeError, match="gives soft codes, which are no list of events"):
        encoder.events(DenseDictionary(4, 6), torch.ones(1, 4))


def test_an_inference_of_its_own_kind_has_to_say_how():
    dictionary, signal = DenseDictionary(4, 6), torch.ones(1, 4)
    with pytest.raises(NotImplementedError):
        Inference()(dictionary, signal)

    class Analysis(Inference):
        def forward(self, dictionary, signal):
            return dictionary.analysis(signal)

    assert torch.equal(Analysis().encoding(dictionary, signal).dense(), dictionary.analysis(signal))


def test_a_signal_or_dictionary_without_numbers_is_refused():
    """Not a thousand iterations of NaN, nor an infinite step."""
    dictionary = DenseDictionary(4, 6)
    signal = torch.ones(2, 4)
    signal[1, 2] = float("nan")
    with pytest.raises(ValueError, match="signal has NaN"):
        fista(dictionary, signal, 0.1)
    with torch.no_grad():
        dictionary.weight.zero_()
    with pytest.raises(ValueError, match=r"λmax\(DᵀD\) of the dictionary is 0"):
        Unrolled(SoftThreshold(0.1), 3)(dictionary, torch.ones(2, 4))


def test_hard_thresholding_chooses_once_in_a_step_that_is_not_too_long(monkeypatch):
    signals, dictionary = torch.randn(64, 64, generator=torch.Generator().manual_seed(0)), DenseDictionary(64, 128)
    chosen, select = [], TopK.select
    monkeypatch.setattr(TopK, "select", lambda self, masses: chosen.append(len(masses)) or select(self, masses))
    energies, energy = [], DenseDictionary.energy
    monkeypatch.setattr(DenseDictionary, "energy", lambda self, code: energies.append(1) or energy(self, code))
    Unrolled(TopK(5), 5)(dictionary, signals)
    assert chosen == [64] * 6  # the first support, and one in each of five steps
    assert len(energies) == 5 + 4  # of five line searches, and of what all steps but the first lead to
