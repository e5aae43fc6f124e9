"""What feeds tell: an entry, and what a document says of itself. Its text in each form is made elsewhere.

Every text is clean of characters that XML forbids; every address is absolute and ASCII.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
HISTORY = "http://purl.org/syndication/history/1.0"
_MARKUP = 4 * 1024
_LONGER = {"&": 4, "<": 3, ">": 3, '"': 5, "'": 5, "\n": 1, "\\": 1}
"""How many bytes more than one a character takes where it is escaped."""

MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with an entry; ``length`` is in bytes."""

    url: str
    media_type: str
    length: int


@dataclass(frozen=True, slots=True)
class Item:
    """One entry as a feed tells it; ``title`` is empty for an update, ``label`` never.

    ``written`` is its text in each form, under what else that depends on, since it stands in several documents.
    """

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
    written: dict[tuple[object, ...], bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def brief(self) -> Item:
        """The item with its summary and a link in place of the full text."""
        summary, label, url = (escape(text) for text in (self.summary, self.label, self.url))
        return replace(self, html=f'<p>{summary}</p>\n<p><a href="{url}">{label}</a></p>', written={})

    @property
    def cost(self) -> int:
        """At least the bytes the item takes in any form: none escapes more than is counted here."""
        text = "".join((self.html, self.summary, self.title, self.label, *self.tags))
        escaped = len(text.encode("utf-8")) + sum([text.count(one) * more for one, more in _LONGER.items()])
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
