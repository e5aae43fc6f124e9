"""Who is told what: the rules of one entry and one person, asked in this order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model import Circle, Entry, House, Person


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether an entry is meant for somebody, why, and through which circles.

    ``named``: though it is not told, a digest may name it where everyone may read it.
    """

    told: bool
    reason: str
    through: frozenset[str] = frozenset()
    named: bool = False


def ruling(entry: Entry, circles: tuple[Circle, ...], more: frozenset[str], mute: frozenset[str]) -> Ruling:
    """Whether ``entry`` is meant for somebody in ``circles`` who wants ``more`` and ``mute`` of these tags.

    It goes by who may read the entry, `tell`, `note`, `ask`, and those of its tags that a circle or they ask for.
    """
    able = [circle for circle in circles if entry.visibility in circle.reads]
    if not able:
        return Ruling(False, f"it is for `{entry.visibility}`, which they do not read")
    if entry.tell == ():
        return Ruling(False, "`tell: none`: it is told to nobody")
    if muted := sorted(mute.intersection(entry.tags)):
        return Ruling(False, f"they muted `{muted[0]}`")
    if entry.tell is not None:
        named = frozenset(circle.name for circle in able if circle.name in entry.tell)
        if not named:
            return Ruling(False, f"`tell` names only {_names(entry.tell)}", named=True)
        return Ruling(True, f"`tell` names {_names(sorted(named))}", named)
    if entry.note:
        return Ruling(False, "notes and generated entries are told only to circles that `tell` names", named=True)
    unasked = [circle for circle in able if not (entry.ask and circle.ask_free)]
    if not unasked:
        return Ruling(False, f"it asks for something, and {_names([circle.name for circle in able])} is free of that")
    return _by_tags(entry, unasked, more)


def _by_tags(entry: Entry, able: list[Circle], more: frozenset[str]) -> Ruling:
    """A circle's ``tags`` narrow what it is told of the public entries; what is written for it, it gets whole."""
    if wanted := sorted(more.intersection(entry.tags)):
        return Ruling(True, f"they want more of `{wanted[0]}`", frozenset(circle.name for circle in able))
    through = frozenset(
        circle.name for circle in able if not entry.public or not circle.tags or set(circle.tags) & set(entry.tags)
    )
    if not through:
        return Ruling(False, f"{_names(sorted(circle.name for circle in able))} follows other tags", named=True)
    return Ruling(True, f"{_names(sorted(through))} may read it", through)


def _names(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


class Rulings:
    """All rulings of a house, worked out once for people who stand alike."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._known: dict[object, dict[str, Ruling]] = {}
        self._circles: dict[tuple[str, ...], tuple[Circle, ...]] = {}

    def circles(self, person: Person) -> tuple[Circle, ...]:
        """The person's circles, closest first."""
        if person.circles not in self._circles:
            self._circles[person.circles] = self._house.circles_of(person)
        return self._circles[person.circles]

    def of(self, person: Person) -> dict[str, Ruling]:
        """Entry id → ruling, for entries that are told to this person; oldest first."""
        key = (person.circles, person.interests)
        if key not in self._known:
            circles = self.circles(person)
            self._known[key] = self.among(circles, frozenset(person.interests.more), frozenset(person.interests.mute))
        return self._known[key]

    def among(self, circles: tuple[Circle, ...], more: frozenset[str], mute: frozenset[str]) -> dict[str, Ruling]:
        """The same for circles and interests; oldest first."""
        asked = more.union(mute, *(circle.tags for circle in circles))
        known: dict[object, Ruling] = {}
        found: dict[str, Ruling] = {}
        for entry in sorted(self._house.entries, key=lambda entry: entry.order):
            facts = entry.visibility, entry.tell, asked and asked.intersection(entry.tags), entry.note, entry.ask
            if facts not in known:
                known[facts] = ruling(entry, circles, more, mute)
            if known[facts].told:
                found[entry.id] = known[facts]
        return found
