"""The feeds of the sample house as its site has them, and what pages say to those who look for feeds."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from houses import Ran, run
from lxml import etree
from lxml import html as parser

from pipeline.reading import read_house
from tests import feed_bars
from tests.browsing import CHROMIUM, served
from tests.feeds_compared import incomplete, unlike
from tests.feeds_house import feeds
from tests.test_publish import CHECKOUT, NOW

BASE = "https://lin.example.org/"


def sample(root: Path) -> tuple[Path, Ran]:
    """The sample house in ``root``, and what its first build said; its site."""
    root.mkdir()
    for name in ("content", "site", "templates"):
        shutil.copytree(CHECKOUT / name, root / name)
    for name in ("subscribers.yml", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, root / name)
    ran = run(root, "build", now=NOW)
    return root / "build" / "site", ran


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    return sample(tmp_path_factory.mktemp("feeds") / "house")


@pytest.fixture(scope="module")
def site(built: tuple[Path, Ran]) -> Path:
    return built[0]


def test_a_build_finds_nothing_wrong_with_the_feeds_of_the_sample_house(built: tuple[Path, Ran]) -> None:
    assert (built[1].code, "Faults" in built[1].out) == (0, False), built[1]


def test_every_feed_of_the_sample_house_is_as_every_feed_must_be(site: Path) -> None:
    assert len(feed_bars.documents(site)) > 50
    assert feed_bars.faults(site, BASE) == []


def test_the_feeds_of_the_sample_house_tell_what_the_house_has(site: Path) -> None:
    assert unlike(site, read_house(site.parents[1], {}, {}, NOW)) == []


def test_the_feeds_of_the_sample_house_have_every_word_of_its_posts(site: Path) -> None:
    seen, wrong = incomplete(site, BASE)
    assert (seen > 6, wrong) == (True, [])


def test_a_second_build_of_the_sample_house_gives_the_same_feeds(site: Path) -> None:
    def size(path: str) -> int | None:
        file = site / "media" / path.removeprefix("media/")
        return file.stat().st_size if file.is_file() else None

    again = feeds(read_house(site.parents[1], {}, {}, NOW), size)
    assert len(again) > 55
    assert [path for path, data in again.items() if (site / path).read_bytes() != data] == []


def test_the_list_of_feeds_is_well_formed_and_names_every_one(site: Path) -> None:
    root = etree.parse(site / "feeds" / "feeds.opml").getroot()
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") and root.findtext("head/ownerName")
    rows = root.findall("body/outline")
    made = {path for path in feed_bars.documents(site) if path.endswith("feed.xml") and "/archive/" not in f"/{path}"}
    assert {unquote(row.get("xmlUrl")).removeprefix(BASE) for row in rows} == made
    for row in rows:
        assert row.get("type") == "rss" and row.get("text") == row.get("title")
        assert (site / unquote(row.get("htmlUrl")).removeprefix(BASE) / "index.html").is_file()
        feed = (site / unquote(row.get("xmlUrl")).removeprefix(BASE)).read_bytes()
        assert row.get("text") == feed_bars.parsed(feed).feed.title


def pages(site: Path) -> Iterator[tuple[str, Any]]:
    """Every page that people read: its address below the root, and itself."""
    for file in sorted(site.rglob("index.html")):
        path = file.relative_to(site).as_posix().removesuffix("index.html")
        root = parser.document_fromstring(file.read_bytes())
        if not path.startswith("s/") and not root.xpath("//meta[@http-equiv='refresh']"):
            yield path, root


def test_every_page_leads_programs_to_the_feeds_of_everything_its_language_and_its_tag(site: Path) -> None:
    kinds = set()
    for path, page in pages(site):
        parts = path.split("/")
        lang = parts.pop(0) if parts[0] in ("zh", "es") else "en"
        kinds.add("/".join(parts[:1]))
        wanted = ["/feed.xml", "/atom.xml", "/feed.json", f"/feeds/lang/{lang}/feed.xml"]
        if parts[0] == "tags" and len(parts) > 2:
            wanted.append(f"/feeds/tags/{parts[1]}/feed.xml")
        links = page.xpath("//head/link[@rel='alternate'][@type]")
        assert [unquote(link.get("href")) for link in links] == wanted, path
        for link in links:
            file = site / unquote(link.get("href")).lstrip("/")
            assert file.is_file() and link.get("title"), (path, link.get("href"))
            assert link.get("type") == {"feed.xml": "application/rss+xml", "atom.xml": "application/atom+xml"}.get(
                file.name, "application/feed+json"
            )
    assert kinds >= {"", "posts", "updates", "archive", "tags", "subscribe", "about"}


def test_every_post_page_has_exactly_one_entry_for_programs_with_all_that_they_ask_for(site: Path) -> None:
    import mf2py

    found = 0
    for path, page in pages(site):
        if "posts/" not in path:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what its parser finds old-fashioned in itself
            items = mf2py.parse(doc=(site / path / "index.html").read_text("utf-8"), url=BASE + path)["items"]
        assert [one["type"] for one in _all(items) if "h-entry" in one["type"]] == [["h-entry"]], path
        (entry,) = [one["properties"] for one in items if one["type"] == ["h-entry"]]
        assert entry["url"] == entry["uid"] == [BASE + path]
        assert entry["name"] == [page.xpath("string(//h1)")]
        assert entry["author"][0]["properties"]["name"] == ["Lin Zhao"]
        assert entry["published"] and entry["content"][0]["html"].strip()
        assert entry.get("category", []) == page.xpath("//a[@rel='tag']/text()")
        found += 1
    assert found > 12


def _all(items: list[Any]) -> Iterator[Any]:
    """Items, and the items inside them."""
    for one in items:
        yield one
        yield from _all(one.get("children", []))
        for values in one["properties"].values():
            yield from _all([value for value in values if isinstance(value, dict) and "type" in value])


def test_the_page_about_feeds_has_an_address_to_copy_for_every_feed_and_a_square_for_phones(site: Path) -> None:
    page = parser.parse(site / "subscribe" / "index.html").getroot()
    copied = {unquote(one) for one in page.xpath("//button/@data-copy")}
    assert copied == {BASE + path for path in feed_bars.documents(site) if _offered(path)}
    assert page.xpath("//*[local-name()='svg'][@role='img']")
    assert page.xpath("//a[@href='/feeds/feeds.opml']")


def _offered(path: str) -> bool:
    """Whether the page offers it: the main feed in every form, the others as RSS."""
    return path in ("feed.xml", "atom.xml", "feed.json") or (path.endswith("feed.xml") and "/archive/" not in path)


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_feed_that_is_opened_in_a_browser_looks_calm(site: Path) -> None:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with served(site) as address, sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        for path in ("feed.xml", "atom.xml"):
            tab = chromium.new_context(viewport={"width": 375, "height": 800}, color_scheme="dark").new_page()
            tab.goto(address + path)
            said = tab.evaluate(LOOK)
            assert said["wide"] <= 375 and said["paper"] == "rgb(20, 25, 26)", path
            assert "A magnifier with two buttons" in said["shown"]
            assert [word for word in ("tag:lin", "http", "144", "<p>", "Kith") if word in said["shown"]] == [], path
        chromium.close()


LOOK = """() => ({wide: document.documentElement.scrollWidth, shown: document.documentElement.innerText ??
  [...document.querySelectorAll("*")].filter((one) => !one.children.length && one.checkVisibility())
    .map((one) => one.textContent).join("\\n"),
  paper: getComputedStyle(document.documentElement).backgroundColor})"""
