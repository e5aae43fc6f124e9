"""SendGrid: every ending of a request has its named outcome, and the provider's own books agree with it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import small
from small import BODY

from pipeline import errors
from pipeline.frozen import alone
from pipeline.outgoing import Letter, Picture
from pipeline.transports.sendgrid import SendgridTransport, payload, retry_after
from pipeline.web import Reply
from tests.fake_sendgrid import KEY, FakeSendgrid
from tests.fake_smtp import certificate, interrupted, server_context

SECONDS = 0.3


def letter(number: int = 1, **changes: object) -> Letter:
    headers = (("Message-ID", "<d1@lin.example.org>"), ("List-Id", "Briefe für dich <letters.lin.example.org>"))
    return small.letter(number, **({"headers": headers} | changes))


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeSendgrid]:
    with FakeSendgrid(tmp_path / "books.jsonl") as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Callable[..., SendgridTransport]]:
    made: list[SendgridTransport] = []

    def open_to(url: str, key: str = KEY, seconds: float = SECONDS) -> SendgridTransport:
        made.append(SendgridTransport(url, key, seconds))
        return made[-1]

    yield open_to
    for transport in made:
        transport.close()


def outcome(transport: SendgridTransport, sent: Letter) -> errors.KithError:
    with pytest.raises(errors.KithError) as caught:
        transport.submit(alone(sent))
    assert type(caught.value) in {errors.Refused, errors.Unavailable, errors.Uncertain, errors.Misconfigured}
    assert KEY not in str(caught.value) and BODY not in str(caught.value) and "Traceback" not in str(caught.value)
    return caught.value


TABLE = [
    # the fault, the outcome, what it says, whether the provider took the letter
    ("take-hang", errors.Uncertain, "no answer within 0.3 s", 1),
    ("take-close", errors.Uncertain, "closed without an answer", 1),
    ("take-reset", errors.Uncertain, "reset", 1),
    ("take-truncate-head", errors.Uncertain, "broke off in the middle", 1),
    ("take-truncate-body", errors.Uncertain, "broke off in the middle", 1),
    ("take-garbage", errors.Uncertain, "not HTTP", 1),
    ("take-drip", errors.Uncertain, "no answer within 0.3 s", 1),
    ("read-hang", errors.Uncertain, "no answer within 0.3 s", 0),
    ("read-close", errors.Uncertain, "closed without an answer", 0),
    ("read-reset", errors.Uncertain, "reset", 0),
    ("hang", errors.Uncertain, "no answer within 0.3 s", 0),
    ("reset", errors.Uncertain, "reset", 0),
    ("reset-middle", errors.Uncertain, "reset", 0),
    ("status:200", errors.Uncertain, "200 OK", 0),
    ("status:504", errors.Uncertain, "504 Gateway Timeout", 0),
    ("status:400;say=Does not contain a valid address.", errors.Refused, "Does not contain a valid address.", 0),
    ("status:413", errors.Refused, "413", 0),
    ("early-413", errors.Refused, "too large", 0),
    ("status:422", errors.Refused, "422", 0),
    ("status:401", errors.Misconfigured, "SENDGRID_API_KEY", 0),
    ("status:403;say=The from address does not match", errors.Misconfigured, "verified sender", 0),
    ("status:401;say=Maximum credits exceeded", errors.Misconfigured, "quota is used up", 0),
    ("status:404", errors.Misconfigured, "Check `host`", 0),
    ("redirect", errors.Misconfigured, "redirect (302), which is not followed", 0),
    ("status:308", errors.Misconfigured, "redirect (308)", 0),
    ("status:429;retry-after=7", errors.Unavailable, "429 Too Many Requests", 0),
    ("status:500", errors.Unavailable, "took nothing", 0),
    ("status:502", errors.Unavailable, "502", 0),
    ("status:503", errors.Unavailable, "503", 0),
]


@pytest.mark.parametrize(("fault", "kind", "says", "taken"), TABLE, ids=[row[0].split(";say")[0] for row in TABLE])
def test_every_fault_has_its_named_outcome(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport], fault: str, kind: type, says: str, taken: int
) -> None:
    fake.script(fault)
    transport = connect(fake.url)
    found = outcome(transport, letter())
    assert type(found) is kind
    assert says in str(found)
    assert len(fake.books()) == taken
    assert len(fake.requests) == 1, "one letter is one request, whatever comes of it"
    receipt = transport.submit(alone(letter(2)))
    assert [row["delivery"] for row in fake.books()][taken:] == ["d2"]
    assert receipt.message_id == fake.books()[-1]["message_id"], "no late reply is taken for the next letter's"


@pytest.mark.parametrize("fault", ["accept", "accept-close", "accept-chunked", "accept-continue"])
def test_a_202_in_any_dress_is_a_receipt_with_the_providers_number(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport], fault: str
) -> None:
    fake.script(fault)
    receipt = connect(fake.url).submit(alone(letter()))
    assert receipt.message_id == "fake-1" == fake.books()[0]["message_id"]
    assert "202" in receipt.evidence


def test_a_refused_connection_is_unavailable(fake: FakeSendgrid, connect: Callable[..., SendgridTransport]) -> None:
    fake.refuse()
    found = outcome(connect(fake.url), letter())
    assert type(found) is errors.Unavailable and "the connection was refused" in str(found)
    assert fake.books() == []


def test_a_name_that_does_not_resolve_is_unavailable_and_says_so(connect: Callable[..., SendgridTransport]) -> None:
    found = outcome(connect("https://nowhere.invalid"), letter())
    assert type(found) is errors.Unavailable and "`nowhere.invalid` does not resolve" in str(found)


def test_a_connection_nobody_accepts_in_time_is_unavailable(connect: Callable[..., SendgridTransport]) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        start = time.monotonic()
        found = outcome(connect(f"http://127.0.0.1:{full.getsockname()[1]}", seconds=0.2), letter())
        for sock in waiting:
            sock.close()
    assert type(found) is errors.Unavailable and "no answer within 0.2 s" in str(found)
    assert time.monotonic() - start < 1


def test_a_provider_that_stops_reading_leaves_the_letter_uncertain_with_the_bytes_as_evidence(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.script("hang")
    big = Picture("p1", "big.png", "image/png", b"x" * 12_000_000)
    # It reads nothing but the head, so the rest fills the buffers and stops.
    found = outcome(connect(fake.url), letter(inline=(big,)))
    assert type(found) is errors.Uncertain and "bytes of the request to 127.0.0.1" in str(found)


def test_a_no_that_comes_before_the_whole_letter_is_written_counts(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.script("early-413")
    big = Picture("p1", "big.png", "image/png", b"x" * 12_000_000)
    found = outcome(connect(fake.url, seconds=2), letter(inline=(big,)))
    assert type(found) is errors.Refused and "413" in str(found)


def test_a_wait_the_provider_asks_for_is_handed_on(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.script("status:429;retry-after=7", f"status:429;x-ratelimit-reset={int(time.time()) + 60}", "status:503")
    transport = connect(fake.url)
    waits = [getattr(outcome(transport, letter()), "retry_after", "none") for _ in range(3)]
    assert waits[0] == 7 and 55 < waits[1] < 61 and waits[2] is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "1e30"}, 86_400.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset": "30"}, 30.0),
        ({}, None),
    ],
)
def test_a_wait_is_read_from_seconds_dates_and_resets_but_never_past_a_day(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(Reply(429, headers, b""), 1_000.0) == seconds


def test_one_connection_serves_many_letters(fake: FakeSendgrid, connect: Callable[..., SendgridTransport]) -> None:
    transport = connect(fake.url)
    for number in range(20):
        transport.submit(alone(letter(number)))
    assert fake.connections == 1 and len(fake.books()) == 20


def test_a_connection_closed_while_idle_is_noticed_before_the_next_letter_is_written(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    transport = connect(fake.url)
    transport.submit(alone(letter(1)))
    fake.hang_up()
    time.sleep(0.05)
    transport.submit(alone(letter(2)))
    assert fake.connections == 2 and len(fake.books()) == 2


def test_the_key_does_not_travel_to_where_a_redirect_points(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.script("redirect")
    outcome(connect(fake.url), letter())
    assert [request["path"] for request in fake.requests] == ["/v3/mail/send"]


def test_an_error_that_repeats_the_key_or_control_characters_is_cleaned(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.script("echo")
    said = str(outcome(connect(fake.url), letter()))
    assert KEY not in said and "\x1b" not in said and "\n" not in said


def test_a_wrong_key_stops_the_run(fake: FakeSendgrid, connect: Callable[..., SendgridTransport]) -> None:
    found = outcome(connect(fake.url, key="SG.another"), letter())
    assert type(found) is errors.Misconfigured and "authorization grant is invalid" in str(found)
    assert "SG.another" not in str(found)


@pytest.mark.parametrize("fault", ["take-hang", "hang"])
def test_an_interrupted_letter_leaves_nothing_for_the_next_one_to_mistake(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport], fault: str
) -> None:
    transport = connect(fake.url, seconds=5)
    transport.submit(alone(letter(1)))
    fake.script(fault)
    with interrupted(0.1), pytest.raises(KeyboardInterrupt):
        transport.submit(alone(letter(2)))
    receipt = transport.submit(alone(letter(3)))
    assert receipt.message_id == next(row["message_id"] for row in fake.books() if row["delivery"] == "d3")


def test_tls_with_a_certificate_that_is_trusted_works(
    tmp_path: Path, connect: Callable[..., SendgridTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with FakeSendgrid(tmp_path / "books.jsonl", tls=server_context(pem)) as server:
        transport = connect(server.url, seconds=2)
        transport.submit(alone(letter(1)))
        transport.submit(alone(letter(2)))
        assert server.connections == 1 and len(server.books()) == 2


@pytest.mark.parametrize(
    ("names", "trusted", "says"),
    [(["localhost"], False, "self-signed"), (["elsewhere.example.org"], True, "Hostname mismatch")],
)
def test_a_certificate_that_is_not_to_be_trusted_stops_the_run_before_the_key_travels(
    tmp_path: Path,
    connect: Callable[..., SendgridTransport],
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    trusted: bool,
    says: str,
) -> None:
    pem = certificate(tmp_path, names)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with FakeSendgrid(tmp_path / "books.jsonl", tls=server_context(pem)) as server:
        found = outcome(connect(server.url, seconds=2), letter())
        assert type(found) is errors.Misconfigured and says in str(found)
        assert server.requests == []


def test_a_server_that_does_not_speak_tls_is_unavailable(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    found = outcome(connect(f"https://localhost:{fake.port}"), letter())
    assert type(found) is errors.Unavailable and "did not agree on TLS" in str(found)
    assert not any(KEY in str(request) for request in fake.requests), "what it was given is no request of ours"


def test_the_payload_has_one_person_no_tracking_and_nothing_personal_but_the_address() -> None:
    picture = Picture("p1", "eye.png", "image/png", b"png")
    sent = letter(inline=(picture,), headers=(("Message-ID", "<d1@x.example.org>"), ("Reply-To", "a@example.org")))
    mail = json.loads(payload(alone(sent)))
    assert mail["personalizations"] == [{"to": [{"email": "wei1@example.org", "name": "陈伟"}]}]
    assert mail["from"] == {"email": "letters@lin.example.org", "name": "Lin Zhao"}
    assert mail["reply_to"] == {"email": "lin@example.org"}
    assert [part["type"] for part in mail["content"]] == ["text/plain", "text/html"]
    assert mail["headers"] == {"Message-ID": "<d1@x.example.org>"}, "reserved headers stay out"
    assert mail["custom_args"] == {"delivery": "d1"} and "categories" not in mail
    assert mail["attachments"][0] | {"content": ""} == {
        "content": "",
        "type": "image/png",
        "filename": "eye.png",
        "disposition": "inline",
        "content_id": "p1",
    }
    tracking = mail["tracking_settings"]
    assert set(tracking) == {"click_tracking", "open_tracking", "subscription_tracking", "ganalytics"}
    assert not any(value for setting in tracking.values() for value in setting.values())
    assert '"wei"' not in payload(alone(sent)).decode(), "the person's id stays at home"


def test_headers_beyond_ascii_are_encoded_on_one_line_and_their_addresses_left_alone() -> None:
    header = json.loads(payload(alone(letter())))["headers"]["List-Id"]
    assert header.isascii() and "\n" not in header and header.endswith("<letters.lin.example.org>")


def test_an_international_domain_is_written_in_ascii() -> None:
    mail = json.loads(payload(alone(letter(to="wei@bücher.example.org"))))
    assert mail["personalizations"][0]["to"][0]["email"] == "wei@xn--bcher-kva.example.org"


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "no address"},
        {"to": "a@example.org, b@example.org"},
        {"to": "a@example.org\r\nBcc: b@example.org"},
        {"subject": "one\nBcc: b@example.org"},
        {"text": "half a \ud800 character"},
        {"text": "SG.abcdef.ghijkl is a key"},
    ],
)
def test_a_letter_that_cannot_be_written_down_is_refused_before_anything_is_written(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport], changes: dict[str, str]
) -> None:
    assert type(outcome(connect(fake.url), letter(**changes))) is errors.Refused
    assert fake.connections == 0


def test_a_sender_that_is_no_mailbox_stops_the_run() -> None:
    with pytest.raises(errors.Misconfigured):
        payload(alone(letter(sender="Zhao, Lin <lin@example.org>")))


def row(address: str, created: int = 1_793_577_600, **more: str) -> dict[str, object]:
    return {"email": address, "created": created, **more}


def test_suppressions_are_read_from_all_five_lists_with_the_strongest_reason(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.lists = {
        "bounces": [row("Wei@Example.org", reason="550 no such box"), row("ana@example.org")],
        "blocks": [row("ana@example.org"), row("bo@example.org")],
        "spam_reports": [row("cy@example.org")],
        "invalid_emails": [row("nobody@example")],
        "unsubscribes": [row("wei@example.org"), {"email": "di@example.org"}],
    }
    assert connect(fake.url).suppressed() == {
        "cy@example.org": "reported as spam at SendGrid on 2026-11-02",
        "wei@example.org": "unsubscribed at SendGrid on 2026-11-02",
        "di@example.org": "unsubscribed at SendGrid",
        "ana@example.org": "bounced at SendGrid on 2026-11-02",
        "nobody@example": "found invalid at SendGrid on 2026-11-02",
        "bo@example.org": "blocked at SendGrid on 2026-11-02",
    }
    assert fake.connections == 1


def test_a_suppressed_international_address_is_found_as_people_write_it(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.lists = {"bounces": [row("wei@xn--bcher-kva.example.org"), row("wei@büro.example.org"), row("wei@xn--.org")]}
    assert {"wei@bücher.example.org", "wei@büro.example.org", "wei@xn--.org"} < set(connect(fake.url).suppressed())


def test_suppressions_are_read_to_the_last_page_even_if_pages_are_smaller_than_asked_for(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport]
) -> None:
    fake.page = 7
    fake.lists = {"bounces": [row(f"p{number}@example.org") for number in range(23)]}
    assert len(connect(fake.url).suppressed()) == 23


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status:401", errors.Misconfigured),
        ("status:403", errors.Misconfigured),
        ("redirect", errors.Misconfigured),
        ("status:429;retry-after=9", errors.Unavailable),
        ("status:500", errors.Unavailable),
        ("status:400", errors.Unavailable),
        ("status:202", errors.Unavailable),
        ("read-hang", errors.Unavailable),
        ("read-close", errors.Unavailable),
        ("hang", errors.Unavailable),
    ],
)
def test_suppressions_that_cannot_be_read_whole_are_an_error_never_an_empty_list(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport], fault: str, kind: type
) -> None:
    fake.lists = {"bounces": [row("wei@example.org")]}
    fake.list_faults.extend(["accept", "accept", "accept", fault])
    with pytest.raises(kind):
        connect(fake.url).suppressed()


@pytest.mark.parametrize("page", [[["wei@example.org"]], [{"address": "wei@example.org"}], [None], ["wei"]])
def test_suppressions_in_an_unknown_form_are_unavailable(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport], page: list[object]
) -> None:
    fake.lists = {"bounces": page}  # type: ignore[dict-item]  # wrong on purpose
    with pytest.raises(errors.Unavailable, match="not in a form"):
        connect(fake.url).suppressed()


def test_suppressions_that_ignore_the_offset_are_not_read_for_ever(
    fake: FakeSendgrid, connect: Callable[..., SendgridTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeSendgrid, "_listed", lambda self, target: [row("wei@example.org")])
    with pytest.raises(errors.Unavailable, match="repeats itself"):
        connect(fake.url).suppressed()
