"""The bars of letters hold for every post of a real blog.

In a browser, which is slow, every eighth post is looked at, and every 24th by axe and SpamAssassin;
all of them with `KITH_ALL=1`.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from houses import house
from test_letters_tools import (
    CHROMIUM,
    PACKAGES,
    WITHOUT,
    browser,
    invalid,
    lacking,
    needs_npm,
    needs_spamassassin,
    spam,
    used,
)

from pipeline.config import read_settings
from pipeline.content import read_content
from pipeline.frozen import whole
from pipeline.letterproof import proof
from pipeline.letters import LIMIT, WEIGHT, Composer
from pipeline.outgoing import Letter
from tests import letters_house as h

CORPUS = Path(os.environ.get("KITH_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus")
POSTS = CORPUS / "jekyll-zh" / "_posts"
STEP, RARE = (1, 1) if os.environ.get("KITH_ALL") else (8, 24)

pytestmark = pytest.mark.skipif(
    not POSTS.is_dir(), reason=f"there is no corpus at {POSTS} (KITH_CORPUS names another place)"
)
__all__ = ["browser"]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Letter]:
    """A letter of each post to a reader of Chinese, after the checks of `kith build`; pictures are there."""
    none = {"content/updates/2026-11-19-rain.md": None, "content/posts/hello.md": None, "content/posts/a.txt": ""}
    root = house(tmp_path_factory.mktemp("blog"), none)
    shutil.copytree(POSTS, root / "content" / "posts" / "blog")
    for path in (root / "content" / "posts" / "blog").glob("*.md"):
        for address in re.findall(r"\]\((/images/[^)\s]+)", path.read_text("utf-8")):
            picture = root / "content" / address.lstrip("/")
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(b"a picture")
    now = datetime(2026, 11, 21, tzinfo=UTC)
    entries = tuple(read_content(root, read_settings(root), {}, now).entries)
    small = replace(h.HOUSE, entries=entries, pages=(), settings=replace(h.HOUSE.settings, languages=("zh", "en")))
    composer = Composer(small, h.stationery(), lambda _: None)
    found: dict[str, Letter] = {}
    for entry in entries:
        plan = h.planned(entry, language="zh")
        one = composer.frozen(plan, issue_id=entry.id, delivery_id="d", token=h.TOKEN, mark="", now=now)
        faults = [str(problem) for problem in proof([(plan, one)]) if problem.fact != "a picture without words"]
        assert faults == []
        found[entry.id] = whole(one)
    return found


def test_every_post_of_a_real_blog_makes_a_letter_that_is_small_enough(letters: dict[str, Letter]) -> None:
    assert len(letters) > 180
    for letter in letters.values():
        assert len(letter.html.encode()) <= LIMIT
        assert len(h.mailed(letter)) <= WEIGHT


def test_every_post_of_a_real_blog_keeps_its_words(letters: dict[str, Letter]) -> None:
    """The plain text of each is worth reading: none is empty or leaves markup behind."""
    for name, letter in letters.items():
        said = letter.text.partition("\n=")[2].partition("\n-- \n")[0]
        prose = "\n".join(line for line in said.splitlines() if not line.startswith("    "))
        prose = re.sub(r"`[^`]*`", "", prose)
        assert len(said) > 40, name
        assert not re.search(r"</?(?:div|span|p|td|table|pre)\b", prose), name


def framed(html: str) -> tuple[str, str, str]:
    """A letter in three: what is before its entries, these, and what is after them."""
    start = html.index("</p>", html.index('role="main"')) + 4
    end = html.rindex("</div>", 0, html.index('role="contentinfo"'))
    return html[:start], html[start:end], html[end:]


@needs_npm
def test_a_validator_has_nothing_to_say_about_letters_of_a_real_blog(
    letters: dict[str, Letter], tmp_path: Path
) -> None:
    """What all say, twenty at a time in the frame of one: the frame itself is looked at with the sample letters."""
    texts = [letter.html for letter in letters.values()]
    documents = {}
    for start in range(0, len(texts), 20):
        head, _, foot = framed(texts[start])
        documents[f"from-{start}"] = head + "\n".join(framed(text)[1] for text in texts[start : start + 20]) + foot
    assert invalid(documents, tmp_path) == set()


@needs_npm
def test_letters_of_a_real_blog_use_what_mail_programs_know_or_can_do_without(letters: dict[str, Letter]) -> None:
    assert set(lacking(set().union(*map(used, letters.values())))) <= set(WITHOUT)


@needs_spamassassin
def test_a_spam_filter_finds_nothing_in_letters_of_a_real_blog(letters: dict[str, Letter], tmp_path: Path) -> None:
    assert spam({name: letters[name] for name in sorted(letters)[::RARE]}, tmp_path) == {}


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_letters_of_a_real_blog_fit_the_smallest_screen(browser, letters: dict[str, Letter]) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800})
    context.set_offline(True)
    page, wide = context.new_page(), {}
    for name in sorted(letters)[::STEP]:
        page.set_content(letters[name].html, wait_until="domcontentloaded")
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            wide[name] = width
    context.close()
    assert wide == {}


@needs_npm
@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_everybody_can_read_letters_of_a_real_blog(browser, letters: dict[str, Letter]) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 800})
    context.set_offline(True)
    page, found = context.new_page(), {}
    for name in sorted(letters)[::RARE]:
        page.set_content(letters[name].html, wait_until="domcontentloaded")
        page.add_script_tag(path=PACKAGES / "axe-core/axe.min.js")
        rules = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        if rules:
            found[name] = [one["id"] for one in rules]
    context.close()
    assert found == {}
