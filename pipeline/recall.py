"""What the ledger remembers, as the values that planning and reports need; reading only."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import Miscounted
from pipeline.identity import Memory, Trace
from pipeline.ledgerfile import FILE, legible, translated
from pipeline.likeness import Look
from pipeline.model import Cadence, PersonalLine, State
from pipeline.outgoing import Delivery, DeliveryState
from pipeline.planned import Choice, History

HALF = "the run ended while this letter was being submitted"

TELLING = tuple(state.value for state in DeliveryState if state not in (DeliveryState.HELD, DeliveryState.REFUSED))
"""The states of a delivery whose entries count as told."""

_TOLD = f"({','.join(repr(state) for state in TELLING)})"
_TELLINGS = f"SELECT who, entries FROM told UNION SELECT who, entries FROM deliveries WHERE state IN {_TOLD}"  # noqa: S608 - our own words
_LETTERS = (
    f"SELECT who, at FROM deliveries WHERE state IN {_TOLD}"  # noqa: S608 - our own words
    " UNION ALL SELECT who, at FROM told WHERE how='paste' ORDER BY at"
)
_TAKEN = """
    SELECT who FROM deliveries d WHERE state NOT IN ('pending','held','refused')
    AND id IN (SELECT delivery FROM journal WHERE at>=? AND state IN ('submitted','uncertain'))
    AND NOT EXISTS (SELECT 1 FROM journal WHERE delivery=d.id AND at<? AND state IN ('submitted','uncertain'))"""
_HOW = {
    "baseline": "recorded as told on {}, without a letter",
    "held": "held for good on {}",
    "paste": "in the text to paste of {}",
}

Rows = Callable[..., list[sqlite3.Row]]
"""Runs a query with its values."""


def iso(moment: datetime) -> str:
    """A moment as the ledger writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def history(rows: Rows, marks: Mapping[str, str]) -> History:
    """Everything planning needs; ``marks``: person → the fingerprint of their present address."""
    return History(
        told=_told(rows),
        letters=_letters(rows),
        seen=seen(rows),
        joined={row["who"]: frozenset(json.loads(row["circles"])) for row in rows("SELECT * FROM joined")},
        choices=_choices(rows),
        blocked=_blocked(rows, marks),
        lines=lines(rows),
    )


def lines(rows: Rows) -> dict[str, PersonalLine]:
    """Who → the personal line that waits: it is in no letter, or its letter was refused or held."""
    query = f"SELECT s.entries FROM deliveries d JOIN sets s ON s.id=d.entries WHERE d.who=? AND d.state IN {_TOLD}"  # noqa: S608 - our own words
    found: dict[str, PersonalLine] = {}
    for row in rows("SELECT who, value, at FROM choices WHERE key='line' AND value<>'' ORDER BY who"):
        line = PersonalLine(row["value"], f"line {row['at']}")
        if not any(line.mark in json.loads(one["entries"]) for one in rows(query, row["who"])):
            found[row["who"]] = line
    return found


def seen(rows: Rows) -> dict[str, datetime]:
    """When each entry was first published."""
    return {row["entry"]: datetime.fromisoformat(row["at"]) for row in rows("SELECT * FROM seen")}


def memory(rows: Rows) -> Memory:
    """Everything by which an entry is known again; how entries read is asked for when it matters."""
    owners: dict[str, frozenset[str]] = {}
    for row in rows("SELECT entry, digest FROM looks WHERE digest<>''"):
        owners[row["digest"]] = owners.get(row["digest"], frozenset()) | {row["entry"]}
    asked: dict[str, tuple[str, ...]] = {}
    for row in rows("SELECT name, entry FROM asked ORDER BY name, entry"):
        asked[row["name"]] = (*asked.get(row["name"], ()), row["entry"])
    there = {
        row["entry"]: Trace(row["name"], row["given"], row["kind"], row["date"]) for row in rows("SELECT * FROM there")
    }
    return Memory(
        known=seen(rows).keys() | there.keys(),
        there=there,
        names={(row["way"], row["name"]): row["entry"] for row in rows("SELECT * FROM names")},
        owners=owners,
        asked=asked,
        looks=lambda entries: _looks(rows, entries),
    )


def _looks(rows: Rows, entries: Iterable[str]) -> dict[str, tuple[Look, ...]]:
    found: dict[str, tuple[Look, ...]] = {}
    for entry in entries:
        kept = rows("SELECT * FROM looks WHERE entry=? ORDER BY lang", entry)
        found[entry] = tuple(Look(row["lang"], row["digest"], row["title"], bytes(row["sample"])) for row in kept)
    return found


