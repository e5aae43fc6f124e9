"""The feeds: what goes in comes out, for everybody, the same bytes every time, and nothing that is not public."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from lxml import etree
from lxml import html as parser

from pipeline.feedhtml import ascii_address, one_line
from pipeline.feeds import FORMS, LIMIT, feeds, listing, parts
from pipeline.model import Entry, House, Kind, Page, Settings, Version

GUANGZHOU = timezone(timedelta(hours=8))
SETTINGS = Settings(
    title={"en": "Lin & Zhao", "zh": "林昭"},
    url="https://lin.example.org/blog",
    author="Lin <Zhao>",
    description={"en": "Notes & letters"},
    languages=("en", "zh"),
    feed_entries=30,
)
TITLES = ["Salt & pepper", "Why <script>alert(1)</script> is text", "CDATA ends with ]]> they say", "A party 🎉"]
TITLES += ["慢慢达成共识", "التوافق ببطء", "Literal &amp; and &nbsp; and a<b"]
ENC = "{http://purl.org/rss/1.0/modules/content/}encoded"
DC = "{http://purl.org/dc/elements/1.1/}"
A = "{http://www.w3.org/2005/Atom}"


def post(number: int, title: str = "", body: str = "Hello.", **more: Any) -> Entry:
    """A public post in English, one a day from 1 January 2024."""
    day = datetime(2024, 1, 1, 9, 30, tzinfo=GUANGZHOU) + timedelta(days=number)
    text = Version("en", title or f"Post {number}", more.pop("summary", ""), body, f"content/posts/p{number}.md")
    given = {"id": f"p-{number}", "kind": Kind.POST, "slug": f"p{number}", "date": day, "versions": (text,)}
    return Entry(**(given | more))


def update(number: int, body: str, lang: str = "en", **more: Any) -> Entry:
    text = Version(lang, "", "", body, f"content/updates/u{number}.md")
    return post(number, id=f"u-{number}", kind=Kind.UPDATE, slug=f"u{number}", versions=(text,), **more)


def bilingual(number: int, body: str = "你好。", **more: Any) -> Entry:
    entry = post(number, **more)
    chinese = Version("zh", f"第{number}篇", "", body, f"content/posts/p{number}-zh.md", translated=True)
    return replace(entry, versions=(*entry.versions, chinese))


def house(*entries: Entry, **more: Any) -> House:
    return House(replace(SETTINGS, **more), tuple(sorted(entries, key=lambda entry: entry.order, reverse=True)))


def build(*entries: Entry, **more: Any) -> dict[str, bytes]:
    return feeds(house(*entries, **more), lambda path: 4321)


def parsed(data: bytes) -> Any:
    headers = {"content-type": "application/xml", "content-location": "https://lin.example.org/blog/x"}
    return feedparser.parse(io.BytesIO(data), response_headers=headers)


def html_in(made: dict[str, bytes]) -> str:
    """The one item's HTML, the same in the three forms."""
    rss = etree.fromstring(made["feed.xml"]).findtext(f"channel/item/{ENC}")
    atom = etree.fromstring(made["atom.xml"]).findtext(f"{A}entry/{A}content")
    written = json.loads(made["feed.json"])["items"][0]["content_html"]
    assert rss == atom == written
    return str(written)


def test_a_feed_reader_gets_every_title_exactly_as_it_was_written() -> None:
    made = build(*(post(number, title) for number, title in enumerate(TITLES)))
    for path in ("feed.xml", "atom.xml"):
        read = parsed(made[path])
        assert not read.bozo and [entry.title for entry in read.entries] == TITLES[::-1]
    assert [item["title"] for item in json.loads(made["feed.json"])["items"]] == TITLES[::-1]


def test_rss_text_that_looks_like_markup_is_referenced_so_that_it_is_shown_and_not_obeyed() -> None:
    made = build(post(1, "a<b & c", summary="Use <b> & &lt; well"))
    assert b"<title>a&#x3C;b &#x26; c</title>" in made["feed.xml"]
    assert etree.fromstring(made["feed.xml"]).findtext("channel/item/description") == "Use &#x3C;b> & &#x26;lt; well"
    assert parsed(made["atom.xml"]).entries[0].summary == "Use <b> & &lt; well"


