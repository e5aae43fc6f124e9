"""Writes one feed document: RSS 2.0, Atom, JSON Feed 1.1 or OPML, the same bytes for the same values.

Each document is what stands before its items, the items, and what closes it: documents with the same items share them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any
from zlib import crc32

from pipeline import feedjson
from pipeline.feeditems import ATOM, CONTENT, DC, HISTORY, Channel, Item
from pipeline.feedread import DAYS, MONTHS

GENERATOR = "Kith"
EMPTY_SINCE = "2020-01-01T00:00:00+00:00"
"""Atom demands a date of a feed in which nothing stands yet, and no clock may give it one."""

_MISREAD = re.compile(r"<(?=[A-Za-z/!?])|&(?=[A-Za-z#])")
PIXELS = 144
"""The width and height of the channel's picture: the widest that RSS knows."""


def write(form: str, channel: Channel, items: Iterable[Item]) -> bytes:
    """The document in ``rss``, ``atom`` or ``json``, items in the order given."""
    items = tuple(items)
    if form == "rss":
        before, behind = _rss(channel, items)
        written = b"".join([_once(form, item, channel.author, channel.language) for item in items])
    elif form == "atom":
        before, behind = _atom(channel, items)
        shared = Counter([item.date for item in items])
        written = b"".join([_once(form, item, shared[item.date] == 1) for item in items])
    else:
        before, behind = feedjson.frame(channel, items)
        written = b",".join([_once(form, item) for item in items])
    return before.encode("utf-8") + written + behind.encode("utf-8")


def _once(form: str, item: Item, *more: Any) -> bytes:
    """An item's text, which is the same in every document of a form in which the same goes with it."""
    key = form, *more
    if key not in item.written:
        writers: dict[str, Callable[..., str]] = {"rss": _rss_item, "atom": _atom_entry, "json": feedjson.entry}
        item.written[key] = writers[form](item, *more).encode("utf-8")
    return item.written[key]


@lru_cache(maxsize=512)
def _text(text: str) -> str:
    """Escaped text; each stands in several forms, and in several places of each."""
    return escape(text, quote=False).replace("\r", "&#13;")


def _literal(text: str) -> str:
    """Plain text with hexadecimal references, which RSS readers take for literal characters (RSS profile)."""
    return _text(text).replace("&lt;", "&#x3C;").replace("&amp;", "&#x26;")


def _open(tag: str, attributes: Mapping[str, str]) -> str:
    if not attributes:
        return f"<{tag}"
    quoted = [f'{name}="{_quoted(value)}"' for name, value in attributes.items()]
    return f"<{tag} {' '.join(quoted)}"


@lru_cache(maxsize=512)
def _quoted(value: str) -> str:
    return _text(value).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")


def _add(depth: int, tag: str, text: str = "", /, **attributes: str) -> str:
    """An element on a line of its own; its text is escaped already."""
    opened = f"{'  ' * depth}{_open(tag, attributes)}"
    return f"{opened}>{text}</{tag}>\n" if text else f"{opened}/>\n"


def _prolog(style: str) -> str:
    link = f'<?xml-stylesheet type="text/css" href="{escape(style)}"?>\n' if style else ""
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{link}"


def _rss(channel: Channel, items: tuple[Item, ...]) -> tuple[str, str]:
    """What stands around the items of an RSS 2.0 document, in the manner of the RSS Advisory Board's profile."""
    spaces = {"xmlns:atom": ATOM, "xmlns:content": CONTENT, "xmlns:dc": DC}
    spaces |= {"xmlns:fh": HISTORY} if channel.current else {}
    before = [
        f"{_prolog(channel.style)}{_open('rss', spaces | {'version': '2.0'})}>\n  <channel>\n",
        _add(2, "title", _literal(channel.title)),
        _add(2, "link", _text(channel.home)),
        _add(2, "description", _text(readable(channel.description or channel.title))),
        _add(2, "language", _text(channel.language)),
        _add(2, "lastBuildDate", _rfc822(items[0].date)) if items else "",
        _add(2, "generator", GENERATOR),
        _rss_image(channel) if channel.image else "",
        *(_add(2, "atom:link", **relation) for relation in channel.relations("rss")),
        _add(2, "fh:archive") if channel.current else "",
    ]
    return "".join(before), "  </channel>\n</rss>\n"


def _rss_image(channel: Channel) -> str:
    """The picture, whose title and link are those of the channel (RSS profile, image)."""
    told = {"url": _text(channel.image), "title": _literal(channel.title), "link": _text(channel.home)}
    told |= {"width": str(PIXELS), "height": str(PIXELS)}
    inside = "".join([_add(3, name, text) for name, text in told.items()])
    return f"    <image>\n{inside}    </image>\n"


