"""Decides, once and purely, who gets what now and what is held and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline import pace
from pipeline.beside import Beside
from pipeline.languages import closest
from pipeline.model import EVERYONE, Cadence, Circle, Entry, House, Person, State
from pipeline.planned import Choice, Chosen, Held, History, Plan, PlannedLetter, PlannedPaste
from pipeline.rules import Ruling, Rulings, ruling

NEWCOMER = 3
"""Entries that somebody gets at most when they are new to the ledger; the others are recorded as told."""

_ACTIVE = (State.SUBSCRIBED, State.PAUSED)
_STATES = {
    State.CONTACT: "a contact, who never asked for letters",
    State.INVITED: "invited, and has not said yes",
    State.PAUSED: "paused",
    State.UNSUBSCRIBED: "unsubscribed",
    State.BOUNCED: "the address bounced",
}


@dataclass(slots=True)
class _Sheet:
    """The plan while it is being written."""

    letters: list[PlannedLetter] = field(default_factory=list)
    pastes: list[PlannedPaste] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    baseline: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    joined: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def plan(house: House, history: History, now: datetime) -> Plan:
    """What would happen at ``now`` (aware): letters closest circle first, pastes, and everything held.

    The same arguments give the same plan; nothing is read and nothing is written.
    """
    house = house.settled
    planner = _Planner(house, history, now)
    sheet = _Sheet()
    for person in house.people:
        planner.person(person, sheet)
    for circle in house.circles:
        if circle.broadcast:
            planner.broadcast(circle, sheet)
    rank = {circle.name: circle.rank for circle in house.circles}
    return Plan(
        now=now,
        letters=tuple(sorted(sheet.letters, key=lambda letter: rank[letter.circle])),
        pastes=tuple(sheet.pastes),
        held=tuple(sheet.held),
        baseline=tuple(sheet.baseline),
        joined=tuple(sheet.joined),
        gone=tuple(sheet.gone),
    )


def standing(person: Person, choice: Choice) -> State:
    """A person's state: their own word beats the file, except that nobody is revived who left."""
    if State.UNSUBSCRIBED in (person.state, choice.state):
        return State.UNSUBSCRIBED
    if choice.state is State.SUBSCRIBED and person.state not in _ACTIVE:
        return person.state
    if choice.state is State.PAUSED and person.state is not State.SUBSCRIBED:
        return person.state
    return choice.state or person.state


