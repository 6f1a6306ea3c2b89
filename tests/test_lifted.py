"""Lifted dictionaries: what lifting changes in inference and in training, and what it cannot."""

import pytest
import torch

from saeno import (
    ConvDictionary,
    DenseDictionary,
    FourierDictionary,
    Lift,
    Lifted,
    Lifting,
    MatchingPursuit,
    OneStep,
    SoftThreshold,
    SparseAutoencoder,
    TopK,
    Unrolled,
    fit,
    losses,
)
from tests.helpers import inner, lifting, normal, synthesis_matrix, through

CHANNELS = 4


def orthonormal(channels: int, lifted: int, scale: float = 1.0, seed: int = 0) -> Lifting:
    """PPᵀ = scale · I in float64, L = Pᵀ; needs lifted ≥ channels."""
    lift = torch.linalg.qr(normal(lifted, channels, seed=seed)).Q * scale**0.5
    return Lifting(lift, lift.T)


def slanted(channels: int, lifted: int, seed: int = 0) -> Lifting:
    """L ≠ Pᵀ, but near enough that gains are positive."""
    project = normal(channels, lifted, seed=seed) / lifted**0.5
    return Lifting(project.T + 0.2 * normal(lifted, channels, seed=seed + 1), project)


EVERY_P = {
    "narrow": lifting(CHANNELS, 2),
    "square": lifting(CHANNELS, CHANNELS),
    "wide": lifting(CHANNELS, 9),
    "orthonormal": orthonormal(CHANNELS, 9),
}
LIFTS = pytest.mark.parametrize("lift", EVERY_P.values(), ids=EVERY_P)


def lifted_dense(lift: Lifting, residual: str = "data", concepts: int = 7) -> Lifted:
    return Lifted(DenseDictionary(lift.lifted, concepts, seed=3).double(), lift, residual)


def unlifted(dictionary: Lifted, grid: tuple[int, ...]):
    """The dictionary of the effective atoms A = P D, not lifted."""
    kind, atoms = dictionary.dictionary, dictionary.atoms(grid)
    if isinstance(kind, DenseDictionary):
        return DenseDictionary.from_atoms(atoms)
    if isinstance(kind, ConvDictionary):
        return ConvDictionary.from_atoms(atoms, kind.support)
    return FourierDictionary.from_atoms(atoms, kind.modes)


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).norm() / b.norm()).item()


# --- what it is


def test_synthesis_is_p_after_d_and_analysis_is_d_after_l():
    lift = slanted(CHANNELS, 6)
    dictionary = lifted_dense(lift)
    d, code, signal = dictionary.weight, normal(3, 7), normal(3, CHANNELS, seed=1)
    torch.testing.assert_close(dictionary.synthesis(code), code @ d @ lift.P.T)
    torch.testing.assert_close(dictionary.analysis(signal), signal @ lift.L.T @ d.T)
    torch.testing.assert_close(dictionary.atoms(), d @ lift.P.T)
    torch.testing.assert_close(dictionary.gain(), torch.einsum("ch,hg,cg->c", d, lift.L @ lift.P, d))


@pytest.mark.parametrize(
    ("inner_dictionary", "grid"),
    [
        (DenseDictionary(3, 4), ()),
        (ConvDictionary(3, 4, 3), (6,)),
        (FourierDictionary(3, 4, 2), (7,)),
        (FourierDictionary(3, 2, (1, 2)), (4, 5)),
    ],
    ids=["dense", "conv", "fourier", "fourier-2d"],
)
def test_with_another_lift_than_p_transposed_analysis_is_its_own_matrix_and_not_adjoint(inner_dictionary, grid):
    lift = slanted(2, 3)
    dictionary = Lifted(inner_dictionary.double(), lift)
    assert not dictionary.adjoint
    up = torch.einsum("hm,ch...->cm...", lift.L, dictionary.dictionary.atoms(grid))  # the effective encoder W = LᵀD
    analysis, synthesis = synthesis_matrix(up).T, synthesis_matrix(dictionary.atoms(grid))
    code, signal = normal(2, dictionary.concepts, *grid), normal(2, 2, *grid, seed=1)
    torch.testing.assert_close(dictionary.analysis(signal), through(analysis, signal, dictionary.concepts))
    torch.testing.assert_close(dictionary.synthesis(code), through(synthesis, code, 2))
    sides = inner(dictionary.synthesis(code), signal), inner(code, dictionary.analysis(signal))
    assert abs(sides[0] - sides[1]) > 1e-3 * max(map(abs, sides))
    bound = torch.linalg.eigvals(analysis @ synthesis).abs().max()
    torch.testing.assert_close(dictionary.largest_eigenvalue(grid), bound)


