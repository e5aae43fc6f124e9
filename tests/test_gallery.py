"""The gallery shows every kind of letter at every width, light and dark, and nothing of a person or a circle."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from houses import NOW, house
from lxml import html as parser

from pipeline.gallery import SCHEMES, WIDTHS, Shown, forced, page, samples
from pipeline.preview import preview
from tests import letters_house as h

CHROMIUM = Path("/usr/bin/chromium")
GROUND = {"light": "rgb(253, 253, 251)", "dark": "rgb(20, 25, 24)"}


@pytest.fixture(scope="module")
def shown() -> list[Shown]:
    return samples(replace(h.HOUSE, openings=(h.opening("zh"),)), h.stationery(), h.NOW)


def test_there_is_a_single_post_a_digest_and_an_update_in_each_language(shown: list[Shown]) -> None:
    assert [one.name for one in shown] == [
        f"{kind} · {language}" for language in ("en", "zh", "es") for kind in ("single", "digest", "update")
    ]
    assert h.OPENINGS["zh"].partition("**")[0] in shown[4].letter.text
    assert "also" not in shown[0].letter.html.lower()


def test_nobody_and_no_circle_is_in_it_and_nothing_private(shown: list[Shown]) -> None:
    text = page(shown, "https://lin.example.org/", "/")
    for secret in ("kreis", "Wei", "wei@", "orchid", "secret plan"):
        assert secret not in text


def test_every_letter_has_a_frame_for_each_width_and_scheme(shown: list[Shown]) -> None:
    root = parser.document_fromstring(page(shown, "https://lin.example.org/", "/"))
    frames = root.xpath("//iframe")
    assert len(frames) == len(shown) * len(WIDTHS) * len(SCHEMES)
    assert {frame.get("width") for frame in frames} == {"320", "375", "600"}
    assert all("allow-scripts" not in frame.get("sandbox") for frame in frames)
    assert len({frame.get("title") for frame in frames}) == len(frames)


def test_a_house_with_next_to_nothing_has_what_there_is() -> None:
    bare = replace(h.HOUSE, entries=(h.COLD,))
    assert {one.name.split()[0] for one in samples(bare, h.stationery(), h.NOW)} == {"update"}
    assert samples(replace(h.HOUSE, entries=()), h.stationery(), h.NOW) == []


def test_pictures_are_shown_from_where_they_are() -> None:
    html = forced(h.near("en"), "light", "https://lin.example.org/", "/here/")
    sources = parser.document_fromstring(html).xpath("//img/@src")
    assert {source.partition(",")[0] for source in sources} == {"/here/media/lens.jpg", "data:image/jpeg;base64"}


def test_the_preview_has_a_gallery_and_a_build_has_none(tmp_path: Path) -> None:
    root = house(tmp_path)
    preview(root, {}, NOW, root / "build" / "preview")
    text = (root / "build/preview/gallery/index.html").read_text("utf-8")
    assert "single · en" in text
    assert 'href="https://house.example.org/posts/hello/"' in unescape(text)
    preview(root, {}, NOW)
    assert not (root / "build/gallery").exists()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_light_and_dark_stand_side_by_side_whatever_the_screen_is(tmp_path: Path, shown: list[Shown]) -> None:
    from playwright.sync_api import sync_playwright

    (tmp_path / "g.html").write_text(page(shown[:1], "https://lin.example.org/", "/"), "utf-8")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        tab = browser.new_page(color_scheme="dark", viewport={"width": 375, "height": 800})
        tab.context.set_offline(True)
        tab.goto((tmp_path / "g.html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 375
        for frame in tab.locator("iframe").all():
            frame.scroll_into_view_if_needed()
            scheme = re.search("light|dark", frame.get_attribute("title") or "")
            body = frame.content_frame.locator("body")
            assert scheme
            assert body.evaluate("e => getComputedStyle(e).backgroundColor") == GROUND[scheme[0]]
        browser.close()
