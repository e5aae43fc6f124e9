"""Old addresses lead on, whoever made them and however they were written down."""

from __future__ import annotations

from pathlib import Path

import houses
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as parser

from pipeline import site
from pipeline.errors import Problems
from pipeline.links import is_alias
from pipeline.pages import site_pages
from tests.site_house import WORDS, house, page, post, version

POST = {
    "content/posts/about-life.md": houses.text(
        "title: About life\ndate: 2014-08-30\naliases: [/2014/08/30/aboutlife/, old/life.html]"
    ),
    "content/posts/about-life.zh.md": houses.text("title: 关于生活\nredirect_from: /%E7%94%9F%E6%B4%BB", "字。\n"),
    "content/updates/cold.md": houses.text("date: 2020-01-02\naliases: /status/77"),
    "content/pages/about.md": houses.text("title: About\naliases: [whoami]"),
}


def built(root: Path, files: houses.Files) -> Path:
    made = houses.house(root, files)
    assert houses.run(made, "build").code == 0
    return made / "build" / "site"


def leads_to(file: Path) -> str:
    found = parser.document_fromstring(file.read_bytes())
    (there,) = found.xpath("//link[@rel='canonical']/@href")
    assert found.xpath("//meta[@http-equiv]/@content") == [f"0; url={there}"]
    assert found.xpath("//a/@href") == [there]
    return str(there)


def test_old_addresses_lead_to_where_the_text_is_now(tmp_path: Path) -> None:
    out = built(tmp_path / "house", POST)
    home = "https://house.example.org/"
    assert leads_to(out / "2014/08/30/aboutlife/index.html") == home + "posts/about-life/"
    assert leads_to(out / "old/life.html") == home + "posts/about-life/"
    assert leads_to(out / "生活/index.html") == home + "zh/posts/about-life/"
    assert leads_to(out / "status/77/index.html") == home + "updates/2020/01/#u-cold"
    assert leads_to(out / "whoami/index.html") == home + "about/"


def test_nobody_is_led_to_an_old_address(tmp_path: Path) -> None:
    out = built(tmp_path / "house", POST)
    for name in ("sitemap.xml", "search/search_index.json", "feed.xml"):
        assert "aboutlife" not in (out / name).read_text("utf-8")
    assert "\n\n" not in (out / "sitemap.xml").read_text("utf-8")


def test_an_old_address_that_is_taken_back_is_gone(tmp_path: Path) -> None:
    out = built(tmp_path / "house", POST)
    plain = houses.text("title: About life\ndate: 2014-08-30")
    built(tmp_path / "house", POST | {"content/posts/about-life.md": plain})
    assert not (out / "old").exists()
    assert not (out / "2014").exists()


@pytest.mark.parametrize(
    "written",
    ["/", "../x", "a//b", "https://example.org/x", "assets/x/", "404.html", "a.png", "a?b=1", ".git/x", "x:y"],
)
def test_what_no_page_can_stand_at_is_a_problem_with_its_line(tmp_path: Path, written: str) -> None:
    file = houses.text(f"title: A\ndate: 2020-01-01\naliases: ['{written}']")
    said = houses.run(houses.house(tmp_path / "house", {"content/posts/a.md": file}), "check")
    assert said.code == 1
    assert f"content/posts/a.md:4: nothing can stand at the address `{written}`" in said.err


@given(st.text(max_size=30))
def test_no_alias_leaves_the_site(text: str) -> None:
    if is_alias(text):
        parts = text.strip("/").split("/")
        assert ".." not in parts
        assert "" not in parts


def test_an_old_address_that_is_a_page_is_a_problem() -> None:
    twice = version("en", "A", "Words.", "content/posts/a.md", aliases=("about/",))
    one = house(post("a", "2020-01-01"), pages=(page("about", ("en", "About", "Hello.")),))
    given = house(*(entry.__class__(entry.id, entry.kind, entry.slug, entry.date, (twice,)) for entry in one.entries))
    with pytest.raises(Problems, match="about/` is already the page"):
        site_pages(given.__class__(given.settings, given.entries, pages=one.pages), WORDS)


def test_old_addresses_of_what_is_not_public_are_not_told(tmp_path: Path) -> None:
    made = version("en", "A", "Words.", "content/posts/a.md", aliases=("old/",))
    (entry,) = house(post("a", "2020-01-01")).entries
    hidden = entry.__class__(entry.id, entry.kind, entry.slug, entry.date, (made,), "inner")
    site.build(house(hidden), tmp_path)
    assert not (tmp_path / "build" / "site" / "old").exists()
