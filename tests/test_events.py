"""What the provider's events say of letters: in any order, however often, and whoever signs them."""

from __future__ import annotations

import base64
import io
import json
import random
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from houses import PEOPLE, SETTINGS, house, run, text
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ledger import issue

from pipeline.events import SOFT, events_of, stop_of
from pipeline.ledger import Ledger
from pipeline.outgoing import DeliveryState
from pipeline.planned import Plan
from pipeline.records import Outcome

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=40)
PEOPLE_OF_THE_LEDGER = ("wei", "tom", "lu")


def row(event: str, delivery: str = "", at: int = 1_795_000_000, **more: Any) -> dict[str, Any]:
    """One event as SendGrid writes it; the address is that of the delivery's person."""
    who = delivery.rpartition("-")[2]
    fields = {"event": event, "timestamp": at, "email": f"{who}@example.org" if who else "", "delivery": delivery}
    return {"sg_message_id": f"m-{delivery}.filter", "sg_event_id": "e1"} | fields | more


def payload(*rows: Any) -> bytes:
    return json.dumps(list(rows)).encode()


def ingest(ledger: Ledger, *rows: Any) -> int:
    found = events_of(payload(*rows), "test")
    return ledger.ingest([(event, f"mark-{event.address.partition('@')[0]}") for event in found], NOW)


def fill(ledger: Ledger, state: DeliveryState = DeliveryState.UNCERTAIN) -> None:
    """A letter to each of three people in each of four issues, all of them in one state."""
    issues = [issue(f"i{number}", *PEOPLE_OF_THE_LEDGER) for number in range(4)]
    ledger.freeze(Plan(NOW), issues, [], ["a"])
    ids = [one.id for one in ledger.deliveries()]
    ledger.step([], ids, NOW)
    ledger.step([Outcome(one, state, "the connection broke") for one in ids], [], NOW)


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    (tmp_path / "private").mkdir()
    with Ledger.open(tmp_path / "private", NOW) as opened:
        fill(opened)
        yield opened


def state(ledger: Ledger, delivery: str) -> str:
    return next(one.state for one in ledger.deliveries() if one.id == delivery)


MARKS = {who: f"mark-{who}" for who in PEOPLE_OF_THE_LEDGER}


def final(ledger: Ledger) -> tuple[Any, Any, Any]:
    """Everything that later runs go by."""
    history = ledger.history(MARKS)
    states = {one.id: (one.state, one.reason) for one in ledger.deliveries()}
    return states, dict(history.blocked), {who: choice.state for who, choice in history.choices.items()}


KINDS = ("processed", "deferred", "delivered", "open", "click", "bounce", "dropped", "spamreport", "unsubscribe",
         "group_unsubscribe", "group_resubscribe", "nonsense")  # fmt: skip
ROWS = st.builds(
    row,
    st.sampled_from(KINDS),
    st.sampled_from([f"i{number}-{who}" for number in range(4) for who in PEOPLE_OF_THE_LEDGER] + ["", "stranger"]),
    st.integers(1_795_000_000, 1_795_000_006),
    type=st.sampled_from(["bounce", "blocked"]),
    reason=st.sampled_from(["Bounced Address", "550 no such mailbox", "mailbox full", "Invalid"]),
    email=st.sampled_from(
        [f"{who}@example.org" for who in PEOPLE_OF_THE_LEDGER] + ["WEI@Example.org", "x@example.org"]
    ),
)


def _taken(rows: list[Any], batches: int) -> tuple[Any, Any, Any]:
    with tempfile.TemporaryDirectory() as folder:
        private = Path(folder) / "private"
        private.mkdir()
        with Ledger.open(private, NOW) as ledger:
            fill(ledger)
            for start in range(batches):
                ingest(ledger, *rows[start::batches])
            ledger.audit()
            return final(ledger)


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(st.lists(ROWS, max_size=14), st.integers(0, 10**6), st.integers(1, 4))
def test_any_order_and_any_repetition_end_in_the_same_state(
    rows: list[dict[str, Any]], seed: int, batches: int
) -> None:
    dice = random.Random(seed)
    again = [one | {"sg_event_id": str(dice.random())} for one in rows for _ in range(dice.randint(1, 3))]
    dice.shuffle(again)
    assert _taken(again, batches) == _taken(rows, 1)


