"""Every way a submission can end, through the whole command: the outcome, the words, the exit code, who comes next."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fake_sendgrid import KEY, FakeSendgrid
from fake_smtp import FakeSmtp
from houses import Ran, run
from torture.harness import make_house

from pipeline import terminal
from pipeline.ledger import Ledger
from pipeline.outgoing import Delivery
from pipeline.setbacks import PATIENCE

PEOPLE = 4
WHOLE = {"submitted": PEOPLE}


@dataclass(frozen=True)
class Fault:
    """A script of the provider, and what must come of it."""

    name: str
    script: tuple[str, ...]
    states: dict[str, int]
    code: int
    says: str
    taken: int
    """Letters in the provider's books after the run."""
    afterwards: dict[str, int]
    """The states after one more run, with the provider well again."""


def goes_on(name: str, fault: str, state: str, says: str, *, taken: int = PEOPLE - 1) -> Fault:
    """The first letter ends in ``state``, and the others go."""
    states = {state: 1, "submitted": PEOPLE - 1}
    return Fault(name, (fault,), states, 1, says, taken, states)


def uncertain(name: str, fault: str, says: str, *, taken: int = PEOPLE - 1) -> Fault:
    return goes_on(name, fault, "uncertain", says, taken=taken)


def stops(name: str, fault: str, says: str, *, times: int = 1) -> Fault:
    """Nobody else is tried, and nobody is lost."""
    return Fault(name, (fault,) * times, {"pending": PEOPLE}, 1, says, 0, WHOLE)


def waits(name: str, fault: str) -> Fault:
    """One address takes nothing now: it has its turn with the next run, and the others go."""
    states = {"pending": 1, "submitted": PEOPLE - 1}
    return Fault(name, (fault,), states, 1, "1 pending", PEOPLE - 1, WHOLE)


def passes(name: str, *script: str) -> Fault:
    """It is tried again, and goes."""
    return Fault(name, script, WHOLE, 0, f"{PEOPLE} submitted", PEOPLE, WHOLE)


TRIES = len(PATIENCE) + 1
SENDGRID = [
    uncertain("the answer never comes, though it was taken", "take-hang", "no answer within", taken=PEOPLE),
    uncertain("it is taken, then the line is closed", "take-close", "closed without an answer", taken=PEOPLE),
    uncertain("it is taken, then the line is reset", "take-reset", "reset", taken=PEOPLE),
    uncertain("half of the answer's head", "take-truncate-head", "broke off", taken=PEOPLE),
    uncertain("half of the answer's body", "take-truncate-body", "broke off", taken=PEOPLE),
    uncertain("an answer that is not HTTP", "take-garbage", "not HTTP", taken=PEOPLE),
    uncertain("an answer a byte at a time", "take-drip", "no answer within", taken=PEOPLE),
    uncertain("read, not taken, no answer", "read-hang", "no answer within"),
    uncertain("read, not taken, closed", "read-close", "closed without an answer"),
    uncertain("read, not taken, reset", "read-reset", "reset"),
    uncertain("not even read", "hang", "no answer within"),
    uncertain("a status that nobody promised", "status:200", "200 OK"),
    uncertain("a server's error that nobody promised", "status:504", "504"),
    goes_on("a bad request", "status:400;say=The to email is not valid", "refused", "The to email is not valid"),
    goes_on("a letter that is too large", "status:413", "refused", "413"),
    goes_on("too large, said before it was read", "early-413", "refused", "413"),
    goes_on("an answer full of control characters", "echo", "refused", "was wrong indeed"),
    stops("a wrong key", "status:401", "SENDGRID_API_KEY"),
    stops("a sender who may not", "status:403", "verified sender"),
    stops("an account without credits", "status:401;say=Maximum credits exceeded", "quota is used up"),
    stops("a redirect", "redirect", "redirect"),
    stops("another service behind that host", "status:404", "Check `host`"),
    stops("too many requests, again and again", "status:429", "429", times=TRIES),
    stops("a day to wait", "status:429;retry-after=86000", "429"),
    stops("a broken server, again and again", "status:503", "503", times=TRIES),
    passes("too many requests once", "status:429;retry-after=7"),
    passes("a server's error twice", "status:500", "status:502"),
    passes("a server that rests", "status:503"),
    passes("an answer in pieces", "accept-chunked"),
    passes("an answer after a first one", "accept-continue"),
    passes("a line closed after the last answer", "accept", "accept", "accept", "accept-close"),
    Fault("three doubts in a row", ("take-close", "read-close", "take-reset"), {"uncertain": 3, "pending": 1}, 1,
          "in a row are uncertain", 2, {"uncertain": 3, "submitted": 1}),
]  # fmt: skip

