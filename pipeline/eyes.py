"""What one person, a broadcast circle or everybody can read and is told now, as one value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.explain import Rule, circles_of, explain, languages_of, rules
from pipeline.languages import worded
from pipeline.model import EVERYONE, PUBLIC, Audience, Entry, House, Version
from pipeline.passages import narrower
from pipeline.planned import Held, History, Plan, Verdict


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry in the language its reader gets it in: who may read it and its passages, and whether they are told."""

    entry: Entry
    version: Version
    whole: Rule
    passages: tuple[Rule, ...]
    verdict: Verdict | None

    @property
    def beyond(self) -> bool:
        """Whether they read more of it than everybody does."""
        return self.whole.may and (not self.entry.public or any(one.may for one in self.passages))

    @property
    def kept(self) -> tuple[Rule, ...]:
        """What is kept from them: all of it, or passages of it."""
        return tuple(one for one in self.passages if not one.may) if self.whole.may else (self.whole,)


@dataclass(frozen=True, slots=True)
class Sight:
    """A house through somebody's eyes; ``who`` is an id, ``circle:NAME`` or ``public``; newest entries first."""

    who: str
    name: str
    audience: Audience
    circles: tuple[str, ...]
    languages: tuple[str, ...]
    entries: tuple[Seen, ...]
    plan: Plan
    held: tuple[Held, ...]


def sight(house: House, history: History, decided: Plan, who: str, record: Mapping[str, str]) -> Sight:
    """What ``who`` can read, and what becomes of each entry for them; ``record`` as for `explain`."""
    circles, languages = circles_of(house, who), languages_of(house, history, who)
    known = who != PUBLIC
    verdicts = {one.entry: one for one in explain(house, history, decided.now, who, record)} if known else {}
    entries = [_seen(house, history, who, entry, languages, verdicts.get(entry.id)) for entry in house.entries]
    return Sight(
        who=who,
        name=_name(house, who),
        audience=EVERYONE.union(*(circle.reads for circle in circles)),
        circles=tuple(circle.name for circle in circles),
        languages=languages,
        entries=tuple(entries),
        plan=only(decided, who),
        held=tuple(one for one in decided.held if one.who == who),
    )


def only(decided: Plan, who: str) -> Plan:
    """The part of a plan that one of those it is for would see."""
    letters = tuple(one for one in decided.letters if one.person.id == who)
    return replace(decided, letters=letters, pastes=tuple(one for one in decided.pastes if one.who == who))


def _seen(
    house: House, history: History, who: str, entry: Entry, languages: tuple[str, ...], verdict: Verdict | None
) -> Seen:
    whole, *passages = rules(house, history, who, entry)
    theirs = tuple(one for one in passages if one.theirs)
    return Seen(entry, entry.version(*languages), whole, theirs, verdict)


def _name(house: House, who: str) -> str:
    if who == PUBLIC:
        return "everybody"
    person = next((person for person in house.people if person.id == who), None)
    return worded(person.name, house.settings.language) or who if person else who.removeprefix("circle:")


def sight_data(one: Sight) -> dict[str, object]:
    """The same as plain data, for ``--json``."""
    return {
        "who": one.who,
        "circles": list(one.circles),
        "reads": sorted(one.audience),
        "languages": list(one.languages),
        "entries": [
            {
                "id": seen.entry.id,
                "path": seen.version.path,
                "reads": seen.whole.may,
                "rule": seen.whole.reason,
                "beyond": seen.beyond,
                "lines_kept": len(narrower(seen.version.body, one.audience)) if seen.whole.may else None,
                "passages": [
                    {"lines": [rule.first, rule.last], "reads": rule.may, "rule": rule.reason}
                    for rule in seen.passages
                ],
                "now": bool(seen.verdict and seen.verdict.told),
                "told": seen.verdict.reason if seen.verdict else "",
            }
            for seen in one.entries
        ],
        "letters": [
            {"circle": letter.circle, "language": letter.language, "entries": list(letter.entry_ids)}
            for letter in one.plan.letters
        ],
        "pastes": [
            {"language": paste.language, "entries": [chosen.entry.id for chosen in paste.entries]}
            for paste in one.plan.pastes
        ],
        "held": [
            {"reason": held.reason, "until": held.until.isoformat() if held.until else None,
             "entries": list(held.entries)}
            for held in one.held
        ],
    }  # fmt: skip
