"""The last question, asked right before each letter is submitted: whether it may still go to this person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.model import Cadence, House, Person, State
from pipeline.outgoing import Delivery
from pipeline.plan import standing
from pipeline.planned import Choice, History
from pipeline.subscribers import read_subscribers


class LastQuestion:
    """Knows consent, state, address, suppression and pace as they are now, also when the file is saved meanwhile.

    ``had``: letters that each person was submitted this calendar month.
    """

    def __init__(
        self, root: Path, house: House, history: History, had: Counter[str], environ: Mapping[str, str]
    ) -> None:
        self._root, self._house, self._history, self._environ = root, house, history, environ
        self._had = had
        self._counted: set[str] = set()
        self._people = {person.id: person for person in house.people}
        self._stamp = _stamp(root)

    def __call__(self, delivery: Delivery, address: str) -> str:
        """The reason why the letter may not go to ``address`` any more; ``""`` when it may."""
        self._look_again()
        person = self._people.get(delivery.who)
        if person is None:
            return "no longer in subscribers.yml"
        again = delivery.id in self._counted
        reason = self._reason(person, delivery, address, self._had[person.id] - again)
        if not (reason or again):
            self._counted.add(delivery.id)
            self._had[person.id] += 1
        return reason

    def _reason(self, person: Person, delivery: Delivery, address: str, had: int) -> str:
        choice = self._history.choices.get(person.id, Choice())
        state = standing(person, choice)
        if state is not State.SUBSCRIBED:
            return f"{state} since the letter was composed"
        if person.address.lower() != address.lower():
            return "the address changed since the letter was composed"
        circles = self._house.circles_of(person)
        if not circles:
            return "in no circle any more"
        if not delivery.audience <= self._house.audience(person):
            return "may no longer read all that the letter was composed for"
        if (choice.cadence or person.cadence) is Cadence.NEVER:
            return "asked for no letters since the letter was composed"
        most = person.max_per_month if person.max_per_month is not None else circles[0].max_per_month
        if most is not None and had >= most:
            return f"reached {most} letter{'s' * (most != 1)} this month"
        return self._history.blocked.get(person.id, "")

    def _look_again(self) -> None:
        """Takes what was saved during the run; a file that is broken just then changes nothing."""
        stamp = _stamp(self._root)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        register = read_subscribers(self._root, self._house.settings.languages, self._environ)
        if not register.problems:
            self._house = replace(self._house, circles=tuple(register.circles), people=tuple(register.people))
            self._people = {person.id: person for person in register.people}


def _stamp(root: Path) -> tuple[int, int]:
    try:
        stat = (root / "subscribers.yml").stat()
    except OSError:
        return (0, 0)
    return stat.st_mtime_ns, stat.st_size


MayGo = Callable[[Delivery, str], str]
"""The last question, as the delivery loop asks it."""
