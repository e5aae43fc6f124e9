"""Sealed pages in a real browser, from a plain static host that writes down all it is asked."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from houses import SETTINGS, house, run
from sealed_house import FILES, LINK, body, letters

from tests.browsing import FAINT, IN_A_BROWSER, Host, chromium

pytestmark = IN_A_BROWSER

BASED = SETTINGS.replace("house.example.org/", "house.example.org/blog/")


class Listening(Host):
    """Keeps every line of every request."""

    seen: list[str]

    def parse_request(self) -> bool:
        done = super().parse_request()
        self.seen.append(f"{self.requestline}\n{self.headers}")
        return done


class Street:
    """A published house, the host of its site, and the links of each reader's letter by what they open."""

    def __init__(self, root: Path, port: int, seen: list[str]) -> None:
        self.root, self.seen, self.host = root, seen, f"http://127.0.0.1:{port}"
        self.named = f"http://kith.test:{port}"

    def link(self, who: str, words: str) -> str:
        """The link of a letter's heading or date that has these words in it, led to the host."""
        said = body(letters(self.root)[who], "html")
        found = re.search(rf'<a[^>]*href="https://house\.example\.org([^"]*)"[^>]*>[^<]*{words}', said)
        assert found, said
        return self.host + found[1]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    root = house(tmp_path_factory.mktemp("sealed") / "house", FILES | {"pyproject.toml": BASED})
    assert run(root, "publish", "--yes").code == 0
    seen: list[str] = []
    handler = functools.partial(type("Mine", (Listening,), {"seen": seen}), directory=str(root / "build" / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Street(root, server.server_port, seen)
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("--host-resolver-rules=MAP kith.test 127.0.0.1") as found:
        yield found


class Watched:
    """A tab that remembers what it asked for and what went wrong in it."""

    def __init__(self, browser: Any, **more: Any) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 375, "height": 800}} | more))
        self.scripted = more.get("java_script_enabled", True)
        self.tab = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.tab.on("console", lambda line: self.wrong.append(line.text) if line.type == "error" else None)

    def open(self, link: str) -> Any:
        self.tab.goto("about:blank")
        self.tab.goto(link)
        return self.settled()

    def settled(self) -> Any:
        """The tab when its page has said all it has to say."""
        if self.scripted and self.tab.locator("main.kith-sealed").count():
            self.tab.wait_for_selector("article:visible, [data-state]:not([data-state=opening]):visible")
        return self.tab

    def again(self) -> Any:
        """The tab with its page loaded once more."""
        self.tab.reload()
        return self.settled()

    def said(self) -> list[str]:
        """What the page says instead of a text."""
        assert not self.tab.locator("article").is_visible()
        return [words for words in self.tab.locator("main p:visible").all_inner_texts() if words]


@pytest.fixture
def watched(browser: Any) -> Iterator[Watched]:
    one = Watched(browser)
    yield one
    one.context.close()


def test_the_right_key_opens_the_page(street: Street, watched: Watched) -> None:
    tab = watched.open(street.link("wei", "The lens"))
    assert tab.title() == "The lens"
    assert tab.locator("h1:visible").inner_text() == "The lens"
    article = tab.locator("article").inner_text()
    for words in ("The eyesight test went badly on Thursday.", "wakelock", "macular", "ordinary code"):
        assert words in article
    assert "Only people with this link" in tab.locator("main").inner_text()
    assert watched.wrong == []


def test_each_reader_sees_what_is_meant_for_them(street: Street, watched: Watched) -> None:
    article = watched.open(street.link("ana", "The lens")).locator("article").inner_text()
    assert "wakelock" in article
    assert "eyesight" not in article


def test_the_key_stays_in_the_address_so_that_a_page_can_be_loaded_again(street: Street, watched: Watched) -> None:
    link = street.link("wei", "The plan")
    tab = watched.open(link)
    assert tab.url == link
    watched.again()
    assert tab.title() == "Quince and limewash"
    assert tab.url == link


