"""SMTP: the moment of handing over divides what may be tried again from what a person must settle."""

from __future__ import annotations

import base64
import email
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import policy
from pathlib import Path

import pytest
import small
from small import BODY

from pipeline import errors
from pipeline.frozen import alone
from pipeline.outgoing import Letter, Picture
from pipeline.settings import Smtp
from pipeline.transports.smtp import SmtpTransport
from tests.fake_smtp import LOGIN, FakeSmtp, certificate, interrupted

SECONDS = 0.3
USERNAME, PASSWORD = LOGIN


def letter(number: int = 1, **changes: object) -> Letter:
    dots = {"text": f"{BODY}\n.\n.. and dots\n", "headers": (("Message-ID", f"<d{number}@lin.example.org>"),)}
    return small.letter(number, **(dots | changes))


Connect = Callable[..., SmtpTransport]


@pytest.fixture(params=[False, True], ids=["one by one", "pipelining"])
def fake(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FakeSmtp]:
    with FakeSmtp(tmp_path / "books.jsonl", pipelining=request.param) as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Connect]:
    made: list[SmtpTransport] = []

    def open_to(port: int, *, seconds: float = SECONDS, password: str = PASSWORD, **changes: object) -> SmtpTransport:
        server = replace(Smtp(host="localhost", port=port, security="none"), **changes)  # type: ignore[arg-type]  # as above
        made.append(SmtpTransport(server, password, "Lin Zhao <letters@lin.example.org>", seconds))
        return made[-1]

    yield open_to
    for transport in made:
        transport.close()


def outcome(transport: SmtpTransport, sent: Letter) -> errors.KithError:
    with pytest.raises(errors.KithError) as caught:
        transport.submit(alone(sent))
    assert type(caught.value) in {errors.Refused, errors.Unavailable, errors.Uncertain, errors.Misconfigured}
    said = str(caught.value)
    secrets = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode().rstrip("="), BODY]
    assert not any(secret in said for secret in secrets) and "\n" not in said
    return caught.value


TABLE = [
    # the fault, the outcome, what it says, whether the server took the letter
    ("greet:421", errors.Unavailable, "takes nothing now: 421", 0),
    ("greet:554", errors.Misconfigured, "does not want to talk: 554", 0),
    ("greet-hang", errors.Unavailable, "no answer within 0.3 s", 0),
    ("greet-garbage", errors.Unavailable, "not SMTP", 0),
    ("ehlo-drop", errors.Unavailable, "took nothing", 0),
    ("mail:451", errors.Unavailable, "did not take the sender", 0),
    ("mail:421", errors.Unavailable, "421", 0),
    ("mail:550", errors.Misconfigured, "does not take letters from letters@lin.example.org", 0),
    ("mail:530", errors.Misconfigured, "530", 0),
    ("mail:552", errors.Refused, "552", 0),
    ("mail-drop", errors.Unavailable, "before the letter was handed over", 0),
    ("mail-hang", errors.Unavailable, "no answer within 0.3 s, before the letter was handed over", 0),
    ("rcpt:550", errors.Refused, "refused the address wei1@example.org: 550 4.3.0 the scripted fault", 0),
    ("rcpt:451", errors.Unavailable, "did not take the address wei1@example.org now: 451", 0),
    ("rcpt:530", errors.Misconfigured, "wants a login", 0),
    ("rcpt-drop", errors.Unavailable, "before the letter was handed over", 0),
    ("data:451", errors.Unavailable, "did not take the letter now: 451", 0),
    ("data:554", errors.Refused, "refused the letter: 554", 0),
    ("data-drop", errors.Unavailable, "before the letter was handed over", 0),
    ("text-drop", errors.Uncertain, "The letter was handed over to localhost", 0),
    ("dot:552", errors.Refused, "refused the letter: 552", 0),
    ("dot:451", errors.Unavailable, "did not take the letter now: 451", 0),
    ("dot:421", errors.Unavailable, "421", 0),
    ("dot-drop", errors.Uncertain, "with its last dot, but it hung up", 0),
    ("take-drop", errors.Uncertain, "with its last dot, but it hung up", 1),
    ("take-hang", errors.Uncertain, "with its last dot, but there was no answer within 1.2 s", 1),
    ("take-half", errors.Uncertain, "its answer broke off in the middle", 1),
    ("take-garbage", errors.Uncertain, "not SMTP", 1),
]


