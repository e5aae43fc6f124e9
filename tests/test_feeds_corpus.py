"""The bars of feeds, and of what pages say to programs, hold for every post of a real blog."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
from houses import DOT, SETTINGS, Ran, house, run

from tests import feed_bars
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
def blog(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The blog as a site, and what its build said."""
    none = {"content/updates/2026-11-19-rain.md": None, "content/posts/hello.md": None}
    settings = SETTINGS.replace('["en", "zh"]', '["zh", "en"]')
    nobody = "version: 1\ncircles:\n  weak: {title: Weak ties, reads: [public]}\n"
    root = house(tmp_path_factory.mktemp("blog"), {**none, "pyproject.toml": settings, "subscribers.yml": nobody})
    copied(root)
    return root / "build" / "site", run(root, "build")


def test_a_build_finds_nothing_wrong_with_the_feeds_of_a_real_blog(blog: tuple[Path, Ran]) -> None:
    assert blog[1].code == 0, blog[1].out + blog[1].err


def test_every_feed_of_a_real_blog_is_as_every_feed_must_be(blog: tuple[Path, Ran]) -> None:
    made = feed_bars.documents(blog[0])
    archived = [path for path in made if path.startswith("feeds/archive/")]
    assert (len(made) > 200, len(archived) > 30) == (True, True)
    assert feed_bars.faults(blog[0], BASE) == []


def test_every_post_of_a_real_blog_stands_in_a_feed(blog: tuple[Path, Ran]) -> None:
    made = feed_bars.documents(blog[0])
    main = [data for path, data in made.items() if path == "feed.xml" or path.startswith("feeds/archive/")]
    told = {entry.link for data in main if data.startswith(b"<?xml") for entry in feed_bars.parsed(data).entries}
    pages = {BASE + path.parent.relative_to(blog[0]).as_posix() + "/" for path in blog[0].glob("posts/*/index.html")}
    assert len(pages) > 180 and told == {feed_bars.ascii_only(page) for page in pages}


def test_every_post_of_a_real_blog_has_one_entry_for_programs(blog: tuple[Path, Ran]) -> None:
    import mf2py

    pages, wrong = sorted(blog[0].glob("posts/*/index.html")), []
    for page in pages:
        head, article, rest = re.split(r"(<article\b.*</article>)", page.read_text("utf-8"), flags=re.DOTALL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what its parser finds old-fashioned in itself
            (entry,) = mf2py.parse(doc=article, url=BASE, html_parser="lxml")["items"]
        told = {name for name, values in entry["properties"].items() if len(values) == 1}
        wanted = {"name", "url", "uid", "published", "author", "content"}
        if page.parent.name == "template":  # the one post without a date, and none is made up for it
            wanted.remove("published")
        if entry["type"] != ["h-entry"] or not wanted <= told or re.search(r"\bh-(?:entry|feed)\b", head + rest):
            wrong.append(page.parent.name)
    assert len(pages) > 180 and wrong == []
