"""Keys: short names for all that something is made from, so that the same key means the same result."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable
from typing import Any

from pipeline.model import House, Version


def key_of(*parts: Any) -> bytes:
    """The key of plain values: the same for the same values, on every day and every machine."""
    return hashlib.sha256(marshal.dumps(parts, 2)).digest()[:16]


def content_key(version: Version) -> bytes:
    """The key of a version itself, whatever it links to."""
    if version.known:
        return version.known.key
    facts = version.generated, version.translated, version.aliases
    return key_of(version.lang, version.title, version.summary, version.body, version.path, facts)


def house_key(house: House, content: Callable[[Version], bytes]) -> bytes:
    """The key of all that a house shows, and of what its texts can lead to; ``content`` gives a version's own."""
    whole = hashlib.sha256()
    for entry in house.entries:
        facts: tuple[Any, ...] = (entry.id, entry.public, tuple(one.path for one in entry.versions))
        if entry.public:
            facts += (
                entry.slug,
                str(entry.kind),
                entry.date.isoformat(),
                entry.dated,
                entry.tags,
                entry.note,
                entry.series,
            )
            whole.update(b"".join([content(one) for one in entry.versions]))
        whole.update(marshal.dumps(facts, 2))
    for page in house.pages:
        whole.update(marshal.dumps((page.slug, [content(one) for one in page.versions]), 2))
    return whole.digest()
