"""What stands in a letter beside its entries: what the author says first, and what else is on the site. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from pipeline.languages import closest
from pipeline.model import Circle, Entry, House, Kind, Opening, Person
from pipeline.planned import History

FRESH = timedelta(days=45)
"""How long what the author says first may be said: a month and the days until its digest."""

NEW = timedelta(days=31)
"""How far a first letter looks back for what else is on the site."""

MOST = 3
"""Posts that are named in the line about what else is on the site."""


class Beside:
    """Knows what stands beside the entries of each letter of one plan."""

    def __init__(self, house: House, history: History, now: datetime) -> None:
        self._history, self._now = history, now
        live = [one for one in house.openings if one.date <= now < one.date + FRESH]
        self._openings = sorted(live, key=lambda one: (one.date, one.key), reverse=True)
        self._posts = [entry for entry in house.public_entries if entry.kind is Kind.POST and entry.dated]

    def opening(self, person: Person, circle: Circle, languages: Iterable[str]) -> Opening | None:
        """The newest that the circle is meant to hear, in a language of the reader's, unless they heard it."""
        meant = [one for one in self._openings if not one.circles or circle.name in one.circles]
        if not meant or meant[0].mark in self._history.told.get(person.id, frozenset()):
            return None
        spoken = {one.version.lang: one for one in meant if one.key == meant[0].key}
        found = next((tag for language in languages if (tag := closest(language, spoken))), None)
        return spoken[found] if found else None

    def also(
        self, person: Person, circle: Circle, entries: Iterable[str], named: Callable[[Entry], bool]
    ) -> tuple[tuple[Entry, ...], bool]:
        """Posts since the reader's last letter that they were not told, newest first, and whether there are more.

        ``named`` says which of those that are not for the reader may be named all the same.
        """
        if not circle.also:
            return (), False
        last = self._history.letters.get(person.id, ())
        since = max([self._now - NEW, *last])
        known = frozenset(entries) | self._history.told.get(person.id, frozenset())
        found = tuple(islice(self._since(since, known, named), MOST + 1))
        return found[:MOST], len(found) > MOST

    def _since(self, since: datetime, known: frozenset[str], named: Callable[[Entry], bool]) -> Iterator[Entry]:
        for entry in self._posts:
            if self._history.seen.get(entry.id, entry.date) <= since and entry.date <= since:
                return
            if entry.id not in known and named(entry):
                yield entry
