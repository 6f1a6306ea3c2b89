"""Joint sparsity: against the definitions written out, the problems solved, and the same functions on a finer grid."""

import math

import pytest
import torch
from matplotlib import pyplot as plt
from scipy.optimize import minimize

from saeno import (
    DenseDictionary,
    FourierDictionary,
    GroupSoftThreshold,
    JointTopK,
    MatchingPursuit,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
)
from saeno.book.operators.joint_sparsity import lab, pictures
from saeno.book.operators.joint_sparsity import nodes as joint_sparsity_nodes
from saeno.losses import objective
from saeno.sparsity.joint import concept_norms
from tests.helpers import NAMES, count, normal, one_of_each, synthesis_matrix

GRIDS = pytest.mark.parametrize("grid", [(), (7,), (4, 5)])


# --- the few concepts, and the part of the domain


@GRIDS
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.5, 1.0])
def test_joint_top_k_written_out(grid, positive, fraction):
    value = normal(3, 5, *grid)
    found = JointTopK(2, fraction, positive)(value, step=0.3)
    nodes = count(grid)
    for signal, code in zip(value.clamp(min=0) if positive else value, found, strict=True):
        norms = [math.sqrt(sum(x**2 for x in function.flatten().tolist()) / nodes) for function in signal]
        best = sorted(range(5), key=lambda c: -norms[c])[:2]
        for c in range(5):
            flat = signal[c].flatten()
            many = max(1, round(fraction * nodes)) if c in best else 0
            largest = sorted(range(nodes), key=lambda v: -abs(flat[v]))[:many]
            expected = torch.stack([flat[v] if v in largest else 0 * flat[v] for v in range(nodes)])
            assert torch.equal(code[c].flatten(), expected)


def test_a_loud_point_is_not_a_large_function_and_top_k_confuses_them():
    """One node of 3 has a smaller norm on 16 nodes than 1 everywhere."""
    value = torch.ones(1, 2, 16)
    value[0, 1] = 0
    value[0, 1, 5] = 3
    assert JointTopK(1, 0.25)(value)[0, 1].abs().sum() == 0 and (JointTopK(1, 0.25)(value) != 0).sum() == 4
    assert TopK(1)(value)[0, 1, 5] == 3


@GRIDS
@pytest.mark.parametrize(
    "sparsity",
    [JointTopK(2, 0.4), GroupSoftThreshold(0.3), GroupSoftThreshold(0.2, 0.1), GroupSoftThreshold(0.1, 0.2, True)],
)
def test_gradients(grid, sparsity):
    value = normal(2, 4, *grid).requires_grad_()
    kept = sparsity(value)
    assert 0 < (kept != 0).sum() and torch.autograd.gradcheck(lambda v: sparsity(v, 0.7), value)
    assert torch.autograd.gradcheck(lambda v: sparsity(v, 0.7).square().sum() + sparsity.penalty(v).square(), value)


def test_nothing_in_nothing_out_and_no_gradient_is_lost():
    for sparsity in (JointTopK(2, 0.5), GroupSoftThreshold(0.1), GroupSoftThreshold(0.0), GroupSoftThreshold(0.1, 0.1)):
        value = torch.zeros(2, 3, 6, requires_grad=True)
        made = sparsity(value)
        assert not made.any()
        (made.sum() + sparsity.penalty(made)).backward()
        assert value.grad.isfinite().all()
    assert JointTopK(1, 1.0).penalty(torch.ones(1, 2, 3)) == 0


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize(("threshold", "pointwise"), [(0.4, 0.0), (0.0, 0.4), (0.3, 0.2), (3.0, 0.1)])
@pytest.mark.parametrize("step", [0.5, 1.5])
def test_group_thresholding_is_the_proximal_operator(threshold, pointwise, positive, step):
    """argmin_z ½‖z − v‖² + α(λ Σ‖z_c‖ + μ‖z‖₁), means over the grid, by a general solver on z = z⁺ − z⁻."""
    value = normal(1, 2, 4, seed=5)
    sparsity = GroupSoftThreshold(threshold, pointwise, positive)
    found = sparsity(value, step)

    def cost(z):
        z = torch.as_tensor(z).view(2, 4)
        norms = (z.square().mean(1) + 1e-14).sqrt()
        return 0.5 * (z - value[0]).square().sum(0).mean() + step * (
            threshold * norms.sum() + pointwise * z.abs().sum(0).mean()
        )

    def split(parts):
        return cost(parts[:8] - parts[8:]).item()

    bounds = [(0, None)] * 8 + [(0, 0 if positive else None)] * 8
    best = minimize(
        split,
        torch.full((16,), 0.1).double().numpy() * [*[1] * 8, *[not positive] * 8],
        bounds=bounds,
        method="L-BFGS-B",
        options={"maxiter": 5000, "maxfun": 200000, "ftol": 1e-15, "gtol": 1e-10},
    )
    assert cost(found) <= best.fun + 1e-6
    assert (found.flatten() - torch.from_numpy(best.x[:8] - best.x[8:])).abs().max() < 2e-2
    for seed in range(50):  # and nothing near is better
        near = found + 1e-3 * normal(1, 2, 4, seed=seed)
        assert cost(near.clamp(min=0) if positive else near) >= cost(found) - 1e-12


