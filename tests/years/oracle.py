"""Who gets what, by the rules of the documentation alone: nothing here is shared with Kith.

The rules are those of ``docs/circles.md``, ``docs/letters.md`` and ``docs/write.md``. The oracle is told what the
author and the readers do, and says before each publish which emails it must make and why anybody gets none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PUBLIC = "public"
NEWEST = 3
FRESH = timedelta(days=45)
FAR = 800
"""Days that are looked through for the day of the next email."""


@dataclass(frozen=True)
class Axes:
    """What an entry itself says of who gets it."""

    visibility: str = PUBLIC
    notify: str | tuple[str, ...] = "auto"
    quiet: bool = False
    """``type: note`` or ``generated: true``."""
    ask: bool = False


@dataclass(frozen=True)
class Entry:
    """An entry by its marker: a word that stands in its texts, whatever its file is called."""

    marker: str
    post: bool
    languages: tuple[str, ...]
    axes: Axes = Axes()
    tags: frozenset[str] = frozenset()
    date: datetime | None = None
    unclear: bool = False
    """Kith cannot know which entry it is and has been given no answer."""


@dataclass(frozen=True)
class Circle:
    """A circle; the closest is the first in the list of the project."""

    name: str
    reads: frozenset[str] = frozenset()
    cadence: str = "monthly"
    tags: frozenset[str] = frozenset()
    cap: int | None = None
    full: bool = False
    ask_free: bool = False
    broadcast: bool = False


@dataclass(frozen=True)
class Person:
    """A person as the file has them."""

    id: str
    circles: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    more: frozenset[str] = frozenset()
    mute: frozenset[str] = frozenset()
    cadence: str = ""
    cap: int | None = None
    state: str = "subscribed"


@dataclass(frozen=True)
class Opening:
    """A text that introduces digests from a day on."""

    marker: str
    day: date
    tell: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass
class Word:
    """What a reader asked for: nothing here is in the file."""

    left: bool = False
    state: str = ""
    """``paused`` or ``subscribed``, whichever was said last."""
    cadence: str = ""
    languages: tuple[str, ...] = ()


@dataclass
class Book:
    """What became of one reader."""

    waiting: dict[str, datetime] = field(default_factory=dict)
    notified: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)
    emails: list[datetime] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)
    note: str = ""


@dataclass(frozen=True)
class Email:
    """What one reader must get now."""

    who: str
    entries: frozenset[tuple[str, str]]
    """Markers, each with its language; empty where any language is right."""
    whole: frozenset[str]
    """Posts that must stand there whole."""
    digest: bool
    opening: str
    note: str
    also: frozenset[str]
    """Posts that the line of what else is on the site may name."""
    first: bool
    """Whether they had no email before, so that nothing says since when a post must be on the site to be named."""


@dataclass(frozen=True)
class Held:
    """Why a reader, for whom something waits, gets nothing now, and the day on which they will."""

    who: str
    reason: str
    until: date | None


class Oracle:
    """The rules, and what was done so far."""

    def __init__(self, zone: str, cadence: str = "monthly", cap: int | None = None) -> None:
        self.zone = ZoneInfo(zone)
        self.cadence, self.cap = cadence, cap
        self.circles: list[Circle] = []
        self.people: dict[str, Person] = {}
        self.words: dict[str, Word] = {}
        self.entries: dict[str, Entry] = {}
        self.openings: dict[str, Opening] = {}
        self.books: dict[str, Book] = {}
        self.seen: dict[str, datetime] = {}
        self.axes: dict[str, Axes] = {}
        self.texts: dict[str, list[datetime]] = {}

    # who a reader is

    def readers(self) -> list[Person]:
        """Everybody, and each broadcast circle as somebody of its own."""
        groups = [Person(f"circle:{one.name}", (one.name,)) for one in self.circles if one.broadcast]
        return [*self.people.values(), *groups]

    def circles_of(self, one: Person) -> list[Circle]:
        return [circle for circle in self.circles if circle.name in one.circles]

    def word(self, who: str) -> Word:
        return self.words.setdefault(who, Word())

    def state(self, one: Person) -> str:
        """The file, the reader's own word between subscribed and paused, and leaving above both."""
        word = self.word(one.id)
        if one.state in ("contact", "invited", "unsubscribed", "bounced"):
            return one.state
        if word.left:
            return "unsubscribed"
        return word.state or one.state

    def pace(self, one: Person) -> str:
        circles = self.circles_of(one)
        return self.word(one.id).cadence or one.cadence or (circles[0].cadence if circles else self.cadence)

    def bound(self, one: Person) -> int | None:
        circles = self.circles_of(one)
        bounds = [one.cap, circles[0].cap if circles else None, self.cap]
        return next((bound for bound in bounds if bound is not None), None)

    def languages(self, one: Person) -> tuple[str, ...]:
        return self.word(one.id).languages or one.languages

    # who may get an entry

    def entitled(self, one: Person, entry: Entry, axes: Axes | None = None) -> bool:
        """Whether an entry is meant for a reader, with its own axes or with earlier ones."""
        said = axes or entry.axes
        reading = [c for c in self.circles_of(one) if said.visibility in (PUBLIC, *c.reads)]
        if not reading or said.notify == "none" or entry.tags & one.mute:
            return False
        if said.notify != "auto":
            return any(circle.name in said.notify for circle in reading)
        if said.quiet:
            return False
        return any(self._follows(one, circle, entry, said) for circle in reading)

    @staticmethod
    def _follows(one: Person, circle: Circle, entry: Entry, said: Axes) -> bool:
        if said.ask and circle.ask_free:
            return False
        narrowed = said.visibility == PUBLIC and circle.tags and not circle.tags & entry.tags
        return not narrowed or bool(entry.tags & one.more)

    def out(self, now: datetime) -> list[Entry]:
        """What is published by now, and known for what it is."""
        return [one for one in self.entries.values() if not one.unclear and (one.date is None or one.date <= now)]

    def order(self, entry: Entry) -> datetime:
        return entry.date or self.seen[entry.marker]

    # what a publish does

    def take_in(self, now: datetime) -> None:
        """A publish begins: what is new waits for those it is meant for, and newcomers get the newest three."""
        out = self.out(now)
        new = [one for one in out if one.marker not in self.seen]
        self.seen.update({one.marker: now for one in new})
        changed = [one for one in out if one not in new and self.axes[one.marker] != one.axes]
        for reader in self.readers():
            if reader.state in ("contact", "invited"):
                continue
            book = self.books.get(reader.id)
            if book is None:
                self.books[reader.id] = self._newcomer(reader, out, now)
                continue
            fresh = [one for one in new if self.entitled(reader, one)]
            fresh += [one for one in changed if self._newly(reader, one)]
            for entry in fresh:
                if entry.marker not in book.notified | book.recorded:
                    book.waiting.setdefault(entry.marker, now)
        self.axes.update({one.marker: one.axes for one in out})

    def _newly(self, reader: Person, entry: Entry) -> bool:
        return self.entitled(reader, entry) and not self.entitled(reader, entry, self.axes[entry.marker])

    def _newcomer(self, reader: Person, out: list[Entry], now: datetime) -> Book:
        meant = sorted((one for one in out if self.entitled(reader, one)), key=self.order, reverse=True)
        waiting = {one.marker: self.seen[one.marker] for one in meant[:NEWEST]}
        return Book(waiting=waiting, recorded={one.marker for one in meant[NEWEST:]})

    def due(self, reader: Person, now: datetime) -> list[Entry]:
        """What waits for a reader and is still meant for them."""
        waiting = self.books[reader.id].waiting if reader.id in self.books else {}
        return [one for one in self.out(now) if one.marker in waiting and self.entitled(reader, one)]

    def expected(self, now: datetime) -> tuple[list[Email], list[Held]]:
        """What a publish at this moment sends, and who waits for what."""
        emails, held = [], []
        for reader in self.readers():
            entries = self.due(reader, now)
            if not entries:
                continue
            reason = self.reason(reader, entries, now)
            if reason:
                held.append(Held(reader.id, reason, self.day(reader, entries, now)))
            else:
                emails.append(self._email(reader, entries, now))
        return emails, held

    def reason(self, reader: Person, entries: list[Entry], now: datetime) -> str:
        """Why nothing may go to a reader now; empty when it may."""
        state = self.state(reader)
        if state != "subscribed":
            return state
        book, pace = self.books[reader.id], self.pace(reader)
        past = [one for one in book.emails if one <= now]
        if pace == "never":
            return "never"
        begun = [book.waiting[one.marker] for one in entries if book.waiting[one.marker] <= now]
        since = min(begun, default=None)  # None when all of it began under a clock that was ahead
        first = reader.id.startswith("circle:") and not past
        if pace != "each" and not first:
            boundary = self.boundary(pace, now)
            if (since and boundary <= since) or (past and boundary <= max(past)):
                return "cadence"
        bound, month = self.bound(reader), self.boundary("monthly", now)
        if bound is not None and sum(one >= month for one in past) >= bound:
            return "cap"
        return ""

    def reasons(self, held: Held) -> set[str]:
        """Everything that keeps a reader from emails; any of it is true."""
        one = next(reader for reader in self.readers() if reader.id == held.who)
        word, found = self.word(one.id), {held.reason}
        if held.reason in ("paused", "unsubscribed", "bounced", "never"):
            found |= {one.state, word.state, "unsubscribed" if word.left else "", self.pace(one)}
        return found & {"paused", "unsubscribed", "bounced", "never", held.reason}

    def boundary(self, pace: str, now: datetime) -> datetime:
        """The last moment by the calendar, in the project's time zone, from which a digest may go."""
        day = now.astimezone(self.zone).date()
        if pace == "weekly":
            day -= timedelta(days=day.weekday())
        elif pace == "monthly":
            day = day.replace(day=1)
        elif pace == "quarterly":
            day = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        elif pace == "yearly":
            day = day.replace(month=1, day=1)
        return datetime.combine(day, time(), self.zone)

    def day(self, reader: Person, entries: list[Entry], now: datetime) -> date | None:
        """The first day on which nothing keeps these entries back, looked for day by day."""
        if self.state(reader) != "subscribed" or self.pace(reader) == "never":
            return None
        today = now.astimezone(self.zone).date()
        for more in range(1, FAR):
            moment = datetime.combine(today + timedelta(days=more), time(0, 0, 1), self.zone)
            if not self.reason(reader, entries, moment):
                return moment.date()
        return None

    def _email(self, reader: Person, entries: list[Entry], now: datetime) -> Email:
        digest = not (self.pace(reader) == "each" and len(entries) == 1)
        full = any(circle.full for circle in self.circles_of(reader)[:1])
        whole = {one.marker for one in entries if one.post and (not digest or full or one.axes.visibility != PUBLIC)}
        book = self.books[reader.id]
        return Email(
            who=reader.id,
            entries=frozenset((one.marker, self.language(reader, one)) for one in entries),
            whole=frozenset(whole),
            digest=digest,
            opening=self._opening(reader, now) if digest else "",
            note=book.note,
            also=self._also(reader, entries, now),
            first=not [one for one in book.emails if one <= now],
        )

    def language(self, reader: Person, entry: Entry) -> str:
        return next((one for one in self.languages(reader) if one in entry.languages), "")

    def _opening(self, reader: Person, now: datetime) -> str:
        """The newest opening that this reader can hear; empty when there is none, or they heard it."""
        mine = {circle.name for circle in self.circles_of(reader)}
        today = now.astimezone(self.zone).date()
        fit = [
            one
            for one in self.openings.values()
            if one.day <= today <= one.day + FRESH
            and (not one.tell or mine & set(one.tell))
            and set(one.languages) & set(self.languages(reader))
        ]
        newest = max(fit, key=lambda one: one.day, default=None)
        return newest.marker if newest and newest.marker not in self.books[reader.id].heard else ""

    def _also(self, reader: Person, entries: list[Entry], now: datetime) -> frozenset[str]:
        book, inside = self.books[reader.id], {one.marker for one in entries}
        last = max((one for one in book.emails if one <= now), default=None)
        return frozenset(
            one.marker
            for one in self.out(now)
            if one.post
            and one.axes.visibility == PUBLIC
            and one.axes.notify != "none"
            and (last is None or self.seen[one.marker] > last)
            and not one.tags & reader.mute
            and one.marker not in inside | book.notified | book.recorded
        )

    def send(self, email: Email, now: datetime) -> None:
        """An email went: its entries are in the book of its reader for ever."""
        book = self.books[email.who]
        for marker, _ in email.entries:
            book.waiting.pop(marker, None)
            book.notified.add(marker)
        book.emails.append(now)
        if email.opening:
            book.heard.add(email.opening)
        if email.note:
            book.note = ""

    def baseline(self, now: datetime) -> None:
        """Everything that is out counts as said to everybody."""
        self.take_in(now)
        for book in self.books.values():
            book.recorded |= {one.marker for one in self.out(now)} - book.notified
            for one in self.out(now):
                book.waiting.pop(one.marker, None)

    # what is true of one entry and one reader

    def about(self, reader: Person, entry: Entry, now: datetime) -> str:
        """In one word, why a reader did or did not get an entry."""
        book = self.books.get(reader.id, Book())
        if entry.marker in book.notified:
            return "notified"
        if not self.entitled(reader, entry):
            return "not meant"
        if entry.marker in book.recorded:
            return "recorded"
        return "waits" if entry.marker in book.waiting else "past"

    # what changes

    def change(self, name: str, **changes: object) -> None:
        """Changes an entry."""
        self.entries[name] = replace(self.entries[name], **changes)  # type: ignore[arg-type]  # any field of it

    def change_person(self, name: str, **changes: object) -> None:
        """Changes a person in the file."""
        self.people[name] = replace(self.people[name], **changes)  # type: ignore[arg-type]  # any field of it
