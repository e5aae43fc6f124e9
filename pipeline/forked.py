"""Starts a process of our own that holds nothing of its parent's, and ends with it.

A fork inherits every open file: also the lock of the ledger, and the ends of pipes that belong to other processes. A
child that outlives its parent would keep the lock, and would wait for ever in a write to a pipe whose other end it has
open itself. So a child keeps standard input, output and error and the files it is given, and no other.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PR_SET_PDEATHSIG = 1
"""Linux: the signal a process gets when its parent ends (prctl(2))."""

_MOST = 4096
"""File descriptors that are tried where the system does not list the open ones."""


def fork(keep: Iterable[int] = ()) -> int:
    """The child's process id in the parent, 0 in the child; ``keep`` are the file descriptors that the child needs.

    Only while one thread runs. The child must end with `os._exit`. Raises `OSError` where there is no room.
    """
    parent, kept = os.getpid(), frozenset(keep)
    child = os.fork()
    if child == 0:
        try:
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)
            _let_go(kept)
            _end_with_parent()
            if is_orphan(parent):  # it ended before the line above
                os._exit(1)
        except BaseException:  # noqa: BLE001 - nothing may go on in a child that is not set up
            os._exit(1)
    return child


def is_orphan(parent: int) -> bool:
    """Whether the process that started this one is gone, so that nobody wants what it makes."""
    return os.getppid() != parent


def _let_go(keep: frozenset[int]) -> None:
    """Puts the empty device in place of every other open file.

    They are not closed: Python still has objects with their numbers, which would close another file of that number.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in _open_files():
        if number > 2 and number not in keep and number != nothing:
            with suppress(OSError):
                os.fstat(number)
                os.dup2(nothing, number, inheritable=False)
    os.close(nothing)


def _open_files() -> Iterator[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            yield from [int(name) for name in os.listdir(folder)]  # noqa: PTH208 - names alone, in a child just begun
            return
    yield from range(min(os.sysconf("SC_OPEN_MAX"), _MOST))


def _end_with_parent() -> None:
    """Asks the system to end this process with its parent; elsewhere a broken pipe and `is_orphan` do."""
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
