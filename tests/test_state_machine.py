"""A house lives through edits, moves, pauses, crashes and time: each entitled person gets each entry once when due."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from small import circle, entry, house, person
from torture.sim import World

from pipeline.model import Cadence, Entry, House, Person, State, Version

START = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
CIRCLES = [
    circle("inner", 0, Cadence.EACH, reads=("inner", "builders", "public")),
    circle("builders", 1, Cadence.WEEKLY, reads=("builders", "public")),
    circle("weak", 2, Cadence.MONTHLY),
]
NAMES = [one.name for one in CIRCLES]
PEOPLE = {"ann": "inner", "bo": "inner", "cy": "builders", "di": "weak", "eve": "weak"}

who = st.sampled_from(sorted(PEOPLE))
which = st.integers(0, 10**6)
moment = st.integers(0, 45)


@dataclass
class Known:
    """What the test itself remembers of one person."""

    person: Person
    left: bool = False
    paused: bool = False
    asked_for_a_pause: bool = False


class Life(RuleBasedStateMachine):
    """The model: who there is, what was written, and who gave up a claim to what."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kith-life-"))
        self.people = {name: Known(person(name, in_circle)) for name, in_circle in PEOPLE.items()}
        self.entries: dict[str, Entry] = {"e0": self.written("e0")}
        self.waived: set[tuple[str, str]] = set()
        self.world = World(self.folder, self.house, START)
        self.settled_publish()

    def teardown(self) -> None:
        """At the end everybody comes back, and a year passes."""
        if not hasattr(self, "world"):
            return
        try:
            for name, known in self.people.items():
                known.paused = False
                self.say_so_to_the_ledger(name, False)
            for _ in range(2):
                self.world.now += timedelta(days=200)
                self.settled_publish()
            self.everybody_was_told(list(self.people))
        finally:
            shutil.rmtree(self.folder)

    def house(self, now: datetime) -> House:
        def present(known: Known) -> Person:
            state = State.UNSUBSCRIBED if known.left else State.PAUSED if known.paused else State.SUBSCRIBED
            return replace(known.person, state=state)

        entries = [one for one in self.entries.values() if one.date <= now]
        return house(entries, CIRCLES, [present(known) for known in self.people.values()])

    def written(self, name: str, days: int = 0, **more: object) -> Entry:
        now = self.world.now if hasattr(self, "world") else START
        return replace(entry(name, body=f"Words of {name}.", **more), date=now - timedelta(days=days, minutes=1))

    def some(self, number: int) -> str:
        return sorted(self.entries)[number % len(self.entries)]

    # what the author does

    @rule(days=st.sampled_from([0, 0, 3, 400]), seen_by=st.sampled_from(["public", "public", "builders"]))
    def write(self, days: int, seen_by: str) -> None:
        name = f"e{len(self.entries)}"
        self.entries[name] = self.written(name, days, visibility=seen_by)

    @rule(number=which)
    def edit(self, number: int) -> None:
        name = self.some(number)
        version = Version("en", "Another title", "", f"Other words {number}.", f"content/posts/{name}.md")
        self.entries[name] = replace(self.entries[name], versions=(version,), slug=f"{name}-{number}")

    @rule(number=which, days=st.integers(0, 700))
    def date_back(self, number: int, days: int) -> None:
        name = self.some(number)
        self.entries[name] = replace(self.entries[name], date=self.entries[name].date - timedelta(days=days))

    @rule(name=who, to=st.sampled_from(NAMES))
    def move(self, name: str, to: str) -> None:
        """Whoever comes into another circle does not get its past."""
        known = self.people[name]
        if known.person.circles == (to,):
            return
        self.waive(name)
        known.person = replace(known.person, circles=(to,))

    @rule(name=who, to=st.sampled_from(NAMES))
    def join_as_well(self, name: str, to: str) -> None:
        """A further circle does not take away what is waiting."""
        known = self.people[name]
        if to not in known.person.circles:
            self.waive(name, [one for one in self.entries if not self.may_read(name, one)])
            known.person = replace(known.person, circles=(*known.person.circles, to))

    @rule(name=who)
    def speak_another_language(self, name: str) -> None:
        known = self.people[name]
        known.person = replace(known.person, languages=("zh", "en") if known.person.languages == ("en",) else ("en",))

    @rule(name=who, number=which)
    def move_house(self, name: str, number: int) -> None:
        self.people[name].person = replace(self.people[name].person, address=f"{name}{number}@example.net")

    # what the readers do

    @rule(name=who)
    def pause(self, name: str) -> None:
        self.people[name].paused = True

    @rule(name=who)
    def come_back(self, name: str) -> None:
        self.people[name].paused = False

    @rule(name=st.sampled_from(["bo", "eve"]))
    def leave(self, name: str) -> None:
        self.people[name].left = True

    @rule(name=st.sampled_from(["di", "cy"]), paused=st.booleans())
    def say_so_to_the_ledger(self, name: str, paused: bool) -> None:
        if self.people[name].asked_for_a_pause != paused:
            with self.world.ledger() as ledger:
                ledger.choose(name, {"state": "paused" if paused else ""}, self.world.now)
            self.people[name].asked_for_a_pause = paused

    # what happens

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 7, 24 * 31]))
    def wait(self, hours: int) -> None:
        self.world.now += timedelta(hours=hours)

    @rule()
    def publish(self) -> None:
        assert self.world.publish() is not None
        self.world.check()

    @rule(at=moment, power=st.booleans())
    def crash(self, at: int, power: bool) -> None:
        self.world.publish(at, power=power)
        self.world.check()

    @rule(fault=st.sampled_from(["doubt", "lose", "busy"]))
    def break_a_line(self, fault: str) -> None:
        self.world.books.faults.append(fault)

    @rule(kind=st.sampled_from(["taken", "read"]))
    @precondition(lambda self: self.world.books.taken)
    def hear(self, kind: str) -> None:
        self.world.hear(kind)
        self.world.check()

    @rule()
    def settled_publish(self) -> None:
        """Nothing is in doubt any more, and nothing pending: whoever hears at once has heard everything."""
        self.world.books.faults.clear()
        self.world.publish()
        while self.world.settle_all() or self.world.publish().held:  # type: ignore[union-attr] - nothing dies here
            pass
        self.world.check()
        self.everybody_was_told([name for name, known in self.people.items() if "inner" in known.person.circles])

    # the claim

    def may_read(self, name: str, one: str) -> bool:
        circles = [circle for circle in CIRCLES if circle.name in self.people[name].person.circles]
        return any(self.entries[one].visibility in circle.reads for circle in circles)

    def waive(self, name: str, entries: list[str] | None = None) -> None:
        self.waived |= {(name, one) for one in (self.entries if entries is None else entries)}

    def everybody_was_told(self, names: list[str]) -> None:
        told = self.world.books.told()
        for name in names:
            known = self.people[name]
            if known.left or known.paused or known.asked_for_a_pause:
                continue
            for one in self.entries:
                if self.may_read(name, one) and (name, one) not in self.waived:
                    assert told[name, one] == 1, f"{name} was not told {one}"


Life.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, database=None, print_blob=False
)
test_whatever_happens_each_entitled_person_gets_each_entry_once_when_it_is_due = Life.TestCase
