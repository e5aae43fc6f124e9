"""On what terms a run submits letters, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.outgoing import Delivery
from pipeline.throttle import Throttle


@dataclass(slots=True)
class Tally:
    """What one run did; ``unsettled`` are the uncertain letters of all runs.

    ``blocked`` are people whom the provider refused in earlier runs, and who get no letter until a person decides.
    ``unclear`` counts entries that wait until a person says what they are. ``stopped`` says why it ended early,
    ``later`` that what is left goes another day by itself.
    """

    submitted: int = 0
    refused: int = 0
    uncertain: int = 0
    held: int = 0
    pending: int = 0
    unsettled: int = 0
    blocked: int = 0
    unclear: int = 0
    stopped: str = ""
    later: bool = False

    @property
    def needs_a_person(self) -> bool:
        """Whether something is left that does not end by itself."""
        return bool(self.refused or self.unsettled or self.blocked or (self.pending and not self.later))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the delivery loop is handed: the time, a way to wait, a word on each step, and the last question.

    ``tick`` counts seconds and never goes back. ``may_go`` gives the reason why a letter may no longer go, or
    ``""``. ``halted`` is true once a person asked the run to stop: what is in flight is finished and recorded,
    nothing else is begun. ``over`` is called when there is no more progress to show.
    """

    clock: Callable[[], datetime]
    tick: Callable[[], float]
    sleep: Callable[[float], None]
    progress: Callable[[int, int], None]
    may_go: Callable[[Delivery, str], str]
    halted: Callable[[], bool]
    over: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Limits:
    """The pace: ``left_today`` letters at most in this run (None: no bound), and the throttle."""

    throttle: Throttle
    left_today: int | None = None