SMTP = [
    uncertain("taken, then cut", "take-drop", "handed over", taken=PEOPLE),
    uncertain("taken, no answer", "take-hang", "no answer within", taken=PEOPLE),
    uncertain("taken, half an answer", "take-half", "broke off", taken=PEOPLE),
    uncertain("taken, an answer that is not SMTP", "take-garbage", "not SMTP", taken=PEOPLE),
    uncertain("cut after the last dot", "dot-drop", "handed over"),
    goes_on("an address that does not exist", "rcpt:550", "refused", "550"),
    goes_on("a letter that is refused", "dot:552", "refused", "552"),
    goes_on("no data wanted", "data:554", "refused", "554"),
    stops("a sender nobody wants", "mail:550", "does not take letters from"),
    stops("a login is wanted", "rcpt:530", "wants a login"),
    stops("a server that turns everybody away", "greet:554", "554"),
    stops("busy, again and again", "greet:421", "421", times=TRIES),
    passes("busy once", "greet:421"),
    passes("a sender not now", "mail:451"),
    waits("an address not now", "rcpt:451"),
    waits("a letter not now", "dot:451"),
    passes("cut before the letter", "mail-drop"),
    passes("cut at the address", "rcpt-drop"),
    passes("cut before the data", "data-drop"),
    passes("taken, said so, then cut", "take-and-drop"),
]


