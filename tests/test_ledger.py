from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import frozen
from pipeline.errors import LedgerUnusable, Miscounted
from pipeline.ledger import FILE, Ledger
from pipeline.model import DeliveryState, Frozen, Held, Issue, Letter, Picture, Plan, Receipt
from small import NOW

MARKS = {"wei": "mark-wei", "tom": "mark-tom"}


def letter(who: str, issue: str = "i1", entries: tuple[str, ...] = ("a",)) -> Letter:
    return Letter(
        delivery_id=f"{issue}-{who}", person=who, sender="Lin <lin@example.org>", to=f"{who}@example.org", to_name="伟",
        reply_to="", subject="Käse 一", text="text", html="<p>html</p>", date=NOW, language="zh",
        headers=(("List-Id", "<x>"),), entries=entries, inline=(Picture("c", "p.jpg", "image/jpeg", b"\x00\xff"),),
    )  # fmt: skip


def issue(name: str = "i1", *who: str, held: tuple[Held, ...] = (), entries: tuple[str, ...] = ("a",)) -> Issue:
    return Issue(name, tuple(Frozen(letter(one, name, entries), name, f"mark-{one}") for one in who), held)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path, NOW) as opened:
        yield opened


@contextmanager
def raw(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The ledger's file as anybody could open it."""
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        yield database


def test_a_letter_is_thawed_as_it_was_frozen() -> None:
    assert frozen.thaw(frozen.freeze(letter("wei"))) == letter("wei")
    assert frozen.freeze(letter("wei")) == frozen.freeze(letter("wei"))


def test_what_was_frozen_counts_as_told_until_it_is_refused(ledger: Ledger) -> None:
    ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a", "b"])
    assert ledger.history(MARKS).told == {"wei": frozenset("a"), "tom": frozenset("a")}
    ledger.begin("i1-tom", NOW)
    ledger.refused("i1-tom", NOW, "550 no such mailbox")
    history = ledger.history(MARKS)
    assert history.told == {"wei": frozenset("a")}
    assert "550 no such mailbox" in history.blocked["tom"]
    assert "tom" not in ledger.history({"tom": "another address"}).blocked, "a corrected address may be tried"


def test_an_outcome_survives_closing_and_opening(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW) as first:
        first.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
        first.begin("i1-wei", NOW)
        first.submitted("i1-wei", NOW, Receipt("abc"))
    with Ledger.open(tmp_path, NOW) as second:
        (one,) = second.deliveries()
    assert (one.state, one.message_id) == (DeliveryState.SUBMITTED, "abc")


def test_what_a_killed_run_left_submitting_is_uncertain(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW) as first:
        first.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
        first.begin("i1-wei", NOW)
    with Ledger.open(tmp_path, NOW) as second:
        assert second.counts() == {"uncertain": 1, "pending": 1}


def test_settled_as_not_taken_is_told_again_and_settled_as_taken_is_not(ledger: Ledger) -> None:
    ledger.freeze(Plan(NOW), [issue("i1", "wei", "tom")], [], ["a"])
    for who in ("wei", "tom"):
        ledger.begin(f"i1-{who}", NOW)
        ledger.uncertain(f"i1-{who}", NOW, "the connection broke")
    ledger.settle("i1-wei", taken=True, now=NOW)
    ledger.settle("i1-tom", taken=False, now=NOW)
    history = ledger.history(MARKS)
    assert history.told == {"wei": frozenset("a")}
    assert not history.blocked, "a person's verdict says nothing against the address"


def test_an_audience_that_does_not_add_up_stops_everything(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei", held=(Held("tom", "paused", ("a",)),))], [], ["a"])
        ledger.audit()
    with raw(tmp_path) as database:
        database.execute("DELETE FROM deliveries")
    with Ledger.open(tmp_path, NOW) as ledger, pytest.raises(Miscounted, match="2 people, but 1"):
        ledger.audit()


def test_a_freeze_is_all_or_nothing(ledger: Ledger) -> None:
    twice = [issue("i1", "wei"), issue("i1", "tom")]
    with pytest.raises(LedgerUnusable):
        ledger.freeze(Plan(NOW, baseline=(("wei", ("old",)),)), twice, [], ["a"])
    assert not ledger.deliveries()
    assert not ledger.history(MARKS).told
    assert not ledger.dates()


def test_only_one_run_holds_the_ledger(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW), pytest.raises(LedgerUnusable, match="another run"):
        Ledger.open(tmp_path, NOW)
    Ledger.open(tmp_path, NOW).close()


@pytest.mark.parametrize("damage", [b"", b"not a database at all, but a text of some length " * 50, b"SQLite format 3\0"])
def test_a_ledger_that_cannot_be_read_is_never_taken_for_an_empty_one(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    with pytest.raises(LedgerUnusable):
        Ledger.open(tmp_path, NOW)
    with pytest.raises(LedgerUnusable):
        Ledger.peek(tmp_path)
    assert (tmp_path / FILE).read_bytes() == damage, "nothing was written over it"


def test_a_damaged_page_is_noticed(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue(f"i{number}", "wei", "tom") for number in range(40)], [], ["a"])
    data = bytearray((tmp_path / FILE).read_bytes())
    data[8192:12288] = os.urandom(4096)
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(LedgerUnusable):
        Ledger.open(tmp_path, NOW)


def test_a_ledger_of_a_newer_kith_is_left_alone(tmp_path: Path) -> None:
    Ledger.open(tmp_path, NOW).close()
    with raw(tmp_path) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(LedgerUnusable, match="newer Kith"):
        Ledger.open(tmp_path, NOW)


def test_the_ledger_is_closed_to_others(tmp_path: Path) -> None:
    Ledger.open(tmp_path, NOW).close()
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_people_who_were_told_the_same_share_one_row_of_entries(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW) as ledger:
        many = [issue("i1", *[f"p{number}" for number in range(50)], entries=("a", "b", "c"))]
        ledger.freeze(Plan(NOW), many, [], ["a", "b", "c"])
    with raw(tmp_path) as database:
        assert database.execute("SELECT count(*) FROM sets").fetchone() == (1,)


def test_choices_are_read_back_and_can_be_taken_back(ledger: Ledger) -> None:
    ledger.choose("wei", {"state": "paused", "cadence": "weekly", "languages": "zh en"}, NOW)
    choice = ledger.history(MARKS).choices["wei"]
    assert (choice.state, choice.cadence, choice.languages) == ("paused", "weekly", ("zh", "en"))
    ledger.choose("wei", {"cadence": ""}, NOW + timedelta(days=1))
    assert ledger.history(MARKS).choices["wei"].cadence is None


def test_peeking_beside_a_run_reads_and_cannot_write(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, NOW) as ledger:
        ledger.freeze(Plan(NOW), [issue("i1", "wei")], [], ["a"])
        beside = Ledger.peek(tmp_path)
        assert beside is not None
        assert beside.counts() == {"pending": 1}
        with pytest.raises(LedgerUnusable):
            beside.begin("i1-wei", NOW)
        beside.close()
