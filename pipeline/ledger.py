"""The ledger: what each person was told, in one SQLite file that is never taken for empty.

Every change is one transaction with ``synchronous=FULL``: what a method has returned from survives a
loss of power (https://sqlite.org/pragma.html#pragma_synchronous). Times are stored as UTC, ISO 8601.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pipeline import frozen
from pipeline.errors import LedgerUnusable, Miscounted
from pipeline.model import (
    Cadence,
    Choice,
    Delivery,
    DeliveryState,
    Frozen,
    History,
    Issue,
    Letter,
    Pasted,
    Plan,
    Receipt,
    State,
)

FILE = "ledger.db"
VERSION = 1

TELLING = ("pending", "submitting", "submitted", "uncertain", "delivered", "bounced", "complained")
"""The states of a delivery whose entries count as told."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sets (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, entries TEXT NOT NULL);
CREATE TABLE told (who TEXT NOT NULL, entries INTEGER NOT NULL REFERENCES sets, how TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (who, entries)) WITHOUT ROWID;
CREATE TABLE joined (who TEXT PRIMARY KEY, circles TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE seen (entry TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE choices (who TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (who, key)) WITHOUT ROWID;
CREATE TABLE issues (id TEXT PRIMARY KEY, at TEXT NOT NULL, audience INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE held (issue TEXT NOT NULL REFERENCES issues, who TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (issue, who)) WITHOUT ROWID;
CREATE TABLE deliveries (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, issue TEXT NOT NULL REFERENCES issues,
    who TEXT NOT NULL, mark TEXT NOT NULL, entries INTEGER NOT NULL REFERENCES sets, state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', message_id TEXT NOT NULL DEFAULT '', blocks INTEGER NOT NULL DEFAULT 0,
    subject TEXT NOT NULL, letter BLOB NOT NULL, at TEXT NOT NULL, changed TEXT NOT NULL, UNIQUE (issue, who));
CREATE INDEX deliveries_by_state ON deliveries (state);
CREATE INDEX deliveries_by_who ON deliveries (who);
CREATE TABLE pastes (who TEXT NOT NULL, channel TEXT NOT NULL, file TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (who, channel)) WITHOUT ROWID;
CREATE TABLE journal (delivery TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL);
"""


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Ledger:
    """One house's ledger, held by one process at a time; use it as a context manager."""

    def __init__(self, connection: sqlite3.Connection, lock: IO[str] | None) -> None:
        self._db = connection
        self._lock = lock

    @classmethod
    def open(cls, folder: Path, now: datetime) -> Ledger:
        """The ledger in ``folder`` for writing, made if there is none; one process at a time.

        Raises `LedgerUnusable` when another run holds it or it cannot be read.
        """
        lock = _locked(folder / "ledger.lock")
        path = folder / FILE
        fresh = not path.exists()
        try:
            with _translated(path):
                database = sqlite3.connect(path, isolation_level=None, timeout=10)
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=FULL")
                database.execute("PRAGMA foreign_keys=ON")
                _prepare(database, fresh)
        except LedgerUnusable:
            lock.close()
            raise
        path.chmod(0o600)
        ledger = cls(database, lock)
        ledger._own_up(now)
        return ledger

    @classmethod
    def peek(cls, folder: Path) -> Ledger | None:
        """The ledger for reading only, beside a run that may hold it; None where there is none yet."""
        path = folder / FILE
        if not path.exists():
            return None
        with _translated(path):
            database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)
            _prepare(database, fresh=False)
        return cls(database, None)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the ledger back."""
        self._db.close()
        if self._lock:
            self._lock.close()

    def _own_up(self, now: datetime) -> None:
        """What a killed run left half done is uncertain; it is never tried again by itself."""
        reason = "the run ended while this letter was being submitted"
        for row in self._rows("SELECT id FROM deliveries WHERE state='submitting'"):
            self._move(row["id"], DeliveryState.UNCERTAIN, now, reason)

    # reading

    def history(self, marks: Mapping[str, str]) -> History:
        """What was told to whom; ``marks``: person → the fingerprint of their present address."""
        with _translated(Path(FILE)):
            return History(
                told=self._told(),
                letters=self._letters(),
                seen={row["entry"]: datetime.fromisoformat(row["at"]) for row in self._rows("SELECT * FROM seen")},
                joined={
                    row["who"]: frozenset(json.loads(row["circles"])) for row in self._rows("SELECT * FROM joined")
                },
                choices=self._choices(),
                blocked=self._blocked(marks),
            )

    def dates(self) -> dict[str, datetime]:
        """When each entry was first seen."""
        return {row["entry"]: datetime.fromisoformat(row["at"]) for row in self._rows("SELECT * FROM seen")}

    def deliveries(self, *states: DeliveryState) -> list[Delivery]:
        """All deliveries, or those in ``states``, in the order they were planned."""
        marks = ",".join("?" * len(states))
        where = f"WHERE state IN ({marks})" if states else ""
        return [_delivery(row) for row in self._rows(f"SELECT * FROM deliveries {where} ORDER BY position", *states)]  # noqa: S608 — only question marks are put in

    def letter(self, delivery: str) -> Letter:
        """The letter of a delivery, as it was frozen."""
        (row,) = self._rows("SELECT letter FROM deliveries WHERE id=?", delivery)
        return frozen.thaw(row["letter"])

    def mark(self, delivery: str) -> str:
        """The fingerprint of the address a delivery goes to."""
        (row,) = self._rows("SELECT mark FROM deliveries WHERE id=?", delivery)
        return str(row["mark"])

    def held(self) -> list[tuple[str, str, str]]:
        """Everyone held when an issue was frozen: (issue, who, reason)."""
        return [(r["issue"], r["who"], r["reason"]) for r in self._rows("SELECT * FROM held ORDER BY issue, who")]

    def pastes(self) -> list[tuple[str, str]]:
        """The newest text to paste of each channel: (file name, text)."""
        return [(row["file"], row["text"]) for row in self._rows("SELECT * FROM pastes ORDER BY file")]

    def issue_ids(self) -> frozenset[str]:
        """The ids of all issues."""
        return frozenset(row["id"] for row in self._rows("SELECT id FROM issues"))

    def deployed(self) -> str:
        """The fingerprint of what went online last; empty when nothing did."""
        rows = self._rows("SELECT value FROM meta WHERE key='deployed'")
        return str(rows[0]["value"]) if rows else ""

    def note_deployed(self, mark: str) -> None:
        """Remembers what went online."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('deployed', ?)", (mark,))

    def counts(self) -> dict[str, int]:
        """Deliveries by state."""
        rows = self._rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    def audit(self) -> None:
        """Raises `Miscounted` unless every issue's audience is accounted for, person by person."""
        query = """SELECT i.id, i.audience, (SELECT count(*) FROM held h WHERE h.issue=i.id) +
            (SELECT count(*) FROM deliveries d WHERE d.issue=i.id) AS found FROM issues i"""
        for row in self._rows(query):
            if row["audience"] != row["found"]:
                raise Miscounted(
                    f"private/{FILE}: issue `{row['id']}` is for {row['audience']} people, but {row['found']} are"
                    " accounted for. Nothing was submitted; restore the ledger from a backup."
                )

    # writing

    def freeze(self, plan: Plan, issues: Iterable[Issue], pastes: Iterable[Pasted], seen: Iterable[str]) -> None:
        """Writes down, in one transaction, everything a plan decided, before anything of it leaves."""
        now = _iso(plan.now)
        with self._writing():
            self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?,?)", [(entry, now) for entry in seen])
            for who, entries in plan.baseline:
                self._tell(who, entries, "baseline", now)
            for who in plan.gone:
                self._db.execute("DELETE FROM joined WHERE who=?", (who,))
            for who, circles in plan.joined:
                self._db.execute("INSERT OR REPLACE INTO joined VALUES (?,?,?)", (who, json.dumps(sorted(circles)), now))
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
        for one in issue.letters:
            self._insert(one, now)

    def _insert(self, one: Frozen, now: str) -> None:
        letter = one.letter
        self._db.execute(
            "INSERT INTO deliveries (id, issue, who, mark, entries, state, subject, letter, at, changed)"
            " VALUES (?,?,?,?,?,'pending',?,?,?,?)",
            (letter.delivery_id, one.issue, letter.person, one.mark, self._set(letter.entries), letter.subject,
             frozen.freeze(letter), now, now),
        )  # fmt: skip

    def baseline(self, told: Mapping[str, Iterable[str]], seen: Iterable[str], joined: Mapping[str, Iterable[str]],
                 now: datetime) -> None:  # fmt: skip
        """Records entries as told without telling anyone."""
        with self._writing():
            self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?,?)", [(entry, _iso(now)) for entry in seen])
            for who, entries in told.items():
                self._tell(who, entries, "baseline", _iso(now))
            rows = [(who, json.dumps(sorted(circles)), _iso(now)) for who, circles in joined.items()]
            self._db.executemany("INSERT OR REPLACE INTO joined VALUES (?,?,?)", rows)

    def begin(self, delivery: str, now: datetime) -> None:
        """The durable intent: from here on, without an outcome, the delivery is uncertain."""
        self._move(delivery, DeliveryState.SUBMITTING, now)

    def back(self, delivery: str, now: datetime, reason: str) -> None:
        """Nothing was taken: the delivery is pending again."""
        self._move(delivery, DeliveryState.PENDING, now, reason)

    def submitted(self, delivery: str, now: datetime, receipt: Receipt) -> None:
        """The provider took it."""
        self._move(delivery, DeliveryState.SUBMITTED, now, receipt.evidence, message_id=receipt.message_id)

    def refused(self, delivery: str, now: datetime, reason: str) -> None:
        """The provider refused it; no letter goes to that address until it is changed or settled."""
        self._move(delivery, DeliveryState.REFUSED, now, reason, blocks=1)

    def uncertain(self, delivery: str, now: datetime, reason: str) -> None:
        """It may or may not have been taken."""
        self._move(delivery, DeliveryState.UNCERTAIN, now, reason)

    def hold(self, delivery: str, now: datetime, reason: str) -> None:
        """It was frozen, but may not go any more."""
        self._move(delivery, DeliveryState.HELD, now, reason)

    def settle(self, delivery: str, taken: bool, now: datetime) -> None:
        """A person's verdict: ``taken`` counts as submitted; otherwise its entries are told again."""
        state = DeliveryState.SUBMITTED if taken else DeliveryState.REFUSED
        self._move(delivery, state, now, f"settled by hand: {'taken' if taken else 'not taken'}")

    def choose(self, who: str, choice: Mapping[str, str], now: datetime) -> None:
        """Records what a reader asked for: ``state``, ``cadence`` or ``languages``; ``""`` takes it back."""
        with self._writing():
            for key, value in choice.items():
                self._db.execute("INSERT OR REPLACE INTO choices VALUES (?,?,?,?)", (who, key, value, _iso(now)))

    # inside

    def _move(
        self, delivery: str, state: DeliveryState, now: datetime, reason: str = "", *, message_id: str = "", blocks: int = 0
    ) -> None:
        with self._writing():
            done = self._db.execute(
                "UPDATE deliveries SET state=?, reason=?, changed=?, blocks=?,"
                " message_id=CASE WHEN ?='' THEN message_id ELSE ? END WHERE id=?",
                (state, reason, _iso(now), blocks, message_id, message_id, delivery),
            )
            if done.rowcount != 1:
                raise LedgerUnusable(f"private/{FILE}: there is no delivery `{delivery}`. See `kith report`.")
            self._db.execute("INSERT INTO journal VALUES (?,?,?,?)", (delivery, _iso(now), state, reason))

    def _tell(self, who: str, entries: Iterable[str], how: str, now: str) -> None:
        entries = list(entries)
        if entries:
            self._db.execute("INSERT OR IGNORE INTO told VALUES (?,?,?,?)", (who, self._set(entries), how, now))

    def _set(self, entries: Iterable[str]) -> int:
        """The number of a set of entries, which everybody who was told the same shares."""
        text = json.dumps(sorted(set(entries)), ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._db.execute("INSERT OR IGNORE INTO sets (digest, entries) VALUES (?,?)", (digest, text))
        (row,) = self._rows("SELECT id FROM sets WHERE digest=?", digest)
        return int(row["id"])

    def _told(self) -> dict[str, frozenset[str]]:
        sets = {row["id"]: frozenset(json.loads(row["entries"])) for row in self._rows("SELECT * FROM sets")}
        marks = ",".join("?" * len(TELLING))
        query = f"SELECT who, entries FROM told UNION SELECT who, entries FROM deliveries WHERE state IN ({marks})"  # noqa: S608 — only question marks are put in
        owned: dict[str, list[int]] = {}
        for row in self._rows(query, *TELLING):
            owned.setdefault(row["who"], []).append(row["entries"])
        joined: dict[tuple[int, ...], frozenset[str]] = {}
        for numbers in {tuple(sorted(numbers)) for numbers in owned.values()}:
            joined[numbers] = frozenset[str]().union(*(sets[number] for number in numbers))
        return {who: joined[tuple(sorted(numbers))] for who, numbers in owned.items()}

    def _letters(self) -> dict[str, tuple[datetime, ...]]:
        marks = ",".join("?" * len(TELLING))
        found: dict[str, list[datetime]] = {}
        query = f"SELECT who, at FROM deliveries WHERE state IN ({marks}) ORDER BY at"  # noqa: S608 — only question marks are put in
        for row in self._rows(query, *TELLING):
            found.setdefault(row["who"], []).append(datetime.fromisoformat(row["at"]))
        for row in self._rows("SELECT who, at FROM told WHERE how='paste' ORDER BY at"):
            found.setdefault(row["who"], []).append(datetime.fromisoformat(row["at"]))
        return {who: tuple(times) for who, times in found.items()}

    def _choices(self) -> dict[str, Choice]:
        asked: dict[str, dict[str, str]] = {}
        for row in self._rows("SELECT * FROM choices"):
            asked.setdefault(row["who"], {})[row["key"]] = row["value"]
        return {
            who: Choice(
                state=State(keys["state"]) if keys.get("state") else None,
                cadence=Cadence(keys["cadence"]) if keys.get("cadence") else None,
                languages=tuple(keys["languages"].split()) if keys.get("languages") else (),
            )
            for who, keys in asked.items()
        }

    def _blocked(self, marks: Mapping[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        query = "SELECT who, mark, state, reason FROM deliveries WHERE blocks=1 OR state IN ('bounced','complained')"
        for row in self._rows(query + " ORDER BY position"):
            if marks.get(row["who"]) == row["mark"]:
                found[row["who"]] = f"the provider refused this address: {row['reason']}"
        return found

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with _translated(Path(FILE)):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _translated(Path(FILE)):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        id=row["id"],
        issue=row["issue"],
        who=row["who"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        message_id=row["message_id"],
        subject=row["subject"],
        changed=datetime.fromisoformat(row["changed"]),
    )


def _prepare(database: sqlite3.Connection, fresh: bool) -> None:
    database.row_factory = sqlite3.Row
    version = database.execute("PRAGMA user_version").fetchone()[0]
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if fresh and not tables:
        database.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")
        return
    if version > VERSION:
        raise LedgerUnusable(f"private/{FILE}: it was written by a newer Kith. Install that one.")
    if version != VERSION or not {"deliveries", "told", "seen"} <= tables:
        raise LedgerUnusable(
            f"private/{FILE}: this is not a ledger, or it is damaged. Restore it from a backup; if there is none,"
            " move it away and run `kith baseline`, which records everything as told."
        )
    fault = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise LedgerUnusable(f"private/{FILE}: it is damaged ({fault}). Restore it from a backup.")


def _locked(path: Path) -> IO[str]:
    try:
        lock = path.open("a")
    except OSError as error:
        raise LedgerUnusable(f"{path.name}: cannot be written: {error.strerror}. Check `private/`.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise LedgerUnusable("private/ledger.lock: another run of Kith holds the ledger. Wait until it ends.") from None
    return lock


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        hint = "Is the disk full?" if "full" in str(error) or "I/O" in str(error) else "Restore it from a backup."
        raise LedgerUnusable(f"private/{path.name}: it cannot be read or written: {error}. {hint}") from None
