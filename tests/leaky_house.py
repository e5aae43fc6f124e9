"""A small house with something for a few in every place where a text can stand, and ways to leak each of them.

A leak is the real renderer with one thing wrong in it: the wrong readers, or a text from the wrong place.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import houses
import pytest
from houses import text
from PIL import Image, PngImagePlugin

from pipeline import (
    album,
    archive,
    bodies,
    feedjson,
    feeds,
    fragments,
    letterhead,
    letters,
    listings,
    making,
    mime,
    newsstand,
    pages,
    payload,
    plate,
    rebuild,
    searching,
    site,
    tagged,
)
from pipeline.build import build
from pipeline.desk import Desk
from pipeline.leakcheck import LeakCheck
from pipeline.manifest import Place
from pipeline.markup import Heading
from pipeline.model import PUBLIC, Entry, House, Kind
from pipeline.newsstand import Newsstand
from pipeline.opened import Opened, open_house
from pipeline.plan import plan
from pipeline.secret import Secret

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSAGE = "The surgeon wants to look at the left retina again before spring."
PASSAGE_ZH = "医生说左眼的视网膜要再检查一次才能决定"
ALT = "The waiting room on the seventh floor"
TITLE, SLUG, TAG = "Quitting quietly", "quitting-quietly", "severance"
INSIDE = frozenset({"public", "kreis-eins"})

PEOPLE = """\
version: 1
circles:
  kreis-eins: {title: Die Engsten, cadence: each, reads: [kreis-eins, public]}
  kreis-zwei: {title: Andere Leute, cadence: each, reads: [public]}
  kreis-drei: {title: Die Alten, kind: broadcast, cadence: each, reads: [public], channels: [paste:wechat]}
people:
  - {id: ottokar, name: Ottokar Brenninger, circles: [kreis-eins], address: ottokar@example.org, state: subscribed}
  - {id: philippa, name: Philippa Zuckerkandl, circles: [kreis-zwei], address: pz@example.org, state: subscribed}
"""

BODY = f"""A walk along the river, with a camera.

![A bridge](../media/bridge.png)

::: only kreis-eins
## What the surgeon said

{PASSAGE}

![{ALT}](../media/ward-seven.png)
:::

And home again before the rain.
"""

BODY_ZH = f"沿着河边走。\n\n::: only kreis-eins\n{PASSAGE_ZH}\n:::\n"
QUITTING = f"""id: {SLUG}
title: {TITLE}
date: 2026-11-17
visibility: kreis-eins
tags: [{TAG}, walks]
summary: How I told them."""

FILES: houses.Files = {
    "pyproject.toml": houses.SETTINGS.replace('timezone = "Asia/Shanghai"\n', ""),
    "subscribers.yml": PEOPLE,
    "content/posts/hello.md": None,
    "content/updates/2026-11-19-rain.md": text("id: rain\ndate: 2026-11-19\ntags: [walks]", "Rain at last.\n"),
    "content/posts/walk.md": text("id: walk\ntitle: A walk\ndate: 2026-11-18\ntags: [walks]", BODY),
    "content/posts/walk.zh.md": text("id: walk\ntitle: 散步\ndate: 2026-11-18", BODY_ZH),
    "content/posts/older.md": text(
        "id: older\ntitle: An older one\ndate: 2025-03-01\ntags: [walks]", "Nothing much happened.\n"
    ),
    f"content/posts/{SLUG}.md": text(
        QUITTING,
        "I handed in my notice on Monday and told nobody at the office.\n",
    ),
    "content/updates/2026-11-16-lump.md": text(
        "id: lump\ndate: 2026-11-16\nvisibility: kreis-eins\ntags: [walks]",
        "The lump is benign after all these weeks.\n",
    ),
    "content/media/bridge.png": houses.DOT,
    "content/media/ward-seven.png": houses.DOT,
}


def opened(root: Path) -> Opened:
    """The house, with feeds so short that they have archives."""
    found = open_house(houses.house(root, FILES), {}, NOW)
    return replace(found, house=replace(found.house, settings=replace(found.house.settings, feed_entries=1)))


@dataclass(frozen=True)
class Stages:
    """The parts of the real build that a leak is looked for in; each ends in the real check of what it made."""

    house: Opened

    def check(self) -> LeakCheck:
        return LeakCheck(self.house.house, self.house.root)

    def site(self) -> None:
        """The site without feeds."""
        site.build(self.house.house, self.house.root, None, self.check().site)

    def feeds(self) -> None:
        """The site and the feeds, whole."""
        site.build(self.house.house, self.house.root, None, self.check().site, feeds=True)

    def letters(self) -> None:
        """Letters, pastes and the bodies of requests."""
        build(self.house, plan(self.house.house, self.house.history, NOW), Secret(bytes(range(32))), site=False)

    def requests(self) -> None:
        """The same, submitted with SendGrid."""
        settings = self.house.house.settings
        mail = replace(settings.mail, transport="sendgrid")
        house = replace(self.house.house, settings=replace(settings, mail=mail))
        Stages(replace(self.house, house=house)).letters()


@dataclass(frozen=True)
class Seed:
    """One leak: the stage that makes it, where it must be found, and how it is planted."""

    stage: str
    where: str
    plant: Callable[[pytest.MonkeyPatch, House], None]


def wrap(owner: Any, name: str, change: Callable[..., Any]) -> Callable[[pytest.MonkeyPatch, House], None]:
    """Calls ``change`` with the house and what the real function gave, and its arguments."""

    def plant(patch: pytest.MonkeyPatch, house: House) -> None:
        real = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **more: change(house, real(*args, **more), *args))

    return plant


def before(
    owner: Any, name: str, change: Callable[..., tuple[Any, ...]]
) -> Callable[[pytest.MonkeyPatch, House], None]:
    """Calls the real function with the arguments that ``change`` makes of the house and the right ones."""

    def plant(patch: pytest.MonkeyPatch, house: House) -> None:
        real = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **more: real(*change(house, *args), **more))

    return plant


def put(owner: Any, name: str, value: Any) -> Callable[[pytest.MonkeyPatch, House], None]:
    return lambda patch, _: patch.setattr(owner, name, value)


def narrow(house: House, kind: Kind = Kind.POST) -> Entry:
    return next(entry for entry in house.entries if not entry.public and entry.kind is kind)


def listed(house: House, entries: Any, kind: Kind = Kind.POST) -> list[Any]:
    entry = narrow(house, kind)
    return [*entries, (entry, entry.master)]


def item(change: Callable[[House], dict[str, Any]]) -> Callable[[pytest.MonkeyPatch, House], None]:
    return wrap(feeds.Press, "_item", lambda house, made, *_: replace(made, **change(house)))


def on_page(html: str) -> Callable[[pytest.MonkeyPatch, House], None]:
    """A post's page with something more in its body."""
    return wrap(pages, "_post", lambda _, made, *__: replace(made, body=made.body + html))