def test_it_says_whether_it_is_adjoint():
    assert lifted_dense(EVERY_P["wide"]).adjoint and not lifted_dense(slanted(CHANNELS, 6)).adjoint


def test_functions_are_lifted_at_every_point_and_on_every_grid():
    lift, inside = lifting(2, 3), FourierDictionary(3, 4, 2).double()
    dictionary = Lifted(inside, lift)
    code, points = normal(2, 4, 6), normal(5)
    rendered = torch.einsum("mh,bhu->bmu", lift.P, inside.render(code, 11))
    torch.testing.assert_close(dictionary.render(code, 11), rendered)
    torch.testing.assert_close(dictionary.at(points), torch.einsum("mh,chu->cmu", lift.P, inside.at(points)))


class Doubled(Lift):
    """A lift without matrices: twice the signal, then half of it."""

    def lift(self, signal):
        return 2 * signal

    def project(self, lifted):
        return lifted / 2


def test_a_lift_of_your_own_defines_two_methods():
    dictionary = Lifted(DenseDictionary(4, 6).double(), Doubled())
    assert dictionary.channels == 4 and not dictionary.adjoint
    signal, code = normal(2, 4), normal(2, 6)
    torch.testing.assert_close(dictionary.analysis(signal), 2 * signal @ dictionary.weight.T)
    torch.testing.assert_close(dictionary.synthesis(code), code @ dictionary.weight / 2)
    torch.testing.assert_close(dictionary.gain(), torch.ones(6, dtype=torch.float64))
    lift = Doubled()
    lift.lifted = 5
    with pytest.raises(ValueError, match="dictionary has 4 channels: should be the lifting's 5"):
        Lifted(DenseDictionary(4, 6), lift)
    lift.lifted, lift.dtype = None, torch.float64
    with pytest.raises(TypeError, match=r"lifting is torch\.float64, the dictionary torch\.float32"):
        Lifted(DenseDictionary(4, 6), lift)
    with pytest.raises(TypeError, match=r"lifting = .*Pair.*: should be a Lift, such as Lifting"):
        Lifted(DenseDictionary(4, 6), type("Pair", (), {"lift": Doubled.lift, "project": Doubled.project})())


# --- liftings


def test_orthonormal_liftings():
    for lifted in (3, 4, 9):
        lift = Lifting.orthonormal(4, lifted, seed=1)
        assert (lift.channels, lift.lifted) == (4, lifted) and torch.equal(lift.L, lift.P.T)
        product = lift.P @ lift.P.T if lifted >= 4 else lift.P.T @ lift.P
        torch.testing.assert_close(product, torch.eye(len(product)))
    first, same, other = (Lifting.orthonormal(4, 9, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.P, same.P) and not torch.allclose(first.P, other.P)


def test_gaussian_liftings_tend_to_the_identity_or_to_a_bigger_step():
    for variance, scale in [("lifted", 1.0), ("channels", 4000 / 5)]:
        lift = Lifting.gaussian(5, 4000, variance, seed=2)
        assert torch.equal(lift.L, lift.P.T)
        assert (lift.P @ lift.P.T / scale - torch.eye(5)).abs().max() < 0.1
    first, same, other = (Lifting.gaussian(4, 9, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.P, same.P) and not torch.allclose(first.P, other.P)


def test_a_lifting_keeps_its_own_matrices_and_trains_none():
    up, down = normal(3, 2), normal(2, 3, seed=1)
    lift = Lifting(up, down)
    kept = up.clone()
    up.zero_()
    assert torch.equal(lift.L, kept) and not list(lift.parameters())
    signal, lifted = normal(2, 2, 5), normal(2, 3, 5, seed=1)
    torch.testing.assert_close(lift.lift(signal)[1, :, 4], kept @ signal[1, :, 4])
    torch.testing.assert_close(lift.project(lifted)[1, :, 4], down @ lifted[1, :, 4])
    seen = lift.onto_range(lifted)
    torch.testing.assert_close(lift.project(seen), lift.project(lifted))  # what P sees is kept,
    basis = torch.linalg.qr(down.T).Q
    torch.testing.assert_close(seen[1, :, 4], basis @ basis.T @ lifted[1, :, 4])  # and nothing else


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Lifting(normal(3, 2), normal(3, 2)), r"lift has shape \(3, 2\), project \(3, 2\)"),
        (lambda: Lifting(normal(3), normal(3)), r"lift has shape \(3,\)"),
        (lambda: Lifting.gaussian(2, 3, variance="h"), r"variance = 'h': should be 'lifted'"),
        (lambda: Lifted(DenseDictionary(3, 2), lifting(4, 5).float()), r"dictionary has 3 channels: .* lifting's 5"),
        (lambda: lifted_dense(EVERY_P["wide"], "both"), r"residual = 'both': should be 'data' or 'lifted'"),
        (lambda: lifted_dense(EVERY_P["wide"]).analysis(normal(2, 9)), r"signal has shape \(2, 9\): .*channels = 4"),
        (lambda: lifted_dense(EVERY_P["wide"]).synthesis(normal(2, 9)), r"code has shape \(2, 9\): .*concepts = 7"),
        (lambda: Lifted.from_atoms(normal(3, 5), lifting(4, 6)), r"atoms have 5 channels: should be the lifting's 4"),
        (lambda: Lifted.from_atoms(normal(3, 4), lifting(4, 2)), r"outside range\(P\) of this lifting of 4 to 2"),
    ],
)
def test_errors_name_the_argument_and_its_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_lift_that_turns_a_signal_around_has_no_gain():
    project = normal(4, 6)
    with pytest.raises(ValueError, match=r"gain of atom 0 is -\d"):
        Lifted(DenseDictionary(6, 7).double(), Lifting(-project.T, project))


