"""What the ledger remembers, as the values that planning needs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pipeline.model import Cadence, Choice, DeliveryState, History, State

TELLING = tuple(
    state.value for state in DeliveryState if state not in (DeliveryState.HELD, DeliveryState.REFUSED)
)
"""The states of a delivery whose entries count as told."""

_TOLD = f"({','.join(repr(state) for state in TELLING)})"
_HOW = {"baseline": "recorded as told on {}, without a letter", "paste": "in the text to paste of {}"}

Rows = Callable[..., list[sqlite3.Row]]
"""Runs a query with its values."""


def history(rows: Rows, marks: Mapping[str, str]) -> History:
    """Everything planning needs; ``marks``: person → the fingerprint of their present address."""
    return History(
        told=_told(rows),
        letters=_letters(rows),
        seen=seen(rows),
        joined={row["who"]: frozenset(json.loads(row["circles"])) for row in rows("SELECT * FROM joined")},
        choices=_choices(rows),
        blocked=_blocked(rows, marks),
    )


def seen(rows: Rows) -> dict[str, datetime]:
    """When each entry was first published."""
    return {row["entry"]: datetime.fromisoformat(row["at"]) for row in rows("SELECT * FROM seen")}


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
    for row in rows(f"SELECT who, entries FROM told UNION SELECT who, entries FROM deliveries WHERE state IN {_TOLD}"):
        owned.setdefault(row["who"], []).append(row["entries"])
    joined: dict[tuple[int, ...], frozenset[str]] = {}
    for numbers in {tuple(sorted(numbers)) for numbers in owned.values()}:
        joined[numbers] = frozenset[str]().union(*(sets[number] for number in numbers))
    return {who: joined[tuple(sorted(numbers))] for who, numbers in owned.items()}


def _letters(rows: Rows) -> dict[str, tuple[datetime, ...]]:
    found: dict[str, list[datetime]] = {}
    parsed: dict[str, datetime] = {}
    query = f"SELECT who, at FROM deliveries WHERE state IN {_TOLD} UNION ALL SELECT who, at FROM told WHERE how='paste'"
    for row in rows(query + " ORDER BY at"):
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
