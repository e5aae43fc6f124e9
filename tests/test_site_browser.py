"""The site as a reader's browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import site
from tests.browsing import FAINT, IN_A_BROWSER, served
from tests.site_house import sample
from tests.test_site import root_with_media

pytestmark = IN_A_BROWSER

PAGES = ["", "zh/", "ar/", "posts/lease/", "zh/posts/lease/", "ar/posts/lease/", "posts/tricky/", "posts/loop/"]
LISTS = ["updates/", "updates/2026/11/", "archive/", "tags/", "tags/running/", "subscribe/", "zh/subscribe/", "lost/"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = root_with_media(tmp_path_factory.mktemp("house"))
    site.build(sample(), root)
    with served(root / "build" / "site") as found:
        yield found


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 375, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_read_well_and_ask_nobody_else(browser: Any, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab, asked, errors = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    # Half a second of silence on each page is waited for once: what a page asks for is the same in every light.
    until = "networkidle" if (width, scheme) == (375, "light") else "load"
    for path in PAGES + LISTS:
        tab.goto(address + path, wait_until=until)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path
        assert tab.evaluate(FAINT) == [], path
        light = tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 246)"
        assert light == (scheme == "light")
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert errors == []
    context.close()


def test_everything_can_be_read_without_scripts(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address + "posts/lease/")
    assert tab.locator("h1").inner_text() == "The lease"
    assert tab.locator(".e-content").is_visible()
    assert tab.locator("nav.kith-nav a").first.is_visible()
    assert not tab.locator(".kith-search").is_visible()
    tab.click(".kith-languages summary")
    tab.click(".kith-languages a[hreflang=zh]")
    assert tab.url == address + "zh/posts/lease/"
    assert tab.locator("h1").inner_text() == "租约"
    context.close()


def test_dark_colours_need_no_script(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    tab = context.new_page()
    tab.goto(address)
    shot = tab.screenshot(clip={"x": 2, "y": 2, "width": 1, "height": 1})
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(shot)) as picture:
        assert max(picture.convert("RGB").getpixel((0, 0))) < 60
    context.close()


def test_arabic_reads_from_right_to_left(tab: Any, address: str) -> None:
    tab.goto(address + "ar/posts/lease/")
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    name, tools = tab.locator(".kith-name").bounding_box(), tab.locator(".kith-tools").bounding_box()
    assert name["x"] > tools["x"]


def test_chinese_is_set_without_serifs(tab: Any, address: str) -> None:
    family = "getComputedStyle(document.querySelector('.e-content p')).fontFamily"
    tab.goto(address + "zh/posts/lease/")
    assert "PingFang" in tab.evaluate(family)
    tab.goto(address + "posts/lease/")
    assert "Charter" in tab.evaluate(family)


def search(tab: Any, words: str) -> str:
    """What a search for ``words`` finds, after a click on the magnifier."""
    tab.click(".kith-search")
    tab.wait_for_function("document.activeElement.name === 'query'")
    tab.keyboard.insert_text(words)
    tab.keyboard.press("Shift")
    tab.wait_for_selector(".md-search-result__link")
    return "\n".join(tab.locator(".md-search-result__article h1").all_inner_texts())


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize(("words", "title"), [("模型", "租约"), ("loop", "The loop"), ("瓷砖", "2026年11月")])
def test_search_finds_any_language(tab: Any, address: str, words: str, title: str, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(address + "zh/", wait_until="networkidle")
    assert title in search(tab, words)


def test_search_shows_titles_as_text(tab: Any, address: str) -> None:
    alerts: list[str] = []
    tab.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    tab.goto(address, wait_until="networkidle")
    assert "<script>alert(1)</script>" in search(tab, "alert")
    tab.wait_for_timeout(200)
    assert alerts == []


def test_a_reader_chooses_light_or_dark(browser: Any, address: str) -> None:
    context = browser.new_context(color_scheme="light")
    tab = context.new_page()
    tab.goto(address, wait_until="networkidle")
    for _ in range(2):
        tab.locator("[data-md-component=palette] label:visible").click()
    assert tab.locator("body").get_attribute("data-md-color-scheme") == "slate"
    tab.goto(address + "archive/")
    assert tab.locator("body").get_attribute("data-md-color-scheme") == "slate"
    context.close()


def test_a_feed_address_is_copied_with_one_click(browser: Any, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(address + "subscribe/", wait_until="networkidle")
    tab.locator(".kith-copy").first.click()
    assert tab.evaluate("navigator.clipboard.readText()") == "https://lin.example.org/blog/feed.xml"
    assert tab.locator(".kith-copy").first.inner_text() == "Copied"
    context.close()


def test_feed_readers_still_find_the_feeds_in_the_page(tab: Any, address: str) -> None:
    tab.goto(address, wait_until="networkidle")
    assert tab.locator('link[rel="alternate"][type="application/rss+xml"]').count() == 2
    assert tab.locator('link[rel="alternate"][hreflang="zh"]').count() == 1


def test_the_keyboard_reaches_the_text_first(tab: Any, address: str) -> None:
    tab.goto(address + "posts/lease/", wait_until="networkidle")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == "#text"
