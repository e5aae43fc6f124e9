"""Broken houses: every problem at once, each with its place and a suggestion; nothing is rendered, sent or lost."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import broken_bodies
import broken_files
import broken_fronts
import broken_people
import broken_settings
import pytest
from golden_files import golden
from houses import SOUND, Files, house, run, snapshot, text

ROOMS = {
    "settings": broken_settings.HOUSES,
    "people": broken_people.HOUSES,
    "fronts": broken_fronts.HOUSES,
    "bodies": broken_bodies.HOUSES,
    "files": broken_files.HOUSES,
}
EVERY = [(room, name) for room, houses in ROOMS.items() for name in houses]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound house that was published once."""
    root = house(tmp_path_factory.mktemp("published"))
    ran = run(root, "publish", "--yes")
    assert ran.code == 0, ran.err
    return root


@pytest.mark.parametrize("room", ROOMS)
def test_every_problem_says_where_what_and_what_to_do(tmp_path: Path, room: str) -> None:
    said = []
    for number, (name, files) in enumerate(ROOMS[room].items()):
        root = house(tmp_path / str(number), files)
        ran = run(root, "check")
        said.append("\n".join([f"# {name}", *ran.problems]).replace(str(root), "HOUSE"))
    golden(f"problems-{room}.txt", "\n\n".join(said) + "\n")


@pytest.mark.parametrize(("room", "name"), EVERY)
def test_a_broken_house_is_refused_and_nothing_in_it_changes(
    tmp_path: Path, published: Path, room: str, name: str
) -> None:
    root = tmp_path / "house"
    shutil.copytree(published, root)
    house(root, ROOMS[room][name])
    before = snapshot(root)
    checked, refused = run(root, "check"), run(root, "publish", "--yes")
    assert (checked.code, refused.code) == (1, 1)
    assert checked.problems, "there is something to read"
    assert refused.problems == checked.problems
    assert "Traceback" not in checked.err + refused.err
    assert "Nothing was rendered or submitted." in refused.err
    assert snapshot(root) == before
    assert before


@pytest.mark.parametrize(("room", "name"), EVERY)
def test_every_problem_has_a_place_and_a_suggestion(tmp_path: Path, room: str, name: str) -> None:
    for line in run(house(tmp_path, ROOMS[room][name]), "check").problems:
        assert re.match(r"[^ :]+(:\d+)?: .+[.?!] .+[.?!]$", line), line


def test_the_first_publish_of_a_broken_house_leaves_no_ledger(tmp_path: Path) -> None:
    root = house(tmp_path, broken_fronts.HOUSES["misspelt visibility"])
    assert run(root, "publish", "--yes").code == 1
    assert not (root / "build").exists()
    assert not (root / "private" / "ledger.db").exists()


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    everything: Files = {}
    for room in ("people", "settings"):
        everything |= ROOMS[room]["unknown circle" if room == "people" else "time zone"]
    everything |= broken_fronts.HOUSES["dates"] | broken_bodies.HOUSES["typos in markers"]
    everything["content/posts/hello.md"] = b"\xff\xfe"
    ran = run(house(tmp_path, everything), "check")
    apart = [run(house(tmp_path / str(n), one), "check").problems for n, one in enumerate(_each(everything))]
    assert sorted(ran.problems) == sorted(line for lines in apart for line in lines)
    assert len(ran.problems) == 23


def _each(files: Files) -> list[Files]:
    return [{name: data} for name, data in files.items()]


def test_read_by_several_processes_the_problems_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline import crew

    root = house(tmp_path)
    for room in ("fronts", "bodies"):
        for number, files in enumerate(ROOMS[room].values()):
            for one in _each(files):
                house(
                    root,
                    {re.sub(r"(content/\w+/)", rf"\g<1>{room}{number}-", name): text for name, text in one.items()},
                )
    monkeypatch.setattr(crew, "cores", lambda: 1)
    alone = run(root, "check").problems
    monkeypatch.setattr(crew, "cores", lambda: 2)
    assert run(root, "check").problems == alone
    assert len(alone) > 2 * crew.FEW


