"""What goes wrong one letter after the other, and from when on it is about all of them. Pure."""

from __future__ import annotations

from pipeline.errors import Refused, Unavailable

PATIENCE = (1.0, 4.0, 15.0)
"""Seconds to wait before each further try when the provider takes nothing."""

LONGEST_WAIT = 60.0
"""Seconds that a run waits when the provider asks for more; it stops instead, and what is left stays pending."""

DOUBTS = 3
"""Uncertain letters in a row after which the run stops: something is wrong with the line."""

REFUSALS = 5
"""Letters in a row refused with the same words, though not for their addresses, after which the run stops."""

CLOSED = 10
"""Addresses in a row that take nothing now, after which the run stops: it is not the addresses."""


class Setbacks:
    """Counts in a row, of one run; what its methods give is why the run stops, or ``""``.

    Nothing is submitted before ``not_before``, by the clock that waits are measured with.
    """

    def __init__(self) -> None:
        self.not_before = 0.0
        self.over()

    def over(self) -> None:
        """A letter was taken: the provider, the line and the addresses are all right."""
        self._tries = self._doubts = self._closed = 0
        self._refusals = ("", 0)

    def refused(self, error: Refused) -> str:
        """One no after the other in the same words is about all letters."""
        words, number = self._refusals
        if not error.address:
            self._refusals = (str(error), number + 1 if str(error) == words else 1)
        if self._refusals[1] >= REFUSALS:
            return f"{REFUSALS} letters in a row were refused in the same words: {error}"
        return ""

    def doubted(self) -> str:
        """Nobody knows whether a letter was taken."""
        self._doubts += 1
        return f"{DOUBTS} letters in a row are uncertain" if self._doubts >= DOUBTS else ""

    def closed(self, error: Unavailable) -> str:
        """One address takes nothing now: the others go on, unless none takes any."""
        self._closed += 1
        return f"{CLOSED} addresses in a row take nothing now: {error}" if self._closed >= CLOSED else ""

    def busy(self, error: Unavailable, now: float) -> str:
        """The provider takes nothing now: the next try waits, longer each time."""
        asked = error.retry_after or 0.0
        # Lines that come back empty-handed together are one try.
        first = now >= self.not_before
        if asked > LONGEST_WAIT or (first and self._tries >= len(PATIENCE)):
            return str(error)
        pause = max(PATIENCE[self._tries], asked) if first else asked
        self._tries += first
        self.not_before = max(self.not_before, now + pause)
        return ""