def test_pictures_are_fetched_locked_and_shown(street: Street, watched: Watched) -> None:
    tab = watched.open(street.link("wei", "The lens"))
    tab.wait_for_function("[...document.querySelectorAll('article img')].every((one) => one.naturalWidth === 48)")
    assert tab.locator("article img").count() == 2
    assert all(src.startswith("blob:") for src in tab.evaluate("[...document.images].map((one) => one.src)"))
    assert tab.get_by_alt_text("The orchid in question").is_visible()
    assert not [url for url in watched.asked if "/media/" in url]


def test_a_file_is_saved_under_its_own_name(street: Street, watched: Watched) -> None:
    tab = watched.open(street.link("wei", "The plan"))
    with tab.expect_download() as saving:
        tab.get_by_text("the deed").click()
    assert saving.value.suggested_filename == "deedscan.pdf"
    assert Path(saving.value.path()).read_bytes() == b"%PDF-1.4 the deed of the orchard"


def test_nobody_else_is_asked_and_the_host_never_sees_a_key(street: Street, watched: Watched) -> None:
    said = body(letters(street.root)["wei"], "html")
    keys = {match[2] for match in LINK.finditer(said)}
    for words in ("The lens", "The plan", "the outage"):
        watched.open(street.link("wei", words))
        watched.again()
    watched.tab.locator("a.kith-name").click()
    watched.tab.wait_for_url(street.host + "/blog/")
    assert [url for url in watched.asked if not url.startswith((street.host + "/blog/", "blob:", "data:"))] == []
    assert keys
    whole = "\n".join(street.seen).lower()
    assert "get /blog/s/" in whole
    assert not [key for key in keys if key in whole or key[:20] in whole]
    assert "/s/" not in "\n".join(re.findall(r"(?im)^referer:.*$", whole)), "nor does a page say where one came from"


def test_what_stands_in_a_text_runs_nothing(street: Street, watched: Watched) -> None:
    tab = watched.open(street.link("wei", "The plan"))
    assert tab.title() == "Quince and limewash", "its script would have written another"
    assert tab.locator("article script, article iframe").count() == 0
    ran = """(how) => { const article = document.querySelector("article");
      if (how === "script") { const one = document.createElement("script"); one.textContent = "window.ran = 1";
        article.append(one); }
      else article.insertAdjacentHTML("beforeend", '<img src="x" onerror="window.ran = 1">');
      return new Promise((done) => setTimeout(() => done(window.ran ?? 0), 150)); }"""
    for how in ("script", "attribute"):
        assert tab.evaluate(ran, how) == 0, "the page's policy lets no other script run"


def other(key: str) -> str:
    """Another key of the same form."""
    return ("b" if key[0] == "a" else "a") + key[1:]


WRONG = {
    "another key": lambda link, _: link.replace("#" + link.partition("#")[2], "#" + other(link.partition("#")[2])),
    "a key that was cut short": lambda link, _: link[:-9],
    "no key at all, only words": lambda link, _: link.partition("#")[0] + "#what-it-says",
    "the key of another class": lambda link, ana: link.partition("#")[0] + "#" + ana.partition("#")[2],
}


@pytest.mark.parametrize("way", WRONG.values(), ids=WRONG)
def test_a_wrong_key_is_told_calmly_and_opens_nothing(street: Street, watched: Watched, way: Any) -> None:
    link = way(street.link("wei", "The lens"), street.link("ana", "The lens"))
    watched.open(link)
    (said,) = watched.said()
    assert said.startswith("This link does not open the page.")
    assert watched.tab.title() == "A page for you"
    assert watched.wrong == []


def test_without_a_key_the_page_says_what_is_missing(street: Street, watched: Watched) -> None:
    watched.open(street.link("wei", "The lens").partition("#")[0])
    (said,) = watched.said()
    assert said.startswith("This page opens with the whole link from your letter.")


def test_the_right_key_pasted_afterwards_opens_it(street: Street, watched: Watched) -> None:
    link = street.link("wei", "The lens")
    tab = watched.open(link.partition("#")[0])
    tab.evaluate("(key) => { location.hash = key }", link.partition("#")[2])
    tab.wait_for_function("document.title === 'The lens'")


def test_without_javascript_the_page_says_so_and_shows_nothing(street: Street, browser: Any) -> None:
    one = Watched(browser, java_script_enabled=False)
    one.open(street.link("wei", "The lens"))
    (said,) = one.said()
    assert "Please allow JavaScript here" in said
    assert "eyesight" not in one.tab.content()
    one.context.close()


