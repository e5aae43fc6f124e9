"""What did not change is not read again, and what follows from it is as if it had been."""

from __future__ import annotations

import os
import time
from pathlib import Path

import houses
import pytest

from pipeline import frontmatter, yamlfile
from pipeline.errors import Problems
from pipeline.model import House
from pipeline.reading import read_house

OTHER = houses.text(
    "title: Other\ndate: 2026-11-01\ntags: [a, b]", "See [hello](hello.md) and ![x](../media/dot.png).\n"
)
CHINESE = houses.text("title: 你好\ntranslated: true", "看[别的](other.md)。\n")
FILES = {"content/posts/other.md": OTHER, "content/posts/hello.zh.md": CHINESE}


def read(root: Path, env: dict[str, str] | None = None) -> House:
    return read_house(root, {}, env or {}, houses.NOW)


def made(folder: Path, files: houses.Files | None = None) -> Path:
    """A house that was read once, a moment after it was written."""
    root = houses.house(folder, {**FILES, **(files or {})})
    time.sleep(0.06)
    read(root)
    return root


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """After this, reading any YAML is an error."""

    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError(f"read again: {arguments}")

    monkeypatch.setattr(frontmatter, "take_apart", refuse)
    monkeypatch.setattr(yamlfile, "parse", refuse)
    return monkeypatch


def test_an_unchanged_house_is_the_same_without_reading_a_text(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root = made(tmp_path)
    first = read_house(houses.house(tmp_path / "copy", FILES), {}, {}, houses.NOW)
    request.getfixturevalue("asleep")
    again = read(root)
    assert again == first
    assert [version.lines for entry in again.entries for version in entry.versions] == [
        version.lines for entry in first.entries for version in entry.versions
    ]


@pytest.mark.parametrize("name", ["content/posts/hello.md", "content/posts/hello.zh.md", "content/posts/other.md"])
def test_a_changed_text_is_read_again(tmp_path: Path, name: str) -> None:
    root = made(tmp_path)
    path = root / name
    text = path.read_text("utf-8").replace("title: ", "title: New ")
    stat = path.stat()
    path.write_text(text, "utf-8")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    titles = [version.title for entry in read(root).entries for version in entry.versions]
    assert sum(title.startswith("New ") for title in titles) == 1


def test_a_new_translation_joins_what_was_known(tmp_path: Path) -> None:
    root = made(tmp_path, {"content/posts/hello.zh.md": None})
    (root / "content" / "posts" / "hello.zh.md").write_text(CHINESE, "utf-8")
    assert {entry.slug: entry.languages for entry in read(root).entries}["hello"] == ("en", "zh")
    (root / "content" / "posts" / "hello.zh.md").unlink()
    assert {entry.slug: entry.languages for entry in read(root).entries}["hello"] == ("en",)


def test_a_link_that_dies_with_another_file_is_told(tmp_path: Path) -> None:
    root = made(tmp_path)
    (root / "content" / "posts" / "other.md").unlink()
    with pytest.raises(Problems, match=r"hello\.zh\.md:6: the link `other\.md` leads to no file"):
        read(root)
    (root / "content" / "posts" / "other.md").write_text(OTHER, "utf-8")
    (root / "content" / "media" / "dot.png").unlink()
    with pytest.raises(Problems, match=r"other\.md:7: there is no picture"):
        read(root)


def test_a_link_to_what_became_private_is_told(tmp_path: Path) -> None:
    root = made(tmp_path)
    path = root / "content" / "posts" / "other.md"
    path.write_text(OTHER.replace("tags:", "visibility: inner\ntags:"), "utf-8")
    with pytest.raises(Problems, match=r"hello\.zh\.md:6: everyone may read this link"):
        read(root)


def test_two_files_that_come_to_clash_are_told(tmp_path: Path) -> None:
    root = made(tmp_path)
    (root / "content" / "posts" / "third.md").write_text(
        houses.text("id: hello\ntitle: Third\ndate: 2026-01-01"), "utf-8"
    )
    with pytest.raises(Problems, match="the id `hello` is also that of"):
        read(root)


def test_what_a_circle_reads_no_more_is_told(tmp_path: Path) -> None:
    root = made(tmp_path, {"content/posts/other.md": OTHER.replace("tags:", "visibility: builders\ntags:"),
                           "content/posts/hello.zh.md": None})  # fmt: skip
    people = houses.PEOPLE.replace("reads: [builders, public]", "reads: [public]").replace("inner, builders,", "inner,")
    (root / "subscribers.yml").write_text(people, "utf-8")
    with pytest.raises(Problems, match="a name that no circle reads"):
        read(root)


def test_another_time_zone_moves_every_date(tmp_path: Path) -> None:
    root = made(tmp_path)
    before = {entry.id: entry.date for entry in read(root).entries}
    (root / "pyproject.toml").write_text(houses.SETTINGS.replace("Asia/Shanghai", "America/Lima"), "utf-8")
    after = {entry.id: entry.date for entry in read(root).entries}
    assert all(after[one] != before[one] for one in before)


def test_an_entry_without_a_date_still_has_the_one_of_its_first_publish(tmp_path: Path) -> None:
    root = made(tmp_path, {"content/posts/other.md": OTHER.replace("date: 2026-11-01\n", "")})
    seen = houses.NOW.replace(year=2025)
    dated = {entry.id: entry.date for entry in read_house(root, {"other": seen}, {}, houses.NOW).entries}
    assert dated["other"] == seen


def test_an_address_from_the_environment_is_kept_nowhere(tmp_path: Path) -> None:
    people = houses.PEOPLE.replace("address: wei@example.org", "address: env:SUB_WEI")
    root = houses.house(tmp_path, {"subscribers.yml": people})
    for address in ("secret-one@example.org", "secret-two@example.org"):
        assert read(root, {"SUB_WEI": address}).people[0].address == address
    for path in (root / "build").rglob("*"):
        assert path.is_dir() or b"secret-" not in path.read_bytes()
    with pytest.raises(Problems, match="`SUB_WEI` is not set"):
        read(root)
    with pytest.raises(Problems, match="has the same address as"):
        read(root, {"SUB_WEI": "tom@example.org"})


def test_what_is_remembered_is_for_its_owner_only(tmp_path: Path) -> None:
    root = made(tmp_path)
    for path in (root / "build" / "cache" / "reading").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_house_with_a_problem_is_not_remembered(tmp_path: Path) -> None:
    root = houses.house(tmp_path, {"content/posts/other.md": "---\ntitel: x\n---\n"})
    with pytest.raises(Problems):
        read(root)
    assert not (root / "build").exists()


def test_many_changes_one_after_another_are_all_remembered(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root = made(tmp_path)
    for number in range(3):
        path = root / "content" / "posts" / f"more-{number}.md"
        path.write_text(OTHER.replace("Other", f"More {number}"), "utf-8")
        time.sleep(0.06)
        read(root)
    (root / "content" / "posts" / "more-1.md").unlink()
    read(root)
    request.getfixturevalue("asleep")
    assert {"more-0", "more-2"} <= {entry.id for entry in read(root).entries}
    assert "more-1" not in {entry.id for entry in read(root).entries}
