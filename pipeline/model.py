"""Kith's nouns: entries, circles and people, and the house that holds them; frozen, with no clock, file or network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pipeline.languages import Words, closest
from pipeline.pictured import pictured
from pipeline.settings import Settings

PUBLIC = "public"

Audience = frozenset[str]
"""The visibility names somebody may read; everybody's holds ``public``."""

EVERYONE: Audience = frozenset({PUBLIC})


class Kind(StrEnum):
    """What a file of ``content/`` is."""

    POST = "post"
    UPDATE = "update"
    PAGE = "page"


class State(StrEnum):
    """Where a person stands; only ``subscribed`` people get letters."""

    CONTACT = "contact"
    INVITED = "invited"
    SUBSCRIBED = "subscribed"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"


class Cadence(StrEnum):
    """How often somebody hears; boundaries are calendar ones in the house's time zone."""

    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    NEVER = "never"


@dataclass(slots=True)
class Remembered:
    """What an earlier reading found out about a version whose file did not change since, and how to get its text.

    ``key`` is `keys.content_key`; ``veiled`` and ``pictured`` are as the version itself has them.
    """

    key: bytes
    veiled: bool
    pictured: bool
    body: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Version:
    """One language of an entry or page, as its file says it; ``body`` is Markdown with its passages.

    ``names`` are the ids of people whom it names on purpose, ``aliases`` addresses that it had elsewhere, below the
    root of the site. Of a version that is ``known`` the body is read when it is first asked for: most never are.
    """

    lang: str
    title: str
    summary: str
    body: str
    path: str
    line: int = 1
    generated: bool = False
    translated: bool = False
    names: tuple[str, ...] = ()
    lines: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    aliases: tuple[str, ...] = ()
    known: Remembered | None = field(default=None, init=False, compare=False, repr=False)
    """None for one that was just read, and for a changed copy."""

    @classmethod
    def remembered(cls, facts: Sequence[Any], known: Remembered) -> Version:
        """The version of these ``facts``, its body still to be read."""
        made = cls(*facts)
        object.__delattr__(made, "body")
        object.__setattr__(made, "known", known)
        return made

    def __getattr__(self, name: str) -> str:
        """The body, which is all that may be missing."""
        if name != "body" or self.known is None:
            raise AttributeError(name)
        body = self.known.body()
        object.__setattr__(self, "body", body)
        return body

    @property
    def veiled(self) -> bool:
        """Whether there may be passages in it that are not for everyone."""
        return self.known.veiled if self.known else ":::" in self.body

    @property
    def pictured(self) -> bool:
        """Whether it may show or lead to a picture."""
        return self.known.pictured if self.known else pictured(self.body)

    def at(self, key: str) -> int:
        """The line of a front matter key in the file, or of its first line."""
        return self.lines.get(key, 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A post or an update in all its languages, the one it was written in first; ``ask`` if it asks for something."""

    id: str
    kind: Kind
    slug: str
    date: datetime
    versions: tuple[Version, ...]
    visibility: str = PUBLIC
    tell: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    note: bool = False
    series: str = ""
    ask: bool = False
    draft: bool = False
    dated: bool = True
    known: bytes = field(default=b"", init=False, compare=False, repr=False)
    """`keys.entry_key`, where it is known from an earlier reading; a changed copy has none."""
    languages: tuple[str, ...] = field(default=(), init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", tuple([version.lang for version in self.versions]))

    @property
    def master(self) -> Version:
        """The version the others were translated from."""
        return self.versions[0]

    @property
    def public(self) -> bool:
        return self.visibility == PUBLIC

    @property
    def guarded(self) -> bool:
        """Whether not everyone may read each word of it, or it might be so."""
        return self.visibility != PUBLIC or any(version.veiled for version in self.versions)

    def version(self, *languages: str) -> Version:
        """The version in the first of ``languages`` there is one for, else the master."""
        for language in languages:
            for version in self.versions:
                if version.lang == language:
                    return version
            match = closest(language, self.languages)
            if match is not None:
                return self.versions[self.languages.index(match)]
        return self.master

    @property
    def order(self) -> tuple[datetime, str]:
        """Sorts entries by time, then id."""
        return self.date, self.id


@dataclass(frozen=True, slots=True)
class Page:
    """A standing page of the site, such as *About*, in all its languages."""

    slug: str
    versions: tuple[Version, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(version.lang for version in self.versions)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the author says first in a digest, from ``date`` on, to each reader once; no ``circles`` are all of them.

    ``key`` is the name of its file without the language.
    """

    key: str
    circles: tuple[str, ...]
    date: datetime
    version: Version

    @property
    def mark(self) -> str:
        """What the ledger knows it by; no entry's id can be the same."""
        return f"opening {self.key}"


@dataclass(frozen=True, slots=True)
class PersonalLine:
    """One sentence for one person, on top of their next letter; ``mark`` is what the ledger knows it by."""

    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Circle:
    """People who are told the same things at the same pace; ``rank`` 0 is the closest.

    ``ask_free``: entries that ask for something are told only if `tell` names the circle. ``also``: digests name
    what is public and was not told.
    """

    name: str
    reads: Audience
    title: Words = field(default_factory=dict)
    rank: int = 0
    kind: str = "people"
    cadence: Cadence = Cadence.MONTHLY
    max: int | None = None
    max_per_month: int | None = None
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    reach: int | None = None
    full: bool = False
    also: bool = True
    ask_free: bool = False
    automatic: bool = False

    @property
    def broadcast(self) -> bool:
        return self.kind == "broadcast"


@dataclass(frozen=True, slots=True)
class Interests:
    """Tags a person wants more of, and tags they do not want to be told about."""

    more: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in ``subscribers.yml``; ``address`` is resolved, or empty when there is none.

    ``greeting`` is what an email calls them, where that is not their ``name``.
    """

    id: str
    circles: tuple[str, ...]
    name: Words = field(default_factory=dict)
    address: str = ""
    languages: tuple[str, ...] = ("en",)
    interests: Interests = Interests()
    cadence: Cadence | None = None
    max_per_month: int | None = None
    state: State = State.CONTACT
    consent: tuple[tuple[str, str], ...] = ()
    line: int = 0
    greeting: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unclear:
    """An entry or opening that may be one of ``olds``, renamed and changed, or new: it waits until a person says.

    ``entry`` is what it is called meanwhile; ``name`` is the name of its file, as `kith identify` takes it.
    """

    entry: str
    name: str
    path: str
    olds: tuple[str, ...]

    @property
    def reason(self) -> str:
        olds = " or ".join(f"`{one}`" for one in self.olds)
        return f"it may be {olds} under another name: say so with `kith identify`"


@dataclass(frozen=True, slots=True)
class House:
    """Everything that was read, newest entries first; ``waiting`` are drafts and entries dated ahead.

    ``unclear`` are entries of which the ledger cannot know whether they are new: nobody gets them before that is said.
    """

    settings: Settings
    entries: tuple[Entry, ...] = ()
    waiting: tuple[Entry, ...] = ()
    pages: tuple[Page, ...] = ()
    circles: tuple[Circle, ...] = ()
    people: tuple[Person, ...] = ()
    openings: tuple[Opening, ...] = ()
    unclear: tuple[Unclear, ...] = ()

    @property
    def settled(self) -> House:
        """The same without what is unclear."""
        held = {one.entry for one in self.unclear}
        return replace(self, entries=tuple([one for one in self.entries if one.id not in held])) if held else self

    @property
    def public_entries(self) -> tuple[Entry, ...]:
        return tuple([entry for entry in self.entries if entry.visibility == PUBLIC])

    @property
    def guarded(self) -> tuple[Entry, ...]:
        """Every entry, out or waiting, of which not everyone may read each word."""
        return tuple([entry for entry in (*self.entries, *self.waiting) if entry.guarded])

    def circle(self, name: str) -> Circle:
        return next(circle for circle in self.circles if circle.name == name)

    def circles_of(self, person: Person) -> tuple[Circle, ...]:
        """The person's circles, closest first."""
        return tuple(circle for circle in self.circles if circle.name in person.circles)

    def audience(self, person: Person) -> Audience:
        """What the person may read."""
        return EVERYONE.union(*(circle.reads for circle in self.circles_of(person)))