def test_an_rss_item_carries_what_readers_need_in_the_order_they_need_it() -> None:
    entry = bilingual(3, tags=("llm", "C++"), summary="In short.")
    tree = etree.fromstring(build(entry)["feed.xml"])
    item = tree.find("channel/item")
    names = [etree.QName(part).localname for part in item]
    assert names == ["title", "link", "guid", "pubDate", "creator", "category", "category", "description", "encoded"]
    assert item.find("guid").attrib == {"isPermaLink": "false"}
    assert item.findtext("guid") == "tag:lin.example.org,2020:p-3"
    assert item.findtext("pubDate") == tree.findtext("channel/lastBuildDate") == "Thu, 04 Jan 2024 09:30:00 +0800"
    assert item.findtext("link") == "https://lin.example.org/blog/posts/p3/"
    assert tree.find(f"channel/{A}link").attrib["href"] == "https://lin.example.org/blog/feed.xml"


def test_an_update_has_a_title_only_where_atom_demands_one() -> None:
    made = build(update(1, "Forty winks and a *run*, then the eye test, then tea with Wei, and then at last to bed."))
    assert etree.fromstring(made["feed.xml"]).find("channel/item/title") is None
    assert "title" not in json.loads(made["feed.json"])["items"][0]
    label = parsed(made["atom.xml"]).entries[0].title
    assert label.startswith("Forty winks and a run, then") and len(label) <= 60


def test_an_update_of_nothing_but_a_picture_is_still_valid() -> None:
    item = etree.fromstring(build(update(1, "![](sea.jpg)"))["feeds/updates/feed.xml"]).find("channel/item")
    assert item.findtext("description") == "2024-01-02"
    assert dict(item.find("enclosure").attrib) == {
        "url": "https://lin.example.org/blog/media/updates/sea.jpg", "length": "4321", "type": "image/jpeg"
    }  # fmt: skip


def test_a_recording_is_enclosed_before_a_picture_and_nothing_of_unknown_size() -> None:
    entry = post(1, body="![](sea.jpg) [hear it](talk.mp3)")
    assert json.loads(build(entry)["feed.json"])["items"][0]["attachments"][0]["mime_type"] == "audio/mpeg"
    assert b"enclosure" not in feeds(house(entry), lambda path: None)["feed.xml"]


def test_every_language_gets_its_own_feed_and_everything_has_each_entry_once() -> None:
    made = build(bilingual(1), post(2), update(3, "只有中文", "zh"))
    ids = {path: [entry.id[-3:] for entry in parsed(made[path]).entries] for path in made if path.endswith("atom.xml")}
    assert ids["atom.xml"] == ["u-3", "p-2", "p-1"]
    assert ids["feeds/lang/en/atom.xml"] == ["p-2", "p-1"]
    assert ids["feeds/lang/zh/atom.xml"] == ["u-3", "p-1"]
    assert ids["feeds/updates/atom.xml"] == ["u-3"]
    rss = etree.fromstring(made["feed.xml"])
    assert [item.findtext(f"{DC}language") for item in rss.iter("item")] == ["zh", None, None]
    assert etree.fromstring(made["feeds/lang/zh/feed.xml"]).findtext("channel/title") == "林昭 · 中文"


def test_every_tag_gets_one_feed_however_it_is_spelled() -> None:
    made = build(post(1, tags=("LLM",)), post(2, tags=("llm", "机器学习")), post(3, tags=("llm", "Llm")))
    read = parsed(made["feeds/tags/llm/feed.xml"])
    assert [entry.title for entry in read.entries] == ["Post 3", "Post 2", "Post 1"]
    assert "feeds/tags/机器学习/feed.json" in made


def test_the_listing_and_the_opml_name_exactly_the_feeds_that_are_built() -> None:
    kith = house(bilingual(1, tags=("llm",)), update(2, "Hi"))
    kith = replace(kith, pages=(Page("about", (Version("es", "Sobre mí", "", "Hola.", "content/pages/about.md"),)),))
    made, infos = feeds(kith, lambda path: None), listing(kith)
    assert [info.name for info in infos] == ["", "lang/en", "lang/zh", "lang/es", "updates", "tags/llm"]
    addresses = {info.addresses[form].removeprefix("https://lin.example.org/blog/") for info in infos for form in FORMS}
    assert addresses == {path for path in made if not path.endswith((".opml", ".css"))}
    outlines = etree.fromstring(made["feeds/feeds.opml"]).findall("body/outline")
    assert [outline.get("xmlUrl") for outline in outlines] == [info.addresses["rss"] for info in infos]
    assert b'href="/blog/feeds/feed.css"' in made["feed.xml"] and made["feeds/feed.css"]


