"""Kith's nouns: frozen values of the standard library, with no clock, file or network in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

PUBLIC = "public"

Audience = frozenset[str]
"""The visibility names somebody may read; everybody's holds ``public``."""

EVERYONE: Audience = frozenset({PUBLIC})

_STRICT = {"extra": "forbid"}


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
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    NEVER = "never"


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


Words = dict[str, str]
"""One text per language tag; the key ``""`` holds a text that is the same in every language."""


def worded(words: Words, *languages: str) -> str:
    """The text in the first language that has one, else the one for all, else any; ``""`` when empty."""
    for language in languages:
        match = closest(language, words)
        if match is not None:
            return words[match]
    return words.get("") or next(iter(words.values()), "")


def closest(language: str, available: Iterable[str]) -> str | None:
    """The tag among ``available`` that serves a reader of ``language``: the same, else the same base language.

    Traditional and simplified Chinese do not serve each other; plain ``zh`` counts as simplified.
    """
    tags = [tag for tag in available if tag]
    wanted = language.lower()
    for tag in tags:
        if tag.lower() == wanted:
            return tag
    return next((tag for tag in tags if _family(tag) == _family(language)), None)


def _family(tag: str) -> str:
    parts = tag.lower().split("-")
    if parts[0] == "zh" and {"hant", "tw", "hk", "mo"} & set(parts[1:]):
        return "zh-hant"
    return parts[0]


@dataclass(frozen=True, slots=True)
class Version:
    """One language of an entry or page, as its file says it; ``body`` is Markdown with its passages.

    ``names`` are the ids of people whom it names on purpose, ``aliases`` addresses that it had elsewhere, below the
    root of the site.
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

    @property
    def master(self) -> Version:
        """The version the others were translated from."""
        return self.versions[0]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple([version.lang for version in self.versions])

    @property
    def public(self) -> bool:
        return self.visibility == PUBLIC

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
    """Somebody in ``subscribers.yml``; ``address`` is resolved, or empty when there is none."""

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


@dataclass(frozen=True, slots=True)
class Mail:
    """How letters leave: ``sender`` and ``reply_to`` are mailboxes, ``unsubscribe`` an https address or empty.

    ``per_second``, ``per_domain_a_minute`` and ``per_day`` bound the pace (0: unbounded); ``timeout`` is in seconds.
    A letter that was frozen more than ``late_after`` days ago does not go without a question.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    transport: str = "outbox"
    sender: str = "Your name <you@example.org>"
    reply_to: str = ""
    postal: str = ""
    unsubscribe: str = ""
    timeout: float = 30.0
    connections: int = 1
    per_second: float = 0.0
    per_domain_a_minute: float = 0.0
    per_day: int = 0
    late_after: int = 7


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server; the password is read from the environment variable ``password_env``."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    host: str = "localhost"
    port: int = 587
    username: str = ""
    password_env: str = "KITH_SMTP_PASSWORD"  # noqa: S105 - the name of a variable, not a password
    security: str = "starttls"


@dataclass(frozen=True, slots=True)
class Sendgrid:
    """A SendGrid account; the key is read from the environment variable ``key_env``.

    ``events_from`` is the public key with which SendGrid signs its events; with it, unsigned events are refused.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    host: str = "https://api.sendgrid.com"
    key_env: str = "SENDGRID_API_KEY"
    events_from: str = ""


@dataclass(frozen=True, slots=True)
class Deploy:
    """Where the site goes: ``to`` is none, folder, branch or command.

    ``private_repository`` is the author's word that nobody else reads the repository the site goes to.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    to: str = "none"
    folder: str = ""
    remote: str = ""
    branch: str = "gh-pages"
    cname: str = ""
    command: str = ""
    private_repository: bool = False


@dataclass(frozen=True, slots=True)
class Privacy:
    """What may stand in everything that leaves: ids of people, names of circles, or names and addresses themselves."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The house's settings, from ``[tool.kith]``."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    title: Words
    url: str
    author: str
    description: Words = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    timezone: str = "UTC"
    mail: Mail = Mail()
    smtp: Smtp = Smtp()
    sendgrid: Sendgrid = Sendgrid()
    deploy: Deploy = Deploy()
    privacy: Privacy = Privacy()
    feed_entries: int = 30
    hub: str = ""
    foreign_keys: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        """The house's first language."""
        return self.languages[0]


@dataclass(frozen=True, slots=True)
class House:
    """Everything that was read, newest entries first; ``waiting`` are drafts and entries dated ahead."""

    settings: Settings
    entries: tuple[Entry, ...] = ()
    waiting: tuple[Entry, ...] = ()
    pages: tuple[Page, ...] = ()
    circles: tuple[Circle, ...] = ()
    people: tuple[Person, ...] = ()
    openings: tuple[Opening, ...] = ()

    @property
    def public_entries(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.public)

    def circle(self, name: str) -> Circle:
        return next(circle for circle in self.circles if circle.name == name)

    def circles_of(self, person: Person) -> tuple[Circle, ...]:
        """The person's circles, closest first."""
        return tuple(circle for circle in self.circles if circle.name in person.circles)

    def audience(self, person: Person) -> Audience:
        """What the person may read."""
        return EVERYONE.union(*(circle.reads for circle in self.circles_of(person)))


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
class Picture:
    """A picture that travels inside a letter because it stands on no public page."""

    cid: str
    name: str
    media_type: str
    data: bytes


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

    ``hello`` and ``token`` fill the sheet's holes; ``mark`` is the fingerprint of the address.
    """

    stub: Letter
    sheet: Sheet
    hello: str
    token: str
    issue: str
    mark: str
    audience: Audience = EVERYONE


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