# --- the gain


@LIFTS
def test_it_starts_in_the_range_of_p_transposed_at_unit_effective_norm(lift):
    dictionary = lifted_dense(lift)
    torch.testing.assert_close(lift.onto_range(dictionary.weight), dictionary.weight)
    torch.testing.assert_close(dictionary.atoms().norm(dim=1), torch.ones(7, dtype=torch.float64))


def test_where_the_lift_inverts_the_projection_unit_gain_is_unit_lifted_norm():
    """L P = I needs lifted ≤ channels."""
    project = normal(CHANNELS, 3)
    dictionary = lifted_dense(Lifting(torch.linalg.pinv(project), project))
    torch.testing.assert_close(dictionary.weight.norm(dim=1), torch.ones(7, dtype=torch.float64))
    assert (dictionary.atoms().norm(dim=1) - 1).abs().max() > 0.05


def test_training_keeps_unit_gain_also_where_the_lift_is_neither_adjoint_nor_inverse():
    dictionary = lifted_dense(slanted(CHANNELS, 6))
    before = dictionary.weight.detach().clone()
    model = SparseAutoencoder(dictionary, OneStep(SoftThreshold(0.05), step=0.3))
    fit(model, normal(20, CHANNELS), steps=20, batch=10, lr=0.05, progress=False)
    assert apart(dictionary.weight, before) > 0.1
    torch.testing.assert_close(dictionary.gain(), torch.ones(7, dtype=torch.float64), rtol=0, atol=1e-12)


def test_the_projected_gradient_keeps_the_gain_where_it_is_no_norm():
    """d → dᵀLPd has the slope (LP + PᵀLᵀ)d, not 2LPd and not 2d."""
    lift = slanted(CHANNELS, 6)
    dictionary = lifted_dense(lift)
    (dictionary.synthesis(normal(3, 7)).pow(3).sum() + dictionary.analysis(normal(3, 4)).pow(3).sum()).backward()
    full = dictionary.weight.grad.clone()
    dictionary.project_gradient_()
    product = lift.L @ lift.P
    slope = dictionary.weight.detach() @ (product + product.T)
    assert (slope * dictionary.weight.grad).sum(1).abs().max() < 1e-12 * full.norm()
    assert (slope * full).sum(1).abs().min() > 1e-3


