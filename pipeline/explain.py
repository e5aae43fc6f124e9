"""Says why, and why not, somebody is told each entry, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.model import Circle, Entry, Held, History, House, Plan, Verdict
from pipeline.plan import NOBODY, plan
from pipeline.rules import ruling


def explain(
    house: House, history: History, now: datetime, who: str, record: Mapping[str, str] | None = None
) -> list[Verdict]:
    """For every entry, newest first: whether this person (or ``circle:NAME``) is told it, why, and when.

    ``record``: entry → in words how they were told it, from the ledger.
    """
    stance = _Stance.of(house, history, plan(house, history, now), who, record or {})
    found = [stance.verdict(entry) for entry in house.entries]
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