def _rss_item(item: Item, author: str, language: str) -> str:
    file = item.enclosure
    # The summary stands before the full text: some readers show whichever of the two comes last.
    lines = [
        _add(3, "title", _literal(item.title)) if item.title else "",
        _add(3, "link", _text(item.url)),
        _add(3, "guid", _text(item.uri), isPermaLink="false"),
        _add(3, "pubDate", _rfc822(item.date)),
        _add(3, "dc:creator", _literal(author)),
        _add(3, "dc:language", _text(item.language)) if item.language != language else "",
        *[_add(3, "category", _literal(tag)) for tag in item.tags],
        _add(3, "description", _text(readable(item.summary))),
        _add(3, "content:encoded", _text(item.html)),
        _add(3, "enclosure", url=file.url, length=str(file.length), type=file.media_type) if file else "",
    ]
    return f"    <item>\n{''.join(lines)}    </item>\n"


def _rfc822(moment: datetime) -> str:
    """A date as RSS has it, in English whatever the machine speaks."""
    day, month, zone = DAYS[moment.weekday()], MONTHS[moment.month - 1], moment.strftime("%z")
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment.time().isoformat('seconds')} {zone}"


def readable(text: str) -> str:
    """Plain text for an element whose text is HTML by definition: what would be read as markup is referenced."""
    return _MISREAD.sub(lambda match: f"&#x{ord(match[0]):X};", text)


def _atom(channel: Channel, items: tuple[Item, ...]) -> tuple[str, str]:
    """What stands around the entries of an Atom document (RFC 4287)."""
    spaces = {"xmlns": ATOM} | ({"xmlns:fh": HISTORY} if channel.current else {})
    alternate = {"rel": "alternate", "href": channel.home, "type": "text/html", "hreflang": channel.language}
    before = [
        f"{_prolog(channel.style)}{_open('feed', spaces | {'xml:lang': channel.language})}>\n",
        _plain(1, "title", channel.title),
        _plain(1, "subtitle", channel.description) if channel.description else "",
        _add(1, "id", _text(channel.uri)),
        _add(1, "updated", items[0].date.isoformat(timespec="seconds") if items else EMPTY_SINCE),
        f"  <author>\n{_add(2, 'name', _text(channel.author))}  </author>\n",
        *(_add(1, "link", **relation) for relation in (alternate, *channel.relations("atom"))),
        _add(1, "generator", GENERATOR),
        # The oldest archive has none before it, which validators take for a gap; its link to the current one is enough.
        _add(1, "fh:archive") if channel.current and channel.previous else "",
    ]
    return "".join(before), "</feed>\n"


def _plain(depth: int, tag: str, text: str) -> str:
    """Plain text; where a program could take it for HTML it is written as HTML, and says so (RFC 4287, 3.1)."""
    if _MISREAD.search(text):
        return _add(depth, tag, _text(escape(text, quote=False)), type="html")
    return _add(depth, tag, _text(text))


def _atom_entry(item: Item, alone: bool) -> str:
    """An entry; one that is not ``alone`` at its moment is set apart by a part of a second (RFC 4287, 4.2.15)."""
    updated = item.date if alone else item.date.replace(microsecond=crc32(item.uri.encode()) % 999_983 + 1)
    file, own = item.enclosure, {"rel": "enclosure"}
    lines = [
        _plain(2, "title", item.label),
        _add(2, "id", _text(item.uri)),
        _add(2, "link", rel="alternate", href=item.url, type="text/html", hreflang=item.language),
        _add(2, "link", **own, href=file.url, length=str(file.length), type=file.media_type) if file else "",
        _add(2, "published", item.date.isoformat(timespec="seconds")),
        _add(2, "updated", updated.isoformat(timespec="seconds" if alone else "microseconds")),
        *[_add(2, "category", term=tag) for tag in item.tags],
        _plain(2, "summary", item.summary) if item.summary != item.label else "",
        _add(2, "content", _text(item.html), type="html"),
    ]
    return f"  {_open('entry', {'xml:lang': item.language})}>\n{''.join(lines)}  </entry>\n"


def opml(title: str, owner: str, outlines: Iterable[Mapping[str, str]]) -> bytes:
    """An OPML 2.0 subscription list; each outline is its attributes."""
    head = _add(2, "title", _text(title)) + _add(2, "ownerName", _text(owner))
    lines = "".join([_add(2, "outline", **outline) for outline in outlines])
    body = f"  <body>\n{lines}  </body>\n" if lines else "  <body/>\n"
    return f'{_prolog("")}<opml version="2.0">\n  <head>\n{head}  </head>\n{body}</opml>\n'.encode()
