"""Houses for the tests of feeds, and all of their documents, made on the road that the site takes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import feedparser

from pipeline.desk import Desk
from pipeline.feedproof import proof
from pipeline.markup import Rendered
from pipeline.model import Entry, House, Kind, Version
from pipeline.newsstand import Newsstand
from pipeline.settings import Settings

BASE = "https://lin.example.org/blog/"
SETTINGS = Settings({"en": "Lin & Zhao", "zh": "林昭"}, BASE, "Lin <Zhao>", {"en": "Notes & letters"}, ("en", "zh"))


def post(number: int, title: str = "", body: str = "Hello.", **more: Any) -> Entry:
    """A public post in English, one a day from 1 January 2024."""
    day = datetime(2024, 1, 1, 9, 30, tzinfo=timezone(timedelta(hours=8))) + timedelta(days=number)
    text = Version("en", title or f"Post {number}", more.pop("summary", ""), body, f"content/posts/p{number}.md")
    return replace(Entry(f"p-{number}", Kind.POST, f"p{number}", day, (text,)), **more)


def update(number: int, body: str, lang: str = "en", **more: Any) -> Entry:
    text = Version(lang, "", "", body, f"content/updates/u{number}.md")
    return post(number, id=f"u-{number}", kind=Kind.UPDATE, slug=f"u{number}", versions=(text,), **more)


def bilingual(number: int, body: str = "你好。", **more: Any) -> Entry:
    chinese = Version("zh", f"第{number}篇", "", body, f"content/posts/p{number}-zh.md", translated=True)
    return replace(entry := post(number, **more), versions=(*entry.versions, chinese))


def house(*entries: Entry, **more: Any) -> House:
    return House(replace(SETTINGS, **more), tuple(sorted(entries, key=lambda entry: entry.order, reverse=True)))


def feeds(
    kith: House, sizes: Callable[[str], int | None], render: Callable[[Version], Rendered] | None = None
) -> dict[str, bytes]:
    """Every document of every feed, the list of them and their looks, in which a build finds nothing wrong."""
    desk = Desk.of(kith, {})
    stand = Newsstand.of(desk, sizes, render or (lambda version: desk.render(version, "")))
    made: dict[str, bytes] = {}
    for _, _, part in stand.parts():
        documents = stand.documents(part)
        assert proof(part, documents, desk.links) == []
        made |= documents
    return made | {name: make() for name, _, make in stand.singles()}


def build(*entries: Entry, **more: Any) -> dict[str, bytes]:
    return feeds(house(*entries, **more), lambda path: 4321)


def parsed(data: bytes) -> Any:
    return feedparser.parse(io.BytesIO(data), response_headers={"content-type": "application/xml"})
