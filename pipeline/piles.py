"""Entries that stand together on pages of their own, by tag and by year; a pile's key says whether any of it changed.

A pile holds entries of all languages, so that its key is worked out once for the pages of each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

from pipeline.keys import entry_key
from pipeline.links import slugify
from pipeline.model import Entry, Kind, Version


class Piles:
    """The piles of ``entries``, newest first; ``inputs`` gives the key of all that a version's HTML is made from."""

    def __init__(
        self, entries: Sequence[Entry], languages: Sequence[str], home: str, inputs: Callable[[Version], bytes]
    ) -> None:
        self.entries, self.languages, self.home, self._inputs = entries, languages, home, inputs
        self._keys: dict[tuple[str, object], bytes] = {}

    @cached_property
    def tags(self) -> dict[str, list[Entry]]:
        """What carries each tag, by the tag's slug."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for slug in slugs(entry):
                if slug in found:
                    found[slug].append(entry)
                else:
                    found[slug] = [entry]
        return dict(sorted(found.items()))

    @cached_property
    def years(self) -> dict[int, list[Entry]]:
        """The posts of each year; those without a date are of none."""
        found: dict[int, list[Entry]] = {}
        for entry in self.entries:
            if entry.dated and entry.kind is Kind.POST:
                found.setdefault(entry.date.year, []).append(entry)
        return found

    @cached_property
    def timeless(self) -> list[Entry]:
        """The posts without a date."""
        return [entry for entry in self.entries if entry.kind is Kind.POST and not entry.dated]

    def name(self, slug: str) -> str:
        """A tag as the newest entry writes it."""
        return slugs(self.tags[slug][0])[slug]

    def of_tag(self, slug: str) -> bytes:
        """The key of all that carries a tag."""
        return self._known("tag", slug, lambda: self.tags[slug])

    def of_year(self, year: int) -> bytes:
        """The key of a year's posts."""
        return self._known("year", year, lambda: self.years[year])

    def key(self, pile: Iterable[Entry]) -> bytes:
        """The key of these entries in all their languages, in their order."""
        return hashlib.sha256(b"".join([self._mark(entry) for entry in pile])).digest()

    def _known(self, kind: str, name: object, pile: Callable[[], Iterable[Entry]]) -> bytes:
        found = self._keys.get((kind, name))
        if found is None:
            found = self._keys[kind, name] = self.key(pile())
        return found

    def _mark(self, entry: Entry) -> bytes:
        found = self._marks.get(entry.id)
        if found is None:
            inputs = [self._inputs(version) for version in entry.versions]
            # where it was not given a date, it stands in today's year until it is published
            today = b"" if entry.dated else entry.date.date().isoformat().encode()
            found = b"".join([entry.known or entry_key(entry), otherwise_shown(entry), today, *inputs])
            self._marks[entry.id] = found
        return found

    @cached_property
    def _marks(self) -> dict[str, bytes]:
        return {}

    def forget(self, entries: Iterable[Entry]) -> None:
        """Works keys out anew, now that more is known of what texts lead to."""
        for entry in entries:
            self._marks.pop(entry.id, None)
            self._keys.clear()

    def spoken(self, pile: Sequence[Entry]) -> list[str]:
        """The languages whose pages list any of these; the house's first one always has the page."""
        return [lang for lang in self.languages if lang == self.home or any(lang in one.languages for one in pile)]

    def count(self, pile: Sequence[Entry], lang: str) -> int:
        """How many of these the pages of a language list."""
        return len(pile) if lang == self.home else sum(lang in one.languages for one in pile)


def otherwise_shown(entry: Entry) -> bytes:
    """The date of an update that was not given one; a post's moves with the clock until it is published, unseen."""
    return entry.date.isoformat().encode() if entry.kind is Kind.UPDATE and not entry.dated else b""


def slugs(entry: Entry) -> Mapping[str, str]:
    """The entry's tags by their slugs, each once."""
    return _slugs(entry.tags)


@lru_cache(maxsize=16_384)
def _slugs(tags: tuple[str, ...]) -> Mapping[str, str]:
    return {slug: tag for tag in tags if (slug := slugify(tag))}
