"""The pace of delivery: so many a second, a day and a domain; closest first; what is left goes the next day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_sendgrid import KEY, FakeSendgrid
from houses import run
from test_ledger import NOW, SHEET
from test_stop import Line, surroundings
from torture.harness import add_update, make_house

from pipeline.deliver import deliver
from pipeline.errors import Unavailable
from pipeline.ledger import Ledger
from pipeline.outgoing import DeliveryState, Frozen, Issue, Letter, Receipt
from pipeline.planned import Plan
from pipeline.terms import Limits, Tally
from pipeline.throttle import Throttle
from pipeline.transports.base import Submitting
from pipeline.wire import Pause

ADDRESSES = ["a@one.org", "b@one.org", "c@two.org", "d@one.org", "e@two.org", "f@three.org"]


class Watch:
    """Goes forward only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


class Timed(Line):
    """Notes when each letter went."""

    def __init__(self, watch: Watch, faults: int = 0) -> None:
        super().__init__()
        self._watch, self._faults = watch, faults
        self.went: list[tuple[float, str]] = []

    def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
        yield Pause()
        if self._faults:
            self._faults -= 1
            raise Unavailable("503 not now")
        self.went.append((self._watch.now - 100.0, one.stub.to))
        return Receipt("m", "202")


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    (tmp_path / "private").mkdir()
    with Ledger.open(tmp_path / "private", NOW) as opened:
        opened.freeze(Plan(NOW), [Issue("i1", tuple(letter(to) for to in ADDRESSES))], [], ["a"])
        yield opened


def letter(to: str) -> Frozen:
    stub = Letter(
        delivery_id=f"i1-{to[0]}", person=to[0], sender="Ann <ann@example.org>", to=to, to_name="", reply_to="",
        subject="News", text="", html="", date=NOW, language="en", headers=(), entries=("a",),
    )  # fmt: skip
    return Frozen(stub, SHEET, "", "t", "i1", f"mark-{to}")


def go(ledger: Ledger, lines: int = 1, faults: int = 0, left: int | None = None, **pace: float) -> tuple[Tally, Any]:
    watch = Watch()
    found = [Timed(watch, faults)] + [Timed(watch) for _ in range(lines - 1)]
    around = surroundings(tick=lambda: watch.now, sleep=watch.sleep)
    tally = deliver(ledger, found, around, Limits(Throttle(**pace), left))
    return tally, sorted(one for line in found for one in line.went)


@pytest.mark.parametrize("lines", [1, 3])
def test_so_many_a_second_over_all_lines(ledger: Ledger, lines: int) -> None:
    _, went = go(ledger, lines, per_second=2)
    assert [when for when, _ in went] == [0, 0.5, 1, 1.5, 2, 2.5]


@pytest.mark.parametrize("lines", [1, 3])
def test_so_many_a_minute_to_one_domain_while_others_go_on(ledger: Ledger, lines: int) -> None:
    _, went = go(ledger, lines, per_domain_a_minute=6)
    by_domain = {name: [when for when, to in went if to.endswith(name)] for name in ("one.org", "two.org", "three.org")}
    assert by_domain == {"one.org": [0, 10, 20], "two.org": [0, 10], "three.org": [0]}


@pytest.mark.parametrize("lines", [1, 4])
def test_no_more_in_a_day_than_was_said_over_all_lines(ledger: Ledger, lines: int) -> None:
    tally, went = go(ledger, lines, left=2)
    assert (len(went), tally.submitted, tally.pending) == (2, 2, 4)
    assert (tally.later, tally.needs_a_person) == (True, False), "it goes on by itself the next day"


def test_a_letter_that_is_tried_again_uses_the_day_up_once(ledger: Ledger) -> None:
    tally, went = go(ledger, faults=2, left=2)
    assert (len(went), tally.submitted, tally.pending) == (2, 2, 4)


def test_a_day_without_any_letters_left_submits_none(ledger: Ledger) -> None:
    tally, went = go(ledger, left=0)
    assert (went, tally.pending, tally.needs_a_person) == ([], 6, False)


def test_they_go_in_the_order_of_the_queue_also_after_a_busy_moment(ledger: Ledger) -> None:
    _, went = go(ledger, faults=1)
    assert [to for _, to in went] == ADDRESSES


