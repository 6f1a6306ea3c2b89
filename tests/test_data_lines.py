"""The board of lines: counts, coherence and the two codes of the full board, by counting squares."""

import pytest
import torch

from saeno.data import lines
from saeno.metrics import coherence


@pytest.mark.parametrize("side", [2, 3, 5, 7])
def test_lines_meet_in_one_square_or_none(side):
    board = lines(side)
    atoms = board.atoms().detach()
    assert (board.concepts, board.channels) == (side * (side + 1), side**2)
    squares = atoms > 0
    assert (squares.sum(1) == side).all()
    meetings = squares.double() @ squares.double().T
    same_slope = torch.block_diag(*[torch.ones(side, side)] * (side + 1)).bool()
    off_diagonal = ~torch.eye(len(atoms), dtype=torch.bool)
    assert (meetings[same_slope & off_diagonal] == 0).all()
    assert (meetings[~same_slope] == 1).all()
    assert coherence(board) == pytest.approx(1 / side, abs=1e-6)
    assert torch.allclose(board.gain(), torch.ones(len(atoms)))


def test_every_slope_covers_the_board():
    slopes = lines(5).atoms().detach().view(6, 5, 25).sum(1)
    assert torch.allclose(slopes, torch.full((6, 25), 5**-0.5))


@pytest.mark.parametrize("side", [1, 4, 6, 9, 7.0])
def test_a_side_that_is_not_prime_is_refused(side):
    with pytest.raises(ValueError, match=f"side = {side}.*prime"):
        lines(side)
