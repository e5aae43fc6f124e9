"""Says why, and why not, somebody is told each entry and when, and which rule gives or keeps each passage. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline import passages
from pipeline.model import PUBLIC, Circle, Entry, House
from pipeline.plan import NOBODY, plan
from pipeline.planned import Choice, Held, History, Plan, Verdict
from pipeline.rules import ruling


def explain(
    house: House, history: History, now: datetime, who: str, record: Mapping[str, str] | None = None
) -> list[Verdict]:
    """For every entry, newest first: whether this person (or ``circle:NAME``) is told it, why, and when.

    ``record``: entry → in words how they were told it, from the ledger.
    """
    stance = _Stance.of(house, history, plan(house, history, now), who, record or {})
    unclear = {one.entry: one for one in house.unclear}
    found = [
        Verdict(who, entry.id, False, f"held: {unclear[entry.id].reason}") if entry.id in unclear
        else stance.verdict(entry)
        for entry in house.entries
    ]  # fmt: skip
    for entry in house.waiting:
        reason = "a draft" if entry.draft else "dated ahead"
        found.append(Verdict(who, entry.id, False, reason, None if entry.draft else entry.date.date()))
    return found


@dataclass(frozen=True)
class _Stance:
    """What a plan decided for one of those it is for: ids of entries → what becomes of them."""

    who: str
    circles: tuple[Circle, ...]
    more: frozenset[str]
    mute: frozenset[str]
    told: frozenset[str]
    record: Mapping[str, str]
    mine: Mapping[str, str]
    held: Mapping[str, Held]
    silent: Held | None
    old: frozenset[str]

    @classmethod
    def of(cls, house: House, history: History, decided: Plan, who: str, record: Mapping[str, str]) -> _Stance:
        circles, more, mute = _wishes(house, who)
        own = [one for one in decided.held if one.who == who]
        return cls(
            who=who,
            circles=circles,
            more=more,
            mute=mute,
            told=history.told.get(who, frozenset()),
            record=record,
            mine=_now(decided, who),
            held={entry: one for one in own for entry in one.entries},
            silent=next((one for one in own if not one.entries), None),
            old=frozenset(entry for one, entries in decided.baseline if one == who for entry in entries),
        )

    def verdict(self, entry: Entry) -> Verdict:
        """What becomes of one entry that is out."""
        rule = ruling(entry, self.circles, self.more, self.mute)
        if entry.id in self.told:
            return self._no(entry, f"already told: {self.record.get(entry.id, 'see the ledger')}")
        if not rule.told:
            return self._no(entry, rule.reason)
        if entry.id in self.mine:
            return Verdict(self.who, entry.id, True, f"{self.mine[entry.id]}: {rule.reason}")
        if one := self.held.get(entry.id):
            return Verdict(self.who, entry.id, False, f"held: {one.reason}", one.until)
        if entry.id in self.old:
            return self._no(entry, "from before they came: will be recorded as told")
        return self._no(entry, f"held: {self.silent.reason}" if self.silent else "nothing is due")

    def _no(self, entry: Entry, reason: str) -> Verdict:
        return Verdict(self.who, entry.id, False, reason)


def _now(decided: Plan, who: str) -> dict[str, str]:
    """Entries that go now, and how."""
    letters = [one for one in decided.letters if one.person.id == who]
    pastes = [one for one in decided.pastes if one.who == who]
    found = {entry: "in the letter that goes now" for one in letters for entry in one.entry_ids}
    return found | {chosen.entry.id: "in the text to paste now" for paste in pastes for chosen in paste.entries}


def _wishes(house: House, who: str) -> tuple[tuple[Circle, ...], frozenset[str], frozenset[str]]:
    if who.startswith("circle:"):
        return (house.circle(who.removeprefix("circle:")),), NOBODY, NOBODY
    person = next(person for person in house.people if person.id == who)
    return house.circles_of(person), frozenset(person.interests.more), frozenset(person.interests.mute)


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether somebody may read something, and why: an entry (``last`` 0), or the passage in these lines of a file.

    ``theirs``: whether it stands in the language they get.
    """

    path: str
    first: int
    last: int
    theirs: bool
    may: bool
    reason: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.first}–{self.last}" if self.last else self.path


def rules(house: House, history: History, who: str, entry: Entry) -> tuple[Rule, ...]:
    """The rule for an entry, then one for each of its passages, file by file.

    ``who``: a person's id, ``circle:NAME``, or ``public`` for everybody.
    """
    circles = circles_of(house, who)
    own = entry.version(*languages_of(house, history, who))
    around = () if entry.public else ((entry.visibility,),)
    found = [Rule(own.path, 0, 0, True, *_reads(circles, around))]
    for version in entry.versions:
        for first, last, within in _spans(version.body):
            at = version.line - 1
            verdict = _reads(circles, around + within)
            found.append(Rule(version.path, at + first, at + last, version is own, *verdict))
    return tuple(found)


def circles_of(house: House, who: str) -> tuple[Circle, ...]:
    """The circles through which somebody reads; none for everybody (``public``)."""
    if who == PUBLIC:
        return ()
    circles, _, _ = _wishes(house, who)
    return circles


def languages_of(house: House, history: History, who: str) -> tuple[str, ...]:
    """The languages somebody reads, the favourite first."""
    person = next((person for person in house.people if person.id == who), None)
    if person is not None:
        return history.choices.get(who, Choice()).languages or person.languages
    own = circles_of(house, who)
    return (own[0].languages if own else ()) or house.settings.languages


def _reads(circles: tuple[Circle, ...], needs: tuple[tuple[str, ...], ...]) -> tuple[bool, str]:
    """Whether all of ``needs`` are read, each by any of its names, and by whom or not."""
    said: list[str] = []
    for names in needs:
        through = next(((circle, name) for circle in circles for name in names if name in circle.reads), None)
        if PUBLIC in names:
            continue
        if through is None:
            quoted = " or ".join(f"`{name}`" for name in names)
            return False, f"only for {quoted}" if not circles else f"none of their circles reads {quoted}"
        said.append(f"`{through[0].name}` reads `{through[1]}`")
    return True, " and ".join(dict.fromkeys(said)) or "everyone may read it"


def _spans(body: str) -> Iterator[tuple[int, int, tuple[tuple[str, ...], ...]]]:
    """First and last line of each passage, markers included, and the names around and of it; in order."""
    opened: list[tuple[int, int, tuple[tuple[str, ...], ...]]] = []
    found: list[tuple[int, int, tuple[tuple[str, ...], ...]]] = []
    for line in passages.lines(body):
        if line.marker == "open":
            opened.append((line.number, line.number, line.within))
        elif line.marker == "close":
            first, _, within = opened.pop()
            found.append((first, line.number, within))
    yield from sorted(found)