def check_json_feed(data: bytes) -> None:
    """The rules of JSON Feed 1.1 (jsonfeed.org/version/1.1), none of whose keys may be null."""
    feed = json.loads(data)
    date = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
    top = {"version", "title", "home_page_url", "feed_url", "description", "next_url", "authors", "language", "items"}
    inner = {"id", "url", "title", "content_html", "summary", "image", "date_published", "tags", "language"}
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"] and set(feed) <= top
    assert all(author.get("name") for author in feed["authors"])
    assert all(feed[key].startswith("https://") for key in ("home_page_url", "feed_url"))
    for item in feed["items"]:
        assert set(item) <= inner | {"attachments"} and None not in item.values()
        assert item["id"] and isinstance(item["id"], str) and isinstance(item["content_html"], str)
        assert date.fullmatch(item["date_published"]) and item["url"].startswith("https://")
        assert all(tag and isinstance(tag, str) for tag in item.get("tags", []))
        assert all({"url", "mime_type"} <= set(one) for one in item.get("attachments", []))


def test_the_json_feed_keeps_the_rules_of_json_feed() -> None:
    made = build(bilingual(1, tags=("llm",)), update(2, "[a](a.mp3)"), post(3, body="![](b.png)"), post(4, body=""))
    for path, data in made.items():
        if path.endswith(".json"):
            check_json_feed(data)


def test_a_house_without_entries_has_valid_empty_feeds() -> None:
    assert parsed(build()["atom.xml"]).feed.updated == "2020-01-01T00:00:00+00:00"
    check_json_feed(build()["feed.json"])


BODY = """\
See [below](#costs), [the film](/posts/film/), [notes](notes.md), [evil](javascript:alert(1)) and $a<b$.

```python linenums="1"
def f():

    return "<&>"
```

$$\\frac{a}{b}$$

<iframe src="//video.example/1" title="A film" onload="x()"></iframe>

- [x] done

=== "Mac"
    brew

<p style="color:red" onclick="x()">raw</p><script>alert(2)</script>
"""


def test_html_in_a_feed_needs_nothing_of_our_site() -> None:
    found = html_in(build(post(1, body=BODY)))
    base = "https://lin.example.org/blog"
    assert f'<a href="{base}/posts/p1/#costs">below</a>' in found
    assert f'<a href="{base}/posts/film/">the film</a>' in found
    assert '<pre><code class="language-python">def f():\n\n    return "&lt;&amp;&gt;"\n</code></pre>' in found
    assert "<code>a&lt;b</code>" in found and "<code>\\frac{a}{b}</code>" in found
    assert '<a href="https://video.example/1">A film</a>' in found
    assert "☑ done" in found and "<strong>Mac</strong>" in found and "<p>raw</p>" in found
    forbidden = "<iframe|<script|<input|alert|style=|onload|onclick|javascript:|__codelineno|<span class=|headerlink"
    assert not re.search(forbidden, found)


def test_every_address_is_ascii_whatever_the_house_is_called() -> None:
    entry = replace(post(1, body="[这](https://例子.测试/路?问=答#处)", tags=("机器",)), slug="共识")
    made = build(entry, url="https://博客.example/日记/")
    assert 'href="https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF?%E9%97%AE=%E7%AD%94#%E5%A4%84"' in html_in(made)
    for data in (made[path] for path in made if path.endswith("xml")):
        assert all(found.isascii() for found in re.findall(r'(?:href="|<link>)(http[^"<]*)', data.decode()))
    assert ascii_address("https://[broken/页") == "https://[broken/%E9%A1%B5"


SECRET = "The eye test was worse"


def test_nothing_that_is_not_for_everybody_stands_in_any_feed() -> None:
    passage = f"Before.\n\n::: only inner\n{SECRET} ![eye](eye.jpg)\n:::\n\nAfter, see [it](p9.md)."
    hidden = post(9, f"{SECRET} too", SECRET, visibility="builders", tags=("classified",), slug="p9")
    made = build(bilingual(1, body=passage), post(2, body=passage), update(3, passage), hidden)
    for path, data in made.items():
        assert not re.search(rb"eye|worse|classified|p9|inner|builders", path.encode() + data), path
    assert b"After, see it." in made["feed.xml"]


