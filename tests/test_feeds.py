"""The feeds: what goes in comes out, for everybody, the same bytes every time, and nothing that is not public."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies
from lxml import etree, html

from pipeline.feedhtml import ascii_address, one_line
from pipeline.feeds import FORMS, LIMIT, listing, parts
from pipeline.markup import Rendered
from pipeline.model import House, Page, Version
from tests.feed_bars import plainly
from tests.feeds_house import BASE, SETTINGS, bilingual, build, feeds, house, parsed, post, update
from tests.golden_files import golden

TITLES = ["Salt & pepper", "Why <script>alert(1)</script> is text", "CDATA ends with ]]> they say", "A party 🎉"]
TITLES += ["慢慢达成共识", "التوافق ببطء", "Literal &amp; and &nbsp; and a<b"]


def html_in(made: dict[str, bytes]) -> str:
    """The one item's HTML, the same in the three forms."""
    written = str(json.loads(made["feed.json"])["items"][0]["content_html"])
    assert etree.fromstring(made["feed.xml"]).xpath("string(//item/*[local-name()='encoded'])") == written
    assert etree.fromstring(made["atom.xml"]).xpath("string(//*[local-name()='content'])") == written
    return written


def test_a_feed_reader_gets_every_title_exactly_as_it_was_written() -> None:
    made = build(*(post(number, title) for number, title in enumerate(TITLES)))
    for path in ("feed.xml", "atom.xml"):
        read = parsed(made[path])
        titles = [plainly(entry, "title") if path == "atom.xml" else entry.title for entry in read.entries]
        assert not read.bozo and titles == TITLES[::-1]
    assert [item["title"] for item in json.loads(made["feed.json"])["items"]] == TITLES[::-1]


def test_rss_text_that_looks_like_markup_is_referenced_so_that_it_is_shown_and_not_obeyed() -> None:
    made = build(post(1, "a<b & c", summary="Use <b> & &lt; well"))
    assert b"<title>a&#x3C;b &#x26; c</title>" in made["feed.xml"]
    assert etree.fromstring(made["feed.xml"]).findtext("channel/item/description") == "Use &#x3C;b> & &#x26;lt; well"
    assert plainly(parsed(made["atom.xml"]).entries[0], "summary") == "Use <b> & &lt; well"
    assert b'<title type="html">a&amp;lt;b &amp;amp; c</title>' in made["atom.xml"]


def test_an_update_has_a_title_only_where_atom_demands_one() -> None:
    made = build(update(1, "Forty winks and a *run*, then the eye test, then tea with Wei, and then at last to bed."))
    assert b"<title>" not in made["feed.xml"].split(b"<item>")[1]
    assert "title" not in json.loads(made["feed.json"])["items"][0]
    label = parsed(made["atom.xml"]).entries[0].title
    assert label.startswith("Forty winks and a run, then") and len(label) <= 60
    bare = build(update(1, "![](sea.jpg)"))
    assert parsed(bare["atom.xml"]).entries[0].title == parsed(bare["feed.xml"]).entries[0].description == "2024-01-02"


