"""Ctrl-C during training."""

from __future__ import annotations

import signal as signals
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def held_interrupt(wanted: bool) -> Iterator[Callable[[], bool]]:
    """Hold back the first Ctrl-C, so that a step can be completed; gives a function that says whether there was one.

    A second one interrupts at once. Nothing is held back where it is not `wanted`, where another handler is at work, or
    outside the main thread, which gets no signals.
    """
    usual, pressed = signals.default_int_handler, []
    if (
        not wanted
        or threading.current_thread() is not threading.main_thread()
        or signals.getsignal(signals.SIGINT) is not usual
    ):
        yield lambda: False
        return

    def hold(*_: Any) -> None:
        pressed.append(True)
        signals.signal(signals.SIGINT, usual)

    signals.signal(signals.SIGINT, hold)
    try:
        yield lambda: bool(pressed)
    finally:
        signals.signal(signals.SIGINT, usual)
