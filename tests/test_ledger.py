from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from small import NOW

from pipeline import frozen, ledgerfile
from pipeline.errors import LedgerUnusable, Miscounted
from pipeline.ledger import FILE, Ledger
from pipeline.outgoing import DeliveryState, Frozen, Issue, Letter, Picture, Sheet
from pipeline.planned import Held, Plan
from pipeline.recall import HALF
from pipeline.records import Outcome

MARKS = {"wei": "mark-wei", "tom": "mark-tom"}


SHEET = Sheet(
    "HOLEhello text HOLEtoken", "<p>HOLEhello</p>HOLEtoken", "HOLE", (Picture("c", "p.jpg", "image/jpeg", b"\x00\xff"),)
)


def one(who: str, issue: str = "i1", entries: tuple[str, ...] = ("a",)) -> Frozen:
    stub = Letter(
        delivery_id=f"{issue}-{who}", person=who, sender="Lin <lin@example.org>", to=f"{who}@example.org", to_name="伟",
        reply_to="", subject="Käse 一", text="", html="", date=NOW, language="zh",
        headers=(("List-Id", "<x>"),), entries=entries,
    )  # fmt: skip
    return Frozen(stub, SHEET, f"Hello {who} & co", f"token-{who}", issue, f"mark-{who}")


def issue(name: str = "i1", *who: str, held: tuple[Held, ...] = (), entries: tuple[str, ...] = ("a",)) -> Issue:
    return Issue(name, tuple(one(person, name, entries) for person in who), held)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The ``private/`` of a house of its own."""
    (tmp_path / "private").mkdir()
    return tmp_path / "private"


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    with Ledger.open(folder, NOW) as opened:
        yield opened


def became(ledger: Ledger, delivery: str, state: DeliveryState, reason: str = "", **more: object) -> None:
    """Begins a delivery and records what became of it."""
    ledger.step([], [delivery], NOW)
    ledger.step([Outcome(delivery, state, reason, **more)], [], NOW)


@contextmanager
def raw(folder: Path) -> Iterator[sqlite3.Connection]:
    """The ledger's file as anybody could open it, who takes the seal away."""
    (folder / "ledger.seal").unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / FILE)) as database, database:
        yield database


def test_a_letter_is_thawed_as_it_was_frozen(ledger: Ledger) -> None:
    ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
    for who in ("wei", "tom"):
        letter = ledger.letter(f"i1-{who}")
        assert letter == one(who)
        assert frozen.whole(letter).html == f"<p>Hello {who} &amp; co</p>token-{who}"


def test_a_letter_whose_bytes_changed_never_leaves(folder: Path) -> None:
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
    with raw(folder) as database:
        other = frozen.pack_sheet(replace(SHEET, text="something else HOLEhello HOLEtoken"))
        database.execute("UPDATE sheets SET sheet=?", (other,))
    with Ledger.open(folder, NOW) as ledger, pytest.raises(LedgerUnusable, match="damaged"):
        ledger.letter("i1-wei")


def test_the_letters_of_an_issue_share_one_sheet(folder: Path) -> None:
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", *[f"p{number}" for number in range(50)])], [], ["a"])
    with raw(folder) as database:
        assert database.execute("SELECT count(*) FROM sheets").fetchone() == (1,)


def test_what_was_frozen_counts_as_told_until_it_is_refused(ledger: Ledger) -> None:
    ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a", "b"])
    assert ledger.history(MARKS).told == {"wei": frozenset("a"), "tom": frozenset("a")}
    became(ledger, "i1-tom", DeliveryState.REFUSED, "550 no such mailbox", blocks=True)
    history = ledger.history(MARKS)
    assert history.told == {"wei": frozenset("a")}
    assert "550 no such mailbox" in history.blocked["tom"]
    assert "tom" not in ledger.history({"tom": "another address"}).blocked, "a corrected address may be tried"


def test_an_outcome_survives_closing_and_opening(folder: Path) -> None:
    with Ledger.open(folder, NOW) as first:
        first.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
        became(first, "i1-wei", DeliveryState.SUBMITTED, message_id="abc")
    with Ledger.open(folder, NOW) as second:
        (found,) = second.deliveries()
    assert (found.state, found.message_id) == (DeliveryState.SUBMITTED, "abc")


def test_what_a_killed_run_left_submitting_is_uncertain(folder: Path) -> None:
    with Ledger.open(folder, NOW) as first:
        first.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
        first.step([], ["i1-wei"], NOW)
    with Ledger.open(folder, NOW) as second:
        assert second.counts() == {"uncertain": 1, "pending": 1}


def test_settled_as_not_taken_is_told_again_and_settled_as_taken_is_not(ledger: Ledger) -> None:
    ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
    for who in ("wei", "tom"):
        became(ledger, f"i1-{who}", DeliveryState.UNCERTAIN, "the connection broke")
    ledger.settle("i1-wei", taken=True, now=NOW)
    ledger.settle("i1-tom", taken=False, now=NOW)
    history = ledger.history(MARKS)
    assert history.told == {"wei": frozenset("a")}
    assert not history.blocked, "a person's verdict says nothing against the address"


