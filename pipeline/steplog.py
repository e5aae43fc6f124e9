"""The steps of a run between two transactions of the ledger: a line each, in a small file beside it.

A transaction for every letter would cost more than the letter. A line is whole or it is none: it says its number
and its checksum. What a line says survives a killed process at once, and a loss of power as far as the system had
written it; the ledger takes the lines in with its next transaction, and remembers the number of the last.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import LedgerUnusable
from pipeline.regular import read_regular, require_regular

FILE = "ledger.steps"
ROOM = 256 * 1024
"""Bytes reserved ahead, so that a disk that fills up stops a letter before it leaves and not after."""

_WINDOW = 64 * 1024
_LONGEST = 1024 * 1024

_DAMAGED = (
    f"private/{FILE}: it is not as Kith left it: damaged, or edited. Restore the newest backup of `private/`; if there"
    " is none, `kith baseline` records everything as told."
)


@dataclass(frozen=True, slots=True)
class Step:
    """What became of some letters (delivery, state, reason, message id, blocks), and which were begun; when, in UTC."""

    number: int
    at: str
    outcomes: Sequence[tuple[str, str, str, str, bool]]
    begun: Sequence[str]


class StepLog:
    """The file of one ledger, for the one process that holds it.

    It is written to its end and never over what it holds, so that a line which was cut off can be told from damage.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._descriptor: int | None = None
        self._end = self._room = 0
        self._taken_in = True

    def write(self, step: Step, *, through: bool) -> None:
        """Adds a step; ``through`` waits until the disk has it. A line that fails is written over by the next one."""
        try:
            descriptor = self._opened()
            line = _line(step)
            if os.pwrite(descriptor, line, self._end) != len(line):
                raise OSError(errno.ENOSPC, "No space left on device")
            if through:
                os.fsync(descriptor)
        except OSError as error:
            fact = f"private/{FILE}: it cannot be written: {error.strerror}"
            raise LedgerUnusable(f"{fact}. Is the disk full?") from None
        self._end += len(line)
        self._taken_in = False

    def clear(self) -> None:
        """The ledger has every step now, and knows them by their numbers; a long file is begun anew."""
        self._taken_in = True
        with suppress(OSError):
            if self._descriptor is None:
                self._path.unlink(missing_ok=True)
            elif self._end > _LONGEST:
                os.ftruncate(self._descriptor, 0)
                self._end = self._room = 0

    def reserve(self) -> None:
        """Makes room for the steps of a window. Raises `LedgerUnusable` when there is none."""
        if self._room - self._end >= _WINDOW:
            return
        try:
            _make_room(self._opened(), self._end)
        except OSError as error:
            raise LedgerUnusable(f"private/{FILE}: no room for it: {error.strerror}. Is the disk full?") from None
        self._room = self._end + ROOM

    def close(self) -> None:
        """Closes the file, and removes it once the ledger has every step."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            with suppress(OSError):
                if self._taken_in:
                    self._path.unlink(missing_ok=True)

    def _opened(self) -> int:
        if self._descriptor is None:
            require_regular(self._path)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._end = self._room = 0
        return self._descriptor


def _make_room(descriptor: int, start: int) -> None:
    """Takes room on the disk; by writing nothing into it where the system or the file system cannot reserve."""
    reserve = getattr(os, "posix_fallocate", None)
    if reserve is not None:
        try:
            reserve(descriptor, start, ROOM)
            return
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    if os.pwrite(descriptor, bytes(ROOM), start) != ROOM:
        raise OSError(errno.ENOSPC, "No space left on device")


def _line(step: Step) -> bytes:
    body = json.dumps([step.number, step.at, step.outcomes, step.begun]).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def read(folder: Path, *, trusted: bool) -> list[Step]:
    """The steps beside a ledger, as far as they are whole.

    With ``trusted`` a whole line that is wrong is damage and raises `LedgerUnusable`; without, after a loss of
    power or beside a run, it ends them. A line that was cut off ends them in any case: nothing followed it.
    """
    try:
        data = read_regular(folder / FILE)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LedgerUnusable(f"private/{FILE}: it cannot be read: {error.strerror}.") from None
    found: list[Step] = []
    for line in data.partition(b"\0")[0].split(b"\n")[:-1]:
        step = _step(line)
        if step is None:
            if trusted:
                raise LedgerUnusable(_DAMAGED)
            break
        found.append(step)
    return found


def following(steps: Sequence[Step], last: int, *, trusted: bool) -> list[Step]:
    """Those after the ``last`` one that the ledger has. Raises `LedgerUnusable` if one between them is missing."""
    left = [step for step in steps if step.number > last]
    whole = [step for place, step in enumerate(left, last + 1) if step.number == place]
    if trusted and len(whole) != len(left):
        raise LedgerUnusable(
            f"private/{FILE}: it follows another ledger than the one beside it, which may be an older copy. Restore"
            " the newest one; if there is none, `kith baseline` records everything as told."
        )
    return whole


def _step(line: bytes) -> Step | None:
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        number, at, outcomes, begun = json.loads(line[9:])
    except ValueError:
        return None
    rows: list[Any] = outcomes
    return Step(number, at, [(row[0], row[1], row[2], row[3], row[4]) for row in rows], begun)
