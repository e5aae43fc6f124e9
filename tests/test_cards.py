"""What pages say of themselves to machines: Open Graph, JSON-LD, microformats."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as parser

from pipeline import site
from pipeline.cards import cards
from pipeline.desk import SitePage
from tests.site_house import sample
from tests.test_site import root_with_media

HOME = "https://lin.example.org/blog/"
FRAME = {"title": "Lin & Co", "author": "Lin Zhao", "home": "/blog/"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    root = root_with_media(tmp_path_factory.mktemp("house"))
    report = site.build(sample(), root)
    return root / "build" / "site", report.pages


def read(folder: Path, path: str) -> str:
    return (folder / path / "index.html").read_text("utf-8")


def card(text: str) -> dict[str, str]:
    rows = parser.document_fromstring(text).xpath("//meta[@property]")
    return {row.get("property"): row.get("content") for row in rows}


def linked(text: str) -> dict[str, Any]:
    (script,) = parser.document_fromstring(text).xpath("//script[@type='application/ld+json']/text()")
    found: dict[str, Any] = json.loads(script)
    return found


def microformats(text: str, path: str) -> dict[str, Any]:
    import mf2py

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its parser finds old-fashioned in itself
        found: dict[str, Any] = mf2py.parse(doc=text, url=HOME + path)
    return found


def test_a_post_is_a_card_in_a_chat_with_its_picture(built: tuple[Path, tuple[str, ...]]) -> None:
    said = card(read(built[0], "posts/loop"))
    assert said["og:type"] == "article"
    assert said["og:title"] == "The loop"
    assert said["og:url"] == HOME + "posts/loop/"
    assert said["og:site_name"] == "Lin & Co"
    assert said["og:image"] == HOME + "media/river.jpg"
    assert (said["og:image:width"], said["og:image:height"], said["og:image:alt"]) == ("800", "1600", "River")
    assert said["article:published_time"] == "2026-10-01T09:00:00+00:00"
    assert said["twitter:card"] == "summary_large_image"
    assert card(read(built[0], "zh/posts/lease"))["og:locale"] == "zh_CN"


def test_every_page_has_a_card_and_data_that_can_be_read(built: tuple[Path, tuple[str, ...]]) -> None:
    for path in built[1]:
        text = read(built[0], path)
        said, data = card(text), linked(text)
        assert {"og:type", "og:title", "og:url", "og:site_name", "og:locale", "twitter:card"} <= set(said), path
        assert said["og:url"] == data["url"] == HOME + path
        assert data["@context"] == "https://schema.org"
        assert data["inLanguage"] == parser.document_fromstring(text).get("lang"), path


def test_a_post_tells_search_engines_who_wrote_what_and_when(built: tuple[Path, tuple[str, ...]]) -> None:
    said = linked(read(built[0], "posts/lease"))
    assert said["@type"] == "BlogPosting"
    assert said["headline"] == "The lease"
    assert said["author"] == {"@type": "Person", "name": "Lin Zhao", "url": HOME}
    assert said["datePublished"] == "2026-11-18T09:00:00+00:00"
    assert said["keywords"] == ["systems", "C++"]
    assert linked(read(built[0], "zh/posts/said"))["translationOfWork"]["@id"] == HOME + "posts/said/"


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_title_or_summary_can_leave_the_data(title: str, summary: str) -> None:
    page = SitePage("x/", "en", "post", f"</script>{title}", f"<!--{summary}", "")
    made = cards(page, HOME + "x/", "https://lin.example.org", FRAME)["ld"]
    assert not {"<", ">", "&"} & set(made)
    assert json.loads(made)["headline"] == f"</script>{title}"


def test_a_picture_of_unknown_size_is_no_card() -> None:
    page = SitePage("x/", "en", "post", "X", "", '<p><img src="data:image/png;base64,AAAA"><img src="/blog/a.svg"></p>')
    made = cards(page, HOME + "x/", "https://lin.example.org", FRAME)
    assert not [name for name, _ in made["og"] if name.startswith("og:image")]


def test_others_find_a_post_by_its_microformats(built: tuple[Path, tuple[str, ...]]) -> None:
    found = microformats(read(built[0], "posts/lease"), "posts/lease/")
    (entry,) = found["items"]
    assert entry["type"] == ["h-entry"]
    said = entry["properties"]
    assert said["name"] == ["The lease"]
    assert said["url"] == [HOME + "posts/lease/"]
    assert said["published"][0].startswith("2026-11-18T09:00:00")
    assert said["category"] == ["systems", "C++"]
    assert said["author"][0]["properties"] == {"name": ["Lin Zhao"], "url": [HOME]}
    assert said["content"][0]["value"].startswith("See the loop")
    assert said["summary"]


@pytest.mark.parametrize(
    "path", ["", "zh/", "updates/", "updates/2026/11/", "archive/", "archive/2026/", "tags/running/"]
)
def test_others_can_follow_a_list(built: tuple[Path, tuple[str, ...]], path: str) -> None:
    found = microformats(read(built[0], path), path)
    (feed,) = [one for one in found["items"] if one["type"] == ["h-feed"]]
    assert feed["properties"]["name"]
    entries = [one for one in feed["children"] if one["type"] == ["h-entry"]]
    assert entries
    for one in entries:
        assert one["properties"]["url"][0].startswith(HOME)
        assert one["properties"]["published"]
        assert one["properties"].get("name") or one["properties"]["content"]


def test_the_first_page_says_who_writes(built: tuple[Path, tuple[str, ...]]) -> None:
    found = microformats(read(built[0], ""), "")
    (feed,) = [one for one in found["items"] if one["type"] == ["h-feed"]]
    (who,) = feed["properties"]["author"]
    assert who["properties"]["name"] == ["Lin Zhao"]
    assert who["properties"]["uid"] == [HOME]
    assert "Lin Zhao" in parser.document_fromstring(read(built[0], "")).xpath("//p[@class='p-name']/text()")


def test_a_reader_without_one_of_the_languages_has_a_page_too(built: tuple[Path, tuple[str, ...]]) -> None:
    page = parser.document_fromstring(read(built[0], "zh/posts/lease"))
    assert page.xpath("//link[@hreflang='x-default']/@href") == [HOME + "posts/lease/"]
