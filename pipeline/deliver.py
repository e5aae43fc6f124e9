"""Submits the frozen letters: a durable intent before each, a durable outcome after it.

One thread serves every connection: it hands letters over until each has one, makes the next ones ready, and goes on
with whichever is answered first. What became of letters and the intent to submit others are one move of the ledger,
so that at any moment at most one letter a connection is between the two.
"""

from __future__ import annotations

import time
from bisect import insort
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from pipeline.errors import KithError, Misconfigured, Refused, Unavailable, Uncertain
from pipeline.inflight import Line, Ready, prepared
from pipeline.ledger import Ledger
from pipeline.outgoing import Delivery, DeliveryState
from pipeline.records import Outcome
from pipeline.setbacks import TOGETHER, Setbacks
from pipeline.terms import Limits, Surroundings, Tally
from pipeline.throttle import Throttle
from pipeline.transports.base import Transport
from pipeline.wire import Pause, awaited

AHEAD = 4
"""Letters that are thawed before their turn, while the provider has another."""

_NOT_TAKEN = (DeliveryState.PENDING, DeliveryState.REFUSED)


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
    run.go()
    run.tally.pending = ledger.count(DeliveryState.PENDING)
    run.tally.unsettled = ledger.count(DeliveryState.UNCERTAIN)
    ledger.audit()
    return run.tally


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
        self._free = [Line(transport) for transport in lines]
        self._flying: list[Line] = []
        self._queue = deque(enumerate(waiting))
        self._ahead: list[Ready] = []
        self._most = max(AHEAD, 2 * len(lines)) * (8 if limits.throttle.by_domain else 1)
        self._known: list[Outcome] = []
        self._setbacks = Setbacks(len(waiting))
        self._total, self._done, self._begun = len(waiting), 0, 0
        self._fatal: Misconfigured | None = None

    def go(self) -> None:
        """Until nothing is left, or something stops the run; what is in flight is always awaited and recorded."""
        try:
            self._loop()
        except BaseException:
            self._rescue()
            raise
        finally:
            self.around.over()
        if self._fatal:
            raise self._fatal

    def _loop(self) -> None:
        while True:
            self._hand_out()
            if not self._flying:
                break
            self._await()
            self._collect()

    def _rescue(self) -> None:
        """Whatever else went wrong, what is known of a letter is written down if the ledger still takes it."""
        with suppress(KithError):
            while self._flying:
                self._go_on(patient=True)
                self._land()
            self._record()

    def _hand_out(self) -> None:
        """Records outcomes and begins a letter on every free line, in one move; then lets them fly."""
        starting: list[Ready] = []
        while len(starting) < len(self._free) and (ready := self._next(alone=not starting)):
            starting.append(ready)
        self._record([ready.delivery for ready in starting])
        for ready in starting:
            line = self._free.pop(0)
            self._flying.append(line)
            line.take(ready)

    def _record(self, begin: Sequence[Delivery] = ()) -> None:
        """One move of the ledger: what became of letters, and the intent to submit others."""
        if self._known or begin:
            ids = [delivery.id for delivery in begin]
            coming = self._coming() if ids and self.ledger.reserves(ids) else ()
            self.ledger.step(self._known, ids, self.around.clock(), coming)
            self._known = []

    def _coming(self) -> list[str]:
        """Those whose turn comes next, for the ledger to reserve together."""
        return [ready.delivery.id for ready in self._ahead] + [
            delivery.id for _, delivery in islice(self._queue, self.ledger.window)
        ]

    def _await(self) -> None:
        """Makes letters ready as long as no line is answered; then waits until one is."""
        while not self._go_on(patient=False):
            if not (self._queue and len(self._ahead) < self._most):
                self._go_on(patient=True)
                return
            self._thaw()

    def _go_on(self, *, patient: bool) -> bool:
        """Goes on with the lines that need not wait any longer; whether one of them is back."""
        waiting = [line for line in self._flying if not line.back]
        pauses = [line.pause for line in waiting]
        if patient and self._free and self._ahead and not self._stopping():
            # A free line whose letter may go before anything is answered need not wait for that.
            pauses.append(Pause(until=time.monotonic() + max(0.0, self._soonest() - self.around.tick())))
        if waiting:
            for place in awaited(pauses, patient=patient):
                if place < len(waiting):
                    waiting[place].go_on()
        return any(line.back for line in self._flying)

    def _soonest(self) -> float:
        """When the first letter may go, by the clock that never goes back."""
        ready_at = self.limits.throttle.ready_at
        return max(self._setbacks.not_before, min(ready_at(ready.to) for ready in self._ahead))

    def _collect(self) -> None:
        if self._land():
            self.around.progress(self._done, self._total)

    def _land(self) -> bool:
        """Notes what became of the letters that are back; whether there were any."""
        landed = [line for line in self._flying if line.back]
        for line in landed:
            # A line comes back once: should anything go wrong below, it is not waited for again.
            self._flying.remove(line)
            self._free.append(line)
            if line.ready is not None:
                self._note(self._judge(line, line.ready))
        return bool(landed)

    def _note(self, outcome: Outcome) -> None:
        self._known.append(outcome)
        self._done += outcome.state is not DeliveryState.PENDING
        self._begun -= outcome.state in _NOT_TAKEN

    def _next(self, *, alone: bool) -> Ready | None:
        """The next letter that may go now; None when there is none, or none now."""
        while not self._stopping():
            if not self._ahead:
                self._thaw()
            if not self._ahead:
                return None
            place = self._ready(alone=alone)
            if place is None:
                return None
            ready = self._ahead.pop(place)
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
        throttle = self.limits.throttle
        if not (throttle.slows or self._setbacks.not_before):
            return 0
        while not self._stopping():
            while throttle.by_domain and self._queue and len(self._ahead) < self._most:
                self._thaw()
            times = [max(self._setbacks.not_before, throttle.ready_at(ready.to)) for ready in self._ahead]
            now = self.around.tick()
            place = min(range(len(times)), key=lambda index: (max(times[index], now), index))
            if times[place] <= now:
                return place
            if self._flying or not alone:
                return None
            self._record()
            self.around.sleep(times[place] - now)
        return None

    def _thaw(self) -> None:
        """Makes the next letter of the queue ready."""
        if self._queue:
            place, delivery = self._queue.popleft()
            letter = self.ledger.letter(delivery.id)
            self._ahead.append(Ready(place, delivery, letter, prepared(self._any.transport, letter)))

    @property
    def _any(self) -> Line:
        return (self._free or self._flying)[0]

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

    def _judge(self, line: Line, ready: Ready) -> Outcome:
        delivery = ready.delivery
        try:
            receipt = line.result()
        except Refused as error:
            return self._no(ready, error)
        except Uncertain as error:
            return self._doubt(delivery, str(error))
        except Misconfigured as error:
            self._fatal = error
            return Outcome(delivery.id, DeliveryState.PENDING, str(error))
        except Unavailable as error:
            return self._again(line, ready, error)
        except BaseException as error:  # noqa: BLE001 - whatever else is raised there, the letter may have gone
            return self._doubt(delivery, f"an unforeseen {type(error).__name__} while it was submitted")
        self._setbacks.over()
        line.proved = True
        self.tally.submitted += 1
        return Outcome(delivery.id, DeliveryState.SUBMITTED, receipt.evidence, receipt.message_id)

    def _no(self, ready: Ready, error: Refused) -> Outcome:
        """A letter that was refused; where all are, it is nobody's own, and they are pending again."""
        self.tally.refused += 1
        one = ready.delivery.id
        why = self._setbacks.refused(one, ready.to, error)
        if not why:
            return Outcome(one, DeliveryState.REFUSED, str(error), blocks=True)
        self._stop(f"{why}. It is not about them: they are pending again")
        alike = [Outcome(other, DeliveryState.PENDING, f"{TOGETHER}{error}") for other in self._setbacks.alike]
        self._known += alike[:-1]
        return alike[-1]

    def _doubt(self, delivery: Delivery, evidence: str) -> Outcome:
        self.tally.uncertain += 1
        self._stop(self._setbacks.doubted())
        return Outcome(delivery.id, DeliveryState.UNCERTAIN, evidence)

    def _again(self, line: Line, ready: Ready, error: Unavailable) -> Outcome:
        """Nothing was taken: the letter is pending and next in turn, after a wait that grows.

        One address that takes nothing now waits for the next run, and the others go on.
        """
        outcome = Outcome(ready.delivery.id, DeliveryState.PENDING, str(error))
        if error.personal:
            self._done += 1
            self._stop(self._setbacks.closed(error))
            return outcome
        insort(self._ahead, ready, key=lambda one: one.place)
        if not error.connected and any(other.proved for other in (*self._free, *self._flying) if other is not line):
            # Some servers take one connection from each client; the letter goes over one that stands.
            self._free.remove(line)
            return outcome
        self._stop(self._setbacks.busy(error, self.around.tick()))
        return outcome

    def _stop(self, why: str) -> None:
        if why:
            self.tally.stopped = why
