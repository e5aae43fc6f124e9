"""The parts of a run that touch the process: waiting, progress, signals, and choosing a transport."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import FrameType

from pipeline.model import House
from pipeline.outgoing import Delivery
from pipeline.terms import Surroundings
from pipeline.transports.base import Transport

EVERY = 100
"""Letters between two lines of progress where there is no terminal."""


def transport_for(root: Path, environ: Mapping[str, str]) -> Callable[[House], Transport]:
    """Makes the transport that a house's settings name."""

    def make(house: House) -> Transport:
        from pipeline.transports.choose import transport

        return transport(house.settings, environ, root / "build" / "outbox")

    return make


_SOON = "\nThe letter in flight is finished first; Ctrl-C once more stops at once.\n"
_AT_ONCE = "\nStopped at once. The letter in flight is uncertain: see `kith report`.\n"


class _Brake:
    """Turns SIGTERM, SIGHUP and Ctrl-C into a wish to stop after the letter in flight; a second Ctrl-C stops at once.

    At once means as if killed: the intent is in the ledger, so that nothing is doubled or lost by it.
    """

    def __init__(self) -> None:
        self.pulled = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Whoever started this with `nohup` wants it to go on.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._pull)

    def _pull(self, number: int, _frame: FrameType | None) -> None:
        again = self.pulled and number == signal.SIGINT
        self.pulled = True
        # The terminal may be what is gone; and what prints just now must not be entered a second time.
        with suppress(OSError):
            os.write(2, (_AT_ONCE if again else _SOON).encode())
        if again:
            os._exit(1)

    def wait(self, seconds: float) -> None:
        """Sleeps, but not past a wish to stop."""
        end = time.monotonic() + seconds
        while not self.pulled and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))


def around(clock: Callable[[], datetime], may_go: Callable[[Delivery, str], str]) -> Surroundings:
    """What a run in this process hands to the delivery loop."""
    brake, progress = _Brake(), _Progress()
    return Surroundings(
        clock=clock,
        tick=time.monotonic,
        sleep=brake.wait,
        progress=progress,
        may_go=may_go,
        halted=lambda: brake.pulled,
        over=progress.over,
    )


class _Progress:
    """A bar on a terminal; elsewhere a line for every hundred letters."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._open, self._said = False, 0

    def __call__(self, done: int, total: int) -> None:
        """Shows that ``done`` of ``total`` letters were gone through."""
        if not total:
            return
        rate = done / max(time.monotonic() - self._started, 0.001)
        left = f"{(total - done) / rate:.0f} s left" if done and done < total else ""
        if sys.stdout.isatty():
            width = 32
            bar = "━" * (width * done // total)
            sys.stdout.write(f"\r\x1b[K{bar:<{width}} {done:,}/{total:,}  {rate:.1f}/s  {left}".rstrip())
            sys.stdout.flush()
            self._open = True
        elif total > EVERY and done > self._said and (done // EVERY > self._said // EVERY or done == total):
            self._said = done
            sys.stdout.write(f"{done:,} of {total:,} letters, {rate:.1f} a second, {left or 'done'}\n")
            sys.stdout.flush()

    def over(self) -> None:
        """Leaves the bar as it is; what follows begins on a line of its own."""
        if self._open:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._open = False
