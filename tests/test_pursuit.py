"""Least squares on a support and orthogonal matching pursuit, against explicit matrices and scikit-learn."""

import pytest
import torch

from saeno import DenseDictionary, Lifted, Lifting, SoftThreshold, Unrolled
from saeno.inference import debias, fista, gram, ista, least_squares, omp
from tests.helpers import NAMES, normal, one_of_each, synthesis_matrix

EACH = pytest.mark.parametrize("name", NAMES)


def fitted(matrix, signal, support):
    """The least-squares code on each support, by `lstsq` of the columns."""
    code = torch.zeros(support.shape, dtype=torch.float64)
    for row, x, chosen in zip(code, signal.flatten(1), support, strict=True):
        row[chosen] = torch.linalg.lstsq(matrix[:, chosen], x, driver="gelsd").solution
    return code


@EACH
def test_debias_is_least_squares_on_the_support(name):
    """Fails when the support is left, the start counts, or a mean over the grid is lost: drop `* support`."""
    dictionary, grid = one_of_each()[name]
    signal, matrix = normal(4, 2, *grid), synthesis_matrix(dictionary.atoms(grid).detach())
    start = normal(4, dictionary.concepts, *grid, seed=1)
    start *= start.flatten(1).abs().argsort(1).argsort(1).view_as(start) < 2  # two entries of each
    start[1] = 0
    expected = fitted(matrix, signal, start.flatten(1) != 0).view_as(start)
    torch.testing.assert_close(debias(dictionary, signal, start), expected)


@EACH
def test_omp_is_greedy_and_fits_anew(name):
    dictionary, grid = one_of_each()[name]
    signal, matrix = normal(3, 2, *grid), synthesis_matrix(dictionary.atoms(grid).detach())
    for k in (1, 2):
        support = torch.zeros(3, matrix.shape[1], dtype=torch.bool)
        code = torch.zeros(support.shape, dtype=torch.float64)
        for _ in range(k):
            left = (signal.flatten(1) - code @ matrix.T) @ matrix
            support[range(3), left.abs().masked_fill(support, 0).argmax(1)] = True
            code = fitted(matrix, signal, support)
        found = omp(dictionary, signal, k)
        torch.testing.assert_close(found, code.view_as(found))
        assert (found != 0).flatten(1).sum(1).tolist() == [k] * 3 and not found.requires_grad


def test_omp_is_that_of_scikit_learn():
    from sklearn.linear_model import orthogonal_mp

    dictionary = DenseDictionary(32, 64).double()
    signal = normal(50, 32)
    theirs = orthogonal_mp(dictionary.weight.detach().numpy().T, signal.numpy().T, n_nonzero_coefs=6).T
    torch.testing.assert_close(omp(dictionary, signal, 6), torch.from_numpy(theirs))


@EACH
def test_omp_by_a_factor_and_by_conjugate_gradients_are_one(name, monkeypatch):
    dictionary, grid = one_of_each()[name]
    signal = normal(9, 2, *grid)
    signal[3] = 0
    fitted_anew, plain = [], least_squares._fitted
    monkeypatch.setattr(least_squares, "_fitted", lambda *args: fitted_anew.append(len(args[1])) or plain(*args))
    k = 2 if name.endswith("dense") else 4  # two channels
    quick = omp(dictionary, signal, k)
    assert not fitted_anew, "no factor was used"
    monkeypatch.setattr(least_squares, "BLOCK", 2 * quick[0].numel())
    blocks = omp(dictionary, signal, k)
    monkeypatch.setattr(gram, "LARGEST", 0)
    slow = omp(dictionary, signal, k)
    assert fitted_anew == [9] and not quick[3].any()
    for other in (slow, blocks):
        assert torch.equal(other != 0, quick != 0)
        torch.testing.assert_close(other, quick)


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-5, 1e-3])
def test_omp_takes_atoms_that_are_nearly_dependent(apart):
    """Pairs of atoms that are `apart`, and signals made of both: the fit is as good as that of the matrix."""
    atoms = normal(8, 24)
    atoms = torch.cat([atoms, atoms + apart * normal(8, 24, seed=1)])
    dictionary = DenseDictionary.from_atoms(atoms).normalize_()
    signal = normal(40, 24, seed=2)
    found = omp(dictionary, signal, 12)
    left = signal - dictionary.synthesis(found).detach()
    matrix = dictionary.weight.detach().T
    for x, residual, code in zip(signal, left, found, strict=True):
        columns = matrix[:, code != 0]
        best = torch.linalg.lstsq(columns, x, driver="gelsd").solution
        assert residual.norm() <= (x - columns @ best).norm() * (1 + 1e-6)
    if apart == 0:
        assert ((found[:, :8] != 0) & (found[:, 8:] != 0)).sum() == 0, "the same atom twice"