@pytest.mark.parametrize(("fault", "kind", "says", "taken"), TABLE, ids=[row[0] for row in TABLE])
def test_every_fault_has_its_named_outcome(
    fake: FakeSmtp, connect: Connect, fault: str, kind: type, says: str, taken: int
) -> None:
    fake.script(fault)
    transport = connect(fake.port)
    found = outcome(transport, letter())
    assert type(found) is kind
    assert says in str(found)
    assert len(fake.books()) == taken
    assert not fake.faults, "the fault came about"
    transport.submit(alone(letter(2)))
    assert [row["to"] for row in fake.books()][taken:] == [["wei2@example.org"]], "the next letter goes on its own"


@pytest.mark.parametrize("fault", ["text-drop", "dot-drop", "take-drop", "take-half", "dot:421"])
def test_a_letter_whose_bytes_have_left_is_never_tried_again_over_a_kept_connection(
    fake: FakeSmtp, connect: Connect, fault: str
) -> None:
    transport = connect(fake.port)
    transport.submit(alone(letter(1)))
    fake.script(fault)
    outcome(transport, letter(2))
    assert fake.verbs.count("data") == 2
    assert sum(row["to"] == ["wei2@example.org"] for row in fake.books()) == fault.startswith("take")


def test_a_server_that_takes_the_letter_and_then_cuts_the_line_has_taken_it(fake: FakeSmtp, connect: Connect) -> None:
    fake.script("take-and-drop")
    transport = connect(fake.port)
    assert transport.submit(alone(letter(1))).evidence == "250 2.0.0 Ok: queued as last"
    transport.submit(alone(letter(2)))
    assert len(fake.books()) == 2


def test_a_receipt_has_the_servers_number_and_its_words(fake: FakeSmtp, connect: Connect) -> None:
    receipt = connect(fake.port).submit(alone(letter()))
    assert (receipt.message_id, receipt.evidence) == ("fake1", "250 2.0.0 Ok: queued as fake1")


def test_the_letter_arrives_as_it_was_written(fake: FakeSmtp, connect: Connect) -> None:
    connect(fake.port).submit(alone(letter(to="wei@bücher.example.org")))
    book = fake.books()[0]
    assert (book["from"], book["to"]) == ("letters@lin.example.org", ["wei@xn--bcher-kva.example.org"])
    message = email.message_from_bytes(book["data"].encode("latin-1"), policy=policy.default)
    assert message["Subject"] == "慢慢达成共识" and message["Message-ID"] == "<d1@lin.example.org>"
    text = message.get_body(("plain",))
    assert text is not None and text.get_content().replace("\r\n", "\n") == f"{BODY}\n.\n.. and dots\n"


def test_a_text_cannot_end_the_letter_early_and_start_another() -> None:
    smuggled = "one\n.\nMAIL FROM:<x@example.org>\r.\r\n.two\n."
    data = SmtpTransport(Smtp("localhost"), "", "lin@lin.example.org", 1).prepare(alone(letter(text=smuggled, html="")))
    assert data.endswith(b"\r\n.\r\n") and data.count(b"\r\n.\r\n") == 1, "only the last dot ends it"
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data), "a lone CR or LF would end a line for some servers"
    message = email.message_from_bytes(data[:-3].replace(b"\r\n..", b"\r\n."), policy=policy.default)
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == "one\n.\nMAIL FROM:<x@example.org>\n.\n.two\n."


