"""Choosing a transport, and what all of them promise: no secret and no letter in anything they say."""

from __future__ import annotations

import http.client
import json
import logging
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import BODY

from pipeline import errors, wire
from pipeline.frozen import alone
from pipeline.outgoing import Letter, Receipt
from pipeline.settings import Mail, Sendgrid, Settings, Smtp
from pipeline.transports.base import Transport, mailbox, words
from pipeline.transports.choose import transport
from pipeline.transports.sendgrid import SendgridTransport
from pipeline.web import _reply
from pipeline.wire import Timed, is_loopback, write
from tests import fake_sendgrid
from tests.fake_sendgrid import KEY, FakeSendgrid
from tests.fake_smtp import LOGIN, FakeSmtp

ENVIRON = {"SENDGRID_API_KEY": KEY, "KITH_SMTP_PASSWORD": LOGIN[1]}


def letter(number: int = 1) -> Letter:
    return small.letter(number, to="wei@example.org")


def house(name: str, *, smtp: Smtp | None = None, host: str = "", mail: Mapping[str, object] | None = None) -> Settings:
    written = replace(Mail(transport=name, sender="Lin Zhao <letters@lin.example.org>", timeout=0.3), **(mail or {}))  # type: ignore[arg-type]  # a test names the fields it changes
    sendgrid = Sendgrid(host=host) if host else Sendgrid()
    return Settings(
        title={"": "x"},
        url="https://lin.example.org/",
        author="Lin",
        mail=written,
        smtp=smtp or Smtp(),
        sendgrid=sendgrid,
    )


@contextmanager
def running(name: str, folder: Path) -> Iterator[tuple[Transport, FakeSendgrid | FakeSmtp | None]]:
    """A transport of the settings, and the fake behind it."""
    with ExitStack() as stack:
        server: FakeSendgrid | FakeSmtp | None = None
        chosen = house(name)
        if name == "sendgrid":
            server = stack.enter_context(FakeSendgrid(folder / "books.jsonl"))
            chosen = house(name, host=server.url)
        elif name == "smtp":
            server = stack.enter_context(FakeSmtp(folder / "books.jsonl", login=True))
            smtp = Smtp(host="localhost", port=server.port, username=LOGIN[0], security="none")
            chosen = house(name, smtp=smtp)
        made = stack.enter_context(closing(transport(chosen, ENVIRON, folder / "outbox")))
        yield made, server


NAMES = ["outbox", "smtp", "sendgrid"]


@pytest.mark.parametrize("name", NAMES)
def test_every_transport_gives_a_receipt_for_each_letter_and_can_be_closed_twice(tmp_path: Path, name: str) -> None:
    with running(name, tmp_path) as (made, _):
        assert made.name == name
        receipts = [made.submit(alone(letter(1))), made.submit(alone(letter(2)))]
        made.close()
        receipts.append(made.submit(alone(letter(3))))
        made.close()
    assert all(isinstance(receipt, Receipt) and receipt.evidence for receipt in receipts)
    assert len({receipt.message_id for receipt in receipts}) == 3


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_and_no_letter_is_logged_printed_or_shown_even_at_debug(
    tmp_path: Path,
    name: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 2)
    monkeypatch.setattr(smtplib.SMTP, "debuglevel", 2)
    said: list[str] = []
    with caplog.at_level(logging.DEBUG), running(name, tmp_path) as (made, server):
        made.submit(alone(letter(1)))
        said += [repr(made), str(made)]
        if server is not None:
            server.script("status:401" if name == "sendgrid" else "rcpt:550")
            with pytest.raises(errors.KithError) as caught:
                made.submit(alone(letter(2)))
            said += [str(caught.value), repr(caught.value), repr(caught.getrepr(showlocals=False))]
            made.suppressed()
    # The fake mail server's own log is not ours.
    said += [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]
    said += [*capfd.readouterr()]
    assert not [text for text in said if any(secret in text for secret in (KEY, LOGIN[1], BODY))]


def test_the_outbox_is_the_default_and_needs_nothing(tmp_path: Path) -> None:
    plain = Settings(title={"": "x"}, url="https://lin.example.org/", author="Lin")
    assert transport(plain, {}, tmp_path).name == "outbox"