class Wrist:
    """A watch that is set forward instead of waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Wrist:
    """Nothing is waited for but the provider."""
    found, real = Wrist(), terminal.around

    def around(*values: Any) -> Any:
        return replace(real(*values), tick=lambda: found.now, sleep=found.sleep)

    monkeypatch.setattr(terminal, "around", around)
    return found


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The command takes signals over; the test gives them back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@dataclass
class House:
    """A house and its provider."""

    root: Path
    provider: Any
    environ: dict[str, str]

    def deliver(self) -> Ran:
        return run(self.root, "deliver", "--yes", env=self.environ)

    def states(self) -> dict[str, int]:
        return self._seen(Ledger.counts)

    def deliveries(self) -> list[Delivery]:
        return self._seen(Ledger.deliveries)

    def _seen(self, ask: Callable[[Ledger], Any]) -> Any:
        ledger = Ledger.peek(self.root / "private")
        assert ledger is not None
        with closing(ledger):
            ledger.audit()
            return ask(ledger)

    def hasty(self) -> None:
        """It waits a moment for an answer, as this one does not come."""
        settings = self.root / "pyproject.toml"
        settings.write_text(settings.read_text("utf-8").replace("timeout = 20.0", "timeout = 1.5"), "utf-8")


@pytest.fixture
def sendgrid(tmp_path: Path) -> Iterator[House]:
    with FakeSendgrid(tmp_path / "books.jsonl") as fake:
        yield House(make_house(tmp_path / "house", PEOPLE, fake.url), fake, {"SENDGRID_API_KEY": KEY})


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[House]:
    with FakeSmtp(tmp_path / "books.jsonl") as fake:
        root = make_house(tmp_path / "house", PEOPLE, "https://api.sendgrid.com", transport="smtp")
        with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(f'[tool.kith.smtp]\nhost = "127.0.0.1"\nport = {fake.port}\nsecurity = "none"\n')
        yield House(root, fake, {})


def prove(house: House, fault: Fault) -> None:
    if any(re.search("hang|drip", one) for one in fault.script):
        house.hasty()
    house.provider.script(*fault.script)
    ran = house.deliver()
    assert house.states() == fault.states
    assert ran.code == fault.code, ran
    report = run(house.root, "report").out
    assert fault.says in ran.out + ran.err + report
    assert "Traceback" not in ran.err
    assert KEY not in ran.out + ran.err + report
    assert len(house.provider.books()) == fault.taken
    _shown(house, report)
    house.provider.faults.clear()
    house.deliver()
    assert house.states() == fault.afterwards, "uncertain and refused letters are never tried again by themselves"
    people = [str(line["to"]) for line in house.provider.books()]
    assert len(set(people)) == len(people), "nobody has it twice"


def _shown(house: House, report: str) -> None:
    for one in house.deliveries():
        if one.state in ("uncertain", "refused"):
            assert one.id in report, "the report shows whatever needs a person"
            assert one.reason
            assert one.reason in report, "with its evidence"


@pytest.mark.parametrize("fault", SENDGRID, ids=lambda fault: fault.name)
def test_sendgrid_each_fault_has_its_named_outcome(sendgrid: House, fault: Fault) -> None:
    prove(sendgrid, fault)


@pytest.mark.parametrize("fault", SMTP, ids=lambda fault: fault.name)
def test_smtp_each_fault_has_its_named_outcome(smtp: House, fault: Fault) -> None:
    prove(smtp, fault)


def test_there_are_more_faults_than_the_eighteen_that_were_asked_for() -> None:
    assert len(SENDGRID) >= 18
    assert len(SMTP) >= 18


@pytest.mark.parametrize("kind", ["sendgrid", "smtp"])
def test_with_nobody_listening_everything_stays_pending_and_goes_later(kind: str, request: Any) -> None:
    house: House = request.getfixturevalue(kind)
    settings = house.root / "pyproject.toml"
    sound = settings.read_text("utf-8")
    settings.write_text(sound.replace(str(house.provider.port), "1"), "utf-8")
    ran = house.deliver()
    assert ran.code == 1
    assert "127.0.0.1" in ran.out + ran.err
    assert not house.provider.books()
    settings.write_text(sound, "utf-8")
    assert house.deliver().code == 0
    assert house.states() == WHOLE


def test_a_provider_that_asks_for_time_is_given_it(sendgrid: House, watch: Wrist) -> None:
    sendgrid.provider.script("status:429;retry-after=7", "status:503;X-RateLimit-Reset=9", "status:500")
    assert sendgrid.deliver().code == 0
    assert watch.waits == [7, 9, PATIENCE[2]]


def test_a_letter_that_is_tried_again_does_not_count_twice_for_its_person(sendgrid: House) -> None:
    people = sendgrid.root / "subscribers.yml"
    people.write_text(people.read_text("utf-8").replace("max_per_month: 31", "max_per_month: 1"), "utf-8")
    sendgrid.provider.script("status:503")
    assert sendgrid.deliver().code == 0
    assert sendgrid.states() == WHOLE


def test_a_letter_settled_as_not_taken_goes_again_though_one_a_month_is_the_bound(sendgrid: House) -> None:
    people = sendgrid.root / "subscribers.yml"
    people.write_text(people.read_text("utf-8").replace("max_per_month: 31", "max_per_month: 1"), "utf-8")
    sendgrid.provider.script("read-close")
    assert sendgrid.deliver().code == 1
    (doubt,) = [one for one in sendgrid.deliveries() if one.state == "uncertain"]
    assert run(sendgrid.root, "settle", doubt.id, "not-taken").code == 0
    sendgrid.deliver()
    assert sendgrid.states() == {"submitted": PEOPLE, "refused": 1}
    assert len(sendgrid.provider.books()) == PEOPLE


def test_who_is_on_a_list_of_the_provider_is_held_with_that_reason(sendgrid: House) -> None:
    sendgrid.provider.lists["bounces"] = [{"email": "P1@example.org", "created": 1_790_000_000}]
    sendgrid.deliver()
    assert sendgrid.states() == {"submitted": PEOPLE - 1}
    assert "p1@example.org" not in [line["to"] for line in sendgrid.provider.books()]


def test_who_came_onto_a_list_after_the_letters_were_frozen_is_held_with_that_reason(sendgrid: House) -> None:
    sendgrid.provider.script(*["status:503"] * TRIES)
    assert sendgrid.deliver().code == 1
    sendgrid.provider.lists["spam_reports"] = [{"email": "p1@example.org", "created": 1_790_000_000}]
    sendgrid.deliver()
    (held,) = [one for one in sendgrid.deliveries() if one.state == "held"]
    assert (held.who, held.reason) == ("p1", "reported as spam at SendGrid on 2026-09-21")
    assert len(sendgrid.provider.books()) == PEOPLE - 1


def test_a_list_that_cannot_be_read_stops_the_run_before_anything(sendgrid: House) -> None:
    sendgrid.provider.list_faults.extend(["status:500"])
    ran = sendgrid.deliver()
    assert ran.code == 1
    assert "could not be read" in ran.err or "took nothing" in ran.err
    assert not sendgrid.provider.books()
    assert sendgrid.deliver().code == 0
    assert sendgrid.states() == WHOLE


def test_the_report_tells_a_program_as_well(sendgrid: House) -> None:
    sendgrid.provider.script("take-close")
    sendgrid.deliver()
    data = json.loads(run(sendgrid.root, "report", "--json").out)
    assert data["counts"] == {"submitted": PEOPLE - 1, "uncertain": 1}
    assert [one["reason"] for one in data["deliveries"] if one["state"] == "uncertain"] != [""]