def test_over_plain_http_the_page_asks_for_https(street: Street, watched: Watched) -> None:
    watched.open(street.link("wei", "The lens").replace(street.host, street.named))
    assert watched.tab.evaluate("isSecureContext") is False
    (said,) = watched.said()
    assert "begins with https://" in said


def test_a_page_that_did_not_arrive_whole_says_so(street: Street, watched: Watched) -> None:
    def cut(route: Any) -> None:
        reply = route.fetch()
        text = reply.text()
        middle = text.index("<template") + 400
        route.fulfill(response=reply, body=text[:middle] + text[middle + 8 :])

    watched.tab.route("**/s/*/", cut)
    watched.open(street.link("wei", "The lens"))
    (said,) = watched.said()
    assert said.startswith("The page did not arrive whole.")


def test_a_picture_that_is_gone_leaves_its_words(street: Street, watched: Watched) -> None:
    watched.tab.route("**/*.bin", lambda route: route.fulfill(status=404, body="gone"))
    tab = watched.open(street.link("wei", "The lens"))
    tab.wait_for_function("document.querySelectorAll('.kith-sealed-gone').length === 2")
    assert tab.get_by_text("The orchid in question · could not be loaded").is_visible()
    assert "eyesight" in tab.locator("article").inner_text()


def test_a_place_inside_the_text_is_reached_with_the_key_kept(street: Street, watched: Watched) -> None:
    link = street.link("wei", "The lens")
    tab = watched.open(link)
    tab.get_by_role("link", name="what it says").click()
    assert tab.url == f"{link}/what-it-says"
    assert tab.evaluate("Math.abs(document.getElementById('what-it-says').getBoundingClientRect().top) < 400")
    watched.again()
    assert tab.title() == "The lens"


def test_sealed_texts_lead_to_each_other(street: Street, watched: Watched) -> None:
    tab = watched.open(street.link("wei", "The lens"))
    tab.get_by_role("link", name="中文").click()
    tab.wait_for_function("document.title === '放大镜'")
    assert tab.evaluate("document.documentElement.lang") == "zh"
    assert "视力检查" in tab.locator("article").inner_text()
    tab.go_back()
    tab.wait_for_function("document.title === 'The lens'")
    tab.get_by_role("link", name="The plan").click()
    tab.wait_for_function("document.title === 'Quince and limewash'")


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_sealed_page_fits_and_reads_well(street: Street, browser: Any, width: int, scheme: str) -> None:
    one = Watched(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
    for link in (street.link("wei", "The lens"), street.link("wei", "The plan"), street.host + "/blog/s/none/"):
        tab = one.open(link)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(FAINT) == []
        for part in ("body", "documentElement") if "none" not in link else ("body",):
            light = tab.evaluate(f"getComputedStyle(document.{part}).backgroundColor") == "rgb(251, 250, 246)"
            assert light == (scheme == "light")
    one.context.close()


def test_after_a_rotation_an_old_link_says_that_it_works_no_longer(
    street: Street, watched: Watched, tmp_path: Path
) -> None:
    link = street.link("wei", "The lens")
    old = street.root / "build" / "site" / "s"
    shutil.copytree(street.root, tmp_path / "house")
    assert run(tmp_path / "house", "rotate", "--yes").code == 0
    assert run(tmp_path / "house", "publish", "--yes").code == 0
    kept = old.rename(tmp_path / "kept")
    shutil.copytree(tmp_path / "house" / "build" / "site" / "s", old)
    try:
        tab = watched.open(link)
        assert tab.get_by_text("that link no longer works").is_visible()
        assert "eyesight" not in tab.content()
        tab.goto(street.host + "/blog/nowhere/")
        assert not tab.get_by_text("that link no longer works").is_visible()
        key = link.partition("#")[2]
        for address in sorted(path.name for path in old.iterdir() if path.is_dir()):
            watched.open(f"{street.host}/blog/s/{address}/#{key}")
            assert watched.said()
    finally:
        shutil.rmtree(old)
        kept.rename(old)
