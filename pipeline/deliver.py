"""Submits the frozen letters: a durable intent before each, a durable outcome after it.

One thread owns the ledger; every connection has a thread of its own that does nothing but `Transport.submit`.
The outcome of one letter and the intent of the next are one transaction, so that at any moment at most one
letter a connection is between the two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from queue import SimpleQueue
from threading import Thread

from pipeline.errors import KithError, Misconfigured, Refused, Unavailable, Uncertain
from pipeline.ledger import Ledger
from pipeline.model import Delivery, DeliveryState, Frozen, Receipt
from pipeline.records import Outcome
from pipeline.throttle import Throttle
from pipeline.transports.base import Transport

PATIENCE = (1.0, 4.0, 15.0)
"""Seconds to wait before each further try when the provider takes nothing."""

LONGEST_WAIT = 60.0
"""Seconds that a run waits when the provider asks for more; it stops instead, and what is left stays pending."""

DOUBTS = 3
"""Uncertain letters in a row after which the run stops: something is wrong with the line."""

CLOSED = 10
"""Addresses in a row that take nothing now, after which the run stops: it is not the addresses."""

AHEAD = 4
"""Letters that are thawed before their turn."""

_NOT_TAKEN = (DeliveryState.PENDING, DeliveryState.REFUSED)


@dataclass(slots=True)
class Tally:
    """What one run did; ``unsettled`` are the uncertain letters of all runs.

    ``stopped`` says why it ended early, ``later`` that what is left goes another day by itself.
    """

    submitted: int = 0
    refused: int = 0
    uncertain: int = 0
    held: int = 0
    pending: int = 0
    unsettled: int = 0
    stopped: str = ""
    later: bool = False

    @property
    def needs_a_person(self) -> bool:
        """Whether something is left that does not end by itself."""
        return bool(self.refused or self.unsettled or (self.pending and not self.later))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the send loop is handed: the time, a way to wait, a word on each step, and the last question.

    ``tick`` counts seconds and never goes back. ``may_go`` gives the reason why a letter may no longer go, or
    ``""``. ``halted`` is true once a person asked the run to stop: what is in flight is finished and recorded,
    nothing else is begun.
    """

    clock: Callable[[], datetime]
    tick: Callable[[], float]
    sleep: Callable[[float], None]
    progress: Callable[[int, int], None]
    may_go: Callable[[Delivery, str], str]
    halted: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Limits:
    """The pace: ``left_today`` letters at most in this run (None: no bound), and the throttle."""

    throttle: Throttle
    left_today: int | None = None


def deliver(
    ledger: Ledger, lines: Sequence[Transport], around: Surroundings, limits: Limits | None = None, *,
    waiting: Sequence[Delivery] | None = None,
) -> Tally:  # fmt: skip
    """Submits pending deliveries (or those of ``waiting``) once, closest circles first, one person a request.

    ``lines``: one transport for each connection. Raises `Misconfigured` (nobody else is tried) and
    `LedgerUnusable`; everything else is in the tally.
    """
    if waiting is None:
        waiting = ledger.deliveries(DeliveryState.PENDING)
    run = _Run(ledger, lines, around, limits or Limits(Throttle()), waiting)
    try:
        run.go()
    finally:
        run.hang_up()
    run.tally.pending = ledger.count(DeliveryState.PENDING)
    run.tally.unsettled = ledger.count(DeliveryState.UNCERTAIN)
    ledger.audit()
    return run.tally


@dataclass(frozen=True, slots=True)
class _Ready:
    """A letter whose turn is near; ``data`` is what a transport made of it ahead, if it could."""

    delivery: Delivery
    letter: Frozen
    data: bytes | None

    @property
    def to(self) -> str:
        """The address it goes to."""
        return self.letter.stub.to


def _prepared(transport: Transport, letter: Frozen) -> bytes | None:
    """What `Transport.submit` will hand over; whatever is wrong with it is said when it is submitted."""
    try:
        return transport.prepare(letter)
    except Exception:  # noqa: BLE001 - made again, and judged, in its turn
        return None