def test_two_builds_give_the_same_bytes_in_any_order_of_files_and_hashes() -> None:
    entries = [bilingual(number, tags=("b", "a", "c")) for number in range(4)]
    first = feeds(House(SETTINGS, tuple(entries)), lambda path: 1)
    assert first == feeds(House(SETTINGS, tuple(reversed(entries))), lambda path: 1)
    make = "t.build(*[t.bilingual(n, tags=('b', 'a', 'c')) for n in range(4)])"
    script = f"import hashlib, test_feeds as t; print(hashlib.sha256(repr({make}).encode()).hexdigest())"
    here, seen = str(Path(__file__).parent), set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai")):
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.pathsep.join([here, *sys.path])}
        seen.add(subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True).stdout)
    assert len(seen) == 1


def read_back(made: dict[str, bytes], start: str) -> tuple[list[str], list[str]]:
    """Follows prev-archive from ``start``: the documents' paths and every entry's id met."""
    paths, ids = [start], []
    for path in paths:
        tree = etree.fromstring(made[path])
        ids += [found.text for found in tree.iter("guid")]
        for link in tree.iter(f"{A}link"):
            if link.get("rel") == "prev-archive":
                paths.append(link.get("href").removeprefix("https://lin.example.org/blog/"))
    return paths, ids


def test_every_entry_can_be_reached_through_the_archives_and_archives_never_change() -> None:
    entries = [bilingual(number * 9) for number in range(90)]
    before, after = build(*entries[:70], feed_entries=20), build(*entries, feed_entries=20)
    for start, made, among in (("feed.xml", before, 70), ("feeds/lang/zh/feed.xml", after, 90)):
        paths, ids = read_back(made, start)
        assert set(ids) == {f"tag:lin.example.org,2020:p-{number * 9}" for number in range(among)}
        assert len(paths) > 3 and all(b"archive/>" in made[path] for path in paths[1:])
    old = [path for path in before if "/archive/" in path]
    assert old and all(before[path] == after[path] for path in old)
    assert len(parsed(after["feed.xml"]).entries) == 20


def test_a_document_never_passes_the_limit_and_still_names_what_no_archive_holds() -> None:
    heavy = [post(number, body='"<&\\\n' * 2_000) for number in range(12)]
    made = build(*heavy, post(20, body="短" * 200_000))
    for form in ("feed.xml", "atom.xml", "feed.json"):
        assert LIMIT // 3 < len(made[form]) <= LIMIT
    assert len(parsed(made["feed.xml"]).entries) == 13


def test_bodies_that_were_rendered_before_are_not_rendered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kith = house(post(1, body="![](sea.jpg) [rooted](/posts/p1/)"))
    once = feeds(kith, lambda path: 1)
    monkeypatch.setattr("pipeline.feeds.html_for", None)
    kept = '<p><img alt="" src="/blog/media/posts/sea.jpg"> <a href="/blog/posts/p1/">rooted</a></p>'
    assert feeds(kith, lambda path: 1, lambda version: kept)["feed.json"] == once["feed.json"]


def test_knowing_what_stands_where_renders_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.feeds.html_for", None)
    found = parts(house(*(post(number * 30) for number in range(50))))
    archives = [part.archive for part in found if part.info.name == ""]
    assert archives == ["", *(f"archive/{year}-1" for year in range(2024, 2028))]


WORDS = st.text(st.characters(codec=None), max_size=60)


@effort(max_examples=120, deadline=None)
@given(title=WORDS, code=WORDS, tag=WORDS)
def test_any_title_tag_and_code_is_well_formed_and_comes_back(title: str, code: str, tag: str) -> None:
    safe = "".join(code.split("`")).replace("~", "")
    made = build(post(1, title, f"~~~~\nx{one_line(safe)}\n~~~~\n", tags=(tag,)))
    wanted = one_line(title)
    item = etree.fromstring(made["feed.xml"]).find("channel/item")
    assert (item.findtext("title") or "") == wanted or not title
    assert json.loads(made["feed.json"])["items"][0].get("title", "") == wanted or not title
    assert [part.text for part in item.iter("category")] == ([one_line(tag)] if one_line(tag) else [])
    assert parser.fromstring(html_in(made)).text_content().strip() == f"x{one_line(safe)}".strip()


@effort(max_examples=120, deadline=None)
@given(body=st.text(max_size=200))
def test_any_body_is_well_formed_in_every_form(body: str) -> None:
    made = build(post(1, body=body), feed_entries=1)
    html_in(made)
    assert not parsed(made["atom.xml"]).bozo and not parsed(made["feed.xml"]).bozo
    check_json_feed(made["feed.json"])