def test_the_proximal_operator_gives_a_subgradient():
    """v − z is in α(λ ∂‖z_c‖ + μ ∂|z|): equality where z is not 0, a bound where it is."""
    value, step, threshold, pointwise = 2 * normal(20, 6, 8), 0.7, 2.4, 0.3
    found = GroupSoftThreshold(threshold, pointwise)(value, step)
    norms = concept_norms(found).unsqueeze(-1)
    left = value - found
    active = found != 0
    slope = step * (threshold * found / norms.clamp(min=1e-30) + pointwise * found.sign())
    assert (left - slope)[active].abs().max() < 1e-12
    inside = (norms > 0).expand_as(found) & ~active
    assert inside.any() and left[inside].abs().max() <= step * pointwise + 1e-12
    gone = norms[..., 0] == 0
    assert gone.any() and not gone.all()
    shrunk = (left.abs() - step * pointwise).clamp(min=0)
    assert concept_norms(shrunk)[gone].max() <= step * threshold + 1e-12


def test_the_penalty_does_not_depend_on_the_grid_and_has_both_parts():
    code = normal(3, 4, 6)
    sparsity = GroupSoftThreshold(0.3, 0.2)
    exact = sum(
        0.3 * code[b, c].square().mean().sqrt() + 0.2 * code[b, c].abs().mean() for b in range(3) for c in range(4)
    )
    torch.testing.assert_close(sparsity.penalty(code), exact / 3)
    torch.testing.assert_close(sparsity.penalty(code.repeat_interleave(2, 2)), exact / 3)
    torch.testing.assert_close(sparsity(code.repeat_interleave(2, 2)), sparsity(code).repeat_interleave(2, 2))


def test_for_vectors_a_group_is_one_number():
    value = normal(3, 6)
    torch.testing.assert_close(GroupSoftThreshold(0.2, 0.1)(value, 0.5), SoftThreshold(0.3)(value, 0.5))
    torch.testing.assert_close(JointTopK(2, 0.1)(value), TopK(2)(value))


# --- in encoders


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sparsity", [JointTopK(1, 0.5), GroupSoftThreshold(0.05), GroupSoftThreshold(0.03, 0.02)])
def test_encoders_are_their_iterations(name, sparsity):
    dictionary, grid = one_of_each()[name]
    signal = normal(2, 2, *grid)
    matrix = synthesis_matrix(dictionary.atoms(grid).detach())
    step = 1 / torch.linalg.matrix_norm(matrix, 2) ** 2
    code = torch.zeros(2, dictionary.concepts, *grid, dtype=torch.float64)
    for steps in range(1, 5):
        left = signal.flatten(1) - code.flatten(1) @ matrix.T
        code = sparsity(code + step * (left @ matrix).view_as(code), step)
        torch.testing.assert_close(Unrolled(sparsity, steps)(dictionary, signal), code)
        if steps == 1:
            torch.testing.assert_close(OneStep(sparsity)(dictionary, signal), code)
    assert not OneStep(sparsity).makes_events


