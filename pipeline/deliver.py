"""Submits the frozen letters: a durable intent before each, a durable outcome after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.errors import Misconfigured, Refused, Unavailable, Uncertain
from pipeline.ledger import Ledger
from pipeline.model import Delivery, DeliveryState
from pipeline.transports.base import Transport

PATIENCE = (1.0, 4.0, 15.0)
"""Seconds to wait before each further try of a letter that the provider could not take."""

LONGEST_WAIT = 60.0
DOUBTS = 3
"""Uncertain letters in a row after which the run stops: something is wrong with the line."""


@dataclass(slots=True)
class Tally:
    """What one run did; ``stopped`` says why it ended early."""

    submitted: int = 0
    refused: int = 0
    uncertain: int = 0
    held: int = 0
    pending: int = 0
    stopped: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def needs_a_person(self) -> bool:
        """Whether something is left that does not end by itself."""
        return bool(self.refused or self.uncertain or self.pending or self.stopped)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the send loop is handed: the time, a way to wait, a word on each step, and the last question.

    ``may_go`` gives the reason why a letter may no longer go, or ``""``; ``halted`` is true once a person asked
    the run to stop: the letter in flight is finished and recorded, no other is begun.
    """

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    progress: Callable[[int, int], None]
    may_go: Callable[[Delivery, str], str]
    halted: Callable[[], bool]


def deliver(ledger: Ledger, transport: Transport, around: Surroundings) -> Tally:
    """Submits every pending delivery once, closest circles first, one person a request.

    Raises `Misconfigured` (nobody else is tried) and `LedgerUnusable`; anything else is in the tally.
    """
    tally = Tally()
    waiting = ledger.deliveries(DeliveryState.PENDING)
    doubts = 0
    try:
        for number, delivery in enumerate(waiting):
            around.progress(number, len(waiting))
            if around.halted():
                tally.stopped = "stopped as asked"
                break
            outcome = _one(ledger, transport, around, delivery, tally)
            doubts = doubts + 1 if outcome is DeliveryState.UNCERTAIN else 0
            if doubts == DOUBTS:
                tally.stopped = f"{DOUBTS} letters in a row are uncertain"
            if tally.stopped:
                break
        else:
            around.progress(len(waiting), len(waiting))
    finally:
        tally.pending = len(ledger.deliveries(DeliveryState.PENDING))
    ledger.audit()
    return tally


def _one(ledger: Ledger, transport: Transport, around: Surroundings, delivery: Delivery, tally: Tally) -> DeliveryState:
    letter = ledger.letter(delivery.id)
    if reason := around.may_go(delivery, letter.to):
        ledger.hold(delivery.id, around.clock(), reason)
        tally.held += 1
        return DeliveryState.HELD
    for wait in (*PATIENCE, None):
        ledger.begin(delivery.id, around.clock())
        try:
            receipt = transport.submit(letter)
        except Refused as error:
            ledger.refused(delivery.id, around.clock(), str(error))
            tally.refused += 1
            return DeliveryState.REFUSED
        except Uncertain as error:
            ledger.uncertain(delivery.id, around.clock(), str(error))
            tally.uncertain += 1
            return DeliveryState.UNCERTAIN
        except Misconfigured as error:
            ledger.back(delivery.id, around.clock(), str(error))
            raise
        except Unavailable as error:
            ledger.back(delivery.id, around.clock(), str(error))
            if wait is None or around.halted() or (error.retry_after or 0) > LONGEST_WAIT:
                tally.stopped = str(error)
                return DeliveryState.PENDING
            around.sleep(max(wait, error.retry_after or 0))
        else:
            ledger.submitted(delivery.id, around.clock(), receipt)
            tally.submitted += 1
            return DeliveryState.SUBMITTED
    return DeliveryState.PENDING
