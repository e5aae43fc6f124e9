"""Writes one feed document: RSS 2.0, Atom, JSON Feed 1.1 or OPML, the same bytes for the same values.

Every text handed in is clean of characters that XML forbids; every address is absolute and ASCII.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from zlib import crc32

GENERATOR = "Kith"
EMPTY_SINCE = "2020-01-01T00:00:00+00:00"
"""Atom demands a date of a feed in which nothing stands yet, and no clock may give it one."""

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
HISTORY = "http://purl.org/syndication/history/1.0"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MISREAD = re.compile(r"<(?=[A-Za-z/!?])|&(?=[A-Za-z#])")
_PLAIN = re.compile(r"<(title|category|dc:creator)>[^<]*&[^<]*</\1>")
_MARKUP = 4 * 1024
PIXELS = 144
"""The width and height of the channel's picture: the widest that RSS knows."""

MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with an entry; ``length`` is in bytes."""

    url: str
    media_type: str
    length: int


@dataclass(frozen=True, slots=True)
class Item:
    """One entry as a feed tells it; ``title`` is empty for an update, ``label`` never."""

    uri: str
    url: str
    title: str
    label: str
    summary: str
    html: str
    date: datetime
    language: str
    tags: tuple[str, ...] = ()
    enclosure: Enclosure | None = None

    @property
    def brief(self) -> Item:
        """The item with its summary and a link in place of the full text."""
        summary, label, url = (escape(text) for text in (self.summary, self.label, self.url))
        return replace(self, html=f'<p>{summary}</p>\n<p><a href="{url}">{label}</a></p>')

    @property
    def cost(self) -> int:
        """At least the bytes the item takes in any form: none escapes more than is counted here."""
        texts = (self.html, self.summary, self.title, self.label, *self.tags)
        escaped = sum(len(escape(text).encode("utf-8")) + text.count("\n") + text.count("\\") for text in texts)
        return escaped + 2 * len(self.url) + len(self.uri) + _MARKUP


@dataclass(frozen=True, slots=True)
class Channel:
    """What a document says of itself; ``own``, ``current`` and ``previous`` are addresses per form.

    ``current`` is filled only in an archive document (RFC 5005, 4), ``previous`` where an archive goes before.
    ``image`` is the address of a small square picture; ``hub`` that of whoever tells readers' programs (WebSub, 4).
    """

    uri: str
    title: str
    description: str
    language: str
    author: str
    home: str
    style: str
    own: Mapping[str, str]
    current: Mapping[str, str] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    hub: str = ""

    def relations(self, form: str) -> list[dict[str, str]]:
        """The links of one form's document, in order: self, hub, current, prev-archive."""
        found = [("self", self.own), ("current", self.current), ("prev-archive", self.previous)]
        kind = MEDIA_TYPES[form]
        links = [{"rel": name, "href": there[form], "type": kind} for name, there in found if form in there]
        return [*links[:1], *([{"rel": "hub", "href": self.hub}] if self.hub else []), *links[1:]]


def write(form: str, channel: Channel, items: Iterable[Item]) -> bytes:
    """The document in ``rss``, ``atom`` or ``json``, items in the order given."""
    return {"rss": rss, "atom": atom, "json": json_feed}[form](channel, tuple(items))


def _add(parent: Any, tag: str, text: str = "", /, **attributes: str) -> Any:
    """Adds a child to an lxml element; ``a:b`` tags take the prefix from the parent."""
    from lxml import etree

    prefix, _, name = tag.rpartition(":")
    namespace = parent.nsmap.get(prefix or None)
    element = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name, attributes)
    element.text = text or None
    return element


def _document(root: Any, style: str) -> bytes:
    from lxml import etree

    if style:
        root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/css" href="{escape(style)}"'))
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True, pretty_print=True)


def rss(channel: Channel, items: tuple[Item, ...]) -> bytes:
    """An RSS 2.0 document, in the manner of the RSS Advisory Board's profile."""
    from lxml import etree

    spaces = {"atom": ATOM, "content": CONTENT, "dc": DC} | ({"fh": HISTORY} if channel.current else {})
    root = etree.Element("rss", {"version": "2.0"}, nsmap=spaces)
    head = _add(root, "channel")
    _add(head, "title", channel.title)
    _add(head, "link", channel.home)
    _add(head, "description", readable(channel.description or channel.title))
    _add(head, "language", channel.language)
    if items:
        _add(head, "lastBuildDate", format_datetime(items[0].date))
    _add(head, "generator", GENERATOR)
    if channel.image:
        _rss_image(_add(head, "image"), channel)
    for relation in channel.relations("rss"):
        _add(head, "atom:link", **relation)
    if channel.current:
        _add(head, "fh:archive")
    for item in items:
        _rss_item(_add(head, "item"), channel, item)
    text = _document(root, channel.style).decode("utf-8")
    return _PLAIN.sub(_literally, text).encode("utf-8")


def _rss_image(element: Any, channel: Channel) -> None:
    """The picture, whose title and link are those of the channel (RSS profile, image)."""
    for name, text in (("url", channel.image), ("title", channel.title), ("link", channel.home)):
        _add(element, name, text)
    for name in ("width", "height"):
        _add(element, name, str(PIXELS))


