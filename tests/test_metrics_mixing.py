"""Effective rank and interference: on exact values, and against their definitions computed by brute force."""

import math

import pytest
import torch

from saeno import ConvDictionary, DenseDictionary, FourierDictionary, Lifted, Lifting, metrics
from saeno.data import SparseModel

DOUBLE = torch.double


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


class TestEffectiveRank:
    @pytest.mark.parametrize("count", [1, 2, 5])
    def test_equal_singular_values_count(self, count):
        code = torch.zeros(7, 6, dtype=DOUBLE)
        code[range(count), range(count)] = 3.0
        assert metrics.effective_rank(code) == pytest.approx(count, abs=1e-12)

    def test_of_two_given_singular_values(self):
        """3 and 1: p = ¾, ¼, so the rank is 4 / 3^¾."""
        code = torch.diag(torch.tensor([3.0, 1.0], dtype=DOUBLE))
        assert metrics.effective_rank(code) == pytest.approx(4 / 3**0.75, abs=1e-12)

    def test_concepts_in_proportion_are_one(self):
        assert metrics.effective_rank(normal(9, 1) * normal(1, 5, seed=1)) == pytest.approx(1, abs=1e-6)

    def test_a_node_is_a_row(self):
        code = normal(3, 4, 2, 5)
        rows = code.permute(0, 2, 3, 1).reshape(-1, 4)
        share = torch.linalg.svdvals(rows)
        share = share / share.sum()
        assert metrics.effective_rank(code) == pytest.approx((-share * share.log()).sum().exp().item(), abs=1e-10)
        assert metrics.effective_rank(code.roll(2, -1)) == pytest.approx(metrics.effective_rank(code), abs=1e-10)

    def test_it_is_at_most_the_rank(self):
        assert 1 < metrics.effective_rank(normal(50, 2) @ normal(2, 6, seed=1)) <= 2 + 1e-9

    @pytest.mark.parametrize("scale", [1e-30, 1e-15, 1e15, 1e30])
    def test_it_has_no_unit(self, scale):
        code = normal(8, 3).float()
        assert metrics.effective_rank(scale * code) == pytest.approx(metrics.effective_rank(code), rel=1e-5)

    def test_zero_has_none(self):
        with pytest.raises(ValueError, match="code is zero"):
            metrics.effective_rank(torch.zeros(4, 3))


class TestInterference:
    def test_of_two_given_vectors(self):
        """Atoms (1, 0) and (.6, .8); codes (1, 2) and (3, 0): E z₁z₂ = 1, and the cosine is .6."""
        atoms = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=DOUBLE)
        code = torch.tensor([[1.0, 2.0], [3.0, 0.0]], dtype=DOUBLE)
        expected = torch.tensor([[5.0, 0.6], [0.6, 2.0]], dtype=DOUBLE)
        torch.testing.assert_close(metrics.interference(atoms, code), expected)

    def test_of_vectors_it_is_cosine_times_correlation(self):
        dictionary, code = DenseDictionary(5, 7).double(), normal(20, 7)
        expected = (dictionary.weight @ dictionary.weight.T) * (code.T @ code) / 20
        torch.testing.assert_close(metrics.interference(dictionary, code), expected.detach())

    @pytest.mark.parametrize(
        "dictionary, grid",
        [
            (ConvDictionary(2, 3, 4), (9,)),
            (FourierDictionary(2, 3, 2), (8,)),
            (ConvDictionary(1, 3, (2, 3)), (4, 5)),
            (Lifted(FourierDictionary(4, 3, 2), Lifting.gaussian(2, 4)), (6,)),
            (Lifted(DenseDictionary(8, 3), Lifting.gaussian(4, 8)), ()),
        ],
    )
    def test_it_is_the_inner_product_of_the_parts(self, dictionary, grid):
        dictionary, code = dictionary.double(), normal(6, 3, *grid)
        parts = []
        for i in range(3):
            own = torch.zeros_like(code)
            own[:, i] = code[:, i]
            parts.append(dictionary.synthesis(own).detach())
        nodes = math.prod(grid)
        expected = torch.tensor([[(a * b).sum() / nodes / 6 for b in parts] for a in parts], dtype=DOUBLE)
        found = metrics.interference(dictionary, code)
        torch.testing.assert_close(found, expected)
        whole = dictionary.synthesis(code).square().sum() / nodes / 6
        assert found.sum().item() == pytest.approx(whole.item())

    def test_atoms_may_be_a_tensor(self):
        dictionary, code = FourierDictionary(2, 3, 2).double(), normal(6, 3, 8)
        torch.testing.assert_close(
            metrics.interference(dictionary.atoms(8), code), metrics.interference(dictionary, code)
        )

    def test_independent_signs_leave_the_diagonal(self):
        """With signs of their own E zᵢzⱼ = 0, however much atoms overlap."""
        code = (
            SparseModel(DenseDictionary(4, 8), active=3).sample(20_000, generator=torch.Generator().manual_seed(0)).code
        )
        found = metrics.interference(torch.ones(8, 1), code)
        off = found - found.diag().diag()
        assert off.abs().max() < 0.05 * found.diag().min()

    @pytest.mark.parametrize("scale", [1e-30, 1e15])
    def test_no_unit_is_too_small_or_large(self, scale):
        atoms, code = normal(3, 4).float(), normal(5, 3).float()
        found = metrics.interference(scale * atoms, scale * code) / float(scale) ** 4
        torch.testing.assert_close(found, metrics.interference(atoms, code), rtol=1e-4, atol=1e-6)

    def test_what_does_not_fit_is_told(self):
        with pytest.raises(ValueError, match="atoms have shape"):
            metrics.interference(normal(3, 2, 8), normal(4, 3, 9))
        with pytest.raises(ValueError, match="atoms has 6 concepts: should have those of code, 5"):
            metrics.interference(DenseDictionary(4, 6).double(), normal(5, 5))
        with pytest.raises(ValueError, match="code has shape"):
            metrics.interference(FourierDictionary(1, 3, 2).double(), normal(4, 3))