def test_a_recording_is_enclosed_before_a_picture_and_nothing_of_unknown_size() -> None:
    entry = post(1, body="![](sea.jpg) [hear it](../media/talk.mp3)")
    sizes = {"posts/sea.jpg": 1, "media/talk.mp3": 2}
    found = json.loads(feeds(house(entry), sizes.get)["feed.json"])["items"][0]["attachments"]
    assert found[0] == {"url": f"{BASE}media/talk.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 2}
    assert b"enclosure" not in feeds(house(entry), lambda path: None)["feed.xml"]


def test_everything_has_each_entry_once_and_languages_updates_and_tags_have_what_is_theirs() -> None:
    made = build(bilingual(1, tags=("LLM",)), post(2, tags=("llm", "机器", "Llm", "!")), update(3, "只有中文", "zh"))
    ids = {path: [entry.id[-3:] for entry in parsed(made[path]).entries] for path in made if path.endswith("atom.xml")}
    assert ids["atom.xml"] == ["u-3", "p-2", "p-1"]
    assert ids["feeds/lang/en/atom.xml"] == ids["feeds/tags/llm/atom.xml"] == ["p-2", "p-1"]
    assert ids["feeds/lang/zh/atom.xml"] == ["u-3", "p-1"]
    assert (ids["feeds/updates/atom.xml"], ids["feeds/tags/机器/atom.xml"]) == (["u-3"], ["p-2"])
    assert "feeds/tags/atom.xml" not in made and len(ids) == 6
    items = etree.fromstring(made["feed.xml"]).iter("item")
    assert [item.findtext("{http://purl.org/dc/elements/1.1/}language") for item in items] == ["zh", None, None]
    assert parsed(made["feeds/lang/zh/feed.xml"]).feed.title == "林昭 · 中文"


def test_the_listing_and_the_opml_name_exactly_the_feeds_that_are_built() -> None:
    kith = house(bilingual(1, tags=("llm",)), update(2, "Hi"))
    kith = replace(kith, pages=(Page("about", (Version("es", "Sobre mí", "", "Hola.", "content/pages/about.md"),)),))
    made, infos = feeds(kith, lambda path: None), listing(kith)
    assert [info.name for info in infos] == ["", "lang/en", "lang/zh", "lang/es", "updates", "tags/llm"]
    addresses = {info.addresses[form].removeprefix(BASE) for info in infos for form in FORMS}
    assert addresses == {path for path in made if not path.endswith((".opml", ".css"))}
    outlines = etree.fromstring(made["feeds/feeds.opml"]).findall("body/outline")
    assert [outline.get("xmlUrl") for outline in outlines] == [info.addresses["rss"] for info in infos]
    assert b'href="/blog/feeds/feed.css"' in made["feed.xml"] and made["feeds/feed.css"]


def check_json_feed(data: bytes) -> None:
    """The rules of JSON Feed 1.1 (jsonfeed.org/version/1.1), and no key without a value."""
    feed = json.loads(data)
    top = {"version", "title", "home_page_url", "feed_url", "description", "next_url", "authors", "language", "items"}
    inner = {"id", "url", "title", "content_html", "summary", "image", "date_published", "tags", "language"}
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"] and set(feed) <= top
    assert all(value for key, value in feed.items() if key != "items") and all(one["name"] for one in feed["authors"])
    for item in feed["items"]:
        assert set(item) <= inner | {"attachments"} and all(item[key] for key in item if key != "content_html")
        assert item["id"].startswith("tag:") and item["url"].startswith("https:") and item["content_html"] is not None
        assert datetime.fromisoformat(item["date_published"]).tzinfo and all(map(str.strip, item.get("tags", [])))
        assert all({"url", "mime_type"} <= set(one) for one in item.get("attachments", []))


def test_what_readers_receive_is_pinned_and_valid_even_when_it_is_nothing_yet() -> None:
    entries = bilingual(1), post(400, TITLES[1], BODY, tags=("llm",)), update(401, "只有 *中文* ![](sea.jpg)", "zh")
    made = build(*entries, feed_entries=2)
    for path, file in (("feed.xml", "feed-rss.xml"), ("atom.xml", "feed-atom.xml"), ("feed.json", "feed.json")):
        golden(file, made[path].decode())
    for path in (path for path in made if path.endswith("json")):
        check_json_feed(made[path])
    check_json_feed(build(description={})["feed.json"])
    assert parsed(build()["atom.xml"]).feed.updated == "2020-01-01T00:00:00+00:00"


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

!!! note "Mind *this*"
    a note

| n |
|--:|
| 1 |

*Said*. <svg><text>unsaid</text></svg>Said after.

<p style="color:red" onclick="x()">raw</p><script>alert(2)</script>
"""


def test_html_in_a_feed_needs_nothing_of_our_site() -> None:
    found = html_in(build(post(1, body=BODY)))
    assert f'<a href="{BASE}posts/p1/#costs">below</a>' in found
    assert f'<a href="{BASE}posts/film/">the film</a>' in found
    assert '<pre><code class="language-python">def f():\n\n    return "&lt;&amp;&gt;"\n</code></pre>' in found
    assert "<code>a&lt;b</code>" in found and "<code>\\frac{a}{b}</code>" in found
    assert '<a href="https://video.example/1">A film</a>' in found
    assert "☑ done" in found and "<strong>Mac</strong>" in found and "<p>raw</p>" in found
    assert '<blockquote class="admonition note">\n<p><strong>Mind <em>this</em></strong></p>' in found
    assert '<td style="text-align: right;">1</td>' in found and "Said after." in found
    assert not re.search("<iframe|<input|alert|color|unsaid|onload|onclick|script:|__codelineno|<span class=", found)


def test_every_address_is_ascii_whatever_the_house_is_called() -> None:
    entry = replace(post(1, body="[这](https://例子.测试/路?问=答#处)", tags=("机器",)), slug="共识")
    made = build(entry, url="https://博客.example/日记/")
    assert 'href="https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF?%E9%97%AE=%E7%AD%94#%E5%A4%84"' in html_in(made)
    for data in (made[path] for path in made if path.endswith("xml")):
        assert all(found.isascii() for found in re.findall(r'(?:href="|<link>)(http[^"<]*)', data.decode()))
    assert '/updates/2024/01/#u-u-2">this' in html_in(build(update(2, "See [this](#this).")))
    assert ascii_address("https://[broken/页") == "https://[broken/%E9%A1%B5"


def test_nothing_that_is_not_for_everybody_stands_in_any_feed() -> None:
    secret = "The eye test was worse"
    passage = f"Before.\n\n::: only inner\n{secret} ![eye](eye.jpg)\n:::\n\nAfter, see [it](p9.md)."
    hidden = post(9, f"{secret} too", secret, visibility="builders", tags=("classified",), slug="p9")
    made = build(bilingual(1, body=passage), post(2, body=passage), update(3, passage), hidden)
    for path, data in made.items():
        assert not re.search(rb"eye|worse|classified|p9|inner|builders", path.encode() + data), path
    assert b"After, see it." in made["feed.xml"]


def test_two_builds_give_the_same_bytes_in_any_order_of_files_and_hashes() -> None:
    entries = tuple(bilingual(number, tags=("b", "a", "c")) for number in range(4))
    assert feeds(House(SETTINGS, entries), lambda path: 1) == feeds(House(SETTINGS, entries[::-1]), lambda path: 1)
    make = "t.build(*[t.bilingual(n, tags=('b', 'a', 'c')) for n in range(4)])"
    script = f"import hashlib, tests.feeds_house as t; print(hashlib.sha256(repr({make}).encode()).hexdigest())"
    path, seen = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]), set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai")):
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": path}
        seen.add(subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True).stdout)
    assert len(seen) == 1


def test_every_document_knows_its_own_address_and_the_archive_before_it() -> None:
    made = build(*(post(number * 200) for number in range(5)), feed_entries=2)
    for path in (path for path in made if path.endswith(".json")):
        assert json.loads(made[path])["feed_url"] == BASE + path
        for xml in (path.replace("feed.json", "feed.xml"), path.replace("feed.json", "atom.xml")):
            assert etree.fromstring(made[xml]).xpath("//@href[../@rel='self']") == [BASE + xml]
    assert json.loads(made["feed.json"])["next_url"] == f"{BASE}feeds/archive/2025-1/feed.json"


def read_back(made: dict[str, bytes], path: str) -> list[list[str]]:
    """Follows prev-archive from the document at ``path``: the ids that each document on the way names."""
    tree = etree.fromstring(made[path])
    before = tree.xpath("//@href[../@rel='prev-archive']")
    ids = [[found.text for found in tree.iter("guid")]]
    return ids + (read_back(made, before[0].removeprefix(BASE)) if before else [])


def test_every_entry_can_be_reached_through_the_archives_and_archives_never_change() -> None:
    entries = [bilingual(number * 9) for number in range(90)]
    before, after = build(*entries[:70], feed_entries=20), build(*entries, feed_entries=20)
    for start, made, among in (("feed.xml", before, 70), ("feeds/lang/zh/feed.xml", after, 90)):
        ids = read_back(made, start)
        assert set().union(*ids) == {f"tag:lin.example.org,2020:p-{number * 9}" for number in range(among)}
        assert len(ids) > 3 and len(ids[0]) == 20
    old = [path for path in before if "/archive/" in path]
    assert old and all(before[path] == after[path] for path in old)
    assert all(b"fh:archive/>" in made[path] for path in old if path.endswith("feed.xml"))


def test_a_document_never_passes_the_limit_and_still_names_what_no_archive_holds() -> None:
    heavy = [post(number, body='"<&\\\n' * 2_000) for number in range(12)]
    made = build(*heavy, post(20, body="短" * 200_000))
    for form in ("feed.xml", "atom.xml", "feed.json"):
        assert LIMIT // 3 < len(made[form]) <= LIMIT
    assert len(parsed(made["feed.xml"]).entries) == 13


def test_what_is_known_is_not_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    kith = house(post(1, body="![](sea.jpg) [rooted](/posts/p1/)"))
    once = feeds(kith, lambda path: 1)
    monkeypatch.setattr("pipeline.desk.html_for", None)
    kept = '<p><img alt="" src="/blog/media/posts/sea.jpg"> <a href="/blog/posts/p1/">rooted</a></p>'
    assert feeds(kith, lambda path: 1, lambda version: Rendered(kept))["feed.json"] == once["feed.json"]
    found = [part.archive for part in parts(house(*(post(number * 30) for number in range(50)))) if not part.info.name]
    assert found == ["", *(f"archive/{year}-1" for year in range(2024, 2028))]


WORDS = strategies.text(strategies.characters(codec=None), max_size=60)


@settings(max_examples=120, deadline=None)
@given(title=WORDS, code=WORDS, tag=WORDS)
def test_any_title_tag_and_code_is_well_formed_and_comes_back(title: str, code: str, tag: str) -> None:
    safe, wanted = one_line(code.replace("~", "")), one_line(title or "Post 1")
    made = build(post(1, title, f"~~~~\nx{safe}\n~~~~\n", tags=(tag,)))
    item = etree.fromstring(made["feed.xml"]).find("channel/item")
    assert (item.findtext("title") or "") == json.loads(made["feed.json"])["items"][0].get("title", "") == wanted
    assert [part.text for part in item.iter("category")] == ([one_line(tag)] if one_line(tag) else [])
    assert html.fromstring(html_in(made)).text_content().strip() == f"x{safe}".strip()


def test_what_xml_cannot_hold_is_left_out() -> None:
    for body in ("a\x1bb\x0b \ufffec<svg></svg>d", "ab &#1;c<svg></svg>d"):
        assert html_in(build(post(1, body=body))) == "<p>ab cd</p>"
    assert html_in(build(post(1, body="a\x85b"))) == "<p>a\nb</p>"


@settings(max_examples=120, deadline=None)
@given(body=strategies.text(max_size=200))
def test_any_body_is_well_formed_in_every_form(body: str) -> None:
    made = build(post(1, body=body), feed_entries=0)
    html_in(made)
    assert not parsed(made["atom.xml"]).bozo and not parsed(made["feed.xml"]).bozo
    check_json_feed(made["feed.json"])
