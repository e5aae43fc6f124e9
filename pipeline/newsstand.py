"""The feeds' documents, each made only when something that stands in it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pipeline.desk import Desk
from pipeline.feeditems import Enclosure, Item
from pipeline.feedlook import STYLE
from pipeline.feedproof import Seen, proof
from pipeline.feeds import STYLE_PATH, Part, Press, Sizes, listing_document, parts
from pipeline.keys import key_of
from pipeline.model import Entry, Kind, Version
from pipeline.planned import Chosen

Packed = tuple[Any, ...]

Made = tuple[tuple[str, ...], list[str], list[tuple[str, int, str, str]]]
"""A part's files, those of them that are not as they were, and what is wrong with it, as plain values."""

BATCH = 16
"""Parts that are made one after the other, and share what was written and read of their entries."""


@dataclass
class Newsstand:
    """All feeds of a house; ``items`` are entries as feeds tell them, from earlier builds and this one."""

    desk: Desk
    press: Press
    items: dict[bytes, Packed]
    seen: Seen = field(default_factory=Seen)

    @classmethod
    def of(cls, desk: Desk, sizes: Sizes, raw: Any) -> Newsstand:
        """The stand of a house whose bodies ``raw`` renders."""
        return cls(desk, Press(desk.house, sizes, lambda version: raw(version).html), {})

    @cached_property
    def all(self) -> tuple[Part, ...]:
        """Every part of every feed."""
        return parts(self.desk.house)

    def parts(self) -> Iterator[tuple[str, bytes, Part]]:
        """Every part with its name and the key of all that stands in it."""
        key = self.key
        for part in self.all:
            name = part.archive or part.info.name or "everything"
            keys = b"".join([key(one.entry, one.version) for one in part.chosen])
            facts = part.info.name, part.info.title, part.info.language, part.owed, part.archive, part.previous
            yield f"{name} {bool(part.archive)}", key_of(facts, keys), part

    def key(self, entry: Entry, version: Version) -> bytes:
        """The key of an entry as feeds tell it: they show a date even where there was none."""
        key = self.desk.key((entry, version))
        return key if entry.dated or entry.kind is Kind.UPDATE else key_of(key, entry.date.isoformat())

    def pack(self, entry: Entry, version: Version) -> tuple[bytes, Packed]:
        """The entry as feeds tell it, as plain values under its key."""
        item = self.press.item(Chosen(entry, version))
        file = item.enclosure
        return self.key(entry, version), (
            item.uri, item.url, item.title, item.label, item.summary, item.html, item.language, item.tags,
            file and (file.url, file.media_type, file.length),
        )  # fmt: skip

    def documents(self, part: Part) -> Mapping[str, bytes]:
        """The documents of a part, from what is known of its entries."""
        for chosen in part.chosen:
            place = chosen.entry.id, chosen.version.lang
            if place not in self.press.items and (packed := self.items.get(self.key(chosen.entry, chosen.version))):
                self.press.items[place] = _item(packed, chosen)
        return self.press.documents(part)

    def put(self, some: Sequence[Part], put: Callable[[str, bytes], bool]) -> list[Made]:
        """Makes the documents of some parts, puts each where ``put`` does, and looks them over."""
        made = [self._made(part, put) for part in some]
        self.press.forget()
        self.seen.read.clear()
        return made

    def _made(self, part: Part, put: Callable[[str, bytes], bool]) -> Made:
        documents = self.documents(part)
        found = proof(part, documents, self.desk.links, self.seen)
        said = [(one.path, one.line, one.fact, one.suggestion) for one in found]
        return tuple(documents), [file for file, data in documents.items() if put(file, data)], said

    def newest(self) -> dict[bytes, Packed]:
        """The entries that the current documents hold: those that the next ones will hold most likely."""
        found: dict[bytes, Packed] = {}
        for part in self.all:
            if not part.archive:
                for one in part.chosen:
                    key = self.key(one.entry, one.version)
                    found[key] = self.items.get(key) or self.pack(one.entry, one.version)[1]
        return found

    def singles(self) -> Iterator[tuple[str, bytes, Any]]:
        """The list of all feeds, and their looks: path, key, and how to make it."""
        infos = [part.info for part in self.all if not part.archive]
        facts = [(info.name, info.title, info.language) for info in infos]
        yield self.press.links.opml(), key_of(facts), lambda: listing_document(self.desk.house, infos)
        yield STYLE_PATH, b"", STYLE.encode


def batches(parts: Sequence[Part]) -> list[list[int]]:
    """The places of parts, some at a time, so that those in which the same entries stand are mostly made together."""
    dates = {number: part.chosen[0].entry.order for number, part in enumerate(parts) if part.chosen}
    ordered = [number for number in range(len(parts)) if number not in dates] + sorted(dates, key=dates.__getitem__)
    return [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]


def _item(packed: Packed, chosen: Chosen) -> Item:
    uri, url, title, label, summary, html, language, tags, file = packed
    made = Item(uri, url, title, label, summary, html, chosen.entry.date, language, tags)
    return replace(made, enclosure=Enclosure(*file)) if file else made