@pytest.mark.parametrize("factor", [2.0**-50, 2.0**50])
def test_units_do_not_matter_to_omp(factor):
    dictionary, signal = DenseDictionary(16, 24).double(), normal(20, 16)
    assert torch.equal(omp(dictionary, factor * signal, 5), factor * omp(dictionary, signal, 5))


def test_omp_stops_where_nothing_is_left():
    dictionary = DenseDictionary(32, 64, seed=1).double()
    code = torch.zeros(3, 64, dtype=torch.float64)
    code[0, 5], code[1, [3, 40]] = 1.2, torch.tensor([0.7, -1.0], dtype=torch.float64)
    signal = dictionary.synthesis(code).detach()
    found = omp(dictionary, signal, 4)
    assert (found != 0).sum(1).tolist() == [1, 2, 0]
    torch.testing.assert_close(found, code)


def test_a_support_of_dependent_atoms_has_a_fit_too_and_a_hopeless_one_is_an_error():
    """The same atom twice: CG finds the fit nearest to the start. Twenty powers of one variable: it says so."""
    atom = normal(1, 8)
    twice = DenseDictionary.from_atoms(torch.cat([atom, atom])).normalize_()
    start = torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    fit = debias(twice, atom, start)
    torch.testing.assert_close(twice.synthesis(fit), atom)
    torch.testing.assert_close(fit[0, 1] - fit[0, 0], torch.tensor(2.0, dtype=torch.float64))
    powers = torch.linspace(0, 1, 40, dtype=torch.float64) ** torch.arange(20)[:, None]
    with pytest.raises(RuntimeError, match="nearly dependent"):
        debias(DenseDictionary.from_atoms(powers).normalize_(), normal(1, 40), torch.ones(1, 20, dtype=torch.float64))


def test_float32_is_enough():
    dictionary = DenseDictionary(64, 128)
    code = torch.zeros(100, 128)
    code.scatter_(1, torch.rand(100, 128, generator=torch.Generator().manual_seed(0)).topk(5).indices, 1.0)
    signal = dictionary.synthesis(code).detach()
    torch.testing.assert_close(debias(dictionary, signal, 0.3 * code), code, atol=1e-5, rtol=0)


def test_what_cannot_be_done_says_so():
    project = normal(4, 6)
    lifted = Lifted(DenseDictionary(6, 7).double(), Lifting(2 * project.T, project))
    for solve in (lambda x: omp(lifted, x, 2), lambda x: debias(lifted, x, torch.ones(2, 7, dtype=torch.float64))):
        with pytest.raises(ValueError, match="no lasso objective"):
            solve(normal(2, 4))
    dictionary = DenseDictionary(4, 6).double()
    for k, message in ((0, "k = 0: should be a whole number"), (7, "k = 7: should be at most the 6")):
        with pytest.raises(ValueError, match=message):
            omp(dictionary, normal(2, 4), k)


# --- warm starts


@pytest.mark.parametrize("solve", [ista, fista])
@EACH
def test_a_warm_start_goes_on_from_there(name, solve):
    """The first iterate is one proximal step from the start; from the solution it stays there."""
    dictionary, grid = one_of_each()[name]
    signal = normal(3, 2, *grid)
    threshold = 0.3 * dictionary.analysis(signal).abs().max().item()
    step = 1 / dictionary.largest_eigenvalue(grid).item()
    start = normal(3, dictionary.concepts, *grid, seed=2)
    one = solve(dictionary, signal, threshold, steps=1, start=start).code
    expected = SoftThreshold(threshold)(start + step * dictionary.correlate(signal, start), step)
    torch.testing.assert_close(one, expected.detach())
    cold = solve(dictionary, signal, threshold, steps=20000, tolerance=1e-10)
    warm = solve(dictionary, signal, threshold, tolerance=1e-10, start=cold.code)
    assert warm.converged and len(warm.objective) <= 2 < len(cold.objective)
    torch.testing.assert_close(warm.objective[-1], cold.objective[-1])
    torch.testing.assert_close(
        solve(dictionary, signal, threshold, steps=5, start=torch.zeros_like(start)).code,
        Unrolled(SoftThreshold(threshold), 5, accelerate=solve is fista)(dictionary, signal).detach(),
    )


def test_a_start_has_the_shape_of_the_code():
    with pytest.raises(ValueError, match=r"start has shape \(1, 6\): should be the code's \(2, 6\)"):
        fista(DenseDictionary(4, 6), torch.ones(2, 4), 0.1, start=torch.zeros(1, 6))
