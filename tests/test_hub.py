"""Telling a hub: of what changed, once it is online, and never anything else. The hub is a real one on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from houses import SETTINGS, Ran, house, run, text

from pipeline.ledger import Ledger
from tests.feed_bars import documents
from tests.test_publish import NOW


@dataclass
class Hub:
    """What it was told, and what it answers."""

    address: str = ""
    heard: list[dict[str, list[str]]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def feeds(self) -> list[str]:
        """The feeds it was told of since it was last asked, by their paths."""
        told = [one["hub.url"][0].removeprefix("https://house.example.org/") for one in self.heard]
        self.heard.clear()
        return sorted(told)


@pytest.fixture
def hub() -> Iterator[Hub]:
    one = Hub()

    class Ear(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            one.heads.append({"path": self.path, **self.headers})
            status = one.answers.pop(0) if one.answers else 204
            if status < 300:
                one.heard.append(parse_qs(body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    one.address = f"http://127.0.0.1:{server.server_port}/push?house=1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield one
    server.shutdown()
    server.server_close()


def told(root: Path, hub: Hub, deploy: str = 'to = "folder"\nfolder = "../www"') -> Path:
    """A house with a hub, and a place to be deployed to."""
    settings = SETTINGS.replace("timezone", f'hub = "{hub.address}"\ntimezone')
    return house(root / "house", {"pyproject.toml": f"{settings}\n[tool.kith.deploy]\n{deploy}\n"})


def publish(root: Path, *more: str) -> Ran:
    return run(root, "publish", "--yes", *more, now=NOW)


def current(root: Path) -> list[str]:
    return sorted(path for path in documents(root / "build" / "site") if "archive" not in path)


def write(root: Path, name: str) -> None:
    (root / f"content/posts/{name}.md").write_text(text(f"title: {name}\ndate: 2026-11-19", f"About {name}.\n"))


def test_a_hub_hears_of_every_feed_once_and_then_only_of_those_whose_bytes_changed(tmp_path: Path, hub: Hub) -> None:
    root = told(tmp_path, hub)
    ran = publish(root)
    assert (ran.code, hub.heads[0]["path"]) == (0, "/push?house=1"), ran
    assert hub.heard[0]["hub.mode"] == ["publish"] and hub.heard[0]["hub.topic"] == hub.heard[0]["hub.url"]
    assert hub.feeds() == current(root)
    assert f"Hub       {len(current(root))} feeds told" in ran.out
    assert "Hub" not in publish(root).out and hub.feeds() == []
    before = {path: (root / "build/site" / path).read_bytes() for path in current(root)}
    write(root, "river")
    ran = publish(root)
    changed = [path for path in before if (root / "build/site" / path).read_bytes() != before[path]]
    forms = "atom.xml", "feed.json", "feed.xml"
    assert hub.feeds() == changed == [f"{where}{form}" for where in ("", "feeds/lang/en/") for form in forms]
    assert "Hub       6 feeds told" in ran.out
    (root / "content/pages/about.md").write_text(text("title: About", "Something else.\n"))
    ran = publish(root)
    assert ("Deploy    done" in ran.out, hub.feeds()) == (True, [])


def test_the_receipt_says_what_the_hub_will_hear_before_anything_leaves(tmp_path: Path, hub: Hub) -> None:
    root = told(tmp_path, hub)
    ran = run(root, "publish", now=NOW)
    assert ran.code == 1 and "--yes" in ran.out
    assert "Hub       12 feeds to 127.0.0.1, once the site is online" in ran.out
    assert "Deploy to the folder ../www and announce 12 feeds to 127.0.0.1?" in ran.out
    ran = run(root, "deploy", now=NOW)
    assert "Deploy to the folder ../www and announce 12 feeds to 127.0.0.1?" in ran.out
    assert hub.heads == [] and not (tmp_path / "www").exists()


def test_a_build_and_a_failed_deploy_tell_nobody(tmp_path: Path, hub: Hub) -> None:
    root = told(tmp_path, hub, 'to = "command"\ncommand = "exit 7"')
    assert run(root, "build", now=NOW).code == 0
    assert publish(root).code == 1
    assert hub.heads == []


def test_a_site_that_goes_nowhere_tells_nobody(tmp_path: Path, hub: Hub) -> None:
    root = told(tmp_path, hub, 'to = "none"')
    assert "Hub" not in publish(root).out
    assert hub.heads == []


def test_a_hub_that_cannot_be_reached_is_a_remark_and_is_told_the_next_time(tmp_path: Path, hub: Hub) -> None:
    root = told(tmp_path, hub)
    settings, away = root / "pyproject.toml", "http://127.0.0.1:9/push?house=1"
    settings.write_text(settings.read_text().replace(hub.address, away))
    ran = publish(root)
    assert (ran.code, "1 submitted" in ran.out or "2 submitted" in ran.out) == (0, True), ran
    why = "127.0.0.1:9 cannot be reached: the connection was refused"
    assert f"Hub       {why}: 12 feeds are told the next time" in ran.out
    settings.write_text(settings.read_text().replace(away, hub.address))
    hub.answers = [204, 204, 503]
    ran = run(root, "deploy", "--yes", now=NOW)
    assert ran.code == 0, ran
    assert "Hub       2 feeds told" in ran.out
    assert "Hub       127.0.0.1 answered with 503: 10 feeds are told the next time" in ran.out
    first = hub.feeds()
    ran = run(root, "deploy", "--yes", now=NOW)
    assert "Deploy    nothing changed" in ran.out and "Hub       10 feeds told" in ran.out
    assert sorted(first + hub.feeds()) == current(root)


def test_one_feed_that_a_hub_refuses_keeps_no_other_back(tmp_path: Path, hub: Hub) -> None:
    root = told(tmp_path, hub)
    hub.answers = [404]
    ran = publish(root)
    assert "Hub       11 feeds told" in ran.out and "answered with 404: 1 feed is told the next time" in ran.out


def test_a_slow_hub_keeps_no_letter_waiting(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.hub.SECONDS", -1.0)
    ran = publish(told(tmp_path, hub))
    assert "Hub       127.0.0.1 is slow: 12 feeds are told the next time" in ran.out
    assert (ran.code, "1 submitted" in ran.out, hub.heads) == (0, True, [])


def test_another_hub_knows_nothing_yet(tmp_path: Path, hub: Hub) -> None:
    root = told(tmp_path, hub)
    publish(root)
    hub.feeds()
    settings = root / "pyproject.toml"
    settings.write_text(settings.read_text().replace("house=1", "house=2"))
    publish(root)
    assert hub.feeds() == current(root)


@pytest.mark.parametrize("damaged", ["{", "7"])
def test_what_a_hub_was_told_is_forgotten_rather_than_misread(tmp_path: Path, hub: Hub, damaged: str) -> None:
    root = told(tmp_path, hub)
    publish(root)
    hub.feeds()
    with Ledger.open(root / "private", NOW) as ledger:
        ledger.note_hub(damaged)
    publish(root)
    assert hub.feeds() == current(root)


@pytest.mark.parametrize(
    ("address", "sound"),
    [
        ("https://hub.example.org/", True), ("https://hub.example.org/a?b=c", True), ("http://127.0.0.1:8080/", True),
        ("http://hub.example.org/", False), ("hub.example.org", False), ("https://", False), ("ftp://h.org/", False),
        ("https://me:pass@hub.example.org/", False), ("https://hub.example.org/#x", False), ("https://h:x/", False),
        ("https://hub.example.org/a b", False), ('https://hub.example.org/\\"', False),
    ],
)  # fmt: skip
def test_a_hub_is_an_https_address_and_is_not_shown_when_it_is_none(tmp_path: Path, address: str, sound: bool) -> None:
    ran = run(
        house(tmp_path, {"pyproject.toml": SETTINGS.replace("timezone", f'hub = "{address}"\ntimezone')}), "check"
    )
    assert ran.code == (0 if sound else 1), ran
    assert sound or ran.problems == [
        "pyproject.toml:6: `hub` is not the https address of a hub. Write one such as `https://hub.example.org/`."
    ]


@pytest.mark.parametrize(("number", "sound"), [(20, True), (50, True), (19, False), (51, False)])
def test_feeds_are_as_long_as_readers_programs_like_them(tmp_path: Path, number: int, sound: bool) -> None:
    settings = SETTINGS.replace("timezone", f"feed_entries = {number}\ntimezone")
    ran = run(house(tmp_path, {"pyproject.toml": settings}), "check")
    assert ran.code == (0 if sound else 1)
    assert sound or "Write a number from 20 to 50." in ran.err
