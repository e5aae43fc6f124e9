"""Decides which entry of the ledger each entry of the project is, so that whatever is renamed stays the same. Pure.

An identity, once given, stays: the ledger is asked by `id`, by the file's name and by the texts of all languages.
What may be an entry under another name, and may not, is for a person to say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.likeness import Look, likeness

OPENING = "opening"
"""The kind of what the author says first in digests; the others are those of entries."""

ALIKE = 0.3
"""How much of an entry that just vanished must stand in a new one for a question."""

ALIKE_ONCE = 0.6
"""The same for an entry that vanished with an earlier publish: many years of those may be alike."""

_MOST = 3
"""Entries that a question names at most."""


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as its files name it: the file's name, its `id` if it has one, and fingerprints of its texts.

    ``date`` is empty where it has none of its own; ``out`` is false for drafts and what is dated ahead. ``looks`` are
    worked out only when they are asked for.
    """

    name: str
    given: str
    kind: str
    date: str
    digests: frozenset[str]
    path: str = ""
    out: bool = True
    looks: Callable[[], tuple[Look, ...]] = field(default=tuple, compare=False, repr=False)

    @property
    def filed(self) -> str:
        """Its file's name as the ledger has it; openings have names of their own."""
        return f"{OPENING} {self.name}" if self.kind == OPENING else self.name

    @property
    def own(self) -> str:
        """What it is called when the ledger knows nothing of it."""
        return self.given or self.filed


@dataclass(frozen=True, slots=True)
class Trace:
    """How an entry stood at the last publish; ``given`` is None where the ledger does not know of an `id`."""

    name: str
    given: str | None
    kind: str
    date: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What the ledger knows of identities.

    ``known``: every entry that was ever published. ``there``: those of the last publish. ``names``: (way, name) →
    entry; the ways are ``file``, ``id`` and, for what a person said, ``said``. ``owners``: fingerprint → entries whose
    text it was last. ``asked``: file's name → entries it may be. ``looks``: how these entries read.
    """

    known: Collection[str] = frozenset()
    there: Mapping[str, Trace] = field(default_factory=dict)
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looks: Callable[[Iterable[str]], Mapping[str, tuple[Look, ...]]] = field(default=lambda _: {}, compare=False)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Item → the entry it is; and items that may be one of these entries, or new."""

    ids: Mapping[int, str]
    unclear: Mapping[int, tuple[str, ...]]


def resolve(items: tuple[Item, ...], memory: Memory) -> Resolved:
    """What every item is; the same items in another order give the same."""
    work = _Work(items, memory)
    work.by_name()
    work.by_text()
    work.settle()
    work.ask()
    return Resolved(work.ids, work.unclear)


