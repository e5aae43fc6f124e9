"""What feedparser, a JSON reader and a schema make of feeds: exactly what went in, whatever that was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html import unescape
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.feedhtml import clean, one_line
from pipeline.feeds import LIMIT
from pipeline.links import Links
from pipeline.model import Entry, Kind, Version
from pipeline.newsstand import Newsstand
from pipeline.planned import Chosen
from tests.feed_bars import parsed, plainly, schema
from tests.feeds_house import SETTINGS, build, feeds, house, post

NASTY = ["]]>", "<b>", "&amp;", "&lt;", "<![CDATA[", "a<b", "\x0b", "\x1f", "\ufffe", "\u2028", "<x", "{{", "'\"", "🎉"]
WORDS = st.lists(st.one_of(st.text(max_size=12), st.sampled_from(NASTY)), max_size=5).map(" ".join)


def misread(text: str) -> bool:
    """Whether feedparser takes it for UTF-8 that was read as Latin-1, and mends what nobody broke."""
    try:
        return text.encode("latin-1").decode("utf-8") != text
    except UnicodeError:
        return False


PROSE = WORDS.map(lambda text: text.replace("\ud800", "")).filter(lambda text: not misread(text))
LANGS = ("en", "zh", "ar", "pt-BR")
ZONES = st.sampled_from([-11 * 60, 0, 330, 8 * 60])


@st.composite
def entries(draw: Any) -> tuple[Entry, ...]:
    made = []
    for number in range(draw(st.integers(1, 5))):
        zone = timezone(timedelta(minutes=draw(ZONES)))
        day = datetime(2024, 1, 1, 9, tzinfo=zone) + timedelta(seconds=draw(st.integers(0, 3)) * 40_000)
        update = draw(st.booleans())
        title = "" if update else one_line(draw(PROSE)) or f"Post {number}"
        lang, body = (
            draw(st.sampled_from(LANGS)),
            draw(PROSE) + draw(st.sampled_from(["", "\n\n![](sea.jpg)", " $a<b$"])),
        )
        version = Version(lang, title, draw(PROSE), body, f"content/posts/p{number}.md")
        kind = Kind.UPDATE if update else Kind.POST
        tags = tuple(draw(st.lists(PROSE, max_size=3)))
        made.append(Entry(f"p-{number}", kind, f"p{number}", day, (version,), tags=tags))
    return tuple(made)


def told(entry: Entry) -> tuple[str, str, str]:
    """The entry's summary, label and HTML as the press makes them."""
    kith = house(entry)
    from pipeline.desk import Desk

    desk = Desk.of(kith, {})
    stand = Newsstand.of(desk, lambda path: 4321, lambda version: desk.render(version, ""))
    item = stand.press.item(Chosen(entry, entry.versions[0]))
    return item.summary, item.label, item.html


@settings(max_examples=40, deadline=None)
@given(entries())
def test_rss_and_atom_and_json_come_back_as_they_went_in(given: tuple[Entry, ...]) -> None:
    made, links = build(*given), Links.of(SETTINGS)
    ordered = sorted(given, key=lambda entry: entry.order, reverse=True)
    rss, atom, feed = parsed(made["feed.xml"]), parsed(made["atom.xml"]), json.loads(made["feed.json"])
    assert not rss.bozo and not atom.bozo
    assert len(rss.entries) == len(atom.entries) == len(feed["items"]) == len(ordered)
    for entry, ours, theirs, plain in zip(ordered, rss.entries, atom.entries, feed["items"], strict=True):
        version, (summary, label, html) = entry.versions[0], told(entry)
        title = "" if entry.kind is Kind.UPDATE else version.title
        assert ours.id == theirs.id == plain["id"] == links.uri(entry.id)
        assert ours.link == theirs.link == plain["url"]
        assert ("title" in ours, plain.get("title", "")) == (bool(title), title)
        assert ours.get("title", "") == title and plainly(theirs, "title") == label
        assert ours.content[0].value == theirs.content[0].value == plain["content_html"] == html
        assert unescape(ours.summary) == plain["summary"] == summary
        assert plainly(theirs, "summary") in (summary, label, html)
        stamp = entry.date.utctimetuple()[:6]
        assert ours.published_parsed[:6] == theirs.published_parsed[:6] == stamp
        assert datetime.fromisoformat(plain["date_published"]) == entry.date
        assert theirs.content[0].language == plain["language"] == version.lang
        tags = list(dict.fromkeys(filter(None, map(one_line, entry.tags))))
        assert plain.get("tags", []) == tags
        assert [tag.term for tag in theirs.get("tags", [])] == [tag.term for tag in ours.get("tags", [])] == tags
        assert ours.author == atom.feed.author == feed["authors"][0]["name"] == "Lin <Zhao>"
        assert [file["length"] for file in ours.enclosures] == ["4321"] * ("sea.jpg" in version.body)
        assert [file["length"] for file in theirs.enclosures] == ["4321"] * ("sea.jpg" in version.body)


@settings(max_examples=40, deadline=None)
@given(entries())
def test_json_feeds_are_valid_whatever_stands_in_them(given: tuple[Entry, ...]) -> None:
    made = build(*given)
    for path in (path for path in made if path.endswith(".json")):
        assert [error.message for error in schema().iter_errors(json.loads(made[path]))] == [], path


