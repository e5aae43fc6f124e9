"""What goes wrong one letter after the other, and from when on it is about all of them. Pure."""

from __future__ import annotations

import re

from pipeline.errors import Refused, Unavailable

PATIENCE = (1.0, 4.0, 15.0)
"""Seconds to wait before each further try when the provider takes nothing."""

LONGEST_WAIT = 60.0
"""Seconds that a run waits when the provider asks for more; it stops instead, and what is left stays pending."""

DOUBTS = 3
"""Uncertain letters in a row after which the run stops: something is wrong with the line."""

REFUSALS = 5
"""Letters in a row refused in the same words, though not for their addresses, after which the run stops."""

STRANGERS = 30
"""Addresses in a row that the provider does not know, in the same words, after which the run stops: it is the wrong
provider for them."""

TOGETHER = "refused like others in a row: "
"""How the reason of a letter begins that was refused together with others, and is pending again."""

_FEW = 3
"""Letters that are several, in a run that has no more."""

_ADDRESS = re.compile(r"<?[^\s<>@\"'(),:;]+@[^\s<>@\"'(),:;]+>?")
_IDENTIFIER = re.compile(r"[^\s.,:;<>()\[\]]*\d[^\s.,:;<>()\[\]]*")
_STATUS = re.compile(r"[45]\d\d")

CLOSED = 10
"""Addresses in a row that take nothing now, after which the run stops: it is not the addresses."""


class Setbacks:
    """Counts in a row, of one run; what its methods give is why the run stops, or ``""``.

    Nothing is submitted before ``not_before``, by the clock that waits are measured with. ``total`` is how many letters
    the run has.
    """

    def __init__(self, total: int = REFUSALS) -> None:
        self.not_before = 0.0
        self._enough = max(_FEW, min(REFUSALS, total))
        self.over()

    def over(self) -> None:
        """A letter was taken: the provider, the line and the addresses are all right."""
        self._tries = self._doubts = self._closed = 0
        self._words, self.alike = "", list[str]()

    def refused(self, delivery: str, to: str, error: Refused) -> str:
        """One no after the other in the same words is about all letters: those of ``alike``."""
        words = plain(str(error), to)
        if words != self._words:
            self._words, self.alike = words, []
        self.alike.append(delivery)
        number = len(self.alike)
        if number < (STRANGERS if error.address else self._enough):
            return ""
        return f"{number} letters in a row were refused in the same words: {error}"

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


def plain(said: str, to: str) -> str:
    """A provider's words without what differs from one person to the next: addresses, names of mailboxes, numbers."""
    text = _ADDRESS.sub("…", said)
    for part in sorted(filter(None, to.split("@")), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return _IDENTIFIER.sub(lambda match: match[0] if _STATUS.fullmatch(match[0]) else "#", text)
