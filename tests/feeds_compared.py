"""Compares the feeds of a built site with the house they were made from, and with the site's own pages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from lxml import html

from pipeline.model import Entry, House, Kind
from tests.feed_bars import documents, parsed, plainly, rows


def ascii_only(address: str) -> str:
    """An address of this site as feeds write it."""
    return quote(unquote(address), safe=":/")


def unlike(site: Path, house: House) -> list[str]:
    """What the main feed and its archives, read back in all three forms, tell otherwise than the house has it."""
    wanted = {_uri(house, entry): _facts(house, entry) for entry in house.public_entries}
    found: list[str] = []
    for name, reader in (("feed.xml", _by_feedparser), ("atom.xml", _by_feedparser), ("feed.json", _by_json)):
        told: dict[str, dict[str, Any]] = {}
        for path in (path for path in documents(site) if path.startswith("feeds/archive/") or path == name):
            if path.endswith(name):
                told |= reader((site / path).read_bytes())
        if set(told) != set(wanted):
            found.append(f"{name}: {sorted(set(told) ^ set(wanted))[:5]}")
        for uri in set(told) & set(wanted):
            both = [{key: one[key] for key in told[uri] if key in wanted[uri]} for one in (told[uri], wanted[uri])]
            if both[0] != both[1]:
                found.append(f"{name}: {uri}: {both}")
    return found


def _uri(house: House, entry: Entry) -> str:
    return f"tag:{urlsplit(house.settings.url).hostname},2020:{quote(entry.id)}"


def _facts(house: House, entry: Entry) -> dict[str, Any]:
    version = entry.version(house.settings.language)
    title = "" if entry.kind is Kind.UPDATE else " ".join(version.title.split())
    tags = list(dict.fromkeys(" ".join(tag.split()) for tag in entry.tags))
    return {
        "title": title, "date": entry.date.astimezone(UTC).replace(microsecond=0), "tags": tags,
        "author": house.settings.author, "language": version.lang,
    }  # fmt: skip


def _by_feedparser(data: bytes) -> dict[str, dict[str, Any]]:
    read, found = parsed(data), {}
    for entry in read.entries:
        facts = {
            "date": datetime(*entry.published_parsed[:6], tzinfo=UTC),
            "tags": [tag.term for tag in entry.get("tags", [])],
            "author": entry.get("author") or read.feed.author,
            "language": entry.content[0].language or read.feed.get("language"),
        }
        if read.version == "rss20":
            facts |= {"title": entry.get("title", ""), "language": entry.get("language", read.feed.language)}
        elif "/updates/" not in entry.link:
            facts |= {"title": plainly(entry, "title")}
        found[entry.id] = facts
    return found


def _by_json(data: bytes) -> dict[str, dict[str, Any]]:
    feed = json.loads(data)
    return {
        one["id"]: {
            "title": one.get("title", ""), "date": datetime.fromisoformat(one["date_published"]).astimezone(UTC),
            "tags": one.get("tags", []), "author": feed["authors"][0]["name"], "language": one["language"],
        }
        for one in feed["items"]
    }  # fmt: skip


OURS = (
    ".//a[contains(@class,'headerlink')]", ".//style", ".//script", ".//svg", ".//*[contains(@class,'linenos')]",
)  # fmt: skip
"""What a page has beside the text itself."""


def incomplete(site: Path, base: str) -> tuple[int, list[str]]:
    """How many posts in the main feed and its archives were compared with their pages; those that tell other words."""
    wrong, seen = [], 0
    paths = [path for path in documents(site) if path == "feed.xml" or path.startswith("feeds/archive/")]
    entries = [row for path in paths if path.endswith("feed.xml") for row in rows((site / path).read_bytes())]
    for link, text in {link: text for _, link, text, _ in entries if "/posts/" in link}.items():
        file = site / unquote(link.removeprefix(base).partition("#")[0]) / "index.html"
        page = html.document_fromstring(file.read_bytes())
        for body in page.xpath("//article/div[@class='e-content'][not(.//math)]"):
            for mine in body.xpath("|".join(OURS)):
                mine.drop_tree()
            seen += 1
            if _words(body) != _words(html.fragment_fromstring(text, create_parent="div")):
                wrong.append(link)
    return seen, wrong


def _words(element: Any) -> str:
    """Its words without white space, and without the boxes of lists of tasks, which feeds write as signs."""
    return re.sub(r"[\s☑☐]+", "", "".join(element.itertext()))