def record(rows: Rows, who: str) -> dict[str, str]:
    """Entry → in words when and how this person was told it, or that it was only recorded as told."""
    found: dict[str, str] = {}
    for row in rows("SELECT t.how, t.at, s.entries FROM told t JOIN sets s ON s.id=t.entries WHERE t.who=?", who):
        found |= dict.fromkeys(json.loads(row["entries"]), _HOW[row["how"]].format(row["at"][:10]))
    query = "SELECT d.state, d.at, s.entries FROM deliveries d JOIN sets s ON s.id=d.entries WHERE d.who=?"
    for row in rows(query + " ORDER BY d.position", who):
        if row["state"] in TELLING:
            found |= dict.fromkeys(json.loads(row["entries"]), f"in the letter of {row['at'][:10]}, {row['state']}")
    return found


def _told(rows: Rows) -> dict[str, frozenset[str]]:
    """People who were told the same share one set, so that many people cost little."""
    sets = {row["id"]: frozenset(json.loads(row["entries"])) for row in rows("SELECT * FROM sets")}
    owned: dict[str, list[int]] = {}
    for row in rows(_TELLINGS):
        owned.setdefault(row["who"], []).append(row["entries"])
    joined: dict[tuple[int, ...], frozenset[str]] = {}
    for numbers in {tuple(sorted(numbers)) for numbers in owned.values()}:
        joined[numbers] = frozenset[str]().union(*(sets[number] for number in numbers))
    return {who: joined[tuple(sorted(numbers))] for who, numbers in owned.items()}


def _letters(rows: Rows) -> dict[str, tuple[datetime, ...]]:
    found: dict[str, list[datetime]] = {}
    parsed: dict[str, datetime] = {}
    for row in rows(_LETTERS):
        if row["at"] not in parsed:
            parsed[row["at"]] = datetime.fromisoformat(row["at"])
        found.setdefault(row["who"], []).append(parsed[row["at"]])
    return {who: tuple(times) for who, times in found.items()}


def _choices(rows: Rows) -> dict[str, Choice]:
    asked: dict[str, dict[str, str]] = {}
    for row in rows("SELECT * FROM choices"):
        asked.setdefault(row["who"], {})[row["key"]] = row["value"]
    return {who: _choice(keys) for who, keys in asked.items()}


def _choice(keys: Mapping[str, str]) -> Choice:
    return Choice(
        state=State(keys["state"]) if keys.get("state") else None,
        cadence=Cadence(keys["cadence"]) if keys.get("cadence") else None,
        languages=tuple(keys.get("languages", "").split()),
    )


def _blocked(rows: Rows, marks: Mapping[str, str]) -> dict[str, str]:
    """Refused addresses are blocked for one person, until theirs changes; stopped ones for whoever has them."""
    found: dict[str, str] = {}
    for row in rows("SELECT who, mark, reason FROM deliveries WHERE blocks=1 ORDER BY position"):
        if marks.get(row["who"]) == row["mark"]:
            found[row["who"]] = f"the provider refused this address: {row['reason']}"
    stopped: dict[str, Any] = {row["mark"]: row["reason"] for row in rows("SELECT * FROM stops")}
    if stopped:
        found |= {who: stopped[mark] for who, mark in marks.items() if mark in stopped}
    return found


def taken_since(rows: Rows, moment: str) -> Counter[str]:
    """How many letters to each person the provider took, or may have taken, for the first time since ``moment``.

    What was settled as not taken does not count.
    """
    return Counter(row["who"] for row in rows(_TAKEN, moment, moment))


def faults(rows: Rows) -> Iterator[str]:
    """Everything in the books that does not add up. One query each, so that a run beside it does no harm."""
    for row in rows(_AUDIENCE):
        yield f"issue `{row['id']}` is for {row['audience']} people, but {row['found']} are accounted for"
    for row in rows(_TWICE):
        yield f"in issue `{row['issue']}`, {row['who']} is held and has a letter as well"
    for row in rows(_JOURNAL):
        yield f"delivery `{row['id']}` is {row['state']}, which is not what the journal says of it"
    for row in rows(_BEGUN):
        yield f"{row['begun']} letters were begun, but the journal knows of {row['found']}"


_KNOWN = ",".join(repr(state.value) for state in DeliveryState)
_AUDIENCE = """
    SELECT * FROM (SELECT i.id, i.audience, (SELECT count(*) FROM held h WHERE h.issue=i.id)
        + (SELECT count(*) FROM deliveries d WHERE d.issue=i.id AND d.state IN (KNOWN)) AS found FROM issues i)
    WHERE audience<>found""".replace("KNOWN", _KNOWN)
_TWICE = "SELECT h.issue, h.who FROM held h JOIN deliveries d ON d.issue=h.issue AND d.who=h.who"
_JOURNAL = """
    SELECT d.id, d.state FROM deliveries d WHERE d.state <> coalesce(
        (SELECT j.state FROM journal j WHERE j.delivery=d.id ORDER BY j.rowid DESC LIMIT 1), 'pending')"""
