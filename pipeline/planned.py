"""What a plan holds: who gets what, what is held and why, and what the ledger knew when it was decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.model import Audience, Cadence, Entry, Opening, Person, PersonalLine, State, Version


@dataclass(frozen=True, slots=True)
class Held:
    """Not done, with its reason; ``until`` is when it may be done, where that is known."""

    who: str
    reason: str
    entries: tuple[str, ...] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry in the language one reader gets it in; ``fallback`` when it is none of theirs."""

    entry: Entry
    version: Version
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class PlannedLetter:
    """One letter the plan would have composed, entries oldest first.

    ``also`` is public and not told to this reader, newest first, and named in one line; ``more`` says that there is
    more of it. ``opening`` and ``line`` are what the author says first to the circle, and to this person alone.
    """

    person: Person
    circle: str
    language: str
    audience: Audience
    entries: tuple[Chosen, ...]
    digest: bool
    opening: Opening | None = None
    also: tuple[Chosen, ...] = ()
    more: bool = False
    line: PersonalLine | None = None

    @property
    def entry_ids(self) -> tuple[str, ...]:
        return tuple(chosen.entry.id for chosen in self.entries)

    @property
    def told(self) -> tuple[str, ...]:
        """Everything that counts as told once the letter is frozen, and no longer if it is refused or held."""
        return (*self.entry_ids, *(one.mark for one in (self.opening, self.line) if one))


@dataclass(frozen=True, slots=True)
class PlannedPaste:
    """One text for a broadcast circle to be pasted by hand."""

    circle: str
    channel: str
    language: str
    audience: Audience
    entries: tuple[Chosen, ...]

    @property
    def who(self) -> str:
        return f"circle:{self.circle}"

    @property
    def file_name(self) -> str:
        return f"{self.circle}.{self.language}.txt"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why one person is, or is not, told one entry."""

    who: str
    entry: str
    told: bool
    reason: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader asked for; it beats ``subscribers.yml``."""

    state: State | None = None
    cadence: Cadence | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger knows: ``who`` is a person's id, or ``circle:NAME`` for a broadcast circle.

    ``told``: who → ids of entries. ``letters``: who → when letters to them were planned, oldest first.
    ``seen``: entry → when it was first published. ``joined``: who → circles they were seen in.
    ``blocked``: who → why no letter may go to their present address.
    ``lines``: who → the personal line that waits for their next letter.
    """

    told: Mapping[str, frozenset[str]] = field(default_factory=dict)
    letters: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)
    joined: Mapping[str, frozenset[str]] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    blocked: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, PersonalLine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would happen now, and what is held and why.

    ``baseline`` is recorded as told without telling it: (who, ids of entries). ``joined`` and ``gone`` are who
    is seen in which circles from now on, and who is no longer.
    """

    now: datetime
    letters: tuple[PlannedLetter, ...] = ()
    pastes: tuple[PlannedPaste, ...] = ()
    held: tuple[Held, ...] = ()
    baseline: tuple[tuple[str, tuple[str, ...]], ...] = ()
    joined: tuple[tuple[str, frozenset[str]], ...] = ()
    gone: tuple[str, ...] = ()
