"""Turns a plan's letters into issues: one for each circle and language, with everybody it is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pipeline.letters import Composer
from pipeline.model import House
from pipeline.outgoing import Frozen, Issue
from pipeline.planned import Choice, Held, Plan, PlannedLetter
from pipeline.secret import Secret


def compose(
    house: House, decided: Plan, choices: Mapping[str, Choice], composer: Composer, secret: Secret, taken: Iterable[str]
) -> tuple[Issue, ...]:
    """All letters of a plan, composed, with everyone held whom their issue is for; ``taken`` are issue ids in use."""
    groups: dict[tuple[str, str], list[PlannedLetter]] = {}
    for planned in decided.letters:
        groups.setdefault((planned.circle, planned.language), []).append(planned)
    known = frozenset(taken)
    held = _held_by_issue(house, decided, choices)
    found: list[Issue] = []
    for (circle, language), group in groups.items():
        name = _issue_id(decided.now, circle, language, known)
        frozen = tuple(_frozen(planned, name, composer, secret, decided.now) for planned in group)
        found.append(Issue(name, frozen, tuple(held.get((circle, language), ()))))
    return tuple(found)


def _frozen(planned: PlannedLetter, issue: str, composer: Composer, secret: Secret, now: datetime) -> Frozen:
    person = planned.person
    return composer.frozen(
        planned,
        issue_id=issue,
        delivery_id=secret.delivery_id(issue, person.id),
        token=secret.token(person.id),
        mark=secret.mark(person.address),
        now=now,
    )


def _issue_id(now: datetime, circle: str, language: str, taken: frozenset[str]) -> str:
    name = f"{now:%Y-%m-%d}-{circle}-{language}"
    number = 2
    while name in taken and f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}" if name in taken else name


def _held_by_issue(house: House, decided: Plan, choices: Mapping[str, Choice]) -> dict[tuple[str, str], list[Held]]:
    """Those whom an issue would have been for, had they not been held."""
    people = {person.id: person for person in house.people}
    found: dict[tuple[str, str], list[Held]] = {}
    for held in decided.held:
        person = people.get(held.who)
        circles = house.circles_of(person) if person and held.entries else ()
        if person and circles:
            spoken = (choices.get(person.id, Choice()).languages or person.languages)[0]
            found.setdefault((circles[0].name, spoken), []).append(held)
    return found
