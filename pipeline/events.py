"""SendGrid's events: what became of letters after they were submitted. Pure, but for the signature's library.

Events come unordered, repeated and sometimes forged. Each is stored once under a key of its own, and states are
worked out from all that are stored, so that any order of arrival ends in the same state.
Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import KithError
from pipeline.outgoing import DeliveryState

SOFT = 3
"""Letters in a row that bounced softly, after which no further one goes to the address."""

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

_TAKEN = {"processed", "deferred"}
_READ = {"delivered", "open", "click"}
_LEAVES = {"unsubscribe", "group_unsubscribe"}
_END_OF_TIME = 2**53
_HARD_DROPS = ("bounced", "spam report", "unsubscribed", "invalid")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One thing that happened: ``at`` in seconds since 1970 (UTC), ``kind`` in our own few words.

    Kinds: taken, read, soft, hard, complaint, left.
    """

    at: int
    kind: str
    key: str
    delivery: str
    address: str
    reason: str = ""


class Forged(KithError):
    """A payload whose signature does not fit, or that has none although a key is set."""


def read_payload(data: bytes, name: str) -> tuple[bytes, Mapping[str, str]]:
    """The body of a saved request, byte for byte, and its headers where they stand above it and an empty line."""
    if not data[:1].isalpha():
        return data, {}
    gap = re.search(rb"\r?\n\r?\n", data)
    if gap is None:
        return data, {}
    try:
        lines = data[: gap.start()].decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise KithError(f"{name}: the lines above the payload are not headers.") from None
    pairs = (line.partition(":") for line in lines)
    return data[gap.end() :], {key.strip().lower(): value.strip() for key, _, value in pairs}


def verify(body: bytes, headers: Mapping[str, str], public_key: str, name: str) -> None:
    """Raises `Forged` unless the body carries a signature by ``public_key`` (ECDSA over timestamp and raw body)."""
    from sendgrid.helpers.eventwebhook import EventWebhook

    signature, timestamp = headers.get(SIGNATURE.lower(), ""), headers.get(TIMESTAMP.lower(), "")
    if not signature or not timestamp:
        raise Forged(f"{name}: it is not signed, but `events_from` is set. Save the request's headers above its body.")
    try:
        hook = EventWebhook()
        key = hook.convert_public_key_to_ecdsa(public_key)
    except Exception:  # noqa: BLE001 - the library raises whatever its parts raise
        raise KithError("[tool.kith.sendgrid] events_from: this is not SendGrid's public key. Copy it again.") from None
    try:
        sound = hook.verify_signature(body.decode("utf-8"), signature, timestamp, key)
    except Exception:  # noqa: BLE001 - anything it stumbles over is no good signature
        sound = False
    if not sound:
        raise Forged(f"{name}: the signature does not fit. Nothing of it was taken.")


def events_of(body: bytes, name: str) -> list[Event]:
    """The events of a payload: a JSON array, one object, or one object a line. Raises `KithError` for anything else."""
    try:
        text = body.decode("utf-8-sig").strip()
        rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line]
    except (ValueError, RecursionError):
        raise KithError(f"{name}: this is not a payload of SendGrid's event webhook (JSON).") from None
    if not isinstance(rows, list):
        rows = [rows]
    return [event for row in rows if isinstance(row, dict) and (event := _event(row)) is not None]


def _event(row: Mapping[str, Any]) -> Event | None:
    name = str(row.get("event", ""))
    kind = _kind(name, row)
    if kind is None:
        return None
    try:
        at = min(max(int(row.get("timestamp") or 0), 0), _END_OF_TIME)
    except (TypeError, ValueError, OverflowError):
        at = 0
    delivery = _clean(row.get("delivery"))
    address = _clean(row.get("email")).strip().lower()
    # Its own event id may differ between repeats; what happened, to what and when does not.
    message = _clean(row.get("sg_message_id")).split(".")[0]
    parts = [message, delivery, address, name, kind, str(at), _clean(row.get("url"))]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    said = _clean(row.get("reason") or row.get("response") or name)
    reason = " ".join("".join(char if char.isprintable() else " " for char in said).split())[:300]
    return Event(at, kind, key, delivery, address, reason)


def _clean(value: object) -> str:
    """A value as text that can be written down: half a character, which JSON may hold, cannot."""
    return str(value or "").encode("utf-8", "replace").decode()


def _kind(name: str, row: Mapping[str, Any]) -> str | None:
    if name in _TAKEN:
        return "taken"
    if name in _READ:
        return "read"
    if name == "bounce":
        return "soft" if row.get("type") == "blocked" else "hard"
    if name == "dropped":
        reason = str(row.get("reason", "")).lower()
        return "hard" if any(word in reason for word in _HARD_DROPS) else "soft"
    if name == "spamreport":
        return "complaint"
    return "left" if name in _LEAVES else None


_STATES = (
    ("complaint", DeliveryState.COMPLAINED),
    ("hard", DeliveryState.BOUNCED),
    ("soft", DeliveryState.BOUNCED),
    ("read", DeliveryState.DELIVERED),
    ("left", DeliveryState.DELIVERED),
    ("taken", DeliveryState.SUBMITTED),
)


def state_of(events: Iterable[Event]) -> tuple[DeliveryState, str] | None:
    """What became of one delivery, and the provider's words for it: the gravest thing that was ever said of it."""
    known = sorted(events)
    for kind, state in _STATES:
        said = [event for event in known if event.kind == kind]
        if said:
            return state, said[-1].reason
    return None


def stop_of(events: Iterable[Event]) -> str:
    """Why no letter may go to an address any more; ``""`` while one may."""
    known = sorted(events)
    for kind, words in (("complaint", "reported a letter as spam"), ("left", "unsubscribed"), ("hard", "bounced")):
        said = [event for event in known if event.kind == kind]
        if said:
            reason = f": {said[-1].reason}" if kind == "hard" else ""
            return f"the address {words}{reason}"
    read = max((event.at for event in known if event.kind == "read"), default=-1)
    soft = {event.delivery or event.key for event in known if event.kind == "soft" and event.at > read}
    return f"{len(soft)} letters in a row bounced" if len(soft) >= SOFT else ""
