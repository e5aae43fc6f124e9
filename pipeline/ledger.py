"""The ledger: what each person was told, in one SQLite file that is never taken for empty.

What a method has returned from survives a killed process. What it has returned from also survives a loss of
power, except that letters of one window (`Ledger.window`) may then be uncertain: the window is written through
to the disk before the first of its letters, their outcomes with the next one.
Source: https://sqlite.org/pragma.html#pragma_synchronous. Times are stored as UTC, ISO 8601.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO

from pipeline import frozen, ledgerfile
from pipeline.errors import LedgerUnusable
from pipeline.events import Event, state_of, stop_of
from pipeline.ledgerfile import FILE, legible, translated
from pipeline.model import DeliveryState, Frozen, Issue, Pasted, Plan, Sheet, State
from pipeline.recall import HALF, Recall, iso

WINDOW = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter; ``blocks`` when the fault is its address's."""

    delivery: str
    state: DeliveryState
    reason: str = ""
    message_id: str = ""
    blocks: bool = False


class Ledger(Recall):
    """One house's ledger, held by one process at a time; use it as a context manager."""

    window = WINDOW

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        held: IO[str] | None = None,
        marks: ledgerfile.Marks | None = None,
    ) -> None:
        super().__init__(connection)
        self._path = path
        self._held = held
        self._marks = marks or ledgerfile.Marks([])
        self._boot = ledgerfile.boot()
        self._window: frozenset[str] = frozenset()
        self._reserved: frozenset[str] = frozenset()
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
        ledger = cls(ledgerfile.connect(path, "ro"), path)
        if not ledgerfile.is_held(folder / ledgerfile.LOCK):
            ledger._submitting = DeliveryState.UNCERTAIN
        return ledger

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
            last.callback(self._db.close)
            self._end_window()

    def _end_window(self) -> None:
        with suppress(LedgerUnusable):
            if self._window:
                with self._writing():
                    self._note("window", "")

    # what a run finds when it comes

    def _own_up(self, now: datetime, older: bool, whole: bool) -> None:
        """What an earlier run left half done is uncertain; it is never tried again by itself."""
        (count, window), begun = self._marks.highest(), self._number("begun")
        lost = self._lost_window()
        # A loss of power can only have cut off what the open window holds; anything more is a restored backup.
        behind = count - begun
        if behind > (len(lost) if window == self._number("reserved") else 0) and not older:
            raise LedgerUnusable(
                f"private/{FILE}: it is an older copy: {behind} letters or wishes of readers are missing in it. Restore"
                " the newest one; if there is none, `kith baseline` records everything as told, so that nobody hears"
                " twice."
            )
        if not whole:
            raise LedgerUnusable(ledgerfile.CHANGED)
        outcomes = [Outcome(one, DeliveryState.UNCERTAIN, HALF) for one in self._ids(DeliveryState.SUBMITTING)]
        why = "the machine stopped around the time this letter was due"
        if older and behind > 0:
            lost = self._ids(DeliveryState.PENDING)
            why = "an older copy of the ledger was taken up, from before this letter was due"
        outcomes += [Outcome(one, DeliveryState.UNCERTAIN, why) for one in lost]
        ledgerfile.break_seal(self._path)
        if outcomes or behind > 0 or self._meta("window"):
            with self._writing():
                self._record(outcomes, iso(now))
                self._note("window", "")
                self._note("begun", str(max(begun, count)))
                self._note("unknown", str(self._number("unknown") + max(behind, 0)))

    def _ids(self, state: DeliveryState) -> list[str]:
        return [row["id"] for row in self._rows("SELECT id FROM deliveries WHERE state=? ORDER BY position", state)]

    def _lost_window(self) -> list[str]:
        """Pending letters of a window that a loss of power may have cut off: the last commits may be gone."""
        window = self._meta("window")
        if not window:
            return []
        with legible():
            data = json.loads(window)
            if data["boot"] == self._boot and self._boot:
                return []
            ids = frozenset(data["ids"])
        return [one for one in self._ids(DeliveryState.PENDING) if one in ids]

    def letter(self, delivery: str) -> Frozen:
        """The letter of a delivery, exactly as it was frozen. Raises `LedgerUnusable` if a byte of it changed."""
        query = "SELECT letter, sheet, digest, issue, mark, audience FROM deliveries WHERE id=?"
        rows = self._rows(query, delivery)
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
        (row,) = self._rows("SELECT sheet FROM sheets WHERE id=?", number)
        return frozen.unpack_sheet(row["sheet"]), frozen.sheet_digest(row["sheet"])

    # writing

    def freeze(self, plan: Plan, issues: Iterable[Issue], pastes: Iterable[Pasted], seen: Iterable[str]) -> None:
        """Writes down, in one transaction, everything a plan decided, before anything of it leaves."""
        now = iso(plan.now)
        with self._writing():
            self._see(seen, now)
            for who, entries in plan.baseline:
                self._tell(who, entries, "baseline", now)
            self._db.executemany("DELETE FROM joined WHERE who=?", [(who,) for who in plan.gone])
            rows = [(who, json.dumps(sorted(circles)), now) for who, circles in plan.joined]
            self._db.executemany("INSERT OR REPLACE INTO joined VALUES (?,?,?)", rows)
            for pasted in pastes:
                paste = pasted.paste
                self._tell(paste.who, [chosen.entry.id for chosen in paste.entries], "paste", now)
                row = (paste.who, paste.channel, paste.file_name, pasted.text, now)
                self._db.execute("INSERT OR REPLACE INTO pastes VALUES (?,?,?,?,?)", row)
            for issue in issues:
                self._freeze(issue, now)
        self.audit()

    def _freeze(self, issue: Issue, now: str) -> None:
        self._db.execute("INSERT INTO issues VALUES (?,?,?)", (issue.id, now, issue.audience))
        self._db.executemany("INSERT INTO held VALUES (?,?,?)", [(issue.id, h.who, h.reason) for h in issue.held])
        sheets: dict[Sheet, tuple[int, str]] = {}
        for one in issue.letters:
            if one.sheet not in sheets:
                sheets[one.sheet] = self._sheet(one.sheet)
            self._insert(one, *sheets[one.sheet], now)

    def _insert(self, one: Frozen, sheet: int, sheet_digest: str, now: str) -> None:
        stub, part = one.stub, frozen.pack(one)
        self._db.execute(
            "INSERT INTO deliveries (id, issue, who, mark, entries, state, audience, subject, sheet, letter, digest,"
            " at, changed) VALUES (?,?,?,?,?,'pending',?,?,?,?,?,?,?)",
            (stub.delivery_id, one.issue, stub.person, one.mark, self._set(stub.entries),
             " ".join(sorted(one.audience)), stub.subject, sheet,
             part, frozen.digest(part, sheet_digest), now, now),
        )  # fmt: skip

    def baseline(
        self, told: Mapping[str, Iterable[str]], seen: Iterable[str], joined: Mapping[str, Iterable[str]], now: datetime
    ) -> None:
        """Records entries as told without telling anyone."""
        with self._writing():
            self._see(seen, iso(now))
            for who, entries in told.items():
                self._tell(who, entries, "baseline", iso(now))
            rows = [(who, json.dumps(sorted(circles)), iso(now)) for who, circles in joined.items()]
            self._db.executemany("INSERT OR REPLACE INTO joined VALUES (?,?,?)", rows)

    def note_texts(self, digests: Mapping[str, str]) -> None:
        """Notes each entry's text as a fingerprint, by which a renamed file is known again."""
        with self._writing():
            rows = [(digest, entry, digest) for entry, digest in digests.items()]
            self._db.executemany("UPDATE seen SET digest=? WHERE entry=? AND digest<>?", rows)

    def _see(self, seen: Iterable[str], now: str) -> None:
        self._db.executemany("INSERT OR IGNORE INTO seen (entry, at) VALUES (?,?)", [(entry, now) for entry in seen])

    def step(
        self, outcomes: Sequence[Outcome], begin: Sequence[str], now: datetime, coming: Sequence[str] = ()
    ) -> None:
        """One transaction: what became of some letters, and the intent to submit others.

        Until its outcome is recorded, a letter that was begun is uncertain. ``coming`` are those whose turn is
        next: they are reserved together, so that the disk is waited for once a window and not twice a letter.
        """
        reserve = bool(self._boot) and not self._reserved.issuperset(begin)
        window = [*begin, *coming][: max(self.window, len(begin))]
        inside = self._window.issuperset([*begin, *(one.delivery for one in outcomes)])
        with self._writing(through=reserve or not inside or not self._boot):
            self._record(outcomes, iso(now))
            begun = self._begin(begin, iso(now))
            if reserve:
                self._note("window", json.dumps({"boot": self._boot, "ids": window}))
                self._note("reserved", str(begun))
        if reserve:
            self._window = self._reserved = frozenset(window)
        # Each may be begun once without waiting for the disk: what comes back and is tried again reserves anew.
        self._reserved -= frozenset(begin)
        if begin:
            self._marks.write(begun, self._number("reserved"))

    def _begin(self, begin: Sequence[str], now: str) -> int:
        """Notes the intent to submit, and how many were ever begun; only what is pending can be begun."""
        for one in begin:
            query = "UPDATE deliveries SET state='submitting', reason='', changed=? WHERE id=? AND state='pending'"
            if self._db.execute(query, (now, one)).rowcount != 1:
                raise LedgerUnusable(f"private/{FILE}: delivery `{one}` is not pending, so it is not submitted.")
            self._db.execute("INSERT INTO journal VALUES (?,?,'submitting','')", (one, now))
        begun = self._number("begun") + len(begin)
        if begin:
            self._note("begun", str(begun))
        return begun

    def settle(self, delivery: str, taken: bool, now: datetime) -> None:
        """A person's verdict: ``taken`` counts as submitted; otherwise its entries are told again."""
        state = DeliveryState.SUBMITTED if taken else DeliveryState.REFUSED
        self.step([Outcome(delivery, state, f"settled by hand: {'taken' if taken else 'not taken'}")], [], now)

    def hold_for_good(self, deliveries: Sequence[str], reason: str, now: datetime) -> None:
        """These letters will not go, and their entries are not told again in another one."""
        query = "INSERT OR IGNORE INTO told SELECT who, entries, 'held', ? FROM deliveries WHERE id=?"
        with self._writing():
            self._record([Outcome(one, DeliveryState.HELD, reason) for one in deliveries], iso(now))
            self._db.executemany(query, [(iso(now), one) for one in deliveries])

    def choose(self, who: str, choice: Mapping[str, str], now: datetime) -> None:
        """Records what a reader asked for: ``state``, ``cadence`` or ``languages``; ``""`` takes it back."""
        with self._writing():
            for key, value in choice.items():
                self._db.execute("INSERT OR REPLACE INTO choices VALUES (?,?,?,?)", (who, key, value, iso(now)))
            counted = self._count()
        self._marks.write(*counted)

    def _count(self) -> tuple[int, int]:
        """Counts what no backup may forget, though no letter was begun: somebody may have left."""
        self._note("begun", str(self._number("begun") + 1))
        self._note("unknown", str(self._number("unknown") + 1))
        return self._number("begun"), self._number("reserved")

    def ingest(self, found: Iterable[tuple[Event, str]], now: datetime) -> int:
        """Takes in events with their addresses' fingerprints and works out what follows; how many were new.

        A delivery's state and an address's stop are made anew from everything stored, so that the order in which
        events come, and how often, makes no difference.
        """
        with self._writing():
            fresh = [(event, mark) for event, mark in self._addressed(found) if self._keep(event, mark)]
            for delivery in dict.fromkeys(event.delivery for event, _ in fresh):
                self._follow(delivery, now)
            for mark in dict.fromkeys(mark for _, mark in fresh):
                self._db.execute("DELETE FROM stops WHERE mark=?", (mark,))
                if reason := stop_of(self._events("mark", mark)):
                    self._db.execute("INSERT INTO stops VALUES (?,?)", (mark, reason))
            counted = self._count()
        self._marks.write(*counted)
        return len(fresh)

    def _addressed(self, found: Iterable[tuple[Event, str]]) -> Iterator[tuple[Event, str]]:
        """Each event with the address that its letter was frozen for, where it is one of ours.

        The provider writes addresses in its own way, such as the ASCII form of an international domain.
        """
        for event, mark in found:
            rows = self._rows("SELECT mark FROM deliveries WHERE id=?", event.delivery)
            yield event, rows[0]["mark"] if rows else mark

    def _keep(self, event: Event, mark: str) -> bool:
        """Whether the event is new; of two that differ in nothing but words, the same ones win in any order."""
        row = (event.key, event.delivery, mark, event.kind, event.at, event.reason)
        query = (
            "INSERT INTO events VALUES (?,?,?,?,?,?) ON CONFLICT (key)"
            " DO UPDATE SET reason=excluded.reason WHERE excluded.reason > reason"
        )
        return bool(self._db.execute(query, row).rowcount)

    def _events(self, column: str, value: str) -> list[Event]:
        query = {"mark": "SELECT * FROM events WHERE mark=?", "delivery": "SELECT * FROM events WHERE delivery=?"}
        rows = self._rows(query[column], value)
        return [Event(row["at"], row["kind"], row["key"], row["delivery"], "", row["reason"]) for row in rows]

    def _follow(self, delivery: str, now: datetime) -> None:
        """Brings one delivery to the state that its events say; a reader who left is recorded as having left."""
        rows = self._rows("SELECT who, state, reason FROM deliveries WHERE id=?", delivery)
        events = self._events("delivery", delivery)
        became = state_of(events)
        if not rows or became is None:
            return
        if (rows[0]["state"], rows[0]["reason"]) != became:
            self._record([Outcome(delivery, became[0], became[1])], iso(now))
        if any(event.kind in ("left", "complaint") for event in events):
            row = (rows[0]["who"], "state", State.UNSUBSCRIBED, iso(now))
            self._db.execute("INSERT OR REPLACE INTO choices VALUES (?,?,?,?)", row)

    def note_deployed(self, mark: str) -> None:
        """Remembers what went online."""
        with self._writing():
            self._note("deployed", mark)

    # inside

    def _record(self, outcomes: Iterable[Outcome], now: str) -> None:
        for one in outcomes:
            done = self._db.execute(
                "UPDATE deliveries SET state=?, reason=?, changed=?, blocks=?,"
                " message_id=CASE WHEN ?='' THEN message_id ELSE ? END WHERE id=?",
                (one.state, one.reason, now, int(one.blocks), one.message_id, one.message_id, one.delivery),
            )
            if done.rowcount != 1:
                raise LedgerUnusable(f"private/{FILE}: there is no delivery `{one.delivery}`. See `kith report`.")
            self._db.execute("INSERT INTO journal VALUES (?,?,?,?)", (one.delivery, now, one.state, one.reason))

    def _tell(self, who: str, entries: Iterable[str], how: str, now: str) -> None:
        entries = list(entries)
        if entries:
            self._db.execute("INSERT OR IGNORE INTO told VALUES (?,?,?,?)", (who, self._set(entries), how, now))

    def _set(self, entries: Iterable[str]) -> int:
        """The number of a set of entries, which everybody who was told the same shares."""
        text = json.dumps(sorted(set(entries)), ensure_ascii=False)
        found = hashlib.sha256(text.encode()).hexdigest()
        self._db.execute("INSERT OR IGNORE INTO sets (digest, entries) VALUES (?,?)", (found, text))
        return int(self._rows("SELECT id FROM sets WHERE digest=?", found)[0]["id"])

    def _sheet(self, sheet: Sheet) -> tuple[int, str]:
        """A sheet's number and digest."""
        data = frozen.pack_sheet(sheet)
        found = frozen.sheet_digest(data)
        self._db.execute("INSERT OR IGNORE INTO sheets (digest, sheet) VALUES (?,?)", (found, data))
        return int(self._rows("SELECT id FROM sheets WHERE digest=?", found)[0]["id"]), found

    def _note(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))

    @contextmanager
    def _writing(self, *, through: bool = True) -> Iterator[None]:
        """One transaction; ``through`` waits until the disk has it."""
        with translated():
            self._db.execute(f"PRAGMA synchronous={'FULL' if through else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _refuse_a_second_start(folder: Path, older: bool) -> None:
    """A house that has a secret had a ledger: an empty one in its place would tell everybody everything again."""
    if (folder / "secret.key").exists() and not older:
        raise LedgerUnusable(
            f"private/{FILE} is gone, but private/secret.key is there: somebody was told something before. Restore the"
            " ledger from a backup; if there is none, `kith baseline` records everything as told."
        )
