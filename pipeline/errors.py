"""Everything Kith can say no with.

KithError                 a person can cause it or must know of it; one clear message, exit code 1
├── Problems              everything wrong in the house's files, at once
│   └── Tripped           a deploy would show more than the site
├── Misconfigured         a setting, key or host is wrong: the run stops, nobody else is tried
├── LedgerUnusable        the ledger cannot be read, is locked, or is older than what was submitted
├── DeployFailed          the site did not go online, so no letter goes either
├── Leaked                a narrower text was found in a wider output
├── Miscounted            the books do not add up; the run stops
└── NotSubmitted          what became of one letter at the provider
├── Refused           the provider said no to this letter or this address
├── Unavailable       nothing was taken; it may be tried again later
└── Uncertain         it may or may not have been taken; a person settles it
"""

from __future__ import annotations

from dataclasses import dataclass


class KithError(Exception):
    """Something a person can cause or must know; its text is the whole message."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One fault in the house: place, fact, suggestion."""

    path: str
    line: int
    fact: str
    suggestion: str = ""

    def __str__(self) -> str:
        """``path:line: fact. Suggestion`` with the line left out when there is none."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        fact = self.fact if self.fact.endswith((".", "?", "!")) else f"{self.fact}."
        return f"{place}: {fact} {self.suggestion}".rstrip()


class Problems(KithError):
    """All problems of one reading, sorted by place; ``after`` is what did not happen because of them."""

    after = "Nothing was rendered or submitted."

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Unrecorded(Problems):
    """What keeps a wish from being recorded."""

    after = "Nothing was recorded."


class Tripped(Problems):
    """What would be seen by more people than may, were the site deployed now."""

    after = "Nothing was deployed or submitted."


class Misconfigured(KithError):
    """A setting, key, login or host is wrong, so that no letter can go."""


class LedgerUnusable(KithError):
    """The ledger is unreadable, in use by another run, or older than what was submitted with it."""


class DeployFailed(KithError):
    """The site did not go online."""


class Leaked(KithError):
    """A text for a narrower circle occurs in a wider output."""


class Miscounted(KithError):
    """An issue's audience does not equal the sum of what became of it."""


class NotSubmitted(KithError):
    """What became of one letter that was not taken for certain."""


class Refused(NotSubmitted):
    """The provider refused this letter, or with ``address`` whatever goes to this address."""

    def __init__(self, message: str, *, address: bool = False) -> None:
        super().__init__(message)
        self.address = address


class Unavailable(NotSubmitted):
    """Nothing was taken; ``retry_after`` is the number of seconds the provider asked for, if it did.

    ``personal`` when it concerns this one address only, such as a full mailbox: the others may go on. ``connected`` is
    false when there was no connection yet: another one may be there already.
    """

    def __init__(
        self, message: str, retry_after: float | None = None, *, personal: bool = False, connected: bool = True
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.personal = personal
        self.connected = connected


class Uncertain(NotSubmitted):
    """The letter may or may not have been taken; the message is the evidence."""