def test_group_ista_descends_to_the_conditions_of_optimality():
    """‖Dᵀr‖_c ≤ λ for every concept, and Dᵀr = λ z_c/‖z_c‖ for those in use."""
    dictionary, signal = FourierDictionary(2, 6, 3).double(), normal(3, 2, 12)
    threshold = 0.4 * concept_norms(dictionary.analysis(signal)).max().item()
    model = SparseAutoencoder(dictionary, Unrolled(GroupSoftThreshold(threshold), 1))
    values = []
    for steps in (1, 2, 5, 20):
        model.inference.steps = steps
        values.append(objective(model, signal).item())
    assert values == sorted(values, reverse=True)
    model.inference.steps, model.inference.accelerate = 800, True
    with torch.no_grad():
        code = model.encode(signal)
        assert objective(model, signal).item() < values[-1]
    slope, norms = dictionary.correlate(signal, code), concept_norms(code)
    assert concept_norms(slope).max() <= threshold * (1 + 1e-6) and (norms == 0).any() and (norms > 0).any()
    ideal = threshold * code / norms.clamp(min=1e-30).unsqueeze(-1)
    assert (slope - ideal)[norms > 0].abs().max() < 1e-6


@pytest.mark.parametrize("sparsity", [JointTopK(2, 0.3), GroupSoftThreshold(0.002, 0.002)])
def test_models_train_with_them(sparsity):
    truth = FourierDictionary(1, 4, 6, seed=3)
    code = torch.zeros(64, 4, 32).scatter(
        2, torch.randint(32, (64, 4, 1), generator=torch.Generator().manual_seed(0)), 32.0
    )
    data = truth.synthesis(code * (torch.arange(64)[:, None, None] % 4 == torch.arange(4)[None, :, None])).detach()
    model = SparseAutoencoder(FourierDictionary(1, 4, 6), Unrolled(sparsity, 8))
    history = fit(model, data, steps=60, batch=32, lr=0.02, progress=False)
    assert history.loss[-5:].mean() < 0.9 * history.loss[:5].mean()


def test_what_is_kept_by_position_is_few_and_by_concept_is_joint():
    """The same two concepts everywhere, or many: numbers of active concepts and shares of the domain."""
    dictionary, signal = FourierDictionary(1, 8, 6).double(), normal(5, 1, 64)
    code = Unrolled(JointTopK(2, 0.125), 10)(dictionary, signal)
    assert ((code != 0).any(2).sum(1) == 2).all() and ((code != 0).sum(2).amax(1) == 8).all()


# --- on a finer grid


def planted(grid, seed=0):
    """Band-limited signals in eight concepts, of which two are active: the same functions on any grid."""
    axes = len(grid)
    dictionary = FourierDictionary(1, 8, (6,) * axes, seed=seed).double()
    low = FourierDictionary(1, 20 * 2, (3,) * axes, seed=seed + 50).double().atoms(grid)[:, 0].detach()
    code = torch.zeros(20, 8, *grid, dtype=torch.float64)
    pick = torch.stack([torch.randperm(8, generator=torch.Generator().manual_seed(i))[:2] for i in range(20)])
    for b in range(20):
        code[b, pick[b]] = low[2 * b : 2 * b + 2] ** 3
    return dictionary, dictionary.synthesis(code).detach()


def jaccard(a, b):
    return ((a & b).sum() / (a | b).sum()).item()


@pytest.mark.parametrize(("grid", "apart"), [((64,), 0.2), ((128,), 0.1), ((24, 24), 0.15)])
@pytest.mark.parametrize(
    "make", [lambda size: JointTopK(2, 0.25), lambda size: GroupSoftThreshold(0.2 * size, 0.2 * size)]
)
def test_on_twice_the_nodes_the_same_concepts_are_chosen_in_the_same_places(grid, apart, make):
    """Concepts exactly or nearly so; values at the nodes of both up to what a cut moves, O(1/n)."""
    dictionary, signal = planted(grid)
    again, every = planted(tuple(2 * n for n in grid))[1], (..., *[slice(None, None, 2)] * len(grid))
    assert (signal - again[every]).abs().max() < 1e-10
    encoder = Unrolled(make(concept_norms(dictionary.analysis(signal)).amax(1).mean().item()), 30)
    here, there = encoder(dictionary, signal), encoder(dictionary, again)
    active = concept_norms(here) > 0
    assert 0.2 < active.float().mean() < 0.8
    assert jaccard(active, concept_norms(there) > 0) >= 0.95
    assert jaccard(here != 0, there[every] != 0) > 0.9
    assert (there[every] - here).norm() < apart * here.norm()


