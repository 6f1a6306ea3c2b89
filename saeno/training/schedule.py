"""How the learning rate moves during a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

Scheduler = torch.optim.lr_scheduler.LRScheduler
Schedule = str | Callable[[torch.optim.Optimizer], Scheduler]


def rate(lr: float, schedule: str, step: int, steps: int, warmup: int = 0) -> float:
    """The learning rate at a step: `lr`, or with "cosine" lr · ½(1 + cos(π · step / steps)), which ends at 0.

    Before, it grows for `warmup` steps, as lr · (step + 1) / warmup; the cosine is over what is left.
    """
    if step < warmup:
        return lr * (step + 1) / warmup
    step, steps = step - warmup, steps - warmup
    return lr if schedule == "constant" else lr * (1 + math.cos(math.pi * step / steps)) / 2


class Rates:
    """Sets the learning rate of every group of an optimizer, step by step.

    A scheduler of torch is given a stand-in with the same groups, and what it does to them is copied: so the numbers of
    a step depend on its place alone, and a run that goes on needs nothing but to play the steps before.
    """

    def __init__(self, schedule: Schedule, optimizer: torch.optim.Optimizer, steps: int, warmup: int = 0):
        self.schedule, self.steps, self.warmup = schedule, steps, warmup
        self.starts = [float(group["lr"]) for group in optimizer.param_groups]
        self.begin = 0  # a run that was finished, and is given more steps, has its schedule anew from there
        self.scheduler: Scheduler | None = None
        self.played = 0
        if not isinstance(schedule, str):
            self.stand_in = StandIn(optimizer)
            self.scheduler = _made(schedule, self.stand_in)

    def put(self, optimizer: torch.optim.Optimizer, step: int) -> None:
        """Bring the groups of the optimizer to what they are at that step; steps only go up."""
        if self.scheduler is None:
            for group, start in zip(optimizer.param_groups, self.starts, strict=True):
                place = step - self.begin, self.steps - self.begin
                group["lr"] = rate(start, self.schedule, *place, self.warmup)
            return
        for _ in range(self.played, step):
            self.stand_in.step()
            self.scheduler.step()
        self.played = step
        for group, now in zip(optimizer.param_groups, self.stand_in.param_groups, strict=True):
            group.update({name: now[name] for name in group if name != "params"})


class StandIn(torch.optim.Optimizer):
    """An optimizer with the groups of another one, which changes nothing."""

    def __init__(self, optimizer: torch.optim.Optimizer):
        nothing = [torch.nn.Parameter(torch.zeros(1)) for _ in optimizer.param_groups]
        groups = [{**group, "params": [one]} for group, one in zip(optimizer.param_groups, nothing, strict=True)]
        super().__init__(groups, optimizer.defaults)

    def step(self, closure: Any = None) -> None:
        """A scheduler asks that there was one."""


def _made(schedule: Callable[[torch.optim.Optimizer], Scheduler], optimizer: StandIn) -> Scheduler:
    """The scheduler of an optimizer. Raises TypeError or ValueError, naming `schedule`, for what is none."""
    should = "should be 'cosine', 'constant', or called as schedule(optimizer) to give a scheduler of torch"
    if not callable(schedule):
        raise TypeError(f"schedule = {schedule!r}: {should}")
    try:
        made = schedule(optimizer)
    except TypeError as error:
        raise TypeError(f"schedule = {schedule!r}: {should} ({error})") from error
    if isinstance(made, torch.optim.lr_scheduler.ReduceLROnPlateau):
        raise ValueError("schedule = ReduceLROnPlateau: should be one that depends on the step alone, such as StepLR")
    if not isinstance(made, Scheduler):
        raise TypeError(f"schedule gave a {type(made).__name__}: {should}")
    return made
