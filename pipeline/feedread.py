"""Reads a feed's own documents back, form by form, and notes what breaks a rule of the form. Pure.

The entries of a document are read by themselves, so that those of which the text was read before are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from pipeline.feedhtml import is_clean
from pipeline.feeditems import ATOM, CONTENT, DC

DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ENCODED = f"{{{CONTENT}}}encoded"
_RFC822 = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
)
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


Telling = tuple[Told, tuple[str, ...]]
"""What an entry tells, and which rules it breaks."""

Known = dict[Any, Any]
"""Entries that were read before: XML as it is written and where, JSON by its id, and what each tells."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document says: its own address, its date, its entries; and which rules it breaks."""

    own: str
    updated: datetime | None
    told: tuple[Told, ...]
    faults: tuple[str, ...]


def read(form: str, data: bytes, known: Known | None = None) -> Reading:
    """The document in ``rss``, ``atom`` or ``json``. Raises `ValueError` for one that no program can read."""
    readers: Mapping[str, Callable[[bytes, Known], Reading]] = {"rss": _rss, "atom": _atom, "json": _json}
    try:
        return readers[form](data, {} if known is None else known)
    except (AttributeError, KeyError, TypeError, SyntaxError) as error:
        raise ValueError(" ".join(str(error).split())) from None


_PROLOG = rb"<\?xml [^<>]*>\n(?:<\?xml-stylesheet [^<>]*>\n)?"
_OPENED = {
    "rss": re.compile(_PROLOG + rb"<rss [^<>]*>\n  <channel>\n"),
    "atom": re.compile(_PROLOG + rb"<feed [^<>]*>\n"),
}
_CLOSED = {"rss": b"  </channel>\n</rss>\n", "atom": b"</feed>\n"}
"""How we begin and end XML documents: what is around all entries."""

_ENTRY = {"rss": "item", "atom": f"{{{ATOM}}}entry"}
_BEGUN = {"rss": b"    <item>\n", "atom": b"  <entry "}
_STUB = {"rss": b"<item/>", "atom": b"<entry/>"}


def _xml(form: str, data: bytes, known: Known) -> tuple[Any, list[Telling]]:
    """The element around the entries of a document, and what these tell."""
    opened, start = _OPENED[form].match(data), data.find(_BEGUN[form])
    ours = opened and opened.end() <= start and data.endswith(_CLOSED[form])
    if opened and ours and (apart := _apart(form, data, opened.end(), start, known)):
        return apart
    around = _around(form, data)
    return around, [_TELL[form](entry) for entry in around.iterchildren(_ENTRY[form])]


def _apart(form: str, data: bytes, inside: int, start: int, known: Known) -> tuple[Any, list[Telling]] | None:
    """The same of a document that is laid out as ours are.

    It is read with one empty entry in the place of all, and the entries that are not known inside the same elements:
    both together say what the whole says. None where one cannot be read, or there is more in it than belongs there.
    """
    opened, closed, begun = data[:inside], _CLOSED[form], _BEGUN[form]
    told: dict[bytes, Telling] = known.setdefault(opened, {})
    pieces = [begun + piece for piece in data[start + len(begun) : -len(closed)].split(begun)]
    fresh = [piece for piece in pieces if piece not in told]
    try:
        around = _around(form, data[:start] + _STUB[form] + closed)
        inner = _around(form, b"".join((opened, *fresh, closed)))
    except SyntaxError:
        return None
    stubs = [len(one) + len(one.attrib) for one in around.iterchildren(_ENTRY[form])]
    if stubs != [0] or inner.getnext() is not None or [one.tag for one in inner] != [_ENTRY[form]] * len(fresh):
        return None
    told.update((piece, _TELL[form](entry)) for piece, entry in zip(fresh, inner, strict=True))
    return around, [told[piece] for piece in pieces]