def _rss_item(element: Any, channel: Channel, item: Item) -> None:
    if item.title:
        _add(element, "title", item.title)
    _add(element, "link", item.url)
    _add(element, "guid", item.uri, isPermaLink="false")
    _add(element, "pubDate", format_datetime(item.date))
    _add(element, "dc:creator", channel.author)
    if item.language != channel.language:
        _add(element, "dc:language", item.language)
    for tag in item.tags:
        _add(element, "category", tag)
    # The summary stands before the full text: some readers show whichever of the two comes last.
    _add(element, "description", readable(item.summary))
    _add(element, "content:encoded", item.html)
    if file := item.enclosure:
        _add(element, "enclosure", url=file.url, length=str(file.length), type=file.media_type)


def readable(text: str) -> str:
    """Plain text for an element whose text is HTML by definition: what would be read as markup is referenced."""
    return _MISREAD.sub(lambda match: f"&#x{ord(match[0]):X};", text)


def _literally(match: re.Match[str]) -> str:
    """A plain element with hexadecimal references, which RSS readers take for literal characters (RSS profile)."""
    return match[0].replace("&lt;", "&#x3C;").replace("&amp;", "&#x26;")


def atom(channel: Channel, items: tuple[Item, ...]) -> bytes:
    """An Atom document (RFC 4287)."""
    from lxml import etree

    spaces: Any = {None: ATOM} | ({"fh": HISTORY} if channel.current else {})
    root = etree.Element(f"{{{ATOM}}}feed", {_XML_LANG: channel.language}, nsmap=spaces)
    _plain(root, "title", channel.title)
    if channel.description:
        _plain(root, "subtitle", channel.description)
    _add(root, "id", channel.uri)
    _add(root, "updated", items[0].date.isoformat(timespec="seconds") if items else EMPTY_SINCE)
    _add(_add(root, "author"), "name", channel.author)
    _add(root, "link", rel="alternate", href=channel.home, type="text/html", hreflang=channel.language)
    for relation in channel.relations("atom"):
        _add(root, "link", **relation)
    _add(root, "generator", GENERATOR)
    # The oldest archive has none before it, which validators take for a gap; its link to the current one says enough.
    if channel.current and channel.previous:
        _add(root, "fh:archive")
    shared = Counter(item.date for item in items)
    for item in items:
        _atom_entry(_add(root, "entry"), item, alone=shared[item.date] == 1)
    return _document(root, channel.style)


def _plain(parent: Any, tag: str, text: str) -> None:
    """Adds plain text; where a program could take it for HTML it is written as HTML, and says so (RFC 4287, 3.1)."""
    if _MISREAD.search(text):
        _add(parent, tag, escape(text, quote=False), type="html")
    else:
        _add(parent, tag, text)


def _atom_entry(element: Any, item: Item, *, alone: bool) -> None:
    """An entry; one that is not ``alone`` at its moment is set apart by a part of a second (RFC 4287, 4.2.15)."""
    updated = item.date if alone else item.date.replace(microsecond=crc32(item.uri.encode()) % 999_983 + 1)
    element.set(_XML_LANG, item.language)
    _plain(element, "title", item.label)
    _add(element, "id", item.uri)
    _add(element, "link", rel="alternate", href=item.url, type="text/html", hreflang=item.language)
    if file := item.enclosure:
        _add(element, "link", rel="enclosure", href=file.url, length=str(file.length), type=file.media_type)
    _add(element, "published", item.date.isoformat(timespec="seconds"))
    _add(element, "updated", updated.isoformat(timespec="seconds" if alone else "microseconds"))
    for tag in item.tags:
        _add(element, "category", term=tag)
    if item.summary != item.label:
        _plain(element, "summary", item.summary)
    _add(element, "content", item.html, type="html")


def json_feed(channel: Channel, items: tuple[Item, ...]) -> bytes:
    """A JSON Feed 1.1 document; its ``next_url`` goes to the archive before it."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": channel.own["json"],
        "description": channel.description,
        "next_url": channel.previous.get("json", ""),
        "authors": [{"name": channel.author}],
        "language": channel.language,
        "hubs": [{"type": "WebSub", "url": channel.hub}] if channel.hub else [],
        "items": [_json_item(item) for item in items],
    }
    kept = {key: value for key, value in document.items() if value or key == "items"}
    return (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _json_item(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": item.uri,
        "url": item.url,
        "title": item.title,
        "content_html": item.html,
        "summary": item.summary,
        "date_published": item.date.isoformat(timespec="seconds"),
        "language": item.language,
        "tags": list(item.tags),
    }
    if file := item.enclosure:
        if file.media_type.startswith("image/"):
            found["image"] = file.url
        else:
            size = {"url": file.url, "mime_type": file.media_type, "size_in_bytes": file.length}
            found["attachments"] = [size]
    return {key: value for key, value in found.items() if value or key == "content_html"}


def opml(title: str, owner: str, outlines: Iterable[Mapping[str, str]]) -> bytes:
    """An OPML 2.0 subscription list; each outline is its attributes."""
    from lxml import etree

    root = etree.Element("opml", {"version": "2.0"})
    head = _add(root, "head")
    _add(head, "title", title)
    _add(head, "ownerName", owner)
    body = _add(root, "body")
    for outline in outlines:
        _add(body, "outline", **outline)
    return _document(root, "")