class _Planner:
    def __init__(self, house: House, history: History, now: datetime) -> None:
        self.house, self.history, self.now = house, history, now
        self.zone = ZoneInfo(house.settings.timezone)
        self.rulings = Rulings(house)
        self.entries = {entry.id: entry for entry in house.entries}
        self._beside = Beside(house, history, now)
        self._choices: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Chosen, ...]] = {}
        self._fresh: dict[tuple[int, frozenset[str]], tuple[dict[str, Ruling], tuple[str, ...]]] = {}
        self._waited: dict[int, tuple[tuple[str, ...], datetime]] = {}
        self._audiences: dict[tuple[str, ...], frozenset[str]] = {}

    def person(self, person: Person, sheet: _Sheet) -> None:
        """Writes one person's letter, or why there is none, into the sheet."""
        choice = self.history.choices.get(person.id, Choice())
        circles = self.rulings.circles(person)
        pace_ = choice.cadence or person.cadence or (circles[0].cadence if circles else Cadence.NEVER)
        state = standing(person, choice)
        if state not in _ACTIVE or not circles or pace_ is Cadence.NEVER:
            if person.id in self.history.joined:
                sheet.gone.append(person.id)
            sheet.held.append(Held(person.id, _inactive(state, circles)))
            return
        waiting, old = self._waiting(person.id, self.rulings.of(person), frozenset(person.circles))
        if old:
            sheet.baseline.append((person.id, old))
        if self.history.joined.get(person.id) != frozenset(person.circles):
            sheet.joined.append((person.id, frozenset(person.circles)))
        if not waiting:
            return
        held = self._hold(person, state, waiting, pace_, circles[0])
        if held:
            sheet.held.append(held)
        else:
            sheet.letters.append(self._letter(person, choice, circles[0], waiting, pace_))

    def _waiting(
        self, who: str, rulings: dict[str, Ruling], circles: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Entries to tell, oldest first, and entries to record as told because they are from before."""
        told = self.history.told.get(who, frozenset())
        fresh = self._untold(rulings, told)
        known = self.history.joined.get(who)
        if known is None:
            return fresh[-NEWCOMER:], fresh[:-NEWCOMER]
        if not circles - known:
            return fresh, ()
        before = {entry for entry in fresh if entry in self.history.seen and not rulings[entry].through & known}
        return tuple(entry for entry in fresh if entry not in before), tuple(e for e in fresh if e in before)

    def _untold(self, rulings: dict[str, Ruling], told: frozenset[str]) -> tuple[str, ...]:
        """Worked out once for all who stand alike and were told the same."""
        key = (id(rulings), told)
        if key not in self._fresh:
            # The rulings are kept too, so that no other ones can ever have their id.
            self._fresh[key] = rulings, tuple(entry for entry in rulings if entry not in told)
        return self._fresh[key][1]

    def _hold(
        self, person: Person, state: State, waiting: tuple[str, ...], cadence: Cadence, circle: Circle
    ) -> Held | None:
        if state is State.PAUSED:
            return Held(person.id, _STATES[state], waiting)
        if reason := self.history.blocked.get(person.id):
            return Held(person.id, reason, waiting)
        if not person.address:
            return Held(person.id, "there is no address", waiting)
        if not self._due(person.id, waiting, cadence):
            until = pace.next_on(self.now, cadence, self.zone)
            return Held(person.id, f"{cadence} digest", waiting, until)
        most = person.max_per_month if person.max_per_month is not None else circle.max_per_month
        had = self._this_month(person.id)
        if most is not None and had >= most:
            until = pace.next_on(self.now, Cadence.MONTHLY, self.zone)
            return Held(person.id, f"reached {most} letter{'s' * (most != 1)} this month", waiting, until)
        return None

    def _due(self, who: str, waiting: tuple[str, ...], cadence: Cadence) -> bool:
        if cadence is Cadence.EACH:
            return True
        since = self._since(waiting)
        return pace.due(max([since, *self.history.letters.get(who, ())]), self.now, cadence, self.zone)

    def _since(self, waiting: tuple[str, ...]) -> datetime:
        """When the first of these was seen; worked out once for all whom the very same are waiting for."""
        if id(waiting) not in self._waited:
            # The row is kept too, so that no other one can ever have its id.
            self._waited[id(waiting)] = waiting, min(self.history.seen.get(entry, self.now) for entry in waiting)
        return self._waited[id(waiting)][1]

    def _this_month(self, who: str) -> int:
        current = pace.month(self.now, self.zone)
        return sum(pace.month(when, self.zone) == current for when in self.history.letters.get(who, ()))

    def _letter(
        self, person: Person, choice: Choice, circle: Circle, waiting: tuple[str, ...], cadence: Cadence
    ) -> PlannedLetter:
        languages = choice.languages or person.languages
        digest = len(waiting) > 1 or cadence is not Cadence.EACH
        also, more = self._also(person, circle, waiting) if digest else ((), False)
        return PlannedLetter(
            person=person,
            circle=circle.name,
            language=languages[0],
            audience=self._audience(person),
            entries=self._chosen(waiting, languages),
            digest=digest,
            opening=self._beside.opening(person, circle, languages) if digest else None,
            also=self._chosen(tuple(entry.id for entry in also), languages),
            more=more,
            line=self.history.lines.get(person.id),
        )

    def _also(self, person: Person, circle: Circle, waiting: tuple[str, ...]) -> tuple[tuple[Entry, ...], bool]:
        circles, interests = self.rulings.circles(person), person.interests
        wants, mutes = frozenset(interests.more), frozenset(interests.mute)
        return self._beside.also(person, circle, waiting, lambda one: ruling(one, circles, wants, mutes).named)

    def _audience(self, person: Person) -> frozenset[str]:
        if person.circles not in self._audiences:
            self._audiences[person.circles] = self.house.audience(person)
        return self._audiences[person.circles]

    def _chosen(self, ids: tuple[str, ...], languages: tuple[str, ...]) -> tuple[Chosen, ...]:
        key = (ids, languages)
        if key not in self._choices:
            self._choices[key] = tuple(_choose(self.entries[one], languages) for one in ids)
        return self._choices[key]

    def broadcast(self, circle: Circle, sheet: _Sheet) -> None:
        """Writes a broadcast circle's texts to paste, or why there are none, into the sheet."""
        who = f"circle:{circle.name}"
        waiting, old = self._waiting(who, self.rulings.among((circle,), NOBODY, NOBODY), frozenset({circle.name}))
        if old:
            sheet.baseline.append((who, old))
        if who not in self.history.joined:
            sheet.joined.append((who, frozenset({circle.name})))
        if not waiting or circle.cadence is Cadence.NEVER:
            return
        if who in self.history.joined and not self._due(who, waiting, circle.cadence):
            until = pace.next_on(self.now, circle.cadence, self.zone)
            sheet.held.append(Held(who, f"{circle.cadence} text to paste", waiting, until))
            return
        languages = circle.languages or (self.house.settings.language,)
        entries = self._chosen(waiting, languages)
        audience = EVERYONE | circle.reads
        sheet.pastes += [
            PlannedPaste(circle.name, channel.removeprefix("paste:"), languages[0], audience, entries)
            for channel in circle.channels
        ]


NOBODY: frozenset[str] = frozenset()


def _inactive(state: State, circles: tuple[Circle, ...]) -> str:
    if state not in _ACTIVE:
        return _STATES[state]
    return "asked for no letters (`never`)" if circles else "in no circle"


def _choose(entry: Entry, languages: tuple[str, ...]) -> Chosen:
    version = entry.version(*languages)
    fallback = not any(closest(language, (version.lang,)) for language in languages)
    return Chosen(entry, version, fallback)
