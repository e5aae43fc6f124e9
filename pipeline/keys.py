"""Keys: short names for all that something is made from, so that the same key means the same result."""

from __future__ import annotations

import hashlib
import marshal
from typing import Any

from pipeline.model import Entry, House, Version


def key_of(*parts: Any) -> bytes:
    """The key of plain values: the same for the same values, on every day and every machine."""
    return hashlib.sha256(marshal.dumps(parts, 2)).digest()[:16]


def content_key(version: Version) -> bytes:
    """The key of a version itself, whatever it links to."""
    if version.known:
        return version.known.key
    facts = version.generated, version.translated, version.aliases
    return key_of(version.lang, version.title, version.summary, version.body, version.path, facts)


def entry_key(entry: Entry) -> bytes:
    """The key of what any page may show of an entry beside its texts; a date that it was not given is not in it."""
    if entry.known:
        return entry.known
    versions = tuple([(one.lang, one.title, one.path) for one in entry.versions])
    date = entry.date.isoformat() if entry.dated else ""
    facts = entry.id, str(entry.kind), entry.slug, entry.visibility, date, entry.note, entry.series, entry.tags
    return key_of(facts, versions)


def house_key(house: House) -> bytes:
    """The key of all that a house shows, and of what its texts can lead to."""
    parts: list[bytes] = []
    for entry in house.entries:
        parts.append(entry_key(entry))
        if not entry.dated:
            parts.append(entry.date.isoformat().encode())
        if entry.public:
            parts += [content_key(one) for one in entry.versions]
    pages = [(page.slug, [content_key(one) for one in page.versions]) for page in house.pages]
    return key_of(parts, pages, [one.entry for one in house.unclear])
