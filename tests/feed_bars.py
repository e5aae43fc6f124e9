"""What every feed of a built site must be, looked at from outside: with feedparser, lxml, a schema, and the files."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import feedparser
import jsonschema
from lxml import etree, html

ATOM, DC = "{http://www.w3.org/2005/Atom}", "{http://purl.org/dc/elements/1.1/}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
KINDS = {"feed.xml": "rss20", "atom.xml": "atom10"}


@cache
def schema() -> jsonschema.Draft202012Validator:
    rules = json.loads((Path(__file__).parent / "jsonfeed.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(rules)
    return jsonschema.Draft202012Validator(rules)


def parsed(data: bytes) -> Any:
    """What feedparser makes of a document, its HTML as it came."""
    raw = {"sanitize_html": False, "resolve_relative_uris": False}
    return feedparser.parse(io.BytesIO(data), response_headers={"content-type": "application/xml"}, **raw)


def plainly(entry: Any, name: str) -> str:
    """A title or summary as a reader shows it: HTML is decoded where the feed says that it is some."""
    text = str(entry.get(name, ""))
    return unescape(text) if entry.get(f"{name}_detail", {}).get("type") == "text/html" else text


def documents(site: Path) -> dict[str, bytes]:
    """Every feed document of a site, by its path."""
    found = [path for name in (*KINDS, "feed.json") for path in site.rglob(name)]
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(found)}


def is_archive(data: bytes) -> bool:
    return b'rel="current"' in data


def faults(site: Path, base: str) -> list[str]:
    """Everything that is wrong with the feeds of the site in a folder, which stands at ``base``."""
    found: list[str] = []
    made = documents(site)
    for path, data in made.items():
        check = _json if path.endswith(".json") else _atom if path.endswith("atom.xml") else _rss
        try:
            said = [*_document(path, data), *check(site, base, path, data)]
        except Exception as error:  # noqa: BLE001 - whatever a document breaks in its reader is a fault of the document
            said = [f"{type(error).__name__}: {error}"]
        found += [f"{path}: {one}" for one in said]
    for path in (path for path in made if path.endswith("feed.xml")):
        others = path.replace("feed.xml", "atom.xml"), path.replace("feed.xml", "feed.json")
        told = [rows(made[one]) for one in (path, *others)]
        found += [] if told[0] == told[1] == told[2] else [f"{path}: the forms differ"]
    return found


def rows(data: bytes) -> list[tuple[str, str, str, datetime]]:
    """What each form tells of its entries: id, address, HTML, date."""
    if data.startswith(b"{"):
        rows = json.loads(data)["items"]
        return [
            (one["id"], one["url"], one["content_html"], datetime.fromisoformat(one["date_published"])) for one in rows
        ]
    root = etree.fromstring(data)
    if root.tag == "rss":
        texts = [[one.findtext(name) for name in ("guid", "link", ENCODED, "pubDate")] for one in root.iter("item")]
        return [(name, url, text, parsedate_to_datetime(date)) for name, url, text, date in texts]
    return [
        (
            one.findtext(f"{ATOM}id"),
            one.find(f"{ATOM}link[@rel='alternate']").get("href"),
            one.findtext(f"{ATOM}content"),
            datetime.fromisoformat(one.findtext(f"{ATOM}published")),
        )
        for one in root.iter(f"{ATOM}entry")
    ]


def _document(path: str, data: bytes) -> Iterator[str]:
    told = rows(data)
    if FORBIDDEN.search(data.decode("utf-8")):
        yield "characters that XML forbids"
    if len(data) > 512 * 1024 and "/archive/" not in f"/{path}":
        yield f"{len(data)} bytes"
    if len(told) > 50:
        yield f"{len(told)} entries"
    if [one[3] for one in told] != sorted((one[3] for one in told), reverse=True):
        yield "not the newest first"
    if len({one[0] for one in told}) < len(told) or not all(re.match(r"tag:[^,]+,\d{4}:.", one[0]) for one in told):
        yield "ids that are not unique, or do not last"
    for _, url, text, _ in told:
        yield from _address(url)
        yield from _html(text)


def _address(url: str, schemes: tuple[str, ...] = ("http", "https")) -> Iterator[str]:
    parts = urlsplit(url)
    host = not parts.scheme.startswith("http") or re.fullmatch(r"[a-z0-9.-]+", parts.hostname or "")
    if parts.scheme not in schemes or not host or not url.isascii() or re.search(r"[\s<>\"]", url):
        yield f"the address {url!r}"


@cache
def _html(text: str) -> tuple[str, ...]:
    return tuple(_inside(text))


def _inside(text: str) -> Iterator[str]:
    root = html.fragment_fromstring(text, create_parent="div")
    for element in root.iterdescendants():
        if not isinstance(element.tag, str) or element.tag in {
            "iframe",
            "script",
            "style",
            "svg",
            "math",
            "form",
            "object",
        }:
            yield f"<{element.tag}>"
            continue
        for name in ("href", "src", "cite", "poster"):
            if (value := element.get(name)) is not None and not value.startswith("data:image/"):
                yield from _address(value, ("http", "https", "mailto", "tel"))
        if {name for name in element.attrib if name.startswith(("on", "data-"))} or "srcset" in element.attrib:
            yield f"attributes of <{element.tag}>"
        if "headerlink" in element.get("class", "") or "__codelineno" in (element.get("id") or "") + (
            element.get("name") or ""
        ):
            yield "what only our own page has"


def _xml(site: Path, path: str, data: bytes) -> Iterator[str]:
    """What holds for both XML forms."""
    read = parsed(data)
    if read.bozo or read.version != KINDS[path.rpartition("/")[2]]:
        yield f"feedparser says {read.get('bozo_exception')}, {read.version}"
    style = re.search(rb'<\?xml-stylesheet type="text/css" href="/([^"]+)"', data)
    if not style or not (site / style[1].decode()).is_file():
        yield "no style"


def _rss(site: Path, base: str, path: str, data: bytes) -> Iterator[str]:
    yield from _xml(site, path, data)
    channel = etree.fromstring(data).find("channel")
    dates = [item.findtext("pubDate") for item in channel.iter("item")]
    if channel.findtext("lastBuildDate") != next(iter(dates), None) or not channel.findtext("generator"):
        yield "its date is not that of its newest entry, or it has no generator"
    if unquote(channel.find(f"{ATOM}link[@rel='self']").get("href")) != base + path or not channel.findtext("language"):
        yield "self or language"
    image = channel.find("image")
    if [image.findtext(name) for name in ("title", "link")] != [channel.findtext(name) for name in ("title", "link")]:
        yield "its picture has another title or link"
    picture = site / image.findtext("url").removeprefix(base)
    if not picture.read_bytes().startswith(b"\x89PNG") or int(image.findtext("width")) > 144:
        yield "its picture"
    for item in channel.iter("item"):
        yield from _item(site, base, item)


def _item(site: Path, base: str, item: Any) -> Iterator[str]:
    names = [child.tag for child in item]
    if names.index("description") > names.index(ENCODED) or "author" in names or f"{DC}creator" not in names:
        yield f"order or author of {item.findtext('guid')}"
    if item.find("guid").get("isPermaLink") != "false":
        yield "a guid that is an address"
    if ("/updates/" in item.findtext("link")) == (item.find("title") is not None):
        yield f"title of {item.findtext('link')}"
    for file in item.iter("enclosure"):
        there = site / unquote(file.get("url").removeprefix(base))
        if int(file.get("length")) != there.stat().st_size or not file.get("type"):
            yield f"length of {file.get('url')}"


def _atom(site: Path, base: str, path: str, data: bytes) -> Iterator[str]:
    yield from _xml(site, path, data)
    root = etree.fromstring(data)
    links = {link.get("rel"): link.get("href") for link in root.iterchildren(f"{ATOM}link")}
    if unquote(links["self"]) != base + path or not links["alternate"].startswith(base):
        yield "self or alternate"
    entries = list(root.iter(f"{ATOM}entry"))
    if not root.findtext(f"{ATOM}id") or not root.get(LANG):
        yield "id or language"
    if entries and root.findtext(f"{ATOM}updated") != entries[0].findtext(f"{ATOM}published"):
        yield "its date is not that of its newest entry"
    updated = [entry.findtext(f"{ATOM}updated") for entry in entries]
    if len(set(updated)) < len(updated):
        yield "two entries of one moment"
    for entry in entries:
        if (
            not (entry.get(LANG) and entry.findtext(f"{ATOM}title"))
            or entry.find(f"{ATOM}content").get("type") != "html"
        ):
            yield f"language, title or type of {entry.findtext(f'{ATOM}id')}"


def _json(site: Path, base: str, path: str, data: bytes) -> Iterator[str]:
    feed = json.loads(data)
    yield from (f"{error.json_path}: {error.message[:200]}" for error in schema().iter_errors(feed))
    if unquote(feed["feed_url"]) != base + path or not feed["home_page_url"].startswith(base):
        yield "its own address"
