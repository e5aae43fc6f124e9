"""Reads a feed's own documents back, form by form, and notes what breaks a rule of the form. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pipeline.feedhtml import clean
from pipeline.feedxml import ATOM, CONTENT, DC

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RFC822 = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
_TOP = frozenset("version title home_page_url feed_url description next_url authors language hubs items".split())
_ITEM = frozenset("id url title content_html summary date_published language tags image attachments".split())


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as one document tells it; ``files`` are address, media type and length of what goes with it."""

    id: str
    url: str
    html: str
    moment: datetime
    files: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document says: its own address, its date, its entries; and which rules it breaks."""

    own: str
    updated: datetime | None
    told: tuple[Told, ...]
    faults: tuple[str, ...]


def read(form: str, data: bytes) -> Reading:
    """The document in ``rss``, ``atom`` or ``json``. Raises `ValueError` for one that no program can read."""
    readers: Mapping[str, Callable[[bytes], Reading]] = {"rss": _rss, "atom": _atom, "json": _json}
    try:
        return readers[form](data)
    except (AttributeError, KeyError, TypeError, SyntaxError) as error:
        raise ValueError(" ".join(str(error).split())) from None


def _root(data: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def _links(element: Any) -> dict[str, str]:
    return {one.get("rel", "alternate"): one.get("href", "") for one in element.iterchildren(f"{{{ATOM}}}link")}


def _rss(data: bytes) -> Reading:
    head = _root(data).find("channel")
    faults = [f"it has no `{name}`" for name in ("title", "link", "description", "language") if not head.findtext(name)]
    image = head.find("image")
    if image is None or any(image.findtext(name) != head.findtext(name) for name in ("title", "link")):
        faults.append("its picture is missing, or has another title or link than it has itself")
    items = list(head.iterchildren("item"))
    built = head.findtext("lastBuildDate")
    told = tuple(map(_rss_item, items))
    updated = parsedate_to_datetime(built) if built else None
    return Reading(_links(head).get("self", ""), updated, told, (*faults, *_each(items, _rss_rules)))


def _each(items: list[Any], rules: Callable[[Any], Iterator[str]]) -> list[str]:
    """What is wrong with entries, each thing once."""
    return list(dict.fromkeys(fault for item in items for fault in rules(item)))


def _rss_item(item: Any) -> Told:
    files = tuple(
        (one.get("url", ""), one.get("type", ""), one.get("length", "")) for one in item.iterchildren("enclosure")
    )
    text, date = item.findtext(f"{{{CONTENT}}}encoded"), parsedate_to_datetime(item.findtext("pubDate"))
    return Told(item.findtext("guid") or "", item.findtext("link") or "", text or "", date, files)


def _rss_rules(item: Any) -> Iterator[str]:
    names = [child.tag for child in item]
    if names.index("description") > names.index(f"{{{CONTENT}}}encoded"):
        yield "the summary of an entry stands behind its text"
    if "author" in names or f"{{{DC}}}creator" not in names:
        yield "an entry has no `dc:creator`, or an `author`, which is for addresses"
    if item.find("guid").get("isPermaLink") != "false":
        yield "a `guid` is taken for an address"
    if not _RFC822.fullmatch(item.findtext("pubDate")):
        yield f"`{item.findtext('pubDate')}` is no date of RFC 822"


def _atom(data: bytes) -> Reading:
    root = _root(data)
    faults = [f"it has no `{name}`" for name in ("id", "title", "updated") if not _text(root, name)]
    entries = list(root.iterchildren(f"{{{ATOM}}}entry"))
    updated = datetime.fromisoformat(_text(root, "updated")) if entries else None
    told = tuple(map(_atom_entry, entries))
    return Reading(_links(root).get("self", ""), updated, told, (*faults, *_each(entries, _atom_rules)))


def _text(element: Any, name: str) -> str:
    return element.findtext(f"{{{ATOM}}}{name}") or ""


def _atom_entry(entry: Any) -> Told:
    date = datetime.fromisoformat(_text(entry, "published"))
    return Told(_text(entry, "id"), _links(entry).get("alternate", ""), _text(entry, "content"), date)


def _atom_rules(entry: Any) -> Iterator[str]:
    if not (_text(entry, "title") and _text(entry, "updated") and entry.get(_LANG)):
        yield "an entry has no title, date or language"
    if entry.find(f"{{{ATOM}}}content").get("type") != "html":
        yield "an entry's text is not said to be HTML"
    if datetime.fromisoformat(_text(entry, "published")).tzinfo is None:
        yield "a date has no time zone"


def _json(data: bytes) -> Reading:
    feed = json.loads(data)
    faults = [f"`{key}` is nothing of JSON Feed 1.1" for key in feed if key not in _TOP]
    if feed["version"] != "https://jsonfeed.org/version/1.1" or not feed["title"]:
        faults.append("its version or title is wrong")
    if not all(one.get("name") for one in feed.get("authors", [{}])):
        faults.append("it names no author")
    told = tuple(map(_json_item, feed["items"]))
    return Reading(feed["feed_url"], None, told, (*faults, *_each(feed["items"], _json_rules)))


def _json_item(item: Any) -> Told:
    return Told(item["id"], item["url"], item["content_html"], datetime.fromisoformat(item["date_published"]))


def _json_rules(item: Any) -> Iterator[str]:
    yield from (f"`{key}` is nothing of JSON Feed 1.1" for key in item if key not in _ITEM)
    yield from (f"`{key}` is there without a value" for key, value in item.items() if value in (None, [], {}))
    texts = [item[key] for key in ("id", "title", "summary", "content_html") if key in item]
    if not all(isinstance(text, str) and clean(text) == text for text in texts):
        yield "a text is none, or holds characters that XML forbids"
    if any(not {"url", "mime_type"} <= set(one) for one in item.get("attachments", [])):
        yield "a file that goes with an entry has no address or type"
