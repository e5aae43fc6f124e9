"""A limit of processor time for work on one text: what would take minutes ends as an error that names the text."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 8.0
"""Seconds of this process's own work, not of the clock, so that a busy machine refuses nothing that an idle one takes.

A text of 300 KB takes about three on a slow machine.
"""


class TooLong(Exception):
    """The work took longer than it may."""


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Ends the work inside after ``seconds`` with `TooLong`; inside another limit, the outer one holds.

    Only the main thread can be interrupted; elsewhere nothing is limited.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_VIRTUAL)[0]:
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _over(_number: int, _frame: FrameType | None) -> None:
    raise TooLong
