"""What comes of a signal when one concept in it is made weaker, stronger, or turned around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from saeno.autoencoder import SparseAutoencoder
from saeno.checks import listed, real, short, tensor
from saeno.operators import replace
from saeno.plots.dashboard.inputs import impulses
from saeno.plots.dashboard.packing import numbers, packed, strongest, thinned
from saeno.plots.dashboard.rows import Rows
from saeno.plots.dashboard.survey import Survey

Downstream = Callable[[Tensor], Tensor] | tuple[nn.Module, str, Tensor]
CHANNELS = {1: 4, 2: 2}  # of an output that are shown, by its axes
VALUES = 64  # of an output that is a vector


def checked_doses(doses: Any) -> list[float]:
    """Doses in order. Raises ValueError unless they are different numbers, two at least, 1 among them."""
    given = [real(dose, "doses", signed=True) for dose in listed(doses, "doses", "numbers, 1 among them")]
    if 1.0 not in given or len(given) < 2 or len(set(given)) < len(given):
        raise ValueError(f"doses = {short(doses)}: should be different numbers, and 1, as the signal is, among them")
    return sorted(given)


def checked_downstream(downstream: Any, count: int) -> Callable[[Tensor, Tensor], Tensor]:
    """`run(signals, which)`: what comes of signals that stand in the place of those of these numbers."""
    form = "a function of signals, or (network, layer, inputs of the network)"
    if isinstance(downstream, tuple):
        if len(downstream) != 3 or not isinstance(downstream[0], nn.Module) or not isinstance(downstream[1], str):
            raise TypeError(f"downstream = {short(downstream)}: should be {form}")
        network, layer, inputs = downstream
        if len(tensor(inputs, "inputs of downstream", "(inputs, channels, *grid)")) != count:
            raise ValueError(f"downstream has {len(inputs)} inputs: should be those that gave the {count} signals of x")
        weight = next(network.parameters(), inputs)

        def run(signals: Tensor, which: Tensor) -> Tensor:
            try:
                with replace(network, layer, lambda found: signals.to(found)):
                    return network(inputs[which.to(inputs.device)].to(weight.device))
            except (ValueError, TypeError) as error:
                raise ValueError(f"downstream = (network, {layer!r}, inputs): {error}") from error

        return run
    if not callable(downstream):
        raise TypeError(f"downstream = {short(downstream)}: should be {form}")
    return lambda signals, which: downstream(signals)


@torch.no_grad()
def steered(
    model: SparseAutoencoder,
    rows: Rows,
    seen: Survey,
    run: Callable[[Tensor, Tensor], Tensor],
    doses: Sequence[float],
    most: int,
    bar: Any,
) -> dict[str, Any]:
    r"""Each concept in the signal in which it is largest, at each dose: $x + (\text{dose} - 1)\, D_c z_c$.

    At dose 1 the signal is as it was, at 0 the concept is taken out. What the model misses of the signal stays in it.
    """
    concepts = torch.nonzero(seen.inputs[:, 0] >= 0)[:, 0]
    made: list[Tensor] = []
    for some in concepts.split(max(1, rows.batch // len(doses))):
        which = seen.inputs[some, 0]
        signals = rows.take(which.tolist())
        added = impulses(model, signals, some, seen.places[some, 0], seen.best[some, 0])
        at = [signals + (dose - 1) * added for dose in doses]
        made.append(
            _outputs(run, torch.cat(at), which.repeat(len(doses))).unflatten(0, (len(doses), -1)).transpose(0, 1)
        )
        bar.update(len(some))
    outputs = torch.cat(made)  # (concepts, doses, channels, *grid)
    natural = outputs[:, [doses.index(1.0)]]
    moved = (outputs - natural).flatten(2).double().square().sum(2).sqrt()
    size = natural.flatten(2).double().square().sum(2).sqrt()
    axes = outputs.dim() - 3
    if axes == 0:
        outputs, channels = _largest_moves(outputs, natural)
        channels, axes = channels.repeat(len(concepts), 1), 1
        outputs = outputs[:, :, None]
    else:
        away = (outputs - natural).transpose(1, 2).flatten(2, 3)
        channels, _ = strongest(away, CHANNELS[axes])
        at = torch.arange(len(outputs), device=outputs.device)[:, None]
        outputs = outputs.transpose(1, 2)[at, channels.to(outputs.device)].transpose(1, 2)
        outputs = thinned(outputs, axes, most)
    return {
        "doses": list(doses),
        "concepts": concepts.tolist(),
        "effect": numbers(moved / torch.where(size > 0, size, torch.nan)),
        "vector": natural.dim() == 3,
        "whole": not model.inference.makes_events,
        "channels": channels.tolist(),
        "picture": packed(outputs, most),
    }


def _outputs(run: Callable[[Tensor, Tensor], Tensor], signals: Tensor, which: Tensor) -> Tensor:
    """What comes of signals: finite, one vector or function for each."""
    made = run(signals, which)
    form = f"(inputs = {len(signals)}, channels), or with a grid of one or two axes"
    if not isinstance(made, Tensor) or not made.is_floating_point():
        raise TypeError(f"downstream gave {short(made)}: should give a tensor {form}")
    if len(made) != len(signals) or not 2 <= made.dim() <= 4 or not made.numel():
        raise ValueError(f"downstream gave {short(made)}: should give {form}")
    if not made.isfinite().all():
        raise ValueError("downstream gave NaN or infinite values: should be finite")
    return made.detach()


def _largest_moves(outputs: Tensor, natural: Tensor) -> tuple[Tensor, Tensor]:
    """Of vectors the entries that some concept moves most, in their order, and which they are."""
    moves = (outputs - natural).abs().flatten(0, 1).amax(0)
    which = moves.sort(descending=True, stable=True).indices[:VALUES].sort().values
    return outputs[:, :, which], which.cpu()