class _Work:
    """One decision on its way; ``ids`` grows from what is certain to what is not."""

    def __init__(self, items: tuple[Item, ...], memory: Memory) -> None:
        self.items, self.memory = items, memory
        self.order = sorted(range(len(items)), key=lambda number: (items[number].path, items[number].own))
        self.ids: dict[int, str] = {}
        self.unclear: dict[int, tuple[str, ...]] = {}
        self.claims: dict[int, str] = {}
        self.firm: set[int] = set()
        self.kept: set[str] = set()
        self.lost: dict[int, str] = {}

    def by_name(self) -> None:
        """What each is by its `id` or its file's name, and which of them still have a text of that entry."""
        for number in self.order:
            entry, firm = self._claim(self.items[number])
            if entry:
                self.claims[number] = entry
                if firm:
                    self.firm.add(number)
                if firm or entry in self._owners(number):
                    self.kept.add(entry)

    def _claim(self, item: Item) -> tuple[str, bool]:
        """The entry that an item is by name, and whether no text can say otherwise."""
        names, there = self.memory.names, self.memory.there
        if said := names.get(("said", item.filed)):
            return said, True
        given = item.given
        if given:
            if entry := names.get(("id", given)):
                return entry, True
            if given in there and there[given].given in (None, given):
                return given, True
        entry = names.get(("file", item.filed), item.filed)
        if entry in self.memory.known and (not given or self._stood(item, entry)):
            return entry, False
        return (given, True) if given in self.memory.known else ("", False)

    def _stood(self, item: Item, entry: str) -> bool:
        """Whether the entry stood under this file's name without an `id`: it was written in since."""
        last = self.memory.there.get(entry)
        return last is not None and last.name == item.name and not last.given and last.kind in ("", item.kind)

    def _owners(self, number: int) -> frozenset[str]:
        found = [self.memory.owners[one] for one in self.items[number].digests if one in self.memory.owners]
        return frozenset[str]().union(*found)

    def by_text(self) -> None:
        """Whatever reads exactly like another entry did, which nobody else reads like any more, is that one."""
        wanted: dict[int, list[str]] = {}
        for number in self.order:
            if number in self.firm or self.claims.get(number) in self._owners(number):
                continue
            free = self._owners(number) - self.kept
            if number in self.claims:
                free = frozenset(one for one in free if one in self.memory.there)
            if likely := [one for one in free if self._same_day(number, one)]:
                wanted[number] = sorted(likely, key=lambda one: (not self._dated_alike(number, one), one))
        for number, entries in wanted.items():
            free_now = [one for one in entries if one not in self.ids.values()]
            if free_now:
                self.ids[number] = free_now[0]
            elif number not in self.claims:
                self.unclear[number] = tuple(entries[:_MOST])

    def _same_day(self, number: int, entry: str) -> bool:
        """Whether a short text says enough: “Good morning” of another day may be another morning."""
        item, last = self.items[number], self.memory.there.get(entry)
        if not all(one.short for one in item.looks()):
            return True
        return last is not None and (not item.date or not last.date or item.date == last.date)

    def _dated_alike(self, number: int, entry: str) -> bool:
        last = self.memory.there.get(entry)
        return last is not None and last.date == self.items[number].date

    def settle(self) -> None:
        """Gives each entry that nobody took by its text to whoever has its name; the others lose it."""
        taken = set(self.ids.values())
        rivals: dict[str, list[int]] = {}
        for number in self.order:
            if number in self.claims and number not in self.ids:
                rivals.setdefault(self.claims[number], []).append(number)
        for entry, numbers in rivals.items():
            first = min(numbers, key=lambda number: self._distance(number, entry))
            if entry in taken and first not in self.firm:
                first = -1
            for number in numbers:
                if number == first:
                    self.ids[number] = entry
                else:
                    self.lost[number] = entry

    def _distance(self, number: int, entry: str) -> tuple[bool, ...]:
        item, last = self.items[number], self.memory.there.get(entry)
        said = ("said", item.filed) in self.memory.names
        holds = last is not None and last.name == item.name and last.kind in ("", item.kind)
        return not said, entry not in self._owners(number), not holds, number not in self.firm

    def ask(self) -> None:
        """Names what is new, and what may be an entry that vanished."""
        taken = set(self.ids.values())
        new = [number for number in self.order if number not in self.ids]
        asking = [number for number in new if self.items[number].out and number not in self.unclear]
        gone = [one for one in sorted(self.memory.known) if one not in taken] if asking else []
        looks = self.memory.looks([*gone, *self.lost.values()]) if asking else {}
        for number in new:
            if number in asking:
                self._question(number, gone, looks)
            taken.add(self._named_anew(number, taken))

    def _question(self, number: int, gone: list[str], looks: Mapping[str, tuple[Look, ...]]) -> None:
        item = self.items[number]
        lost = self.lost.get(number, "")
        asked = [one for one in self.memory.asked.get(item.filed, ()) if one in gone]
        near = [(self._near(number, one, looks.get(one, ())), one) for one in {*gone, lost} - {""}]
        likely = [one for share, one in sorted(near, reverse=True) if share > 0]
        if number in self.firm and lost:
            likely = [lost, *likely]
        if found := tuple(dict.fromkeys([*likely, *asked]))[:_MOST]:
            self.unclear[number] = found

    def _near(self, number: int, entry: str, looks: tuple[Look, ...]) -> float:
        """How likely an item is an entry that vanished, from 0 (it is new) to 1."""
        item, last = self.items[number], self.memory.there.get(entry)
        if (item.kind == OPENING) != entry.startswith(f"{OPENING} "):
            return 0.0
        own = item.looks()
        share = max((likeness(one.sample, other.sample) for one in own for other in looks), default=0.0)
        if item.digests & {one.digest for one in looks} or share >= (ALIKE if last else ALIKE_ONCE):
            return max(share, ALIKE)
        if last is None or item.kind == OPENING or last.kind not in ("", item.kind):
            return 0.0
        return 0.1 if _told_by_other_signs(item, own, last, looks) else 0.0

    def _named_anew(self, number: int, taken: Collection[str]) -> str:
        """Its own name, or with a number where that is another entry's."""
        own = name = self.items[number].own
        count = 1
        while name in self.memory.known or name in taken or (count > 1 and name in self._called()):
            count += 1
            name = f"{own}-{count}"
        self.ids[number] = name
        return name

    def _called(self) -> set[str]:
        return {one.own for one in self.items}


def _told_by_other_signs(item: Item, own: tuple[Look, ...], last: Trace, looks: tuple[Look, ...]) -> bool:
    """Whether something else than its words speaks for a text that is short, or was written anew."""
    if any(one.title and one.title == other.title for one in own for other in looks):
        return True
    if item.date and last.date:
        return item.date == last.date
    short = any(one.short for one in own)
    return short and (not looks or any(one.short for one in looks))