class _Line:
    """A connection with a thread of its own, which takes one letter at a time."""

    def __init__(self, transport: Transport, back: SimpleQueue[_Line]) -> None:
        self.transport = transport
        self._back = back
        self._letters: SimpleQueue[_Ready | None] = SimpleQueue()
        self._found: Receipt | BaseException = Receipt()
        self._thread = Thread(target=self._work, name="line", daemon=True)
        self._thread.start()

    def take(self, ready: _Ready) -> None:
        """Submits a letter; this line comes back when it is known what became of it."""
        self._letters.put(ready)

    def result(self) -> Receipt:
        """The receipt of the last letter, or what was raised in its place."""
        if isinstance(self._found, BaseException):
            raise self._found
        return self._found

    def end(self) -> None:
        """Ends the thread after its letter."""
        self._letters.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (ready := self._letters.get()) is not None:
            try:
                self._found = self.transport.submit(ready.letter, ready.data)
            except BaseException as error:  # noqa: BLE001 - judged by the thread that owns the ledger
                self._found = error
            self._back.put(self)


class _Run:
    """One run of the loop."""

    def __init__(
        self,
        ledger: Ledger,
        lines: Sequence[Transport],
        around: Surroundings,
        limits: Limits,
        waiting: Sequence[Delivery],
    ) -> None:
        self.ledger, self.around, self.limits = ledger, around, limits
        self.tally = Tally()
        self._back: SimpleQueue[_Line] = SimpleQueue()
        self._lines = [_Line(transport, self._back) for transport in lines]
        self._free = deque(self._lines)
        self._queue = deque(waiting)
        self._ahead: deque[_Ready] = deque()
        self._flying: dict[_Line, _Ready] = {}
        self._landed: set[_Line] = set()
        self._known: list[Outcome] = []
        self._not_before = 0.0
        self._total, self._done, self._begun = len(waiting), 0, 0
        self._tries = self._doubts = self._closed = 0
        self._fatal: Misconfigured | None = None

    def go(self) -> None:
        """Until nothing is left, or something stops the run; what is in flight is always awaited and recorded."""
        try:
            self._loop()
        except BaseException:
            self._rescue()
            raise
        self.around.progress(self._done, self._total)
        if self._fatal:
            raise self._fatal

    def hang_up(self) -> None:
        """Ends the threads; each has finished its letter by now."""
        for line in self._lines:
            line.end()

    def _loop(self) -> None:
        while True:
            self._hand_out()
            if not self._flying:
                break
            self._look_ahead()
            self._collect()
            self.around.progress(self._done, self._total)

    def _rescue(self) -> None:
        """Whatever else went wrong, what is known of a letter is written down if the ledger still takes it."""
        with suppress(KithError):
            while self._flying:
                self._collect()
            self._record()

    def _record(self, begin: Sequence[Delivery] = ()) -> None:
        """One transaction: what became of letters, and the intent to submit others."""
        if self._known or begin:
            ids = [delivery.id for delivery in begin]
            coming = self._coming() if ids and self.ledger.reserves(ids) else ()
            self.ledger.step(self._known, ids, self.around.clock(), coming)
            self._known = []

    def _hand_out(self) -> None:
        """Records outcomes and begins a letter on every free line, in one transaction; then lets them fly."""
        starting: list[_Ready] = []
        while len(starting) < len(self._free) and (ready := self._next(alone=not starting)):
            starting.append(ready)
        self._record([ready.delivery for ready in starting])
        for ready in starting:
            line = self._free.popleft()
            self._flying[line] = ready
            line.take(ready)

    def _coming(self) -> list[str]:
        """Those whose turn comes next, for the ledger to reserve together."""
        return [ready.delivery.id for ready in self._ahead] + [
            delivery.id for delivery in islice(self._queue, self.ledger.window)
        ]

    def _next(self, *, alone: bool) -> _Ready | None:
        """The next letter that may go now; None when there is none, or none now."""
        while not self._stopping():
            self._look_ahead()
            if not self._ahead:
                return None
            place = self._ready(alone=alone)
            if place is None:
                return None
            ready = self._ahead[place]
            del self._ahead[place]
            reason = self.around.may_go(ready.delivery, ready.to)
            if not reason:
                self._begun += 1
                self.limits.throttle.went(ready.to, self.around.tick())
                return ready
            self._known.append(Outcome(ready.delivery.id, DeliveryState.HELD, reason))
            self._record()
            self.tally.held += 1
            self._done += 1
        return None

    def _ready(self, *, alone: bool) -> int | None:
        """The place of the first letter whose time has come; waits for it when nothing else is under way.

        Nothing is left unrecorded over a wait: a run that is killed meanwhile has nothing uncertain.
        """
        while not self._stopping():
            throttle = self.limits.throttle
            times = [max(self._not_before, throttle.ready_at(ready.to)) for ready in self._ahead]
            now = self.around.tick()
            place = min(range(len(times)), key=lambda index: (max(times[index], now), index))
            if times[place] <= now:
                return place
            if self._flying or not alone:
                return None
            self._record()
            self.around.sleep(times[place] - now)
        return None

    def _look_ahead(self) -> None:
        most = max(AHEAD, len(self._free)) * (8 if self.limits.throttle.by_domain else 1)
        while self._queue and len(self._ahead) < most:
            delivery = self._queue.popleft()
            letter = self.ledger.letter(delivery.id)
            self._ahead.append(_Ready(delivery, letter, _prepared(self._lines[0].transport, letter)))

    def _stopping(self) -> bool:
        if self._fatal or self.tally.stopped:
            return True
        if self.around.halted():
            self.tally.stopped = "stopped as asked"
        elif self._used_up() and (self._ahead or self._queue):
            self.tally.stopped, self.tally.later = "today's letters are used up; the others go tomorrow", True
        return bool(self.tally.stopped)

    def _used_up(self) -> bool:
        return self.limits.left_today is not None and self._begun >= self.limits.left_today

    def _collect(self) -> None:
        """Waits for the first letters to come back, and notes what became of them."""
        # A line comes back once: should anything go wrong below, it is not waited for again.
        while not (self._landed and self._back.empty()):
            self._landed.add(self._back.get())
        # The last first, so that those that go back to the front of the queue keep their order.
        for line in [one for one in reversed(self._flying) if one in self._landed]:
            outcome = self._judge(line, self._flying[line])
            self._known.append(outcome)
            del self._flying[line]
            self._landed.discard(line)
            self._free.append(line)
            self._done += outcome.state is not DeliveryState.PENDING
            self._begun -= outcome.state in _NOT_TAKEN

    def _judge(self, line: _Line, ready: _Ready) -> Outcome:
        delivery = ready.delivery
        try:
            receipt = line.result()
        except Refused as error:
            self.tally.refused += 1
            return Outcome(delivery.id, DeliveryState.REFUSED, str(error), blocks=True)
        except Uncertain as error:
            return self._doubt(delivery, str(error))
        except Misconfigured as error:
            self._fatal = error
            return Outcome(delivery.id, DeliveryState.PENDING, str(error))
        except Unavailable as error:
            return self._again(ready, error)
        except BaseException as error:  # noqa: BLE001 - whatever else is raised there, the letter may have gone
            return self._doubt(delivery, f"an unforeseen {type(error).__name__} while it was submitted")
        self._tries = self._doubts = self._closed = 0
        self.tally.submitted += 1
        return Outcome(delivery.id, DeliveryState.SUBMITTED, receipt.evidence, receipt.message_id)

    def _one_less(self, outcome: Outcome) -> Outcome:
        """One address takes nothing now: it waits for the next run, and the others go on, unless none takes any."""
        self._done += 1
        self._closed += 1
        if self._closed >= CLOSED:
            self.tally.stopped = f"{CLOSED} addresses in a row take nothing now: {outcome.reason}"
        return outcome

    def _doubt(self, delivery: Delivery, evidence: str) -> Outcome:
        self.tally.uncertain += 1
        self._doubts += 1
        if self._doubts >= DOUBTS:
            self.tally.stopped = f"{DOUBTS} letters in a row are uncertain"
        return Outcome(delivery.id, DeliveryState.UNCERTAIN, evidence)

    def _again(self, ready: _Ready, error: Unavailable) -> Outcome:
        """Nothing was taken: the letter is pending and next in turn, after a wait that grows."""
        outcome = Outcome(ready.delivery.id, DeliveryState.PENDING, str(error))
        if error.personal:
            return self._one_less(outcome)
        self._ahead.appendleft(ready)
        asked, now = error.retry_after or 0.0, self.around.tick()
        # Lines that come back empty-handed together are one try.
        first = now >= self._not_before
        if asked > LONGEST_WAIT or (first and self._tries >= len(PATIENCE)):
            self.tally.stopped = str(error)
            return outcome
        pause = max(PATIENCE[self._tries], asked) if first else asked
        self._tries += first
        self._not_before = max(self._not_before, now + pause)
        return outcome
