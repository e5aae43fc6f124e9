"""SIGTERM, SIGHUP and Ctrl-C finish the letter in flight, record it and stop; so does whatever else goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_sendgrid import KEY
from houses import run
from test_ledger import NOW, issue
from torture.harness import Runner, counts, make_house
from torture.provider import Gate

from pipeline.deliver import deliver
from pipeline.errors import LedgerUnusable, Refused, Unavailable
from pipeline.ledger import Ledger
from pipeline.outgoing import DeliveryState, Frozen, Receipt
from pipeline.planned import Plan
from pipeline.setbacks import REFUSALS, STRANGERS
from pipeline.terms import Limits, Surroundings
from pipeline.throttle import Throttle
from pipeline.transports.base import Submitting
from pipeline.wire import Pause

PEOPLE = 4
ENVIRON = {"SENDGRID_API_KEY": KEY}


def until(claim: Callable[[], bool]) -> None:
    """Looks again and again, as nobody tells."""
    end = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < end
        os.sched_yield()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_letter_in_flight_is_finished_and_recorded_and_the_rest_stays_pending(
    tmp_path: Path, gate: Gate, runner: Runner, number: signal.Signals
) -> None:
    root = make_house(tmp_path / "house", PEOPLE, gate.url)
    process = runner.start(root, "none", "deliver", "--yes")
    assert gate.reached.wait(60)
    os.kill(process, number)
    gate.go.set()
    ended = runner.end()
    assert ended.code == 1, "a person is needed to go on"
    assert "Stopped: stopped as asked" in ended.output
    assert counts(root) == {"submitted": 2, "pending": 2}
    assert runner.run(root, "none", "deliver", "--yes").code == 0
    assert counts(root) == {"submitted": PEOPLE}
    assert sorted(gate.to()) == [f"p{number}@example.org" for number in range(PEOPLE)]


def test_a_stop_with_the_last_letter_is_no_failure(tmp_path: Path, runner: Runner) -> None:
    with Gate(tmp_path / "books.jsonl", hold=PEOPLE) as gate:
        root = make_house(tmp_path / "house", PEOPLE, gate.url)
        process = runner.start(root, "none", "deliver", "--yes")
        assert gate.reached.wait(60)
        os.kill(process, signal.SIGTERM)
        gate.go.set()
        assert runner.end().code == 0
        assert counts(root) == {"submitted": PEOPLE}


def test_a_second_ctrl_c_ends_at_once_and_says_what_is_uncertain(tmp_path: Path, gate: Gate, runner: Runner) -> None:
    root = make_house(tmp_path / "house", PEOPLE, gate.url)
    process = runner.start(root, "none", "deliver", "--yes")
    assert gate.reached.wait(60)
    os.kill(process, signal.SIGINT)
    until(lambda: "Ctrl-C once more stops at once" in runner.printed())
    os.kill(process, signal.SIGINT)
    ended = runner.end()
    assert ended.code == 1
    assert "Stopped at once. The letter in flight is uncertain" in ended.output
    assert counts(root) == {"submitted": 1, "uncertain": 1, "pending": 2}
    assert "the run ended while this letter was being submitted" in run(root, "report").out


@pytest.mark.parametrize("mail", ["per_second = 0.01", "per_domain_a_minute = 0.1"])
def test_what_was_taken_is_recorded_before_a_wait_and_the_wait_ends_when_asked(
    tmp_path: Path, gate: Gate, runner: Runner, mail: str
) -> None:
    root = make_house(tmp_path / "house", PEOPLE, gate.url, mail)
    process = runner.start(root, "none", "deliver", "--yes")
    until(lambda: counts(root) == {"submitted": 1, "pending": PEOPLE - 1})
    os.kill(process, signal.SIGTERM)
    assert runner.end().code == 1
    assert counts(root) == {"submitted": 1, "pending": PEOPLE - 1}


def test_killed_in_a_wait_nothing_is_uncertain(tmp_path: Path, gate: Gate, runner: Runner) -> None:
    gate.script("status:503")
    root = make_house(tmp_path / "house", PEOPLE, gate.url)
    process = runner.start(root, "none", "deliver", "--yes")
    until(lambda: len(gate.requests) > 5 and counts(root) == {"pending": PEOPLE})
    os.kill(process, signal.SIGKILL)
    runner.end()
    assert counts(root) == {"pending": PEOPLE}


# what else may go wrong while a letter is in flight


class Line:
    """Takes everything, and then does what the test wants."""

    name = "line"

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.taken: list[str] = []
        self._then = then

    def prepare(self, one: Frozen) -> bytes | None:
        return None

    def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
        self.taken.append(one.stub.person)
        yield Pause()
        self._then()
        return Receipt("m1", "202")

    def close(self) -> None:
        """Nothing to hang up."""

    def suppressed(self) -> dict[str, str]:
        return {}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    (tmp_path / "private").mkdir()
    with Ledger.open(tmp_path / "private", NOW) as opened:
        opened.freeze(Plan(NOW), [issue("i1", *(f"p{number}" for number in range(PEOPLE)))], [], ["a"])
        yield opened


def surroundings(**more: Any) -> Surroundings:
    fields: dict[str, Any] = {
        "clock": lambda: NOW, "tick": lambda: 1.0, "sleep": lambda seconds: None, "progress": lambda done, total: None,
        "may_go": lambda delivery, address: "", "halted": lambda: False,
    }  # fmt: skip
    return Surroundings(**(fields | more))


def test_an_acceptance_is_recorded_though_the_progress_cannot_be_shown(ledger: Ledger) -> None:
    def broken(done: int, total: int) -> None:
        raise BrokenPipeError

    line = Line()
    with pytest.raises(BrokenPipeError):
        deliver(ledger, [line], surroundings(progress=broken))
    assert line.taken == ["p0"]
    assert ledger.counts() == {"submitted": 1, "pending": PEOPLE - 1}


def test_an_acceptance_is_recorded_though_the_last_question_of_the_next_letter_fails(ledger: Ledger) -> None:
    def fails(delivery: Any, address: str) -> str:
        if delivery.who == "p1":
            raise OSError(5, "the disk is gone")
        return ""

    with pytest.raises(OSError, match="the disk is gone"):
        deliver(ledger, [Line()], surroundings(may_go=fails))
    assert ledger.counts() == {"submitted": 1, "pending": PEOPLE - 1}


def test_an_acceptance_is_recorded_though_a_later_letter_is_damaged(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ledger.letter

    def damaged(delivery: str) -> Frozen:
        if delivery == "i1-p3" and ledger.count(DeliveryState.SUBMITTING):
            raise LedgerUnusable("the letter is damaged")
        return whole(delivery)

    monkeypatch.setattr(ledger, "letter", damaged)
    monkeypatch.setattr("pipeline.deliver.AHEAD", 1)
    with pytest.raises(LedgerUnusable, match="damaged"):
        deliver(ledger, [Line()], surroundings())
    assert ledger.count(DeliveryState.SUBMITTING) == 0
    assert ledger.count(DeliveryState.UNCERTAIN) == 0


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, MemoryError, RecursionError, AttributeError])
def test_whatever_a_library_raises_makes_one_letter_uncertain_and_holds_nobody_up(
    ledger: Ledger, raised: type[BaseException]
) -> None:
    line = Line()

    def fall() -> None:
        if len(line.taken) == 1:
            raise raised

    line._then = fall
    tally = deliver(ledger, [line], surroundings())
    assert (tally.uncertain, tally.submitted) == (1, PEOPLE - 1)
    assert ledger.counts() == {"uncertain": 1, "submitted": PEOPLE - 1}


def test_all_lines_are_awaited_and_recorded_when_the_run_stops(ledger: Ledger) -> None:
    lines = [Line(), Line()]
    halted = [False]
    lines[0]._then = lambda: halted.__setitem__(0, True)
    tally = deliver(ledger, lines, surroundings(halted=lambda: halted[0]))
    assert tally.submitted == len(lines[0].taken) + len(lines[1].taken)
    assert ledger.count(DeliveryState.SUBMITTED) == tally.submitted
    assert ledger.count(DeliveryState.PENDING) == PEOPLE - tally.submitted


def test_lines_that_come_back_empty_handed_together_are_one_try(ledger: Ledger) -> None:
    now, tries = [1.0], [0]

    def busy() -> None:
        tries[0] += 1
        if tries[0] <= 4:
            raise Unavailable("503 not now")

    lines = [Line(busy) for _ in range(4)]
    around = surroundings(tick=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    tally = deliver(ledger, lines, around, Limits(Throttle()))
    assert tally.submitted == PEOPLE
    assert now[0] == 2.0, "one wait for all of them"


def strangers(ledger: Ledger, number: int) -> None:
    ledger.freeze(Plan(NOW), [issue("i2", *(f"q{number}" for number in range(number)))], [], ["b"])


@pytest.mark.parametrize(
    "said",
    [
        "400 Bad Request: reply_to: Does not contain a valid address.",
        "refused the address {to}: 554 5.7.1 <{to}>: Relay access denied",
        "550 Message {number}-ab{number} for {local} blocked by policy",
    ],
)
def test_a_no_in_the_same_words_again_and_again_stops_the_run_and_marks_nobody(ledger: Ledger, said: str) -> None:
    """Something is wrong with all letters; nobody wants to settle 300 of them one by one."""
    count = [0]

    class Refusing(Line):
        def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
            yield Pause()
            count[0] += 1
            to = one.stub.to
            raise Refused(said.format(to=to, local=to.partition("@")[0], number=7000 + count[0]))

    strangers(ledger, 60)
    tally = deliver(ledger, [Refusing(lambda: None)], surroundings())
    assert count[0] == REFUSALS
    assert "letters in a row were refused in the same words: " in tally.stopped
    assert ledger.counts() == {"pending": PEOPLE + 60}
    assert tally.needs_a_person
    ledger.audit()
    again = deliver(ledger, [Line(lambda: None)], surroundings())
    assert again.submitted == PEOPLE + 60, "nobody is blocked"


def test_different_words_are_each_persons_own(ledger: Ledger) -> None:
    words = iter("abcdefghijklmnopqrstuvwxyz" * 3)

    def refuse() -> None:
        raise Refused(f"554 the server says {next(words)}")

    strangers(ledger, 20)
    tally = deliver(ledger, [Line(refuse)], surroundings())
    assert (tally.refused, tally.stopped) == (PEOPLE + 20, "")


def test_refusals_between_letters_that_go_stop_nothing(ledger: Ledger) -> None:
    turn = [0]

    def sometimes() -> None:
        turn[0] += 1
        if turn[0] % REFUSALS:
            raise Refused("554 Relay access denied")

    strangers(ledger, 60)
    tally = deliver(ledger, [Line(sometimes)], surroundings())
    assert tally.stopped == ""
    assert ledger.count(DeliveryState.REFUSED) == tally.refused > 40


def test_addresses_that_are_refused_stop_nothing(ledger: Ledger) -> None:
    def refuse() -> None:
        raise Refused("550 no such mailbox", address=True)

    strangers(ledger, 20)
    tally = deliver(ledger, [Line(refuse)], surroundings())
    assert (tally.refused, tally.stopped) == (PEOPLE + 20, "")


def test_a_provider_that_knows_nobody_at_all_is_the_wrong_one(ledger: Ledger) -> None:
    def refuse() -> None:
        raise Refused("550 no such mailbox", address=True)

    strangers(ledger, 60)
    tally = deliver(ledger, [Line(refuse)], surroundings())
    assert f"{STRANGERS} letters in a row" in tally.stopped
    assert ledger.counts() == {"pending": PEOPLE + 60}


def test_a_line_that_cannot_connect_leaves_its_letter_to_one_that_stands(ledger: Ledger) -> None:
    """Some servers take one connection from each client."""

    def no_second() -> None:
        raise Unavailable("cannot be reached", connected=False)

    waits: list[float] = []
    standing = Line()
    tally = deliver(ledger, [standing, Line(no_second)], surroundings(sleep=waits.append))
    assert (tally.submitted, tally.stopped) == (PEOPLE, "")
    assert len(standing.taken) == PEOPLE
    assert not waits


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_what_could_not_be_said_is_no_success() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "No space left on device. Make room, and run it again: nothing is lost.\n",
    )
