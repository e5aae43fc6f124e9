"""One run at a time, and never one that goes by an older copy of the ledger."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fake_sendgrid import KEY
from houses import run
from test_ledger import NOW, became, issue
from torture.harness import KILLED, Runner, add_update, counts, deliver_beside, make_house
from torture.provider import Gate

from pipeline.errors import LedgerUnusable
from pipeline.ledger import Ledger
from pipeline.outgoing import DeliveryState
from pipeline.planned import Plan
from pipeline.records import Outcome

PEOPLE = 4
ENVIRON = {"SENDGRID_API_KEY": KEY}


@pytest.fixture
def root(tmp_path: Path, gate: Gate) -> Path:
    return make_house(tmp_path / "house", PEOPLE, gate.url)


def test_of_two_runs_at_once_one_refuses_and_everybody_has_one_letter(root: Path, gate: Gate, runner: Runner) -> None:
    runner.start(root, "none", "deliver", "--yes")
    assert gate.reached.wait(60)
    second = deliver_beside(root, ENVIRON)
    gate.go.set()
    first = runner.end()
    assert (first.code, second.code) == (0, 1)
    assert "another run of Kith holds the ledger" in second.output
    assert sorted(gate.to()) == [f"p{number}@example.org" for number in range(PEOPLE)]


@pytest.mark.parametrize("command", [["settle", "x", "taken"], ["baseline", "--yes"], ["choice", "p1", "--leave"]])
def test_nothing_else_writes_beside_a_run_either(root: Path, gate: Gate, runner: Runner, command: list[str]) -> None:
    runner.start(root, "none", "deliver", "--yes")
    assert gate.reached.wait(60)
    ran = run(root, *command)
    report = run(root, "report")
    gate.go.set()
    assert runner.end().code == 0
    assert ran.code == 1
    assert "another run" in ran.err
    assert report.code == 0, "but looking on is allowed"


def test_a_lock_that_a_killed_run_left_holds_nobody_up(root: Path, gate: Gate, runner: Runner) -> None:
    assert runner.run(root, "commit:3:after", "deliver", "--yes").code == KILLED
    gate.go.set()
    assert runner.run(root, "none", "deliver", "--yes").code in (0, 1)
    assert len(gate.to()) >= PEOPLE - 1


@pytest.fixture
def lived(root: Path, gate: Gate, runner: Runner) -> Path:
    """A house whose last issue went after its ledger, and all of `private/`, had been copied."""
    gate.go.set()
    assert runner.run(root, "none", "deliver", "--yes").code == 0
    shutil.copytree(root / "private", root.parent / "backup")
    add_update(root, "sun", "2020-01-03", "The sun is back.")
    assert runner.run(root, "none", "deliver", "--yes").code == 0
    assert len(gate.to()) == 2 * PEOPLE
    return root


def restore(root: Path, what: str) -> None:
    backup = root.parent / "backup"
    if what == "all of private/":
        shutil.rmtree(root / "private")
        shutil.copytree(backup, root / "private")
        return
    shutil.copy(backup / "ledger.db", root / "private" / "ledger.db")
    if what == "the ledger and its seal":
        shutil.copy(backup / "ledger.seal", root / "private" / "ledger.seal")
    if what == "the ledger, with the seal taken away":
        (root / "private" / "ledger.seal").unlink()


WAYS = ["the ledger", "the ledger and its seal", "the ledger, with the seal taken away", "all of private/"]


@pytest.mark.parametrize("what", WAYS)
def test_a_run_with_a_restored_backup_refuses(lived: Path, gate: Gate, runner: Runner, what: str) -> None:
    restore(lived, what)
    for _ in range(2):
        ran = runner.run(lived, "none", "deliver", "--yes")
        assert ran.code == 1
        assert f"older copy: {PEOPLE} letters or wishes of readers are missing in it" in ran.output
    assert len(gate.to()) == 2 * PEOPLE


@pytest.mark.parametrize("what", WAYS)
def test_a_backup_that_is_taken_up_all_the_same_tells_nobody_twice(
    lived: Path, gate: Gate, runner: Runner, what: str
) -> None:
    restore(lived, what)
    assert runner.run(lived, "none", "baseline", "--yes").code == 0
    assert "submitted ·" not in runner.run(lived, "none", "deliver", "--yes").output
    add_update(lived, "snow", "2020-01-04", "Snow.")
    assert runner.run(lived, "none", "deliver", "--yes").code == 0
    assert len(gate.to()) == 3 * PEOPLE


def test_what_was_pending_in_a_backup_is_uncertain_once_it_is_taken_up(root: Path, gate: Gate, runner: Runner) -> None:
    """It may have gone since, so that it must not go by itself."""
    assert runner.run(root, "commit:2:after", "deliver", "--yes").code == KILLED
    shutil.copytree(root / "private", root.parent / "backup", ignore=shutil.ignore_patterns("*-shm"))
    gate.go.set()
    assert runner.run(root, "none", "deliver", "--yes").code == 0
    assert len(gate.to()) == PEOPLE
    restore(root, "all of private/")
    assert runner.run(root, "none", "baseline", "--yes").code == 0
    ran = runner.run(root, "none", "deliver", "--yes")
    assert ran.code == 1, "a person is needed"
    assert len(gate.to()) == PEOPLE
    assert counts(root) == {"uncertain": PEOPLE}


def test_a_backup_that_does_not_know_who_left_meanwhile_is_refused(root: Path, gate: Gate, runner: Runner) -> None:
    gate.go.set()
    assert runner.run(root, "none", "deliver", "--yes").code == 0
    shutil.copytree(root / "private", root.parent / "backup")
    assert runner.run(root, "none", "choice", "p1", "--leave").code == 0
    add_update(root, "sun", "2020-01-03", "The sun is back.")
    restore(root, "all of private/")
    assert "it is an older copy" in runner.run(root, "none", "deliver", "--yes").output
    assert len(gate.to()) == PEOPLE


@pytest.fixture
def private(tmp_path: Path) -> Path:
    (tmp_path / "alone" / "private").mkdir(parents=True)
    return tmp_path / "alone" / "private"


def test_a_backup_from_the_middle_of_a_window_is_not_taken_for_a_loss_of_power(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was open, so a few lost letters would be no wonder; but other letters than those were begun since."""
    everybody = ["wei", "tom", "lu", "mei"]
    with Ledger.open(private, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", *everybody)], [], ["a"])
        ledger.step([], ["i1-wei"], NOW, [f"i1-{who}" for who in everybody[1:]])
        backup = shutil.copytree(private, private.parent / "backup", ignore=shutil.ignore_patterns("*-shm"))
        ledger.step([Outcome("i1-wei", DeliveryState.SUBMITTED)], [], NOW)
    with Ledger.open(private, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i2", "ann")], [], ["b"])
        became(ledger, "i2-ann", DeliveryState.SUBMITTED)
    shutil.rmtree(private)
    backup.rename(private)
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "another start of the machine")
    with pytest.raises(LedgerUnusable, match="older copy: 1 letters"):
        Ledger.open(private, NOW)


def test_after_a_loss_of_power_letters_that_were_tried_again_do_not_accuse_the_ledger(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun four times, it counts four times; a ledger cut off before is still the newest there is."""
    with Ledger.open(private, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
        for again in range(4):
            ledger.step([Outcome("i1-wei", DeliveryState.PENDING)] if again else [], [], NOW)
            ledger.step([], ["i1-wei"], NOW, ["i1-tom"])
        ledger.step([Outcome("i1-wei", DeliveryState.SUBMITTED)], ["i1-tom"], NOW)
        left = shutil.copytree(private, private.parent / "left" / "private", ignore=shutil.ignore_patterns("*-shm"))
    (left / "ledger.steps").unlink()
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "another start of the machine")
    with Ledger.open(left, NOW) as ledger:
        assert ledger.counts() == {"uncertain": 2}


def test_a_log_that_was_left_beside_another_ledger_is_not_mixed_into_it(root: Path, gate: Gate, runner: Runner) -> None:
    gate.go.set()
    assert runner.run(root, "none", "deliver", "--yes").code == 0
    shutil.copytree(root / "private", root.parent / "backup")
    add_update(root, "sun", "2020-01-03", "The sun is back.")
    assert runner.run(root, "none", "deliver", "--yes").code == 0
    add_update(root, "snow", "2020-01-04", "Snow.")
    assert runner.run(root, "commit:4:after", "deliver", "--yes").code == KILLED
    taken = len(gate.to())
    for what in ("the ledger and its seal", "the ledger"):
        restore(root, what)
        assert runner.run(root, "none", "deliver", "--yes").code == 1
    assert len(gate.to()) == taken
