"""The site in a reader's hands: nothing moves, nothing is fetched from elsewhere, keys and paper serve as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import site
from tests.browsing import IN_A_BROWSER, served
from tests.test_site import root_with_media
from tests.test_site_sound import whole

pytestmark = IN_A_BROWSER

SHIFTS = """window.moved = 0; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.moved += one.value; }).observe({type: "layout-shift", buffered: true})"""

FOCUS = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const label = one.matches(".md-option") ? one.nextElementSibling : one;
  return one === document.body ? null : {
    name: (one.getAttribute("aria-label") || one.textContent || "").trim(),
    seen: one.matches(".md-option") || (box.width > 0 && box.height > 0 && box.top < innerHeight && box.bottom > 0),
    ring: [style.outlineStyle, getComputedStyle(label).outlineStyle].some((ring) => ring !== "none")
      || one.matches("[name=query], .md-search__scrollwrap, .md-option"),
  };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = root_with_media(tmp_path_factory.mktemp("house"))
    site.build(whole(), root)
    with served(root / "build" / "site") as found:
        yield found


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_moves_while_a_page_loads(tab: Any, address: str, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.add_init_script(SHIFTS)
    for path in ("", "posts/loop/", "posts/rich/", "posts/rich/#last", "ar/posts/lease/", "subscribe/", "archive/"):
        tab.goto("about:blank")
        tab.goto(address + path, wait_until="networkidle")
        assert tab.evaluate("moved") < 0.005, path


def test_diagrams_are_drawn_from_what_the_site_has_itself(tab: Any, address: str) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(address + "posts/rich/", wait_until="networkidle")
    drawn = tab.locator("pre.kith-diagram > svg")
    assert drawn.count() == 1
    assert drawn.get_attribute("role") == "img"
    assert "Public?" in drawn.get_attribute("aria-label")
    assert tab.locator("pre.kith-diagram.kith-plain code").inner_text().strip() == "graph nonsense (("
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    asked.clear()
    tab.goto(address + "posts/loop/", wait_until="networkidle")
    assert not [url for url in asked if "mermaid" in url], "other pages do not pay for it"


def test_a_diagram_is_its_source_without_scripts(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address + "posts/rich/")
    assert "A[Write]" in tab.locator("pre.kith-diagram").first.inner_text()
    assert tab.locator("pre.kith-diagram code").first.is_visible()
    context.close()


def test_a_phone_loads_no_more_of_a_picture_than_it_shows(browser: Any, address: str) -> None:
    for width, sharp, size in ((375, 1, "480"), (375, 2, "800"), (1280, 1, "800")):
        context = browser.new_context(viewport={"width": width, "height": 800}, device_scale_factor=sharp)
        tab = context.new_page()
        tab.goto(address + "posts/loop/", wait_until="networkidle")
        assert tab.evaluate("document.querySelector('.e-content img').currentSrc").endswith(f".{size}.webp")
        context.close()


def test_keys_reach_everything_and_show_where_they_are(tab: Any, address: str) -> None:
    tab.goto(address + "posts/lease/", wait_until="networkidle")
    passed = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        if (found := tab.evaluate(FOCUS)) is None:
            break
        passed.append(found)
    assert [one for one in passed if not (one["seen"] and one["ring"])] == []
    names = [one["name"] for one in passed]
    for wanted in ("Skip to the text", "Lin & Co", "Language", "Search", "Posts", "the loop", "#C++", "The loop"):
        assert any(wanted.lstrip("#") in name for name in names), wanted


def test_keys_alone_search_and_change_the_language(tab: Any, address: str) -> None:
    tab.goto(address + "posts/lease/", wait_until="networkidle")
    tab.keyboard.press("/")
    tab.wait_for_function("document.activeElement.name === 'query'")
    tab.keyboard.press("Escape")
    tab.focus("button.kith-search")
    tab.keyboard.press("Enter")
    tab.wait_for_function("document.activeElement.name === 'query'")
    tab.keyboard.insert_text("loop")
    tab.keyboard.press("Shift")
    tab.wait_for_selector(".md-search-result__link")
    tab.keyboard.press("Escape")
    tab.wait_for_function("document.activeElement.matches('button.kith-search')")
    tab.focus(".kith-languages summary")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.wait_for_url(address + "zh/posts/lease/")


def test_lost_readers_can_search(tab: Any, address: str) -> None:
    tab.goto(address + "no/such/page/", wait_until="networkidle")
    tab.click("#text .kith-search")
    tab.wait_for_function("document.activeElement.name === 'query'")


def test_paper_is_white_and_shows_the_text_only(browser: Any, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    tab = context.new_page()
    tab.goto(address + "posts/rich/", wait_until="networkidle")
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("getComputedStyle(document.querySelector('.e-content')).color") == "rgb(0, 0, 0)"
    for hidden in (".kith-tools", ".kith-nav", ".kith-footer"):
        assert not tab.locator(hidden).is_visible()
    assert tab.locator(".e-content").is_visible()
    context.close()


def test_lines_of_japanese_do_not_begin_with_what_must_not(tab: Any, address: str) -> None:
    tab.goto(address + "ja/posts/rich/", wait_until="networkidle")
    style = "getComputedStyle(document.querySelector('.e-content p'))"
    assert tab.evaluate(f"{style}.lineBreak") == "strict"
    assert "Hiragino" in tab.evaluate(f"{style}.fontFamily")
    assert tab.evaluate("document.documentElement.lang") == "ja"
