"""What was found clean is not looked at again, and never for longer than it is clean."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small import circle, entry, house

from pipeline import leakcheck, linewise
from pipeline.errors import Leaked
from pipeline.excuses import Excuses
from pipeline.leak import Leak
from pipeline.leakcache import FILE, Memory, fingerprint
from pipeline.leakcheck import LeakCheck
from pipeline.leakfiles import Search, files_in
from pipeline.linewise import Linewise
from pipeline.model import House
from pipeline.undone import words

SECRET = "The eye test was worse this month"
HARMLESS = "The boat race was faster this month"


def told(*bodies: str) -> House:
    entries = [entry(f"e{number}", body=body) for number, body in enumerate(bodies)]
    return house(entries, [circle("inner")], [])


def only_inner(text: str) -> str:
    return f"::: only inner\n{text}\n:::\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "build" / "site"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(f"<p>{HARMLESS}</p>")
    (folder / "other.html").write_text("<p>Nothing.</p>")
    return folder


def check(root: Path, *bodies: str) -> int:
    return LeakCheck(told(*(bodies or (only_inner(SECRET),))), root).site(root / "build" / "site")


class Counting:
    """Looks at nothing and remembers what it was shown."""

    def __init__(self, leaks: tuple[Leak, ...] = ()) -> None:
        self.seen: list[str] = []
        self.leaks = list(leaks)

    def __call__(self, name: str, data: bytes) -> list[Leak]:
        self.seen.append(name)
        return self.leaks


def search(site: Path, memory: Memory) -> list[str]:
    looking = Counting()
    memory.clean |= Search(lambda: None, looking, set(), memory).through(files_in(site)).clean
    return looking.seen


def test_only_what_changed_is_looked_at_again(site: Path) -> None:
    memory = Memory("k")
    assert search(site, memory) == ["index.html", "other.html"]
    assert search(site, memory) == []
    (site / "other.html").write_text("<p>Something.</p>")
    assert search(site, memory) == ["other.html"]


def test_a_site_that_was_moved_or_copied_is_known_by_its_bytes(site: Path, tmp_path: Path) -> None:
    memory = Memory("k")
    search(site, memory)
    fresh = tmp_path / "build" / "site.new"
    fresh.mkdir()
    for path in site.iterdir():
        (fresh / path.name).write_bytes(path.read_bytes())
    assert search(fresh, memory) == []
    (fresh / "index.html").rename(fresh / "moved.html")
    assert search(fresh, memory) == ["moved.html"], "a name can leak too"


def test_a_change_that_hides_its_time_and_size_is_seen(site: Path, tmp_path: Path) -> None:
    check(tmp_path)
    path = site / "index.html"
    before = path.stat()
    text = f"<p>{SECRET}</p>"
    path.write_text(text.ljust(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    with pytest.raises(Leaked, match=r"index\.html"):
        check(tmp_path)


def test_a_new_passage_is_looked_for_in_what_was_clean(site: Path, tmp_path: Path) -> None:
    check(tmp_path)
    with pytest.raises(Leaked, match=r"index\.html"):
        check(tmp_path, only_inner(SECRET), only_inner(HARMLESS))


def test_a_public_text_that_is_taken_back_excuses_nothing_any_more(site: Path, tmp_path: Path) -> None:
    narrow = only_inner(HARMLESS)
    check(tmp_path, narrow, f"{HARMLESS}.")
    check(tmp_path, narrow, f"{HARMLESS}.")
    with pytest.raises(Leaked, match=r"index\.html"):
        check(tmp_path, narrow, "Another text.")


def test_excuses_are_weighed_again_only_where_a_text_or_a_template_changed(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = only_inner(HARMLESS), f"{HARMLESS}."
    check(tmp_path, *bodies)
    monkeypatch.setattr(Excuses, "still_hold", None)
    check(tmp_path, *bodies)
    with pytest.raises(TypeError):
        check(tmp_path, bodies[0], f"{HARMLESS}. And more.")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "letter.html").write_text("Dear reader")
    with pytest.raises(TypeError):
        check(tmp_path, *bodies)


def test_a_leak_is_told_again_and_again(site: Path, tmp_path: Path) -> None:
    (site / "index.html").write_text(SECRET)
    for _ in range(2):
        with pytest.raises(Leaked, match=r"index\.html"):
            check(tmp_path)


@pytest.mark.parametrize("damage", [slice(0, 0), slice(0, 40), slice(0, -1), slice(1, None)])
def test_a_damaged_memory_is_none(site: Path, tmp_path: Path, damage: slice) -> None:
    check(tmp_path)
    memory = tmp_path / "build" / "cache" / FILE
    memory.write_bytes(memory.read_bytes()[damage])
    (site / "index.html").write_text(SECRET)
    with pytest.raises(Leaked, match=r"index\.html"):
        check(tmp_path)
    memory.unlink()
    with pytest.raises(Leaked, match=r"index\.html"):
        check(tmp_path)


def test_the_memory_is_written_whole_and_holds_no_text(site: Path, tmp_path: Path) -> None:
    check(tmp_path)
    assert [path.name for path in (tmp_path / "build" / "cache").iterdir()] == [FILE]
    assert "eye" not in (tmp_path / "build" / "cache" / FILE).read_bytes().decode("latin-1")


def test_the_memory_belongs_to_the_code_that_decided(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline import kept

    check(tmp_path)
    cache, key = tmp_path / "build" / "cache", fingerprint(LeakCheck(told(only_inner(SECRET)), tmp_path).sought)
    assert Memory.read(cache, key).clean
    monkeypatch.setattr(kept, "edition", lambda: "another")
    assert not Memory.read(cache, key).clean


def test_a_piece_that_was_clean_before_is_still_looked_at_beside_others(site: Path, tmp_path: Path) -> None:
    long = "<p>" + "a quiet line about the river " * 30 + "{}</p>\n"
    (site / "a.html").write_text(long.format("the eye"))
    (site / "b.html").write_text(long.format("the eye") + "test was worse this month" + long.format(""))
    with pytest.raises(Leaked, match=r"b\.html"):
        check(tmp_path)


@pytest.mark.parametrize("by_lines", [True, False])
def test_what_is_new_in_a_long_file_is_looked_at_and_what_stood_in_it_is_not(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_lines: bool
) -> None:
    lines = [
        f"{number} quiet words about nothing in particular, every one new: {number * 7919}" for number in range(900)
    ]
    if not by_lines:
        monkeypatch.setattr(Linewise, "spares", lambda *_: False)
    (site / "index.html").write_text("\n".join(lines))
    check(tmp_path)
    fresh = tmp_path / "build" / "site.new"
    seen: list[int] = []
    fresh.mkdir()

    def counted(data: bytes) -> list[bytes]:
        seen.append(len(data))
        return words(data)

    monkeypatch.setattr(leakcheck, "words", counted)
    monkeypatch.setattr(linewise, "ascii_words", counted)
    told_again = LeakCheck(told(only_inner(SECRET)), tmp_path)
    (fresh / "index.html").write_text("\n".join(["A new line.", *lines]))
    told_again.site(fresh)
    assert max(seen) < 30_000 < (fresh / "index.html").stat().st_size
    for place in (0, 450, 900):
        (fresh / "index.html").write_text("\n".join([*lines[:place], SECRET, *lines[place:]]))
        with pytest.raises(Leaked, match=rf"index\.html:{place + 1}"):
            check_in(fresh, tmp_path)
    (site / "index.html").write_text("\n".join([*lines, SECRET]))
    (fresh / "index.html").write_text("\n".join([*lines, SECRET, "More."]))
    with pytest.raises(Leaked, match=r"index\.html:901"):
        check_in(fresh, tmp_path)


def test_a_word_that_was_excused_where_it_stood_is_looked_at_where_it_stands_now(site: Path, tmp_path: Path) -> None:
    lines = [f"{number} quiet lines about nothing in particular" for number in range(2000)]
    bodies = "The inner product of two rows."
    (site / "index.html").write_text("\n".join([*lines, "the", "inner", "product", *lines]))
    check(tmp_path, bodies)
    fresh = tmp_path / "build" / "site.new"
    fresh.mkdir()
    (fresh / "index.html").write_text("\n".join([*lines, "the", "product", *lines, "my", "inner", "friends"]))
    with pytest.raises(Leaked, match=r"index\.html:4004"):
        LeakCheck(told(bodies), tmp_path).site(fresh)


def test_what_needs_no_excuse_is_known_again_only_while_that_is_so(site: Path, tmp_path: Path) -> None:
    lines = [f"{number} quiet lines about nothing in particular" for number in range(2000)]
    page, bodies = site / "index.html", "The inner product of two rows."
    looking = LeakCheck(told(bodies), tmp_path)
    for more, spared in ((["Nothing."], True), (["the", "inner", "product"], False), (["Nothing more."], True)):
        page.write_text("\n".join([*lines, *more]))
        looking.site(site)
        memory = Memory.read(tmp_path / "build" / "cache", fingerprint(looking.sought))
        assert ("index.html" in memory.spared) is spared
    os.utime(page)
    LeakCheck(told(bodies), tmp_path).site(site)
    assert "index.html" in Memory.read(tmp_path / "build" / "cache", fingerprint(looking.sought)).spared


def check_in(folder: Path, root: Path) -> None:
    LeakCheck(told(only_inner(SECRET)), root).site(folder)


def test_two_processes_find_what_one_finds(site: Path, tmp_path: Path) -> None:
    for number in range(14):
        text = f"{number} quiet words and lines about nothing in particular, every one new: {number * 7919}\n"
        (site / f"{number:02}.html").write_text(text * 11_000)
    for name in ("00.html", "13.html"):
        (site / name).write_text((site / name).read_text() + SECRET)
    with pytest.raises(Leaked) as leaked:
        check(tmp_path)
    assert "00.html:11001" in str(leaked.value)
    assert "13.html:11001" in str(leaked.value)