def test_one_connection_serves_many_letters_and_ends_with_quit(fake: FakeSmtp, connect: Connect) -> None:
    transport = connect(fake.port)
    for number in range(10):
        transport.submit(alone(letter(number)))
    transport.close()
    assert fake.connections == 1 and len(fake.books()) == 10
    assert "rset" not in fake.verbs and fake.verbs[-1] == "quit", "a letter that was taken leaves nothing to reset"


def test_a_refused_address_keeps_the_connection_for_the_next_letter(fake: FakeSmtp, connect: Connect) -> None:
    fake.script("rcpt:550")
    transport = connect(fake.port)
    outcome(transport, letter(1))
    transport.submit(alone(letter(2)))
    assert fake.connections == 1
    assert fake.verbs.count("rset") == 1


def test_a_connection_closed_while_idle_is_opened_again(fake: FakeSmtp, connect: Connect) -> None:
    transport = connect(fake.port)
    transport.submit(alone(letter(1)))
    fake.hang_up()
    transport.submit(alone(letter(2)))
    assert fake.connections == 2 and len(fake.books()) == 2


@pytest.mark.parametrize("fault", ["mail-drop", "rcpt-drop", "data-drop", "mail:421"])
def test_a_kept_connection_lost_before_the_letter_is_tried_once_more_on_a_new_one(
    fake: FakeSmtp, connect: Connect, fault: str
) -> None:
    transport = connect(fake.port)
    transport.submit(alone(letter(1)))
    fake.script(fault)
    transport.submit(alone(letter(2)))
    assert fake.connections == 2 and len(fake.books()) == 2


def test_a_kept_connection_with_a_temporary_no_is_not_tried_again(fake: FakeSmtp, connect: Connect) -> None:
    transport = connect(fake.port)
    transport.submit(alone(letter(1)))
    fake.script("mail:451")
    assert type(outcome(transport, letter(2))) is errors.Unavailable
    assert fake.verbs.count("mail") == 2


def test_once_more_is_once(fake: FakeSmtp, connect: Connect) -> None:
    transport = connect(fake.port)
    transport.submit(alone(letter(1)))
    fake.script("mail-drop", "mail-drop")
    assert type(outcome(transport, letter(2))) is errors.Unavailable
    assert fake.verbs.count("mail") == 3


def test_an_interrupted_letter_leaves_nothing_for_the_next_one_to_mistake(fake: FakeSmtp, connect: Connect) -> None:
    transport = connect(fake.port)
    transport.submit(alone(letter(1)))
    fake.script("take-hang")
    with interrupted(0.1), pytest.raises(KeyboardInterrupt):
        transport.submit(alone(letter(2)))
    assert transport.submit(alone(letter(3))).message_id == "fake3"


def test_a_refused_connection_is_unavailable(connect: Connect) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = outcome(connect(free.getsockname()[1]), letter())
    assert type(found) is errors.Unavailable and "the connection was refused" in str(found)


def test_a_name_that_does_not_resolve_is_unavailable_and_says_so(connect: Connect) -> None:
    found = outcome(connect(587, host="nowhere.invalid"), letter())
    assert type(found) is errors.Unavailable and "`nowhere.invalid` does not resolve" in str(found)


def test_a_letter_larger_than_the_server_takes_is_refused_unwritten(tmp_path: Path, connect: Connect) -> None:
    with FakeSmtp(tmp_path / "books.jsonl", size=1000) as server:
        found = outcome(connect(server.port), letter(text="x" * 2000))
        assert type(found) is errors.Refused and "localhost takes 1,000" in str(found)
        assert "mail" not in server.verbs