@pytest.mark.parametrize("grid", [(17,), (16, 17)])
def test_a_group_threshold_is_a_function_of_functions(grid):
    """It multiplies code functions by numbers, so band-limited signals have the same codes on any grid: exactly."""
    dictionary, signal = planted(grid)
    again, every = planted(tuple(3 * n for n in grid))[1], (..., *[slice(None, None, 3)] * len(grid))
    encoder = Unrolled(GroupSoftThreshold(0.3 * concept_norms(dictionary.analysis(signal)).max().item()), 20)
    here, there = encoder(dictionary, signal), encoder(dictionary, again)
    assert 0 < (concept_norms(here) > 0).float().mean() < 0.9
    assert (there[every] - here).abs().max() < 1e-10 * here.abs().max()


def test_the_choice_of_one_step_is_the_same_on_any_grid():
    """Masses of band-limited signals are the same functions on both grids: so are norms, and the concepts kept."""
    dictionary, signal = planted((32,))
    again = planted((96,))[1]
    for sparsity in (JointTopK(2, 0.25), GroupSoftThreshold(0.3)):
        norms = [concept_norms(OneStep(sparsity)(dictionary, x)) > 0 for x in (signal, again)]
        assert torch.equal(*norms) and norms[0].any()


# --- a pursuit among few concepts