def put_down(path: str, more: str) -> Callable[[pytest.MonkeyPatch, House], None]:
    """A finished file with something more at its end."""

    def change(house: House, own: Place, name: str, data: bytes) -> tuple[Any, ...]:
        return own, name, data + more.encode() if name == path else data

    return before(Place, "put", change)


def sheet(change: Callable[[Any], dict[str, str]]) -> Callable[[pytest.MonkeyPatch, House], None]:
    return wrap(letters.Composer, "_write", lambda _, made, *__: (made[0], replace(made[1], **change(made[1]))))


def header(name: str, value: str) -> Callable[[pytest.MonkeyPatch, House], None]:
    return wrap(letterhead.Letterhead, "headers", lambda _, made, *__: (*made, (name, value)))


def _category(house: House, message: Any, *_: Any) -> Any:
    from sendgrid.helpers.mail import Category

    message.add_category(Category("kreis-eins"))
    return message


def _part(house: House, made: bytes, *_: Any) -> bytes:
    hidden = base64.encodebytes(PASSAGE.encode())
    part = b"--=_x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + hidden + b"\r\n--=_"
    return made.replace(b"--=_", part, 1)


def _metadata(house: House, made: Any, *_: Any) -> Any:
    said, target = PngImagePlugin.PngInfo(), io.BytesIO()
    said.add_itxt("Description", PASSAGE, zip=True)
    Image.open(io.BytesIO(houses.DOT)).save(target, "PNG", pnginfo=said)
    return target.getvalue(), made[1]


def _narrow_picture(house: House, run: Any, *_: Any) -> Any:
    run.fragments.album.address("media/ward-seven.png")
    return run


def _narrow_file(house: House, made: Any, run: Any, *_: Any) -> Any:
    (run.folders.fresh / f"{SLUG}.txt").write_text("x")
    return made


def _said_of_a_page(_: House, made: searching.Piece, *__: Any) -> searching.Piece:
    more = json.dumps({"text": PASSAGE}).encode()
    return made[0], made[1] + more, made[2] and made[2] + more


def _all_public(house: House, _: House) -> tuple[Any, ...]:
    return (replace(house, entries=tuple(replace(one, visibility=PUBLIC) for one in house.entries)),)


def _kept_entry(_: House, own: Newsstand, part: feeds.Part) -> tuple[Any, ...]:
    """What an earlier build is said to have kept of each entry."""
    for one in part.chosen:
        key, packed = own.pack(one.entry, one.version)
        own.items[key] = (*packed[:5], PASSAGE, *packed[6:])
    own.press.items.clear()
    return own, part


