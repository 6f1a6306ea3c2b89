"""Hidden functions of the package neuraloperator's FNO, whose blocks are one module that runs once for each layer.

It brings about fifty packages and is no dependency of the book: skipped where it is not installed. `Shared` of
`test_operators` stands for it there.
"""

import pytest
import torch

from saeno.operators import record, replace

models = pytest.importorskip("neuralop.models", reason="neuraloperator is not installed: pip install neuraloperator")


def network(axes):
    torch.manual_seed(0)
    model = models.FNO(n_modes=(8,) * axes, in_channels=1, out_channels=1, hidden_channels=16, n_layers=4).eval()
    return model, torch.randn(6, 1, *(32,) * axes)


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("axes", [1, 2])
def test_each_run_of_the_blocks_is_recorded_and_replaced(axes):
    model, x = network(axes)
    with torch.no_grad():
        bare = model(x)
    hidden = [record(model, x, "fno_blocks", call=layer, batch=4)["fno_blocks"] for layer in range(4)]
    assert all(h.shape == (6, 16, *(32,) * axes) for h in hidden)
    assert not any(torch.equal(one, other) for one, other in zip(hidden, hidden[1:], strict=False))
    for layer in range(4):
        with torch.no_grad(), replace(model, "fno_blocks", lambda h: h, call=layer):
            assert torch.equal(model(x), bare)
        # What was recorded, put in its place for other inputs, leads to the output for these.
        with torch.no_grad(), replace(model, "fno_blocks", lambda h, own=hidden[layer]: own, call=layer):
            skips = model(x.flip(0))
        with torch.no_grad(), replace(model, "fno_blocks", torch.zeros_like, call=layer):
            assert not torch.allclose(model(x), bare)
        assert torch.allclose(skips, bare, atol=1e-5)
    assert hooks(model) == 0


def test_how_often_the_blocks_run_is_said_and_hooks_are_gone_after_an_error():
    model, x = network(1)
    with pytest.raises(ValueError, match="'fno_blocks' runs 4 times in a forward, should be 0 to 3"):
        record(model, x, "fno_blocks")
    with pytest.raises(ZeroDivisionError), replace(model, "fno_blocks", lambda h: 1 / 0, call=2):
        model(x)
    assert hooks(model) == 0
