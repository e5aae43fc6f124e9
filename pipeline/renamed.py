"""Gives every entry of a project the identity that the ledger knows it by, whatever its files are called by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from pipeline import kept
from pipeline.identity import OPENING, Item, Memory, Resolved, Trace, resolve
from pipeline.keys import content_key
from pipeline.likeness import Look, digest, look
from pipeline.model import Entry, House, Opening, Unclear, Version


@dataclass(frozen=True, slots=True)
class Identities:
    """What a publish writes down of identities: of everything that is in the project and was published.

    ``names``: (way, name, entry). ``there``: entry → how it stands. ``looks``: entry → how it reads. ``asked``:
    (file's name, entry it may be).
    """

    names: tuple[tuple[str, str, str], ...] = ()
    there: Mapping[str, Trace] = field(default_factory=dict)
    looks: Mapping[str, tuple[Look, ...]] = field(default_factory=dict)
    asked: tuple[tuple[str, str], ...] = ()


def fingerprints(root: Path, versions: Iterable[Version]) -> dict[bytes, str]:
    """Each text's key → its fingerprint; what the project at ``root`` had last time is remembered."""
    store = root / "build" / "cache" / "fingerprints"
    before: dict[bytes, str] = kept.load(store, "") or {}
    now: dict[bytes, str] = {}
    for version in versions:
        key = content_key(version)
        last = before.get(key)
        now[key] = digest(version.body) if last is None else last
    if now != before:
        kept.store(store, "", now)
    return now


def known_again(root: Path, house: House, memory: Memory, dates: Mapping[str, datetime]) -> tuple[House, Identities]:
    """The project with every entry under the identity it was published with, and what a publish notes of that.

    ``dates``: when entries without a date were first published.
    """
    entries = house.entries + house.waiting
    openings = _by_key(house.openings)
    texts = [version for entry in entries for version in entry.versions] + [one.version for one in house.openings]
    prints = fingerprints(root, texts)
    waiting = {entry.id for entry in house.waiting}
    items = tuple([_item(entry, prints, entry.id not in waiting) for entry in entries])
    items += tuple([_spoken(key, found, prints) for key, found in openings.items()])
    done = resolve(items, memory)
    called = {entry.id: number for number, entry in enumerate(entries)}
    live = [_as(entry, done.ids[called[entry.id]], dates) for entry in house.entries]
    keys = {key: done.ids[len(entries) + number] for number, key in enumerate(openings)}
    unclear = tuple(_unclear(items[number], done, number) for number in sorted(done.unclear))
    held = {one.entry for one in unclear}
    spoken = [replace(one, key=keys[one.key].removeprefix(f"{OPENING} ")) for one in house.openings]
    return replace(
        house,
        entries=tuple(sorted(live, key=lambda entry: entry.order, reverse=True)),
        waiting=tuple([_as(entry, done.ids[called[entry.id]], dates) for entry in house.waiting]),
        openings=tuple([one for one in spoken if one.mark not in held]),
        unclear=unclear,
    ), _noted(items, done, memory)


def _by_key(openings: Iterable[Opening]) -> dict[str, list[Opening]]:
    found: dict[str, list[Opening]] = {}
    for one in openings:
        found.setdefault(one.key, []).append(one)
    return found


def _item(entry: Entry, prints: Mapping[bytes, str], out: bool) -> Item:
    given = entry.id if entry.id != entry.slug or any("id" in one.lines for one in entry.versions) else ""
    date = entry.date.isoformat() if entry.dated else ""
    digests = frozenset(prints[content_key(one)] for one in entry.versions) - {""}
    return Item(
        entry.slug, given, str(entry.kind), date, digests, entry.master.path, out, partial(_looks, entry.versions)
    )


def _spoken(key: str, openings: list[Opening], prints: Mapping[bytes, str]) -> Item:
    versions = tuple(one.version for one in openings)
    digests = frozenset(prints[content_key(one)] for one in versions) - {""}
    return Item(key, "", OPENING, "", digests, versions[0].path, True, partial(_looks, versions))


def _looks(versions: tuple[Version, ...]) -> tuple[Look, ...]:
    return tuple([look(one.lang, one.title, one.body) for one in versions])


def _as(entry: Entry, name: str, dates: Mapping[str, datetime]) -> Entry:
    """The entry under its identity; one without a date has the one it was first seen at."""
    date = entry.date if entry.dated else dates.get(name, entry.date)
    return entry if (name, date) == (entry.id, entry.date) else replace(entry, id=name, date=date)


def _unclear(item: Item, done: Resolved, number: int) -> Unclear:
    return Unclear(done.ids[number], item.filed, item.path, done.unclear[number])


def _noted(items: tuple[Item, ...], done: Resolved, memory: Memory) -> Identities:
    names: list[tuple[str, str, str]] = []
    there: dict[str, Trace] = {}
    looks: dict[str, tuple[Look, ...]] = {}
    asked: list[tuple[str, str]] = []
    for number, item in enumerate(items):
        name = done.ids[number]
        if number in done.unclear:
            asked += [(item.filed, one) for one in done.unclear[number]]
        elif item.out or name in memory.known:
            names += _names(item, name, memory)
            there[name] = Trace(item.name, item.given, item.kind, item.date)
            if not all(name in memory.owners.get(one, ()) for one in item.digests):
                looks[name] = item.looks()
    for _, old in asked:
        # As long as nobody answers, it is compared with what it may be as that was.
        looks.pop(old, None)
        if old in memory.there:
            there.setdefault(old, memory.there[old])
    return Identities(tuple(names), there, looks, tuple(asked))


def _names(item: Item, name: str, memory: Memory) -> list[tuple[str, str, str]]:
    """The names under which an entry is found again, but those that are its identity itself."""
    names = [("file", item.filed, name)] if item.filed != name or ("file", item.filed) in memory.names else []
    return [*names, ("id", item.given, name)] if item.given not in ("", name) else names
