"""A full disk and I/O errors at each write, torn and flipped bytes: it refuses or recovers, nobody is told twice."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small import circle, entry, house, person
from torture.harness import KILLER, Runner, Trial, add_update, anew, make_house
from torture.provider import Provider
from torture.sim import World

from pipeline.errors import KithError, LedgerUnusable
from pipeline.ledger import Ledger

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PEOPLE = 6


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with Provider(tmp_path_factory.mktemp("provider") / "books.jsonl") as running:
        yield running


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Runner]:
    with Runner(tmp_path_factory.mktemp("runner"), provider.environ()) as running:
        yield running


@pytest.fixture
def trial(tmp_path: Path, runner: Runner, provider: Provider) -> Trial:
    make_house(tmp_path / "template", PEOPLE, provider.url)
    return anew(Trial(tmp_path / "house", runner, provider, PEOPLE), tmp_path / "template")


def written(trial: Trial) -> list[int]:
    """Every size at which a file of the ledger grows in a run, measured where they are: one page after the other."""
    trial.deliver("commit:9:after")
    most = max(path.stat().st_size for path in (trial.root / "private").iterdir() if path.suffix != ".db-shm")
    return list(range(4096, most + 4096, 4096))


@pytest.mark.parametrize("part", range(3))
def test_where_no_file_can_grow_any_more_the_run_says_so_and_nobody_is_lost(trial: Trial, part: int) -> None:
    """The kernel itself says no at each page in its turn (EFBIG, which SQLite calls an I/O error)."""
    refused = 0
    for room in written(trial)[part::3]:
        anew(trial, trial.root.parent / "template")
        ended = trial.runner.run(trial.root, "none", "deliver", "--yes", room=room)
        assert "Traceback" not in ended.output, ended.output
        if ended.code:
            refused += 1
            assert "private" in ended.output or "ledger" in ended.output, ended.output
        trial.check(1)
        trial.finish()
    assert refused > 3


TMPFS = """
mount -t tmpfs -o size={size}k tmpfs {root}/private || exit 77
{python} {killer} none --house {root} deliver --yes
code=$?
cp -r {root}/private {root}/kept
exit $code
"""


def on_a_small_disk(trial: Trial, size: int) -> subprocess.CompletedProcess[str]:
    """A run with `private/` on a disk of ``size`` KiB, which is looked at and kept when it ends."""
    (trial.root / "private").mkdir()
    script = TMPFS.format(size=size, root=trial.root, python=sys.executable, killer=KILLER)
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    return subprocess.run(
        command, env=os.environ | trial.provider.environ(), capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not shutil.which("unshare"), reason="a small disk needs a mount namespace")
def test_a_really_full_disk_is_named_and_afterwards_everybody_has_one_letter(trial: Trial) -> None:
    refused = 0
    for size in (32, 100, 132, 164, 180, 196, 228, 2000):
        anew(trial, trial.root.parent / "template")
        ended = on_a_small_disk(trial, size)
        if ended.returncode == 77:
            pytest.skip("this machine lets nobody mount a small disk")
        said = ended.stdout + ended.stderr
        assert "Traceback" not in said, said
        refused += ended.returncode != 0
        assert ended.returncode == 0 or "full" in said or "No space" in said, said
        shutil.rmtree(trial.root / "private")
        (trial.root / "kept").rename(trial.root / "private")
        trial.check(1)
        trial.finish()
    assert 2 <= refused < 8, "some disks were too small and some were not"


# bytes that rot


@pytest.fixture
def world(tmp_path: Path) -> World:
    circles = [circle("inner"), circle("weak", 1)]
    crowd = [person(f"p{number}", "inner" if number < 3 else "weak") for number in range(PEOPLE)]
    entries = [entry("e0"), entry("e1")]
    (tmp_path / "world").mkdir()
    return World(tmp_path / "world", lambda now: house(entries, circles, crowd), NOW)


def offsets(size: int, number: int) -> list[int]:
    """All over the file, and every byte of its head."""
    dice = random.Random(7)
    return [*range(0, 100, 3), *(dice.randrange(size) for _ in range(number))]


def test_a_flipped_bit_in_a_ledger_at_rest_is_noticed_wherever_it_is(world: World) -> None:
    world.publish()
    path = world.root / "private" / "ledger.db"
    sound = path.read_bytes()
    for offset in offsets(len(sound), 150):
        data = bytearray(sound)
        data[offset] ^= 1 << (offset % 8)
        path.write_bytes(data)
        with pytest.raises(LedgerUnusable):
            Ledger.open(world.root / "private", NOW)
        with pytest.raises(LedgerUnusable):
            Ledger.peek(world.root / "private")
        assert path.read_bytes() == data, "it is left as it is"
    path.write_bytes(sound)
    world.publish()
    world.check()


def test_a_ledger_cut_off_anywhere_is_never_taken_for_an_empty_one(world: World) -> None:
    world.publish()
    path = world.root / "private" / "ledger.db"
    sound = path.read_bytes()
    for seal in (True, False):
        if not seal:
            (world.root / "private" / "ledger.seal").unlink()
        for size in [0, 1, 15, 16, 99, 100, 4095, *range(4096, len(sound), 4096)]:
            path.write_bytes(sound[:size])
            with pytest.raises(LedgerUnusable):
                Ledger.open(world.root / "private", NOW)


def lives_on(world: World, private: Path) -> bool:
    """Whether a run goes on with what is in ``private``; nobody may be told twice by it, and nothing be forgotten."""
    known = {letter.delivery_id for letter in world.books.taken}
    try:
        with Ledger.open(private, NOW) as ledger:
            assert known <= {one.id for one in ledger.deliveries()}, "it was taken for an emptier one"
            ledger.audit()
            pending = {one.id for one in ledger.deliveries() if one.state == "pending"}
            assert not pending & known, "it would go a second time"
            for one in pending:
                ledger.letter(one)
    except KithError:
        return False
    return True


@pytest.fixture
def killed(world: World) -> Path:
    """What a run left that was killed in mid-issue: no seal, and commits that are only in the log."""
    world.publish()
    entries = [entry("e0"), entry("e1"), entry("e2")]
    here = world.house(NOW)
    world.house = lambda now: house(entries, list(here.circles), list(here.people))
    assert world.publish(50) is None
    assert len(world.books.taken) > PEOPLE, "it had begun with the second issue"
    assert (world.root / "private" / "ledger.db-wal").stat().st_size > 8192
    return world.root / "private"


def ruined(killed: Path, name: str, change: bytes) -> Path:
    """A copy of it with other bytes in one file."""
    copy = killed.parent.parent / "ruined" / "private"
    shutil.rmtree(copy.parent, ignore_errors=True)
    shutil.copytree(killed, copy)
    (copy / name).write_bytes(change)
    return copy


def test_a_log_torn_anywhere_is_taken_up_to_there_or_refused(world: World, killed: Path) -> None:
    log = (killed / "ledger.db-wal").read_bytes()
    results = [lives_on(world, ruined(killed, "ledger.db-wal", log[:size])) for size in range(0, len(log), 1031)]
    assert lives_on(world, ruined(killed, "ledger.db-wal", log))
    assert results.count(False) > len(results) / 4, "often it is an older ledger then, and that is noticed"


def test_a_flipped_bit_in_the_log_ends_it_there_or_is_refused(world: World, killed: Path) -> None:
    log = (killed / "ledger.db-wal").read_bytes()
    for offset in offsets(len(log), 60):
        data = bytearray(log)
        data[offset] ^= 4
        lives_on(world, ruined(killed, "ledger.db-wal", bytes(data)))


def test_a_flipped_bit_in_an_open_ledger_never_raises_anything_but_a_clear_refusal(world: World, killed: Path) -> None:
    """Its seal is broken while a run holds it, so that a name may be wrong unnoticed; but it never empties."""
    sound = (killed / "ledger.db").read_bytes()
    refused = 0
    for offset in offsets(len(sound), 100):
        data = bytearray(sound)
        data[offset] ^= 1 << (offset % 8)
        try:
            with Ledger.open(ruined(killed, "ledger.db", bytes(data)), NOW) as ledger:
                ledger.audit()
                ledger.history({})
                assert ledger.deliveries()
        except KithError:
            refused += 1
    assert refused


DAMAGED = (b"", b"\x00" * 42, b"12", b"x" * 42, b"-5 -7", b"\xff", f"{3:020d} {0:020d}\r\n".encode())


@pytest.mark.parametrize("junk", DAMAGED)
@pytest.mark.parametrize("folder", ["private", "build"])
def test_a_count_that_is_damaged_is_not_taken_for_none(world: World, folder: str, junk: bytes) -> None:
    """What it counted is not known, so an older copy of the ledger would not be noticed."""
    world.publish()
    before = (world.root / folder / "ledger.mark").read_bytes()
    (world.root / folder / "ledger.mark").write_bytes(junk)
    with pytest.raises(LedgerUnusable, match=rf"{folder}/ledger\.mark: it is damaged\. .*remove this file"):
        world.publish()
    (world.root / folder / "ledger.mark").write_bytes(before)
    assert world.publish() is not None
    world.check()


def test_a_damaged_count_can_be_removed_and_is_made_again(world: World) -> None:
    world.publish()
    before = (world.root / "build" / "ledger.mark").read_bytes()
    (world.root / "build" / "ledger.mark").unlink()
    with Ledger.open(world.root / "private", NOW) as ledger:
        ledger.choose("p1", {"cadence": "weekly"}, NOW)
    assert (world.root / "build" / "ledger.mark").read_bytes() > before


def test_a_damaged_count_beside_an_older_ledger_tells_nobody_twice(trial: Trial) -> None:
    assert trial.deliver().code == 0
    shutil.copytree(trial.root / "private", trial.root.parent / "backup")
    add_update(trial.root, "sun", "2020-01-03", "The sun is back.")
    assert trial.deliver().code == 0
    taken = trial.provider.taken()
    shutil.rmtree(trial.root / "private")
    shutil.copytree(trial.root.parent / "backup", trial.root / "private")
    (trial.root / "build" / "ledger.mark").write_bytes(b"\x00" * 42)
    ended = trial.deliver()
    assert ended.code == 1
    assert "build/ledger.mark: it is damaged" in ended.output
    assert trial.provider.taken() == taken
    assert trial.runner.run(trial.root, "none", "baseline", "--yes").code == 0
    assert trial.deliver().code == 0, "the count is made anew"
    assert trial.provider.taken() == taken


@pytest.mark.parametrize("junk", [b"", b"x", b"\xff" * 64])
def test_a_seal_that_is_damaged_is_not_taken_for_none(world: World, junk: bytes) -> None:
    world.publish()
    (world.root / "private" / "ledger.seal").write_bytes(junk)
    with pytest.raises(LedgerUnusable, match="it is not as Kith left it"):
        world.publish()


def test_a_folder_that_is_a_file_is_one_clear_message(trial: Trial) -> None:
    (trial.root / "private").write_text("not a folder")
    ended = trial.deliver()
    assert ended.code == 1
    assert "private/" in ended.output