WRONG: list[tuple[str, Settings, dict[str, str], list[str]]] = [
    ("an unknown name", house("sendgird"), {}, ["mail", "no transport `sendgird`", "Did you mean `sendgrid`?"]),
    ("a strange name", house("pigeon"), {}, ["`outbox`, `smtp`, `sendgrid`"]),
    ("no key", house("sendgrid"), {}, ["`SENDGRID_API_KEY` is not set", 'transport = "outbox"']),
    ("an empty key", house("sendgrid"), {"SENDGRID_API_KEY": " \n"}, ["`SENDGRID_API_KEY` is empty"]),
    ("a broken key", house("sendgrid"), {"SENDGRID_API_KEY": "SG.a\r\nb"}, ["characters that no key has"]),
    ("plain http", house("sendgrid", host="http://api.example.org"), ENVIRON, ["no https address"]),
    ("no scheme", house("sendgrid", host="api.example.org"), ENVIRON, ["no https address"]),
    ("a path", house("sendgrid", host="https://api.example.org/v3"), ENVIRON, ["no https address"]),
    ("a login in it", house("sendgrid", host="https://a:b@api.example.org"), ENVIRON, ["no https address"]),
    ("a bad port", house("sendgrid", host="https://api.example.org:99999"), ENVIRON, ["no https address"]),
    ("a newline", house("sendgrid", host="https://api.example.org\r\nX: y"), ENVIRON, ["no https address"]),
    ("no time", house("sendgrid", mail={"timeout": 0}), ENVIRON, ["timeout", "seconds"]),
    ("endless time", house("smtp", mail={"timeout": float("inf")}), ENVIRON, ["timeout", "seconds"]),
    ("no password", house("smtp", smtp=Smtp(username="lin")), {}, ["`KITH_SMTP_PASSWORD` is not set"]),
    ("an empty password", house("smtp", smtp=Smtp(username="lin")), {"KITH_SMTP_PASSWORD": ""}, ["is empty"]),
    ("a scheme", house("smtp", smtp=Smtp(host="smtp://mail.example.org")), {}, ["no host name"]),
    ("no host", house("smtp", smtp=Smtp(host="")), {}, ["no host name"]),
    ("a wrong port", house("smtp", smtp=Smtp(port=0)), {}, ["`0` is no port"]),
    ("unknown security", house("smtp", smtp=Smtp(security="ssl")), {}, ["there is no `ssl`"]),
    (
        "a login in the clear",
        house("smtp", smtp=Smtp(host="mail.example.org", username="lin", security="none")),
        ENVIRON,
        ["give the password away"],
    ),
    ("a bad sender", house("smtp", mail={"sender": "Zhao, Lin <lin@example.org>"}), {}, ["not an address"]),
]


@pytest.mark.parametrize(("what", "given_settings", "environ", "says"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_one_line_with_place_fact_and_suggestion(
    tmp_path: Path, what: str, given_settings: Settings, environ: dict[str, str], says: list[str]
) -> None:
    with pytest.raises(errors.Misconfigured) as caught:
        transport(given_settings, environ, tmp_path)
    said = str(caught.value)
    assert all(part in said for part in says), said
    assert KEY not in said and LOGIN[1] not in said
    assert not list(tmp_path.iterdir()), "nothing is made for a transport that cannot be"


@pytest.mark.parametrize("secret", ["SG.abc.def", "hunter2", ""])
def test_a_secret_written_where_its_variable_belongs_is_not_repeated(tmp_path: Path, secret: str) -> None:
    wrong = replace(house("sendgrid"), sendgrid=Sendgrid(key_env=secret))
    with pytest.raises(errors.Misconfigured, match="no name of an environment variable") as caught:
        transport(wrong, {}, tmp_path)
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("host", ["https://api.sendgrid.com", "https://api.eu.sendgrid.com/", "http://127.0.0.1:8025"])
def test_https_anywhere_and_http_only_at_home(tmp_path: Path, host: str) -> None:
    assert transport(house("sendgrid", host=host), ENVIRON, tmp_path).name == "sendgrid"


def test_a_mail_server_at_home_may_be_spoken_to_in_the_clear(tmp_path: Path) -> None:
    server = Smtp(host="127.0.0.1", username="lin", security="none")
    assert transport(house("smtp", smtp=server), ENVIRON, tmp_path).name == "smtp"


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("LocalHost", True),
        ("10.0.0.1", False),
        ("a.localhost.example.org", False),
    ],
)
def test_home_is_this_machine_only(host: str, home: bool) -> None:
    assert is_loopback(host) is home


