"""The ledger: what each person was told, in one SQLite file that is never taken for empty.

What a method has returned from survives a killed process. What it has returned from also survives a loss of
power, except that letters of one window (`Ledger.window`) may then be uncertain: the window is written through
to the disk before the first of its letters, their outcomes with the next one (`steplog` has them until then).
Source: https://sqlite.org/pragma.html#pragma_synchronous. Times are stored as UTC, ISO 8601.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from pipeline import frozen, ledgerfile, steplog
from pipeline.errors import LedgerUnusable
from pipeline.ledgerfile import FILE, translated
from pipeline.ledgermark import Marks
from pipeline.outgoing import DeliveryState, Frozen, Sheet
from pipeline.recall import iso
from pipeline.records import Outcome
from pipeline.steplog import Step, StepLog
from pipeline.takeover import Takeover, refuse_a_second_start

WINDOW = 50


class Ledger(Takeover):
    """One house's ledger, held by one process at a time; use it as a context manager."""

    window = WINDOW

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        held: IO[str] | None = None,
        marks: Marks | None = None,
    ) -> None:
        super().__init__(connection, path, marks or Marks([]))
        self._held = held
        self._log = StepLog(path.parent)
        self._last = self._begun = self._reserved_at = 0
        self._window_open = False
        self._reserved: set[str] = set()
        self._sheets = lru_cache(maxsize=8)(self._load_sheet)
        self._sealing = False

    @classmethod
    def open(cls, folder: Path, now: datetime, *, older: bool = False) -> Ledger:
        """The ledger in ``folder`` for writing, made if there is none; one process at a time.

        ``older`` takes a ledger that has seen less than was begun, to start anew from. Raises `LedgerUnusable`
        when another run holds it, when it cannot be read, or when it is an older copy of itself.
        """
        held = ledgerfile.lock(folder / "ledger.lock")
        marks = Marks([folder, folder.parent / "build"])
        try:
            path = folder / FILE
            if not path.exists():
                refuse_a_second_start(folder, older)
                ledgerfile.create(path)
            whole = older or ledgerfile.is_whole(path)
            ledger = cls(ledgerfile.connect(path, "rw"), path, held, marks)
        except BaseException:
            held.close()
            raise
        try:
            ledger._own_up(now, older, whole)
            ledger._last, ledger._begun = ledger._number("steps"), ledger._number("begun")
            ledger._sealing = True
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def peek(cls, folder: Path) -> Ledger | None:
        """The ledger for reading only, beside a run that may hold it; None where there is none yet."""
        path = folder / FILE
        if not path.exists():
            refuse_a_second_start(folder, older=False)
            return None
        if not ledgerfile.is_whole(path):
            raise LedgerUnusable(ledgerfile.CHANGED)
        held = ledgerfile.is_held(folder / ledgerfile.LOCK)
        steps = steplog.read(folder, trusted=False)
        ledger = cls(ledgerfile.connect(path, "ro"), path)
        if steps or ledgerfile.is_older(ledger._db):
            ledger._look_ahead(steps)
        if not held:
            ledger._submitting = DeliveryState.UNCERTAIN
        return ledger

    def _look_ahead(self, steps: Sequence[Step]) -> None:
        """Takes steps into a copy in memory, brought up to this version, as the ledger itself is only read."""
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        copy.row_factory = sqlite3.Row
        with translated(), closing(self._db):
            self._db.backup(copy)
        self._db = copy
        ledgerfile.upgrade(copy)
        with super()._writing():
            self._take_in(steplog.following(steps, self._number("steps"), trusted=False))

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the ledger back, written through to the disk and sealed; what cannot be written stays in doubt."""
        with ExitStack() as last:
            if self._held:
                last.callback(self._held.close)
            if self._sealing:
                last.callback(ledgerfile.seal, self._path)
            last.callback(self._marks.close)
            last.callback(self._log.close)
            last.callback(self._db.close)
            self._end_window()

    def _end_window(self) -> None:
        with suppress(LedgerUnusable):
            if self._sealing and (self._window_open or self._steps):
                with self._writing():
                    self._note("window", "")

    def letter(self, delivery: str) -> Frozen:
        """The letter of a delivery, exactly as it was frozen. Raises `LedgerUnusable` if a byte of it changed."""
        query = "SELECT letter, sheet, digest, issue, mark, audience FROM deliveries WHERE id=?"
        rows = super()._rows(query, delivery)
        if not rows:
            raise LedgerUnusable(f"private/{FILE}: there is no delivery `{delivery}`. See `kith report`.")
        (row,) = rows
        try:
            sheet, found = self._sheets(row["sheet"])
            if frozen.digest(row["letter"], found) == row["digest"]:
                audience = frozenset(row["audience"].split())
                return frozen.unpack(row["letter"], sheet, row["issue"], row["mark"], audience)
        except Exception:  # noqa: BLE001, S110 - damaged bytes can fail in any way, and all of them mean this
            pass
        raise LedgerUnusable(f"private/{FILE}: the letter of delivery `{delivery}` is damaged. Restore a backup.")

    def _load_sheet(self, number: int) -> tuple[Sheet, str]:
        """A sheet, and its digest as it is now."""
        (row,) = super()._rows("SELECT sheet FROM sheets WHERE id=?", number)
        return frozen.unpack_sheet(row["sheet"]), frozen.sheet_digest(row["sheet"])

    # the steps of a run

    def reserves(self, begin: Sequence[str]) -> bool:
        """Whether a step that begins these letters opens a window, and so wants to know which come next."""
        return not (begin and self._boot and self._reserved.issuperset(begin))

    def step(
        self, outcomes: Sequence[Outcome], begin: Sequence[str], now: datetime, coming: Sequence[str] = ()
    ) -> None:
        """One move: what became of some letters, and the intent to submit others.

        Until its outcome is recorded, a letter that was begun is uncertain. ``coming`` are those whose turn is
        next: they are reserved together, so that the disk is waited for once a window and not twice a letter.
        Nothing is written when there is nothing to say.
        """
        if not outcomes and not begin:
            return
        if begin and self.reserves(begin):
            self._open_window(outcomes, begin, now, coming)
        else:
            self._add(outcomes, begin, now)
        # Each may be begun once without waiting for the disk: what comes back and is tried again reserves anew.
        self._reserved.difference_update(begin)
        if begin:
            self._marks.write(self._begun, self._reserved_at)

    def _add(self, outcomes: Sequence[Outcome], begin: Sequence[str], now: datetime) -> None:
        rows = [(one.delivery, one.state.value, one.reason, one.message_id, one.blocks) for one in outcomes]
        step = Step(self._last + 1, iso(now), rows, begin)
        self._log.write(step, through=not (self._window_open and self._boot))
        self._steps.append(step)
        self._last += 1
        self._begun += len(begin)

    def _open_window(
        self, outcomes: Sequence[Outcome], begin: Sequence[str], now: datetime, coming: Sequence[str]
    ) -> None:
        # Where starts of the machine cannot be told apart, every step is written through, and no window is needed.
        window = [*begin, *coming][: max(self.window, len(begin))] if self._boot else list(begin)
        self._log.reserve()
        with self._writing():
            self._record(outcomes, iso(now))
            self._begin(begin, iso(now))
            self._note("steps", str(self._number("steps") + 1))
            self._note("window", json.dumps({"boot": self._boot, "ids": window}))
            self._note("reserved", self._meta("begun"))
        self._window_open = True
        self._reserved_at = self._begun
        self._reserved = set(self._pending(window)) if self._boot else set()
        # A long file was begun anew, and has given its room back.
        with suppress(LedgerUnusable):
            self._log.reserve()

    def _pending(self, window: Sequence[str]) -> list[str]:
        marks = ",".join("?" * len(window))
        rows = self._rows(f"SELECT id FROM deliveries WHERE state='pending' AND id IN ({marks})", *window)  # noqa: S608 - only question marks
        return [row["id"] for row in rows]

    def _begin(self, begin: Sequence[str], now: str) -> None:
        """Notes the intent to submit, and how many were ever begun; only what is pending can be begun."""
        for one in begin:
            query = "UPDATE deliveries SET state='submitting', reason='', changed=? WHERE id=? AND state='pending'"
            if self._db.execute(query, (now, one)).rowcount != 1:
                raise LedgerUnusable(f"private/{FILE}: delivery `{one}` is not pending, so it is not submitted.")
            self._db.execute("INSERT INTO journal VALUES (?,?,'submitting','')", (one, now))
        if begin:
            self._note("begun", str(self._number("begun") + len(begin)))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that begins with the steps since the last one."""
        with super()._writing():
            self._take_in(self._steps)
            yield
        self._steps.clear()
        self._log.clear()
        self._reserved.clear()
        self._last, self._begun = self._number("steps"), self._number("begun")

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        if self._steps and not self._db.in_transaction:
            with self._writing():
                pass
        return super()._rows(query, *values)