def _for_a_few(house: House, desk: Desk, sizes: feeds.Sizes, raw: Any) -> tuple[Any, ...]:
    """The stand of feeds with bodies as its author's closest read them."""
    shelf = fragments.Shelf.of(house)
    return desk, sizes, lambda version: bodies.html_for(shelf, version, INSIDE, absolute=False)


def _in_chinese(house: House, shelf: Any, version: Any, audience: Any) -> tuple[Any, ...]:
    return shelf, version, INSIDE if version.lang == "zh" else audience


HEADINGS = (
    Heading(2, "one", "One"),
    Heading(2, "two", "Two"),
    Heading(2, "what-the-surgeon-said", "What the surgeon said"),
)
ENCODED = base64.b64encode(PASSAGE.encode()).decode()
ESCAPED = "".join(f"\\u{ord(sign):04x}" for sign in PASSAGE)

SEEDS: dict[str, Seed] = {
    "the feed's content": Seed("feeds", "feed.xml", before(Newsstand, "of", _for_a_few)),
    "an entry in the feed": Seed("feeds", "feed.xml", before(newsstand, "parts", _all_public)),
    "the feed's summary": Seed("feeds", "feed.json", item(lambda house: {"summary": narrow(house).master.body})),
    "the feed's title": Seed("feeds", "feed.xml", item(lambda _: {"title": TITLE})),
    "the feed's tags": Seed("feeds", "feed.xml", item(lambda _: {"tags": (TAG,)})),
    "an address in the feed": Seed(
        "feeds", "feed.xml", item(lambda _: {"url": f"https://house.example.org/posts/{SLUG}/"})
    ),
    "the JSON feed alone": Seed(
        "feeds", "feed.json", wrap(feedjson, "_json_item", lambda _, made, *__: made | {"_more": PASSAGE})
    ),
    "an archive of the feed": Seed(
        "feeds",
        "archive",
        before(
            feeds.Press,
            "documents",
            lambda house, own, part: (
                own,
                replace(part, chosen=tuple(feeds.Chosen(one, one.master) for one in house.entries))
                if part.archive
                else part,
            ),
        ),
    ),
    "the list of feeds": Seed(
        "feeds", "feeds.opml", wrap(feeds, "_outline", lambda _, made, *__: made | {"category": "kreis-eins"})
    ),
    "the page's body": Seed("site", "posts/walk/", put(fragments, "EVERYONE", INSIDE)),
    "one language's page": Seed("site", "zh/posts/walk/", before(fragments, "html_for", _in_chinese)),
    "the description": Seed(
        "site", "posts/walk/", wrap(Desk, "summary", lambda _, made, own, version: version.body[60:400])
    ),
    "the page's title": Seed(
        "site", "posts/walk/", wrap(pages, "_post", lambda _, made, *__: replace(made, title=TITLE))
    ),
    "a heading's id": Seed(
        "site", "posts/walk/", wrap(pages, "_post", lambda _, made, *__: replace(made, headings=HEADINGS))
    ),
    "alt text": Seed("site", "posts/walk/", on_page(f'<img src="/x.png" alt="{ALT}">')),
    "a comment": Seed("site", "posts/walk/", on_page(f"<!-- {PASSAGE} -->")),
    "JSON-LD": Seed(
        "site", "posts/walk/", on_page(f'<script type="application/ld+json">{{"text": "{ESCAPED}"}}</script>')
    ),
    "a class with a circle's name": Seed("site", "posts/walk/", on_page('<p class="for-kreis-eins">x</p>')),
    "a circle's title": Seed("site", "posts/walk/", on_page("<p>Die Engsten</p>")),
    "a reader's name": Seed("site", "posts/walk/", on_page("<p>Thanks to Ottokar <b>Brenn</b>inger</p>")),
    "a reader's address": Seed("site", "posts/walk/", on_page('<a href="mailto:pz%40example.org">x</a>')),
    "a reader's id": Seed("site", "posts/walk/", on_page('<p data-for="philippa">x</p>')),
    "base64": Seed("site", "posts/walk/", on_page(f'<a href="data:text/plain;base64,{ENCODED}">x</a>')),
    "an escaped Chinese address": Seed("site", "posts/walk/", on_page(f'<a href="/{quote(PASSAGE_ZH)}/">x</a>')),
    "a tag's page": Seed(
        "site",
        "tags/walks/",
        before(
            tagged,
            "_tag_page",
            lambda house, desk, lang, slug, said, rows, *rest: (desk, lang, slug, said, listed(house, rows), *rest),
        ),
    ),
    "the list of tags": Seed(
        "site",
        "tags/index.html",
        before(
            tagged,
            "_cloud",
            lambda _, desk, lang, counts, updated: (desk, lang, [*counts, (TAG, "tags/", 1)], updated),
        ),
    ),
    "a month's page": Seed(
        "site",
        "updates/2026/11/",
        before(
            listings,
            "_month",
            lambda house, desk, lang, month, rows: (desk, lang, month, listed(house, rows, Kind.UPDATE)),
        ),
    ),
    "the front page": Seed(
        "site",
        "site/index.html",
        before(listings, "_home", lambda house, desk, lang, rows: (desk, lang, listed(house, rows))),
    ),
    "the archive's page": Seed(
        "site",
        "archive/",
        before(archive, "_newest", lambda house, desk, lang, rows, years: (desk, lang, listed(house, rows), years)),
    ),
    "every list": Seed(
        "site", "tags/severance/", wrap(Desk, "of", lambda house, made, *_: replace(made, entries=house.entries))
    ),
    "robots.txt": Seed("site", "robots.txt", put_down("robots.txt", f"Disallow: /posts/{SLUG}/\n")),
    "a file's name": Seed(
        "site",
        SLUG,
        wrap(rebuild, "indexed", _narrow_file),
    ),
    "a picture's name": Seed("site", "ward-seven.png", wrap(rebuild, "_begin", _narrow_picture)),
    "words inside a picture": Seed("site", "bridge.png", wrap(album, "plain_picture", _metadata)),
    "a picture's alt by the renderer": Seed(
        "site", "posts/walk/", before(bodies, "body_for", lambda _, body, audience: (body, INSIDE))
    ),
    "the search index": Seed(
        "site", "search/search_index.json", put_down("search/search_index.json", json.dumps({"text": PASSAGE}))
    ),
    "the sitemap": Seed(
        "site", "sitemap.xml", put_down("sitemap.xml", f"<loc>https://house.example.org/posts/{SLUG}/</loc>")
    ),
    "what the search says of a page": Seed("site", "search/search_index.json", wrap(making, "piece", _said_of_a_page)),
    "what the sitemap says of a page": Seed(
        "site", "sitemap.xml", wrap(making.Maker, "_said", lambda _, made, *__: f"{made}<!-- {SLUG} -->")
    ),
    "the page for lost readers": Seed(
        "site", "404.html", wrap(making.Maker, "lost", lambda _, made, *__: made + f"<p>{TITLE}</p>".encode())
    ),
    "an entry kept for the feeds": Seed(
        "feeds",
        "feed.xml",
        before(Newsstand, "documents", _kept_entry),
    ),
    "the letter": Seed(
        "letters", "philippa`, as HTML", before(letters, "View", lambda _, audience, *rest: (INSIDE, *rest))
    ),
    "the letter's text alone": Seed("letters", "as text", sheet(lambda made: {"text": made.text + PASSAGE})),
    "the letter's HTML alone": Seed(
        "letters", "as HTML", sheet(lambda made: {"html": made.html + f"<p>{PASSAGE}</p>"})
    ),
    "the subject": Seed("letters", "its subject", put(letters, "_subject", lambda pieces, left, tongue: TITLE)),
    "a header": Seed("letters", "its headers", header("X-Circle", "kreis-eins")),
    "the list's id": Seed("letters", "its headers", header("List-Id", "<kreis-zwei.house.example.org>")),
    "the preheader": Seed("letters", "as HTML", put(letters, "preheader", lambda *_: PASSAGE[:60])),
    "another reader's greeting": Seed(
        "letters",
        "its headers",
        wrap(letters.Composer, "frozen", lambda _, made, *__: replace(made, hello="Hello Ottokar Brenninger,")),
    ),
    "another reader's address": Seed("letters", "its headers", header("X-Also", "ottokar@example.org")),
    "the paste": Seed(
        "letters", "build/paste/", wrap(letters.Composer, "paste", lambda _, made, *__: f"{made}\n{PASSAGE_ZH}")
    ),
    "a circle in the paste": Seed(
        "letters", "build/paste/", wrap(letters.Composer, "paste", lambda _, made, *__: f"kreis-drei {made}")
    ),
    "a name in SendGrid's request": Seed("requests", "the request's body", wrap(payload, "_mail", _category)),
    "an encoded header of the message": Seed(
        "letters",
        "the request's body",
        wrap(mime, "addressing", lambda _, made, *__: (*made, ("X-Note", mime.words("X-Note", PASSAGE_ZH)))),
    ),
    "an encoded part of the message": Seed("letters", "the request's body", wrap(plate, "_multipart", _part)),
}
