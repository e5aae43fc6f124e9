from pathlib import Path

import pytest

from pipeline.gallery import samples
from pipeline.reading import read_house
from tests import letters_house as h

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed"),
    # Playwright opens its event loop with calls that newer Pythons deprecate.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const f = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push([walk.currentNode.data.trim().slice(0, 30), ratio.toFixed(2)]);
  }
  return faint;
}"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield opened
        opened.close()


@pytest.fixture(params=["light", "dark"], scope="module")
def page(browser, request: pytest.FixtureRequest):
    context = browser.new_context(color_scheme=request.param)
    context.set_offline(True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", sorted(h.SAMPLES))
def test_a_letter_fits_every_screen_and_can_be_read_on_it(page, name: str) -> None:
    page.set_content(h.SAMPLES[name]().html, wait_until="domcontentloaded")
    for width in (320, 375, 600, 900):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []


def test_letters_of_the_sample_house_fit_every_screen_and_can_be_read_on_it(page) -> None:
    house = read_house(Path(__file__).parent.parent, {}, {}, h.NOW)
    for one in samples(house, h.stationery(), h.NOW):
        page.set_content(one.letter.html, wait_until="domcontentloaded")
        for width in (320, 375, 600):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, one.name
        assert page.evaluate(CONTRAST) == [], one.name


def test_a_letter_follows_the_screen_into_the_dark(browser) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.set_content(h.SAMPLES["single-en"]().html, wait_until="domcontentloaded")
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert grounds == ["rgb(253, 253, 251)", "rgb(20, 25, 24)"]


def test_the_inbox_line_is_not_seen_in_the_letter(page) -> None:
    page.set_content(h.SAMPLES["single-en"]().html, wait_until="domcontentloaded")
    assert not page.locator("body > div").first.is_visible()


def test_what_reads_from_right_to_left_stands_at_the_right(page) -> None:
    page.set_viewport_size({"width": 600, "height": 800})
    page.set_content(h.SAMPLES["single-ar"]().html, wait_until="domcontentloaded")
    assert page.evaluate("getComputedStyle(document.querySelector('blockquote')).borderRightWidth") == "3px"
    assert page.evaluate("getComputedStyle(document.querySelector('pre')).direction") == "ltr"
    assert page.evaluate("getComputedStyle(document.querySelector('main, [role=main] p')).textAlign") == "right"
