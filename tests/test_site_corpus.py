"""The bars of the site hold for a real blog, copied into a house as it is.

html-validate, which is slow, is shown every sixth page; all of them with `KITH_ALL=1`.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from houses import house
from PIL import Image
from soundness import MISSING, NODE, VALIDATE, dead_addresses, html_faults

from pipeline import site
from pipeline.config import read_settings
from pipeline.content import read_content
from pipeline.errors import Problems
from pipeline.model import House, Kind
from tests.browsing import CHROMIUM, served

CORPUS = Path(os.environ.get("KITH_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus")
POSTS = CORPUS / "jekyll-zh" / "_posts"
STEP = 1 if os.environ.get("KITH_ALL") else 6
SETTINGS = 'title = "码志"\nurl = "https://blog.example.org/blog/"\nauthor = "作者"\nlanguages = ["zh", "en"]\n'

pytestmark = pytest.mark.skipif(
    not POSTS.is_dir(), reason=f"there is no corpus at {POSTS} (KITH_CORPUS names another place)"
)


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Path]:
    """The house of the blog, with a picture wherever it shows one of its own, and its site."""
    none = {"content/updates/2026-11-19-rain.md": None, "content/posts/hello.md": None}
    root = house(tmp_path_factory.mktemp("blog"), {"pyproject.toml": f"[tool.kith]\n{SETTINGS}", **none})
    shutil.copytree(POSTS, root / "content" / "posts" / "blog")
    settings = read_settings(root)
    found = read_content(root, settings, {}, datetime(2026, 11, 21, tzinfo=UTC))
    made = House(settings, tuple(found.entries))
    with pytest.raises(Problems, match="there is no such file") as missing:
        site.build(made, root, feeds=True)
    for problem in missing.value.problems:
        draw(root / problem.path)
    return made, site.build(made, root, feeds=True).index.parent


def draw(picture: Path) -> None:
    """A picture in place of one that the corpus does not have."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    if picture.suffix == ".svg":
        picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"></svg>')
    else:
        Image.new("RGB", (400, 300), (120, 160, 150)).save(picture)


def test_every_post_of_it_is_a_page_with_what_it_says(blog: tuple[House, Path]) -> None:
    made, folder = blog
    posts = [entry for entry in made.entries if entry.kind is Kind.POST]
    names = {path.stem[11:].lower() for path in POSTS.glob("*.md")}
    assert len(names) == len(posts) > 150, "names that stand there twice, under two days, are one address"
    for entry in posts:
        page = (folder / "posts" / entry.slug / "index.html").read_text("utf-8")
        assert '<html lang="zh"' in page
        assert entry.master.title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&#34;") in page


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.skipif(not VALIDATE.exists(), reason=MISSING)
def test_html_validate_finds_nothing_in_its_pages(blog: tuple[House, Path], tmp_path: Path) -> None:
    _, folder = blog
    files = sorted(folder.rglob("*.html"))[::STEP]
    assert html_faults(folder, files, tmp_path / "rules.json") == set()


def test_the_addresses_that_lead_nowhere_are_those_it_has_itself(blog: tuple[House, Path]) -> None:
    _, folder = blog
    own = "#toastmaketextshow-%E5%85%B7%E4%BD%93%E9%83%BD%E5%81%9A%E4%BA%86%E4%BA%9B%E4%BB%80%E4%B9%88"
    found = dead_addresses(folder, "https://blog.example.org", "/blog/")
    assert found == {("posts/start-from-toast/index.html", own)}


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
def test_no_page_of_it_is_wider_than_a_phone_or_asks_anybody_else(blog: tuple[House, Path], browser: Any) -> None:
    made, folder = blog
    tab, foreign = browser.new_page(viewport={"width": 375, "height": 800}), []
    with served(folder) as address:
        own = (address, "data:")
        tab.on("request", lambda one: None if one.url.startswith(own) else foreign.append(one.url))
        wide = []
        for entry in made.entries[:: 2 * STEP]:
            tab.goto(f"{address}posts/{entry.slug}/", wait_until="domcontentloaded")
            if tab.evaluate("document.documentElement.scrollWidth") > 375:
                wide.append(entry.slug)
    tab.close()
    assert wide == []
    assert foreign == []