def test_as_data_the_problems_are_the_same(tmp_path: Path) -> None:
    import json

    root = house(tmp_path, broken_fronts.HOUSES["unknown keys"])
    ran = run(root, "check", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)[0] == {
        "path": "content/posts/hello.md",
        "line": 4,
        "fact": "unknown key `visiblity`",
        "suggestion": "Did you mean `visibility`?",
    }


def test_twenty_thousand_problems_take_seconds(tmp_path: Path) -> None:
    import time

    body = "".join(f"[a](gone-{number}.md) ![b](/x/{number}.png)\n" for number in range(5000))
    people = str(SOUND["subscribers.yml"]) + "".join(f"  - {{id: p{n}, circles: [weeak{n}]}}\n" for n in range(5000))
    front = "".join(f"mood{number}: x\n" for number in range(5000))
    files: Files = {"content/posts/hello.md": text(f"title: H\n{front}", body), "subscribers.yml": people}
    started = time.monotonic()
    assert len(run(house(tmp_path, files), "check").problems) == 20_000
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("name", ["pyproject.toml", "subscribers.yml", "content/posts/hello.md"])
def test_a_file_that_is_a_link_to_itself_or_out_of_the_house_is_refused(tmp_path: Path, name: str) -> None:
    root = house(tmp_path / "house")
    (root / name).rename(tmp_path / "outside")
    for target in (root / name, tmp_path / "outside", tmp_path / "nowhere"):
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)
        ran = run(root, "check")
        assert ran.code == 1
        assert any(line.startswith(f"{name}") and "link" in line for line in ran.problems), ran.err


def test_links_to_folders_and_pictures_that_lead_out_are_refused(tmp_path: Path) -> None:
    root = house(
        tmp_path / "house", {"content/posts/hello.md": text("title: H", "![a](../media/out.png) ![b](b.png)\n")}
    )
    (root / "content/posts/more").symlink_to(tmp_path)
    (root / "content/media/out.png").symlink_to("/etc/hostname")
    (root / "content/posts/b.png").symlink_to(root / "content/posts/b.png")
    assert run(root, "check").problems == [
        "content/posts/hello.md:5: there is no picture `../media/out.png`. It would be `content/media/out.png`.",
        "content/posts/hello.md:5: there is no picture `b.png`. It would be `content/posts/b.png`.",
        "content/posts/more: it is a link to a folder, which is not followed. Move the folder here.",
    ]


def test_a_name_that_is_no_text_and_a_pipe_are_refused(tmp_path: Path) -> None:
    import os

    root = house(tmp_path)
    Path(os.fsdecode(os.fsencode(root / "content/posts") + b"/caf\xe9.md")).write_text("# x\n\ny")
    os.mkfifo(root / "content/posts/pipe.md")
    ran = run(root, "check")
    assert ran.code == 1
    assert ran.problems == [
        "content/posts/caf<U+DCE9>.md:1: the file's name is not UTF-8. Give the file another name.",
        "content/posts/pipe.md:1: it is a named pipe (FIFO), not a file, and its name is that of a text."
        " Put a text file in its place, or give it another name.",
    ]


def test_a_folder_or_file_that_is_closed_is_told(tmp_path: Path) -> None:
    import os

    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    root = house(tmp_path, {"content/posts/closed/x.md": text("title: X")})
    (root / "content/posts/hello.md").chmod(0)
    (root / "content/posts/closed").chmod(0)
    ran = run(root, "check")
    (root / "content/posts/closed").chmod(0o700)
    assert ran.problems == [
        "content/posts/closed/: cannot be read: Permission denied. Check its permissions.",
        "content/posts/hello.md:1: cannot be read: Permission denied. Check its permissions.",
    ]