def test_a_repeat_under_another_event_id_is_not_new(ledger: Ledger) -> None:
    one = row("delivered", "i0-wei")
    assert ingest(ledger, one, one | {"sg_event_id": "e2"}) == 1
    assert ingest(ledger, one | {"sg_message_id": "m-i0-wei.another.filter"}) == 0


@pytest.mark.parametrize(
    ("said", "became"),
    [
        (row("processed", "i0-wei"), DeliveryState.SUBMITTED),
        (row("deferred", "i0-wei"), DeliveryState.SUBMITTED),
        (row("delivered", "i0-wei"), DeliveryState.DELIVERED),
        (row("open", "i0-wei"), DeliveryState.DELIVERED),
        (row("bounce", "i0-wei", type="bounce"), DeliveryState.BOUNCED),
        (row("bounce", "i0-wei", type="blocked"), DeliveryState.BOUNCED),
        (row("dropped", "i0-wei", reason="Bounced Address"), DeliveryState.BOUNCED),
        (row("spamreport", "i0-wei"), DeliveryState.COMPLAINED),
        (row("unsubscribe", "i0-wei"), DeliveryState.DELIVERED),
    ],
)
def test_an_event_settles_an_uncertain_letter_without_anybody(ledger: Ledger, said: Any, became: str) -> None:
    ingest(ledger, said)
    assert state(ledger, "i0-wei") == became
    assert state(ledger, "i0-tom") == DeliveryState.UNCERTAIN, "and no other"
    assert "a" in ledger.history(MARKS).told["wei"], "it is not told again"


def test_what_came_later_in_time_does_not_soften_what_was_graver(ledger: Ledger) -> None:
    ingest(ledger, row("spamreport", "i0-wei", at=10), row("delivered", "i0-wei", at=99), row("bounce", "i1-wei", at=5))
    ingest(ledger, row("delivered", "i1-wei", at=100))
    assert state(ledger, "i0-wei") == DeliveryState.COMPLAINED
    assert state(ledger, "i1-wei") == DeliveryState.BOUNCED


def test_soft_bounces_stop_an_address_after_a_bounded_number(ledger: Ledger) -> None:
    soft = [row("bounce", f"i{number}-wei", at=100 + number, type="blocked") for number in range(SOFT)]
    ingest(ledger, *soft[:-1])
    assert "wei" not in ledger.history(MARKS).blocked
    ingest(ledger, *soft[:-1], row("deferred", "i3-wei", at=200))
    assert "wei" not in ledger.history(MARKS).blocked, "the same bounce again is not one more"
    ingest(ledger, soft[-1])
    assert f"{SOFT} letters in a row bounced" in ledger.history(MARKS).blocked["wei"]
    assert "tom" not in ledger.history(MARKS).blocked


def test_a_letter_that_arrived_starts_the_count_of_soft_bounces_anew() -> None:
    rows = [row("bounce", f"i{number}-wei", at=100 + number, type="blocked") for number in range(SOFT)]
    assert stop_of(events_of(payload(*rows), "x"))
    assert not stop_of(events_of(payload(*rows, row("delivered", "i1-wei", at=101)), "x"))


