"""What is written into the ledger, apart from the steps of a run: plans, choices, events and verdicts.

Every method is one transaction; what it has returned from survives a killed process and a loss of power.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from pipeline import frozen
from pipeline.errors import LedgerUnusable
from pipeline.events import Event, state_of, stop_of
from pipeline.ledgerfile import FILE, translated
from pipeline.ledgermark import Marks
from pipeline.model import State
from pipeline.outgoing import DeliveryState, Frozen, Issue, Pasted, Sheet
from pipeline.planned import History, Plan
from pipeline.recall import Recall, iso
from pipeline.renamed import Identities

WITHDRAWN = "withdrawn"
"""How the reason of a delivery begins that was taken back before it was submitted."""

BY_HAND = "settled by hand"
"""How the reason of a delivery begins of which a person said what became of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter; ``blocks`` when the fault is its address's."""

    delivery: str
    state: DeliveryState
    reason: str = ""
    message_id: str = ""
    blocks: bool = False


class Records(Recall):
    """The ledger's writing side; ``marks`` count what no backup may forget."""

    def __init__(self, connection: sqlite3.Connection, marks: Marks) -> None:
        super().__init__(connection)
        self._marks = marks

    def freeze(
        self,
        plan: Plan,
        issues: Iterable[Issue],
        pastes: Iterable[Pasted],
        seen: Iterable[str],
        identities: Identities | None = None,
    ) -> None:
        """Writes down, in one transaction, everything a plan decided, before anything of it leaves."""
        now = iso(plan.now)
        with self._writing():
            self._see(seen, now)
            if identities:
                self._identify(identities)
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
            gone = "DELETE FROM origins WHERE delivery NOT IN (SELECT id FROM deliveries WHERE state='pending')"
            self._db.execute(gone)
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
        if one.origin:
            self._db.execute("INSERT INTO origins VALUES (?,?)", (stub.delivery_id, one.origin))

    def baseline(
        self,
        told: Mapping[str, Iterable[str]],
        seen: Iterable[str],
        joined: Mapping[str, Iterable[str]],
        now: datetime,
        identities: Identities,
    ) -> None:
        """Records entries as told without telling anyone."""
        with self._writing():
            self._see(seen, iso(now))
            self._identify(identities)
            for who, entries in told.items():
                self._tell(who, entries, "baseline", iso(now))
            rows = [(who, json.dumps(sorted(circles)), iso(now)) for who, circles in joined.items()]
            self._db.executemany("INSERT OR REPLACE INTO joined VALUES (?,?,?)", rows)

    def identify(self, name: str, entry: str) -> None:
        """Notes what a person said: the file of that name is this entry."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO names VALUES ('said',?,?)", (name, entry))

    def _identify(self, found: Identities) -> None:
        """Notes names and texts of all entries that are there; what a person said of them stands in them by now."""
        put = self._db.executemany
        self._db.execute("DELETE FROM names WHERE way='said'")
        put("INSERT INTO names VALUES (?,?,?) ON CONFLICT DO UPDATE SET entry=excluded.entry", found.names)
        self._db.execute("DELETE FROM there")
        rows = [(entry, one.name, one.given, one.kind, one.date) for entry, one in found.there.items()]
        put("INSERT INTO there VALUES (?,?,?,?,?)", rows)
        put("DELETE FROM looks WHERE lang='' AND entry=?", [(entry,) for entry in found.looks])
        looks = [(e, one.lang, one.digest, one.title, one.sample) for e, kept in found.looks.items() for one in kept]
        put("INSERT OR REPLACE INTO looks VALUES (?,?,?,?,?)", looks)
        self._db.execute("DELETE FROM asked")
        put("INSERT OR IGNORE INTO asked VALUES (?,?)", found.asked)

    def _see(self, seen: Iterable[str], now: str) -> None:
        self._db.executemany("INSERT OR IGNORE INTO seen (entry, at) VALUES (?,?)", [(entry, now) for entry in seen])

    def hold_for_good(self, deliveries: Sequence[str], reason: str, now: datetime) -> None:
        """These letters will not go, and their entries are not told again in another one."""
        query = "INSERT OR IGNORE INTO told SELECT who, entries, 'held', ? FROM deliveries WHERE id=?"
        if not deliveries:
            return
        with self._writing():
            self._record([Outcome(one, DeliveryState.HELD, reason) for one in deliveries], iso(now))
            self._db.executemany(query, [(iso(now), one) for one in deliveries])

    def withdraw(self, deliveries: Sequence[str], reason: str, now: datetime) -> None:
        """These letters will not go, and their entries wait again. Raises `LedgerUnusable` for one that is not pending.

        Only what is pending was certainly never submitted.
        """
        if not deliveries:
            return
        with self._writing():
            self._withdraw(deliveries, reason, iso(now))

    def _withdraw(self, deliveries: Sequence[str], reason: str, now: str) -> None:
        for one in deliveries:
            if not self._rows("SELECT 1 FROM deliveries WHERE id=? AND state='pending'", one):
                raise LedgerUnusable(f"private/{FILE}: delivery `{one}` is not pending, so it is not withdrawn.")
        self._record([Outcome(one, DeliveryState.HELD, reason) for one in deliveries], now)

    def history_without(self, deliveries: Sequence[str], marks: Mapping[str, str], now: datetime) -> History:
        """What the history would be, were these pending letters withdrawn; nothing is written."""
        self._rows("SELECT 1")  # what is still to be written is, before the transaction that will not be
        with translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._withdraw(deliveries, "", iso(now))
                return self.history(marks)
            finally:
                self._db.execute("ROLLBACK")

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
        # A window from before must not excuse a copy in which this is missing.
        self._note("reserved", self._meta("begun"))
        return self._number("begun"), self._number("reserved")

    def ingest(self, found: Iterable[tuple[Event, str]], now: datetime) -> int:
        """Takes in events with their addresses' fingerprints and works out what follows; how many were new.

        A delivery's state and an address's stop are made anew from everything stored, so that the order in which
        events come, and how often, makes no difference.
        """
        with self._writing():
            fresh = [(event, mark) for event, mark in self._addressed(found) if self._keep(event, mark)]
            leaving = {event.delivery for event, _ in fresh if event.kind in ("left", "complaint")}
            for delivery in dict.fromkeys(event.delivery for event, _ in fresh):
                self._follow(delivery, now, left=delivery in leaving)
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

    def _follow(self, delivery: str, now: datetime, *, left: bool) -> None:
        """Brings one delivery to the state that its events say; a reader who just ``left`` is recorded as such."""
        rows = self._rows("SELECT who, state, reason FROM deliveries WHERE id=?", delivery)
        events = self._events("delivery", delivery)
        became = state_of(events)
        if not rows or became is None:
            return
        if (rows[0]["state"], rows[0]["reason"]) != became:
            self._record([Outcome(delivery, became[0], became[1])], iso(now))
        if left:
            row = (rows[0]["who"], "state", State.UNSUBSCRIBED, iso(now))
            self._db.execute("INSERT OR REPLACE INTO choices VALUES (?,?,?,?)", row)

    def note_deployed(self, mark: str) -> None:
        """Remembers what went online."""
        with self._writing():
            self._note("deployed", mark)

    def note_hub(self, told: str) -> None:
        """Remembers what the hub was told; see `pipeline.hub`."""
        with self._writing():
            self._note("hub", told)

    def settle(self, delivery: str, taken: bool, now: datetime) -> None:
        """A person's verdict: ``taken`` counts as submitted; otherwise its entries are told again."""
        state = DeliveryState.SUBMITTED if taken else DeliveryState.REFUSED
        outcome = Outcome(delivery, state, f"{BY_HAND}: {'taken' if taken else 'not taken'}")
        with self._writing():
            self._record([outcome], iso(now))

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
    def _writing(self) -> Iterator[None]:
        """One transaction, which the disk has when it is over."""
        with translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
