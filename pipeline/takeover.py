"""What a run finds of the runs before it: a ledger that must be the newest, and what they left half done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import ledgerfile, steplog
from pipeline.errors import LedgerUnusable
from pipeline.ledgerfile import FILE, legible
from pipeline.ledgermark import Marks
from pipeline.outgoing import DeliveryState
from pipeline.recall import HALF, iso
from pipeline.records import Outcome, Records
from pipeline.steplog import Step

_SUBMITTING = DeliveryState.SUBMITTING.value

_DAMAGED = (
    "it is damaged. It counts the emails that were ever begun, so that an older copy of the ledger is noticed. If your"
    " `private/` is the newest there is and no backup, remove this file. If not, restore the newest `private/`, or run"
    " `kith baseline`, which records everything as told."
)


class Takeover(Records):
    """The ledger as an earlier run left it; ``_steps`` are those of its steps that the file does not have yet."""

    def __init__(self, connection: sqlite3.Connection, path: Path, marks: Marks) -> None:
        super().__init__(connection, marks)
        self._path = path
        self._steps: list[Step] = []
        self._boot = ledgerfile.boot()

    def _own_up(self, now: datetime, older: bool, whole: bool) -> None:
        """Refuses a ledger that is not the newest, and takes up what an earlier run left half done.

        Nothing is written before it is known to be the newest, nor while a seal says that nothing will be.
        """
        steps, usable = self._left_over(older)
        damaged = self._damaged_marks(older)
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
        ledgerfile.upgrade(self._db)
        self._steps = list(steps)
        self._take_up(now, count, doubtful=older and (behind > 0 or not usable or bool(damaged)))
        if damaged:
            self._marks.renew()

    def _damaged_marks(self, older: bool) -> list[str]:
        """The counts that are there and damaged; with ``older`` the ledger is taken up without what they counted."""
        damaged = self._marks.damaged()
        if damaged and not older:
            raise LedgerUnusable("\n".join(f"{name}: {_DAMAGED}" for name in damaged))
        return damaged

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


def refuse_a_second_start(folder: Path, older: bool) -> None:
    """A house that has a secret had a ledger: an empty one in its place would tell everybody everything again."""
    if (folder / "secret.key").exists() and not older:
        raise LedgerUnusable(
            f"private/{FILE} is gone, but private/secret.key is there: somebody was told something before. Restore the"
            " ledger from a backup; if there is none, `kith baseline` records everything as told."
        )