def test_from_atoms_has_the_effective_atoms_it_is_given():
    lift = lifting(CHANNELS, 6)
    atoms = 3 * normal(5, CHANNELS)
    for source, grid in [
        (atoms, ()),
        (DenseDictionary.from_atoms(atoms), ()),
        (ConvDictionary(CHANNELS, 3, 4).double(), (7,)),
        (FourierDictionary(CHANNELS, 3, 2).double(), (7,)),
    ]:
        wanted = source if isinstance(source, torch.Tensor) else source.atoms(grid)
        kept = wanted.detach().clone()
        dictionary = Lifted.from_atoms(source, lift)
        torch.testing.assert_close(dictionary.atoms(grid), kept)
        torch.testing.assert_close(lift.onto_range(dictionary.weight), dictionary.weight)
        assert torch.equal(wanted, kept), "the source is copied"


def test_a_narrow_lifting_has_atoms_inside_its_range_and_only_those():
    lift = lifting(CHANNELS, 2)
    inside = normal(5, 2) @ lift.P.T
    torch.testing.assert_close(Lifted.from_atoms(inside, lift, "lifted").atoms(), inside)
    assert Lifted.from_atoms(inside, lift, "lifted").residual == "lifted"


# --- inference: the residual in data space


ENCODERS = {
    "one step": OneStep(SoftThreshold(0.1)),
    "ista, 1": Unrolled(SoftThreshold(0.1), 1),
    "ista, 2": Unrolled(SoftThreshold(0.1), 2),
    "ista, 25": Unrolled(SoftThreshold(0.1), 25),
    "fista, 25": Unrolled(SoftThreshold(0.1, positive=True), 25, accelerate=True),
    "hard thresholding": Unrolled(TopK(3), 5),
    "pursuit": MatchingPursuit(3),
}


@LIFTS
@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_with_the_residual_in_data_space_lifting_changes_no_code(lift, encoder):
    """For every P with L = Pᵀ and every number of steps: the code is that of the effective dictionary."""
    dictionary = lifted_dense(lift)
    signal = normal(5, CHANNELS)
    assert apart(encoder(dictionary, signal), encoder(unlifted(dictionary, ()), signal)) <= 1e-10


@pytest.mark.parametrize("make", [lambda h: ConvDictionary(h, 3, 4), lambda h: FourierDictionary(h, 3, (2, 1))])
@LIFTS
def test_with_the_residual_in_data_space_lifting_changes_no_code_of_functions(lift, make):
    dictionary = Lifted(make(lift.lifted).double(), lift)
    grid = (9,) if dictionary.axes == 1 else (6, 5)
    signal = normal(2, CHANNELS, *grid)
    for encoder in (Unrolled(SoftThreshold(0.02), 25), MatchingPursuit(3)):
        assert apart(encoder(dictionary, signal), encoder(unlifted(dictionary, grid), signal)) <= 1e-10


# --- inference: the residual in lifted space


