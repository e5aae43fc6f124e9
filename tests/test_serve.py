"""The preview: the site and every letter in a browser, anew at each save."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import houses
import pytest
import sealed_house

from pipeline.preview import preview
from pipeline.serve import RELOAD, allowing_reload

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A small house and the address of its preview."""
    root = houses.house(tmp_path / "house")
    with running(root) as address:
        yield root, address


@contextmanager
def running(root: Path) -> Iterator[str]:
    """The address of a house's preview, run as a process of its own."""
    command = [sys.executable, "-m", "pipeline", "--house", str(root), "serve", "--port", "0", "--no-browser"]
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ) as process:
        address, said = "", []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if match := re.match(r"Site\s+(http://localhost:\d+)/", line):
                address = match[1]
            if "Ctrl-C" in line:
                break
        try:
            assert address, "".join(said)
            yield address
        finally:
            process.terminate()


def get(address: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_feeds_are_served_as_hosts_do_it_so_that_they_have_their_looks(served: tuple[Path, str]) -> None:
    kinds = {"feed.xml": "application/xml", "feeds/feeds.opml": "text/x-opml; charset=utf-8"}
    for path, kind in kinds.items():
        with urllib.request.urlopen(f"{served[1]}/{path}", timeout=10) as reply:
            assert reply.headers["Content-Type"] == kind


def test_the_preview_shows_the_site_and_every_letter(served: tuple[Path, str]) -> None:
    root, address = served
    status, page = get(f"{address}/posts/hello/")
    assert status == 200
    assert "Hello, world." in page
    assert "EventSource" in page, "the page hears of the next build"
    file = root / "build" / "preview" / "site" / "posts" / "hello" / "index.html"
    assert "EventSource" not in file.read_text("utf-8"), "but the file does not"
    status, letters = get(f"{address}/letters-preview/")
    assert status == 200
    assert "wei@example.org" in letters


def test_the_preview_answers_this_machine_only_and_nothing_outside_the_build(served: tuple[Path, str]) -> None:
    _, address = served
    assert get(f"{address}/", Host="evil.example.org")[0] == 403
    for path in ("/../subscribers.yml", "/%2e%2e/%2e%2e/subscribers.yml", "/letters-preview/../../private/secret.key"):
        status, text = get(address + path)
        assert status in (302, 403, 404), path
        assert "wei@example.org" not in text or status == 404


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")
def test_a_save_shows_by_itself_and_a_problem_is_shown_in_the_page(served: tuple[Path, str]) -> None:
    from playwright.sync_api import expect, sync_playwright

    root, address = served
    post = root / "content" / "posts" / "hello.md"
    text = post.read_text("utf-8")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        page = browser.new_page()
        page.goto(f"{address}/posts/hello/")
        expect(page.get_by_text("Hello, world.")).to_be_visible()
        post.write_text(text.replace("Hello, world.", "Hello again."), "utf-8")
        expect(page.get_by_text("Hello again.")).to_be_visible(timeout=20_000)
        post.write_text(text.replace("Hello, world.", "See ![a](gone.png)"), "utf-8")
        expect(page.get_by_role("alert")).to_contain_text("there is no picture", timeout=20_000)
        expect(page.get_by_text("Hello again.")).to_be_visible()
        post.write_text(text, "utf-8")
        expect(page.get_by_text("Hello, world.")).to_be_visible(timeout=20_000)
        expect(page.get_by_role("alert")).to_have_count(0)
        post.write_text(text + "\n\nMore.\n" * 200, "utf-8")
        expect(page.get_by_text("More.").last).to_be_attached(timeout=20_000)
        page.wait_for_function("document.documentElement.scrollHeight > 3000")
        page.evaluate("scrollTo(0, 1200)")
        page.wait_for_function("scrollY === 1200")
        post.write_text(text + "\n\nMore.\n" * 200 + "\nThe end.\n", "utf-8")
        expect(page.get_by_text("The end.")).to_be_attached(timeout=20_000)
        page.wait_for_function("scrollY === 1200")
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")
def test_the_gallery_and_encrypted_pages_load_themselves_anew_as_well(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    root = houses.house(tmp_path / "house", sealed_house.FILES)
    post = next(path for path in sorted((root / "content").rglob("*.md")) if "visibility:" in path.read_text("utf-8"))
    with running(root) as address, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        sealed = next((root / "build" / "preview" / "site" / "s").glob("*/index.html")).parent.name
        tabs = [browser.new_page() for _ in range(2)]
        refused: list[str] = []
        for tab, path in zip(tabs, ["letters-gallery/", f"s/{sealed}/"], strict=True):
            tab.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
            with tab.expect_response("**/kith-events"):
                tab.goto(f"{address}/{path}")
        with tabs[0].expect_event("load", timeout=30_000), tabs[1].expect_event("load", timeout=30_000):
            post.write_text(post.read_text("utf-8") + "\nOne more line.\n", "utf-8")
        assert refused == []
        browser.close()


@pytest.mark.parametrize(
    ("policy", "widened"),
    [
        ("default-src 'none'", f"default-src 'none'; script-src {RELOAD}; connect-src 'self'"),
        ("script-src 'none';connect-src data:", f"script-src {RELOAD}; connect-src data: 'self'"),
        ("img-src data:", "img-src data:"),
        ("default-src 'self' 'unsafe-inline'", "default-src 'self' 'unsafe-inline'"),
        (f"Script-Src 'self' {RELOAD}; connect-src 'self';", f"script-src 'self' {RELOAD}; connect-src 'self'"),
    ],
)  # fmt: skip
def test_a_pages_policy_gives_leave_to_the_reload_script_alone(policy: str, widened: str) -> None:
    assert allowing_reload(policy) == widened


def test_the_site_is_shown_before_the_letters_are_made(tmp_path: Path) -> None:
    root = houses.house(tmp_path / "house")
    folder, seen = root / "build" / "preview", []
    preview(root, {}, houses.NOW, folder, shown=lambda _: seen.extend(path.name for path in folder.iterdir()))
    assert "site" in seen
    assert "letters" not in seen
    assert (folder / "letters" / "index.html").is_file()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed")
def test_a_house_that_is_broken_at_the_start_is_shown_when_it_is_mended(tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    sound = houses.house(tmp_path / "house")
    post = sound / "content" / "posts" / "hello.md"
    text = post.read_text("utf-8")
    post.write_text(text.replace("title: Hello", "visibility: nobody"), "utf-8")
    with running(sound) as address, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        page = browser.new_page()
        page.goto(f"{address}/posts/hello/")
        expect(page.get_by_role("alert")).to_contain_text("content/posts/hello.md", timeout=20_000)
        post.write_text(text, "utf-8")
        expect(page.get_by_text("Hello, world.")).to_be_visible(timeout=20_000)
        browser.close()


def test_a_port_in_use_is_one_clear_line(served: tuple[Path, str], tmp_path: Path) -> None:
    root, address = served
    other = tmp_path / "other"
    shutil.copytree(root, other, ignore=shutil.ignore_patterns("build", "private"))
    ran = houses.run(other, "serve", "--port", address.rpartition(":")[2], "--no-browser")
    assert ran.code == 1
    assert "--port" in ran.err
