"""The steps beside the ledger: whole or none, known by their numbers, and never taken for another ledger's."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import NOW

from pipeline import steplog
from pipeline.errors import KithError, LedgerUnusable
from pipeline.ledger import Ledger
from pipeline.outgoing import DeliveryState
from pipeline.planned import Plan
from pipeline.records import Outcome
from pipeline.standing import settle
from pipeline.steplog import Step, StepLog
from tests.test_ledger import issue

PEOPLE = ["wei", "tom", "lu", "mei", "ann"]
SUBMITTED = DeliveryState.SUBMITTED


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """What a run leaves that is killed while its third letter is on the way, all in one window."""
    folder = tmp_path / "alive" / "private"
    folder.mkdir(parents=True)
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", *PEOPLE)], [], ["a"])
        ledger.step([], ["i1-wei"], NOW, [f"i1-{who}" for who in PEOPLE[1:]])
        ledger.step([Outcome("i1-wei", SUBMITTED, "202", "m1")], ["i1-tom"], NOW)
        ledger.step([Outcome("i1-tom", DeliveryState.REFUSED, "550 没有", blocks=True)], ["i1-lu"], NOW)
        left = tmp_path / "left" / "private"
        shutil.copytree(folder, left, ignore=shutil.ignore_patterns("*-shm"))
    return left


def states(folder: Path) -> dict[str, str]:
    with Ledger.open(folder, NOW) as ledger:
        ledger.audit()
        return {one.who: str(one.state) for one in ledger.deliveries()}


def steps(folder: Path) -> Path:
    return folder / steplog.FILE


without_marks = shutil.ignore_patterns("ledger.mark")
AFTER = {"wei": "submitted", "tom": "refused", "lu": "uncertain", "mei": "pending", "ann": "pending"}


def test_a_step_with_nothing_to_say_writes_nothing(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW) as ledger:
        ledger.step([], [], NOW)
        assert not steps(tmp_path).exists()


def test_a_killed_run_has_lost_nothing_that_it_had_written(killed: Path) -> None:
    assert states(killed) == AFTER
    assert states(killed) == AFTER, "it is taken in once"
    assert not steps(killed).exists(), "a ledger at rest is one file"


def test_whoever_only_looks_sees_the_steps_as_well_and_changes_nothing(killed: Path) -> None:
    before = {path.name: path.read_bytes() for path in killed.iterdir() if not path.name.endswith("-shm")}
    beside = Ledger.peek(killed)
    assert beside is not None
    assert {one.who: str(one.state) for one in beside.deliveries()} == AFTER
    assert [one.message_id for one in beside.deliveries()][:2] == ["m1", ""]
    beside.audit()
    beside.close()
    after = {path.name: path.read_bytes() for path in killed.iterdir() if not path.name.endswith("-shm")}
    assert after == before


def test_a_line_that_was_cut_off_is_as_if_it_had_not_been_written(killed: Path) -> None:
    whole = steps(killed).read_bytes().rstrip(b"\0")
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in (last + 1, (last + len(whole)) // 2, len(whole) - 1):
        # The count beside the ledger is written after the line, so that it was not there yet.
        torn = shutil.copytree(killed, killed.parent / f"torn{end}" / "private", ignore=without_marks)
        steps(torn).write_bytes(whole[:end])
        assert states(torn) == AFTER | {"tom": "uncertain", "lu": "pending"}, "its letter never left"


@pytest.mark.parametrize("place", [0, 3, 12, 40, -3])
def test_a_changed_byte_is_damage_and_nobody_is_told_twice_by_it(killed: Path, place: int) -> None:
    data = bytearray(steps(killed).read_bytes().rstrip(b"\0"))
    data[place] ^= 1
    steps(killed).write_bytes(data)
    with pytest.raises(LedgerUnusable, match="not as Kith left it"):
        Ledger.open(killed, NOW)


def test_after_a_loss_of_power_whatever_is_left_of_the_steps_is_good(
    killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "another start of the machine")
    whole = steps(killed).read_bytes().rstrip(b"\0")
    found = set()
    for end in (*range(0, len(whole), 7), len(whole)):
        cut = shutil.copytree(killed, killed.parent / f"cut{end}" / "private")
        steps(cut).write_bytes(whole[:end] + b"\0" * 50)
        found.add(tuple(states(cut).values()))
    rest = ("uncertain", "uncertain", "uncertain")
    became = {("uncertain", "uncertain"), ("submitted", "uncertain"), ("submitted", "refused")}
    assert found == {(*first, *rest) for first in became}


def test_steps_that_follow_another_ledger_are_refused(killed: Path, tmp_path: Path) -> None:
    """Somebody restored the ledger from before the window, and left the steps of a killed run beside it."""
    older = tmp_path / "older" / "private"
    older.mkdir(parents=True)
    with Ledger.open(older, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", *PEOPLE)], [], ["a"])
    shutil.copy(steps(killed), steps(older))
    with pytest.raises(LedgerUnusable, match="it follows another ledger"):
        Ledger.open(older, NOW)


def test_steps_that_were_removed_after_a_kill_are_missed(killed: Path) -> None:
    steps(killed).unlink()
    with pytest.raises(LedgerUnusable, match="older copy: 2 letters"):
        Ledger.open(killed, NOW)


def test_without_room_for_its_steps_no_window_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "private"
    folder.mkdir()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
        monkeypatch.setattr(os, "posix_fallocate", full)
        with pytest.raises(LedgerUnusable, match="Is the disk full"):
            ledger.step([], ["i1-wei"], NOW)
    assert states(folder) == {"wei": "pending"}, "it was not begun, so it is not uncertain"


def test_a_long_run_keeps_its_steps_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steplog, "_LONGEST", 2_000)
    log = StepLog(tmp_path)
    largest = 0
    for number in range(1, 200):
        log.reserve()
        log.write(
            Step(number, "2026-11-21T09:30:00+00:00", [("d", "submitted", "202", "m", False)], ["e"]), through=False
        )
        largest = max(largest, len((tmp_path / steplog.FILE).read_bytes().rstrip(b"\0")))
        if number % 10 == 0:
            log.clear()
    assert largest < 4_000
    log.close()
    assert [step.number for step in steplog.read(tmp_path, trusted=True)][-9:] == list(range(191, 200))


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
rows = st.tuples(words, words, words, words, st.booleans())


@given(st.lists(st.tuples(st.lists(rows, max_size=3), st.lists(words, max_size=3)), max_size=6), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_what_is_read_is_what_was_written_up_to_a_cut(
    tmp_path_factory: pytest.TempPathFactory,
    written: list[tuple[list[tuple[str, str, str, str, bool]], list[str]]],
    cut: int,
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    log = StepLog(folder)
    made = [Step(number, "at", outcomes, begun) for number, (outcomes, begun) in enumerate(written, 1)]
    for step in made:
        log.write(step, through=False)
    log.close()
    assert steplog.read(folder, trusted=True) == made
    data = (folder / steplog.FILE).read_bytes() if made else b""
    (folder / steplog.FILE).write_bytes(data[: max(0, len(data) - cut)])
    left = steplog.read(folder, trusted=True)
    assert left == made[: len(left)]


def test_baseline_takes_up_a_ledger_whose_steps_are_damaged_and_tells_nobody_twice(killed: Path) -> None:
    data = bytearray(steps(killed).read_bytes().rstrip(b"\0"))
    data[12] ^= 1
    steps(killed).write_bytes(data)
    with Ledger.open(killed, NOW, older=True) as ledger:
        assert {str(one.state) for one in ledger.deliveries()} == {"uncertain"}, "any of them may have gone"
    assert (killed / f"{steplog.FILE}.aside").exists(), "a person may want to look at it"
    assert set(states(killed).values()) == {"uncertain"}


def test_a_new_ledger_is_empty_whatever_lies_beside_the_old_ones_place(killed: Path) -> None:
    """Somebody moved the ledger away, as Kith advises, and left its log."""
    assert (killed / "ledger.db-wal").stat().st_size
    (killed / "ledger.db").rename(killed.parent / "moved.db")
    (killed / "secret.key").write_text("00" * 32)
    with Ledger.open(killed, NOW, older=True) as ledger:
        assert ledger.deliveries() == []
    assert states(killed) == {}


@pytest.mark.parametrize("reserve", [None, OSError(95, "Operation not supported")])
def test_where_no_room_can_be_reserved_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reserve: OSError | None
) -> None:
    """macOS has no such call, and some file systems do not know it."""

    def no(*_: object) -> None:
        assert reserve is not None
        raise reserve

    if reserve is None:
        monkeypatch.delattr(os, "posix_fallocate")
    else:
        monkeypatch.setattr(os, "posix_fallocate", no)
    folder = tmp_path / "private"
    folder.mkdir()
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
        ledger.step([], ["i1-wei"], NOW, ["i1-tom"])
        assert steps(folder).stat().st_size >= steplog.ROOM
        ledger.step([Outcome("i1-wei", SUBMITTED)], ["i1-tom"], NOW)
        left = shutil.copytree(folder, tmp_path / "left" / "private", ignore=shutil.ignore_patterns("*-shm"))
    assert states(left) == {"wei": "submitted", "tom": "uncertain"}


def test_where_starts_of_the_machine_cannot_be_told_apart_a_kill_leaves_one_letter_uncertain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "")
    folder = tmp_path / "alive" / "private"
    folder.mkdir(parents=True)
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", *PEOPLE)], [], ["a"])
        ledger.step([], ["i1-wei"], NOW, [f"i1-{who}" for who in PEOPLE[1:]])
        left = shutil.copytree(folder, tmp_path / "left" / "private", ignore=shutil.ignore_patterns("*-shm"))
    assert states(left) == {"wei": "uncertain"} | dict.fromkeys(PEOPLE[1:], "pending")


def test_a_copy_from_the_middle_of_a_window_that_lacks_a_readers_wish_is_not_taken_for_a_loss_of_power(
    killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = shutil.copytree(killed, tmp_path / "backup" / "private")
    with Ledger.open(killed, NOW) as ledger:
        ledger.choose("ann", {"state": "unsubscribed"}, NOW)
    shutil.copy(killed / "ledger.mark", backup / "ledger.mark")
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "another start of the machine")
    with pytest.raises(LedgerUnusable, match="letters or wishes of readers are missing"):
        Ledger.open(backup, NOW)


def test_a_ledger_that_is_refused_is_left_as_it_was(killed: Path, tmp_path: Path) -> None:
    (tmp_path / "left" / "build").mkdir()
    (tmp_path / "left" / "build" / "ledger.mark").write_text(f"{99:020d} {99:020d}\n")
    before = {name: (killed / name).read_bytes() for name in ("ledger.db", "ledger.db-wal", "ledger.steps")}
    with pytest.raises(LedgerUnusable, match="older copy"):
        Ledger.open(killed, NOW)
    assert {name: (killed / name).read_bytes() for name in before if (killed / name).exists()}.items() >= {
        ("ledger.steps", before["ledger.steps"])
    }
    (tmp_path / "left" / "build" / "ledger.mark").unlink()
    assert states(killed) == AFTER


def test_everything_that_is_uncertain_can_be_settled_at_once(killed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "another start of the machine")
    assert Counter(states(killed).values())["uncertain"] == 3
    assert settle(killed.parent, "all", False, NOW)[-1] == "3 letters: not taken, so told again with the next publish"
    assert states(killed) == {"wei": "submitted", **dict.fromkeys(PEOPLE[1:], "refused")}
    with pytest.raises(KithError, match="Nothing is uncertain"):
        settle(killed.parent, "all", True, NOW)
