"""Delivery beside a bare sender, in one run: `make bench-delivery`.

The bare senders are a loop of HTTP posts over one connection and a loop of `smtplib`, without any ledger; they
submit the very bytes that Kith submits. Ratios are what counts: the machine may be slow or busy.
"""

from __future__ import annotations

import http.client
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.deliver import deliver
from pipeline.ledger import Ledger
from pipeline.mime import to_bytes
from pipeline.model import Circle, Entry, House, Kind, Person, State, Version
from pipeline.outgoing import Frozen, Issue, Letter, Sheet
from pipeline.payload import payload
from pipeline.plan import plan
from pipeline.planned import History, Plan
from pipeline.settings import Settings, Smtp
from pipeline.terms import Surroundings
from pipeline.transports.base import Transport
from pipeline.transports.sendgrid import SendgridTransport
from pipeline.transports.smtp import SmtpTransport

HERE = Path(__file__).resolve().parent
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LETTERS = int(os.environ.get("KITH_BENCH_LETTERS", "2000"))
ROUNDS = 5
LINE = "<p style='margin:0 0 16px'>A quiet line about the river.</p>\n"
say = sys.stdout.write


@contextmanager
def sink(kind: str) -> Iterator[int]:
    """A sink in a process of its own; gives its port."""
    command = [sys.executable, str(HERE / "sinks.py"), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def issue(count: int) -> Issue:
    """A digest of usual size (20 kB of HTML, 4 kB of text) to ``count`` people."""
    text = "HOLEhello\n\n" + "A quiet line about the river and the weather. " * 90 + "\nHOLEtoken"
    sheet = Sheet(text, f"<html><body>\n<p>HOLEhello</p>\n{LINE * 320}<p>HOLEtoken</p>\n</body></html>", "HOLE")
    return Issue("i", tuple(frozen(number, sheet) for number in range(count)))


def frozen(number: int, sheet: Sheet) -> Frozen:
    stub = Letter(
        delivery_id=f"d{number:06d}",
        person=f"p{number}",
        sender="Lin <lin@example.org>",
        to=f"p{number}@example.org",
        to_name=f"Person {number}",
        reply_to="lin@example.org",
        subject="A magnifier with two buttons",
        text="",
        html="",
        date=NOW,
        language="en",
        entries=("a",),
        headers=(("Message-ID", f"<d{number}@example.org>"), ("List-Id", "<letters.example.org>")),
    )
    return Frozen(stub, sheet, f"Hello Person {number},", f"token{number:020d}", "i", "mark")


def timed(work: Callable[[], None]) -> float:
    """Letters a second."""
    start = time.perf_counter()
    work()
    return LETTERS / (time.perf_counter() - start)


def bare_http(port: int, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    for body in bodies:
        connection.request("POST", "/v3/mail/send", body, headers)
        with connection.getresponse() as reply:
            reply.read()
    connection.close()


def bare_smtp(port: int, messages: list[bytes]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number, message in enumerate(messages):
            server.sendmail("lin@example.org", f"p{number}@example.org", message)


def with_kith(make: Callable[[], Transport], connections: int, folder: Path, batch: Issue) -> float:
    """The rate of the real loop with a durable ledger, from the first letter to the last."""
    (folder / "private").mkdir()
    lines = [make() for _ in range(connections)]
    around = Surroundings(
        clock=lambda: datetime.now(UTC),
        tick=time.monotonic,
        sleep=time.sleep,
        progress=lambda done, total: None,
        may_go=lambda delivery, address: "",
        halted=lambda: False,
    )
    with Ledger.open(folder / "private", NOW) as ledger:
        ledger.freeze(Plan(NOW), [batch], [], ["a"])
        rate = timed(lambda: check(deliver(ledger, lines, around).submitted))
    for line in lines:
        line.close()
    return rate


def check(submitted: int) -> None:
    if submitted != LETTERS:
        raise SystemExit(f"only {submitted} of {LETTERS} letters were submitted")


def compare(kind: str, batch: Issue, bare: Callable[[], None], make: Callable[[], Transport]) -> None:
    """Rounds of bare sender, Kith with one connection, Kith with four; the median ratio of the pairs."""
    rates: dict[int, list[float]] = {0: [], 1: [], 4: []}
    ratios: dict[int, list[float]] = {1: [], 4: []}
    for _ in range(ROUNDS):
        rates[0].append(timed(bare))
        for connections, found in ratios.items():
            with tempfile.TemporaryDirectory() as folder:
                rate = with_kith(make, connections, Path(folder), batch)
            found.append(rate / rates[0][-1])
            rates[connections].append(rate)
    one, four = statistics.median(ratios[1]), statistics.median(ratios[4])
    middle = {count: statistics.median(found) for count, found in rates.items()}
    say(f"{kind:<9} bare {middle[0]:>6.0f}/s   Kith with 1 connection {middle[1]:>6.0f}/s  {one:.2f} ×")
    say(f"   with 4 connections {middle[4]:>6.0f}/s  {four:.2f} ×\n")


def planning(people: int, entries: int) -> None:
    """How long a plan takes for many people who were each told nearly all of many entries."""
    version = (Version("en", "T", "", "B", "content/posts/x.md"),)
    written = tuple(
        Entry(f"e{n}", Kind.POST, f"e{n}", NOW - timedelta(hours=n), version, tags=(f"t{n % 40}",))
        for n in range(entries)
    )
    circles = tuple(Circle(f"c{n}", frozenset({"public", f"c{n}"}), rank=n) for n in range(4))
    crowd = tuple(
        Person(f"p{n}", (f"c{n % 4}",), address=f"p{n}@example.org", state=State.SUBSCRIBED) for n in range(people)
    )
    house = House(Settings({"": "T"}, "https://example.org/", "A"), written, circles=circles, people=crowd)
    told = [frozenset(one.id for one in written[3 + n :]) for n in range(8)]
    history = History(
        told={one.id: told[n % 8] for n, one in enumerate(crowd)},
        joined={one.id: frozenset(one.circles) for one in crowd},
        seen={one.id: one.date for one in written},
    )
    start = time.perf_counter()
    decided = plan(house, history, NOW)
    spent = time.perf_counter() - start
    count = len(decided.letters) + len(decided.held)
    say(f"plan      {people:,} people × {entries:,} entries: {spent:.1f} s, {count:,} decided\n")


def memory(count: int) -> None:
    """The most memory of a process that freezes and submits ``count`` letters."""
    environ = os.environ | {"KITH_BENCH_LETTERS": str(count)}
    with sink("http") as port:
        command = [sys.executable, __file__, "alone", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    say(f"memory    {count:,} letters: {float(done.stdout):.0f} MB at the most\n")


def alone(port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with_kith(sendgrid(port), 1, Path(folder), issue(LETTERS))
    # Not `getrusage`, which also counts what the process it was started from had.
    status = Path("/proc/self/status").read_text("ascii")
    say(f"{int(status.partition('VmHWM:')[2].split()[0]) / 1024}")


def sendgrid(port: int) -> Callable[[], Transport]:
    return lambda: SendgridTransport(f"http://127.0.0.1:{port}", "key", 30.0)


def main() -> None:
    batch = issue(LETTERS)
    size = len(to_bytes(batch.letters[0]))
    say(f"{LETTERS:,} letters of {size:,} bytes; medians of {ROUNDS} rounds, bare and Kith in turn\n")
    bodies = [payload(one) for one in batch.letters]
    with sink("http") as port:
        compare("sendgrid", batch, lambda: bare_http(port, bodies), sendgrid(port))
    messages = [to_bytes(one) for one in batch.letters]
    with sink("smtp") as port:
        server = Smtp("127.0.0.1", port, security="none")
        make = lambda: SmtpTransport(server, "", "Lin <lin@example.org>", 30.0)  # noqa: E731 - named for the call below
        compare("smtp", batch, lambda: bare_smtp(port, messages), make)
    memory(10_000)
    planning(100_000, 5_000)


if __name__ == "__main__":
    alone(int(sys.argv[2])) if sys.argv[1:2] == ["alone"] else main()
