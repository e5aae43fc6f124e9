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
from pipeline.ledgerfile import FILE, legible, translated
from pipeline.outgoing import DeliveryState, Frozen, Sheet
from pipeline.recall import HALF, iso
from pipeline.records import Outcome, Records
from pipeline.steplog import Step, StepLog

WINDOW = 50
_SUBMITTING = DeliveryState.SUBMITTING.value


class Ledger(Records):
    """One house's ledger, held by one process at a time; use it as a context manager."""

    window = WINDOW

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        held: IO[str] | None = None,
        marks: ledgerfile.Marks | None = None,
    ) -> None:
        super().__init__(connection, marks or ledgerfile.Marks([]))
        self._path = path
        self._held = held
        self._log = StepLog(path.parent)
        self._steps: list[Step] = []
        self._last = self._begun = self._reserved_at = 0
        self._boot = ledgerfile.boot()
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
        marks = ledgerfile.Marks([folder, folder.parent / "build"])
        try:
            path = folder / FILE
            if not path.exists():
                _refuse_a_second_start(folder, older)
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
            _refuse_a_second_start(folder, older=False)
            return None
        if not ledgerfile.is_whole(path):
            raise LedgerUnusable(ledgerfile.CHANGED)
        held = ledgerfile.is_held(folder / ledgerfile.LOCK)
        steps = steplog.read(folder, trusted=False)
        ledger = cls(ledgerfile.connect(path, "ro"), path)
        if steps:
            ledger._look_ahead(steps)
        if not held:
            ledger._submitting = DeliveryState.UNCERTAIN
        return ledger

    def _look_ahead(self, steps: Sequence[Step]) -> None:
        """Takes steps into a copy in memory, as the ledger itself is only read."""
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        copy.row_factory = sqlite3.Row
        with translated(), closing(self._db):
            self._db.backup(copy)
        self._db = copy
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

    # what a run finds when it comes

    def _own_up(self, now: datetime, older: bool, whole: bool) -> None:
        """Refuses a ledger that is not the newest, and takes up what an earlier run left half done.

        Nothing is written before it is known to be the newest, nor while a seal says that nothing will be.
        """
        steps, usable = self._left_over(older)
        count, window = self._marks.highest()
        begun = self._number("begun") + sum(len(step.begun) for step in steps)
        behind = count - begun
        # A loss of power can have cut off no more than what was still to go in the window that was open then.
        cut_off = len(self._lost_window(steps)) if window == self._number("reserved") else 0
        if behind > cut_off and not older:
            raise LedgerUnusable(
                f"private/{FILE}: it is an older copy: {behind} letters or wishes of readers are missing in it. Restore"
                " the newest one; if there is none, `kith baseline` records everything as told, so that nobody hears"
                " twice."
            )
        if not whole:
            raise LedgerUnusable(ledgerfile.CHANGED)
        ledgerfile.break_seal(self._path)
        self._steps = list(steps)
        self._take_up(now, count, doubtful=older and (behind > 0 or not usable))

    def _take_up(self, now: datetime, count: int, *, doubtful: bool) -> None:
        """What an earlier run left half done is uncertain; it is never tried again by itself.

        ``doubtful``: letters may have gone that this ledger knows nothing of, so none of it goes by itself.
        """
        outcomes = [Outcome(one, DeliveryState.UNCERTAIN, HALF) for one in self._ids(DeliveryState.SUBMITTING)]
        why = "the machine stopped around the time this letter was due"
        lost = self._lost_window()
        if doubtful:
            lost = self._ids(DeliveryState.PENDING)
            why = "an older copy of the ledger was taken up, from before this letter was due"
        outcomes += [Outcome(one, DeliveryState.UNCERTAIN, why) for one in lost]
        begun = self._number("begun")
        if outcomes or count > begun or self._meta("window"):
            with self._writing():
                self._record(outcomes, iso(now))
                self._note("window", "")
                self._note("begun", str(max(begun, count)))
                self._note("unknown", str(self._number("unknown") + max(count - begun, 0)))

    def _ids(self, state: DeliveryState) -> list[str]:
        return [row["id"] for row in self._rows("SELECT id FROM deliveries WHERE state=? ORDER BY position", state)]

    def _lost_window(self, steps: Sequence[Step] = ()) -> list[str]:
        """Pending letters of a window that a loss of power may have cut off: the last commits may be gone.

        ``steps`` are those that the ledger does not have yet.
        """
        window = self._meta("window")
        if not window:
            return []
        with legible():
            data = json.loads(window)
            if data["boot"] == self._boot and self._boot:
                return []
            ids = frozenset(data["ids"]) - {one for step in steps for one in step.begun}
        return [one for one in self._ids(DeliveryState.PENDING) if one in ids]

    def _left_over(self, older: bool) -> tuple[list[Step], bool]:
        """The steps of a killed run that the ledger does not have yet, and whether they could be used.

        With ``older`` steps that are damaged, or follow another ledger, are put aside instead of refused.
        """
        window = self._meta("window")
        with legible():
            trusted = not window or json.loads(window)["boot"] == self._boot != ""
        try:
            found = steplog.read(self._path.parent, trusted=trusted)
            return steplog.following(found, self._number("steps"), trusted=trusted), True
        except LedgerUnusable:
            if not older:
                raise
            ledgerfile.put_aside(self._path.parent, steplog.FILE)
            return [], False

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

    def _take_in(self, steps: Sequence[Step]) -> None:
        if not steps:
            return
        begun = {one for step in steps for one in step.begun}
        latest: dict[str, tuple[Any, ...]] = {}
        journal: list[tuple[str, str, str, str]] = []
        for step in steps:
            for one, state, reason, number, blocks in step.outcomes:
                latest[one] = (state, reason, step.at, int(blocks), number, number, one, one not in begun)
                journal.append((one, step.at, state, reason))
            for one in step.begun:
                latest[one] = (_SUBMITTING, "", step.at, 0, "", "", one, False)
                journal.append((one, step.at, _SUBMITTING, ""))
        query = (
            "UPDATE deliveries SET state=?, reason=?, changed=?, blocks=?,"
            " message_id=CASE WHEN ?='' THEN message_id ELSE ? END WHERE id=? AND (state='pending' OR ?)"
        )
        if self._db.executemany(query, latest.values()).rowcount != len(latest):
            fact = f"private/{steplog.FILE}: it tells of letters that were not pending"
            raise LedgerUnusable(f"{fact}. Restore the newest backup of `private/`.")
        self._db.executemany("INSERT INTO journal VALUES (?,?,?,?)", journal)
        self._note("steps", str(steps[-1].number))
        self._note("begun", str(self._number("begun") + sum(len(step.begun) for step in steps)))

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


def _refuse_a_second_start(folder: Path, older: bool) -> None:
    """A house that has a secret had a ledger: an empty one in its place would tell everybody everything again."""
    if (folder / "secret.key").exists() and not older:
        raise LedgerUnusable(
            f"private/{FILE} is gone, but private/secret.key is there: somebody was told something before. Restore the"
            " ledger from a backup; if there is none, `kith baseline` records everything as told."
        )