def test_choosing_loads_only_what_is_chosen() -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.settings import Settings;"
        "from pipeline.transports.choose import transport;"
        "transport(Settings(title={'': 'x'}, url='https://x.example.org/', author='x'), {}, Path('outbox'));"
        "print(sorted({'sendgrid', 'smtplib', 'python_http_client'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_words_are_one_short_line_without_secrets() -> None:
    assert words(b"no:\r\n \x1b[2J\x00 key SG.x \xff ", "SG.x", "") == "no: [2J key … �"
    assert len(words("x" * 1000)) == 300


def test_a_mailbox_has_a_name_and_an_address() -> None:
    assert mailbox("Lin Zhao <lin@example.org>") == ("Lin Zhao", "lin@example.org")
    assert mailbox("lin@bücher.example.org") == ("", "lin@xn--bcher-kva.example.org")


class Said:
    """A socket that says these bytes and hangs up."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def settimeout(self, _: float) -> None:
        pass

    def recv_into(self, buffer: memoryview) -> int:
        part, self._data = self._data[: len(buffer)], self._data[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


HEAD = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: n1\r\n"
WHOLE = [
    HEAD + b"Content-Length: 2\r\n\r\n{}",
    HEAD + b"Content-Length: 0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("whole", WHOLE, ids=["counted", "empty", "chunked"])
def test_a_reply_cut_anywhere_is_no_reply(whole: bytes) -> None:
    for count in range(len(whole)):
        timed = Timed(Said(whole[:count]), 1)  # type: ignore[arg-type]  # it has what is asked of a socket
        with pytest.raises((OSError, http.client.HTTPException)):
            _reply(timed, "POST")
    reply, keep = _reply(Timed(Said(whole), 1), "POST")  # type: ignore[arg-type]  # as above
    assert reply.status == 202 and reply.headers["x-message-id"] == "n1" and keep


def test_a_reply_without_an_end_does_not_fill_the_memory() -> None:
    timed = Timed(Said(WHOLE[0].replace(b": 2", b": 9999999") + b"x" * 5000), 1, limit=4000)  # type: ignore[arg-type]  # as above
    with pytest.raises(OSError, match="far too long"):
        _reply(timed, "POST")


def test_nothing_was_written_is_told_from_something_was_written() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(errors.Unavailable, match="nothing of the letter could be written"):
            write(ours, b"x", 0.2, "the letter")
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(errors.Uncertain, match="of 9,000,000 bytes of the letter: there was no answer"):
        write(ours, b"x" * 9_000_000, 0.1, "the letter")


def test_all_addresses_of_a_host_share_one_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(sock: socket.socket, address: object, seconds: float) -> socket.socket:
        sock.close()
        time.sleep(seconds)
        raise TimeoutError

    address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 9))
    monkeypatch.setattr(wire, "_resolve", lambda host, port: [address] * 5)
    monkeypatch.setattr(wire, "_connect", slow)
    start = time.monotonic()
    with pytest.raises(errors.Unavailable, match=r"no answer within 0\.1 s"):
        wire.dial("mail.example.org", 25, 0.1)
    assert time.monotonic() - start < 0.3


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda more: b"HTTP/1.1 202 OK\r\n" + more)))
def test_a_reply_of_any_bytes_ends_in_a_known_way(data: bytes) -> None:
    timed = Timed(Said(data), 1)  # type: ignore[arg-type]  # as above
    with suppress(OSError, http.client.HTTPException, ValueError):
        _reply(timed, "POST")


def test_the_fake_provider_runs_as_its_own_process_and_keeps_its_books(tmp_path: Path) -> None:
    books = tmp_path / "books.jsonl"
    command = [sys.executable, fake_sendgrid.__file__, "--port", "0", "--books", str(books), "--script", "take-close"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().removeprefix("listening on ").strip()
            with closing(SendgridTransport(f"http://127.0.0.1:{port}", KEY, 2)) as made:
                with pytest.raises(errors.Uncertain):
                    made.submit(alone(letter(1)))
                made.submit(alone(letter(2)))
        finally:
            process.kill()
    assert [json.loads(line)["delivery"] for line in books.read_text("utf-8").splitlines()] == ["d1", "d2"]


def test_every_outcome_is_documented_where_the_interface_is() -> None:
    promised: Callable[..., object] = Transport.submitting
    assert all(kind in str(promised.__doc__) for kind in ("Refused", "Unavailable", "Uncertain", "Misconfigured"))
