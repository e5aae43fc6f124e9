"""What a reader asks for is recorded, and the ledger can be asked, whatever state the texts and settings are in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from houses import PEOPLE, house, run

Break = Callable[[Path], None]


def _write(name: str, data: str | bytes) -> Break:
    def breaking(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    return breaking


def _without_texts(root: Path) -> None:
    (root / "content").rename(root / "gone")


def _without_secret(root: Path) -> None:
    (root / "private" / "secret.key").unlink()


STATES: dict[str, Break] = {
    "a typo in a post": _write("content/posts/hello.md", "---\ntitel: Hello\nvisibility: nobody\n---\n\nWords.\n"),
    "front matter that is no YAML": _write("content/posts/hello.md", "---\n{[\n---\n"),
    "a text that is not UTF-8": _write("content/updates/odd.md", b"\xff\xfe\x00"),
    "no content": _without_texts,
    "settings that are no TOML": _write("pyproject.toml", "[tool.kith\n"),
    "a wrong setting": _write("pyproject.toml", '[tool.kith]\ntitle = 3\nlanguages = "??"\ntimezone = "Moon"\n'),
    "broken looks": _write("site/mkdocs.yml", "theme: [\n"),
    "a broken template": _write("templates/digest.html.j2", "{% if %}"),
    "an opening for nobody": _write("content/letters/odd.md", "---\ntell: [nobody]\n---\n\nHello.\n"),
    "somebody else with a typo": _write("subscribers.yml", PEOPLE + "  - {id: eve, adress: eve@example.org}\n"),
    "no secret": _without_secret,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = house(tmp_path / "house")
    assert run(root, "publish", "--yes").code == 0
    return root


@pytest.mark.parametrize("state", STATES)
def test_a_readers_no_is_recorded_in_any_state_of_the_project(root: Path, state: str) -> None:
    kept = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and "build" not in path.parts}
    STATES[state](root)
    assert run(root, "check").code == 1 or state in ("broken looks", "no secret"), "it is broken indeed"
    ran = run(root, "choice", "wei@example.org", "--leave")
    assert (ran.code, ran.err) == (0, ""), ran
    assert "unsubscribed (they asked for it)" in ran.out
    assert run(root, "choice", "tom", "--pause", "--cadence", "yearly", "--languages", "zh").code == 0
    for path in (root / "content").rglob("*.md"):
        path.unlink()
    for path, data in kept.items():
        if path.parent.name != "private" or path.name == "secret.key":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    held = json.loads(run(root, "report", "--json").out)["held"]
    assert {"who": "wei", "reason": "unsubscribed", "until": ""} in held


@pytest.mark.parametrize("state", STATES)
def test_the_ledger_can_be_asked_in_any_state_of_the_project(root: Path, state: str, tmp_path: Path) -> None:
    STATES[state](root)
    ran = run(root, "report")
    assert ran.code == 0, ran
    assert "1 submitted" in ran.out
    assert "Traceback" not in ran.err
    broken = state not in ("broken looks", "a broken template")
    assert ("Who is held now is not known" in ran.out) == broken
    saved = tmp_path / "events.json"
    saved.write_text("[]", "utf-8")
    taken = run(root, "events", str(saved))
    if state == "no secret":
        assert "secret.key is gone" in taken.err, "events are known by it"
        assert not (root / "private" / "secret.key").exists(), "and no other one is made in its place"
        return
    assert (taken.code, taken.out) == (0, "0 events, 0 of them new\n")


def test_who_cannot_be_found_in_a_broken_file_of_people_is_told_what_is_wrong_with_it(root: Path) -> None:
    (root / "subscribers.yml").write_text("people: [\n", "utf-8")
    ran = run(root, "choice", "wei", "--leave")
    assert ran.code == 1
    assert "subscribers.yml:" in ran.err
    assert "Nothing was recorded." in ran.err
    assert "there is nobody called" not in ran.err


def test_coming_back_needs_a_sound_file_of_people(root: Path) -> None:
    assert run(root, "choice", "wei", "--leave").code == 0
    STATES["somebody else with a typo"](root)
    ran = run(root, "choice", "wei", "--return")
    assert ran.code == 1
    assert "unknown key `adress`" in ran.err


def test_an_email_that_was_submitted_can_be_shown_again(root: Path) -> None:
    (one,) = json.loads(run(root, "report", "--json").out)["deliveries"]
    ran = run(root, "report", "--show", one["id"][:6])
    assert ran.code == 0, ran
    assert f"Subject   {one['subject']}" in ran.out
    assert "Hello Wei," in ran.out
    page = root / "build" / "shown" / f"{one['id']}.html"
    assert f"build/shown/{page.name}" in ran.out
    assert "Hello Wei," in page.read_text("utf-8")
    data = json.loads(run(root, "report", "--show", one["id"], "--json").out)
    assert data["to"] == "wei@example.org"
    assert "there is no such delivery" in run(root, "report", "--show", "nothing").err


def test_before_the_first_publish_there_is_no_email_to_show(tmp_path: Path) -> None:
    ran = run(house(tmp_path / "house"), "report", "--show", "x")
    assert (ran.code, ran.err) == (1, "no email was composed yet. `kith publish` composes the first ones.\n")
