"""The house through one person's eyes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from houses import DOT, NOW, PEOPLE, Files, house, run, text
from hypothesis import given
from hypothesis import strategies as st
from small import circle, entry, person
from small import house as small_house

from pipeline.eyes import sight, sight_data
from pipeline.plan import plan
from pipeline.planned import History
from pipeline.seen import ROOM, Eyes
from pipeline.serve import server

CHROMIUM = Path("/usr/bin/chromium")
OPEN, INNER, BUILDERS, BOTH = "Crested grebe.", "Blue heron.", "Night owl.", "Grey wagtail."
HELLO = f"""{OPEN} [A link](https://elsewhere.example.org/).

<script>document.title = "ran"</script>

::: only inner
{INNER} ![dot](../media/dot.png)
:::

::: only builders
{BUILDERS}
:::
"""
KIM = "  - {id: kim, name: Kim, circles: [builders], address: kim@example.org, state: subscribed}\n"
FILES: Files = {
    "subscribers.yml": PEOPLE + KIM,
    "content/posts/hello.md": text("id: hello\ntitle: Hello <b>\ndate: 2026-11-18", HELLO),
    "content/posts/us.md": text("id: us\ntitle: Among us\ndate: 2026-11-19\nvisibility: builders", f"{BOTH}\n"),
    "content/media/dot.png": DOT,
}  # fmt: skip


def made(root: Path, name: str) -> Path:
    """The pages of a view."""
    said: list[str] = []
    studio = Eyes(root, {}, lambda: NOW, said.append, name)
    studio.build()
    assert not studio.problem, studio.problem
    return root / "build" / "seen" / "person"


def pages(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.html")))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return house(tmp_path_factory.mktemp("seen") / "house", FILES)


def test_a_view_shows_what_its_person_reads_and_nothing_more(home: Path) -> None:
    wei = pages(made(home, "wei"))
    assert all(words in wei for words in (INNER, BUILDERS, BOTH, "<code>inner</code> reads <code>builders</code>"))
    kim = pages(made(home, "kim"))
    assert INNER not in kim
    assert all(words in kim for words in (BUILDERS, BOTH))
    tom = pages(made(home, "tom"))
    assert not any(words in tom for words in (INNER, BUILDERS, BOTH))
    assert "lines 11–13: none of their circles reads <code>inner</code>" in tom
    assert "Kept from Tom" in tom


def test_the_view_of_everybody_has_no_letters_and_says_what_is_kept(home: Path) -> None:
    shown = pages(made(home, "public"))
    assert "What everybody can read" in shown
    assert "<h2>Letters</h2>" not in shown
    assert "only for <code>builders</code>" in shown
    assert not any(words in shown for words in (INNER, BUILDERS, BOTH))
    assert not list((home / "build" / "seen" / "letters").glob("*.eml"))


def test_only_the_letters_of_the_person_are_made(home: Path) -> None:
    folder = made(home, "wei")
    assert [path.name for path in (folder / "letters").iterdir()] == ["1.html"]
    letter = (folder / "letters" / "1.html").read_text("utf-8")
    assert "wei@example.org" in letter
    assert "As plain text" in letter
    assert letter.count(INNER) == 2, "once in HTML, once as text"
    assert "data:image/png;base64," in letter, "its picture travels inside it"
    assert "cid:" not in letter
    assert "https://house.example.org/" not in re.findall(r'srcdoc="(.*?)"', letter, re.DOTALL)[0]


def test_what_is_held_is_shown_with_its_reason(home: Path) -> None:
    tom = (made(home, "tom") / "index.html").read_text("utf-8")
    assert "Held<small>monthly digest, Tue 1 Dec 2026</small>" in tom
    assert not (home / "build" / "seen" / "person" / "letters").exists()


def test_a_broadcast_circle_sees_its_text_to_paste(home: Path) -> None:
    folder = made(home, "group")
    assert OPEN in (folder / "letters" / "1.html").read_text("utf-8")
    assert INNER not in pages(folder)


def test_an_unknown_person_gets_a_suggestion_and_no_page(home: Path) -> None:
    ran = run(home, "preview", "--as", "wie", "--json")
    assert ran.code == 1
    assert "subscribers.yml: there is nobody called `wie`. Did you mean `wei`?" in ran.err
    assert run(home, "preview").code == 2


def test_the_same_is_there_as_data_without_anything_being_built(tmp_path: Path) -> None:
    root = house(tmp_path, FILES)
    found = json.loads(run(root, "preview", "--as", "wei", "--json").out)
    assert [path.name for path in (root / "build").iterdir()] == ["cache"], "only what reading remembers"
    entries = {one["id"]: one for one in found["entries"]}
    assert entries["us"]["rule"] == "`inner` reads `builders`"
    assert entries["hello"]["passages"] == [
        {"lines": [11, 13], "reads": True, "rule": "`inner` reads `inner`"},
        {"lines": [15, 17], "reads": True, "rule": "`inner` reads `builders`"},
    ]
    assert found["letters"] == [{"circle": "inner", "language": "en", "entries": ["hello", "us", "rain"]}]
    assert "@" not in json.dumps(found), "people by id, never by address"


def test_a_preview_touches_neither_ledger_nor_outbox(home: Path) -> None:
    made(home, "wei")
    assert not (home / "private" / "ledger.db").exists()
    assert not (home / "build" / "outbox").exists()
    assert not (home / "build" / "site").exists()


NAMES = ("inner", "builders", "weak")


@given(st.lists(st.sampled_from(("public", *NAMES)), max_size=5), st.frozensets(st.sampled_from(NAMES)))
def test_what_may_be_read_is_what_the_circles_read(visible: list[str], reads: frozenset[str]) -> None:
    entries = [entry(f"e{number}", days=number + 1, visibility=name) for number, name in enumerate(visible)]
    one = small_house(entries, [circle("own", reads=(*reads, "public"))], [person("wei", "own")])
    found = sight(one, History(), plan(one, History(), NOW), "wei", {})
    for seen in found.entries:
        assert seen.whole.may == (seen.entry.public or seen.entry.visibility in reads)
        assert seen.beyond == (not seen.entry.public and seen.entry.visibility in reads)
        assert bool(seen.kept) != seen.whole.may
    assert len(sight_data(found)["entries"]) == len(entries)  # type: ignore[arg-type]  # it is a list


@pytest.fixture
def served(home: Path) -> Iterator[str]:
    studio = Eyes(home, {}, lambda: NOW, lambda _: None, "wei")
    studio.build()
    with server(studio, 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://localhost:{running.server_address[1]}"
        running.shutdown()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")
def test_the_pages_work_in_a_browser_load_nothing_from_elsewhere_and_run_nothing_of_texts(served: str) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        for width in (375, 1280):
            page = browser.new_page(viewport={"width": width, "height": 800})
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))  # noqa: B023 - each page has its own list
            page.goto(served + ROOM)
            assert page.title() == "What Wei can read"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.get_by_role("link", name="Hello <b>").first.click()
            expect(page.get_by_text(INNER)).to_be_visible()
            assert page.title() == "Hello <b>", "the script in the text did not run"
            page.locator("img").scroll_into_view_if_needed()
            page.wait_for_function("document.images[0].naturalWidth == 1")
            page.goto(f"{served}{ROOM}letters/1.html")
            expect(page.frame_locator("iframe").get_by_text(INNER)).to_be_visible()
            page.locator("summary").click()
            expect(page.locator("pre").get_by_text(INNER)).to_be_visible()
            with page.expect_request("**/kith-events"):
                page.goto(served + ROOM)
            page.get_by_role("link", name="The site").click()
            page.wait_for_url(f"{served}/")
            expect(page.get_by_text("Rain at last.")).to_be_visible()
            assert not [url for url in asked if not url.startswith((served, "data:"))]
            page.close()
        browser.close()
