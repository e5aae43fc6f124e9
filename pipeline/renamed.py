"""Knows a renamed file again, so that nobody is told twice: an entry without an `id` is known by its file's name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pipeline import kept
from pipeline.keys import content_key
from pipeline.model import Entry, House

SHORTEST = 40
"""Characters; texts below it are too alike to be told apart."""


def fingerprint(entry: Entry) -> str:
    """An entry's text in the language it was written in; empty when it is too short to be known by."""
    text = " ".join(entry.master.body.split())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if len(text) >= SHORTEST else ""


def fingerprints(root: Path, entries: Iterable[Entry]) -> dict[str, str]:
    """Entry → fingerprint; what texts of the house at ``root`` had last time is remembered by their keys."""
    store = root / "build" / "cache" / "fingerprints"
    before: dict[bytes, str] = kept.load(store, "") or {}
    now: dict[bytes, str] = {}
    found: dict[str, str] = {}
    for entry in entries:
        key = content_key(entry.master)
        last = before.get(key)
        now[key] = found[entry.id] = fingerprint(entry) if last is None else last
    if now != before:
        kept.store(store, "", now)
    return found


def known_again(house: House, texts: Mapping[str, str]) -> House:
    """The house with every entry under the id it was published with.

    ``texts``: entry → the fingerprint of its text when it was published last. An entry nobody has heard of that
    reads exactly like one that is no longer there is that one.
    """
    there = {entry.id for entry in house.entries + house.waiting}
    gone = {digest: entry for entry, digest in texts.items() if entry not in there}
    if not gone:
        return house
    return replace(house, entries=tuple(_known(entry, texts, gone) for entry in house.entries))


def _known(entry: Entry, texts: Mapping[str, str], gone: Mapping[str, str]) -> Entry:
    old = gone.get(fingerprint(entry), "") if entry.id not in texts else ""
    return replace(entry, id=old) if old else entry
