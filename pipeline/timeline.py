"""What the site's pages are made from, and how an entry looks among others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from pipeline.bodies import html_for
from pipeline.links import Links, Shelf, slugify
from pipeline.markup import Heading, Rendered, teaser
from pipeline.model import EVERYONE, Entry, House, Kind, Version, closest
from pipeline.passages import body_for
from pipeline.tongue import Tongue, direction

Words = Mapping[str, Mapping[str, str]]
"""The site's own words per language."""

Render = Callable[[Version, str], Rendered]
"""The public HTML of a version; the text is what goes before every id in it."""

Listed = tuple[Entry, Version]
"""An entry in the language a page shows it in."""


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

    @classmethod
    def of(cls, house: House, words: Words, render: Render | None = None) -> Desk:
        """The desk for a house; without ``render``, pictures keep their addresses and have no sizes."""
        entries = house.public_entries
        own = house.settings.languages
        spoken = {lang for entry in entries for lang in entry.languages}
        found = spoken | {lang for page in house.pages for lang in page.languages}
        languages = (*own, *sorted(found - set(own)))
        render = render or _plainly(house)
        return cls(house, Links.of(house.settings), entries, languages, _served(own, spoken), words, render)

    def tongue(self, lang: str) -> Tongue:
        """How a page in ``lang`` speaks."""
        own = self.words.get(lang)
        borrowed = {key: text for key, text in self.words.get(self.links.home, {}).items() if key != "name"}
        return Tongue(lang, own or borrowed)

    def url(self, path: str) -> str:
        """The address pages link to."""
        return self.links.rooted(path)

    def listed(self, lang: str) -> list[Listed]:
        """What pages in ``lang`` list: in the house's first language everything once, else what there is in it."""
        if lang == self.links.home:
            return [(entry, entry.version(*self.house.settings.languages)) for entry in self.entries]
        return [(entry, entry.version(lang)) for entry in self.entries if lang in entry.languages]


def _served(own: tuple[str, ...], spoken: set[str]) -> tuple[str, ...]:
    tags = list(own)
    for lang in sorted(spoken):
        if closest(lang, tags) is None:
            tags.append(lang)
    return tuple(tags)


def _plainly(house: House) -> Render:
    shelf = Shelf.of(house)
    return lambda version, prefix: html_for(shelf, version, EVERYONE, absolute=False, prefix=prefix)


def summary(version: Version) -> str:
    """The version's own summary, or its first public words."""
    return version.summary or teaser(body_for(version.body, EVERYONE))


def foreign(version: Version, lang: str) -> str:
    """The attributes of something in another language than its page's."""
    return "" if version.lang == lang else f' lang="{escape(version.lang)}" dir="{direction(version.lang)}"'


def anchor(href: str, text: str, classes: str = "") -> str:
    """A link with plain text."""
    attribute = f' class="{classes}"' if classes else ""
    return f'<a{attribute} href="{escape(href)}">{escape(text)}</a>'


def time_of(entry: Entry, text: str) -> str:
    """The entry's date, for people and machines."""
    return f'<time class="dt-published" datetime="{entry.date.isoformat()}">{escape(text)}</time>'


def tag_links(desk: Desk, entry: Entry, lang: str) -> list[list[str]]:
    """Every tag of the entry once: its name and the address of its page."""
    tags = {slugify(tag): tag for tag in reversed(entry.tags)}
    return [[tag, desk.url(desk.links.tag(tag, lang))] for slug, tag in reversed(tags.items()) if slug]


def tags_of(desk: Desk, entry: Entry, lang: str) -> str:
    """The entry's tags as links to their pages."""
    links = tag_links(desk, entry, lang)
    shown = [f"<bdi>{anchor(address, tag, 'p-category')}</bdi>" for tag, address in links]
    return f'<span class="kith-tags">{" ".join(shown)}</span>' if shown else ""


def badge(desk: Desk, version: Version, lang: str) -> str:
    """The name of the language, where it is not the page's."""
    name = desk.tongue(version.lang).name
    return "" if version.lang == lang else f'<span class="kith-badge"{foreign(version, lang)}>{escape(name)}</span>'


def provenance(desk: Desk, version: Version, lang: str) -> tuple[str, ...]:
    """What a reader must know of how a text came about."""
    tongue = desk.tongue(lang)
    facts = (("generated", version.generated), ("translated", version.translated))
    return tuple(tongue.say(key) for key, holds in facts if holds)


def _line(*parts: str) -> str:
    shown = [part for part in parts if part]
    return f'<p class="kith-meta">{" ".join(shown)}</p>' if shown else ""


def post(desk: Desk, listed: Listed, lang: str) -> str:
    """A post among other entries: title, summary and a line about it."""
    entry, version = listed
    when = time_of(entry, desk.tongue(lang).day(entry.date)) if entry.dated else ""
    said = [f'<span class="kith-badge">{escape(fact)}</span>' for fact in provenance(desk, version, lang)]
    words, outer = escape(summary(version)), foreign(version, lang)
    address = desk.url(desk.links.entry(entry, version.lang))
    return (
        '<article class="kith-entry kith-post h-entry">'
        f"<h2{outer}>{anchor(address, version.title, 'u-url p-name')}</h2>"
        + (f'<p class="p-summary"{outer}>{words}</p>' if words else "")
        + _line(when, badge(desk, version, lang), *said, tags_of(desk, entry, lang))
        + "</article>"
    )


def update(desk: Desk, listed: Listed, lang: str, *, home: bool = False) -> str:
    """An update in full; ``home`` on the page its address leads to, where it carries its anchor."""
    entry, version = listed
    name = desk.links.anchor(entry)
    when = time_of(entry, desk.tongue(lang).day(entry.date))
    address = escape(desk.url(desk.links.entry(entry, version.lang)))
    link = f'<a class="u-url" href="{address}">{when}</a>'
    head = f'<h2 class="kith-when" id="{name}">{link}</h2>' if home else f'<p class="kith-when">{link}</p>'
    said = [f'<span class="kith-badge">{escape(fact)}</span>' for fact in provenance(desk, version, lang)]
    return (
        f'<article class="kith-entry kith-update h-entry">{head}'
        f'<div class="e-content"{foreign(version, lang)}>{desk.render(version, name + "-").html}</div>'
        + _line(badge(desk, version, lang), *said, tags_of(desk, entry, lang))
        + "</article>"
    )


def stream(desk: Desk, entries: list[Listed], lang: str, *, home: bool = False) -> str:
    """Posts and updates in one quiet column."""
    if not entries:
        return f'<p class="kith-empty">{escape(desk.tongue(lang).say("empty"))}</p>'
    shown = [
        post(desk, one, lang) if one[0].kind is Kind.POST else update(desk, one, lang, home=home) for one in entries
    ]
    return f'<div class="kith-stream h-feed">{"".join(shown)}</div>'