def test_a_line_cut_in_the_middle_of_a_large_letter_is_uncertain_with_the_bytes_as_evidence(
    fake: FakeSmtp, connect: Connect
) -> None:
    fake.script("text-drop")
    big = Picture("p1", "big.png", "image/png", b"x" * 12_000_000)
    found = outcome(connect(fake.port, seconds=2), letter(inline=(big,)))
    assert type(found) is errors.Uncertain and "bytes of the letter to localhost" in str(found)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_letters_go_inside_tls_with_a_login(
    tmp_path: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with FakeSmtp(tmp_path / "books.jsonl", tls=tls, pem=pem, login=True) as server:
        transport = connect(server.port, security=tls, username=USERNAME, seconds=2)
        transport.submit(alone(letter(1)))
        transport.submit(alone(letter(2)))
        assert server.connections == 1 and len(server.books()) == 2
        transport.close()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_stops_the_run_before_the_login(
    tmp_path: Path, connect: Connect, tls: str
) -> None:
    with FakeSmtp(tmp_path / "books.jsonl", tls=tls, pem=certificate(tmp_path), login=True) as server:
        found = outcome(connect(server.port, security=tls, username=USERNAME, seconds=2), letter())
        assert type(found) is errors.Misconfigured and "certificate" in str(found)
        assert "auth" not in server.verbs


def test_starttls_is_required_where_it_is_asked_for(fake: FakeSmtp, connect: Connect) -> None:
    found = outcome(connect(fake.port, security="starttls", username=USERNAME), letter())
    assert type(found) is errors.Misconfigured and "does not offer STARTTLS" in str(found)
    assert not {"auth", "mail"} & set(fake.verbs)


def test_starttls_that_is_not_available_now_is_unavailable(tmp_path: Path, connect: Connect) -> None:
    with FakeSmtp(tmp_path / "books.jsonl", tls="starttls", pem=certificate(tmp_path)) as server:
        server.script("starttls:454")
        found = outcome(connect(server.port, security="starttls", seconds=2), letter())
        assert type(found) is errors.Unavailable and "454" in str(found)


def test_a_refused_login_stops_the_run(tmp_path: Path, connect: Connect) -> None:
    with FakeSmtp(tmp_path / "books.jsonl", login=True) as server:
        found = outcome(connect(server.port, username=USERNAME, password="wrong one"), letter())
        assert type(found) is errors.Misconfigured and "refused the login (535)" in str(found)
        assert "wrong one" not in str(found) and "KITH_SMTP_PASSWORD" in str(found)
        assert server.books() == []


def test_a_login_that_cannot_be_checked_now_is_unavailable(tmp_path: Path, connect: Connect) -> None:
    with FakeSmtp(tmp_path / "books.jsonl", login=True) as server:
        server.script("auth:454", "auth:454")
        found = outcome(connect(server.port, username=USERNAME), letter())
        assert type(found) is errors.Unavailable and "454" in str(found)


def test_a_missing_login_stops_the_run(tmp_path: Path, connect: Connect) -> None:
    with FakeSmtp(tmp_path / "books.jsonl", login=True) as server:
        found = outcome(connect(server.port), letter())
        assert type(found) is errors.Misconfigured and "530" in str(found)


def test_a_password_beyond_ascii_stops_the_run_without_being_shown(tmp_path: Path, connect: Connect) -> None:
    with FakeSmtp(tmp_path / "books.jsonl", login=True) as server:
        found = outcome(connect(server.port, username=USERNAME, password="påsswörd"), letter())
        assert type(found) is errors.Misconfigured and "påss" not in str(found)


def test_the_server_learns_the_senders_domain_and_not_the_name_of_this_machine(
    fake: FakeSmtp, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("nobody asks for the machine's name"))
    connect(fake.port).submit(alone(letter()))
    assert fake.names == ["lin.example.org"]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "no address"},
        {"to": "a@example.org\r\nRCPT TO:<b@example.org>"},
        {"to": "魏@example.org"},
        {"text": "\ud800"},
    ],
)
def test_a_letter_that_cannot_be_written_down_is_refused_before_anything_is_written(
    fake: FakeSmtp, connect: Connect, changes: dict[str, str]
) -> None:
    assert type(outcome(connect(fake.port), letter(**changes))) is errors.Refused
    assert fake.connections == 0


def test_a_mail_server_has_no_list_of_suppressions(fake: FakeSmtp, connect: Connect) -> None:
    assert connect(fake.port).suppressed() == {}
