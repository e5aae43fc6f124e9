"""What leaves the house, and what becomes of it: letters, issues, pastes and their deliveries. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.model import EVERYONE, Audience
from pipeline.planned import Held, PlannedPaste


class DeliveryState(StrEnum):
    """What the ledger knows of one letter to one person."""

    HELD = "held"
    PENDING = "pending"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that travels inside a letter because it stands on no public page."""

    cid: str
    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One composed letter; ``headers`` excludes the addressing, ``inline`` holds pictures by content id."""

    delivery_id: str
    person: str
    sender: str
    to: str
    to_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    date: datetime
    language: str
    headers: tuple[tuple[str, str], ...] = ()
    entries: tuple[str, ...] = ()
    inline: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's word that it took a letter; ``message_id`` is its own number for it."""

    message_id: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the letters of an issue share: text and HTML, with ``hole`` where a reader's greeting and token go."""

    text: str
    html: str
    hole: str = ""
    inline: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Frozen:
    """One letter as the ledger keeps it: ``stub`` has no text, HTML or pictures; they are in the shared ``sheet``.

    ``hello`` and ``token`` fill the sheet's holes; ``mark`` is the fingerprint of the address. ``origin`` says what it
    was composed from (`pipeline.origin`), where that is known; it is no part of the letter.
    """

    stub: Letter
    sheet: Sheet
    hello: str
    token: str
    issue: str
    mark: str
    audience: Audience = EVERYONE
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One dated letter's content for one circle and language: everybody it is for, and who is held and why."""

    id: str
    letters: tuple[Frozen, ...] = ()
    held: tuple[Held, ...] = ()

    @property
    def audience(self) -> int:
        """How many people it is for."""
        return len(self.letters) + len(self.held)


@dataclass(frozen=True, slots=True)
class Pasted:
    """The text of one paste, as it was composed."""

    paste: PlannedPaste
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The ledger's record of one letter to one person, without its text; times are aware."""

    id: str
    issue: str
    who: str
    state: DeliveryState
    reason: str = ""
    message_id: str = ""
    subject: str = ""
    audience: Audience = EVERYONE
    changed: datetime | None = None
    issued: datetime | None = None