def test_an_audience_that_does_not_add_up_stops_everything(folder: Path) -> None:
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei", held=(Held("tom", "paused", ("a",)),))], [], ["a"])
        ledger.audit()
    with raw(folder) as database:
        database.execute("DELETE FROM deliveries")
    with Ledger.open(folder, NOW) as ledger, pytest.raises(Miscounted, match="2 people, but 1"):
        ledger.audit()


def test_a_freeze_is_all_or_nothing(ledger: Ledger) -> None:
    twice = [issue("i1", "wei"), issue("i1", "tom")]
    with pytest.raises(LedgerUnusable):
        ledger.freeze(Plan(NOW, baseline=(("wei", ("old",)),)), twice, [], ["a"])
    assert not ledger.deliveries()
    assert not ledger.history(MARKS).told
    assert not ledger.dates()


def test_only_one_run_holds_the_ledger(folder: Path) -> None:
    with Ledger.open(folder, NOW), pytest.raises(LedgerUnusable, match="another run"):
        Ledger.open(folder, NOW)
    Ledger.open(folder, NOW).close()


@pytest.mark.parametrize(
    "damage", [b"", b"not a database at all, but a text of some length " * 50, b"SQLite format 3\0"]
)
def test_a_ledger_that_cannot_be_read_is_never_taken_for_an_empty_one(folder: Path, damage: bytes) -> None:
    (folder / FILE).write_bytes(damage)
    with pytest.raises(LedgerUnusable):
        Ledger.open(folder, NOW)
    with pytest.raises(LedgerUnusable):
        Ledger.peek(folder)
    assert (folder / FILE).read_bytes() == damage, "nothing was written over it"


def test_a_damaged_page_is_noticed(folder: Path) -> None:
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue(f"i{number}", "wei", "tom") for number in range(40)], [], ["a"])
    data = bytearray((folder / FILE).read_bytes())
    data[8192:12288] = os.urandom(4096)
    (folder / FILE).write_bytes(data)
    with pytest.raises(LedgerUnusable):
        Ledger.open(folder, NOW)


def test_a_ledger_of_a_newer_kith_is_left_alone(folder: Path) -> None:
    Ledger.open(folder, NOW).close()
    with raw(folder) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(LedgerUnusable, match="newer Kith"):
        Ledger.open(folder, NOW)


def earlier(folder: Path, monkeypatch: pytest.MonkeyPatch, later: str) -> bytes:
    """A ledger of the version before this one, in which `wei` was told `a`; gives its bytes."""
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
    monkeypatch.setattr(ledgerfile, "LATER", (*ledgerfile.LATER, later))
    return (folder / FILE).read_bytes()


def test_a_ledger_of_an_earlier_version_is_brought_up_when_it_is_opened_for_writing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier(folder, monkeypatch, "CREATE TABLE fresh (name TEXT); INSERT INTO fresh SELECT entry FROM seen;")
    for _ in range(2):
        with Ledger.open(folder, NOW) as ledger:
            assert ledger.history(MARKS).told == {"wei": frozenset({"a"})}
    with raw(folder) as database:
        assert database.execute("SELECT name FROM fresh").fetchall() == [("a",)], "upgraded once, with what it held"
        assert database.execute("PRAGMA user_version").fetchone() == (ledgerfile.newest(),)


def test_reading_a_ledger_of_an_earlier_version_writes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = earlier(folder, monkeypatch, "ALTER TABLE seen ADD COLUMN more TEXT NOT NULL DEFAULT '';")
    ledger = Ledger.peek(folder)
    assert ledger is not None
    with closing(ledger):
        assert ledger.history(MARKS).told == {"wei": frozenset({"a"})}
    assert (folder / FILE).read_bytes() == before