def limited(matrix, signal, nodes, shape, k, most, positive):
    """One signal at a time, one event at a time, by explicit matrices."""
    codes = []
    for x in signal:
        residual, masses, used = x.flatten(), torch.zeros(matrix.shape[1], dtype=torch.float64), set()
        for _ in range(k):
            correlation = matrix.T @ residual
            score = (correlation if positive else correlation.abs()).clone()
            if len(used) == most:
                score[[i for i in range(len(score)) if i // nodes not in used]] = -math.inf
            best = int(score.argmax())
            used.add(best // nodes)
            mass = correlation[best].clamp(min=0) if positive else correlation[best]
            masses[best] += mass
            residual = residual - nodes * mass * matrix[:, best]
        codes.append(nodes * masses.view(shape))
    return torch.stack(codes)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_pursuit_limited_to_few_concepts_is_greedy_among_them(name, positive):
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    matrix = synthesis_matrix(dictionary.atoms(grid).detach())
    for most in (1, 2):
        expected = limited(matrix, signal, count(grid), (dictionary.concepts, *grid), 6, most, positive)
        encoder = MatchingPursuit(6, positive, concepts=most)
        torch.testing.assert_close(encoder(dictionary, signal), expected)
        events = encoder.events(dictionary, signal)
        assert all(len(set(row.tolist())) <= most for row in events.indices // count(grid))
    free = MatchingPursuit(6, positive)(dictionary, signal)
    assert torch.equal(MatchingPursuit(6, positive, concepts=dictionary.concepts)(dictionary, signal), free)
    assert torch.equal(
        MatchingPursuit(2, positive, concepts=2)(dictionary, signal), MatchingPursuit(2, positive)(dictionary, signal)
    )


def test_a_limited_pursuit_chooses_the_same_events_on_twice_the_nodes():
    """Four events of two concepts of eight, apart: the same concepts, and the same part of the signal explained."""
    dictionary = FourierDictionary(1, 8, 28, seed=1).double()
    generator = torch.Generator().manual_seed(4)
    codes = {n: torch.zeros(20, 8, n, dtype=torch.float64) for n in (64, 128)}
    for b in range(20):
        concepts = torch.randperm(8, generator=generator)[:2]
        shift = int(torch.randint(64, (1,), generator=generator))
        for event in range(4):
            for n, code in codes.items():
                code[b, concepts[event % 2], (16 * event + shift) % 64 * n // 64] = n * (0.7 + 0.2 * event)
    signals = {n: dictionary.synthesis(code).detach() for n, code in codes.items()}
    events = {n: MatchingPursuit(4, concepts=2).events(dictionary, signal) for n, signal in signals.items()}
    active = {n: torch.zeros(20, 8).scatter(1, e.indices // n, 1.0) > 0 for n, e in events.items()}
    assert all((chosen.sum(1) <= 2).all() for chosen in active.values()), "a quarter of the concepts"
    assert jaccard(active[64], active[128]) >= 0.9
    fvu = [fvu_of(dictionary.synthesis(e.code()), signals[n]) for n, e in events.items()]
    assert fvu[0] < 0.1 and abs(fvu[1] - fvu[0]) < 0.02


def fvu_of(made, signal):
    return ((made - signal).square().mean() / signal.square().mean()).item()


def test_gradients_of_a_limited_pursuit():
    model = SparseAutoencoder(FourierDictionary(2, 3, 1).double(), MatchingPursuit(3, concepts=1))
    signal = normal(2, 2, 4)
    weight = model.dictionary.weight

    def made(w):
        return torch.func.functional_call(model, {"dictionary.weight": w}, (signal,))[0]

    assert torch.autograd.gradcheck(made, weight.detach().clone().requires_grad_())


# --- what the chapter is given


@pytest.mark.parametrize(("price", "pointwise"), [(0.6, 0.4), (0.9, 0.0), (0.0, 0.5)])
def test_violation_is_zero_at_the_minimiser_and_nowhere_near_it(price, pointwise):
    value = normal(1, 40, 6, 6)
    best = GroupSoftThreshold(price, pointwise)(value)
    assert lab.violation(best, value, price, pointwise) < 1e-12
    for wrong in (0.99 * best, best + 0.01 * normal(1, 40, 6, 6, seed=1), 0 * best, value):
        assert lab.violation(wrong, value, price, pointwise) > 1e-3


def test_norms_from_another_grid():
    """The rule itself on its own nodes; else its values, with norms of the functions on more nodes, or on some."""
    price, pointwise = joint_sparsity_nodes.PRICES
    low = FourierDictionary(1, 3, (1, 1)).double().atoms
    value, finer = (0.2 * low((n, n))[:, 0][None].detach() for n in (6, 24))

    def expected(there):
        norm = concept_norms(torch.nn.functional.softshrink(there, pointwise))[..., None, None]
        return torch.nn.functional.softshrink(value, pointwise) * (1 - price / norm).clamp(min=0)

    for nodes, there in ((6, value), (24, finer), (3, value[..., ::2, ::2])):
        torch.testing.assert_close(joint_sparsity_nodes.NormsFrom(nodes)(value), expected(there))
    assert expected(value).any() and (expected(value) - expected(finer)).abs().max() > 1e-4
    torch.testing.assert_close(expected(value), GroupSoftThreshold(price, pointwise)(value))


def test_pictures_of_the_chapter():
    code, n = normal(1, 16, 12, 12), 12
    only = lab.alone(code, 3)
    assert torch.equal(only[:, 3], code[:, 3]) and lab.active(only).sum() == 1
    far = torch.zeros(n, n).index_put_((torch.tensor([11, 0]), torch.tensor([2, 2])), torch.ones(2))
    assert pictures.centred(far)[5:7, 6].sum() == 2  # two nodes across the edge of the torus
    assert len(pictures.code_maps(code[:, :1], code[:, :1], code).axes) == 18
    figure = pictures.draw([far] * 6, ["a", "b", "c", "d", "", ""], columns=3)
    assert [part.get_title() for part in figure.axes] == ["a", "b", "c", "d", "", ""]
    assert figure.get_figwidth() < 5, "legible on a phone"
    plt.close("all")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: JointTopK(0, 0.5), r"concepts = 0: should be a whole number ≥ 1"),
        (lambda: JointTopK(2, 0), r"fraction = 0: should be a finite number > 0"),
        (lambda: JointTopK(2, 1.5), r"fraction = 1.5: should be at most 1"),
        (lambda: JointTopK(7, 0.5)(torch.ones(1, 6, 8)), r"concepts = 7: should be at most the 6"),
        (lambda: GroupSoftThreshold(-0.1), r"threshold = -0.1"),
        (lambda: GroupSoftThreshold(0.1, -0.1), r"pointwise = -0.1"),
        (lambda: MatchingPursuit(3, concepts=0), r"concepts = 0: should be a whole number ≥ 1"),
        (lambda: Unrolled(JointTopK(7, 0.5), 2)(DenseDictionary(4, 6), torch.ones(1, 4)), r"concepts = 7"),
    ],
)
def test_errors_name_the_argument_and_its_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_they_say_what_they_are():
    assert str(JointTopK(2, 0.25)) == "JointTopK(2, 0.25, positive=False)"
    assert str(GroupSoftThreshold(0.1, 0.2)) == "GroupSoftThreshold(0.1, pointwise=0.2, positive=False)"
    assert "k=3, positive=False, detach=False, concepts=2" in str(MatchingPursuit(3, concepts=2))
