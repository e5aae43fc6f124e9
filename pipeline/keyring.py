"""Who opens what: the seal of each entry, language and class of readers. Pure.

A class is the set of names that matter for a text, being its visibility and those of its passages, and that a reader's
audience holds: readers of one class see the same text. There is a page for each class that somebody in
``subscribers.yml`` belongs to and that may read more than everyone. Names only go into the derivation of keys; no
page, address or link shows one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.links import Links
from pipeline.model import EVERYONE, PUBLIC, Audience, Entry, House, Version
from pipeline.passages import lines
from pipeline.sealing import Seal, Seals


@dataclass(frozen=True, slots=True)
class Door:
    """One sealed page: a version as readers of one class see it; ``audience`` is what all of them may read."""

    entry: Entry
    version: Version
    audience: Audience
    seal: Seal


@dataclass(frozen=True, slots=True)
class _Parted:
    """A version's classes: the names that decide who sees what of it, and the pages by class."""

    matter: Audience
    doors: dict[Audience, Door]


class Keyring:
    """The sealed pages of a house; each is worked out once."""

    def __init__(self, house: House, seals: Seals) -> None:
        self.seals = seals
        self._guarded = [entry for entry in house.entries if entry.guarded]
        self._links = Links.of(house.settings)
        self._audiences = _audiences(house)
        self._versions: dict[tuple[str, str], _Parted] = {}

    def doors(self) -> Iterator[Door]:
        """Every sealed page there is, newest entry first."""
        for entry in self._guarded:
            for version in entry.versions:
                yield from self._of(entry, version).doors.values()

    def door(self, entry: Entry, version: Version, audience: Audience) -> Door | None:
        """The page for somebody who reads ``audience``; None where they may read no more than everyone."""
        found = self._of(entry, version)
        return found.doors.get(audience & found.matter)

    def path(self, entry: Entry, version: Version, audience: Audience) -> str:
        """The page's path on the site with its key, or nothing: for readers of ``audience`` only."""
        door = self.door(entry, version, audience)
        return self._links.sealed(door.seal.address, door.seal.spoken) if door else ""

    def link(self, entry: Entry, version: Version, audience: Audience) -> str:
        """The page's full address with its key, or nothing: for readers of ``audience`` only."""
        path = self.path(entry, version, audience)
        return self._links.absolute(path) if path else ""

    def keys(self) -> Iterator[tuple[Version, str, tuple[tuple[str, ...], ...]]]:
        """Every page's version, its key as links have it, and the names of which a reader must read each."""
        for entry in self._guarded:
            for version in entry.versions:
                for one, door in self._of(entry, version).doors.items():
                    yield version, door.seal.spoken, tuple((name,) for name in sorted(one))

    def _of(self, entry: Entry, version: Version) -> _Parted:
        key = (entry.id, version.lang)
        if key not in self._versions:
            self._versions[key] = self._parted(entry, version)
        return self._versions[key]

    def _parted(self, entry: Entry, version: Version) -> _Parted:
        around = () if entry.public else ((entry.visibility,),)
        parts = {around} | {around + within for within in _within(version.body)}
        matter = frozenset(name for part in parts for names in part for name in names) - {PUBLIC}
        doors: dict[Audience, Door] = {}
        for one in _distinct(audience & matter for audience in self._audiences if matter):
            if not any(_open(part, one | EVERYONE) and not _open(part, EVERYONE) for part in parts):
                continue
            seal = self.seals.seal("page", entry.id, version.lang, *sorted(one))
            shared = [audience for audience in self._audiences if audience & matter == one]
            doors[one] = Door(entry, version, frozenset.intersection(*shared), seal)
        return _Parted(matter, doors)


def _within(body: str) -> set[tuple[tuple[str, ...], ...]]:
    """Where the words of a body stand: each row of passages that is around some of them."""
    if ":::" not in body:
        return {()}
    return {line.within for line in lines(body) if not line.marker and line.text.strip()}


def _open(part: tuple[tuple[str, ...], ...], audience: Audience) -> bool:
    return all(audience.intersection(names) for names in part)


def _audiences(house: House) -> tuple[Audience, ...]:
    """What somebody may read: each person, and each circle whose text is pasted."""
    pasted = (EVERYONE | circle.reads for circle in house.circles if circle.broadcast)
    return _distinct([*(house.audience(person) for person in house.people), *pasted])


def _distinct(audiences: Iterable[Audience]) -> tuple[Audience, ...]:
    return tuple(sorted(set(audiences), key=sorted))