@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": float("inf")}, {"timestamp": 10**400}, {"timestamp": -1}, {"timestamp": "soon"},
        {"timestamp": 2**63}, {"timestamp": None}, {"timestamp": float("nan")}, {"delivery": "\ud800"},
        {"email": "\udfff@x"},
        {"reason": "\x1b[31m\ud800"}, {"email": ["a"]}, {"delivery": {"a": 1}}, {"sg_message_id": 7}, {"url": {}},
        {"event": None}, {"event": ["bounce"]}, {"type": 5}, {"reason": None},
    ],
)  # fmt: skip
def test_an_odd_event_does_not_keep_the_others_out(ledger: Ledger, odd: dict[str, Any]) -> None:
    ingest(ledger, row("bounce", "i0-tom") | odd, 7, "text", None, [], row("delivered", "i0-wei"))
    assert state(ledger, "i0-wei") == DeliveryState.DELIVERED
    assert not any("\x1b" in one.reason for one in ledger.deliveries())


# through the command, with keys

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


def signed(body: bytes, key: ec.EllipticCurvePrivateKey = KEY, timestamp: str = "1795000000") -> bytes:
    """The request as it would be saved: its headers, an empty line, its body."""
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    head = f"X-Twilio-Email-Event-Webhook-Signature: {signature}\r\nX-Twilio-Email-Event-Webhook-Timestamp: {timestamp}"
    return f"Content-Type: application/json\r\n{head}\r\n\r\n".encode() + body


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A house that has submitted a letter to Wei, and wants its events signed."""
    keyed = f'{SETTINGS}\n[tool.kith.sendgrid]\nevents_from = "{public(KEY)}"\n'
    made = house(tmp_path / "house", {"pyproject.toml": keyed})
    assert run(made, "deliver", now=NOW).code == 0
    return made


def delivery(root: Path) -> str:
    ledger = Ledger.peek(root / "private")
    assert ledger is not None
    with closing(ledger):
        return ledger.deliveries()[0].id


def about_wei(root: Path, event: str, **more: Any) -> bytes:
    return payload(row(event, delivery(root), email="wei@example.org", **more))


def take(root: Path, data: bytes) -> Any:
    path = root / "payload.json"
    path.write_bytes(data)
    return run(root, "events", str(path), now=NOW)


def counts(root: Path) -> dict[str, int]:
    ledger = Ledger.peek(root / "private")
    assert ledger is not None
    with closing(ledger):
        return ledger.counts()


def test_what_is_signed_is_taken(root: Path) -> None:
    assert take(root, signed(about_wei(root, "delivered"))).code == 0
    assert counts(root) == {"delivered": 1}


def forgeries(body: bytes) -> dict[str, bytes]:
    whole = signed(body)
    return {
        "unsigned": body,
        "signed by another": signed(body, OTHER),
        "one byte changed": whole[:-3] + b" " + whole[-3:],
        "another event": whole.replace(b'"spamreport"', b'"processed"'),
        "another time": whole.replace(b"Timestamp: 1795000000", b"Timestamp: 1795000001"),
        "no timestamp": whole.replace(b"Timestamp:", b"Time:"),
        "bad base64": whole.replace(b"Signature: ", b"Signature: A"),
        "an empty signature": whole.replace(b"Signature: ", b"Signature: \r\nX-Other: "),
        "cut off": whole[:-1],
        "not text": whole + b"\xff",
        "a second payload behind it": whole + body,
    }


@pytest.mark.parametrize("how", list(forgeries(b'[{"event": "spamreport"}]')))
def test_what_is_forged_is_not_taken_and_says_so(root: Path, how: str) -> None:
    before = counts(root)
    ran = take(root, forgeries(about_wei(root, "spamreport"))[how])
    assert ran.code == 1
    assert "signature" in ran.err or "not signed" in ran.err
    assert "Traceback" not in ran.err
    assert counts(root) == before
    assert "unsubscribed" not in run(root, "explain", "wei", now=NOW).out


def test_one_forged_file_in_a_folder_is_named_and_keeps_no_other_out(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "payloads"
    folder.mkdir()
    (folder / "1.txt").write_bytes(signed(about_wei(root, "delivered")))
    (folder / "2.txt").write_bytes(signed(about_wei(root, "spamreport"), OTHER))
    ran = run(root, "events", str(folder), now=NOW)
    assert ran.code == 1
    assert "2.txt" in ran.err and "The others were taken in." in ran.err
    assert counts(root) == {"delivered": 1}, "and the forged complaint changes nothing"
    (folder / "2.txt").unlink()
    assert run(root, "events", str(folder), now=NOW).code == 0
    assert counts(root) == {"delivered": 1}


def test_events_are_taken_from_standard_input(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = signed(about_wei(root, "delivered"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(body), isatty=lambda: False))
    assert run(root, "events", now=NOW).code == 0
    assert counts(root) == {"delivered": 1}


@pytest.mark.parametrize(
    ("event", "more", "words"),
    [
        ("bounce", {"type": "bounce", "reason": "550 no such mailbox"}, "bounced"),
        ("dropped", {"reason": "Bounced Address"}, "bounced"),
        ("spamreport", {}, "spam"),
        ("unsubscribe", {}, "unsubscribed"),
        ("group_unsubscribe", {}, "unsubscribed"),
    ],
)
def test_a_stopped_address_gets_nothing_more_whatever_is_imported_later(
    root: Path, event: str, more: dict[str, str], words: str
) -> None:
    assert take(root, signed(about_wei(root, event, **more))).code == 0
    imported = PEOPLE.replace("id: wei, name: Wei", "id: chen, name: Chen").replace("wei@", "Wei@")
    assert "id: chen" in imported
    (root / "subscribers.yml").write_text(imported, "utf-8")
    (root / "content/updates/2026-11-20-sun.md").write_text(text("id: sun\ndate: 2026-11-20", "The sun is back.\n"))
    ran = run(root, "deliver", "--yes", now=LATER)
    assert ran.code == 0, ran
    assert [path.name for path in (root / "build/outbox").glob("*.eml")] != []
    assert not [path for path in (root / "build/outbox").glob("*.eml") if b"The sun" in path.read_bytes()
                and b"wei@example.org" in path.read_bytes().lower()]  # fmt: skip
    assert words in run(root, "explain", "chen", now=LATER).out


def test_the_stop_of_an_international_address_holds_in_either_form(tmp_path: Path) -> None:
    people = PEOPLE.replace("wei@example.org", "wei@bücher.example.com")
    root = house(tmp_path / "house", {"subscribers.yml": people})
    assert run(root, "deliver", now=NOW).code == 0
    body = payload(row("bounce", delivery(root), email="wei@xn--bcher-kva.example.com", type="bounce", reason="550"))
    assert take(root, body).code == 0
    (root / "content/updates/2026-11-20-sun.md").write_text(text("id: sun\ndate: 2026-11-20", "The sun is back.\n"))
    assert "the address bounced: 550" in run(root, "plan", now=LATER).out


def test_an_event_about_a_letter_of_somebody_else_changes_no_letter_of_ours(root: Path) -> None:
    body = payload(
        row("delivered", "0" * 24, email="nobody@example.org"), row("delivered", "", email="wei@example.org")
    )
    assert take(root, signed(body)).code == 0
    assert counts(root) == {"submitted": 1}


def test_somebody_who_came_back_is_not_turned_away_by_what_is_heard_of_an_old_letter(ledger: Ledger) -> None:
    ingest(ledger, row("group_unsubscribe", "i0-wei", 1_795_000_001))
    assert ledger.history(MARKS).choices["wei"].state == "unsubscribed"
    ledger.choose("wei", {"state": "subscribed"}, NOW)
    ingest(ledger, row("open", "i0-wei", 1_795_000_005), row("group_unsubscribe", "i0-wei", 1_795_000_001))
    assert ledger.history(MARKS).choices["wei"].state == "subscribed"


def test_whose_address_left_for_good_does_not_come_back_without_another_one(root: Path) -> None:
    take(root, signed(about_wei(root, "unsubscribe")))
    ran = run(root, "choice", "wei", "--return", now=NOW)
    assert ran.code == 1
    assert "stays held" in ran.err and "write another one" in ran.err