def test_a_letter_waits_for_the_provider_and_the_pace_together(ledger: Ledger) -> None:
    _, went = go(ledger, faults=1, per_second=0.5)
    assert [when for when, _ in went] == [2, 4, 6, 8, 10, 12]


# the whole command, day by day

PEOPLE = 7
FIRST = datetime.fromisoformat("2026-11-21T23:30:00+08:00")


@pytest.fixture
def provider(tmp_path: Path) -> Any:
    with FakeSendgrid(tmp_path / "books.jsonl") as fake:
        yield fake


def to(provider: FakeSendgrid) -> list[int]:
    return [int(line["to"].split("@")[0][1:]) for line in provider.books()]


@pytest.fixture
def at(tmp_path: Path, provider: FakeSendgrid) -> Callable[..., Any]:
    """Delivers at a moment."""
    root = make_house(tmp_path / "house", PEOPLE, provider.url, "per_day = 3")
    return lambda now, *more: run(root, *(more or ("deliver", "--yes")), now=now, env={"SENDGRID_API_KEY": KEY})


def test_the_closest_circles_go_first_and_the_rest_the_next_day(at: Callable[..., Any], provider: FakeSendgrid) -> None:
    ran = at(FIRST, "deliver", "--yes")
    assert ran.code == 0, ran
    assert "today's letters are used up; the others go tomorrow" in ran.out
    assert set(to(provider)[:2]) == {0, 1}, "the inner circle"
    assert at(FIRST + timedelta(minutes=20)).code == 0
    assert len(to(provider)) == 3, "it is still the same day"
    assert at(FIRST + timedelta(minutes=40)).code == 0
    assert len(to(provider)) == 6, "midnight in the house's time zone was in between"
    assert at(FIRST + timedelta(days=2)).code == 0
    assert sorted(to(provider)) == list(range(PEOPLE))


def test_a_new_letter_for_a_closer_circle_goes_before_what_is_left_of_an_older_issue(
    at: Callable[..., Any], provider: FakeSendgrid, tmp_path: Path
) -> None:
    at(FIRST, "deliver", "--yes")
    add_update(tmp_path / "house", "sun", "2020-01-03", "The sun is back.")
    at(FIRST + timedelta(hours=1), "deliver", "--yes")
    assert to(provider)[3:5] == [0, 1]


def test_a_clock_set_back_does_not_give_the_day_anew(at: Callable[..., Any], provider: FakeSendgrid) -> None:
    at(FIRST, "deliver", "--yes")
    at(FIRST - timedelta(hours=5))
    assert len(to(provider)) == 3


def test_letters_that_are_too_old_do_not_go_without_a_question(at: Callable[..., Any], provider: FakeSendgrid) -> None:
    at(FIRST, "deliver", "--yes")
    late = FIRST + timedelta(days=8)
    ran = at(late)
    assert ran.code == 1
    assert "--late go or --late hold" in ran.out
    assert len(to(provider)) == 3
    assert at(late, "deliver", "--yes", "--late", "go").code == 0
    assert len(to(provider)) == 6


def test_letters_that_are_held_as_too_late_are_held_for_good(at: Callable[..., Any], provider: FakeSendgrid) -> None:
    at(FIRST, "deliver", "--yes")
    late = FIRST + timedelta(days=8)
    assert at(late, "deliver", "--yes", "--late", "hold").code == 0
    for days in (0, 1, 40):
        assert at(late + timedelta(days=days), "deliver", "--yes").code == 0
    assert len(to(provider)) == 3, "nor does what was in them go in another letter"
    assert "held for good" in at(late, "explain", "p6").out


def test_the_report_counts_what_is_left(at: Callable[..., Any], provider: FakeSendgrid) -> None:
    at(FIRST, "deliver", "--yes")
    assert "4 pending" in at(FIRST, "report").out


def test_pending_counts_as_told_so_that_nothing_is_planned_twice(
    at: Callable[..., Any], provider: FakeSendgrid, tmp_path: Path
) -> None:
    at(FIRST, "deliver", "--yes")
    assert '"letters": []' in at(FIRST, "plan", "--json").out
    with Ledger.open(tmp_path / "house" / "private", FIRST) as ledger:
        assert ledger.count(DeliveryState.PENDING) == 4