def two_residuals(lift: Lifting, steps: int, in_range: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes of ISTA with either residual, at one step size, λ = .02."""
    dictionaries = [lifted_dense(lift, residual) for residual in ("lifted", "data")]
    if not in_range:
        for dictionary in dictionaries:
            with torch.no_grad():
                dictionary.weight.add_(0.3 * normal(*dictionary.weight.shape, seed=9))
            dictionary.normalize_()
    step = 1 / max(d.largest_eigenvalue().item() for d in dictionaries)
    codes = [Unrolled(SoftThreshold(0.02), steps, step=step)(d, normal(20, CHANNELS)) for d in dictionaries]
    return codes[0], codes[1]


@LIFTS
def test_the_first_step_is_the_same_for_both_residuals(lift):
    assert apart(*two_residuals(lift, steps=1)) == 0


@pytest.mark.parametrize("name", ["narrow", "square", "wide"])
def test_later_steps_differ_when_p_is_not_orthonormal(name):
    assert apart(*two_residuals(EVERY_P[name], steps=25)) >= 0.05


def test_later_steps_agree_when_p_is_orthonormal_and_d_in_the_range_of_p_transposed():
    assert apart(*two_residuals(EVERY_P["orthonormal"], steps=25)) <= 1e-10


def test_an_orthonormal_p_alone_is_not_enough():
    assert apart(*two_residuals(EVERY_P["orthonormal"], steps=25, in_range=False)) >= 0.05


def test_a_multiple_of_an_orthonormal_p_is_the_same_autoencoder_at_another_step_and_threshold():
    """PPᵀ = cI, D = PᵀB, L = Pᵀ/c: lifted codes at step cα, threshold λ/c are those of A = PD at α, λ."""
    c, alpha, threshold = 2.5, 0.05, 0.1
    project = orthonormal(CHANNELS, 9, scale=c).P
    dictionary = lifted_dense(Lifting(project.T / c, project), "lifted")
    signal = normal(20, CHANNELS)
    for steps in (1, 2, 25):
        code = Unrolled(SoftThreshold(threshold / c), steps, step=c * alpha)(dictionary, signal)
        plain = Unrolled(SoftThreshold(threshold), steps, step=alpha)(unlifted(dictionary, ()), signal)
        assert apart(code, plain) <= 1e-10
    assert apart(Unrolled(SoftThreshold(threshold), 25, step=alpha)(dictionary, signal), plain) > 0.05


def test_the_lifted_residual_has_the_lifted_eigenvalue():
    dictionary = lifted_dense(EVERY_P["wide"], "lifted")
    assert torch.equal(dictionary.largest_eigenvalue(), dictionary.dictionary.largest_eigenvalue())
    assert apart(dictionary.largest_eigenvalue(), lifted_dense(EVERY_P["wide"]).largest_eigenvalue()) > 0.05


def test_the_lifted_residual_is_formed_there():
    lift = EVERY_P["wide"]
    dictionary, signal, code = lifted_dense(lift, "lifted"), normal(3, CHANNELS), normal(3, 7, seed=1)
    d = dictionary.weight
    torch.testing.assert_close(dictionary.correlate(signal, code), (signal @ lift.L.T - code @ d) @ d.T)


# --- training


DATA = normal(30, CHANNELS, seed=5)
ENCODER = dict(sparsity=SoftThreshold(0.05), step=0.3)


def descend(dictionary, lr: float, steps: int, optimizer=torch.optim.SGD):
    """`steps` of full-batch descent, with no normalisation."""
    model = SparseAutoencoder(dictionary, OneStep(**ENCODER))
    settings = dict(batch=len(DATA), schedule="constant", normalize=False, progress=False)
    fit(model, DATA, steps, lr=lr, optimizer=optimizer, **settings)
    return dictionary


@LIFTS
def test_descent_on_d_is_descent_on_the_effective_atoms_preconditioned_by_p_p_transposed(lift):
    """A⁺ = A − η PPᵀ G, with G the total gradient in A of the tied autoencoder (atoms are rows here)."""
    dictionary = lifted_dense(lift)
    effective = unlifted(dictionary, ())
    losses.objective(SparseAutoencoder(effective, OneStep(**ENCODER)), DATA).backward()
    before, gradient = effective.weight.detach(), effective.weight.grad
    after = descend(dictionary, lr=0.1, steps=1).atoms()
    assert apart(after, before - 0.1 * gradient @ lift.P @ lift.P.T) <= 1e-12
    plain = apart(after, before - 0.1 * gradient)
    assert plain <= 1e-12 if lift is EVERY_P["orthonormal"] else plain > 1e-4


def test_descent_with_another_lift_couples_decoder_and_encoder():
    """[A; W]⁺ = [A; W] − η [[PPᵀ, PL], [LᵀPᵀ, LᵀL]] [∂_A; ∂_W]."""
    lift = slanted(CHANNELS, 6)
    dictionary = lifted_dense(lift)
    a = dictionary.atoms().detach().requires_grad_()
    w = (dictionary.weight @ lift.L).detach().requires_grad_()
    code = ENCODER["sparsity"](0.3 * DATA @ w.T, 0.3)
    (losses.misfit(DATA, code @ a) + ENCODER["sparsity"].penalty(code)).backward()
    after = descend(dictionary, lr=0.1, steps=1)
    p, up = lift.P, lift.L
    assert apart(after.atoms(), a - 0.1 * (a.grad @ p @ p.T + w.grad @ (p @ up).T)) <= 1e-12
    assert apart(after.weight @ up, w - 0.1 * (a.grad @ p @ up + w.grad @ up.T @ up)) <= 1e-12


def test_a_multiple_of_an_orthonormal_p_is_plain_descent_at_another_rate():
    dictionary = lifted_dense(orthonormal(CHANNELS, 9, scale=2.5))
    effective = unlifted(dictionary, ())
    lifted_atoms, atoms = descend(dictionary, 0.1, 100).atoms(), descend(effective, 0.25, 100).atoms()
    assert apart(lifted_atoms, atoms) <= 1e-10
    assert apart(atoms, unlifted(lifted_dense(orthonormal(CHANNELS, 9, scale=2.5)), ()).atoms()) > 0.05


def test_adam_is_not_rotation_equivariant():
    dictionary = lifted_dense(EVERY_P["orthonormal"])
    effective = unlifted(dictionary, ())
    steps = [descend(d, 0.01, 5, torch.optim.Adam).atoms() for d in (dictionary, effective)]
    assert apart(*steps) > 1e-3


def test_a_narrow_lifting_never_leaves_its_range():
    lift = EVERY_P["narrow"]
    dictionary = lifted_dense(lift)
    before = dictionary.atoms().detach().clone()
    model = SparseAutoencoder(dictionary, Unrolled(TopK(2), 3))
    fit(model, DATA, steps=50, batch=10, lr=0.05, progress=False)
    basis = torch.linalg.qr(lift.P).Q
    assert apart(dictionary.atoms() @ basis @ basis.T, dictionary.atoms()) < 1e-12
    assert apart(dictionary.atoms(), before) > 0.1


def test_descent_stays_in_the_range_of_p_transposed():
    lift = EVERY_P["wide"]
    dictionary = descend(lifted_dense(lift), 0.1, 50)
    assert apart(lift.onto_range(dictionary.weight), dictionary.weight) < 1e-12


def test_a_faint_atom_outside_the_range_is_not_lost():
    atoms = torch.tensor([[1.0, 0.0], [0.0, 1e-6]])  # P sees the first channel only
    with pytest.raises(ValueError, match=r"atom 1 is 1 \(relative\) outside range\(P\)"):
        Lifted.from_atoms(atoms, Lifting(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0], [0.0]])))


def test_what_cannot_be_lifted_is_refused_by_name():
    lift = Lifting.orthonormal(4, 8)
    with pytest.raises(TypeError, match="dictionary is a int: should be one that is not lifted"):
        Lifted(5, lift)
    with pytest.raises(TypeError, match="dictionary is a Lifted: should be one that is not lifted"):
        Lifted(Lifted(DenseDictionary(8, 6), lift), Lifting.orthonormal(3, 4))
    with pytest.raises(TypeError, match=r"lifting is torch.float32, the dictionary torch.float64: convert one of them"):
        Lifted(DenseDictionary(8, 6).double(), lift)
    with pytest.raises(TypeError, match=r"lifting is torch.float32, the dictionary torch.float64: convert one of them"):
        Lifted.from_atoms(DenseDictionary(4, 6).double(), lift)
    with pytest.raises(TypeError, match=r"lift is torch.int64: both should be tensors of one floating-point type"):
        Lifting(torch.eye(4).long(), torch.eye(4))
    with pytest.raises(TypeError, match=r"project is ndarray: both should be tensors of one floating-point type"):
        Lifting(torch.eye(4), torch.eye(4).numpy())


def test_lifted_residuals_check_their_signal():
    dictionary = Lifted(DenseDictionary(8, 6), Lifting.orthonormal(4, 8), residual="lifted")
    with pytest.raises(ValueError, match=r"signal has shape \(1, 8\): should be \(batch, channels = 4\)"):
        dictionary.correlate(torch.zeros(1, 8), torch.zeros(1, 6))


@pytest.mark.parametrize(("optimizer", "stays"), [(torch.optim.SGD, True), (torch.optim.Adam, False)])
def test_gradient_descent_keeps_atoms_in_the_range_and_adam_does_not(optimizer, stays):
    dictionary = Lifted(DenseDictionary(12, 16).double(), lifting(6, 12))
    model = SparseAutoencoder(dictionary, Unrolled(TopK(2), 2))
    fit(model, normal(60, 6), 50, batch=20, optimizer=optimizer, progress=False)
    weight = dictionary.weight.detach()
    outside = (weight - dictionary.lifting.onto_range(weight)).norm() / weight.norm()
    assert outside < 1e-12 if stays else outside > 0.01


def test_a_lifted_dictionary_can_be_truncated():
    """The effective atoms lose their frequencies above the new modes, and nothing else; the old dictionary is kept."""
    lifted = Lifted(FourierDictionary(6, 3, 5), Lifting.gaussian(2, 6)).double()
    before, after = (torch.fft.rfft(d.atoms(16)) for d in (lifted, lifted.truncated(2)))
    torch.testing.assert_close(after[..., :3], before[..., :3])
    assert after[..., 3:].abs().max() < 1e-12 < before[..., 5].abs().max()
