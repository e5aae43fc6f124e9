"""Several connections served by one thread, over real sockets: a slow one makes nothing of the others uncertain."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_ledger import NOW, issue

from pipeline import wire
from pipeline.deliver import deliver
from pipeline.ledger import Ledger
from pipeline.planned import Plan
from pipeline.terms import Limits, Surroundings, Tally
from pipeline.throttle import Throttle
from pipeline.transports.sendgrid import SendgridTransport

PEOPLE = 6
SECONDS = 0.6
TAKEN = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m%d\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"

Answer = Callable[[socket.socket, int], None]
"""What the provider does with a letter: given its connection, and the letter's number."""


class Provider:
    """A provider with books of its own, whose answers the test writes."""

    def __init__(self, answer: Answer) -> None:
        self.books: list[str] = []
        self.connections = 0
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock, self._open = threading.Lock(), list[socket.socket]()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for sock in (self._listener, *self._open):
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as file:
            while head := self._head(file):
                length = next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length"))
                letter = json.loads(file.read(length))
                with self._lock:
                    self.books.append(letter["personalizations"][0]["to"][0]["email"])
                    number = len(self.books)
                try:
                    self._answer(sock, number)
                except OSError:
                    return

    def _head(self, file: object) -> list[bytes]:
        lines: list[bytes] = []
        try:
            while (line := file.readline()) and line != b"\r\n":  # type: ignore[attr-defined] - a socket's file
                lines.append(line)
        except (OSError, ValueError):
            return []
        return lines


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    (tmp_path / "private").mkdir()
    with Ledger.open(tmp_path / "private", NOW) as opened:
        opened.freeze(Plan(NOW), [issue("i1", *(f"p{number}" for number in range(PEOPLE)))], [], ["a"])
        yield opened


@pytest.fixture
def go(ledger: Ledger) -> Iterator[Callable[..., tuple[Tally, Provider]]]:
    with ExitStack() as stack:

        def run(answer: Answer, lines: int = 2, **pace: float) -> tuple[Tally, Provider]:
            provider = Provider(answer)
            stack.callback(provider.close)
            transports = [SendgridTransport(provider.url, "key", SECONDS) for _ in range(lines)]
            for transport in transports:
                stack.callback(transport.close)
            around = Surroundings(
                clock=lambda: datetime.now(UTC), tick=time.monotonic, sleep=time.sleep,
                progress=lambda done, total: None, may_go=lambda delivery, address: "", halted=lambda: False,
            )  # fmt: skip
            return deliver(ledger, transports, around, Limits(Throttle(**pace))), provider

        yield run


def take(sock: socket.socket, number: int) -> None:
    sock.sendall(TAKEN % number)


def states(ledger: Ledger) -> Counter[str]:
    return Counter(str(one.state) for one in ledger.deliveries())


def test_letters_go_over_all_lines_and_each_once(ledger: Ledger, go: Callable[..., tuple[Tally, Provider]]) -> None:
    tally, provider = go(take, lines=3)
    assert tally.submitted == PEOPLE and provider.connections == 3
    assert Counter(provider.books) == Counter(f"p{number}@example.org" for number in range(PEOPLE))


def test_a_reply_that_drips_holds_up_the_others_and_makes_none_of_them_uncertain(
    ledger: Ledger, go: Callable[..., tuple[Tally, Provider]]
) -> None:
    def answer(sock: socket.socket, number: int) -> None:
        if number == 1:
            sock.sendall((TAKEN % number)[:20])
            time.sleep(3 * SECONDS)
        else:
            take(sock, number)

    tally, provider = go(answer)
    assert (tally.uncertain, tally.submitted) == (1, PEOPLE - 1)
    assert len(provider.books) == PEOPLE


def test_a_connection_that_hangs_makes_no_letter_of_another_uncertain(
    ledger: Ledger, go: Callable[..., tuple[Tally, Provider]], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, dialled = wire._connect, [0]

    def slow(sock: socket.socket, address: object, left: float) -> socket.socket:
        dialled[0] += 1
        if dialled[0] == 2:
            sock.close()
            time.sleep(left + 0.1)
            raise TimeoutError
        return connect(sock, address, left)

    monkeypatch.setattr(wire, "_connect", slow)
    tally, provider = go(take)
    assert (tally.uncertain, tally.submitted, tally.stopped) == (0, PEOPLE, "")
    assert Counter(provider.books).most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "early", [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 2]
)
@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_a_reply_that_only_informs_is_not_the_answer(
    ledger: Ledger, go: Callable[..., tuple[Tally, Provider]], early: bytes, pause: float
) -> None:
    def answer(sock: socket.socket, number: int) -> None:
        sock.sendall(early)
        time.sleep(pause)
        take(sock, number)

    tally, provider = go(answer, lines=1)
    assert tally.submitted == PEOPLE
    ids = {one.who: one.message_id for one in ledger.deliveries()}
    assert ids == {f"p{number}": f"m{number + 1}" for number in range(PEOPLE)}, "each has its own receipt"
    assert provider.connections == 1


@pytest.mark.parametrize("surplus", [TAKEN % 99, b"x"])
@pytest.mark.parametrize("chunked", [False, True])
def test_what_comes_beyond_a_reply_is_never_taken_for_the_next_ones(
    ledger: Ledger, go: Callable[..., tuple[Tally, Provider]], surplus: bytes, chunked: bool
) -> None:
    body = (
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m%d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        if chunked
        else TAKEN
    )

    def answer(sock: socket.socket, number: int) -> None:
        sock.sendall(body % number + surplus)

    tally, provider = go(answer, lines=1)
    ids = [one.message_id for one in ledger.deliveries()]
    assert tally.submitted == PEOPLE and ids == [f"m{number}" for number in range(1, PEOPLE + 1)]
    assert provider.connections == PEOPLE, "a line that says too much is not used again"


def test_a_free_line_does_not_wait_for_a_slow_one_when_its_time_has_come(
    ledger: Ledger, go: Callable[..., tuple[Tally, Provider]]
) -> None:
    times: list[float] = []

    def answer(sock: socket.socket, number: int) -> None:
        times.append(time.monotonic())
        if number == 1:
            time.sleep(0.5)
        take(sock, number)

    tally, _ = go(answer, per_second=20.0)
    assert tally.submitted == PEOPLE
    assert times[3] - times[0] < 0.4, "the others went while the first was being thought about"
