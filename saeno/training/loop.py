"""The loop of every training: steps, measurements, checkpoints, a bar, and Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

from saeno.training.checkpoint import save
from saeno.training.history import History, Metric
from saeno.training.interrupt import held_interrupt
from saeno.training.run import Run


def train(
    run: Run,
    steps: int,
    advance: Callable[[], None],
    name: str,
    metrics: Mapping[str, Metric] | None,
    every: int | Sequence[int] | None,
    checkpoint: str | os.PathLike | None,
    save_every: int,
    settings: dict[str, Any],
    progress: bool,
) -> History:
    """Go on until `steps` steps are done, or the run has `ended`; the model is in eval mode afterwards."""
    from tqdm import tqdm

    # Given only to hide the bar, so that tqdm's own switch, the variable TQDM_DISABLE, works too: the book uses it.
    hidden = {} if progress else {"disable": True}
    bar = tqdm(total=steps, initial=run.step, desc=name, unit="step", **hidden)
    try:
        with bar, held_interrupt(checkpoint is not None) as interrupted:
            start = perf_counter() - run.seconds
            if run.step == 0:
                run.measure(metrics)
            while run.step < steps and not run.ended:
                advance()
                at_end = run.step == steps
                if at_end or (run.step in every if isinstance(every, list) else every and run.step % every == 0):
                    run.measure(metrics)
                run.seconds, stopping = perf_counter() - start, interrupted()
                if checkpoint is not None and (at_end or run.ended or run.step % save_every == 0 or stopping):
                    save(run, checkpoint, settings)
                if stopping:
                    raise KeyboardInterrupt(f"training stopped at step {run.step} of {steps}; the checkpoint has it")
                bar.update()
                if run.step % run.keep == 0:
                    bar.set_postfix(loss=f"{run.loss[run.step - 1]:.3g}", refresh=False)
    finally:
        run.model.eval()
    return run.history()
