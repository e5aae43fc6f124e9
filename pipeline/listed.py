"""What all pages that list entries have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import escape
from itertools import takewhile
from typing import Any

from pipeline.desk import Desk, Leaf, Listed, SitePage, keys_of
from pipeline.keys import key_of
from pipeline.languages import closest, worded
from pipeline.links import slugify
from pipeline.timeline import anchor, badge, foreign, time_of

NEWEST = 20
"""How many entries stand on a page that shows the newest."""

Counts = list[tuple[str, str, int]]
"""Pages by what they are called, with their address and how much stands there."""


def leaf(
    desk: Desk, kind: str, lang: str, path: str, entries: list[Listed], make: Callable[[], SitePage], *more: object
) -> Leaf:
    """A page on which these entries stand; ``more`` is what else is on it."""
    return Leaf(
        path,
        lang,
        lambda: key_of(kind, lang, desk.languages, desk.feeds, keys_of(desk, entries), newest(entries), *more),
        make,
        tuple(entries) if kind == "month" else (),
    )


def newest(entries: list[Listed]) -> str:
    """The date of the newest entry, as ISO; ``""`` without one. Wherever each was written, no day is off by two."""
    since = entries[0][0].date - timedelta(days=2) if entries else None
    lately = takewhile(lambda one: since is None or one[0].date >= since, entries)
    return max((entry.date.date().isoformat() for entry, _ in lately), default="")


def feeds(desk: Desk, lang: str, tag: str = "") -> list[list[str]]:
    """The feeds a page tells feed readers about: title, type, address."""
    title = worded(desk.house.settings.title, lang)
    found = [
        [title, "application/rss+xml", desk.url(desk.links.feed("", "rss"))],
        [title, "application/atom+xml", desk.url(desk.links.feed("", "atom"))],
        [title, "application/feed+json", desk.url(desk.links.feed("", "json"))],
    ]
    if spoken := language_feed(desk, lang):
        name = f"{title} · {desk.tongue(spoken).name}"
        found.append([name, "application/rss+xml", desk.url(desk.links.feed(f"lang/{spoken.lower()}", "rss"))])
    if tag:
        address = desk.url(desk.links.feed(tag_feed(tag), "rss"))
        found.append([f"{title} · {tag}", "application/rss+xml", address])
    return found


def language_feed(desk: Desk, lang: str) -> str:
    """The language whose feed serves readers of ``lang``; ``""`` where there is none."""
    return closest(lang, desk.feeds) or ""


def tag_feed(tag: str) -> str:
    """The name of a tag's feed."""
    return f"tags/{slugify(tag)}"


def alternates(desk: Desk, paths: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The same page in every language of ``paths``, in the site's order."""
    return tuple((lang, paths[lang]) for lang in desk.languages if lang in paths)


def meta(desk: Desk, lang: str, entries: list[Listed], **more: Any) -> dict[str, Any]:
    """What the theme needs on every listing."""
    return {"feeds": feeds(desk, lang), "updated": newest(entries), **more}


def counted(desk: Desk, lang: str, title: str, pages: Counts) -> str:
    """Pages as links in a row, each with how much stands there."""
    if not pages:
        return ""
    name = escape(desk.tongue(lang).say(title))
    links = "".join(f"<li>{anchor(desk.url(path), label)} <span>{count}</span></li>" for label, path, count in pages)
    return f'<nav class="kith-months" aria-label="{name}"><h2>{name}</h2><ul>{links}</ul></nav>'


def up_to(desk: Desk, label: str, path: str) -> list[str]:
    return [label, desk.url(path)]


def rows(desk: Desk, lang: str, posts: list[Listed]) -> str:
    return f'<ol class="kith-rows" reversed>{"".join(row(desk, lang, one) for one in posts)}</ol>'


def row(desk: Desk, lang: str, listed: Listed) -> str:
    entry, version = listed
    address = desk.url(desk.links.entry(entry, version.lang))
    when = time_of(entry, desk.tongue(lang).short(entry.date)) if entry.dated else ""
    title = f"<span{foreign(version, lang)}>{anchor(address, version.title, 'u-url p-name')}</span>"
    return f'<li class="h-entry">{when}<span>{title} {badge(desk, version, lang)}</span></li>'
