"""What a build says of its own feeds: each thing that a validator would find, with the file that can mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
from houses import Files, Ran, house, run, text

from pipeline.desk import Desk
from pipeline.feedproof import proof
from pipeline.feeds import Part
from pipeline.links import Links
from pipeline.newsstand import Newsstand
from tests.feeds_house import bilingual, post, update
from tests.feeds_house import house as small


def made(**more: object) -> tuple[Part, dict[str, bytes], Links]:
    """The main feed of a small house."""
    kith = small(bilingual(1), update(2, "Rain."), post(3, body="See [it](https://example.org/) ![](sea.jpg)"), **more)
    desk = Desk.of(kith, {})
    stand = Newsstand.of(desk, lambda path: 4321, lambda version: desk.render(version, ""))
    part = stand.all[0]
    return part, dict(stand.documents(part)), desk.links


def said(path: str, change: Callable[[bytes], bytes]) -> list[str]:
    """What is said of the feed when one of its documents came out otherwise."""
    part, documents, links = made()
    broken = change(documents[path])
    assert broken != documents[path]
    return [str(one) for one in proof(part, documents | {path: broken}, links)]


def put(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old.encode(), new.encode(), 1)


def everywhere(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old.encode(), new.encode())


def turned(data: bytes) -> bytes:
    """The JSON document with its entries the other way round."""
    feed = json.loads(data)
    return json.dumps(feed | {"items": feed["items"][::-1]}).encode()


def twice(data: bytes) -> bytes:
    feed = json.loads(data)
    return json.dumps(feed | {"items": feed["items"][:1] * 2}).encode()


def many(data: bytes) -> bytes:
    feed = json.loads(data)
    return json.dumps(feed | {"items": [feed["items"][0] | {"id": f"tag:x,2020:{n}"} for n in range(51)]}).encode()


def test_there_is_nothing_to_say_of_what_the_press_makes() -> None:
    assert proof(*made()) == []


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("feed.xml", put("</item>", ""), "it cannot be read back"),
        ("atom.xml", put("Post 3", "Post \x01"), "it cannot be read back"),
        ("feed.json", put('"items"', '"itemz"'), "it cannot be read back"),
        ("feed.json", put("Post 3", "Post \\u0001"), "characters that XML forbids"),
        ("feed.xml", put('"self" href="https://lin', '"self" href="/lin'), "it says that it stands at `/lin"),
        ("atom.xml", put("/blog/atom.xml", "/atom.xml"), "it says that it stands at"),
        ("feed.json", put("/blog/feed.json", "/blog/x.json"), "it says that it stands at"),
        ("feed.xml", put("<language>en</language>", ""), "it has no `language`"),
        ("feed.xml", put("<image>", "<picture>"), "it cannot be read back"),
        ("feed.xml", put("</url>\n      <title>Lin ", "</url>\n      <title>Lan "), "its picture is missing, or has"),
        ("feed.xml", put("isPermaLink=\"false\"", "isPermaLink=\"true\""), "a `guid` is taken for an address"),
        ("feed.xml", put("<dc:creator>", "<author>a</author><dc:creator>"), "an `author`, which is for addresses"),
        ("feed.xml", everywhere("Thu, 04 Jan 2024", "Thu, 4 Jan 2024"), "is no date of RFC 822"),
        ("feed.xml", everywhere("Thu, 04 Jan 2024", "Thu, 04 Jan 2014"), "the newest entry is not the first"),
        ("feed.xml", put("BuildDate>Thu, 04", "BuildDate>Thu, 05"), "its date is not that of its newest entry"),
        ("atom.xml", put(' type="html"', ' type="text"'), "an entry's text is not said to be HTML"),
        ("atom.xml", put("<updated>2024", "<updated>2023"), "its date is not that of its newest entry"),
        ("atom.xml", put('<entry xml:lang="en">', "<entry>"), "an entry has no title, date or language"),
        ("atom.xml", put("Rain.&lt;", "Sun.&lt;"), "it does not tell what the other forms tell"),
        ("feed.json", turned, "it does not tell what the other forms tell"),
        ("feed.json", turned, "the newest entry is not the first"),
        ("feed.json", twice, "an entry stands in it twice"),
        ("feed.json", many, "51 entries stand in it; 50 are the most"),
        ("feed.json", put("tag:lin", "tog:lin"), "is no lasting name of an entry"),
        ("feed.json", put('"language"', '"author"'), "`author` is nothing of JSON Feed 1.1"),
        ("feed.json", put('"title": "Post 3"', '"title": null'), "`title` is there without a value"),
        ("feed.json", put('"name": "Lin <Zhao>"', '"name": ""'), "it names no author"),
        ("feed.json", put("version/1.1", "version/1"), "its version or title is wrong"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_of_feeds_is_said_with_its_document(
    path: str, change: Callable[[bytes], bytes], words: str
) -> None:
    found = [one for one in said(path, change) if words in one]
    assert found and found[0].startswith(f"build/site/{path}: ") and "please report it" in found[0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('href="https://example.org/"', 'href="/posts/"', "feeds cannot lead to `/posts/`"),
        ('href="https://example.org/"', 'href="https://ip:port/"', "feeds cannot lead to `https://ip:port/`"),
        ('href="https://example.org/"', 'href="https://例子.org/"', "feeds cannot lead to"),
        ("<p>See", "<p onclick=\"x()\">See", "`onclick=\"` stands in it"),
        ("<p>See", '<a class="headerlink" href="https://example.org/x">¶</a><p>See', "`headerlink` stands in it"),
        ("<p>See", "<p><iframe></iframe>See", "`iframe` stands in it"),
        ('length="4321"', 'length="0"', "sea.jpg` that goes with it is empty"),
        ('length="4321"', 'length="?"', "sea.jpg` that goes with it is empty"),
        ("/blog/posts/p3/</link>", "/blog/posts/p 3/</link>", "feeds lead to it at"),
    ],
)  # fmt: skip
def test_what_only_an_entry_can_mend_is_said_with_its_file(old: str, new: str, words: str) -> None:
    if "See" in old:
        old, new = escape(old, quote=False), escape(new, quote=False)
    found = [one for one in said("feed.xml", put(old, new)) if words in one]
    assert len(found) == 1 and found[0].startswith("content/posts/p3.md:"), said("feed.xml", put(old, new))


LONG = ("word " * 4_000).strip()
HEAVY: Files = {
    f"content/posts/p{number}.md": text(f"title: P{number}\ndate: 2026-10-{number:02d}\nsummary: {LONG}{number}")
    for number in range(1, 29)
}
EMPTY: Files = {
    "content/media/talk.mp3": b"",
    "content/posts/talk.md": text("title: A talk\ndate: 2026-11-01", "[Hear it](../media/talk.mp3)\n"),
}


def built(root: Path) -> Ran:
    return run(root, "build", now=datetime(2026, 11, 20, 12, tzinfo=UTC))


def test_a_build_says_what_is_wrong_with_a_feed_until_it_is_mended(tmp_path: Path) -> None:
    root = house(tmp_path, EMPTY)
    fault = "content/posts/talk.md:6: the file `https://house.example.org/media/talk.mp3` that goes with it is empty"
    for _ in range(2):
        ran = built(root)
        assert (ran.code, ran.out.count(fault)) == (1, 1), ran
    assert fault in run(root, "publish", "--yes").out
    (root / "content" / "media" / "talk.mp3").write_bytes(b"ID3 words")
    ran = built(root)
    assert (ran.code, "Faults" in ran.out) == (0, False), ran
    assert "nothing changed" in built(root).out


def test_entries_that_say_too_much_of_themselves_are_named(tmp_path: Path) -> None:
    ran = built(house(tmp_path, HEAVY))
    assert ran.code == 1
    assert (
        "with it `build/site/feed.xml` has" in ran.out and "512 KB are bearable. Write a shorter `summary`." in ran.out
    )
    assert "content/posts/p28.md:4: " in ran.out


def test_what_several_processes_find_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline import crew

    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.setattr(crew, "FEW", 2)
    ran = built(house(tmp_path, EMPTY))
    assert (ran.code, ran.out.count("that goes with it is empty")) == (1, 1)


def test_an_archive_is_looked_over_too_but_may_be_long() -> None:
    kith = replace(small(*(post(number * 200, body="word " * 60_000) for number in range(4))))
    kith = replace(kith, settings=replace(kith.settings, feed_entries=2))
    desk = Desk.of(kith, {})
    stand = Newsstand.of(desk, lambda path: None, lambda version: desk.render(version, ""))
    (archive, *_) = [part for part in stand.all if part.archive]
    documents = dict(stand.documents(archive))
    assert max(map(len, documents.values())) > 512 * 1024 and proof(archive, documents, desk.links) == []
    path = f"feeds/{archive.archive}/feed.xml"
    broken = documents | {path: documents[path].replace(b"isPermaLink", b"isLink", 1)}
    assert [one.path for one in proof(archive, broken, desk.links)] == [f"build/site/{path}"]