_BEGUN = """
    SELECT * FROM (SELECT coalesce((SELECT value FROM meta WHERE key='begun'), 0) AS begun,
        coalesce((SELECT value FROM meta WHERE key='unknown'), 0)
        + (SELECT count(*) FROM journal WHERE state='submitting') AS found)
    WHERE CAST(begun AS INTEGER)<>found"""


class Recall:
    """What a ledger can be asked; reading only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        # What a letter without an outcome is to whoever looks on: nobody submits it once its run is gone.
        self._submitting = DeliveryState.SUBMITTING

    def history(self, marks: Mapping[str, str]) -> History:
        """What was told to whom; ``marks``: person → the fingerprint of their present address."""
        with legible():
            return history(self._rows, marks)

    def dates(self) -> dict[str, datetime]:
        """When each entry was first published."""
        with legible():
            return seen(self._rows)

    def memory(self) -> Memory:
        """What is known of the identity of entries."""
        with legible():
            return memory(self._rows)

    def record(self, who: str) -> dict[str, str]:
        """Entry → in words when and how this person was told it."""
        with legible():
            return record(self._rows, who)

    def deliveries(self, *states: DeliveryState) -> list[Delivery]:
        """All deliveries, or those in ``states``, in the order they were planned."""
        marks = ",".join("?" * len(states))
        where = f"WHERE d.state IN ({marks})" if states else ""
        query = "SELECT d.*, i.at AS issued FROM deliveries d JOIN issues i ON i.id=d.issue"
        with legible():
            return [self._delivery(row) for row in self._rows(f"{query} {where} ORDER BY d.position", *states)]

    def _delivery(self, row: sqlite3.Row) -> Delivery:
        state, reason = DeliveryState(row["state"]), row["reason"]
        if state is DeliveryState.SUBMITTING and self._submitting is not state:
            state, reason = self._submitting, HALF
        return Delivery(
            id=row["id"],
            issue=row["issue"],
            who=row["who"],
            state=state,
            reason=reason,
            message_id=row["message_id"],
            subject=row["subject"],
            audience=frozenset(row["audience"].split()),
            changed=datetime.fromisoformat(row["changed"]),
            issued=datetime.fromisoformat(row["issued"]),
        )

    def origins(self) -> dict[str, str]:
        """Delivery → what its letter was composed from; only of those that are pending, and where it is known."""
        query = "SELECT o.delivery, o.made FROM origins o JOIN deliveries d ON d.id=o.delivery WHERE d.state='pending'"
        return {row["delivery"]: row["made"] for row in self._rows(query)}

    def pastes(self) -> list[tuple[str, str]]:
        """The newest text to paste of each channel: (file name, text)."""
        return [(row["file"], row["text"]) for row in self._rows("SELECT * FROM pastes ORDER BY file")]

    def pasted(self) -> list[tuple[str, str, str]]:
        """The same with whom each is for: (``circle:NAME``, file name, text)."""
        return [(row["who"], row["file"], row["text"]) for row in self._rows("SELECT * FROM pastes ORDER BY file")]

    def issue_ids(self) -> frozenset[str]:
        """The ids of all issues."""
        return frozenset(row["id"] for row in self._rows("SELECT id FROM issues"))

    def deployed(self) -> str:
        """The fingerprint of what went online last; empty when nothing did."""
        return self._meta("deployed")

    def hub(self) -> str:
        """What the hub was told last; empty when it was told nothing."""
        return self._meta("hub")

    def counts(self) -> dict[str, int]:
        """Deliveries by state."""
        rows = self._rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state")
        found: Counter[str] = Counter()
        for row in rows:
            found[self._submitting if row["state"] == DeliveryState.SUBMITTING else row["state"]] += row["n"]
        return dict(found)

    def count(self, state: DeliveryState) -> int:
        """Deliveries in one state."""
        return self.counts().get(state, 0)

    def submitted_since(self, moment: datetime) -> int:
        """Letters that the provider took, or may have taken, since ``moment``."""
        return self.submitted_to_since(moment).total()

    def submitted_to_since(self, moment: datetime) -> Counter[str]:
        """How many letters each person was submitted, or may have been, since ``moment``."""
        return taken_since(self._rows, iso(moment))

    def audit(self) -> None:
        """Raises `Miscounted` unless every issue's audience is accounted for, and the books agree with the journal."""
        for fact in faults(self._rows):
            raise Miscounted(f"private/{FILE}: {fact}. The run stops here; restore the ledger from a backup.")

    def _meta(self, key: str) -> str:
        rows = self._rows("SELECT value FROM meta WHERE key=?", key)
        return str(rows[0]["value"]) if rows else ""

    def _number(self, key: str) -> int:
        with legible():
            return int(self._meta(key) or 0)

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with translated():
            return self._db.execute(query, values).fetchall()