def _around(form: str, data: bytes) -> Any:
    """The element around the entries of an XML document."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    return root.find("channel") if form == "rss" else root


def _all(tellings: list[Telling]) -> tuple[tuple[Told, ...], tuple[str, ...]]:
    """What all entries tell, and what is wrong with them, each thing once."""
    told, faults = zip(*tellings, strict=True) if tellings else ((), ())
    return told, tuple(dict.fromkeys(fault for found in faults for fault in found))


def _links(element: Any) -> dict[str, str]:
    return {one.get("rel", "alternate"): one.get("href", "") for one in element.iterchildren(f"{{{ATOM}}}link")}


def _rss(data: bytes, known: Known) -> Reading:
    head, entries = _xml("rss", data, known)
    told, broken = _all(entries)
    faults = [f"it has no `{name}`" for name in ("title", "link", "description", "language") if not head.findtext(name)]
    image = head.find("image")
    if image is None or any(image.findtext(name) != head.findtext(name) for name in ("title", "link")):
        faults.append("its picture is missing, or has another title or link than it has itself")
    built = head.findtext("lastBuildDate")
    return Reading(_links(head).get("self", ""), _moment(built) if built else None, told, (*faults, *broken))


def _moment(text: str) -> datetime:
    """A date as e-mail has it."""
    if not (found := _RFC822.fullmatch(text)) or found[2] not in MONTHS or text.endswith("-0000"):
        from email.utils import parsedate_to_datetime

        return parsedate_to_datetime(text)
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    zone = timedelta(hours=int(hours), minutes=int(minutes))
    return datetime(
        int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second),
        tzinfo=timezone(-zone if sign == "-" else zone),
    )  # fmt: skip


def _rss_item(item: Any) -> Telling:
    parts = _parts(item)
    date, guid = parts["pubDate"].text, parts["guid"]
    files = tuple(
        (one.get("url", ""), one.get("type", ""), one.get("length", "")) for one in item.iterchildren("enclosure")
    )
    told = Told(guid.text or "", _said(parts, "link"), _said(parts, _ENCODED), _moment(date), files)
    return told, tuple(_rss_rules(list(parts), guid.get("isPermaLink"), date))


def _rss_rules(names: list[str], permanent: str | None, date: str) -> Iterator[str]:
    if names.index("description") > names.index(_ENCODED):
        yield "the summary of an entry stands behind its text"
    if "author" in names or f"{{{DC}}}creator" not in names:
        yield "an entry has no `dc:creator`, or an `author`, which is for addresses"
    if permanent != "false":
        yield "a `guid` is taken for an address"
    if not _RFC822.fullmatch(date):
        yield f"`{date}` is no date of RFC 822"


def _parts(entry: Any) -> dict[str, Any]:
    """The first of each element in an entry, in their order."""
    found: dict[str, Any] = {}
    for child in entry:
        found.setdefault(child.tag, child)
    return found


def _said(parts: Mapping[str, Any], name: str) -> str:
    return (parts[name].text or "") if name in parts else ""


def _atom(data: bytes, known: Known) -> Reading:
    root, entries = _xml("atom", data, known)
    told, broken = _all(entries)
    faults = [f"it has no `{name}`" for name in ("id", "title", "updated") if not _text(root, name)]
    updated = datetime.fromisoformat(_text(root, "updated")) if told else None
    return Reading(_links(root).get("self", ""), updated, told, (*faults, *broken))


def _text(element: Any, name: str) -> str:
    return element.findtext(f"{{{ATOM}}}{name}") or ""


def _atom_entry(entry: Any) -> Telling:
    parts = _parts(entry)
    date, content = datetime.fromisoformat(parts[f"{{{ATOM}}}published"].text), parts[f"{{{ATOM}}}content"]
    name, title, updated = (_said(parts, f"{{{ATOM}}}{one}") for one in ("id", "title", "updated"))
    told = Told(name, _links(entry).get("alternate", ""), content.text or "", date)
    return told, tuple(_atom_rules(title and updated and entry.get(_LANG), content.get("type"), date))


def _atom_rules(said: str | None, kind: str | None, date: datetime) -> Iterator[str]:
    if not said:
        yield "an entry has no title, date or language"
    if kind != "html":
        yield "an entry's text is not said to be HTML"
    if date.tzinfo is None:
        yield "a date has no time zone"


def _json(data: bytes, known: Known) -> Reading:
    feed = json.loads(data)
    faults = [f"`{key}` is nothing of JSON Feed 1.1" for key in feed if key not in _TOP]
    if feed["version"] != "https://jsonfeed.org/version/1.1" or not feed["title"]:
        faults.append("its version or title is wrong")
    if not all(one.get("name") for one in feed.get("authors", [{}])):
        faults.append("it names no author")
    entries: list[Telling] = []
    for item in feed["items"]:
        was = known.get(item["id"])
        if was is None or was[0] != item:
            was = known[item["id"]] = item, _json_item(item)
        entries.append(was[1])
    told, broken = _all(entries)
    return Reading(feed["feed_url"], None, told, (*faults, *broken))


def _json_item(item: Any) -> Telling:
    date = datetime.fromisoformat(item["date_published"])
    return Told(item["id"], item["url"], item["content_html"], date), tuple(_json_rules(item))


def _json_rules(item: Any) -> Iterator[str]:
    yield from (f"`{key}` is nothing of JSON Feed 1.1" for key in item if key not in _ITEM)
    yield from (f"`{key}` is there without a value" for key, value in item.items() if value in (None, [], {}))
    texts = [item[key] for key in ("id", "title", "summary", "content_html") if key in item]
    if not all(isinstance(text, str) and is_clean(text) for text in texts):
        yield "a text is none, or holds characters that XML forbids"
    if any(not {"url", "mime_type"} <= set(one) for one in item.get("attachments", [])):
        yield "a file that goes with an entry has no address or type"


_TELL: Mapping[str, Callable[[Any], Telling]] = {"rss": _rss_item, "atom": _atom_entry}
"""What an entry of an XML document tells, by form."""
