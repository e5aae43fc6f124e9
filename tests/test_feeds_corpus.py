"""The bars of feeds, and of what pages say to programs, hold for every post of a real blog."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
from houses import DOT, NOW, SETTINGS, house

from pipeline import site
from pipeline.manifest import SiteReport
from pipeline.model import House
from pipeline.reading import read_house
from tests import feed_bars
from tests.feeds_compared import ascii_only, incomplete, unlike
from tests.test_letters_corpus import POSTS

BASE = "https://house.example.org/"

pytestmark = pytest.mark.skipif(
    not POSTS.is_dir(), reason=f"there is no corpus at {POSTS} (KITH_CORPUS names another place)"
)


def copied(root: Path) -> None:
    """Copies the blog's posts into a house, as an importer would: no two of one name, no link of another tool's own."""
    names: list[str] = []
    for path in sorted(POSTS.glob("*.md")):
        name = path.stem[11:]
        text = re.sub(r"\]\((?:[12]|\{post_url [^)]*)\)", "](https://example.org/)", path.read_text("utf-8"))
        target = root / "content" / "posts" / "blog" / (f"{path.stem}-{len(names)}.md" if name in names else path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        names.append(name)
        for address in re.findall(r"/images/[^)\s\"'<>]+\.\w+", text):
            picture(root / "content" / address.lstrip("/"))


def picture(path: Path) -> None:
    """A picture of one pixel, in the form that its name says."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".svg":
        path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    elif path.suffix == ".png":
        path.write_bytes(DOT)
    else:
        Image.new("RGB", (9, 9)).save(path)


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, SiteReport]:
    """The blog as a house, and what its build said."""
    none = {"content/updates/2026-11-19-rain.md": None, "content/posts/hello.md": None}
    settings = SETTINGS.replace('["en", "zh"]', '["zh", "en"]')
    nobody = "version: 1\ncircles:\n  weak: {title: Weak ties, reads: [public]}\n"
    root = house(tmp_path_factory.mktemp("blog"), {**none, "pyproject.toml": settings, "subscribers.yml": nobody})
    copied(root)
    kith = read_house(root, {}, {}, NOW)
    return kith, site.build(kith, root, feeds=True)


def folder(blog: tuple[House, SiteReport]) -> Path:
    return blog[1].index.parent


def test_a_build_finds_nothing_wrong_with_the_feeds_of_a_real_blog(blog: tuple[House, SiteReport]) -> None:
    assert (blog[1].problems, len(blog[0].entries)) == ((), 187)


def test_every_feed_of_a_real_blog_is_as_every_feed_must_be(blog: tuple[House, SiteReport]) -> None:
    made = feed_bars.documents(folder(blog))
    archived = [path for path in made if path.startswith("feeds/archive/")]
    assert (len(made) > 200, len(archived) > 30) == (True, True)
    assert feed_bars.faults(folder(blog), BASE) == []


def test_the_feeds_of_a_real_blog_tell_what_the_house_has(blog: tuple[House, SiteReport]) -> None:
    assert unlike(folder(blog), blog[0]) == []


def test_the_feeds_of_a_real_blog_have_every_word_of_its_posts(blog: tuple[House, SiteReport]) -> None:
    seen, wrong = incomplete(folder(blog), BASE)
    assert (seen > 180, wrong) == (True, [])


def test_every_post_of_a_real_blog_stands_in_a_feed(blog: tuple[House, SiteReport]) -> None:
    made = feed_bars.documents(folder(blog))
    main = [data for path, data in made.items() if path == "feed.xml" or path.startswith("feeds/archive/")]
    told = {entry.link for data in main if data.startswith(b"<?xml") for entry in feed_bars.parsed(data).entries}
    pages = {
        BASE + path.parent.relative_to(folder(blog)).as_posix() + "/"
        for path in folder(blog).glob("posts/*/index.html")
    }
    assert len(pages) > 180 and told == {ascii_only(page) for page in pages}


def test_every_post_of_a_real_blog_has_one_entry_for_programs(blog: tuple[House, SiteReport]) -> None:
    import mf2py

    pages, wrong = sorted(folder(blog).glob("posts/*/index.html")), []
    for page in pages:
        text = page.read_text("utf-8")
        short = re.sub(
            r'(<div class="e-content">).*(</div>\s*<footer class="kith-after">)', r"\1Words.\2", text, flags=re.S
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what its parser finds old-fashioned in itself
            (entry,) = mf2py.parse(doc=short, url=BASE, html_parser="lxml")["items"]
        told = {name for name, values in entry["properties"].items() if len(values) == 1}
        wanted = {"name", "url", "uid", "published", "author", "content"}
        if page.parent.name == "template":  # the one post without a date, and none is made up for it
            wanted.remove("published")
        if entry["type"] != ["h-entry"] or not wanted <= told or len(re.findall(r"\bh-(?:entry|feed)\b", text)) != 1:
            wrong.append(page.parent.name)
    assert len(pages) > 180 and wrong == []