def test_the_schema_refuses_what_json_feed_refuses() -> None:
    feed = json.loads(build(post(1, tags=("llm",)))["feed.json"])
    (item,) = feed["items"]
    broken: list[dict[str, Any]] = [
        feed | {"version": "https://jsonfeed.org/version/1"}, feed | {"author": {"name": "Lin"}},
        feed | {"title": None}, feed | {"hubs": [{"url": "https://hub.example.org/"}]},
        *(feed | {"items": [item | wrong]} for wrong in (
            {"id": 7}, {"author": {"name": "Lin"}}, {"title": None}, {"date_published": "Mon, 01 Jan 2024"},
            {"attachments": [{"url": "https://example.org/a.mp3"}]}, {"tags": []}, {"url": "/posts/a/"},
        )),
    ]  # fmt: skip
    assert schema().is_valid(feed)
    assert [number for number, one in enumerate(broken) if schema().is_valid(one)] == []


def test_entries_of_one_moment_are_told_apart_by_atom_and_by_nothing_else() -> None:
    day = datetime(2024, 3, 1, tzinfo=timezone(timedelta(hours=8)))
    made = build(*(replace(post(number), date=day) for number in range(3)), post(200))
    read = parsed(made["atom.xml"])
    assert len({entry.updated for entry in read.entries}) == 4
    assert len({entry.published for entry in read.entries}) == 2
    assert read.feed.updated == read.entries[0].updated == read.entries[0].published


def test_every_archive_says_that_it_is_one_but_the_oldest_which_leads_to_no_other() -> None:
    made = build(*(post(number * 30) for number in range(50)))
    for name in ("feed.xml", "atom.xml"):
        paths = [path for path in sorted(made) if path.startswith("feeds/archive/") and path.endswith(name)]
        assert [b"fh:archive/>" in made[path] for path in paths] == [name == "feed.xml", True, True, True]
        assert all(b'rel="current"' in made[path] for path in paths)


def test_a_feed_has_the_newest_twenty_to_fifty_entries_and_older_ones_stand_in_archives() -> None:
    made = build(*(post(number * 3) for number in range(120)))
    current = [entry.id for entry in parsed(made["feed.xml"]).entries]
    assert 20 <= len(current) <= 50
    assert current == [f"tag:lin.example.org,2020:p-{number * 3}" for number in range(119, 119 - len(current), -1)]
    archived = {entry.id for path in made if "archive" in path for entry in parsed(made[path]).entries}
    assert archived | set(current) == {f"tag:lin.example.org,2020:p-{number * 3}" for number in range(120)}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=2, max_size=12), st.integers(1, 3))
def test_a_new_entry_changes_no_archive_there_is(gaps: list[int], size: int) -> None:
    days = [1, 2, 3, 4, *(4 + sum(gaps[: number + 1]) for number in range(len(gaps)))]
    kith = [post(day) for day in days]
    before, after = build(*kith[:-1], feed_entries=size), build(*kith, feed_entries=size)
    old = [path for path in before if "/archive/" in f"/{path}"]
    assert old and [path for path in old if before[path] != after[path]] == []


def test_a_document_says_the_most_it_can_in_its_512_kilobytes() -> None:
    made = build(*(post(number, body="短" * 9_000 + "\n\n") for number in range(50)), feed_entries=50)
    for form in ("feed.xml", "atom.xml", "feed.json"):
        assert LIMIT // 2 < len(made[form]) <= LIMIT == 512 * 1024


def test_unknown_elements_and_addresses_that_nobody_can_follow_leave_their_words() -> None:
    body = '<p>M-x <RET>then</RET> <blink>now</blink>, see <a href="http://ip:port">there</a> <cite>it</cite></p>'
    written = json.loads(build(post(1, body=body))["feed.json"])["items"][0]["content_html"]
    assert written == "<p>M-x &lt;ret&gt;then now, see there <cite>it</cite></p>"


def test_no_clock_stands_in_any_document() -> None:
    made = build(post(1), post(2))
    assert b"2024-01-03T09:30:00+08:00</updated>" in made["atom.xml"]
    assert b"<lastBuildDate>Wed, 03 Jan 2024 09:30:00 +0800</lastBuildDate>" in made["feed.xml"]
    assert not [path for path, data in made.items() if str(datetime.now().astimezone().year).encode() in data]


def test_a_hub_stands_in_every_current_document_and_in_no_archive() -> None:
    hub = "https://hub.example.org/?a=1&b=2"
    made = feeds(house(*(post(number * 30) for number in range(50)), hub=hub), lambda path: None)
    for path, data in made.items():
        if path.endswith(".json"):
            assert json.loads(data).get("hubs") == (None if "archive" in path else [{"type": "WebSub", "url": hub}]), (
                path
            )
        elif path.endswith("xml"):
            rels = {link.rel: link.href for link in parsed(data).feed.links}
            assert rels.get("hub") == (None if "archive" in path else hub), path
            assert rels["self"].endswith(path)
    assert clean(hub) == hub
