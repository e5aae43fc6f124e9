"""What the site's pages are made from, and the keys by which it is seen that one would come out the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pipeline.bodies import html_for
from pipeline.firstwords import first_words
from pipeline.keys import content_key, entry_key
from pipeline.languages import closest
from pipeline.links import Links, Shelf
from pipeline.markup import Heading, Rendered
from pipeline.model import EVERYONE, Entry, House, Kind, Version
from pipeline.passages import body_for
from pipeline.piles import Piles, otherwise_shown
from pipeline.tongue import Tongue

Words = Mapping[str, Mapping[str, str]]
"""The site's own words per language."""

Render = Callable[[Version, str], Rendered]
"""The public HTML of a version; the text is what goes before every id in it."""

Listed = tuple[Entry, Version]
"""An entry in the language a page shows it in."""

Inputs = Callable[[Version], bytes]
"""The key of all that a version's public HTML is made from; the same key, the same HTML."""


@dataclass(frozen=True, slots=True)
class SitePage:
    """One page of the site: ``path`` is its address below the root, ``alternates`` the same in other languages.

    ``body`` is HTML; everything else is plain text that whoever writes HTML must escape.
    """

    path: str
    lang: str
    kind: str
    title: str
    description: str
    body: str
    headings: tuple[Heading, ...] = ()
    alternates: tuple[tuple[str, str], ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page that can be made: its address, how to work out the key of all that it is made from, and how to make it.

    ``told`` are the entries whose own place it is. What stands around every page is not in the key. A key may change
    once texts are rendered: only then is it known what they lead to.
    """

    path: str
    lang: str
    key: Callable[[], bytes]
    make: Callable[[], SitePage]
    told: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True)
class Bunch:
    """Pages that mostly stay as they are together; while ``key`` is the same, none of them need be looked at.

    ``name`` is the bunch's own, for as long as there are such pages; a bunch without one is looked at every time.
    """

    name: str
    key: Callable[[], bytes]
    leaves: Callable[[], list[Leaf]]


@dataclass(frozen=True)
class Desk:
    """All that pages are written from; ``entries`` are the public ones only, newest first.

    ``feeds`` are the languages that have a feed: the house's, then those of entries that none of them serves.
    """

    house: House
    links: Links
    entries: tuple[Entry, ...]
    languages: tuple[str, ...]
    feeds: tuple[str, ...]
    words: Words
    render: Render
    inputs: Inputs

    @classmethod
    def of(cls, house: House, words: Words, render: Render | None = None, inputs: Inputs = content_key) -> Desk:
        """The desk for a house; without ``render``, pictures keep their addresses and have no sizes."""
        entries = house.public_entries
        own = house.settings.languages
        spoken = {lang for entry in entries for lang in entry.languages}
        found = spoken | {lang for page in house.pages for lang in page.languages}
        languages = (*own, *sorted(found - set(own)))
        render = render or _plainly(house)
        return cls(house, Links.of(house.settings), entries, languages, _served(own, spoken), words, render, inputs)

    def tongue(self, lang: str) -> Tongue:
        """How a page in ``lang`` speaks."""
        if lang not in self._tongues:
            own = self.words.get(lang)
            borrowed = {key: text for key, text in self.words.get(self.links.home, {}).items() if key != "name"}
            self._tongues[lang] = Tongue(lang, own or borrowed)
        return self._tongues[lang]

    @cached_property
    def _tongues(self) -> dict[str, Tongue]:
        return {}

    def url(self, path: str) -> str:
        """The address pages link to."""
        return self.links.rooted(path)

    def listed(self, lang: str) -> list[Listed]:
        """What pages in ``lang`` list: in the house's first language everything once, else what there is in it."""
        if lang not in self._lists:
            self._lists[lang] = self.in_language(lang, self.entries)
        return self._lists[lang]

    def in_language(self, lang: str, entries: Iterable[Entry]) -> list[Listed]:
        """What pages in ``lang`` list of these."""
        if lang == self.links.home:
            own = self.house.settings.languages
            return [(entry, entry.version(*own)) for entry in entries]
        return [(entry, entry.version(lang)) for entry in entries if lang in entry.languages]

    @cached_property
    def _lists(self) -> dict[str, list[Listed]]:
        return {}

    @cached_property
    def months(self) -> dict[tuple[int, int], Counter[str]]:
        """How many updates of each month the pages of each language list."""
        found: dict[tuple[int, int], Counter[str]] = {}
        for entry in self.entries:
            if entry.kind is Kind.UPDATE:
                _count(found.setdefault((entry.date.year, entry.date.month), Counter()), self._listing(entry))
        return found

    @cached_property
    def piles(self) -> Piles:
        """The entries that stand together on pages of their own."""
        return Piles(self.entries, self.languages, self.links.home, self.inputs)

    @cached_property
    def series(self) -> dict[str, list[Entry]]:
        """The posts of every series."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            if entry.series and entry.kind is Kind.POST:
                found.setdefault(entry.series, []).append(entry)
        return found

    def _listing(self, entry: Entry) -> tuple[str, ...]:
        """The languages whose pages list the entry."""
        home, own = self.links.home, entry.languages
        return own if home in own else (home, *own)

    def spoken(self, count: Counter[str]) -> list[str]:
        """The languages whose pages list anything of what was counted; the house's first one always has the page."""
        return [lang for lang in self.languages if lang == self.links.home or count[lang]]

    def summary(self, version: Version) -> str:
        """The version's own summary, or its first public words."""
        return version.summary or first_words(body_for(version.body, EVERYONE))

    def key(self, listed: Listed) -> bytes:
        """The key of an entry as any page may show it."""
        entry, version = listed
        known = self.keys.get((entry.id, version.lang))
        if known is None:
            known = b"%b%b %b %b" % (
                entry.known or entry_key(entry), otherwise_shown(entry), version.lang.encode(), self.inputs(version)
            )  # fmt: skip
            self.keys[entry.id, version.lang] = known
        return known

    def forget(self, told: Sequence[Listed]) -> None:
        """Works the keys of these out anew, now that more is known of what their texts lead to."""
        for entry, version in told:
            self.keys.pop((entry.id, version.lang), None)
        self.piles.forget([entry for entry, _ in told])

    @cached_property
    def keys(self) -> dict[tuple[str, str], bytes]:
        """The keys that were worked out so far, by id and language."""
        return {}


def _count(found: dict[str, int], langs: Iterable[str]) -> None:
    for lang in langs:
        found[lang] = found.get(lang, 0) + 1


def keys_of(desk: Desk, entries: Sequence[Listed]) -> bytes:
    """The keys of entries, in their order."""
    known = desk.keys
    try:
        return b"".join([known[entry.id, version.lang] for entry, version in entries])
    except KeyError:
        return b"".join([desk.key(one) for one in entries])


def _served(own: tuple[str, ...], spoken: set[str]) -> tuple[str, ...]:
    tags = list(own)
    for lang in sorted(spoken):
        if closest(lang, tags) is None:
            tags.append(lang)
    return tuple(tags)


def _plainly(house: House) -> Render:
    shelf = Shelf.of(house)
    return lambda version, prefix: html_for(shelf, version, EVERYONE, absolute=False, prefix=prefix)
