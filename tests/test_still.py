"""Where nothing changed, a build says again what it said, without looking at a text; whatever changed makes it look."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import edits
import houses
import pytest

from pipeline import preview

REPO = Path(__file__).resolve().parent.parent
TOLD: houses.Files = {
    "subscribers.yml": houses.PEOPLE.replace("cadence: each, ", "cadence: monthly, ").replace(
        "  group: {title: The old group, kind: broadcast, channels: [paste:wechat]}\n", ""
    ),
    "private/addresses.yml": "wei: wei@example.org\n",
    "templates/note.txt": "nothing that is used",
    "site/assets/own.css": "p { margin: 0 }\n",
    "content/posts/later.md": houses.text("id: later\ntitle: Later\ndate: 2026-11-20 23:30", "Not out yet.\n"),
}
"""A house in which nobody is told anything today."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A house that was built, a moment after it was written."""
    made = houses.house(tmp_path, TOLD)
    assert houses.run(made, "publish", "--yes").code == 0
    time.sleep(0.06)
    assert built(made).code == 0
    return made


def built(root: Path, now: datetime = houses.NOW) -> houses.Ran:
    return houses.run(root, "build", now=now)


@pytest.fixture
def asleep(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After this, a build that looks at the house is an error."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it looked")

    monkeypatch.setattr(preview, "preview", refuse)


def test_what_is_said_again_is_what_a_build_says_that_looks(root: Path) -> None:
    again = built(root)
    assert "nothing changed" in again.out
    (root / "build" / "cache" / "still").unlink()
    assert built(root) == again


@pytest.mark.usefixtures("asleep")
def test_nothing_is_looked_at_where_nothing_changed(root: Path) -> None:
    assert "nothing changed" in built(root).out
    assert "nothing changed" in built(root, houses.NOW + timedelta(hours=1)).out


def edited(name: str) -> Callable[[Path], None]:
    """Changes a letter of a file, and gives it the time that it had."""

    def edit(root: Path) -> None:
        path = root / name
        seen, data = path.stat(), path.read_bytes()
        path.write_bytes(data[:-2] + b"X" + data[-1:])
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))

    return edit


def written(name: str, text: str = "Words.\n") -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")

    return write


