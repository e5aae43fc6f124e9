"""How an entry looks among others."""

from __future__ import annotations

from html import escape

from pipeline.desk import Desk, Listed
from pipeline.links import slugify
from pipeline.model import Entry, Kind, Version
from pipeline.tongue import direction


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
    words, outer = escape(desk.summary(version)), foreign(version, lang)
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
    return f'<div class="kith-stream">{"".join(shown)}</div>'