def test_an_upgrade_that_fails_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier(folder, monkeypatch, "CREATE TABLE fresh (name TEXT); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(LedgerUnusable, match="nowhere"):
        Ledger.open(folder, NOW)
    monkeypatch.undo()
    with Ledger.open(folder, NOW) as ledger:
        assert ledger.history(MARKS).told == {"wei": frozenset({"a"})}
    with raw(folder) as database:
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name='fresh'").fetchall()


def test_the_ledger_is_closed_to_others(folder: Path) -> None:
    Ledger.open(folder, NOW).close()
    assert (folder / FILE).stat().st_mode & 0o077 == 0


def test_people_who_were_told_the_same_share_one_row_of_entries(folder: Path) -> None:
    with Ledger.open(folder, NOW) as ledger:
        many = [issue("i1", *[f"p{number}" for number in range(50)], entries=("a", "b", "c"))]
        ledger.freeze(Plan(NOW), many, [], ["a", "b", "c"])
    with raw(folder) as database:
        assert database.execute("SELECT count(*) FROM sets").fetchone() == (1,)


def test_choices_are_read_back_and_can_be_taken_back(ledger: Ledger) -> None:
    ledger.choose("wei", {"state": "paused", "cadence": "weekly", "languages": "zh en"}, NOW)
    choice = ledger.history(MARKS).choices["wei"]
    assert (choice.state, choice.cadence, choice.languages) == ("paused", "weekly", ("zh", "en"))
    ledger.choose("wei", {"cadence": ""}, NOW + timedelta(days=1))
    assert ledger.history(MARKS).choices["wei"].cadence is None


def test_peeking_beside_a_run_reads_and_cannot_write(folder: Path) -> None:
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
        beside = Ledger.peek(folder)
        assert beside is not None
        assert beside.counts() == {"pending": 1}
        with pytest.raises(LedgerUnusable):
            beside.step([], ["i1-wei"], NOW)
        beside.close()


def test_an_older_copy_of_the_ledger_is_noticed(folder: Path) -> None:
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
    copy = (folder / FILE).read_bytes()
    with Ledger.open(folder, NOW) as ledger:
        became(ledger, "i1-wei", DeliveryState.SUBMITTED)
    (folder / FILE).write_bytes(copy)
    (folder / "ledger.mark").unlink()
    with pytest.raises(LedgerUnusable, match="older copy: 1 letters"):
        Ledger.open(folder, NOW)
    with Ledger.open(folder, NOW, older=True) as ledger:
        assert ledger.counts() == {"uncertain": 2}, "they were pending in the copy, and may have gone since"
    Ledger.open(folder, NOW).close()


def test_a_lost_ledger_is_not_replaced_by_an_empty_one(folder: Path) -> None:
    Ledger.open(folder, NOW).close()
    (folder / "secret.key").write_text("00" * 32)
    (folder / FILE).unlink()
    with pytest.raises(LedgerUnusable, match="gone"):
        Ledger.open(folder, NOW)
    assert not (folder / FILE).exists()


@pytest.fixture
def cut_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the disk holds when the machine stops within a window, and is started again."""
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom", "lu", "mei")], [], ["a"])
        ledger.step([], ["i1-wei"], NOW, coming=["i1-tom", "i1-lu"])
        ledger.step([Outcome("i1-wei", DeliveryState.SUBMITTED)], ["i1-tom"], NOW)
        left = shutil.copytree(folder, folder.parent / "left" / "private", ignore=shutil.ignore_patterns("*-shm"))
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "another start of the machine")
    return left


def test_after_a_loss_of_power_the_open_window_is_uncertain(cut_off: Path) -> None:
    with Ledger.open(cut_off, NOW) as ledger:
        states = {delivery.who: delivery.state for delivery in ledger.deliveries()}
    assert states == {"wei": "submitted", "tom": "uncertain", "lu": "uncertain", "mei": "pending"}


def test_a_run_that_ended_by_itself_leaves_no_window_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(folder, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
        ledger.step([], ["i1-wei"], NOW, coming=["i1-tom"])
        ledger.step([Outcome("i1-wei", DeliveryState.SUBMITTED)], [], NOW)
    monkeypatch.setattr("pipeline.ledgerfile.boot", lambda: "the next morning")
    with Ledger.open(folder, NOW) as ledger:
        assert ledger.counts() == {"submitted": 1, "pending": 1}


def test_what_a_killed_run_left_is_shown_as_uncertain_before_anybody_opens_the_ledger(cut_off: Path) -> None:
    beside = Ledger.peek(cut_off)
    assert beside is not None
    assert beside.counts() == {"submitted": 1, "uncertain": 1, "pending": 2}
    assert [one.reason for one in beside.deliveries() if one.state == "uncertain"] == [HALF]
    beside.close()


def test_only_a_pending_letter_can_be_begun(ledger: Ledger) -> None:
    ledger.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
    became(ledger, "i1-wei", DeliveryState.SUBMITTED)
    with pytest.raises(LedgerUnusable, match="not pending"):
        ledger.step([], ["i1-wei"], NOW)


def test_a_letter_counts_from_the_day_on_which_it_was_first_taken_whatever_is_said_of_it_later(ledger: Ledger) -> None:
    ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom", "ann")], [], ["a"])
    taken, doubted, later = (DeliveryState.SUBMITTED, DeliveryState.UNCERTAIN, NOW + timedelta(days=2))
    ledger.step([], ["i1-wei", "i1-tom", "i1-ann"], NOW)
    ledger.step([Outcome("i1-wei", taken), Outcome("i1-tom", doubted), Outcome("i1-ann", doubted)], [], NOW)
    ledger.settle("i1-tom", True, later)
    ledger.settle("i1-ann", False, later)
    assert ledger.submitted_to_since(NOW) == {"wei": 1, "tom": 1}
    assert ledger.submitted_to_since(NOW + timedelta(seconds=1)) == {}
    ledger.freeze(Plan(later), [issue("i2", "wei")], [], ["a"])
    ledger.step([], ["i2-wei"], later)
    ledger.step([Outcome("i2-wei", taken)], [], later)
    assert ledger.submitted_to_since(NOW) == {"wei": 2, "tom": 1}
    assert ledger.submitted_to_since(later) == {"wei": 1}
