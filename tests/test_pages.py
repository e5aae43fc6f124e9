"""Pages as values: what is listed where, in which language, and what never is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import pages
from pipeline.album import Album
from pipeline.bodies import html_for, publishable
from pipeline.errors import Problems
from pipeline.links import Links, Shelf
from pipeline.model import EVERYONE, House
from pipeline.pages import SitePage, frames, site_pages
from pipeline.tongue import Tongue
from pipeline.workshop import words_for
from tests.site_house import SECRET, WORDS, house, page, post, sample, update


def made(given: House | None = None) -> dict[str, SitePage]:
    return {one.path: one for one in site_pages(given or sample(), WORDS)}


def test_every_page_has_its_address_from_links() -> None:
    found = made()
    assert {"", "zh/", "ar/", "archive/", "zh/archive/", "updates/", "updates/2026/11/"} <= set(found)
    assert {"posts/lease/", "zh/posts/lease/", "ar/posts/lease/", "zh/updates/2026/11/"} <= set(found)
    assert {"tags/", "tags/c/", "zh/tags/c/", "subscribe/", "about/", "now/"} <= set(found)
    assert "zh/now/" not in found
    assert "ar/updates/2026/11/" not in found


def test_nothing_non_public_is_on_any_page() -> None:
    for one in made().values():
        everything = repr(one)
        assert SECRET not in everything
        assert "Only for inner" not in everything
        assert "private.jpg" not in everything
        assert "secret/" not in everything


def test_a_link_to_something_private_is_only_its_words() -> None:
    body = made()["posts/lease/"].body
    assert "the secret." in body
    assert 'href="/blog/posts/loop/"' in body


def test_the_home_of_the_first_language_lists_everything_once_in_the_best_language() -> None:
    body = made()[""].body
    assert body.count("第一天冷。") == 0
    assert body.count("First cold day.") == 1
    assert body.count("蓝色的瓷砖。") == 1
    assert 'href="/blog/zh/updates/2026/11/#u-tiles"' in body


def test_the_home_of_another_language_lists_only_what_it_has() -> None:
    body = made()["zh/"].body
    assert "第一天冷。" in body
    assert "The loop" not in body


def test_something_in_another_language_says_so() -> None:
    body = made()[""].body
    assert '<div class="e-content" lang="zh" dir="ltr">' in body
    assert '<span class="kith-badge" lang="zh" dir="ltr">中文</span>' in body


def test_an_update_keeps_its_anchor_on_its_month_page() -> None:
    assert '<h2 class="kith-when" id="u-cold">' in made()["updates/2026/11/"].body
    assert 'id="u-cold"' not in made()["updates/"].body


def test_a_post_knows_the_languages_it_exists_in() -> None:
    one = made()["zh/posts/lease/"]
    assert one.alternates == (("en", "posts/lease/"), ("zh", "zh/posts/lease/"), ("ar", "ar/posts/lease/"))
    assert [name for _, name, _ in one.meta["also"]] == ["English", "العربية"]


def test_alternates_name_only_pages_that_exist_and_agree_with_each_other() -> None:
    found = made()
    for one in found.values():
        assert (one.lang, one.path) in one.alternates
        for _, path in one.alternates:
            assert found[path].alternates == one.alternates


def test_provenance_is_told_to_readers() -> None:
    assert made()["zh/posts/said/"].meta["provenance"] == ["模型写的", "translated"]
    assert made()["zh/posts/said/"].meta["original"] == ["original", "/blog/posts/said/"]
    assert made()["posts/lease/"].meta["provenance"] == []


def test_titles_and_tags_are_shown_as_text() -> None:
    found = made()
    for path in ("", "archive/", "tags/", "tags/b/", "subscribe/"):
        assert "<script>alert(1)" not in found[path].body
        assert "<b>" not in found[path].body
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;" in found[""].body


def test_dates_are_in_the_language_of_the_page() -> None:
    found = made()
    assert found["posts/lease/"].meta["day"] == "18 November 2026"
    assert found["zh/posts/lease/"].meta["day"] == "2026年11月18日"
    assert found["updates/2026/11/"].title == "November 2026"
    assert found["zh/updates/2026/11/"].title == "2026年11月"


def test_earlier_and_later_stay_in_the_language_and_leave_notes_out() -> None:
    entries = [post(f"p{n}", f"2026-01-0{n}", ("en", f"P{n}", "x"), note=n == 2) for n in (1, 2, 3)]
    found = made(house(*entries, post("z", "2026-01-02", ("zh", "字", "x"))))
    assert found["posts/p3/"].meta["earlier"] == ["P1", "/blog/posts/p1/"]
    assert found["posts/p1/"].meta["later"] == ["P3", "/blog/posts/p3/"]
    assert found["posts/p2/"].meta["earlier"] == []
    assert found["zh/posts/z/"].meta["earlier"] == []


def test_a_series_lists_its_posts_oldest_first() -> None:
    series = made()["posts/lease/"].meta["series"]["posts"]
    assert [(title, here) for title, _, here, _ in series] == [("The loop", False), ("The lease", True)]


def test_an_undated_entry_is_in_the_archive_and_not_on_the_home_page() -> None:
    found = made(house(post("old", "2020-01-01", ("en", "Old thing", "x"), dated=False)))
    assert "Old thing" not in found[""].body
    assert "Old thing" in found["archive/"].body
    assert "2020" not in found["archive/"].body


def test_an_empty_house_still_has_its_pages() -> None:
    found = made(house())
    assert {"", "updates/", "archive/", "tags/", "subscribe/"} <= set(found)
    assert "kith-empty" in found[""].body


def test_two_pages_with_one_address_are_a_problem_with_a_place() -> None:
    with pytest.raises(Problems, match=r"content/pages/archive.en.md: .*already the page"):
        made(house(pages=(page("archive", ("en", "Mine", "x")),)))


def test_a_tag_written_in_two_ways_is_one_page() -> None:
    found = made(
        house(
            post("a", "2026-01-01", ("en", "A", "x"), tags=("LLM", "llm")),
            update("b", "2026-01-02", ("en", "y"), tags=("llm",)),
        )
    )
    assert found["tags/llm/"].body.count("<article") == 2
    assert found["tags/llm/"].body.count("p-category") == 2


def test_subscribe_lists_every_feed_and_an_address_to_ask_at() -> None:
    body = made()["subscribe/"].body
    feeds = ["feed.xml", "atom.xml", "feed.json", "feeds/updates/feed.xml", "feeds/lang/zh/feed.xml"]
    for path in [*feeds, "feeds/tags/c/feed.xml", "feeds/feeds.opml"]:
        assert f'href="/blog/{path}"' in body
    assert 'data-copy="https://lin.example.org/blog/feed.xml"' in body
    assert "mailto:lin@example.org?subject=" in body


def test_a_house_without_its_own_address_does_not_offer_letters() -> None:
    from pipeline.settings import Mail

    assert "mailto:" not in made(house(mail=Mail()))["subscribe/"].body


def test_the_frame_of_a_language_depends_on_no_entry() -> None:
    given = sample()
    assert frames(given, WORDS) == frames(house(*given.entries[:2], pages=given.pages), WORDS)


def test_the_frame_knows_the_direction() -> None:
    found = frames(sample(), WORDS)
    assert (found["en"]["dir"], found["ar"]["dir"]) == ("ltr", "rtl")


def test_reading_time_counts_chinese_by_characters() -> None:
    assert Tongue("zh", {}).minutes("字" * 1200) == 3
    assert Tongue("en", {}).minutes("word " * 460) == 2
    assert Tongue("en", {}).minutes("") == 1


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_words_in_plain_letters_are_counted_as_all_others(text: str) -> None:
    words = len(re.findall(r"\w+(?:['’]\w+)*", text))
    assert Tongue("en", {}).minutes(f"{text} " * 230) == max(1, words)


OUTSIDE = ["posts/x.md", "../private/ledger.db", "/etc/passwd.txt", "media/.hidden.png", "a//b.png", "x"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_sources_and_what_lies_outside_are_not_publishable(path: str) -> None:
    assert not publishable(path)


def test_a_picture_of_another_host_is_a_link_with_its_words() -> None:
    body = (
        "![a map](https://tiles.example.com/1.png) and ![](https://tiles.example.com/2.png?x) and "
        "[![badge](https://tiles.example.com/3.svg)](https://e.com/)"
    )
    given = house(post("a", "2026-01-01", ("en", "A", body)))
    html = html_for(Shelf.of(given), given.entries[0].master, EVERYONE, absolute=True).html
    assert '<a href="https://tiles.example.com/1.png">a map</a>' in html
    assert '<a href="https://tiles.example.com/2.png?x">2.png</a>' in html
    assert '<a href="https://e.com/">badge</a>' in html
    assert "<img" not in html


def test_a_name_in_two_pairs_of_brackets_leads_to_a_text_or_a_file() -> None:
    given = house(
        post("a", "2026-01-01", ("en", "A", "[[Long Title]], [[b#Two words|two]], [[No Such]], ![[river.jpg]] ![[B]]")),
        post("b", "2026-01-02", ("en", "Long title", "Words.")),
    )
    written = next(one for one in given.entries if one.slug == "a").master
    html = html_for(Shelf.of(given), written, EVERYONE, absolute=False).html
    assert '<a href="/blog/posts/b/">Long Title</a>' in html
    assert '<a href="/blog/posts/b/#two-words">two</a>' in html
    assert "No Such" in html and "wiki:" not in html
    assert (
        '<img src="/blog/media/river.jpg" alt="river">' in html
        or '<img alt="river" src="/blog/media/river.jpg">' in html
    )
    assert '<a href="/blog/posts/b/">B</a>' in html


def test_full_addresses_are_full() -> None:
    given = sample()
    lease = next(one for one in given.entries if one.slug == "loop")
    html = html_for(Shelf.of(given), lease.master, EVERYONE, absolute=True).html
    assert 'src="https://lin.example.org/blog/media/river.jpg"' in html


def test_every_language_of_words_has_the_same_keys() -> None:
    folder = Path(pages.__file__).parent.parent / "site" / "words"
    import yaml

    english = yaml.safe_load((folder / "en.yml").read_text("utf-8"))
    for path in folder.glob("*.yml"):
        words = yaml.safe_load(path.read_text("utf-8"))
        assert set(words) == set(english), path.name
        for key, text in english.items():
            holes = {part.split("}")[0] for part in text.split("{")[1:]}
            assert holes == {part.split("}")[0] for part in words[key].split("{")[1:]}, (path.name, key)


def test_folded_chinese_words_have_no_stray_spaces() -> None:
    words = words_for(Path("nowhere"), sample())["zh"]
    assert "， " not in words["feeds_what"]


def test_a_language_without_words_borrows_english_and_keeps_its_name() -> None:
    words = words_for(Path("nowhere"), house(languages=("en", "pl")))
    assert Tongue("pl", words["pl"]).name == "polski"
    assert words["pl"]["subscribe"] == "Subscribe"


@pytest.mark.parametrize("name", ["pages", "listings", "welcome", "timeline", "bodies", "tongue"])
def test_pure_modules_touch_no_clock_file_network_or_environment(name: str) -> None:
    source = (Path(pages.__file__).parent / f"{name}.py").read_text("utf-8")
    imported = {
        alias
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert not imported & {"os", "pathlib", "time", "random", "socket", "subprocess", "io", "shutil", "tempfile"}
    assert ".now(" not in source
    assert "open(" not in source


def test_an_album_refuses_what_leads_outside(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "private.txt").write_text("no")
    (tmp_path / "content" / "link.txt").symlink_to(tmp_path / "private.txt")
    album = Album(tmp_path / "content", tmp_path / "cache", Links.of(sample().settings))
    assert album.address("link.txt") is None
    assert "outside" in str(album.problems[0])


def test_a_post_of_a_series_says_which_part_it_is() -> None:
    series = made()["posts/lease/"].meta["series"]
    assert (series["part"], len(series["posts"])) == (2, 2)


def test_the_subscribe_page_opens_on_a_phone_and_nobody_is_written_to_first() -> None:
    body = made()["zh/subscribe/"].body
    assert '<svg role="img"' in body
    assert "mailto:lin@example.org?subject=" in body
    assert "&amp;body=" in body
    assert "<form" not in body