def gone(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


def linked(root: Path) -> None:
    (root / "content/posts/hello.md").rename(root / "hello.md")
    (root / "content/posts/hello.md").symlink_to(root / "hello.md")


CHANGES: dict[str, Callable[[Path], None]] = {
    "a text": edited("content/posts/hello.md"),
    "a picture": edited("content/media/dot.png"),
    "a new text": written("content/updates/2026-11-20.md"),
    "a text that is gone": gone("content/posts/hello.md"),
    "an opening": written("content/letters/2026-11.md"),
    "the settings": edited("pyproject.toml"),
    "the people": edited("subscribers.yml"),
    "an address": edited("private/addresses.yml"),
    "the ledger": edited("private/ledger.db"),
    "what is still to be written into the ledger": written("private/ledger.db-wal", "x"),
    "a name": written("private/people.yml", "- {id: li, name: Li}\n"),
    "a template of letters": edited("templates/note.txt"),
    "the looks": edited("site/assets/own.css"),
    "new looks": written("site/overrides/main.html", "x"),
    "who may look into `private`": lambda root: (root / "private").chmod(0o711),
    "a page by hand": edited("build/site/index.html"),
    "a page that is gone": gone("build/site/posts/hello/index.html"),
    "a file in the site": written("build/site/odd.txt"),
    "letters to look through": written("build/letters/index.html"),
    "a site that was half put in place": written("build/cache/site/moving", ""),
    "a text that is a link now": linked,
}


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize("what", CHANGES)
def test_whatever_a_build_depends_on_makes_it_look(root: Path, what: str) -> None:
    CHANGES[what](root)
    with pytest.raises(AssertionError, match="it looked"):
        built(root)


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize("hours", [-1, 3.9, 4.1, 24])
def test_time_makes_it_look_before_anything_comes_out_or_the_day_ends(root: Path, hours: float) -> None:
    now = houses.NOW + timedelta(hours=hours)
    if 0 <= hours < 3.5:
        assert built(root, now).code == 0
        return
    with pytest.raises(AssertionError, match="it looked"):
        built(root, now)


@pytest.mark.parametrize(
    "files",
    [
        {"subscribers.yml": houses.PEOPLE},
        {"subscribers.yml": houses.PEOPLE.replace("wei@example.org", "env:WEI")},
        {"content/posts/undated.md": houses.text("title: Without a day")},
    ],
    ids=["letters", "the environment", "an undated post"],
)
def test_a_build_that_says_something_else_the_next_time_is_not_remembered(tmp_path: Path, files: houses.Files) -> None:
    made = houses.house(tmp_path, TOLD | files)
    time.sleep(0.06)
    houses.run(made, "build", env={"WEI": "wei@example.org"})
    assert (made / "build" / "site" / "index.html").exists()
    assert not (made / "build" / "cache" / "still").exists()


def test_a_text_that_was_written_in_this_very_moment_is_looked_at_once_more(tmp_path: Path) -> None:
    made = houses.house(tmp_path, TOLD)
    assert built(made).code == 0
    assert not (made / "build" / "cache" / "still").exists()


AUDIT = """
import os, sys
seen = set()
def hear(event, arguments):
    named = arguments and isinstance(arguments[0], (str, bytes, os.PathLike))
    if named and event in ("open", "os.scandir", "os.listdir", "sqlite3.connect"):
        seen.add(os.path.realpath(os.fsdecode(arguments[0]).removeprefix("file:").partition("?")[0]))
sys.addaudithook(hear)
sys.argv = ["kith", "build"]
from pipeline.__main__ import main
try:
    main()
finally:
    root = os.path.realpath(".") + "/"
    own = sorted(name.removeprefix(root) for name in seen if name.startswith(root) and os.path.exists(name))
    print("\\n".join(own), file=sys.stderr)
"""


def test_a_build_opens_nothing_in_the_house_but_what_is_looked_at_for_changes(tmp_path: Path) -> None:
    """Every file that a whole build opens, by the interpreter's own account."""
    made = houses.house(tmp_path, TOLD)
    houses.run(made, "publish", "--yes")
    done = subprocess.run(
        [sys.executable, "-c", AUDIT], cwd=made, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(REPO)},
    )  # fmt: skip
    opened = [name for name in done.stderr.splitlines() if not name.startswith(("build", "content/", "private/"))]
    assert set(opened) <= {"pyproject.toml", "subscribers.yml", "content", "private", "site", "templates"} | {
        name for name in opened if name.startswith(("site/", "templates/"))
    }
    assert {"pyproject.toml", "subscribers.yml"} <= set(opened), "the hook hears"


UNDATED = {
    f"content/posts/x{n}.md": houses.text(f"title: X{n}\ndate: 2026-11-{n % 19 + 1:02d}\ntags: [x]") for n in range(24)
}


def same_as_anew(root: Path, now: datetime) -> None:
    """What stands in the site is what a build from nothing makes at that moment."""
    assert built(root, now).code == 0
    made = edits.files(root / "build" / "site")
    assert houses.run(root, "build", "--full", now=now).code == 0
    assert edits.files(root / "build" / "site") == made


@pytest.mark.parametrize("days", [4, 45])
def test_what_has_no_date_moves_with_the_day_on_the_pages_of_its_tags(tmp_path: Path, days: int) -> None:
    files: houses.Files = {**UNDATED, "content/posts/undated.md": houses.text("title: Without a day\ntags: [x]")}
    made = houses.house(tmp_path, files)
    assert built(made).code == 0
    same_as_anew(made, houses.NOW + timedelta(days=days))


def test_a_post_without_a_date_may_be_called_like_a_month(tmp_path: Path) -> None:
    files: houses.Files = {
        "content/posts/2024-11.md": houses.text("title: A month\nid: 2024-11"),
        "content/posts/foo.md": houses.text("title: Foo\ndate: 2024-11-05"),
        "content/posts/bar.md": houses.text("title: Bar\ndate: 2024-11-20"),
        "content/posts/between.md": houses.text("title: Between\ndate: 2025-06-01"),
    }
    made = houses.house(tmp_path, files)
    assert built(made).code == 0
    for number, day in enumerate(("2026-01-12", "2026-02-25")):
        (made / f"content/posts/more{number}.md").write_text(houses.text(f"title: More\ndate: {day}"), "utf-8")
        time.sleep(0.06)
        assert built(made).code == 0
    same_as_anew(made, houses.NOW)
