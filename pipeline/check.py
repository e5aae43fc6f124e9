"""Checks what only the whole house can tell: who may read what, who is told, passages, ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, MutableMapping
from functools import cache
from typing import TYPE_CHECKING

from pipeline.crew import spread
from pipeline.errors import Problem
from pipeline.model import PUBLIC, Circle, Entry, House, Page, Version
from pipeline.notebook import Note
from pipeline.validate import did_you_mean, visible

if TYPE_CHECKING:
    from pipeline.follow import Follower, Lookup

_ID = re.compile(r"[\w][\w.:/+-]{0,119}")


def check(
    house: House, files: Lookup, doubtful: Collection[str] | None = (), notes: MutableMapping[str, Note] | None = None
) -> list[Problem]:
    """Every problem between the files of a house; ``files`` knows the paths inside ``content/``.

    ``doubtful`` are circles of which it is not known what they read; None when no circle is known. ``notes`` hold
    what is known of versions by their path; what is found out is noted there.
    """
    names = _Names(house, doubtful)
    notes = {} if notes is None else notes

    @cache
    def follower() -> Follower:
        from pipeline.follow import Follower

        return Follower(house, files)

    problems: list[Problem] = list(_looked_through(house, notes))
    for entry in (*house.entries, *house.waiting):
        problems += _entry(entry, names)
        for version in entry.versions:
            problems += _version(version, entry, names, follower, notes)
    for page in house.pages:
        for version in page.versions:
            problems += _version(version, page, names, follower, notes)
    for opening in house.openings:
        problems += _version(opening.version, None, names, follower, notes)
    return problems


def _looked_through(house: House, notes: MutableMapping[str, Note]) -> Iterator[Problem]:
    """Notes where links lead and whom passages are for in every version of which that is not known yet."""
    everything: list[tuple[Version, Entry | None]] = [
        *((version, entry) for entry in (*house.entries, *house.waiting) for version in entry.versions),
        *((version, None) for page in house.pages for version in page.versions),
        *((opening.version, None) for opening in house.openings),
    ]
    unknown = [one for one in everything if one[0].path not in notes]
    for number, burdens, note in spread(range(len(unknown)), lambda number: (number, *_note(*unknown[number]))):
        version = unknown[number][0]
        notes[version.path] = note
        for line, fact in burdens:
            hint = "Was something pasted here by accident? Take it out."
            yield Problem(version.path, version.line + line - 1, fact, hint)


def _note(version: Version, entry: Entry | None) -> tuple[list[tuple[int, str]], Note]:
    """What is too much in a version for any reader's program, by line; and what the rest of the house decides about."""
    from pipeline import passages
    from pipeline.follow import links
    from pipeline.overload import overloads

    burdens = list(overloads(version.body))
    return burdens, (() if burdens else links(version, entry), tuple(passages.names(version.body)))


class _Names:
    """The names that entries, passages and `tell` may use; nothing is said about them while they are not known."""

    def __init__(self, house: House, doubtful: Collection[str] | None) -> None:
        self.known = doubtful is not None
        self.doubtful = frozenset(doubtful or ())
        self.people = [person.id for person in house.people]
        self.circles = {circle.name: circle for circle in house.circles}
        read = frozenset[str]().union(*(circle.reads for circle in house.circles))
        self.read = sorted((read & frozenset(self.circles)) - {PUBLIC} | self.doubtful)

    def hint(self, name: str, *more: str) -> str:
        """What to write instead of a name that nobody reads."""
        if name in self.circles:
            return f"Add `{name}` to the `reads` of the circles that may read it, `{name}` itself too."
        return did_you_mean(
            name, [*self.read, *more], "" if self.read or more else "There is no circle yet that reads more."
        )

    def may(self, circle: Circle, visibility: str) -> bool:
        return circle.name in self.doubtful or visibility in circle.reads


def _entry(entry: Entry, names: _Names) -> Iterator[Problem]:
    version = entry.master
    if not _ID.fullmatch(entry.id):
        said = "id" in version.lines
        what = "" if said else ", and it was made of the file's name"
        hint = "Write letters, digits and `-`, at most 120." if said else "Add a shorter `id: …`."
        yield Problem(version.path, version.at("id"), f"`{visible(entry.id)}` is not an id{what}", hint)
    if not names.known:
        return
    if entry.visibility != PUBLIC and entry.visibility not in names.read:
        fact = f"`visibility: {visible(entry.visibility)}` is a name that no circle reads"
        yield Problem(version.path, version.at("visibility"), fact, names.hint(entry.visibility, PUBLIC))
    yield from _tell(entry, names)


def _tell(entry: Entry, names: _Names) -> Iterator[Problem]:
    version, line = entry.master, entry.master.at("tell")
    for name in entry.tell or ():
        if name in ("auto", "none"):
            yield Problem(
                version.path, line, f"`tell` mixes `{name}` with circles", "Write `auto`, `none`, or circles."
            )
        elif name not in names.circles:
            hint = did_you_mean(name, [*names.circles, "auto", "none"])
            yield Problem(version.path, line, f"`tell` names an unknown circle `{visible(name)}`", hint)
        elif entry.visibility in names.read and not names.may(names.circles[name], entry.visibility):
            fact = f"`{name}` is told, but may not read `{visible(entry.visibility)}`"
            yield Problem(version.path, line, fact, f"Leave `{name}` out of `tell`, or widen `visibility`.")


def _version(
    version: Version,
    of: Entry | Page | None,
    names: _Names,
    follower: Callable[[], Follower],
    notes: MutableMapping[str, Note],
) -> Iterator[Problem]:
    for name in version.names if names.known else ():
        if name not in names.people:
            fact = f"`names` names an unknown person `{visible(name)}`"
            yield Problem(version.path, version.at("names"), fact, did_you_mean(name, names.people, "Write their id."))
    own, passages_for = notes[version.path]
    yield from follower().problems(version, own) if own else ()
    for number, name in passages_for if names.known else ():
        place = version.line + number - 1
        if isinstance(of, Page):
            hint = "Move it into a post or an update, where its readers get it."
            yield Problem(version.path, place, "a passage in a page, which is for everyone and told to nobody", hint)
        elif name == PUBLIC:
            yield Problem(version.path, place, "a passage for `public` hides nothing", "Take its two `:::` lines out.")
        elif name not in names.read:
            fact = f"a passage for `{visible(name)}`, a name that no circle reads"
            yield Problem(version.path, place, fact, names.hint(name))
